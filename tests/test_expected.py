"""A text as the net reads it: states, and what it expects next."""

import math

import pytest
import torch
import torch.nn.functional as F

from core.cells.expected import read
from core.cells.reading import along
from core.data.text import corpus, encode, one_hot
from tests.readers import counting_reader

MODEL, TEXT = counting_reader(), corpus()[:120]


@pytest.mark.parametrize("before", ["", corpus()[-50:]])
def test_what_is_expected_is_the_nets_own_answer_behind_each_character(before: str) -> None:
    found = read(MODEL, TEXT[:30], before)
    for place in (0, 13, 29):
        logits = MODEL(one_hot(encode(before + TEXT[: place + 1])[None]))[0]
        assert torch.allclose(found.log_probabilities[:, place], F.log_softmax(logits, 0), atol=1e-5)
        likeliest = found.likeliest(place, 5)
        assert [value for _, value in likeliest] == pytest.approx(logits.softmax(0).topk(5).values.tolist(), abs=1e-5)
        assert [encode(character).item() for character, _ in likeliest] == logits.topk(5).indices.tolist()


def test_the_states_are_those_of_reading_along() -> None:
    (piece,) = along(MODEL, TEXT, ["lstm1", "lstm2"])
    found = read(MODEL, TEXT)
    assert all(
        torch.allclose(found.activations[name], piece.activations[name], atol=1e-6) for name in ("lstm1", "lstm2")
    )


def test_entropy_and_surprise_are_in_bits() -> None:
    found = read(MODEL, TEXT)
    shares = found.log_probabilities[:, 7].double().exp()
    assert float(found.entropy()[7]) == pytest.approx(float(-(shares * shares.log2()).sum()), abs=1e-5)
    assert 0 < float(found.entropy().min()) <= float(found.entropy().max()) <= math.log2(65) + 1e-5
    assert found.surprise(7) == pytest.approx(-math.log2(shares[encode(TEXT[8])].item()), abs=1e-5)
    assert found.surprise(len(TEXT) - 1) is None
