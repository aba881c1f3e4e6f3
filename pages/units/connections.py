"""Which units a unit reads from, and which read from it, with their own pictures."""

from functools import partial

import streamlit as st
import torch

from core import atlas, charts, images
from core.layers import INPUT, pre_activation
from core.units import Unit
from core.weights import inputs_of, outputs_of
from pages.frame import link
from pages.frame.clickable import clickable
from pages.inputs import nets
from pages.layers.weight_pictures import weights_of

MOST, TILE, ROOM = 3, 56, 84  # units on either side, pixels of a picture, and of the words beside it


def connections(unit: Unit, weights: str, theme: images.Theme) -> None:
    """Draw a first-layer unit's weights, or the units that a deeper one reads from; and those that read from it."""
    net, layers = nets.net(unit.model, weights), nets.layers(unit.model)
    before = pre_activation(layers, unit.layer)
    if before.reads == INPUT:
        weights_of(Unit(unit.model, before.name, unit.index), weights, theme)
    if read := inputs_of(net, layers, unit.layer, unit.index, MOST):
        st.caption(f"By its weights it reads most from these of **{read.layer}**")
        unit_row("excite it", unit.model, read.layer, read.positive, weights, theme)
        unit_row("inhibit it", unit.model, read.layer, read.negative, weights, theme)
    for behind in outputs_of(net, layers, unit.layer, unit.index, MOST):
        st.caption(f"These of **{behind.layer}** read most from it")
        unit_row("are excited", unit.model, behind.layer, behind.positive, weights, theme)
        unit_row("are inhibited", unit.model, behind.layer, behind.negative, weights, theme)


def unit_row(
    word: str, model: str, layer: str, pairs: list[tuple[int, float]], weights: str, theme: images.Theme
) -> None:
    """Draw units of a layer with a number each, in a row that begins with a word; a click on one opens it."""
    if not pairs:
        return
    units = [Unit(model, layer, index) for index, _ in pairs]
    stimuli = [atlas.look_up(unit, weights) for unit in units]
    pictures = [stimulus.image for stimulus in stimuli if stimulus is not None]
    if len(pictures) < len(units):  # no atlas holds them: their names are what is left
        st.caption(f"{word}: " + ", ".join(f"`{layer}/{index}` {weight:+.2g}" for index, weight in pairs))
        return
    side = pictures[0].shape[-1]
    sheet = images.contact_sheet(torch.stack(pictures), len(pictures), max(1, TILE // side))
    numbers = "\n".join(f"{weight:+.2g}" for _, weight in pairs)
    spec = charts.clickable_sheet(
        sheet, charts.UNIT, [str(unit) for unit in units], shrink=max(1.0, side / TILE),
        captions=[f"{word}\n{numbers}"], room=ROOM, theme=theme,
    )  # fmt: skip
    clickable(
        spec, charts.UNIT, f"{word}-{layer}-{model}".replace(".", "-").replace(" ", "-"), partial(link.put, charts.UNIT)
    )
