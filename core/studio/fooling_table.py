"""How small a change fools each net, beside noise, other nets' pictures and untrained twins.

`python -m core.studio fooling` measures it.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.data.digits import test_set
from core.data.photos import SAMPLES, sample, to_input
from core.files import write_whole
from core.measures.interval import binomial, interval
from core.models import DIGIT_NETS, SHUFFLED, TWIN, controls, load
from core.studio.fooling import NOISE, VEIL, Fooling, attack, highest, logits_of, noise_trials
from core.studio.perturbed import Images, noisy, veiled
from core.studio.smallest import Search

TABLE = Path(__file__).parent / "tables" / "fooling.csv"
IMAGES, DRAWS = 200, 8  # test digits, and directions of noise for each image
PHOTO, PLAIN = "photo", "plain"
# Whose gradient a change follows; else a net's name, that of a control's weights, or what follows none.
OWN = "own"
SMALLEST, MULTIPLE, FLIPPED = "smallest", "multiple", "flipped"
EPSILONS = {"digits": (0.1, 0.2), "photos": (0.004, 0.016)}  # at which shares are measured
RECIPE = Fooling()
COLUMNS = ["net", "weights", "measure", "source", "epsilon", "value", "low", "high", "images"]
Row = tuple[str, str, str, str, float, float, float, float, int]


def measure() -> Iterator[pd.DataFrame]:
    """Measure all nets, one after the other, and write the table; the rows of each as they come."""
    parts = []
    for name in (*DIGIT_NETS, PHOTO):
        parts.append(pd.DataFrame(_of_net(name), columns=COLUMNS))
        yield parts[-1]
    write_whole(TABLE, pd.concat(parts).to_csv(index=False, float_format="%.5g").encode())


@cache
def table() -> pd.DataFrame:
    """What ships: of each net's weights a measure (see `_of_net`), its value and 95 % interval."""
    return pd.read_csv(TABLE)


def twins_of(name: str) -> tuple[str, ...]:
    """The untrained twins that are fooled themselves: of the net for photos one, which takes minutes."""
    return controls(TWIN)[: 1 if name == PHOTO else None]


def images_for(name: str) -> Images:
    """The first test digits, or the sample photos."""
    if name == PHOTO:
        return torch.stack([to_input(sample(each)) for each in SAMPLES])
    return test_set().images[:IMAGES]


def _of_net(name: str) -> Iterator[Row]:
    """SMALLEST that changes the answer, by the own gradient or by noise, as medians; the share FLIPPED at an epsilon.

    MULTIPLE is the median of noise's smallest over the own one, image by image. Plain training is asked the same, for
    the usual one may take adversarial steps; and twins and shuffled weights are, of their own answers.
    """
    images, net = images_for(name), load(name)
    twins = {weights: load(name, weights=weights) for weights in (*controls(TWIN), SHUFFLED)}
    plain = {} if name == PHOTO else {PLAIN: load(name, weights=PLAIN)}
    asked = {"trained": net, **plain, **twins}
    for weights in ("trained", *plain, *twins_of(name), SHUFFLED):
        model = asked[weights]
        own, noise = smallest(model, images), noise_of(model, images)
        yield name, weights, SMALLEST, OWN, np.nan, *median(own), len(images)
        yield name, weights, SMALLEST, NOISE, np.nan, *median(noise, "lower"), len(images)
        yield name, weights, MULTIPLE, NOISE, np.nan, *median(noise / own, "lower"), len(images)
    others = {other: load(other) for other in DIGIT_NETS if name != PHOTO and other != name}
    for epsilon in EPSILONS["photos" if name == PHOTO else "digits"]:
        for source, model in {OWN: net, **others, **twins}.items():
            yield name, "trained", FLIPPED, source, epsilon, *flipped(net, images, fooled(model, images, epsilon))
        copies, radii = _copies(images), torch.full((DRAWS * len(images),), epsilon)
        noise = noisy(copies, radii, RECIPE.norm, Generator().manual_seed(RECIPE.seed))
        yield name, "trained", FLIPPED, NOISE, epsilon, *flipped(net, copies, noise, DRAWS)
        yield name, "trained", FLIPPED, VEIL, epsilon, *flipped(net, images, veiled(images, epsilon))


def smallest(model: nn.Module, images: Images) -> Float[Tensor, " n"]:
    """The smallest epsilon by which each image's answer can be changed, in L-inf; infinite where none does."""
    said = logits_of(model, images).argmax(1)
    search = Search(len(images), images[0].numel(), highest(RECIPE.norm, images[0].numel()))
    for radii in search.radii():
        trials = radii.shape[1]
        copies, before = images.repeat_interleave(trials, 0), said.repeat_interleave(trials)
        found = attack(model, copies, before, radii.flatten(), RECIPE)
        search.note(radii, found.logits[-1].argmax(1).view(-1, trials) != said[:, None])
    return search.found


def noise_of(model: nn.Module, images: Images) -> Float[Tensor, " n"]:
    """The same by noise: of each image the lower median over DRAWS directions."""
    copies = _copies(images)
    search = Search(len(copies), copies[0].numel(), highest(RECIPE.norm, copies[0].numel()))
    *_, last = noise_trials(model, copies, logits_of(model, copies).argmax(1), RECIPE, search)
    return last.found.view(len(images), DRAWS).quantile(0.5, 1, interpolation="lower")


def fooled(model: nn.Module, images: Images, epsilon: float) -> Images:
    """The fooling pictures of a net: away from its own answers."""
    said = logits_of(model, images).argmax(1)
    return attack(model, images, said, torch.full((len(images),), epsilon), RECIPE).images


def flipped(model: nn.Module, images: Images, changed: Images, draws: int = 1) -> tuple[float, float, float, int]:
    """The share of images of which a net says something else after the change, its 95 % interval, and how many.

    Where each image stands there so many times in a row, with another draw, the interval is over images.
    """
    flips = (logits_of(model, images).argmax(1) != logits_of(model, changed).argmax(1)).view(-1, draws).float()
    reach = binomial(int(flips.sum()), len(flips)) if draws == 1 else interval(flips.mean(1))
    return float(flips.mean()), *reach, len(flips)


def median(values: Float[Tensor, " n"], middle: Literal["lower", "higher"] = "higher") -> tuple[float, float, float]:
    """The median and the order statistics that hold it between them in 95 % of samples (Conover 1971, section 3.2).

    Of an even number, one of the two in the middle: of steps the higher, of noise the lower, so that what steps do
    beyond noise is rather too little than too much.
    """
    from scipy.stats import binom  # 30 MB, and the app never needs it

    ordered = np.sort(values.numpy())
    low, high = (int(rank) for rank in binom.interval(0.95, len(ordered), 0.5))
    found = float(np.quantile(ordered, 0.5, method=middle))
    return found, float(ordered[max(low - 1, 0)]), float(ordered[min(high, len(ordered) - 1)])


def _copies(images: Images) -> Images:
    return images.repeat_interleave(DRAWS, 0)
