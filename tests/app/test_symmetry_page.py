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
from core.data.digits import EXAMPLE, FOLDER_VARIABLE
from core.data.digits import test_set as read_test_set
from core.evidence import sharing
from core.learning_curves import COLUMNS, DENSE, NETS, READ, SEEDS, SIZES, UNSHARED, UPDATES, WAYS, Cell
from core.models import DIGIT_NETS, families, load
from core.movements import MOVEMENTS, answers
from core.training import PLAIN, RECIPES
from tests.visits import charts, done, fine, page, press, said, until

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
    rows += [(net, permuted, images, -1, 1e-2, UPDATES, 0, 0, 90.0) for net in nets for permuted in (False, True)
             for images in sizes]  # fmt: skip
    if max(SIZES) in sizes:
        rows += [(net, permuted, max(SIZES), 0, 3e-3, UPDATES, *way, 80.0 - sum(way)) for net in nets
                 for permuted in (False, True) for way in WAYS]  # fmt: skip
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
    # Over updates, as one size is no curve over images; and the one that can be trained.
    assert len(headers(at)) == 4 and len(charts(at)) == 9 + 2 + 1
    made(tmp_path, monkeypatch, SIZES, list(NETS))
    at = fine(symmetry_page())
    assert len(charts(at)) == 9 + 2 + 2 + 4 + 1 and f"{UPDATES:,} updates" in words(at)
    assert sharing.sentence() in words(at) and sharing.images_needed() in words(at)
    assert sharing.shifted_sentence() in words(at) != ""
    for chart, permuted in zip(charts(at)[9:17], [False, True] * 4, strict=True):
        assert "dense-2" in chart and str(permuted) in chart and str(not permuted) not in chart
    assert ["right" in chart for chart in charts(at)[13:17]] == [True, True, False, False]


def training_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **link: str) -> AppTest:
    """The page with a table, on a machine without training images."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    made(tmp_path, monkeypatch, SIZES, list(NETS))
    return fine(symmetry_page(**{name.replace("_", "-"): value for name, value in link.items()}))


def test_a_point_of_the_curves_is_trained_here_by_the_same_code_and_stands_beside_the_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = training_page(tmp_path, monkeypatch, learn_images="100", learn_seed="3", learn_pixels="permuted")
    assert "About 2 seconds on one core" in words(at) and "put MNIST into the folder that LAYERSCOPE_DATA" in words(at)
    assert "trained here" not in charts(at)[-1] and "dense-2" in charts(at)[-1]
    until(press(at, "Train it"), done("Train it"))
    cell = Cell(DENSE, True, 100, 3)
    seen, unseen = learning_curves.images_for(training_images=False)
    updates = list(learning_curves.train(cell, 1e-2, seen, {(0, 0): unseen}))
    readings = [reading for update in updates for reading in update.readings]
    assert [reading.updates for reading in readings] == list(READ)
    for reading in readings:
        assert f"trained here,,,{reading.updates},{reading.accuracy}," in charts(at)[-1]
    assert sharing.beside_shipped(cell, readings[-1].accuracy) in words(at)
    assert "80.00 to 84.00 %; that of seed 3 gets **83.00 %**" in words(at)
    other = training_page(tmp_path, monkeypatch, learn_images="100", learn_seed="4")
    assert "Train it" in [button.label for button in other.button] and "trained here" not in charts(other)[-1]


def test_a_training_that_takes_long_says_how_far_it_is_and_can_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = training_page(tmp_path, monkeypatch, learn_net="cnn-3 unshared", learn_images_unshared="3000")
    assert "About 70 seconds" in words(at)
    until(press(at, "Train it"), lambda at: "Update" in " ".join(progress(at)))
    assert re.fullmatch(r"Update \d+ of 1,000", progress(at)[0])
    press(at, "Cancel")
    until(at, lambda at: "Train it" in [button.label for button in at.button])
    assert not progress(at) and "updates it gets" not in words(at)


def progress(at: AppTest) -> list[str]:
    return [bar.proto.text for bar in at.get("progress")]


def test_without_training_images_no_more_can_be_learnt_from_than_half_the_test_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = training_page(tmp_path, monkeypatch, learn_images="30000")
    box = at.selectbox(key="learn-images")
    assert box.options == ["100", "300", "1000", "3000"] and box.value == "300"
    at.segmented_control(key="learn-net").set_value(UNSHARED).run()
    assert fine(at).selectbox(key="learn-images-unshared").options == ["300", "3000"]


def test_with_the_training_images_it_is_the_shipped_training_and_nothing_is_said_of_test_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.shifts import train_one

    monkeypatch.setattr(train_one, "at_hand", lambda: True)
    at = training_page(tmp_path, monkeypatch, learn_images="30000")
    assert at.selectbox(key="learn-images").value == "30000" and "stand in" not in words(at)
    monkeypatch.setattr(learning_curves, "training_set", lambda folder: read_test_set())
    job = train_one.LiveTraining(Cell(DENSE, False, 300, 0), training_images=True)
    *_, last = job.run()
    digits = learning_curves.to_learn_from(read_test_set())[0]
    *_, expected = learning_curves.train(job.cell, 1e-2, digits, {(0, 0): read_test_set()})
    assert last == expected


def test_training_images_are_downloaded_by_a_click_alone_and_a_failure_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.shifts import train_one

    asked: list[str] = []

    def refused() -> None:
        asked.append("download")
        raise OSError("no network")

    monkeypatch.setattr(train_one, "at_hand", lambda: False)
    monkeypatch.setattr(train_one, "is_named", lambda: False)
    monkeypatch.setattr(train_one, "training_set", refused)
    at = training_page(tmp_path, monkeypatch)
    assert "or download it below" in words(at) and not asked
    until(press(at, "Download the training images, 11 MB"), lambda at: bool(at.info))
    assert asked == ["download"] and said(at) == "The training images cannot be downloaded: no network"
    assert "Train it" in [button.label for button in fine(at).button]


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
