"""Every measure of a net's layers by its name: what it says, and how a layer's numbers are computed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from core.circuits import eighth
from core.evidence.subject import Subject
from core.layers import INPUT, Layer
from core.measures.bends import detour, flips
from core.measures.dimension import dimension
from core.measures.directions import INDEPENDENT, RANDOM, UNIT
from core.measures.edge_likeness import edge_likeness, shuffled
from core.measures.effective_field import area, radius
from core.measures.locality import locality
from core.measures.nonlinearity import nonlinearity
from core.measures.probes import probe, projected
from core.measures.selectivity import by_mean, class_selectivity, eta_squared
from core.measures.similarity import similarity
from core.measures.spaces import K, distances, same_label
from core.measures.sparsity import sparsity
from core.measures.spatial_frequency import mean_frequency
from core.stimuli import OPTIMUM, RECIPE, Recipe
from core.weights import matrices

Values = Tensor | float | None  # of the units, of the layer, or none


@dataclass(frozen=True)
class Measure:
    """What is measured of a layer."""

    title: str  # with its unit
    of: Callable[[Subject, Layer], Values]
    activations: bool = False  # of what a layer puts out; else of its pre-activations
    pixels: bool = False  # whether the images themselves have it, at depth 0
    photos: bool = False  # whether it is measured of photos, too
    shown: bool = False  # of the nets that pages show only, as it takes longer
    longest: bool = False  # of these only where a verdict hangs on them
    median: bool = False  # whether charts show the median unit, as shares of small responses have outliers


def theoretical_field(subject: Subject, layer: Layer) -> float:
    """Pixels across, of an image's side at most."""
    side = subject.data.images.shape[3]
    return min(float(side), subject.theoretical[layer.name][1].size)


def hoyer(subject: Subject, layer: Layer) -> Float[Tensor, " units"]:
    """Of each unit, over images: a map by its mean."""
    return sparsity(by_mean(subject.activations[layer.name]).T)


def bends_of(subject: Subject, layer: Layer) -> float | None:
    """Flips a ReLU and path; of nets without ReLUs none."""
    relu = next((other for other in subject.layers if other.behind == layer.name and other.kind == "relu"), None)
    if relu is None:
        return None
    counts = [flips(activations[layer.name]) / math.prod(layer.shape) for activations in subject.paths]
    return sum(counts) / len(counts)


def detours(subject: Subject, layer: Layer) -> float:
    """The mean over paths."""
    found = [detour(activations[layer.name]) for activations in subject.paths]
    return sum(found) / len(found)


def selective(subject: Subject, layer: Layer) -> Tensor | None:
    """Class selectivity where activations are never negative; None elsewhere."""
    values = subject.activations[layer.name]
    return None if bool((values < 0).any()) else class_selectivity(values, subject.labels)


def probe_projected(subject: Subject, layer: Layer) -> float | None:
    """At as many numbers as the smallest hidden layer has; None for fewer."""
    values = subject.activations[layer.name]
    return probe(projected(values, subject.probed), subject.labels) if values[0].numel() >= subject.probed else None


def neighbours(subject: Subject, layer: Layer) -> float:
    """By cosine, on the mean over the images."""
    return same_label(distances(subject.activations[layer.name].flatten(1))["cosine"], subject.labels)


def of_weights(of: Callable[[Tensor], Tensor], subject: Subject, layer: Layer) -> Tensor | None:
    """Of a first layer's weights, where they are pictures: a recurrent net reads rows."""
    if layer.depth != 1:
        return None
    found = next((matrix.values for matrix in matrices(subject.net, subject.layers, subject.data.images.shape[1:])
                  if matrix.reads == INPUT and not matrix.gate), None)  # fmt: skip
    return None if found is None or found.ndim < 4 else of(found)


def of_stimuli(of: Callable[[Tensor], Tensor], recipe: Recipe, subject: Subject, layer: Layer) -> Tensor:
    """Of what units look for, as it is."""
    return of(subject.stimuli(layer, recipe))


def of_windows(of: Callable[[Tensor], Tensor], recipe: Recipe, subject: Subject, layer: Layer) -> Tensor:
    """Of what units look for, within what they can see."""
    rows, columns = subject.window(layer)
    return of(subject.stimuli(layer, recipe)[:, :, rows, columns])


def along(basis: str, name: str, subject: Subject, layer: Layer) -> Tensor:
    """Of each direction of a basis; of the classes too, of which there are as many as their layer's units."""
    found = subject.directions(layer)
    return torch.tensor(found[(found.basis == basis) & (found.measure == name)].value.tolist())


def by_eighth(what: str, replacement: str, choice: str, subject: Subject, layer: Layer) -> Tensor | None:
    """Of each unit of a hidden layer that reads a hidden layer."""
    if layer in (subject.pre[0], subject.pre[-1]):
        return None
    found = subject.cut(layer)
    own = (found.what == what) & (found.replacement == replacement) & (found.choice == choice)
    return torch.tensor(found[own].share.tolist())


def built(recipe: Recipe, choice: str, subject: Subject, layer: Layer) -> Tensor | None:
    """The same of pictures, of the first units."""
    return None if layer in (subject.pre[0], subject.pre[-1]) else subject.built(layer, recipe)[choice]


def of_shuffled(pictures: Tensor) -> Tensor:
    """The control's edge-likeness."""
    return edge_likeness(shuffled(pictures))


OF_PIXELS = {"activations": True, "pixels": True}
TITLES = {"purity": "Purity", "coherence": "Coherence", "eta squared": "Share of variance between classes, η²,"}
BASES = {UNIT: ("", "of a unit"), RANDOM: (", random", "of a random direction"),
         INDEPENDENT: (", independent", "of an independent component")}  # fmt: skip
DIRECTIONS = {
    f"{name}{suffix}": Measure(f"{title} {of}", partial(along, basis, name), shown=True, activations=True)
    for name, title in TITLES.items() for basis, (suffix, of) in BASES.items()
    if (name, basis) != ("eta squared", UNIT)  # which all nets have
}  # fmt: skip
CHOICES = {eighth.NAMED: "the named eighth", eighth.RANDOM: "an eighth at random",
           eighth.EXCITING: "an exciting eighth at random", eighth.ACTIVE: "the most active eighth"}  # fmt: skip
REPLACEMENTS = {eighth.MEAN: ("", ""), eighth.ZERO: (", zero", ", zero in its place"),
                eighth.ANOTHER: (", another image", ", another image in its place")}  # fmt: skip
PAIR = {"": eighth.NAMED, ", random": eighth.RANDOM}
EIGHTHS = {
    f"lost by cutting{suffix}{'' if choice == eighth.NAMED else f', {choice}'}": Measure(
        f"Lost by cutting {said}{stands}: share of the response, median unit",
        partial(by_eighth, eighth.LOST, replacement, choice), shown=True, longest=True, median=True,
    )
    for replacement, (suffix, stands) in REPLACEMENTS.items() for choice, said in CHOICES.items()
} | {
    f"kept{suffix}": Measure(
        f"Kept by {CHOICES[choice]} alone: share of the rise, median unit",
        partial(by_eighth, eighth.KEPT, eighth.MEAN, choice), shown=True, longest=True, median=True,
    )
    for suffix, choice in PAIR.items()
} | {
    f"put together{kind}{suffix}": Measure(
        f"Reached by {said} of {CHOICES[choice]}: share of its own climb, median unit",
        partial(built, recipe, choice), shown=True, longest=True, median=True,
    )
    for kind, said, recipe in (("", "a picture", RECIPE), (", bare", "a bare picture", OPTIMUM))
    for suffix, choice in PAIR.items()
}  # fmt: skip
MEASURES: dict[str, Measure] = {
    "field": Measure("Theoretical receptive field: pixels across", theoretical_field, photos=True),
    "effective radius": Measure("Effective radius: pixels", lambda s, at: radius(s.field(at)),
                                photos=True),
    "effective area": Measure("Effective area: pixels", lambda s, at: area(s.field(at)), photos=True),
    "nonlinearity": Measure("Nonlinearity: 1 - R² of the best linear fit",
                            lambda s, at: nonlinearity(s.data.images, s.activations[at.name])),
    "probe": Measure("Linear probe: share right", lambda s, at: probe(s.activations[at.name], s.labels), **OF_PIXELS),
    "probe at equal dimension": Measure("Linear probe at equal dimension: share right", probe_projected, **OF_PIXELS),
    "neighbours": Measure(f"Neighbours of the same class: share of {K}", neighbours, **OF_PIXELS),
    "eta squared": Measure("Share of a unit's variance between classes: η²",
                           lambda s, at: eta_squared(s.activations[at.name], s.labels), activations=True),
    "class selectivity": Measure("Class selectivity: (a - b) / (a + b)", selective, activations=True),
    "sparsity": Measure("Sparsity of a unit over images (Hoyer)", hoyer, activations=True),
    "similarity to pixels": Measure("Similarity to the pixels: CKA",
                                    lambda s, at: similarity(s.data.images, s.activations[at.name]), activations=True,
                                    photos=True),
    "dimension": Measure("Dimension: participation ratio", lambda s, at: dimension(s.activations[at.name]),
                         activations=True, pixels=True),
    "flips": Measure("Flips of a ReLU on a path", bends_of),
    "detour": Measure("Detour: length of a path over its ends' distance", detours, activations=True),
    "locality of weights": Measure("Locality of first weights: pixels", partial(of_weights, locality)),
    "frequency of weights": Measure("Fineness of first weights: cycles a pixel", partial(of_weights, mean_frequency)),
    "edges in weights": Measure("Edge-likeness of first weights", partial(of_weights, edge_likeness)),
    "edges in weights, shuffled": Measure("Edge-likeness of first weights, shuffled", partial(of_weights, of_shuffled)),
    "locality": Measure("Locality of stimuli: pixels", partial(of_stimuli, locality, RECIPE), shown=True),
    "locality, bare": Measure("Locality of bare optima: pixels", partial(of_stimuli, locality, OPTIMUM), shown=True),
    "frequency": Measure("Fineness of stimuli: cycles a pixel", partial(of_stimuli, mean_frequency, RECIPE),
                         shown=True),
    "frequency, bare": Measure("Fineness of bare optima: cycles a pixel", partial(of_stimuli, mean_frequency, OPTIMUM),
                               shown=True),
    "edges": Measure("Edge-likeness of stimuli", partial(of_windows, edge_likeness, RECIPE), shown=True),
    "edges, shuffled": Measure("Edge-likeness of stimuli, shuffled", partial(of_windows, of_shuffled, RECIPE),
                               shown=True),
    **DIRECTIONS,
    "edges, bare": Measure("Edge-likeness of bare optima", partial(of_windows, edge_likeness, OPTIMUM), shown=True),
    **EIGHTHS,
}  # fmt: skip


def title(measure: str) -> str:
    """What a measure is called, within a sentence."""
    said = MEASURES[measure].title.split(":")[0] if measure in MEASURES else measure
    return said if said[:2].isupper() else said[0].lower() + said[1:]
