"""A recurrent cell at one step: its gates' sums with their numbers, what each reads, and what is left of each step."""

from collections.abc import Sequence
from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from core.charts.arithmetic import HEAD, WIDTH, WORDS, Grid, cells_chart, cells_of, sign_colour
from core.charts.marks import FAINT, QUIET, TEXT, Spec, checked, filled, table_of
from core.images import Theme

ROOM, CELL, STRIP = 74, 26, 18  # pixels: of the names on the left, and of a row's height in the table and in a strip
STEPS_HEIGHT = 170


def gate_table(columns: Sequence[Grid], names: Sequence[str], about: str, theme: Theme) -> Spec:
    """A row a gate, a column (gates, 1) a term of its sum, each with colours of its own scale."""
    width, everywhere = (WIDTH - ROOM) // len(columns), np.ones((len(names), 1), bool)
    cells, words = [], _names(names, HEAD, CELL, theme)
    for place, grid in enumerate(columns):
        left = ROOM + place * width
        said = [f"{name}: {grid.title} = {value:.3g}" for name, value in zip(names, grid.values[:, 0], strict=True)]
        cells.append(cells_of(grid, (left, HEAD), (width, CELL), everywhere, said, theme))
        words.append((left + width / 2, HEAD / 2, grid.title, "center", TEXT[theme], "normal"))
    chart = cells_chart(WIDTH, HEAD + CELL * len(names), theme)
    return filled(chart, about, cells=pd.concat(cells), words=pd.DataFrame(words, columns=WORDS))


def strips(lines: Sequence[Grid], said: Sequence[str], about: str, theme: Theme) -> Spec:
    """Lines of numbers (1, n), one below the other; what stands in one column lights up together, and is `said`."""
    count = lines[0].values.shape[1]
    width, everywhere = (WIDTH - ROOM) // count, np.ones((1, count), bool)
    cells = [cells_of(line, (ROOM, place * STRIP), (width, STRIP - 2), everywhere, said, theme)
             for place, line in enumerate(lines)]  # fmt: skip
    words = _names([line.title for line in lines], 0, STRIP, theme)
    chart = cells_chart(WIDTH, STRIP * len(lines), theme)
    return filled(chart, about, cells=pd.concat(cells), words=pd.DataFrame(words, columns=WORDS))


def _names(names: Sequence[str], top: int, height: int, theme: Theme) -> list[tuple[float, float, str, str, str, str]]:
    return [(0, top + (row + 0.5) * height, name, "left", TEXT[theme], "normal") for row, name in enumerate(names)]


def over_steps(values: np.ndarray, about: str, theme: Theme) -> Spec:
    """A bar a row of the image, counted from 1, orange above zero and purple below it."""
    table = pd.DataFrame({"row": np.arange(len(values)) + 1, "value": values})
    return filled(_steps_chart(theme), about, steps=table.assign(colour=table.value.map(sign_colour)))


@cache
def _steps_chart(theme: Theme) -> Spec:
    x = alt.X("row:Q", title="row of the image", axis=alt.Axis(grid=False, tickCount=6),
              scale=alt.Scale(domain=[0, 29], nice=False))  # fmt: skip
    y = alt.Y("value:Q", title=None, axis=alt.Axis(gridColor=FAINT[theme], tickCount=4))
    tips = [alt.Tooltip("row:Q"), alt.Tooltip("value:Q", format="+.3f")]
    bars = table_of("steps").mark_bar(size=8).encode(x=x, y=y, color=alt.Color("colour:N", scale=None), tooltip=tips)
    zero = table_of("steps").mark_rule(color=QUIET[theme]).encode(y=alt.datum(0))
    return checked(alt.layer(bars, zero).properties(width=WIDTH, height=STEPS_HEIGHT))
