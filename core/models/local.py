"""Windows without sharing: the connections of a convolution, with weights of its own at every place."""

import math
from collections import OrderedDict

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class LocallyConnected(nn.Module):
    """What `nn.Conv2d` computes, padded to keep the size, but each place of the map has a kernel and a bias of its own.

    It starts as a convolution would start: uniform up to 1 / sqrt(weights a unit), as torch has it.
    """

    def __init__(self, channels: int, units: int, kernel: int, side: int) -> None:
        super().__init__()
        self.kernel, self.side = kernel, side
        bound = 1 / math.sqrt(channels * kernel**2)
        self.weight = nn.Parameter(torch.empty(side**2, channels * kernel**2, units).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(side**2, 1, units).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "batch channels side side"]) -> Float[Tensor, "batch units side side"]:
        """The map."""
        windows = F.unfold(x, self.kernel, padding=self.kernel // 2).permute(2, 0, 1)  # (places, batch, window)
        return torch.baddbmm(self.bias, windows, self.weight).permute(1, 2, 0).unflatten(2, (self.side, self.side))


def unshared(model: nn.Sequential, side: int = 28) -> nn.Sequential:
    """A chain of convolutions, poolings and a readout, each convolution replaced: same windows, units and readout."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for name, module in model.named_children():
        if isinstance(module, nn.Conv2d):
            parts[name] = LocallyConnected(module.in_channels, module.out_channels, int(module.kernel_size[0]), side)
        else:
            parts[name] = module
            if isinstance(module, nn.AvgPool2d):
                assert isinstance(module.kernel_size, int)
                side //= module.kernel_size
    return nn.Sequential(parts)
