"""How far an attribution can be trusted: what it adds up to, what happens when pixels go, whether weights matter to it.

`python -m core.trust` computes the table that the app shows.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from captum import metrics
from jaxtyping import Float
from scipy.stats import spearmanr
from torch import Tensor, nn
from tqdm import tqdm

from core.attribution import ATTRIBUTIONS, Images, Outcome, Target, seeded, why_not
from core.data.digits import test_set
from core.files import write_whole
from core.layers import copied, list_layers
from core.models import load
from core.process import settle

PARTS = 14  # steps in which pixels are taken out or put in
ORDERS = 5  # random orders, for the control
NOISE, NOISES = 0.1, 32  # standard deviation of what is added to an image for the infidelity, and how often
RADIUS, NEARBY = 0.02, 8  # how far the images lie whose maps are compared for the sensitivity, and how many
DIGITS = 200  # test images in the table
SLOW, SLOW_DIGITS = ("Shapley sampling", "kernel SHAP"), 40
NETS = ("dense", "cnn", "rnn")
TABLE = Path(__file__).parent / "trust.csv"

Explain = Callable[[nn.Module, Images, Target], Images]
PerImage = Float[Tensor, " batch"]


@torch.no_grad()
def completeness_gap(model: nn.Module, x: Images, target: Target, found: Images) -> PerImage:
    """What a map's sum lacks, or has too much: sum - (f(x) - f(black)), in the target's units (Sundararajan 2017)."""
    outcome = Outcome(model, target)
    return found.flatten(1).sum(1) - (outcome(x) - outcome(torch.zeros_like(x)))


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
            lambda near: explain(model, near[0] if isinstance(near, tuple) else near, target), x,
            perturb_radius=RADIUS, n_perturb_samples=NEARBY, max_examples_per_batch=len(x),
        )  # fmt: skip


@torch.no_grad()
def curve(model: nn.Module, x: Images, target: Target, order: Float[Tensor, "batch pixels"], insert: bool) -> Tensor:
    """The target's share, (parts + 1, batch), while pixels go in this order, the largest first, or come.

    Deletion and insertion of Petsiuk, Das, Saenko 2018; what is not there is black. A class's share is its probability,
    another unit's is its activation beside that for the whole image.
    """
    ranks = order.argsort(1, descending=True).argsort(1).view(len(x), 1, *x.shape[2:])
    pixels = order.shape[1]
    shares = []
    for part in range(PARTS + 1):
        there = (ranks < part * pixels / PARTS) == insert
        shares.append(_share(model, x * there, x, target))
    return torch.stack(shares)


def _share(model: nn.Module, changed: Images, whole: Images, target: Target) -> PerImage:
    if target.layer == list_layers(model, whole.shape[1:])[-1].name and target.minus is None:
        return model(changed).softmax(1)[:, target.index]
    outcome = Outcome(model, target)
    nothing = outcome(torch.zeros_like(whole))
    return (outcome(changed) - nothing) / (outcome(whole) - nothing).clamp(min=1e-6)


def area(shares: Float[Tensor, "parts batch"]) -> PerImage:
    """The area under a curve, by the trapezoid rule; its width is 1."""
    return torch.trapezoid(shares, dx=1 / (len(shares) - 1), dim=0)


def importance(found: Images) -> Float[Tensor, "batch pixels"]:
    """How much a map makes of each pixel, for or against: the sum of its absolute values over the colours."""
    return found.abs().sum(1).flatten(1)


def random_order(x: Images, draw: int) -> Float[Tensor, "batch pixels"]:
    """The control: pixels in an order that knows nothing."""
    return torch.rand(len(x), x[0, 0].numel(), generator=torch.Generator().manual_seed(draw))


def rank_correlation(a: Images, b: Images, x: Images) -> PerImage:
    """Spearman's, of what two maps make of the pixels with ink: 1 is the same order, 0 none.

    Where a digit has no ink, methods that multiply by the pixel have 0 in any net: counted in, all of them would agree.
    """
    found = []
    for here, there, image in zip(importance(a), importance(b), x, strict=True):
        ink = image.amax(0).flatten() > 0
        found.append(float(np.nan_to_num(spearmanr(here[ink].numpy(), there[ink].numpy()).statistic)))
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
        _of_label(ATTRIBUTIONS[name], model, twin, x[labels == label], Target("logits", label))
        for label in labels.unique().tolist()
    ]
    return {number: float(torch.cat([group[number] for group in groups]).mean()) for number in groups[0]}


def _of_label(explain: Explain, model: nn.Module, twin: nn.Module, x: Images, target: Target) -> dict[str, PerImage]:
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


def main() -> None:
    """Compute the table and write it, with a progress bar."""
    settle()
    data = test_set()
    choices = [(model, name) for model in NETS for name in ATTRIBUTIONS if not why_not(name, load(model))]
    rows = []
    for model, name in (bar := tqdm(choices, file=sys.stderr)):
        bar.set_description(f"{model} {name}")
        count = SLOW_DIGITS if name in SLOW else DIGITS
        found = measure(name, load(model), load(model, weights="untrained"), data.images[:count], data.labels[:count])
        rows.append({"model": model, "method": name, "images": count} | found)
        write_whole(TABLE, pd.DataFrame(rows).round(4).to_csv(index=False).encode())


if __name__ == "__main__":
    main()
