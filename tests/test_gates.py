"""core.circuits.gates against Hochreiter and Schmidhuber's formulas, in float64 and by torch's own outputs."""

import pytest
import torch
from torch import Tensor, nn

from core.circuits.gates import gates, surviving
from core.data import digits
from core.models import load
from tests import references


def layer_and_rows(name: str) -> tuple[nn.LSTM, Tensor]:
    """The first or second LSTM of `rnn`, and what it reads of a digit."""
    model = load("rnn")
    first, second = model.get_submodule("recurrent1"), model.get_submodule("recurrent2")
    rows = digits.test_set().images[84, 0]
    assert isinstance(first, nn.LSTM) and isinstance(second, nn.LSTM)
    return (first, rows) if name == "lstm1" else (second, first(rows[None])[0][0])


@pytest.mark.parametrize("layer", ["lstm1", "lstm2"])
@pytest.mark.parametrize("step", [0, 1, 14, 27])
def test_each_gate_is_split_as_the_formulas_say(layer: str, step: int) -> None:
    lstm, rows = layer_and_rows(layer)
    states = references.lstm(lstm, rows[None].float())[0]
    weights = [weight.double() for weight in lstm.all_weights[0]]
    last = states[step - 1].double() if step else torch.zeros(64).double()
    for unit in (0, 31, 63):
        found = gates(lstm, rows, unit, step)
        for gate in range(4):
            row = gate * 64 + unit
            assert torch.allclose(found.reads[gate].double(), weights[0][row] * rows[step].double(), atol=1e-6)
            assert torch.allclose(found.past[gate].double(), weights[1][row] * last, atol=1e-5)
            assert float(found.bias[gate]) == pytest.approx(float(weights[2][row] + weights[3][row]), abs=1e-6)
        i, f, g, o = found.sums.double()
        memory = f.sigmoid() * found.before + i.sigmoid() * g.tanh()
        assert found.memory == pytest.approx(float(memory), abs=1e-5)
        assert found.state == pytest.approx(float(o.sigmoid() * memory.tanh()), abs=1e-5)
        assert found.state == pytest.approx(float(states[step, unit]), abs=1e-5)
        assert (found.before == 0) == (step == 0)


@pytest.mark.parametrize("layer", ["lstm1", "lstm2"])
@pytest.mark.parametrize("step", [0, 1, 20])
def test_the_memory_is_what_was_written_and_has_survived(layer: str, step: int) -> None:
    lstm, rows = layer_and_rows(layer)
    for unit in (2, 40):
        found = surviving(lstm, rows, unit, step)
        assert found.tolist() == pytest.approx(references.surviving(lstm, rows, unit, step), abs=1e-5)
        assert float(found.sum()) == pytest.approx(gates(lstm, rows, unit, step).memory, abs=1e-5)


@pytest.mark.parametrize(("unit", "step"), [(64, 0), (-1, 0), (0, 28), (0, -1)])
def test_a_cell_or_a_step_that_is_not_there_is_refused(unit: int, step: int) -> None:
    with pytest.raises(ValueError, match="There is no cell"):
        gates(*layer_and_rows("lstm1"), unit, step)
