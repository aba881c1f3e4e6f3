"""Style transfer: a photo's layers as they are, and another picture's texture (Gatys, Ecker, Bethge 2016)."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from skimage.color import rgb2yiq, yiq2rgb
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import FAINTEST, Objective, near, total_variation
from core.ascent.parametrise import Parametrisation
from core.ascent.transforms import Jitter
from core.layers import record
from core.studio.beside import Beside, of_own, paired
from core.studio.limits import require_within
from core.studio.made import Made, made
from core.studio.texture import layers_up_to, left, likeness, parametrised
from core.studio.waves import apart

Image = Float[Tensor, "1 channels height width"]


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

    It climbs -|F - F0|^2 / |F0|^2 + strength * likeness (equation 7), from the photo or from noise; to keep the photo's
    colours it climbs in grey. Every step has a record. The last has numbers, of the picture as it is shown, or of its
    luminance if that is what was climbed: `content`, the squared distance to the photo in the content layer, as a share
    of the style image's own; `style`, the distance to the style image in the style layers, as a share of the photo's
    own; and `structure` the same by `core.studio.waves.apart`, which knows no net. Raises ValueError for a recipe
    beyond LIMITS, for other than two pictures or twice the same, and for a layer that there is not, or that has no
    places.
    """
    require_within(recipe, LIMITS)
    if recipe.start not in STARTS:
        raise ValueError(f"It can start from {' or '.join(STARTS)}, not from {recipe.start!r}.")
    if len(images) != 2:
        raise ValueError(f"A photo and a style image are needed, two pictures; there are {len(images)}.")
    if torch.equal(images[0], images[1]):
        raise ValueError("The style image is the picture itself: there is nothing to take on. Take another.")
    grey = recipe.keep_colours and images.shape[1] == 3
    photo, styled = (images[:1], images[1:]) if not grey else (_grey(images[:1]), _lit(images[1:], images[:1]))
    layers_up_to(model, photo, recipe.content)
    taken = likeness(model, styled, layers_up_to(model, styled, recipe.style), recipe.centred)
    for step in _climb(model, photo, taken, recipe, grey):
        shown = coloured(step.images[:1], images[:1]) if grey else step.images[:1]
        numbers: dict[str, float] = {}
        if step.step == recipe.steps:
            seen = _grey(shown) if grey else shown
            same = near(recipe.content, record(model, photo, [recipe.content])[recipe.content])
            waves = apart(seen, styled) / apart(photo, styled).clamp(min=FAINTEST)
            numbers = {"content": left(model, same, seen, styled)[0], "style": left(model, taken, seen, photo)[0],
                       "structure": float(waves)}  # fmt: skip
        yield made(step.step, step.steps, shown, **numbers)


def _climb(model: nn.Module, photo: Image, taken: Objective, recipe: Style, grey: bool) -> Iterator[Step]:
    """The ascent, with the photo beside it: both are shifted alike, so that the content's places stay paired."""
    start: Parametrisation = parametrised(photo[:, :1] if grey else photo, recipe.decay, recipe.start == "photo")
    smooth = recipe.tv / photo.numel() * total_variation()
    content = recipe.content
    same = paired(content, lambda ours, theirs: near(content, theirs)({content: ours}, photo))
    return ascend(model, same + of_own(recipe.strength * taken - smooth),
                  parametrise=Beside(_Grey(start) if grey else start, photo), transforms=[Jitter(recipe.jitter, None)],
                  steps=recipe.steps, lr=recipe.lr, generator=Generator().manual_seed(recipe.seed))  # fmt: skip


@dataclass(frozen=True)
class _Grey:
    """A parametrisation of one channel, made three of the same."""

    own: Parametrisation

    def start(self, generator: Generator) -> Tensor:
        return self.own.start(generator)

    def __call__(self, parameters: Tensor) -> Image:
        return self.own(parameters).expand(-1, 3, -1, -1)


def luminance(images: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n 1 height width"]:
    """How bright each pixel is: YIQ's first axis."""
    return _yiq(images)[:, :1]


def coloured(images: Float[Tensor, "n 3 height width"], photo: Image) -> Float[Tensor, "n 3 height width"]:
    """The images' luminance in the photo's colours; what no screen can show is clipped."""
    axes = torch.cat([luminance(images), _yiq(photo)[:, 1:].expand(len(images), -1, -1, -1)], 1)
    return torch.from_numpy(yiq2rgb(axes.numpy(force=True), channel_axis=1)).to(images).clamp(0, 1)


def _yiq(images: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n 3 height width"]:
    """Luminance and two axes of colour, as in "Preserving color in neural artistic style transfer", section 2.2."""
    return torch.from_numpy(rgb2yiq(images.numpy(force=True), channel_axis=1)).to(images)


def _grey(images: Image) -> Image:
    return luminance(images).expand(-1, 3, -1, -1).contiguous()


def _lit(styled: Image, photo: Image) -> Image:
    """The style image in grey, with the photo's mean luminance and its spread (ibid., equation 5)."""
    theirs, ours = luminance(styled), luminance(photo)
    spread = ours.std() / theirs.std().clamp(min=1e-6)
    return ((theirs - theirs.mean()) * spread + ours.mean()).clamp(0, 1).expand(-1, 3, -1, -1).contiguous()
