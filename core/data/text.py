"""Tiny Shakespeare (40,000 lines of his plays, in the public domain): it ships here; characters as codes."""

import bz2
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

SHIPPED = Path(__file__).parent / "tinyshakespeare.txt.bz2"
ALPHABET = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HELD_OUT = 10  # the last of so many parts is never trained on
MOST = 2_000  # characters that are read of what somebody writes
UNKNOWN = "?"  # stands for what has no likeness in the alphabet
LIKE = {"‘": "'", "’": "'", "“": "'", "”": "'", '"': "'", "`": "'", "´": "'", "–": "-", "—": "--", "…": "...",
        "ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "\t": " ", "\r": "", "\u2028": "\n", "\u2029": "\n",
        "(": ",", ")": ",", "[": ",", "]": ","}  # fmt: skip


@cache
def corpus() -> str:
    """All of it, 1,115,394 characters."""
    return bz2.decompress(SHIPPED.read_bytes()).decode()


def training_text() -> str:
    """The first nine tenths."""
    return corpus()[: -(len(corpus()) // HELD_OUT)]


def held_out_text() -> str:
    """The last tenth."""
    return corpus()[-(len(corpus()) // HELD_OUT) :]


def encode(text: str) -> Int[Tensor, " time"]:
    """Each character's place in the alphabet. Raises ValueError for a character that is not there."""
    unknown = sorted(set(text) - set(ALPHABET))
    if unknown:
        raise ValueError(f"The net's alphabet has no {', '.join(map(repr, unknown[:9]))}; see `readable`.")
    return torch.tensor([ALPHABET.index(character) for character in text], dtype=torch.long)


def decode(codes: Int[Tensor, " time"]) -> str:
    """The text that `encode` makes these codes of."""
    return "".join(ALPHABET[code] for code in codes.tolist())


def one_hot(codes: Int[Tensor, "batch time"]) -> Float[Tensor, "batch 65 time"]:
    """What a net reads: at each step 1 for the character that stands there."""
    return F.one_hot(codes, len(ALPHABET)).movedim(-1, -2).float()


@dataclass(frozen=True)
class Written:
    """A text in the net's alphabet, what was replaced in it by what, and how many characters were cut off."""

    text: str
    replaced: dict[str, str]
    cut: int


def readable(text: str, most: int = MOST) -> Written:
    """What somebody wrote, in the net's alphabet, where it has at most so many characters; the rest is cut off.

    Accents are left out, quotes and dashes of print become those of the alphabet, and whatever has no likeness, such
    as digits, emoji and other scripts, becomes a question mark; what combines or has no width is left out.
    """
    replaced: dict[str, str] = {}
    written, composed = "", unicodedata.normalize("NFC", text)
    for place, character in enumerate(composed):
        known = character if character in ALPHABET else _like(character)
        if len(written) + len(known) > most:
            return Written(written, replaced, len(composed) - place)
        if known != character:
            replaced[character] = known
        written += known
    return Written(written, replaced, 0)


def _like(character: str) -> str:
    if character in LIKE:
        return LIKE[character]
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return ""
    base = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in base if part in ALPHABET)
    return plain if plain.strip() or unicodedata.category(character) == "Zs" else UNKNOWN
