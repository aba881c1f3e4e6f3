"""A text letter by letter, coloured by a number at each: HTML, in which whatever the text says is text."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from core.images import PUOR

SHOWN = {"\n": "⏎", " ": "␣"}  # where a character stands by itself
ROWS = 5  # of what is expected


def coloured(text: str, values: Sequence[float], limit: float, chosen: int) -> str:
    """Each character on the colour of its value, from purple at -limit over white to orange; hovered, it says it.

    The letters are black or white, whichever stands out more; one of them is framed.
    """
    letters = []
    for place, (character, value) in enumerate(zip(text, values, strict=True)):
        paper, ink = _colours(value, limit)
        letter = "⏎\n" if character == "\n" else escape(character)
        said = f"{escape(SHOWN.get(character, character))} {value:+.2f}"
        kind = ' class="chosen"' if place == chosen else ""
        letters.append(f'<i{kind} style="background:{paper};color:{ink}" data-said="{said}">{letter}</i>')
    span = f"from {min(values, default=0):.2f} to {max(values, default=0):.2f}"
    about = f"The text, coloured by what the cell puts out, {span}"
    return f'<div class="letters" role="img" aria-label="{about}: {escape(text)}">{"".join(letters)}</div>'


def scale(limit: float) -> str:
    """What the colours mean."""
    steps = ",".join(_hex(PUOR[place]) for place in np.linspace(0, 254, 11).round().astype(int))
    return (f'<div class="letters-scale"><span>{-limit:.2f}</span><b style="background:linear-gradient(90deg,{steps})">'
            f"</b><span>+{limit:.2f}</span></div>")  # fmt: skip


def expected(text: str, likeliest: Sequence[Sequence[tuple[str, float]]], chosen: int) -> str:
    """A column a character, and below it what was expected to come next, the likeliest first; darker is likelier.

    What then came is framed.
    """
    columns = []
    for place, (character, rows) in enumerate(zip(text, likeliest, strict=True)):
        then = text[place + 1 : place + 2]
        cells = "".join(_guess(guess, probability, guess == then) for guess, probability in rows)
        kind = ' class="chosen"' if place == chosen else ""
        columns.append(f"<div{kind}><b>{escape(SHOWN.get(character, character))}</b>{cells}</div>")
    said = "; ".join(f"behind {SHOWN.get(c, c)} {SHOWN.get(rows[0][0], rows[0][0])} {rows[0][1]:.0%}"
                     for c, rows in zip(text, likeliest, strict=True))  # fmt: skip
    return f'<div class="expected" role="img" aria-label="The likeliest next: {escape(said)}">{"".join(columns)}</div>'


def gates_along(text: str, parts: Mapping[str, Sequence[float]], limits: Mapping[str, float], chosen: int) -> str:
    """A column a character, and below it a line a part of a cell, signed, from purple at -limit to orange."""
    names = "".join(f"<b>{escape(name)}</b>" for name in parts)
    columns = [f'<div class="names"><b>&nbsp;</b>{names}</div>']
    for place, character in enumerate(text):
        cells = []
        for name, values in parts.items():
            paper, ink = _colours(values[place], limits[name])
            cells.append(f'<i style="background:{paper};color:{ink}" data-said="{values[place]:+.2f}">&nbsp;</i>')
        kind = ' class="chosen"' if place == chosen else ""
        columns.append(f"<div{kind}><b>{escape(SHOWN.get(character, character))}</b>{''.join(cells)}</div>")
    said = "; ".join(f"{name} from {min(values, default=0):.2f} to {max(values, default=0):.2f}"
                     for name, values in parts.items())  # fmt: skip
    return f'<div class="expected gates" role="img" aria-label="Behind each character: {said}">{"".join(columns)}</div>'


def _guess(guess: str, probability: float, right: bool) -> str:
    shown, kind = escape(SHOWN.get(guess, guess)), ' class="right"' if right else ""
    return (
        f'<i{kind} style="--share:{100 * probability:.0f}%" data-said="{shown} {100 * probability:.3g} %">{shown}</i>'
    )


def _colours(value: float, limit: float) -> tuple[str, str]:
    """The colour of a value, and the ink that stands out from it by a contrast of 4.5 and more (WCAG 2.2, 1.4.3)."""
    share = float(np.clip(value / limit, -1, 1)) if limit > 0 else 0.0
    paper = PUOR[round(127 + 127 * share)]
    return _hex(paper), "#000" if luminance(paper) > 0.179 else "#fff"


def luminance(colour: np.ndarray) -> float:
    """How bright a colour of bytes is, from 0 to 1 (WCAG 2.2, "relative luminance")."""
    parts = colour[:3] / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _hex(colour: np.ndarray) -> str:
    return f"#{bytes(colour[:3].tolist()).hex()}"
