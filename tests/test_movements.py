"""core.movements: how an image moves, and what a net answers on the way."""

import pytest
import torch
from torch import Tensor, nn

from core import movements
from core.data.digits import test_set as read_test_set
from core.measures.equivariance import shifted
from core.models import load
from core.movements import MOVEMENTS, answers, kept


def digit(number: int = 0) -> Tensor:
    return read_test_set().images[number]


@pytest.mark.parametrize("name", MOVEMENTS)
def test_an_image_that_stands_still_is_itself_and_every_value_can_be_chosen(name: str) -> None:
    movement = MOVEMENTS[name]
    assert torch.allclose(movement.of(digit()[None], movement.still)[0], digit(), atol=1e-5)
    steps = {later - value for value, later in zip(movement.values, movement.values[1:], strict=False)}
    assert steps == {movement.step}
    assert movement.still in movement.values and movement.usual in movement.values
    assert movement.usual != movement.still


def test_shifts_are_by_whole_pixels() -> None:
    image = digit()[None]
    assert torch.equal(MOVEMENTS["right"].of(image, 3), shifted(image, 3, 0))
    assert torch.equal(MOVEMENTS["down"].of(image, -2), shifted(image, 0, -2))


def test_a_turn_is_clockwise_and_a_size_is_in_percent() -> None:
    image = digit()[None]
    assert torch.allclose(MOVEMENTS["turn"].of(image, 90), image.rot90(-1, (2, 3)), atol=1e-4)
    square = torch.zeros(1, 1, 28, 28)
    square[..., 8:20, 8:20] = 1.0
    half = MOVEMENTS["size"].of(square, 50)
    assert half[..., 11:17, 11:17].min() == 1.0 and half.sum() == pytest.approx(36.0, abs=1.0)


def test_answers_are_those_to_each_moved_image_alone() -> None:
    net, movement = load("cnn", weights="plain"), MOVEMENTS["down"]
    found = answers(net, digit(), movement)
    assert found.shape == (len(movement.values), 10)
    for place, value in enumerate(movement.values):
        alone = net(shifted(digit()[None], 0, value)).softmax(1)[0]
        assert torch.allclose(found[place], alone, atol=1e-5)


class Middle(nn.Module):
    """Says 1 where the pixel in the middle has ink, else 0."""

    def forward(self, x: Tensor) -> Tensor:
        ink = x[:, 0, 14, 14]
        return torch.stack([1 - ink, ink], dim=1)


def test_an_answer_is_kept_as_far_as_it_does_not_change_once() -> None:
    movement = MOVEMENTS["right"]
    image = torch.zeros(1, 28, 28)
    image[0, 14, 12:16] = 1.0  # the middle has ink for shifts from -1 to 2
    image[0, 14, 8] = 1.0  # and again at 6, which does not count
    assert kept(answers(Middle(), image, movement), movement) == (-1, 2)
    assert kept(answers(Middle(), 0 * image, movement), movement) == (movement.values[0], movement.values[-1])


def test_values_have_units_and_signs() -> None:
    assert MOVEMENTS["right"].in_words(3) == "+3 px" and MOVEMENTS["right"].in_words(-3) == "−3 px"
    assert MOVEMENTS["turn"].in_words(0) == "0°" and MOVEMENTS["size"].in_words(70) == "70 %"


def test_shifts_go_beyond_the_border_that_most_digits_have() -> None:
    across = read_test_set().images[:, 0].amax(1) > 0
    assert max(movements.SHIFT) > float(across.flip(1).int().argmax(1).float().quantile(0.75))
