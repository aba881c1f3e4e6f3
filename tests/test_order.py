"""core.memory.order and delay: rows in another order, blanked, or followed by empty ones."""

import pytest
import torch

from core.data import digits
from core.memory.delay import delayed, held
from core.memory.order import DRAWN, IN_ORDER, ORDERS
from core.memory.unrolled import all_unrolled
from core.models import load

SOME = digits.test_set().images[:60]


def rows(images: torch.Tensor) -> list[list[float]]:
    """Each row's ink, of each image, sorted."""
    return images.sum(3)[:, 0].sort(1).values.tolist()


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_its_seeds_and_changes_no_image_that_it_was_given(name: str) -> None:
    before = SOME.clone()
    found = ORDERS[name](SOME, 1)
    assert found.shape == SOME.shape and torch.equal(SOME, before) and torch.equal(found, ORDERS[name](SOME, 1))
    assert torch.equal(found, ORDERS[name](SOME, 2)) == (name not in DRAWN)
    assert torch.equal(found, SOME) == (name == IN_ORDER)


def test_shuffled_rows_are_the_same_rows_in_one_order() -> None:
    found = ORDERS["rows shuffled"](SOME, 0)
    assert rows(found) == rows(SOME)
    marked = torch.arange(28.0).view(1, 1, 28, 1).expand(3, 1, 28, 28)
    order = ORDERS["rows shuffled"](marked, 0)[:, 0, :, 0]
    assert (order == order[0]).all() and sorted(order[0].tolist()) == list(range(28))
    assert torch.equal(ORDERS["columns shuffled"](SOME.mT, 0).mT, found)


def test_reversed_rows_begin_with_the_last() -> None:
    assert torch.equal(ORDERS["reversed"](SOME, 0)[:, :, 0], SOME[:, :, 27])


def test_a_half_is_blanked_and_the_other_stands_at_its_time() -> None:
    first, second = (ORDERS[f"{half} half blanked"](SOME, 0) for half in ("first", "second"))
    assert not first[:, :, :14].any() and torch.equal(first[:, :, 14:], SOME[:, :, 14:])
    assert not second[:, :, 14:].any() and torch.equal(second[:, :, :14], SOME[:, :, :14])


def test_one_row_with_ink_is_blanked() -> None:
    found = ORDERS["one row blanked"](SOME, 0)
    changed = (found != SOME).any(3)[:, 0]
    assert (changed.sum(1) == 1).all() and not found[:, 0][changed].any()
    empty = torch.zeros(2, 1, 28, 28)
    assert torch.equal(ORDERS["one row blanked"](empty, 0), empty)


def test_a_delay_is_empty_rows_behind_those_that_were_read() -> None:
    found = delayed(SOME, 14, 5)
    assert found.shape == (60, 1, 19, 28) and torch.equal(found[:, :, :14], SOME[:, :, :14])
    assert not found[:, :, 14:].any() and torch.equal(delayed(SOME, 28, 0), SOME)


@pytest.mark.parametrize(("read", "blank"), [(14, 0), (14, 9), (28, 3)])
def test_what_is_held_is_the_last_state(read: int, blank: int) -> None:
    net = load("rnn")
    wanted = all_unrolled(net, delayed(SOME, read, blank))  # type: ignore[arg-type]
    for layer, state in held(net, SOME, read, blank).items():  # type: ignore[arg-type]
        assert torch.allclose(state, wanted[layer].state[:, -1], atol=1e-5)
