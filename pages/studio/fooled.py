"""One net that is fooled: its picture, the change, noise of the same size, and how its answer went."""

import math

import streamlit as st
from PIL import Image

from core import charts, images
from core.models import find
from core.studio.fooling import SEARCHED
from core.studio.fooling_said import short
from core.studio.made import Made
from pages.layers.net_head import net_head
from pages.studio.in_a_row import drawn
from pages.studio.making import Making

WIDTH, TILE = 300, 140  # pixels of a column, and of each of its four pictures


def fooled(making: Making, made: Made | None, theme: images.Theme) -> None:
    """Draw a net's column, or its head and the picture where nothing is made yet."""
    if made is None:
        net_head(making.task.model, making.label)
        st.image(drawn(making.images[0], TILE), width=TILE, alt="the picture")
        return
    labels, numbers = find(making.task.model).labels, made.numbers
    before, after, label = (labels[int(made.number(name))] for name in ("before", "after", "label"))
    share = made.number("share")
    changed = f"now {after}" if after != before else f"still {before}"
    photo = made.pictures.ndim == 4
    about = f'<div><span class="label">{after}</span><span class="share">{_percent(share)}</span></div>'
    net_head(making.task.model, making.label, "" if photo else about)  # names of things are long
    pictures = [
        (drawn(making.images[0], TILE), f"{before}, {_percent(made.numbers_of('of_before')[0])}"),
        (drawn(made.images[0], TILE), f"**{changed}**, {_percent(share)}"),
        (_change(made, theme), _about_change(made)),
        (drawn(made.images[2], TILE), f"noise of that size{_noise(made)}"),
    ]
    for pair in (pictures[:2], pictures[2:]):
        with st.container(horizontal=True, gap="small"):
            for picture, caption in pair:
                with st.container(width=TILE, gap="xsmall"):
                    st.image(picture, width=TILE, alt=caption.replace("*", ""))
                    st.caption(caption)
    spec = charts.confidences(made.numbers_of("of_before"), made.numbers_of("of_label"), (before, label), making.label,
                              find(making.task.model).family, theme, WIDTH)  # fmt: skip
    st.vega_lite_chart(spec=spec, width="content", key=f"fooling-steps-{making.task.model}-{making.task.weights}")
    if "smallest" in numbers:
        st.caption(told(made))


def smallest(made: Made) -> str:
    """By how little it is fooled, and by how much noise."""
    own, noise = made.number("smallest"), made.number("noise_smallest")
    if math.isinf(own):
        return "no change within the range of pixels fools it by these steps."
    told = f"the smallest ε that fools it is **{short(own)}**"
    if math.isinf(noise):
        return f"{told}; at no size tried does noise fool it in half of {SEARCHED} draws."
    return f"{told}; noise needs {short(noise)}, {short(noise / own)} times that."


def told(made: Made) -> str:
    """The same, and what becomes of the picture shown."""
    sentence = smallest(made)
    if made.numbers["fooled"] and not made.numbers["rounded_fooled"]:
        sentence += " Rounded to 8 bits a pixel, as files hold it, the picture shown no longer fools it."
    if not made.numbers["fooled"] and made.number("smallest") < made.number("epsilon"):
        sentence += " With the ε shown, and steps that much longer, it is missed."
    return sentence[0].upper() + sentence[1:]


def _noise(made: Made) -> str:
    return f": fools in {100 * made.number('noise_flips'):.0f}\u00a0%" if "noise_flips" in made.numbers else ""


def _change(made: Made, theme: images.Theme) -> Image.Image:
    """Of digits in the colours of signed values, more ink orange; of photos about grey, each colour as it changed."""
    if made.pictures.ndim == 4:
        return images.picture(made.images[1])
    values = made.images[1][0].numpy() - 0.5
    return images.enlarged(Image.fromarray(images.colourise(values, 0.5, theme, signed=True)), TILE)


def _about_change(made: Made) -> str:
    size = made.number("linf")
    enlarged = f", × {short(0.5 / size)}" if size else ""
    colours = "" if made.pictures.ndim == 4 else ": orange is more ink, purple less"
    return f"the change, ε {short(made.number('epsilon'))}{enlarged}{colours}"


def _percent(share: float) -> str:
    return "> 99.9\u00a0%" if share > 0.9995 else f"{100 * share:.1f}\u00a0%"
