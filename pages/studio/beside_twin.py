"""What was made of one picture by the trained net and by its untrained twin, side by side."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core import images
from core.models import TWIN, find
from core.studio.made import Made
from core.studio.task import Task
from pages.studio.making import DIGIT_SCALE, Making, making, picture
from pages.studio.subject import Subject

Numbers = Mapping[str, float | list[float]]
SMALL, WIDTHS = 112, {"photos": 336, "digits": 224}  # pixels of what it is made from, and of what is made


def pair(subject: Subject, technique: str, model: str, recipe: object) -> list[Making]:
    """The same by the trained net and by its twin."""
    tasks = [Task(technique, model, weights, recipe, (subject.source,)) for weights in ("trained", TWIN)]
    labels = ("trained", "untrained twin")
    return [making(task, label, [subject.image(task.side)]) for task, label in zip(tasks, labels, strict=True)]


def beside_twin(makings: Sequence[Making], caption: Callable[[Numbers], str], lasts: Sequence[Made | None]) -> None:
    """Draw the picture that it began with, small, and both as far as they are, with what their numbers say."""
    with st.container(horizontal=True, gap="medium", key=f"{makings[0].task.technique}-pictures"):
        with st.container(width=SMALL, gap="xsmall"):
            image = makings[0].images[0]
            sees = find(makings[0].task.model).sees
            begun = images.picture(image) if sees == "photos" else images.paper(image, DIGIT_SCALE)
            st.image(begun, width=SMALL, alt="The picture that it begins with")
            st.caption("The picture itself.")
        for each, made in zip(makings, lasts, strict=True):
            if made is None:
                continue  # the button, or a sentence, stands above
            with st.container(width=WIDTHS[sees], gap="xsmall"):
                st.image(picture(made), width=WIDTHS[sees], alt=f"Made by the {each.label} net")
                st.caption(f"**{each.label.capitalize()}.** {caption(made.numbers) if made.numbers else ''}")


def answer(numbers: Numbers, model: str) -> str:
    """What the net says of the picture before and after."""
    labels, said = find(model).labels, []
    for when in ("before", "after"):
        named, sure = numbers[f"class_{when}"], numbers[f"sure_{when}"]
        assert isinstance(named, float) and isinstance(sure, float)
        said.append(f"*{labels[int(named)]}* ({_percent(sure)}\u00a0%)")
    return f"Its answer was {said[0]}, and is {said[1]} now."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.2g}"
