"""What is climbed: immutable scores, one for each image of a batch, that add, subtract and scale.

`0.2 * units("conv3", (4, 7)) - total_variation() * 1e-3` climbs unit 4 in the first image and unit 7 in the second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Activations = Mapping[str, Tensor]
Scores = Float[Tensor, " batch"]
FAINTEST = 1e-12  # of a layer's square: what is silent has no share
ALMOST = 1 - 1e-6  # beyond which float32 cannot tell what atanh is


@dataclass(frozen=True)
class Objective:
    """A score for each image, and the layers that it reads."""

    layers: frozenset[str]
    score: Callable[[Activations, Tensor], Scores]

    def __call__(self, activations: Activations, images: Tensor) -> Scores:
        """The scores of `images`, whose activations these are."""
        return self.score(activations, images)

    def __add__(self, other: "Objective") -> "Objective":
        return Objective(self.layers | other.layers, lambda seen, images: self(seen, images) + other(seen, images))

    def __mul__(self, factor: float | Scores) -> "Objective":
        """The score so many times, in all images or in each by a factor of its own."""
        return Objective(self.layers, lambda seen, images: factor * self(seen, images))

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        return -1 * self

    def __sub__(self, other: "Objective") -> "Objective":
        return self + -other


Place = Literal["centre", "mean"]


def units(layer: str, indices: Sequence[int], place: Place = "centre", time: int = -1) -> Objective:
    """Unit `indices[i]` of a layer in image i: a map's centre or its mean; a recurrent unit at one time step.

    The centre of an even map is the one below and right of its middle: row 2 and column 3 of 4 x 6, counted from 0.
    """

    def score(seen: Activations, images: Tensor) -> Scores:
        return _at(seen[layer], place, time)[torch.arange(len(indices)), torch.as_tensor(indices)].mean(1)

    return Objective(frozenset({layer}), score)


def _at(activation: Tensor, place: Place, time: int) -> Float[Tensor, "batch units places"]:
    if activation.ndim == 3:
        return activation[:, :, time, None]
    if activation.ndim == 4 and place == "centre":
        return activation[:, :, activation.shape[2] // 2, activation.shape[3] // 2, None]
    return activation.flatten(2) if activation.ndim > 2 else activation[:, :, None]


def aimed(layer: str, indices: Sequence[int], aims: Float[Tensor, "batch places"]) -> Objective:
    """Unit `indices[i]` of a layer in image i, as much at each place of its map, or at each time, as `aims[i]` says.

    A recurrent unit's output h is nearly flat where it is strong: atanh(h), which is not, is climbed in its place.
    """

    def score(seen: Activations, images: Tensor) -> Scores:
        activation = seen[layer]
        places = activation.flatten(2) if activation.ndim > 2 else activation[..., None]
        own = places[torch.arange(len(indices)), torch.as_tensor(indices)]
        if activation.ndim == 3:
            own = own.clamp(-ALMOST, ALMOST).atanh()
        return (own * aims.to(own)).sum(1)

    return Objective(frozenset({layer}), score)


def direction(layer: str, vectors: Float[Tensor, "batch units"]) -> Objective:
    """The dot product of a layer's activation, its mean over place or time, with a direction of its own per image."""

    def score(seen: Activations, images: Tensor) -> Scores:
        activation = seen[layer]
        pooled = activation.flatten(2).mean(2) if activation.ndim > 2 else activation
        return (pooled * vectors).sum(1)

    return Objective(frozenset({layer}), score)


def weighted(layer: str, weights: Float[Tensor, "batch units *place"]) -> Objective:
    """The dot product of a layer's whole activation with weights of its own per image: what a unit behind it would sum.

    Those that are zero name what is not asked.
    """
    return Objective(frozenset({layer}), lambda seen, images: (seen[layer] * weights).flatten(1).sum(1))


def energy(layer: str) -> Objective:
    """The mean square of a layer's activation: what DeepDream climbs (Mordvintsev, Olah, Tyka 2015)."""
    return Objective(frozenset({layer}), lambda seen, images: seen[layer].flatten(1).float().square().mean(1))


def near(
    layer: str,
    activation: Float[Tensor, "batch units *place"],
    far: Float[Tensor, "batch units *place"] | float = 0.0,
) -> Objective:
    """How near a layer's activation is to a given one: minus |phi - phi0|^2 / |far - phi0|^2.

    Mahendran and Vedaldi 2015, equation 2, where `far` is a silent layer (section 2.2). 0 is the same, and -1 as far
    off as `far`, which may be what an image makes of the layer that tells nothing.
    """
    size = (activation - far).flatten(1).square().sum(1).clamp(min=FAINTEST)
    return Objective(
        frozenset({layer}), lambda seen, images: -(seen[layer] - activation).flatten(1).square().sum(1) / size
    )


def gram(activation: Float[Tensor, "batch units height width"]) -> Float[Tensor, "batch units units"]:
    """Which units are active together, wherever that is: G_ij, the mean over places of f_i f_j.

    Gatys, Ecker, Bethge 2015, equation 1, where it is a sum: the mean is the same for pictures of any size.
    """
    places = activation.flatten(2)
    return places @ places.transpose(1, 2) / places.shape[2]


def alike(layer: str | None, activation: Float[Tensor, "1 units height width"], centred: bool = True) -> Objective:
    """How alike a layer's Gram matrix is to that of a given activation, as minus a squared distance.

    In shares of the given one's square, so that layers weigh alike (Gatys, Ecker, Bethge 2015, equations 3 and 4, where
    they do not). `centred` compares covariances and means, half each: together they say what the Gram matrix
    G = C + m m' says, but in a net whose activations have large means these do not drown the rest. A layer None is the
    pixels.
    """
    wanted = [each.detach() for each in _of_places(activation, centred)]
    sizes = [each.square().sum().clamp(min=FAINTEST) for each in wanted]

    def score(seen: Activations, images: Tensor) -> Scores:
        found = _of_places((images if layer is None else seen[layer]).float(), centred)
        shares = [(is_ - to_be).square().flatten(1).sum(1) / size
                  for is_, to_be, size in zip(found, wanted, sizes, strict=True)]  # fmt: skip
        return -torch.stack(shares).mean(0)

    return Objective(frozenset() if layer is None else frozenset({layer}), score)


def _of_places(activation: Float[Tensor, "batch units height width"], centred: bool) -> list[Tensor]:
    """What is left of an activation without its places: the Gram matrix, or the covariances and the means."""
    if not centred:
        return [gram(activation)]
    means = activation.mean((2, 3), keepdim=True)
    return [gram(activation - means), means]


def diversity(layer: str, kinds: Sequence[int], place: Place = "mean", time: int = -1) -> Objective:
    """How little each image's activation looks like those of its own kind: minus its mean cosine similarity to them.

    Olah, Mordvintsev, Schubert 2017 compare Gram matrices over the map; at its centre, or at one time step, there is
    one vector to make them from. An image that is the only one of its kind scores 0.
    """
    same = torch.as_tensor(kinds)[:, None] == torch.as_tensor(kinds)
    others = same & ~torch.eye(len(kinds), dtype=torch.bool)

    def score(seen: Activations, images: Tensor) -> Scores:
        features = _at(seen[layer], place, time)
        gram = torch.nn.functional.normalize((features @ features.transpose(1, 2)).flatten(1), dim=1)
        mask = others.to(gram)
        return -(gram @ gram.T * mask).sum(1) / mask.sum(1).clamp(min=1)

    return Objective(frozenset({layer}), score)


def l2() -> Objective:
    """The sum of squared pixels (Simonyan, Vedaldi, Zisserman 2014, equation 1): subtract it to punish bright ones."""
    return Objective(frozenset(), lambda seen, images: images.square().sum((1, 2, 3)))


def total_variation() -> Objective:
    """The sum of absolute differences between neighbours, down and across (Rudin, Osher, Fatemi 1992, anisotropic)."""

    def score(seen: Activations, images: Tensor) -> Scores:
        return images.diff(dim=2).abs().sum((1, 2, 3)) + images.diff(dim=3).abs().sum((1, 2, 3))

    return Objective(frozenset(), score)
