"""How many pixels a unit of a layer can see at all: computed where all calls are known, else measured or refused."""

from torch import fx, nn

from core.layers import shell
from core.measures.field import ALL, BOUND, IMAGE, Field, Map
from core.measures.known_fields import is_shape, known
from core.measures.measured_fields import measured
from core.models.tracing import enclosing, traced

__all__ = ["ALL", "Field", "receptive_fields"]


def receptive_fields(
    model: nn.Module, input_shape: tuple[int, int, int] | None = None
) -> dict[str, tuple[Field, Field]]:
    """The fields of all layers of a net that takes images, as it is in eval mode, by their names, down and across.

    Exact, or else a bound that says so. Squeezing (an average over the whole map that is multiplied back) lets units
    see everything, and what flattens a map or reads all of it sees everything. A net in which every call is known is
    not run. Otherwise it is measured with an image of `input_shape`, or of the first of a few shapes that it takes;
    then what every unit sees all of counts as everything. Raises ValueError for a net that torch.fx cannot trace,
    that takes none of these shapes, or that makes a call whose dependence on its input cannot be measured.
    """
    net = shell(model).eval()
    graph = traced(net)
    return _computed(graph, net) or measured(graph, net, input_shape)


def _computed(graph: fx.Graph, model: nn.Module) -> dict[str, tuple[Field, Field]] | None:
    """The fields by arithmetic alone; None where a call is not known."""
    states: dict[fx.Node, Map] = {}
    layers: dict[str, tuple[Field, Field]] = {}
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
