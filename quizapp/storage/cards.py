"""Cards as a learner meets them: what comes next, and what is known of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, SQL, fn

from quizapp.domain.cards import fits
from quizapp.domain.queue import Candidate, Counts, Queue
from quizapp.domain.scheduling import MODEL, State
from quizapp.domain.scheduling import Memory as MemoryValue
from quizapp.storage.batches import batches
from quizapp.storage.fields import (
    FACES,
    OBJECT,
    TEXTS,
    from_json,
    from_milliseconds,
    to_json,
    to_milliseconds,
)
from quizapp.storage.models import Card, Deck, Enrolment, Memory, Note, NoteEdit
from quizapp.storage.prepared import many, prepared, slot, slots

# How many cards the interleaving may choose from.
_CHOICE = 24

# Cards are counted up to here and shown as "1,000+" beyond it, so that the cost of
# a count does not grow with the collection.
COUNTED = 1_000

# What undo puts back; version goes on counting, deck and note belong to the content.
_KEPT = [
    field
    for field in Memory._meta.sorted_fields
    if field.name not in ("learner", "version", "deck", "note")
]
_CONTENT = (
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
    Enrolment.desired_retention,
    NoteEdit.fields,
    NoteEdit.faces,
    Memory.version,
    Memory.deck,
    Memory.note,
    Note.notetype,
)


@dataclass(frozen=True)
class StudyCard:
    """A card with its content and what a learner knows of it.

    ``stored`` is the memory's row as plain values, for the journal. ``notetype`` is the
    row of a custom note's type; its ``face`` stands for it in lists only.
    """

    id: int
    note: int
    deck: int
    ord: int
    kind: str
    fields: Mapping[str, Any]
    face: Mapping[str, Any]
    sides: int
    topic: str
    deck_name: str
    deck_parent: str
    reference: str
    objective: str
    tags: tuple[str, ...]
    domains: tuple[str, ...]
    retention: float | None
    edited: bool
    version: int
    queue: Queue
    leech: bool
    marked: bool
    flag: int
    memory: MemoryValue
    stored: Mapping[str, Any]
    notetype: int | None

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.id, self.note, f"{self.deck}/{self.topic}")


def find(learner: int, card: int) -> StudyCard | None:
    """A learner's card, or None where they do not have it."""
    row = _find(learner=learner, card=card).fetchone()
    return None if row is None else _study_card(row)


def due_reviews(
    learner: int, decks: Sequence[int] | None, today: int, without: Sequence[int] = ()
) -> list[Candidate]:
    """The reviews whose turn has come, longest overdue first."""
    return _candidates("due", learner, decks, without, today=today)


def new_cards(
    learner: int, decks: Sequence[int] | None, without: Sequence[int] = ()
) -> list[Candidate]:
    """Cards never studied, in the order of the curriculum."""
    return _candidates("new", learner, decks, without)


def learning(learner: int, decks: Sequence[int] | None, until: datetime) -> list[Candidate]:
    """Cards in learning steps that are due by a moment, earliest first."""
    return _candidates("learning", learner, decks, until=to_milliseconds(until))


def ahead(learner: int, decks: Sequence[int] | None, today: int, days: int) -> list[Candidate]:
    """Reviews of the coming days that were not studied today, soonest first."""
    return _candidates("ahead", learner, decks, today=today, last=today + days)


def chosen(learner: int, cards: Sequence[int]) -> list[Candidate]:
    """Candidates for cards picked elsewhere, in the order they were picked."""
    rows = (
        Memory.select(Memory.card, Memory.note, Memory.deck, Note.topic)
        .join(Note, on=(Note.id == Memory.note))
        .where((Memory.learner == learner) & Memory.card.in_(cards))
        .tuples()
    )
    found = {card: Candidate(card, note, f"{deck}/{topic}") for card, note, deck, topic in rows}
    return [found[card] for card in cards if card in found]


def texts(notes: Sequence[int]) -> dict[int, tuple[int, list[str], str, str]]:
    """What some notes are about: id, domains, deck and heading, words; by id."""
    rows = Note.select(
        Note.id, Note.domains, Note.deck, Note.topic, Note.fields, Note.objective
    ).where(Note.id.in_(list(notes)))
    return {
        id_: (id_, domains, f"{deck}/{topic}", _said(fields, objective))
        for id_, domains, deck, topic, fields, objective in rows.tuples()
    }


@dataclass(frozen=True)
class Listed:
    """A card in a list: where it stands and what it asks, as HTML."""

    id: int
    note: int
    deck: str
    topic: str
    question: str
    version: int
    queue: Queue


SET_ASIDE = "set-aside"
LISTS = ("suspended", "put-off", SET_ASIDE, "flagged", "marked", "leeches")


def listed(learner: int, decks: Sequence[int], which: str) -> list[Listed]:
    """The cards of some decks in one of LISTS, up to COUNTED; raises KeyError for another."""
    there = Memory.queue != Queue.RETIRED
    where = {
        "suspended": Memory.queue == Queue.SUSPENDED,
        "put-off": Memory.queue == Queue.BURIED,
        SET_ASIDE: _set_aside(learner),
        "flagged": there & (Memory.flag > 0),
        "marked": there & Memory.marked,
        "leeches": there & Memory.leech,
    }[which]
    return [card for card, _ in _listed(learner, decks, where)]


def tagged(learner: int, decks: Sequence[int], tag: str) -> list[Listed]:
    """The cards of some decks with a tag, or with one below it ("Law" has "Law::EU").

    Up to COUNTED.
    """
    wanted = tag.casefold()
    begins = (to_json(tag) or "")[:-1]
    where = (Memory.queue != Queue.RETIRED) & Note.tags.cast("TEXT").contains(begins)
    return [
        card
        for card, tags in _listed(learner, decks, where)
        if any(f"{one.casefold()}::".startswith(f"{wanted}::") for one in tags)
    ]


def _listed(learner: int, decks: Sequence[int], where: Any) -> list[tuple[Listed, list[str]]]:
    """Cards of some decks with their tags."""
    rows = (
        Memory.select(
            Memory.card, Memory.note, Deck.name, Note.topic, Note.kind, Note.faces, Card.ord,
            Memory.version, Memory.queue, Note.tags,
        )
        .join(Card, on=(Card.id == Memory.card))
        .join(Note, on=(Note.id == Memory.note))
        .join(Deck, on=(Deck.id == Memory.deck))
        .where((Memory.learner == learner) & Memory.deck.in_(list(decks)) & where)
        .order_by(Deck.position, Note.position, Card.ord)
        .limit(COUNTED)
        .tuples()
    )  # fmt: skip
    return [
        (
            Listed(
                card, note, deck, topic, faces[min(ord_, len(faces) - 1)]["question"],
                version, Queue(q),
            ),
            tags,
        )
        for card, note, deck, topic, kind, faces, ord_, version, q, tags in rows
        # Of a note that is set aside, a card it had lost before does not come back with it.
        if kind == "custom" or ord_ < len(faces)
    ]  # fmt: skip


def notes_set_aside(learner: int, cards: Sequence[int]) -> dict[int, str]:
    """The notes of those of some cards that an import set aside: their keys, by id."""
    found: dict[int, str] = {}
    for piece in batches(cards):
        rows = (
            Memory.select(Note.id, Note.key)
            .join(Note, on=(Note.id == Memory.note))
            .join(Deck, on=(Deck.id == Memory.deck))
            .where((Memory.learner == learner) & Memory.card.in_(piece) & _set_aside(learner))
        )
        found |= dict(rows.tuples())
    return found


def _set_aside(learner: int) -> Any:
    """Whether a card went out of study because the file of an own note has it no longer."""
    return (
        (Memory.queue == Queue.RETIRED)
        & Note.retired
        & Note.batch.is_null(False)
        & (Note.pool == "study")
        & (Deck.owner == learner)
    )


def later_than(learner: int, cards: Sequence[int], day: int) -> list[int]:
    """Of some cards the new ones and the reviews that are due after a day."""
    waiting = (Memory.queue == Queue.NEW) | ((Memory.queue == Queue.REVIEW) & (Memory.turn > day))
    rows = Memory.select(Memory.card).where(
        (Memory.learner == learner) & Memory.card.in_(list(cards)) & waiting
    )
    return [row[0] for row in rows.tuples()]


def study_texts(learner: int, deck: int | None = None) -> list[tuple[int, list[str], str, str]]:
    """What a learner's cards are about, in one deck or all; of each note its first card."""
    where = (Memory.learner == learner) & (Memory.queue >= 0)
    if deck is not None:
        where &= Memory.deck == deck
    rows = (
        Memory.select(
            fn.MIN(Memory.card), Note.domains, Note.deck, Note.topic, Note.fields, Note.objective
        )
        .join(Note, on=(Note.id == Memory.note))
        .where(where)
        .group_by(Note.id)
        .tuples()
    )
    return [
        (card, domains, f"{deck}/{topic}", _said(fields, objective))
        for card, domains, deck, topic, fields, objective in rows
    ]


def _said(fields: Mapping[str, Any], objective: str) -> str:
    """The words of a note without its wrong options."""
    parts = [str(fields.get(name, "")) for name in ("front", "back", "text", "stem")]
    parts += [str(o["text"]) for o in fields.get("options", ()) if o["correct"]]
    return " ".join([*parts, objective])


def studied(learner: int, cards: Sequence[int]) -> list[Candidate]:
    """Of some cards those that are in study, in their order."""
    rows = (
        Memory.select(Memory.card)
        .where((Memory.learner == learner) & Memory.card.in_(list(cards)) & (Memory.queue >= 0))
        .tuples()
    )
    kept = {row[0] for row in rows}
    return chosen(learner, [card for card in cards if card in kept])


def counts_by_deck(learner: int, today: int, day_end: datetime) -> dict[int, Counts]:
    """What waits in each of a learner's decks before any limit, each up to COUNTED."""
    rows = _per_deck(learner=learner, today=today, until=to_milliseconds(day_end)).fetchall()
    return {deck: Counts(new, learn, due) for deck, new, learn, due in rows}


def count(
    learner: int,
    decks: Sequence[int] | None,
    today: int,
    day_end: datetime,
    at_most: tuple[int, int] = (COUNTED, COUNTED),
) -> Counts:
    """What waits in some decks, counting new cards and reviews no further than asked."""
    new, due = at_most
    until = to_milliseconds(day_end)
    return Counts(
        new=_counted("new", learner, decks, new),
        learning=_counted("learning", learner, decks, COUNTED, until=until),
        due=_counted("due", learner, decks, due, today=today),
    )


def held_back(learner: int, decks: Sequence[int] | None) -> tuple[int, int]:
    """How many cards are buried until tomorrow, and how many suspended."""
    return (
        _counted("buried", learner, decks, COUNTED),
        _counted("suspended", learner, decks, COUNTED),
    )


def next_learning(learner: int, decks: Sequence[int] | None) -> datetime | None:
    """When the next card in learning steps is due."""
    row = (
        Memory.select(fn.MIN(Memory.due))
        .where(_waiting("learning", decks, learner=learner))
        .tuples()
        .get()
    )
    found: datetime | None = row[0]
    return found


def next_day(learner: int, decks: Sequence[int] | None, today: int) -> tuple[int, int] | None:
    """The next study day with reviews, and how many (up to COUNTED)."""
    where = (
        (Memory.learner == learner)
        & (Memory.queue == Queue.REVIEW)
        & (Memory.turn > today)
        & (True if decks is None else Memory.deck.in_(decks))
    )
    day = Memory.select(fn.MIN(Memory.turn)).where(where).scalar()
    if day is None:
        return None
    return int(day), _counted("on_day", learner, decks, COUNTED, today=int(day))


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


def snapshot(learner: int, cards: Sequence[int]) -> list[Mapping[str, Any]]:
    """The rows of some memories as plain values, to be put back by ``restore``."""
    found = (find(learner, card) for card in cards)
    return [card.stored for card in found if card is not None]


def restore(learner: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put memories back as they were; their version goes on counting up."""
    for row in rows:
        values = {
            field: field.python_value(row[field.name]) for field in _KEPT if field.name != "card"
        }
        Memory.update(values | {Memory.version: Memory.version + 1}).where(
            (Memory.learner == learner)
            & (Memory.card == row["card"])
            & (Memory.queue != Queue.RETIRED)
        ).execute()


def save_review(
    learner: int, card: int, version: int, memory: MemoryValue, queue: Queue, leech: bool
) -> bool:
    """Store what an answer made of a memory; False where someone was here first."""
    cursor = _save_review(
        learner=learner,
        card=card,
        seen=version,
        version=version + 1,
        queue=queue,
        turn=memory.due_day,
        state=memory.state,
        step=memory.step,
        due=to_milliseconds(memory.due),
        interval=memory.interval,
        stability=memory.stability,
        difficulty=memory.difficulty,
        model=MODEL,
        last_at=to_milliseconds(memory.last_at),
        last_day=memory.last_day,
        reps=memory.reps,
        lapses=memory.lapses,
        leech=leech,
    )
    return bool(cursor.rowcount)


def adjust(learner: int, cards: Sequence[int], **columns: Any) -> None:
    """Store what no drawn form rests on, such as flag, mark or turn: forms stay good."""
    where = (Memory.learner == learner) & Memory.card.in_(cards)
    Memory.update(**columns).where(where).execute()


def note_of(card: int) -> int | None:
    """The note a card belongs to, in study or not."""
    row = Card.select(Card.note).where(Card.id == card).tuples().first()
    return row[0] if row else None


def change(learner: int, cards: Sequence[int], **columns: Any) -> bool:
    """Store the named columns of some memories; forms drawn before are stale."""
    return bool(
        Memory.update(version=Memory.version + 1, **columns)
        .where((Memory.learner == learner) & Memory.card.in_(cards))
        .execute()
    )


def start_again(learner: int, card: int) -> None:
    """Make a memory new, at its place in the curriculum."""
    change(
        learner,
        [card],
        queue=Queue.NEW,
        state=State.NEW,
        turn=Card.select(Card.rank).where(Card.id == card),
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
        (Memory.learner == learner) & Memory.stability.is_null(False)
    )
    return {card: (s, d) for card, s, d in rows.tuples()}


def shift_buried(learner: int, before: int, after: int) -> None:
    """Keep what was put off today put off, by the number that today has now."""
    where = (Memory.learner == learner) & (Memory.buried_on == before)
    Memory.update(buried_on=after).where(where).execute()


def unbury(learner: int, today: int) -> None:
    """Return cards that were buried before today to their queues."""
    for states, queue in (
        ([State.NEW], Queue.NEW),
        ([State.REVIEW], Queue.REVIEW),
        ([State.LEARNING, State.RELEARNING], Queue.LEARNING),
    ):
        Memory.update(queue=queue, buried_on=None).where(
            (Memory.learner == learner)
            & Memory.buried_on.is_null(False)
            & (Memory.buried_on != today)
            & (Memory.queue == Queue.BURIED)
            & Memory.state.in_(states)
        ).execute()


@prepared
def _find() -> Any:
    return (
        Memory.select(*_KEPT, *_CONTENT)
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
        .where((Memory.learner == slot("learner")) & (Memory.card == slot("card")))
    )


@prepared
def _save_review() -> Any:
    names = (
        "version", "queue", "turn", "state", "step", "due", "interval", "stability",
        "difficulty", "model", "last_at", "last_day", "reps", "lapses", "leech",
    )  # fmt: skip
    return Memory.update(
        {getattr(Memory, name): slot(name) for name in names} | {Memory.buried_on: None}
    ).where(
        (Memory.learner == slot("learner"))
        & (Memory.card == slot("card"))
        & (Memory.version == slot("seen"))
    )


@prepared
def _pick(which: str, decks: int | None, without: int) -> Any:
    order = {
        "new": (Memory.turn, Memory.card),
        "learning": (Memory.due, Memory.card),
        "due": (Memory.turn, Memory.shuffle),
        "ahead": (Memory.turn, Memory.shuffle),
    }[which]
    where = _waiting(which, None if decks is None else slots("deck", decks))
    if without:
        where &= Memory.deck.not_in(slots("without", without))
    # The inner query picks a few rows by an index; only those are joined.
    picked = (
        Memory.select(
            Memory.card,
            Memory.note,
            Memory.deck,
            *(column.alias(f"key{i}") for i, column in enumerate(order)),
        )
        .where(where)
        .order_by(*order)
        .limit(_CHOICE)
        .alias("picked")
    )
    return (
        Note.select(picked.c.card_id, picked.c.note_id, picked.c.deck_id, Note.topic)
        .from_(picked)
        .join(Note, on=(Note.id == picked.c.note_id))
        .order_by(*(getattr(picked.c, f"key{i}") for i in range(len(order))))
    )


@prepared
def _count(which: str, decks: int | None) -> Any:
    where = _waiting(which, None if decks is None else slots("deck", decks))
    found = Memory.select(SQL("1")).where(where).limit(slot("most")).alias("found")
    return Memory.select(fn.COUNT(SQL("*"))).from_(found)


@prepared
def _per_deck() -> Any:
    def counted(which: str) -> Any:
        waiting = Memory.alias()
        found = (
            waiting.select(SQL("1"))
            .where(_waiting(which, [Enrolment.deck], table=waiting))
            .limit(COUNTED)
            .alias(f"{which}_found")
        )
        return Memory.select(fn.COUNT(SQL("*"))).from_(found)

    return Enrolment.select(
        Enrolment.deck, counted("new"), counted("learning"), counted("due")
    ).where(Enrolment.learner == slot("learner"))


def _waiting(
    which: str, decks: Sequence[Any] | None, learner: Any = None, table: Any = Memory
) -> Any:
    """The condition under which a card waits in a queue."""
    queue, also = {
        "new": (Queue.NEW, None),
        "learning": (Queue.LEARNING, table.due <= slot("until")),
        "due": (Queue.REVIEW, table.turn <= slot("today")),
        "on_day": (Queue.REVIEW, table.turn == slot("today")),
        "ahead": (
            Queue.REVIEW,
            (table.turn > slot("today"))
            & (table.turn <= slot("last"))
            & (table.last_day != slot("today")),
        ),
        "buried": (Queue.BURIED, None),
        "suspended": (Queue.SUSPENDED, None),
    }[which]
    where = (table.learner == (slot("learner") if learner is None else learner)) & (
        table.queue == queue.value
    )
    if also is not None and learner is None:
        where &= also
    if decks is not None:
        where &= (table.deck == decks[0]) if len(decks) == 1 else table.deck.in_(decks)
    return where


def _candidates(
    which: str,
    learner: int,
    decks: Sequence[int] | None,
    without: Sequence[int] = (),
    **values: Any,
) -> list[Candidate]:
    rows = _pick(
        which,
        None if decks is None else len(decks),
        len(without),
        learner=learner,
        **values,
        **many("deck", decks or ()),
        **many("without", without),
    )
    return [Candidate(card, note, f"{deck}/{topic}") for card, note, deck, topic in rows.fetchall()]


def _counted(
    which: str, learner: int, decks: Sequence[int] | None, most: int, **values: Any
) -> int:
    if most <= 0:
        return 0
    cursor = _count(
        which,
        None if decks is None else len(decks),
        learner=learner,
        most=min(most, COUNTED),
        **values,
        **many("deck", decks or ()),
    )
    return int(cursor.fetchone()[0])


def _study_card(row: Sequence[Any]) -> StudyCard:
    stored = dict(zip((field.name for field in _KEPT), row, strict=False))
    (
        ord_, kind, fields, faces, topic, reference, objective, tags, domains,
        deck_name, deck_parent, retention, own_fields, own_faces, version, deck, note, notetype,
    ) = row[len(_KEPT) :]  # fmt: skip
    said, sides, edited = from_json(fields, OBJECT), from_json(faces, FACES), False
    if own_fields is not None and fits(kind, said, own := from_json(own_fields, OBJECT)):
        # A custom note may have more fields by now than when it was edited.
        said = said | own if kind == "custom" else own
        sides, edited = from_json(own_faces, FACES), True
    return StudyCard(
        id=stored["card"],
        note=note,
        deck=deck,
        ord=ord_,
        kind=kind,
        fields=said,
        face=sides[min(ord_, len(sides) - 1)],
        # How many cards a custom note has only its rows know: at least one more, perhaps.
        sides=2 if kind == "custom" else len(sides),
        topic=topic,
        deck_name=deck_name,
        deck_parent=deck_parent,
        reference=reference,
        objective=objective,
        tags=tuple(from_json(tags, TEXTS)),
        domains=tuple(from_json(domains, TEXTS)),
        retention=retention,
        edited=edited,
        version=version,
        queue=Queue(stored["queue"]),
        leech=bool(stored["leech"]),
        marked=bool(stored["marked"]),
        flag=stored["flag"],
        memory=MemoryValue(
            state=State(stored["state"]),
            step=stored["step"],
            stability=stored["stability"],
            difficulty=stored["difficulty"],
            due=from_milliseconds(stored["due"]),
            due_day=None if stored["state"] == State.NEW else stored["turn"],
            interval=stored["interval"],
            last_at=from_milliseconds(stored["last_at"]),
            last_day=stored["last_day"],
            reps=stored["reps"],
            lapses=stored["lapses"],
        ),
        stored=stored,
        notetype=notetype,
    )
