"""The Attribution page: a grid of methods and nets, what is explained, and what each method is worth."""

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.attribution import ATTRIBUTIONS, DRAWN, FORMING
from core.attribution.outcome import Target
from core.charts import GAINS
from core.data.digits import test_set as mnist
from core.models import DIGIT_NETS, load
from core.trust import advice
from core.trust.controls import CONTROLS, IMAGE
from pages.attributions.choose_maps import PHOTO_METHODS
from tests.drawing import drawing
from tests.visits import charts, done, drawn, fine, page, panel, said, until


def attribution_page(**values: object) -> AppTest:
    return page("attribution", ("digit", "pixel", "photo", "images", "unit"), **values)


def maps(at: AppTest) -> int:
    """How many maps over the image stand on the page: their pixels can be clicked."""
    return sum(",pixel\n" in chart for chart in charts(at))


def captions(at: AppTest) -> list[str]:
    return [caption.value for caption in at.caption]


def texts(at: AppTest) -> str:
    return " ".join(block.value for block in at.markdown)


def shown(at: AppTest) -> bool:
    """Whether there is a map: its scale stands below it."""
    return any(caption.startswith(("±", "0 to")) for caption in captions(at))


SOME = [IMAGE, "saliency", "integrated gradients", "guided backprop", "DeepLift", "LRP", "occlusion", "Grad-CAM"]


def test_a_grid_of_methods_and_nets_with_reasons_where_there_is_no_map() -> None:
    at = fine(attribution_page(digit="7", **{"methods-digits": SOME}))
    assert maps(at) == 3 + (3 + 3 + 2 + 2 + 2 + 3 + 1)  # the image itself, and seven methods
    assert sum("the same for every net" in caption for caption in captions(at)) == 3
    assert sum("It weighs maps" in caption for caption in captions(at)) == 2
    assert any("no rule for an LSTM" in caption for caption in captions(at))
    assert any("adds up to 8.05 of 8.05" in caption for caption in captions(at))  # DeepLift in the dense net


def test_the_recurrent_nets_maps_say_which_row_did_most() -> None:
    found = ATTRIBUTIONS["occlusion"](load("rnn"), mnist().images[7:8], Target("logits", 9))
    row = 1 + int(found.sum((0, 1, 3)).abs().argmax())
    at = fine(attribution_page(digit="7", **{"methods-digits": ["occlusion"]}))
    assert [f"most in row {row}" in caption for caption in captions(at) if " · " in caption][:3] == [False, False, True]


def test_the_page_opens_on_an_example_with_three_methods_that_we_advise_and_the_image_itself() -> None:
    at = fine(attribution_page())
    assert any(caption.startswith("An example: test image") for caption in captions(at))
    (chosen,) = (box.value for box in at.multiselect if box.label == "Methods")
    assert chosen[-1] == IMAGE and len(chosen) == 4 and not set(chosen) & set(DRAWN)
    able = [name for name in ATTRIBUTIONS if name not in DRAWN]
    passes = {name: sum(name in advice.advised(model) for model in DIGIT_NETS) for name in able}
    assert min(passes[name] for name in chosen[:3]) >= max(passes[name] for name in able if name not in chosen)
    assert maps(at) >= 3 * 3 + 2 and not at.info


def test_all_fifteen_methods_and_the_controls_can_be_asked_at_once() -> None:
    at = fine(attribution_page(digit="7", all=True, models=["cnn"]))
    assert maps(at) == len(CONTROLS) + len(ATTRIBUTIONS)
    found = [chart for chart in charts(at) if "at random" in chart and "the image itself" in chart]
    found = [chart for chart in found if "stages" in chart]
    assert sum("conv4 and all behind it random" in chart for chart in found) == len(ATTRIBUTIONS)
    errors = [caption for caption in captions(at) if "standard error" in caption]
    assert len(errors) == len(DRAWN) and all(" %" in error or "%" in error for error in errors)


def test_what_we_advise_follows_from_the_table_and_is_shown_for_both_trainings() -> None:
    for weights in ("trained", "plain"):
        at = fine(attribution_page(training=weights, models=["dense", "cnn"]))
        words = texts(at)
        assert advice.advice(["dense", "cnn"], weights) in words
        for number in ("rival", "deletion", "insertion"):
            assert advice.count(["dense", "cnn"], number, weights)[1:] in words
        for model in ("dense", "cnn"):
            assert all(sentence in words for sentence in advice.summary(model, weights))
        gains = [chart for chart in charts(at) if "gain" in chart and "verdict" in chart]
        assert len(gains) == 4 and all(number in chart for number, chart in zip(GAINS, gains, strict=True))


def test_methods_play_the_pointing_game_on_photos() -> None:
    at = fine(attribution_page(images="photos"))
    assert advice.summary("photo") and all(sentence in texts(at) for sentence in advice.summary("photo"))


@pytest.mark.parametrize(
    ("state", "count"),
    [({"about": "a digit", "why": 3}, 2), ({"about": "one and not another", "why": 4, "not": 9}, 2),
     ({"about": "a unit", "which": "cnn/relu3/5"}, 1), ({"about": "a unit", "which": "rnn/lstm1/3"}, 0)],
)  # fmt: skip
def test_classes_differences_and_units_are_explained(state: dict[str, object], count: int) -> None:
    at = fine(attribution_page(digit="7", models=["dense", "cnn"], **{"methods-digits": ["saliency"]}, **state))
    assert maps(at) == count
    places = 1 + 1 + 4  # maps, units, and what is erased
    assert captions(at).count("This net has no such unit.") == places * (2 - count)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"about": "one and not another", "why": 4, "not": 4}, "Choose two different digits"),
        ({"models": []}, "Choose a net"),
    ],
)
def test_what_cannot_be_explained_gets_a_sentence(state: dict[str, object], words: str) -> None:
    assert words in said(fine(attribution_page(digit="7", **state)))


@pytest.mark.parametrize("pixel", ["784", "-1", "9" * 5000, "one"])
def test_a_pixel_that_is_none_is_not_chosen(pixel: str) -> None:
    at = fine(attribution_page(digit="7", pixel=pixel, models=["dense"], **{"methods-digits": ["saliency"]}))
    assert maps(at) == 1 and not any("· here " in caption for caption in captions(at))


@pytest.mark.parametrize(
    ("which", "words"),
    [("cnn/relu9/1", "There is no unit cnn/relu9/1"), ("cnn", "reads model/layer/index"),
     ("photo/stem/1", "not of a net for digits"), ("lstm/a/1", "not of a net for digits")],
)  # fmt: skip
def test_a_unit_that_does_not_exist_gets_a_sentence(which: str, words: str) -> None:
    assert words in said(fine(attribution_page(digit="7", about="a unit", which=which)))


def test_a_pixel_is_read_off_in_every_map() -> None:
    at = fine(attribution_page(digit="7", pixel="300", **{"methods-digits": ["saliency"]}))
    assert sum("· here " in caption for caption in captions(at)) == 3
    for pixel in ("784", "-1", "x"):
        assert not any("· here " in caption for caption in captions(fine(attribution_page(digit="7", pixel=pixel))))


def test_signs_can_be_dropped() -> None:
    signed = captions(fine(attribution_page(digit="7", **{"methods-digits": ["saliency"]})))
    only = captions(fine(attribution_page(digit="7", **{"methods-digits": ["saliency"]}, shown="only for")))
    assert any(caption.startswith("±") for caption in signed)
    assert not any(caption.startswith("±") for caption in only)


def test_the_page_shows_how_far_methods_can_be_trusted() -> None:
    at = fine(attribution_page())
    table = at.dataframe[0].value
    assert set(table.model) == {"dense", "cnn", "rnn"}
    assert set(CONTROLS) < set(table.method) and table.method.tolist()[: len(CONTROLS)] == sorted(CONTROLS)
    assert table[table.method == "saliency"].gap.isna().all() and table[table.method == "DeepLift"].gap.max() < 1e-3


def test_a_drawing_is_explained() -> None:
    at = drawn(drawing(3))
    at = fine(at.switch_page("pages/attribution.py").run())
    assert sum("3 · " in block.proto.body for block in at.get("html") if 'class="answer"' in block.proto.body) == 3


def test_a_silent_unit_says_that_there_is_nothing() -> None:
    at = fine(
        attribution_page(
            digit="7", models=["dense"], **{"methods-digits": ["saliency"]}, about="a unit", which="dense/relu1/1"
        )
    )
    assert sum(caption.startswith("Nothing: it finds no pixel") for caption in captions(at)) == 1 + 4  # and in erasing
    assert not any("→" in caption for caption in captions(at))


def test_a_broken_map_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTRIBUTIONS, "saliency", lambda net, x, target: torch.full_like(x, torch.nan))
    for link in ({"digit": "8"}, {"images": "photos", "photo": "coffee"}):
        kind = "photos" if "photo" in link else "digits"
        at = fine(attribution_page(**link, models=["dense"], **{f"methods-{kind}": ["saliency"]}))
        assert any(caption.startswith("This map is broken") for caption in captions(at))


def test_the_maps_are_measured_on_the_pages_digit() -> None:
    at = attribution_page(digit="7", models=["dense", "rnn"], **{"methods-digits": ["saliency", "DeepLift"]})
    next(button for button in at.button if button.label.startswith("Measure")).click().run()
    until(at, done("Measure"))
    measured, worth = (frame.value for frame in fine(at).dataframe)
    beside = [[model, name] for model in ("dense", "rnn") for name in CONTROLS]
    assert measured[["model", "method"]].values.tolist() == [
        ["dense", "saliency"], ["dense", "DeepLift"], ["rnn", "saliency"], *beside
    ]  # fmt: skip
    assert measured.gap.iloc[1] < 1e-3
    assert measured.infidelity.between(0, 1).all() and measured.deletion.between(0, 1).all()
    (agree,) = (chart for chart in charts(at) if "other" in chart)  # the rnn has one method only
    assert "saliency,saliency,1.0" in agree and "DeepLift,saliency,0." in agree
    assert sum("stages" in chart for chart in charts(at)) == 2 * 2  # of each method over 200 digits, and on this one
    assert len(worth) > 3


def test_the_units_that_did_it_add_up_and_open() -> None:
    link = {"digit": "7", "models": ["cnn"], "methods-digits": []}
    at = fine(attribution_page(**link))
    layers = [caption for caption in captions(at) if "· together" in caption]
    assert [caption.split("**")[1] for caption in layers] == ["relu1", "relu2", "relu3", "relu4"]
    for caption in layers:
        found, whole = (float(number) for number in caption.split("together ")[1].split(" of "))
        assert found == pytest.approx(whole, rel=0.03)
    rows = [chart for chart in charts(at) if "cnn/relu4/" in chart]
    assert len(rows) == 2 and "for it" in rows[0] and "against" in rows[1]
    assert panel(fine(attribution_page(**link, unit="cnn/relu4/5"))) == "cnn/relu4/5"
    at = attribution_page(**link, about="a unit", which="cnn/relu2/5")
    (layer,) = (caption for caption in captions(fine(at)) if "· together" in caption)
    assert layer.startswith("**relu1**")


def test_erasing_what_matters_beside_the_darkest_ink_and_ink_at_random() -> None:
    at = fine(attribution_page(digit="0", models=["cnn"], **{"methods-digits": ["saliency"]}, percent=40))
    changes = [caption for caption in captions(at) if "→" in caption]
    assert len(changes) == 3 and all(change.startswith("7 ") for change in changes)
    assert len({change.split("→ ")[1] for change in changes}) == 3
    at = fine(attribution_page(digit="0", models=["cnn"], **{"methods-digits": ["saliency"]}, percent=0))
    for caption in captions(at):
        if "→" in caption:
            before, after = caption.split(" → ")
            assert before == after


def test_the_draw_page_can_erase_what_matters() -> None:
    at = drawn(drawing(3))
    assert not any("→" in caption for caption in captions(at))
    at.session_state["erase"], at.session_state["percent"] = True, 60
    changes = [caption for caption in captions(fine(at.run())) if "→" in caption]
    assert len(changes) == 9 and all(change.startswith("3 ") for change in changes)
    important, at_random = changes[:3], changes[6:]
    assert sum(change.split("→ ")[1].startswith("3 ") for change in at_random) > sum(
        change.split("→ ")[1].startswith("3 ") for change in important
    )
    falls = [chart for chart in charts(at) if ",gone,share,kind" in chart]
    assert len(falls) == 3 and all("at random" in chart and "the image itself" in chart for chart in falls)


@pytest.mark.slow
def test_a_photo_is_measured_and_it_can_be_cancelled(empty_store: Path) -> None:
    at = attribution_page(images="photos", photo="cat", **{"methods-photos": ["saliency", "LRP"]})
    next(button for button in at.button if button.label.startswith("Measure")).click().run()
    until(at, done("Measure"))
    measured = fine(at).dataframe[0].value
    assert measured.method.tolist() == ["saliency", *CONTROLS] and measured.deletion.between(0, 1).all()
    assert any("stem and all behind it random" in chart for chart in charts(at))
    at = attribution_page(images="photos", photo="cat", **{"methods-photos": ["Shapley sampling"]})
    next(button for button in at.button if button.label.startswith("Measure")).click().run()
    next(button for button in at.button if button.label == "Cancel").click().run()
    assert any(button.label.startswith("Measure") for button in fine(at).button)


def test_photos_have_no_mean_digit_to_compare_with() -> None:
    at = fine(attribution_page(images="photos", photo="cat", **{"methods-photos": ["DeepLift"]}))
    (baseline,) = (box for box in at.selectbox if box.label == "Baseline")
    assert baseline.options == ["black", "blurred", "noise"]


def test_a_photo_is_explained_at_once_by_fast_methods() -> None:
    at = fine(attribution_page(images="photos", photo="cat"))
    assert any("Egyptian cat" in block.proto.body for block in at.get("html"))
    assert sum(caption.startswith("0 to") for caption in captions(at)) == len(PHOTO_METHODS)
    assert any("adds up to 8.98 of 8.98" in caption for caption in captions(at))
    cut = fine(attribution_page(images="photos", photo="cat", cut=True))
    assert sum("% of the photo" in caption for caption in captions(cut)) == len(PHOTO_METHODS)
    signed = fine(attribution_page(images="photos", photo="cat", **{"shown-photos": "for and against"}))
    assert sum(caption.startswith("±") for caption in captions(signed)) == len(PHOTO_METHODS)


def test_what_a_photo_begins_with_is_fast_and_in_the_order_of_the_pointing_game() -> None:
    rows = advice.of_task("photo", "pointing").set_index("method").value
    assert not set(PHOTO_METHODS) & set(FORMING)
    pictured = rows[["Grad-CAM", "DeepLift", "saliency"]]
    assert pictured.is_monotonic_decreasing and set(PHOTO_METHODS[:2]) == set(rows.nlargest(2).index)


def test_a_slow_method_is_computed_on_demand(empty_store: Path) -> None:
    at = fine(attribution_page(images="photos", photo="cat", **{"methods-photos": ["feature ablation", "LRP"]}))
    assert any("chains of linear layers" in caption for caption in captions(at))
    next(button for button in at.button if button.label == "Compute").click().run()
    until(at, shown)
    assert sum(caption.startswith("0 to") for caption in captions(fine(at))) == 1


def test_a_map_that_was_stopped_promises_nothing(empty_store: Path) -> None:
    at = attribution_page(images="photos", photo="cat", **{"methods-photos": ["integrated gradients"]})
    next(button for button in at.button if button.label == "Compute").click().run()
    until(at, shown)
    next(button for button in at.button if button.label == "Cancel").click().run()
    found = captions(fine(at))
    assert "It was stopped before it was finished." in found
    assert any("· sum " in caption for caption in found) and not any("adds up" in caption for caption in found)


def test_without_a_photo_the_page_opens_on_a_sample() -> None:
    at = fine(attribution_page(images="photos"))
    assert sum(caption.startswith("0 to") for caption in captions(at)) == len(PHOTO_METHODS)
