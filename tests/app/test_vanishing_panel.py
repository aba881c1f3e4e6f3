"""RNN beside LSTM beside GRU: it opens on what ships, trains by itself, and what is wrong gets a sentence."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from core.charts import AFTER, BEFORE
from core.vanishing.train import Setup, train
from pages.jobs.scheduler import View
from pages.vanishing.training import Read, Training
from tests.visits import charts, fine, said, until

SHIPPED, LIVE = 2, 3
QUICK = {"train-updates": "100", "train-length-adding": "6"}


def panel(**link: str | list[str]) -> AppTest:
    def page() -> None:
        import streamlit as st

        from pages.frame import link
        from pages.vanishing.three import vanishing

        link.arrive("memory")
        vanishing(st.context.theme.type or "light")

    at = AppTest.from_function(page, default_timeout=60)
    for name, value in link.items():
        at.query_params[name] = value
    return fine(at.run())


def trained(**link: str | list[str]) -> AppTest:
    return until(panel(**QUICK | link), lambda at: "Solved by" in markdown(at))


def markdown(at: AppTest) -> str:
    return "\n".join(block.value for block in at.markdown)


def test_what_ships_stands_there_and_the_nets_train_by_themselves() -> None:
    at = panel(**QUICK)
    assert "Solved from each of 3 seeds" in markdown(at) and "Is it the gates" in markdown(at)
    assert len(charts(at)) >= SHIPPED and not at.info
    until(at, lambda at: "Solved by" in markdown(at))
    assert len(charts(at)) == SHIPPED + LIVE
    table = at.dataframe[0].value.set_index("net")
    assert list(table.index) == ["RNN", "LSTM", "GRU"] and table.loc["LSTM", "units"] == 16
    assert BEFORE in charts(at)[SHIPPED] and AFTER in charts(at)[SHIPPED]
    for net in table.index:
        assert f"the last state of {net} shrinks by" in markdown(at)


@pytest.mark.parametrize(
    "changed",
    [{"train-task": "recall", "train-length-recall": "3"}, {"train-length-adding": "8"}, {"train-units": "6"},
     {"train-rate": "0.01"}, {"train-updates": "200"}, {"train-seed": "3"}, {"train-clip": "false"}],
)  # fmt: skip
def test_each_switch_in_the_link_changes_the_training(changed: dict[str, str]) -> None:
    assert charts(trained(**changed))[SHIPPED + 1 :] != charts(trained())[SHIPPED + 1 :]


def test_the_link_names_the_nets() -> None:
    at = trained(**{"train-nets": ["identity ReLU", "LSTM"]})
    assert at.dataframe[0].value.net.tolist() == ["LSTM", "identity ReLU"]


def test_digits_have_as_many_steps_as_rows() -> None:
    at = trained(**{"train-task": "digits"})
    assert "sequences wrong" in "".join(chart.proto.spec for chart in at.get("vega_lite_chart"))
    assert not [slider for slider in at.slider if "length" in slider.key]


def test_a_long_training_starts_by_a_button_that_says_how_long() -> None:
    at = panel(**{"train-updates": "3000", "train-length-adding": "100"})
    (button,) = [button for button in at.button if button.label.startswith("Train them, about")]
    assert int(re.findall(r"\d+", button.label)[0]) > 60 and len(charts(at)) == SHIPPED


def test_without_a_net_a_sentence_asks_for_one() -> None:
    at = panel(**QUICK)
    at.pills(key="train-nets").set_value([])
    fine(at.run())
    assert "No net is chosen" in said(at)
    at.pills(key="train-nets").set_value(["GRU"])
    until(fine(at.run()), lambda at: "Solved by" in markdown(at))
    assert not at.info


def test_a_gradient_that_explodes_gets_a_sentence() -> None:
    at = trained(**{"train-nets": "identity ReLU", "train-rate": "50", "train-length-adding": "60"})
    assert "identity ReLU: the loss is no number any more" in said(at)


def test_starts_and_ends_are_each_nets_own_in_one_order() -> None:
    readings = tuple(train(Setup(length=6, hidden=4, updates=40)))
    for count in (3, 4, 5, 6, len(readings)):
        read = Read.of(View("running", 0, readings[:count], None))
        assert [each.net for each in read.starts()] == [each.net for each in read.ends()] == ["RNN", "LSTM", "GRU"]
        assert [each.net for each in read.measured()] == ["RNN", "LSTM", "GRU"]
        assert all(each.update == 0 for each in read.starts())
    assert set(read.influences().when) == {BEFORE, AFTER}
    assert set(Read.of(View("running", 0, readings[:3], None)).influences().when) == {BEFORE}
    assert not Read.of(None).readings and Training(Setup()).seconds == pytest.approx(10, abs=2)
