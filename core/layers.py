"""The layers of a net: list them, record them, run the net only as far as one. The only file that registers a hook.

Activations are plain tensors: (batch, units) dense, (batch, units, height, width) convolutional,
(batch, units, time) recurrent.
"""

import copy
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.models.explicit import units_last
from core.models.rnn import Tap
from core.models.text import EachStep
from core.units import Unit

KINDS: dict[type[nn.Module], str] = {
    nn.Linear: "linear",
    nn.Conv2d: "conv",
    nn.ReLU: "relu",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.AvgPool2d: "average pool",
    nn.MaxPool2d: "max pool",
    nn.AdaptiveAvgPool2d: "average pool",
    nn.BatchNorm2d: "norm",
    nn.LayerNorm: "norm",
    Tap: "lstm",
}
# By name, because importing torchvision, where some of them live, takes seconds.
REARRANGE_ONLY = ("Centred", "Standardised", "Flatten", "Dropout", "ZeroPad2d", "Permute", "StochasticDepth")


INPUT = "input"


@dataclass(frozen=True)
class Layer:
    """A named place in the forward pass whose output can be read."""

    name: str
    kind: str
    shape: tuple[int, ...]  # of one activation: (units,), (units, height, width) or (units, time)
    depth: int  # weight matrices between the input and here, this layer's own included
    behind: str | None = None  # the layer whose units these are, too: squashed, or pooled
    module: str | None = None  # whose weights make it out of what is read, where one module alone does
    reads: str | None = None  # the layer that this module reads, or INPUT; None where several meet

    @property
    def units(self) -> int:
        """How many channels, neurons or cells the layer has."""
        return self.shape[0]

    @property
    def caption(self) -> str:
        """Name, kind of unit and shape on one line: `conv2 · 24 maps · 14 x 14`."""
        if len(self.shape) == 3:
            return f"{self.name} · {self.units} maps · {self.shape[1]} x {self.shape[2]}"
        if len(self.shape) == 2:
            return f"{self.name} · {self.units} cells · {self.shape[1]} rows"
        return f"{self.name} · {self.units} neurons"


def list_layers(model: nn.Module, input_shape: Sequence[int]) -> list[Layer]:
    """Every layer, in the order in which the forward pass of one zero input of `input_shape` reaches it.

    What several modules put out, one inside the other, is one layer, under the name of the outermost. What a module
    puts out that is called several times is a layer the first time.
    """
    layers: list[Layer] = []
    image = torch.zeros(1, *input_shape)
    made: list[tuple[str, object]] = []  # what each layer put out
    held: list[Tensor] = []  # all that was put out, so that no tensor takes another's place in memory
    source = {_place(image): INPUT}  # of what lies in memory: the layer whose output it is, perhaps rearranged
    computed: dict[int | None, tuple[str, str | None]] = {}  # the module with weights that did, and what it read
    depth = 0

    def note(name: str, module: nn.Module, x: object, output: object) -> None:
        nonlocal depth
        if any(weight.ndim > 1 for weight in module.parameters(recurse=False)):
            depth += 1
            computed[_place(output)] = name, source.get(_place(x))
        held.extend(part for part in (output if isinstance(output, tuple) else (output,)) if isinstance(part, Tensor))
        if type(module).__name__ in REARRANGE_ONLY and _place(x) in source:
            source[_place(output)] = source[_place(x)]
        if (
            not isinstance(output, Tensor)
            or type(module).__name__ in REARRANGE_ONLY
            or _is_in_windows(module, output, input_shape)
        ):
            return
        if made and made[-1][1] is output and made[-1][0].startswith(f"{name}."):
            layers[-1] = replace(layers[-1], name=name)
        elif any(layer.name == name for layer in layers):
            return  # called again
        else:
            plain = not any(module.children()) and next(module.parameters(), None) is None
            behind = next((other for other, its in reversed(made) if its is x), None) if plain else None
            shape = tuple(units_first(module, output).shape[1:])
            layers.append(Layer(name, _kind(module), shape, depth, behind, *computed.get(_place(output), ())))
        made.append((name, output))
        source[_place(output)] = name

    modules = {name: module for name, module in model.named_modules() if name}
    with torch.no_grad(), _hooked(model, modules, note):
        model(image)
    return layers


def _place(output: object) -> int | None:
    """Where a tensor lies in memory, which its views share; of several that a recurrent module returns, the first."""
    first = output[0] if isinstance(output, tuple) else output
    return first.untyped_storage().data_ptr() if isinstance(first, Tensor) else None


def _kind(module: nn.Module) -> str:
    return next((kind for type_, kind in KINDS.items() if isinstance(module, type_)), type(module).__name__.lower())


def followers(model: nn.Module, x: Tensor, names: Iterable[str]) -> dict[str, str]:
    """Of the modules up to the named layers, which one takes what another put out, as it is; each is called once."""
    made: dict[int, str] = {}
    outputs: list[Tensor] = []  # so that no tensor's place is taken by another
    called: list[str] = []
    pairs: dict[str, str] = {}

    def note(name: str, module: nn.Module, x: object, output: object) -> None:
        called.append(name)
        if id(x) in made:
            pairs[made[id(x)]] = name
        if isinstance(output, Tensor):
            outputs.append(output)
            made[id(output)] = name

    with torch.no_grad(), _hooked(model, _leaves(model), note):
        run_to(model, x, names)
    return {first: then for first, then in pairs.items() if called.count(first) == called.count(then) == 1}


def _leaves(model: nn.Module) -> dict[str, nn.Module]:
    return {name: module for name, module in model.named_modules() if not any(module.children())}


def first_of_each_depth(layers: Sequence[Layer], place: int) -> list[Layer]:
    """Of each depth the pre-activation (place 0) or the activation (place 1), which may be one."""
    depths = sorted({layer.depth for layer in layers})
    stacks = [[layer for layer in layers if layer.depth == depth] for depth in depths]
    return [stack[min(place, len(stack) - 1)] for stack in stacks]


def landmarks(layers: Sequence[Layer], most: int = 14) -> list[Layer]:
    """A few layers that stand for all, evenly spread in depth: of each depth the last, the classes among them."""
    last = first_of_each_depth(layers, len(layers))
    return [last[round(place * (len(last) - 1) / (most - 1))] for place in range(most)] if len(last) > most else last


def pre_activation(layers: Sequence[Layer], name: str) -> Layer:
    """The pre-activation that a layer's units come from: what stands before squashing and pooling, with the same units.

    Half of the units behind a ReLU are silent at the start of an ascent; their pre-activations are not. Raises
    ValueError for a layer that is not among `layers`.
    """
    named = {layer.name: layer for layer in layers}
    if name not in named:
        raise ValueError(f"There is no layer {name!r}; there are {', '.join(named)}.")
    layer = named[name]
    while layer.behind:
        layer = named[layer.behind]
    return layer


def require(unit: Unit, layers: Sequence[Layer]) -> None:
    """Raise ValueError, with a sentence that lists what there is, for a unit that its model's layers do not have."""
    units = {layer.name: layer.units for layer in layers}
    if unit.index >= units.get(unit.layer, 0):
        there = ", ".join(f"{count} {name}" for name, count in units.items())
        raise ValueError(f"There is no unit {unit}; {unit.model} has {there}.")


def record(model: nn.Module, x: Tensor, names: Iterable[str] | None = None) -> dict[str, Tensor]:
    """The activations of the named layers, or of all, from one forward pass, detached and in forward order."""
    wanted = [layer.name for layer in list_layers(model, x.shape[1:])] if names is None else names
    with torch.no_grad():
        return run_to(model, x, wanted)


def run_to(model: nn.Module, x: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
    """The activations of the named layers, with gradients; nothing behind the last of them is computed.

    Each lies on the way to those behind it, so that gradients of these in it can be taken. Of a module that is called
    several times it is the first time's. Raises ValueError for a name that is not a module of the model, or that its
    forward pass never reaches.
    """
    modules = {name: _module(model, name) for name in names}
    reached: dict[str, Tensor] = {}

    def keep(name: str, module: nn.Module, x: object, output: object) -> object:
        if not isinstance(output, Tensor):
            raise ValueError(f"{name} puts out {type(output).__name__}, not a tensor: it cannot be read as a layer.")
        activation = units_first(module, output)
        reached.setdefault(name, activation)
        if len(reached) == len(modules):
            raise _AllReached
        return None if activation is output else _units_back(module, activation, output)

    if modules:
        with _hooked(model, modules, keep):
            try:
                model(x)
            except _AllReached:
                return reached
    missing = ", ".join(modules.keys() - reached.keys())
    if missing:
        raise ValueError(f"The forward pass never reaches {missing}.")
    return reached


def run_changed(
    model: nn.Module, x: Tensor, changes: Mapping[str, Callable[[Tensor], Tensor]], names: Iterable[str]
) -> dict[str, Tensor]:
    """The activations of the named layers where what some layers put out is changed, and everything behind follows.

    `changes` take a layer's activation to one of the same shape, of a module that is called several times each time's;
    `x` may be one input where they make a batch of it. Raises ValueError as `run_to` does.
    """

    def change(name: str, module: nn.Module, x: object, output: object) -> object:
        assert isinstance(output, Tensor)
        return _units_back(module, changes[name](units_first(module, output)), output)

    with _hooked(model, {name: _module(model, name) for name in changes}, change):
        return run_to(model, x, names)


def copied(model: nn.Module) -> nn.Module:
    """A copy of its own, made while no other thread hooks the model."""
    with _lock(model):
        return copy.deepcopy(model)


def shell(model: nn.Module) -> nn.Module:
    """A copy that shares the model's weights, for what sets hooks; nothing that changes weights may have it."""
    with _lock(model):
        return copy.deepcopy(model, {id(held): held for held in (*model.parameters(), *model.buffers())})


class _AllReached(Exception):  # noqa: N818 - not an error: it ends a forward pass early
    """Every layer that was asked for has been read."""


def _module(model: nn.Module, name: str) -> nn.Module:
    modules = dict(model.named_modules())
    if not name or name not in modules:
        raise ValueError(f"There is no layer {name!r}; there are {', '.join(filter(None, modules))}.")
    return modules[name]


def units_first(module: nn.Module, output: Tensor) -> Tensor:
    """What a module put out, as an activation: its units stand behind the batch."""
    if output.ndim == 3 and isinstance(module, (Tap, EachStep)):
        return output.transpose(1, 2)
    if output.ndim == 3:  # a token for each patch of an image, and perhaps one for the class before them
        side = math.isqrt(output.shape[1])
        return output[:, output.shape[1] - side**2 :].transpose(1, 2).unflatten(2, (side, side))
    return output.permute(0, 3, 1, 2) if output.ndim == 4 and units_last(module) else output


def _units_back(module: nn.Module, activation: Tensor, output: Tensor) -> Tensor:
    """The inverse of `units_first`: an activation as its module would have put it out; tokens before it stay."""
    if output.ndim == 3 and isinstance(module, (Tap, EachStep)):
        return activation.transpose(1, 2)
    if output.ndim == 3:
        tokens = activation.flatten(2).transpose(1, 2)
        others = output[:, : output.shape[1] - tokens.shape[1]]
        return torch.cat([others.expand(len(tokens), *others.shape[1:]), tokens], dim=1)
    return activation.permute(0, 2, 3, 1) if output.ndim == 4 and units_last(module) else activation


def _is_in_windows(module: nn.Module, output: Tensor, input_shape: Sequence[int]) -> bool:
    """Whether the places of a square image lie window by window, as some attention has them: that is no map of it."""
    if output.ndim != 4:
        return output.ndim > 4
    rows, columns = units_first(module, output).shape[2:]
    return len(input_shape) == 3 and input_shape[1] == input_shape[2] and rows != columns


@contextmanager
def _hooked(
    model: nn.Module, modules: dict[str, nn.Module], note: Callable[[str, nn.Module, object, object], object]
) -> Iterator[None]:
    """Call `note` with what each module takes first and what it puts out, in this thread only.

    What it returns, if anything, takes the place of what was put out.

    Many sessions share one net, and a hook hangs on the net: so one thread at a time hooks it, and what another
    thread's plain forward pass puts out meanwhile is none of this thread's business.
    """
    here = threading.get_ident()

    def hook_for(name: str) -> Callable[[nn.Module, tuple[object, ...], object], object]:
        def hook(module: nn.Module, inputs: tuple[object, ...], output: object) -> object:
            if threading.get_ident() != here:
                return None
            return note(name, module, inputs[0] if inputs else None, output)

        return hook

    with _lock(model):
        handles = [module.register_forward_hook(hook_for(name)) for name, module in modules.items()]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _lock(model: nn.Module) -> threading.RLock:
    return _LOCKS.setdefault(model, threading.RLock())


_LOCKS: "WeakKeyDictionary[nn.Module, threading.RLock]" = WeakKeyDictionary()
