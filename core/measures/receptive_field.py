"""How many pixels a unit of a layer can see at all.

Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks": forwards through the net, a
convolution or pooling of kernel k (dilation d, stride s, padding p) turns field r, stride j and first pixel u into
r + d (k - 1) j, s j and u - p j; where branches meet, the field is the smallest that holds all of theirs.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import fx, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.pooling import _AdaptiveAvgPoolNd, _AvgPoolNd, _MaxPoolNd

from core.models.tracing import traced

WINDOWS = (_ConvNd, _AvgPoolNd, _MaxPoolNd)
# What lets every unit see all of its input, and what attention by windows amounts to after two blocks.
WHOLE = (_AdaptiveAvgPoolNd, nn.Flatten, nn.MultiheadAttention)
WHOLE_FUNCTIONS = ("flatten", "mean", "adaptive_avg_pool2d", "shifted_window_attention")


@dataclass(frozen=True)
class Field:
    """What the units of a map see: the one in row i the pixel rows from first + i stride on, `size` of them."""

    size: float = 1.0  # infinite where every unit sees the whole image
    stride: float = 1.0
    first: float = 0.0  # may lie before the image's first row

    def behind(self, kernel: int, stride: int, dilation: int, padding: float) -> "Field":
        """The field behind a convolution or pooling."""
        if math.isinf(self.size):
            return self
        grown = self.size + dilation * (kernel - 1) * self.stride
        return Field(grown, stride * self.stride, self.first - padding * self.stride)

    def rows(self, index: int, height: int) -> tuple[int, int]:
        """The rows that unit `index` of a map sees of an image of that height: from the first to before the last."""
        if math.isinf(self.size):
            return 0, height
        begin = self.first + index * self.stride
        return max(0, round(begin)), min(height, round(begin + self.size))


ALL = Field(math.inf, math.inf, 0.0)


def receptive_fields(model: nn.Module) -> dict[str, tuple[Field, Field]]:
    """The fields of all layers by their names, down and across.

    Squeezing (an average over the whole map that is multiplied back) lets units see everything. Raises ValueError for
    a net that torch.fx cannot trace.
    """
    fields: dict[fx.Node, tuple[Field, Field]] = {}
    layers: dict[str, tuple[Field, Field]] = {}
    for node in traced(model).nodes:
        module = model.get_submodule(node.target) if node.op == "call_module" else None
        down, across = (_met(fields[before][axis] for before in node.all_input_nodes) for axis in (0, 1))
        fields[node] = _behind(down, node, module, 0), _behind(across, node, module, 1)
        for name in node.meta.get("nn_module_stack", {}):  # a module's output is that of the last node in it
            layers[name] = fields[node]
        if module is not None:
            layers[node.target] = fields[node]
    return layers


def _met(fields: Iterable[Field]) -> Field:
    """The smallest field that holds all of them; what sees no pixel, as a constant does, comes to nothing."""
    together = list(fields)
    if not together:
        return Field()
    first = min(field.first for field in together)
    end = max(field.first + field.size for field in together)
    return ALL if math.isinf(end) else Field(end - first, max(field.stride for field in together), first)


def _behind(field: Field, node: fx.Node, module: nn.Module | None, axis: int) -> Field:
    name = getattr(node.target, "__name__", node.target)
    if isinstance(module, WHOLE) or (module is None and name in WHOLE_FUNCTIONS):
        return ALL
    if isinstance(module, nn.ZeroPad2d):
        left, _, top, _ = module.padding
        return field.behind(1, 1, 1, (top, left)[axis])
    if isinstance(module, WINDOWS):
        kernel, stride, padding = (_on(axis, getattr(module, name)) for name in ("kernel_size", "stride", "padding"))
        return field.behind(kernel, stride, _on(axis, getattr(module, "dilation", 1)), padding)
    if name in ("max_pool2d", "avg_pool2d"):
        return field.behind(*_pooling(node, axis))
    return field


def _on(axis: int, value: Any) -> int:
    return value[axis] if isinstance(value, tuple) else value


def _pooling(node: fx.Node, axis: int) -> tuple[int, int, int, int]:
    given = dict(zip(("kernel_size", "stride", "padding"), node.args[1:], strict=False)) | dict(node.kwargs)
    kernel = given["kernel_size"]
    return (_on(axis, kernel), _on(axis, given.get("stride") or kernel), _on(axis, given.get("dilation", 1)),
            _on(axis, given.get("padding", 0)))  # fmt: skip
