"""The table of inversions: its intervals, its rule, and what is said of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.data import digits
from core.models import DIGIT_NETS, SHUFFLED, TWIN
from core.studio import inversion_table
from core.studio.inversion import NONE, PHOTO_LAYERS, Inversion
from core.studio.inversion_table import (
    MOST,
    TRAINED,
    Inverted,
    by_depth,
    comes_back,
    inverted,
    layers_of,
    row,
    sentence,
    table,
    verdict,
)


def test_an_interval_is_over_nets_and_images() -> None:
    """Two nets that differ widen it, though every image is alike in a net."""
    told = row(Inverted(np.ones((2, 50)), np.array([[0.0] * 50, [1.0] * 50])), None)
    assert (told["error low"], told["error high"]) == (0.0, 1.0)


def test_a_gain_is_the_controls_error_less_the_nets_own() -> None:
    own = Inverted(np.array([[0.1, 0.1]]), np.array([[0.2, 0.4]]), np.array([[1.0, 1.0]]))
    control = Inverted(np.array([[0.1, 0.1]] * 2), np.array([[0.3, 0.5], [0.5, 0.7]]), np.array([[0.0, 1.0]] * 2))
    told = row(control, own)
    assert told["gain"] == pytest.approx(0.2)
    assert (told["error"], told["own"], told["nets"], told["images"]) == (pytest.approx(0.5), 0.5, 2, 2)
    assert "gain" not in row(own, None)


def test_a_photos_gain_is_its_likeness_less_the_controls() -> None:
    own, control = (Inverted(np.ones((1, 3)), np.ones((1, 3)), likeness=np.full((1, 3), value)) for value in (0.9, 0.4))
    assert row(control, own)["gain"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("low", "high", "error", "said"),
    [(0.1, 0.2, 0.5, "trained"), (-0.2, -0.1, 0.5, "twins"), (-0.1, 0.1, 0.5, "both"), (0.1, 0.2, 1.1, "neither")],
)
def test_the_rule(low: float, high: float, error: float, said: str) -> None:
    own, control = pd.Series({"error low": error}), pd.Series({"error low": 1.2, "gain low": low, "gain high": high})
    assert verdict(own, control) == said


def test_of_photos_an_error_above_1_may_still_be_alike() -> None:
    own = pd.Series({"error low": 1.3, "likeness": 0.6, "likeness low": 0.5})
    control = pd.Series({"error low": 1.5, "likeness low": -0.1, "gain low": 0.1, "gain high": 0.2})
    assert verdict(own, control) == "trained"


@pytest.mark.parametrize(("low", "said"), [(-0.1, "neither"), (0.0, "neither"), (0.01, "trained")])
def test_of_photos_neither_gives_back_anything_where_both_likenesses_reach_0(low: float, said: str) -> None:
    own = pd.Series({"error low": 0.9, "likeness": 0.1, "likeness low": low})
    control = pd.Series({"error low": 0.9, "likeness low": -0.1, "gain low": 0.1, "gain high": 0.2})
    assert verdict(own, control) == said


def test_a_digit_comes_back_where_most_inversions_are_nearest_to_it() -> None:
    assert comes_back(pd.Series({"own low": MOST + 0.01}))
    assert not comes_back(pd.Series({"own low": MOST}))


def test_the_shipped_table_has_every_net_layer_and_control() -> None:
    for model in (*DIGIT_NETS, "photo"):
        own = table()[table().model == model]
        kinds = {TRAINED, TWIN, SHUFFLED} if model in DIGIT_NETS else {TRAINED, TWIN}
        priors = {NONE, "generator"} if model in DIGIT_NETS else {NONE}
        assert {tuple(each) for each in own[["prior", "layer", "weights"]].to_numpy()} == {
            (prior, layer, kind) for prior in priors for layer in layers_of(model) for kind in kinds
        }
        assert set(own[own.weights == TWIN].nets) == {5 if model in DIGIT_NETS else 1}
    assert layers_of("photo") == PHOTO_LAYERS


def test_a_rows_numbers_are_those_of_a_fresh_inversion() -> None:
    images = digits.test_set().images[: inversion_table.DIGITS]
    found = row(inverted("dense", [TRAINED], "logits", images, inversion_table.RECIPES[NONE]), None)
    shipped = table().set_index(["model", "prior", "layer", "weights"]).loc["dense", NONE, "logits", TRAINED]
    for name in ("error", "own", "layer error", "error low", "error high"):
        assert found[name] == pytest.approx(shipped[name], abs=0.02)


def test_what_is_said_follows_the_rule() -> None:
    for model in DIGIT_NETS:
        rows = table()[(table().model == model) & (table().prior == NONE)].set_index(["weights", "layer"])
        said = sentence(model)
        for layer in layers_of(model):
            kind = verdict(rows.loc[TRAINED, layer], rows.loc[TWIN, layer])
            (words,) = [
                part
                for part in said.split(". ")
                if part.startswith(inversion_table.VERDICTS[kind].format("the mean digit"))
            ]
            assert f"`{layer}`" in words
            back = (
                said.split("The true digit comes back from ")[1]
                .split(". ")[0]
                .split(";")[0]
                .split(", and from")[0]
                .split(", nor")[0]
            )
            assert (f"`{layer}`" in back) == comes_back(rows.loc[TRAINED, layer])


def test_of_a_net_with_one_twin_it_speaks_of_one() -> None:
    said = sentence("photo")
    assert "The twin gives back" in said and "in the twin from" in said and "twins" not in said
    assert said.endswith("Neither gives back what a grey picture does not have from `logits`.")


def test_the_chart_has_the_mean_image_dotted() -> None:
    drawn = by_depth(["cnn"], NONE, "error")
    assert drawn[drawn.kind == "pixels"].value.tolist() == [1.0]
    assert set(drawn.kind) == {TRAINED, TWIN, SHUFFLED, "pixels"}
    assert by_depth(["photo"], NONE, "likeness").query("kind == 'pixels'").value.tolist() == [0.0]


def test_a_layers_inversions_are_told_net_by_net() -> None:
    images = digits.test_set().images[:2]
    found = inverted("dense", [TRAINED, TWIN], "relu1", images, replace(Inversion(()), starts=1, steps=2))
    assert found.error.shape == found.layer_error.shape == (2, 2)
    assert found.likeness is None
