"""How much of a unit is no linear function of the image."""

import pytest
import torch
from torch import Generator, Tensor

from core.data.digits import test_set as mnist
from core.layers import first_of_each_depth, list_layers, record
from core.measures import nonlinearity as module
from core.measures.constant import constant
from core.measures.held_out import split
from core.measures.nonlinearity import nonlinearity
from core.models import load
from tests import references

DIGITS = mnist().images[:1600]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


@pytest.mark.parametrize("weights", ["trained", "untrained", "shuffled"])
@pytest.mark.parametrize("model", ["dense", "dense-video", "cnn"])
def test_a_first_layer_is_linear_and_the_second_is_not(model: str, weights: str) -> None:
    net = load(model, weights=weights)
    first, second = first_of_each_depth(list_layers(net, (1, 28, 28)), 0)[:2]
    seen = record(net, DIGITS, [first.name, second.name])
    linear, other = (nonlinearity(DIGITS, seen[layer.name]) for layer in (first, second))
    assert linear.shape == (first.units,) and float(linear.nan_to_num().max()) < 1e-4
    assert float(other.nanmean()) > 1e-4


@pytest.mark.parametrize("noisy", [0.05, 2.0])  # a strength of nothing is best, and a large one
def test_it_is_the_normal_equations_unit_by_unit(noisy: float) -> None:
    pixels = noise(200, 30) * torch.linspace(0.01, 1, 30)
    values = pixels @ noise(30, 3, seed=1) + noisy * noise(200, 3, seed=2)
    expected = [references.nonlinearity(pixels, unit, list(module.STRENGTHS)) for unit in values.T]
    torch.testing.assert_close(nonlinearity(pixels, values).tolist(), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7])
def test_it_is_the_share_that_was_planted(share: float) -> None:
    pixels = noise(4000, 10)
    linear, other = pixels[:, 0], (pixels[:, 1].square() - 1) / 2**0.5
    values = (1 - share) ** 0.5 * linear + share**0.5 * other
    assert float(nonlinearity(pixels, values[:, None])) == pytest.approx(share, abs=0.05)


def test_of_a_unit_that_has_nothing_linear_it_is_one() -> None:
    pixels = noise(4000, 10)
    assert float(nonlinearity(pixels, pixels[:, :1].square())) == pytest.approx(1, abs=0.02)


def test_scale_and_shift_of_a_unit_do_not_matter_nor_what_its_places_are_on_the_mean() -> None:
    pixels = noise(400, 10)
    values = torch.relu(pixels @ noise(10, 2 * 9, seed=1)).view(400, 2, 3, 3)
    once = nonlinearity(pixels, values)
    torch.testing.assert_close(nonlinearity(pixels, 3 * values + noise(2, 3, 3, seed=2)), once, atol=1e-5, rtol=1e-4)


def test_places_count_by_how_much_they_vary() -> None:
    pixels = noise(4000, 10)
    linear, other = pixels[:, 0], (pixels[:, 1].square() - 1) / 2**0.5
    values = torch.stack([2 * linear, other], 1)[:, None]
    assert float(nonlinearity(pixels, values)) == pytest.approx(1 / 5, abs=0.02)


def test_of_a_large_map_a_few_places_are_taken_from_border_to_border() -> None:
    pixels = noise(400, 4)
    linear = pixels[:, :1].expand(400, 81).reshape(400, 1, 9, 9).clone()
    between = linear.clone()
    between[:, :, 1::2] = noise(400, 1, 4, 9, seed=1)
    corner = linear.clone()
    corner[:, :, 8, 8] = noise(400, seed=1)[:, None]
    found = [float(nonlinearity(pixels, values)) for values in (linear, between, corner)]
    assert found[0] == pytest.approx(0, abs=1e-6) and found[1] == found[0] and found[2] > 0.02


def test_what_no_fit_can_know_is_left_out() -> None:
    """A pixel that only held-out images have, and one that always has another's value in the others."""
    pixels = noise(400, 6)
    pixels[:, 4], pixels[:, 5] = 0, pixels[:, 3]
    held = split(400)[1]
    pixels[held[:10], 4], pixels[held[10:20], 5] = 1, 0
    assert float(nonlinearity(pixels, (pixels @ noise(6, 1, seed=1)))) < 1e-6


def test_a_unit_that_never_changes_is_not_a_number_and_changes_nothing_of_the_others() -> None:
    pixels = noise(400, 10)
    values = torch.relu(pixels @ noise(10, 3, seed=1))
    once = nonlinearity(pixels, values)
    values[:, 1] = 0.3
    again = nonlinearity(pixels, values)
    assert again.isnan().tolist() == [False, True, False]
    assert torch.equal(again[[0, 2]], once[[0, 2]])


@pytest.mark.parametrize(("images", "pixels"), [(60, 40), (160, 100)])
def test_fewer_images_than_pixels_are_refused_with_a_sentence(images: int, pixels: int) -> None:
    with pytest.raises(ValueError, match="more images than they have dimensions"):
        nonlinearity(noise(images, pixels), noise(images, 2, seed=1))


def test_images_that_are_all_of_another_kind_are_refused_with_a_sentence() -> None:
    pixels = noise(400, 6)
    pixels[:, 5] = 0
    pixels[split(400)[1], 5] = 1
    with pytest.raises(ValueError, match="where the 225 that are fitted differ"):
        nonlinearity(pixels, noise(400, 2, seed=1))


def test_every_fourth_image_is_held_out() -> None:
    learned, held = split(10)
    assert held.tolist() == [3, 7] and learned.tolist() == [0, 1, 2, 4, 5, 6, 8, 9]


def test_what_differs_by_rounding_only_is_constant() -> None:
    values = torch.tensor([[0.0, 5.0, 1.0, -1.0], [0.0, 5.0 * (1 + 1e-7), 1.001, 1.0]])
    assert constant(values).tolist() == [True, True, False, False]
    maps = torch.tensor([0.0, 1.0, 2.0]).expand(4, 1, 3)  # places differ, images do not
    assert constant(maps).tolist() == [True]
