"""The game of forced choice: which question the link names, what was answered in this session, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from core import charts, guess, images
from core.examples import peaks
from core.guess import COUNT, FOUR, NOTHING, ONE, REAL, ROUNDS, SORTS, Choice, Question
from core.measures import forced_choice
from pages.frame import link
from pages.frame.notice import notice
from pages.inputs import nets
from pages.units.heads import unit_head

ASK, ROUND, QUESTION, GUESSES = "ask", "round", "question", "guesses"
SCALE, TALLY = 10, 270  # pixels of a pixel, and of a chart
COLUMNS = {ONE: (1, 10), FOUR: (2, 5), REAL: (3, 3)}  # and scale
ABOUT = {
    ONE: "What gradient ascent found for it",
    FOUR: "What gradient ascent found for it, four times",
    REAL: f"The {guess.BEST} images that excite it most",
    NOTHING: "Nothing is shown this time: guess",
}
ASKED = {"image": "Which image excites it more?", "square": "Which square, erased, would silence it more?"}
SAID = {"image": "it answers {:.2f} to this one and {:.2f} to that one",
        "square": "without this square it answers {:.2f}, without that one {:.2f}"}  # fmt: skip
LINK_OFF = ":material/link_off:"
OBSERVERS = {"cnn": "the CNN of another seed", "dense": "a dense net", "pixels": "pixels alone"}


@dataclass(frozen=True)
class Round:
    """A round of questions of one sort, and what was answered in this session: whether left, by question."""

    sort: str
    number: int

    @property
    def answered(self) -> dict[int, bool]:
        """By question, from 1 to 10."""
        return st.session_state.setdefault(GUESSES, {}).setdefault((self.sort, self.number), {})

    @property
    def questions(self) -> dict[int, Question]:
        """By number, from 1 to 10."""
        return dict(enumerate(guess.questions(self.number, self.sort), start=1))

    @property
    def right(self) -> list[int]:
        """Which were answered rightly."""
        return [place for place, left in sorted(self.answered.items()) if left == self.questions[place].left]

    @property
    def open(self) -> int | None:
        """The first question without an answer."""
        return next((place for place in self.questions if place not in self.answered), None)

    def answer(self, place: int, left: bool) -> None:
        """Keep an answer, once."""
        self.answered.setdefault(place, left)


def choose_turn() -> tuple[Round, int | None]:
    """The round that the link names, and its question; None for the result. Draw the switch, and a way to the next."""
    turn = Round(_sort(), _number(ROUND, ROUNDS) or 1)
    place = _number(QUESTION, COUNT) or turn.open
    link.put(ROUND, str(turn.number))
    if place:
        link.put(QUESTION, str(place))
        st.button("Next round", key="skip", icon=":material/skip_next:", on_click=next_round, args=(turn,))
    return turn, place


def _sort() -> str:
    """The switch between images and squares; a new one after each change, or it would keep the arrow keys to itself."""
    sort = link.get(ASK) or SORTS[0]
    if sort not in SORTS:
        notice(f"The link asks '{sort[:40]}'; it may ask {' or '.join(SORTS)}.", LINK_OFF)
        sort = SORTS[0]
    key = f"{ASK}-{sort}"

    def change() -> None:
        link.put(ASK, st.session_state[key])
        go_on()

    return st.segmented_control("Ask", SORTS, default=sort, required=True, format_func=lambda name: f"Which {name}?",
                                key=key, on_change=change)  # fmt: skip


def _number(name: str, most: int) -> int | None:
    """A number of the link, from 1; a notice where it is none."""
    text = link.get(name)
    if text is None or (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        return None if text is None else int(text)
    notice(f"The link's {name} is '{text[:40]}'; it may be 1 to {most}.", LINK_OFF)
    return None


@st.cache_resource(max_entries=16, show_spinner="Showing the test images to this layer ...")
def _peaks(model: str, layer: str) -> Tensor:
    return torch.cat(list(peaks(nets.net(model, "trained"), nets.test_images().images, layer)))


@st.cache_resource(max_entries=1000, show_spinner=False)
def _choice(sort: str, number: int, place: int) -> Choice:
    question = guess.questions(number, sort)[place - 1]
    unit = question.unit
    return guess.choice(
        question, nets.net(unit.model, "trained"), nets.test_images().images, _peaks(unit.model, unit.layer)
    )


@st.cache_resource(show_spinner=False)
def _observers() -> dict[str, forced_choice.Observer]:
    return forced_choice.observers(nets.test_images().images[1::2])


@st.cache_data(max_entries=1000, show_spinner="Asking other nets the same ...")
def _expected(sort: str, number: int) -> dict[str, tuple[float, float]]:
    """What each observer gets in a round, and with other units' pictures."""
    asked = [
        (
            question,
            _choice(sort, number, place),
            nets.test_images().images,
            _peaks(question.unit.model, question.unit.layer),
        )
        for place, question in Round(sort, number).questions.items()
    ]
    found = {}
    for name, observer in _observers().items():
        own, others = zip(
            *(guess.chances(question, offered, observer, *seen) for question, offered, *seen in asked), strict=True
        )
        found[name] = (sum(own), sum(others))
    return found


def ask(turn: Round, place: int) -> None:
    """Draw a question: the unit's pictures on the left, what to choose from beside them, and the answer once given."""
    question, offered = turn.questions[place], _choice(turn.sort, turn.number, place)
    given = turn.answered.get(place)
    with st.container(width=28 * SCALE + 4, gap="small", key="pictures"):
        unit_head(question.unit)
        st.image(images.framed(_pictures(question)))
        st.caption(ABOUT[question.kind])
    with st.container(width=2 * (28 * SCALE + 10), gap="small", key="choice"):
        st.markdown(f"**{ASKED[turn.sort]}** Round {turn.number}, question {place} of {COUNT}")
        with st.container(horizontal=True, gap="small", key="pair"):
            for side, left in enumerate((True, False)):
                with st.container(width=28 * SCALE + 2, gap="xsmall"):
                    st.image(_side(offered, side, given is not None))
                    if given is None:
                        _button("This one", "Left" if left else "Right", partial(turn.answer, place, left), place)
                    else:
                        mark = " :material/check:" if left == question.left else ""
                        st.markdown(f"{offered.answers[side]:.2f}{mark}", text_alignment="center")
        if given is not None:
            this, that = offered.answers if given else offered.answers[::-1]
            said = SAID[turn.sort].format(this, that)
            st.markdown(f"**{'Yes' if given == question.left else 'No'}**: {said}.")
            _button("Next", "Enter", go_on, place, "primary")
            with st.container(key="arrows"):  # unseen: the arrows that gave the answer go on, too
                _button("Next", "Left", go_on, place)
                _button("Next", "Right", go_on, place)


def _pictures(question: Question) -> Image.Image:
    if question.kind == NOTHING:
        return images.blank(28 * SCALE)
    columns, scale = COLUMNS[question.kind]
    unit = question.unit
    found = guess.references(unit, question.kind, nets.test_images().images, _peaks(unit.model, unit.layer))
    return images.contact_sheet(found, columns, scale).picture


def _side(offered: Choice, side: int, erased: bool) -> Image.Image:
    """One of the two images; where squares are asked for, its own is framed, and in the end erased."""
    picture = images.paper((offered.images if erased else offered.whole)[side], SCALE)
    if offered.corners:
        row, column = (SCALE * place for place in offered.corners[side])
        size = SCALE * guess.SIDE
        picture = images.marked(picture, (column, row, column + size, row + size))
    return images.framed(picture)


def _button(
    label: str, key: str, then: Callable[[], None], place: int, kind: Literal["primary", "secondary"] = "secondary"
) -> None:
    """A button, and the key on the keyboard that does the same; for one question only, or haste would answer two."""
    st.button(label, key=f"{label}-{key}-{place}", shortcut=key, type=kind, on_click=then, width="stretch")


def result(turn: Round) -> None:
    """Draw what came out of a round that is answered, beside what other nets make of the same ten."""
    expected = _expected(turn.sort, turn.number)
    others = ", ".join(f"{name} {expected[key][0]:.2g}" for key, name in OBSERVERS.items())
    with st.container(width=680, gap="small", key="result"):
        st.subheader(f"You {len(turn.right)} of {COUNT}", anchor=False)
        st.markdown(
            f"With the same pictures: {others}. With pictures of other units: {OBSERVERS['cnn']} "
            f"{expected['cnn'][1]:.2g}. Without any: 5 on the mean."
        )
        with st.container(horizontal=True, gap="xsmall", key="again"):
            for place in turn.questions:
                icon = ":material/check:" if place in turn.right else ":material/close:"
                st.button(str(place), icon=icon, key=f"again-{place}", on_click=link.put, args=(QUESTION, str(place)))
        _button("Next round", "Enter", partial(next_round, turn), turn.number, "primary")


def go_on() -> None:
    """To the first question without an answer; without one, to the result."""
    link.put(QUESTION, None)


def next_round(turn: Round) -> None:
    """Behind the last comes the first."""
    link.put(ROUND, str(turn.number % ROUNDS + 1))
    go_on()


def tally(sort: str, theme: images.Theme) -> None:
    """Draw what was answered in this session, if anything."""
    played = st.session_state.get(GUESSES, {})
    rounds = [Round(sort, number) for asked, number in played if asked == sort]
    answered = [(turn.questions[place], place in turn.right) for turn in rounds for place in turn.answered]
    if answered:
        with st.container(width=TALLY, gap="xsmall", key="tally"):
            st.caption(f"Your answers in this session: {len(answered)}. Dotted is chance.")
            spec = charts.guesses(guess.tally(answered), theme, TALLY)
            st.vega_lite_chart(spec=spec, width="content", key=f"tally-{sort}")
