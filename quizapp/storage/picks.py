"""Sessions put together from single cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quizapp.storage.models import Pick


@dataclass(frozen=True)
class PickRow:
    """The cards of one such session, in order."""

    id: int
    title: str
    cards: tuple[int, ...]
    at: datetime


def create(learner: int, title: str, cards: Sequence[int], at: datetime) -> int:
    """Store a session; return its id."""
    return int(Pick.create(learner=learner, title=title, cards=list(cards), at=at).id)


def find(learner: int, pick: int) -> PickRow | None:
    """A learner's session."""
    row = (
        Pick.select(Pick.id, Pick.title, Pick.cards, Pick.at)
        .where((Pick.id == pick) & (Pick.learner == learner))
        .tuples()
        .first()
    )
    return None if row is None else PickRow(row[0], row[1], tuple(row[2]), row[3])


def forget_before(learner: int, at: datetime) -> None:
    """Drop sessions older than that; what was answered in them stays."""
    Pick.delete().where((Pick.learner == learner) & (Pick.at < at)).execute()
