"""Nets whose every activation is a module of its own, as layers can be named and Captum can treat them."""

import copy

import torch
import torch.nn.functional as F
from torch import fx, nn

from core.models.lite import ReLU6
from core.models.tracing import traced

ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.GELU, nn.Sigmoid, nn.Tanh)
FUNCTIONS: dict[object, type[nn.Module]] = {
    F.relu: nn.ReLU, F.relu_: nn.ReLU, torch.relu: nn.ReLU, torch.relu_: nn.ReLU, "relu": nn.ReLU, "relu_": nn.ReLU,
    F.relu6: ReLU6, torch.sigmoid: nn.Sigmoid, "sigmoid": nn.Sigmoid, torch.tanh: nn.Tanh, "tanh": nn.Tanh,
}  # fmt: skip


def explicit(model: nn.Module) -> fx.GraphModule:
    """The same function, traced, with one activation module for each call, none of them in place, and our own ReLU6.

    A module that is called once keeps its name; later calls are named name_2, name_3, ...; a function that was called
    gets the name of its kind and a number. The model is left as it was. Raises ValueError for a net that torch.fx
    cannot trace, because its path depends on its input.
    """
    root = copy.deepcopy(model)
    net = fx.GraphModule(root, traced(root), type(model).__name__)
    calls: dict[str, int] = {}
    for node in list(net.graph.nodes):
        if node.op == "call_module" and isinstance(net.get_submodule(node.target), ACTIVATIONS):
            calls[node.target] = calls.get(node.target, 0) + 1
            name = node.target if calls[node.target] == 1 else f"{node.target}_{calls[node.target]}"
            own = _own(model.get_submodule(node.target))  # not the one that an earlier call has made of it
            if any(before.op == "call_module" and units_last(net.get_submodule(before.target))
                   for before in node.all_input_nodes):  # fmt: skip
                vars(own)["units_last"] = True
            net.add_submodule(name, own)
        elif node.op in ("call_function", "call_method") and node.target in FUNCTIONS:
            kind = FUNCTIONS[node.target]
            calls[kind.__name__] = calls.get(kind.__name__, 0) + 1
            name = f"{kind.__name__.lower()}_{calls[kind.__name__]}"
            net.add_submodule(name, kind())
            node.op, node.args, node.kwargs = "call_module", tuple(node.all_input_nodes), {}  # by name or not
        else:
            continue
        node.target = name
    net.graph.lint()
    net.recompile()
    return net


def units_last(module: nn.Module) -> bool:
    """Whether a module's maps have their units last: what is linear or normed there, and what follows it."""
    return type(module) in (nn.Linear, nn.LayerNorm) or hasattr(module, "units_last")


def _own(activation: nn.Module) -> nn.Module:
    if isinstance(activation, nn.ReLU6):
        return ReLU6()
    own = copy.deepcopy(activation)
    if "inplace" in vars(own):
        vars(own)["inplace"] = False
    return own
