"""Which part of a photo did it: maps over the photo, and what can be cut out by them; slow ones are jobs."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from core import images
from core.attribution import ATTRIBUTIONS, COMPARING, COMPLETE, Target, occlusion, why_not
from core.models import find
from core.segmentation import segment
from core.trust import completeness_gap, importance
from pages.shared import nets
from pages.shared.choose_nets import choose_net, choose_weights
from pages.shared.explained import ABSOLUTE, POSITIVE, SIGNED, explained
from pages.shared.heads import net_head
from pages.shared.jobs import Records
from pages.shared.long_work import said_if_full, scheduler, start, watcher
from pages.shared.missing_weights import weights_at_hand
from pages.shared.photographs import as_input, choose_photo

BEGIN = ["saliency", "SmoothGrad", "guided backprop", "DeepLift", "Grad-CAM"]
SLOW = ("integrated gradients", "gradient SHAP", "occlusion", "feature ablation", "Shapley sampling", "kernel SHAP")
COARSE = 4  # times as large are the squares of the first pass of an occlusion
SIDE, POLL, DIM = 240, 0.7, 0.15  # pixels of a map on the page, seconds, what is left of what is not cut out
RUNNING = "explaining"


@dataclass(frozen=True)
class Explaining:
    """A map that takes seconds: a job."""

    method: str
    model: str
    weights: str
    image: bytes
    target: Target
    baseline: str

    def run(self) -> Records:
        """The map; of an occlusion a coarse one before."""
        side = find(self.model).input_shape[-1]
        image = torch.frombuffer(bytearray(self.image), dtype=torch.float32).view(1, 3, side, side)
        net, options = nets.net(self.model, self.weights), {"baseline": self.baseline}
        if self.method == "occlusion":
            yield occlusion(net, image, self.target, self.baseline, coarse=COARSE)
        yield ATTRIBUTIONS[self.method](net, image, self.target, **options if self.method in COMPARING else {})


def photo_explained(methods: list[str], baseline: str, shown: str, opacity: float, theme: images.Theme) -> None:
    """Draw the samples, the net's switches, and a map over the photo for each method."""
    picture = choose_photo()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        model, wanted = choose_net(), choose_weights()
        weights = weights_at_hand([model], wanted)
        cut = st.toggle("Cut out what it found", key="cut", bind="query-params")
    if picture is None:
        st.info("Choose a photo, and see which part of it did it.", icon=":material/touch_app:")
        return
    image = as_input(picture, model)
    target, said = _choose_class(model, weights, image)
    net_head(model, said)
    said_if_full()
    if baseline == "mean digit":
        baseline = "black"
    with st.container(horizontal=True, gap="small", key="photo-maps"):
        st.container(width=SIDE).image(images.picture(image), width=SIDE - 8)
        for method in methods:
            with st.container(width=SIDE, gap="xsmall"):
                st.markdown(f"**{method}**")
                job = Explaining(method, model, weights, image.numpy().tobytes(), target, baseline)
                _tile(job, image, shown, opacity, cut, theme)


def _choose_class(model: str, weights: str, image: Tensor) -> tuple[Target, str]:
    """The class that is explained, one of the five likeliest, and what the net says of it."""
    with torch.no_grad():
        shares = nets.net(model, weights)(image[None]).softmax(1)[0]
    best, labels = shares.topk(5), find(model).labels
    names = {labels[index]: index for index in best.indices.tolist()}
    name = st.selectbox("What is explained", names, key="class", bind="query-params", width=260)
    last = nets.layers(model)[-1].name
    return Target(last, names[name]), f"{weights} · {name}, {100 * float(shares[names[name]]):.1f} %"


def _tile(job: Explaining, image: Tensor, shown: str, opacity: float, cut: bool, theme: images.Theme) -> None:
    if reason := why_not(job.method, nets.net(job.model, job.weights)):
        st.caption(reason)
        return
    if job.method not in SLOW:
        found = explained(job.method, job.model, job.weights, image, job.target, job.baseline)
        _draw(job, image, found, shown, opacity, cut, theme)
        return
    state = scheduler().look(job, watcher())
    running = state is not None and not state.over
    if running:
        st.session_state[f"{RUNNING}-{job.method}"] = True
        st.button("Cancel", key=f"cancel-{job.method}", on_click=scheduler().cancel, args=(job, watcher()))
    elif state is None or state.state != "done":
        st.button("Compute", key=f"compute-{job.method}", icon=":material/play_arrow:", on_click=start,
                  args=(scheduler(), job, job.run), help="It takes 3 to 60 seconds.")  # fmt: skip
    st.fragment(_live, run_every=POLL if running else None)(job, image, shown, opacity, cut, theme)


def _live(job: Explaining, image: Tensor, shown: str, opacity: float, cut: bool, theme: images.Theme) -> None:
    state = scheduler().look(job, watcher())
    if state is None:
        return
    if state.state == "failed":
        st.caption("It broke off. Compute it again, or choose another class.")
    if not state.over:
        st.caption(f"Number {state.position} in line." if state.state == "waiting" else "Computing ...")
    if state.records:
        _draw(job, image, state.records[-1], shown, opacity, cut, theme)
    if state.over and st.session_state.pop(f"{RUNNING}-{job.method}", False):
        st.rerun()


def _draw(
    job: Explaining, image: Tensor, found: Tensor, shown: str, opacity: float, cut: bool, theme: images.Theme
) -> None:
    if cut:
        spoken_for = found.clamp(min=0) if job.method == "Grad-CAM" else found
        try:
            thing = segment(image, importance(spoken_for)[0].view(image.shape[1:]))
        except ValueError as error:
            st.caption(str(error))
            return
        st.image(images.picture(image * (DIM + (1 - DIM) * thing)), width=SIDE - 8)
        st.caption(f"{100 * float(thing.float().mean()):.0f} % of the photo")
        return
    summed = found[0].sum(0)
    values = {SIGNED: summed, ABSOLUTE: summed.abs(), POSITIVE: summed.clamp(min=0)}[shown]
    sheet = images.overlay(image, values, opacity, 1, theme)
    st.image(sheet.picture.convert("RGB"), width=SIDE - 8)
    words = f"{'±' if sheet.signed else '0 to '}{sheet.limit:.2g}"
    if job.method in COMPLETE:
        net = nets.net(job.model, job.weights)
        gap = float(completeness_gap(net, image[None], job.target, found, job.baseline))
        words += f" · adds up to {float(found.sum()):.2f} of {float(found.sum()) - gap:.2f}"
    st.caption(words)
