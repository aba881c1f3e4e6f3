"""core.circuits.graph: on nets that can be solved by hand, and what has to hold in all that ship."""

import pytest
import torch
from torch import Generator, Tensor, nn

from core.circuits.contributions import Run, stages
from core.circuits.graph import Graph, at_random, graph, largest
from core.data import digits
from core.data.photos import sample_views
from core.layers import INPUT, list_layers
from core.models import DIGIT_NETS, find, load
from tests.nets import Xor


def run_of(name: str, x: Tensor, last: str = "logits", weights: str = "trained") -> Run:
    model = load(name, weights=weights)
    return Run(model, x, stages(list_layers(model, x.shape[1:]), last, find(name).landmarks))


def digit(number: int) -> Tensor:
    return digits.test_set().images[number : number + 1]


def xor(bits: tuple[float, float], **how: int) -> Graph:
    x = torch.tensor([bits])
    return graph(Run(Xor(), x, stages(list_layers(Xor(), (2,)), "logits")), 0, **how)


def test_the_graph_of_xor_is_solved_by_hand() -> None:
    """At (1, 1): 0 = 2 - 2 x 1; the hidden units read 1 + 1 and 1 + 1 - 1."""
    found = xor((1.0, 1.0))
    assert (found.root.edges, found.root.others, found.root.count) == ({0: 2.0, 1: -2.0}, 0, 0)
    assert [(node.unit, node.activation, node.influence) for node in found.nodes] == [(0, 2, 0.5), (1, 1, 0.5)]
    assert found.kept == pytest.approx(1)
    assert [node.edges for node in found.nodes] == [{}, {}]


def test_what_goes_to_others_is_lost() -> None:
    """With one unit a row half of the influence is lost, and with one silent unit none."""
    assert xor((1.0, 1.0), k=1).kept == pytest.approx(0.5)
    assert xor((1.0, 0.0), k=1).kept == pytest.approx(1)


def test_a_bias_keeps_its_share() -> None:
    """fc2 = fc1 + 3 where fc1 = x = 1: a quarter of the root's influence reaches the unit, three the bias."""
    model = nn.Sequential()
    model.add_module("fc1", nn.Linear(1, 1, bias=False))
    model.add_module("relu", nn.ReLU())
    model.add_module("fc2", nn.Linear(1, 1))
    with torch.no_grad():
        for weight, value in zip(model.parameters(), (1.0, 1.0, 3.0), strict=True):
            weight.fill_(value)
    found = graph(Run(model, torch.ones(1, 1), stages(list_layers(model, (1,)), "fc2")), 0)
    assert found.nodes[0].influence == pytest.approx(0.25) and found.kept == pytest.approx(1)


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_every_nodes_numbers_add_up(name: str) -> None:
    for number in (1, 84):
        run = run_of(name, digit(number))
        for k in (1, 5, 100):
            found = graph(run, 3, k=k, rows=9)
            for row in found.rows:
                for node in row:
                    assert sum(node.edges.values()) + node.others + node.split.bias + node.split.gap == pytest.approx(
                        node.split.value, abs=1e-4
                    )
                    assert node.count + len(node.edges) == len(node.split.by_unit)
            assert found.rows[-1][0].stage.reads == INPUT
            assert [len(row) <= k for row in found.rows]


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_with_all_units_nothing_is_lost_and_more_units_never_keep_less(name: str) -> None:
    run = run_of(name, digit(84))
    kept = [graph(run, 8, k=k, rows=9).kept for k in (1, 2, 5, 20, 2000)]
    assert kept == sorted(kept) and kept[-1] == pytest.approx(1, abs=1e-5) and kept[0] > 0


def test_more_units_than_the_layer_has_are_all() -> None:
    run = run_of("dense-video", digit(84))
    assert len(graph(run, 8, k=16).nodes) == len(graph(run, 8, k=1000).nodes) == 32


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_a_units_influence_is_what_reaches_it_from_above(name: str) -> None:
    """Written out: each node hands on its influence in proportion to |contribution|, of all terms the bias too."""
    found = graph(run_of(name, digit(84)), 8, rows=9)
    for above, below in zip(found.rows, found.rows[1:], strict=False):
        for node in below:
            expected = 0.0
            for parent in above:
                terms = [abs(float(part)) for part in parent.split.by_unit] + [abs(parent.split.bias)]
                expected += parent.influence * abs(parent.edges[node.unit]) / sum(terms)
            assert node.influence == pytest.approx(expected, rel=1e-4)


def test_the_largest_have_the_most_influence_and_silent_units_are_left_out() -> None:
    flow = torch.tensor([0.1, 0.0, 0.4, 0.2])
    assert largest(flow, 2) == [2, 3] and largest(flow, 9) == [2, 3, 0]
    drawn = [at_random(Generator().manual_seed(seed))(flow, 2) for seed in range(40)]
    assert {unit for units in drawn for unit in units} == {0, 2, 3}
    assert all(len(set(units)) == 2 for units in drawn)
    assert drawn == [at_random(Generator().manual_seed(seed))(flow, 2) for seed in range(40)]


def test_named_units_keep_more_than_as_many_at_random() -> None:
    run = run_of("dense", digit(84))
    for seed in range(5):
        assert graph(run, 8).kept > graph(run, 8, pick=at_random(Generator().manual_seed(seed))).kept


def test_a_node_stands_where_its_map_contributes_most() -> None:
    run = run_of("cnn", digit(84))
    found = graph(run, 8)
    for node in found.rows[1]:
        own = found.root.split.parts[node.unit].abs()
        assert own[node.place] == own.max()
        assert node.activation == pytest.approx(float(run.activation("relu4")[(node.unit, *node.place)]))


def test_the_place_can_be_named_and_rows_can_be_few() -> None:
    run = run_of("cnn", digit(84), "conv3")
    assert graph(run, 5, (2, 3)).root.place == (2, 3)
    assert graph(run, 5).root.place == run.strongest(run.stages[-1], 5)
    assert [len(graph(run, 5, rows=rows).rows) for rows in (0, 1, 2, 3, 9)] == [1, 2, 3, 3, 3]


def test_a_unit_that_reads_the_pixels_has_pixels_as_parts() -> None:
    run = run_of("dense", digit(84), "fc1")
    found = graph(run, 5)
    assert len(found.rows) == 1 and found.root.edges == {} and found.kept == pytest.approx(1)
    assert found.root.split.parts.shape == (1, 28, 28)
    assert found.root.others == pytest.approx(float(found.root.split.parts.sum()), rel=1e-4)


def test_a_silent_unit_is_taken_apart_like_any_other() -> None:
    run = run_of("dense", digit(84), "fc2")
    silent = int(run.activation("fc2").argmin())
    found = graph(run, silent)
    assert found.root.activation == 0 > found.root.split.value
    assert found.root.edges


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"k": 0}, "at least 1 unit a row, not 0"),
        ({"unit": 10}, "0 to 9; 10"),
        ({"unit": -1}, "-1 is none"),
        ({"place": (3,)}, "no unit 0 at"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(how: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        graph(run_of("dense", digit(0)), **{"unit": 0} | how)


def test_of_an_image_of_zeros_the_biases_are_all_there_is() -> None:
    found = graph(run_of("dense", torch.zeros(1, 1, 28, 28)), 8, k=64)
    assert found.kept == pytest.approx(1, abs=1e-5)
    assert all(float(node.split.parts.abs().sum()) == 0 for node in found.rows[-1])


def test_a_photo_is_taken_apart_by_blocks_as_deep_as_is_asked() -> None:
    found = graph(run_of("photo", sample_views()[:1], "block5"), 3, k=4, rows=3)
    assert [row[0].stage.sums.name for row in found.rows] == ["block5", "block4", "block3", "block2"]
    assert [len(row) for row in found.rows] == [1, 4, 4, 4]
    assert 0 < found.kept < 1
    for last, rows in (("block2", 9), ("block5", 1)):
        whole = graph(run_of("photo", sample_views()[:1], last), 3, k=100, rows=rows)
        lost = 0.0
        for node in (whole.root, *whole.nodes):
            gap = abs(node.split.gap)
            lost += node.influence * gap / (float(node.split.by_unit.abs().sum()) + abs(node.split.bias) + gap)
        assert whole.kept == pytest.approx(1 - lost, abs=1e-4)
