"""What holds for every model, every layer and all weights."""

import copy

import pytest
import torch
from torch import Tensor

from core.data import digits, photos
from core.layers import list_layers, record, run_to
from core.models import DIGIT_NETS, MODELS, load

CHOICES = [(name, weights) for name in DIGIT_NETS for weights in ("trained", "plain", "untrained", "epoch-1")]
CHOICES += [("photo", "trained"), ("photo", "untrained")]
DIGITS, PHOTOS = digits.test_set().images[:3], photos.sample_views()[:3]


def images(name: str) -> Tensor:
    return DIGITS if MODELS[name].sees == "digits" else PHOTOS


@pytest.mark.parametrize(("name", "weights"), CHOICES)
def test_images_become_logits(name: str, weights: str) -> None:
    logits = load(name, weights=weights)(images(name))
    assert logits.shape == (3, len(MODELS[name].labels))
    assert logits.isfinite().all()


@pytest.mark.parametrize(("name", "weights"), CHOICES)
def test_every_layer_can_be_recorded_and_nothing_is_left_changed(name: str, weights: str) -> None:
    model = load(name, weights=weights)
    before = copy.deepcopy(model.state_dict())
    layers = list_layers(model, MODELS[name].input_shape)
    seen = record(model, images(name))
    assert list(seen) == [layer.name for layer in layers]
    for layer in layers:
        assert seen[layer.name].shape == (3, *layer.shape)
        assert seen[layer.name].shape[1] == layer.units
        assert seen[layer.name].isfinite().all()
        assert not seen[layer.name].requires_grad
    torch.testing.assert_close(seen["logits"], model(images(name)), atol=1e-5, rtol=1e-5)
    assert not model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(weight.grad is None and not weight.requires_grad for weight in model.parameters())
    assert all(not module._forward_hooks and not module._backward_hooks for module in model.modules())


@pytest.mark.parametrize("name", MODELS)
def test_a_layer_read_alone_is_the_layer_read_with_all(name: str) -> None:
    model = load(name)
    x = images(name)[..., ::4, ::4] if name == "photo" else images(name)
    together = record(model, x)
    for layer, activation in together.items():
        torch.testing.assert_close(run_to(model, x, [layer])[layer], activation, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_one_image_gives_what_it_gives_in_a_batch(name: str) -> None:
    model = load(name)
    together = record(model, images(name))
    for layer, activation in record(model, images(name)[1:2]).items():
        torch.testing.assert_close(activation, together[layer][1:2], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_no_activation_module_is_used_twice_or_in_place(name: str) -> None:
    """Captum's GuidedBackprop and DeepLift need one module for each use."""
    calls: dict[str, int] = {}
    model = load(name)
    for label, module in model.named_modules():
        module.register_forward_hook(lambda *_, label=label: calls.update({label: calls.get(label, 0) + 1}))
        assert not getattr(module, "inplace", False)
    model(images(name))
    assert set(calls.values()) == {1}
