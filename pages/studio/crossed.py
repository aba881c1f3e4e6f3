"""Does the picture that fools one net fool the others: each net's answer to each picture, at one epsilon."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from torch import Tensor

from core import charts
from core.images import Theme
from core.models import SHUFFLED, TWIN, find
from core.studio.fooling import Fooling, beside, rounded, sizes, transfer, unguided
from core.studio.fooling_said import short
from core.studio.made import Made
from pages.inputs import nets
from pages.studio.making import Making

COMMON = {"Linf": 0.2, "L2": 3.0}  # of digits, where no epsilon is chosen
WIDTH = 342  # pixels: of a phone
GRADIENTS = {"trained": "{}", TWIN: "{}, untrained", SHUFFLED: "{}, shuffled"}  # whose gradient the picture follows


def digits_crossed(models: Sequence[str], image: Tensor, recipe: Fooling, theme: Theme) -> None:
    """Draw what the nets for digits answer to each other's pictures, and to those of their controls."""
    epsilon = recipe.epsilon or COMMON[recipe.norm]
    _draw(_of_digits(tuple(models), image, recipe, epsilon), f"{epsilon:g}", "All at", theme)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _of_digits(models: tuple[str, ...], image: Tensor, recipe: Fooling, epsilon: float) -> pd.DataFrame:
    sources = {name.format(model): nets.net(model, weights) for weights, name in GRADIENTS.items() for model in models}
    asked = {model: nets.net(model, "trained") for model in models}
    return _labelled(transfer(asked, image, beside(sources, image, recipe, epsilon)), find(models[0]).labels)


def photos_crossed(makings: Sequence[Making], mades: Sequence[Made], theme: Theme) -> None:
    """Draw what the net, its twin and its shuffled self answer to each other's pictures, all as files hold them."""
    task = makings[0].task
    epsilon = task.recipe.epsilon
    if epsilon is None:
        st.caption("To show the picture of one net to the others, choose an ε: the smallest ones differ.")
        return
    pictures = {each.label: made.images[:1] for each, made in zip(makings, mades, strict=True)}
    image = makings[0].images
    pictures |= {name: rounded(each) for name, each in unguided(image, task.recipe, epsilon).items()}
    reach = " to ".join(dict.fromkeys(map(short, sizes(image, pictures, task.recipe.norm))))
    weights = {each.label: each.task.weights for each in makings}
    _draw(_of_photos(task.model, weights, image, pictures), reach,
          "All rounded to 8 bits a pixel, as files hold them, which makes", theme)  # fmt: skip


@st.cache_data(max_entries=16, show_spinner="Showing the pictures to the nets ...", hash_funcs=nets.BY_VALUE)
def _of_photos(model: str, weights: dict[str, str], image: Tensor, pictures: dict[str, Tensor]) -> pd.DataFrame:
    asked = {label: nets.net(model, own) for label, own in weights.items()}
    return _labelled(transfer(asked, image, pictures), find(model).labels)


def _labelled(table: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    return table.assign(label=[labels[said] for said in table.after], flipped=table.before != table.after)


def _draw(table: pd.DataFrame, epsilon: str, all_are: str, theme: Theme) -> None:
    st.header("Does the picture of one net fool the others?", anchor=False)
    st.vega_lite_chart(spec=charts.transfers(table, f"Answers at ε {epsilon}", theme, WIDTH), width="content",
                       key="fooling-transfers")  # fmt: skip
    st.caption(
        f"A row a picture, a column a net: what it answers, in full colour where that is another answer than to the "
        f"first picture. {all_are} ε {epsilon}; a row is named after the net whose gradient the change follows."
    )
