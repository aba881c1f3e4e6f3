"""DeepDream: its octaves, what it raises, what it keeps, and what it is put beside."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from torch import Generator, Tensor, nn

from core.ascent import grow, objectives
from core.ascent.ascend import carried
from core.ascent.parametrise import Fourier
from core.data import digits, photos
from core.layers import record
from core.models import load
from core.studio import dream as dreams
from core.studio.dream import LIMITS, RECIPES, Dream, climb, dream, noise_like, reached, zoomed
from core.studio.made import Made
from tests import references

SMALL = Dream("conv", strength=0.1, octaves=2, steps=4, jitter=2)


def seed(number: int = 0) -> Generator:
    return Generator().manual_seed(number)


def noise(*shape: int, number: int = 0) -> Tensor:
    return torch.rand(shape, generator=seed(number))


class Colours(nn.Sequential):
    """conv = 4 filters of 3 x 3 over three channels, relu = max(0, conv), logits = the means of its maps."""

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()
            self.pool, self.logits = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.requires_grad_(False).eval()


def last(net: nn.Module, image: Tensor, recipe: Dream) -> Made:
    return list(dream(net, image, recipe))[-1]


def photo(side: int = 64) -> Tensor:
    return photos.to_input(photos.sample("cat"), side)[None]


def test_an_image_that_does_not_change_comes_back_whole_from_its_octaves() -> None:
    """Detail that small images lack comes back: nothing climbs where a step is 0."""
    image = 0.1 + 0.8 * noise(2, 3, 20, 24)
    stages = [(1, 2.0), (1, 0.5), (1, 0.0)]
    *steps, whole = grow(Colours(), objectives.energy("conv"), parametrise=lambda *a: Fourier(*a, noise=0.0),
                         shape=(2, 3, 20, 24), stages=stages, first=image, lr=0.0, generator=seed())  # fmt: skip
    assert [tuple(step.images.shape[2:]) for step in steps] == [(5, 6), (14, 17), (20, 24)]
    torch.testing.assert_close(whole.images, image, atol=1e-4, rtol=0)


def test_what_is_carried_to_another_size_is_the_change() -> None:
    """A change of brightness stays one, and the whole image's own detail is there."""
    whole = 0.2 + 0.5 * noise(1, 1, 12, 12)
    small = carried(whole, whole, (6, 6))
    torch.testing.assert_close(carried(small + 0.1, whole, (12, 12)), whole + 0.1, atol=1e-5, rtol=0)
    assert carried(small + 2, whole, (12, 12)).max() == 1


@pytest.mark.parametrize(("octaves", "scale", "unit"), [(1, 1.4, None), (3, 1.4, None), (2, 1.7, 3)])
def test_a_dream_is_the_slow_one(octaves: int, scale: float, unit: int | None) -> None:
    net, image = Colours(), 0.1 + 0.8 * noise(1, 3, 40, 40)

    def score(x: Tensor) -> Tensor:
        maps = net.conv(x).flatten(2)
        return maps.square().mean((1, 2)) if unit is None else maps[:, unit].mean(1)

    recipe = Dream("conv", unit, strength=0.12, octaves=octaves, scale=scale, steps=3, jitter=0)
    *_, found = climb(net, image, recipe)
    slow = references.deep_dream(score, image[0], octaves, scale, 3, 0.04)
    torch.testing.assert_close(found.images[0], slow, atol=2e-4, rtol=0)


def test_energy_is_the_mean_square_of_a_layer() -> None:
    seen = {"a": torch.tensor([[[1.0, 2.0], [3.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])}
    assert objectives.energy("a")(seen, torch.zeros(2)).tolist() == pytest.approx([14 / 4, 1.0])


@given(side=some.integers(24, 40), octaves=some.integers(1, 2), frames=some.integers(0, 2), number=some.integers(0, 99))
def test_a_dream_keeps_the_pictures_size_and_raises_the_layer(
    side: int, octaves: int, frames: int, number: int
) -> None:
    recipe = replace(SMALL, octaves=octaves, frames=frames, seed=number)
    records = list(dream(Colours(), noise(1, 3, side, side, number=number), recipe))
    assert {record.pictures.shape for record in records} == {(1, side, side, 3)}
    steps = octaves * recipe.steps + frames
    assert [(record.step, record.steps) for record in records] == [(n, steps) for n in range(steps + 1)]
    numbers = records[-1].numbers
    assert numbers["after"] > numbers["before"] and numbers["after"] > numbers["noise"]


def test_the_numbers_are_those_of_the_picture() -> None:
    net, image = Colours(), noise(1, 3, 24, 24)
    made = last(net, image, replace(SMALL, steps=12))
    seen, before = record(net, made.images, ["conv"])["conv"], record(net, image, ["conv"])["conv"]
    assert made.numbers["before"] == pytest.approx(before.square().mean().sqrt().item(), rel=1e-5)
    assert made.numbers["after"] == pytest.approx(seen.square().mean().sqrt().item(), rel=0.01)  # rounded to bytes
    assert made.numbers["changed"] == pytest.approx((made.images - image).square().mean().sqrt().item(), rel=0.01)
    assert made.numbers["class_before"] == net(image).argmax().item()
    assert made.numbers["sure_after"] == pytest.approx(net(made.images).softmax(1).max().item(), abs=0.01)
    unit = last(net, image, replace(SMALL, unit=2))
    assert unit.numbers["before"] == pytest.approx(before[:, 2].mean().item(), abs=1e-5)
    assert unit.numbers["after"] > unit.numbers["before"]


def test_a_recurrent_units_mean_is_over_all_rows() -> None:
    """And a dense unit, which has neither map nor rows, is itself."""
    images = digits.test_set().images[84:86]
    for name, layer in (("rnn", "lstm2"), ("dense", "relu1")):
        net = load(name)
        seen = record(net, images, [layer])[layer][:, 3]
        recipe = replace(RECIPES["digits"], layer=layer, unit=3)
        torch.testing.assert_close(reached(net, images, recipe), seen.mean(1) if name == "rnn" else seen)


@pytest.mark.parametrize("weights", ["trained", "untrained"])
def test_every_layer_of_the_nets_for_digits_dreams(weights: str) -> None:
    digit = digits.test_set().images[:1]
    for name, layers in (("cnn", ("conv2", "relu4")), ("dense", ("relu1", "logits")), ("rnn", ("lstm1", "lstm2"))):
        for layer in layers:
            made = last(load(name, weights=weights), digit, replace(RECIPES["digits"], layer=layer))
            assert made.pictures.shape == (1, 28, 28)
            assert made.numbers["after"] > 1.02 * made.numbers["before"]


def test_a_photo_stays_recognisable_and_the_layer_rises() -> None:
    made = last(load("photo"), photo(), replace(RECIPES["photos"], octaves=2, steps=8))
    pair = torch.stack([photo().flatten(), made.images.flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.75
    assert made.numbers["after"] > 1.3 * made.numbers["before"]


def test_more_strength_changes_more_and_more_steps_hardly() -> None:
    net, image = Colours(), noise(1, 3, 32, 32)
    usual, strong, fine = (last(net, image, replace(SMALL, **change)).numbers["changed"]
                           for change in ({}, {"strength": 0.3}, {"steps": 12}))  # fmt: skip
    assert strong > 2 * usual
    assert fine == pytest.approx(usual, rel=0.3)


def test_equal_recipes_give_equal_dreams_and_another_seed_another() -> None:
    image = noise(1, 3, 24, 24)
    one, again, other = (last(Colours(), image, replace(SMALL, seed=number)).pictures for number in (0, 0, 1))
    assert (one == again).all() and (one != other).any()


def test_frames_go_into_the_picture() -> None:
    """The middle twice as large; with hardly any strength a frame is the zoomed dream."""
    image = noise(1, 3, 32, 32)
    large = zoomed(image, 2.0)
    torch.testing.assert_close(large[..., 1::2, 1::2][..., 5:10, 5:10],
                               _quarters(image)[..., 8:24, 8:24][..., 5:10, 5:10])  # fmt: skip
    quiet = replace(SMALL, strength=0.01, jitter=0)
    begun = last(Colours(), photo(32), quiet).images
    framed = last(Colours(), photo(32), replace(quiet, frames=1, factor=1.5))
    assert (framed.images - zoomed(begun, 1.5)).abs().mean() < 0.02 < (framed.images - begun).abs().mean()
    assert framed.numbers["changed"] == last(Colours(), photo(32), quiet).numbers["changed"]


def test_each_frame_is_shaken_in_a_way_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []
    kept = dreams.climb
    monkeypatch.setattr(
        dreams, "climb", lambda net, image, recipe: seeds.append(recipe.seed) or kept(net, image, recipe)
    )
    last(Colours(), noise(1, 3, 24, 24), replace(SMALL, frames=3, seed=5))
    assert seeds == [5, 6, 7, 8]


def _quarters(image: Tensor) -> Tensor:
    """Between four pixels, nine sixteenths of the nearest: where a pixel of twice the size lies."""
    right, down = image.roll(-1, 3), image.roll(-1, 2)
    return (9 * image + 3 * right + 3 * down + right.roll(-1, 2)) / 16


def test_noise_has_the_size_and_the_spectrum_of_the_change() -> None:
    image = torch.full((2, 3, 16, 16), 0.5)
    change = 0.02 * (noise(2, 3, 16, 16) - 0.5) * torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    made = noise_like(image + change, image, seed()) - image
    torch.testing.assert_close(torch.fft.rfft2(made).abs(), torch.fft.rfft2(change).abs(), atol=1e-4, rtol=1e-3)
    assert torch.corrcoef(torch.stack([made.flatten(), change.flatten()]))[0, 1].abs() < 0.2
    white, less = torch.full((1, 1, 16, 16), 0.97), 0.9 * noise(1, 1, 16, 16).pow(8)
    clipped = noise_like(white - less, white, seed())
    assert clipped.min() >= 0 and clipped.max() == 1
    assert (clipped - white).norm() == pytest.approx(less.norm().item(), rel=1e-3)


def test_a_waves_colour_stays_in_the_noise() -> None:
    image, grey = torch.full((1, 3, 16, 16), 0.5), 0.02 * (noise(1, 1, 16, 16) - 0.5).expand(1, 3, 16, 16)
    made = noise_like(image + grey, image, seed()) - image
    torch.testing.assert_close(made[:, 0], made[:, 2], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"unit": 4}, "conv has the units 0 to 3; 4 is none"),
        ({"octaves": 9}, "Octaves is 9; it can be from 1 to 8"),
        ({"strength": float("nan")}, "Strength is nan"),
        ({"octaves": 3, "scale": 2.0}, "The smallest octave has 8 pixels, and needs 16"),
        ({"layer": "conv9"}, "conv9"),
    ],
)
def test_what_cannot_be_dreamt_is_told(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        next(dream(Colours(), noise(1, 3, 32, 32), replace(SMALL, **change)))


def test_a_layer_without_gradient_and_a_net_of_one_size_are_told() -> None:
    dead = Colours()
    dead.conv.weight.zero_()
    dead.conv.bias.fill_(-1)
    with pytest.raises(ValueError, match="changes relu: its gradient is zero"):
        next(dream(dead, noise(1, 3, 32, 32), replace(SMALL, layer="relu")))
    with pytest.raises(ValueError, match="one size only"):
        next(dream(load("dense"), digits.test_set().images[:1], Dream("relu1", octaves=2)))


def test_recipes_lie_within_their_limits() -> None:
    for recipe in RECIPES.values():
        for name, (low, high) in LIMITS.items():
            value = getattr(recipe, name)
            assert value is None or low <= value <= high


def test_what_was_reached_is_a_root_mean_square_image_by_image() -> None:
    images = noise(2, 3, 8, 8)
    seen = record(Colours(), images, ["conv"])["conv"]
    torch.testing.assert_close(reached(Colours(), images, SMALL), seen.square().mean((1, 2, 3)).sqrt())


def test_a_dream_may_stop_and_leaves_the_net_as_it_was() -> None:
    net = Colours()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    records = dream(net, noise(1, 3, 24, 24), SMALL)
    next(records)
    next(records)
    records.close()
    assert all((net.state_dict()[name] == value).all() for name, value in before.items())
    assert not any(module._forward_hooks for module in net.modules())
    assert net.conv.weight.grad is None
