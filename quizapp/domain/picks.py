"""A session of one's own: which cards it holds, how many, and what to loosen where it is empty."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from quizapp.domain.queue import FIRST_PACE

# What a card can be; any of those asked for is enough.
KINDS = {
    "due": "Due or overdue",
    "unseen": "Never seen",
    "missed": "Missed, not yet right on three days",
    "guessed": "Guessed, not yet right on three days",
    "sure": "Wrong though sure",
    "flagged": "Flagged",
}
QUALIFIERS = ("FIRST", "BEST", "MOST", "PRIMARY", "GREATEST", "NEXT")
# Stands among the domains for cards in decks of one's own.
OWN = "own"
# Until there are answers to measure: seconds for a question's first look, and for later ones.
FIRST_QUESTION_PACE = (50.0, 35.0)
# No session holds more cards, however fast somebody is.
LONGEST = 500

Paces = Mapping[tuple[bool, bool], float]


class Choosable(Protocol):
    """A card as a session of one's own looks at it."""

    @property
    def kind(self) -> str: ...
    @property
    def deck(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def own(self) -> bool: ...
    @property
    def last_day(self) -> int | None: ...
    @property
    def due_day(self) -> int: ...
    @property
    def stem(self) -> str: ...
    @property
    def missed(self) -> bool: ...
    @property
    def guessed(self) -> bool: ...
    @property
    def sure(self) -> bool: ...
    @property
    def flag(self) -> int: ...


@dataclass(frozen=True)
class Wanted:
    """The conditions of a session; each that is empty asks for nothing.

    kinds    any of KINDS
    domains  any of these, or OWN; without, all that count for the exam and one's own decks
    word     the qualifier a question turns on
    heading  deck and topic
    """

    kinds: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    word: str = ""
    heading: tuple[str, str] | None = None


def fits(card: Choosable, domain: str, wanted: Wanted, today: int) -> bool:
    """Whether a card, with its domain in the exam or “”, meets every condition."""
    if wanted.heading is not None and (card.deck, card.topic) != wanted.heading:
        return False
    if wanted.domains:
        if domain not in wanted.domains and not (card.own and OWN in wanted.domains):
            return False
    elif not domain and not card.own:
        return False
    if wanted.word and not re.search(rf"\b{re.escape(wanted.word)}\b", card.stem):
        return False
    is_ = {
        "due": card.last_day is not None and card.due_day <= today,
        "unseen": card.last_day is None,
        "missed": card.missed,
        "guessed": card.guessed,
        "sure": card.sure,
        "flagged": card.flag > 0,
    }
    return not wanted.kinds or any(is_[kind] for kind in wanted.kinds)


def seconds(card: Choosable, paces: Paces) -> float:
    """How long a card takes, by the pace of (question?, new?) or the usual one."""
    question, new = card.kind == "choice", card.last_day is None
    usual = FIRST_QUESTION_PACE if question else FIRST_PACE
    return paces.get((question, new), usual[0 if new else 1])


def within(lengths: Sequence[float], minutes: float) -> int:
    """How many of some lengths in seconds, in their order, fit into minutes; at least one."""
    left, count = minutes * 60.0, 0
    for length in lengths[:LONGEST]:
        left -= length
        if left < 0 and count:
            break
        count += 1
    return count


def looser(wanted: Wanted) -> list[tuple[str, Wanted]]:
    """Each condition by what it is called, and what is wanted without it."""
    found = []
    if wanted.kinds:
        named = " or ".join(f"“{label}”" for kind, label in KINDS.items() if kind in wanted.kinds)
        found.append((named, replace(wanted, kinds=frozenset())))
    if wanted.domains:
        found.append(("the choice of domains", replace(wanted, domains=frozenset())))
    if wanted.word:
        found.append((f"the word {wanted.word}", replace(wanted, word="")))
    return found
