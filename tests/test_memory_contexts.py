"""What the text before the last few characters is worth to the net that reads text."""

import math

import pytest
import torch
from torch import Generator, Tensor

from core.data.text import decode, encode, held_out_text, one_hot
from core.memory.contexts import (
    ALL,
    BLOCKS,
    KEPT,
    LENGTH,
    MIXED,
    NOTHING,
    OTHER,
    OWN,
    bits,
    bits_along,
    mixed,
    of_net,
    of_places,
    others,
    places,
)
from core.models import untrained
from core.models.text import Reader

TEXT = held_out_text()


def seeded() -> Generator:
    return Generator().manual_seed(0)


def test_places_are_spread_over_the_text_from_end_to_end() -> None:
    found = places(TEXT, 50)
    assert found.shape == (50, LENGTH + 1)
    assert decode(found[0]) == TEXT[: LENGTH + 1] and decode(found[-1]) == TEXT[-LENGTH - 1 :]
    assert all(decode(stretch) in TEXT for stretch in found)


def test_words_change_their_order_and_nothing_else() -> None:
    stretch = encode("to be, or\nnot to b")
    found = decode(mixed(stretch[None], seeded())[0])
    ordered = sorted(["to ", "be, ", "or\n", "not ", "to ", "b"])
    assert found != decode(stretch) and sorted(found) == sorted(decode(stretch))
    left, words = found, []
    while left:
        word = next(word for word in sorted(set(ordered), key=len, reverse=True) if left.startswith(word))
        words.append(word)
        left = left[len(word) :]
    assert sorted(words) == ordered


def test_another_place_is_never_ones_own_nor_near() -> None:
    stretches = torch.arange(10)[:, None].expand(10, 3)
    assert others(stretches)[:, 0].tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]


class Listener(Reader):
    """Sure that the next character is the one that stood `back` characters before."""

    def __init__(self, back: int) -> None:
        super().__init__()
        self.back = back

    def forward(self, x: Tensor) -> Tensor:
        return 10.0 * x[:, :, max(-self.back, -x.shape[2])]


def test_bits_are_those_of_what_follows() -> None:
    context = encode("abab")[None]
    sure, sum_ = 10.0, math.log(math.exp(10.0) + 64)
    found = [bits(Listener(2), context, encode(character)).item() for character in "ac"]
    assert found == pytest.approx([(sum_ - sure) / math.log(2), sum_ / math.log(2)], abs=1e-5)


def test_a_net_that_looks_twenty_characters_back_loses_them_with_more_kept_than_that_alone() -> None:
    found = of_places(Listener(20), TEXT[:10_000], seeded(), 100).groupby(["before", "kept"]).bits.mean()
    assert [found[OTHER, kept] == found[OWN, LENGTH] for kept in KEPT] == [kept >= 20 for kept in KEPT]
    assert [found[NOTHING, kept] == found[OWN, LENGTH] for kept in KEPT] == [kept >= 20 for kept in KEPT]


def test_there_is_a_row_a_block_of_each_kind() -> None:
    net = untrained("text", 0).eval()
    assert isinstance(net, Reader)
    found = of_net(net, TEXT, seeded(), 40)
    assert len(found) == BLOCKS * (2 + 3 * len(KEPT))
    assert set(found.before) == {ALL, OWN, MIXED, OTHER, NOTHING}
    assert set(found[found.before == OWN].kept) == {LENGTH}
    assert found.bits.between(5.5, 6.6).all()  # a net that knows nothing: log2 of 65 is 6.02


def test_a_text_is_read_on_from_its_begin() -> None:
    net = untrained("text", 1).eval()
    assert isinstance(net, Reader)
    logits, _ = net.read(one_hot(encode(TEXT[:300])[None]))
    each = logits.log_softmax(2)[0, torch.arange(299), encode(TEXT[1:300])]
    assert torch.allclose(bits_along(net, TEXT[:300]), -each / math.log(2), atol=1e-5)
