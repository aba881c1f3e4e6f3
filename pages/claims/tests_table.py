"""All tests of a claim, as a table and to take along."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.evidence.sentences import OUTCOMES, left_out
from core.evidence.verdicts import table
from core.models import TWIN
from pages.frame.glossary import explained

LEAST = 0.001  # a p-value that is written out
HELP = {
    "control": "The same of the untrained twins, or of what is named.",
    "difference": "The value less the control.",
    "p": "That the value has the claim's sign, with Holm's correction.",
    "p beyond control": "That it exceeds the control in that direction, with Holm's correction.",
}


def tests_table(name: str) -> None:
    """Draw the tests of a claim that bear on its verdict; the file has the others, too."""
    rows, content = _tests(name)
    if rows.empty:
        return
    st.header("Its tests", anchor=False, help=explained("Holm correction", "bootstrap", "confidence interval"))
    columns = {label: st.column_config.TextColumn(label, help=said) for label, said in HELP.items()}
    st.dataframe(rows, hide_index=True, column_config=columns, key="tests", alt=f"All tests of {name}",
                 height=min(35 * (len(rows) + 1) + 3, 420))  # fmt: skip
    if said := _left_out(name):
        st.caption(said)
    st.download_button("All tests (CSV)", content, f"{name}.csv", "text/csv", on_click="ignore",
                       icon=":material/download:")  # fmt: skip


@st.cache_data(show_spinner=False)
def _left_out(name: str) -> str | None:
    return left_out(name)


@st.cache_data(show_spinner=False)
def _tests(name: str) -> tuple[pd.DataFrame, str]:
    own = table()[table().claim == name]
    return worded(own[own.counts]), own.to_csv(index=False)


def worded(tests: pd.DataFrame) -> pd.DataFrame:
    """Tests as one reads them: a value and its interval in one column, the outcome in words."""
    rows = [
        {
            "net": row["subject"], "training": row["training"], "measure": row["measure"], "of it": row["says"],
            "outcome": OUTCOMES[row["outcome"]],
            "value": _interval(row, "value", "low", "high"),
            "control": _control(row["against"]) + _interval(row, "control", "control_low", "control_high"),
            "difference": _interval(row, "beyond", "beyond_low", "beyond_high"),
            "p": _p(row["p"]), "p beyond control": _p(row["p_beyond"]),
        }
        for row in tests.to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _control(against: str) -> str:
    return "" if against in ("", TWIN) else f"{against.split(', ')[-1]}: "


def _interval(row: Mapping[Any, Any], *names: str) -> str:
    value, low, high = (row[name] for name in names)
    return "none" if math.isnan(value) else f"{value:+.3g} ({low:+.3g} to {high:+.3g})"


def _p(value: float) -> str:
    return f"< {LEAST}" if value < LEAST else f"{value:.3f}"
