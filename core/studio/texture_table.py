"""Which textures look like their source, by measures that made none of them: `python -m core.studio texture`.

**The rule**, fixed before the numbers: training makes better textures, at a depth and by a measure, where the 95 %
interval of how much nearer the trained net's are than its twins' lies above zero, over nets and sources (at first over
sources alone); the other way round it is said of the twins, and else no difference is shown. A texture is no better
than a spectrum at random phases unless it is nearer than that by the same rule. As fixed before the numbers it took the
deepest textures; there the twins' ascent hardly nears what it climbs, which makes them a weak control: so it takes the
depth at which the twins' are nearest to their sources; both are said.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.ascent.objectives import Objective
from core.data import photos
from core.files import write_whole
from core.layers import record
from core.measures.interval import two_way
from core.models import TWIN, controls, load
from core.studio.texture import RECIPES, layers_up_to, likeness, texture
from core.studio.waves import apart, random_phases

TABLE = Path(__file__).parent / "tables" / "texture.csv"
SIDE, PIECES = 128, 256  # pixels of a source, and of the picture in which it and another piece are opposite corners
SOURCES = (*photos.STYLES, "flower")
DEPTHS = ("stem_relu", "block4", "block9")
TWINS, JUDGE = controls(TWIN)[:3], controls(TWIN)[4]  # those that make, and one that only reads
NOISE, PHASES, PIECE = "noise", "random phases", "another piece"
MEASURES = ("structure", "judge")  # `core.studio.waves.apart`, and the distance in the layers of JUDGE

Images = Float[Tensor, "n 3 side side"]


def measure() -> Iterator[dict[str, object]]:
    """A row a picture: what made it, of which source, up to which depth, and its distances; written at the end.

    Noise, random phases and another piece of the source have no depth. `left` is what is left of noise's distance in
    the layers that its own net read.
    """
    nets = {weights: load("photo", weights=weights) for weights in ("trained", *TWINS, JUDGE)}
    recipe = replace(RECIPES["photos"], depths=DEPTHS, side=SIDE)
    rows: list[dict[str, object]] = []
    for name in SOURCES:
        source, piece = pieces(name)
        judge = likeness(nets[JUDGE], source, layers_up_to(nets[JUDGE], source, DEPTHS[-1]))
        for by, net in nets.items():
            if by != JUDGE:
                begun, *_, last = texture(net, source, recipe)
                for depth, share, picture in zip(DEPTHS, last.numbers_of("left"), last.images, strict=True):
                    rows.append(_row(name, by, depth, share, picture, source, judge, nets[JUDGE]))
                    yield rows[-1]
        phases = random_phases(source, Generator().manual_seed(recipe.seed))
        for by, picture in ((NOISE, begun.images[0]), (PHASES, phases[0]), (PIECE, piece[0])):
            rows.append(_row(name, by, "", float("nan"), picture, source, judge, nets[JUDGE]))
            yield rows[-1]
    write_whole(TABLE, pd.DataFrame(rows).to_csv(index=False, float_format="%.4g").encode())


def pieces(name: str) -> tuple[Images, Images]:
    """Two opposite corners of a picture, that have no pixel in common."""
    whole = photos.to_input(photos.style_image(name), PIECES)[None]
    return whole[..., :SIDE, :SIDE], whole[..., PIECES - SIDE :, PIECES - SIDE :]


@torch.no_grad()
def _row(
    name: str, by: str, depth: str, left: float, picture: Tensor, source: Images, judge: Objective, net: nn.Module
) -> dict[str, object]:
    distance = -judge(record(net, picture[None], judge.layers), picture[None])
    return {"source": name, "by": by, "depth": depth, "left": left, "structure": float(apart(picture[None], source)),
            "judge": float(distance)}  # fmt: skip


@cache
def table() -> pd.DataFrame:
    """The shipped numbers, a row a picture."""
    return pd.read_csv(TABLE, keep_default_na=False, na_values={"left": [""]})


def shares(measure: str) -> pd.DataFrame:
    """A row a source: what each column's pictures have left of the noise's distance; twins by their mean.

    Columns are ("trained", depth), ("twins", depth), (PHASES, "") and (PIECE, "").
    """
    wide = _with_twins_as_one().pivot_table(measure, "source", ["by", "depth"], aggfunc="mean")
    return wide.div(wide[NOISE, ""], axis=0).drop(columns=[(NOISE, "")])


def _with_twins_as_one() -> pd.DataFrame:
    return table().replace({"by": dict.fromkeys(TWINS, "twins")})


def gain(measure: str, near: tuple[str, str], far: tuple[str, str]) -> tuple[float, float, float]:
    """How much nearer the first column's pictures are than the second's: over nets and sources, with its interval."""
    own, others = (_by_net(measure, *each) for each in (near, far))
    return float(others.mean() - own.mean()), *two_way(others, own)


def _by_net(measure: str, by: str, depth: str) -> Float[np.ndarray, "nets sources"]:
    """What is left of the noise's distance, of each net that makes a column's pictures."""
    wide = table().pivot_table(measure, ["by", "depth"], "source")
    nets = TWINS if by == "twins" else (by,)
    return wide.loc[[(net, depth) for net in nets]].to_numpy() / wide.loc[[(NOISE, "")]].to_numpy()


def sentence() -> str:
    """What the rule says, with its numbers, at the twins' best depth; and the numbers at the last depth."""
    wide = shares("structure").mean()
    depth = min(DEPTHS, key=lambda depth: wide["twins", depth])
    trained, twins = ("trained", depth), ("twins", depth)
    mean, low, high = gain("structure", trained, twins)
    said = {
        1: "The trained net's textures are more like their sources than its untrained twins'",
        0: "Between the trained net's textures and its untrained twins' no difference is shown",
        -1: "The untrained twins' textures are more like their sources than the trained net's",
    }[_verdict((mean, low, high))]
    of_judge = {1: "agrees", 0: "sees no difference", -1: "says the opposite"}[_verdict(gain("judge", trained, twins))]
    alone = {1: "The twins do it too: theirs are nearer than the same spectrum at random phases",
             0: "The twins' are not shown to be nearer than the same spectrum at random phases",
             -1: "The twins' are further away than the same spectrum at random phases"}[
                 _verdict(gain("structure", twins, (PHASES, "")))]  # fmt: skip
    counted = f"{len(SOURCES)} sources, {len(TWINS)} twins"
    return (
        f"{said}: of noise's distance in how waves go together, which no net measured, {100 * wide[trained]:.0f} % is "
        f"left up to {depth}, where the twins are best, and {100 * wide[twins]:.0f} % in theirs ({100 * mean:.0f} "
        f"points, {100 * low:.0f} to {100 * high:.0f}; {counted}); another twin, asked by its own "
        f"layers, {of_judge}. {alone} ({100 * wide[PHASES, '']:.0f} %). Another piece of the same picture has "
        f"{100 * wide[PIECE, '']:.0f} %. {_deepest(wide)}"
    )


def _deepest(wide: pd.Series) -> str:
    rows = _with_twins_as_one()
    own = rows[rows.depth == DEPTHS[-1]].groupby("by").left.mean()
    return (
        f"Up to {DEPTHS[-1]} it is {100 * wide['trained', DEPTHS[-1]]:.0f} % and {100 * wide['twins', DEPTHS[-1]]:.0f} "
        f"%; in what each net read there itself, {100 * own['trained']:.0f} % and {100 * own['twins']:.0f} % were left."
    )


def _verdict(gained: tuple[float, float, float]) -> int:
    return (gained[1] > 0) - (gained[2] < 0)
