"""Dense nets: every unit of a layer sees every unit of the layer before."""

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn


class Dense(nn.Sequential):
    """Linear layers `fc1`, `fc2`, ... with an activation behind each, and the linear `logits`."""

    def __init__(self, sizes: tuple[int, ...], activation: Callable[[], nn.Module], activation_name: str) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        *hidden, classes = sizes[1:]
        for depth, (inputs, units) in enumerate(zip(sizes, hidden, strict=False), start=1):
            layers[f"fc{depth}"] = nn.Linear(inputs, units)
            layers[f"{activation_name}{depth}"] = activation()
        layers["logits"] = nn.Linear(sizes[-2], classes)
        super().__init__(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Images (batch, 1, 28, 28) to logits (batch, 10)."""
        return super().forward(x.flatten(1))  # type: ignore[no-untyped-call]


def dense() -> Dense:
    """784-64-64-10 with ReLU."""
    return Dense((784, 64, 64, 10), nn.ReLU, "relu")


def dense_video() -> Dense:
    """784-16-16-10 with sigmoids: the net of 3Blue1Brown's "But what is a neural network?" (2017)."""
    return Dense((784, 16, 16, 10), nn.Sigmoid, "sigmoid")
