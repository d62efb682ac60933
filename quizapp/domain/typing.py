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
    """Whether the typed text counts as right, and where the two differ, in a line for each.

    given   what was typed, in pieces "same" and "extra"; none where nothing was
    wanted  what was expected, in pieces "same" and "missing"; none where just that was typed
    """

    right: bool
    expected: str
    given: tuple[Piece, ...]
    wanted: tuple[Piece, ...]


def compare(typed: str, accepted: Sequence[str]) -> Comparison:
    """Hold a typed text against the accepted ones; the nearest is shown.

    Case, accents, spacing, hyphens and closing punctuation do not matter.
    """
    same = next((text for text in accepted if normal(typed) == normal(text)), None)
    wanted = same or max(accepted, key=lambda text: _likeness(typed, text))
    given, expected = _lines(typed.strip(), wanted.strip(), same is not None)
    return Comparison(same is not None, wanted, given, expected)


def normal(text: str) -> str:
    """The text without what a tolerant reader overlooks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (" " if c in "-‐‑–—/_" else c for c in plain if not unicodedata.combining(c))
    words = "".join(kept).replace("’", "'").split()
    return " ".join(word.strip(".,;:!?\"'()") for word in words).strip()


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, normal(a), normal(b)).ratio()


def _lines(typed: str, wanted: str, right: bool) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    if right:
        return (Piece(typed, "same"),), (Piece(wanted, "same"),) if wanted != typed else ()
    # Letter by letter, because some have two in small.
    matcher = SequenceMatcher(
        None, [c.casefold() for c in typed], [c.casefold() for c in wanted], autojunk=False
    )
    if matcher.ratio() < ALIKE:
        return (Piece(typed, "extra"),) if typed else (), (Piece(wanted, "missing"),)
    given, expected = [], []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if a1 > a0:
            given.append(Piece(typed[a0:a1], "same" if tag == "equal" else "extra"))
        if b1 > b0:
            expected.append(Piece(wanted[b0:b1], "same" if tag == "equal" else "missing"))
    return tuple(given), tuple(expected)
