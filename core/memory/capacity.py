"""How much of what was read lies open in the present state: a linear readout of the input k steps back.

Jaeger 2001, "Short term memory in echo state networks", definition 1: the capacity is the sum over k of the readout's
squared correlation with the input. Here it is R^2 on held-out sequences, which is at most that, over all numbers of an
input together: a capacity counts inputs, such as rows.
"""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from core.measures.held_out import split

RIDGE = 1e-6  # of the mean variance: it only keeps the solution finite
FEATURES = 64  # that a net without memory makes of the present row, as many as a layer has units


def readout(
    states: Float[Tensor, "n time units"], inputs: Float[Tensor, "n time numbers"], most: int | None = None
) -> Float[Tensor, " lags"]:
    """R^2 of the best linear readout of the input k steps back from the state, for k = 0, 1, ..., `most`.

    One readout for all steps from k on, fitted by ridge regression, with a bias of its own for each step, so that
    knowing which step it is counts as nothing. It is 0 where a readout does worse than the mean, and where the inputs
    do not vary.
    """
    learned, held = split(len(states))
    states, inputs = (_apart(part.double(), learned) for part in (states, inputs))
    time = states.shape[1]
    found = [_fit(states[:, lag:], inputs[:, : time - lag], learned, held)
             for lag in range((time - 1 if most is None else most) + 1)]  # fmt: skip
    return torch.stack(found).clamp(min=0)


def capacity(explained: Float[Tensor, " lags"]) -> float:
    """The sum over lags of what `readout` finds: in inputs."""
    return float(explained.sum())


def _apart(steps: Float[Tensor, "n time numbers"], learned: Tensor) -> Float[Tensor, "n time numbers"]:
    """From its mean at each step."""
    return steps - steps[learned].mean(0)


def _fit(states: Tensor, inputs: Tensor, learned: Tensor, held: Tensor) -> Float[Tensor, ""]:
    seen, wanted = states[learned].flatten(0, 1), inputs[learned].flatten(0, 1)
    products = seen.T @ seen
    ridge = RIDGE * products.diagonal().mean() * torch.eye(len(products)).double()
    weights = torch.linalg.lstsq(products + ridge, seen.T @ wanted).solution
    asked = inputs[held].flatten(0, 1)
    wrong, all_of_it = (asked - states[held].flatten(0, 1) @ weights).square().sum(), asked.square().sum()
    return 1 - wrong / all_of_it if all_of_it > 0 else all_of_it


def mixed(sequences: Float[Tensor, "n time numbers"], generator: Generator) -> Float[Tensor, "n time numbers"]:
    """The sequences with each step taken from another one of them: a step then tells nothing of those around it."""
    steps = [step[torch.randperm(len(step), generator=generator)] for step in sequences.unbind(1)]
    return torch.stack(steps, 1)


def without_memory(inputs: Float[Tensor, "n time numbers"], generator: Generator) -> Float[Tensor, "n time more"]:
    """What a net without memory has of a sequence: the present input, and FEATURES random tanh features of it."""
    numbers = inputs.shape[2]
    weights = 2 * torch.randn(numbers, FEATURES, generator=generator) / numbers**0.5
    bias = torch.randn(FEATURES, generator=generator)
    return torch.cat([inputs, (inputs @ weights + bias).tanh()], 2)
