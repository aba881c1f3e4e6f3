"""Style transfer: a photo's layers as they are, and another picture's texture (Gatys, Ecker, Bethge 2016)."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent import ascend
from core.ascent.objectives import FAINTEST, near, total_variation
from core.ascent.transforms import Jitter
from core.layers import record
from core.studio.limits import require_within
from core.studio.made import Made, made
from core.studio.texture import layers_up_to, left, left_by_layer, likeness, parametrised
from core.studio.waves import apart

Image = Float[Tensor, "1 channels height width"]

# Luminance and two axes of colour, in rows, from red, green and blue (YIQ, as in Gatys et al. 2016, section 2.2 of
# "Preserving color in neural artistic style transfer"): https://en.wikipedia.org/wiki/YIQ, FCC 1953
YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


@dataclass(frozen=True)
class Style:
    """How a photo takes on a style. As it stands, for photos."""

    content: str = "block5"  # the layer that stays as it is
    style: str = "block9"  # of all ReLUs up to there the texture is taken
    strength: float = 3.0  # of the style, against the content
    keep_colours: bool = False  # of the photo: only luminance takes on the style
    start: str = "photo"  # or "noise"
    side: int = 192  # pixels
    steps: int = 200
    lr: float = 0.02
    jitter: int = 4  # pixels, in a circle: without it the net's strides leave a grid
    tv: float = 1.0  # how much the mean difference of neighbours weighs
    centred: bool = True  # covariances and means are compared, in place of Gram matrices
    decay: float | None = 1.0  # of a Fourier parametrisation's amplitudes; None is one parameter a pixel
    seed: int = 0


RECIPES = {
    "photos": Style(),
    "digits": Style("relu2", "relu4", strength=10.0, side=28, steps=150, lr=0.1, jitter=0, tv=0.0, decay=None),
}  # by what a model sees
STARTS = ("photo", "noise")
LIMITS: dict[str, tuple[float, float]] = {
    "strength": (0.01, 1000.0), "side": (28, 256), "steps": (1, 1000), "lr": (1e-3, 1.0), "jitter": (0, 32),
    "tv": (0.0, 10.0), "decay": (0.0, 2.0), "seed": (0, 9999),
}  # fmt: skip


def style(model: nn.Module, images: Float[Tensor, "2 channels height width"], recipe: Style) -> Iterator[Made]:
    """The first picture in the style of the second: near to it in a layer, and alike to the second in many.

    It climbs -|F - F0|^2 / |F0|^2 + strength * likeness (equation 7), from the photo or from noise. Every step has a
    record. The last has numbers: `content`, the squared distance to the photo in the content layer, as a share of the
    style image's own; `style`, the distance to the style image in the style layers, as a share of the photo's own,
    `structure` the same by `core.studio.waves.apart`, which knows no net, and under each style layer's name that in it.
    Raises ValueError for a recipe beyond LIMITS, for other than two pictures or twice the same, and for a layer that
    there is not, or that has no places.
    """
    require_within(recipe, LIMITS)
    if recipe.start not in STARTS:
        raise ValueError(f"It can start from {' or '.join(STARTS)}, not from {recipe.start!r}.")
    if len(images) != 2:
        raise ValueError(f"A photo and a style image are needed, two pictures; there are {len(images)}.")
    if torch.equal(images[0], images[1]):
        raise ValueError("The style image is the picture itself: there is nothing to take on. Take another.")
    colours = recipe.keep_colours and images.shape[1] == 3
    photo, styled = (images[:1], images[1:]) if not colours else (_grey(images[:1]), _lit(images[1:], images[:1]))
    layers = layers_up_to(model, styled, recipe.style)
    layers_up_to(model, photo, recipe.content)
    same = near(recipe.content, record(model, photo, [recipe.content])[recipe.content])
    taken = likeness(model, styled, layers, recipe.centred)
    smooth = recipe.tv / photo.numel() * total_variation()
    climbed = ascend(model, same + recipe.strength * taken - smooth,
                     parametrise=parametrised(photo, recipe.decay, recipe.start == "photo"),
                     transforms=[Jitter(recipe.jitter, None)], steps=recipe.steps, lr=recipe.lr,
                     generator=Generator().manual_seed(recipe.seed))  # fmt: skip
    for step in climbed:
        numbers: dict[str, float] = {}
        if step.step == recipe.steps:
            content, taken_on = left(model, same, step.images, styled), left(model, taken, step.images, photo)
            each = left_by_layer(model, styled, layers, step.images, photo, recipe.centred)
            waves = apart(step.images, styled) / apart(photo, styled).clamp(min=FAINTEST)
            numbers = {"content": content[0], "style": taken_on[0], "structure": float(waves)}
            numbers |= {name: share[0] for name, share in each.items()}
        yield made(step.step, step.steps, coloured(step.images, images[:1]) if colours else step.images, **numbers)


def luminance(images: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n 1 height width"]:
    """How bright each pixel is: YIQ's first axis."""
    return _turned(images, torch.tensor(YIQ))[:, :1]


def coloured(images: Float[Tensor, "n 3 height width"], photo: Image) -> Float[Tensor, "n 3 height width"]:
    """The images' luminance in the photo's colours; what no screen can show is clipped."""
    axes = torch.cat([luminance(images), _turned(photo, torch.tensor(YIQ))[:, 1:].expand(len(images), -1, -1, -1)], 1)
    return _turned(axes, torch.tensor(YIQ).inverse()).clamp(0, 1)


def _grey(images: Image) -> Image:
    return luminance(images).expand(-1, 3, -1, -1).contiguous()


def _lit(styled: Image, photo: Image) -> Image:
    """The style image in grey, with the photo's mean luminance and its spread (ibid., equation 5)."""
    theirs, ours = luminance(styled), luminance(photo)
    spread = ours.std() / theirs.std().clamp(min=1e-6)
    return ((theirs - theirs.mean()) * spread + ours.mean()).clamp(0, 1).expand(-1, 3, -1, -1).contiguous()


def _turned(images: Tensor, matrix: Float[Tensor, "3 3"]) -> Tensor:
    return torch.einsum("rc,bchw->brhw", matrix, images)
