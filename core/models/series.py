"""The depth series: in each family nets that differ in depth alone, with as many parameters. They serve measures only.

Three layers have no rank correlation worth the name; these have up to eight. What is wider is shallower.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from torch import nn

from core.models.dense import Dense
from core.models.rnn import RNN
from core.models.spec import ModelSpec

PARAMETERS = 30_000  # of each net, as near as a width can come
SERIES_SEEDS = range(3)
DENSE, CONVOLUTIONS, LSTMS = range(1, 7), range(2, 9), range(1, 5)  # how deep
MOST = 200  # units a layer


def dense(depth: int) -> Dense:
    """So many hidden layers of one width, with ReLU."""
    width = _width(lambda width: 785 * width + (depth - 1) * (width + 1) * width + 10 * (width + 1))
    return Dense((784, *[width] * depth, 10), nn.ReLU, "relu")


def cnn(depth: int) -> nn.Sequential:
    """So many 3 x 3 convolutions of one width with ReLU, averaged down behind the first and the middle one."""
    width = _width(lambda width: 10 * width + (depth - 1) * (9 * width + 1) * width + 10 * (49 * width + 1))
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number in range(1, depth + 1):
        layers[f"conv{number}"] = nn.Conv2d(1 if number == 1 else width, width, 3, padding=1)
        layers[f"relu{number}"] = nn.ReLU()
        if number in (1, depth // 2 + 1):
            layers[f"pool{number}"] = nn.AvgPool2d(2)
    layers["flatten"] = nn.Flatten()
    layers["logits"] = nn.Linear(49 * width, 10)
    return nn.Sequential(layers)


def lstm(depth: int) -> RNN:
    """So many LSTM layers of one width, row by row."""
    return RNN(depth, _width(lambda width: 4 * width * (28 + width + 2 + (depth - 1) * (2 * width + 2)) + 10 * width))


def _width(parameters: Callable[[int], int]) -> int:
    return min(range(1, MOST), key=lambda width: abs(parameters(width) - PARAMETERS))


def _specs(name: str, family: str, title: str, build: Callable[[int], nn.Module], depths: range) -> list[ModelSpec]:
    return [ModelSpec(f"{name}-{depth}", family, title.format(depth), partial(build, depth)) for depth in depths]


SERIES: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        *_specs("dense", "dense", "{} hidden layers of one width, ReLU", dense, DENSE),
        *_specs("cnn", "cnn", "{} convolutions of one width", cnn, CONVOLUTIONS),
        *_specs("lstm", "rnn", "{} LSTM layers of one width, row by row", lstm, LSTMS),
    )
}
