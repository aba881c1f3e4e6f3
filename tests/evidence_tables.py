"""Made tables of the evidence: every net and every test, with numbers that say nothing."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core.evidence import curves, verdicts
from core.evidence.claims import CLAIMS, cells
from core.evidence.figures import ANSWER, figures
from core.evidence.tested import AGAINST, HELD, NOT_SHOWN, TOO
from core.models import DIGIT_NETS
from core.models.series import SERIES
from core.plane import xor

DEPTHS = {"dense": 2, "dense-video": 2, "cnn": 4, "rnn": 2, "photo": 9}
DEPTHS |= {name: int(name.split("-")[1]) for name in SERIES}
DEPTHS |= {name: len(setup.hidden) for name, setup in xor.NETS.items()}
NO_CURVE = ("forced choice, strongest real image", "recovered before freezing")
ONE_LAYER = ("edges in weights", "edges in weights, shuffled")


def made_curves(without: str = "") -> pd.DataFrame:
    """Every measure of the claims by depth, of all nets but those of a name that begins so."""
    dice, rows = np.random.default_rng(0), []
    measures = {name: figure for claim in CLAIMS.values() for figure in figures(claim)
                for name in (figure.measure, *figure.beside) if name not in NO_CURVE}  # fmt: skip
    for measure in measures:
        slope = dice.uniform(-0.2, 0.3)
        for model in (*DIGIT_NETS, *SERIES, *xor.NETS, "photo"):
            if without and model.startswith(without):
                continue
            base, depths = dice.uniform(0.2, 0.5), DEPTHS[model]
            kinds = [("", "untrained"), ("plain", "trained"), ("trained", "trained"), ("trained", "epoch-1")]
            for training, weights in kinds:
                for depth in range(1, 2 if measure in ONE_LAYER else depths + 2):
                    steps = np.log1p(depth) * slope * (1 if weights == "trained" else 0.2)
                    value = base + steps + dice.normal(0, 0.01)
                    rows.append({"measure": measure, "model": model, "training": training, "weights": weights,
                                 "layer": f"layer{depth}" if depth <= depths else ANSWER, "depth": depth,
                                 "value": value, "low": value - 0.02, "high": value + 0.02, "dead": 0})  # fmt: skip
        rows.append({"measure": measure, "model": "dense", "training": "", "weights": "pixels", "layer": "pixels",
                     "depth": 0, "value": 0.3, "low": 0.3, "high": 0.3, "dead": 0})  # fmt: skip
    return pd.DataFrame(rows)


def made_tests() -> pd.DataFrame:
    """Every test of every claim; some hold, and some do not, of each claim the first one."""
    dice, rows = np.random.default_rng(0), []
    for claim in CLAIMS.values():
        for place, cell in enumerate(cells(claim)):
            value, control = dice.normal(0.2, 0.2), dice.normal(0, 0.1) if cell.test.control else np.nan
            outcome = str(dice.choice([HELD, TOO, NOT_SHOWN, AGAINST], p=[0.5, 0.2, 0.2, 0.1]))
            outcome = outcome if place else NOT_SHOWN
            spread, beyond = 0.05, value - np.nan_to_num(control)
            rows.append({
                "claim": claim.name, "measure": cell.test.measure, "says": cell.test.says, "sign": cell.test.sign,
                "subject": cell.subject, "training": cell.training, "recipe": cell.test.recipe,
                "replacement": cell.test.replacement, "against": cell.test.control or "", "counts": cell.counts,
                "value": value, "low": value - spread, "high": value + spread,
                "control": control, "control_low": control - spread, "control_high": control + spread,
                "beyond": beyond, "beyond_low": beyond - spread, "beyond_high": beyond + spread,
                "p": dice.uniform(0, 0.04), "p_beyond": dice.uniform(0, 0.2), "errors": 20 * beyond,
                "alone": outcome in (HELD, NOT_SHOWN), "outcome": outcome,
            })  # fmt: skip
    return pd.DataFrame(rows)


def ship(found: pd.DataFrame, tests: pd.DataFrame, folder: Path) -> None:
    """Write them as they ship."""
    (folder / "curves.csv.gz").write_bytes(gzip.compress(found.to_csv(index=False).encode()))
    tests.to_csv(folder / "verdicts.csv", index=False)


def forget() -> None:
    """What was read or computed of other tables."""
    for kept in (curves.table, verdicts.table, verdicts.verdicts):
        kept.cache_clear()
    st.cache_data.clear()


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder from which the tables are read, which holds made ones."""
    ship(made_curves(), made_tests(), tmp_path)
    monkeypatch.setattr(curves, "TABLE", tmp_path / "curves.csv.gz")
    monkeypatch.setattr(verdicts, "TABLE", tmp_path / "verdicts.csv")
    forget()
    yield tmp_path
    forget()
