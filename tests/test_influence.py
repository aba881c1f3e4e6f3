"""core.memory.influence against finite differences, and linear recurrent nets whose answer is a matrix power."""

import math

import pytest
import torch
from torch import Generator, Tensor

from core.data import digits, text
from core.memory.influence import by_lag, horizon, influence, occlusion
from core.memory.unrolled import all_unrolled
from core.models import load
from core.models.rnn import RNN
from tests.nets import linear_lstm

DIGIT = digits.test_set().images[84:85]
NOTHING = torch.zeros(1, 1, 6, 28)


def weights(net: RNN, layer: int) -> tuple[Tensor, Tensor]:
    """The candidate's weights: of what is read, and of the past."""
    read, keep = net.get_submodule(f"recurrent{layer}").all_weights[0][:2]  # type: ignore[operator, union-attr, index]
    return read.chunk(4)[2], keep.chunk(4)[2]


@pytest.mark.parametrize("keep", [False, True])
def test_of_a_linear_net_it_is_a_matrix_power(keep: bool) -> None:
    net = linear_lstm(keep)
    read, past = weights(net, 1)
    again = past + (torch.eye(4) if keep else 0)
    found = influence(net, NOTHING)["lstm1"][0]
    for t in range(6):
        for s in range(6):
            wanted = float((torch.linalg.matrix_power(again, t - s) @ read).norm()) if s <= t else 0.0
            assert float(found[t, s]) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("keep", [False, True])
def test_through_two_linear_layers_it_is_the_sum_over_all_ways(keep: bool) -> None:
    net = linear_lstm(keep, depth=2)
    (read1, past1), (read2, past2) = weights(net, 1), weights(net, 2)
    one, two = (past + (torch.eye(4) if keep else 0) for past in (past1, past2))
    found = influence(net, NOTHING)["lstm2"][0]
    for t, s in ((0, 0), (3, 3), (4, 1), (5, 0)):
        ways = [torch.linalg.matrix_power(two, t - r) @ read2 @ torch.linalg.matrix_power(one, r - s) @ read1
                for r in range(s, t + 1)]  # fmt: skip
        assert float(found[t, s]) == pytest.approx(float(torch.stack(ways).sum(0).norm()), rel=1e-5)


@pytest.mark.parametrize("source", ["trained", "untrained"])
def test_it_is_what_finite_differences_say(source: str) -> None:
    net = load("rnn", weights=source).double()
    found = influence(net, DIGIT.double())  # type: ignore[arg-type]
    for row in (5, 13):
        changed = DIGIT.double().repeat(56, 1, 1, 1)
        changed[:28, 0, row] += 1e-5 * torch.eye(28).double()
        changed[28:, 0, row] -= 1e-5 * torch.eye(28).double()
        for layer, now in all_unrolled(net, changed).items():  # type: ignore[arg-type]
            jacobian = (now.state[:28] - now.state[28:]) / 2e-5  # of each pixel: (28, time, units)
            assert torch.allclose(found[layer][0, :, row], jacobian.norm(dim=(0, 2)), atol=1e-8, rtol=1e-6)


def test_a_window_is_the_triangles_end_and_a_batch_is_each_alone() -> None:
    net, some = load("rnn"), digits.test_set().images[84:87]
    whole = influence(net, some)  # type: ignore[arg-type]
    for layer, found in influence(net, some, window=9).items():  # type: ignore[arg-type]
        assert found.shape == (3, 9, 9) and torch.allclose(found, whole[layer][:, -9:, -9:], atol=1e-6)
    alone = influence(net, some[1:2])["lstm2"][0]  # type: ignore[arg-type]
    assert torch.allclose(alone, whole["lstm2"][1], atol=1e-6)
    assert torch.equal(influence(net, some, window=99)["lstm1"], whole["lstm1"])  # type: ignore[arg-type]


def test_probes_square_to_the_exact_influence_on_the_mean() -> None:
    net = load("text", weights="untrained")
    x = text.one_hot(text.encode("Before we proceed any further")[None])
    exact = influence(net, x, window=12)["lstm2"][0]  # type: ignore[arg-type]
    drawn = [influence(net, x, 12, 4, Generator().manual_seed(seed))["lstm2"][0] for seed in range(40)]  # type: ignore[arg-type]
    mean = torch.stack(drawn).square().mean(0).sqrt()
    there = torch.ones(12, 12).tril().bool()
    assert torch.allclose(mean[there], exact[there], rtol=0.1) and not mean[~there].any()
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], influence(net, x, 12, 4, Generator().manual_seed(0))["lstm2"][0])  # type: ignore[arg-type]


def test_occlusion_is_how_far_a_state_moves_when_one_row_is_blanked() -> None:
    net = load("rnn")
    found = occlusion(net, DIGIT)  # type: ignore[arg-type]
    for row in (0, 8, 20):
        without = DIGIT.clone()
        without[0, 0, row] = 0
        for layer, now in all_unrolled(net, DIGIT).items():  # type: ignore[arg-type]
            other = all_unrolled(net, without)[layer].state[0]  # type: ignore[arg-type]
            wanted = (other - now.state[0]).norm(dim=1) / now.state[0].norm(dim=1)
            assert torch.allclose(found[layer][0, :, row], wanted, atol=1e-5)
    assert not found["lstm1"][0, :, 0].any()  # an empty row
    assert not found["lstm2"][0, :20, 20].any() and found["lstm2"][0, 20:, 20].all()


def test_a_lag_is_the_mean_over_the_last_states() -> None:
    triangle = torch.arange(64.0).view(1, 8, 8).tril()
    assert by_lag(triangle).tolist() == [[(54 + 63) / 2, (53 + 62) / 2, (52 + 61) / 2, (51 + 60) / 2, (50 + 59) / 2,
                                          (49 + 58) / 2, (48 + 57) / 2]]  # fmt: skip
    assert by_lag(triangle, 7).tolist() == [[63, 62, 61, 60, 59, 58, 57, 56]]
    triangle[0, 6, 6] = torch.nan
    assert float(by_lag(triangle)[0, 0]) == 63


@pytest.mark.parametrize("steps", [0.7, 3.0, 5.5])
def test_the_horizon_of_an_exponential_is_its_time_constant(steps: float) -> None:
    fading = torch.exp(-torch.arange(20.0) / steps)[None]
    assert float(horizon(7 * fading)) == pytest.approx(steps, rel=1e-4)


def test_the_horizon_counts_from_the_greatest_on_and_ends_with_the_last_lag() -> None:
    rising = torch.tensor([[0.1, 0.2, 2.0, 1.0, 0.1, 2.0], [1.0, 0.1, 0.0, 0.0, 0.0, 0.0], [1.0] * 6])
    first, second, third = horizon(rising).tolist()
    assert first == pytest.approx(3 + (math.log(0.5) + 1) / (math.log(0.5) - math.log(0.05)))
    assert second == pytest.approx(1 / math.log(10)) and third == 5
