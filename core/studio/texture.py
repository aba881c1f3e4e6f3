"""Texture: from noise to a picture whose units go together as a photo's do, from few to many layers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent import ascend
from core.ascent.objectives import FAINTEST, Objective, alike, total_variation
from core.ascent.parametrise import Fourier, Pixels
from core.ascent.transforms import Jitter
from core.layers import list_layers, record
from core.studio.limits import require_within
from core.studio.made import Made, made
from core.studio.waves import apart

Images = Float[Tensor, "n channels height width"]
Layers = Sequence[str | None]
PIXELS = None  # read beside the layers: the colours, and how they go together


@dataclass(frozen=True)
class Texture:
    """How a texture is made. As it stands, for photos."""

    depths: tuple[str, ...] = ("stem_relu", "block2", "block4", "block9")  # a picture each, of all ReLUs up to there
    side: int = 192  # pixels
    steps: int = 200
    lr: float = 0.02
    jitter: int = 4  # pixels, in a circle: without it the net's strides leave a grid
    tv: float = 0.0  # how much the mean difference of neighbours weighs, against the distance in the layers
    centred: bool = True  # covariances and means are compared, in place of Gram matrices
    decay: float | None = 1.0  # of a Fourier parametrisation's amplitudes; None is one parameter a pixel
    seed: int = 0


RECIPES = {
    "photos": Texture(),
    "digits": Texture(("relu1", "relu2", "relu3", "relu4"), side=28, steps=150, lr=0.1, jitter=0, decay=None),
}  # by what a model sees
LIMITS: dict[str, tuple[float, float]] = {
    "side": (28, 256), "steps": (1, 1000), "lr": (1e-3, 1.0), "jitter": (0, 32), "tv": (0.0, 10.0),
    "decay": (0.0, 2.0), "seed": (0, 9999),
}  # fmt: skip
MOST = 6  # pictures
WAVE_NOISE, PIXEL_NOISE = 0.1, 0.5  # standard deviation, of the first parameters


def texture(model: nn.Module, images: Images, recipe: Texture) -> Iterator[Made]:
    """From noise to pictures that look like the first image and have nothing in its place (Gatys, Ecker, Bethge 2015).

    Picture i climbs `likeness` in the layers up to `depths[i]`. Every step has a record; the last has numbers, shares
    of noise's: `left`, each picture's distance in what it climbed, and `structure`, that of `core.studio.waves.apart`.
    Raises ValueError for a recipe beyond LIMITS, and for a depth that is no layer or has no places.
    """
    require_within(recipe, LIMITS)
    if not 0 < len(recipe.depths) <= MOST:
        raise ValueError(f"A texture has 1 to {MOST} depths; there are {len(recipe.depths)}.")
    source = images[:1]
    alikes = [likeness(model, source, layers_up_to(model, source, depth), recipe.centred) for depth in recipe.depths]
    start = parametrised(source, recipe.decay)
    noise = start(start.start(Generator().manual_seed(recipe.seed)))
    smooth = recipe.tv / source.numel() * total_variation()
    climbs = [ascend(model, alike - smooth, parametrise=start, transforms=[Jitter(recipe.jitter, None)],
                     steps=recipe.steps, lr=recipe.lr, generator=Generator().manual_seed(recipe.seed))
              for alike in alikes]  # fmt: skip
    for steps in zip(*climbs, strict=True):
        pictures = torch.cat([step.images for step in steps])
        numbers: dict[str, list[float]] = {}
        if steps[0].step == recipe.steps:
            own = [left(model, alike, picture[None], noise)[0] for alike, picture in zip(alikes, pictures, strict=True)]
            waves = apart(pictures, source) / apart(noise, source).clamp(min=FAINTEST)
            numbers = {"left": own, "structure": waves.tolist()}
        yield made(steps[0].step, recipe.steps, pictures, **numbers)


def parametrised(images: Images, decay: float | None, begin: bool = False) -> Fourier | Pixels:
    """In waves, or one parameter a pixel where `decay` is None; from noise, or from the images as they are."""
    batch, channels, height, width = images.shape
    shape, first = (batch, channels, height, width), images if begin else 0.5
    if decay is None:
        return Pixels(shape, first, 0.0 if begin else PIXEL_NOISE)
    return Fourier(shape, first, decay, 0.0 if begin else WAVE_NOISE)


def layers_up_to(model: nn.Module, images: Images, depth: str) -> Layers:
    """What a texture of that depth is made of: the pixels, and each ReLU with places up to that layer, or itself.

    Raises ValueError for what is no layer, or has no places.
    """
    layers = list_layers(model, images.shape[1:])
    names = [layer.name for layer in layers]
    if depth not in names:
        raise ValueError(f"There is no layer {depth!r}; there are {', '.join(names)}.")
    upto = layers[: names.index(depth) + 1]
    if len(upto[-1].shape) != 3:
        raise ValueError(f"{depth} has no places that a texture could be the same over: take a layer of maps.")
    relus = [layer.name for layer in upto if layer.kind == "relu" and len(layer.shape) == 3]
    return [PIXELS, *(relus or [depth])]


def likeness(model: nn.Module, source: Images, layers: Layers, centred: bool = True) -> Objective:
    """How alike pictures are to the source in these layers, which all weigh the same: see `objectives.alike`."""
    seen = record(model, source, [layer for layer in layers if layer is not PIXELS])
    each = [alike(layer, source if layer is PIXELS else seen[layer], centred) for layer in layers]
    return 1 / len(each) * reduce(add, each)


@torch.no_grad()
def left(model: nn.Module, objective: Objective, pictures: Images, begun: Images) -> list[float]:
    """How much of a distance, which is minus the objective, is left of each picture, as a share of what it was."""
    now, before = (objective(record(model, shown, objective.layers), shown) for shown in (pictures, begun))
    return (now / before.clamp(max=-FAINTEST)).tolist()
