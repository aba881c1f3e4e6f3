"""Nets with one module for each activation compute what they computed, and Captum treats them right."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from captum.attr import DeepLift
from torch import Generator, Tensor, nn
from torchvision import models

from core.layers import list_layers
from core.models.explicit import explicit
from core.models.lite import ReLU6
from tests.nets import Fickle


def built(make: Callable[..., nn.Module], **options: object) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make(**options).eval()


def images(size: int = 64) -> Tensor:
    return torch.rand(2, 3, size, size, generator=Generator().manual_seed(1))


NETS: list[tuple[Callable[..., nn.Module], dict[str, object]]] = [
    (models.resnet18, {}),
    (models.googlenet, {"init_weights": False, "aux_logits": False}),
    (models.mobilenet_v2, {}),
    (models.mobilenet_v3_small, {}),
    (models.convnext_tiny, {}),
]


@pytest.mark.parametrize(("make", "options"), NETS, ids=lambda value: getattr(value, "__name__", ""))
def test_it_computes_the_same_and_every_activation_is_called_once(
    make: Callable[..., nn.Module], options: dict[str, object]
) -> None:
    net = built(make, **options)
    modules = dict(net.named_modules())
    own = explicit(net)
    with torch.no_grad():
        torch.testing.assert_close(own(images()), net(images()), atol=1e-5, rtol=1e-5)
    called = [node.target for node in own.graph.nodes if node.op == "call_module"]
    assert len(called) == len(set(called))
    assert not any(getattr(module, "inplace", False) for module in own.modules() if isinstance(module, nn.ReLU | ReLU6))
    assert not any(isinstance(own.get_submodule(name), nn.ReLU6) for name in called)
    assert dict(net.named_modules()) == modules
    names = [layer.name for layer in list_layers(own, (3, 64, 64))]
    assert len(names) == len(set(names)) > 20


def test_later_calls_are_numbered() -> None:
    names = [layer.name for layer in list_layers(explicit(built(models.resnet18)), (3, 64, 64))]
    start = names.index("layer1.0.conv1")
    assert names[start : start + 6] == [
        "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2", "layer1.0.bn2", "layer1.0.relu_2",
    ]  # fmt: skip


class Calls(nn.Module):
    """relu(relu(x) - 1), once as a function and once as a method, and min(max(., 0), 6)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu6((F.relu(x, inplace=False) - 1).relu())


def test_functions_and_methods_become_modules() -> None:
    own = explicit(Calls())
    assert [name for name, _ in own.named_children()] == ["relu_1", "relu_2", "relu6_1"]
    assert own(torch.tensor([-3.0, 0.5, 3.0, 9.0])).tolist() == [0, 0, 2, 6]


class Reused(nn.Module):
    """A net with one ReLU that it calls twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 2)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.relu(self.second(self.relu(self.first(x)))))


def test_deeplift_is_complete_on_it_and_refuses_the_net_itself() -> None:
    """DeepLift's attributions sum to the output's difference (Shrikumar, Greenside, Kundaje 2017, equation 1)."""
    net, x = built(Reused), torch.randn(4, 6, generator=Generator().manual_seed(2))
    own = explicit(net)
    found = DeepLift(own).attribute(x, torch.zeros_like(x), target=1)
    difference = (own(x) - own(torch.zeros_like(x)))[:, 1]
    torch.testing.assert_close(found.sum(1), difference, atol=1e-5, rtol=1e-5)
    with pytest.raises(RuntimeError):
        DeepLift(net).attribute(x, torch.zeros_like(x), target=1)


def test_a_net_whose_path_depends_on_its_input_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="Fickle cannot be traced"):
        explicit(Fickle())
