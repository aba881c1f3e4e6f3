"""What each method is worth in each digit net, over test images: made by `python -m core.trust`."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from core.attribution import ATTRIBUTIONS, COMPLETE, why_not
from core.attribution.outcome import Images, Target
from core.data.digits import test_set
from core.files import write_whole
from core.models import DIGIT_NETS, load
from core.process import settle
from core.trust.examine import CURVES, Worth, controls, examine, worth
from core.trust.numbers import PARTS, Curve

DIGITS = 200  # test images in the table
TABLE, CURVES_TABLE = (Path(__file__).parent / name for name in ("numbers.csv", "curves.csv"))
NUMBERS = ("gap", "infidelity", "sensitivity", "deletion", "deletion, random", "insertion", "insertion, random",
           "last layer random", "all random")  # fmt: skip
LOT = "random order"  # the control's name among the methods


def measure(name: str, model: str, count: int) -> Worth:
    """Examine a method's maps of the first `count` test images, each explained for its own label."""
    net, twin = load(model), load(model, weights="untrained")
    examined = []
    for label, images in _by_label(count).items():
        *_, trust = examine(name, net, twin, images, Target("logits", label))
        examined.append((trust, _control(model, label, count)))
    return worth(examined)


def _by_label(count: int) -> dict[int, Images]:
    data = test_set()
    images, labels = data.images[:count], data.labels[:count]
    return {label: images[labels == label] for label in labels.unique().tolist()}


@cache
def _control(model: str, label: int, count: int) -> dict[str, Curve]:
    *_, control = controls(load(model), _by_label(count)[label], Target("logits", label))
    return control


def table() -> pd.DataFrame:
    """The shipped numbers: a row a net and method."""
    return pd.read_csv(TABLE)


def _curves_table() -> pd.DataFrame:
    """The shipped curves: a row a point (model, method, curve, at, value).

    Of deletion and insertion, with LOT among the methods, `at` is the share of the pixels; of "stages" it is the layer
    that the twin's weights have come down to.
    """
    return pd.read_csv(CURVES_TABLE, dtype={"at": str})


def shipped() -> dict[tuple[str, str], Worth]:
    """What each method is worth in each digit net, by net and method, as it ships."""
    points = dict(list(_curves_table().groupby(["model", "method", "curve"], sort=False)))
    found = {}
    for row in table().to_dict("records"):
        model, method = str(row["model"]), str(row["method"])
        curves = {which: points[model, method, which].value.tolist() for which in CURVES}
        by_lot = {f"{which}, random": points[model, LOT, which].value.tolist() for which in CURVES}
        stages = points[model, method, "stages"]
        numbers = {name: float(row[name]) for name in NUMBERS}
        found[model, method] = Worth(numbers, curves | by_lot, dict(zip(stages["at"], stages.value, strict=True)))
    return found


def _points(model: str, name: str, worth: Worth) -> pd.DataFrame:
    """A method's rows of the table of curves, and the control's."""
    rows: list[tuple[str, str, str, str, float]] = []
    for curve_name, values in worth.curves.items():
        which, by_lot = curve_name.split(",")[0], curve_name.endswith("random")
        rows += [
            (model, LOT if by_lot else name, which, f"{part / PARTS:.3f}", value) for part, value in enumerate(values)
        ]
    rows += [(model, name, "stages", layer, value) for layer, value in worth.stages.items()]
    return pd.DataFrame(rows, columns=["model", "method", "curve", "at", "value"]).round({"value": 4})


def markdown(model: str) -> str:
    """The README's table of one net: the methods with the least left when important pixels are gone first."""
    rows = table().query("model == @model").sort_values("deletion")
    lines = ["| | gone | alone | missed | last | all | adds up |", "|---" * 7 + "|"]
    for row in rows.to_dict("records"):
        names = ("deletion", "insertion", "infidelity", "last layer random", "all random")
        numbers = [f"{row[name]:.2f}" for name in names]
        gap = f"{100 * row['gap']:.1f} % off" if row["method"] in COMPLETE else ""
        lines.append(f"| {row['method']} | {' | '.join(numbers)} | {gap} |")
    control = rows[["deletion, random", "insertion, random"]].iloc[0]
    lines.append(f"| *random order* | {control.iloc[0]:.2f} | {control.iloc[1]:.2f} | | | | |")
    return "\n".join(lines)


def main() -> None:
    """Compute the rows that the tables lack and write them after each, with a progress bar; print the README's part."""
    settle()
    rows: list[dict[Any, Any]] = table().to_dict("records") if TABLE.exists() else []
    curves = _curves_table() if CURVES_TABLE.exists() else pd.DataFrame()
    done = {(row["model"], row["method"]) for row in rows}
    choices = [(model, name) for model in DIGIT_NETS for name in ATTRIBUTIONS if not why_not(name, load(model))]
    for model, name in (bar := tqdm([choice for choice in choices if choice not in done], file=sys.stderr)):
        bar.set_description(f"{model} {name}")
        worth = measure(name, model, DIGITS)
        rows.append({"model": model, "method": name, "images": DIGITS} | worth.numbers)
        rows.sort(key=lambda row: choices.index((row["model"], row["method"])))
        points = _points(model, name, worth)
        curves = pd.concat([points, curves]).drop_duplicates(["model", "method", "curve", "at"])  # the new ones stay
        write_whole(CURVES_TABLE, curves.to_csv(index=False).encode())
        numbers = pd.DataFrame(rows, columns=["model", "method", "images", *NUMBERS])
        write_whole(TABLE, numbers.round(4).to_csv(index=False).encode())
    sys.stdout.write(markdown("cnn") + "\n")
