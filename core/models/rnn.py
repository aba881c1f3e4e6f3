"""The recurrent net: it reads an image row by row, from top to bottom, and keeps a state."""

from torch import Tensor, nn

UNITS = 64


class Tap(nn.Identity):
    """The output sequence (batch, time, units) of the recurrent module before it, as one plain tensor.

    Recurrent modules return tuples, on which Captum's layer methods fail; behind a tap they work.
    """


class RNN(nn.Module):
    """Two LSTM layers and a linear readout of the state after the last row."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent1 = nn.LSTM(28, UNITS, batch_first=True)
        self.lstm1 = Tap()
        self.recurrent2 = nn.LSTM(UNITS, UNITS, batch_first=True)
        self.lstm2 = Tap()
        self.logits = nn.Linear(UNITS, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Images (batch, 1, rows, 28), of any number of rows, to the logits (batch, 10) after the last row."""
        return self.logits(self.states(x)[:, -1])

    def states(self, x: Tensor) -> Tensor:
        """The second layer's state after each row: (batch, rows, units)."""
        first = self.lstm1(self.recurrent1(x.squeeze(1))[0])
        return self.lstm2(self.recurrent2(first)[0])


def rnn() -> RNN:
    """28 inputs a row, two LSTM layers of 64, ten logits."""
    return RNN()
