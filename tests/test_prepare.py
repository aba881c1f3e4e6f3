"""A net made ready for many steps gives what the net itself gives."""

import copy
from collections import OrderedDict

import pytest
import torch
from torch import Generator, Tensor, nn
from torchvision.models import mobilenet_v3_small, resnet18

from core.ascent import objectives, prepare
from core.ascent.prepare import Thinned, faster_dtype, prepared
from core.layers import followers, record
from core.models.lite import trained_lite0


def randomised(net: nn.Module) -> nn.Module:
    """In eval mode, with batch norms that do something."""
    generator = Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.running_mean, module.bias):
                value.data.normal_(0, 0.2, generator=generator)
            for value in (module.running_var, module.weight):
                value.data.uniform_(0.7, 1.4, generator=generator)
    return net.eval()


def images(size: int = 64, channels: int = 3) -> Tensor:
    return torch.rand(2, channels, size, size, generator=Generator().manual_seed(1))


def kinds(net: nn.Module) -> set[type[nn.Module]]:
    return {type(module) for module in net.modules()}


@pytest.mark.parametrize("layer", ["layer1", "layer2.0.bn1", "layer4", "fc"])
def test_folded_norms_change_no_value(layer: str) -> None:
    net = randomised(resnet18())
    ready = prepared(net, images(), {layer})
    expected, found = (record(model, images(), [layer])[layer] for model in (net, ready))
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in ready.modules()) < 20
    if layer == "fc":
        assert nn.BatchNorm2d not in kinds(ready)


def test_a_convolution_that_is_read_keeps_its_norm_behind_it() -> None:
    net = randomised(resnet18())
    ready = prepared(net, images(), {"conv1"})
    torch.testing.assert_close(record(ready, images(), ["conv1"]), record(net, images(), ["conv1"]), atol=1e-4, rtol=0)


def test_the_net_itself_is_left_as_it_was() -> None:
    net = randomised(resnet18()).train()
    before, modules = copy.deepcopy(net.state_dict()), dict(net.named_modules())
    for dtype in (torch.float32, torch.bfloat16):
        ready = prepared(net.eval(), images(), {"layer3"}, dtype)
        assert not any(weight.requires_grad for weight in ready.parameters())
    assert all(weight.requires_grad for weight in net.parameters())
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert dict(net.named_modules()) == modules
    assert not any(module._forward_hooks for module in [*net.modules(), *ready.modules()])


@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (0, 1, 0, 1), (1, 2, 1, 2), (2, 1, 0, 3), (1, 0, 2, 0)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (3, (2, 1)), (4, 3)])
def test_a_thinned_convolution_is_the_strided_one(
    padding: tuple[int, int, int, int], kernel: int, stride: int | tuple[int, int]
) -> None:
    conv = nn.Conv2d(6, 6, kernel, stride, padding=1, groups=6)
    strided = nn.Sequential(nn.ZeroPad2d(padding), conv)
    for size in (11, 12, 13):
        x = torch.rand(2, 6, size, size + 1, requires_grad=True)
        expected, found = strided(x), Thinned(conv, padding)(x)
        torch.testing.assert_close(found, expected)
        weights = torch.rand_like(expected)
        gradients = (torch.autograd.grad((y * weights).sum(), x)[0] for y in (expected, found))
        torch.testing.assert_close(*gradients)
    assert conv.stride != (1, 1)


@pytest.mark.parametrize(("make", "layer"), [(trained_lite0, "block4"), (mobilenet_v3_small, "features.4")])
def test_bfloat16_is_close_and_has_no_strided_convolution_by_channel(make: object, layer: str) -> None:
    net = randomised(make())  # type: ignore[operator]
    ready = prepared(net, images(), {layer}, torch.bfloat16)
    expected, found = record(net, images(), [layer])[layer], record(ready, images().bfloat16(), [layer])[layer]
    assert found.dtype == torch.bfloat16
    assert (found - expected).norm() < 0.03 * expected.norm()
    if make is trained_lite0:
        assert isinstance(ready.get_submodule("block2.depthwise.pad"), nn.Identity)
    for module in ready.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            assert module.stride == (1, 1)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [((9, 5, 4, 8, 7, 3, 5, 6), torch.bfloat16), ((9, 3, 7, 5, 6, 4, 8, 5), torch.float32)],
    ids=["bfloat16", "float32"],
)
def test_the_type_of_the_fastest_step_is_taken(
    seconds: tuple[int, ...], expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is read before and after each of eight steps, four in float32 and then four in bfloat16."""
    readings = iter([reading for taken in seconds for reading in (0, taken)])
    monkeypatch.setattr(prepare.time, "thread_time", lambda: next(readings))
    objective = objectives.units("layer1", [0, 1], place="mean")
    assert faster_dtype(randomised(resnet18()), images(), objective) == expected
    assert list(readings) == []


def test_who_follows_whom() -> None:
    """relu is called twice, and pool takes a sum: neither follows anybody."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm, self.relu = nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.ReLU()
            self.pool, self.last = nn.AvgPool2d(2), nn.Sequential(OrderedDict(a=nn.Conv2d(2, 2, 1), b=nn.Flatten()))

        def forward(self, x: Tensor) -> Tensor:
            x = self.relu(self.norm(self.conv(x)))
            return self.last(self.pool(self.relu(x) + x))

    x = images(4, channels=1)
    assert followers(Net(), x, ["last"]) == {"conv": "norm", "pool": "last.a", "last.a": "last.b"}
    assert followers(Net(), x, ["pool"]) == {"conv": "norm"}
