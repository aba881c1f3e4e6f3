"""What a classifier says."""

import torch
from jaxtyping import Float
from torch import Tensor

from core.models.rnn import RNN


def probabilities(logits: Float[Tensor, "*rows classes"]) -> Float[Tensor, "*rows classes"]:
    """Softmax: what share of its belief the net gives to each class; each row sums to 1."""
    return logits.softmax(-1)


@torch.no_grad()
def answers_by_row(model: RNN, image: Float[Tensor, "1 rows 28"]) -> Float[Tensor, "rows classes"]:
    """The recurrent net's probabilities after each row: its readout applied to every state, not to the last alone."""
    return probabilities(model.logits(model.states(image[None]))[0])
