"""Play, pause, step and reset: the training keeps every epoch, and these move through them."""

import re
from collections.abc import Sequence

import streamlit as st

from core.plane.nets import Epoch
from pages.frame import link
from pages.frame.notice import notice
from pages.plane.training import Training

EPOCH, PLAYING, BEFORE, SLIDER = "epoch", "plane-playing", "plane-before", "plane-slider"
GROWTH, FRAMES = 1.25, 20  # much happens early: the next frame is so many times later, but one of so many at most


def begin(training: Training) -> None:
    """Another training than before is followed to its end, as it goes on."""
    if st.session_state.get(BEFORE, training) != training:
        stand(None)
    st.session_state[BEFORE] = training


def stand(epoch: int | None) -> None:
    """Stand still at an epoch; with None at the last one there is."""
    st.session_state.pop(PLAYING, None)
    link.put(EPOCH, None if epoch is None else str(epoch))


def is_playing() -> bool:
    """Whether the shown epoch moves by itself, the training being over."""
    return PLAYING in st.session_state


def following(epoch: int, last: int) -> int:
    """The epoch of the frame after that."""
    return min(last, epoch + max(1, last // FRAMES), max(epoch + 1, round(epoch * GROWTH)))


def player(epochs: Sequence[Epoch], over: bool, tested: bool) -> int:
    """Draw the buttons and the slider; the epoch to show, of those there are."""
    last = epochs[-1].epoch
    shown = _shown(last)
    if is_playing():
        shown = st.session_state[PLAYING] = following(st.session_state[PLAYING], last)
        if shown == last:
            stand(None)
            st.rerun()
    moving = is_playing() or (not over and link.get(EPOCH) is None)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="player"):
        _buttons(shown, last, moving)
        _slider(shown, last, moving)
        st.markdown(_counted(epochs[shown], over, epochs[-1], tested), width="content")
    return shown


def _buttons(shown: int, last: int, moving: bool) -> None:
    """Play becomes Pause. What they do is done before the page runs: a run may be cut short before it comes to them."""
    if moving:
        st.button("Pause", icon=":material/pause:", key="pause", on_click=stand, args=(shown,))
    else:
        st.button("Play", icon=":material/play_arrow:", key="play", type="primary", on_click=_play,
                  args=(0 if shown == last else shown,))  # fmt: skip
    st.button("Step", icon=":material/skip_next:", key="step", disabled=shown == last,
              on_click=lambda: _move_to(shown + 1, last))  # fmt: skip
    st.button("Reset", icon=":material/replay:", key="reset", disabled=shown == 0, on_click=lambda: _move_to(0, last))


def _play(epoch: int) -> None:
    """From that epoch on."""
    stand(None)
    st.session_state[PLAYING] = epoch


def _slider(shown: int, last: int, moving: bool) -> None:
    """One to move while the net stands still; while it moves, another, or the browser's answer would stop it."""
    key = f"{SLIDER}-moving" if moving else SLIDER
    st.session_state[key] = shown
    st.slider("Epoch", 0, max(1, last), key=key, width=280, disabled=moving or not last, label_visibility="collapsed",
              on_change=None if moving else lambda: _move_to(st.session_state[SLIDER], last))  # fmt: skip


def _move_to(epoch: int, last: int) -> None:
    stand(None if epoch >= last else epoch)


def _shown(last: int) -> int:
    """The epoch that the link names, of those there are; where that is none, a sentence says so, and it is the last."""
    text = link.get(EPOCH)
    if text is None:
        return last
    if not re.fullmatch("[0-9]{1,5}", text, re.ASCII):
        notice(f"An epoch is a number from 0; the link asks for {text[:60]!r}. Here is the last one.",
               ":material/search_off:")  # fmt: skip
        return last
    return min(int(text), last)


def _counted(epoch: Epoch, over: bool, latest: Epoch, tested: bool) -> str:
    test = f" and {100 * epoch.test_accuracy:.0f} % of the test points" if tested else ""
    ahead = "" if over else f"  \nIt trains: epoch {latest.epoch:,} is done."
    return (
        f"Epoch **{epoch.epoch:,}** of {epoch.epochs:,}: right are **{100 * epoch.accuracy:.0f} %** of the training "
        f"points{test}.{ahead}"
    )
