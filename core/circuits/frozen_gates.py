"""An LSTM whose gates are held as they are for one input: then its output is a sum over all that it has read."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.layers import shell


class FrozenGates(nn.Module):
    """The same output as the LSTM's, by weights that share its memory; gradients reach what is written, not the gates.

    With the gates i, f, o taken as given, and tanh(z) as a factor of its argument, tanh(z) / z, held as well,
    c_t = f c_(t-1) + i tanh(g) and h_t = o tanh(c_t) are linear in the input: gradient times input is what each number
    that was read has added, and with the biases these add up to h_t. It is the rule of Arras, Montavon, Mueller, Samek
    2017 (all relevance of a product goes to the signal, none to its gate), without their epsilon.
    """

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        self.lstm = lstm

    def forward(self, x: Float[Tensor, "batch time inputs"]) -> tuple[Float[Tensor, "batch time units"], None]:
        """The states after each step, as the first of two, as torch's LSTM has it."""
        read, keep, *biases = self.lstm.all_weights[0]
        bias = biases[0] + biases[1]
        state = memory = x.new_zeros(len(x), self.lstm.hidden_size)
        states = []
        for sums in (x @ read.T + bias).unbind(1):
            write, forget, candidate, out = (sums + state @ keep.T).chunk(4, 1)
            memory = forget.sigmoid().detach() * memory + write.sigmoid().detach() * _tanh(candidate)
            state = out.sigmoid().detach() * _tanh(memory)
            states.append(state)
        return torch.stack(states, 1), None


def _tanh(z: Tensor) -> Tensor:
    """Its value; its slope is that of the line from zero, whose limit there is 1."""
    ratio = torch.where(z == 0, 1.0, z.tanh() / z)
    return ratio.detach() * z


def frozen(model: nn.Module) -> nn.Module:
    """The model with frozen gates, its weights shared; a model without LSTMs itself."""
    recurrent = [name for name, module in model.named_modules() if isinstance(module, nn.LSTM)]
    if not recurrent:
        return model
    net = shell(model)
    for name in recurrent:
        lstm = net.get_submodule(name)
        assert isinstance(lstm, nn.LSTM)
        net.set_submodule(name, FrozenGates(lstm))
    return net
