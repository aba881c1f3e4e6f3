"""How what units look for changes with depth, at one size and by one recipe, beside five twins."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import rankdata

from core import atlas, by_depth
from core.data import photos
from core.examples import peaks
from core.measures.colourfulness import colourfulness
from core.measures.interval import interval
from core.measures.spatial_frequency import mean_frequency
from core.models import SEEDS, TWIN, load
from core.stimuli import PHOTO_RECIPE, climb

LAYERS = {layer.name: layer for layer in atlas.layers_of(atlas.PHOTO)}


def test_all_units_of_the_blocks_are_measured_once_and_of_each_twin_those_of_the_wall() -> None:
    table = by_depth.table()
    assert not table.duplicated(["weights", "seed", "layer", "unit"]).any() and table.notna().all().all()
    for (weights, seed, layer), rows in table.groupby(["weights", "seed", "layer"]):
        shown = atlas.wall_units(LAYERS[layer])
        assert rows.unit.tolist() == (
            shown if weights == TWIN or layer == "logits" else list(range(LAYERS[layer].units))
        )
        assert seed in (SEEDS if weights == TWIN else [0])
    assert len(table.groupby(["weights", "seed", "layer"])) == 6 * len(atlas.WALL)
    assert table.frequency.between(0, math.sqrt(0.5)).all()


def test_each_row_is_its_layers_mean_and_interval_or_that_of_the_twins() -> None:
    found = by_depth.by_depth().sort_values(by_depth.COLUMNS[:3]).set_index(["measure", "weights", "layer"])
    assert len(found) == 3 * 2 * len(atlas.WALL) and found.index.is_unique
    table = by_depth.table()
    for layer in ("stem", "block16", "logits"):
        for name in ("frequency", "colourfulness"):
            trained = torch.tensor(table[(table.layer == layer) & (table.weights == "trained")][name].to_numpy())
            assert found.loc[(name, "trained", layer)].tolist() == pytest.approx(
                [float(trained.mean()), *interval(trained)]
            )
            twins = table[(table.layer == layer) & (table.weights == TWIN)]
            own = [twins[twins.seed == seed][name].mean() for seed in SEEDS]
            assert found.loc[(name, TWIN, layer)].tolist() == pytest.approx([sum(own) / 5, min(own), max(own)])
    fields = found.loc[("field", "trained")]
    assert fields.value.loc[["stem", "block1", "block2", "block3"]].tolist() == [3, 7, 11, 19]
    assert fields.loc["logits"].isna().all()


def test_the_rank_correlation_is_that_of_ranks_and_its_interval_holds_it() -> None:
    (value, low, high), twins = by_depth.ranks()
    table = by_depth.table()
    blocks = table[table.layer.isin(["block2", "block3", "block5", "block8", "block11", "block14", "block16"])]

    def expected(rows: pd.DataFrame) -> float:
        depth = rows.layer.str.removeprefix("block").astype(int)
        return float(np.corrcoef(rankdata(depth), rankdata(rows.frequency))[0, 1])

    shown = [unit in atlas.wall_units(LAYERS[layer]) for layer, unit in zip(blocks.layer, blocks.unit, strict=True)]
    assert value == pytest.approx(expected(blocks[(blocks.weights == "trained") & np.array(shown)]))
    everyone = expected(blocks[blocks.weights == "trained"])
    assert f"over the same units; {everyone:.2f} over all units of the trained net; from block5" in by_depth.sentence()
    assert twins == pytest.approx([expected(rows) for _, rows in blocks[blocks.weights == TWIN].groupby("seed")])
    assert low < value < high and high - low < 0.3
    met = blocks[np.array(shown) & (blocks.reached >= blocks.strongest)]
    own = met[met.weights == "trained"]
    assert f"from block2 on: {expected(own):.2f} ({len(own)} units) and" in by_depth.sentence()
    counts = met[met.weights == TWIN].groupby("seed").size()
    assert f"({min(counts)} to {max(counts)} units)." in by_depth.sentence()
    later, _ = by_depth.ranks("block5")
    assert later != (value, low, high)


@pytest.mark.parametrize(
    ("high", "words"), [(-0.31, "training makes them so"), (-0.3, "no coarser than in its twins"), (0.2, "no coarser")]
)
def test_the_rule_wants_the_whole_interval_below_every_twin(
    high: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_depth, "ranks", lambda begin="": ((-0.5, -0.6, high), [0.1, -0.3, 0.0]))
    said = by_depth.sentence()
    assert words in said and f"is -0.50 (-0.60 to {high:.2f}) in the" in said and "-0.30 to 0.10 in five" in said
    assert said.count("to block16") == 2


@pytest.mark.parametrize(("weights", "seed", "layer"), [("trained", 0, "block3"), (TWIN, 3, "stem")])
def test_five_shipped_rows_are_what_their_climbs_give(weights: str, seed: int, layer: str) -> None:
    """A unit's picture depends on its place in the batch, by what is drawn for it: the first of each batch are."""
    net = load(atlas.PHOTO, weights=f"{TWIN}-{seed}" if weights == TWIN else "trained")
    table = by_depth.table()
    rows = table[(table.weights == weights) & (table.seed == seed) & (table.layer == layer)]
    units = rows.unit.tolist()[:24]
    *_, last = climb(net, layer, units, PHOTO_RECIPE, exactly=True)
    assert last.images.shape[2:] == (112, 112)
    seen = torch.cat(list(peaks(net, photos.sample_views(), layer, size=4))).amax(0)[units]
    assert rows.strongest.tolist()[:24] == pytest.approx(seen.tolist(), rel=1e-3, abs=1e-3)
    assert rows.reached.tolist()[:24] == pytest.approx(last.scores.tolist(), rel=0.02, abs=0.02)
    for name, measure in (("frequency", mean_frequency), ("colourfulness", colourfulness)):
        assert rows[name].tolist()[:24] == pytest.approx(measure(last.images).tolist(), rel=0.02, abs=1e-3)


def test_the_command_measures_once_what_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def measured(net: object, weights: str, layers: list[object]) -> Iterator[dict[str, object]]:
        asked.append((weights, len(layers)))
        yield {"layer": "stem", "unit": 3, "frequency": 0.1, "colourfulness": 1.0}

    said = f"{by_depth.markdown()}\n\n{by_depth.sentence()}\n"
    monkeypatch.setattr(by_depth, "TABLE", tmp_path / "table.csv")
    monkeypatch.setattr(by_depth, "measured", measured)
    for _ in range(2):
        by_depth.main()
        assert asked == [("trained", 10), *[(TWIN, 10)] * 5]
        written = pd.read_csv(tmp_path / "table.csv")
        assert written.seed.tolist() == [0, 0, 1, 2, 3, 4] and written.weights.tolist() == ["trained", *[TWIN] * 5]
        assert capsys.readouterr().out == said
