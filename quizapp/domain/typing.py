"""Comparing a typed answer with what was expected."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Below this likeness, letter by letter comparison is noise: the two are shown whole.
ALIKE = 0.6


@dataclass(frozen=True)
class Piece:
    """A stretch of text: the same in both, only typed ("extra"), or left out ("missing")."""

    text: str
    kind: str


@dataclass(frozen=True)
class Comparison:
    """Whether the typed text counts as right, and where the two differ."""

    right: bool
    expected: str
    pieces: tuple[Piece, ...]


def compare(typed: str, accepted: Sequence[str]) -> Comparison:
    """Hold a typed text against the accepted ones; the nearest is shown.

    Case, accents, spacing, hyphens and closing punctuation do not matter.
    """
    same = next((text for text in accepted if normal(typed) == normal(text)), None)
    wanted = same or max(accepted, key=lambda text: _likeness(typed, text))
    return Comparison(
        same is not None, wanted, _pieces(typed.strip(), wanted.strip(), same is not None)
    )


def normal(text: str) -> str:
    """The text without what a tolerant reader overlooks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (" " if c in "-‐‑–—/_" else c for c in plain if not unicodedata.combining(c))
    words = "".join(kept).replace("’", "'").split()
    return " ".join(word.strip(".,;:!?\"'()") for word in words).strip()


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, normal(a), normal(b)).ratio()


def _pieces(typed: str, wanted: str, right: bool) -> tuple[Piece, ...]:
    if right:
        return (Piece(typed, "same"),)
    matcher = SequenceMatcher(None, typed.casefold(), wanted.casefold(), autojunk=False)
    if matcher.ratio() < ALIKE:
        return (Piece(typed, "extra"), Piece(wanted, "missing"))
    pieces = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(typed[a0:a1], "same"))
            continue
        if a1 > a0:
            pieces.append(Piece(typed[a0:a1], "extra"))
        if b1 > b0:
            pieces.append(Piece(wanted[b0:b1], "missing"))
    return tuple(pieces)
