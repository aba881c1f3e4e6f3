"""core.plane.surfaces: what each unit computes over the plane, against a net solved by hand and the net itself."""

from dataclasses import replace

import pytest
import torch

from core.data.points import Points, xor
from core.plane.nets import ACTIVATIONS, Setup, build, grid
from core.plane.surfaces import INPUT, OUTPUT, output, rows, wrong

POINTS = xor(40, 0.1, 0)
SIDE, REACH = 6, 1.2


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(), (3,), (4, 2)])
def test_surfaces_are_what_the_net_computes_place_by_place(activation: str, hidden: tuple[int, ...]) -> None:
    setup = Setup(hidden=hidden, activation=activation, seed=3)
    net = build(setup).eval()
    found = rows(net, setup, POINTS, SIDE, REACH)
    assert [row.name for row in found] == [INPUT, *(f"hidden {n + 1}" for n in range(len(hidden))), OUTPUT]
    assert [len(row.values) for row in found] == [2, *hidden, 1]
    nonlinear = ACTIVATIONS[activation]()
    for number, place in enumerate(grid(SIDE, REACH)):
        down, across = divmod(number, SIDE)
        values = place
        assert torch.allclose(found[0].values[:, down, across], place / REACH)
        for row, linear in zip(found[1:], [part for part in net if isinstance(part, torch.nn.Linear)], strict=True):
            values = linear.weight @ values + linear.bias
            if row.name == OUTPUT:
                expected = 2 * values.sigmoid() - 1
            else:
                values = nonlinear(values)
                expected = 2 * values - 1 if activation == "sigmoid" else values
            if activation != "ReLU" or row.name == OUTPUT:
                assert torch.allclose(row.values[:, down, across], expected, atol=1e-6)
            else:  # divided by the largest of its layer
                assert torch.equal(row.values[:, down, across] > 0, values > 0)


def test_a_relus_surface_is_divided_by_the_largest_of_its_layer() -> None:
    setup = Setup(hidden=(5,), activation="ReLU")
    _, hidden, _ = rows(build(setup).eval(), setup, POINTS, SIDE, REACH)
    assert float(hidden.values.max()) == 1 and float(hidden.values.min()) == 0


def test_white_is_where_a_units_pre_activation_is_zero() -> None:
    for activation in ACTIVATIONS:
        setup = Setup(hidden=(1,), activation=activation)
        net = build(setup)
        with torch.no_grad():
            net.fc1.weight.copy_(torch.tensor([[1.0, 0.0]]))
            net.fc1.bias.zero_()
        _, hidden, _ = rows(net.eval(), setup, POINTS, 3, REACH)
        assert hidden.values[0, :, 1].tolist() == [0, 0, 0]
        assert (hidden.values[0, :, 2] > 0).all() and (hidden.values[0, :, 0] <= 0).all()


def test_each_row_has_the_weights_that_it_reads_by_and_the_best_thresholds() -> None:
    setup = Setup(hidden=(3, 2))
    net = build(setup).eval()
    one, two, three, four = rows(net, setup, POINTS, SIDE, REACH)
    assert one.weights is None and two.weights is not None and three.weights is not None
    assert torch.equal(two.weights, net.fc1.weight) and torch.equal(three.weights, net.fc2.weight)
    assert [len(row.right) for row in (one, two, three, four)] == [2, 3, 2, 1]
    assert all(0.5 <= share <= 1 for row in (one, two, three, four) for share in row.right)


def test_each_row_has_what_the_best_thresholds_get_wrong_and_how_far_activations_go() -> None:
    setup = Setup(hidden=(3,), activation="sigmoid", seed=2)
    net = build(setup).eval()
    plane, hidden, last = rows(net, setup, POINTS, SIDE, REACH)
    places, points = grid(SIDE, REACH), POINTS.positions
    expected = [
        (places, points),
        *((part(places), part(points)) for part in (torch.nn.Sequential(net.fc1, net.sigmoid1), net)),
    ]
    for row, (over, at) in zip((plane, hidden, last), expected, strict=True):
        assert row.ranges == [(float(unit.min()), float(unit.max())) for unit in over.T]
        for unit, wrong_ones, share in zip(at.T, row.wrong, row.right, strict=True):
            ones = POINTS.labels.bool()
            splits = [(unit > line) != ones for line in (*unit, unit.min() - 1)]
            fewest = min(min(int(split.sum()), int((~split).sum())) for split in splits)
            assert int(wrong_ones.sum()) == fewest and share == 1 - fewest / 40
            assert any(torch.equal(wrong_ones, each) for split in splits for each in (split, ~split))
    assert hidden.addresses == ["hidden1/0", "hidden1/1", "hidden1/2"] and last.addresses == ["output/0"]


def test_the_output_alone_is_the_last_row_and_tells_which_points_are_wrong() -> None:
    setup = replace(Setup(), hidden=(3,))
    net = build(setup).eval()
    assert torch.allclose(output(net, SIDE, REACH), rows(net, setup, POINTS, SIDE, REACH)[-1].values[0], atol=1e-6)
    logits = net(POINTS.positions)[:, 0].tolist()
    assert wrong(net, POINTS) == [(z > 0) != bool(y) for z, y in zip(logits, POINTS.labels.tolist(), strict=True)]
    assert not any(wrong(net, Points(POINTS.positions, (net(POINTS.positions)[:, 0] > 0).long())))
