"""An LSTM's cell at one step: what each gate reads, and the memory split over the steps at which it was written.

The formulas are those of `core.memory.unrolled`.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.memory.unrolled import unrolled


@dataclass(frozen=True)
class Gates:
    """One cell at one step; gates stand in torch's order: input, forget, cell (the candidate), output."""

    reads: Float[Tensor, "4 inputs"]  # weight times what was read, of each gate
    past: Float[Tensor, "4 units"]  # weight times the layer's own state one step earlier
    bias: Float[Tensor, "4"]
    before: float  # the memory one step earlier
    memory: float
    state: float  # the cell's output

    @property
    def sums(self) -> Float[Tensor, "4"]:
        """The gates' pre-activations."""
        return self.reads.sum(1) + self.past.sum(1) + self.bias

    @property
    def values(self) -> Float[Tensor, "4"]:
        """What the gates let through, between 0 and 1, and the candidate, between -1 and 1."""
        return torch.where(torch.arange(4) == 2, self.sums.tanh(), self.sums.sigmoid())


def gates(lstm: nn.LSTM, x: Float[Tensor, "time inputs"], unit: int, step: int) -> Gates:
    """The cell `unit` at `step`, counted from 0, for one sequence. Raises ValueError for either that there is not."""
    if not (0 <= unit < lstm.hidden_size and 0 <= step < len(x)):
        raise ValueError(f"There is no cell {unit} at step {step}: {lstm.hidden_size} cells read {len(x)} steps.")
    now = unrolled(lstm, x[None])
    own = torch.arange(4) * lstm.hidden_size + unit  # the rows of the cell's gates
    read, keep, bias, more = lstm.all_weights[0]
    return Gates(
        reads=read[own] * x[step],
        past=keep[own] * now.past_state[0, step],
        bias=(bias + more)[own],
        before=float(now.past_cell[0, step, unit]),
        memory=float(now.cell[0, step, unit]),
        state=float(now.state[0, step, unit]),
    )


def surviving(lstm: nn.LSTM, x: Float[Tensor, "time inputs"], unit: int, step: int) -> Float[Tensor, " steps"]:
    """What was written into a cell's memory at each step up to `step`, as far as it has survived until then.

    i_s g_s times the product of the forget gates behind s; it adds up to the memory c_t.
    """
    now = unrolled(lstm, x[None])
    forget = now.forget[0, :, unit]
    kept = forget[1 : step + 1].flip(0).cumprod(0).flip(0)
    return (now.input * now.candidate)[0, : step + 1, unit] * torch.cat([kept, torch.ones_like(forget[:1])])
