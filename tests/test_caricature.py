"""Caricature: the optimum of a linear layer by hand, what is shaken with it, and its numbers."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Generator, Tensor, nn

from core.ascent import ascend
from core.ascent.parametrise import Fourier
from core.ascent.transforms import Jitter
from core.data import digits
from core.layers import record
from core.models import load
from core.studio.beside import Beside
from core.studio.caricature import LIMITS, RECIPES, Caricature, caricature, climb, compared, exaggerated
from core.studio.made import Made

STRETCHES = torch.tensor([0.5, 1.0, 2.0, 3.0])
SMALL = Caricature("conv", strength=1.0, steps=20, jitter=2)


def seed(number: int = 0) -> Generator:
    return Generator().manual_seed(number)


def noise(*shape: int, number: int = 0) -> Tensor:
    return torch.rand(shape, generator=seed(number))


class Stretched(nn.Sequential):
    """fc = (x1 / 2, x2, 2 x3, 3 x4)."""

    def __init__(self) -> None:
        super().__init__(OrderedDict(flat=nn.Flatten(), fc=nn.Linear(4, 4, bias=False)))
        self.requires_grad_(False).eval()
        self.fc.weight.copy_(torch.diag(STRETCHES))


class Edges(nn.Sequential):
    """conv = three 3 x 3 filters, logits = the means of its maps."""

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(1)
            layers = OrderedDict(conv=nn.Conv2d(1, 3, 3, padding=1), pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten())
        super().__init__(layers)
        self.requires_grad_(False).eval()


@dataclass(frozen=True)
class Sphere:
    """Images of length 1, so that only the direction counts."""

    first: Tensor

    def start(self, generator: Generator) -> Tensor:
        return self.first.clone()

    def __call__(self, parameters: Tensor) -> Tensor:
        return parameters / parameters.norm()


def optimum(image: Sequence[float], exponent: float) -> list[float]:
    """Where (x . m a) (cos)^p is highest on the sphere, m being the squared stretches, solved for x by itself.

    With c = sum m a x and q = sum m x^2, the gradient is along x where (1 + p) m a / c - p m x / q = x: a wave's share
    is x = (1 + p) m a / (c (1 + p m / q)). At p = 0 that is m a, at large p it is a.
    """
    m = [float(stretch) ** 2 for stretch in STRETCHES]
    x = [value / math.hypot(*image) for value in image]
    for _ in range(2000):
        q = sum(each * value**2 for each, value in zip(m, x, strict=True))
        new = [each * a / (1 + exponent * each / q) for each, a in zip(m, image, strict=True)]
        x = [value / math.hypot(*new) for value in new]
    return x


def last(net: nn.Module, image: Tensor, recipe: Caricature) -> Made:
    return list(caricature(net, image, recipe))[-1]


@pytest.mark.parametrize("exponent", [0.0, 1.0, 4.0, 16.0])
def test_the_optimum_of_a_linear_layer_has_the_direction_found_by_hand(exponent: float) -> None:
    image = torch.tensor([[[[0.6, 0.2], [0.5, 0.3]]]])
    start = Beside(Sphere(torch.tensor([[[[0.5, 0.5], [0.3, 0.5]]]])), image)
    *_, step = ascend(Stretched(), exaggerated("fc", exponent), parametrise=start, steps=600, lr=0.01, generator=seed())
    expected = torch.tensor(optimum(image.flatten().tolist(), exponent))
    torch.testing.assert_close(step.images[0].flatten(), expected, atol=5e-3, rtol=0)


def test_the_ends_are_the_gradient_and_the_image_itself() -> None:
    image = [0.6, 0.2, 0.5, 0.3]
    along = [float(stretch) ** 2 * value for stretch, value in zip(STRETCHES, image, strict=True)]
    assert optimum(image, 0.0) == pytest.approx([value / math.hypot(*along) for value in along])
    assert optimum(image, 1e6) == pytest.approx([value / math.hypot(*image) for value in image], abs=1e-3)


def test_the_score_is_length_along_the_original_times_a_power_of_the_cosine() -> None:
    pair = torch.tensor([[3.0, 4.0], [5.0, 0.0], [0.0, -2.0], [1.0, 0.0], [4.0, 0.0], [0.0, 1.0]])
    scores = exaggerated("a", 2.0)({"a": pair}, torch.zeros(6))
    assert scores.tolist() == pytest.approx([3 * 0.6**2, 20 / 16, -2 * 0.1**2, 0, 0, 0])


def test_the_original_is_shaken_with_its_caricature() -> None:
    """However far they are shifted, an image is its own caricature."""
    image = 0.1 + 0.8 * noise(1, 1, 12, 12)
    start = Beside(Fourier((1, 1, 12, 12), image, noise=0.0), image)
    steps = ascend(Edges(), exaggerated("conv", 1.0), parametrise=start,
                   transforms=[Jitter(6, None)], steps=5, lr=0.0, generator=seed())  # fmt: skip
    for step in steps:
        assert step.scores.tolist() == pytest.approx([1.0, 0.0], abs=1e-3)


def test_each_image_of_a_batch_goes_towards_its_own() -> None:
    images = 0.1 + 0.8 * noise(2, 1, 12, 12)
    *_, step = climb(Edges(), images, replace(SMALL, steps=60, strength=4.0))
    assert step.images.shape == images.shape and step.scores.shape == (2,)
    own, other = (compared(Edges(), step.images, each, "conv")[1] for each in (images, images.flip(0)))
    assert (own > other + 0.03).all()


@pytest.mark.parametrize("name", ["cnn", "dense", "rnn"])
def test_a_digits_answer_is_longer_and_points_the_same_way(name: str) -> None:
    layer = {"cnn": "relu4", "dense": "relu2", "rnn": "lstm2"}[name]
    made = last(load(name), digits.test_set().images[:1], replace(RECIPES["digits"], layer=layer))
    assert made.numbers["length"] > 1.05 and made.numbers["cosine"] > 0.7
    assert made.numbers["class_after"] == made.numbers["class_before"] == 7
    assert made.pictures.shape == (1, 28, 28)


def test_the_numbers_are_those_of_the_picture() -> None:
    net, image = Edges(), noise(1, 1, 16, 16)
    made = last(net, image, replace(SMALL, start="image"))
    ours, theirs = (record(net, each, ["conv"])["conv"].flatten() for each in (made.images, image))
    assert made.numbers["length"] == pytest.approx((ours.norm() / theirs.norm()).item(), rel=0.01)
    assert made.numbers["cosine"] == pytest.approx((ours @ theirs / ours.norm() / theirs.norm()).item(), abs=0.01)
    assert made.numbers["length"] > 1
    assert (made.step, made.steps) == (20, 20)


def test_from_the_image_it_begins_there_and_from_noise_in_grey() -> None:
    image = 0.1 + 0.8 * noise(1, 1, 16, 16)
    begun = {
        start: next(caricature(Edges(), image, replace(SMALL, start=start))).images for start in ("image", "noise")
    }
    torch.testing.assert_close(begun["image"], image, atol=0.01, rtol=0)
    assert (begun["noise"] - 0.5).abs().mean() < 0.1


def test_more_exponent_keeps_the_direction() -> None:
    image = noise(1, 1, 16, 16)
    loose, tight = (last(Edges(), image, replace(SMALL, exponent=p, steps=60, strength=4.0)) for p in (0.0, 8.0))
    assert tight.numbers["cosine"] > loose.numbers["cosine"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"start": "grey"}, "no start 'grey'"), ({"exponent": -1.0}, "Exponent is -1; it can be from 0 to 16"),
     ({"steps": 0}, "Steps is 0"), ({"layer": "conv9"}, "conv9")],
)  # fmt: skip
def test_what_cannot_be_made_is_told(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        next(caricature(Edges(), noise(1, 1, 16, 16), replace(SMALL, **change)))


def test_a_silent_layer_is_told() -> None:
    net = Edges()
    net.conv.weight.zero_()
    with pytest.raises(ValueError, match="changes conv: its gradient is zero"):
        next(caricature(net, noise(1, 1, 16, 16), SMALL))


def test_recipes_lie_within_their_limits() -> None:
    for recipe in RECIPES.values():
        assert all(low <= getattr(recipe, name) <= high for name, (low, high) in LIMITS.items())
