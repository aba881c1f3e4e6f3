"""An LSTM over time, by its formulas: gates, candidate, cell state and output after each step.

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber, Cummins 2000, as torch has it:
i, f, o = sigmoid(W x_t + V h_(t-1) + b), g = tanh(the same with weights of its own),
c_t = f c_(t-1) + i g, h_t = o tanh(c_t).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.models.rnn import RNN
from core.models.text import Reader

Net = RNN | Reader
Over = Float[Tensor, "batch time units"]


@dataclass(frozen=True)
class Unrolled:
    """One layer, from the first step to the last."""

    input: Over  # the gates, between 0 and 1
    forget: Over
    candidate: Over  # between -1 and 1
    output: Over
    cell: Over  # the memory
    state: Over  # what the layer puts out

    @property
    def past_cell(self) -> Over:
        """The cell state one step earlier, 0 before the first."""
        return _earlier(self.cell)

    @property
    def past_state(self) -> Over:
        """The output one step earlier, 0 before the first."""
        return _earlier(self.state)


@torch.no_grad()
def unrolled(lstm: nn.LSTM, x: Float[Tensor, "batch time inputs"]) -> Unrolled:
    """One LSTM layer that reads these sequences, from a state of zeros."""
    read, keep, bias, more = lstm.all_weights[0]
    sums = x @ read.T + bias + more
    state = cell = x.new_zeros(len(x), lstm.hidden_size)
    steps = []
    for step in range(x.shape[1]):
        i, f, g, o = (sums[:, step] + state @ keep.T).chunk(4, 1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        cell = f * cell + i * g
        state = o * cell.tanh()
        steps.append((i, f, g, o, cell, state))
    return Unrolled(*(torch.stack(part, 1) for part in zip(*steps, strict=True)))


def layers(net: Net) -> dict[str, nn.LSTM]:
    """A recurrent net's LSTM layers in their order, by the names of their taps."""
    return {name.replace("recurrent", "lstm"): module for name, module in net.named_children()
            if isinstance(module, nn.LSTM)}  # fmt: skip


def steps_of(net: Net, x: Tensor) -> Float[Tensor, "batch time inputs"]:
    """What the first layer reads: the rows of images (batch, 1, rows, 28), the embeddings of (batch, 65, time)."""
    return net.embedding(x.transpose(1, 2)).detach() if isinstance(net, Reader) else x.squeeze(1)


def all_unrolled(net: Net, x: Tensor) -> dict[str, Unrolled]:
    """Every LSTM layer of a net that reads these inputs; each reads the output of the one before."""
    found, read = {}, steps_of(net, x)
    for name, lstm in layers(net).items():
        found[name] = unrolled(lstm, read)
        read = found[name].state
    return found


def time_constants(forget: Over) -> Float[Tensor, " units"]:
    """Steps in which a cell's memory fades to 1 / e: -1 / ln f, where f is its forget gate on the mean; 0 where f is 0.

    So Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", section 2, read a gate.
    """
    return -1 / forget.flatten(0, 1).mean(0).log()


def _earlier(steps: Over) -> Over:
    return torch.cat([torch.zeros_like(steps[:, :1]), steps[:, :-1]], 1)
