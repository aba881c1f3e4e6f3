"""Inverted layers side by side, each above the untrained twin's, with their numbers."""

from collections.abc import Sequence

import streamlit as st
from PIL import Image
from torch import Tensor

from core import images
from core.models import TWIN, find
from core.studio.inversion import Inversion
from core.studio.made import Made
from core.studio.task import Task
from pages.studio.in_a_row import drawn

DIGIT_SCALE, DIGIT, COLUMN, ROOM, LEAST = 2, 56, 132, 4, 150  # of a digit's pixel; pixels


def true_picture(image: Tensor) -> None:
    """Draw the picture that is inverted."""
    with st.container(width=COLUMN if image.shape[0] == 3 else DIGIT, gap="xsmall"):
        st.caption("given")
        st.image(drawn(image, DIGIT), alt="The picture that is inverted")


def inverted_layers(tasks: Sequence[Task], lasts: Sequence[Made | None]) -> None:
    """Draw a column a layer: the trained net's pictures, one a start, and below them the untrained twin's."""
    recipe: Inversion = tasks[0].recipe
    for place, layer in enumerate(recipe.layers):
        there = [(task, made) for task, made in zip(tasks, lasts, strict=True) if made]
        if not there:
            continue
        with st.container(width=_width(there[0][1], recipe), gap="xsmall"):
            st.caption(f"**{layer}**")
            for task, made in there:
                name = "twin" if task.weights == TWIN else task.weights
                st.image(_sheet(made, recipe, place), alt=f"{task.model} {layer} inverted, {name}")
                st.caption(f"{name}: {_numbers(task, made, place)}" if "error" in made.numbers else name)


def _width(made: Made, recipe: Inversion) -> int:
    """Of a layer's column: photos of several layers stand side by side, those of one are as large as they are."""
    side = made.pictures.shape[1]
    if made.pictures.ndim == 3:
        return max(recipe.starts * (DIGIT_SCALE * side + ROOM), LEAST)
    return COLUMN if len(recipe.layers) > 1 and recipe.starts == 1 else recipe.starts * (side + ROOM)


def _sheet(made: Made, recipe: Inversion, place: int) -> Image.Image:
    own = made.images[place * recipe.starts : (place + 1) * recipe.starts]
    return images.contact_sheet(own, len(own), DIGIT_SCALE if own.shape[1] == 1 else 1).picture.convert("RGB")


def _numbers(task: Task, made: Made, place: int) -> str:
    """A layer's numbers, in words: means over the starts; an untrained net's answer says nothing."""
    starts = task.recipe.starts
    own = {name: values[place * starts : (place + 1) * starts] for name, values in made.numbers.items()
           if isinstance(values, list)}  # fmt: skip
    shown = {"likeness": "likeness", "relative_error": "error", "layer_error": "in the layer"}
    said = [f"{word} {round(sum(own[name]) / starts, 2) + 0.0:.2f}" for name, word in shown.items() if name in own]
    if "spread" in made.numbers:
        said.append(f"spread {made.numbers_of('spread')[place]:.2f}")
    if task.weights != TWIN:
        label = find(task.model).labels[int(own["answer"][0])]
        said.append(f"answer {label}, {100 * own['confidence'][0]:.0f} %")
    if "nearest_error" in own:
        pairs = zip(own["error"], own["nearest_error"], strict=True)
        said.append(f"nearest to the given digit: {sum(mine < other for mine, other in pairs)} of {starts}")
    return " · ".join(said)
