"""The recurrent net: it reads an image row by row, from top to bottom, and keeps a state."""

from torch import Tensor, nn

UNITS = 64


class Tap(nn.Identity):
    """The output sequence (batch, time, units) of the recurrent module before it, as one plain tensor.

    Recurrent modules return tuples, on which Captum's layer methods fail; behind a tap they work.
    """


class RNN(nn.Module):
    """LSTM layers `recurrent1`, `recurrent2`, ..., each with its tap `lstm1`, ..., and a readout of the last state."""

    def __init__(self, depth: int = 2, units: int = UNITS) -> None:
        super().__init__()
        self.depth = depth
        for number in range(1, depth + 1):
            self.add_module(f"recurrent{number}", nn.LSTM(28 if number == 1 else units, units, batch_first=True))
            self.add_module(f"lstm{number}", Tap())
        self.logits = nn.Linear(units, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Images (batch, 1, rows, 28), of any number of rows, to the logits (batch, 10) after the last row."""
        return self.logits(self.states(x)[:, -1])

    def states(self, x: Tensor) -> Tensor:
        """The last layer's state after each row: (batch, rows, units)."""
        states = x.squeeze(1)
        for number in range(1, self.depth + 1):
            states = self.get_submodule(f"lstm{number}")(self.get_submodule(f"recurrent{number}")(states)[0])
        return states


def rnn() -> RNN:
    """28 inputs a row, two LSTM layers of 64, ten logits."""
    return RNN()
