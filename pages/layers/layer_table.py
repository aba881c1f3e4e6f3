"""The parts of a net for photos, as a table."""

import math

from pages.inputs import nets
from pages.inputs.choose_nets import shown_layers


def _how_far(model: str, layer: str) -> str:
    """How many pixels of a row the units of a layer see."""
    fields = nets.fields(model, layer)
    if fields is None:
        return "unknown"
    return "all" if math.isinf(fields[0].size) else f"{fields[0].size:.0f} pixels"


def layer_table(model: str) -> list[dict[str, str | int]]:
    """The parts of a net for photos: names, sizes, and how far each sees."""
    return [
        {
            "layer": layer.name,
            "units": layer.units,
            "maps": " x ".join(map(str, layer.shape[1:])) or "none",
            "receptive field": _how_far(model, layer.name),
        }
        for layer in shown_layers(model)
    ]
