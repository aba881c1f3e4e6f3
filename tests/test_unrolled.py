"""core.memory.unrolled against torch's LSTM, a plain loop, and cells whose gates are known."""

import math

import pytest
import torch
from torch import nn

from core.data import digits, text
from core.layers import record
from core.memory.unrolled import Unrolled, all_unrolled, layers, steps_of, time_constants, unrolled
from core.models import load
from core.models.rnn import RNN
from core.models.text import Reader
from tests import references

DIGITS = digits.test_set().images[84:87]
TEXT = text.one_hot(text.encode("First Citizen:\nBefore we proceed")[None])


def read_by_torch(net: nn.Module, name: str, x: torch.Tensor) -> torch.Tensor:
    """What the taps of a net put out: (batch, time, units)."""
    return record(net, x, [name])[name].transpose(1, 2)


def nets() -> list[tuple[str, RNN | Reader, torch.Tensor]]:
    named = ("trained", "untrained")
    digit_nets = [(f"rnn {weights}", load("rnn", weights=weights), DIGITS) for weights in named]
    return [*digit_nets, ("text", load("text", weights="untrained"), TEXT)]  # type: ignore[list-item]


@pytest.mark.parametrize(("name", "net", "x"), nets(), ids=[name for name, _, _ in nets()])
def test_outputs_are_torchs(name: str, net: RNN | Reader, x: torch.Tensor) -> None:
    found = all_unrolled(net, x)
    assert list(found) == list(layers(net)) == ["lstm1", "lstm2"]
    for layer, now in found.items():
        assert torch.allclose(now.state, read_by_torch(net, layer, x), atol=1e-5)
        for part in vars(now).values():
            assert part.shape == now.state.shape == (len(x), x.shape[2], layers(net)[layer].hidden_size)
    (_, (last, cell)), now = layers(net)["lstm1"](steps_of(net, x)), found["lstm1"]
    assert torch.allclose(cell[0], now.cell[:, -1], atol=1e-5) and torch.allclose(last[0], now.state[:, -1], atol=1e-5)


def test_gates_are_those_of_the_paper() -> None:
    net = load("rnn")
    now, states = unrolled(net.recurrent1, DIGITS[:, 0]), references.lstm(net.recurrent1, DIGITS[:1, 0])[0].double()
    w, u, b, more = (part.double() for part in net.recurrent1.all_weights[0])
    past, cell = torch.zeros(64).double(), torch.zeros(64).double()
    for step in range(28):
        i, f, g, o = (w @ DIGITS[0, 0, step].double() + u @ past + b + more).chunk(4)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        for part, wanted in (("input", i.sigmoid()), ("forget", f.sigmoid()), ("candidate", g.tanh()),
                             ("output", o.sigmoid()), ("cell", cell), ("state", states[step])):  # fmt: skip
            assert torch.allclose(getattr(now, part)[0, step].double(), wanted, atol=1e-5), part
        past = states[step]


def test_what_stood_one_step_earlier_is_zero_before_the_first() -> None:
    now = all_unrolled(load("rnn"), DIGITS)["lstm2"]
    assert not now.past_state[:, 0].any() and not now.past_cell[:, 0].any()
    assert torch.equal(now.past_state[:, 1:], now.state[:, :-1])
    assert torch.equal(now.past_cell[:, 1:], now.cell[:, :-1])


def test_of_a_batch_each_is_read_alone_and_one_step_is_enough() -> None:
    net = load("rnn")
    alone = [all_unrolled(net, image[None])["lstm2"].cell for image in DIGITS]
    assert torch.allclose(all_unrolled(net, DIGITS)["lstm2"].cell, torch.cat(alone), atol=1e-6)
    assert all_unrolled(net, DIGITS[:, :, :1])["lstm2"].state.shape == (3, 1, 64)


@pytest.mark.parametrize("steps", [1.0, 4.0, 30.0])
def test_a_time_constant_is_in_how_many_steps_a_memory_fades_to_one_e_th(steps: float) -> None:
    gate = torch.full((2, 9, 1), math.exp(-1 / steps))
    assert float(time_constants(gate)) == pytest.approx(steps, rel=1e-4)
    memory = gate[0, 0, 0] ** steps
    assert float(memory) == pytest.approx(1 / math.e, rel=1e-4)


def test_a_time_constant_is_that_of_the_mean_gate() -> None:
    gate = torch.tensor([[[0.2], [0.8]]])
    assert float(time_constants(gate)) == pytest.approx(-1 / math.log(0.5))
    assert time_constants(torch.zeros(1, 1, 1)).tolist() == [0] and math.isinf(time_constants(torch.ones(1, 1, 1)))


def test_nothing_is_left_changed() -> None:
    net = load("rnn")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found: Unrolled = all_unrolled(net, DIGITS)["lstm1"]
    assert not found.state.requires_grad and not net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
