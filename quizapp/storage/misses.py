"""Items that were missed and wait for right answers on three days."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Case, fn

from quizapp.domain.queue import Queue
from quizapp.storage.models import Deck, Memory, Miss, Note


def find(learner: int, note: int) -> dict[str, Any] | None:
    """A miss as plain values, to be looked at or put back by ``restore``."""
    row = (
        Miss.select(Miss.since, Miss.cause, Miss.sure, Miss.guessed, Miss.right_days, Miss.closed)
        .where((Miss.learner == learner) & (Miss.note == note))
        .dicts()
        .first()
    )
    return None if row is None else dict(row)


def open_miss(learner: int, note: int, day: int, *, sure: bool, guessed: bool, cause: str) -> None:
    """Put a note on the list, or back on it."""
    _save(
        learner,
        note,
        since=day,
        sure=sure,
        guessed=guessed,
        cause=cause,
        right_days=[],
        closed=False,
    )


def right_on(learner: int, note: int, days: Sequence[int], closed: bool) -> None:
    """Store the days a missed note was right on since."""
    where = (Miss.learner == learner) & (Miss.note == note)
    Miss.update(right_days=list(days), closed=closed).where(where).execute()


def restore(learner: int, note: int, was: Mapping[str, Any] | None) -> None:
    """Put a miss back as it was, or take it off where there was none."""
    if was is None:
        Miss.delete().where((Miss.learner == learner) & (Miss.note == note)).execute()
    else:
        _save(learner, note, **was)


def causes(learner: int) -> dict[str, int]:
    """How often each cause was given."""
    rows = Miss.select(Miss.cause).where((Miss.learner == learner) & (Miss.cause != "")).tuples()
    return dict(Counter(cause for (cause,) in rows))


@dataclass(frozen=True)
class OpenMiss:
    """A missed item that is not right on three days yet: what it asks, as HTML, and why it
    was missed; ``since`` and ``right_days`` are study days."""

    note: int
    card: int
    deck: str
    topic: str
    question: str
    since: int
    cause: str
    sure: bool
    guessed: bool
    right_days: tuple[int, ...]


def still_open(learner: int) -> list[OpenMiss]:
    """The items on the list that are in study, misconceptions first, then the latest."""
    rows = (
        Miss.select(
            Miss.note, fn.MIN(Memory.card), Deck.name, Note.topic, Note.faces, Miss.since,
            Miss.cause, Miss.sure, Miss.guessed, Miss.right_days,
        )
        .join(Note, on=(Note.id == Miss.note))
        .join(Memory, on=((Memory.learner == Miss.learner) & (Memory.note == Miss.note)))
        .join(Deck, on=(Deck.id == Memory.deck))
        .where((Miss.learner == learner) & ~Miss.closed & (Memory.queue != Queue.RETIRED))
        .group_by(
            Miss.note, Deck.name, Note.topic, Note.faces, Miss.since, Miss.cause, Miss.sure,
            Miss.guessed, Miss.right_days,
        )
        .order_by(Miss.sure.desc(), Miss.since.desc(), Miss.note)
        .tuples()
    )  # fmt: skip
    return [
        OpenMiss(
            note, card, deck, topic, faces[0]["question"], since, cause, bool(sure),
            bool(guessed), tuple(days),
        )
        for note, card, deck, topic, faces, since, cause, sure, guessed, days in rows
    ]  # fmt: skip


def open_counts(learner: int) -> tuple[int, int]:
    """How many items are on the list, and how many of them are misconceptions."""
    row = (
        Miss.select(fn.COUNT(Miss.note), fn.SUM(Case(None, [(Miss.sure, 1)], 0)))
        .where((Miss.learner == learner) & ~Miss.closed)
        .tuples()
        .get()
    )
    return row[0], row[1] or 0


def _save(learner: int, note: int, **values: Any) -> None:
    Miss.insert(learner=learner, note=note, **values).on_conflict(
        conflict_target=[Miss.learner, Miss.note],
        update={getattr(Miss, name): value for name, value in values.items()},
    ).execute()
