"""The table of textures: its rule, its sentence, and that no two pieces of a source share a pixel."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from core.data import photos
from core.studio import texture_table
from core.studio.texture_table import DEPTHS, NOISE, PHASES, PIECE, SOURCES, TWINS

DEPTH = DEPTHS[-1]


def rows(trained: float, twins: float, judged: float = 0.0, phases: float = 0.6) -> pd.DataFrame:
    """Noise is 2 away from every source, others by so many shares of that, give or take a point from source to source.

    `judged` is how much nearer the trained net's are to the judge.
    """
    found = []
    for place, source in enumerate(SOURCES):
        off = 0.01 * (place % 3 - 1)
        for by, share in {"trained": trained + off, **dict.fromkeys(TWINS, twins)}.items():
            found += [(source, by, depth, share, 2 * share, 2 * (0.5 - judged * (by == "trained") + off))
                      for depth in DEPTHS]  # fmt: skip
        found += [(source, NOISE, "", None, 2.0, 2.0), (source, PHASES, "", None, 2 * phases, 1.0),
                  (source, PIECE, "", None, 0.2, 0.2)]  # fmt: skip
    return pd.DataFrame(found, columns=["source", "by", "depth", "left", "structure", "judge"])


def said(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(texture_table, "table", lambda: table)
    return texture_table.sentence()


def test_the_rule_says_what_the_interval_says(monkeypatch: pytest.MonkeyPatch) -> None:
    better = said(rows(0.2, 0.4, judged=0.1), monkeypatch)
    assert better.startswith("The trained net's textures are more like") and "agrees" in better
    assert "20 % is left up to stem_relu, where the twins are best, and 40 % in theirs (20 points, 19 to 21" in better
    assert "The twins do it too" in better and "(60 %)" in better and "has 10 %" in better
    worse = said(rows(0.4, 0.2, judged=-0.1), monkeypatch)
    assert worse.startswith("The untrained twins' textures") and "says the opposite" in worse
    same = said(rows(0.4, 0.4), monkeypatch)
    assert "no difference is shown: " in same and "sees no difference" in same


def test_the_twins_are_asked_where_they_are_best(monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows(0.2, 0.4)
    table.loc[table.by.isin(TWINS) & (table.depth == "block4"), "structure"] = 2 * 0.1
    found = said(table, monkeypatch)
    assert found.startswith("The untrained twins' textures") and "up to block4, where the twins are best" in found
    assert found.endswith(
        "Up to block9 it is 20 % and 40 %; in what each net read there itself, 20 % and 40 % were left."
    )


def test_an_interval_is_over_nets_and_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources agree, and one twin of three is worse than the trained net: nets alone leave the difference open."""
    table = rows(0.3, 0.2)
    table.loc[table.by == TWINS[0], "structure"] = 2 * 0.6
    monkeypatch.setattr(texture_table, "table", lambda: table)
    mean, low, high = texture_table.gain("structure", ("trained", DEPTH), ("twins", DEPTH))
    assert mean == pytest.approx(1 / 30) and low < -0.08 and high > 0.12
    assert "no difference is shown: " in texture_table.sentence()


def test_twins_are_put_beside_random_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "further away than the same spectrum" in said(rows(0.2, 0.8), monkeypatch)


def test_shares_are_of_noise_and_twins_count_by_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows(0.2, 0.4)
    table.loc[(table.by == TWINS[0]) & (table.source == SOURCES[0]), "structure"] = 2 * 0.1
    monkeypatch.setattr(texture_table, "table", lambda: table)
    found = texture_table.shares("structure")
    assert found.loc[SOURCES[0], ("twins", DEPTH)] == pytest.approx((0.1 + 0.4 + 0.4) / 3)
    assert found.loc[SOURCES[0], (PIECE, "")] == pytest.approx(0.1)


def test_the_pieces_of_a_source_have_no_pixel_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch.arange(3 * 256 * 256).view(3, 256, 256)
    monkeypatch.setattr(photos, "to_input", lambda picture, side: whole)
    one, other = texture_table.pieces("grass")
    assert one.shape == other.shape == (1, 3, 128, 128)
    assert not set(one.flatten().tolist()) & set(other.flatten().tolist())


def test_what_ships_has_every_row() -> None:
    table = texture_table.table()
    made = table[table.depth != ""]
    assert len(made) == len(SOURCES) * (1 + len(TWINS)) * len(DEPTHS) and made.left.between(0, 2).all()
    assert len(table) == len(made) + 3 * len(SOURCES) and (table[["structure", "judge"]] > 0).all().all()
    assert texture_table.sentence()


def test_rows_are_measured_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one source and one depth, in few steps."""
    monkeypatch.setattr(texture_table, "TABLE", tmp_path / "texture.csv")
    monkeypatch.setattr(texture_table, "SOURCES", ("gravel",))
    monkeypatch.setattr(texture_table, "DEPTHS", ("stem_relu",))
    monkeypatch.setitem(
        texture_table.RECIPES, "photos", texture_table.replace(texture_table.RECIPES["photos"], steps=5)
    )
    found = list(texture_table.measure())
    assert [row["by"] for row in found] == ["trained", *TWINS, NOISE, PHASES, PIECE]
    written = pd.read_csv(tmp_path / "texture.csv", keep_default_na=False)
    assert written.by.tolist() == [row["by"] for row in found]
    one, other = texture_table.pieces("gravel")
    assert found[-1]["structure"] == pytest.approx(float(texture_table.apart(other, one)))
    assert isinstance(found[-1]["judge"], float) and found[-1]["judge"] < float(str(found[-3]["judge"]))
