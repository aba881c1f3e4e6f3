"""The part of the page Memory on what text a cell is waiting for, by itself."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.sequences import compare
from core.sequences.methods import METHODS
from pages.sequences import preferred
from tests.visits import done, press, until

NAMES = (*METHODS, compare.CORPUS)


def drawn(unit: str, weights: str = "untrained") -> AppTest:
    def script(unit: str, weights: str) -> None:
        from core.units import Unit
        from pages.sequences.preferred import preferred

        preferred("light", Unit.parse(unit), weights)

    at = AppTest.from_function(script, default_timeout=60, kwargs={"unit": unit, "weights": weights}).run()
    assert not at.exception
    return at


def html(at: AppTest) -> str:
    return "".join(element.proto.body for element in at.get("html"))


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with one cell, in which the exchange is the best, and short texts."""
    rows = [{"weights": weights, "layer": layer, "unit": 5, "method": name, "strength": 1.0 + (name == "exchange"),
             "relaxed": None, "bits": 3.0, "read": 9, "text": "<b>&\n "} for name in NAMES
            for weights, layer in compare.PLACES]  # fmt: skip
    monkeypatch.setattr(compare, "TABLE", tmp_path / "preferred.csv")
    pd.DataFrame(rows).to_csv(compare.TABLE, index=False)
    _forget()
    yield
    _forget()


def _forget() -> None:
    compare.table.cache_clear()
    preferred._over_cells.clear()


@pytest.mark.usefixtures("few")
def test_what_ships_is_there_at_once_and_is_text() -> None:
    at = drawn("text/lstm1/5")
    assert "that *exchange* found" in at.markdown[0].value and "0.964" in at.markdown[0].value
    assert html(at).count("&lt;b&gt;&amp;⏎␣") == len(NAMES) and "<b>&" not in html(at)
    assert html(at).index("exchange</dt>") < html(at).index("beam</dt>")
    assert "exchange wins" in at.caption[-1].value or "exchange wins" in "".join(each.value for each in at.caption)


@pytest.mark.usefixtures("few")
def test_another_cell_is_looked_for_live_and_the_texts_of_all_methods_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from core.data import text
    from core.sequences import passages
    from pages.sequences import finding

    monkeypatch.setattr(finding, "BUDGET", 30_000)
    monkeypatch.setattr(passages, "training_text", lambda: text.training_text()[:3_000])
    at = drawn("text/lstm1/6")
    assert "gradient ascent</dt>" not in html(at)
    at = until(press(at, "Find them"), done("Find them", "Cancel"))
    assert not at.exception
    assert all(f"{name}</dt>" in html(at) for name in NAMES) and "relaxed-texts" in html(at)
    assert any("Relaxed texts" in each.value for each in at.caption)
