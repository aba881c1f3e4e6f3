"""What each method finds out about each net, beside the controls: made by `python -m core.trust`.

**The rule**, fixed before the numbers. Of each number in TASKS the best control is the one with the best mean over the
same images. A method's gain over it is paired, image by image, and has a 95 % bootstrap interval of its mean. Where the
whole interval lies above 0 the method *beats the controls*, below 0 it is *worse*, and otherwise it *does not beat
them*. No two methods are ranked whose intervals overlap.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.attribution import ATTRIBUTIONS, WEIGHING, why_not
from core.attribution.outcome import Images, Target
from core.data.digits import test_set
from core.files import write_whole
from core.measures.interval import interval
from core.models import DIGIT_NETS, TWIN, load
from core.models import controls as twins
from core.process import settle
from core.trust.controls import CONTROLS
from core.trust.examine import Trust, Worth, controls, examine, joined, worth
from core.trust.numbers import PARTS, PerImage, area, curve, support
from core.trust.pointing import LAST_MAPS, Grids, grids, photo_grids, play

FOLDER = Path(__file__).parent / "tables"
# How many test images are explained; these two methods take up to a second for each map.
DIGITS, FEWER = {"trained": 200, "plain": 100}, {"Shapley sampling": 100, "kernel SHAP": 50}
SLOW = ("Shapley sampling", "kernel SHAP")  # not computed for the plain nets
SLOW_PHOTOS = ("occlusion", *SLOW)
# What methods and controls are both measured by, and whether more is better.
TASKS = {"pointing": True, "rival": False, "deletion": False, "insertion": True, "deletion, signed": False,
         "insertion, signed": True, "infidelity": False}  # fmt: skip
NUMBERS = (*TASKS, "gap", "error", "sensitivity", "last layer random", "all random", "all random, divided", "floor")
COLUMNS = ["model", "weights", "method", "number", "images", "value", "low", "high", "control", "gain", "gain low",
           "gain high"]  # fmt: skip


def measure(name: str, model: str, weights: str, count: int) -> tuple[Worth, dict[str, Tensor]]:
    """Examine a method's maps, or a control's, of the first `count` test images, each explained for its own label.

    Comes back on the mean, and image by image. Each digit's maps are compared with those of another one of five twins.
    """
    net, found, rival = load(model, weights=weights), [], []
    for label, images in _by_label(count).items():
        if name in CONTROLS:
            trust = _controls(model, weights, label, count)[name]
        else:
            twin = load(model, weights=twins(TWIN)[label % len(twins(TWIN))])
            *_, trust = examine(name, net, twin, images, Target("logits", label))
        found.append(trust)
        rival.append(_against_rivals(name, net, images, label))
    by_image = joined([trust.numbers for trust in found]) | {"rival": torch.cat(rival)}
    if (played := _grids(model, weights)) is not None:
        by_image["pointing"] = play(_explain(name, layer=LAST_MAPS), played)
    means = {number: float(values.nanmean()) for number, values in by_image.items()}
    return replace(worth(found), numbers=means), by_image


@cache
def _beside(model: str, weights: str, count: int) -> dict[str, dict[str, Tensor]]:
    """What each control scores on the first `count` test images, image by image."""
    return {name: measure(name, model, weights, count)[1] for name in CONTROLS}


def _by_label(count: int) -> dict[int, Images]:
    data = test_set()
    images, labels = data.images[:count], data.labels[:count]
    return {label: images[labels == label] for label in labels.unique().tolist()}


@cache
def _controls(model: str, weights: str, label: int, count: int) -> dict[str, Trust]:
    return dict(controls(load(model, weights=weights), _by_label(count)[label], Target("logits", label)))


@cache
def _grids(model: str, weights: str) -> Grids | None:
    return grids(load(model, weights=weights))


def _explain(name: str, **weighed: str) -> Any:
    """The method, or the control, as a function of net, images and target; `weighed` is for methods that weigh maps."""
    if name in CONTROLS:
        return lambda model, x, target: CONTROLS[name](x)
    return partial(ATTRIBUTIONS[name], **(weighed if name in WEIGHING else {}))


def _against_rivals(name: str, net: nn.Module, images: Images, label: int) -> PerImage:
    """What speaks for the label and against its strongest rival: the area under the label's share of the two.

    What the map says speaks most for it goes first. Ink is not enough here: most of it speaks for both.
    """
    with torch.no_grad():
        logits = net(images)
    logits[:, label] = -torch.inf
    rivals = logits.argmax(1)
    left = torch.empty(len(images))
    for rival in rivals.unique().tolist():
        own, target = rivals == rival, Target("logits", label, minus=rival)
        found = _explain(name)(net, images[own], target)
        left[own] = area(curve(net, images[own], target, support(found), insert=False))
    return left


def rows(
    model: str, weights: str, method: str, by_image: dict[str, Tensor], beside: dict[str, dict[str, Tensor]]
) -> Iterator[dict[str, object]]:
    """A method's rows of the table: each number with its interval, and of TASKS the gain over the best control.

    `beside` holds what the controls score, image by image.
    """
    for number in NUMBERS:
        if number not in by_image or by_image[number].isnan().all():
            continue
        values = by_image[number]
        low, high = interval(values)
        row: dict[str, object] = {"model": model, "weights": weights, "method": method, "number": number}
        row |= {"images": int((~values.isnan()).sum()), "value": float(values.nanmean()), "low": low, "high": high}
        if number in TASKS and method not in CONTROLS:
            sign = 1 if TASKS[number] else -1
            control = max(beside, key=lambda name: sign * float(beside[name][number].nanmean()))
            gain = sign * (values - beside[control][number])
            low, high = interval(gain)
            row |= {"control": control, "gain": float(gain.nanmean()), "gain low": low, "gain high": high}
        yield row


def verdict(row: "pd.Series[Any]") -> str:
    """What the rule says of a row of TASKS: "beats", "worse", or "no better"."""
    return "beats" if row["gain low"] > 0 else "worse" if row["gain high"] < 0 else "no better"


@cache
def table() -> pd.DataFrame:
    """The shipped numbers: a row a net, training, method and number."""
    return pd.concat([pd.read_csv(path) for path in sorted(FOLDER.glob("*-numbers.csv"))], ignore_index=True)


@cache
def _curves_table() -> pd.DataFrame:
    """The shipped curves: a row a point (model, weights, method, curve, at, value).

    Of deletion and insertion `at` is the share of the ink; of "stages" it is the layer that the twin's weights have
    come down to.
    """
    return pd.concat([pd.read_csv(path, dtype={"at": str}) for path in sorted(FOLDER.glob("*-curves.csv"))])


def shipped(weights: str = "trained") -> dict[tuple[str, str], Worth]:
    """What was found of each method and control in each digit net, by net and method, as it ships."""
    rows, points = (own[own.weights == weights] for own in (table(), _curves_table()))
    numbers = dict(list(rows.groupby(["model", "method"])))
    found: dict[tuple[str, str], Worth] = {}
    for (model, method), own in points.groupby(["model", "method"], sort=False):
        key = str(model), str(method)
        curves = {str(name): part for name, part in own.groupby("curve", sort=False)}
        stages = curves.pop("stages", own[:0])
        found[key] = Worth(
            dict(zip(numbers[key].number, numbers[key].value, strict=True)),
            {name: part.value.tolist() for name, part in curves.items()},
            dict(zip(stages["at"], stages.value, strict=True)),
        )
    return found


def _points(model: str, weights: str, name: str, worth: Worth) -> pd.DataFrame:
    """A method's rows of the table of curves."""
    points = [(which, f"{part / PARTS:.3f}", value) for which, values in worth.curves.items()
              for part, value in enumerate(values)]  # fmt: skip
    points += [("stages", layer, value) for layer, value in worth.stages.items()]
    found = pd.DataFrame(points, columns=["curve", "at", "value"]).round({"value": 4})
    return found.assign(model=model, weights=weights, method=name)[["model", "weights", "method", *found.columns]]


def build(model: str, weights: str) -> Iterator[tuple[str, float]]:
    """Compute the rows of one net that its tables lack, and write them after each method; yields what is next, how far.

    Methods that are there are left as they are, so a build may be broken off. The controls come first.
    """
    numbers, curves = (FOLDER / f"{model}-{weights}-{kind}.csv" for kind in ("numbers", "curves"))
    there = pd.read_csv(numbers) if numbers.exists() else pd.DataFrame(columns=COLUMNS)
    points = pd.read_csv(curves, dtype={"at": str}) if curves.exists() else pd.DataFrame()
    methods = [name for name in ATTRIBUTIONS if not why_not(name, load(model, weights=weights))]
    methods = [name for name in methods if weights == "trained" or name not in SLOW]
    missing = [name for name in (*CONTROLS, *methods) if name not in set(there.method)]
    for place, name in enumerate(missing):
        yield name, place / len(missing)
        count = FEWER.get(name, DIGITS[weights])
        found, by_image = measure(name, model, weights, count)
        new = pd.DataFrame(rows(model, weights, name, by_image, _beside(model, weights, count)), columns=COLUMNS)
        there = new if there.empty else pd.concat([there, new])
        points = pd.concat([points, _points(model, weights, name, found)])
        write_whole(numbers, there.round(4).to_csv(index=False).encode())
        write_whole(curves, points.to_csv(index=False).encode())


def build_photo() -> Iterator[tuple[str, float]]:
    """Compute what methods score in the pointing game on photos, and write it."""
    net = load("photo")
    played = photo_grids(net)
    methods = [name for name in ATTRIBUTIONS if not why_not(name, net) and name not in SLOW_PHOTOS]
    beside = {name: {"pointing": play(_explain(name), played)} for name in CONTROLS}
    found: list[dict[str, object]] = []
    for place, name in enumerate([*CONTROLS, *methods]):
        yield name, place / len([*CONTROLS, *methods])
        one_by_one = torch.cat([play(_explain(name), played[torch.tensor([at])]) for at in range(len(played.images))])
        found += rows("photo", "trained", name, {"pointing": one_by_one}, beside)
    write_whole(FOLDER / "photo-trained-numbers.csv",
                pd.DataFrame(found, columns=COLUMNS).round(4).to_csv(index=False).encode())  # fmt: skip


def main() -> None:
    """Compute the rows that the tables of the named nets lack, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=[*DIGIT_NETS, "photo"])
    parser.add_argument("--weights", nargs="*", choices=list(DIGITS), default=list(DIGITS))
    arguments = parser.parse_args()
    settle()
    for model in arguments.models:
        for weights in arguments.weights if model in DIGIT_NETS else ["trained"]:
            with tqdm(total=1.0, desc=f"{model} {weights}", file=sys.stderr) as bar:
                for name, done in build(model, weights) if model in DIGIT_NETS else build_photo():
                    bar.set_postfix_str(name)
                    bar.update(done - bar.n)
    table.cache_clear()
