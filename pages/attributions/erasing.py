"""Erase what matters: the answers without the ink that a method finds important, and without as much other ink."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from core import charts, images
from core.attribution import ATTRIBUTIONS
from core.models import find
from core.trust.controls import at_random, image_itself
from core.trust.numbers import erased, fall, importance
from pages.attributions.one_map import Explaining, why_nothing
from pages.attributions.question import ROOM, WIDTH, Question
from pages.frame.glossary import explained
from pages.layers.digit_columns import best_answer
from pages.layers.net_head import net_head

SCALE, STEPS, DRAWS = 4, 21, 5  # enlarges a digit; points of a curve; random orders


def erase(models: Sequence[str], question: Question, theme: images.Theme) -> None:
    """Draw the switches, and how each net's answer falls without important ink, and without as much other ink."""
    st.header("Erase what matters", anchor=False, help=explained("deletion and insertion"))
    with st.container(horizontal=True, gap="medium"):
        names = list(ATTRIBUTIONS)
        method = st.selectbox(
            "By", names, names.index("integrated gradients"), key="by", bind="query-params", width=220
        )
        percent = st.slider("Percent of the ink", 0, 100, 20, step=5, key="percent", bind="query-params", width=260)
    maps = [question.map_of(method, model) for model in models]
    reasons = [why_nothing(map_) for map_ in maps]
    what = "the answer's share" if question.about is None else "the share of what is explained"
    rows: dict[str, Callable[[Explaining], None]] = {
        f"without the most important {percent} %": lambda map_: _left(map_, map_.found(), percent),
        f"without the darkest {percent} %": lambda map_: _left(map_, image_itself(map_.pixels()), percent),
        f"without {percent} % at random": lambda map_: _left(map_, at_random(map_.pixels()), percent),
        f"{what}; dashed: the darkest first, dotted: at random": lambda map_: _falls(map_, percent, theme),
    }
    with st.container(key="erased"):
        with st.container(horizontal=True, gap="small", key="maps-of-erased"):
            st.container(width=ROOM).caption("The answer before, and after.")
            for model in models:
                with st.container(width=WIDTH + 24):
                    net_head(model, "")
        for place, (words, draw) in enumerate(rows.items()):
            with st.container(horizontal=True, gap="small", key=f"maps-of-erased-{place}"):
                st.container(width=ROOM).markdown(f"**{words}**")
                for map_, reason in zip(maps, reasons, strict=True):
                    with st.container(width=WIDTH + 24, gap="xsmall"):
                        if reason:
                            st.caption(reason)
                        elif map_:
                            draw(map_)


def _left(map_: Explaining, found: Tensor, percent: int) -> None:
    image = map_.pixels()
    left = erased(image, importance(found), percent / 100)
    st.image(images.framed(images.paper(left[0], SCALE)), alt=f"The digit without {percent} % of its ink")
    st.caption(f"{_answer(map_, image)} → {_answer(map_, left)}")


def _answer(map_: Explaining, image: Tensor) -> str:
    with torch.no_grad():
        label, share = best_answer(map_.model, map_.net()(image).softmax(1)[0])
    return f"{label} · {share.replace('&gt;', '>')}"


def _falls(map_: Explaining, percent: int, theme: images.Theme) -> None:
    spec = charts.falls(_curves(map_), percent / 100, find(map_.model).family, theme)
    st.vega_lite_chart(spec, key=f"falls-{map_.model}", width="content")


@st.cache_data(max_entries=64, show_spinner=False)
def _curves(map_: Explaining) -> dict[str, list[float]]:
    """What is left of the answer by the map, by the image itself, and on the mean of several random orders."""
    image, gone = map_.pixels(), np.linspace(0, 1, STEPS).tolist()

    def left(found: Tensor) -> Tensor:
        return fall(map_.net(), image, map_.target, importance(found), gone)

    drawn = torch.stack([left(at_random(image, draw)) for draw in range(DRAWS)]).mean(0)
    curves = left(map_.found()), left(image_itself(image)), drawn
    return {kind: values.tolist() for kind, values in zip(charts.KINDS, curves, strict=True)}
