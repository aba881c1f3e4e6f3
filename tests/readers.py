"""Nets that read text whose cells can be solved by hand."""

import torch

from core.data.text import ALPHABET
from core.models import untrained
from core.models.text import Reader

OPEN, SHUT = 12.0, -24.0  # of a gate's pre-activation
IN_LINE, IN_SENTENCE = 17, 200  # the cells of `lstm1`


def counting_reader() -> Reader:
    """Untrained, but that two cells of `lstm1` count: lstm1[17] = tanh(n / 200), n the characters since a newline.

    lstm1[200] is the same below zero, for those since a full stop. Their embeddings say a constant, newline and stop.
    """
    model = untrained("text", 0).eval().requires_grad_(False)
    assert isinstance(model, Reader)
    embedding = model.embedding.weight
    embedding[:3] = 0
    embedding[0] = 1
    embedding[1, ALPHABET.index("\n")] = 1
    embedding[2, [ALPHABET.index(character) for character in ".!?"]] = 1
    layer = model.recurrent1
    for cell, ends, step in ((IN_LINE, 1, 0.005), (IN_SENTENCE, 2, -0.005)):
        gates = [cell + place * layer.hidden_size for place in range(4)]  # input, forget, candidate, output
        for matrix in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0):
            matrix[gates] = 0
        for gate in (gates[0], gates[1], gates[3]):
            layer.bias_ih_l0[gate] = OPEN
        layer.weight_ih_l0[gates[1], ends] = SHUT
        layer.weight_ih_l0[gates[2], 0] = step
        layer.weight_ih_l0[gates[2], ends] = -step
    return model


def exact(count: int) -> float:
    """What lstm1[17] puts out behind so many characters."""
    gate = 1 / (1 + torch.exp(torch.tensor(-OPEN, dtype=torch.double)))
    state = torch.tensor(0.0, dtype=torch.double)
    for _ in range(count):
        state = gate * state + gate * torch.tanh(torch.tensor(0.005, dtype=torch.double))
    return float(gate * torch.tanh(state))
