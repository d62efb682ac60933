"""A draft card from a missed item: a prompt to complete the principle it tests.

An item's stem is a situation, too long for a card and known at the second sight. Its
objective is the one sentence to keep; the draft gives its beginning and asks for the rest.
"""

import re
from collections.abc import Mapping
from typing import Any

from quizapp.domain.lint.text import lead_in

# Words after which the rest of a sentence is what is worth asking for, and words before.
_AFTER = frozenset(
    """
    is are was were be means mean requires require needs need belongs belong follows follow by when
    because until unless if before after while where whether than to on in from with for without
    at under against through between only not
    """.split()
)
_BEFORE = frozenset("so which who that and but not by when because until unless if before".split())
_SHORTEST_HEAD, _SHORTEST_TAIL = 3, 2
# A stem this short can stand on a card as it is.
_SHORT_STEM = 40
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))


def draft(fields: Mapping[str, Any], objective: str) -> dict[str, str]:
    """Front and back, in Markdown, of a basic note made from an item.

    The front is the beginning of the objective, cut where a clause ends, nearest to its
    middle. An item without an objective that can be cut gives its stem, or the sentence
    that asks where that is long. The back ends with the best answer.
    """
    best = next(str(option["text"]) for option in fields["options"] if option["correct"])
    principle = " ".join(objective.split())
    at = cut(principle)
    if at is None:
        stem = str(fields["stem"]).strip()
        front = stem if len(stem.split()) <= _SHORT_STEM else lead_in(stem) or stem
        return {"front": front, "back": "\n\n".join(part for part in (best, principle) if part)}
    head, tail = principle[:at].rstrip(), principle[at:].lstrip()
    said = f"{head} **{tail}**" if _plain(principle) else principle
    return {
        "front": f"Complete the principle:\n\n{head} …",
        "back": f"{said}\n\nBest answer to the question: {best}",
    }


def cut(sentence: str) -> int | None:
    """Where a sentence is parted into what is given and what is asked for.

    Returns the place of a character; None where the sentence is too short, or every place
    would part a bracket or a piece of Markdown.
    """
    starts = [match.start() for match in re.finditer(r"\S+", sentence)]
    words = [word.strip(",;:.").casefold() for word in sentence.split()]
    found: list[tuple[float, int]] = []
    for i in range(2, len(starts) - _SHORTEST_TAIL + 1):
        at = starts[i]
        last = sentence[:at].rstrip()[-1]
        if not _whole(sentence[:at]) or (i < _SHORTEST_HEAD and last not in ";:"):
            continue
        worth = 0.0
        if last in ";:":
            worth = 0.6
        elif last == ",":
            worth = 0.2
        elif words[i - 1] in _AFTER:
            worth = 0.3
        elif words[i] in _BEFORE:
            worth = 0.1
        found.append((worth - abs(i / len(starts) - 0.5), at))
    return max(found, key=lambda pair: (pair[0], -pair[1]))[1] if found else None


def _plain(text: str) -> bool:
    return not re.search(r"[*_`$\[\]<>\\]", text)


def _whole(head: str) -> bool:
    """Whether no bracket, quotation or piece of Markdown is open at the end."""
    return all(head.count(opening) == head.count(closing) for opening, closing in _PAIRS) and all(
        head.count(mark) % 2 == 0 for mark in "*_`$"
    )
