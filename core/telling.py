"""How well each unit's picture tells what excites the unit, beside real images and controls.

`python -m core.telling` measures it for all nets for digits, writes the tables, and prints the README's part.
"""

import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from core import atlas
from core.ascent.priors import drawings
from core.data.digits import test_set
from core.examples import peaks
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers, pre_activation, record
from core.measures.forced_choice import DISTRACTORS, OBSERVERS, QUERIES, REFERENCES, Questions, by_nets
from core.measures.interval import interval
from core.measures.path_similarity import likeness, path_similarity, ranks, resampled
from core.models import DIGIT_NETS, MODELS, TWIN, load
from core.process import settle
from core.stimuli import RECIPE, RECIPES, Recipe, climb
from core.survey import BATCH, survey
from core.units import Unit

WEIGHTS = ("trained", "plain", TWIN)
PICTURE, REAL = "picture", "strongest real image"
FOUR, FOUR_REAL = "four pictures", "four real images"
BESIDE = {PICTURE: REAL, FOUR: FOUR_REAL}  # what each has to be as good as
SLACK = 0.02  # by which the interval of a difference may lie below zero
WITHOUT, OTHER, SAMPLE = "without prior", "another unit's picture", "a sample of the prior"
FOLDER = Path(__file__).parent / "telling"
SIMILAR, RANDOM = 8, 64  # images: a unit's strongest, and any others
ALMOST_NEVER = 1e-6  # a unit whose answers spread less is not asked about
MEAN = "both nets"


class Asked:
    """A layer of a net: which of its units are alive, their references and the questions about them."""

    def __init__(self, model: str, weights: str, layer: str, net: nn.Module) -> None:
        images = test_set().images
        excitement = torch.cat(list(peaks(net, images, layer)))
        self.model, self.weights, self.layer, self.net = model, weights, layer, net
        self.units = [unit for unit, spread in enumerate(excitement.std(0).tolist()) if spread > ALMOST_NEVER]
        self.images, excitement = images[REFERENCES], excitement[:, self.units]
        self.strongest = excitement[REFERENCES].argsort(dim=0, descending=True, stable=True)
        self.questions = Questions(images[QUERIES], excitement[QUERIES])
        *_, last = survey(net, images.split(BATCH), [layer])
        assert last.answers is not None
        self.answers = last.answers[layer]

    def real(self, count: int) -> Tensor:
        """The real images that excite each unit most: (units, count, 1, 28, 28)."""
        return self.images[self.strongest[:count].T]

    def pictures(self, recipe: Recipe, many: int = 1) -> Tensor:
        """So many pictures of each unit, climbed anew: (units, many, 1, 28, 28)."""
        shape = record(self.net, self.images[:1], [self.layer])[self.layer].shape[1:]
        wanted = [unit for unit in self.units for _ in range(many)]
        aims = self.answers.aims_of(shape, wanted)
        found = []
        for begin in range(0, len(wanted), atlas.BATCH):
            now = slice(begin, begin + atlas.BATCH)
            *_, step = climb(self.net, self.layer, wanted[now], recipe, aims[now])
            found.append(step.images)
        return torch.cat(found).unflatten(0, (len(self.units), many))


def references(asked: Asked) -> Iterator[tuple[str, Tensor]]:
    """What an observer is shown, by name: (units, n, 1, 28, 28)."""
    generator, units = Generator().manual_seed(0), len(asked.units)
    picture = asked.pictures(RECIPES["digits"])
    yield PICTURE, picture
    yield FOUR, asked.pictures(RECIPES["digits"], atlas.VARIETY)
    yield WITHOUT, asked.pictures(RECIPE)
    yield REAL, asked.real(1)
    yield FOUR_REAL, asked.real(4)
    yield "nine real images", asked.real(9)
    yield "mean of nine real images", asked.real(9).mean(1, keepdim=True)
    yield OTHER, picture.roll(1, 0)
    yield SAMPLE, drawings(RECIPES["digits"].prior, units)[:, None]
    drawn = torch.randint(len(asked.images), (units, 9), generator=generator)
    yield "nine images at random", asked.images[drawn]
    if asked.weights != TWIN:
        twin = Asked(asked.model, TWIN, asked.layer, load(asked.model, weights=TWIN))
        of_twin = dict(zip(twin.units, twin.pictures(RECIPES["digits"]), strict=True))
        if of_twin.keys() >= set(asked.units):
            yield "the twin's picture", torch.stack([of_twin[unit] for unit in asked.units])


def _row(asked: Asked, **named: object) -> dict[str, object]:
    return {"model": asked.model, "weights": asked.weights, "layer": asked.layer, "units": len(asked.units)} | named


def _mean(values: Tensor) -> dict[str, float]:
    low, high = interval(values)
    return {"value": round(float(values.mean()), 4), "low": round(low, 4), "high": round(high, 4)}


def choices(asked: Asked, shown: dict[str, Tensor]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The rows of a layer in the table of forced choices, and those of its units."""
    rows, of_units = [], {}
    for name, pictures in shown.items():
        scores = asked.questions.scores(pictures)
        of_units[name] = by_nets(scores)
        for observer, kind in product((*OBSERVERS, "pixels"), DISTRACTORS):
            rows.append(
                _row(asked, reference=name, observer=observer, distractor=kind, **_mean(scores[observer, kind]))
            )
        for kind in DISTRACTORS:
            rows.append(_row(asked, reference=name, observer=MEAN, distractor=kind, **_mean(by_nets(scores, kind))))
    for name, rival in BESIDE.items():
        apart = of_units[name] - of_units[rival]
        rows.append(_row(asked, reference=f"{name} - {rival}", observer=MEAN, distractor="middle", **_mean(apart)))
    told = [
        {"model": asked.model, "weights": asked.weights, "layer": asked.layer, "unit": unit,
         "picture": round(float(of_units[PICTURE][place]), 3), "real": round(float(of_units[REAL][place]), 3),
         "other": round(float(of_units[OTHER][place]), 3)}
        for place, unit in enumerate(asked.units)
    ]  # fmt: skip
    return rows, told


def paths(asked: Asked, shown: dict[str, Tensor]) -> Iterator[dict[str, object]]:
    """The rows of a layer in the table of path similarities: a row an earlier layer and kind of picture."""
    layers = list_layers(asked.net, MODELS[asked.model].input_shape)
    depth = next(layer.depth for layer in layers if layer.name == asked.layer)
    others = asked.images[torch.randperm(len(asked.images), generator=Generator().manual_seed(0))[:RANDOM]]
    for layer in first_of_each_depth(layers, 1):
        if layer.depth >= depth:
            continue
        real = [ranks(asked.net, layer.name, images) for images in asked.real(SIMILAR)]
        far = ranks(asked.net, layer.name, others)
        for name in (PICTURE, WITHOUT, OTHER):
            seen = ranks(asked.net, layer.name, shown[name][:, 0])
            found = torch.tensor(
                [likeness(seen[[place]], own, far) for place, own in enumerate(real)], dtype=torch.float64
            )
            low, high = resampled(found)
            value = round(path_similarity(found), 3)
            yield _row(asked, earlier=layer.name, reference=name, value=value, low=round(low, 3), high=round(high, 3))


@cache
def table(name: str) -> pd.DataFrame:
    """One of the shipped tables: "layers", "units" or "paths". Every caller has the same: change a copy."""
    return pd.read_csv(FOLDER / f"{name}.csv")


class Told(NamedTuple):
    """How often observers answer right by a unit's picture, by its strongest real image, and by another's picture."""

    picture: float
    real: float
    other: float


def told(unit: Unit, weights: str) -> Told | None:
    """What the shipped table says of a unit, of any layer, by the mean of both nets; None where it was not asked."""
    layer = pre_activation(atlas.layers_of(unit.model), unit.layer).name
    return _by_unit().get((unit.model, weights, layer, unit.index))


@cache
def _by_unit() -> dict[tuple[Any, ...], Told]:
    return {row[:4]: Told(*map(float, row[4:])) for row in table("units").itertuples(index=False, name=None)}


def paths_of(unit: Unit, weights: str, reference: str = PICTURE) -> dict[str, float]:
    """The path similarity of the pictures of a unit's layer, at each earlier layer."""
    layer, rows = pre_activation(atlas.layers_of(unit.model), unit.layer).name, table("paths")
    rows = rows[(rows.model == unit.model) & (rows.weights == weights) & (rows.layer == layer)]
    rows = rows[rows.reference == reference]
    return dict(zip(rows.earlier, rows.value, strict=True))


SHOWN = (PICTURE, REAL, FOUR, FOUR_REAL, WITHOUT, OTHER)


def markdown() -> str:
    """The README's table: forced choice by both nets, beside the middle fifth, and the lowest path similarity.

    In bold a picture, or four, at least as good as as many real images: the interval of the difference is above -.02.
    """
    rows = table("layers")
    rows = rows[(rows.observer == MEAN) & (rows.distractor == DISTRACTORS[0])]
    lines = [f"| | | {' | '.join(SHOWN)} | path similarity | without prior |", "|---" * (len(SHOWN) + 4) + "|"]
    for (model, layer, weights), found in rows.groupby(["model", "layer", "weights"], sort=False):
        of = found.set_index("reference")
        cells = [_percent(of.value[name], is_as_good(of, name)) for name in SHOWN]
        paths = table("paths")
        paths = paths[(paths.model == model) & (paths.layer == layer) & (paths.weights == weights)]
        lowest = paths.groupby("reference").value.min()
        ends = [f"{lowest[name]:.2f}" if name in lowest else "" for name in (PICTURE, WITHOUT)]
        lines.append(f"| `{model}/{layer}` | {weights} | {' | '.join([*cells, *ends])} |")
    return "\n".join(lines)


def is_as_good(of: pd.DataFrame, name: str) -> bool:
    """Whether pictures tell as much as as many real images: THE RULE, set before the numbers."""
    return name in BESIDE and of.low[f"{name} - {BESIDE[name]}"] > -SLACK


def _percent(value: float, bold: bool) -> str:
    return f"**{100 * value:.0f}**" if bold else f"{100 * value:.0f}"


def headline() -> str:
    """What the table says in words: in which layers pictures tell as much as real images, and in which not."""
    rows = table("layers")
    rows = rows[(rows.observer == MEAN) & (rows.weights != TWIN) & (rows.distractor == DISTRACTORS[0])]
    said = []
    for name, rival in BESIDE.items():
        fewer, count = [], 0
        for (model, layer, weights), found in rows.groupby(["model", "layer", "weights"], sort=False):
            of = found.set_index("reference")
            count += 1
            if not is_as_good(of, name):
                apart = of.loc[f"{name} - {rival}"]
                fewer.append(f"`{model}/{layer}` {weights} ({100 * apart.value:+.0f}, {100 * apart.low:+.0f} to "
                             f"{100 * apart.high:+.0f})")  # fmt: skip
        noun = "One picture tells" if name == PICTURE else "Four pictures tell"
        beside = "the strongest real image" if name == PICTURE else "the four strongest real images"
        said.append(f"{noun} as much as {beside} in {count - len(fewer)} of {count} layers, trained and plain; "
                    f"not shown in {', '.join(fewer)}.")  # fmt: skip
    return " ".join(said)


def main() -> None:
    """Measure all layers and write the tables, with a progress bar."""
    settle()
    tables: dict[str, list[dict[str, object]]] = {"layers": [], "units": [], "paths": []}
    nets = list(product(DIGIT_NETS, WEIGHTS))
    with tqdm(nets, file=sys.stderr) as bar:
        for model, weights in bar:
            net = load(model, weights=weights)
            for layer in first_of_each_depth(list_layers(net, MODELS[model].input_shape), 0):
                bar.set_description(f"{model} {weights} {layer.name}")
                asked = Asked(model, weights, layer.name, net)
                shown = dict(references(asked))
                rows, told = choices(asked, shown)
                tables["layers"] += rows
                tables["units"] += told
                tables["paths"] += paths(asked, shown)
    for name, rows in tables.items():
        write_whole(FOLDER / f"{name}.csv", pd.DataFrame(rows).to_csv(index=False).encode())
    table.cache_clear()
    sys.stdout.write(f"{headline()}\n\n{markdown()}\n")


if __name__ == "__main__":
    main()
