"""How many images and updates nets of one size need, on digits and on digits with permuted pixels."""

import pandas as pd
import streamlit as st

from core import charts, images, learning_curves
from core.evidence import sharing
from core.learning_curves import FAMILIES, UPDATES
from pages.shifts.train_one import train_one

WIDTH = 470  # pixels of a chart


def learned(theme: images.Theme) -> None:
    """Draw accuracy over images, over updates and over shifts; nothing where no numbers ship."""
    table = learning_curves.over_seeds()
    if table.empty:
        return
    st.header("Is it sharing weights that helps a CNN, or its windows?", anchor=False)
    st.markdown(f"{sharing.sentence()} {sharing.images_needed()}")
    st.caption(
        f"Nets of one size, each trained with {UPDATES:,} updates on ever more images, without augmentation, and "
        "tested on 10,000 digits. Then all of it again with the pixels permuted, by one fixed permutation: a dense net "
        "cannot notice, and for the others neighbours are neighbours no more. The dashed CNN has a CNN's windows, but "
        "weights of its own at each place: what sharing adds is the CNN less this one, what windows add is this one "
        "less the dense net."
    )
    most = table.images.max()
    _beside_permuted(table[table.updates == UPDATES], "images", "training images", theme)
    _beside_permuted(table[table.images == most], "updates", f"updates, on {most:,} images", theme)
    _shifted(theme)
    train_one(theme)


def _shifted(theme: images.Theme) -> None:
    """Accuracy over shifts, that no training image had."""
    table = learning_curves.over_shifts()
    if table["shift"].nunique() > 1:
        st.markdown(sharing.shifted_sentence())
        for direction, across in (("right", "pixels to the right"), ("down", "pixels down")):
            _beside_permuted(table[table.direction == direction], "shift", across, theme, direction)


def _beside_permuted(rows: pd.DataFrame, over: str, across: str, theme: images.Theme, name: str = "") -> None:
    """Two charts: of digits, and of permuted ones."""
    bottom, key = int(rows.low.min()) // 10 * 10, name or over
    with st.container(horizontal=True, gap="medium", key=f"learned-{key}"):
        for permuted in (False, True):
            own = rows[rows.permuted == permuted]
            if own[over].nunique() > 1:  # a point is no curve
                spec = charts.learning_curves(own, FAMILIES, over, across, permuted, bottom, theme, WIDTH,
                                              logarithmic=over != "shift")  # fmt: skip
                with st.container(width=WIDTH, key=f"learned-{key}-{permuted}"):
                    st.vega_lite_chart(spec=spec, width="content", key=f"curve-{key}-{permuted}")
