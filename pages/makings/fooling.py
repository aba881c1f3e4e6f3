"""Fooling images: how little has to change for a net to say something else."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import images
from core.models import SHUFFLED, TWIN, find
from core.studio import fooling_said
from core.studio.fooling import ON_PHOTOS, SEARCHED, Fooling
from core.studio.made import Made
from core.studio.perturbed import Norm
from core.studio.smallest import DOUBLINGS
from core.studio.task import Task
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.inputs.choose_nets import ONE_OF_EACH
from pages.studio.crossed import digits_crossed, photos_crossed
from pages.studio.fooled import WIDTH, fooled, smallest
from pages.studio.making import Making, show, with_twin
from pages.studio.subject import Subject

COMPUTED = (
    "A picture x goes where the lead of the net's answer over the next falls fastest: "
    "x ← x + α sign(∇ₓ(max of the other logits − the answer's logit)). After each step it is brought back to within "
    "ε of the first picture and into [0, 1] (projected gradient descent, Madry et al. 2018; one step of α = ε is the "
    "fast gradient sign method, Goodfellow, Shlens, Szegedy 2015). Captum's robustness module takes the steps; in L2 "
    "its own go along signs as well, and those here along the gradient. The lead stands in for cross-entropy, whose "
    "gradient is zero where a net is sure of itself. The smallest ε is found by doubling, from "
    f"1/{2**DOUBLINGS:,} of the largest possible, and then between, to 1 %; one below that start is found only to 1 % "
    f"of the start. That of noise is the median of {SEARCHED} draws, the lower of the two in the middle. Steps follow "
    "the runner-up of the moment, so that another class may be a little nearer."
)
ANY, SMALLEST = "any other", "smallest"
NAMES: dict[str, Norm] = {"each pixel": "Linf", "length": "L2"}
SIZES = {
    ("digits", "Linf"): (0.05, 0.1, 0.15, 0.2, 0.3, 0.5), ("digits", "L2"): (0.5, 1.0, 1.5, 2.0, 3.0, 5.0),
    ("photos", "Linf"): (0.004, 0.008, 0.016, 0.03), ("photos", "L2"): (0.5, 1.0, 2.0, 4.0, 8.0),
}  # fmt: skip
USUAL = Fooling()
CHIPS = {"fooling-steps": ("Steps", USUAL.steps), "fooling-step": ("Step size", USUAL.step_size),
         "fooling-seed": ("Seed", USUAL.seed)}  # fmt: skip


def fooling(subject: Subject, theme: images.Theme) -> None:
    """Draw the part of the page."""
    recipe = _choose(subject.sees)
    if subject.sees == "photos":
        task = Task("fooling", "photo", "trained", recipe, (subject.source,))
        makings = with_twin(task, [subject.image(task.side)], ("trained", TWIN, SHUFFLED))
        show(makings, partial(_photo, makings, theme))
    else:
        tasks = [Task("fooling", name, "trained", recipe, (subject.source,)) for name in ONE_OF_EACH]
        makings = [each for task in tasks for each in with_twin(task, [subject.image(task.side)])]
        show(makings, partial(_digit, makings, theme))
    told = ("photo",) if subject.sees == "photos" else ONE_OF_EACH
    st.header(f"Over {fooling_said.of(told[0])}", anchor=False)
    for name in told:
        st.markdown(_measured(name))


@st.cache_data(show_spinner=False)
def _measured(net: str) -> str:
    """What the table says, which takes as long as fooling a net."""
    return fooling_said.sentence(net)


def _choose(sees: str) -> Fooling:
    net = "photo" if sees == "photos" else ONE_OF_EACH[0]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="fooling-switches"):
        labels = find(net).labels
        target = st.selectbox("Into", [ANY, *labels], key=f"fooling-into-{sees}", bind="query-params", width=200)
        name = st.segmented_control("Measured by", list(NAMES), default="each pixel", required=True, key="fooling-norm",
                                    bind="query-params", help=explained("epsilon"))  # fmt: skip
        norm = NAMES[name]
        usual = ON_PHOTOS.epsilon if (sees, norm) == ("photos", "Linf") else SMALLEST
        size = st.select_slider("ε, the size of the change", [SMALLEST, *map(str, SIZES[sees, norm])], str(usual),
                                key=f"fooling-size-{sees}-{norm}", bind="query-params", width=240)  # fmt: skip
        with more(CHIPS):
            steps = st.slider("Steps", 1, 50, USUAL.steps, key="fooling-steps", bind="query-params")
            share = st.slider("Step size, of ε", 0.05, 1.0, USUAL.step_size, 0.05,
                              help="One step of size 1 is the fast gradient sign method.", key="fooling-step",
                              bind="query-params")  # fmt: skip
            seed = st.number_input("Seed of the noise", 0, 9999, USUAL.seed, key="fooling-seed", bind="query-params")
    epsilon = None if size == SMALLEST else float(size)
    return Fooling(None if target == ANY else labels.index(target), norm, epsilon, steps, share, seed)


def _photo(makings: Sequence[Making], theme: images.Theme, lasts: Sequence[Made | None]) -> None:
    _columns(makings, lasts, lasts, theme)
    there = [made for made in lasts if made is not None and "smallest" in made.numbers]
    if len(there) == len(makings):
        photos_crossed(makings, there, theme)


def _digit(makings: Sequence[Making], theme: images.Theme, lasts: Sequence[Made | None]) -> None:
    _columns(makings[::2], lasts[::2], lasts[1::2], theme)
    digits_crossed(ONE_OF_EACH, makings[0].images, makings[0].task.recipe, theme)


def _columns(makings: Sequence[Making], lasts: Sequence[Made | None], twins: Sequence[Made | None],
             theme: images.Theme) -> None:  # fmt: skip
    with st.container(horizontal=True, gap="medium", key="fooling-columns"):
        for each, made, twin in zip(makings, lasts, twins, strict=True):
            with st.container(width=WIDTH, gap="small"):
                fooled(each, made, theme)
                if twin is not made and twin is not None and "smallest" in twin.numbers:
                    st.caption(f"Its untrained twin: {smallest(twin)}")
