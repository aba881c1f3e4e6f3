"""Erase what matters: the answers without the pixels that a method takes for important, and without as many others."""

from collections.abc import Sequence

import streamlit as st
import torch
from torch import Tensor

from core import images
from core.attribution import ATTRIBUTIONS, why_not
from core.trust import erased, importance, random_order
from pages.shared import nets
from pages.shared.explained import ROOM, WIDTH, Question, explained
from pages.shared.net_columns import best_answer

SCALE = 4


def erase(models: Sequence[str], question: Question) -> None:
    """Draw the switches, and each net's answers without important pixels, and without as many that are drawn by lot."""
    st.subheader("Erase what matters", anchor=False)
    with st.container(horizontal=True, gap="medium"):
        names = list(ATTRIBUTIONS)
        method = st.selectbox(
            "By", names, names.index("integrated gradients"), key="by", bind="query-params", width=220
        )
        percent = st.slider("Percent of the ink", 0, 100, 20, step=5, key="percent", bind="query-params", width=260)
    for important in (True, False):
        with st.container(horizontal=True, gap="small", key=f"maps-of-erased-{important}"):
            words = f"without the most important {percent} %" if important else f"without {percent} % by lot"
            st.container(width=ROOM).markdown(f"**{words}**")
            for model in models:
                with st.container(width=WIDTH + 24, gap="xsmall"):
                    _erased(method, model, question, percent / 100, important)


def _erased(method: str, model: str, question: Question, share: float, important: bool) -> None:
    net, target = nets.net(model, question.weights), question.target(model)
    if target is None:
        return
    if reason := why_not(method, net):
        st.caption(reason)
        return
    image = question.image[None]
    if important:
        order = importance(explained(method, model, question.weights, question.image, target, question.baseline))
    else:
        order = random_order(image, 0)
    left = erased(image, order, share)
    st.image(images.framed(images.paper(left[0], SCALE)))
    st.caption(f"{_answer(model, net, image)} → {_answer(model, net, left)}")


def _answer(model: str, net: torch.nn.Module, image: Tensor) -> str:
    with torch.no_grad():
        label, share = best_answer(model, net(image).softmax(1)[0])
    return f"{label} · {share.replace('&gt;', '>')}"
