"""A cell of the net that reads text, and how strong it is behind the last character of a text."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.ascent.objectives import ALMOST
from core.data.text import decode, one_hot
from core.models.text import Reader, State

LAYERS = ("lstm1", "lstm2")
States = tuple[State | None, State | None]
NONE: States = (None, None)


@dataclass(frozen=True)
class Found:
    """The best text so far, how strong the cell is behind it, and how many characters the net has read for it.

    A character that is read with its gradient counts three: backwards costs twice as much as forwards.
    """

    text: str
    strength: float
    read: int


@dataclass(frozen=True, eq=False)
class Cell:
    """One of the 256 cells of `lstm1` or of `lstm2`."""

    model: Reader
    layer: str
    index: int

    @torch.no_grad()
    def read(self, codes: Int[Tensor, "n time"], states: States = NONE) -> tuple[Float[Tensor, " n"], States]:
        """How strong the cell is behind the last characters, and the layers' states there.

        The strength is atanh(h) of the cell's output h, which itself is nearly flat where it is strong. It
        ends at 7.25, beyond which float32 hardly tells h from 1.
        """
        return self._read(one_hot(codes), states)

    def gradient(self, codes: Int[Tensor, "n time"]) -> Float[Tensor, "n 65 time"]:
        """The gradient of the strength behind each text in its one-hot characters."""
        x = one_hot(codes).requires_grad_()
        return torch.autograd.grad(self._read(x, NONE)[0].sum(), x)[0]

    def _read(self, x: Float[Tensor, "n 65 time"], states: States) -> tuple[Float[Tensor, " n"], States]:
        """No layer above the cell's own is run."""
        outputs, first = self.model.recurrent1(self.model.embedding(x.transpose(1, 2)), states[0])
        second = None
        if self.layer == LAYERS[1]:
            outputs, second = self.model.recurrent2(outputs, states[1])
        return outputs[:, -1, self.index].clamp(-ALMOST, ALMOST).atanh(), (first, second)


def rows(states: States, which: Int[Tensor, " n"]) -> States:
    """The states of some texts of a batch; one may be taken several times."""
    first, second = (state and (state[0][:, which], state[1][:, which]) for state in states)
    return first, second


def better(best: Found | None, codes: Int[Tensor, "n time"], strengths: Float[Tensor, " n"], read: int) -> Found:
    """The best of these texts, or the one before where none is stronger; `read` characters were read until now."""
    place = int(strengths.argmax())
    if best and best.strength >= strengths[place].item():
        return Found(best.text, best.strength, read)
    return Found(decode(codes[place]), strengths[place].item(), read)
