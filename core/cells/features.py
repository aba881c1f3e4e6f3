"""What a cell could keep track of: a binary feature or a number at each character of a text, from the text alone.

A cell's output behind a character is compared with the feature at that character. A word character is a letter, an
apostrophe or a hyphen; a line holds the newline that ends it; a speech begins at the text's start or behind an empty
line. Karpathy, Johnson, Li 2015, "Visualizing and Understanding Recurrent Networks", show cells for quotations, line
positions and nesting. Nothing is nested here, and the alphabet has no quotation mark: a quotation stands between
apostrophes, which are mostly something else, so it is found by a pattern, and is rare.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import torch
from jaxtyping import Bool, Int
from torch import Tensor

VOWELS = frozenset("aeiouAEIOU")
ENDS = frozenset(".!?")
SPEAKER = re.compile(r"(?:\A|(?<=\n\n))[^\n:]+(?=:\n)")  # at the start of a speech, without the colon
FIRST_LINE = re.compile(r"(?:(?:\A|(?<=\n\n))[^\n:]+:\n)(?P<inside>[^\n]+)")
SENTENCE = re.compile(r"(?P<inside>[^.!?]+)(?P<end>[.!?]|\Z)")
# From an apostrophe that no letter stands before to one behind a sentence's sign, within a speech.
QUOTATION = re.compile(
    r"(?:\A|(?<=[ \n-]))'(?P<inside>(?:[^'\n]|\n(?!\n)|(?<=[a-z])'(?=[a-z]))*?[.,;:!?])'(?=[ \n-]|\Z)"
)
Flags = Bool[Tensor, " time"]


@dataclass(frozen=True)
class Feature:
    """Its name, what it says of a character, and how it is found; a number rather than a flag if it counts."""

    name: str
    about: str
    of: Callable[[str], Tensor]
    counts: bool = False
    ahead: bool = False  # whether it depends on what comes behind the character


def is_word(character: str) -> bool:
    """Whether it is a letter, an apostrophe or a hyphen."""
    return character.isalpha() or character in "'-"


def newline(text: str) -> Flags:
    """The character is a newline."""
    return _flags(character == "\n" for character in text)


def word_end(text: str) -> Flags:
    """A letter behind which no word character stands; the text's end ends a word."""
    return _flags(here.isalpha() and not is_word(then) for here, then in _with_next(text))


def line_end(text: str) -> Flags:
    """The last character of a line before its newline, an empty line's none; the text's end ends no line."""
    return _flags(here != "\n" and then == "\n" for here, then in _with_next(text))


def speaker(text: str) -> Flags:
    """In the name that begins a speech, before its colon, which ends the line."""
    return _spans(text, SPEAKER, 0)


def first_line(text: str) -> Flags:
    """In the line behind a speaker's name, without its newline."""
    return _spans(text, FIRST_LINE, "inside")


def upper_case(text: str) -> Flags:
    """A capital letter."""
    return _flags(map(str.isupper, text))


def vowel(text: str) -> Flags:
    """One of a, e, i, o and u, or their capitals."""
    return _flags(character in VOWELS for character in text)


def question(text: str) -> Flags:
    """In a sentence that a question mark will end, the mark not included."""
    found = torch.zeros(len(text), dtype=torch.bool)
    for match in SENTENCE.finditer(text):
        if match["end"] == "?":
            found[match.start("inside") : match.end("inside")] = True
    return found


def quotation(text: str) -> Flags:
    """Between apostrophes that quote: the first behind a space, the last behind a sentence's sign."""
    return _spans(text, QUOTATION, "inside")


def in_line(text: str) -> Int[Tensor, " time"]:
    """How many characters were read since the last newline, which has 0."""
    return _count(text, lambda now, character: 0 if character == "\n" else now + 1)


def in_word(text: str) -> Int[Tensor, " time"]:
    """How many of the word's characters were read; 0 outside words."""
    return _count(text, lambda now, character: now + 1 if is_word(character) else 0)


def since_sentence(text: str) -> Int[Tensor, " time"]:
    """How many characters were read since the last full stop, exclamation or question mark, which has 0."""
    return _count(text, lambda now, character: 0 if character in ENDS else now + 1)


ALL = (
    Feature("position in line", "the characters read since the last newline", in_line, counts=True),
    Feature("position in word", "the characters of this word read so far", in_word, counts=True),
    Feature("since the sentence's end", "the characters read since the last . ! or ?", since_sentence, counts=True),
    Feature("speaker's name", "inside the name that begins a speech", speaker, ahead=True),
    Feature("first line of a speech", "inside the line behind a speaker's name", first_line),
    Feature("question", "inside a sentence that a question mark will end", question, ahead=True),
    Feature("quotation", "between apostrophes that quote", quotation, ahead=True),
    Feature("word end", "a word's last character: what ends it comes next", word_end, ahead=True),
    Feature("line end", "a line's last character: the newline comes next", line_end, ahead=True),
    Feature("newline", "the character is a newline", newline),
    Feature("upper case", "the character is a capital", upper_case),
    Feature("vowel", "the character is a vowel", vowel),
)
FEATURES = {feature.name: feature for feature in ALL}


def _flags(values: Iterator[bool]) -> Flags:
    return torch.tensor(list(values), dtype=torch.bool)


def _with_next(text: str) -> Iterator[tuple[str, str]]:
    return zip(text, text[1:] + " ", strict=False)


def _spans(text: str, pattern: re.Pattern[str], group: str | int) -> Flags:
    found = torch.zeros(len(text), dtype=torch.bool)
    for match in pattern.finditer(text):
        found[match.start(group) : match.end(group)] = True
    return found


def _count(text: str, step: Callable[[int, str], int]) -> Int[Tensor, " time"]:
    counted = list(accumulate(text, step, initial=0))
    return torch.tensor(counted[1:], dtype=torch.long)
