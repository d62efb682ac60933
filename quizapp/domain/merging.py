"""A learner's own wording, held against a note whose text changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

# Longer texts are shown whole, before and after: comparing them takes too long.
LONGEST = 4_000


@dataclass(frozen=True)
class Merged:
    """The fields to show, and the names of those that both sides changed.

    Where both changed a field the learner's wording stands until they decide.
    """

    fields: Mapping[str, Any]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of a difference: "same", "added" or "removed"."""

    kind: str
    text: str


def merged(own: Mapping[str, Any], base: Mapping[str, Any], new: Mapping[str, Any]) -> Merged:
    """The new text with what the learner changed in it, field by field.

    ``base`` is the text that the learner changed into ``own``.
    """
    fields, conflicts = {}, []
    for name, text in new.items():
        mine = own.get(name, base.get(name))
        if (name not in base and name not in own) or mine == base.get(name):
            fields[name] = text
        else:
            fields[name] = mine
            if text not in (base.get(name), mine):
                conflicts.append(name)
    return Merged(fields, tuple(conflicts))


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """What to strike out of one text and what to add to make the other, word by word."""
    if before == after:
        return (Piece("same", before),) if before else ()
    if max(len(before), len(after)) > LONGEST:
        whole = (Piece("removed", before), Piece("added", after))
        return tuple(piece for piece in whole if piece.text)
    old, new = _words(before), _words(after)
    pieces = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[a0:a1])))
            continue
        if a1 > a0:
            pieces.append(Piece("removed", "".join(old[a0:a1])))
        if b1 > b0:
            pieces.append(Piece("added", "".join(new[b0:b1])))
    return tuple(pieces)


def _words(text: str) -> list[str]:
    """Words and the gaps between them, so that joining them gives the text again."""
    words: list[str] = []
    for char in text:
        if words and not char.isspace() and not words[-1][-1].isspace() and char not in "<>":
            words[-1] += char
        else:
            words.append(char)
    return words
