"""Receptive fields against gradients, place by place: what is known is computed, all else is measured or refused."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor, nn

from core.measures import known_fields
from core.measures.field import ALL, BOUND, IMAGE, Map, stretched
from core.measures.fitted_field import fitted
from core.measures.known_fields import known, window
from core.measures.receptive_field import Field, receptive_fields
from core.models import load
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


class Weighted(nn.Module):
    """last = the image by torch.conv2d, with weights and strides of the net's own; then normed."""

    def __init__(self, training: bool = False) -> None:
        super().__init__()
        self.weight, self.training_mode = nn.Parameter(WEIGHT.clone()), training
        self.register_buffer("mean", torch.tensor([0.1, 0.2]))
        self.register_buffer("spread", torch.tensor([1.0, 2.0]))
        self.last = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, None, (2, 1), padding=(3, 2), dilation=(1, 2))
        return self.last(F.batch_norm(x, self.mean, self.spread, training=self.training_mode))


class Parameters(nn.Module):
    """last = a linear function of the units at each place, by functions; then the norm of these."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(WEIGHT[:, :, 0, 0].clone())
        self.conv, self.last = conv(3, 2), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(
            F.layer_norm(F.linear(self.conv(x).permute(0, 2, 3, 1), self.weight), (2,)).permute(0, 3, 1, 2)
        )


def units_last_then(*steps: Step) -> nn.Module:
    """A convolution's map with its units last; then the steps, its units first again, and another convolution."""
    return Chain(conv(3, 2), lambda x: x.permute(0, 2, 3, 1), *steps, lambda x: torch.permute(x, (0, 3, 1, 2)), conv())


# Nets of known calls only: what their last layer's units see, down and across.
COMPUTED: dict[str, tuple[Callable[[], nn.Module], float, float]] = {
    "torch.conv2d and batch norm": (Weighted, 5, 9),
    "F.linear and F.layer_norm": (Parameters, 3, 3),
    "linear of units": (lambda: units_last_then(nn.Linear(2, 2)), 7, 7),
    "norm of units": (lambda: units_last_then(nn.LayerNorm(2)), 7, 7),
    "RMS of units": (lambda: units_last_then(nn.RMSNorm(2)), 7, 7),
    "permuted by keyword": (lambda: units_last_then(lambda x: x.permute(dims=(0, 1, 2, -1)), nn.Linear(2, 2)), 7, 7),
    "transposed twice": (lambda: Chain(lambda x: x.transpose(1, 2).swapaxes(-3, -2), conv()), 3, 3),
    "torch.transpose": (lambda: Chain(conv(), lambda x: torch.transpose(x, dim0=1, dim1=2).transpose(2, 1)), 3, 3),
    "max pool": (lambda: Chain(conv(), lambda x: F.max_pool2d(x, 3), conv()), 11, 11),
    "max pool, all given": (lambda: Chain(lambda x: F.max_pool2d(x, (3, 2), 2, (1, 0), (1, 3)), conv(3, (1, 2))), 7, 8),
    "max pool, by keywords": (lambda: Chain(lambda x: F.max_pool2d(x, kernel_size=2, dilation=2), conv()), 7, 7),
    "torch.max_pool2d": (lambda: Chain(lambda x: torch.max_pool2d(x, 3, 1, padding=1), conv(2)), 4, 4),
    "mean pool": (lambda: Chain(lambda x: F.avg_pool2d(x, 2, padding=1), conv()), 6, 6),
    "mean pool, strided": (lambda: Chain(lambda x: F.avg_pool2d(x, (2, 3), stride=1), conv()), 4, 5),
    "max pool's module": (lambda: Chain(nn.MaxPool2d(2, 1, dilation=(3, 1)), conv()), 6, 4),
    "mean pool's module": (lambda: Chain(nn.AvgPool2d((2, 3), padding=1), conv()), 6, 9),
    "zero padding": (lambda: Chain(nn.ZeroPad2d((4, 0, 2, 1)), nn.ConstantPad2d((0, 1, 3, 2), 0.0), conv(5)), 5, 5),
    "F.pad, by keywords": (lambda: Chain(lambda x: F.pad(x, pad=(1, 4), mode="constant", value=1.0), conv()), 3, 3),
    "valid": (lambda: Chain(conv(3, 2, padding="valid"), conv(2)), 5, 5),
    "chunks": (lambda: Chain(conv(), lambda x: x.chunk(2, 1)[0] * torch.chunk(x, 2, dim=-3)[1]), 3, 3),
    "splits": (lambda: Chain(conv(), lambda x: torch.split(x, 1, 1)[0] - x.split(1, dim=1)[1]), 3, 3),
    "concatenated": (lambda: Beside(conv(3, padding=(0, 1)), conv(5, padding=(1, 2))), 5, 5),
    "added": (lambda: Sum(conv((1, 5), padding=(0, 2)), conv((3, 1), padding=(1, 0))), 3, 5),
    "added, uneven": (lambda: Sum(conv(3, padding=1), Chain(nn.ZeroPad2d((3, 0, 0, 3)), conv(4))), 5, 5),
    "each place": (lambda: Chain(conv(), nn.PReLU(), nn.Dropout(), lambda x: x.clamp(min=0).abs().exp() / 2), 3, 3),
}  # fmt: skip


@pytest.mark.parametrize("dilation", [1, 2, 3, (2, 1)])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6, (3, 4)])
def test_what_same_pads_is_what_keeps_the_size(kernel: int | tuple[int, int], dilation: int | tuple[int, int]) -> None:
    """A convolution of an image that was padded by hand is the convolution itself."""
    module = nn.Conv2d(2, 2, kernel, padding="same", dilation=dilation)
    (graph,) = [node for node in torch.fx.symbolic_trace(nn.Sequential(module)).graph.nodes if node.op == "call_module"]
    found = window(graph, nn.Sequential(module))
    assert found is not None
    (rows, _, tall, above, below), (columns, _, wide, left, right) = found
    assert ((rows, columns), (tall, wide)) == (module.kernel_size, module.dilation)
    x = torch.rand(1, 2, 20, 23, generator=Generator().manual_seed(0))
    padded = F.conv2d(F.pad(x, (left, right, above, below)), module.weight, module.bias, dilation=module.dilation)
    torch.testing.assert_close(padded, module(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("pad", [(), (1, 4), (3, 0), (1, 4, 2, 0), (0, 0, 0, 3), (0, 5, 1, 2)])
def test_what_is_padded_where_is_read_from_the_call(pad: tuple[int, ...]) -> None:
    """The image lies in the padded one behind so many rows and columns, and before so many."""
    net = Chain(lambda x: F.pad(x, pad))
    (node,) = [node for node in torch.fx.symbolic_trace(net).graph.nodes if node.op == "call_function"]
    found = window(node, net)
    assert found is not None
    (*down, above, below), (*across, left, right) = found
    assert down == across == [1, 1, 1]
    x = torch.rand(1, 2, 6, 7, generator=Generator().manual_seed(0))
    padded = torch.zeros(1, 2, above + 6 + below, left + 7 + right)
    padded[:, :, above : above + 6, left : left + 7] = x
    assert torch.equal(net(x), padded)


def computed(net: nn.Sequential) -> Map:
    """What the last of several known modules see."""
    state = IMAGE
    for node in torch.fx.symbolic_trace(net).graph.nodes:
        if node.op == "call_module":
            found = known(node, net, [state])
            assert found is not None
            state = found
    return state


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 2)), max_size=4),
       st.integers(400, 500))  # fmt: skip
def test_so_many_places_as_the_field_says_fit_an_image(how: list[tuple[int, int, int, int]], side: int) -> None:
    """Convolutions by kernel, stride, padding and dilation, behind an image that was padded at either end."""
    steps = [nn.Conv2d(1, 1, *numbers) for numbers in how]
    net = nn.Sequential(nn.ZeroPad2d((0, 2, 3, 0)), *steps)
    state, other = computed(net), computed(nn.Sequential(nn.ZeroPad2d((2, 0, 0, 3)), *steps))
    assert state.after is not None
    places = net.to("meta")(torch.zeros(1, 1, side, side, device="meta")).shape[2:]
    for field, after, count in zip((state.down, state.across), state.after, places, strict=True):
        assert count == (side + after - field.first - field.size) // field.stride + 1
    assert not stretched([state, other])
    assert not stretched([state, replace(state, after=None)]) and not stretched([])
    for axis in (0, 1):
        after = list(state.after)
        after[axis] += (state.down, state.across)[axis].stride
        assert stretched([other, replace(state, after=(after[0], after[1]))])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_what_is_interpolated_to_its_own_size_stays(mode: str) -> None:
    """Weights of 0 for the neighbours, which let NaN pass, make no field larger."""
    down, across = agrees(Chain(conv(), lambda x: F.interpolate(x, size=x.shape[2:], mode=mode), conv()))
    assert down == across == Field(5)


# What a map's places see, of how many pixels, and the smallest field that holds it. Without a rule it moves as far on
# the mean as those do that no border can have cut off, or evenly over the image where fewer than two are left.
FITTED: dict[str, tuple[list[int], list[int], int, Field]] = {
    "everything": ([0] * 6, [24] * 6, 24, ALL),
    "more than there is": ([-1] * 6, [25] * 6, 24, ALL),
    "steps of one and two": ([3 * (n // 2) + n % 2 for n in range(12)], [3 * (n // 2) + n % 2 + 5 for n in range(12)],
                             24, Field(5.5, 1.5, -0.5, exact=False)),
    "three whole ones without a rule": ([0, 2, 3, 7, 9, 9], [4, 6, 7, 11, 13, 13], 24,
                                        Field(7.5, 2.5, -3.5, exact=False)),
    "two whole ones": ([0, 1, 4, 4], [3, 5, 7, 8], 8, Field(8, 3, -5, exact=False)),
    "one whole one": ([0, 2, 5], [4, 6, 12], 12, Field(7, 4, -3, exact=False)),
    "backwards": ([6, 4, 3, 0, 0], [9, 8, 6, 5, 2], 30, Field(9, 0, 0, exact=False)),
}  # fmt: skip


@pytest.mark.parametrize("name", FITTED)
def test_the_smallest_field_that_holds_all_places(name: str) -> None:
    begins, ends, side, field = FITTED[name]
    assert fitted(torch.tensor(begins).float(), torch.tensor(ends).float(), side) == field


@pytest.mark.parametrize(("begin", "end"), [(0, 23), (1, 24), (1, 23)])
def test_what_all_places_see_alike_is_not_everything_where_a_pixel_is_missing(begin: int, end: int) -> None:
    assert fitted(torch.full((6,), float(begin)), torch.full((6,), float(end)), 24) != ALL
    assert fitted(torch.full((6,), math.inf), torch.full((6,), -math.inf), 24) == BOUND


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1, 9), st.integers(1, 4), st.integers(-3, 0), st.integers(1, 3), st.data())
def test_a_field_is_found_again_from_what_the_border_left_of_it(
    size: int, stride: int, first: int, shared: int, data: st.DataObject
) -> None:
    """Twelve groups of neighbours with one field each: most of them are whole."""
    phase = data.draw(st.integers(0, shared - 1))
    field = Field(size, stride, first, shared, phase)
    places, side = 12 * shared - phase, first + 11 * stride + max(1, size + first)
    spans = [field.rows(index, side) for index in range(places)]
    seeing = [index for index, (begin, end) in enumerate(spans) if begin < end]
    begins = torch.tensor([spans[index][0] if index in seeing else math.inf for index in range(places)])
    ends = torch.tensor([spans[index][1] if index in seeing else -math.inf for index in range(places)])
    found = fitted(begins, ends, side)
    assert found.exact
    assert [found.rows(index, side) for index in seeing] == [spans[index] for index in seeing]
    assert found.size <= size and found.stride / found.shared == stride / shared


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(1, 9)), min_size=1, max_size=12))
def test_a_field_holds_what_every_place_sees_and_an_exact_one_no_more(seen: list[tuple[int, int]]) -> None:
    begins, ends = [begin for begin, _ in seen], [min(begin + size, 20) for begin, size in seen]
    field = fitted(torch.tensor(begins).float(), torch.tensor(ends).float(), 20)
    for index, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        low, high = field.rows(index, 20)
        assert low <= begin < end <= high
        sticks_out = field.span(index)[0] < min(begins) or field.span(index)[1] > max(ends)
        assert not field.exact or sticks_out or (low, high) == (begin, end)


# Calls behind which all see everything.
TO_ONE: dict[str, Step] = {
    "mean": lambda x: x * x.mean((-1, -2), keepdim=True),
    "sum": lambda x: x * torch.sum(x, dim=[1, 2, 3], keepdim=True),
    "mean of all numbers": lambda x: x - torch.mean(x),
    "flattened": lambda x: torch.flatten(x, 1),
    "flattened to the last": lambda x: x.flatten(start_dim=1, end_dim=3),
    "nn.Flatten": nn.Flatten(),
    "max pool": nn.AdaptiveMaxPool2d((1, 1)),
    "mean pool": nn.AdaptiveAvgPool2d(1),
    "mean pool, two numbers": nn.AdaptiveAvgPool2d((1, 1)),
    "mean pool by a call": lambda x: F.adaptive_avg_pool2d(x, (1, 1)),
    "mean pool by a call, one number": lambda x: F.adaptive_avg_pool2d(x, 1),
    "mean pool by a call, a list": lambda x: F.adaptive_avg_pool2d(x, output_size=[1, 1]),
}
COMPUTED |= {name: (lambda step=step: Chain(conv(), step), EVERYTHING, EVERYTHING) for name, step in TO_ONE.items()}


class Split(nn.Module):
    """last = conv(split = conv, without its first two rows)."""

    def __init__(self) -> None:
        super().__init__()
        self.split, self.conv, self.last = conv(), conv(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.conv(self.split(x)[:, :, 2:]))


# What looks like these and is not: they have to be measured.
ALIKE: dict[str, tuple[Callable[[], nn.Module], float, float]] = {
    "batch norm in training": (lambda: Weighted(training=True), EVERYTHING, EVERYTHING),
    "linear of columns": (lambda: Chain(conv(), nn.Linear(18, 5)), 3, EVERYTHING),
    "norm of columns": (lambda: Chain(conv(), nn.LayerNorm(18)), 3, EVERYTHING),
    "mean of rows": (lambda: Chain(conv(), lambda x: x * x.mean(2, keepdim=True)), EVERYTHING, 3),
    "flattened rows": (lambda: Chain(conv(), lambda x: x.flatten(1, 2).unflatten(1, (2, 18)), conv()), 5, 5),
    "nn.Flatten of rows": (lambda: Chain(conv(), nn.Flatten(1, 2), nn.Unflatten(1, (2, 18)), conv()), 5, 5),
    "rows for columns": (lambda: Chain(conv((1, 3)), lambda x: x.transpose(2, 3), conv((1, 5)), lambda x: x.mT), 5, 3),
    "rows doubled": (lambda: Chain(conv(), nn.Upsample(scale_factor=(2, 1)), conv()), 4, 5),
    "columns doubled": (lambda: Chain(conv(), nn.Upsample(scale_factor=(1, 2)), conv()), 5, 4),
    "one row for all": (lambda: Sum(nn.Identity(), conv((20, 1))), EVERYTHING, 1),
    "one column for all": (lambda: Sum(nn.Identity(), conv((1, 20))), 1, EVERYTHING),
    "unbound and stacked": (lambda: Chain(conv(), lambda x: torch.stack(x.unbind(2), 2), conv()), 5, 5),
    "unbound and summed": (lambda: Chain(conv(), lambda x: torch.stack(x.split(6, 3)).sum(0), conv()), 5, 17),
    "sliced behind a module called split": (lambda: Split(), 5, 5),
    "beside one another": (lambda: Chain(conv(), lambda x: torch.cat([x, x], 3)[..., :18], conv()), 5, 5),
    "halves of the rows": (lambda: Chain(conv(), lambda x: x.chunk(2, 2)[0], conv()), 5, 5),
    "sliced rows": (lambda: Chain(conv(), lambda x: x[:, :, 2:], conv()), 5, 5),
    "pooled to five": (lambda: Chain(nn.AdaptiveAvgPool2d(5), conv()), 12, 12),
    "pooled to five by a call": (lambda: Chain(lambda x: F.adaptive_avg_pool2d(x, 5), conv()), 12, 12),
    "indices": (lambda: Chain(conv(), lambda x: x[:, :, torch.tensor([0, 2, 4, 6, 8, 10])], conv()), 7, 5),
}  # fmt: skip


class Beside(nn.Module):
    """last = the units of two branches, one behind the other."""

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
        super().__init__()
        self.one, self.other, self.last = one, other, nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.cat([self.one(x), self.other(x)], 1))


@pytest.mark.parametrize("name", COMPUTED)
def test_known_calls_are_computed_and_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.measures.receptive_field.measured", None)
    build, down, across = COMPUTED[name]
    fields = agrees(build().eval())
    assert [field.size for field in fields] == [down, across] and all(field.exact for field in fields)


@pytest.mark.parametrize("name", ALIKE)
def test_what_looks_like_a_known_call_is_measured(name: str) -> None:
    build, down, across = ALIKE[name]
    assert [field.size for field in agrees(build().eval())] == [down, across]


def test_branches_of_different_strides_have_a_bound() -> None:
    assert not any(field.exact for field in agrees(Beside(conv(3, 2, padding=1), conv(11))))


def test_a_batch_in_one_row_is_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.measures.receptive_field.measured", None)
    assert receptive_fields(Chain(conv(), torch.flatten))["last"][0].size == EVERYTHING


class Twice(nn.Module):
    """last = the steps behind one convolution that is called twice, with its activation."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.block, self.rest, self.last = nn.Sequential(conv(3, 2, padding=1), nn.Tanh()), Chain(*steps), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.rest(self.block(self.block(x))))


@pytest.mark.parametrize("steps", [(), (torch.exp2,)], ids=["computed", "measured"])
def test_a_convolution_that_is_called_twice_has_its_last_calls_field(steps: tuple[Step, ...]) -> None:
    net = Twice(*steps)
    fields = receptive_fields(net, (2, 20, 20))
    assert agrees(net) == fields["last"] == (Field(7, 4, -3), Field(7, 4, -3))
    assert fields["block"] == fields["block.0"] == fields["block.1"] == fields["last"]
    assert set(fields) == {name for name, _ in net.named_modules() if name} - {"rest.modules_of_it"}


@pytest.mark.parametrize("side", [64, 32, 28, 16, 8, 224])
def test_the_usual_sizes_are_tried_where_no_shape_is_given(side: int) -> None:
    down, across = receptive_fields(Chain(conv(1), nn.Linear(side, side), torch.exp2))["last"]
    assert (down.size, across.size) == (1, EVERYTHING)


def test_where_a_small_image_gives_a_bound_a_large_one_is_measured() -> None:
    net = Chain(conv(9, 4), nn.ReflectionPad2d(4), conv(17, 2))
    assert not receptive_fields(net, (2, 64, 64))["last"][0].exact
    assert receptive_fields(net)["last"][0] == receptive_fields(net, (2, 224, 224))["last"][0]
    assert receptive_fields(net)["last"][0].exact


def test_grey_and_coloured_images_are_tried() -> None:
    """A net without a convolution does not say how many channels it takes."""
    for channels in (1, 3):
        weight = torch.randn(2, channels, 3, 3, generator=Generator().manual_seed(channels))
        assert receptive_fields(Chain(lambda x, by=weight: F.conv2d(x, by), torch.exp2))["last"][0].size == 3


# What else there is sees as much as is there, takes one shape only, or takes seconds.
@pytest.mark.parametrize(
    "name", ["view", "bmm", "attention in windows", "ConvTranspose2d", "upsampling", "same, dilated"]
)
def test_no_shape_has_to_be_given(name: str) -> None:
    build, size = GUESSED[name]
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
    """last = two branches, added."""

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
        super().__init__()
        self.one, self.other, self.last = one, other, nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.one(x) + self.other(x))


class Unshuffled(nn.Module):
    """conv of the map whose 2 x 2 places are channels; an odd map's last row and column are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        even = x[:, :, : x.size(2) // 2 * 2, : x.size(3) // 2 * 2]
        return self.conv(F.pixel_unshuffle(even, 2))


@settings(max_examples=25, deadline=None, derandomize=True)
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


class Compares(nn.Module):
    """last = x where it is positive, else 0: through a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(x * (x > 0))


@pytest.mark.parametrize(("net", "sentence"), [
    (Fickle(), "Fickle cannot be traced"),
    (Compares(), r"the call gt takes or puts out torch.bool, where a tensor of floats"),
    (Chain(nn.Conv2d(2, 2, 3), lambda x: x.sort(-1)[0]), "the call sort takes or puts out torch.int64"),
    (Chain(torch.nan_to_num), "the call nan_to_num loses track of what its answer depends on"),
    (Chain(lambda x: x * torch.randn_like(x)), "the call randn_like loses track"),
    (Chain(nn.Conv2d(2, 2, 3), nn.Conv2d(5, 2, 3), torch.exp2), "takes no image of 8 to 224 pixels"),
])  # fmt: skip
def test_what_cannot_be_measured_is_refused_with_a_sentence(net: nn.Module, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        receptive_fields(net)


def test_a_shape_that_the_net_does_not_take_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"cannot be measured on an image of 3 x 24 x 24: .* Expected are channels"):
        receptive_fields(Chain(conv(), nn.PixelUnshuffle(2), torch.exp2), (3, 24, 24))


SHAPE = (3, 224, 224)


def test_a_unit_of_swin_sees_its_window_then_those_that_a_shifted_one_touches() -> None:
    fields = {name: down for name, (down, _) in receptive_fields(load("swin_t", weights="untrained"), SHAPE).items()}
    assert fields["features.1.0.norm1"] == Field(4, 4)
    assert [fields["features.1.0.norm2"].rows(index, 224) for index in (0, 6, 7, 55)] == [
        (0, 28), (0, 28), (28, 56), (196, 224),
    ]  # fmt: skip
    assert [fields["features.1.1.norm2"].rows(index, 224) for index in (0, 2, 3, 9, 10)] == [
        (0, 28), (0, 28), (0, 56), (0, 56), (28, 84),
    ]  # fmt: skip
    assert fields["features.1.1.norm2"].exact


def test_places_share_fields_behind_upsampling() -> None:
    field = Field(size=9, stride=2, first=-3, shared=2, phase=1)
    assert [field.rows(index, 30) for index in range(4)] == [(0, 6), (0, 8), (0, 8), (1, 10)]
    with pytest.raises(ValueError, match="from a regular one"):
        field.behind(3)


@pytest.mark.parametrize("layer", ["conv1", "pool1", "conv2", "conv3", "pool3", "conv4"])
def test_a_rows_nearest_unit_is_the_one_in_whose_middle_it_lies(layer: str) -> None:
    """Each middle's unit is found again, and each row's unit is as near as any: told by the sides of its field."""
    field, _ = receptive_fields(load("cnn"))[layer]
    count = {"conv1": 28, "pool1": 14, "conv2": 14, "conv3": 7, "pool3": 3, "conv4": 3}[layer]
    for index in range(count):
        begin, end = field.span(index)
        assert field.nearest((begin + end) / 2 - 0.5, count, 28) == index
    for row in range(28):
        sides = [abs((row - begin) - (end - 1 - row)) for begin, end in map(field.span, range(count))]
        assert field.nearest(row, count, 28) == sides.index(min(sides))


def test_where_all_see_everything_units_are_spread_evenly() -> None:
    assert [ALL.nearest(row, 4, 8) for row in range(8)] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert ALL.nearest(7.9, 4, 8) == 3


def test_nothing_is_left_changed() -> None:
    net = Chain(conv(), nn.BatchNorm2d(2), nn.Dropout(), lambda x: F.conv2d(x, WEIGHT), nn.Upsample(scale_factor=2))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    held = set(vars(net))
    state = torch.get_rng_state()
    receptive_fields(net)
    assert net.training and set(vars(net)) == held and torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(weight.grad is None and weight.requires_grad for weight in net.parameters())


def test_a_net_of_known_calls_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.measures.receptive_field.measured", None)
    for name in ("photo", "resnet18", "convnext_tiny", "mobilenet_v3_small", "densenet121", "googlenet"):
        net = load(name, weights="untrained")
        assert set(dict(net.named_modules())) - {""} >= set(receptive_fields(net)) > set()


def judged() -> dict[str, nn.Module]:
    """The nets of which torchlens is asked."""
    return {name: build().eval() for name, (build, _) in GUESSED.items()} | {
        f"{name}, conv": Chain(step(), conv()).eval() for name, step in STEPS.items()
    }


# In a process of its own, as torchlens changes torch's functions. Prints each net's status and its places' spans.
SECOND_OPINION = """
import json
import torch, torchlens
from tests.test_receptive_field import judged
said = {}
for name, net in judged().items():
    trace = torchlens.trace(net, torch.rand(1, 2, 20, 20))
    # It has no rule for nn.Identity, which is the last module.
    last = [op for op in trace.layer_list if not op.label.startswith(("identity", "output"))][-1]
    status = last.receptive_field.status.value
    has_map = status in ("exact", "upper_bound") and last.receptive_field.layout.windowed_axes == (2, 3)
    boxes = [last.receptive_field.at((place, place)).axes for place in range(min(last.shape[2:]) if has_map else 0)]
    said[name] = status, [[(axis.clipped_start, axis.clipped_stop) for axis in axes if axis.kind == "windowed"]
                          for axes in boxes]
print(json.dumps(said))
"""


@pytest.mark.slow
def test_torchlens_agrees() -> None:
    """Where it calls a field exact it is ours, and where it calls it a bound ours lies within."""
    run = subprocess.run([sys.executable, "-c", SECOND_OPINION], capture_output=True, text=True, check=True)
    said = json.loads(run.stdout.splitlines()[-1])
    assert sum(status == "exact" for status, _ in said.values()) >= 10
    for name, net in judged().items():
        status, boxes = said[name]
        fields = receptive_fields(net, (2, 20, 20))["last"]
        if status == "whole_input":
            assert all(math.isinf(field.size) for field in fields), name
        for index, box in enumerate(boxes):
            read = [(min(a for a, _ in spans), max(b for _, b in spans)) for spans in zip(*boxes, strict=True)]
            rows = [field.rows(index, 20) for field in fields]  # of which some may be read by no place at all
            ours = [(max(a, first), min(b, end)) for (first, end), (a, b) in zip(rows, read, strict=True)]
            if status == "exact":
                assert ours == [tuple(span) for span in box], (name, index)
            elif all(field.exact for field in fields):
                assert all(a <= c < d <= b for (a, b), (c, d) in zip(box, ours, strict=True)), (name, index, box, ours)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_what_a_padding_repeats_of_the_image_is_not_told_by_arithmetic(mode: str) -> None:
    assert known_fields._padding((1, 2, 3, 4), mode) is None
    assert known_fields._padding((1, 2, 3, 4)) == ((1, 1, 1, 3, 4), (1, 1, 1, 1, 2))
