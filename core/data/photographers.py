"""Who took the photographs that crops ship of, and under which licence."""

from functools import cache
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).parent / "photographers.csv"


@cache
def table() -> pd.DataFrame:
    """Who took each photograph, when, and under which licence; by its file's name, or its name in a wheel."""
    rows = pd.read_csv(TABLE, dtype=str, keep_default_na=False)
    return rows.set_index("name", drop=False)


def credit(name: str) -> str:
    """A photograph's title, author, year and licence in a line."""
    row = table().loc[name]
    return f"{row.title}, {row.author}{f' {row.year}' if row.year else ''}, {row.licence}"


def markdown() -> str:
    """The README's table of credits."""
    lines = ["| photographs | by | licence | out of |", "|---|---|---|---|"]
    for (author, year, licence, link, source), rows in table().groupby(
        ["author", "year", "licence", "link", "source"], sort=False
    ):
        titles, by = ", ".join(rows.title), f"{author} {year}".strip()
        lines.append(f"| {titles} | {by} | [{licence}]({link}) | {source} |")
    return "\n".join(lines)
