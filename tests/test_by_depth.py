"""How the wall's pictures change with depth, beside five twins."""

import itertools
import math
from pathlib import Path

import pandas as pd
import pytest
import torch

from core import atlas, by_depth, stimuli
from core.measures.colourfulness import colourfulness
from core.measures.interval import interval
from core.measures.spatial_frequency import mean_frequency
from core.models import SEEDS, TWIN


def test_the_table_holds_every_layer_with_its_interval_and_five_twins() -> None:
    found = by_depth.by_depth().set_index(["measure", "weights", "layer"])
    assert found.loc[("field", "trained")].value[:4].tolist() == [3, 7, 11, 19]
    for measure in ("frequency", "colourfulness"):
        for weights in ("trained", TWIN):
            rows = found.loc[(measure, weights)]
            assert rows.index.tolist() == list(atlas.WALL)
            assert (rows.low <= rows.value).all() and (rows.value <= rows.high).all()
    twins = pd.read_csv(by_depth.TABLE)
    assert set(twins.seed) | {0} == set(SEEDS) and set(twins.layer) == set(atlas.WALL)
    units = atlas.wall_units(next(layer for layer in atlas.layers_of(atlas.PHOTO) if layer.name == "block8"))
    first = float(mean_frequency(atlas.pictures_of(TWIN, "block8", units)).mean())
    own = [first, *twins[twins.layer == "block8"].frequency]
    row = found.loc[("frequency", TWIN, "block8")]
    assert [row.value, row.low, row.high] == pytest.approx([sum(own) / 5, min(own), max(own)])


def test_the_rule_compares_the_trained_net_with_every_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claim C2."""
    found = by_depth.falls()
    assert len(found["trained"]) == 1 and len(found[TWIN]) == len(SEEDS)
    beyond = found["trained"][0] > max(found[TWIN])
    assert ("more than in every twin" in by_depth.sentence()) == beyond
    monkeypatch.setattr(by_depth, "falls", lambda: {"trained": [1.5], TWIN: [1.2, 1.6, 1.1, 1.3, 1.4]})
    words = by_depth.sentence()
    assert "of 1.10 to 1.60 in five untrained twins: no more than in its twins, and" in words
    mean = sum(map(math.log, (1.2, 1.6, 1.1, 1.3, 1.4))) / 5
    assert f"{100 * mean / math.log(1.5):.0f} % of it, on a logarithmic scale, comes without training." in words


def test_each_row_is_its_layers_mean_and_interval_or_its_twins() -> None:
    found = by_depth.by_depth().sort_values(by_depth.COLUMNS[:3]).set_index(["measure", "weights", "layer"])
    assert len(found) == 3 * 2 * len(atlas.WALL) and found.index.is_unique
    twins = pd.read_csv(by_depth.TABLE).set_index("layer")
    layers = {layer.name: layer for layer in atlas.layers_of(atlas.PHOTO)}
    for layer in ("stem", "block16"):
        for name, measure in (("frequency", mean_frequency), ("colourfulness", colourfulness)):
            trained, untrained = (
                measure(atlas.pictures_of(weights, layer, atlas.wall_units(layers[layer])))
                for weights in ("trained", TWIN)
            )
            row = found.loc[(name, "trained", layer)]
            assert row.tolist() == pytest.approx([float(trained.mean()), *interval(trained)])
            own = [float(untrained.mean()), *twins.loc[layer, name]]
            assert found.loc[(name, TWIN, layer)].tolist() == pytest.approx([sum(own) / 5, min(own), max(own)])
    for weights in ("trained", TWIN):
        fields = found.loc[("field", weights)]
        assert fields.loc["block2"].tolist() == [11] * 3 and fields.loc["logits"].isna().all()


def test_a_fall_is_the_second_blocks_fineness_beside_the_last_ones() -> None:
    found = by_depth.by_depth().query("measure == 'frequency' and weights == 'trained'").set_index("layer").value
    twins = pd.read_csv(by_depth.TABLE).pivot(index="seed", columns="layer", values="frequency")
    falls = by_depth.falls()
    assert falls["trained"] == pytest.approx([found["block2"] / found["block16"]])
    assert falls[TWIN][1:] == pytest.approx(list(twins.block2 / twins.block16))


def test_as_large_a_fall_as_the_largest_of_the_twins_is_not_beyond_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for trained, words in ((1.5, "no more than in its twins"), (1.51, "more than in every twin")):
        monkeypatch.setattr(by_depth, "falls", lambda fall=trained: {"trained": [fall], TWIN: [1.2, 1.5]})
        assert f"1.50 in five untrained twins: {words}, and" in by_depth.sentence()
        assert f"by a factor of {trained:.2f} in the trained net, and of 1.20 to" in by_depth.sentence()


def test_shipped_rows_of_twins_are_what_their_climbs_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rows of a twin, climbed anew; every row lies near that of the twin whose pictures ship.

    In float32, as they were made: where bfloat16 is faster, a climb ends up to 2 % elsewhere.
    """
    monkeypatch.setattr(stimuli, "_DTYPES", {})
    monkeypatch.setattr(stimuli, "faster_dtype", lambda *climb: torch.float32)
    table = pd.read_csv(by_depth.TABLE)
    again = list(itertools.islice(by_depth._measured(3, "untrained-3"), 2))
    shipped = table[table.seed == 3].head(2).to_dict("records")
    for new, old in zip(again, shipped, strict=True):
        assert {"seed": new["seed"], "layer": new["layer"]} == {"seed": old["seed"], "layer": old["layer"]}
        for name in by_depth.MEASURES:
            assert new[name] == pytest.approx(old[name], rel=5e-3)
            assert new[name] == round(float(str(new[name])), 4)
    assert table[["seed", "layer"]].apply(tuple, axis=1).tolist() == list(itertools.product(SEEDS[1:], atlas.WALL))
    layers = {layer.name: layer for layer in atlas.layers_of(atlas.PHOTO)}
    for layer, rows in table.groupby("layer"):
        pictures = atlas.pictures_of(TWIN, str(layer), atlas.wall_units(layers[str(layer)]))
        for name, measure in by_depth.MEASURES.items():
            assert rows[name].between(*(float(measure(pictures).mean()) * factor for factor in (2 / 3, 3 / 2))).all()


def test_the_command_measures_the_twins_that_have_no_atlas_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def measured(seed: int, weights: str) -> list[dict[str, object]]:
        asked.append((seed, weights))
        return [{"seed": seed, "layer": "stem", "frequency": seed / 8, "colourfulness": 1.0}]

    by_depth.by_depth(), by_depth.falls()
    monkeypatch.setattr(by_depth, "TABLE", tmp_path / "twins.csv")
    monkeypatch.setattr(by_depth, "_measured", measured)
    for _ in range(2):
        by_depth.main()
        assert asked == [(seed, f"untrained-{seed}") for seed in (1, 2, 3, 4)]
        assert pd.read_csv(by_depth.TABLE).frequency.tolist() == [1 / 8, 2 / 8, 3 / 8, 4 / 8]
        assert capsys.readouterr().out == f"{by_depth.markdown()}\n\n{by_depth.sentence()}\n"
