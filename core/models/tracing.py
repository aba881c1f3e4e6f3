"""The calls that a net makes, as a graph, without disturbing who uses the net meanwhile."""

import threading
from collections.abc import Callable
from typing import Any

from torch import fx, nn


def traced(model: nn.Module) -> fx.Graph:
    """The net's forward pass by torch.fx: a node for each call; modules of torch.nn are not looked into.

    Raises ValueError for a net that cannot be traced, because its path depends on its input.
    """
    try:
        with _ONE_AT_A_TIME:
            return _Tracer().trace(model)
    except (fx.proxy.TraceError, TypeError, NotImplementedError) as error:
        raise ValueError(f"{type(model).__name__} cannot be traced: {error}") from error


def enclosing(node: fx.Node) -> list[str]:
    """The modules in which a call stands, or which it is: what they put out is that of the last call in them."""
    return [name for name, _ in node.meta.get("nn_module_stack", {}).values()]


class _Tracer(fx.Tracer):
    """While it traces, torch.fx intercepts every call of every module of the process: those of others pass through."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """A node in the graph, if it is this tracer's own call."""
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """A node for a parameter, if it is this tracer's own look at it."""
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


_ONE_AT_A_TIME = threading.Lock()
