"""The photo that the page is about: one of the samples, or the visitor's own."""

from collections.abc import Callable

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from core import charts, images
from core.data import photos
from core.models import find
from pages.frame import link
from pages.frame.clickable import clickable
from pages.frame.notice import notice

OWN, LAST = "own", "last-photo"  # a visitor's photo stays in the session: the link cannot hold it
KEPT, KEPT_STYLE = "own-photo", "own-style"  # where in the session
EXAMPLE = next(iter(photos.SAMPLES))
THUMBNAIL, LARGEST = 112, 1200  # pixels


def choose_photo(example: str | None = None) -> Image.Image | None:
    """Draw the samples and the ways to bring a photo, and return the one that the link names, or else the example."""
    name = link.get(charts.PHOTO) or example
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="photos"):
        clickable(_samples(name), charts.PHOTO, "samples", lambda name: link.put(charts.PHOTO, name))
        with st.popover("Your own photo", icon=":material/add_a_photo:"):
            _bring()
    st.session_state[LAST] = name
    return _named(name, photos.sample, KEPT) if name else None


def choose_style_image(example: str) -> tuple[str, Image.Image] | None:
    """Draw the pictures with a style and a way to bring one; return the one that the link names, or else the example.

    None where it is not there, which has been said.
    """
    name = link.get(charts.STYLE) or example
    st.caption("In the style of")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="styles"):
        clickable(_styles(name), charts.STYLE, "style-images", lambda name: link.put(charts.STYLE, name))
        with st.popover("Your own style image", icon=":material/palette:"):
            _upload(charts.STYLE, KEPT_STYLE)
    picture = _named(name, photos.style_image, KEPT_STYLE)
    return (name, picture) if picture else None


def _named(name: str, find: Callable[[str], Image.Image], kept: str) -> Image.Image | None:
    """The one of that name, or the visitor's own that is kept there; None where there is none, which is said."""
    try:
        return _own(kept) if name == OWN else find(name)
    except ValueError as error:
        notice(error, ":material/image_not_supported:")
        return None


def photo_input(model: str) -> Tensor:
    """The photo for the pages without one: as the link says, or else as the page Photo left it; as that net takes it.

    Without one it is the example. Raises ValueError, with a sentence for the page, where the link's is not there.
    """
    name = st.query_params.get(charts.PHOTO) or st.session_state.get(LAST) or EXAMPLE
    link.put(charts.PHOTO, name)
    return as_input(_own(KEPT) if name == OWN else photos.sample(name), model)


def as_input(picture: Image.Image, model: str) -> Tensor:
    """A photo as a net takes it: (3, side, side)."""
    spec = find(model)
    return photos.to_input(picture, spec.input_shape[-1], spec.resize)


def _own(kept: str) -> Image.Image:
    picture: Image.Image | None = st.session_state.get(kept)
    if picture is None:
        raise ValueError("The link is about a photo that only its visitor had: photos stay in the session.")
    return picture


def _bring() -> None:
    _upload(charts.PHOTO, KEPT)
    if st.toggle("Camera", key="camera-on"):
        st.camera_input("A picture", key="camera", on_change=_take, args=("camera", charts.PHOTO, KEPT))


def _upload(name: str, kept: str) -> None:
    st.caption("It is held in memory only, and forgotten some time after you leave.")
    key = f"file-{name}"
    st.file_uploader("A file (PNG, JPEG, WebP)", type=["png", "jpg", "jpeg", "webp"], key=key, on_change=_take,
                     args=(key, name, kept))  # fmt: skip
    if complaint := st.session_state.get(f"{name}-complaint"):
        notice(complaint, ":material/broken_image:")


def _take(widget: str, name: str, kept: str) -> None:
    """Read what was brought; a bad file leaves the page as it was, and a sentence."""
    st.session_state[f"{name}-complaint"] = None
    brought = st.session_state[widget]
    if brought is None:
        return
    try:
        picture = photos.read(brought.getvalue())
        picture.thumbnail((LARGEST, LARGEST))  # a session holds it
        st.session_state[kept] = picture
    except ValueError as error:
        st.session_state[f"{name}-complaint"] = str(error)
    else:
        link.put(name, OWN)


def _samples(chosen: str | None) -> charts.Spec:
    names = tuple(photos.SAMPLES)
    return charts.clickable_sheet(
        _thumbnails(names), charts.PHOTO, names, about="Sample photos", selected=chosen, shrink=1.4
    )


def _styles(chosen: str) -> charts.Spec:
    names = (*photos.STYLES, *photos.SAMPLES)
    return charts.clickable_sheet(
        _thumbnails(names), charts.STYLE, names, about="Style images", selected=chosen, shrink=2.0
    )


@st.cache_resource(show_spinner=False)
def _thumbnails(names: tuple[str, ...]) -> images.Tiles:
    inputs = [photos.to_input(photos.style_image(name), THUMBNAIL) for name in names]
    return images.contact_sheet(torch.stack(inputs), len(inputs))
