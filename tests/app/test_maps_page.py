"""The Maps page: PCA at once, t-SNE as a job, the star, what the lasso chose."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import embeddings
from core.data.digits import EXAMPLE
from core.maps import METHODS
from core.measures import neighbours
from core.measures.neighbours import ENOUGH
from tests.drawing import drawing
from tests.visits import charts, done, drawn, fine, maps, page, said, until


def maps_page(**values: object) -> AppTest:
    return page("maps", ("digit", "map"), **values)


def test_every_net_is_a_row_of_maps_with_the_numbers_of_their_spaces() -> None:
    at = fine(maps_page(map="PCA"))
    rows = maps(at)["rows"]
    assert [row["name"] for row in rows] == ["dense", "cnn", "rnn"]
    assert [figure["title"] for figure in rows[1]["maps"]] == ["pixels", "relu1", "relu2", "relu3", "relu4", "logits"]
    for figure in rows[1]["maps"]:
        assert len(figure["x"]) == len(figure["y"]) == len(maps(at)["labels"]) == ENOUGH
        assert min(figure["x"] + figure["y"]) == 0 and max(figure["x"] + figure["y"]) == 1000
        assert figure["about"].endswith("% of the variance") and figure["star"] is not None
    assert rows[1]["maps"][5]["below"] == "98 % alike · silhouette 0.54"
    assert sum("pixels projected" in chart for chart in charts(at)) == 3
    assert neighbours.headline("silhouette", ("dense", "cnn", "rnn")) in [block.value for block in at.markdown]


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
def test_a_test_image_is_a_star_where_its_point_is(method: str) -> None:
    for row in maps(fine(maps_page(digit="7", map=method)))["rows"]:
        for figure in row["maps"]:
            assert figure["star"] == pytest.approx([figure["x"][7], figure["y"][7]], abs=2)


def test_the_page_opens_with_tsne_as_it_ships_and_an_example() -> None:
    at = fine(maps_page())
    for row in maps(at)["rows"]:
        shipped = embeddings.shipped(row["name"], "trained")
        assert shipped and [figure["title"] for figure in row["maps"]] == list(shipped)
        for figure in row["maps"]:
            flat = shipped[figure["title"]]
            drawn_at = np.stack([figure["x"], figure["y"]], axis=1)
            assert np.corrcoef(flat[:, 0], drawn_at[:, 0])[0, 1] > 0.999
            assert figure["star"] == drawn_at[EXAMPLE].tolist()
    assert not any(button.label.startswith("Start") for button in at.button)


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
def test_a_drawing_is_a_star_among_its_own_kind(method: str) -> None:
    at = drawn(drawing(0))
    at.query_params["map"] = method
    at = fine(at.switch_page("pages/maps.py").run())
    shown = maps(at)
    logits = shown["rows"][1]["maps"][-1]
    x, y = logits["star"]
    nearest = min(range(ENOUGH), key=lambda n: (logits["x"][n] - x) ** 2 + (logits["y"][n] - y) ** 2)
    assert shown["labels"][nearest] == 0


def test_what_the_lasso_holds_is_counted_and_shown() -> None:
    at = maps_page(digit="7")
    at.session_state["lasso-maps"] = {"chosen": [0, 17, 3, 4000, -1], "taken": None}
    fine(at.run())
    assert any(block.value == "**3 images inside the lasso:** 2 × 7, 1 × 0" for block in at.markdown)


def test_tsne_begins_from_the_principal_axes_forms_and_is_kept(
    empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "t-SNE", replace(METHODS["t-SNE"], rounds=2))
    monkeypatch.setattr(embeddings, "shipped", lambda model, weights: None)
    at = fine(maps_page(map="t-SNE", models=["dense"], digit="7"))
    begun = maps(at)["rows"][0]["maps"]
    assert [figure["about"] for figure in begun] == ["not begun"] * 4
    next(button for button in at.button if button.label == "Start t-SNE").click().run()
    until(at, done("Start"))
    formed = maps(fine(at))["rows"][0]["maps"]
    assert formed[2]["x"] != begun[2]["x"] and formed[2]["star"] is not None
    assert {path.suffix for path in empty_store.iterdir()} == {".content", ".json"}
    again = maps(fine(maps_page(map="t-SNE", models=["dense"], digit="7")))["rows"][0]["maps"]
    assert [figure["x"] for figure in again] == [figure["x"] for figure in formed]


def test_maps_that_form_can_be_cancelled(empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "shipped", lambda model, weights: None)
    at = maps_page(map="t-SNE", models=["dense"])
    next(button for button in at.button if button.label == "Start t-SNE").click().run()
    next(button for button in at.button if button.label == "Cancel").click().run()
    for _ in range(50):
        if any(button.label == "Start t-SNE" for button in at.button):
            break
        time.sleep(0.1)
        at.run()
    assert any(button.label == "Start t-SNE" for button in fine(at).button)
    assert list(empty_store.iterdir()) == []


@pytest.mark.parametrize("digit", ["99999", "x", "-1"])
def test_a_damaged_link_gets_a_sentence_and_the_maps_stay(digit: str) -> None:
    at = fine(maps_page(digit=digit))
    assert "test images are numbered 0 to 9999" in said(at)
    assert len(maps(at)["rows"]) == 3


def test_without_a_net_the_page_lives_on() -> None:
    assert maps(fine(maps_page(models=[])))["rows"] == []
