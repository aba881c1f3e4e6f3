"""Fields for the numbers of a recipe, within its limits."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

SIDES = [96, 128, 160, 192, 224, 256]  # pixels of a picture that is made


def number_fields(
    usual: object, labels: Mapping[str, str], limits: Mapping[str, tuple[float, float]], keys: Mapping[str, str]
) -> dict[str, Any]:
    """Draw a field for each of a recipe's values that have labels, and return what they say, by the values' names."""
    values: dict[str, Any] = {}
    for name, label in labels.items():
        value: Any = getattr(usual, name)
        low, high = (type(value)(limit) for limit in limits[name])
        values[name] = st.number_input(label, low, high, value, key=keys[name], bind="query-params")
    return values


def side_field(usual: int, key: str) -> int:
    """Draw the choice of a picture's size in pixels."""
    return int(st.select_slider("Pixels", SIDES, usual, key=key, bind="query-params"))
