"""An LSTM's cell at one step: what each gate reads, and the memory split over the steps at which it was written.

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber, Cummins 2000, as torch has it:
i, f, o = sigmoid(W x_t + V h_(t-1) + b), g = tanh(the same with weights of its own),
c_t = f c_(t-1) + i g, h_t = o tanh(c_t).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn


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
    states, memories = _unrolled(lstm, x)
    last = states[step - 1] if step else torch.zeros_like(states[0])
    own = torch.arange(4) * lstm.hidden_size + unit  # the rows of the cell's gates
    read, keep, bias, more = lstm.all_weights[0]
    return Gates(
        reads=read[own] * x[step],
        past=keep[own] * last,
        bias=(bias + more)[own],
        before=float(memories[step - 1, unit]) if step else 0.0,
        memory=float(memories[step, unit]),
        state=float(states[step, unit]),
    )


def surviving(lstm: nn.LSTM, x: Float[Tensor, "time inputs"], unit: int, step: int) -> Float[Tensor, " steps"]:
    """What was written into a cell's memory at each step up to `step`, as far as it has survived until then.

    i_s g_s times the product of the forget gates behind s; it adds up to the memory c_t.
    """
    write, forget, candidate, _ = _gated(lstm, x, _unrolled(lstm, x)[0])
    kept = forget[1 : step + 1, unit].flip(0).cumprod(0).flip(0)
    return (write * candidate)[: step + 1, unit] * torch.cat([kept, torch.ones_like(forget[:1, unit])])


def _unrolled(lstm: nn.LSTM, x: Tensor) -> tuple[Float[Tensor, "time units"], Float[Tensor, "time units"]]:
    """States and memories after each step."""
    with torch.no_grad():
        states = lstm(x[None])[0][0]
    memories = [torch.zeros_like(states[0])]
    write, forget, candidate, _ = _gated(lstm, x, states)
    for step in range(len(x)):
        memories.append(forget[step] * memories[-1] + write[step] * candidate[step])
    return states, torch.stack(memories[1:])


def _gated(lstm: nn.LSTM, x: Tensor, states: Tensor) -> list[Float[Tensor, "time units"]]:
    past = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
    read, keep, bias, more = lstm.all_weights[0]
    sums = x @ read.T + past @ keep.T + bias + more
    return [part.tanh() if gate == 2 else part.sigmoid() for gate, part in enumerate(sums.detach().chunk(4, 1))]
