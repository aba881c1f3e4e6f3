"""Nets with one module for each activation compute what they computed, and Captum treats them right."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from captum.attr import DeepLift
from torch import Generator, Tensor, nn
from torchvision import models

from core.layers import list_layers
from core.models.explicit import ACTIVATIONS, explicit, units_last
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
    acts = [module for module in map(own.get_submodule, called) if isinstance(module, ACTIVATIONS)]
    assert acts and not any(getattr(module, "inplace", False) for module in acts)
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


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda x: F.relu(x, True), nn.ReLU), (F.relu_, nn.ReLU), (torch.relu, nn.ReLU), (torch.relu_, nn.ReLU),
        (lambda x: x.relu(), nn.ReLU), (lambda x: x.relu_(), nn.ReLU), (F.relu6, ReLU6),
        (lambda x: F.relu(input=x, inplace=True), nn.ReLU), (lambda x: torch.relu(input=x), nn.ReLU),
        (lambda x: torch.sigmoid(input=x), nn.Sigmoid), (lambda x: torch.tanh(input=x), nn.Tanh),
        (torch.sigmoid, nn.Sigmoid), (lambda x: x.sigmoid(), nn.Sigmoid),
        (torch.tanh, nn.Tanh), (lambda x: x.tanh(), nn.Tanh),
    ],
)  # fmt: skip
def test_every_way_to_call_an_activation_becomes_its_module(
    call: Callable[[Tensor], Tensor], kind: type[nn.Module]
) -> None:
    class Net(nn.Module):
        """The activation of 3 x, and of that."""

        def forward(self, x: Tensor) -> Tensor:
            return call(call(3 * x) * 1)

    own, x = explicit(Net()), torch.tensor([-2.0, -0.1, 0.3, 1.0, 5.0])
    names = [f"{kind.__name__.lower()}_{number}" for number in (1, 2)]
    assert [(name, type(module)) for name, module in own.named_children()] == [(name, kind) for name in names]
    torch.testing.assert_close(own(x), Net()(x))
    assert x.tolist() == pytest.approx([-2, -0.1, 0.3, 1, 5])


@pytest.mark.parametrize(
    "kind", [nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.GELU, nn.Sigmoid, nn.Tanh]
)
def test_an_activation_that_is_called_three_times_becomes_three_and_keeps_its_settings(kind: type[nn.Module]) -> None:
    class Net(nn.Module):
        """Behind a linear layer, whose units are last, behind a convolution, and behind a linear layer again."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.conv, self.last = nn.Linear(3, 3), nn.Conv2d(3, 3, 1), nn.Linear(3, 3)
            options = {"approximate": "tanh"} if kind is nn.GELU else {}
            self.act = kind(**options) if kind in (nn.GELU, nn.Sigmoid, nn.Tanh) else kind(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            x = self.act(self.conv(self.act(self.first(x)).permute(0, 3, 1, 2)))
            return self.act(self.last(x.permute(0, 2, 3, 1)))

    net = built(Net)
    own, x = explicit(net), torch.randn(2, 4, 5, 3, generator=Generator().manual_seed(0))
    torch.testing.assert_close(own(x), net(x))
    acts = [own.get_submodule(name) for name in ("act", "act_2", "act_3")]
    assert len({id(act) for act in acts}) == 3 and net.act not in acts
    assert all(isinstance(act, ReLU6 if kind is nn.ReLU6 else kind) for act in acts)
    assert not any(getattr(act, "inplace", False) for act in acts)
    assert [units_last(act) for act in acts] == [True, False, True]
    assert getattr(net.act, "inplace", True)


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
