"""core.circuits.cuts: units cut out and turned up, against what affine layers have to do; what a graph foretells."""

from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from core.circuits.contributions import Run, stages
from core.circuits.cuts import alone, cut, effects, foretold, turned
from core.circuits.graph import graph
from core.data import digits
from core.layers import list_layers, record
from core.models import DIGIT_NETS, load
from tests.nets import Xor


def run_of(name: str, number: int = 84, last: str = "logits") -> tuple[Run, Tensor]:
    model, x = load(name), digits.test_set().images[number : number + 1]
    return Run(model, x, stages(list_layers(model, x.shape[1:]), last)), x


def means(name: str) -> dict[str, Tensor]:
    """Of 200 test images."""
    seen = record(load(name), digits.test_set().images[:200])
    return {layer: activation.mean(0) for layer, activation in seen.items()}


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_a_cut_takes_away_what_was_contributed_and_gives_what_the_mean_would(name: str) -> None:
    run, x = run_of(name)
    stage, fills = run.stages[-1], means(name)
    sets = [[], [3], [0, 5, 9], range(stage.sums.units)]
    found = cut(load(name), x, stage.reads, sets, fills[stage.reads], [stage.sums.name])[stage.sums.name]
    for unit in (1, 8):
        split, weights = run.split(stage, unit, ()), run.weights(stage, unit, ())
        given = (weights * fills[stage.reads]).reshape(len(weights), -1).sum(1)
        for row, units in zip(found, sets, strict=True):
            expected = split.value - sum(float(split.by_unit[each] - given[each]) for each in units)
            assert float(row[unit]) == pytest.approx(expected, abs=1e-4)


def test_a_cut_of_all_units_is_the_value_on_mean_activations() -> None:
    _, x = run_of("cnn", last="conv3")
    fill = means("cnn")["relu2"]
    found = cut(load("cnn"), x, "relu2", [range(24)], fill, ["conv3"])["conv3"][0]
    module = load("cnn").get_submodule
    assert torch.allclose(found, module("conv3")(module("pool2")(fill[None]))[0], atol=1e-5)


def test_each_image_of_a_batch_loses_its_own_units_and_no_other() -> None:
    _, x = run_of("dense")
    seen = record(load("dense"), x, ["relu1"])["relu1"][0]
    found = cut(load("dense"), x, "relu1", [[0], [1, 2]], torch.full((64,), -7.0), ["relu1", "logits"])["relu1"]
    assert (found == -7).nonzero().tolist() == [[0, 0], [1, 1], [1, 2]]
    assert torch.equal(found[0, 1:], seen[1:])


def test_xors_hidden_units_alone_and_cut() -> None:
    """At (1, 1), without the unit that inhibits, XOR says 2."""
    x = torch.ones(1, 2)
    found = cut(Xor(), x, "relu", [[], [1], [0], [0, 1]], torch.zeros(2), ["logits"])["logits"]
    assert found[:, 0].tolist() == [0, 2, -2, 0]
    own = graph(Run(Xor(), x, stages(list_layers(Xor(), (2,)), "logits")), 0, k=1)
    assert alone(Xor(), x, own, {"relu": torch.zeros(2)}) == 2
    assert alone(Xor(), x, own, {"relu": torch.ones(2)}) == 0


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_alone_with_all_units_is_the_root_itself_and_with_few_what_their_contributions_say(name: str) -> None:
    run, x = run_of(name)
    fills = means(name)
    whole = graph(run, 8, k=2000, rows=1)
    there = [node.unit for node in whole.nodes]
    fills[run.stages[-1].reads][there] = 99  # of a unit that is there, no mean counts
    silent = [unit for unit in range(len(fills[run.stages[-1].reads])) if unit not in there]
    fills[run.stages[-1].reads][silent] = 0  # of one that is silent, the mean is what takes its place
    assert alone(load(name), x, whole, fills) == pytest.approx(whole.root.split.value, abs=1e-4)
    few = graph(run, 8, k=4, rows=1)
    empty = {layer: torch.zeros_like(fill) for layer, fill in fills.items()}
    expected = sum(few.root.edges.values()) + few.root.split.bias
    if name != "rnn":
        assert alone(load(name), x, few, empty) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["dense", "dense-video", "cnn", "rnn"])
def test_of_what_the_root_reads_a_graph_foretells_exactly_where_it_is_affine(name: str) -> None:
    run, x = run_of(name)
    own = graph(run, 8)
    for node in own.rows[1]:
        layer, factors = node.stage.layer.name, torch.tensor([0.0, 0.5, 1.0, 2.0])
        found = turned(load(name), x, layer, node.unit, factors, ["logits"])["logits"][:, 8]
        for factor, value in zip(factors.tolist(), found.tolist(), strict=True):
            moved = value - own.root.split.value
            assert foretold(load(name), own, layer, node.unit, factor) == pytest.approx(moved, abs=1e-4)
            assert (factor - 1) * float(effects(load(name), x, own)[layer][node.unit]) == pytest.approx(moved, abs=1e-4)


@pytest.mark.parametrize("name", ["dense", "dense-video"])
def test_with_all_units_a_graph_foretells_what_happens_two_rows_below_too(name: str) -> None:
    """Silent units that wake up are in no graph; so a small change, that wakes none."""
    run, x = run_of(name)
    own, factor = graph(run, 8, k=64), 1.01
    first = own.rows[2][0].stage.layer.name
    for node in own.rows[2][:6]:
        found = float(turned(load(name), x, first, node.unit, torch.tensor([factor]), ["logits"])["logits"][0, 8])
        told = foretold(load(name), own, first, node.unit, factor)
        assert told == pytest.approx(found - own.root.split.value, abs=2e-4)


def test_a_relu_between_stops_what_a_graph_foretells() -> None:
    """fc3 = relu(relu(x)) for x = 1: the lowest unit at minus 5 silences the next, and no more."""
    parts = {f"{kind}{depth}": nn.Linear(1, 1, bias=False) if kind == "fc" else nn.ReLU()
             for depth in (1, 2, 3) for kind in ("fc", "relu")}  # fmt: skip
    model = nn.Sequential(OrderedDict(parts))
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(1.0)
    own = graph(Run(model, torch.ones(1, 1), stages(list_layers(model, (1,)), "fc3")), 0)
    assert [foretold(model, own, "relu1", 0, factor) for factor in (-5.0, 0.0, 0.5, 3.0)] == [-1, -1, -0.5, 2]


def test_effects_are_activation_times_the_nets_own_gradient() -> None:
    """Against finite differences, in a recurrent net, where frozen gates would say something else."""
    run, x = run_of("rnn", last="lstm2")
    own = graph(run, 5, (20,))
    found = effects(load("rnn"), x, own)["lstm1"]
    for node in own.rows[1]:
        near = turned(load("rnn").double(), x.double(), "lstm1", node.unit, torch.tensor([1 - 1e-4, 1 + 1e-4]).double(),
                      ["lstm2"])["lstm2"][:, 5, 20]  # fmt: skip
        assert float(near[1] - near[0]) / 2e-4 == pytest.approx(float(found[node.unit]), abs=1e-3)


def test_a_unit_outside_the_graph_is_not_foretold() -> None:
    run, _ = run_of("dense")
    own = graph(run, 8, k=1)
    outside = (own.nodes[0].unit + 1) % 64
    for layer, unit in (("relu2", outside), ("logits", 8), ("nothing", 0)):
        with pytest.raises(ValueError, match="does not stand below the root"):
            foretold(load("dense"), own, layer, unit, 0.5)
