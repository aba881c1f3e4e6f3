"""One pass over a data set against everything stored and sorted."""

import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, Tensor, nn

from core import survey as surveys
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.models import DIGIT_NETS, load
from core.survey import Answers, Extremes, survey
from tests import references
from tests.nets import Ramp, Shift


def answers(model: nn.Module, images: Tensor, layers: list[str], size: int, k: int = 5) -> dict[str, Answers]:
    *_, last = survey(model, images.split(size), layers, k)
    assert last.answers is not None
    assert last.done == len(images)
    return last.answers


@pytest.mark.parametrize("name", ["dense", "cnn", "rnn"])
@pytest.mark.parametrize("size", [300, 128, 1])
def test_it_finds_what_a_full_sort_finds(name: str, size: int) -> None:
    net, images = load(name), mnist().images[: 300 if size > 1 else 20]
    names = [layer.name for layer in list_layers(net, (1, 28, 28))]
    found = answers(net, images, names, size)
    for layer, activation in record(net, images, names).items():
        flat = activation.flatten(2) if activation.ndim > 2 else activation[..., None]
        for extremes, sign in ((found[layer].most, 1), (found[layer].least, -1)):
            peaks = (sign * flat).amax(2)
            expected = peaks.T.sort(dim=1, descending=True, stable=True).values[:, :5]
            torch.testing.assert_close(sign * extremes.values, expected, atol=1e-4, rtol=1e-4)
            units = torch.arange(len(expected))[:, None]
            at = flat[extremes.inputs, units, extremes.places]
            torch.testing.assert_close(at, extremes.values, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(found[layer].quantiles, flat.amax(2).T.sort(dim=1).values, atol=1e-4, rtol=1e-4)


def test_maps_are_computed_channels_last_which_takes_less_time() -> None:
    """The net and the images; what has no map is left as it is."""
    seen: list[tuple[bool, ...]] = []

    class Noting(nn.Module):
        """conv = 0 times three colours."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            seen.append(tuple(part.is_contiguous(memory_format=torch.channels_last) for part in (x, self.conv.weight)))
            return self.conv(x)

    net = Noting()
    answers(net, torch.rand(4, 3, 6, 6, generator=Generator().manual_seed(0)), ["conv"], 2)
    assert seen == [(True, True), (True, True)]
    assert net.conv.weight.is_contiguous()


def test_the_strongest_are_left_out_where_nothing_excites_more_than_the_rest() -> None:
    """Ramp's relu[0] is x1 + x2, and its relu[2] always 0."""
    found = answers(Ramp(), torch.tensor([[1.0, 0], [3, 0], [0, 0], [3, 0]]), ["relu"], 3)["relu"]
    assert found.strongest(0, 2).tolist() == [1, 3]
    assert found.strongest(0, 9).tolist() == [1, 3, 0]
    assert found.strongest(2, 9).tolist() == []


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_of_equal_inputs_the_earlier_come_first(size: int) -> None:
    """Ramp's fc = (x1 + x2, ...): inputs 1 and 4 are equal, and so are 0, 2 and 5."""
    inputs = torch.tensor([[1.0, 0], [3, 0], [1, 0], [2, 0], [3, 0], [1, 0], [-4, 0]])
    found = answers(Ramp(), inputs, ["fc"], size, k=4)["fc"]
    assert found.most.inputs[0].tolist() == [1, 4, 3, 0]
    assert found.least.inputs[0].tolist() == [6, 0, 2, 5]
    assert found.most.values[0].tolist() == [3, 3, 2, 1]
    assert found.most.inputs[2].tolist() == [0, 1, 2, 3]  # always -3
    assert found.strongest(2, 4).tolist() == []  # though fc[0] has -4
    assert found.share_below(0, 2.5) == pytest.approx(5 / 7)
    assert (found.share_below(0, -9), found.share_below(0, 9)) == (0, 1)


def test_of_many_inputs_quantiles_stay_and_the_strongest_are_told_apart_exactly() -> None:
    """Ramp's fc[0] is x1 + x2."""
    inputs = torch.stack([torch.arange(2000.0), torch.zeros(2000)], 1)
    found = answers(Ramp(), inputs, ["fc"], 256, k=16)["fc"]
    assert found.quantiles.shape == (3, surveys.QUANTILES)
    assert found.quantiles[0].tolist() == [round(n * 1999 / 400) for n in range(401)]
    assert found.share_below(0, 1997.5) == pytest.approx(1998 / 2000)
    assert found.share_below(0, 500) == pytest.approx(0.25, abs=0.005)
    *_, usual = survey(Ramp(), [inputs], ["fc"])
    assert usual.answers is not None
    assert usual.answers["fc"].most.values[0].tolist() == list(range(1999, 1983, -1))  # 16 unless told otherwise
    assert usual.answers["fc"].quantiles.shape == (3, 401)


@given(
    values=st.lists(st.integers(-3, 3), min_size=1, max_size=12), k=st.integers(1, 6), size=st.integers(1, 5),
    asked=st.sampled_from([-4, -3, -1, -0.5, 0, 0.5, 2, 3, 4]),
)  # fmt: skip
def test_shares_and_the_strongest_are_counted(values: list[int], k: int, size: int, asked: float) -> None:
    """Ramp's fc[0] is x1 + x2; with all values at hand, the share below is a count, also among equal ones."""
    found = answers(Ramp(), torch.tensor([[float(value), 0.0] for value in values]), ["fc"], size, k)["fc"]
    assert found.share_below(0, asked) == pytest.approx(sum(value < asked for value in values) / len(values))
    by_strength = sorted(range(len(values)), key=lambda n: (-values[n], n))
    excited = [n for n in by_strength if values[n] > min(values)]
    for most in (1, k, 20):
        assert found.strongest(0, most).tolist() == excited[: min(most, k)]


def test_answers_are_written_and_read_again() -> None:
    found = answers(load("cnn"), mnist().images[:40], ["conv2", "logits"], 16)
    again = surveys.from_bytes(surveys.to_bytes(found))
    assert list(again) == ["conv2", "logits"]
    for layer, kept in again.items():
        for side in ("most", "least"):
            for name, value in vars(getattr(found[layer], side)).items():
                assert torch.equal(getattr(getattr(kept, side), name), value)
        assert torch.equal(kept.quantiles, found[layer].quantiles)
        assert torch.equal(kept.broken, found[layer].broken) and kept.inputs == 40


def test_large_maps_and_large_sets_are_written_in_full() -> None:
    """A map of 224 x 224 has 50,176 places, and ImageNet has 1,281,167 images."""
    most = Extremes(torch.tensor([[1.5, -2.25]]), torch.tensor([[1_281_166, 40_000]]), torch.tensor([[50_175, 32_768]]))
    least = Extremes(torch.tensor([[1e-30, 3e30]]), torch.tensor([[65_536, 0]]), torch.tensor([[65_535, 1]]))
    kept = Answers(most, least, torch.tensor([[0.1, 0.2, 0.7]]), torch.tensor([True]), 1_281_167)
    again = surveys.from_bytes(surveys.to_bytes({"features.conv": kept}))["features.conv"]
    for side, expected in ((again.most, most), (again.least, least)):
        assert side.values.tolist() == expected.values.tolist()
        assert side.inputs.tolist() == expected.inputs.tolist()
        assert side.places.tolist() == expected.places.tolist()
    assert (again.inputs, again.broken.tolist()) == (1_281_167, [True])
    assert again.quantiles.tolist() == kept.quantiles.tolist()


RANKS = (0, 1, 7, 15)  # of the sixteen strongest and weakest, those that are computed again


@pytest.mark.parametrize("weights", surveys.WEIGHTS)
@pytest.mark.parametrize("name", DIGIT_NETS)
def test_what_ships_is_what_the_weights_make_of_the_test_images(name: str, weights: str) -> None:
    """Five units of each layer: their listed images have the listed values at the listed places, and no other more.

    Others are all test images for dense nets, and for the slower ones every fortieth.
    """
    shipped, images = surveys.shipped(name, weights), mnist().images
    assert shipped is not None
    five = {layer: torch.arange(5) * len(kept.broken) // 5 for layer, kept in shipped.items()}
    every = torch.arange(0, 10_000, 1 if name.startswith("dense") else 40)
    listed = [extremes.inputs[five[layer]][:, RANKS].flatten() for layer, kept in shipped.items()
              for extremes in (kept.most, kept.least)]  # fmt: skip
    shown = torch.cat([every, *listed]).unique().long()
    with torch.no_grad():
        seen = references.digit_net(load(name, weights=weights), images[shown])
    assert list(seen) == list(shipped)
    for layer, kept in shipped.items():
        for unit in five[layer].tolist():
            own = seen[layer][:, unit].numpy()
            for extremes, sign in ((kept.most, 1), (kept.least, -1)):
                check_extremes(extremes, unit, sign, own, shown.numpy())
            check_quantiles(kept, unit, own.max(1)[np.isin(shown.numpy(), every.numpy())])


def check_extremes(extremes: Extremes, unit: int, sign: int, own: np.ndarray, shown: np.ndarray) -> None:
    """Those of one unit, whose values (image, place) for the images `shown` are known; -1 is for the weakest."""
    values, inputs, places = (getattr(extremes, name)[unit].numpy() for name in ("values", "inputs", "places"))
    assert len(set(inputs.tolist())) == 16
    steps = np.diff(sign * values)
    assert (steps <= 0).all() and (np.diff(inputs)[steps == 0] > 0).all()  # of equal ones the earlier
    for rank in RANKS:
        (row,) = np.flatnonzero(shown == inputs[rank])
        assert own[row, places[rank]] == pytest.approx(values[rank], rel=1e-4, abs=1e-4)
        assert (sign * own[row]).max() == pytest.approx(sign * values[rank], rel=1e-4, abs=1e-4)
    others = (sign * own).max(1)[~np.isin(shown, inputs)]
    assert others.max() <= sign * values[-1] + 1e-4 * max(1, abs(values[-1]))


def check_quantiles(kept: Answers, unit: int, sample: np.ndarray) -> None:
    """Exactly where the sample is the whole set; else as many of the sample lie below each as of the set."""
    found = kept.quantiles[unit].numpy()
    assert (np.diff(found) >= 0).all() and found[-1] == kept.most.values[unit, 0].numpy()
    if len(sample) == 10_000:
        assert found == pytest.approx(np.sort(sample)[[round(n * 9999 / 400) for n in range(401)]], rel=1e-4, abs=1e-4)
    shares = np.arange(401) / 400
    below, up_to = ((sample[:, None] + shift < found).mean(0) for shift in (1e-4, -1e-4))
    far = 2 / np.sqrt(len(sample))  # Kolmogorov's distance is less with a probability of 0.9993 (Smirnov 1948)
    assert (below - far <= shares).all() and (shares <= up_to + far).all()


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_every_digit_net_is_surveyed(name: str) -> None:
    found = surveys.shipped(name, "trained")
    assert found is not None and list(found) == [layer.name for layer in list_layers(load(name), (1, 28, 28))]
    assert all(kept.inputs == 10_000 and not kept.broken.any() for kept in found.values())
    assert surveys.shipped(name, "plain") is None


def test_places_are_those_of_the_map() -> None:
    image = torch.zeros(1, 1, 4, 4)
    image[0, 0, 2, 3] = 1
    assert answers(Shift(), image, ["conv"], 1)["conv"].most.places[0].tolist() == [2 * 4 + 2]  # one pixel to the left


def test_few_inputs_are_all_there_is() -> None:
    assert answers(Ramp(), torch.ones(2, 2), ["fc"], 2, k=16)["fc"].most.values.shape == (3, 2)
    with pytest.raises(ValueError, match="data set is empty"):
        list(survey(Ramp(), [], ["fc"]))


def test_not_a_number_marks_the_unit_and_counts_for_nothing() -> None:
    net = Ramp()
    with torch.no_grad():
        net.fc.weight[1] = torch.tensor([0.0, 1.0])  # type: ignore[union-attr, operator]
    inputs = torch.tensor([[1.0, 5.0], [2.0, torch.nan], [3.0, 4.0]])
    found = answers(net, inputs, ["fc"], 2, k=2)["fc"]
    assert found.broken.tolist() == [True, True, True]  # also 0 times NaN is NaN
    assert found.most.inputs[1].tolist() == [0, 2]
    assert found.most.values[1].tolist() == [5, 4]
    clean = answers(net, inputs[::2], ["fc"], 2, k=2)["fc"]
    assert not clean.broken.any()


@pytest.mark.parametrize("size", [1, 7, 64, 2000])
def test_of_a_large_set_a_fair_choice_is_kept(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Vitter 1985, algorithm R, one input after another: the n-th of them throws out one of the first n, if it is kept.

    What is kept does not depend on how many come at a time, but on the seed.
    """
    monkeypatch.setattr(surveys, "SAMPLE", 200)
    inputs = torch.stack([torch.arange(2000.0), torch.zeros(2000)], 1)
    chances = torch.rand(2000, generator=Generator().manual_seed(5), dtype=torch.float64).tolist()
    kept = list(range(200))
    for number in range(200, 2000):
        place = math.floor(chances[number] * (number + 1))
        if place < 200:
            kept[place] = number
    *_, last = survey(Ramp(), inputs.split(size), ["fc"], seed=5)
    assert last.answers is not None
    quantiles = last.answers["fc"].quantiles
    assert quantiles[0].tolist() == sorted(kept)
    assert quantiles.shape == (3, 200)
    *_, other = survey(Ramp(), inputs.split(size), ["fc"])
    *_, first = survey(Ramp(), inputs.split(size), ["fc"], seed=0)
    assert other.answers is not None and first.answers is not None
    assert torch.equal(other.answers["fc"].quantiles, first.answers["fc"].quantiles)
    assert not torch.equal(other.answers["fc"].quantiles, quantiles)


def test_every_input_has_the_same_chance_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """8 of 40, 500 times: each is kept about 100 times, with a deviation of 9."""
    monkeypatch.setattr(surveys, "SAMPLE", 8)
    times, generator = [0] * 40, Generator().manual_seed(0)
    for _ in range(500):
        kept: dict[int, int] = {}
        for begin in (0, 30):
            rows = surveys._reservoir(begin, 30 if begin == 0 else 10, generator).tolist()
            kept |= {row: begin + place for place, row in enumerate(rows) if row >= 0}
        assert sorted(kept) == list(range(8))
        for number in kept.values():
            times[number] += 1
    assert min(times) > 60 and max(times) < 140


def test_all_are_kept_up_to_ten_thousand() -> None:
    assert surveys._reservoir(0, 10_000, Generator().manual_seed(0)).tolist() == list(range(10_000))
    assert all(surveys._reservoir(10_000, 1, Generator().manual_seed(seed)).item() < 10_000 for seed in range(20))


def test_infinity_counts_and_not_a_number_does_not() -> None:
    """Ramp's fc[0] is x1 + x2, and 0 times infinity, in fc[2], is not a number."""
    inputs = torch.tensor([[1.0, 0], [torch.inf, 0], [2.0, 0], [-torch.inf, 0], [torch.nan, 0]])
    found = answers(Ramp(), inputs, ["fc"], 2, k=5)["fc"]
    assert found.most.values[0].tolist() == [torch.inf, 2, 1, -torch.inf, -torch.inf]
    assert found.least.values[0].tolist() == [-torch.inf, 1, 2, torch.inf, torch.inf]
    assert found.most.inputs[0, :4].tolist() == [1, 2, 0, 3]
    assert found.least.inputs[0, :4].tolist() == [3, 0, 2, 1]
    assert found.broken.tolist() == [True, True, True]


def test_the_command_surveys_each_layer_of_each_net_with_both_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = mnist().images[:300]
    monkeypatch.setattr(surveys, "FOLDER", tmp_path)
    monkeypatch.setattr(surveys, "test_set", lambda: SimpleNamespace(images=images))
    monkeypatch.setattr(sys, "argv", ["survey", "dense", "rnn"])
    surveys.main()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{name}-{weights}.npz" for name in ("dense", "rnn") for weights in ("trained", "untrained")
    ]
    for weights in ("trained", "untrained"):
        shipped = surveys.shipped("rnn", weights)
        assert shipped is not None and list(shipped) == ["lstm1", "lstm2", "logits"]
        here = answers(load("rnn", weights=weights), images, ["lstm1"], 300, k=16)["lstm1"]
        assert shipped["lstm1"].inputs == 300
        torch.testing.assert_close(shipped["lstm1"].most.values, here.most.values)
        torch.testing.assert_close(shipped["lstm1"].quantiles, here.quantiles)


def test_the_net_is_left_as_it_was() -> None:
    net = load("cnn")
    before = [weight.stride() for weight in net.parameters()]
    list(survey(net, mnist().images[:8].split(4), ["conv2"]))
    assert [weight.stride() for weight in net.parameters()] == before
    assert not any(module._forward_hooks for module in net.modules())


def test_the_generator_draws_rows_as_algorithm_r_does() -> None:
    rows = surveys._reservoir(surveys.SAMPLE - 2, 4, Generator().manual_seed(0))
    assert rows[:2].tolist() == [surveys.SAMPLE - 2, surveys.SAMPLE - 1]
    assert ((rows[2:] >= -1) & (rows[2:] < surveys.SAMPLE)).all()
