"""core.plane: nets in the plane, and what is said of them exactly, against enumeration and fine grids."""

import itertools
from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch import nn

from core.data.points import Points, spirals, xor
from core.layers import record
from core.plane import xor as xor_by_layer
from core.plane.exact import best_line, best_threshold, first_separable, linear_fit, linear_regions, separable
from core.plane.nets import ACTIVATIONS, Setup, build, grid, made, train, with_weights
from tests.nets import Ramp, Xor

QUICK = Setup(count=4, noise=0.0, epochs=30)
FOUR = xor(4, 0.0, 0)


def points(positions: list[tuple[float, float]], labels: list[int]) -> Points:
    return Points(torch.tensor(positions, dtype=torch.float32).view(-1, 2), torch.tensor(labels, dtype=torch.long))


def test_no_line_gets_more_than_three_of_xors_four_points_and_none_predicts_them() -> None:
    assert best_line(FOUR) == 0.75
    assert linear_fit(FOUR) == pytest.approx(0, abs=1e-12)
    assert best_line(xor(400, 0.0, 0)) == 0.75


def slow_best_line(of: Points) -> float:
    """Every way that a line can part the points: through pairs, turned and moved a little."""
    best = 0.0
    for first, second in itertools.permutations(of.positions.double(), 2):
        for turn in (-1e-5, 0.0, 1e-5):
            for move in (-1e-6, 1e-6):
                for about in (first, second, (first + second) / 2):
                    along = second - first
                    along = along + turn * torch.stack([-along[1], along[0]])
                    side = (of.positions.double() - about) @ torch.stack([-along[1], along[0]]) > move
                    right = float((side == of.labels.bool()).float().mean())
                    best = max(best, right, 1 - right)
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_best_line_is_found_among_all_lines(seed: int) -> None:
    """On a coarse grid, so that many points lie on a line, and some at one place."""
    generator = torch.Generator().manual_seed(seed)
    positions = torch.randint(3, (9, 2), generator=generator).float()
    of = Points(positions, torch.randint(2, (9,), generator=generator))
    assert best_line(of) == pytest.approx(max(slow_best_line(of), float(of.labels.float().mean()),
                                              1 - float(of.labels.float().mean())), abs=1e-6)  # fmt: skip


def test_points_at_one_place_are_told_apart_by_nothing() -> None:
    assert best_line(points([(1.0, 1.0)] * 4, [0, 0, 0, 1])) == 0.75


@pytest.mark.parametrize("seed", range(10))
def test_the_best_threshold_is_found_among_all(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    values, labels = torch.randint(5, (11,), generator=generator).float(), torch.randint(2, (11,), generator=generator)
    found = []
    for cut in torch.arange(-0.5, 6):
        right = float(((values > cut) == labels.bool()).float().mean())
        found += [right, 1 - right]
    assert best_threshold(values, labels) == pytest.approx(max(found))


def test_a_first_layer_unit_gets_three_of_four_at_most_and_a_deeper_one_all() -> None:
    net = Xor()
    seen = record(net, torch.tensor([[0.0, 0], [1, 1], [0, 1], [1, 0]]), ["fc", "relu", "logits"])
    labels = torch.tensor([0, 0, 1, 1])
    for layer in ("fc", "relu"):
        assert max(best_threshold(unit, labels) for unit in seen[layer].T) == 0.75
    assert best_threshold(seen["logits"][:, 0], labels) == 1


def test_a_hyperplane_parts_xor_behind_the_hidden_layer_and_not_before() -> None:
    bits = points([(0, 0), (1, 1), (0, 1), (1, 0)], [0, 0, 1, 1])
    assert not separable(bits.positions, bits.labels)
    assert first_separable(Xor(), bits) == "relu"
    assert first_separable(Xor(), points([(0, 0), (1, 1)], [0, 1])) == "input"
    assert first_separable(nn.Sequential(nn.Linear(2, 1)), bits) is None


def test_a_net_is_linear_in_as_many_pieces_as_its_lines_cut() -> None:
    """Ramp's two lines cross in the middle, and its third unit is silent; XOR's two lines are parallel."""
    assert linear_regions(Ramp(), 1.0) == 4
    assert linear_regions(Xor(), 2.0) == 3
    assert linear_regions(Xor(), 0.4) == 2  # the second line, x1 + x2 = 1, is out of view
    assert linear_regions(nn.Sequential(nn.Linear(2, 1)), 1.0) == 1


@pytest.mark.parametrize("seed", range(4))
def test_pieces_of_deep_nets_are_those_that_a_fine_grid_meets(seed: int) -> None:
    """No grid finds more patterns of ReLUs than there are pieces; a fine one misses few, the smallest."""
    net = build(Setup(hidden=(5, 4), activation="ReLU", seed=seed)).eval()
    seen = record(net, grid(1000, 1.0), ["relu1", "relu2"])
    patterns = len(torch.cat([seen["relu1"] > 0, seen["relu2"] > 0], dim=1).unique(dim=0))
    pieces = linear_regions(net, 1.0)
    assert patterns <= pieces <= patterns + 2


def test_only_relus_have_pieces() -> None:
    with pytest.raises(ValueError, match="Only a net with ReLUs"):
        linear_regions(build(Setup()), 1.0)


def test_a_net_without_a_hidden_layer_never_solves_xor() -> None:
    for seed in range(20):
        *_, last = train(replace(QUICK, hidden=(), seed=seed, epochs=100), *made(replace(QUICK, seed=seed)))
        assert last.accuracy <= 0.75


def test_two_hidden_units_solve_xor_from_at_least_8_of_10_seeds() -> None:
    solved = 0
    for seed in range(10):
        setup = Setup(count=4, noise=0.0, hidden=(2,), activation="sigmoid", rate=0.1, seed=seed)
        *_, last = train(setup, *made(setup))
        solved += last.accuracy == 1
    assert solved >= 8


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_same_setup_gives_the_same_net_to_the_last_bit_and_another_seed_another(activation: str) -> None:
    setup = replace(QUICK, activation=activation, hidden=(3, 2))
    first, again, other = ([*train(each, *made(each))][-1] for each in (setup, setup, replace(setup, seed=1)))
    assert all(torch.equal(first.weights[name], again.weights[name]) for name in first.weights)
    assert not torch.equal(first.weights["fc1.weight"], other.weights["fc1.weight"])


def test_a_seed_starts_another_net_and_test_points_are_others_of_the_same_kind() -> None:
    first, other = (build(replace(QUICK, seed=seed)).get_parameter("fc1.weight") for seed in (0, 1))
    assert not torch.equal(first, other)
    seen, unseen = made(Setup(noise=0.2))
    assert not torch.equal(seen.positions, unseen.positions) and torch.equal(seen.labels, unseen.labels)


def test_every_epoch_says_how_far_it_is_and_what_the_net_is_then() -> None:
    epochs = list(train(QUICK, *made(QUICK)))
    assert [epoch.epoch for epoch in epochs] == list(range(31))
    net = with_weights(QUICK, epochs[-1].weights)
    seen, _ = made(QUICK)
    logits = net(seen.positions)[:, 0]
    losses = nn.functional.softplus(torch.where(seen.labels == 1, -logits, logits))
    assert epochs[-1].loss == pytest.approx(float(losses.mean()), rel=1e-5)
    assert epochs[-1].accuracy == float(((logits > 0) == seen.labels.bool()).float().mean())
    assert epochs[0].weights["fc1.weight"].tolist() == build(QUICK).state_dict()["fc1.weight"].tolist()


def test_small_weights_are_asked_for() -> None:
    def size(decay: float) -> float:
        setup = replace(QUICK, decay=decay, epochs=200)
        *_, last = train(setup, *made(setup))
        return float(last.weights["fc1.weight"].norm())

    assert size(0.0) > size(0.01) > size(0.1)


def test_surfaces_are_the_nets_outputs_on_the_grid() -> None:
    places = grid(3, 1.5)
    assert places.tolist() == [[x, y] for y in (1, 0, -1) for x in (-1, 0, 1)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (points([], []), "no points yet"),
        (points([(0, 0), (1, 1)], [1, 1]), "one class"),
        (points([(0.5, 0.5)] * 4, [0, 1, 0, 1]), "at one place"),
    ],
)
def test_bad_points_get_a_sentence(given: Points, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        next(train(QUICK, given, given))


def test_a_rate_at_which_training_diverges_ends_it_with_a_sentence() -> None:
    setup = replace(QUICK, hidden=(4, 4, 4), activation="ReLU", rate=1e12, points="spirals")
    with pytest.raises(ValueError, match=r"The loss is no number any more after .* smaller learning rate"):
        list(train(setup, *made(setup)))


@pytest.mark.parametrize("hidden", [(17,), (0,), (2, 2, 2, 2, 2)])
def test_a_net_that_is_too_large_is_refused(hidden: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="up to 4 hidden layers of 1 to 16 units"):
        Setup(hidden=hidden)


def test_a_spiral_is_no_line() -> None:
    assert best_line(spirals(60, 0.0, 0)) < 0.75


def test_the_shipped_table_of_xor_is_what_the_nets_do() -> None:
    rows = xor_by_layer.table()
    assert len(rows) == 2 * len(xor_by_layer.SEEDS) * sum(len(setup.hidden) + 1 for setup in xor_by_layer.NETS.values())
    assert rows[rows.depth == 1].value.max() == 0.75
    found = pd.DataFrame(itertools.islice(xor_by_layer.measured("xor-4-tanh"), 4))
    own = rows[(rows.model == "xor-4-tanh") & (rows.seed == 0)]
    assert found.value.tolist() == own.value.tolist()


def test_the_best_unit_of_a_layer_is_the_one_that_gets_most_points() -> None:
    bits = points([(0, 0), (1, 1), (0, 1), (1, 0)], [0, 0, 1, 1])
    assert xor_by_layer.best_unit(torch.tensor([[0.0, 0], [0, 0], [0, 1], [0, 1]]), bits) == 1
    assert xor_by_layer.best_unit(torch.tensor([[0.0], [1], [2], [0]]), bits) == 0.75
