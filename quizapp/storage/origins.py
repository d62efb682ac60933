"""Where a card comes from, and what kind of card it is."""

from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

from quizapp.storage.models import Batch, Card, Deck, Note, NoteType


@dataclass(frozen=True)
class Origin:
    """What a card's own page says of its descent.

    kind      of its note: one of our own, or "custom"
    notetype  the name of a custom note's type, else ""
    template  the name of the template it is made by, numbered where one makes all cards of
              its type, "" where there is none
    file      the deck file that ships it, else ""
    batch     the import that brought its note, with what it was called and when that was
    """

    kind: str
    notetype: str
    template: str
    number: int
    file: str
    batch: int | None
    title: str
    at: datetime | None


def of_card(card: int) -> Origin:
    """Where a card comes from; it must exist."""
    row = (
        Card.select(
            Card.ord, Note.kind, Deck.owner, Deck.key, NoteType.name, NoteType.kind,
            NoteType.templates, Batch.id, Batch.title, Batch.done, Batch.made,
        )
        .join(Note, on=(Note.id == Card.note))
        .join(Deck, on=(Deck.id == Note.deck))
        .join(NoteType, JOIN.LEFT_OUTER, on=(NoteType.id == Note.notetype))
        .join(Batch, JOIN.LEFT_OUTER, on=(Batch.id == Note.batch))
        .where(Card.id == card)
        .tuples()
        .get()
    )  # fmt: skip
    ord_, kind, owner, key, name, of, templates, batch, title, done, made = row
    names = [parts[0] for parts in templates or ()]
    if of == "normal":
        template = names[ord_] if ord_ < len(names) else ""
    else:
        template = f"{names[0]} {ord_ + 1}" if names else ""
    return Origin(
        kind=kind,
        notetype=name or "",
        template=template,
        number=ord_ + 1,
        file="" if owner is not None else f"{key}.md",
        batch=batch,
        title=title or "",
        at=done or made,
    )
