"""Whether a filter is an oriented edge, bar or grating."""

import math

import pytest
import torch
from torch import Generator, Tensor

from core.measures.edge_likeness import edge_likeness, shuffled
from core.models import load, untrained


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def gabor(side: int, angle: float, cycles: float, phase: float, spread: float = 0.3) -> Tensor:
    """Daugman 1985: exp(-(x^2 + y^2) / 2 s^2) cos(2 pi f (x cos a + y sin a) + p), written out."""
    places = torch.arange(float(side)) - side // 2
    x, y = places / side, places[:, None] / side
    wave = torch.cos(2 * math.pi * cycles * (x * math.cos(angle) + y * math.sin(angle)) + phase)
    return (torch.exp(-(x**2 + y**2) / (2 * spread**2)) * wave)[None, None]


@pytest.mark.parametrize("side", [5, 9, 16])
@pytest.mark.parametrize("angle", [0.0, 0.6, 1.9, 2.8])
@pytest.mark.parametrize("phase", [0.0, 1.0, math.pi / 2])
def test_a_gabor_between_those_of_the_bank_is_almost_one(side: int, angle: float, phase: float) -> None:
    assert float(edge_likeness(-3 * gabor(side, angle, 1.2, phase) + 5)) > 0.95


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.3, 2.5])
def test_a_step_is_almost_one_also_off_the_middle(angle: float) -> None:
    places = torch.arange(9.0) - 4
    for off in (0.0, 1.7):
        step = (places * math.cos(angle) + places[:, None] * math.sin(angle) > off).float()
        assert float(edge_likeness(step[None, None])) > 0.93


def test_noise_is_as_like_an_edge_as_the_same_values_shuffled() -> None:
    pictures = noise(400, 1, 7, 7)
    found, control = edge_likeness(pictures), edge_likeness(shuffled(pictures))
    error = math.sqrt(float(found.var() + control.var()) / 400)
    assert abs(float(found.mean() - control.mean())) < 3 * error < 0.03
    assert float(found.mean()) < 0.7


def test_a_cross_is_not_like_one() -> None:
    cross = torch.zeros(1, 1, 9, 9)
    cross[..., 4, :] = cross[..., :, 4] = 1
    assert float(edge_likeness(cross)) < 0.6


def test_trained_filters_are_edges_and_their_twins_and_themselves_shuffled_are_not() -> None:
    filters = load("cnn").get_parameter("conv1.weight")
    own, control = edge_likeness(filters), edge_likeness(shuffled(filters))
    twin = edge_likeness(load("cnn", weights="untrained").get_parameter("conv1.weight"))
    assert float(own.mean()) > 0.8 > 0.7 > max(float(control.mean()), float(twin.mean()))


def test_the_order_of_shuffling_has_nothing_to_do_with_how_a_net_was_drawn() -> None:
    """From one seed, torch's generator gives weights and the order that sorts them, to a perfect edge."""
    filters = untrained("cnn", 0).get_parameter("conv1.weight").detach()
    assert float(edge_likeness(shuffled(filters, 0)).mean()) < 0.7


def test_channels_are_weighted_as_suits_best() -> None:
    one = gabor(9, 0.6, 1.2, 0.0)
    coloured = torch.tensor([1.0, -2.0, 0.5])[:, None, None] * one
    torch.testing.assert_close(edge_likeness(coloured), edge_likeness(one))
    opponents = torch.cat([one, gabor(9, 0.6 + math.pi / 2, 1.2, 0.0)], 1)  # two directions are no one edge
    assert float(edge_likeness(opponents)) < 0.8


def test_shuffling_keeps_a_pictures_values_and_goes_by_the_seed() -> None:
    pictures = noise(3, 2, 5, 5)
    made = shuffled(pictures, 1)
    assert torch.equal(made.flatten(1).sort(1).values, pictures.flatten(1).sort(1).values)
    assert not torch.equal(made, pictures) and not torch.equal(made, shuffled(pictures, 2))
    assert torch.equal(made, shuffled(pictures, 1))


def test_even_pictures_are_not_numbers_and_others_are_refused_with_a_sentence() -> None:
    assert edge_likeness(torch.full((2, 1, 5, 5), 0.3)).isnan().all()
    for height, width in ((5, 6), (2, 2)):
        with pytest.raises(ValueError, match=f"not of {height} x {width}"):
            edge_likeness(noise(1, 1, height, width))
