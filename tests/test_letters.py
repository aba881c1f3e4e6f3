"""A text as HTML, letter by letter: colours, contrast, and nothing that a text could break out with."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts.letters import coloured, expected, gates_along, luminance, scale
from core.data.text import ALPHABET
from core.images import PUOR

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)>&amp;"


class Reads(HTMLParser):
    """What a browser would find: tags, their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def colours(html: str) -> list[tuple[str, str]]:
    return re.findall(r"background:(#\w+);color:(#\w+)", html)


def test_a_value_has_its_colour_symmetric_about_zero() -> None:
    found = [paper for paper, _ in colours(coloured("abcde", [-2.0, -1.0, 0.0, 1.0, 2.0], 1.0, 0))]
    assert found == ["#2d004b", "#2d004b", "#f7f7f7", "#7f3b08", "#7f3b08"]
    assert colours(coloured("ab", [0.0, 0.0], 0.0, 0)) == [("#f7f7f7", "#000")] * 2


def test_every_letter_can_be_read_on_every_colour() -> None:
    """A contrast of 4.5 and more: (lighter + .05) / (darker + .05), black being 0 and white 1."""
    values = np.linspace(-1, 1, 255)
    for paper, (_, ink) in zip(PUOR, colours(coloured("a" * 255, values.tolist(), 1.0, 0)), strict=True):
        bright = luminance(paper)
        assert ((bright + 0.05) / 0.05 if ink == "#000" else 1.05 / (bright + 0.05)) >= 4.5


@given(st.text(ALPHABET + '<>&"', min_size=1, max_size=40))
def test_whatever_a_text_says_is_text(text: str) -> None:
    found = Reads(coloured(text, [0.1] * len(text), 1.0, 0))
    assert [tag for tag, _ in found.tags] == ["div", *["i"] * len(text)]
    assert found.text.replace("⏎", "") == text
    assert text in (found.tags[0][1]["aria-label"] or "")


def test_a_letter_says_its_value_and_the_chosen_one_is_framed() -> None:
    tags = Reads(coloured("a\n<", [0.5, -0.25, 0.0], 1.0, 1)).tags[1:]
    assert [attributes["data-said"] for _, attributes in tags] == ["a +0.50", "⏎ -0.25", "< +0.00"]
    assert [attributes.get("class") for _, attributes in tags] == [None, "chosen", None]


def test_the_scale_says_its_ends() -> None:
    assert Reads(scale(0.875)).text == "-0.88+0.88"
    assert "#2d004b" in scale(1.0) and "#7f3b08" in scale(1.0)


def test_what_is_expected_stands_below_each_letter_and_what_came_is_framed() -> None:
    rows = [[("b", 0.75), ("<", 0.25)], [("\n", 0.5), ("a", 0.5)]]
    found = Reads(expected("ab", rows, 1))
    cells = [attributes for tag, attributes in found.tags if tag == "i"]
    assert found.text == "ab<b⏎a"
    assert [cell["data-said"] for cell in cells] == ["b 75 %", "< 25 %", "⏎ 50 %", "a 50 %"]
    assert [cell.get("class") for cell in cells] == ["right", None, None, None]
    assert [cell["style"] for cell in cells[:2]] == ["--share:75%", "--share:25%"]
    assert "behind a b 75%" in (found.tags[0][1]["aria-label"] or "")


@pytest.mark.parametrize("text", [HOSTILE, "\u202eabc", "🎉"])
def test_hostile_text_stays_text(text: str) -> None:
    for html in (coloured(text, [0.0] * len(text), 1.0, 0), expected(text, [[(c, 1.0)] for c in text], 0)):
        assert {tag for tag, _ in Reads(html).tags} <= {"div", "i", "b"}


def test_gates_stand_below_their_characters_each_on_its_own_scale() -> None:
    found = gates_along(
        "a<", {"output": [0.5, -1.0], "forget gate": [0.0, 1.0]}, {"output": 1.0, "forget gate": 1.0}, 1
    )
    assert found.count("<div") == 1 + 1 + 2 and found.count('class="chosen"') == 1
    assert "<b>&lt;</b>" in found
    assert re.findall(r'data-said="([^"]*)"', found) == ["+0.50", "+0.00", "-1.00", "+1.00"]
    papers = re.findall(r"background:(#[0-9a-f]{6})", found)
    assert papers[1] == "#f7f7f7"  # zero is white
    assert len(set(papers)) == 4
    assert "output from -1.00 to 0.50; forget gate from 0.00 to 1.00" in found
