"""Which notes a learner linked to a multiple-choice item, or had made from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SQL, fn

from quizapp.domain.queue import Queue
from quizapp.storage.models import Card, Deck, Link, Memory, Note
from quizapp.storage.prepared import prepared, slot


@dataclass(frozen=True)
class LinkedNote:
    """A note that teaches what an item asks: its first card, and what that asks, as HTML."""

    note: int
    card: int
    deck: str
    question: str
    draft: bool


def add(learner: int, item: int, note: int, draft: bool = False) -> None:
    """Link a note to an item; one that is linked already stays."""
    Link.insert(learner=learner, item=item, note=note, draft=draft).on_conflict_ignore().execute()


def remove(learner: int, item: int, note: int) -> bool:
    """End a link; False where there was none."""
    where = (Link.learner == learner) & (Link.item == item) & (Link.note == note)
    return bool(Link.delete().where(where).execute())


def find(learner: int, item: int, note: int) -> bool | None:
    """Whether a link is to a draft made from the item; None where there is no link."""
    where = (Link.learner == learner) & (Link.item == item) & (Link.note == note)
    row = Link.select(Link.draft).where(where).tuples().first()
    return None if row is None else bool(row[0])


def of_item(learner: int, item: int) -> list[LinkedNote]:
    """The notes linked to an item that are in study."""
    rows = (
        Link.select(Link.note, fn.MIN(Memory.card), Deck.name, Note.faces, Link.draft)
        .join(Note, on=(Note.id == Link.note))
        .join(Memory, on=((Memory.learner == Link.learner) & (Memory.note == Link.note)))
        .join(Deck, on=(Deck.id == Memory.deck))
        .where((Link.learner == learner) & (Link.item == item) & (Memory.queue != Queue.RETIRED))
        .group_by(Link.note, Deck.name, Note.faces, Link.draft)
        .order_by(Link.note)
        .tuples()
    )
    return [
        LinkedNote(note, card, deck, faces[0]["question"], bool(draft))
        for note, card, deck, faces, draft in rows
    ]


def search(learner: int, words: Sequence[str], item: int, most: int = 8) -> list[LinkedNote]:
    """Notes in study, questions aside, whose text has all of some words and which are not
    linked to an item yet, in reading order."""
    where = (
        (Memory.learner == learner)
        & (Memory.queue != Queue.RETIRED)
        & (Note.kind != "choice")
        & Note.id.not_in(
            Link.select(Link.note).where((Link.learner == learner) & (Link.item == item))
        )
    )
    for word in words:
        where &= fn.LOWER(Note.fields).contains(word.lower())
    rows = (
        Memory.select(Note.id, fn.MIN(Memory.card), Deck.name, Note.faces)
        .join(Note, on=(Note.id == Memory.note))
        .join(Deck, on=(Deck.id == Memory.deck))
        .where(where)
        .group_by(Note.id, Deck.name, Note.faces, Deck.position, Note.position)
        .order_by(Deck.position, Note.position)
        .limit(most)
        .tuples()
    )
    return [
        LinkedNote(note, card, deck, faces[0]["question"], False)
        for note, card, deck, faces in rows
    ]


def cards(learner: int, items: Sequence[int]) -> dict[int, list[int]]:
    """The cards of notes linked to some items, by item."""
    found: dict[int, list[int]] = {}
    rows = (
        Link.select(Link.item, Memory.card)
        .join(Memory, on=((Memory.learner == Link.learner) & (Memory.note == Link.note)))
        .where((Link.learner == learner) & Link.item.in_(list(items)) & (Memory.queue >= 0))
        .order_by(Memory.card)
        .tuples()
    )
    for item, card in rows:
        found.setdefault(item, []).append(card)
    return found


def linked(learner: int, items: Sequence[int]) -> set[int]:
    """Which of some items have a note linked to them that is not retired."""
    rows = (
        Link.select(Link.item)
        .join(Note, on=(Note.id == Link.note))
        .where((Link.learner == learner) & Link.item.in_(list(items)) & ~Note.retired)
        .tuples()
    )
    return {row[0] for row in rows}


def drafts(learner: int, items: Sequence[int]) -> dict[int, int]:
    """The card that was made from each of some items, where there is one."""
    rows = (
        Link.select(Link.item, fn.MIN(Card.id))
        .join(Card, on=(Card.note == Link.note))
        .where((Link.learner == learner) & Link.item.in_(list(items)) & Link.draft & ~Card.retired)
        .group_by(Link.item)
        .tuples()
    )
    return dict(rows)


def draft(learner: int, item: int) -> int | None:
    """The card that was made from an item, if there is one."""
    row = _draft(learner=learner, item=item).fetchone()
    return None if row is None else int(row[0])


def headings(learner: int) -> set[tuple[int, str]]:
    """The headings, as deck and topic, under which a learner has cards beside questions."""
    rows = (
        Memory.select(Note.deck, Note.topic)
        .join(Note, on=(Note.id == Memory.note))
        .where(
            (Memory.learner == learner) & (Memory.queue != Queue.RETIRED) & (Note.kind != "choice")
        )
        .distinct()
        .tuples()
    )
    return set(rows)


def taught(learner: int, item: int, deck: int, topic: str) -> bool:
    """Whether a card stands under an item's heading, or is linked to it."""
    beside = _beside(learner=learner, deck=deck, topic=topic).fetchone()
    return beside is not None or _linked(learner=learner, item=item).fetchone() is not None


@prepared
def _draft() -> Any:
    return (
        Link.select(Card.id)
        .join(Card, on=(Card.note == Link.note))
        .where(
            (Link.learner == slot("learner"))
            & (Link.item == slot("item"))
            & Link.draft
            & ~Card.retired
        )
        .limit(1)
    )


@prepared
def _beside() -> Any:
    # EXISTS, because a join would go through all memories of the learner.
    studied = Memory.select(SQL("1")).where(
        (Memory.learner == slot("learner"))
        & (Memory.note == Note.id)
        & (Memory.queue != Queue.RETIRED.value)
    )
    return (
        Note.select(Note.id)
        .where(
            (Note.deck == slot("deck"))
            & (Note.topic == slot("topic"))
            & (Note.kind != "choice")
            & fn.EXISTS(studied)
        )
        .limit(1)
    )


@prepared
def _linked() -> Any:
    return (
        Link.select(Link.note)
        .join(Note, on=(Note.id == Link.note))
        .where((Link.learner == slot("learner")) & (Link.item == slot("item")) & ~Note.retired)
        .limit(1)
    )
