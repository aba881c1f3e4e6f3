"""What is explained, and what it is compared with: a net as one number per image, baselines, maps as they form."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.ascent.transforms import Blur
from core.data.digits import test_set
from core.examples import peak
from core.layers import run_to

Images = Float[Tensor, "batch channels height width"]

BASELINES = {"digits": ("black", "blurred", "mean digit", "noise"), "photos": ("black", "blurred", "noise")}
GONE = {1: "black", 3: "blurred"}  # by colours, the baseline that stands for pixels that are gone
DRAWS = 8  # baselines of noise that are averaged
AT_ONCE = {1: 64, 3: 12}  # images in a forward pass, so that memory stays below 1.5 GB


@dataclass(frozen=True)
class Target:
    """What is to be explained: how strongly a unit answers, or how much more strongly than another one of its layer."""

    layer: str
    index: int
    minus: int | None = None


class Outcome(nn.Module):
    """A net as the one number per image that is to be explained: the unit's strongest value over map or time."""

    def __init__(self, model: nn.Module, target: Target) -> None:
        super().__init__()
        self.model, self.target = model, target

    def forward(self, x: Images) -> Float[Tensor, " batch"]:
        """The number for each image; nothing behind the target's layer is computed.

        Channels last, because integrated gradients of a photo then take a third of the time.
        """
        x = x.contiguous(memory_format=torch.channels_last)
        values = peak(run_to(self.model, x, [self.target.layer])[self.target.layer])
        for index in filter(None, (self.target.index, self.target.minus)):
            if not 0 <= index < values.shape[1]:
                raise ValueError(f"{self.target.layer} has the units 0 to {values.shape[1] - 1}; {index} is none.")
        value = values[:, self.target.index]
        return value if self.target.minus is None else value - values[:, self.target.minus]


def baselines(x: Images, name: str) -> Iterator[Images]:
    """Images without what is to be explained: one, or of noise several. Raises ValueError for a name that is none.

    Where a pixel is as in the baseline, methods that compare with it give it nothing. Every image gets the same noise.
    """
    if name == "black":
        yield torch.zeros_like(x)
    elif name == "blurred":
        yield Blur(x.shape[-1] / 8)(x, torch.Generator())
    elif name == "mean digit" and x.shape[1] == 1:
        yield test_set().images.mean(0)[:, : x.shape[2]].expand_as(x)
    elif name == "noise":
        generator = torch.Generator().manual_seed(0)
        for _ in range(DRAWS):
            yield torch.rand(x.shape[1:], generator=generator).expand_as(x)
    else:
        there = ", ".join(BASELINES["digits" if x.shape[1] == 1 else "photos"])
        raise ValueError(f"There is no baseline {name!r} for these images; there are {there}.")


@dataclass(frozen=True)
class Forming:
    """A map as it is so far."""

    found: Images
    done: float  # share of the work, between 0 and 1
    error: Float[Tensor, " batch"] | None = None  # of maps from random draws: standard error, beside the map's size


def mean(pieces: Sequence[Callable[[], Images]], *, drawn: bool = False) -> Iterator[Forming]:
    """The mean of maps that are computed one after the other; of random draws with its standard error.

    The error is the norm of all pixels' standard errors, sqrt(variance / n) over the n pieces, as a share of the mean
    map's norm; NaN for one piece.
    """
    total: Images | float = 0.0
    squares: Images | float = 0.0
    for number, piece in enumerate(pieces, 1):
        found = piece().detach()
        total = total + found
        now, error = total / number, None
        if drawn:
            squares = squares + found.square()
            variance = (squares / number - now.square()).clamp(min=0) / (number - 1 or torch.nan)
            size = now.flatten(1).norm(dim=1)
            error = variance.flatten(1).sum(1).sqrt() / torch.where(size == 0, 1.0, size)
        yield Forming(now, number / len(pieces), error)


def whole(method: Callable[..., Iterator[Forming]]) -> Callable[..., Images]:
    """The method that waits until its map is finished."""

    @wraps(method)
    def explain(*args: Any, **options: Any) -> Images:
        *_, last = method(*args, **options)
        return last.found

    return explain
