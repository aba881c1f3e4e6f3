"""Receptive fields against gradients, place by place: what is known is computed, all else is measured or refused."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor, nn
from torchvision import models

from core.layers import run_to
from core.measures.receptive_field import Field, receptive_fields
from core.models import load
from core.models.explicit import explicit
from tests.nets import Fickle
from tests.references import spans

Step = nn.Module | Callable[[Tensor], Tensor]


class Chain(nn.Module):
    """last = the steps, one behind the other."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.steps, self.modules_of_it = steps, nn.ModuleList(step for step in steps if isinstance(step, nn.Module))
        self.last = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return self.last(x)


def conv(kernel: int = 3, stride: int = 1, **how: object) -> nn.Conv2d:
    return nn.Conv2d(2, 2, kernel, stride, **how)


def tokens_of(x: Tensor) -> Tensor:
    return x.reshape(x.size(0), x.size(1), -1).transpose(1, 2)


def attended(x: Tensor) -> Tensor:
    tokens = tokens_of(x)
    return torch.bmm(torch.softmax(torch.bmm(tokens, tokens.transpose(1, 2)), -1), tokens)


def dot_product(x: Tensor) -> Tensor:
    tokens = tokens_of(x)
    return F.scaled_dot_product_attention(tokens, tokens, tokens)


def in_windows(x: Tensor) -> Tensor:
    """Attention among 4 x 4 places, as Swin's first block has it."""
    b, c, h, w = x.shape
    windows = x.view(b, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, c)
    windows = torch.softmax(windows @ windows.transpose(1, 2), -1) @ windows
    return windows.view(b, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)


WEIGHT = torch.randn(2, 2, 5, 5, generator=Generator().manual_seed(0))
EVERYTHING = math.inf
# What was guessed once: each net, and the pixels that its last layer's units see.
GUESSED: dict[str, tuple[Callable[[], nn.Module], float]] = {
    "F.conv2d": (lambda: Chain(conv(), lambda x: F.conv2d(x, WEIGHT), conv()), 9),
    "F.conv2d, all given": (lambda: Chain(lambda x: F.conv2d(x, WEIGHT, stride=2, padding=(4, 1), dilation=2)), 9),
    "view": (lambda: Chain(conv(padding=1), lambda x: x.view(x.size(0), -1)), EVERYTHING),
    "amax": (lambda: Chain(conv(), lambda x: x.amax((2, 3))), EVERYTHING),
    "AdaptiveMaxPool2d": (lambda: Chain(conv(), nn.AdaptiveMaxPool2d(1)), EVERYTHING),
    "AdaptiveMaxPool2d(5)": (lambda: Chain(nn.AdaptiveMaxPool2d(5), conv()), 12),
    "bmm": (lambda: Chain(conv(padding=1), attended), EVERYTHING),
    "scaled_dot_product_attention": (lambda: Chain(conv(padding=1), dot_product), EVERYTHING),
    "attention in windows": (lambda: Chain(conv(5), in_windows), 8),
    "pixel unshuffle": (lambda: Chain(conv(), nn.PixelUnshuffle(2), nn.Conv2d(8, 2, 3)), 8),
    "strided slices": (lambda: Chain(conv(), lambda x: x[..., ::2, ::2], conv()), 7),
    "ConvTranspose2d": (lambda: Chain(conv(3, 2), nn.ConvTranspose2d(2, 2, 4, 2, 1), conv()), 7),
    "upsampling": (lambda: Chain(conv(3, 2), conv(), nn.Upsample(scale_factor=2), conv()), 9),
    "F.pad": (lambda: Chain(lambda x: F.pad(x, (0, 4, 3, 1)), conv(5)), 5),
    "F.pad, reflected": (lambda: Chain(lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), conv()), 3),
    "ReflectionPad2d": (lambda: Chain(conv(), nn.ReflectionPad2d(2), conv(5)), 7),
    "padding_mode": (lambda: Chain(conv(5, 1, padding=2, padding_mode="reflect")), 5),
    "padding of channels": (lambda: Chain(lambda x: F.pad(x, (0, 0, 2, 0, 1, 1)), nn.Conv2d(4, 2, 3)), 3),
    "same, dilated": (lambda: Chain(conv(3, padding="same", dilation=2)), 5),
    "same, even": (lambda: Chain(conv(4, padding="same", dilation=3)), 10),
    "GroupNorm": (lambda: Chain(conv(), nn.GroupNorm(1, 2)), EVERYTHING),
    "InstanceNorm2d": (lambda: Chain(conv(), nn.InstanceNorm2d(2)), EVERYTHING),
    "LayerNorm of the map": (lambda: Chain(nn.LayerNorm([20, 20])), EVERYTHING),
    "Linear along the rows": (lambda: Chain(lambda x: x.transpose(1, 3), nn.Linear(2, 3), conv_of_rows()), 3),
}  # fmt: skip


def conv_of_rows() -> Step:
    third = torch.randn(2, 3, 3, 3, generator=Generator().manual_seed(1))
    return lambda x: F.conv2d(x.permute(0, 3, 2, 1), third)


def agrees(net: nn.Module, side: int = 20, layer: str = "last") -> tuple[Field, Field]:
    """The fields of a layer, after every place has been compared with where its gradients reach.

    A field that sticks out over what the layer reads of the image may have holes there.
    """
    fields = receptive_fields(net, (2, side, side))[layer]
    for field, reached in zip(fields, spans(net, layer, (2, side, side)), strict=True):
        read = min(first for first, _ in reached.values()), max(end for _, end in reached.values())
        for index, (first, end) in reached.items():
            begin, stop = field.rows(index, side)
            assert begin <= first < end <= stop, (field, index, first, end)
            inside = read[0] <= field.span(index)[0] and field.span(index)[1] <= read[1]
            assert (begin, stop) == (first, end) or not (field.exact and inside), (field, index, first, end)
    return fields


@pytest.mark.parametrize("name", GUESSED)
def test_what_was_guessed_is_right(name: str) -> None:
    build, size = GUESSED[name]
    down, across = agrees(build())
    assert down.size == across.size == size
    assert down.exact and across.exact


@pytest.mark.parametrize("name", GUESSED)
def test_no_shape_has_to_be_given(name: str) -> None:
    build, size = GUESSED[name]
    if name not in ("AdaptiveMaxPool2d(5)", "LayerNorm of the map"):  # whose answers are those of one shape
        assert receptive_fields(build())["last"][0].size == size


# Modules and functions from which nets are drawn: each takes two maps and puts out two. The last are not known.
STEPS: dict[str, Callable[[], Step]] = {
    "conv 3": lambda: conv(),
    "conv 3, padded, strided": lambda: conv(3, 2, padding=1),
    "conv 2, dilated": lambda: conv(2, dilation=2),
    "conv, same": lambda: conv(4, padding="same"),
    "max": lambda: nn.MaxPool2d(3, 2, 1),
    "mean": lambda: nn.AvgPool2d(2),
    "norm": lambda: nn.BatchNorm2d(2),
    "tanh": lambda: torch.tanh,
    "padded": lambda: lambda x: F.pad(x, (2, 0, 1, 1)),
    "added": lambda: Sum(conv(3, padding=1), conv(5, padding=2)),
    "concatenated": lambda: lambda x: torch.cat([x, x], 1)[:, 1:3],
    "reflected": lambda: nn.ReflectionPad2d(1),
    "doubled": lambda: nn.Upsample(scale_factor=2),
    "transposed": lambda: nn.ConvTranspose2d(2, 2, 3, 2, 1),
    "smoothly doubled": lambda: lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "sliced": lambda: lambda x: x[:, :, 1::2, ::2],
    "unshuffled": lambda: Unshuffled(),
    "cumulated": lambda: lambda x: x.cumsum(3),
    "turned": lambda: lambda x: x.flip(2),
    "rolled": lambda: lambda x: x.roll(1, 2),
    "attention along columns": lambda: lambda x: torch.softmax(x, 2) * x,
}


class Sum(nn.Module):
    """Two branches, added."""

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
        super().__init__()
        self.one, self.other = one, other

    def forward(self, x: Tensor) -> Tensor:
        return self.one(x) + self.other(x)


class Unshuffled(nn.Module):
    """conv of the map whose 2 x 2 places are channels; an odd map's last row is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.cat([x[:, :, i::2, j::2][:, :, :2, :2] for i in (0, 1) for j in (0, 1)], 1))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(list(STEPS)), min_size=1, max_size=4))
def test_any_net_agrees_with_its_gradients(names: list[str]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(len(names))
        net = Chain(*(STEPS[name]() for name in names)).eval()
    try:
        net(torch.rand(1, 2, 16, 16))
    except RuntimeError:  # the map has become smaller than a kernel
        return
    agrees(net, 16)
