"""The canvas: whatever ink stands on it, drawn, loaded from the test set or brought by a link, is what the nets see."""

import random
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas
from torch import Tensor

from core import images
from core.data.canvas import from_text, over, to_input, to_text
from core.data.digits import EXAMPLE
from pages.frame import link
from pages.inputs.brush import BRUSH
from pages.inputs.nets import test_images

SIDE = 280  # pixels of the canvas
SHEET, LINKED = "sheet", "sheet-linked"
TEST_IMAGES = 10_000


@dataclass(frozen=True)
class Drawing:
    """What the page is about: an image, and where it comes from."""

    image: Tensor  # (1, 28, 28)
    digit: int | None  # its number, where it is a test image
    about: str  # in words


@dataclass(frozen=True)
class Sheet:
    """One sheet of paper: what is printed on it, and what was drawn on top."""

    number: int = 0  # a new sheet is a new canvas
    example: bool = False  # it is printed as an example, and makes way for the first stroke
    digit: str | None = None  # printed: this image of the test set
    ink: str | None = None  # printed: this image, as `core.data.canvas.to_text` writes it
    initial: dict[str, Any] | None = None  # the strokes that the canvas began with
    drawing: dict[str, Any] | None = None  # the strokes as the canvas saves them
    strokes: np.ndarray | None = None  # the strokes as pixels: uint8 (280, 280, 4)

    @property
    def key(self) -> str:
        """Of the canvas's state in the session."""
        return f"canvas-{self.number}"


def paper() -> Tensor:
    """Draw the canvas and its buttons, and return the input (1, 28, 28) that stands on it.

    Raises ValueError, with a sentence for the page, where no digit stands on the paper or the link's is damaged.
    """
    sheet = _current_sheet()
    printed, digit, ink = None, None, None
    try:
        try:
            printed = _printed(sheet)
        finally:  # a damaged link does not take the canvas away
            sheet = _drawn_on(sheet, printed)
            st.session_state[SHEET] = sheet
            about = st.empty()
            _buttons()
        if sheet.example and _has_strokes(sheet):
            st.session_state[SHEET] = replace(sheet, example=False, digit=None)
            st.rerun()
        image, digit, ink = _read(sheet, printed)
        if digit is not None:
            about.caption(_words(digit, sheet.example))
        if sheet.example:
            digit = None  # a link to nothing shows it, too
        return image
    finally:
        _write_link(digit, ink)


def turn_to(digit: int | None) -> None:
    """A new sheet with a test image printed on it, or with nothing."""
    number = st.session_state.get(SHEET, Sheet()).number + 1
    st.session_state[SHEET] = Sheet(number, digit=None if digit is None else str(digit))


def drawing() -> Drawing:
    """What stands on the paper, for the pages without one: as the link says, or else as the Draw page left it.

    It is written into the link. Where nothing was drawn it is the example. Raises ValueError, with a sentence for the
    page, where the link's is damaged.
    """
    linked = st.query_params.get("digit"), st.query_params.get("ink")
    digit, ink = linked if any(linked) else st.session_state.get(LINKED, (None, None))
    _write_link(digit, ink)
    example = digit is None and ink is None
    digit = str(EXAMPLE) if example else digit
    image = _printed(Sheet(0, digit=digit, ink=ink))
    assert image is not None
    return Drawing(image, None if digit is None else int(digit), _words(digit, example))


def look_at(digit: int) -> None:
    """For the pages without a paper: a test image takes the drawing's place."""
    _write_link(str(digit), None)


def _current_sheet() -> Sheet:
    """The session's sheet, unless a link brought another; laid out anew where a page switch had taken the canvas."""
    sheet: Sheet = st.session_state.get(SHEET, Sheet(example=True, digit=str(EXAMPLE)))
    linked = st.query_params.get("digit"), st.query_params.get("ink")
    lost = link.arrived() and not any(linked)
    if linked != st.session_state.get(LINKED, (None, None)) and not lost:
        return Sheet(sheet.number + 1, False, *linked)
    if sheet.drawing and sheet.key not in st.session_state:
        return replace(sheet, number=sheet.number + 1, initial=sheet.drawing)
    return sheet


def _printed(sheet: Sheet) -> Tensor | None:
    if sheet.digit is not None:
        if not re.fullmatch("[0-9]{1,4}", sheet.digit):
            raise ValueError(
                f"The test images are numbered 0 to {TEST_IMAGES - 1}; the link asks for {sheet.digit[:60]!r}."
            )
        return test_images().images[int(sheet.digit)]
    return None if sheet.ink is None else from_text(sheet.ink)


def _drawn_on(sheet: Sheet, printed: Tensor | None) -> Sheet:
    background = images.blank(SIDE) if printed is None else images.paper(printed, SIDE // 28)
    canvas: CanvasResult = st_canvas(
        stroke_width=st.session_state.get("brush", BRUSH),
        stroke_color="#171512",
        background_image=background,
        initial_drawing=sheet.initial,
        height=SIDE,
        width=SIDE,
        return_image_data=True,
        key=sheet.key,
    )
    if canvas.image_data is None:
        return sheet
    return replace(sheet, drawing=canvas.json_data, strokes=canvas.image_data)


def _buttons() -> None:
    with st.container(horizontal=True, gap="small"):
        show, clear = "Show me a digit", "Clear"
        st.button(show, icon=":material/shuffle:", on_click=lambda: turn_to(random.randrange(TEST_IMAGES)))
        st.button(clear, icon=":material/delete:", on_click=turn_to, args=(None,))


def _words(digit: str | None, example: bool) -> str:
    if digit is None:
        return "Your drawing"
    label = int(test_images().labels[int(digit)])
    said = f"test image {digit}, a{'n' if label == 8 else ''} {label}"
    return f"An example: {said}. Draw your own." if example else said.capitalize()


def _has_strokes(sheet: Sheet) -> bool:
    return sheet.strokes is not None and bool(sheet.strokes[..., 3].any())


def _read(sheet: Sheet, printed: Tensor | None) -> tuple[Tensor, str | None, str | None]:
    """What stands on the paper, and its test image's number or its text for the link.

    The printed image as it is; where there are strokes, both together made into an input.
    """
    if printed is not None and not _has_strokes(sheet):
        return printed, sheet.digit, sheet.ink
    strokes = np.zeros((SIDE, SIDE, 4), np.uint8) if sheet.strokes is None else sheet.strokes
    image = to_input(strokes if printed is None else over(strokes, printed))
    return image, None, to_text(image)


def _write_link(digit: str | None, ink: str | None) -> None:
    st.session_state[LINKED] = digit, ink
    for name, value in (("digit", digit), ("ink", ink)):
        if value is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value
