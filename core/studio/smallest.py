"""The smallest epsilon at which something happens, for each of several pictures at once: by doubling, then between.

It is told to 1 / 128 of itself; below 2^-16 of the highest, where no doubling begins, to 2^-23 of the highest.
"""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

DOUBLINGS = 16  # from the first epsilon tried to the highest
PRECISION = 1 / 128  # of the smallest that is found, or of the first epsilon tried: by so much it is too high at most
AT_ONCE, MOST = 8 * 28 * 28, 8  # pixels in a batch of trials, and trials of one picture in it


class Search:
    """Batches of trials, each of several epsilons a picture, and where the smallest lies by what happened at them.

    Doubling from `highest` / 2^16 until it happens, then between the last two. It is exact where what happens at one
    epsilon happens at all that are larger; elsewhere it may be too high.
    """

    def __init__(self, pictures: int, pixels: int, highest: float) -> None:
        self.highest = highest
        self.trials = min(MOST, max(1, AT_ONCE // (pictures * pixels)))
        self.rungs = highest * 2.0 ** torch.arange(-DOUBLINGS, 1.0)
        self.between = math.ceil(-math.log(PRECISION) / math.log(self.trials + 1))
        self.low = torch.zeros(pictures)
        self.found = torch.full((pictures,), math.inf)  # where it never happens it stays infinite

    @property
    def rounds(self) -> int:
        """How many batches there are at most."""
        return math.ceil(len(self.rungs) / self.trials) + self.between

    def radii(self) -> Iterator[Float[Tensor, "pictures trials"]]:
        """What to try, ascending, batch by batch; what happened has to be noted before the next is asked for."""
        for rungs in self.rungs.split(self.trials):
            if self.found.isfinite().all():
                break
            yield rungs.expand(len(self.found), -1)
        share = torch.arange(1, self.trials + 1) / (self.trials + 1)
        for _ in range(self.between if self.found.isfinite().any() else 0):
            top = self.found.where(self.found.isfinite(), self.low)
            yield torch.lerp(self.low[:, None], top[:, None], share)

    def note(
        self, tried: Float[Tensor, "pictures trials"], happens: Bool[Tensor, "pictures trials"]
    ) -> Int[Tensor, " pictures"]:
        """What happened; returns of each picture which trial is its smallest now, or -1 where none is."""
        always = torch.ones(len(happens), 1, dtype=torch.bool)
        first = torch.cat([happens, always], 1).int().argmax(1)  # the last where it happens at none
        below = torch.cat([self.low[:, None], tried], 1).gather(1, first[:, None])[:, 0]
        here = torch.cat([tried, self.found[:, None]], 1).gather(1, first[:, None])[:, 0]
        better = here < self.found
        moves = below < self.found
        self.low = torch.where(moves, below, self.low)
        self.found = torch.where(better, here, self.found)
        return torch.where(better, first, -1)
