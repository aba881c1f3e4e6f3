"""The page Symmetry: its first screen, its switches, its layers, and what the link may say."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import learning_curves, symmetry
from core.data.augment import MAX_SHIFT
from core.data.digits import EXAMPLE
from core.data.digits import test_set as read_test_set
from core.learning_curves import COLUMNS, READ, SEEDS, SIZES, UPDATES
from core.models import DIGIT_NETS, families, load
from core.movements import MOVEMENTS, answers
from core.training import PLAIN, RECIPES
from tests.visits import charts, fine, page, said

USUAL = [models[0] for models in families().values()]


def symmetry_page(**link: str) -> AppTest:
    return page("symmetry", tuple(link), **link)


def now(at: AppTest) -> dict[str, str]:
    """Each net's answer, as its column has it."""
    heads = [block.proto.body for block in at.get("html") if 'class="label"' in block.proto.body]
    return {head.split('class="net">')[1].split("<")[0]: head.split('class="label">')[1].split("<")[0]
            for head in heads}  # fmt: skip


def words(at: AppTest) -> str:
    return "\n".join(part.value for part in (*at.markdown, *at.caption))


def expected(name: str, by: int, weights: str = "plain", models: list[str] = USUAL) -> dict[str, str]:
    movement, image = MOVEMENTS[name], read_test_set().images[EXAMPLE]
    place = movement.values.index(by)
    return {model: str(int(answers(load(model, weights=weights), image, movement)[place].argmax())) for model in models}


def headers(at: AppTest) -> list[str]:
    return [header.value for header in at.header]


def test_the_first_screen_answers_before_anything_is_touched() -> None:
    at = fine(symmetry_page())
    assert symmetry.sentence() in words(at)
    assert now(at) == expected("right", 4)
    label = str(int(read_test_set().labels[EXAMPLE]))
    assert now(at)["cnn"] == label != now(at)["dense"]
    kept = [caption.value for caption in at.caption if caption.value.startswith("Unmoved it answers")]
    assert len(kept) == 3 and all(f"answers {label}" in caption for caption in kept)
    assert len(charts(at)) == 9  # answers, errors and accuracies of three nets
    assert "Which layers follow?" in headers(at) and "How many test images do they still get right?" in headers(at)
    (link,) = [link.proto for link in at.get("page_link")]
    assert "C6" in link.label and "claim=C6" in link.query_string


def pictures(at: AppTest) -> list[str]:
    return [image.proto.imgs[0].alt for image in at.get("image")]


def test_the_digit_moves_once_until_somebody_moves_it() -> None:
    at = fine(symmetry_page())
    assert "moving once, to +4 px" in pictures(at)[0]
    at.slider(key="by-right").set_value(-2).run()
    assert pictures(fine(at))[0].endswith("moved: −2 px")
    assert now(at) == expected("right", -2)


@pytest.mark.parametrize(("name", "by", "weights"), [
    ("down", -5, "trained"), ("turn", 60, "plain"), ("size", 60, "untrained"), ("right", 8, "shuffled"),
])  # fmt: skip
def test_every_movement_and_all_weights_come_from_the_link(name: str, by: int, weights: str) -> None:
    at = fine(symmetry_page(move=name, kind=weights, **{f"by-{name}": str(by)}))
    assert now(at) == expected(name, by, weights)
    layers = [box.key for box in at.selectbox]
    shift = name in ("right", "down")
    assert layers == ([f"layer-{model}" for model in USUAL] if shift else [])
    assert ("Layers are compared for shifts" in words(at)) != shift


def test_a_layer_is_chosen_and_shown_three_times_with_its_error() -> None:
    at = fine(symmetry_page(**{"layer-cnn": "relu1", "by-right": "3"}))
    shown = [alt for alt in pictures(at) if alt.startswith("cnn, ")]
    assert shown == [f"cnn, relu1: {about}" for about in
                     ("of the unmoved image, moved along", "of the moved image", "the difference")]  # fmt: skip
    (exact,) = [caption.value for caption in at.caption if caption.value.startswith("relu1 · 12 maps")]
    assert exact.endswith("equivariance error at 3 px: **0.00**")  # a convolution follows every shift
    at.selectbox(key="layer-cnn").set_value("pool1").run()
    (pooled,) = [caption.value for caption in fine(at).caption if caption.value.startswith("pool1 · 12 maps")]
    assert float(pooled.split("**")[1]) > 0.1
    at.slider(key="by-right").set_value(2).run()
    (pooled,) = [caption.value for caption in fine(at).caption if caption.value.startswith("pool1 · 12 maps")]
    assert pooled.endswith("equivariance error at 2 px: **0.00**")


def test_a_value_between_two_steps_is_the_nearest_one() -> None:
    assert now(fine(symmetry_page(move="turn", **{"by-turn": "37"}))) == expected("turn", 40)


def test_all_nets_can_be_chosen_and_none_gets_a_sentence() -> None:
    at = fine(page("symmetry", models=list(DIGIT_NETS)))
    assert list(now(at)) == list(DIGIT_NETS)
    at = fine(symmetry_page(models=""))
    assert "Choose a net" in said(at) and not charts(at)


@pytest.mark.parametrize("digit", ["10000", "-1", "x", "![x](http://host/x.png)"])
def test_a_digit_that_is_not_there_gets_a_sentence_and_the_rest_stays(digit: str) -> None:
    at = fine(symmetry_page(digit=digit))
    assert said(at).startswith("The test images are numbered") and len(charts(at)) == 3
    assert at.expander[-1].label == "How this is computed"


@pytest.mark.parametrize(("name", "value"), [
    ("move", "sideways"), ("kind", "epoch-3"), ("by-right", "99"), ("by-right", "x"), ("layer-cnn", "conv9"),
])  # fmt: skip
def test_what_cannot_be_chosen_is_as_if_it_were_not_there(name: str, value: str) -> None:
    assert len(now(fine(symmetry_page(**{name: value})))) == 3


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], nets: list[str]) -> None:
    rows = [(net, permuted, images, seed, 3e-3, updates, 0, 0, 80.0 + seed) for net in nets
            for permuted in (False, True) for images in sizes for seed in SEEDS for updates in READ]  # fmt: skip
    monkeypatch.setattr(learning_curves, "TABLE", tmp_path / "table.csv")
    pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / "table.csv", index=False)
    learning_curves.table.cache_clear()


@pytest.fixture(autouse=True)
def no_learning_curves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever ships of them, a test begins without."""
    monkeypatch.setattr(learning_curves, "TABLE", tmp_path / "none.csv")
    learning_curves.table.cache_clear()
    yield
    learning_curves.table.cache_clear()


def test_without_a_table_nothing_is_said_of_learning() -> None:
    at = fine(symmetry_page())
    assert len(headers(at)) == 2 and len(charts(at)) == 9 and "permuted" not in words(at)


def test_learning_curves_are_drawn_as_far_as_they_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, monkeypatch, (300,), ["cnn-3"])
    at = fine(symmetry_page())
    assert len(headers(at)) == 3 and len(charts(at)) == 9 + 2  # over updates; one size is no curve over images
    made(tmp_path, monkeypatch, SIZES, ["cnn-3", "dense-2"])
    at = fine(symmetry_page())
    assert len(charts(at)) == 9 + 4 and f"{UPDATES:,} updates" in words(at)
    assert "dense-2" in charts(at)[-1] and "30000" in charts(at)[-1]


def test_what_is_said_of_the_recipes_holds() -> None:
    text = Path("pages/symmetry.py").read_text().replace("\n", " ")
    said = re.search(r"`cnn` and `rnn` by up to ([\d.]+) pixels, `dense` by up to ([\d.]+), `dense-video` none", text)
    shifts = {model: RECIPES[model].augmentation * MAX_SHIFT for model in DIGIT_NETS}
    assert said and [shifts["cnn"], shifts["dense"]] == [float(part) for part in said.groups()]
    assert shifts["rnn"] == shifts["cnn"] and shifts["dense-video"] == PLAIN.augmentation == 0
    at = fine(page("symmetry", models=list(DIGIT_NETS)))
    heads = [block.proto.body for block in at.get("html") if "% of the test images" in block.proto.body]
    assert [">dense-video<" in head for head in heads] == ["without moved digits" in head for head in heads]


def test_an_answer_that_changes_at_once_is_kept_nowhere_else() -> None:
    at = fine(symmetry_page(move="down", kind="untrained"))
    assert "Unmoved it answers 2, and keeps to that **nowhere else**." in words(at)


def test_the_moving_digit_is_a_film_that_does_not_repeat() -> None:
    from core.data.digits import test_set
    from pages.shifts.choose import _film

    for name, movement in MOVEMENTS.items():
        with Image.open(io.BytesIO(_film(test_set().images[0], name))) as film:
            assert "loop" not in film.info and film.n_frames > len(movement.values)  # type: ignore[attr-defined]
