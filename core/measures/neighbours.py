"""Whether neighbours in a layer's space mean the same, beside every control with as many numbers; the rule for it.

`python -m core.measures.neighbours` computes the table that the app shows, and prints the README's part.
"""

import sys
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from core.data.digits import Digits, test_set
from core.files import write_whole
from core.layers import first_of_each_depth, list_layers
from core.measures.spaces import METRICS, PIXELS, Metric, distances, same_label, silhouette, vectors
from core.models import DIGIT_NETS, MODELS, SEEDS, SHUFFLED, TWIN, controls, load
from core.process import settle

Value = Literal["share", "silhouette"]
ENOUGH = 2000  # test images
TRAINED, PLAIN = "trained", "plain"
PROJECTED = "pixels projected"
BELOW = {TRAINED: "layer below projected", PLAIN: "plain layer below projected"}
NETS = {  # of each kind the nets, by their weights' names, one a seed
    TRAINED: tuple(f"seed-{seed}" for seed in SEEDS),
    PLAIN: (PLAIN,),
    TWIN: controls(TWIN),
    SHUFFLED: controls(SHUFFLED),
}
CONTROLS = {  # of each recipe, each with as many numbers as the layer
    recipe: (TWIN, SHUFFLED, PROJECTED, below) for recipe, below in BELOW.items()
}
NAMES = {TWIN: "untrained twins", SHUFFLED: "shuffled twins"}  # others are named as they are
TABLE = Path(__file__).parent / "neighbours.csv"
MUCH = ("all", "most", "less than half")
SAID = {
    "share": "Neighbours show the same digit more often than in every control with as many numbers",
    "silhouette": "The digits lie farther apart than in every control with as many numbers",
}


def projected(points: Tensor, numbers: int, seed: int) -> Tensor:
    """The points (n, any) in as many random directions: (n, numbers); what a loss of dimensions does by itself."""
    from sklearn.exceptions import DataDimensionalityWarning  # 60 MB, and the app never needs it
    from sklearn.random_projection import GaussianRandomProjection

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataDimensionalityWarning)  # where there are more numbers than before
        random = GaussianRandomProjection(numbers, random_state=seed).fit_transform(points.numpy())
    return torch.from_numpy(random)


class Compared(NamedTuple):
    """A space, and what it is called in the table."""

    weights: str
    seed: int
    layer: str
    depth: int
    points: Tensor


def spaces(model: str, kind: str, seed: int, images: Tensor) -> Iterator[Compared]:
    """The spaces of one net, and what a trained or plain one's layers are compared with.

    These are random projections of the pixels and of the same net's layer below, which behind depth 1 are the same. Of
    five trained nets each has one, the plain net has five.
    """
    net, pixels = load(model, weights=NETS[kind][seed]), images.flatten(1)
    below = pixels
    for layer in first_of_each_depth(list_layers(net, MODELS[model].input_shape), 1):
        points = vectors(net, images, layer.name)
        name, depth, numbers = layer.name, layer.depth, points.shape[1]
        yield Compared(kind, seed, name, depth, points)
        if kind == TRAINED:
            yield Compared(PROJECTED, seed, name, depth, projected(pixels, numbers, seed))
        for each in {TRAINED: (seed,), PLAIN: SEEDS}.get(kind, ()) if depth > 1 else ():
            yield Compared(BELOW[kind], each, name, depth, projected(below, numbers, each))
        below = points


def measured(found: Iterable[Compared], labels: Tensor) -> Iterator[dict[str, object]]:
    """`same_label` and `silhouette` of spaces: a row for each and metric, with how many numbers a point has."""
    for space in found:
        apart = distances(space.points)
        for metric in METRICS:
            yield {
                "weights": space.weights,
                "seed": space.seed,
                "layer": space.layer,
                "depth": space.depth,
                "numbers": space.points.shape[1],
                "metric": metric,
                "share": round(same_label(apart[metric], labels), 4),
                "silhouette": round(silhouette(apart[metric], labels), 4),
            }


@cache
def table() -> pd.DataFrame:
    """The shipped numbers: a row a net for digits, kind, seed, layer and metric; and of the pixels, at depth 0.

    Every caller has the same table: change a copy.
    """
    return pd.read_csv(TABLE)


@cache
def shown(model: str, weights: str, layer: str, metric: Metric) -> "pd.Series[Any] | None":
    """The shipped numbers of a space that the pages show: of the pixels, or of seed 0 of these weights.

    None where the net has not been measured: `python -m core.measures.neighbours` does it.
    """
    rows = table()
    rows = rows[(rows.layer == layer) & (rows.metric == metric) & (rows.seed == 0)]
    rows = rows[(layer == PIXELS) | ((rows.model == model) & (rows.weights == weights))]
    return rows.iloc[0] if len(rows) else None


def verdicts(value: Value = "share") -> pd.DataFrame:
    """THE RULE, set before the numbers: a layer gathers labels where its lowest trained seed beats every control.

    The controls have as many numbers as the layer: five untrained twins, five shuffled twins, five random projections
    of the pixels, five of the trained layer below; the plain net's layer below for the plain net. The highest of all
    counts. A row a layer and metric: `trained` (the lowest of five seeds), `plain` (one net), `control` (the trained
    net's strongest) and its `highest`, `beyond` and `plain beyond`. What is said in words holds by both metrics.
    """
    layers = table().query("depth > 0")
    by_kind = layers.groupby(["metric", "model", "depth", "layer", "numbers", "weights"])[value]
    lowest, highest = by_kind.min().unstack(), by_kind.max().unstack()
    found = lowest[[TRAINED, PLAIN]].copy()
    rivals = highest[list(CONTROLS[TRAINED])]
    found["control"], found["highest"] = rivals.idxmax(axis=1), rivals.max(axis=1)
    found["beyond"] = found[TRAINED] > found.highest
    found["plain beyond"] = found[PLAIN] > highest[list(CONTROLS[PLAIN])].max(axis=1)
    return found.reset_index()


def headline(value: Value = "share", models: Sequence[str] = DIGIT_NETS) -> str:
    """What the rule says of these nets, in words: where layers beat their controls, and where not."""
    found = verdicts(value)
    found = found[found.model.isin(models)]
    by_both = found.groupby(["model", "depth"])[["beyond", "plain beyond"]].all()
    said = f"{SAID[value]} in {_places(by_both[by_both.beyond].index, models)}"
    if not by_both.beyond.all():
        failing = found[~found.beyond].drop_duplicates(["model", "depth"])
        said += "; not in " + ", ".join(_missed(row, value) for row in failing.to_dict("records"))
    others = by_both[by_both.beyond != by_both["plain beyond"]].index
    return f"{said}. Plain training: the same{f', but for {_places(others, models)}' if len(others) else ''}."


def _missed(row: Mapping[Hashable, Any], value: Value) -> str:
    trained, highest = (_number(row[name], value) for name in (TRAINED, "highest"))
    place, control = f"`{row['model']}` at depth {row['depth']}", NAMES.get(row["control"], row["control"])
    return f"{place} (trained from {trained}, {control} up to {highest}, by {row['metric']})"


def _number(found: float, value: Value) -> str:
    return f"{100 * found:.1f} %" if value == "share" else f"{found:.2f}"


def _places(places: Iterable[tuple[str, int]], models: Sequence[str]) -> str:
    """Nets and depths in words: `dense` at depth 1 and 2."""
    there = list(places)
    depths = {model: [str(depth) for name, depth in there if name == model] for model in models}
    parts = [f"`{model}` at depth {listed(found)}" for model, found in depths.items() if found]
    return "; ".join(parts) or "no layer"


def listed(words: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def dimensions(models: Sequence[str] = DIGIT_NETS) -> str:
    """How much of the untrained twins' fall below the pixels, at the answer, the loss of dimensions explains, in words.

    The rule, set before the numbers: all of it where random projections of the pixels to as many numbers fall as far on
    the mean, by cosine; most of it from half of it on.
    """
    rows = table().query("metric == 'cosine'")
    pixels = float(rows[rows.weights == PIXELS].share.iloc[0])
    logits = rows[(rows.layer == "logits") & rows.model.isin(models)]
    falls = pixels - logits.groupby(["model", "weights"]).share.mean().unstack()
    explained = (falls[PROJECTED] / falls[TWIN]).to_dict()
    much = {
        model: "all" if share >= 1 else "most" if share >= 0.5 else "less than half"
        for model, share in explained.items()
    }
    named = {word: listed([f"`{model}`" for model in models if much[model] == word]) for word in MUCH}
    parts = [f"{word} of {'it' if place else 'that fall'} in {nets}"
             for place, (word, nets) in enumerate((word, nets) for word, nets in named.items() if nets)]  # fmt: skip
    twins, random = (_range(logits[logits.weights == kind].share) for kind in (TWIN, PROJECTED))
    return (
        f"By cosine it is {100 * pixels:.1f} % in the pixels. At the ten logits of untrained twins it is {twins} %, in "
        f"random projections of the pixels to ten numbers {random} %: the loss of dimensions explains {listed(parts)}."
    )


def rise(models: Sequence[str] = DIGIT_NETS) -> str:
    """Where the share rises with depth, in words.

    The rule, set before the numbers: where the lowest of five trained seeds lies above the highest one depth before, by
    both metrics; plain training has one seed.
    """
    rows = table().query("depth > 0")
    kinds: dict[str, list[str]] = {}  # by where it does not rise
    for kind in (TRAINED, PLAIN):
        stays = _stays(rows[rows.model.isin(models) & (rows.weights == kind)])
        words = listed([f"`{model}` from depth {depth - 1} to {depth}" for model, depth in stays])
        kinds.setdefault(f" but {words}" if words else "", []).append(kind)
    said = [f"{listed(named)}, in every net{but}" for but, named in kinds.items()]
    return f"With each depth the share rises: {'; '.join(said)}."


def _stays(rows: pd.DataFrame) -> list[tuple[str, int]]:
    """The nets and depths at which the lowest seed does not lie above the highest of the depth before."""
    found = rows.groupby(["model", "metric", "depth"]).share.agg(["min", "max"])
    before = found["max"].groupby(["model", "metric"]).shift()
    stays = found[found["min"] <= before].reset_index()
    return list(stays[["model", "depth"]].drop_duplicates().sort_values(["model", "depth"]).itertuples(index=False))


def _range(shares: pd.Series) -> str:
    low, high = f"{100 * shares.min():.1f}", f"{100 * shares.max():.1f}"
    return low if low == high else f"{low} to {high}"


def markdown() -> str:
    """The README's table: percent by cosine, the lowest to the highest seed, in bold what beats every control."""
    beyond = verdicts().groupby(["model", "depth"])[["beyond", "plain beyond"]].all().set_axis([TRAINED, PLAIN], axis=1)
    rows = table().query("metric == 'cosine' and depth > 0")
    deepest = max(rows.depth)
    lines = [f"| depth | | {' | '.join(str(depth) for depth in range(1, deepest + 1))} |", "|---" * (deepest + 2) + "|"]
    for model in DIGIT_NETS:
        for kind in (TRAINED, PLAIN, *CONTROLS[TRAINED], BELOW[PLAIN]):
            cells = [""] * deepest
            for depth, shares in rows[(rows.model == model) & (rows.weights == kind)].groupby("depth").share:
                bold = kind in beyond and beyond.loc[(model, depth), kind]
                cells[int(str(depth)) - 1] = f"**{_range(shares)}**" if bold else _range(shares)
            lines.append(
                f"| {f'`{model}`' if kind == TRAINED else ''} | {NAMES.get(kind, kind)} | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Compute the table and write it, with a progress bar; print it as the README has it."""
    settle()
    data = Digits(*(part[:ENOUGH] for part in test_set()))
    pixels = Compared(PIXELS, 0, PIXELS, 0, data.images.flatten(1))
    parts = [pd.DataFrame(measured([pixels], data.labels)).assign(model=PIXELS)]
    kinds = [(kind, seed) for kind, names in NETS.items() for seed in range(len(names))]
    for model, (kind, seed) in tqdm(list(product(DIGIT_NETS, kinds)), file=sys.stderr):
        found = spaces(model, kind, seed, data.images)
        parts.append(pd.DataFrame(measured(found, data.labels)).assign(model=model))
    columns = ["model", "weights", "seed", "layer", "depth", "numbers", "metric", "share", "silhouette"]
    write_whole(TABLE, pd.concat(parts)[columns].to_csv(index=False).encode())
    sys.stdout.write("\n\n".join([headline(), dimensions(), rise(), markdown()]) + "\n")


if __name__ == "__main__":
    main()
