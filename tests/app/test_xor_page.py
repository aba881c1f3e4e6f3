"""The XOR page: it opens on a trained net, every switch changes it, and what is wrong gets a sentence."""

import re

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.data.points import xor
from core.plane.nets import Setup, with_weights
from core.plane.surfaces import REACH, output
from pages.frame import clickable
from tests.visits import charts, fine, page, press, said, until

LINKED = ("points", "activation", "hidden", "units1", "units2", "units3", "units4", "rate", "decay", "net-seed",
          "noise", "how-many", "length", "own", "adds", "epoch", "unit")  # fmt: skip
DRAWN = 3  # the net, the output, the losses


def bench(**values: object) -> AppTest:
    link = {name.replace("_", "-"): value for name, value in values.items()}
    return fine(page("xor", LINKED, **link))


def trained(**values: object) -> AppTest:
    """The page when its training is over."""
    return until(bench(**values), is_trained)


def is_trained(at: AppTest) -> bool:
    return "What is so, exactly" in [header.value for header in at.header] and "It trains" not in markdown(at)


def markdown(at: AppTest) -> str:
    return "\n".join(block.value for block in at.markdown)


def shown_epoch(at: AppTest) -> int:
    return int(re.findall(r"Epoch \*\*([\d,]+)\*\*", markdown(at))[0].replace(",", ""))


def test_the_page_opens_on_a_net_that_has_learnt_xor_with_what_is_so_exactly() -> None:
    at = trained()
    assert len(charts(at)) == DRAWN and shown_epoch(at) == 1000
    assert "right are **100 %** of the training points" in markdown(at)
    assert "Of XOR's four corners a line gets 75 %, and R² = 0." in markdown(at)
    assert "hidden 1 **75 %**, output **100 %**" in markdown(at)
    assert "first behind **hidden 1**" in markdown(at) and "none to count" in markdown(at)
    (there,) = at.get("page_link")
    assert "C5" in there.proto.query_string and not at.info


def test_without_a_hidden_layer_the_net_fails_and_the_page_says_so() -> None:
    at = trained(hidden=0)
    right = int(re.findall(r"right are \*\*(\d+) %", markdown(at))[0])
    assert right <= 75 and "in no layer" in markdown(at) and "because without a hidden layer" in markdown(at)


def test_the_same_link_trains_the_same_net_to_the_last_bit_and_another_seed_another() -> None:
    import streamlit as st

    links = {"points": "moons", "hidden": 2, "units1": 3, "activation": "tanh", "noise": 0.2, "net_seed": 5,
             "how_many": 40, "length": 200, "decay": 0.001}  # fmt: skip
    one = charts(trained(**links))
    st.cache_resource.clear()  # the scheduler forgets what it has trained
    assert charts(trained(**links)) == one
    assert charts(trained(**links | {"net_seed": 6})) != one


@pytest.mark.parametrize(
    "changed",
    [{"points": "circles"}, {"activation": "tanh"}, {"units1": 3}, {"hidden": 2}, {"rate": 0.05}, {"decay": 0.01},
     {"net_seed": 2}, {"noise": 0.2}, {"how_many": 60}, {"length": 300}],
)  # fmt: skip
def test_each_switch_changes_the_net(changed: dict[str, object]) -> None:
    usual = {"length": 200}
    assert charts(trained(**usual | changed))[:2] != charts(trained(**usual))[:2]


def test_the_large_picture_is_the_outputs_surface_at_that_epoch() -> None:
    at = trained(length=100)
    from core import charts as made_charts
    from core.plane.nets import made, train
    from core.plane.surfaces import wrong

    setup = Setup("XOR", 100, 0.1, (2,), "sigmoid", 0.1, 0.0, 100, 1)
    *_, last = train(setup, *made(setup))
    net = with_weights(setup, last.weights)
    spec = made_charts.surface(output(net, 105, REACH), made(setup)[0], wrong(net, made(setup)[0]), REACH, "light")
    assert spec["datasets"]["picture"]["url"][0].as_py() in charts(at)[1]


def test_step_reset_and_play_move_through_the_epochs_and_the_link_holds_where() -> None:
    at = trained(length=100)
    press(at, "Reset")
    assert shown_epoch(at) == 0 and at.query_params["epoch"] == "0"
    fine(press(at, "Step"))
    assert shown_epoch(at) == 1 and at.query_params["epoch"] == "1"
    fine(press(at, "Play"))
    first = shown_epoch(at)
    assert first > 1 and "epoch" not in at.query_params
    fine(at.run())
    assert shown_epoch(at) > first
    fine(press(at, "Pause"))
    stood = shown_epoch(at)
    assert at.query_params["epoch"] == str(stood)
    assert shown_epoch(fine(at.run())) == stood
    until(press(at, "Play"), lambda at: not any(button.label == "Pause" for button in at.button))
    assert shown_epoch(at) == 100 and "epoch" not in at.query_params
    assert shown_epoch(trained(length=100, epoch=7)) == 7


def click_on(at: AppTest, unit: str) -> AppTest:
    """What a click on a unit of the net does, by the list for the keyboard."""
    next(box for box in at.selectbox if box.label == clickable.OFFERS["unit"]).set_value(unit)
    return fine(at.run())


def captions(at: AppTest) -> str:
    return "\n".join(block.value for block in at.caption)


def test_a_click_on_a_unit_shows_it_large_and_a_second_one_the_output_again() -> None:
    at = trained(length=100)
    from core import charts as made_charts
    from core.plane.nets import made, train
    from core.plane.surfaces import rows

    setup = Setup("XOR", 100, 0.1, (2,), "sigmoid", 0.1, 0.0, 100, 1)
    points = made(setup)[0]
    *_, last = train(setup, *made(setup))
    hidden = rows(with_weights(setup, last.weights), setup, points, 105, REACH)[1]
    the_output = charts(at)[1]
    for unit in (0, 1):
        click_on(at, f"hidden1/{unit}")
        assert at.query_params["unit"] == f"hidden1/{unit}"
        wrong, (low, high) = hidden.wrong[unit].tolist(), hidden.ranges[unit]
        spec = made_charts.surface(hidden.values[unit], points, wrong, REACH, "light")
        assert spec["datasets"]["picture"]["url"][0].as_py() in charts(at)[1]
        assert charts(at)[1].count("True") == sum(wrong) > 0
        assert f"hidden1/{unit}, a sigmoid unit of hidden 1: its activation goes from {low:.2f}" in captions(at)
        assert f"to {high:.2f} in view" in captions(at) and f"**{100 - sum(wrong)} %**" in captions(at)
    click_on(at, "hidden1/1")
    assert "unit" not in at.query_params and charts(at)[1] == the_output
    click_on(at, "input/1")
    assert "input/1, a coordinate: its activation goes from -1.19 to 1.19" in captions(at)
    click_on(at, "output/0")
    assert "unit" not in at.query_params and charts(at)[1] == the_output
    click_on(at, "hidden1/0")
    press(at, "Back to the output")
    assert "unit" not in at.query_params and charts(at)[1] == the_output


def test_the_chosen_unit_stands_in_the_link_and_is_followed_while_it_learns() -> None:
    at = trained(length=100, unit="hidden1/1")
    assert "hidden1/1, a" in captions(at) and "The output, with" not in captions(at)
    shown = charts(at)[1]
    press(at, "Reset")
    assert at.query_params["unit"] == "hidden1/1" and charts(at)[1] != shown
    at = trained(points="own", own="aauuUAAU", length=100, unit="hidden1/0")
    click(at, "0.0, 0.0")  # points are put on a unit's surface, too
    assert at.query_params["own"] == "aauuUAAUkk" and "of the 5 training points" in captions(until(at, is_trained))


@pytest.mark.parametrize("unit", ["hidden2/0", "hidden1/2", "hidden1/-1", "hidden 1/0", "x", "<b>", "cnn/conv1/0"])
def test_a_unit_that_the_net_has_not_gets_a_sentence_and_the_output_is_shown(unit: str) -> None:
    at = trained(length=100, unit=unit)
    assert said(at).startswith(f"This net has no unit '{unit}'") and "The output, with" in captions(at)
    click_on(at, "hidden1/0")
    assert not at.info and at.query_params["unit"] == "hidden1/0"


def test_another_net_is_followed_to_its_end() -> None:
    at = trained(length=100, epoch=7)
    at.number_input(key="units1").set_value(3)
    until(fine(at.run()), is_trained)
    assert shown_epoch(at) == 100 and "epoch" not in at.query_params


def test_layers_are_added_with_a_click_and_get_their_units() -> None:
    at = trained(length=100)
    at.number_input(key="hidden").increment()
    until(fine(at.run()), is_trained)
    assert at.number_input(key="units2").value == 4 and "hidden 2" in charts(at)[0]


def test_a_net_of_relus_has_its_linear_regions_counted() -> None:
    at = trained(activation="ReLU", length=100, hidden=2)
    assert int(re.findall(r"into \*\*([\d,]+)\*\* pieces", markdown(at))[0].replace(",", "")) > 1


def test_points_of_ones_own_are_put_by_clicks_and_taken_again() -> None:
    at = bench(points="own")
    assert "no points yet" in said(at)
    for place in ("-1.0, -1.0", "1.0, 1.0"):
        click(at, place)
    assert at.query_params["own"] == "aauu" and "one class" in said(at)
    at.segmented_control(key="adds").set_value("orange")
    fine(at.run())
    for place in ("-1.0, 1.0", "1.0, -1.0"):
        click(at, place)
    assert at.query_params["own"] == "aauuAUUA" and not at.info
    until(at, is_trained)
    assert "of the test points" not in markdown(at) and "**75 %** of these 4 points" in markdown(at)
    click(at, "1.0, -1.0")
    assert at.query_params["own"] == "aauuAU"
    click(at, "-1.0, -1.0")  # orange where a purple one stood
    assert at.query_params["own"] == "uuAUAA"
    press(at, "Clear")
    assert "own" not in at.query_params and "no points yet" in said(at)


def click(at: AppTest, place: str) -> None:
    """What a click on a place does, by the list for the keyboard."""
    next(box for box in at.selectbox if box.label == clickable.OFFERS["place"]).set_value(place)
    fine(at.run())


def test_the_link_holds_the_points_that_one_put() -> None:
    from pages.plane.own_points import read

    points = read("aakkUAAU")
    assert points.positions.tolist() == torch.tensor([[-1, -1], [0, 0], [1, -1], [-1, 1]]).float().tolist()
    assert points.labels.tolist() == [0, 0, 1, 1]
    assert "**75 %** of these 4 points" in markdown(trained(points="own", own="aauuUAAU", length=100))
    assert xor(4, 0.0, 0).labels.sum() == 2


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"points": "own"}, "no points yet"), ({"points": "own", "own": "aakk"}, "All points are of one class"),
        ({"points": "own", "own": "kkKK"}, "All points lie at one place"),
        ({"points": "own", "own": "abc"}, "cannot be read"),
        ({"points": "own", "own": "aA"}, "cannot be read"), ({"points": "own", "own": "<b>%"}, "cannot be read"),
        ({"points": "own", "own": "aa" * 201}, "cannot be read"), ({"epoch": "x"}, "An epoch is a number"),
        ({"activation": "ReLU", "hidden": 3, "units1": 8, "units2": 8, "units3": 8, "points": "spirals",
          "rate": 1e12}, "The loss is no number any more"),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_a_sentence_and_the_page_lives_on(link: dict[str, object], words: str) -> None:
    at = until(bench(**link), lambda at: bool(at.info))
    assert words in said(at)
    at.segmented_control(key="points").set_value("XOR")
    at.number_input(key="rate").set_value(0.1)
    until(fine(at.run()), is_trained)
    assert not [info for info in at.info if "epoch" not in info.value]
