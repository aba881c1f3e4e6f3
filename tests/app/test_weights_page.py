"""The Weights page: every net's first layer, the deeper layers of one, and a click that opens a unit."""

import pytest
from streamlit.testing.v1 import AppTest

from core.weights import headline
from tests.visits import charts, fine, page, panel


def weights_page(**values: str) -> AppTest:
    return page("weights", ("unit",), **values)


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption)


def test_every_nets_first_layer_is_a_picture_beside_its_twins_number() -> None:
    at = fine(weights_page())
    for words in (
        "fc1 · 64 filters of 28 x 28 · ±0.31", "fc1 · 16 filters of 28 x 28", "conv1 · 12 filters of 5 x 5",
        "stem · 32 filters of 3 x 3", "input · ±4.5", "neighbouring weights correlate by 0.09, the twin's by -0.1",
        "neighbouring weights correlate by 0.92; trained 0.92, plain 0.65, untrained twins 0.00, shuffled 0.00",
    ):  # fmt: skip
        assert words in captions(at)
    units = "".join(charts(at))
    for unit in ("dense/fc1/63", "dense-video/fc1/15", "cnn/conv1/11", "photo/stem/31", "rnn/lstm1/63"):
        assert unit in units


@pytest.mark.parametrize(
    ("net", "there"),
    [
        ("dense", ["fc2 · 64 x 64 weights", "logits · 10 x 64 weights"]),
        ("cnn", ["conv2 · 24 x 12 weights of 3 x 3", "conv4 · 64 x 48 weights", "logits · 10 x 64 weights of 3 x 3"]),
        ("rnn", ["**lstm1** reads itself, a row earlier", "**lstm2** reads lstm1", "logits · 10 x 64", "twin 0.60"]),
    ],
)
def test_deeper_layers_are_grids_and_recurrent_ones_have_eigenvalues(net: str, there: list[str]) -> None:
    at = fine(weights_page(deep=net))
    for words in there:
        assert words in captions(at)
    assert sum("imaginary" in chart for chart in charts(at)) == (8 if net == "rnn" else 0)


def test_the_page_says_what_the_table_says_and_names_the_penalty() -> None:
    at = fine(weights_page())
    said = [block.value for block in at.markdown]
    assert headline() in said and "`dense` pays a penalty for rough first-layer weights" in headline()


def test_each_plane_of_eigenvalues_names_every_control() -> None:
    assert "up to 2.71; plain 1.54, twin 0.60, shuffled 2.39" in captions(fine(weights_page(deep="rnn")))


def test_the_twins_weights_are_shown_as_well() -> None:
    at = fine(weights_page(of="untrained"))
    assert "fc1 · 64 filters of 28 x 28 · ±0.036" in captions(at)


@pytest.mark.parametrize("unit", ["cnn/conv3/5", "photo/stem/4", "rnn/lstm1/2"])
def test_a_unit_opens_over_the_page(unit: str) -> None:
    assert panel(fine(weights_page(unit=unit))) == unit
