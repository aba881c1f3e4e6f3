"""Inversion: against nets that can be inverted by hand, and a slow reference."""

import copy
from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import Generator, Tensor, nn

from core.ascent.objectives import near
from core.data import digits, photos
from core.layers import record
from core.models import load
from core.studio import inversion
from core.studio.inversion import LIMITS, PHOTO, WITH_PRIOR, Inversion, apart, invert, untold
from core.studio.made import Made
from tests import references
from tests.nets import Again, Stairs

EIGHT = digits.test_set().images[[digits.EXAMPLE]]


def last(net: nn.Module, images: Tensor, recipe: Inversion) -> Made:
    *_, end = invert(net, images, recipe)
    return end


def told(made: Made, name: str) -> list[float]:
    values = made.numbers[name]
    assert isinstance(values, list)
    return values


def test_what_can_be_inverted_returns_the_input() -> None:
    """conv = 2 x + 1 keeps everything: every start comes back to the image itself."""
    end = last(Again(), EIGHT, Inversion(("conv",), starts=2, steps=300, tv=0.0))
    assert end.images.shape == (2, 1, 28, 28)
    torch.testing.assert_close(end.images, EIGHT.expand(2, -1, -1, -1), atol=0.03, rtol=0)
    assert max(told(end, "layer_error")) < 0.05
    assert told(end, "spread")[0] < 0.05
    assert all(own < other for own, other in zip(told(end, "error"), told(end, "nearest_error"), strict=True))
    assert digits.EXAMPLE not in told(end, "nearest")


def test_of_what_keeps_the_mean_alone_only_the_mean_comes_back() -> None:
    """logits = 4 mean + 3, and that negative: they are met, and the image is not."""
    end = last(Again(), EIGHT, Inversion(("logits",), starts=1, steps=300, tv=0.0))
    assert told(end, "layer_error")[0] < 0.05
    assert float(end.images.mean()) == pytest.approx(float(EIGHT.mean()), abs=0.01)
    assert told(end, "relative_error")[0] > 0.9


def test_a_photos_layers_are_inverted_too() -> None:
    image = photos.to_input(photos.sample("cat"), 32)[None]
    net = nn.Sequential()
    net.add_module("twice", nn.Conv2d(3, 3, 1))
    net.add_module("logits", nn.Flatten())
    with torch.no_grad():
        net.twice.weight.copy_(2 * torch.eye(3)[:, :, None, None])
    end = last(net, image, replace(PHOTO, layers=("twice",), steps=400, lr=0.1, tv=0.0))
    assert told(end, "relative_error")[0] < 0.2
    assert "nearest" not in end.numbers


def test_the_objective_is_the_papers_equation() -> None:
    net, image = load("cnn"), torch.rand(1, 1, 28, 28, generator=Generator().manual_seed(0))
    recipe = Inversion(("relu2", "relu4"), starts=2, tv=3.0)
    objective = inversion._objective(net, EIGHT, recipe)
    scores = objective(record(net, image.repeat(4, 1, 1, 1), recipe.layers), image.repeat(4, 1, 1, 1))
    for place, layer in enumerate(recipe.layers):
        seen, target, far = (record(net, each, [layer])[layer] for each in (image, EIGHT, untold(EIGHT)))
        expected = references.inversion_loss(seen, target, far, image[0], 3.0)
        assert (-scores[2 * place : 2 * place + 2]).tolist() == pytest.approx([expected] * 2, rel=1e-4)


def test_a_silent_layer_is_as_far_as_the_papers_norm_counts() -> None:
    activation = torch.tensor([[3.0, 4.0]])
    score = near("fc", activation)({"fc": torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 9.0]])}, torch.zeros(3))
    assert score.tolist() == pytest.approx([-1.0, 0.0, -1.0])


def test_the_errors_are_those_of_the_pictures() -> None:
    net, recipe = load("dense"), Inversion(("relu1", "logits"), starts=2, steps=5)
    images = digits.test_set().images[:2]
    end = last(net, images, recipe)
    *_, step = inversion.ascend(
        net, inversion._objective(net, images, recipe), steps=5, lr=recipe.lr, generator=Generator().manual_seed(0),
        parametrise=inversion.Pixels((8, 1, 28, 28), inversion.GREY[1], inversion.PIXEL_NOISE),
    )  # fmt: skip
    plain, others = untold(images)[0], digits.test_set().images
    for place, found in enumerate(step.images):
        which, layer = place // 2 % 2, recipe.layers[place // 4]
        true = images[which]
        assert told(end, "error")[place] == pytest.approx(float((found - true).square().mean().sqrt()), rel=1e-4)
        share = (found - true).norm() / (plain - true).norm()
        assert told(end, "relative_error")[place] == pytest.approx(float(share), rel=1e-4)
        seen, target, far = (record(net, each[None], [layer])[layer] for each in (found, true, plain))
        share = (seen - target).norm() / (far - target).norm()
        assert told(end, "layer_error")[place] == pytest.approx(float(share), rel=1e-3)
        distances = (others - found).square().mean((1, 2, 3)).sqrt()
        distances[which] = torch.inf
        assert told(end, "nearest")[place] == int(distances.argmin())
        assert told(end, "nearest_error")[place] == pytest.approx(float(distances.min()), rel=1e-3)
        assert told(end, "answer")[place] == int(net(found[None]).argmax())
    pairs = [float(apart(step.images[[at]], step.images[[at + 1]]) / apart(plain[None], images[[at // 2 % 2]]))
             for at in (0, 2, 4, 6)]  # fmt: skip
    assert told(end, "spread") == pytest.approx([sum(pairs[:2]) / 2, sum(pairs[2:]) / 2], rel=1e-4)


def test_within_a_prior_only_digits_come_back() -> None:
    """The layer of the classes says nothing of the border, which a digit leaves empty."""
    border = torch.ones(28, 28, dtype=torch.bool)
    border[2:-2, 2:-2] = False
    recipe = replace(WITH_PRIOR, layers=("logits",), starts=2, steps=20)
    inside, free = (
        last(load("cnn"), EIGHT, each).images[:, 0, border] for each in (recipe, replace(recipe, prior="none"))
    )
    assert float(inside.mean()) < 0.01
    assert float(free.mean()) > 0.1


def test_layers_side_by_side_are_inverted_as_each_alone() -> None:
    net, recipe = load("dense"), Inversion(("relu1", "relu2"), starts=1, steps=3)
    together = last(net, EIGHT, recipe).images
    noise = inversion.Pixels((2, 1, 28, 28), inversion.GREY[1], inversion.PIXEL_NOISE).start(Generator().manual_seed(0))
    alone = list(inversion.ascend(
        net, inversion._objective(net, EIGHT, replace(recipe, layers=("relu2",))), steps=3, lr=recipe.lr,
        parametrise=inversion.Pixels((1, 1, 28, 28), noise[1:].sigmoid(), 0.0), generator=Generator(),
    ))[-1].images  # fmt: skip
    torch.testing.assert_close(together[1:], alone, atol=0.05, rtol=0)


def test_the_same_seed_gives_the_same_pictures_and_nothing_is_left_changed() -> None:
    net, recipe = load("rnn"), Inversion(("lstm1", "logits"), starts=2, steps=3)
    before = copy.deepcopy(net.state_dict())
    first, again = (last(net, EIGHT, recipe).pictures for _ in range(2))
    assert (first == again).all()
    assert (first != last(net, EIGHT, replace(recipe, seed=1)).pictures).any()
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())


def test_it_may_stop_between_any_two_steps() -> None:
    records = list(islice(invert(load("dense"), EIGHT, Inversion(("relu1",), steps=9)), 3))
    assert [(record.step, record.steps) for record in records] == [(0, 9), (1, 9), (2, 9)]


def test_a_layer_without_a_gradient_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="No pixel of this picture changes steps"):
        last(Stairs(), EIGHT, Inversion(("steps",), steps=1))
    dead = load("dense")
    dead.fc1.weight.zero_()
    with pytest.raises(ValueError, match="No pixel of this picture changes relu1"):
        last(dead, EIGHT, Inversion(("relu1",), steps=1))


def test_a_layer_that_is_not_there_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="no layer 'relu9'"):
        last(load("dense"), EIGHT, Inversion(("relu9",), steps=1))
    with pytest.raises(ValueError, match="At least one layer"):
        last(load("dense"), EIGHT, Inversion((), steps=1))


@pytest.mark.parametrize(("name", "bounds"), LIMITS.items())
def test_a_recipe_outside_of_its_limits_gets_a_sentence(name: str, bounds: tuple[float, float]) -> None:
    for value in (bounds[0] - 1, bounds[1] + 1):
        with pytest.raises(ValueError, match=rf"{name.capitalize()} is {value:g}; it can be from"):
            last(load("dense"), EIGHT, replace(Inversion(("relu1",), steps=1), **{name: value}))


def test_a_prior_is_for_digits_only() -> None:
    with pytest.raises(ValueError, match="no prior 'generator' for this picture"):
        last(load("dense"), torch.rand(1, 3, 32, 32), Inversion(("relu1",), prior="generator", steps=1))
    with pytest.raises(ValueError, match="no prior 'gan'"):
        last(load("dense"), EIGHT, Inversion(("relu1",), prior="gan", steps=1))


def test_a_picture_of_one_colour_has_nothing_to_bring_back() -> None:
    with pytest.raises(ValueError, match="of one colour"):
        last(load("photo"), torch.full((1, 3, 32, 32), 0.3), replace(PHOTO, layers=("stem",)))


def test_a_photo_that_is_too_small_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="28 x 28 pixels is too small; it needs 32"):
        last(load("photo"), torch.rand(1, 3, 28, 28), replace(PHOTO, layers=("stem",)))


@pytest.mark.parametrize("side", [32, 45])
def test_tiny_photos_and_odd_ones_are_inverted(side: int) -> None:
    image = photos.to_input(photos.sample("cat"), side)[None]
    end = last(load("photo"), image, replace(PHOTO, layers=("stem_relu", "block6", "logits"), steps=2))
    assert end.pictures.shape == (3, side, side, 3)
    assert all(torch.tensor(told(end, "relative_error")).isfinite())


def test_an_empty_digit_is_inverted() -> None:
    end = last(load("cnn"), torch.zeros(1, 1, 28, 28), Inversion(("relu1",), starts=1, steps=100))
    assert told(end, "relative_error")[0] < 0.5
