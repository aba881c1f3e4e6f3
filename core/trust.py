"""How far an attribution can be trusted: what it adds up to, what happens when pixels go, whether weights matter to it.

`python -m core.trust` computes the table that the app shows; where rows are there, only those that lack.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from captum import metrics
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor, nn
from tqdm import tqdm

from core.attribution import ATTRIBUTIONS, COMPLETE, Images, Outcome, Target, baselines, seeded, why_not
from core.data.digits import test_set
from core.files import write_whole
from core.layers import copied, list_layers
from core.models import DIGIT_NETS, load
from core.process import settle

PARTS = 14  # steps in which pixels are taken out or put in
ORDERS = 5  # random orders, for the control
NOISE, NOISES = 0.1, 32  # standard deviation of what is added to an image for the infidelity, and how often
RADIUS, NEARBY = 0.02, 8  # how far the images lie whose maps are compared for the sensitivity, and how many
DIGITS = 200  # test images in the table
SLOW, SLOW_DIGITS = ("Shapley sampling", "kernel SHAP"), 40
TABLE = Path(__file__).parent / "trust.csv"

Explain = Callable[[nn.Module, Images, Target], Images]
PerImage = Float[Tensor, " batch"]


@torch.no_grad()
def completeness_gap(model: nn.Module, x: Images, target: Target, found: Images, baseline: str = "black") -> PerImage:
    """What a map's sum has too much, or lacks: sum - (f(x) - f(x')), in the target's units (Sundararajan 2017)."""
    outcome = Outcome(model, target)
    without = torch.stack([outcome(begin) for begin in baselines(x, baseline)]).mean(0)
    return found.flatten(1).sum(1) - (outcome(x) - without)


@torch.no_grad()
def infidelity(model: nn.Module, x: Images, target: Target, found: Images) -> PerImage:
    """The mean of (I . map - (f(x) - f(x - I)))^2 over noise I, the map scaled to fit best (Yeh et al. 2019, eq. 1)."""

    def shaken(images: Tensor) -> tuple[Tensor, Tensor]:
        noise = NOISE * torch.randn_like(images)
        return noise, images - noise

    with seeded():
        return metrics.infidelity(Outcome(model, target), shaken, x, found, n_perturb_samples=NOISES, normalize=True)


def sensitivity(model: nn.Module, x: Images, target: Target, explain: Explain) -> PerImage:
    """How much a map changes at most, beside its own size, for images that lie near (Yeh et al. 2019, definition 2)."""
    with seeded():
        return metrics.sensitivity_max(
            lambda near: explain(model, near[0], target).contiguous(), x, perturb_radius=RADIUS,
            n_perturb_samples=NEARBY, max_examples_per_batch=len(x),
        )  # fmt: skip


@torch.no_grad()
def curve(model: nn.Module, x: Images, target: Target, order: Float[Tensor, "batch pixels"], insert: bool) -> Tensor:
    """The target's share, (parts + 1, batch), while pixels go in this order, the largest first, or come.

    Deletion and insertion of Petsiuk, Das, Saenko 2018; what is not there is black. A class's share is its probability,
    another unit's is its activation beside that for the whole image.
    """
    ranks = order.argsort(1, descending=True).argsort(1).view(len(x), 1, *x.shape[2:])
    pixels, share = order.shape[1], _share_of(model, x, target)
    return torch.stack([share(x * ((ranks < part * pixels / PARTS) == insert)) for part in range(PARTS + 1)])


def _share_of(model: nn.Module, whole: Images, target: Target) -> Callable[[Images], PerImage]:
    """How to take the target's share in images that were made out of the whole ones."""
    if target.layer == list_layers(model, whole.shape[1:])[-1].name and target.minus is None:
        return lambda changed: model(changed).softmax(1)[:, target.index]
    outcome = Outcome(model, target)
    nothing = outcome(torch.zeros_like(whole))
    difference = (outcome(whole) - nothing).clamp(min=1e-6)
    return lambda changed: (outcome(changed) - nothing) / difference


def area(shares: Float[Tensor, "parts batch"]) -> PerImage:
    """The area under a curve, by the trapezoid rule; its width is 1."""
    return torch.trapezoid(shares, dx=1 / (len(shares) - 1), dim=0)


def importance(found: Images) -> Float[Tensor, "batch pixels"]:
    """How much a map makes of each pixel, for or against: the sum of its absolute values over the colours."""
    return found.abs().sum(1).flatten(1)


def random_order(x: Images, draw: int) -> Float[Tensor, "batch pixels"]:
    """The control: pixels in an order that knows nothing."""
    return torch.rand(len(x), x[0, 0].numel(), generator=torch.Generator().manual_seed(draw))


def erased(x: Images, order: Float[Tensor, "batch pixels"], share: float) -> Images:
    """Images without that share, between 0 and 1, of their pixels with ink, the largest of the order first."""
    ink = (x.amax(1) > 0).flatten(1)
    ranks = torch.where(ink, order, -torch.inf).argsort(dim=1, descending=True, stable=True).argsort(1)
    gone = ranks < (share * ink.sum(1, keepdim=True)).round()
    return x * ~gone.view(len(x), 1, *x.shape[2:])


def rank_correlation(a: Images, b: Images, x: Images) -> PerImage:
    """Spearman's, of what two maps make of the pixels with ink: 1 is the same order, 0 none.

    Where a digit has no ink, methods that multiply by the pixel have 0 in any net: counted in, all of them would agree.
    """
    found = []
    for here, there, image in zip(importance(a), importance(b), x, strict=True):
        ink = image.amax(0).flatten() > 0
        ranks = [rankdata(values[ink].numpy()) for values in (here, there)]
        alike = min(np.ptp(rank) for rank in ranks) == 0  # a map without differences orders nothing
        found.append(0.0 if alike else float(np.corrcoef(ranks)[0, 1]))
    return torch.tensor(found)


def agreement(maps: Mapping[str, Images], x: Images) -> pd.DataFrame:
    """The rank correlations between methods, a row and a column each, on the mean over the images."""
    return pd.DataFrame({a: {b: float(rank_correlation(maps[a], maps[b], x).mean()) for b in maps} for a in maps})


@dataclass(frozen=True)
class Stage:
    """A map of the net whose layers from the last down to `layer` have their untrained twin's weights."""

    layer: str
    correlation: PerImage  # with the map of the trained net


def randomised(model: nn.Module, twin: nn.Module, x: Images, target: Target, explain: Explain) -> Iterator[Stage]:
    """Whether weights matter to a method (Adebayo et al. 2018, section 3.1: cascading randomisation), stage by stage.

    A method whose maps stay alike explains the image, not the net.
    """
    before, net = explain(model, x, target), copied(model)
    for layer in reversed([layer for layer in list_layers(model, x.shape[1:]) if layer.module]):
        assert layer.module is not None
        net.get_submodule(layer.module).load_state_dict(twin.get_submodule(layer.module).state_dict())
        yield Stage(layer.name, rank_correlation(before, explain(net, x, target), x))


def measure(name: str, model: nn.Module, twin: nn.Module, x: Images, labels: Tensor) -> dict[str, float]:
    """All numbers of one method on one net: their means over images, each explained for its own label."""
    groups = [
        numbers(ATTRIBUTIONS[name], model, twin, x[labels == label], Target("logits", label))
        for label in labels.unique().tolist()
    ]
    return {number: float(torch.cat([group[number] for group in groups]).mean()) for number in groups[0]}


def numbers(explain: Explain, model: nn.Module, twin: nn.Module, x: Images, target: Target) -> dict[str, PerImage]:
    """All numbers of one method on one net, for each image; the gap as a share of the difference that is explained."""
    found, outcome = explain(model, x, target), Outcome(model, target)
    with torch.no_grad():
        difference = (outcome(x) - outcome(torch.zeros_like(x))).abs()
    stages = [stage.correlation for stage in randomised(model, twin, x, target, explain)]
    orders = [random_order(x, draw) for draw in range(ORDERS)]

    def area_of(order: Tensor, insert: bool) -> PerImage:
        return area(curve(model, x, target, order, insert))

    return {
        "gap": completeness_gap(model, x, target, found).abs() / difference,
        "infidelity": infidelity(model, x, target, found),
        "sensitivity": sensitivity(model, x, target, explain),
        "deletion": area_of(importance(found), insert=False),
        "deletion, random": torch.stack([area_of(order, insert=False) for order in orders]).mean(0),
        "insertion": area_of(importance(found), insert=True),
        "insertion, random": torch.stack([area_of(order, insert=True) for order in orders]).mean(0),
        "last layer random": stages[0],
        "all random": stages[-1],
    }


def table() -> pd.DataFrame:
    """The shipped numbers: a row a net and method."""
    return pd.read_csv(TABLE)


def markdown(model: str) -> str:
    """The README's table of one net: the methods with the least left when important pixels are gone first."""
    rows = table().query("model == @model").sort_values("deletion")
    lines = ["| | gone | alone | last | all | adds up |", "|---" * 6 + "|"]
    for row in rows.to_dict("records"):
        numbers = [f"{row[name]:.2f}" for name in ("deletion", "insertion", "last layer random", "all random")]
        gap = f"within {max(100 * row['gap'], 0.1):.1f} %" if row["method"] in COMPLETE else ""
        lines.append(f"| {row['method']} | {' | '.join(numbers)} | {gap} |")
    control = rows[["deletion, random", "insertion, random"]].iloc[0]
    lines.append(f"| *random order* | {control.iloc[0]:.2f} | {control.iloc[1]:.2f} | | | |")
    return "\n".join(lines)


def main() -> None:
    """Compute the rows that the table lacks and write it after each, with a progress bar; print the README's part."""
    settle()
    data = test_set()
    rows: list[dict[Any, Any]] = table().to_dict("records") if TABLE.exists() else []
    done = {(row["model"], row["method"]) for row in rows}
    choices = [(model, name) for model in DIGIT_NETS for name in ATTRIBUTIONS if not why_not(name, load(model))]
    for model, name in (bar := tqdm([choice for choice in choices if choice not in done], file=sys.stderr)):
        bar.set_description(f"{model} {name}")
        count = SLOW_DIGITS if name in SLOW else DIGITS
        found = measure(name, load(model), load(model, weights="untrained"), data.images[:count], data.labels[:count])
        rows.append({"model": model, "method": name, "images": count} | found)
        rows.sort(key=lambda row: choices.index((row["model"], row["method"])))
        write_whole(TABLE, pd.DataFrame(rows).round(4).to_csv(index=False).encode())
    sys.stdout.write(markdown("cnn") + "\n")


if __name__ == "__main__":
    main()
