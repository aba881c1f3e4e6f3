"""What is multiplied for one unit: a window with zeros outside, times the net's own weights, adds up to its split."""

import pytest
import torch
from torch import Generator, nn

from core.circuits.contributions import Run, stages
from core.circuits.factors import factors
from core.data.digits import test_set as mnist
from core.layers import INPUT, list_layers, record
from core.models import DIGIT_NETS, find, load


def run_of(model: str, image: torch.Tensor) -> tuple[nn.Module, Run]:
    net = load(model)
    layers = list_layers(net, find(model).input_shape)
    return net, Run(net, image, stages(layers, layers[-1].name, find(model).landmarks))


def places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The first, a middle and the last place."""
    return [tuple(0 for _ in shape), tuple(side // 2 for side in shape), tuple(side - 1 for side in shape)]


@pytest.mark.parametrize("model", DIGIT_NETS)
def test_products_others_and_bias_are_the_pre_activation(model: str) -> None:
    net, run = run_of(model, mnist().images[[3]])
    for stage in run.stages:
        if stage.layer.kind == "lstm":
            continue
        for place in dict.fromkeys(places(stage.sums.shape[1:])):
            found, split = factors(net, run, stage, 1, place), run.split(stage, 1, place)
            module = net.get_submodule(str(stage.sums.module))
            assert torch.allclose(found.by_unit, split.by_unit, atol=1e-5) and found.kernel
            assert float(found.products.sum() + module.bias[1]) == pytest.approx(split.value, abs=1e-5)


def test_a_window_at_the_border_is_zero_outside_and_keeps_its_whole_kernel() -> None:
    net, run = run_of("cnn", mnist().images[[3]])
    stage = run.stages[1]
    found = factors(net, run, stage, 5, (0, 13))
    pooled = record(net, mnist().images[[3]], ["pool1"])["pool1"][0]
    assert (found.reads, found.corner) == ("pool1", (-1, 12))
    assert found.inside.tolist() == [[False] * 3, [True, True, False], [True, True, False]]
    assert torch.equal(found.values[:, 1:, :2], pooled[:, :2, 12:]) and not found.values[:, ~found.inside].any()
    assert torch.equal(found.weights, net.get_submodule("conv2").weight[5])


def test_a_stride_moves_the_window() -> None:
    conv = nn.Conv2d(1, 2, 3, stride=2, padding=1)
    net = nn.Sequential()
    net.add_module("conv", conv)
    image = torch.rand(1, 1, 7, 7, generator=Generator().manual_seed(0))
    run = Run(net, image, stages(list_layers(net, (1, 7, 7)), "conv"))
    found = factors(net, run, run.stages[0], 1, (1, 3))
    assert found.corner == (1, 5)
    assert torch.equal(found.values[:, :, :2], image[0, :, 1:4, 5:]) and not found.inside[:, 2].any()
    total = float((found.products.sum() + conv.bias[1]).detach())
    assert total == pytest.approx(float(record(net, image)["conv"][0, 1, 1, 3]), abs=1e-6)


def test_a_dense_unit_reads_the_whole_image_and_a_deeper_one_a_number_a_unit() -> None:
    net, run = run_of("dense", mnist().images[[3]])
    first, second = factors(net, run, run.stages[0], 7, ()), factors(net, run, run.stages[1], 7, ())
    assert first.reads == INPUT and torch.equal(first.values, mnist().images[3])
    assert second.values.shape == (64, 1, 1) and torch.equal(second.values[:, 0, 0], run.activation("relu1"))


def test_a_readout_of_a_recurrent_layer_reads_its_last_state() -> None:
    net, run = run_of("rnn", mnist().images[[3]])
    found = factors(net, run, run.stages[-1], 4, ())
    assert torch.allclose(found.values[:, 0, 0], run.activation("lstm2")[:, -1], atol=1e-6)


def test_between_blocks_it_is_activation_times_gradient_where_anything_changes_the_unit() -> None:
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(3, 4, 3, padding=1))
    net.add_module("relu1", nn.ReLU())
    net.add_module("conv2", nn.Conv2d(4, 4, 3, padding=1))
    net.add_module("relu2", nn.ReLU())
    net.add_module("conv3", nn.Conv2d(4, 2, 3, padding=1))
    image = torch.rand(1, 3, 12, 12, generator=Generator().manual_seed(1))
    run = Run(net, image, stages(list_layers(net, (3, 12, 12)), "conv3", ["conv1", "conv3"]))
    found, split = factors(net, run, run.stages[1], 0, (6, 6)), run.split(run.stages[1], 0, (6, 6))
    assert not found.kernel and found.reads == "relu1" and found.corner[0] >= 4
    assert found.values.shape[1] <= 5 and found.values.shape[2] <= 5
    assert torch.allclose(found.by_unit, split.by_unit, atol=1e-6)
    colours = factors(net, run, run.stages[0], 0, (0, 0))
    assert not colours.kernel and colours.values.shape[0] == 3
    assert torch.allclose(colours.by_unit, run.split(run.stages[0], 0, (0, 0)).by_unit, atol=1e-6)


def test_a_unit_or_place_that_there_is_not_is_named() -> None:
    net, run = run_of("cnn", mnist().images[[3]])
    for unit, place in ((24, (0, 0)), (0, (14, 0)), (0, ())):
        with pytest.raises(ValueError, match="conv2 has no unit"):
            factors(net, run, run.stages[1], unit, place)
