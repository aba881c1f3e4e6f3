"""How do we know? The claims about depth, each with its verdict, and all the numbers behind it."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "evidence",
    "How do we know?",
    "How do we know that networks learn small, basic features first and build complex ones from them? Eleven claims "
    "carry that story; here is what becomes of each.",
)

with navigation.loading():
    from pages.claims.claim_list import answer, claim_list
    from pages.claims.formulas import RULE
    from pages.claims.measure_it import measure_it
    from pages.claims.open_claim import open_claim
    from pages.claims.referee import referee
    from pages.fields import touch

theme = st.context.theme.type or "light"
answer()
claim_list(theme, lambda name: open_claim(name, theme))
referee(theme)
touched = st.expander("Touch a receptive field", key="touch", on_change="rerun", bind="query-params")
if touched.open:
    with touched:
        touch.draw(theme)
yourself = st.expander("Measure it yourself", key="yourself", on_change="rerun", bind="query-params")
if yourself.open:
    with yourself:
        measure_it(theme)

with st.expander("How this is computed"):
    st.markdown(f"{RULE}\n{touch.COMPUTED}")
