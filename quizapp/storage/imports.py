"""Imports: what was read, what is stored already, and the rows an import lays down."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

from peewee import JOIN, fn

from quizapp.domain.jobs import State
from quizapp.domain.notetypes import NoteType, Template
from quizapp.storage import decks
from quizapp.storage.batch_changes import record, record_added, record_logs
from quizapp.storage.batches import batches, insert_rows, reserve, update_rows
from quizapp.storage.database import proxy
from quizapp.storage.decks import lay_cards, retire_notes
from quizapp.storage.fields import OBJECT, TEMPLATES, TEXTS, from_json
from quizapp.storage.models import (
    Batch,
    Card,
    Deck,
    Enrolment,
    Job,
    Medium,
    Memory,
    Note,
    NoteEdit,
    Review,
)
from quizapp.storage.models import NoteType as NoteTypeTable
from quizapp.storage.prepared import prepared, raw, slot

# What an import counts, see Batch.result.
COUNTS = (
    "added", "updated", "worded", "same", "kept", "set_aside", "cards", "reviews", "apart",
    "refused",
)  # fmt: skip
# How a question kept for mock exams is called where its stem would give it away.
HELD_OUT = "A held-out question"
STATES = ("reading", "ready", "done", "failed", "undone", "dropped")


@dataclass(frozen=True)
class BatchRow:
    """An import as it stands; see storage/models.py Batch.

    halted  whether it stands as being read, and the work that read it has ended
    """

    id: int
    learner: int
    title: str
    state: str
    folder: str
    job: int | None
    made: datetime
    done: datetime | None
    head: Mapping[str, Any] | None
    choices: Mapping[str, Any] | None
    result: Mapping[str, Any] | None
    said: str
    halted: bool = False


class Known(NamedTuple):
    """A stored note as an import looks at it; one that ships is never changed by it.

    A tuple, because there are as many as notes.
    """

    id: int
    deck: int
    digest: str
    modified: int | None
    retired: bool
    shipped: bool


@dataclass(frozen=True, slots=True)
class Content:
    """A stored note's content, and the learner's own wording of it where there is one."""

    id: int
    kind: str
    notetype: int | None
    fields: Mapping[str, Any]
    tags: Sequence[str]
    topic: str
    reference: str
    domains: Sequence[str]
    objective: str
    level: str
    pool: str
    own: Mapping[str, Any] | None
    base: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A stored card as an import looks at it."""

    id: int
    note: int
    deck: int
    ord: int
    retired: bool
    reps: int
    last_at: datetime | None
    version: int


def begin(learner: int, title: str, folder: str, made: datetime) -> int:
    """Note down that a file came in; return the import's number."""
    return int(
        Batch.create(learner=learner, title=title, state="reading", folder=folder, made=made).id
    )


def find(learner: int, batch: int) -> BatchRow | None:
    """A learner's import, or None where they have no such one."""
    row = Batch.get_or_none((Batch.learner == learner) & (Batch.id == batch))
    if row is None:
        return None
    return replace(_row(row), halted=row.state == "reading" and row.job in _ended([row.job]))


def recent(learner: int, most: int = 20) -> list[BatchRow]:
    """A learner's latest imports but those put away, newest first."""
    where = (Batch.learner == learner) & (Batch.state != "dropped")
    rows = Batch.select().where(where).order_by(Batch.id.desc()).limit(most)
    found = [_row(row) for row in rows]
    ended = _ended([row.job for row in found if row.job is not None])
    return [replace(row, halted=row.state == "reading" and row.job in ended) for row in found]


def never_done(learner: int) -> list[BatchRow]:
    """A learner's imports that were not done, nor put away, and on which no work goes on."""
    where = (Batch.learner == learner) & Batch.state.in_(_OPEN) & _idle()
    return [_row(row) for row in Batch.select().where(where)]


def forget_never_done(before: datetime) -> list[str]:
    """Delete the imports of anybody that came in before a moment and were never done.

    Those stay on which work goes on. Returns their folders.
    """
    states = (*_OPEN, "dropped")
    where = (Batch.made < before) & Batch.state.in_(states) & Batch.done.is_null() & _idle()
    found = raw(Batch.select(Batch.id, Batch.folder).where(where))
    for piece in batches([id_ for id_, _ in found]):
        Batch.delete().where(Batch.id.in_(piece)).execute()
    return [folder for _, folder in found]


# States of an import that still has a folder.
_OPEN = ("reading", "ready", "failed")


def _idle() -> Any:
    busy = Job.select(Job.id).where(Job.state.in_(("waiting", "running")))
    return Batch.job.is_null() | Batch.job.not_in(busy)


def unfinished() -> list[BatchRow]:
    """Imports of anybody that still have a folder: all but those that ended."""
    rows = Batch.select().where(Batch.state.in_(_OPEN))
    return [_row(row) for row in rows]


def any_begun() -> bool:
    """Whether anything was ever brought into this database."""
    return bool(Batch.select().exists())


def change(batch: int, **columns: Any) -> None:
    """Store the named columns of an import."""
    Batch.update(**columns).where(Batch.id == batch).execute()


def give_work(batch: int, before: int | None, job: int) -> bool:
    """Note down the work on an import; False where other work than ``before`` came first."""
    same = Batch.job.is_null() if before is None else Batch.job == before
    return bool(Batch.update(job=job).where((Batch.id == batch) & same).execute())


def move(batch: int, before: Sequence[str], after: str, **columns: Any) -> bool:
    """Go from one of some states to another; False where it is in none of them."""
    where = (Batch.id == batch) & Batch.state.in_(list(before))
    return bool(Batch.update(state=after, **columns).where(where).execute())


def decks_with(batch: int) -> list[int]:
    """The decks with cards to study of the notes that an import added."""
    notes = Note.select(Note.id).where((Note.batch == batch) & (Note.pool == "study"))
    rows = Card.select(Card.deck).where(Card.note.in_(notes)).distinct().order_by(Card.deck)
    return [deck for (deck,) in raw(rows)]


def title_and_decks(learner: int, batch: int) -> tuple[str, list[int]] | None:
    """What an import in effect is called, and the decks that it brought cards into."""
    where = (Batch.learner == learner) & (Batch.id == batch) & (Batch.state == "done")
    row = Batch.select(Batch.title, Batch.result).where(where).tuples().first()
    return None if row is None else (row[0], list((row[1] or {}).get("decks", ())))


def last_done(learner: int) -> datetime | None:
    """When an import that is in effect was done last."""
    where = (Batch.learner == learner) & (Batch.state == "done")
    row = Batch.select(Batch.done).where(where).order_by(Batch.done.desc()).tuples().first()
    return None if row is None else cast(datetime, row[0])


def own_key(learner: int, key: str) -> str:
    """A key of a learner's own, among those of everybody."""
    return f"own/{learner}/{key}"


def ground(learner: int) -> list[tuple[Any, ...]]:
    """What an import compares notes with: equal where none of them changed."""
    return raw(
        Note.select(
            Note.key, Note.id, Note.deck, Note.digest, Note.modified, Note.retired, Deck.owner
        )
        .join(Deck, on=(Deck.id == Note.deck))
        .where((Deck.owner == learner) | (Deck.owner.is_null() & ~Note.retired))
        .order_by(Note.id)
    )


def notes_known(learner: int, rows: Sequence[tuple[Any, ...]] | None = None) -> dict[str, Known]:
    """A learner's own notes, and those that ship, by the key their file gave them.

    ``rows`` is what ``ground`` found.
    """
    prefix = own_key(learner, "")
    own, shipped = {}, {}
    for key, id_, deck, digest, modified, retired, owner in (
        ground(learner) if rows is None else rows
    ):
        known = Known(id_, deck, digest, modified, bool(retired), owner is None)
        if owner is None:
            shipped[key] = known
        elif key.startswith(prefix):
            own[key[len(prefix) :]] = known
    return shipped | own


def contents(learner: int, notes: Sequence[int]) -> dict[int, Content]:
    """What some notes hold, by id."""
    found = {}
    for batch in batches(list(notes)):
        rows = (
            Note.select(
                Note.id,
                Note.kind,
                Note.notetype,
                Note.fields,
                Note.tags,
                Note.topic,
                Note.reference,
                Note.domains,
                Note.objective,
                Note.level,
                Note.pool,
                NoteEdit.fields,
                NoteEdit.base,
            )
            .join(
                NoteEdit,
                JOIN.LEFT_OUTER,
                on=((NoteEdit.note == Note.id) & (NoteEdit.learner == learner)),
            )
            .where(Note.id.in_(batch))
            .tuples()
        )
        for row in rows:
            found[row[0]] = Content(*row)
    return found


class OfType(NamedTuple):
    """A note of some type with its content as the columns hold it; JSON is text."""

    id: int
    fields: str
    tags: str
    topic: str
    reference: str
    domains: str
    objective: str
    level: str
    pool: str


def notes_of_type(notetype: int) -> Iterator[OfType]:
    """The notes of a note type, one after the other, by id."""
    query = (
        Note.select(
            Note.id, Note.fields, Note.tags, Note.topic, Note.reference, Note.domains,
            Note.objective, Note.level, Note.pool,
        )
        .where(Note.notetype == notetype)
        .order_by(Note.id)
    )  # fmt: skip
    return map(OfType._make, proxy.execute_sql(*query.sql()))


def wordings_of_type(learner: int, notetype: int) -> dict[int, Mapping[str, Any]]:
    """A learner's own wordings of the notes of a note type, by the note's id."""
    query = (
        NoteEdit.select(NoteEdit.note, NoteEdit.fields)
        .join(Note, on=(Note.id == NoteEdit.note))
        .where((NoteEdit.learner == learner) & (Note.notetype == notetype))
    )
    return {note: from_json(fields, OBJECT) for note, fields in raw(query)}


def cards_known(learner: int, notes: Sequence[int]) -> dict[int, list[KnownCard]]:
    """The stored cards of some notes, with how far the learner has come; by note."""
    found: dict[int, list[KnownCard]] = {}
    for batch in batches(list(notes)):
        rows = (
            Card.select(
                Card.id, Card.note, Card.deck, Card.ord, Card.retired,
                Memory.reps, Memory.last_at, Memory.version,
            )
            .join(
                Memory,
                JOIN.LEFT_OUTER,
                on=((Memory.card == Card.id) & (Memory.learner == learner)),
            )
            .where(Card.note.in_(batch))
            .tuples()
        )  # fmt: skip
        for id_, note, deck, ord_, retired, reps, last_at, version in rows:
            known = KnownCard(id_, note, deck, ord_, retired, reps or 0, last_at, version or 0)
            found.setdefault(note, []).append(known)
    return found


def answers_known(learner: int) -> dict[tuple[int, int], tuple[int, int | None]]:
    """How often and when last each card was answered that a learner can have.

    By note and number; the moment in milliseconds since 1970.
    """
    rows = raw(
        Card.select(Card.note, Card.ord, Memory.reps, Memory.last_at)
        .join(Deck, on=(Deck.id == Card.deck))
        .switch(Card)
        .join(Memory, JOIN.LEFT_OUTER, on=((Memory.card == Card.id) & (Memory.learner == learner)))
        .where((Deck.owner == learner) | Deck.owner.is_null())
    )
    return {(note, ord_): (reps or 0, last_at) for note, ord_, reps, last_at in rows}


def answered_at(learner: int, cards: Sequence[int]) -> dict[int, set[int]]:
    """When each card was answered, in milliseconds since 1970; by card, if it ever was."""
    found: dict[int, set[int]] = {}
    for piece in batches(cards):
        where = (Review.learner == learner) & Review.card.in_(piece)
        for card, at in raw(Review.select(Review.card, Review.at).where(where)):
            found.setdefault(card, set()).add(at)
    return found


def own_decks(learner: int) -> dict[str, tuple[int, str]]:
    """A learner's own decks by name, written small: id and name as it is written."""
    rows = Deck.select(Deck.id, Deck.name).where(Deck.owner == learner).tuples()
    return {name.casefold(): (id_, name) for id_, name in rows}


def notetypes(learner: int) -> dict[str, tuple[int, NoteType]]:
    """A learner's note types by key, the oldest first."""
    rows = raw(
        NoteTypeTable.select(NoteTypeTable.id, *_TYPE)
        .where(NoteTypeTable.owner == learner)
        .order_by(NoteTypeTable.id)
    )
    return {key: (id_, _notetype_of((key, *columns))) for id_, key, *columns in rows}


def notetype(learner: int, id_: int) -> NoteType | None:
    """One of a learner's note types."""
    row = _notetype_columns(learner=learner, id=id_).fetchone()
    return None if row is None else _notetype_of(tuple(row))


@prepared
def _notetype_columns() -> Any:
    where = (NoteTypeTable.owner == slot("learner")) & (NoteTypeTable.id == slot("id"))
    return NoteTypeTable.select(*_TYPE).where(where)


_TYPE = (
    NoteTypeTable.key, NoteTypeTable.name, NoteTypeTable.kind, NoteTypeTable.fields,
    NoteTypeTable.templates, NoteTypeTable.css, NoteTypeTable.sort_field, NoteTypeTable.extra,
)  # fmt: skip


@lru_cache(maxsize=64)
def _notetype_of(columns: tuple[Any, ...]) -> NoteType:
    """A note type from its columns as stored: the same for every card of a session."""
    key, name, kind, fields, templates, css, sort_field, extra = columns
    return NoteType(
        key=key,
        name=name,
        kind=kind,
        fields=tuple(from_json(fields, TEXTS)),
        templates=tuple(Template(*parts) for parts in from_json(templates, TEMPLATES)),
        css=css,
        sort_field=sort_field,
        extra=from_json(extra, OBJECT),
    )


def media(learner: int) -> dict[str, str]:
    """The digest of each file that a learner's notes may name."""
    return dict(Medium.select(Medium.name, Medium.digest).where(Medium.owner == learner).tuples())


def medium(learner: int, name: str) -> tuple[str, int] | None:
    """The digest and size of a file by its name."""
    row: tuple[str, int] | None = _medium(learner=learner, name=name).fetchone()
    return row


@prepared
def _medium() -> Any:
    return Medium.select(Medium.digest, Medium.size).where(
        (Medium.owner == slot("learner")) & (Medium.name == slot("name"))
    )


def digests_in_use() -> set[str]:
    """The digests of all files that anybody's notes may name."""
    return {row[0] for row in Medium.select(Medium.digest).distinct().tuples()}


def answers_since(learner: int, batch: int, done: datetime) -> int:
    """How many answers were given since an import to the cards it added."""
    return int(
        Review.select()
        .join(Card, on=(Card.id == Review.card))
        .join(Note, on=(Note.id == Card.note))
        .where(
            (Note.batch == batch)
            & (Review.learner == learner)
            & Review.origin.is_null()
            & (Review.at >= done)
        )
        .count()
    )


def gone(learner: int, decks: Sequence[int], keys: Iterable[str]) -> list[tuple[int, str]]:
    """Imported notes of some decks whose keys are not among those of a file: id and label."""
    there = {own_key(learner, key) for key in keys}
    stored = raw(
        Note.select(Note.id, Note.key).where(
            Note.deck.in_(list(decks)) & Note.batch.is_null(False) & ~Note.retired
        )
    )
    found = []
    for piece in batches([id_ for id_, key in stored if key not in there]):
        columns = (Note.id, Note.faces, Note.pool)
        rows = Note.select(*columns).where(Note.id.in_(piece)).order_by(Note.id)
        found += [
            (id_, HELD_OUT if pool == "mock" else faces[0]["question"] if faces else "")
            for id_, faces, pool in rows.tuples()
        ]
    return found


def add_notetype(learner: int, batch: int, type_: NoteType) -> int:
    """Store a note type; return its id."""
    return int(
        NoteTypeTable.create(owner=learner, batch=batch, key=type_.key, **_columns(type_)).id
    )


def change_notetype(batch: int, id_: int, type_: NoteType) -> None:
    """Store what a note type is now, and how it was."""
    record(batch, NoteTypeTable, NoteTypeTable.id == id_)
    NoteTypeTable.update(**_columns(type_)).where(NoteTypeTable.id == id_).execute()


def forget_unused_types(batch: int, types: Iterable[NoteType]) -> None:
    """Remove those of some note types that an import added and no note has."""
    used = Note.select(Note.notetype).where(Note.notetype.is_null(False))
    NoteTypeTable.delete().where(
        (NoteTypeTable.batch == batch)
        & NoteTypeTable.key.in_([type_.key for type_ in types])
        & NoteTypeTable.id.not_in(used)
    ).execute()


def add_media(learner: int, batch: int, rows: Sequence[tuple[str, str, int]]) -> None:
    """Store which digest each file name stands for: name, digest, size."""
    insert_rows(
        Medium,
        (Medium.owner, Medium.name, Medium.digest, Medium.size, Medium.batch),
        [(learner, *row, batch) for row in rows],
    )


# What an own deck keeps in ``extra`` of what its file says of it.
KEPT_ASIDE = ("topic", "outline", "origin", "licence", "updated")


def add_deck(learner: int, batch: int, key: str, name: str, **columns: Any) -> int:
    """Store an own deck that its learner has taken up; return its id."""
    limits = {n: columns.pop(n, None) for n in _LIMITS}
    values = {
        "family": "own",
        "outline": [],
        "position": 0,
        "digest": "",
        "batch": batch,
    } | columns
    id_ = int(Deck.create(owner=learner, key=own_key(learner, key), name=name, **values).id)
    Enrolment.create(learner=learner, deck=id_, **limits)
    return id_


_LIMITS = ("desired_retention", "new_per_day", "reviews_per_day")

NOTE_COLUMNS = (
    Note.id, Note.deck, Note.key, Note.kind, Note.fields, Note.faces, Note.topic, Note.tags,
    Note.reference, Note.works, Note.domains, Note.objective, Note.level, Note.pool,
    Note.position, Note.digest, Note.retired, Note.notetype, Note.created, Note.modified,
    Note.batch,
)  # fmt: skip
CARD_COLUMNS = (
    Card.id, Card.note, Card.deck, Card.ord, Card.rank, Card.shuffle, Card.retired, Card.origin,
)  # fmt: skip
MEMORY_COLUMNS = (
    Memory.learner, Memory.card, Memory.deck, Memory.note, Memory.version, Memory.queue,
    Memory.turn, Memory.shuffle, Memory.state, Memory.step, Memory.due, Memory.interval,
    Memory.stability, Memory.difficulty, Memory.model, Memory.last_at, Memory.last_day,
    Memory.reps, Memory.lapses, Memory.leech, Memory.marked, Memory.flag, Memory.buried_on,
    Memory.buried_by_sibling,
)  # fmt: skip
REVIEW_COLUMNS = (
    Review.learner, Review.card, Review.version, Review.mode, Review.rating, Review.at,
    Review.study_day, Review.elapsed_days, Review.milliseconds, Review.state_before,
    Review.state_after, Review.interval, Review.first_exposure, Review.origin,
)  # fmt: skip


def reserve_cards(count: int) -> Iterator[int]:
    """The ids of new cards."""
    return reserve(Card, count)


def add_rows(
    notes: Sequence[Sequence[Any]],
    cards: Sequence[Sequence[Any]],
    memories: Sequence[Sequence[Any]],
    reviews: Sequence[Sequence[Any]],
) -> None:
    """Store rows whose values stand in the order of the COLUMNS above."""
    insert_rows(Note, NOTE_COLUMNS, notes)
    insert_rows(Card, CARD_COLUMNS, cards)
    insert_rows(Memory, MEMORY_COLUMNS, memories)
    insert_rows(Review, REVIEW_COLUMNS, reviews)


def change_notes(batch: int, notes: Mapping[int, Mapping[str, Any]]) -> None:
    """Store the named columns of notes, by id, and how they were."""
    for piece in batches(list(notes)):
        record(batch, Note, Note.id.in_(piece))
    fields = Note._meta.fields
    update_rows(
        Note,
        [
            {"id": id_}
            | {fields[n].column_name: fields[n].db_value(value) for n, value in columns.items()}
            for id_, columns in notes.items()
        ],
    )


def change_edit(
    batch: int, learner: int, note: int, fields: Mapping[str, Any] | None, **columns: Any
) -> None:
    """Store what remains of a learner's own wording of a note, None for nothing."""
    where = (NoteEdit.learner == learner) & (NoteEdit.note == note)
    record(batch, NoteEdit, where)
    if fields is None:
        NoteEdit.delete().where(where).execute()
    else:
        NoteEdit.update(fields=dict(fields), **columns).where(where).execute()


def bring_back(batch: int, notes: Sequence[int]) -> None:
    """Take custom notes that were set aside back into study, with their cards."""
    for piece in batches(notes):
        record(batch, Card, Card.note.in_(piece))
        record(batch, Memory, Memory.note.in_(piece))
    decks.bring_back(notes)


def keep_cards(batch: int, note: int, deck: int, count: int, studied: bool) -> None:
    """Have the first ``count`` cards of a native note in study and no others."""
    record(batch, Card, Card.note == note)
    record(batch, Memory, Memory.note == note)
    rank = Card.select(fn.MIN(Card.rank)).where(Card.note == note).scalar()
    lay_cards(note, deck, count, rank or 0, studied)


def retire(batch: int, notes: Sequence[int]) -> None:
    """Take notes with their cards out of study, in a way that undo can take back."""
    for piece in batches(list(notes)):
        record(batch, Note, Note.id.in_(piece))
        record(batch, Card, Card.note.in_(piece))
        record(batch, Memory, Memory.note.in_(piece))
    retire_notes(notes)


def replace_progress(
    batch: int,
    learner: int,
    memories: Sequence[Sequence[Any]],
    reviews: Sequence[Sequence[Any]],
) -> None:
    """Put what a file knows of cards, with their logs, in the place of what was known here.

    ``reviews`` are all those of the cards whose memories are given.
    """
    for piece in batches(memories):
        cards = [row[_CARD] for row in piece]
        log = (Review.learner == learner) & Review.card.in_(cards)
        where = (Memory.learner == learner) & Memory.card.in_(cards)
        record(batch, Review, log)
        # The version tells whether the card was touched since.
        record_logs(batch, [(row[_CARD], row[_VERSION]) for row in piece])
        record(batch, Memory, where)
        Review.delete().where(log).execute()
        Memory.delete().where(where).execute()
    insert_rows(Review, REVIEW_COLUMNS, reviews)
    insert_rows(Memory, MEMORY_COLUMNS, memories)


_CARD, _VERSION = (
    [column.name for column in MEMORY_COLUMNS].index(name) for name in ("card", "version")
)


def note_added(batch: int, table: str, ids: Iterable[int]) -> None:
    """Note down rows that an import added to notes that were here before."""
    record_added(batch, table, ids)


def _ended(jobs: Sequence[int]) -> set[int]:
    """Those of some jobs that are over, whatever came of them."""
    under_way = (State.WAITING.value, State.RUNNING.value)
    rows = Job.select(Job.id).where(Job.id.in_(list(jobs)) & Job.state.not_in(under_way))
    return {row[0] for row in rows.tuples()}


def _columns(type_: NoteType) -> dict[str, Any]:
    return {
        "name": type_.name,
        "kind": type_.kind,
        "fields": list(type_.fields),
        "templates": [[t.name, t.question, t.answer] for t in type_.templates],
        "css": type_.css,
        "sort_field": type_.sort_field,
        "extra": dict(type_.extra),
    }


def _row(row: Any) -> BatchRow:
    return BatchRow(
        row.id, row.learner, row.title, row.state, row.folder, row.job, row.made, row.done,
        row.head, row.choices, row.result, row.said,
    )  # fmt: skip
