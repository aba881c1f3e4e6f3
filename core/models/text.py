"""The net that reads text: a two-layer LSTM that tells the next character from those before."""

from jaxtyping import Float
from torch import Tensor, nn

from core.data.text import ALPHABET
from core.models.rnn import Tap
from core.models.spec import ModelSpec

UNITS, EMBEDDED, DROPOUT = 256, 64, 0.3
State = tuple[Tensor, Tensor]


class EachStep(nn.Linear):
    """A linear layer for each step of a sequence: (batch, time, inputs) to (batch, time, units)."""


class Reader(nn.Module):
    """An embedding, LSTM layers `recurrent1` and `recurrent2` with their taps `lstm1` and `lstm2`, and a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = EachStep(len(ALPHABET), EMBEDDED, bias=False)
        self.recurrent1 = nn.LSTM(EMBEDDED, UNITS, batch_first=True)
        self.lstm1 = Tap()
        self.recurrent2 = nn.LSTM(UNITS, UNITS, batch_first=True)
        self.lstm2 = Tap()
        self.logits = EachStep(UNITS, len(ALPHABET))
        self.dropout = nn.Dropout(DROPOUT)
        nn.init.normal_(self.embedding.weight)  # as nn.Embedding does: of smaller ones a twin hardly sees its input

    def forward(self, x: Float[Tensor, "batch 65 time"]) -> Float[Tensor, "batch 65"]:
        """The logits of the character behind the last one; characters are one-hot, or between."""
        return self.read(x)[0][:, -1]

    def read(
        self, x: Float[Tensor, "batch 65 time"], states: tuple[State | None, State | None] = (None, None)
    ) -> tuple[Float[Tensor, "batch time 65"], tuple[State, State]]:
        """The logits behind each character, and the layers' states at the end, with which reading can go on."""
        embedded = self.dropout(self.embedding(x.transpose(1, 2)))
        first, state1 = self.recurrent1(embedded, states[0])
        second, state2 = self.recurrent2(self.dropout(self.lstm1(first)), states[1])
        return self.logits(self.dropout(self.lstm2(second))), (state1, state2)


# Of texts of any length; layers are listed for one of 100 characters.
TEXT = ModelSpec("text", "rnn", "two LSTM layers, character by character", Reader, (len(ALPHABET), 100),
                 lambda: tuple(ALPHABET))  # fmt: skip
