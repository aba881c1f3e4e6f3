"""Which part of a photo did it: maps over the photo, and what can be cut out by them; slow ones are jobs."""

from functools import partial

import streamlit as st
import torch
from torch import Tensor

from core import images
from core.attribution import FORMING
from core.attribution.outcome import Forming, Target
from core.models import find
from core.segmentation import segment
from core.trust.numbers import importance
from pages.attributions.choose_maps import Chosen
from pages.attributions.one_map import SIGNED, Explaining, Looks, nothing_in
from pages.attributions.trust_here import measure
from pages.inputs import nets
from pages.inputs.missing_weights import weights_at_hand
from pages.inputs.photographs import EXAMPLE, as_input, choose_photo
from pages.jobs.long_work import long_work
from pages.jobs.scheduler import View
from pages.layers.net_head import net_head

SIDE, DIM = 240, 0.15  # pixels of a map on the page; what is left of what is not cut out


def photo_explained(chosen: Chosen) -> None:
    """Draw the samples, and a map over the photo for each method."""
    (model,) = chosen.models
    weights = weights_at_hand([model], chosen.weights)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        with st.container(width="content"):
            picture = choose_photo(EXAMPLE)
        if picture is None:  # the link's is not there, which has been said
            return
        image = as_input(picture, model)
        target, said = _choose_class(model, weights, image)
    net_head(model, said)
    maps = [
        Explaining(method, model, weights, image.numpy().tobytes(), target, chosen.baseline)
        for method in chosen.methods
    ]
    with st.container(horizontal=True, gap="small", key="photo-maps"):
        st.container(width=SIDE).image(images.picture(image), width=SIDE - 8)
        for map_ in maps:
            with st.container(width=SIDE, gap="xsmall"):
                st.markdown(f"**{map_.method}**")
                _tile(map_, image, chosen.looks, chosen.cut)
    measure(maps, "photo", chosen.looks.theme)


def _choose_class(model: str, weights: str, image: Tensor) -> tuple[Target, str]:
    """The class that is explained, one of the five likeliest, and what the net says of it."""
    with torch.no_grad():
        shares = nets.net(model, weights)(image[None]).softmax(1)[0]
    best, labels = shares.topk(5), find(model).labels
    names = {labels[index]: index for index in best.indices.tolist()}
    name = st.selectbox("What is explained", names, key="class", bind="query-params", width=260)
    last = nets.layers(model)[-1].name
    return Target(last, names[name]), f"{weights} · {name}, {100 * float(shares[names[name]]):.1f} %"


def _tile(map_: Explaining, image: Tensor, looks: Looks, cut: bool) -> None:
    if reason := map_.why_not():
        st.caption(reason)
    elif map_.method in FORMING:
        draw = partial(_live, map_, image, looks, cut)
        long_work(
            [map_],
            "Compute",
            draw,
            key=map_.method,
            help="It takes 1 to 20 seconds, eight times as long with noise to compare with; it can be watched.",
        )
    else:
        _draw(map_, image, map_.finished(), looks, cut)


def _live(map_: Explaining, image: Tensor, looks: Looks, cut: bool, views: list[View | None]) -> None:
    (job,) = views
    if job is None or not job.records:
        return
    if not job.over:
        st.progress(job.records[-1].done)
    elif job.state != "done":
        st.caption("It was stopped before it was finished.")
    _draw(map_, image, job.records[-1], looks, cut)


def _draw(map_: Explaining, image: Tensor, forming: Forming, looks: Looks, cut: bool) -> None:
    found = forming.found
    if nothing := nothing_in(found):
        st.caption(nothing)
        return
    if cut:
        spoken_for = found.clamp(min=0) if map_.method == "Grad-CAM" else found
        try:
            thing = segment(image, importance(spoken_for)[0].view(image.shape[1:]))
        except ValueError as error:
            st.caption(str(error))
            return
        st.image(images.picture(image * (DIM + (1 - DIM) * thing)), width=SIDE - 8)
        st.caption(f"{100 * float(thing.float().mean()):.0f} % of the photo")
        return
    values = looks.of(found[0].sum(0))
    sheet = (images.overlay(image, values, looks.opacity, 1) if looks.shown == SIGNED
             else images.highlighted(image, values, looks.opacity))  # fmt: skip
    st.image(sheet.picture.convert("RGB"), width=SIDE - 8)
    st.caption(map_.words(forming, sheet))
