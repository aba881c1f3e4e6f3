"""The grid pointing game: whether a map finds, of several images in one, the one that is asked for.

Böhle, Fritz, Schiele 2021, "Convolutional Dynamic Alignment Networks for Interpretable Classifications", section 4;
Rao, Böhle, Schiele 2022. It has a ground truth, and what finds ink, edges or the middle alone scores chance.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.attribution.outcome import Images, Target
from core.data import photos
from core.data.digits import test_set
from core.models.rnn import RNN
from core.process import seeded

GRIDS = 200
SURE = 0.95  # the least probability that the net gives to the right digit, where it stands alone
SEEN = 20  # of a thousand classes
LAST_MAPS = "relu4"  # of `cnn`, as where it reads one digit


class RowsTogether(RNN):
    """The recurrent net with its readout applied to every row's state, on the mean over all rows."""

    def forward(self, x: Tensor) -> Tensor:
        """Images (batch, 1, rows, 28) to logits (batch, 10)."""
        return self.logits(self.states(x).mean(1))


@dataclass(frozen=True)
class Grids:
    """Images made of several others, the one that is asked for in each, and a net that can read them."""

    net: nn.Module
    images: Float[Tensor, "n channels height width"]
    shape: tuple[int, int]  # images down and across
    classes: Int[Tensor, "n cells"]  # in reading order
    asked: Int[Tensor, " n"]  # the cell

    @property
    def targets(self) -> Int[Tensor, " n"]:
        """The class that is asked for in each image."""
        return self.classes.gather(1, self.asked[:, None])[:, 0]

    def __getitem__(self, chosen: Tensor) -> "Grids":
        return Grids(self.net, self.images[chosen], self.shape, self.classes[chosen], self.asked[chosen])


def shape_of(net: nn.Module) -> tuple[int, int] | None:
    """How many digits down and across a net can read at once; None for one that reads 784 pixels and no more."""
    if isinstance(net, RNN):
        return 2, 1
    return (2, 2) if any(isinstance(module, nn.Conv2d) for module in net.modules()) else None


@torch.no_grad()
def everywhere(net: nn.Module) -> nn.Module:
    """The same net with its readout applied at every place of larger images, on the mean over all places.

    The mean of a linear readout over windows is the readout of the windows' mean: one pooling more. The logits' mean is
    taken off each, which no probability notices: what all classes share speaks for none.
    """
    if isinstance(net, RNN):
        with seeded():  # what is built draws weights, even where others take their place
            wide: nn.Module = RowsTogether()
        wide.load_state_dict(net.state_dict())
    else:
        parts = dict(copy.deepcopy(net).named_children())
        places = 56 // 8 - 2  # the last maps have 7 x 7 places, and the readout's window 3 x 3
        names = list(parts)
        before = names.index("flatten")
        ordered = {name: parts[name] for name in names[:before]} | {"windows": nn.AvgPool2d(places, stride=1)}
        wide = nn.Sequential()
        for name, part in (ordered | {name: parts[name] for name in names[before:]}).items():
            wide.add_module(name, part)
    logits = wide.get_submodule("logits")
    assert isinstance(logits, nn.Linear)
    logits.weight.sub_(logits.weight.mean(0))
    logits.bias.sub_(logits.bias.mean())
    return wide.eval().requires_grad_(False)


def grids(net: nn.Module, count: int = GRIDS, seed: int = 0) -> Grids | None:
    """Grids of test digits of different classes that the net is sure of; the asked cell goes round.

    None for a net that reads no larger images. Of the grids, `count` at first, some are left out, see `_recognised`.
    """
    shape = shape_of(net)
    if shape is None:
        return None
    data, cells = test_set(), shape[0] * shape[1]
    with torch.no_grad():
        sure = torch.cat([net(images).softmax(1) for images in data.images.split(1000)])
    taken = (sure.gather(1, data.labels[:, None])[:, 0] > SURE).nonzero()[:, 0].numpy()
    chosen: list[Tensor] = []
    generator = np.random.default_rng(seed)
    while len(chosen) < count:
        numbers = torch.from_numpy(generator.choice(taken, cells, replace=False))
        if len(data.labels[numbers].unique()) == cells:
            chosen.append(numbers)
    numbers = torch.stack(chosen)
    return _recognised(everywhere(net), data.images[numbers], shape, data.labels[numbers])


@torch.no_grad()
def photo_grids(net: nn.Module) -> Grids:
    """Every four of the sample photos, two by two, each asked in turn, for the class that the net gives it alone."""
    samples = torch.stack([photos.to_input(photos.sample(name)) for name in photos.SAMPLES])
    classes = net(samples).argmax(1)
    numbers = torch.tensor(list(combinations(range(len(samples)), 4))).repeat_interleave(4, 0)
    return _recognised(net, samples[numbers], (2, 2), classes[numbers])


@torch.no_grad()
def _recognised(
    net: nn.Module, cells: Float[Tensor, "n cells channels height width"], shape: tuple[int, int], classes: Tensor
) -> Grids:
    """The grids whose asked class is among the strongest logits: as many as there are cells, of a thousand SEEN.

    Of what the net has not recognised, no map can say where it is.
    """
    rows = cells.unflatten(1, shape)  # (n, down, across, channels, height, width)
    images = rows.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
    whole = Grids(net, images, shape, classes, torch.arange(len(cells)) % cells.shape[1])
    logits = torch.cat([net(part) for part in images.split(16)])
    strongest = logits.topk(cells.shape[1] if logits.shape[1] == 10 else SEEN, 1).indices
    return whole[(strongest == whole.targets[:, None]).any(1)]


def pointed(found: Images, grids: Grids) -> Float[Tensor, " n"]:
    """The share of each map's positive part that lies on the asked image; NaN for a map without one."""
    down, across = grids.shape
    positive = found.sum(1).clamp(min=0).unflatten(1, (down, -1)).unflatten(3, (across, -1)).sum((2, 4)).flatten(1)
    return positive.gather(1, grids.asked[:, None])[:, 0] / positive.sum(1)


def play(explain: Callable[[nn.Module, Images, Target], Images], grids: Grids) -> Float[Tensor, " n"]:
    """What a method scores on each grid, each explained for the class that is asked."""
    score = torch.full((len(grids.images),), torch.nan)
    for label in grids.targets.unique().tolist():
        own = grids.targets == label
        maps = explain(grids.net, grids.images[own], Target("logits", label))
        score[own] = pointed(maps, grids[own])
    return score
