"""Texts that a cell is strong behind: relaxed ones as they sharpen, and those that were found; HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from jaxtyping import Float
from torch import Tensor

from core.data.text import ALPHABET

SHOWN = {"\n": "⏎", " ": "␣"}  # what would not be seen
FAINT = 0.15  # the opacity of a character whose share is nothing


@dataclass(frozen=True)
class Line:
    """A text that was found: by what, how strong the cell is behind it as a share of the strongest, and its output."""

    by: str
    text: str
    share: float
    said: str


def relaxed(shares: Float[Tensor, "starts 65 time"]) -> str:
    """A line a relaxed text: at each step the character of the largest share, the fainter the smaller that is."""
    largest, codes = shares.max(1)
    lines = []
    for sizes, places in zip(largest.tolist(), codes.tolist(), strict=True):
        letters = [_letter(ALPHABET[place], size) for place, size in zip(places, sizes, strict=True)]
        lines.append(f"<div>{''.join(letters)}</div>")
    texts = "; ".join(escape(_visible("".join(ALPHABET[place] for place in places))) for places in codes.tolist())
    about = f"{len(lines)} relaxed texts, their largest shares {largest.mean():.0%} on the mean: {texts}"
    return f'<div class="relaxed-texts" role="img" aria-label="{about}">{"".join(lines)}</div>'


def found_texts(lines: Sequence[Line]) -> str:
    """A line a text, with a bar for its share of the strongest."""
    rows = "".join(
        f"<dt>{escape(line.by)}</dt><dd><code>{escape(_visible(line.text))}</code>"
        f'<b style="--share:{100 * min(max(line.share, 0.0), 1.0):.1f}%"></b><span>{escape(line.said)}</span></dd>'
        for line in lines
    )
    return f'<dl class="found-texts">{rows}</dl>'


def _letter(character: str, size: float) -> str:
    shown = escape(SHOWN.get(character, character))
    return f'<i style="opacity:{FAINT + (1 - FAINT) * size:.2f}" title="{shown} {size:.0%}">{shown}</i>'


def _visible(text: str) -> str:
    return "".join(SHOWN.get(character, character) for character in text)
