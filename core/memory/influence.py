"""How much each step that was read still moves a recurrent net's state: by the gradient, and by blanking a step.

The influence of input s on the state after step t is ||d h_t / d x_s||, the Frobenius norm, as in Pascanu, Mikolov,
Bengio 2013, "On the difficulty of training recurrent neural networks", equations 3 to 5.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.memory.unrolled import Net, Over, Unrolled, all_unrolled, layers, steps_of

Triangle = Float[Tensor, "batch time time"]  # [b, t, s]: of the input s on the state after step t; 0 where s > t
FALLEN = 1 / math.e


@dataclass(frozen=True)
class _Layer:
    """One layer's local Jacobians at all steps, and the Jacobians so far in each input: (batch, units, columns)."""

    lstm: nn.LSTM
    now: Unrolled
    through_cell: tuple[Over, Over, Over]  # d c_t by the pre-activations of input gate, forget gate and candidate
    through_output: Over  # d h_t by the pre-activation of the output gate
    shown: Over  # d h_t / d c_t


@torch.no_grad()
def influence(
    net: Net, x: Tensor, window: int | None = None, probes: int | None = None, generator: Generator | None = None
) -> dict[str, Triangle]:
    """||d h_t / d x_s|| of each layer's output, of all steps or of the last `window`; x_s is what `steps_of` finds.

    The Jacobians of all states so far in all inputs so far are carried along: one product a step and layer with the
    cell's local Jacobian (real-time recurrent learning, Williams and Zipser 1989, of inputs instead of weights). With
    `probes` it is an estimate, whose square is unbiased: E ||J v||^2 = ||J||^2 for vectors v of random signs
    (Hutchinson 1990), so many a step, from the generator.
    """
    read = steps_of(net, x)
    batch, time, inputs = read.shape
    first = 0 if window is None else max(0, time - window)
    seeds = _seeds(inputs, probes, generator).to(read)
    width, count = seeds.shape[1], time - first
    stack = {name: _layer(layers(net)[name], now) for name, now in all_unrolled(net, x).items()}
    cells = {name: read.new_zeros(batch, each.lstm.hidden_size, count * width) for name, each in stack.items()}
    states = {name: torch.zeros_like(cell) for name, cell in cells.items()}
    found = {name: read.new_zeros(batch, count, count) for name in stack}
    for place in range(count):
        so_far = (place + 1) * width
        below = read.new_zeros(batch, inputs, so_far)
        below[..., so_far - width :] = seeds
        for name, layer in stack.items():
            cell, state = cells[name][..., :so_far], states[name][..., :so_far]
            below = _advance(layer, first + place, below, cell, state)
            found[name][:, place, : place + 1] = below.unflatten(2, (place + 1, width)).square().sum((1, 3)).sqrt()
    return found


def _seeds(inputs: int, probes: int | None, generator: Generator | None) -> Tensor:
    """Unit vectors, or so many vectors of random signs, over the root of how many they are."""
    if probes is None:
        return torch.eye(inputs)
    return (2.0 * torch.randint(2, (inputs, probes), generator=generator) - 1) / probes**0.5


def _layer(lstm: nn.LSTM, now: Unrolled) -> _Layer:
    shown = now.cell.tanh()
    return _Layer(
        lstm,
        now,
        (
            now.candidate * now.input * (1 - now.input),
            now.past_cell * now.forget * (1 - now.forget),
            now.input * (1 - now.candidate.square()),
        ),
        shown * now.output * (1 - now.output),
        now.output * (1 - shown.square()),
    )


def _advance(layer: _Layer, step: int, below: Tensor, cell: Tensor, state: Tensor) -> Tensor:
    """One step further: `cell` and `state`, the Jacobians in all inputs so far, change in place; the latter returns."""
    read, keep = layer.lstm.all_weights[0][:2]
    added = _local(layer, step, keep) @ state
    added += _local(layer, step, read) @ below
    to_cell, to_output = added.chunk(2, 1)
    cell.mul_(layer.now.forget[:, step, :, None]).add_(to_cell)
    state.copy_(layer.shown[:, step, :, None] * cell + to_output)
    return state


def _local(layer: _Layer, step: int, weight: Tensor) -> Float[Tensor, "batch two_units inputs"]:
    """What a vector that the gates read by this weight adds to the cell state, and to the output past it."""
    write, forget, candidate, output = weight.chunk(4)
    by_write, by_forget, by_candidate = (part[:, step, :, None] for part in layer.through_cell)
    to_cell = by_write * write + by_forget * forget + by_candidate * candidate
    return torch.cat([to_cell, layer.through_output[:, step, :, None] * output], 1)


@torch.no_grad()
def occlusion(net: Net, x: Float[Tensor, "1 ..."]) -> dict[str, Triangle]:
    """||h_t(x) - h_t(x without step s)|| / ||h_t(x)|| of each layer, where x_s, as `steps_of` has it, is 0 instead."""
    read = steps_of(net, x)
    time = read.shape[1]
    blanked = read.repeat(time + 1, 1, 1)
    blanked[torch.arange(time), torch.arange(time)] = 0
    there = read[0].any(1)  # an empty step has nothing to lose but rounding
    found = {}
    for name, lstm in layers(net).items():
        blanked = lstm(blanked)[0]
        apart = (blanked[:-1] - blanked[-1]).norm(dim=2) / blanked[-1].norm(dim=1)
        found[name] = (apart.T * there).tril()[None]
    return found


def by_lag(triangle: Triangle, most: int | None = None) -> Float[Tensor, "batch lags"]:
    """The influence over how many steps ago its input was read, on the mean over the states behind step `most`.

    Lags run from 0 to `most`, three quarters of the steps unless given: all are means over the same states,
    NaN left out.
    """
    time = triangle.shape[1]
    most = 3 * time // 4 if most is None else most
    return torch.stack([triangle.diagonal(-lag, 1, 2)[:, most - lag :].nanmean(1) for lag in range(most + 1)], 1)


def horizon(profile: Float[Tensor, "batch lags"]) -> Float[Tensor, " batch"]:
    """Steps back at which an influence over lags (`by_lag`) has fallen to 1 / e of its greatest, behind that one.

    Between two lags it is interpolated on a logarithmic scale; where it never falls so far, it is the last lag.
    """
    lags = profile.shape[1]
    share = profile / profile.max(1, keepdim=True).values
    behind = torch.arange(lags) > profile.argmax(1, keepdim=True)
    fallen = behind & (share <= FALLEN)
    at = torch.where(fallen.any(1), fallen.int().argmax(1), lags - 1)
    before, after = (share.gather(1, place[:, None])[:, 0].clamp(min=1e-30).log() for place in (at - 1, at))
    between = (before - math.log(FALLEN)) / (before - after)
    return torch.where(fallen.any(1), at - 1 + between, lags - 1.0)
