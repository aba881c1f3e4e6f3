"""Style transfer: what stays is the photo's, what is taken on is the style's, and colours stay where they are to."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from core.ascent.objectives import total_variation, units
from core.data.digits import test_set as digits
from core.layers import record
from core.models import load
from core.studio.beside import of_own
from core.studio.made import Made
from core.studio.style import LIMITS, RECIPES, Style, coloured, luminance, style
from core.studio.texture import layers_up_to, likeness
from core.studio.waves import apart

SHORT = replace(RECIPES["digits"], steps=20)
SMALL = replace(RECIPES["photos"], style="block2", content="block2", steps=8, lr=0.05)
SLOW = replace(SMALL, lr=0.002)  # each of Adam's steps is as large as this, however little pulls


def two() -> Tensor:
    """An eight and a zero."""
    return digits().images[[84, 3]]


def photos(side: int = 64) -> Tensor:
    """A photo and a style image, of smooth random colours."""
    noise = torch.rand(2, 3, side // 8, side // 8, generator=Generator().manual_seed(0))
    return torch.nn.functional.interpolate(noise, (side, side), mode="bilinear")


def made(recipe: Style = SHORT, images: Tensor | None = None, model: str = "cnn") -> Made:
    *_, last = style(load(model), two() if images is None else images, recipe)
    return last


def test_it_begins_with_the_photo_and_takes_on_the_style() -> None:
    records = list(style(load("cnn"), two(), SHORT))
    assert [record.step for record in records] == list(range(21)) and {record.steps for record in records} == {20}
    assert (records[0].images - two()[:1]).abs().max() < 0.03  # black and white have no logit
    assert all(not record.numbers for record in records[:-1]) and records[-1].pictures.shape == (1, 28, 28)
    numbers = records[-1].numbers
    assert isinstance(numbers["style"], float) and 0 < numbers["style"] < 0.9
    assert isinstance(numbers["content"], float) and 0 < numbers["content"] < 0.5
    assert numbers.keys() == {"content", "style", "structure"}


def test_the_stronger_the_style_the_less_of_the_photo() -> None:
    weak, strong = (made(replace(SHORT, strength=strength)).numbers for strength in (1.0, 100.0))
    assert strong["style"] < weak["style"] and strong["content"] > weak["content"]


@pytest.mark.parametrize(("recipe", "images", "model"), [(SHORT, two(), "cnn"), (SLOW, photos(), "photo")])
def test_what_is_shaken_stays_in_its_place(recipe: Style, images: Tensor, model: str) -> None:
    """Nearly no style is asked for: nothing pulls the picture away, however the net's view of it is shifted."""
    last = made(replace(recipe, strength=0.01, jitter=4, steps=20, tv=0.0), images, model)
    assert isinstance(last.numbers["content"], float) and last.numbers["content"] < 0.002


def test_the_photo_beside_it_is_in_no_style() -> None:
    images = two()
    score = units("relu4", [3], "mean") - total_variation()
    found = of_own(score)(record(load("cnn"), images, ["relu4"]), images)
    alone = score(record(load("cnn"), images[:1], ["relu4"]), images[:1])
    torch.testing.assert_close(found, torch.cat([alone, torch.zeros(1)]))


def test_a_picture_is_no_style_of_its_own() -> None:
    with pytest.raises(ValueError, match="picture itself"):
        next(style(load("cnn"), two()[[0, 0]], SHORT))


def test_from_noise_it_comes_to_the_photo_too() -> None:
    last = made(replace(SHORT, start="noise", strength=0.01, steps=100))
    begun = next(style(load("cnn"), two(), replace(SHORT, start="noise")))
    assert (last.images - two()[:1]).abs().mean() < 0.5 * (begun.images - two()[:1]).abs().mean()


def test_the_content_layer_says_what_stays() -> None:
    first, last = (made(replace(SHORT, content=layer, steps=60)) for layer in ("relu1", "relu3"))
    assert (first.pictures != last.pictures).any()


def test_total_variation_smooths() -> None:
    rough, smooth = (made(replace(SHORT, tv=tv)).images for tv in (0.0, 10.0))
    assert smooth.diff(dim=3).abs().mean() < 0.9 * rough.diff(dim=3).abs().mean()


def test_seeds_change_what_begins_with_noise_only() -> None:
    noise = replace(SHORT, start="noise", steps=3)
    assert (made(noise).pictures != made(replace(noise, seed=1)).pictures).any()
    assert (made(replace(SHORT, steps=3)).pictures == made(replace(SHORT, steps=3, seed=1)).pictures).all()


def test_luminance_is_that_of_televisions() -> None:
    pure = torch.eye(3)[:, :, None, None]
    assert luminance(pure).flatten().tolist() == pytest.approx([0.299, 0.587, 0.114])


def test_the_photos_colours_come_back_in_another_light() -> None:
    """Of muted colours none is clipped: chroma is the photo's to rounding, luminance the picture's."""
    photo, other = 0.4 + 0.2 * photos()[:1], 0.4 + 0.2 * photos()[1:]
    both = coloured(other, photo)
    torch.testing.assert_close(luminance(both), luminance(other), atol=1e-5, rtol=0)
    for each in (both, photo):
        each -= luminance(each)
    torch.testing.assert_close(both, photo, atol=2e-3, rtol=0)


def test_colours_are_kept_where_this_is_asked_for() -> None:
    photo, painted = photos()
    images = torch.stack([0.3 + 0.4 * photo, 0.3 + 0.4 * painted])
    kept, taken = (made(replace(SMALL, keep_colours=keep), images, "photo").images for keep in (True, False))
    chroma = [each - luminance(each) for each in (kept, taken, images[:1])]
    apart = [float((each - chroma[2]).abs().mean()) for each in chroma[:2]]
    assert apart[0] < 0.01 < 0.02 < apart[1]
    assert (luminance(kept) - luminance(images[:1])).abs().mean() > 0.01


def test_where_colours_are_kept_the_numbers_are_of_what_is_shown() -> None:
    """Of bright and strong colours a part is clipped, so that what is shown is not as light as what was climbed."""
    images, net, recipe = photos().round(), load("photo"), replace(SMALL, keep_colours=True, jitter=0, steps=20)
    last = made(recipe, images, "photo")
    shown, photo, painted = (luminance(each) for each in (last.images, images[:1], images[1:]))
    painted = ((painted - painted.mean()) * photo.std() / painted.std() + photo.mean()).clamp(0, 1)
    grey = [each.expand(-1, 3, -1, -1) for each in (shown, photo, painted)]
    ours, theirs, others = (record(net, each, ["block2"])["block2"] for each in grey)
    alike = likeness(net, grey[2], layers_up_to(net, grey[2], "block2"))
    expected = {
        "content": (ours - theirs).square().sum() / (others - theirs).square().sum(),
        "style": alike(record(net, grey[0], alike.layers), grey[0])
        / alike(record(net, grey[1], alike.layers), grey[1]),
        "structure": apart(grey[0], grey[2]) / apart(grey[1], grey[2]),
    }
    assert last.numbers == pytest.approx({name: float(value) for name, value in expected.items()}, rel=0.01)


def test_a_digit_has_no_colours_to_keep() -> None:
    kept, taken = made(replace(SHORT, steps=2, keep_colours=True)), made(replace(SHORT, steps=2))
    assert (kept.pictures == taken.pictures).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"style": "logits"}, "logits has no places"),
        ({"content": "logits"}, "logits has no places"),
        ({"content": "conv9"}, "There is no layer 'conv9'; there are conv1"),
        ({"start": "grey"}, "photo or noise, not from 'grey'"),
        ({"strength": 0.0}, "Strength is 0"),
        ({"tv": float("nan")}, "Tv is nan"),
    ],
)
def test_what_cannot_be_made_is_said(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        next(style(load("cnn"), two(), replace(SHORT, **changed)))


def test_two_pictures_are_needed() -> None:
    with pytest.raises(ValueError, match="two pictures; there are 1"):
        next(style(load("cnn"), two()[:1], SHORT))


def test_what_is_shown_first_is_within_the_limits() -> None:
    for recipe in RECIPES.values():
        assert all(getattr(recipe, name) is None or low <= getattr(recipe, name) <= high
                   for name, (low, high) in LIMITS.items())  # fmt: skip
