"""What a net has learnt, as it stands: the weights of each layer, and which units they join.

`python -m core.weights` computes how smooth the filters are, the table that ships, and prints the README's part.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from core.files import write_whole
from core.layers import INPUT, Layer, list_layers, pre_activation
from core.measures.neighbours import NETS, PLAIN, TRAINED, listed
from core.models import DIGIT_NETS, SHUFFLED, TWIN, find, load
from core.process import settle
from core.training import RECIPES

GATES = ("input", "forget", "cell", "output")  # of an LSTM, in torch's order
WRITES = "cell"  # the gate whose sum is what an LSTM writes into its memory
TABLE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class Matrix:
    """The weights by which a layer's units sum up what they read."""

    layer: Layer
    reads: str  # a layer, INPUT, or the layer itself one step earlier
    gate: str  # of an LSTM; empty for other layers
    values: Float[Tensor, "units before *window"]  # of the input its channels, or a row's pixels; the window may lack


def matrices(model: nn.Module, layers: Sequence[Layer], input_shape: Sequence[int]) -> list[Matrix]:
    """All matrices of a net in forward order: one a layer, of an LSTM two a gate."""
    return [matrix for layer in layers for matrix in _of_layer(model, layer, layers, input_shape)]


def _of_layer(model: nn.Module, layer: Layer, layers: Sequence[Layer], input_shape: Sequence[int]) -> list[Matrix]:
    if layer.module is None or layer.reads is None:
        return []
    module = model.get_submodule(layer.module)
    if isinstance(module, nn.LSTM):
        both = (layer.reads, module.get_parameter("weight_ih_l0")), (layer.name, module.get_parameter("weight_hh_l0"))
        return [
            Matrix(layer, reads, gate, part)
            for reads, weight in both
            for gate, part in zip(GATES, weight.detach().chunk(len(GATES)), strict=True)
        ]
    if not isinstance(module, (nn.Linear, nn.Conv2d)):
        return []
    weight, shape = module.weight.detach(), {INPUT: tuple(input_shape)} | {other.name: other.shape for other in layers}
    if isinstance(module, nn.Linear) and weight.shape[1] == math.prod(shape[layer.reads]):
        weight = weight.unflatten(1, shape[layer.reads])  # it reads all places of all units in one line
    return [Matrix(layer, layer.reads, "", weight)]


def joins(model: nn.Module, layers: Sequence[Layer], layer: Layer) -> Float[Tensor, "units before"] | None:
    """How each unit of the layer that is read adds to each unit of `layer`: its weights, summed over the window.

    Of an LSTM, to what it writes into its memory. None for layers that read the input or no single layer, and for
    those whose units do not read all units.
    """
    if layer.reads in (None, INPUT):
        return None
    for matrix in _of_layer(model, layer, layers, ()):
        grouped = matrix.values.shape[1] != _named(layers, matrix.reads).units
        if matrix.reads == layer.reads and matrix.gate in ("", WRITES) and not grouped:
            return matrix.values.reshape(*matrix.values.shape[:2], -1).sum(2)
    return None


@dataclass(frozen=True)
class Neighbours:
    """The units of another layer that a unit is joined to, by the weights between them."""

    layer: str
    positive: list[tuple[int, float]]  # index and weight, the strongest first
    negative: list[tuple[int, float]]


def inputs_of(model: nn.Module, layers: Sequence[Layer], layer: str, unit: int, k: int) -> Neighbours | None:
    """The k units that excite a unit most by their weights, and the k that inhibit it most."""
    before = pre_activation(layers, layer)
    weights = joins(model, layers, before)
    return None if weights is None or before.reads is None else _strongest(before.reads, weights[unit], k)


def outputs_of(model: nn.Module, layers: Sequence[Layer], layer: str, unit: int, k: int) -> list[Neighbours]:
    """For each layer that reads a unit's, the k units that it excites most, and the k that it inhibits most."""
    before = pre_activation(layers, layer).name
    found = []
    for reader in layers:
        if reader.reads in (None, INPUT) or pre_activation(layers, reader.reads).name != before:
            continue
        weights = joins(model, layers, reader)
        if weights is not None:
            found.append(_strongest(reader.name, weights[:, unit], k))
    return found


def _strongest(layer: str, weights: Float[Tensor, " n"], k: int) -> Neighbours:
    order = weights.argsort(descending=True, stable=True)

    def pairs(numbers: Int[Tensor, " k"]) -> list[tuple[int, float]]:
        return [(int(number), float(weights[number])) for number in numbers]

    return Neighbours(layer, pairs(order[weights[order] > 0][:k]), pairs(order.flip(0)[weights[order.flip(0)] < 0][:k]))


def _named(layers: Sequence[Layer], name: str) -> Layer:
    return next(layer for layer in layers if layer.name == name)


def eigenvalues(matrix: Matrix) -> Complex[Tensor, " units"]:
    """Of a recurrent matrix: in a linear net, what lies inside the unit circle fades with each step."""
    return torch.linalg.eigvals(matrix.values)


def smoothness(values: Float[Tensor, "*units height width"]) -> float:
    """How alike weights are that lie side by side: their correlation, between -1 and 1; about 0 without training."""
    across = values[..., :, :-1].flatten(), values[..., :, 1:].flatten()
    down = values[..., :-1, :].flatten(), values[..., 1:, :].flatten()
    pairs = torch.stack([torch.cat([a, b]) for a, b in zip(across, down, strict=True)])
    return float(torch.corrcoef(pairs)[0, 1])


def measured(model: str) -> Iterator[dict[str, object]]:
    """The smoothness of a net's layers with filters: a row a layer, kind of weights and seed."""
    shape = find(model).input_shape
    layers = list_layers(load(model), shape)
    for kind, names in NETS.items():
        for seed, weights in enumerate(names):
            for matrix in matrices(load(model, weights=weights), layers, shape):
                if matrix.values.ndim == 4:
                    value = round(smoothness(matrix.values), 4)
                    yield {"model": model, "weights": kind, "seed": seed, "layer": matrix.layer.name,
                           "depth": matrix.layer.depth, "smoothness": value}  # fmt: skip


@cache
def table() -> pd.DataFrame:
    """The shipped smoothness of every net for digits, as `measured`; every caller has the same: change a copy."""
    return pd.read_csv(TABLE)


def verdicts() -> pd.DataFrame:
    """THE RULE, set before the numbers: training as such leaves its mark where all seeds and plain training beat twins.

    The lowest trained seed and the plain net lie above the highest of five untrained and of five shuffled twins. Where
    only the trained ones do, the mark is the recipe's. A row a model and layer: `lowest`, `highest` (trained), `plain`,
    `control` (the twins' highest), and the `mark`: "training", "recipe" or "none".
    """
    by_kind = table().groupby(["model", "depth", "layer", "weights"], sort=False).smoothness
    low, high = by_kind.min().unstack(), by_kind.max().unstack()
    found = pd.DataFrame({"lowest": low[TRAINED], "highest": high[TRAINED], "plain": low[PLAIN],
                          "control": high[[TWIN, SHUFFLED]].max(axis=1)})  # fmt: skip
    found["mark"] = "none"
    found.loc[found.lowest > found.control, "mark"] = "recipe"
    found.loc[found[["lowest", "plain"]].min(axis=1) > found.control, "mark"] = "training"
    return found.reset_index()


def headline() -> str:
    """What the rule says, in words; then how much of it is the recipes', which of them have a penalty for this.

    Most of a mark is the recipe's where plain training leaves less than half of the least trained one's. (This was
    added when the numbers were known: the rule alone lets pass what plain training hardly leaves.)
    """
    found, said = verdicts(), []
    marks = {
        "training": "smoother than those of ten twins, trained and plain: training as such leaves its mark there",
        "recipe": "smoother when trained, not when plain: the recipe leaves its mark there",
        "none": "no smoother than those of twins",
    }
    for mark, words in marks.items():
        if len(rows := found[found.mark == mark]):
            said.append(f"The filters of {listed(_places(rows))} are {words}.")
    hardly = found[(found.plain - found.control < (found.lowest - found.control) / 2) & (found.mark == "training")]
    if len(hardly):
        said.append(f"But most of it is the recipe's on {listed([_compared(row) for row in hardly.itertuples()])}.")
    return " ".join([*said, _of_the_recipes(found)])


def _of_the_recipes(found: pd.DataFrame) -> str:
    more, less = found[found.lowest > found.plain], found[found.highest < found.plain]
    changed = [
        f"{verb} it in {listed(_places(rows))}" for verb, rows in (("raise", more), ("lower", less)) if len(rows)
    ]
    recipes = {f"`{name}`": RECIPES[name] for name in dict.fromkeys(found.model)}
    rough, large, moved, attacked = (
        listed([name for name, recipe in recipes.items() if getattr(recipe, field)])
        for field in ("smoothness", "sparsity", "augmentation", "epsilon")
    )
    return (
        f"Beside plain training the recipes {' and '.join(changed)}. {rough} pays a penalty for rough first-layer "
        f"weights, {large} one for large ones; {moved} see augmented images, {attacked} adversarial steps as well. "
        "None of these was tested by itself."
    )


def _places(rows: pd.DataFrame) -> list[str]:
    return [f"`{row.model}/{row.layer}`" for row in rows.itertuples()]


def _compared(row: Any) -> str:
    return (f"`{row.model}/{row.layer}` (trained from {row.lowest:.3f}, plain {row.plain:.3f}, "
            f"twins up to {row.control:.3f})")  # fmt: skip


def _range(low: float, high: float | None = None) -> str:
    texts = [f"{round(value, 2) + 0:.2f}" for value in (low, low if high is None else high)]
    return " to ".join(dict.fromkeys(texts))


def ranges(model: str, layer: str) -> dict[str, str]:
    """The lowest to the highest smoothness of a layer's weights, by kind; empty where none ships."""
    rows = table()
    by_kind = rows[(rows.model == model) & (rows.layer == layer)].groupby("weights", sort=False).smoothness
    return {str(kind): _range(values.min(), values.max()) for kind, values in by_kind}


def markdown() -> str:
    """The README's table: the smoothness of each layer with filters, from the lowest to the highest seed."""
    lines = ["| | trained | plain | untrained twins | shuffled twins |", "|---|---|---|---|---|"]
    for model, layer in table()[["model", "layer"]].drop_duplicates().itertuples(index=False):
        lines.append(f"| `{model}/{layer}` | {' | '.join(ranges(model, layer)[kind] for kind in NETS)} |")
    return "\n".join(lines)


def main() -> None:
    """Compute the table and write it; print it as the README has it."""
    settle()
    rows = pd.DataFrame(row for model in DIGIT_NETS for row in measured(model))
    write_whole(TABLE, rows.to_csv(index=False).encode())
    sys.stdout.write(f"{headline()}\n\n{markdown()}\n")


if __name__ == "__main__":
    main()
