"""One pass over a data set against everything stored and sorted."""

import pytest
import torch
from torch import Generator, Tensor, nn

from core import survey as surveys
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.models import DIGIT_NETS, load
from core.survey import Answers, survey
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
    assert found.share_below(0, 2.5) == pytest.approx(5 / 7)
    assert (found.share_below(0, -9), found.share_below(0, 9)) == (0, 1)


def test_of_many_inputs_quantiles_stay_and_the_strongest_are_told_apart_exactly() -> None:
    """Ramp's fc[0] is x1 + x2."""
    inputs = torch.stack([torch.arange(2000.0), torch.zeros(2000)], 1)
    found = answers(Ramp(), inputs, ["fc"], 256, k=16)["fc"]
    assert found.quantiles.shape == (3, surveys.QUANTILES)
    assert found.quantiles[0, [0, 200, 400]].tolist() == pytest.approx([0, 1000, 1999], abs=1)
    assert found.share_below(0, 1997.5) == pytest.approx(1998 / 2000)
    assert found.share_below(0, 500) == pytest.approx(0.25, abs=0.005)


def test_answers_are_written_and_read_again() -> None:
    found = answers(load("cnn"), mnist().images[:40], ["conv2", "logits"], 16)
    again = surveys.from_bytes(surveys.to_bytes(found))
    assert list(again) == ["conv2", "logits"]
    for layer, kept in again.items():
        for name, value in vars(found[layer].most).items():
            assert torch.equal(getattr(kept.most, name), value)
        assert torch.equal(kept.least.places, found[layer].least.places)
        assert torch.equal(kept.quantiles, found[layer].quantiles)
        assert torch.equal(kept.broken, found[layer].broken) and kept.inputs == 40


@pytest.mark.parametrize("weights", surveys.WEIGHTS)
def test_what_ships_is_what_the_command_finds(weights: str) -> None:
    found = surveys.shipped("dense", weights)
    assert found is not None
    here = answers(load("dense", weights=weights), mnist().images, ["relu1", "logits"], surveys.BATCH, k=16)
    for layer, expected in here.items():
        torch.testing.assert_close(found[layer].most.values, expected.most.values, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(found[layer].quantiles, expected.quantiles, atol=1e-4, rtol=1e-4)


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


def test_of_a_large_set_a_fair_choice_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "SAMPLE", 200)
    inputs = torch.stack([torch.arange(2000.0), torch.zeros(2000)], 1)
    first, again = (answers(Ramp(), inputs, ["fc"], 64)["fc"].quantiles for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (3, 200)
    assert first[0].unique().numel() == 200
    assert 800 < first[0].mean() < 1200 and (first[0] < 1000).float().mean().sub(0.5).abs() < 0.12


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
