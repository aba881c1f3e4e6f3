"""The shipped numbers on memory: what they hold, how they are summed up, and what is said of them."""

import re
from collections.abc import Callable

import pandas as pd
import pytest
import torch

from core.data.digits import Digits
from core.memory import sentences, tables
from core.memory.influence import by_lag, horizon, influence
from core.memory.tables import BLANKED, DELAYS, GRADIENT, HELD, IMAGES, KINDS, MIXED, PERMUTATIONS, ROW, Net
from core.models import SHUFFLED, TWIN, load, weights_of
from core.models.rnn import RNN

ALL = tables.table()


def test_every_net_is_measured_by_all_that_concerns_it() -> None:
    assert {source for sources in KINDS.values() for source in sources} <= set(weights_of("rnn"))
    counts = ALL.groupby(["model", "weights", "seed", "measure"]).size()
    for net in tables.nets():
        own = counts[net.model, net.weights, net.seed]
        trained = net.weights in ("trained", "plain")
        assert ("accuracy" in own.index) == trained
        if trained:
            assert own["accuracy"] == len(tables.ORDERS) + len(tables.DRAWN) * (len(PERMUTATIONS) - 1)
        if net.model == "rnn":
            assert own[[GRADIENT, BLANKED, IMAGES, MIXED, HELD]].tolist() == [2, 2, 2 * 28, 2 * 28, 2 * len(DELAYS)]
    assert not ALL.value.isna().any() and len(counts) == 5 * (2 * 6 + 2 * 5 + 2 * 2) + 2  # and the present row's two


@pytest.mark.parametrize("net", [Net("rnn", "trained", 1, "seed-1"), Net("rnn", TWIN, 0, "untrained")])
def test_what_ships_is_what_is_measured(net: Net) -> None:
    model = load("rnn", weights=net.source)
    assert isinstance(model, RNN)
    own = ALL[(ALL.model == "rnn") & (ALL.weights == net.weights) & (ALL.seed == net.seed)]
    shipped = own[own.measure == GRADIENT].set_index("where").value
    for layer, triangle in influence(model, tables.some(100).images).items():
        found = float(horizon(by_lag(triangle).mean(0, keepdim=True)))
        assert shipped[layer] == pytest.approx(found, rel=1e-3)


def test_the_rows_of_a_net_are_those_of_its_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Digits(*(part[:80] for part in tables.some(2000)))
    monkeypatch.setattr(tables, "some", lambda count: few)
    monkeypatch.setattr(tables, "DELAYS", (0, 3))
    rows = tables.measured(Net("rnn", "trained", 0, "seed-0"))
    by_measure = {
        measure: [row for row in rows if row[0] == measure] for measure in dict.fromkeys(row[0] for row in rows)
    }
    assert list(by_measure) == ["accuracy", GRADIENT, BLANKED, IMAGES, MIXED, HELD]
    assert {row[1] for row in by_measure["accuracy"]} == set(tables.ORDERS)
    held = {row[1:3]: row[3] for row in by_measure[HELD]}
    assert held.keys() == {(layer, blank) for layer in ("lstm1", "lstm2") for blank in (0, 3)}
    assert by_measure["accuracy"][0][3] > 95 and all(0 <= row[3] <= 1 for row in by_measure[IMAGES])
    table = tables.as_table(Net("rnn", "trained", 0, "seed-0"), rows)
    assert len(table) == len(rows) and set(table.seed) == {0}
    twin = {row[0] for row in tables.measured(Net("rnn", TWIN, 0, "untrained"))}
    assert twin == {GRADIENT, BLANKED, IMAGES, MIXED, HELD}
    assert {row[0] for row in tables.measured(Net("dense", "plain", 0, "plain"))} == {"accuracy"}


def test_the_present_row_knows_itself_and_of_mixed_rows_nothing_else() -> None:
    nothing = ALL[(ALL["where"] == ROW) & (ALL["at"] < 27)].set_index(["measure", "at"]).value
    assert nothing[IMAGES, 0] > 0.999 and nothing[MIXED, 0] > 0.999
    assert nothing[MIXED].iloc[1:].max() < 0.01 < 0.5 < nothing[IMAGES, 1]


def test_seeds_are_averaged_and_what_is_drawn_within_a_net_first() -> None:
    found = tables.over_seeds("accuracy").set_index(["model", "weights", "where"])
    own = ALL[(ALL.measure == "accuracy") & (ALL.model == "rnn") & (ALL.weights == "trained")]
    shuffled = own[own["where"] == "rows shuffled"]
    row = found.loc[("rnn", "trained", "rows shuffled")]
    assert row.value == pytest.approx(shuffled.value.mean()) and row["at"] == 0
    by_seed = shuffled.groupby("seed").value.mean()
    assert by_seed.min() <= row.low <= row.value <= row.high <= by_seed.max()
    lags = tables.over_seeds(IMAGES)
    assert len(lags) == (4 * 2 + 1) * 28


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])", text.replace(",", ""))]


def of_layer(measure: str, weights: str, layer: str, least: int = 0) -> float:
    own = ALL[(ALL.measure == measure) & (ALL.weights == weights) & (ALL["where"] == layer) & (ALL["at"] >= least)]
    return float(own.groupby("seed").value.sum().mean())


def test_horizons_are_said_with_their_numbers() -> None:
    said = sentences.horizons()
    for layer in ("lstm1", "lstm2"):
        assert f"In `{layer}` it is **{of_layer(GRADIENT, 'trained', layer):.1f} rows**" in said
        assert f"trained and {of_layer(GRADIENT, TWIN, layer):.1f} in the untrained twin" in said
    assert f"shuffled it is {of_layer(GRADIENT, SHUFFLED, 'lstm2'):.1f} in `lstm2`" in said


def test_capacities_are_said_with_their_numbers() -> None:
    said = sentences.capacities()
    far = [of_layer(IMAGES, kind, "lstm2", 8) for kind in ("trained", TWIN, SHUFFLED)]
    assert f"recovers **{of_layer(IMAGES, 'trained', 'lstm2'):.1f} rows** in all" in said
    assert f"recovers **{far[0]:.1f}**" in said and f"twin ({far[1]:.1f})" in said and f"it is {far[2]:.1f}." in said
    alone = of_layer(IMAGES, ROW, ROW), of_layer(IMAGES, ROW, ROW, 8)
    assert f"gives away {alone[0]:.1f} in all, and {alone[1]:.1f} of those far back" in said


def test_delays_and_orders_are_said_with_their_numbers() -> None:
    held = tables.over_seeds(HELD).set_index(["weights", "where", "at"]).value
    said = sentences.delays()
    for kind in ("trained", TWIN, SHUFFLED):
        assert f"{held[kind, 'lstm2', 14]:.0f} % (at once {held[kind, 'lstm2', 0]:.0f} %)" in said
    right = tables.over_seeds("accuracy").set_index(["model", "weights", "where"]).value
    words = sentences.orders()
    for model in ("rnn", "dense", "cnn"):
        first, second = right[model, "trained", "in order"], right[model, "trained", "rows shuffled"]
        assert f"{first:.1f} % to {second:.0f} %" in words


CONDITIONS: list[tuple[Callable[[], str], str, Callable[[pd.DataFrame], pd.DataFrame], str, str]] = [
    (sentences.horizons, SHUFFLED, lambda rows: rows.assign(value=4.3), "comes with large weights", "takes more than"),
    (sentences.capacities, "trained", lambda rows: rows.assign(value=1.0), "forget pixels", "keep pixels"),
    (sentences.orders, "dense", lambda rows: rows.assign(value=90.0), "says nothing of time", ""),
]


@pytest.mark.parametrize(("of", "which", "change", "before", "after"), CONDITIONS, ids=["reach", "pixels", "order"])
def test_what_is_said_turns_with_the_numbers(
    of: Callable[[], str], which: str, change: Callable[[pd.DataFrame], pd.DataFrame], before: str, after: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert before in of()
    own = (ALL.weights == which) | ((ALL.model.isin(["dense", "cnn"])) & (which == "dense"))
    other = pd.concat([ALL[~own], change(ALL[own])])
    monkeypatch.setattr(tables, "table", lambda: other)
    monkeypatch.setattr(sentences, "table", lambda: other)
    tables.over_seeds.cache_clear()
    try:
        said = of()
        assert before not in said and after in said
    finally:
        tables.over_seeds.cache_clear()


def test_the_table_for_the_readme_has_a_row_a_layer_and_the_control() -> None:
    lines = sentences.markdown().splitlines()
    assert len(lines) == 2 + 4 * 2 + 1
    row = next(line for line in lines if line.startswith("| trained | lstm2"))
    wanted = [of_layer(GRADIENT, "trained", "lstm2"), of_layer(IMAGES, "trained", "lstm2"),
              of_layer(IMAGES, "trained", "lstm2", 8)]  # fmt: skip
    assert numbers(row)[:3] == pytest.approx(wanted, abs=0.05)


def test_some_images_are_evenly_spread() -> None:
    images, labels = tables.some(2000)
    assert len(images) == len(labels) == 2000 and torch.equal(images, tables.test_set().images[::5])
