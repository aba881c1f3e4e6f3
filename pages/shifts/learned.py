"""How many images and updates nets of one size need, on digits and on digits with permuted pixels."""

import streamlit as st

from core import charts, images, learning_curves
from core.learning_curves import CNN, DENSE, LSTM, UNSHARED, UPDATES

WIDTH = 470  # pixels of a chart
FAMILIES = {CNN: "cnn", UNSHARED: "cnn", DENSE: "dense", LSTM: "rnn"}


def learned(theme: images.Theme) -> None:
    """Draw accuracy over images and over updates; nothing where no numbers ship."""
    table = learning_curves.over_seeds()
    if table.empty:
        return
    st.header("How much do they need to learn from?", anchor=False)
    st.markdown(
        f"Nets of one size, each trained with {UPDATES:,} updates on ever more images, without augmentation, and "
        "tested on 10,000 digits. Then all of it again with the pixels permuted, by one fixed permutation: a dense net "
        "cannot notice, and for the others neighbours are neighbours no more. The dashed CNN has a CNN's windows, but "
        "weights of its own at each place."
    )
    most = table.images.max()
    views = (("images", "training images", table[table.updates == UPDATES]),
             ("updates", f"updates, on {most:,} images", table[table.images == most]))  # fmt: skip
    for over, across, rows in views:
        bottom = int(rows.low.min()) // 10 * 10
        with st.container(horizontal=True, gap="medium", key=f"learned-{over}"):
            for permuted in (False, True):
                own = rows[rows.permuted == permuted]
                if own[over].nunique() > 1:  # a point is no curve
                    spec = charts.learning_curves(own, FAMILIES, over, across, permuted, bottom, theme, WIDTH)
                    with st.container(width=WIDTH, key=f"learned-{over}-{permuted}"):
                        st.vega_lite_chart(spec=spec, width="content", key=f"curve-{over}-{permuted}")
