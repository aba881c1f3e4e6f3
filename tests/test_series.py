"""The depth series: nets that differ in depth alone."""

import pytest
import torch
from torch import nn

from core import models
from core.layers import list_layers, record
from core.models.series import PARAMETERS, SERIES
from core.models.spec import ModelSpec

IMAGES = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("spec", SERIES.values(), ids=lambda spec: spec.name)
def test_a_net_has_its_depth_and_as_many_parameters_as_the_others(spec: ModelSpec) -> None:
    net = models.load(spec.name, weights="untrained")
    depth = int(spec.name.split("-")[1])
    layers = list_layers(net, spec.input_shape)
    assert max(layer.depth for layer in layers) == depth + 1 and layers[-1].name == "logits"
    assert len({layer.units for layer in layers if layer.name != "logits"}) == 1
    assert sum(weight.numel() for weight in net.parameters()) == pytest.approx(PARAMETERS, rel=0.04)
    assert net(IMAGES).shape == (2, 10)
    kind = {"dense": nn.Linear, "cnn": nn.Conv2d, "rnn": nn.LSTM}[spec.family]
    assert sum(isinstance(module, kind) for module in net.modules()) == depth + (spec.family == "dense")


def test_the_series_has_the_depths_that_the_readme_promises() -> None:
    names = [f"dense-{depth}" for depth in range(1, 7)] + [f"cnn-{depth}" for depth in range(2, 9)]
    assert list(SERIES) == names + [f"lstm-{depth}" for depth in range(1, 5)]
    assert not set(SERIES) & set(models.MODELS)


def test_convolutions_are_averaged_down_behind_the_first_and_the_middle_one() -> None:
    for depth in range(2, 9):
        maps = record(models.load(f"cnn-{depth}", weights="untrained"), IMAGES[:1])
        sides = [maps[f"conv{number}"].shape[2] for number in range(1, depth + 1)]
        middle = depth // 2 + 1
        assert sides == [28] + [14] * (middle - 1) + [7] * (depth - middle)


def test_a_net_of_the_series_has_plain_weights_and_controls_only() -> None:
    assert models.weights_of("lstm-2")[:4] == ("plain", "plain-1", "plain-2", "untrained")
    with pytest.raises(ValueError, match="lstm-2 has no weights 'trained'"):
        models.load("lstm-2")
    first, second = (models.load("lstm-2", weights=weights).logits.weight for weights in ("plain", "plain-1"))
    assert not torch.equal(first, second)
