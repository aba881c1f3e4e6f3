"""The calls whose receptive fields are computed. The list is closed: what is not on it is measured.

Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks": forwards through the net, a
convolution or pooling of kernel k (dilation d, stride s, padding p) turns field r, stride j and first pixel u into
r + d (k - 1) j, s j and u - p j; where branches meet, the field is the smallest that holds all of theirs.
"""

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from core.measures.field import WHOLE, Map, met, stretched

Window = tuple[int, int, int, int, int]  # kernel, stride, dilation, padding before and behind

# Modules and calls that treat each place by itself, as in eval mode; a call's several maps are met place by place.
ALONE = (
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Softplus, nn.Softsign, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh,
    nn.BatchNorm2d, nn.LocalResponseNorm, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout,
)  # fmt: skip
NAMES = (
    "relu", "relu_", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "logsigmoid",
    "tanh", "softplus", "softsign", "hardswish", "hardsigmoid", "hardtanh", "dropout", "dropout2d", "add", "sub", "mul",
    "div", "truediv", "true_divide", "neg", "pow", "exp", "log", "log1p", "sqrt", "rsqrt", "square", "abs", "sin",
    "cos", "erf", "clamp", "clip", "maximum", "minimum", "iadd", "isub", "imul", "itruediv", "add_", "sub_", "mul_",
    "div_", "clamp_", "contiguous", "clone", "detach", "float",
)  # fmt: skip
FUNCTIONS = {getattr(home, name) for home in (torch, F, operator) for name in NAMES if hasattr(home, name)}
DEPTH = "torchvision.ops.stochastic_depth.stochastic_depth"  # by name: importing torchvision takes seconds
POOLS: dict[object, tuple[str, ...]] = {
    F.max_pool2d: ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
    torch.max_pool2d: ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    F.avg_pool2d: ("kernel_size", "stride", "padding", "ceil_mode"),
}
CONVOLUTION = ("weight", "bias", "stride", "padding", "dilation", "groups")
REDUCTIONS = (torch.mean, torch.sum, torch.amax, torch.amin, "mean", "sum", "amax", "amin")
PERMUTATIONS, TRANSPOSITIONS = (torch.permute, "permute"), (torch.transpose, torch.swapaxes, "transpose", "swapaxes")
SPLITS = (torch.chunk, torch.split, "chunk", "split")
SHAPES = ("size", "dim")


def known(node: fx.Node, model: nn.Module, before: list[Map]) -> Map | None:
    """What the units behind a call see, from the maps that it takes; None for a call that is not on the list."""
    if any(state.whole for state in before):
        return WHOLE
    if is_alone(node, model):
        return None if stretched(before) else _met(before)
    windows = window(node, model)
    return _elsewhere(node, model, before) if windows is None else _behind(before, windows)


def _behind(before: list[Map], windows: tuple[Window, Window]) -> Map | None:
    taken = before[0]
    if len(before) > 1 or not (taken.is_image and taken.down.regular and taken.across.regular):
        return None
    down, across = (field.behind(*axis[:4]) for field, axis in zip((taken.down, taken.across), windows, strict=True))
    if taken.after is None:
        return Map(down, across)
    (*_, below), (*_, behind) = windows
    after = taken.after[0] + below * taken.down.stride, taken.after[1] + behind * taken.across.stride
    return Map(down, across, after=after)


def is_alone(node: fx.Node, model: nn.Module) -> bool:
    """Whether a call treats each place by itself."""
    if node.op == "call_module":
        return type(model.get_submodule(str(node.target))) in ALONE
    if node.op == "call_method":
        return node.target in NAMES
    normed = node.target is F.batch_norm and not given(node, "mean", "var", "weight", "bias", "training").get(
        "training"
    )
    return node.target in FUNCTIONS or normed or qualified(node) == DEPTH


def qualified(node: fx.Node) -> str:
    """A called function's full name."""
    return f"{getattr(node.target, '__module__', '')}.{getattr(node.target, '__name__', '')}"


def window(node: fx.Node, model: nn.Module) -> tuple[Window, Window] | None:
    """The kernels, down and across, of a convolution, pooling or zero padding of images; None for any other call."""
    if node.op == "call_module":
        return _module_window(model.get_submodule(str(node.target)))
    if node.target in POOLS:
        said = given(node, *POOLS[node.target])
        if said.get("return_indices"):
            return None
        return _windows(said["kernel_size"], said.get("stride") or said["kernel_size"], said.get("padding", 0),
                        said.get("dilation", 1))  # fmt: skip
    if node.target is torch.conv2d:
        said = given(node, *CONVOLUTION)
        weight = said["weight"]
        if weight.op != "get_attr":
            return None
        kernel = tuple(operator.attrgetter(weight.target)(model).shape[2:])
        return _windows(kernel, said.get("stride", 1), said.get("padding", 0), said.get("dilation", 1))
    if node.target is F.pad:
        return _padding(**given(node, "pad", "mode", "value"))
    return None


def _module_window(module: nn.Module) -> tuple[Window, Window] | None:
    if type(module) is nn.Conv2d and module.padding_mode == "zeros":
        return _windows(module.kernel_size, module.stride, module.padding, module.dilation)
    if type(module) is nn.MaxPool2d and not module.return_indices:
        return _windows(module.kernel_size, module.stride, module.padding, module.dilation)
    if type(module) is nn.AvgPool2d:
        return _windows(module.kernel_size, module.stride, module.padding, 1)
    if type(module) in (nn.ZeroPad2d, nn.ConstantPad2d):
        assert isinstance(module, nn.ZeroPad2d | nn.ConstantPad2d)
        return _padding(module.padding)
    return None


def _windows(kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[Window, Window] | None:
    if not all(isinstance(part, int | str) for value in (kernel, stride, padding, dilation) for part in _pair(value)):
        return None  # computed from the image's size
    down, across = (_window(*(_pair(value)[axis] for value in (kernel, stride, padding, dilation))) for axis in (0, 1))
    return down, across


def _window(kernel: int, stride: int, padding: int | str, dilation: int) -> Window:
    if padding == "same":
        return kernel, stride, dilation, dilation * (kernel - 1) // 2, (dilation * (kernel - 1) + 1) // 2
    border = 0 if isinstance(padding, str) else padding
    return kernel, stride, dilation, border, border


def _pair(value: Any) -> tuple[Any, Any]:
    if isinstance(value, tuple | list):
        return (value[0], value[-1])
    return value, value


def _padding(pad: Any, mode: str = "constant", value: object = None) -> tuple[Window, Window] | None:
    if mode != "constant" or not isinstance(pad, tuple | list) or not all(isinstance(part, int) for part in pad):
        return None
    left, right, top, bottom = (*pad, 0, 0, 0, 0)[:4]
    return (1, 1, 1, top, bottom), (1, 1, 1, left, right)


def given(node: fx.Node, *names: str) -> dict[str, Any]:
    """What a call is given by these names, behind its first argument."""
    said = dict(zip(names, node.args[1:], strict=False)) | node.kwargs
    return {name: value for name, value in said.items() if name in names}


def _met(before: list[Map]) -> Map | None:
    down, across = met([state.down for state in before]), met([state.across for state in before])
    if down is None or across is None or len({(state.axes, state.ndim) for state in before}) > 1:
        return None
    return Map(down, across, before[0].axes, before[0].ndim, before[0].after)


def _elsewhere(node: fx.Node, model: nn.Module, before: list[Map]) -> Map | None:
    """What rearranges maps, mixes their channels or looks at all of them."""
    state = before[0]
    module = model.get_submodule(str(node.target)) if node.op == "call_module" else None
    if module is not None:
        rule = MODULES.get(type(module))
        return rule(state, module) if rule else None
    if node.target is operator.getitem:
        return state if is_split(node.args[0]) else None
    if node.target in (torch.cat, torch.concat):
        along = given(node, "dim").get("dim", 0)
        return _met(before) if _is_beside(state, along) else None
    rules: dict[object, Callable[[Map, fx.Node], Map | None]] = (
        dict.fromkeys(REDUCTIONS, _reduced) | dict.fromkeys(PERMUTATIONS, _permuted)
        | dict.fromkeys(TRANSPOSITIONS, _transposed) | dict.fromkeys(SPLITS, _split)
        | dict.fromkeys((torch.flatten, "flatten"), _flattened)
        | {F.linear: lambda state, node: _mixed(state, 1), F.adaptive_avg_pool2d: _pooled,
           F.layer_norm: lambda state, node: _mixed(state, len(given(node, "shape", "normalized_shape")["shape"]))}
    )  # fmt: skip
    return rules[node.target](state, node) if node.target in rules else None


def is_split(node: object) -> bool:
    """Whether a call puts out pieces of a map."""
    return isinstance(node, fx.Node) and node.op != "call_module" and node.target in SPLITS


def _mixed(state: Map, last: int) -> Map | None:
    """Behind what mixes the last axes."""
    return state if all(axis < state.ndim - last for axis in state.axes) else None


def _is_beside(state: Map, axis: object) -> bool:
    """Whether an axis is given, and none of those along which the fields lie."""
    return isinstance(axis, int) and axis % state.ndim not in state.axes


def _reduced(state: Map, node: fx.Node) -> Map | None:
    along = given(node, "dim").get("dim")
    dims = state.axes if along is None else along if isinstance(along, tuple | list) else (along,)
    if not all(isinstance(axis, int) for axis in dims):
        return None
    return WHOLE if {axis % state.ndim for axis in dims} >= set(state.axes) else None


def _permuted(state: Map, node: fx.Node) -> Map | None:
    dims = node.kwargs.get("dims", node.args[1] if len(node.args) == 2 else node.args[1:])
    if not isinstance(dims, tuple | list) or not all(isinstance(axis, int) for axis in dims):
        return None
    return _moved(state, [int(str(axis)) % state.ndim for axis in dims])


def _transposed(state: Map, node: fx.Node) -> Map | None:
    one, other = (axis % state.ndim for axis in (*node.args[1:], *node.kwargs.values()) if isinstance(axis, int))
    order = list(range(state.ndim))
    order[one], order[other] = other, one
    return _moved(state, order)


def _moved(state: Map, order: list[int]) -> Map | None:
    down, across = (order.index(axis) for axis in state.axes)
    return replace(state, axes=(down, across)) if down < across else None


def _split(state: Map, node: fx.Node) -> Map | None:
    along = given(node, "how", "dim").get("dim", 0)
    return state if _is_beside(state, along) else None


def _flattened(state: Map, node: fx.Node) -> Map | None:
    """Units in one row have no place: together they see everything."""
    said = given(node, "start_dim", "end_dim")
    return WHOLE if said.get("start_dim", 0) in (0, 1) and said.get("end_dim", -1) in (-1, state.ndim - 1) else None


def _pooled(state: Map, node: fx.Node) -> Map | None:
    return WHOLE if state.is_image and given(node, "output_size")["output_size"] in (1, (1, 1), [1, 1]) else None


MODULES: dict[type[nn.Module], Callable[[Map, Any], Map | None]] = {
    nn.Linear: lambda state, module: _mixed(state, 1),
    nn.LayerNorm: lambda state, module: _mixed(state, len(module.normalized_shape)),
    nn.RMSNorm: lambda state, module: _mixed(state, len(module.normalized_shape)),
    nn.AdaptiveAvgPool2d: lambda state, module: WHOLE if module.output_size in (1, (1, 1)) and state.is_image else None,
    nn.AdaptiveMaxPool2d: lambda state, module: WHOLE if module.output_size in (1, (1, 1)) and state.is_image else None,
    nn.Flatten: lambda state, module: WHOLE if (module.start_dim, module.end_dim) == (1, -1) else None,
}


def is_shape(node: fx.Node) -> bool:
    """Whether a call tells of a tensor's shape only, which is the same for every image."""
    return (node.op == "call_method" and node.target in SHAPES) or (
        node.target is getattr and node.args[1] in ("shape", "ndim", "dtype", "device")
    )
