"""The ascent engine: each part against what can be known by hand or by a slow reference."""

import copy
import math
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend, grow, objectives, parametrise, transforms
from core.ascent.objectives import Objective
from core.data import digits
from core.examples import peaks
from core.layers import list_layers
from core.models import DIGIT_NETS, load
from core.units import Unit
from tests import references
from tests.nets import Ramp, Shift


def seed(number: int = 0) -> Generator:
    return Generator().manual_seed(number)


def last(model: nn.Module, objective: Objective, image: parametrise.Parametrisation, steps: int, **more: Any) -> Step:
    """Where an ascent ends; from seed 0 unless told otherwise."""
    *_, step = ascend(model, objective, parametrise=image, steps=steps, **({"generator": seed()} | more))
    return step


class Linear(nn.Module):
    """score = the dot product of the image with a fixed random picture of 1 x 6 x 6."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.score = nn.Linear(36, 1, bias=False)
        self.score.weight = nn.Parameter(torch.randn(1, 36, generator=seed(3)), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.score(self.flat(x))


class Free(parametrise.Pixels):
    """The parameters are the image."""

    def __call__(self, parameters: Tensor) -> Tensor:
        return parameters


def test_the_optimum_of_a_linear_unit_under_a_norm_bound_is_its_weight_vector() -> None:
    """argmax w.x - |x|^2 / 2 is x = w."""
    objective = objectives.units("score", [0]) - 0.5 * objectives.l2()
    found = last(Linear(), objective, Free((1, 1, 6, 6)), 600, lr=0.05).images
    weight = Linear().score.weight[0]
    assert torch.cosine_similarity(found.flatten(), weight, dim=0) > 0.999
    torch.testing.assert_close(found.flatten(), weight, atol=0.02, rtol=0)


def test_a_linear_unit_gets_ink_where_its_weight_is_positive_and_nowhere_else() -> None:
    found = last(Linear(), objectives.units("score", [0]), parametrise.Pixels((1, 1, 6, 6)), 300)
    assert torch.equal(found.images.flatten() > 0.5, Linear().score.weight[0] > 0)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "conv3", "conv4"])
def test_a_centre_unit_changes_only_what_it_can_see(layer: str) -> None:
    """Receptive fields by hand: kernels 5, 3, 3, 3 with steps of 1, 2, 4, 8 pixels and 2 x 2 means between."""
    step, field = 1, 5
    for _ in range(int(layer[-1]) - 1):
        field, step = field + step + 2 * 2 * step, 2 * step
    pixels = parametrise.Pixels((1, 1, 28, 28), noise=0.0)
    first, *_, end = ascend(load("cnn"), objectives.units(layer, [3]), parametrise=pixels, steps=3, generator=seed())
    changed = torch.where((end.images != first.images)[0, 0])
    spans = [int(axis.max() - axis.min()) + 1 for axis in changed]
    assert spans == [min(field, 28)] * 2


def test_every_image_of_a_batch_climbs_its_own_unit() -> None:
    def climb(*units: int) -> Tensor:
        even = parametrise.Pixels((len(units), 1, 28, 28), noise=0.0)
        return last(load("cnn"), objectives.units("conv2", units), even, 10).images

    together = climb(1, 5)
    for place, unit in enumerate((1, 5)):
        torch.testing.assert_close(climb(unit)[0], together[place], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_the_same_seed_gives_the_same_picture_and_nothing_is_left_changed(name: str) -> None:
    net = load(name)
    before = copy.deepcopy(net.state_dict())
    layer = list_layers(net, (1, 28, 28))[-2].name
    ink = parametrise.Ink((3, 1, 28, 28))
    shake = [transforms.Blur(0.5), transforms.Jitter(2), transforms.Warp(5, 0.9, 1.1)]
    first, again, other = (
        last(net, objectives.units(layer, [0, 1, 2]), ink, 4, transforms=shake, generator=seed(number))
        for number in (0, 0, 1)
    )
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert all(weight.grad is None for weight in net.parameters())
    assert not net.training
    assert all(not module._forward_hooks for module in net.modules())


def test_two_ascents_may_take_turns_to_the_end() -> None:
    net, pixels = load("dense"), parametrise.Pixels((1, 1, 28, 28))
    climbs = [ascend(net, objectives.units("fc1", [n]), parametrise=pixels, steps=3, generator=seed()) for n in (2, 3)]
    ends = [steps[-1] for steps in zip(*zip(*climbs, strict=True), strict=True)]
    assert torch.is_grad_enabled()
    for unit, end in zip((2, 3), ends, strict=True):
        alone = last(net, objectives.units("fc1", [unit]), pixels, 3)
        assert torch.equal(end.images, alone.images)


def test_an_ascent_may_stop_between_any_two_steps() -> None:
    net, pixels = Shift(), parametrise.Pixels((1, 1, 4, 4))
    climb = ascend(net, objectives.units("conv", [0]), parametrise=pixels, steps=9, generator=seed())
    steps = list(islice(climb, 3))
    assert [(step.step, step.steps) for step in steps] == [(0, 9), (1, 9), (2, 9)]
    assert all(weight.grad is None for weight in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize("address", ["dense/fc2/4", "cnn/conv3/7", "rnn/lstm2/9", "cnn/logits/8"])
def test_the_score_rises_above_every_test_image_for_a_real_unit(address: str) -> None:
    unit = Unit.parse(address)
    net, images = load(unit.model), digits.test_set().images[:2000]
    strongest = torch.cat(list(peaks(net, images, unit.layer)))[:, unit.index].max()
    found = last(net, objectives.units(unit.layer, [unit.index]), parametrise.Pixels((1, 1, 28, 28)), 100)
    assert found.scores[0] > strongest


# Objectives


SEEN = {"fc": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "conv": torch.arange(36.0).view(2, 2, 3, 3)}
IMAGES = torch.tensor([[[[0.0, 1.0], [2.0, 4.0]]], [[[1.0, 1.0], [1.0, 1.0]]]])


def scores(objective: Objective) -> list[float]:
    return objective(SEEN, IMAGES).tolist()


def test_objectives_read_units() -> None:
    assert scores(objectives.units("fc", [1, 0])) == [2, 3]
    assert scores(objectives.units("conv", [0, 1])) == [4, 31]
    assert scores(objectives.units("conv", [0, 1], place="mean")) == [4, 31]
    sequence = {"lstm": torch.arange(12.0).view(2, 2, 3)}
    assert objectives.units("lstm", [1, 0])(sequence, IMAGES).tolist() == [5, 8]
    assert objectives.units("lstm", [1, 0], time=0)(sequence, IMAGES).tolist() == [3, 6]


def test_objectives_add_subtract_and_scale() -> None:
    a, b = objectives.units("fc", [0, 0]), objectives.units("conv", [1, 1])
    assert scores(0.2 * a + b * 0.5) == pytest.approx([0.2 + 6.5, 0.6 + 15.5])
    assert scores(a - b) == [1 - 13, 3 - 31]
    assert (a + b).layers == {"fc", "conv"}
    with pytest.raises(AttributeError):
        a.layers = frozenset()  # type: ignore[misc]


def test_penalties_are_those_of_their_formulas() -> None:
    assert scores(objectives.l2()) == [21, 4]
    assert scores(objectives.total_variation()) == [2 + 3 + 1 + 2, 0]


def test_a_direction_is_a_dot_product() -> None:
    vectors = torch.tensor([[1.0, -1.0], [0.0, 2.0]])
    assert scores(objectives.direction("fc", vectors)) == [-1, 8]
    assert scores(objectives.direction("conv", vectors)) == [4 - 13, 2 * 31]


def test_diversity_is_highest_where_no_two_are_alike() -> None:
    def of(features: Tensor) -> float:
        return objectives.diversity("x", [0] * len(features))({"x": features}, features).mean().item()

    alike, apart = torch.ones(3, 2, 4), torch.eye(3)[:, :, None].expand(3, 3, 4)
    assert of(alike) == pytest.approx(-1)
    assert of(apart) == pytest.approx(0)


def test_images_are_compared_with_those_of_their_own_kind_only() -> None:
    """Images 0 and 2 are alike and of one kind, 1 is like them and of another, of which it is the only one."""
    features = torch.ones(3, 4, 1)
    assert objectives.diversity("x", [7, 3, 7])({"x": features}, features).tolist() == pytest.approx([-1, 0, -1])


# Parametrisations


@pytest.mark.parametrize("make", [parametrise.Pixels, parametrise.Ink, parametrise.Fourier])
@pytest.mark.parametrize("shape", [(2, 1, 28, 28), (3, 3, 9, 14)])
def test_images_have_their_shape_and_range(
    make: Callable[..., parametrise.Parametrisation], shape: tuple[int, ...]
) -> None:
    parametrisation = make(shape)
    images = parametrisation(parametrisation.start(seed()) * 30)
    assert images.shape == shape
    assert images.min() >= 0 and images.max() <= 1


def test_ink_keeps_its_budget_and_leaves_what_needs_none() -> None:
    ink = parametrise.Ink((3, 1, 8, 8), budget=0.2)
    parameters = torch.randn(3, 1, 8, 8, generator=seed())
    parameters[2] -= 5
    images = ink(parameters)
    assert images.mean((1, 2, 3))[:2].tolist() == pytest.approx([0.2, 0.2], abs=1e-4)
    torch.testing.assert_close(images[2], parameters[2].sigmoid())


def test_the_gradient_through_the_budget_is_the_real_one() -> None:
    ink = parametrise.Ink((1, 1, 2, 3), budget=0.2)
    parameters = torch.randn(1, 1, 2, 3, dtype=torch.double, generator=seed()).requires_grad_()
    weights = torch.randn(1, 1, 2, 3, dtype=torch.double, generator=seed(1))
    (gradient,) = torch.autograd.grad((ink(parameters) * weights).sum(), parameters)
    for index in np.ndindex(2, 3):
        ends = []
        for change in (1e-4, -1e-4):
            near = parameters.detach().clone()
            near[(0, 0, *index)] += change
            ends.append((ink(near) * weights).sum().item())
        assert gradient[(0, 0, *index)].item() == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-3)


def test_fourier_parameters_are_a_spectrum_that_falls_with_frequency() -> None:
    fourier = parametrise.Fourier((1, 1, 8, 8), decay=1.0)
    parameters = torch.zeros(1, 1, 8, 5, 2)
    parameters[0, 0, 2, 1, 0] = 1  # two waves down, one across
    waves = fourier(parameters).logit()[0, 0]
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    wave = torch.cos(2 * math.pi * (2 * rows + columns) / 8)
    amplitude = 2 / 64 * 8 / math.hypot(2 / 8, 1 / 8)
    torch.testing.assert_close(waves, amplitude * wave, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("make", [parametrise.Pixels, parametrise.Ink, parametrise.Fourier])
@pytest.mark.parametrize("shape", [(2, 1, 28, 28), (2, 3, 9, 14)])
def test_an_ascent_may_begin_from_images(
    make: Callable[..., parametrise.Parametrisation], shape: tuple[int, ...]
) -> None:
    given = 0.05 + 0.1 * torch.rand(shape, generator=seed())
    parametrisation = make(shape, given, noise=0.0)
    torch.testing.assert_close(parametrisation(parametrisation.start(seed())), given, atol=1e-4, rtol=0)


def test_black_and_white_are_taken_a_little_paler() -> None:
    half = torch.zeros(1, 1, 4, 4)
    half[..., 2:] = 1
    pixels = parametrise.Pixels((1, 1, 4, 4), half, noise=0.0)
    assert pixels(pixels.start(seed())).flatten().unique().tolist() == pytest.approx([0.02, 0.98])


def test_maco_keeps_the_magnitudes_and_leaves_the_phases_free() -> None:
    """Fel et al. 2023: the spectrum's magnitudes are those of the images given, up to one factor and the mean."""
    given = torch.rand(5, 1, 8, 10, generator=seed())
    fixed = parametrise.magnitudes(given)
    by_hand = np.mean(
        [np.abs(np.fft.rfft2(np.log(x / (1 - x)))) for x in given.clamp(0.02, 0.98).numpy()[:, 0]], axis=0
    )
    torch.testing.assert_close(fixed[0], torch.from_numpy(by_hand).float(), atol=1e-4, rtol=1e-4)
    maco = parametrise.Maco((2, 1, 8, 10), fixed)
    images = maco(maco.start(seed())).logit()
    assert images.std((1, 2, 3)).tolist() == pytest.approx([1, 1], abs=1e-3)
    # the first and the last column of a real spectrum are fixed by symmetry, not by us
    found = np.abs(np.fft.rfft2(images[:, 0].numpy()))[:, :, 1:-1]
    ratio = found / by_hand[None, :, 1:-1]
    assert np.ptp(ratio, axis=(1, 2)).max() < 1e-3
    assert not torch.allclose(images[0], images[1])


def test_growing_goes_on_from_the_smaller_images() -> None:
    def objective(batch: int = 2) -> Objective:
        return objectives.units("conv2", range(batch), place="mean")

    net, how = load("cnn"), {"generator": seed(), "lr": 0.05}
    steps = list(grow(net, objective(), parametrise=parametrise.Fourier, shape=(2, 1, 28, 28),
                      stages=[(6, 1), (4, 0)], **how))  # fmt: skip
    assert [step.step for step in steps] == list(range(11))
    assert {step.steps for step in steps} == {10}
    assert [step.images.shape[-1] for step in steps] == [14] * 6 + [28] * 5
    enlarged = torch.nn.functional.interpolate(steps[5].images, 28, mode="bilinear")
    near, far = ((steps[6].images - other).abs().mean() for other in (enlarged, torch.full_like(enlarged, 0.5)))
    assert near < far


def test_decorrelated_colours_are_those_of_the_source() -> None:
    """Lucid divides its matrix by the largest norm of a column, and applies it to each pixel."""
    matrix = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    matrix = matrix / np.linalg.norm(matrix, axis=0).max()
    image = np.random.default_rng(0).normal(size=(3, 4, 5))
    expected = np.stack([[[matrix @ image[:, y, x] for x in range(5)] for y in range(4)]])[0].transpose(2, 0, 1)
    found = parametrise.decorrelated(torch.from_numpy(image)[None].float())[0]
    torch.testing.assert_close(found, torch.from_numpy(expected).float())
    grey = torch.rand(2, 1, 3, 3)
    assert parametrise.decorrelated(grey) is grey


# Transforms


def test_jitter_shifts_and_fills_with_nothing() -> None:
    images = torch.rand(2, 1, 5, 5) + 0.1
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    places = set()
    generator = seed()
    for _ in range(200):
        shifted = transforms.Jitter(1)(images, generator)
        matches = [
            (down, right)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            if torch.equal(shifted, padded[..., 1 + down : 6 + down, 1 + right : 6 + right])
        ]
        assert len(matches) == 1
        places.add(matches[0])
    assert len(places) == 9


def test_blur_is_the_gaussian() -> None:
    image = torch.zeros(1, 3, 9, 9)
    image[..., 4, 4] = 1
    blurred = transforms.Blur(1.0)(image, seed())[0, 0]
    places = np.arange(-2, 3)
    weights = np.exp(-(places**2) / 2)
    expected = np.outer(weights, weights) / weights.sum() ** 2
    torch.testing.assert_close(blurred[2:7, 2:7], torch.from_numpy(expected).float())
    assert blurred.sum() == pytest.approx(1)


def test_a_warp_is_the_slow_one_image_by_image() -> None:
    images = torch.rand(4, 1, 9, 9)
    warped = transforms.Warp(20, 0.8, 1.3)(images, seed(2))
    for index, (turn, size) in enumerate(torch.rand(2, 4, generator=seed(2)).T.tolist()):
        angle, factor = math.radians(20) * (2 * turn - 1), 0.8 + 0.5 * size
        by_hand = references.moved(images[index, 0].numpy(), angle, factor, right=0, down=0)
        torch.testing.assert_close(warped[index, 0], torch.from_numpy(by_hand), atol=1e-4, rtol=0)


@pytest.mark.parametrize("transform", [transforms.Jitter(3, fill=0.5), transforms.Warp(40, 0.5, 0.6, fill=0.5)])
def test_what_comes_in_has_the_colour_that_was_asked_for(transform: transforms.Transform) -> None:
    """An image as grey as the fill does not change; a black one does, at its border only."""
    grey, black = torch.full((2, 3, 9, 9), 0.5), torch.zeros(2, 3, 9, 9)
    torch.testing.assert_close(transform(grey, seed(1)), grey)
    shaken = transform(black, seed(1))
    assert shaken.max() == pytest.approx(0.5)
    assert (shaken[..., 4, 4] == 0).all()


def test_a_dead_unit_stays_where_it_began() -> None:
    """Ramp's third unit is -3 for every input: nothing can be climbed."""
    points = Free((1, 2, 1, 1))

    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ramp = Ramp()

        def forward(self, x: Tensor) -> Tensor:
            return self.ramp(x.flatten(1))

    steps = list(ascend(Flat(), objectives.units("ramp.fc", [2]), parametrise=points, steps=5, generator=seed()))
    assert [step.scores.item() for step in steps] == [-3] * 6
    assert torch.equal(steps[0].images, steps[-1].images)
