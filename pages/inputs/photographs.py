"""The photo that the page is about: one of the samples, or the visitor's own."""

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

OWN, KEPT, LAST = "own", "own-photo", "last-photo"  # a visitor's photo stays in the session: the link cannot hold it
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
    if not name:
        return None
    try:
        return _own() if name == OWN else photos.sample(name)
    except ValueError as error:
        notice(error, ":material/image_not_supported:")
        return None


def photo_input(model: str) -> Tensor:
    """The photo for the pages without one: as the link says, or else as the page Photo left it; as that net takes it.

    Without one it is the example. Raises ValueError, with a sentence for the page, where the link's is not there.
    """
    name = st.query_params.get(charts.PHOTO) or st.session_state.get(LAST) or EXAMPLE
    link.put(charts.PHOTO, name)
    return as_input(_own() if name == OWN else photos.sample(name), model)


def as_input(picture: Image.Image, model: str) -> Tensor:
    """A photo as a net takes it: (3, side, side)."""
    spec = find(model)
    return photos.to_input(picture, spec.input_shape[-1], spec.resize)


def _own() -> Image.Image:
    picture: Image.Image | None = st.session_state.get(KEPT)
    if picture is None:
        raise ValueError("The link is about a photo that only its visitor had: photos stay in the session.")
    return picture


def _bring() -> None:
    st.caption("It is read in memory, and forgotten when you leave.")
    st.file_uploader("A file (PNG, JPEG, WebP)", type=["png", "jpg", "jpeg", "webp"], key="file", on_change=_take,
                     args=("file",))  # fmt: skip
    if st.toggle("Camera", key="camera-on"):
        st.camera_input("A picture", key="camera", on_change=_take, args=("camera",))
    if complaint := st.session_state.get("photo-complaint"):
        notice(complaint, ":material/broken_image:")


def _take(widget: str) -> None:
    """Read what was brought; a bad file leaves the page as it was, and a sentence."""
    st.session_state["photo-complaint"] = None
    brought = st.session_state[widget]
    if brought is None:
        return
    try:
        picture = photos.read(brought.getvalue())
        picture.thumbnail((LARGEST, LARGEST))  # a session holds it
        st.session_state[KEPT] = picture
    except ValueError as error:
        st.session_state["photo-complaint"] = str(error)
    else:
        link.put(charts.PHOTO, OWN)


def _samples(chosen: str | None) -> charts.Spec:
    return charts.clickable_sheet(_thumbnails(), charts.PHOTO, list(photos.SAMPLES), selected=chosen, shrink=1.4)


@st.cache_resource(show_spinner=False)
def _thumbnails() -> images.Tiles:
    inputs = [photos.to_input(photos.sample(name), THUMBNAIL) for name in photos.SAMPLES]
    return images.contact_sheet(torch.stack(inputs), len(inputs))
