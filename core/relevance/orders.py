"""Which order of a layer's units predicts what it costs to cut them out, and what the two nines have in common."""

import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import product

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from core.data.digits import test_set
from core.files import write_whole
from core.measures.interval import interval
from core.measures.relevance import FIRES, PREDICTORS, USED, USED_FROM, VARIES, rank_correlations, resampled
from core.models import DIGIT_NETS, TWIN
from core.process import settle
from core.relevance.uses import CUTS, FOLDER, HALVES, MEAN, OTHERS, WEIGHTS, ZERO, Uses, measure, rounds, shipped

APART = f"{USED} - {FIRES}"
TAKES = {MEAN: "its mean", ZERO: "zero"}
COLUMNS = {
    (ZERO, FIRES): "zero: activation", (ZERO, USED): "zero: relevance", (MEAN, FIRES): "mean: activation",
    (MEAN, VARIES): "mean: its spread", (MEAN, USED): "mean: relevance",
    (MEAN, USED_FROM): "mean: relevance from the mean",
}  # fmt: skip


def in_common(fires: Tensor, used: Tensor) -> float:
    """Of the images that excite a unit most the share in which it also matters most; there is at least one."""
    return len(set(fires.tolist()) & set(used.tolist())) / len(fires)


def commonest(labels: Tensor) -> int:
    """The label that most of the images have; of equally many the one that comes first."""
    return Counter(labels.tolist()).most_common(1)[0][0]


def _common(found: Uses) -> dict[str, object]:
    """What the two nines of a layer's live units have in common, on the mean: a row's part of the table "layers"."""
    labels, rows = test_set().labels, []
    for unit in found.live.nonzero()[:, 0].tolist():
        used, _ = found.used_for(unit)
        fires, summed = found.fires.inputs[unit], found.summed.inputs[unit]
        same = float(commonest(labels[fires]) == commonest(labels[used])) if len(used) else torch.nan
        rows.append([in_common(fires, used), in_common(summed, used), same])
    made: dict[str, object] = {"units": len(rows)}
    for name, values in zip(("common", "summed", "digit"), torch.tensor(rows).T, strict=True):
        low, high = interval(values)
        made |= {name: round(float(values.nanmean()), 4), f"{name}_low": round(low, 4), f"{name}_high": round(high, 4)}
    return made


def _predicted(found: Uses) -> Iterator[dict[str, object]]:
    """Over a layer's live units the rank correlation of each predictor with the cost: rows' parts of "predicted"."""
    for (cut, name), (half, images) in product(enumerate(CUTS), enumerate(HALVES)):
        values, cost = found.predictors[cut][:, found.live], found.costs[cut, half, found.live]
        rho = torch.cat([rank_correlations(values, cost)[None], resampled(values, cost)]).double()
        apart = rho[:, PREDICTORS.index(USED)] - rho[:, PREDICTORS.index(FIRES)]
        rho = torch.cat([rho, apart[:, None]], dim=1)
        ends = rho[1:].quantile(torch.tensor([0.025, 0.975], dtype=torch.float64), dim=0)
        for place, predictor in enumerate((*PREDICTORS, APART)):
            value, low, high = (round(float(each[place]), 4) for each in (rho[0], *ends))
            yield {"cut": name, "images": images, "predictor": predictor, "value": value, "low": low, "high": high}


def tables() -> dict[str, pd.DataFrame]:
    """Both tables, made from what ships: a row a model, weights and layer, or several."""
    layers, predicted = [], []
    for model, weights in product(DIGIT_NETS, WEIGHTS):
        for layer, found in (shipped(model, weights) or {}).items():
            named = {"model": model, "weights": weights, "layer": layer}
            layers.append(named | _common(found))
            predicted += [named | row for row in _predicted(found)]
    return {"layers": pd.DataFrame(layers), "predicted": pd.DataFrame(predicted)}


@cache
def table(name: str) -> pd.DataFrame:
    """One of the shipped tables: "layers" or "predicted". Every caller has the same: change a copy."""
    return pd.read_csv(FOLDER / f"{name}.csv")


@cache
def _measured(model: str, weights: str, layer: str) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Value and interval by cut and predictor, on the images from which nothing was predicted."""
    rows = table("predicted")
    rows = rows[(rows.model == model) & (rows.weights == weights) & (rows.layer == layer) & (rows.images == OTHERS)]
    columns = [rows[name].tolist() for name in ("cut", "predictor", "value", "low", "high")]
    return {(cut, name): (value, low, high) for cut, name, value, low, high in zip(*columns, strict=True)}


def better(model: str, weights: str, layer: str, cut: str) -> str | None:
    """Which of the two orders predicts a cut's cost better; None where the difference's interval holds 0."""
    _, low, high = _measured(model, weights, layer)[cut, APART]
    return USED if low > 0 else FIRES if high < 0 else None


@cache
def of_layer(model: str, weights: str, layer: str) -> str:
    """What was measured in a hidden layer whose numbers ship, for the panel of its units; bold is surely better."""
    rows = table("layers")
    units = rows[(rows.model == model) & (rows.weights == weights) & (rows.layer == layer)].units.item()
    said = []
    for cut in (ZERO, MEAN):
        fires, used = (_shown(model, weights, layer, cut, name) for name in (FIRES, USED))
        unsure = "" if better(model, weights, layer, cut) else ", no sure difference"
        said.append(f"with {TAKES[cut]} in its place, activation {fires}, relevance {used}{unsure}")
    return (
        f"Which of the two predicts what it costs the answer to cut a unit of {layer} out? Rank correlation over its "
        f"{units} live units: {'; '.join(said)}."
    )


def _shown(model: str, weights: str, layer: str, cut: str, name: str) -> str:
    value = f"{round(_measured(model, weights, layer)[cut, name][0], 2) + 0.0:.2f}"  # no -0.00
    return f"**{value}**" if better(model, weights, layer, cut) == name else value


def headline() -> str:
    """What the tables say in words."""
    rows, predicted = (every[every.weights != TWIN] for every in (table("layers"), table("predicted")))
    twins = table("layers")[table("layers").weights == TWIN]
    said = []
    for cut in (ZERO, MEAN):
        count = Counter(better(*key, cut) for key in zip(rows.model, rows.weights, rows.layer, strict=True))
        said.append(
            f"with {TAKES[cut]} in its place relevance predicts better in {count[USED]} of {len(rows)} layers, "
            f"activation in {count[FIRES]}, not decided are {count[None]}"
        )
    from_mean = predicted[(predicted.images == OTHERS) & (predicted.cut == MEAN) & (predicted.predictor == USED_FROM)]
    return (
        f"Trained and plain, the two nines have {_least_and_most(rows, 'common')} in common, in the median layer "
        f"{100 * rows.common.median():.0f} %, in the twins {100 * twins.common.median():.0f} %; where activation is "
        f"summed as relevance is, {100 * rows.summed.median():.0f} %. The commonest digit of both is the same for "
        f"{_least_and_most(rows, 'digit')} of a layer's units. What it costs the answer to cut a unit out: "
        f"{'; '.join(said)}. Relevance measured from the mean predicts the cut to the mean with a rank correlation of "
        f"{from_mean.value.median():.2f} in the median layer and {from_mean.value.min():.2f} at least."
    )


def _least_and_most(rows: pd.DataFrame, column: str) -> str:
    ordered = rows.sort_values(column, kind="stable")
    ends = zip(*(ordered[name].iloc[[0, -1]] for name in (column, "model", "layer", "weights")), strict=True)
    return " to ".join(f"{100 * value:.0f} % (`{model}/{layer}` {weights})" for value, model, layer, weights in ends)


def markdown() -> str:
    """The README's table: in each cell trained / plain / untrained; bold where one order is surely the better one."""
    lines = [f"| | in common, % | same digit, % | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 3) + "|"]
    rows = table("layers")
    for model, layer in dict.fromkeys(zip(rows.model, rows.layer, strict=True)):
        own = rows[(rows.model == model) & (rows.layer == layer)].set_index("weights")
        cells = [_cell(f"{100 * own[name][weights]:.0f}" for weights in WEIGHTS) for name in ("common", "digit")]
        cells += [_cell(_shown(model, weights, layer, cut, name) for weights in WEIGHTS) for cut, name in COLUMNS]
        lines.append(f"| `{model}/{layer}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(parts: Iterator[str]) -> str:
    return " / ".join(parts)


def main() -> None:
    """Measure all nets and write the tables, with a progress bar a net."""
    settle()
    for model, weights in product(DIGIT_NETS, WEIGHTS):
        with tqdm(total=rounds(model), desc=f"{model} {weights}", file=sys.stderr, mininterval=1) as bar:
            for done in measure(model, weights):
                bar.update(done - bar.n)
    shipped.cache_clear()
    for name, made in tables().items():
        write_whole(FOLDER / f"{name}.csv", made.to_csv(index=False).encode())
    for cached in (table, _measured, of_layer):
        cached.cache_clear()
