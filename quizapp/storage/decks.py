"""Decks and notes: what there is to learn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

from peewee import JOIN, SQL, Case, Value, fn

from quizapp.domain.cards import card_count
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import State
from quizapp.storage.batches import batches, insert_all
from quizapp.storage.fields import TEXTS, from_json
from quizapp.storage.models import Card, Deck, Enrolment, Memory, Note
from quizapp.storage.prepared import prepared, slot


class DeckRow(NamedTuple):
    """A deck as a learner has it, with the limits of their own.

    A tuple, because somebody with hundreds of decks is shown all of them at once.
    """

    id: int
    key: str
    family: str
    parent: str
    name: str
    description: str
    topic: str
    outline: tuple[str, ...]
    origin: str
    licence: str
    updated: str
    position: int
    desired_retention: float | None
    new_per_day: int | None
    reviews_per_day: int | None


@dataclass(frozen=True)
class NoteRow:
    """What the loader needs to know of a note it may have to change."""

    id: int
    key: str
    deck: int
    digest: str
    position: int
    retired: bool
    works: list[str]


@dataclass(frozen=True)
class Totals:
    """A deck's cards by how far a learner has come with them."""

    cards: int
    questions: int
    seen: int
    mature: int
    suspended: int
    leeches: int


def of_learner(learner: int) -> list[DeckRow]:
    """The decks a learner has taken up, in reading order."""
    rows = map(DeckRow._make, _of_learner(learner=learner).fetchall())
    return [row._replace(outline=_outline(str(row.outline))) for row in rows]


@prepared
def _of_learner() -> Any:
    return (
        Deck.select(
            Deck.id, Deck.key, Deck.family, Deck.parent, Deck.name, Deck.description,
            Deck.topic, Deck.outline, Deck.origin, Deck.licence, Deck.updated, Deck.position,
            Enrolment.desired_retention, Enrolment.new_per_day, Enrolment.reviews_per_day,
        )
        .join(Enrolment, on=(Enrolment.deck == Deck.id))
        .where((Enrolment.learner == slot("learner")) & ~Deck.retired)
        .order_by(Deck.family, Deck.position, Deck.name, Deck.id)
    )  # fmt: skip


@lru_cache(maxsize=256)
def _outline(stored: str) -> tuple[str, ...]:
    return tuple(from_json(stored, TEXTS))


def contents(decks: Sequence[int]) -> list[tuple[str, str, int]]:
    """How many items of each pool and kind some decks hold: pool, kind, count."""
    return list(
        Note.select(Note.pool, Note.kind, fn.COUNT(Note.id))
        .where(Note.deck.in_(decks) & ~Note.retired)
        .group_by(Note.pool, Note.kind)
        .tuples()
    )


def totals(learner: int, decks: Sequence[int], mature_days: int = 21) -> Totals:
    """How far a learner has come with some decks."""
    seen = (Memory.state != State.NEW) & (Memory.queue != Queue.RETIRED)
    row = (
        Memory.select(
            fn.COUNT(Memory.card),
            fn.SUM(Case(None, [((Note.kind == "choice"), 1)], 0)),
            fn.SUM(Case(None, [(seen, 1)], 0)),
            fn.SUM(Case(None, [((Memory.interval >= mature_days) & seen, 1)], 0)),
            fn.SUM(Case(None, [((Memory.queue == Queue.SUSPENDED), 1)], 0)),
            fn.SUM(Case(None, [(Memory.leech, 1)], 0)),
        )
        .join(Note, on=(Note.id == Memory.note))
        .where(
            (Memory.learner == learner) & (Memory.deck.in_(decks)) & (Memory.queue != Queue.RETIRED)
        )
        .tuples()
        .get()
    )
    return Totals(*(value or 0 for value in row))


def topics(learner: int, deck: int) -> list[tuple[str, int, int]]:
    """The headings of a deck with their cards and how many of them were seen."""
    rows = (
        Memory.select(
            Note.topic,
            fn.COUNT(Memory.card),
            fn.SUM(Case(None, [((Memory.state != State.NEW), 1)], 0)),
        )
        .join(Note, on=(Note.id == Memory.note))
        .where(
            (Memory.learner == learner) & (Memory.deck == deck) & (Memory.queue != Queue.RETIRED)
        )
        .group_by(Note.topic)
        .order_by(fn.MIN(Note.position))
        .tuples()
    )
    return [(topic, cards, seen or 0) for topic, cards, seen in rows]


def limited(learner: int, today: int) -> list[tuple[int, int | None, int | None]]:
    """The decks with limits of their own: deck, new cards and reviews today."""
    rows = _limited(learner=learner).fetchall()
    return [
        (deck, None if new is None else new + (extra if day == today else 0), reviews)
        for deck, new, reviews, day, extra in rows
    ]


def allow_more(learner: int, decks: Sequence[int] | None, today: int, count: int) -> None:
    """Raise today's own limit for new cards of decks that have one; None is all decks."""
    where = (Enrolment.learner == learner) & Enrolment.new_per_day.is_null(False)
    if decks is not None:
        where &= Enrolment.deck.in_(list(decks))
    already = Case(None, [((Enrolment.extra_new_day == today), Enrolment.extra_new)], 0)
    Enrolment.update(extra_new=already + count, extra_new_day=today).where(where).execute()


def allowances(learner: int, decks: Sequence[int] | None) -> list[tuple[int, int, int]]:
    """What ``allow_more`` would change: deck, and its extra new cards with their day."""
    where = (Enrolment.learner == learner) & Enrolment.new_per_day.is_null(False)
    if decks is not None:
        where &= Enrolment.deck.in_(list(decks))
    return list(
        Enrolment.select(Enrolment.deck, Enrolment.extra_new_day, Enrolment.extra_new)
        .where(where)
        .tuples()
    )


def put_back_allowances(learner: int, rows: Iterable[Sequence[int]]) -> None:
    """Store what ``allowances`` found again."""
    for deck, day, extra in rows:
        where = (Enrolment.learner == learner) & (Enrolment.deck == deck)
        Enrolment.update(extra_new_day=day, extra_new=extra).where(where).execute()


def set_limits(learner: int, deck: int, **limits: Any) -> bool:
    """Store a learner's own limits for a deck; False where they do not have it."""
    where = (Enrolment.learner == learner) & (Enrolment.deck == deck)
    return bool(Enrolment.update(**limits).where(where).execute())


def digests() -> dict[str, tuple[int, str, bool]]:
    """Each shipped deck's id, digest and whether it is retired, by key."""
    rows = Deck.select(Deck.key, Deck.id, Deck.digest, Deck.retired).where(Deck.owner.is_null())
    return {key: (id_, digest, retired) for key, id_, digest, retired in rows.tuples()}


def save(key: str, **columns: Any) -> int:
    """Add or change a deck; return its id."""
    row = Deck.get_or_none(Deck.key == key)
    if row is None:
        return int(Deck.create(key=key, **columns).id)
    Deck.update(**columns).where(Deck.id == row.id).execute()
    return int(row.id)


def own(learner: int, key: str) -> int | None:
    """A learner's own deck by its key, if it is in study."""
    where = (Deck.key == key) & (Deck.owner == learner) & ~Deck.retired
    row = Deck.select(Deck.id).where(where).tuples().first()
    return None if row is None else int(row[0])


def owner(deck: int) -> int | None:
    """Whose deck it is; None for a shipped one, or none."""
    row = Deck.select(Deck.owner).where(Deck.id == deck).tuples().first()
    return row[0] if row else None


def next_position(deck: int) -> int:
    """The place after the last note of a deck, retired ones counted."""
    last = Note.select(fn.MAX(Note.position)).where(Note.deck == deck).scalar()
    return 0 if last is None else int(last) + 1


def rendered_before(renderer: str) -> list[tuple[int, str, dict[str, Any], str, str]]:
    """Own notes whose faces another renderer made: id, kind, fields, objective, digest."""
    by_this = (Note.digest == renderer) | Note.digest.startswith(f"{renderer}:")
    rows = Note.select(Note.id, Note.kind, Note.fields, Note.objective, Note.digest)
    return list(rows.where(Note.digest.startswith("faces-") & ~by_this).tuples())


def retire(decks: Sequence[int]) -> None:
    """Take decks out of study with all their notes; progress stays."""
    Deck.update(retired=True, digest="").where(Deck.id.in_(decks)).execute()
    notes = [row[0] for row in Note.select(Note.id).where(Note.deck.in_(decks)).tuples()]
    retire_notes(notes)


def notes_by_key(keys: Iterable[str]) -> dict[str, NoteRow]:
    """The stored notes among these keys, whatever deck they stand in."""
    found = {}
    for batch in batches(list(keys)):
        rows = Note.select(
            Note.id, Note.key, Note.deck, Note.digest, Note.position, Note.retired, Note.works
        ).where(Note.key.in_(batch))
        for row in rows.tuples():
            found[row[1]] = NoteRow(*row)
    return found


def note_ids(deck: int) -> set[int]:
    """The notes of a deck that are in study."""
    rows = Note.select(Note.id).where((Note.deck == deck) & ~Note.retired)
    return {row[0] for row in rows.tuples()}


def add_note(**columns: Any) -> int:
    """Store a new note; return its id."""
    return int(Note.create(**columns).id)


def change_note(note: int, **columns: Any) -> None:
    """Store the named columns of a note."""
    Note.update(**columns).where(Note.id == note).execute()


def lay_cards(note: int, deck: int, count: int, rank: int, studied: bool = True) -> None:
    """Give a note exactly ``count`` cards in a deck.

    Cards beyond the count are retired, missing ones added and retired ones
    taken back; whatever a learner knows of them stays theirs. Where the note is
    not ``studied``, being held for mock exams, no card of it waits in a queue.
    """
    known = {row[0] for row in Card.select(Card.ord).where(Card.note == note).tuples()}
    fresh = [
        {
            "note": note,
            "deck": deck,
            "ord": ord_,
            "rank": rank,
            "shuffle": crc32(f"{note}:{ord_}".encode()) % 1_000_003,
        }
        for ord_ in range(count)
        if ord_ not in known
    ]
    if fresh:
        Card.insert_many(fresh).execute()
    Card.update(
        deck=deck, rank=rank, retired=Case(None, [((Card.ord >= count), True)], False)
    ).where(Card.note == note).execute()
    if not known:
        return
    Memory.update(
        deck=deck, turn=Case(None, [((Memory.state == State.NEW), rank)], Memory.turn)
    ).where(Memory.note == note).execute()
    kept = Card.select(Card.id).where((Card.note == note) & ~Card.retired & Value(studied))
    _retire_memories((Memory.note == note) & Memory.card.not_in(kept))
    restore_memories((Memory.note == note) & Memory.card.in_(kept))


def lay_card(note: int, deck: int, ord_: int, rank: int) -> None:
    """Give a note one more card."""
    shuffle = crc32(f"{note}:{ord_}".encode()) % 1_000_003
    Card.create(note=note, deck=deck, ord=ord_, rank=rank, shuffle=shuffle)


def retire_notes(notes: Sequence[int]) -> None:
    """Take notes and their cards out of study; progress stays."""
    for batch in batches(list(notes)):
        Note.update(retired=True).where(Note.id.in_(batch)).execute()
        Card.update(retired=True).where(Card.note.in_(batch)).execute()
        _retire_memories(Memory.note.in_(batch))


def bring_back(notes: Sequence[int]) -> None:
    """Take notes that were set aside back into study, with the cards that they make."""
    made: dict[int | None, list[int]] = {}
    for piece in batches(list(notes)):
        rows = Note.select(Note.id, Note.kind, Note.fields).where(Note.id.in_(piece))
        for note, kind, fields in rows.tuples():
            count = None if kind == "custom" else card_count(kind, fields)
            made.setdefault(count, []).append(note)
    for count, alike in made.items():
        for piece in batches(alike):
            these = Card.note.in_(piece)
            if count is not None:
                these &= Card.ord < count
            Note.update(retired=False).where(Note.id.in_(piece)).execute()
            Card.update(retired=False).where(these).execute()
            restore_memories(Memory.card.in_(Card.select(Card.id).where(these)))


def restore_memories(where: Any) -> None:
    """Bring memories of retired cards back into study; what was suspended is so again."""
    suspended = Queue.SUSPENDED.value
    Memory.update(
        queue=Case(None, [((Memory.held == suspended), suspended)], _queue_of_state()), held=None
    ).where(where & (Memory.queue == Queue.RETIRED)).execute()


def enrol(learner: int, decks: Sequence[int]) -> None:
    """Let a learner take up decks; those they already have stay as they are."""
    rows = [{"learner": learner, "deck": deck} for deck in decks]
    insert_all(Enrolment, rows, known=True)


def shipped() -> list[int]:
    """The decks that come with the app and are in study."""
    return [
        row[0] for row in Deck.select(Deck.id).where(Deck.owner.is_null() & ~Deck.retired).tuples()
    ]


def deal(note: int | None = None) -> int:
    """Give every learner a new memory of each card in their decks that lacks one.

    With a ``note``, of its cards alone. Returns how many were laid out. Mock-exam items
    are never dealt: they are kept out of study.
    """
    missing = (
        Card.select(
            Enrolment.learner,
            Card.id,
            Card.deck,
            Card.note,
            Queue.NEW.value,
            Card.rank,
            Card.shuffle,
            *_defaults().values(),
        )
        .join(Note, on=(Note.id == Card.note))
        .switch(Card)
        .join(Enrolment, on=(Enrolment.deck == Card.deck))
        .join(
            Memory,
            JOIN.LEFT_OUTER,
            on=((Memory.learner == Enrolment.learner) & (Memory.card == Card.id)),
        )
        .where(Memory.card.is_null() & ~Card.retired & (Note.pool == "study"))
    )
    if note is not None:
        missing = missing.where(Card.note == note)
    columns = [
        Memory.learner,
        Memory.card,
        Memory.deck,
        Memory.note,
        Memory.queue,
        Memory.turn,
        Memory.shuffle,
        *(getattr(Memory, name) for name in _defaults()),
    ]
    return int(Memory.insert_from(missing, columns).as_rowcount().execute())


def _retire_memories(where: Any) -> None:
    Memory.update(queue=Queue.RETIRED, held=Memory.queue).where(
        where & (Memory.queue != Queue.RETIRED)
    ).execute()


def _queue_of_state() -> Any:
    """The queue of a memory that nothing holds back, as an expression."""
    return Case(
        Memory.state,
        [
            (State.NEW.value, Queue.NEW.value),
            (State.REVIEW.value, Queue.REVIEW.value),
        ],
        Queue.LEARNING.value,
    )


@prepared
def _limited() -> Any:
    return Enrolment.select(
        Enrolment.deck,
        Enrolment.new_per_day,
        Enrolment.reviews_per_day,
        Enrolment.extra_new_day,
        Enrolment.extra_new,
    ).where(
        (Enrolment.learner == slot("learner"))
        & (Enrolment.new_per_day.is_null(False) | Enrolment.reviews_per_day.is_null(False))
    )


def _defaults() -> dict[str, Any]:
    """What a memory holds before the first answer; INSERT … SELECT knows no defaults."""
    values = {
        "version": 0,
        "state": 0,
        "step": 0,
        "interval": 0,
        "reps": 0,
        "lapses": 0,
        "leech": False,
        "marked": False,
        "flag": 0,
        "buried_by_sibling": False,
    }
    literals = {True: SQL("TRUE"), False: SQL("FALSE")}
    return {
        name: literals[value] if isinstance(value, bool) else SQL(str(value))
        for name, value in values.items()
    }
