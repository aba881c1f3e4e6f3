"""Pictures side by side, each with its caption."""

from collections.abc import Sequence

import streamlit as st
from PIL import Image
from torch import Tensor

from core import images

WIDTH = 168  # pixels of a picture on the page, six times a digit's: a phone has room for two


def in_a_row(pictures: Sequence[tuple[Image.Image | Tensor | None, str]], key: str, width: int = WIDTH) -> None:
    """Draw pictures, or tensors (channels, side, side) in [0, 1], with captions; None, which is not there yet, empty.

    What has no room stands in the next row.
    """
    with st.container(horizontal=True, gap="small", key=key):
        for picture, caption in pictures:
            with st.container(width=width, gap="xsmall"):
                st.image(drawn(picture, width), width=width, alt=caption)
                st.caption(caption)


def drawn(picture: Image.Image | Tensor | None, width: int) -> Image.Image:
    """A photo as it is; a digit as ink on paper, enlarged by a whole factor; a frame for what is not there."""
    if picture is None:
        return images.framed(images.blank(width - 2))
    if isinstance(picture, Image.Image):
        return picture
    if picture.shape[0] == 1:
        return images.enlarged(images.paper(picture), width)
    return images.picture(picture)
