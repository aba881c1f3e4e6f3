"""The switches: the task, its length, the nets, and how they are trained; all of them stand in the link."""

import streamlit as st

from core.vanishing.nets import NETS, USUAL
from core.vanishing.tasks import ROWS, TASKS
from core.vanishing.train import MOST_UNITS, MOST_UPDATES, Setup
from pages.frame.glossary import explained
from pages.frame.more import more

NORMAL = Setup()
LENGTHS = {"adding": ("Numbers to read", NORMAL.length), "recall": ("Blanks", 10)}
CHIPS = {
    "train-units": ("LSTM units", NORMAL.hidden), "train-rate": ("Learning rate", NORMAL.rate),
    "train-updates": ("Updates", NORMAL.updates), "train-seed": ("Seed", NORMAL.seed),
    "train-clip": ("Clipped gradients", NORMAL.clip),
}  # fmt: skip


def choose() -> Setup:
    """Draw the switches; what they ask for.

    Raises ValueError, with a sentence for the page, where no net is chosen.
    """
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="train-switches"):
        task = st.segmented_control("Task", list(TASKS), default=NORMAL.task, required=True, key="train-task",
                                    bind="query-params")  # fmt: skip
        chosen = st.pills("Nets", list(NETS), selection_mode="multi", default=list(USUAL),
                          key="train-nets", bind="query-params")  # fmt: skip
        length = _length(task)
        with more(CHIPS):
            hidden, rate, updates, seed, clip = _training()
    if not chosen:
        raise ValueError("No net is chosen: choose some to train them.")
    nets = tuple(name for name in NETS if name in chosen)
    return Setup(task, length, hidden, rate, updates, seed, clip, nets)


def _length(task: str) -> int:
    """Each task has its own; of digits always as many as there are rows."""
    if task not in LENGTHS:
        return ROWS
    label, usual = LENGTHS[task]
    return st.slider(label, TASKS[task].shortest, TASKS[task].longest, usual, key=f"train-length-{task}",
                     bind="query-params", width=240)  # fmt: skip


def _training() -> tuple[int, float, int, int, bool]:
    with st.container(horizontal=True, gap="small"):
        hidden = st.number_input("LSTM units", 1, MOST_UNITS, NORMAL.hidden, key="train-units", bind="query-params",
                                 width=120, help="The other nets get as many parameters.")  # fmt: skip
        rate = st.number_input("Learning rate", 1e-5, 1e6, NORMAL.rate, format="%g", step=0.01, key="train-rate",
                               bind="query-params", width=140, help=explained("learning rate"))  # fmt: skip
        seed = st.number_input("Seed", 0, 9999, NORMAL.seed, key="train-seed", bind="query-params", width=120,
                               help=explained("seed"))  # fmt: skip
    updates = st.slider("Updates", 100, MOST_UPDATES, NORMAL.updates, 100, key="train-updates", bind="query-params",
                        width=240)  # fmt: skip
    clip = st.checkbox("Clip gradients at a norm of 1", NORMAL.clip, key="train-clip", bind="query-params")
    return hidden, rate, updates, seed, clip
