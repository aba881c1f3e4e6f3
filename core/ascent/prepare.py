"""A net made ready for many steps: the same layers, sooner."""

import copy
import time
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.ascent.objectives import Objective
from core.layers import copied, followers, run_to


def prepared(model: nn.Module, images: Tensor, layers: Iterable[str], dtype: torch.dtype = torch.float32) -> nn.Module:
    """A frozen copy, channels last, its weights of that type, that gives the same `layers` sooner.

    A batch norm in eval mode is folded into the convolution before it (Ioffe and Szegedy 2015, algorithm 2). In
    bfloat16, strided convolutions by channel are taken apart: see `Thinned`. What is to be read itself stays as it is.
    `images` show which module follows which.
    """
    net = copied(model).requires_grad_(False)
    followed = {first: then for first, then in followers(net, images[:1], layers).items() if first not in layers}
    for first, then in followed.items():
        conv, norm = net.get_submodule(first), net.get_submodule(then)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d) and not norm.training:
            net.set_submodule(first, fuse_conv_bn_eval(conv.eval(), norm))
            net.set_submodule(then, nn.Identity())
    if dtype == torch.bfloat16:
        pads = {then: first for first, then in followed.items() if isinstance(net.get_submodule(first), nn.ZeroPad2d)}
        for name, conv in list(net.named_modules()):
            if isinstance(conv, nn.Conv2d) and _is_strided_by_channel(conv):
                pad = pads.pop(name, None)
                net.set_submodule(name, Thinned(conv, net.get_submodule(pad).padding if pad else (0, 0, 0, 0)))
                if pad:
                    net.set_submodule(pad, nn.Identity())
    return net.to(dtype).to(memory_format=torch.channels_last)


def _is_strided_by_channel(conv: nn.Conv2d) -> bool:
    return conv.groups == conv.in_channels > 1 and max(conv.stride) > 1 and conv.padding_mode == "zeros"


class Thinned(nn.Module):
    """A strided convolution as one without stride, of whose output most rows and columns are dropped.

    Where each channel has a filter of its own, oneDNN's gradient in bfloat16 takes ten times as long as in float32 if
    there is a stride, and half as long if there is none. A padding (left, right, top, bottom) in front is taken in too.
    """

    def __init__(self, conv: nn.Conv2d, padding: Any) -> None:
        super().__init__()
        left, right, top, bottom = padding
        across, down = max(left, right), max(top, bottom)
        self.kept = (
            slice(down - top, bottom - down or None, conv.stride[0]),
            slice(across - left, right - across or None, conv.stride[1]),
        )
        self.conv = copy.copy(conv)
        assert not isinstance(conv.padding, str)  # torch has "same" without strides only
        self.conv.stride, self.conv.padding = (1, 1), (conv.padding[0] + down, conv.padding[1] + across)

    def forward(self, x: Tensor) -> Tensor:
        """What the strided convolution gives."""
        return _Kept.apply(self.conv(x), self.kept)


class _Kept(torch.autograd.Function):
    """y[:, :, rows, columns]; its gradient, unlike that of slices, stays channels last, and is not copied once more."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, kept: tuple[slice, slice]) -> Tensor:
        """A copy, so that what was dropped need not be kept in memory."""
        ctx.kept, ctx.shape = kept, y.shape
        return y[:, :, *kept].contiguous(memory_format=torch.channels_last)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient where something was kept, and zeros between."""
        whole = torch.empty(
            ctx.shape, dtype=gradient.dtype, device=gradient.device, memory_format=torch.channels_last
        ).zero_()
        whole[:, :, *ctx.kept] = gradient
        return whole, None


def faster_dtype(model: nn.Module, images: Tensor, objective: Objective) -> torch.dtype:
    """float32 or bfloat16, whichever takes less time for a step here: that depends on the net and on the processor."""
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        net = prepared(model, images, objective.layers, dtype)
        rounds = []
        for _ in range(4):
            begin = time.thread_time()
            x = images.detach().clone().requires_grad_()
            torch.autograd.grad(objective(run_to(net, x.to(dtype), objective.layers), x).sum(), x)
            rounds.append(time.thread_time() - begin)
        seconds[dtype] = min(rounds)  # the first ones warm up, and others may disturb
    return min(seconds, key=lambda dtype: seconds[dtype])
