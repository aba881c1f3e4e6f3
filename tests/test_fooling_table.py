"""The table of fooling images: what is measured, on nets of few pixels, and what its sentences say."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import binom
from torch import Tensor, nn

from core.models import DIGIT_NETS, SHUFFLED, TWIN, controls
from core.studio import fooling_said, fooling_table
from core.studio.fooling import NOISE, VEIL
from core.studio.fooling_said import cell, sentence, short
from core.studio.fooling_table import (
    COLUMNS,
    DRAWS,
    EPSILONS,
    FLIPPED,
    MULTIPLE,
    OWN,
    PHOTO,
    PLAIN,
    SMALLEST,
    flipped,
    fooled,
    median,
    smallest,
)
from tests.test_fooling import PIXELS, SIDE, Few, drawn, grey, linear


def test_the_medians_interval_is_that_of_order_statistics() -> None:
    assert median(torch.tensor([5.0, 1.0, 3.0, 2.0, 4.0, 6.0])) == (4.0, 1.0, 6.0)  # 1 - 2 / 64 of samples
    values = torch.arange(200.0)
    middle, low, high = median(values)
    below = binom(200, 0.5)  # how many of 200 values lie below the true median
    assert middle == 100 and below.cdf(high) - below.cdf(low) >= 0.95 > below.cdf(high - 1) - below.cdf(low + 1)
    assert median(torch.tensor([1.0, math.inf, math.inf])) == (math.inf, 1.0, math.inf)
    assert median(values, "lower") == (99, low, high)
    assert median(torch.tensor([1.0, 2.0, math.inf, math.inf]), "lower")[0] == 2


def test_the_smallest_of_many_images_is_each_ones_own() -> None:
    net = linear()
    images = torch.cat([grey(), grey() + 0.01, grey() - 0.02])
    margins = net(images)[:, 0].abs()
    exact = margins / net[1].weight[0].norm(p=1)
    found = smallest(net, images)
    assert ((found >= exact * (1 - 1e-4)) & (found <= exact * (1 + 1 / 128 + 1e-4))).all()
    assert (net(fooled(net, images, 1.02 * float(exact.max()))).argmax(1) != net(images).argmax(1)).all()


def test_noise_goes_further_than_the_steps() -> None:
    images = drawn(images=3)
    assert (fooling_table.noise_of(linear(), images) > smallest(linear(), images)).all()
    for draws, expected in ((DRAWS // 2 - 1, math.inf), (DRAWS // 2, 0.4)):
        assert float(fooling_table.noise_of(Few(draws), grey())[0]) == pytest.approx(expected, rel=1 / 128)


class Sign(nn.Module):
    """logits = (x1, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        first = x.flatten(1)[:, 0] - 0.5
        return torch.stack([first, torch.zeros_like(first)], 1)


def test_flips_are_counted_by_image_where_each_has_several_draws() -> None:
    image, other = torch.ones(1, 1, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)
    share, low, high, images = flipped(Sign(), torch.cat([image, image]), torch.cat([image, other]))
    assert (share, images) == (0.5, 2) and low < 0.5 < high
    changed = torch.cat([other, other, image, other, image, image])
    share, low, high, images = flipped(Sign(), image.expand(6, -1, -1, -1), changed, 2)
    assert (share, images) == (0.5, 3) and (low, high) == (0.0, 1.0)


def test_every_net_is_measured_beside_its_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fooling_table, "images_for", lambda name: drawn(images=2))
    monkeypatch.setattr(fooling_table, "load", lambda name, weights="trained": linear(len(name + weights)))
    rows = pd.DataFrame(fooling_table._of_net("cnn"), columns=COLUMNS)
    of_own = rows[rows.measure == SMALLEST]
    assert set(of_own.weights) == {"trained", PLAIN, *controls(TWIN), SHUFFLED} and set(of_own.source) == {OWN, NOISE}
    others = set(DIGIT_NETS) - {"cnn"}
    shares = rows[rows.measure == FLIPPED]
    assert set(shares.source) == {OWN, NOISE, VEIL, *others, *controls(TWIN), SHUFFLED}
    assert set(shares.epsilon) == set(EPSILONS["digits"]) and not rows.duplicated(COLUMNS[:5]).any()
    photo = pd.DataFrame(fooling_table._of_net(PHOTO), columns=COLUMNS)
    assert set(photo[photo.measure == SMALLEST].weights) == {"trained", TWIN, SHUFFLED}
    assert not others & set(photo.source) and PIXELS > 0


def made_up(**changes: tuple[float, float, float]) -> pd.DataFrame:
    """A table for `dense` in which all is as one expects, but for what is changed."""
    cells = {
        ("trained", SMALLEST, OWN, np.nan): changes.get("own", (0.1, 0.09, 0.11)),
        (PLAIN, SMALLEST, OWN, np.nan): changes.get("plain", (0.05, 0.04, 0.06)),
        ("trained", MULTIPLE, NOISE, np.nan): changes.get("multiple", (4.0, 3.0, 5.0)),
        ("trained", FLIPPED, OWN, 0.2): (0.9, 0.85, 0.95),
        ("trained", FLIPPED, NOISE, 0.2): changes.get("noise", (0.1, 0.05, 0.15)),
        ("trained", FLIPPED, VEIL, 0.2): changes.get("veil", (0.2, 0.15, 0.25)),
    }
    for weights in controls(TWIN):
        cells[weights, SMALLEST, OWN, np.nan] = changes.get(weights, (0.02, 0.01, 0.03))
    for source in (*controls(TWIN), SHUFFLED):
        cells["trained", FLIPPED, source, 0.2] = (0.1, 0.05, 0.15)
    for other in DIGIT_NETS[1:]:
        cells["trained", FLIPPED, other, 0.2] = changes.get(other.replace("-", "_"), (0.5, 0.4, 0.6))
    rows = [("dense", weights, measure, source, epsilon, *found, 200)
            for (weights, measure, source, epsilon), found in cells.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def of(**changes: tuple[float, float, float]) -> str:
        monkeypatch.setattr(fooling_said, "table", lambda: made_up(**changes))
        return sentence("dense")

    return of


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "a change of **0.1** in every pixel (95 % interval 0.09 to 0.11) is enough for half"),
        ({}, "noise of random signs has to be **4 times** as large"),
        (
            {"multiple": (math.inf, 3.0, math.inf)},
            f"noise of random signs changes, at any size tried and in half of {DRAWS} draws, fewer than half of them.",
        ),
        ({}, "With plain training it is 0.05: less."),
        ({"plain": (0.2, 0.18, 0.22)}, "With plain training it is 0.2: more."),
        ({"plain": (0.08, 0.07, 0.095)}, "no clear difference"),
        ({}, "Less is enough for the answers of 5 untrained twins"),
        ({}, "which mean nothing: 0.02."),
        ({"untrained": (2e-6, 1e-6, 3e-6)}, "which mean nothing: 2.0 × 10⁻⁶ to 0.02, found to within 1.2 × 10⁻⁷."),
        ({"untrained-3": (0.1, 0.0, 0.2)}, "No consistent difference is there to the answers of 5 untrained twins"),
        (dict.fromkeys(controls(TWIN), (0.2, 0.1, 0.3)), "More is needed for the answers of 5 untrained twins"),
        ({}, "in 50 %, each more than noise of that size (10 %)"),
        ({"cnn": (0.2, 0.12, 0.3)}, "in 20 % to 50 %, some of them more than noise"),
        (dict.fromkeys(("cnn", "rnn", "dense_video"), (0.1, 0.05, 0.2)), "none of them more than noise"),
        ({"noise": (0.45, 0.4, 0.5)}, "none of them more than noise"),
        ({}, "A grey veil of that epsilon, with nothing drawn, does it in 20 %."),
        ({"veil": (0.5, 0.4, 0.6)}, "does it in 50 %, no less often than other nets' pictures."),
    ],
)  # fmt: skip
def test_a_sentence_says_what_the_table_holds(
    says: Callable[..., str], changes: dict[str, object], expected: str
) -> None:
    assert expected in says(**changes)


def test_the_shipped_table_holds_all_that_is_said() -> None:
    for name in (*DIGIT_NETS, PHOTO):
        assert f"`{name}`" in sentence(name)
        own = cell(name, "trained", SMALLEST, OWN)
        assert own.low <= own.value <= own.high and short(own.value) in sentence(name)
    with pytest.raises(KeyError):
        cell("cnn", "trained", SMALLEST, "nobody")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0123, "0.012"), (5.63e-5, "5.6 × 10⁻⁵"), (9.99e-5, "1.0 × 10⁻⁴"), (26340.0, "26,000"), (62.5, "62"),
     (0.0, "0"), (math.inf, "more than the range allows")],
)  # fmt: skip
def test_sizes_have_two_digits(value: float, expected: str) -> None:
    assert short(value) == expected
