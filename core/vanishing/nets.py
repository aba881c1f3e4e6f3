"""Plain RNN, LSTM and GRU with as many parameters, and controls in which only the weights at the start differ."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from core.process import seeded
from core.vanishing.tasks import Task

WIDEST = 200  # units of any net


class Recurrent(nn.Module):
    """One recurrent layer, and a readout of its last hidden state."""

    def __init__(self, recurrent: nn.RNNBase, outputs: int) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.readout = nn.Linear(recurrent.hidden_size, outputs)

    def last(self, x: Float[Tensor, "n steps features"]) -> Float[Tensor, "n units"]:
        """The hidden state after the last step."""
        return self.recurrent(x)[0][:, -1]

    def forward(self, x: Float[Tensor, "n steps features"]) -> Float[Tensor, "n outputs"]:
        """What is told after the last step."""
        return self.readout(self.last(x))


def plain(inputs: int, units: int) -> nn.RNN:
    """The state is tanh(W h + U x + b), with h the one before (Elman 1990)."""
    return nn.RNN(inputs, units, batch_first=True)


def lstm(inputs: int, units: int) -> nn.LSTM:
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000."""
    return nn.LSTM(inputs, units, batch_first=True)


def gru(inputs: int, units: int) -> nn.GRU:
    """Cho et al. 2014."""
    return nn.GRU(inputs, units, batch_first=True)


def from_identity(inputs: int, units: int, nonlinearity: str = "tanh") -> nn.RNN:
    """A plain RNN that begins by keeping its state: W is the identity, b is 0."""
    net = nn.RNN(inputs, units, nonlinearity=nonlinearity, batch_first=True)
    nn.init.eye_(net.get_parameter("weight_hh_l0"))
    nn.init.zeros_(net.get_parameter("bias_hh_l0"))
    nn.init.zeros_(net.get_parameter("bias_ih_l0"))
    return net


def rectified_from_identity(inputs: int, units: int) -> nn.RNN:
    """The same with ReLUs, as in Le, Jaitly and Hinton 2015, but for U, which is drawn as in the plain RNN."""
    return from_identity(inputs, units, "relu")


def open_lstm(inputs: int, units: int) -> nn.LSTM:
    """An LSTM whose forget gates begin with a bias of 1 (Jozefowicz, Zaremba and Sutskever 2015)."""
    net = lstm(inputs, units)
    forget = slice(units, 2 * units)  # torch's order of gates: input, forget, candidate, output
    nn.init.ones_(net.get_parameter("bias_ih_l0").detach()[forget])
    nn.init.zeros_(net.get_parameter("bias_hh_l0").detach()[forget])
    return net


@dataclass(frozen=True)
class Kind:
    """How a recurrent layer is built, and how many matrices it has of each shape: one, and one for each gate."""

    build: Callable[[int, int], nn.RNNBase]
    matrices: int


NETS: dict[str, Kind] = {
    "RNN": Kind(plain, 1),
    "LSTM": Kind(lstm, 4),
    "GRU": Kind(gru, 3),
    "identity RNN": Kind(from_identity, 1),
    "identity ReLU": Kind(rectified_from_identity, 1),
    "LSTM bias 1": Kind(open_lstm, 4),
}
USUAL = ("RNN", "LSTM", "GRU")
CONTROLS = tuple(name for name in NETS if name not in USUAL)


def parameters(matrices: int, inputs: int, units: int, outputs: int) -> int:
    """How many weights and biases such a net has; torch keeps two biases a unit and matrix."""
    return matrices * units * (inputs + units + 2) + (units + 1) * outputs


def width(name: str, task: Task, hidden: int) -> int:
    """How many units give a net as many parameters, as near as can be, as an LSTM with `hidden` units has."""
    wanted = parameters(NETS["LSTM"].matrices, task.inputs, hidden, task.outputs)
    own = NETS[name].matrices
    return min(range(1, WIDEST), key=lambda units: abs(parameters(own, task.inputs, units, task.outputs) - wanted))


def build(name: str, task: Task, hidden: int, seed: int) -> Recurrent:
    """The net as its seed starts it."""
    with seeded(seed):
        return Recurrent(NETS[name].build(task.inputs, width(name, task, hidden)), task.outputs)
