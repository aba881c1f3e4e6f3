"""The panel of one unit: how strongly it answers here, how strongly to the test images, and which it likes most."""

from collections.abc import Callable

import streamlit as st
from torch import Tensor

from core import atlas, charts, examples, images
from core.layers import pre_activation
from core.models import MODELS
from core.stimuli import SIZE, known_optimum
from core.units import Unit
from pages.inputs import canvas, nets
from pages.units.connections import connections
from pages.units.heads import reached_caption, take_apart, telling_caption
from pages.units.strongest import EXAMPLES, strongest, weakest, windows

STIMULUS_SCALE, WIDTH = 3, 280
KINDS = {"": "what it looks for", atlas.WITHOUT: "without a prior", atlas.BARE: "bare optimum"}


def unit_panel(
    unit: Unit, weights: str, rows: int, theme: images.Theme, activation: Tensor | None,
    take: Callable[[int], None] = canvas.turn_to,
) -> None:  # fmt: skip
    """Draw the panel; `activation` is that of the unit's layer for the image on the page, if there is one.

    `rows` are those that the net may read of an image; the number of a clicked test image goes to `take`.
    """
    family = MODELS[unit.model].family
    answers = nets.test_answers(unit.model, weights, rows)[unit.layer]
    best, top = answers.strongest(unit.index, EXAMPLES), float(answers.most.values[unit.index, 0])
    windows(unit, weights, best, answers.most.places[unit.index])
    _stimuli(unit, weights)
    if weights == "trained":
        _several(unit)
    take_apart(unit, weights)
    if bool(answers.broken[unit.index]):
        st.markdown("For some test images it gives no number at all; they are left out.")
    if not len(best):
        st.markdown("No test image excites it.")
        return
    here = None if activation is None else float(examples.peak(activation)[0, unit.index])
    if here is not None:
        cut = f", cut behind row {rows}" if rows < 28 else ""
        of_best = f", {here / top:.2f} of the strongest seen" if top > 0 else ""
        st.markdown(
            f"Its strongest activation for this input is **{here:.3g}**{of_best}: more than for "
            f"**{100 * answers.share_below(unit.index, here):.3g} %** of the test images{cut}."
        )
    title = "strongest activation in an image"
    quantiles = answers.quantiles[unit.index].numpy()
    spread = charts.spread(quantiles, here, title, family, theme, WIDTH, height=150, images=answers.inputs)
    st.vega_lite_chart(spec=spread, width="content", key="spread")
    strongest(unit, weights, rows, answers, take)
    weakest(unit, answers, take)
    connections(unit, weights, theme)


def _several(unit: Unit) -> None:
    """Different pictures of the unit: one that knows two things can show both."""
    found = atlas.several(unit)
    stimulus = atlas.look_up(unit, "trained")
    if found is None or stimulus is None or stimulus.strongest <= 0 or stimulus.dead:
        return
    pictures, reached = found
    shares = [value / stimulus.strongest for value in reached]
    st.image(images.contact_sheet(pictures, atlas.VARIETY, 2).picture, alt="Four different pictures of the unit")
    st.caption(
        f"Four that had to differ from each other: they excite it {min(shares):.2g} to {max(shares):.2g} times as much"
    )


def _stimuli(unit: Unit, weights: str) -> None:
    """What gradient ascent found for the unit, and for its untrained twin: with a prior, without, and the optimum."""
    for name in dict.fromkeys((weights, "untrained")):
        found = {kind: atlas.look_up(unit, name, kind) for kind in KINDS}
        with st.container(horizontal=True, gap="small"):
            for kind, stimulus in found.items():
                if stimulus is not None:
                    with st.container(width=STIMULUS_SCALE * SIZE + 2, gap="xsmall"):
                        picture = images.framed(images.paper(stimulus.image, STIMULUS_SCALE))
                        st.image(picture, alt=f"{name}: {KINDS[kind]}")
                        st.caption(f"{KINDS[kind]} {reached_caption(stimulus)}")
        if found[""] is None:
            st.caption(f"What it looks for was computed for the trained and untrained nets, not for {name}.")
        else:
            st.caption(f"**{name}**, times the best test image. {_known(unit, name)}{telling_caption(unit, name)}")


def _known(unit: Unit, weights: str) -> str:
    """What the optimum reaches of the known one, where the unit is linear in the image."""
    layer, stimulus = pre_activation(nets.layers(unit.model), unit.layer).name, atlas.look_up(unit, weights)
    known = known_optimum(nets.net(unit.model, weights), layer)
    if known is None or stimulus is None or stimulus.optimum is None:
        return ""
    return f"The optimum reaches {100 * stimulus.optimum / float(known[unit.index]):.0f} % of what is possible. "
