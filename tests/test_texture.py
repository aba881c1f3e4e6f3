"""Texture: Gram matrices are those of the paper and know no place; what is climbed is reached, at each depth."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from core.ascent.objectives import alike, gram, near
from core.data.digits import test_set as digits
from core.layers import record
from core.models import load
from core.studio.made import Made
from core.studio.texture import LIMITS, PIXELS, RECIPES, Texture, layers_up_to, left, likeness, texture
from tests import references
from tests.nets import Shift

SHORT = replace(RECIPES["digits"], steps=20)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=Generator().manual_seed(seed))


def eight() -> Tensor:
    return digits().images[84:85]


def made(recipe: Texture = SHORT, images: Tensor | None = None, model: str = "cnn", weights: str = "trained") -> Made:
    *_, last = texture(load(model, weights=weights), eight() if images is None else images, recipe)
    return last


def test_a_gram_matrix_by_hand() -> None:
    """Units (1, 2; 3, 4) and (0, 1; 0, -1): 30 / 4, -2 / 4 and 2 / 4."""
    activation = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, -1.0]]]])
    assert gram(activation)[0].tolist() == [[7.5, -0.5], [-0.5, 0.5]]


def test_gram_matrices_are_those_of_the_paper() -> None:
    activation = random(2, 5, 4, 3)
    for found, one in zip(gram(activation), activation, strict=True):
        torch.testing.assert_close(found.double(), torch.tensor(references.gram(one)).double(), atol=1e-6, rtol=0)


@given(down=st.integers(-9, 9), right=st.integers(-9, 9), seed=st.integers(0, 99), tiled=st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_what_is_shifted_in_a_circle_or_repeated_has_the_same(down: int, right: int, seed: int, tiled: int) -> None:
    activation = random(1, 4, 6, 5, seed=seed)
    moved = activation.roll((down, right), (2, 3)).repeat(1, 1, tiled, 1)
    torch.testing.assert_close(gram(moved), gram(activation))
    for centred in (True, False):
        score = alike("x", activation, centred)({"x": moved}, moved)
        assert score.item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("centred", [True, False])
def test_how_alike_two_are_is_a_share_of_the_wanted_ones_square(centred: bool) -> None:
    wanted, others = random(1, 4, 5, 3), random(2, 4, 7, 6, seed=1)
    scores = alike("x", wanted, centred)({"x": others}, others)
    for score, other in zip(scores.tolist(), others, strict=True):
        assert score == pytest.approx(-references.style_distance(other, wanted[0], centred), rel=1e-4)
    of_pixels = alike(PIXELS, wanted, centred)
    assert not of_pixels.layers and torch.equal(of_pixels({}, others), scores)


def test_what_is_near_is_a_share_too() -> None:
    wanted, others = random(1, 4, 5, 3), random(2, 4, 5, 3, seed=1)
    expected = [-float((other - wanted[0]).square().sum() / wanted.square().sum()) for other in others]
    assert near("x", wanted)({"x": others}, others).tolist() == pytest.approx(expected)
    assert near("x", wanted)({"x": 0 * wanted}, wanted).item() == pytest.approx(-1)


def test_layers_weigh_alike() -> None:
    model, image, other = load("cnn"), eight(), digits().images[7:8]
    layers = ["relu1", "relu2", PIXELS]
    seen = {name: [record(model, each, [name])[name][0] for each in (other, image)] for name in layers[:2]}
    distances = [references.style_distance(*seen[name], True) for name in layers[:2]]
    distances.append(references.style_distance(other[0], image[0], True))
    score = likeness(model, image, layers)(record(model, other, layers[:2]), other)
    assert score.item() == pytest.approx(-sum(distances) / 3, rel=1e-4)


def test_a_depth_is_made_of_the_relus_up_to_there() -> None:
    model, image = load("cnn"), eight()
    assert layers_up_to(model, image, "pool2") == [PIXELS, "relu1", "relu2"]
    assert layers_up_to(model, image, "relu3") == [PIXELS, "relu1", "relu2", "relu3"]
    assert layers_up_to(model, image, "conv1") == [PIXELS, "conv1"]
    photo = torch.rand(1, 3, 64, 64)
    assert layers_up_to(load("photo"), photo, "block2") == [
        PIXELS, "stem_relu", "block1.depthwise_relu", "block2.expand_relu", "block2.depthwise_relu"]  # fmt: skip


def test_each_picture_is_alike_to_the_source_in_what_it_climbed_and_keeps_its_size() -> None:
    records = list(texture(load("cnn"), eight(), SHORT))
    assert [record.step for record in records] == list(range(21)) and {record.steps for record in records} == {20}
    last = records[-1]
    assert last.pictures.shape == (4, 28, 28) and all(not record.numbers for record in records[:-1])
    assert all(0 < share < 0.5 for share in last.numbers_of("left"))


def test_what_reads_more_layers_is_nearer_in_them() -> None:
    """What reads the first layer alone stays further away in the deeper ones than what reads them, too."""
    model, source, pictures, noise = load("cnn"), eight(), made(replace(SHORT, steps=100)).images, random(1, 1, 28, 28)
    for layer in ("relu2", "relu3", "relu4"):
        shares = left(model, likeness(model, source, [layer]), pictures, noise)
        assert shares[0] > shares[3]


def test_the_share_that_is_left_is_all_of_noise_and_none_of_the_source() -> None:
    model, source, noise = load("cnn"), eight(), random(1, 1, 28, 28)
    for layers in ([PIXELS], ["relu2"], [PIXELS, "relu1"]):
        shares = left(model, likeness(model, source, layers), torch.cat([noise, source]), noise)
        assert shares == pytest.approx([1, 0], abs=1e-6)


def test_colours_alone_can_be_reached_exactly() -> None:
    """Of a net without ReLUs a depth is its own layer; with the pixels' own two numbers there is nothing in the way."""
    *_, last = texture(Shift(), eight(), replace(SHORT, depths=("conv",), steps=300))
    assert left(Shift(), likeness(Shift(), eight(), [PIXELS]), last.images, random(1, 1, 28, 28))[0] < 1e-3


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    one, same, other = made(), made(), made(replace(SHORT, seed=1))
    assert (one.pictures == same.pictures).all() and (one.pictures != other.pictures).any()


def test_total_variation_smooths() -> None:
    rough, smooth = (made(replace(SHORT, tv=tv)).images for tv in (0.0, 5.0))
    assert smooth.diff(dim=3).abs().mean() < 0.7 * rough.diff(dim=3).abs().mean()


def test_photos_are_made_in_waves_of_any_size() -> None:
    recipe = replace(RECIPES["photos"], depths=("stem_relu", "block2"), steps=12)
    photo = random(1, 3, 64, 64).cumsum(2) / 64
    last = made(recipe, photo, "photo")
    assert last.pictures.shape == (2, 64, 64, 3)
    shares = last.numbers["left"]
    assert isinstance(shares, list) and max(shares) < 0.6


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"depths": ("logits",)}, "logits has no places"),
        ({"depths": ("block9",)}, "There is no layer 'block9'; there are conv1"),
        ({"depths": ()}, "1 to 6 depths; there are 0"),
        ({"depths": ("relu1",) * 7}, "1 to 6 depths; there are 7"),
        ({"steps": 0}, "Steps is 0"),
        ({"lr": 7.0}, "Lr is 7"),
    ],
)
def test_what_cannot_be_made_is_said(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        next(texture(load("cnn"), eight(), replace(SHORT, **changed)))


def test_a_net_without_maps_has_no_textures() -> None:
    for model, layer in (("dense", "relu1"), ("rnn", "lstm1")):
        with pytest.raises(ValueError, match="no places"):
            next(texture(load(model), eight(), replace(SHORT, depths=(layer,))))


def test_what_is_shown_first_is_within_the_limits() -> None:
    for recipe in RECIPES.values():
        assert all(getattr(recipe, name) is None or low <= getattr(recipe, name) <= high
                   for name, (low, high) in LIMITS.items())  # fmt: skip
        counts = [len(layers_up_to(load("photo" if recipe.side > 28 else "cnn"),
                                   torch.zeros(1, 3 if recipe.side > 28 else 1, recipe.side, recipe.side), depth))
                  for depth in recipe.depths]  # fmt: skip
        assert all(few < many for few, many in pairwise(counts))


def test_nothing_of_the_net_is_changed() -> None:
    model = load("cnn")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    list(texture(model, eight(), replace(SHORT, steps=2)))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
