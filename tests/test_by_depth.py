"""How the wall's pictures change with depth, beside five twins."""

import math

import pandas as pd
import pytest

from core import atlas, by_depth
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
