"""Our numbers beside those of Quantus (Hedström et al. 2023), on the same maps and the same changed images."""

from collections.abc import Callable

import numpy as np
import pytest
import quantus
import torch
from torch import Tensor, nn

from core.attribution import ATTRIBUTIONS
from core.attribution.outcome import Target
from core.data.digits import test_set as mnist
from core.models import load
from core.trust.examine import randomised
from core.trust.numbers import NEARBY, PARTS, change, curve, importance, near, rank_correlation

SEVENS = mnist().images[mnist().labels == 7][:3]
LABELS = np.full(len(SEVENS), 7)
SEVEN = Target("logits", 7)


def found(name: str, net: nn.Module, x: Tensor = SEVENS) -> Tensor:
    return ATTRIBUTIONS[name](net, x, SEVEN).detach()


def explainer(name: str) -> Callable[..., np.ndarray]:
    """As Quantus calls it: with a net, and with images and labels as arrays."""
    return lambda model, inputs, targets, **_: found(name, model, torch.as_tensor(inputs, dtype=torch.float32)).numpy()


@pytest.mark.parametrize(
    "name", ["saliency", *(pytest.param(name, marks=pytest.mark.slow) for name in ("LRP", "occlusion"))]
)
def test_deletion_is_pixel_flipping_of_the_ink(name: str) -> None:
    """Pixel by pixel, in an order without ties that has all paper last; ours looks at fifteen places of the ink."""
    net = load("dense")
    place = torch.where(SEVENS.flatten(1) > 0, 1 + importance(found(name, net)), 0.0)
    order = place.argsort(dim=1, descending=True, stable=True).argsort(1).neg().float()
    flipping = quantus.PixelFlipping(features_in_step=1, normalise=False, disable_warnings=True)
    theirs = flipping(net, SEVENS.numpy(), LABELS, order.view_as(SEVENS).numpy(), softmax=True, device="cpu")
    ours = curve(net, SEVENS, SEVEN, order, insert=False)
    for image, own, other in zip(SEVENS, ours.T, np.array(theirs), strict=True):
        ink = int((image > 0).sum())
        places = [round(part * ink / PARTS) - 1 for part in range(1, PARTS + 1)]  # theirs begins after the first pixel
        np.testing.assert_allclose(other[places], own[1:], atol=1e-5)


@pytest.mark.parametrize("name", ["saliency", "LRP", pytest.param("SmoothGrad", marks=pytest.mark.slow)])
def test_sensitivity_is_their_max_sensitivity(name: str) -> None:
    net, images = load("dense"), near(SEVENS)
    metric = quantus.MaxSensitivity(
        nr_samples=NEARBY,
        perturb_func=lambda arr, indices, **_: next(images).flatten(1).numpy(),
        disable_warnings=True,
    )
    theirs = metric(net, SEVENS.numpy(), LABELS, found(name, net).numpy(), explain_func=explainer(name), device="cpu")
    ours = torch.stack([change(found(name, net), found(name, net, other)) for other in near(SEVENS)]).amax(0)
    np.testing.assert_allclose(theirs, ours, rtol=1e-4)


def test_rank_correlation_is_theirs_where_there_is_ink_everywhere() -> None:
    a, b = (found(name, load("cnn")) for name in ("saliency", "LRP"))
    theirs = quantus.similarity_func.correlation_spearman(
        a.abs().flatten(1).numpy(), b.abs().flatten(1).numpy(), batched=True
    )
    np.testing.assert_allclose(rank_correlation(a, b, torch.ones_like(a)), theirs, atol=1e-5)


def test_randomising_from_the_last_layer_on_is_their_mprt(monkeypatch: pytest.MonkeyPatch) -> None:
    """With our twin's weights; theirs are drawn anew, with the same seed for every layer."""
    net, twin = load("cnn"), load("cnn", weights="untrained")
    maps = found("saliency", net)

    def over_ink(a: np.ndarray, b: np.ndarray, **_: object) -> np.ndarray:
        one, other = (torch.as_tensor(part).view_as(SEVENS) for part in (a, b))
        return rank_correlation(one, other, SEVENS).numpy()

    monkeypatch.setattr(quantus.helpers.model.pytorch_model.PyTorchModel, "get_random_layer_generator",
                        lambda self, order, seed: randomised(net, twin, SEVENS))  # fmt: skip
    metric = quantus.MPRT(similarity_func=over_ink, disable_warnings=True)
    calls = {"explain_func": explainer("saliency"), "device": "cpu"}
    theirs = metric(net, SEVENS.numpy(), LABELS, maps.numpy(), **calls)
    assert theirs.pop("original") == pytest.approx([1] * len(SEVENS))
    for layer, other in randomised(net, twin, SEVENS):
        np.testing.assert_allclose(
            theirs.pop(layer), rank_correlation(maps, found("saliency", other), SEVENS), atol=1e-5
        )
    assert not theirs
