"""Nets that can be solved by hand; each docstring is the net's formula."""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.text import ALPHABET
from core.models.rnn import RNN
from core.models.text import UNITS, Reader
from core.process import seeded

OPEN = 20.0  # what is added to a gate that is always open


class Ramp(nn.Sequential):
    """fc = (x1 + x2, x1 - x2, -3); relu = max(0, fc); logits = (relu1 + 2 relu2 + relu3, 1)."""

    def __init__(self) -> None:
        layers = OrderedDict(fc=nn.Linear(2, 3), relu=nn.ReLU(), logits=nn.Linear(3, 2))
        super().__init__(layers)
        with torch.no_grad():
            layers["fc"].weight.copy_(torch.tensor([[1.0, 1.0], [1.0, -1.0], [0.0, 0.0]]))
            layers["fc"].bias.copy_(torch.tensor([0.0, 0.0, -3.0]))
            layers["logits"].weight.copy_(torch.tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]))
            layers["logits"].bias.copy_(torch.tensor([0.0, 1.0]))


class Shift(nn.Sequential):
    """conv[0] = the image moved one pixel to the left, conv[1] = its negative; pool = their mean over 2 x 2."""

    def __init__(self) -> None:
        conv = nn.Conv2d(1, 2, 3, padding=1, bias=False)
        super().__init__(OrderedDict(conv=conv, pool=nn.AvgPool2d(2)))
        with torch.no_grad():
            conv.weight.zero_()
            conv.weight[0, 0, 1, 2] = 1
            conv.weight[1, 0, 1, 2] = -1


class Fickle(nn.Module):
    """x where its sum is positive, else -x: a path that depends on the input."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Breaks(nn.Module):
    """first = x; the second module raises."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.ReLU()
        self.second = Raises()

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


class Raises(nn.Module):
    """Raises RuntimeError("reached")."""

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("reached")


class Powers(nn.Module):
    """logits = (sum x^2 / 2, sum x^3 / 3): their gradients are x and x^2. `seen` counts the images that came."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = _Powers()
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return self.logits(x)


class _Powers(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.stack([flat.square().sum(1) / 2, flat.pow(3).sum(1) / 3], 1)


class Again(nn.Module):
    """conv = 2 x + 1, called twice: relu = max(0, 4 x + 3); logits = its mean over the places, and that negative."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.pool = nn.Conv2d(1, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.flatten, self.logits = nn.Flatten(), nn.Linear(1, 2, bias=False)
        with torch.no_grad():
            self.conv.weight.fill_(2)
            self.conv.bias.fill_(1)
            self.logits.weight.copy_(torch.tensor([[1.0], [-1.0]]))

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.flatten(self.pool(self.relu(self.conv(self.conv(x))))))


class Windowed(nn.Module):
    """conv = x; rows = the left half of each row; halves = the picture's halves, one behind the other; last = x."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.rows, self.halves, self.last = nn.Conv2d(1, 1, 1, bias=False), Left(), Halves(), nn.Tanh()
        with torch.no_grad():
            self.conv.weight.fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        same = self.conv(x)
        return self.last(same + 0 * self.rows(same).sum() + 0 * self.halves(same).sum())


class Left(nn.Module):
    """(batch, units, height, width) to its left half."""

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : x.shape[-1] // 2] * 1


class Halves(nn.Module):
    """(batch, units, height, width) to (batch, 2, units, height, width / 2)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack(x.chunk(2, dim=-1), dim=1)


class Xor(nn.Sequential):
    """fc = (x1 + x2, x1 + x2 - 1); relu = max(0, fc); logits = relu1 - 2 relu2, which is XOR on bits."""

    def __init__(self) -> None:
        layers = OrderedDict(fc=nn.Linear(2, 2), relu=nn.ReLU(), logits=nn.Linear(2, 1))
        super().__init__(layers)
        with torch.no_grad():
            layers["fc"].weight.fill_(1.0)
            layers["fc"].bias.copy_(torch.tensor([0.0, -1.0]))
            layers["logits"].weight.copy_(torch.tensor([[1.0, -2.0]]))
            layers["logits"].bias.zero_()


class Corner(nn.Sequential):
    """A kernel of 1 to 9 in steps of 2, padded by 1; then the sum over its places, less 5.

    conv of an image of 4 x 4 has the places (0, 0) to (1, 1); pool is their mean, 4 pool - 5 are the logits.
    """

    def __init__(self) -> None:
        layers = OrderedDict(
            conv=nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False), relu=nn.ReLU(), pool=nn.AvgPool2d(2),
            flatten=nn.Flatten(), logits=nn.Linear(1, 1),
        )  # fmt: skip
        super().__init__(layers)
        with torch.no_grad():
            layers["conv"].weight.copy_(torch.arange(1.0, 10).view(1, 1, 3, 3))
            layers["logits"].weight.fill_(4.0)
            layers["logits"].bias.fill_(-5.0)


def linear_lstm(keep: bool, depth: int = 1, units: int = 4) -> RNN:
    """An LSTM with open input and output gates: at an input of zeros d h_t / d x_s = (keep + U)^(t - s) W, a layer.

    The forget gate is open, too, where it keeps (keep is then 1, else 0); U and W are the candidate's weights.
    """
    with seeded(3):
        net = RNN(depth, units).eval().requires_grad_(False)
    for module in net.modules():
        if isinstance(module, nn.LSTM):
            gates = torch.tensor([100.0, 100.0 if keep else -100.0, 0.0, 100.0]).repeat_interleave(units)
            module.bias_ih_l0.copy_(gates)
            module.bias_hh_l0.zero_()
    return net


class DelayLine(nn.Module):
    """state_t = (x_t, x_(t-1), ..., x_(t-length+1)), of sequences (batch, time, 1); 0 before the first."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x[..., 0], (self.length - 1, 0))
        return padded.unfold(1, self.length, 1).flip(2)


class Pairs(Reader):
    """Counts how often "th" stands in a text, lately: cell 1 of lstm1, and cell 5 of lstm2, which repeats it.

    Cell 0 of lstm1 is h0 = tanh(tanh(2)) behind a t and minus that behind all else. Cell 1 is c = .88 c' + .46 i, with
    i = s(4 [h] + 6 h0' - 6.47), h0' of the step before: .88 for an h behind a t, .12 for anything else behind one, .08
    for an h that comes first, and hardly anything otherwise. Its output is tanh(c), and cell 5's tanh(tanh(tanh(c))).
    """

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            for weight in self.parameters():
                weight.zero_()
            self.embedding.weight[0, ALPHABET.index("t")] = 1.0
            self.embedding.weight[1, ALPHABET.index("h")] = 1.0
            first, second = self.recurrent1, self.recurrent2
            i, f, g, o = (UNITS * gate for gate in range(4))  # torch's order
            for layer in (first, second):
                layer.bias_ih_l0[i:f] = OPEN
                layer.bias_ih_l0[f:g] = -OPEN
                layer.bias_ih_l0[o:] = OPEN
            first.weight_ih_l0[g, 0], first.bias_ih_l0[g] = 4.0, -2.0
            first.weight_ih_l0[i + 1, 1], first.weight_hh_l0[i + 1, 0], first.bias_ih_l0[i + 1] = 4.0, 6.0, -6.47
            first.bias_ih_l0[f + 1], first.bias_ih_l0[g + 1] = 2.0, 0.5
            second.weight_ih_l0[g + 5, 1] = 1.0


class Stairs(nn.Module):
    """steps = 1 where x > 1/2, else 0; logits = (mean of x, mean of the steps)."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.logits = _Steps(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        steps = self.steps(x)
        return self.logits(torch.stack([x.mean((1, 2, 3)), steps.mean((1, 2, 3))], 1))


class _Steps(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x > 0.5).to(x)
