"""What the layers of the net that reads text put out along a text."""

import pytest
import torch

from core.cells.reading import PIECE, WARM, along
from core.data.text import corpus, encode, one_hot
from core.layers import record
from core.models import untrained
from core.models.text import Reader


@pytest.fixture(scope="module")
def net() -> Reader:
    model = untrained("text", 0).eval()
    assert isinstance(model, Reader)
    return model


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 7, 2 * PIECE, 3 * PIECE + 1])
def test_pieces_are_the_text_in_order(net: Reader, length: int) -> None:
    text = corpus()[:length]
    pieces = list(along(net, text, ["lstm1"]))
    assert "".join(piece.text for piece in pieces) == text
    assert [text[piece.begin :][: len(piece.text)] for piece in pieces] == [piece.text for piece in pieces]
    assert all(piece.activations["lstm1"].shape == (256, len(piece.text)) for piece in pieces)


def test_a_piece_is_read_behind_what_stands_before_it(net: Reader) -> None:
    text = corpus()[: 2 * PIECE + 50]
    first, second, rest = along(net, text, ["lstm2"])
    for piece in (second, rest):
        read = record(net, one_hot(encode(text[piece.begin - WARM : piece.begin + len(piece.text)])[None]), ["lstm2"])
        assert torch.allclose(piece.activations["lstm2"], read["lstm2"][0, :, WARM:], atol=1e-6)
    read = record(net, one_hot(encode(first.text)[None]), ["lstm2"])["lstm2"][0]
    assert torch.allclose(first.activations["lstm2"], read, atol=1e-6)
