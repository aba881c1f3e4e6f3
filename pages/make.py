"""Six ways to have a net change a photo or a digit: fooling, dreams, inversion, caricature, texture and style."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "make",
    "Let a net change your picture",
    "A photo or a digit is changed by gradient ascent until a net takes it for something else, sees more of what it "
    "saw, or sees the same in another picture. Beside each stands the untrained twin, which does it too: what training "
    "adds is the difference.",
)

with navigation.loading():
    from pages.makings.gallery import ALL, PARTS, gallery
    from pages.studio.subject import choose_subject

theme = st.context.theme.type or "light"
part = st.segmented_control("Technique", [ALL, *PARTS], default=ALL, required=True, key="make", bind="query-params",
                            label_visibility="collapsed")  # fmt: skip
if part == ALL:
    gallery()
elif subject := choose_subject():
    PARTS[part].draw(subject, theme)

with st.expander("How this is computed"):
    for name, each in PARTS.items():
        st.markdown(f"**{name}.** {each.computed}")
