"""The ascent engine: each part against what can be known by hand or by a slow reference."""

import copy
import math
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import expit
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend, grow, objectives, parametrise, transforms
from core.ascent.ascend import _adam
from core.ascent.objectives import Objective
from core.data import digits
from core.examples import peaks
from core.layers import list_layers, record
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
    """The parameters are the image; a copy, as the ascent changes the parameters where they are."""

    def __call__(self, parameters: Tensor) -> Tensor:
        return parameters.clone()


def test_the_optimum_of_a_linear_unit_under_a_norm_bound_is_its_weight_vector() -> None:
    """argmax w.x - |x|^2 / 2 is x = w."""
    objective = objectives.units("score", [0]) - 0.5 * objectives.l2()
    found = last(Linear(), objective, Free((1, 1, 6, 6)), 200, lr=0.05).images
    weight = Linear().score.weight[0]
    assert torch.cosine_similarity(found.flatten(), weight, dim=0) > 0.999
    torch.testing.assert_close(found.flatten(), weight, atol=0.02, rtol=0)


def test_a_step_is_that_of_torchs_adam_to_the_last_bit() -> None:
    """By another path: its class, given the same gradients. It would load torch's compiler into the app."""
    ours, theirs = (torch.randn(3, 1, 5, 5, generator=Generator().manual_seed(0)) for _ in range(2))
    mean, square, optimizer = torch.zeros_like(ours), torch.zeros_like(ours), torch.optim.Adam([theirs], lr=0.07)
    generator = Generator().manual_seed(1)
    for step in range(1, 60):
        theirs.grad = torch.randn(ours.shape, generator=generator) * 10.0 ** (step % 5 - 3)
        optimizer.step()
        _adam(ours, theirs.grad, mean, square, step, 0.07)
        assert torch.equal(ours, theirs)


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


def test_a_penalty_is_of_the_picture_that_is_drawn_not_of_how_it_was_shaken() -> None:
    """The shaken image is even, so its variation is 0; what is drawn is rough, and its variation is what is scored."""

    def even(images: Tensor, generator: Generator) -> Tensor:
        return images * 0 + 0.5

    rough = parametrise.Pixels((2, 1, 6, 6), noise=2.0)
    first, *_ = ascend(Linear(), objectives.units("score", [0, 0]) - objectives.total_variation() - objectives.l2(),
                       parametrise=rough, transforms=[even], steps=1, generator=seed())  # fmt: skip
    for score, (image,) in zip(first.scores, first.images, strict=True):
        variation = sum(abs(image[y, x] - image[y + 1, x]) for y in range(5) for x in range(6))
        variation += sum(abs(image[y, x] - image[y, x + 1]) for y in range(6) for x in range(5))
        assert score.item() == pytest.approx(
            (0.5 * Linear().score.weight.sum() - variation - (image**2).sum()).item(), rel=1e-4
        )


def test_scores_are_those_of_the_shaken_images_and_at_the_end_of_the_images_themselves() -> None:
    def halved(images: Tensor, generator: Generator) -> Tensor:
        return images / 2

    first, middle, end = ascend(Linear(), objectives.units("score", [0]), parametrise=Free((1, 1, 6, 6)),
                                transforms=[halved, halved], steps=2, generator=seed())  # fmt: skip
    for step, factor in ((first, 4), (middle, 4), (end, 1)):
        assert step.scores.item() == pytest.approx(
            (step.images.flatten() @ Linear().score.weight[0]).item() / factor, abs=1e-5
        )


def test_unless_told_otherwise_an_ascent_takes_128_steps_of_a_tenth() -> None:
    """Adam's steps are as long as the learning rate while the gradient stays the same (Kingma and Ba 2015, 2.1)."""
    steps = list(ascend(Linear(), objectives.units("score", [0]), parametrise=Free((1, 1, 6, 6)), generator=seed()))
    assert [(step.step, step.steps) for step in steps] == [(n, 128) for n in range(129)]
    moved = (steps[-1].images - steps[0].images).flatten()
    torch.testing.assert_close(moved, 12.8 * Linear().score.weight[0].sign(), atol=0.01, rtol=0)


def test_in_another_type_the_copy_climbs_and_the_net_itself_says_what_was_reached() -> None:
    net = load("cnn")
    *_, end = ascend(net, objectives.units("conv2", [1, 5]), parametrise=parametrise.Pixels((2, 1, 28, 28)), steps=3,
                     dtype=torch.bfloat16, generator=seed())  # fmt: skip
    assert end.images.dtype == torch.float32 and {weight.dtype for weight in net.parameters()} == {torch.float32}
    own = record(net, end.images, ["conv2"])["conv2"]
    assert end.scores.tolist() == [own[0, 1, 7, 7].item(), own[1, 5, 7, 7].item()]
    plain = last(net, objectives.units("conv2", [1, 5]), parametrise.Pixels((2, 1, 28, 28)), 3)
    assert not torch.equal(plain.images, end.images)
    torch.testing.assert_close(plain.images, end.images, atol=0.1, rtol=0)


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


@pytest.mark.parametrize(("rows", "columns", "place"), [(4, 6, (2, 3)), (5, 3, (2, 1)), (1, 2, (0, 1)), (7, 8, (3, 4))])
def test_the_centre_of_an_even_map_is_below_and_right_of_its_middle(
    rows: int, columns: int, place: tuple[int, int]
) -> None:
    maps = torch.randn(2, 3, rows, columns, generator=seed())
    centre = objectives.units("conv", [2, 1])({"conv": maps}, maps)
    assert centre.tolist() == [maps[(0, 2, *place)].item(), maps[(1, 1, *place)].item()]
    mean = objectives.units("conv", [2, 1], place="mean")({"conv": maps}, maps)
    torch.testing.assert_close(mean, torch.stack([maps[0, 2].mean(), maps[1, 1].mean()]))


def test_objectives_add_subtract_and_scale() -> None:
    a, b = objectives.units("fc", [0, 0]), objectives.units("conv", [1, 1])
    assert scores(0.2 * a + b * 0.5) == pytest.approx([0.2 + 6.5, 0.6 + 15.5])
    assert scores(a - b) == [1 - 13, 3 - 31]
    assert scores(-a) == [-1, -3]
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
    sequence = {"lstm": torch.arange(12.0).view(2, 2, 3)}
    assert objectives.direction("lstm", vectors)(sequence, IMAGES).tolist() == [1 - 4, 2 * 10]


def test_diversity_is_highest_where_no_two_are_alike() -> None:
    def of(features: Tensor) -> float:
        return objectives.diversity("x", [0] * len(features))({"x": features}, features).mean().item()

    alike, apart = torch.ones(3, 2, 4), torch.eye(3)[:, :, None].expand(3, 3, 4)
    assert of(alike) == pytest.approx(-1)
    assert of(apart) == pytest.approx(0)


@pytest.mark.parametrize("place", ["mean", "centre"])
def test_diversity_is_the_mean_likeness_of_gram_matrices(place: objectives.Place) -> None:
    """Pair by pair: G[u, v] = sum over places of a_u a_v, and the cosine of the angle between two such matrices."""
    maps, kinds = torch.randn(4, 3, 4, 5, generator=seed()).double(), [6, 1, 6, 6]
    grams = []
    for image in maps.numpy():
        places = [image[:, 2, 2]] if place == "centre" else [image[:, y, x] for y in range(4) for x in range(5)]
        grams.append(sum(np.outer(vector, vector) for vector in places).flatten())
    expected = []
    for n, gram in enumerate(grams):
        own = [g for m, g in enumerate(grams) if m != n and kinds[m] == kinds[n]]
        alike = [gram @ g / np.linalg.norm(gram) / np.linalg.norm(g) for g in own]
        expected.append(-np.mean(alike) if own else 0.0)
    found = objectives.diversity("x", kinds, place)({"x": maps}, maps)
    assert found.tolist() == pytest.approx(expected)
    usual = objectives.diversity("x", kinds)({"x": maps}, maps)
    assert torch.equal(usual, objectives.diversity("x", kinds, "mean")({"x": maps}, maps))


def test_diversity_of_a_recurrent_layer_is_that_of_one_time_step() -> None:
    states = torch.randn(3, 4, 5, generator=seed())
    for time in (-1, 1):
        step = objectives.diversity("x", [0, 0, 0])({"x": states[..., time]}, states)
        torch.testing.assert_close(objectives.diversity("x", [0, 0, 0], time=time)({"x": states}, states), step)
    last_step = objectives.diversity("x", [0, 0, 0], time=-1)({"x": states}, states)
    assert torch.equal(objectives.diversity("x", [0, 0, 0])({"x": states}, states), last_step)


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


@pytest.mark.parametrize("budget", [0.03, 0.2, 0.7])
@pytest.mark.parametrize("contrast", [0.1, 3.0, 20.0])
def test_ink_sinks_by_what_a_root_finder_finds(budget: float, contrast: float) -> None:
    """mean(logistic(p - b)) = budget has one root, as the mean falls with b; where b would be negative it is 0."""
    parameters = contrast * torch.randn(4, 2, 5, 7, generator=seed()).double()
    parameters[3] += 9 * contrast
    expected = []
    for one in parameters.numpy():
        over = lambda b, p=one: float(expit(p - b).mean() - budget)  # noqa: E731
        expected.append(expit(one - (brentq(over, 0, 1000) if over(0) > 0 else 0)))
    found = parametrise.Ink((4, 2, 5, 7), budget=budget)(parameters)
    torch.testing.assert_close(found, torch.from_numpy(np.stack(expected)), atol=1e-4, rtol=0)


def test_ink_is_as_scarce_as_mnists_and_begins_with_twice_as_much() -> None:
    """MNIST's mean is 0.13; it begins where every pixel is at 0.27, which the budget then holds down."""
    ink = parametrise.Ink((2, 1, 28, 28))
    assert ink.budget == pytest.approx(digits.test_set().images.mean().item(), abs=0.005)
    begin = ink.start(seed())
    assert begin.sigmoid().mean().item() == pytest.approx(0.27, abs=0.005)
    assert ink(begin).mean((1, 2, 3)).tolist() == pytest.approx([0.13, 0.13], abs=1e-4)


def test_the_first_images_are_grey_but_for_a_little_noise_of_their_own() -> None:
    """A tenth of a logit for each pixel, a hundredth for each part of a spectrum."""
    pixels = parametrise.Pixels((3, 1, 40, 40)).start(seed())
    assert pixels.std().item() == pytest.approx(0.1, rel=0.05) and pixels.mean().abs() < 0.005
    assert parametrise.Ink((3, 1, 40, 40)).start(seed()).std().item() == pytest.approx(0.1, rel=0.05)
    spectrum = parametrise.Fourier((3, 1, 40, 40)).start(seed())
    assert spectrum.shape == (3, 1, 40, 21, 2)
    assert spectrum.std().item() == pytest.approx(0.01, rel=0.05) and spectrum.mean().abs() < 0.0005
    for begin in (pixels, spectrum):
        assert torch.corrcoef(begin.flatten(1)).fill_diagonal_(0).abs().max() < 0.1


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


@pytest.mark.parametrize("decay", [0.0, 0.5, 1.0, 2.0, None])
@pytest.mark.parametrize(("down", "across"), [(2, 1), (0, 0), (-1, 2), (0, 3), (3, 0)])
@pytest.mark.parametrize(("height", "width"), [(8, 10), (9, 8)])
def test_fourier_parameters_are_a_spectrum_that_falls_with_frequency(
    decay: float | None, down: int, across: int, height: int, width: int
) -> None:
    """One parameter is one wave: its amplitude is sqrt(pixels) / frequency ** decay by the inverse transform's 1 / n.

    Each wave counts twice, as its mirror image is not stored, but for those without any columns. No frequency is less
    than one wave along the longer side.
    """
    fourier = parametrise.Fourier((1, 1, height, width), **({} if decay is None else {"decay": decay}))
    parameters = torch.zeros(1, 1, height, width // 2 + 1, 2)
    parameters[0, 0, down, across, 0] = 1
    waves = fourier(parameters).logit()[0, 0]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    wave = torch.cos(2 * math.pi * (down * rows / height + across * columns / width))
    frequency = max(math.hypot(down / height, across / width), 1 / max(height, width))
    amplitude = (2 if across else 1) / math.sqrt(height * width) / frequency ** (1.0 if decay is None else decay)
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
    assert images.mean((1, 2, 3)).tolist() == pytest.approx([0, 0], abs=1e-3)
    assert images.std((1, 2, 3)).tolist() == pytest.approx([1, 1], abs=1e-3)
    # the first and the last column of a real spectrum are fixed by symmetry, not by us
    found = np.abs(np.fft.rfft2(images[:, 0].numpy()))[:, :, 1:-1]
    ratio = found / by_hand[None, :, 1:-1]
    assert np.ptp(ratio, axis=(1, 2)).max() < 1e-3
    assert not torch.allclose(images[0], images[1])


def test_macos_phases_are_any_and_its_colours_are_mixed_as_in_nature() -> None:
    """Without the mixing, the spectrum of each of three channels is that of the images given, up to one factor."""
    given = torch.rand(5, 3, 8, 10, generator=seed())
    maco = parametrise.Maco((2, 3, 8, 10), parametrise.magnitudes(given))
    phases = maco.start(seed())
    assert phases.shape == (2, 3, 8, 6)
    assert 0 <= phases.min() < 0.2 and 2 * math.pi - 0.2 < phases.max() < 2 * math.pi
    matrix = np.array(parametrise.COLOURS) / np.linalg.norm(parametrise.COLOURS, axis=0).max()
    apart = np.einsum("cr,brhw->bchw", np.linalg.inv(matrix), maco(phases).logit().double().numpy())
    ratio = np.abs(np.fft.rfft2(apart))[..., 1:-1] / maco.magnitudes.numpy()[..., 1:-1]
    assert np.ptp(ratio, axis=(1, 2, 3)).max() < 1e-3 * ratio.mean()


@pytest.mark.parametrize("halvings", [(2, 1, 0), (1, 0), (0,)])
def test_growing_counts_all_its_steps_and_halves_both_sides(halvings: tuple[int, ...]) -> None:
    stages = [(n + 2, halving) for n, halving in enumerate(halvings)]
    steps = list(grow(Shift(), objectives.units("conv", [0, 1], "mean"), parametrise=parametrise.Pixels,
                      shape=(2, 1, 8, 12), stages=stages, generator=seed(), lr=0.05))  # fmt: skip
    total = sum(count for count, _ in stages)
    assert [(step.step, step.steps) for step in steps] == [(n, total) for n in range(total + 1)]
    sizes = [(8 // 2**halving, 12 // 2**halving) for count, halving in stages for _ in range(count)]
    assert [tuple(step.images.shape[2:]) for step in steps] == [*sizes, (8, 12)]
    assert steps[0].images.mean().item() == pytest.approx(0.5, abs=0.02)  # grey
    assert steps[-1].scores.tolist() == pytest.approx(
        [sign * steps[-1].images[n, 0, :, 1:].sum().item() / 96 for n, sign in ((0, 1), (1, -1))], abs=1e-5
    )


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
    blocks = torch.nn.functional.interpolate(steps[5].images, 28, mode="nearest")
    near, *far = ((steps[6].images - other).abs().mean() for other in (enlarged, blocks, torch.full_like(blocks, 0.5)))
    assert near < min(far)


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


@pytest.mark.parametrize("fill", [0.0, 0.7, None])
@pytest.mark.parametrize("most", [1, 2])
def test_jitter_shifts_as_often_to_either_side(most: int, fill: float | None) -> None:
    """All (2 n + 1) squared shifts and no other, each about as often; what comes in is the fill, or what went out."""
    images = torch.rand(2, 1, 6, 7, generator=seed()) + 0.1
    if fill is None:
        padded = images.repeat(1, 1, 3, 3)[:, :, 6 - most : 12 + most, 7 - most : 14 + most]
    else:
        padded = torch.nn.functional.pad(images, (most,) * 4, value=fill)
    shifts = [(down, right) for down in range(2 * most + 1) for right in range(2 * most + 1)]
    generator, counts = seed(), dict.fromkeys(shifts, 0)
    draws = 40 * len(shifts)
    for _ in range(draws):
        shifted = transforms.Jitter(most, fill)(images, generator)
        (match,) = [
            (down, right)
            for down, right in shifts
            if torch.equal(shifted, padded[..., down : 6 + down, right : 7 + right])
        ]
        counts[match] += 1
    assert min(counts.values()) > 15 and max(counts.values()) < 65  # about four deviations of sqrt(40)
    assert torch.equal(transforms.Jitter(most)(images, seed()), transforms.Jitter(most, 0.0)(images, seed()))


@pytest.mark.parametrize(("sigma", "reach"), [(0.2, 1), (0.5, 1), (0.6, 2), (1.0, 2), (1.3, 3)])
def test_blur_is_the_gaussian(sigma: float, reach: int) -> None:
    """Cut off at two deviations and at least one pixel; from the border nothing comes."""
    places = np.arange(-reach, reach + 1)
    weights = np.exp(-(places**2) / (2 * sigma**2))
    expected = np.zeros((9, 9))
    expected[4 - reach : 5 + reach, 4 - reach : 5 + reach] = np.outer(weights, weights) / weights.sum() ** 2
    image = torch.zeros(2, 3, 9, 9)
    image[..., 4, 4] = 1
    for channel in transforms.Blur(sigma)(image, seed()).flatten(0, 1):
        torch.testing.assert_close(channel, torch.from_numpy(expected).float())
    corner = torch.zeros(1, 1, 9, 9)
    corner[..., 0, 0] = 1
    cut = torch.from_numpy(expected).float()[4:, 4:]
    torch.testing.assert_close(transforms.Blur(sigma)(corner, seed())[0, 0, :5, :5], cut)


def test_a_warp_turns_and_enlarges_nothing_unless_it_is_told_to() -> None:
    images = torch.rand(3, 1, 9, 9, generator=seed())
    torch.testing.assert_close(transforms.Warp()(images, seed()), images, atol=1e-4, rtol=0)


def test_a_warp_is_the_slow_one_image_by_image() -> None:
    images = torch.rand(4, 1, 9, 9)
    warped = transforms.Warp(20, 0.5, 1.3)(images, seed(2))
    for index, (turn, size) in enumerate(torch.rand(2, 4, generator=seed(2)).T.tolist()):
        angle, factor = math.radians(20) * (2 * turn - 1), 0.5 + 0.8 * size
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


def test_a_whole_budget_of_ink_is_no_limit_and_none_or_more_is_refused() -> None:
    parameters = torch.randn(2, 1, 28, 28, generator=seed()) + 2
    assert torch.equal(parametrise.Ink((2, 1, 28, 28), budget=1)(parameters), parameters.sigmoid())
    for budget in (0, -0.1, 1.5):
        with pytest.raises(ValueError, match=f"above 0 and at most 1; this one is {budget:g}"):
            parametrise.Ink((2, 1, 28, 28), budget=budget)
