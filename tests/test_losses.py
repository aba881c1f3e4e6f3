"""What is lost when units are cut: on a net solved by hand, against one cut after the other, and of silent units."""

import pytest
import torch
from torch import Generator, nn

from core.circuits.contributions import Run, stages
from core.circuits.losses import against_random, at, halved, lost, orders, over_images, some_counts, without
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.models import load
from tests.nets import Ramp


def ramp(x1: float, x2: float) -> tuple[nn.Module, Run]:
    net = Ramp()
    return net, Run(net, torch.tensor([[x1, x2]]).float(), stages(list_layers(net, (2,)), "logits"))


def test_named_are_the_largest_by_size_and_random_orders_are_of_the_same_units() -> None:
    found = orders(torch.tensor([0.1, 0.0, -3.0, 2.0, 0.0]), 50, Generator().manual_seed(0))
    assert found.named == [2, 3, 0] and len(found.random) == 50
    assert {tuple(sorted(order)) for order in found.random} == {(0, 2, 3)}
    assert len({tuple(order) for order in found.random}) == 6
    assert found.sets(2)[0] == [2, 3] and all(len(each) == 2 for each in found.sets(2))
    assert found.sets(9) == [found.named, *found.random]


def test_counts_run_from_one_to_all_and_have_k_among_them() -> None:
    assert some_counts(12, 5, 64) == list(range(1, 13))
    for most, k, points in ((64, 7, 12), (320, 5, 7), (48, 48, 7), (3, 5, 7)):
        found = some_counts(most, k, points)
        assert found == sorted(set(found)) and found[0] == 1 and found[-1] == most
        assert min(k, most) in found and len(found) <= points + 1


def test_a_share_is_lost_as_the_formula_says() -> None:
    """logits 0 = relu1 + 2 relu2 + relu3; at (3, 1) that is 4 + 4 + 0."""
    net, run = ramp(3, 1)
    found = orders(run.split(run.stages[-1], 0, ()).by_unit, 3, Generator().manual_seed(0))
    shares = lost(net, run, 0, (), found, torch.tensor([1.0, 0.0, 5.0]), [1, 2])
    one = {0: 3 / 8, 1: 4 / 8}  # without relu1 1 + 4, without relu2 4 + 0
    assert shares[:, 0].tolist() == pytest.approx([one[order[0]] for order in (found.named, *found.random)])
    assert shares[:, 1].tolist() == pytest.approx([7 / 8] * 4)


def test_a_unit_that_is_silent_has_nothing_to_lose() -> None:
    net, run = ramp(0, 0)
    with pytest.raises(ValueError, match="logits/0 is 0 there, not above zero"):
        lost(net, run, 0, (), orders(torch.ones(3), 1, Generator().manual_seed(0)), torch.zeros(3), [1])


def test_many_variants_in_batches_are_what_one_after_the_other_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    net, image = load("cnn"), mnist().images[[5]]
    run = Run(net, image, stages(list_layers(net, (1, 28, 28)), "relu3"))
    fill = torch.rand(24, 14, 14, generator=Generator().manual_seed(0))
    sets = [[1], [2, 3], [], [0, 23, 7], [5]]
    whole = without(net, run, sets, fill, ["relu3", "logits"])
    monkeypatch.setattr("core.circuits.losses.AT_ONCE", {1: 2})
    parts = without(net, run, sets, fill, ["relu3", "logits"])
    assert all(torch.allclose(whole[name], parts[name], atol=1e-5) for name in whole)
    tail = nn.Sequential(*list(net.children())[5:8])  # pool2, conv3, relu3
    for row, units in enumerate(sets):
        changed = run.activation("relu2").clone()
        changed[units] = fill[units]
        assert torch.allclose(whole["relu3"][row], tail(changed[None])[0], atol=1e-5)
    assert at(whole["relu3"], 4, (2, 3)).tolist() == whole["relu3"][:, 4, 2, 3].tolist()


def test_over_images_each_has_its_own_named_units_and_silent_ones_are_left_out() -> None:
    net, images = load("cnn"), mnist().images[:6]
    own = stages(list_layers(net, (1, 28, 28)), "relu4")
    answers = record(net, images, ["relu4"])["relu4"].flatten(2).amax(2) > 0
    unit = int(((answers.sum(0) > 0) & (answers.sum(0) < 6)).nonzero()[0])
    answered = answers[:, unit].nonzero()[:, 0].tolist()
    fill, counts = torch.zeros(48, 7, 7), [1, 4, 48]
    shares = over_images(net, images, own, unit, fill, counts, 2)
    assert shares.shape == (len(answered), 3, 3)
    for number, row in zip(answered, shares, strict=True):
        run = Run(net, images[[number]], own)
        place = run.strongest(own[-1], unit)
        mine = orders(run.split(own[-1], unit, place).by_unit, 0, Generator())
        assert torch.allclose(row[0], lost(net, run, unit, place, mine, fill, counts)[0], atol=1e-6)
        assert torch.allclose(row[:, 2], row[0, 2].expand(3), atol=1e-5)  # all cut is all cut, in any order


def test_half_is_lost_where_a_share_first_reaches_it() -> None:
    assert halved([1, 2, 5], torch.tensor([0.2, 0.5, 0.4])) == 2
    assert halved([1, 2, 5], torch.tensor([0.2, 0.4, 0.49])) is None


def test_named_stands_beside_mean_lowest_and_highest_of_the_random_orders_and_of_images_the_medians() -> None:
    one = torch.tensor([[0.5, 1.0], [0.1, 0.2], [0.3, 0.8]])
    found = against_random(one)
    expected = {"named": [0.5, 1.0], "random": [0.2, 0.5], "low": [0.1, 0.2], "high": [0.3, 0.8]}
    for name, values in expected.items():
        assert found[name].tolist() == pytest.approx(values)
    many = against_random(torch.stack([one, 2 * one, 10 * one]))
    for name, values in expected.items():
        assert many[name].tolist() == pytest.approx([2 * value for value in values])
