"""Multiple-choice items as what cards are made of, those held for mock exams among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from quizapp.domain.cards import fits
from quizapp.domain.queue import Queue
from quizapp.storage.batches import batches
from quizapp.storage.models import Card, Enrolment, Memory, Note, NoteEdit


@dataclass(frozen=True)
class Item:
    """An item in the learner's own wording; ``version`` is 0 where it is not in study."""

    note: int
    card: int
    version: int
    deck: int
    topic: str
    fields: Mapping[str, Any]
    objective: str
    reference: str
    domains: tuple[str, ...]


def find(learner: int, notes: Sequence[int]) -> dict[int, Item]:
    """Those of some notes that are items of a learner's decks, by note."""
    found = {}
    for batch in batches(list(notes)):
        rows = (
            Note.select(
                Note.id, Card.id, Memory.version, Note.deck, Note.topic, Note.fields,
                NoteEdit.fields, Note.objective, Note.reference, Note.domains,
            )
            .join(Card, on=((Card.note == Note.id) & (Card.ord == 0)))
            .join(Enrolment, on=((Enrolment.deck == Note.deck) & (Enrolment.learner == learner)))
            .join(
                Memory, JOIN.LEFT_OUTER,
                on=((Memory.learner == learner) & (Memory.card == Card.id)),
            )
            .join(
                NoteEdit, JOIN.LEFT_OUTER,
                on=((NoteEdit.learner == learner) & (NoteEdit.note == Note.id)),
            )
            .where(Note.id.in_(batch) & (Note.kind == "choice"))
            .tuples()
        )  # fmt: skip
        for note, card, version, deck, topic, fields, own, objective, reference, domains in rows:
            said = own if own is not None and fits("choice", fields, own) else fields
            found[note] = Item(
                note, card, version or 0, deck, topic, said, objective, reference, tuple(domains)
            )
    return found


def has_note(learner: int, note: int) -> bool:
    """Whether a learner studies cards of a note."""
    where = (Memory.learner == learner) & (Memory.note == note) & (Memory.queue != Queue.RETIRED)
    return bool(Memory.select().where(where).exists())
