"""How many pixels a unit of a layer can see at all: computed where all calls are known, else measured or refused."""

import math
from contextlib import suppress

from torch import fx, nn

from core.layers import shell
from core.measures.field import ALL, BOUND, IMAGE, Field, Map
from core.measures.known_fields import is_shape, known
from core.measures.measured_fields import Fields, Shape, UnfitError, measured
from core.models.tracing import enclosing, traced

__all__ = ["ALL", "Field", "receptive_fields"]

SIDES = (64, 32, 28, 16, 8, 224)  # of the images that are tried where no shape is given
MOST = 2**22  # numbers that a call may put out for an image that was not asked for: attention is quadratic


def receptive_fields(model: nn.Module, input_shape: Shape | None = None) -> Fields:
    """The fields of all layers of a net that takes images, as it is in eval mode, by their names, down and across.

    Exact, or else a bound that says so. Squeezing (an average over the whole map that is multiplied back) lets units
    see everything; so does what flattens a map or reads all of it. A net in which every call is known is not run.
    Otherwise it is measured on an image of `input_shape`, or of the first of a few shapes that it takes; then whatever
    sees all of that image counts as seeing everything. Raises ValueError for a net that torch.fx cannot trace, that
    does not take such an image, or that makes a call whose dependence on its input cannot be measured.
    """
    net = shell(model).eval()
    graph = traced(net)
    fields = _computed(graph, net)
    if fields is not None:
        return fields
    if input_shape is None:
        return _measured_on_any(graph, net)
    try:
        return measured(graph, net, input_shape, math.inf)
    except UnfitError as error:
        raise ValueError(
            f"The receptive fields of {type(model).__name__} cannot be measured on an image of "
            f"{' x '.join(map(str, input_shape))}: {error}. Expected are channels, height and width that it takes."
        ) from error


def _measured_on_any(graph: fx.Graph, model: nn.Module) -> Fields:
    """Measured on the first image that fits; on a large one, where that gives a bound only."""
    first = next((module.in_channels for module in model.modules() if isinstance(module, nn.Conv2d)), None)
    refusals = []
    for shape in ((count, side, side) for side in SIDES for count in ((3, 1) if first is None else (first,))):
        try:
            fields = measured(graph, model, shape, MOST)
        except UnfitError as error:
            refusals.append(error)
            continue
        if any(not field.exact for both in fields.values() for field in both):
            with suppress(UnfitError):
                return measured(graph, model, (shape[0], max(SIDES), max(SIDES)), MOST)
        return fields
    raise ValueError(
        f"The receptive fields of {type(model).__name__} have to be measured, and it takes no image of {min(SIDES)} to "
        f"{max(SIDES)} pixels: {refusals[0]}. Expected is an input_shape (channels, height, width) that it takes."
    ) from refusals[0]


def _computed(graph: fx.Graph, model: nn.Module) -> Fields | None:
    """The fields by arithmetic alone; None where a call is not known."""
    states: dict[fx.Node, Map] = {}
    layers: Fields = {}
    for node in graph.nodes:
        before = [states[source] for source in node.all_input_nodes if source in states]
        if node.op == "placeholder":
            states[node] = IMAGE
        elif before and not is_shape(node) and node.op != "output":
            if (state := known(node, model, before)) is None:
                return None
            states[node] = state
        for name in enclosing(node):
            if node in states:
                layers[name] = states[node].down, states[node].across
            else:
                layers.setdefault(name, (BOUND, BOUND))
    return layers
