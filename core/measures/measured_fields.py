"""What the units of a net see where a call is not known: measured by what becomes no number when pixels are none.

The elements of the call's inputs whose reach begins before some pixel are made NaN: of what it puts out, what becomes
NaN depends on them, whatever the weights are. A maximum, a ReLU or a weight of zero blocks gradients, but not NaN: so
the reach is that of the mask of non-zero gradients over all inputs and weights, or a bound to it.
"""

import math
import operator
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, fx, nn

from core.layers import units_first
from core.measures.field import BOUND, IMAGE, WHOLE, Field, Map
from core.measures.known_fields import is_alone, is_shape, known, qualified, window
from core.measures.reach import Reach, bounded, described, least, mixed, spread, swept
from core.models.explicit import units_last
from core.models.tracing import enclosing

State = Map | Reach
States = State | list[State]  # of the pieces that a call puts out
Shape = tuple[int, ...]  # of an image: channels, height, width
Fields = dict[str, tuple[Field, Field]]
MOVES = (
    "view", "reshape", "permute", "transpose", "swapaxes", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous",
    "chunk", "split", "unbind", "roll", "flip", "expand", torch.permute, torch.transpose, torch.swapaxes, torch.flatten,
    torch.reshape, torch.squeeze, torch.unsqueeze, torch.chunk, torch.split, torch.unbind, torch.cat, torch.stack,
    torch.roll, torch.flip, operator.getitem, F.pixel_shuffle, F.pixel_unshuffle,
)  # fmt: skip
MOVING_MODULES = (nn.Flatten, nn.Unflatten, nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle)
# Its mask takes 100 from what must not be attended to: numbers do not pass, but NaN would.
MASKED = "torchvision.models.swin_transformer.shifted_window_attention"
SAME = 1e-5  # of the largest number that a call puts out: less is rounding


def measured(graph: fx.Graph, model: nn.Module, shape: Shape, most: float) -> Fields:
    """The fields of all layers by their names, down and across, measured on an image of that shape.

    Raises UnfitError for a shape that the net does not take or makes more than `most` numbers of at once, ValueError
    for a call that cannot be measured.
    """
    measuring = _Measuring(model, graph, (shape[1], shape[2]), most)
    with torch.no_grad():
        measuring.run(torch.rand(1, *shape, generator=Generator().manual_seed(0)))
    return measuring.layers


class UnfitError(ValueError):
    """The net does not take an image of this shape, or makes too much of it."""


class _Measuring(fx.Interpreter):
    """Runs a net once, and follows from call to call what each element reaches."""

    def __init__(self, model: nn.Module, graph: fx.Graph, size: tuple[int, int], most: float) -> None:
        super().__init__(model, graph=graph)
        self.extra_traceback = False  # which torch.fx would write into our sentences
        self.size, self.most = size, most
        self.states: dict[fx.Node, States] = {}
        self.layers: Fields = {}

    def run_node(self, n: fx.Node) -> Any:
        """The call's value; what it reaches is noted, and forgotten when nothing needs it any more."""
        value = self._value(n)
        sources = [source for source in n.all_input_nodes if source in self.states]
        if n.op == "placeholder" and isinstance(value, Tensor):
            self.states[n] = IMAGE
        elif sources and value is not None and not is_shape(n) and n.op != "output":
            self.states[n] = self._state(n, sources, value)
        if n in self.states:
            self._note(n)
        for name in enclosing(n):
            self.layers.setdefault(name, (BOUND, BOUND))
        for done in self.user_to_last_uses.get(n, []):
            self.states.pop(done, None)
        return value

    def _value(self, node: fx.Node) -> Any:
        try:
            value = super().run_node(node)
        except Exception as error:  # what a net raises for an image that it does not take can be anything
            raise UnfitError(str(error)) from error
        if isinstance(value, Tensor) and value.numel() > self.most:
            raise UnfitError(f"{_said(node)} puts out {value.numel()} numbers")
        return value

    def _note(self, node: fx.Node) -> None:
        """The fields of the modules whose output so far is this call's."""
        state = self.states[node]
        state = state[0] if isinstance(state, list) else state
        fields: dict[bool, tuple[Field, Field]] = {}
        for name in enclosing(node):
            module = self.module.get_submodule(name)
            if isinstance(state, Map):
                self.layers[name] = state.down, state.across
                continue
            last = units_last(module)
            if last not in fields:
                first, second, third, fourth = (units_first(module, part) for part in state)
                fields[last] = bounded((first, second, third, fourth), self.size)
            self.layers[name] = fields[last]

    def _state(self, node: fx.Node, sources: list[fx.Node], value: Any) -> States:
        states = [self.states[source] for source in sources]
        if isinstance(states[0], list) and node.target is operator.getitem:
            return states[0][node.args[1]]  # type: ignore[index]
        if any(isinstance(state, Map) and state.whole for state in states):
            return WHOLE
        if node.target is F.interpolate and value.shape == self.env[sources[0]].shape:
            return states[0]
        maps = [state for state in states if isinstance(state, Map)]
        alike = len({self.env[source].shape for source in sources if isinstance(self.env[source], Tensor)}) == 1
        by_arithmetic = len(maps) == len(states) and (alike or not is_alone(node, self.module))
        state = known(node, self.module, maps) if by_arithmetic else None
        return self._followed(node, sources, value) if state is None else state

    def _followed(self, node: fx.Node, sources: list[fx.Node], value: Any) -> States:
        """The reach of what a call puts out, element by element; or a map, where one describes it exactly."""
        module = self.module.get_submodule(str(node.target)) if node.op == "call_module" else None
        if type(module) in MOVING_MODULES or (module is None and node.target in MOVES):
            found = self._moved(node)
        else:
            found = self._swept(node, sources, value) or self._marked(node)
        states = iter([described(reach, self.size) for reach in found])
        if isinstance(value, tuple | list):  # attention puts out None for weights that are not asked for
            return [WHOLE if part is None else next(states) for part in value]
        return next(states)

    def _swept(self, node: fx.Node, sources: list[fx.Node], value: Any) -> list[Reach] | None:
        """The reach behind a call that is known, from reaches that no field describes."""
        if any(isinstance(self.states[source], list) for source in sources):
            return None
        taken = [reach for source in sources for reach in self._reaches(source)]
        if is_alone(node, self.module):
            return [least(taken, value.shape)]
        windows = window(node, self.module)
        if windows and len(taken) == 1 and value.ndim == 4:
            return [swept(taken[0], windows, value.shape)]
        mixes = node.op == "call_module" and type(self.module.get_submodule(str(node.target))) is nn.Linear
        return [mixed(taken[0], value.shape)] if mixes else None

    def _reaches(self, node: fx.Node) -> list[Reach]:
        """The reach of a call's output, or of each of its pieces."""
        state, value = self.states[node], self.env[node]
        pairs = zip(state, value, strict=True) if isinstance(state, list) else [(state, value)]
        return [spread(one, its.shape, self.size) if isinstance(one, Map) else one for one, its in pairs]

    def _call(self, node: fx.Node, filled: Callable[[fx.Node], Any]) -> list[Tensor]:
        """What a call puts out when it is given other values."""
        args, kwargs = fx.node.map_arg(node.args, filled), fx.node.map_arg(node.kwargs, filled)
        target = "reshape" if node.op == "call_method" and node.target == "view" else node.target
        out = getattr(self, node.op)(target, args, kwargs)
        return [part for part in (out if isinstance(out, tuple | list) else (out,)) if part is not None]

    def _moved(self, node: fx.Node) -> list[Reach]:
        """The reaches, moved as the call moves elements; what the net brings along reaches nothing."""

        def part(place: int, source: fx.Node) -> Any:
            value = self.env[source]
            if source in self.states:
                parts = [reach[place] for reach in self._reaches(source)]
                return parts if isinstance(value, tuple | list) else parts[0]
            is_number = isinstance(value, Tensor) and value.is_floating_point()
            return torch.full_like(value, math.inf) if is_number else value

        return list(zip(*(self._call(node, partial(part, place)) for place in range(4)), strict=True))

    def _marked(self, node: fx.Node) -> list[Reach]:
        """The reaches by measuring: pixel by pixel, what depends on what begins before it."""
        reaches = {source: self._reaches(source) for source in node.all_input_nodes if source in self.states}
        answer = self._call(node, lambda source: _copy(self.env[source]))
        self._require_numbers(node, [*answer, *(value for source in reaches for value in _tensors(self.env[source]))])
        return list(zip(*(self._least_levels(node, reaches, place, answer) for place in range(4)), strict=True))

    def _least_levels(
        self, node: fx.Node, reaches: dict[fx.Node, list[Reach]], place: int, answer: list[Tensor]
    ) -> list[Tensor]:
        """The least that each element of a call's answer depends on; halves in which nothing new does are left out."""
        levels = torch.cat([reach[place].flatten() for held in reaches.values() for reach in held]).unique()
        levels = levels[levels.isfinite()]
        first = [torch.full(part.shape, math.inf) for part in answer]

        def seen(index: int, checked: bool = False) -> list[Tensor]:
            return self._touched(node, reaches, place, float(levels[index]), answer, checked)

        def search(low: int, high: int, before: list[Tensor], until: list[Tensor]) -> None:
            if all(torch.equal(one, other) for one, other in zip(before, until, strict=True)):
                return
            if high - low == 1:
                for part, old, new in zip(first, before, until, strict=True):
                    part[new & ~old] = levels[high]
                return
            middle = (low + high) // 2
            between = seen(middle)
            search(low, middle, before, between)
            search(middle, high, between, until)

        if len(levels):  # where all sees all, no more than these are needed
            stops = (-1, 0, len(levels) // 2, len(levels) - 1)
            none = [torch.zeros_like(part, dtype=torch.bool) for part in answer]
            found = [none, seen(0), seen(stops[2], checked=True), seen(stops[3])]
            for (low, before), (high, until) in pairwise(zip(stops, found, strict=True)):
                search(low, high, before, until)
        return first

    def _touched(
        self, node: fx.Node, reaches: dict[fx.Node, list[Reach]], place: int, level: float, answer: list[Tensor],
        checked: bool,
    ) -> list[Tensor]:  # fmt: skip
        """Where a call's answer depends on what begins before a level."""

        def with_marks(mark: Callable[[Tensor], Tensor]) -> list[Tensor]:
            def filled(source: fx.Node) -> Any:
                value = self.env[source]
                if source not in reaches:
                    return _copy(value)
                parts = [torch.where(reach[place] <= level, mark(part), part)
                         for part, reach in zip(_tensors(value), reaches[source], strict=True)]  # fmt: skip
                return parts if isinstance(value, tuple | list) else parts[0]

            return self._call(node, filled)

        def changed() -> list[Tensor]:
            pairs = zip(with_marks(lambda part: 1 - part), answer, strict=True)
            return [(new - old).abs() > SAME * old.abs().max() for new, old in pairs]

        if qualified(node) == MASKED:
            return [part.any(-1, keepdim=True).expand_as(part) for part in changed()]
        seen = [part.isnan() for part in with_marks(lambda part: torch.full_like(part, math.nan))]
        if checked and any((new & ~old).any() for new, old in zip(changed(), seen, strict=True)):
            raise ValueError(
                f"The receptive fields of {type(self.module).__name__} cannot be measured: the call {_said(node)} "
                f"loses track of what its answer depends on, or answers at random."
            )
        return seen

    def _require_numbers(self, node: fx.Node, parts: list[Any]) -> None:
        """Refuse a call that takes or puts out anything else than numbers that can be told from NaN."""
        for part in parts:
            if not isinstance(part, Tensor) or not part.is_floating_point() or part.isnan().any():
                kind = str(part.dtype) if isinstance(part, Tensor) else type(part).__name__
                raise ValueError(
                    f"The receptive fields of {type(self.module).__name__} cannot be measured: the call {_said(node)} "
                    f"takes or puts out {kind}, where a tensor of floats, none of them NaN, is expected."
                )


def _tensors(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value]


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _said(node: fx.Node) -> str:
    return getattr(node.target, "__name__", str(node.target))
