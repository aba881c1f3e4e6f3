"""A text as the net reads it: its layers' states behind each character, and what it expects to come next."""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.cells.search import LAYERS
from core.data.text import ALPHABET, encode, one_hot
from core.layers import record
from core.models.text import Reader

READOUT = "logits"


@dataclass(frozen=True)
class Reading:
    """A text, the layers' activations behind each of its characters, and the natural logarithms of what comes next."""

    before: str  # what was read before it
    text: str
    activations: dict[str, Float[Tensor, "units time"]]
    log_probabilities: Float[Tensor, "65 time"]

    def entropy(self) -> Float[Tensor, " time"]:
        """How uncertain it is behind each character, in bits: 0 where it is sure, log2 65 = 6.02 where it guesses."""
        return -(self.log_probabilities.exp() * self.log_probabilities).sum(0) / math.log(2)

    def likeliest(self, at: int, count: int) -> list[tuple[str, float]]:
        """The characters that it expects most behind the one at that place, with their probabilities."""
        values, codes = self.log_probabilities[:, at].topk(count)
        return [(ALPHABET[code], value) for code, value in zip(codes.tolist(), values.exp().tolist(), strict=True)]

    def surprise(self, at: int) -> float | None:
        """-log2 of the probability that it gave to the character that came; None behind the last."""
        if at + 1 >= len(self.text):
            return None
        return -float(self.log_probabilities[encode(self.text[at + 1]), at]) / math.log(2)


def read(model: Reader, text: str, before: str = "") -> Reading:
    """Read a text of at least one character, behind what stands before it, from a state of zeros."""
    found = record(model, one_hot(encode(before + text)[None]), [*LAYERS, READOUT])
    own = {name: values[0, :, len(before) :] for name, values in found.items()}
    return Reading(before, text, {layer: own[layer] for layer in LAYERS}, F.log_softmax(own[READOUT], 0))
