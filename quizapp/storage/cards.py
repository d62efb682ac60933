"""Cards as a learner meets them: what comes next, and what is known of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, Expression, fn

from quizapp.domain.queue import Candidate, Counts, Queue
from quizapp.domain.scheduling import MODEL, State
from quizapp.domain.scheduling import Memory as MemoryValue
from quizapp.storage.models import Card, Deck, Enrolment, Memory, Note, NoteEdit

# How many cards the interleaving may choose from.
_CHOICE = 24


@dataclass(frozen=True)
class StudyCard:
    """A card with its content and what a learner knows of it."""

    id: int
    note: int
    deck: int
    ord: int
    kind: str
    fields: Mapping[str, Any]
    face: Mapping[str, Any]
    topic: str
    deck_name: str
    deck_parent: str
    reference: str
    objective: str
    tags: tuple[str, ...]
    domains: tuple[str, ...]
    edited: bool
    version: int
    queue: Queue
    leech: bool
    marked: bool
    flag: int
    retention: float | None
    memory: MemoryValue

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.id, self.note, f"{self.deck}/{self.topic}")


def find(learner: int, card: int) -> StudyCard | None:
    """A learner's card, or None where they do not have it."""
    row = (
        Memory.select(
            Memory,
            Card.ord,
            Note.kind,
            Note.fields,
            Note.faces,
            Note.topic,
            Note.reference,
            Note.objective,
            Note.tags,
            Note.domains,
            Deck.name,
            Deck.parent,
            Enrolment.desired_retention.alias("retention"),
            NoteEdit.fields.alias("own_fields"),
            NoteEdit.faces.alias("own_faces"),
        )
        .join(Card, on=(Card.id == Memory.card))
        .join(Note, on=(Note.id == Card.note))
        .join(Deck, on=(Deck.id == Memory.deck))
        .join(
            Enrolment,
            JOIN.LEFT_OUTER,
            on=((Enrolment.learner == Memory.learner) & (Enrolment.deck == Memory.deck)),
        )
        .join(
            NoteEdit,
            JOIN.LEFT_OUTER,
            on=((NoteEdit.learner == Memory.learner) & (NoteEdit.note == Note.id)),
        )
        .where((Memory.learner == learner) & (Memory.card == card))
        .objects()
        .first()
    )
    return row and _study_card(row)


def due_reviews(
    learner: int, decks: Sequence[int] | None, today: int, without: Sequence[int] = ()
) -> list[Candidate]:
    """The reviews whose turn has come, longest overdue first."""
    return _candidates(
        _in(learner, decks, Queue.REVIEW) & (Memory.turn <= today) & _not_in(without),
        Memory.turn,
        Memory.shuffle,
    )


def new_cards(
    learner: int, decks: Sequence[int] | None, without: Sequence[int] = ()
) -> list[Candidate]:
    """Cards never studied, in the order of the curriculum."""
    return _candidates(_in(learner, decks, Queue.NEW) & _not_in(without), Memory.turn, Memory.card)


def learning(learner: int, decks: Sequence[int] | None, until: datetime) -> list[Candidate]:
    """Cards in learning steps that are due by a moment, earliest first."""
    return _candidates(
        _in(learner, decks, Queue.LEARNING) & (Memory.due <= until), Memory.due, Memory.card
    )


def ahead(learner: int, decks: Sequence[int] | None, today: int, days: int) -> list[Candidate]:
    """Reviews of the coming days that were not studied today, soonest first."""
    return _candidates(
        _in(learner, decks, Queue.REVIEW)
        & (Memory.turn > today)
        & (Memory.turn <= today + days)
        & (Memory.last_day != today),
        Memory.turn,
        Memory.shuffle,
    )


def chosen(learner: int, cards: Sequence[int]) -> list[Candidate]:
    """Candidates for cards picked elsewhere, in the order they were picked."""
    found = {c.card: c for c in _candidates(_owned(learner) & Memory.card.in_(cards), Memory.card)}
    return [found[card] for card in cards if card in found]


def counts_by_deck(learner: int, today: int, day_end: datetime) -> dict[int, Counts]:
    """What waits in each of a learner's decks, before any limit."""
    new = _per_deck(learner, Queue.NEW, None)
    learn = _per_deck(learner, Queue.LEARNING, Memory.due < day_end)
    due = _per_deck(learner, Queue.REVIEW, Memory.turn <= today)
    return {
        deck: Counts(new.get(deck, 0), learn.get(deck, 0), due.get(deck, 0))
        for deck in {*new, *learn, *due}
    }


def count(
    learner: int,
    decks: Sequence[int] | None,
    today: int,
    day_end: datetime,
    at_most: tuple[int | None, int | None],
    without: tuple[Sequence[int], Sequence[int]] = ((), ()),
) -> Counts:
    """What waits in some decks, counting new cards and reviews no further than asked.

    The bound keeps the cost of a count independent of the size of the collection.
    ``without`` names decks whose new cards, or reviews, are used up.
    """
    new, due = at_most
    no_new, no_due = without
    return Counts(
        new=_bounded(_in(learner, decks, Queue.NEW) & _not_in(no_new), new),
        learning=_bounded(_in(learner, decks, Queue.LEARNING) & (Memory.due < day_end), None),
        due=_bounded(
            _in(learner, decks, Queue.REVIEW) & (Memory.turn <= today) & _not_in(no_due), due
        ),
    )


def held_back(learner: int, decks: Sequence[int] | None) -> tuple[int, int]:
    """How many cards are buried until tomorrow, and how many suspended."""
    return (
        _bounded(_in(learner, decks, Queue.BURIED), None),
        _bounded(_in(learner, decks, Queue.SUSPENDED), None),
    )


def next_learning(learner: int, decks: Sequence[int] | None) -> datetime | None:
    """When the next card in learning steps is due."""
    due = (
        Memory.select(Memory.due)
        .where(_in(learner, decks, Queue.LEARNING))
        .order_by(Memory.due)
        .limit(1)
        .tuples()
        .first()
    )
    return due[0] if due else None


def next_day(learner: int, decks: Sequence[int] | None, today: int) -> tuple[int, int] | None:
    """The next study day with reviews, and how many."""
    row = (
        Memory.select(Memory.turn)
        .where(_in(learner, decks, Queue.REVIEW) & (Memory.turn > today))
        .order_by(Memory.turn)
        .limit(1)
        .tuples()
        .first()
    )
    if row is None:
        return None
    day = int(row[0])
    return day, _bounded(_in(learner, decks, Queue.REVIEW) & (Memory.turn == day), None)


def siblings(learner: int, note: int, card: int, today: int) -> list[int]:
    """Other cards of the same note that would still come today."""
    rows = Memory.select(Memory.card).where(
        (Memory.learner == learner)
        & (Memory.note == note)
        & (Memory.card != card)
        & ((Memory.queue == Queue.NEW) | ((Memory.queue == Queue.REVIEW) & (Memory.turn <= today)))
    )
    return [row[0] for row in rows.tuples()]


def of_note(learner: int, note: int) -> list[int]:
    """All cards of a note that a learner has."""
    rows = Memory.select(Memory.card).where(
        (Memory.learner == learner) & (Memory.note == note) & (Memory.queue != Queue.RETIRED)
    )
    return [row[0] for row in rows.tuples()]


def snapshot(learner: int, cards: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of some memories as plain values, to be put back by ``restore``."""
    names = [field.name for field in Memory._meta.sorted_fields]
    rows = Memory.select().where(_owned(learner) & Memory.card.in_(cards))
    return [
        {
            name: getattr(Memory, name).db_value(row.__data__.get(name))
            for name in names
            if name not in ("learner", "version", "deck", "note")
        }
        for row in rows
    ]


def restore(learner: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put memories back as they were; their version goes on counting up."""
    for row in rows:
        values = {name: value for name, value in row.items() if name != "card"}
        for name in ("due", "last_at"):
            values[name] = getattr(Memory, name).python_value(values[name])
        Memory.update(version=Memory.version + 1, **values).where(
            _owned(learner) & (Memory.card == row["card"]) & (Memory.queue != Queue.RETIRED)
        ).execute()


def save_review(
    learner: int, card: int, version: int, memory: MemoryValue, queue: Queue, leech: bool
) -> bool:
    """Store what an answer made of a memory; False where someone was here first."""
    return _changed(
        learner,
        [card],
        Memory.version == version,
        queue=queue,
        turn=memory.due_day,
        state=memory.state,
        step=memory.step,
        due=memory.due,
        interval=memory.interval,
        stability=memory.stability,
        difficulty=memory.difficulty,
        model=MODEL,
        last_at=memory.last_at,
        last_day=memory.last_day,
        reps=memory.reps,
        lapses=memory.lapses,
        leech=leech,
        buried_on=None,
    )


def change(learner: int, cards: Sequence[int], **columns: Any) -> bool:
    """Store the named columns of some memories."""
    return _changed(learner, cards, None, **columns)


def start_again(learner: int, card: int) -> None:
    """Make a memory new, at its place in the curriculum."""
    rank = Card.select(Card.rank).where(Card.id == card)
    change(
        learner,
        [card],
        queue=Queue.NEW,
        state=State.NEW,
        turn=rank,
        step=0,
        due=None,
        interval=0,
        stability=None,
        difficulty=None,
        last_at=None,
        last_day=None,
        reps=0,
        lapses=0,
        leech=False,
        buried_on=None,
    )


def stabilities(learner: int) -> dict[int, tuple[float, float]]:
    """The stored stability and difficulty of every card that has them."""
    rows = Memory.select(Memory.card, Memory.stability, Memory.difficulty).where(
        _owned(learner) & Memory.stability.is_null(False)
    )
    return {card: (s, d) for card, s, d in rows.tuples()}


def unbury(learner: int, today: int) -> None:
    """Return cards that were buried before today to their queues."""
    buried = _owned(learner) & Memory.buried_on.is_null(False) & (Memory.buried_on != today)
    for state, queue in (
        (State.NEW, Queue.NEW),
        (State.REVIEW, Queue.REVIEW),
        (None, Queue.LEARNING),
    ):
        of_state = (
            (Memory.state == state)
            if state is not None
            else Memory.state.in_([State.LEARNING, State.RELEARNING])
        )
        Memory.update(queue=queue, buried_on=None).where(
            buried & (Memory.queue == Queue.BURIED) & of_state
        ).execute()


def _changed(learner: int, cards: Sequence[int], also: Any, **columns: Any) -> bool:
    where = _owned(learner) & (
        (Memory.card == cards[0]) if len(cards) == 1 else Memory.card.in_(cards)
    )
    if also is not None:
        where &= also
    return bool(Memory.update(version=Memory.version + 1, **columns).where(where).execute())


def _candidates(where: Expression, *order: Any) -> list[Candidate]:
    # The inner query picks a few rows by an index; only those are joined.
    keys = [f"key{i}" for i in range(len(order))]
    picked = (
        Memory.select(
            Memory.card,
            Memory.note,
            Memory.deck,
            *(column.alias(key) for column, key in zip(order, keys, strict=True)),
        )
        .where(where)
        .order_by(*order)
        .limit(_CHOICE)
        .alias("picked")
    )
    rows = (
        Note.select(picked.c.card_id, picked.c.note_id, picked.c.deck_id, Note.topic)
        .from_(picked)
        .join(Note, on=(Note.id == picked.c.note_id))
        .order_by(*(getattr(picked.c, key) for key in keys))
        .tuples()
    )
    return [Candidate(card, note, f"{deck}/{topic}") for card, note, deck, topic in rows]


def _bounded(where: Expression, at_most: int | None) -> int:
    if at_most is not None and at_most <= 0:
        return 0
    found = Memory.select(Memory.card).where(where)
    if at_most is not None:
        found = found.limit(at_most)
    return int(Memory.select(fn.COUNT(1)).from_(found.alias("found")).scalar())


def _per_deck(learner: int, queue: Queue, also: Any) -> dict[int, int]:
    where = _owned(learner) & (Memory.queue == queue)
    if also is not None:
        where &= also
    rows = Memory.select(Memory.deck, fn.COUNT(1)).where(where).group_by(Memory.deck)
    return dict(rows.tuples())


def _owned(learner: int) -> Any:
    return Memory.learner == learner


def _in(learner: int, decks: Sequence[int] | None, queue: Queue) -> Any:
    where = _owned(learner) & (Memory.queue == queue)
    if decks is None:
        return where
    return where & ((Memory.deck == decks[0]) if len(decks) == 1 else Memory.deck.in_(decks))


def _not_in(decks: Sequence[int]) -> Any:
    return Memory.deck.not_in(list(decks)) if decks else True


def _study_card(row: Any) -> StudyCard:
    faces = row.own_faces or row.faces
    return StudyCard(
        id=row.card,
        note=row.note,
        deck=row.deck,
        ord=row.ord,
        kind=row.kind,
        fields=row.own_fields or row.fields,
        face=faces[min(row.ord, len(faces) - 1)],
        topic=row.topic,
        deck_name=row.name,
        deck_parent=row.parent,
        reference=row.reference,
        objective=row.objective,
        tags=tuple(row.tags),
        domains=tuple(row.domains),
        edited=row.own_fields is not None,
        version=row.version,
        queue=Queue(row.queue),
        leech=row.leech,
        marked=row.marked,
        flag=row.flag,
        retention=row.retention,
        memory=MemoryValue(
            state=State(row.state),
            step=row.step,
            stability=row.stability,
            difficulty=row.difficulty,
            due=row.due,
            due_day=None if row.state == State.NEW else row.turn,
            interval=row.interval,
            last_at=row.last_at,
            last_day=row.last_day,
            reps=row.reps,
            lapses=row.lapses,
        ),
    )
