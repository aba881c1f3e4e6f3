"""The link is the one source of truth for what a page shows.

Widgets bind themselves to it; this file holds the rest. A page switch drops every parameter, so each page's values are
also kept in the session, and stand in the link again when the page comes back.
"""

import math

import streamlit as st

HERE, ARRIVED, ASKED, RESTORED = "page", "page-arrived", "link-asked", "link-restored"
# One deed of the visitor makes one entry in the browser's history. Streamlit makes one for each change of the link,
# also for what a page writes into it as it opens: then Back needs a press more for each.
ENTRIES = """
<script>
if (!window.deedsMakeEntries) {
  window.deedsMakeEntries = true;
  const push = history.pushState.bind(history);
  let acted = false;
  for (const deed of ["pointerdown", "keydown"]) addEventListener(deed, () => (acted = true), true);
  history.pushState = (...entry) => {
    if (acted) push(...entry);
    else history.replaceState(...entry);
    acted = false;
  };
}
</script>
"""
SEVERAL = ("models", "methods", "layers-", "train-nets")  # of these one may choose several, and none


def arrive(page: str) -> None:
    """Note, once a run, which page runs, and whether it comes from another one.

    What Streamlit's fields break on is taken out of the link first: numbers without end, and nothing where something
    has to be chosen. A field that is there has taken its value, such as the word "inf", and keeps it.
    """
    if breaking := [
        name for name in st.query_params if _breaks(name, st.query_params[name]) and name not in st.session_state
    ]:
        for name in breaking:
            del st.query_params[name]
        st.rerun()  # with the shorter link: this run's fields would still read the old one
    st.session_state[ARRIVED] = st.session_state.get(HERE) != page
    st.session_state[HERE] = page
    if arrived():
        st.session_state[ASKED], st.session_state[RESTORED] = set(), set()
    st.session_state[RESTORED] -= set(st.query_params)  # the browser has them again


def _breaks(name: str, value: str) -> bool:
    if not value:
        return not name.startswith(SEVERAL)
    try:
        return not math.isfinite(float(value))
    except ValueError:
        return False


def arrived() -> bool:
    """Whether this run is the first after a change of page, when the link has lost what it held."""
    return bool(st.session_state[ARRIVED])


def get(name: str) -> str | None:
    """The value in the link; when it is first asked for on coming back to a page, the one that the link had last.

    That need not be in the first run: a widget that reports in may cut that one short, and still send the link as it
    was before.
    """
    value = st.query_params.get(name)
    if value is None and (name not in st.session_state[ASKED] or name in st.session_state[RESTORED]):
        value = st.session_state.get(_kept(name))
        st.session_state[RESTORED].add(name)
    st.session_state[ASKED].add(name)
    put(name, value)
    return value


def put(name: str, value: str | None) -> None:
    """Write a value into the link, or take it out with None."""
    st.session_state[_kept(name)] = value
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _kept(name: str) -> str:
    return f"link-{st.session_state[HERE]}-{name}"
