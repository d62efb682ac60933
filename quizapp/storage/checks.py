"""Looking for what should not be in the database or among the media files, and mending it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, reduce
from hashlib import sha256
from html import escape
from operator import and_
from pathlib import Path
from secrets import token_hex
from typing import Any

from peewee import (
    JOIN,
    Case,
    CompositeKey,
    DatabaseError,
    ForeignKeyField,
    SqliteDatabase,
    Value,
    fn,
    sort_models,
)

from quizapp.domain.backups import Shelf
from quizapp.domain.days import zone_names
from quizapp.domain.errors import Refusal
from quizapp.domain.jobs import State as JobState
from quizapp.domain.learners import parse_steps
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import MAX_STABILITY, MIN_STABILITY, State
from quizapp.domain.templates import cards_of
from quizapp.storage import backups, decks, imports, learners, media_files
from quizapp.storage.batches import batches
from quizapp.storage.database import proxy
from quizapp.storage.fields import OBJECT, Garbled, JSONField, from_json, to_milliseconds
from quizapp.storage.models import (
    TABLES,
    Batch,
    Card,
    Deck,
    Enrolment,
    Goal,
    Job,
    Journal,
    Learner,
    Medium,
    Memory,
    Miss,
    Note,
    NoteEdit,
    NoteType,
    PaperItem,
    Pick,
    Plan,
    Review,
)
from quizapp.storage.prepared import raw

# An interval is a hundred years at most, and spaced repetition programs began later.
_EARLIEST = datetime.fromisoformat("1980-01-01T00:00:00+00:00")
_LONGEST = timedelta(days=36_500 + 366)
_LARGEST = 2**31 - 1
_RECOVERED = "Recovered"
_READ_AT_ONCE = 5_000
_FEW = 20
_NOUNS = {
    "batch": ("import", "imports"),
    "batch_change": ("change of an import", "changes of imports"),
    "note_type": ("note type", "note types"),
    "medium": ("media name", "media names"),
    "memory": ("memory", "memories"),
    "review": ("answer", "answers"),
    "note_edit": ("wording", "wordings"),
    "journal": ("journal entry", "journal entries"),
    "paper": ("mock exam", "mock exams"),
    "paper_item": ("exam item", "exam items"),
    "pick": ("picked session", "picked sessions"),
    "miss": ("miss", "misses"),
    "plan_card": ("planned card", "planned cards"),
}


@dataclass(frozen=True)
class Check:
    """One thing to look for.

    find    how many there are, and in words what they are; zero where all is well
    mend    puts it right; None where nothing but a backup helps
    remedy  what mending does, or what a person can do
    harm    whether something is wrong; else it only takes room
    """

    rule: str
    find: Callable[[], tuple[int, str]]
    mend: Callable[[], Any] | None
    remedy: str
    harm: bool = True


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    rule: str
    count: int
    sentence: str
    remedy: str
    mendable: bool
    harm: bool = True


def checks(shelf: Shelf, now: datetime) -> list[Check]:
    """Everything that is looked for, in the order in which it is mended."""
    return [
        _whole(),
        *_shapes(),
        *_settings(),
        _typeless(),
        *_orphans(),
        *_mismatches(),
        *_repeats(),
        *_gaps(),
        *_ranges(now),
        *_states(),
        *_indexes(),
        *_media(shelf, now),
        _shelf(shelf),
    ]


def look(check: Check) -> Finding | None:
    """What a check finds, if anything."""
    try:
        count, sentence = check.find()
    except (DatabaseError, sqlite3.Error) as error:
        reason = str(error).partition("\n")[0]
        return Finding(check.rule, 1, f"The database is damaged: {reason}.", _BACKUP, False)
    if not count:
        return None
    return Finding(check.rule, count, sentence, check.remedy, check.mend is not None, check.harm)


_BACKUP = "Restore a backup: flask --app wsgi restore"


def _whole() -> Check:
    """The engine's own view of its file; PostgreSQL enforces the same all along."""

    def find() -> tuple[int, str]:
        if isinstance(proxy.obj, SqliteDatabase):
            said = [row[0] for row in proxy.execute_sql("PRAGMA integrity_check(100)")]
            wrong = [line for line in said if line != "ok"]
        else:
            wrong = [
                row[0]
                for row in proxy.execute_sql(
                    "SELECT conname FROM pg_constraint WHERE NOT convalidated UNION ALL"
                    " SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
                )
            ]
        return len(wrong), f"The database is damaged: {'; '.join(wrong[:3])}."

    return Check("whole", find, None, _BACKUP)


def _shapes() -> Iterator[Check]:
    """JSON that cannot be read, or is not what pages and exports rely on."""
    for model in TABLES:
        for field in model._meta.sorted_fields:
            if isinstance(field, JSONField):
                yield _shape(model, field)


# What stands for what cannot be read, where a row is as good without it.
_WITHOUT: dict[Any, Any] = {
    Learner.weights: None, Batch.choices: None, NoteType.extra: {},
    Deck.outline: [], Deck.extra: None, Note.tags: [], Note.works: [], Note.domains: [],
    Card.origin: None, Review.answer: None, Review.origin: None, NoteEdit.base: None,
    PaperItem.choices: [], PaperItem.struck: [], Miss.right_days: [], Goal.weights: None,
    Goal.days_off: [], Goal.outcome: None, Goal.foretold: None, Job.result: None,
}  # fmt: skip
# Rows that are nothing without it, and come again or leave what is below them.
_NOTHING_WITHOUT = {Journal.before, NoteEdit.fields, NoteEdit.faces, Pick.cards, Plan.forecast}


def _shape(model: Any, field: Any) -> Check:
    def find() -> tuple[int, str]:
        keys = [key for key, _ in _garbled(model, field)]
        named = ", ".join("/".join(map(str, key)) for key in keys[:3])
        noun, more = _noun(model, len(keys)), " …" if len(keys) > 3 else ""
        return len(keys), f"{len(keys)} {noun} whose {field.name} cannot be read ({named}{more})."

    mend: Callable[[Any, str], object]
    if field in _WITHOUT:
        plain = _WITHOUT[field]
        mend = lambda row, _: model.update({field: plain}).where(row).execute()  # noqa: E731
        remedy = "Repairing leaves it empty."
    elif field in _NOTHING_WITHOUT:
        mend = lambda row, _: model.delete().where(row).execute()  # noqa: E731
        remedy = "Repairing deletes that, and nothing else."
    elif field in _MADE_ANEW:
        mend, remedy = _MADE_ANEW[field]
    else:
        return Check(f"{model._meta.table_name}-{field.name}-json", find, None, _BACKUP)

    def mend_all() -> None:
        for key, stored in list(_garbled(model, field)):
            mend(_is(model, key), stored)

    return Check(f"{model._meta.table_name}-{field.name}-json", find, mend_all, remedy)


def _garbled(model: Any, field: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The keys of rows whose JSON is none or of another shape, with what is stored."""
    keys, last = _keys(model), None
    query = model.select(*keys, field).where(field.is_null(False)).order_by(*keys)
    while True:
        # In pieces by the key, where it is one column: a table may be long.
        piece = query if len(keys) > 1 else query.limit(_READ_AT_ONCE)
        rows = raw(piece if last is None else piece.where(keys[0] > last))
        for *key, stored in rows:
            try:
                from_json(stored, field.shape)
            except Garbled:
                yield tuple(key), str(stored)
        if len(keys) > 1 or len(rows) < _READ_AT_ONCE:
            return
        last = rows[-1][0]


def _keys(model: Any) -> list[Any]:
    key = model._meta.primary_key
    names = key.field_names if isinstance(key, CompositeKey) else (key.name,)
    return [model._meta.fields[name] for name in names]


def _is(model: Any, key: Sequence[Any]) -> Any:
    return reduce(and_, (field == value for field, value in zip(_keys(model), key, strict=True)))


def _mend_head(row: Any, _: str) -> None:
    Batch.update(head=None).where(row).execute()
    Batch.update(state="dropped").where(row & (Batch.state == "ready")).execute()


def _mend_type_fields(row: Any, _: str) -> None:
    """The names of a type's fields, as a note of it has them."""
    names: list[str] = []
    notes = Note.select(Note.fields).where(
        Note.notetype.in_(NoteType.select(NoteType.id).where(row))
    )
    for (fields,) in raw(notes.order_by(Note.id).limit(_FEW)):
        with suppress(Garbled):
            names = names or list(from_json(fields, OBJECT))
    NoteType.update(fields=names or ["Front"]).where(row).execute()


def _mend_templates(row: Any, _: str) -> None:
    """Plain templates, as many as notes of the type have cards; after its fields."""
    (id_, fields) = NoteType.select(NoteType.id, NoteType.fields).where(row).tuples().get()
    notes = Note.select(Note.id).where(Note.notetype == id_)
    most = Card.select(fn.MAX(Card.ord)).where(Card.note.in_(notes)).scalar() or 0
    templates = _plain_templates(fields, most + 1)
    NoteType.update(templates=templates, kind="normal").where(row).execute()


def _mend_fields(row: Any, stored: str) -> None:
    """What is left of an imported note's text, for a person to read; after its type."""
    note = Note.select(Note.deck, Note.kind, Note.notetype, Deck.owner).join(Deck).where(row)
    for deck, kind, notetype, owner in note.tuples():
        if kind == "custom":
            type_ = NoteType.get_or_none(NoteType.id == notetype)
            first, *others = (type_ and type_.fields) or ["Front"]
            Note.update(fields={first: escape(stored), **dict.fromkeys(others, "")}).where(
                row
            ).execute()
        elif owner is None:
            _read_again(row, deck)


def _mend_faces(row: Any, _: str) -> None:
    """Empty sides until they are made anew; those of an imported note stand in lists only."""
    for deck, kind, owner in (
        Note.select(Note.deck, Note.kind, Deck.owner).join(Deck).where(row).tuples()
    ):
        Note.update(faces=[{"question": "", "answer": ""}]).where(row).execute()
        if owner is None:
            _read_again(row, deck)
        elif kind != "custom":
            Note.update(digest="faces-").where(row).execute()


def _read_again(row: Any, deck: int) -> None:
    Note.update(digest="").where(row).execute()
    Deck.update(digest="").where(Deck.id == deck).execute()


_LOAD = "flask --app wsgi load"
_MADE_ANEW: dict[Any, tuple[Callable[[Any, str], object], str]] = {
    Batch.head: (_mend_head, "Repairing puts these files away; choose them again."),
    Batch.result: (
        lambda row, _: Batch.update(result=dict.fromkeys(imports.COUNTS, 0)).where(row).execute(),
        "Repairing sets the counts to 0.",
    ),
    NoteType.fields: (_mend_type_fields, "Repairing takes the names from a note of the type."),
    NoteType.templates: (
        _mend_templates,
        "Repairing gives them plain ones: they ask for one field and show the others.",
    ),
    Note.fields: (
        _mend_fields,
        "Repairing puts what is left of an imported note into its first field, and has notes"
        f" that ship read anew by: {_LOAD}. For any other restore a backup:"
        " flask --app wsgi restore",
    ),
    Note.faces: (_mend_faces, f"Repairing has them made anew by: {_LOAD}"),
}


def _settings() -> Iterator[Check]:
    """Settings in words that mean nothing."""
    usual = {name: getattr(Learner, name).default for name in _STEPS}

    def wrong_steps(name: str) -> list[int]:
        column = getattr(Learner, name)
        found = []
        for id_, steps in Learner.select(Learner.id, column).tuples():
            try:
                parse_steps(steps)
            except Refusal:
                found.append(id_)
        return found

    def wrong_zones() -> list[int]:
        rows = Learner.select(Learner.id, Learner.timezone).tuples()
        return [id_ for id_, zone in rows if zone not in zone_names()]

    yield _setting("timezone", wrong_zones, "UTC")
    for name in _STEPS:
        yield _setting(name, partial(wrong_steps, name), usual[name])


_STEPS = ("learning_steps", "relearning_steps")


def _setting(name: str, wrong: Callable[[], list[int]], usual: str) -> Check:
    said = {"timezone": "time zone"}.get(name, name.replace("_", " "))

    def find() -> tuple[int, str]:
        count = len(wrong())
        return count, f"{count} {_noun(Learner, count)} with an unknown {said}."

    def mend() -> None:
        Learner.update({name: usual}).where(Learner.id.in_(wrong())).execute()

    remedy = f"Repairing sets it to {usual}; the settings page changes it."
    return Check(f"learner-{name}", find, mend, remedy)


def _orphans() -> Iterator[Check]:
    """Rows that belong to something that is not there; parents before children."""
    for model in sort_models(TABLES):
        for field in model._meta.sorted_fields:
            if field is Note.deck:
                yield _homeless()
            elif field in _KNOWN_FROM:
                yield _refiled(field, *_KNOWN_FROM[field])
            elif isinstance(field, ForeignKeyField) and field is not Note.notetype:
                yield _orphan(model, field)


# What else says where a row belongs: it and its answers need not go.
_KNOWN_FROM = {
    Card.deck: (Card.note, Note.deck),
    Memory.deck: (Memory.card, Card.deck),
    Memory.note: (Memory.card, Card.note),
}


def _homeless() -> Check:
    """Notes of a deck that is gone; those that ship go home when the decks are loaded."""
    lost = ~_there(Note.deck)

    def find() -> tuple[int, str]:
        count = Note.select().where(lost).count()
        return count, f"{count} {_noun(Note, count)} without deck: the deck is gone."

    def mend() -> None:
        everybody = sorted(learners.ids())
        found: dict[int, list[int]] = {}
        for note, key in Note.select(Note.id, Note.key).where(lost).tuples():
            own = [id_ for id_ in everybody if key.startswith(imports.own_key(id_, ""))]
            for owner in (own or everybody)[:1]:
                found.setdefault(owner, []).append(note)
        for owner, notes in found.items():
            deck = _recovered(owner)
            for piece in batches(notes):
                Note.update(deck=deck).where(Note.id.in_(piece)).execute()
        Note.delete().where(lost).execute()  # where nobody learns here

    remedy = f"Repairing puts them into an own deck “{_RECOVERED}”."
    return Check("note-deck", find, mend, remedy)


def _recovered(owner: int) -> int:
    """The deck of a learner for what lost its own."""
    known = imports.own_decks(owner).get(_RECOVERED.casefold())
    if known is not None:
        deck = known[0]
        Deck.update(retired=False).where(Deck.id == deck).execute()
    else:
        key = imports.own_key(owner, f"recovered-{token_hex(4)}")
        deck = Deck.create(
            owner=owner, key=key, family="own", name=_RECOVERED, outline=[], position=0, digest=""
        ).id
    decks.enrol(owner, [deck])
    return int(deck)


def _refiled(field: Any, by: Any, right: Any) -> Check:
    """Rows whose place is gone and is known from another."""
    lost = ~_there(field) & _there(by)
    return _rows(
        f"{field.model._meta.table_name}-{field.name}",
        field.model,
        lost,
        f"without {field.name}: the {_noun(field.rel_model, 1)} is gone",
        {field: _of(right.model, right, by)},
        f"Repairing files them under the {right.name} of their {by.name}.",
    )


def _there(field: Any) -> Any:
    """Whether the row is there that a foreign key points at."""
    parent = field.rel_model.alias()
    return fn.EXISTS(parent.select(Value(1)).where(getattr(parent, field.rel_field.name) == field))


def _orphan(model: Any, field: Any) -> Check:
    lost = field.is_null(False) & ~_there(field)
    whose = _noun(field.rel_model, 1)
    # As where the parent is deleted. A deck of nobody would be one that ships, for all.
    loose = field.null and field.on_delete != "CASCADE"

    def find() -> tuple[int, str]:
        count = model.select().where(lost).count()
        return count, f"{count} {_noun(model, count)} without {field.name}: the {whose} is gone."

    def mend() -> None:
        if loose:
            model.update({field: None}).where(lost).execute()
        else:
            model.delete().where(lost).execute()

    do = "makes them nobody's" if loose else "deletes them"
    return Check(f"{model._meta.table_name}-{field.name}", find, mend, f"Repairing {do}.")


def _typeless() -> Check:
    """Own notes that say what their fields hold, and not how cards are made of them."""
    there = NoteType.select(Value(1)).where(NoteType.id == Note.notetype)
    lost = (Note.kind == "custom") & ~fn.EXISTS(there)
    owned = lost & Note.deck.in_(Deck.select(Deck.id).where(Deck.owner.is_null(False)))

    def find() -> tuple[int, str]:
        count = Note.select().where(lost).count()
        return count, f"{count} {_noun(Note, count)} without a note type, so nothing can be shown."

    def mend() -> None:
        rows = Note.select(Note.id, Note.fields, Deck.owner).join(Deck, on=(Deck.id == Note.deck))
        for note, fields, owner in list(rows.where(owned).tuples()):
            ords = [row[0] for row in Card.select(Card.ord).where(Card.note == note).tuples()]
            type_ = _stand_in(owner, tuple(fields), max(ords, default=0) + 1)
            Note.update(notetype=type_).where(Note.id == note).execute()

    remedy = "Repairing gives them a plain one: it asks for one field and shows the others."
    return Check("note-typeless", find, mend, remedy)


def _stand_in(owner: int, fields: tuple[str, ...], cards: int) -> int:
    """The id of a note type that shows what is there, whatever it was meant to be."""
    name = f"Recovered: {', '.join(fields)}"[:100]
    key = f"recovered-{sha256(repr((fields, cards)).encode()).hexdigest()[:16]}"
    known = NoteType.get_or_none((NoteType.owner == owner) & (NoteType.key == key))
    if known is not None:
        return int(known.id)
    made = NoteType.create(
        owner=owner, key=key, name=name, kind="normal", fields=list(fields),
        templates=_plain_templates(fields, cards), extra={},
    )  # fmt: skip
    return int(made.id)


def _plain_templates(fields: Sequence[str], cards: int) -> list[list[str]]:
    """So many templates that ask for one field each and show the others."""
    templates = []
    for ord_ in range(cards):
        asked = fields[ord_ % len(fields)] if fields else ""
        others = "<br>".join(f"{{{{{field}}}}}" for field in fields if field != asked)
        # The card is there even where the field is empty.
        front = f"{{{{{asked}}}}}{{{{^{asked}}}}}…{{{{/{asked}}}}}" if asked else "…"
        templates.append([f"Card {ord_ + 1}", front, f"{{{{FrontSide}}}}<hr>{others}"])
    return templates


def _mismatches() -> Iterator[Check]:
    # Cards of an own note may lie in several decks of its learner's, as in Anki.
    home, here = Deck.alias(), Deck.alias()
    among_own = (
        Note.select(Value(1))
        .join(home, on=(home.id == Note.deck))
        .switch(Note)
        .join(here, on=(here.owner == home.owner))
        .where((Note.id == Card.note) & (here.id == Card.deck))
    )
    elsewhere = Card.deck != _of(Note, Note.deck, Card.note)
    yield _rows(
        "card-elsewhere",
        Card,
        elsewhere & _there(Card.deck) & ~fn.EXISTS(among_own),
        "in another deck than their note",
        {Card.deck: _of(Note, Note.deck, Card.note)},
        "Repairing moves them to the note's deck.",
    )
    for field, right in ((Memory.note, Card.note), (Memory.deck, Card.deck)):
        yield _rows(
            f"memory-{field.name}-elsewhere",
            Memory,
            (field != _of(Card, right, Memory.card)) & _there(field),
            f"filed under another {field.name} than their card",
            {field: _of(Card, right, Memory.card)},
            f"Repairing files them under the card's {field.name}.",
        )


def _repeats() -> Iterator[Check]:
    """Two answers to the same showing of a card; a unique index forbids it, if it is there."""
    key = (Review.learner, Review.card, Review.version)
    many = Review.select(*key, fn.MIN(Review.id)).group_by(*key).having(fn.COUNT(Review.id) > 1)

    def find() -> tuple[int, str]:
        count = many.count()
        return count, f"{count} {_noun(Review, count)} stored more than once."

    def mend() -> None:
        for learner, card, version, first in list(many.tuples()):
            same = (Review.learner == learner) & (Review.card == card)
            again = same & (Review.version == version) & (Review.id > first)
            Review.delete().where(again).execute()

    yield Check("review-twice", find, mend, "Repairing keeps the first of each.")


def _gaps() -> Iterator[Check]:
    """What should be there and is not."""
    bare = ~Note.retired & ~fn.EXISTS(Card.select(Value(1)).where(Card.note == Note.id))

    def bare_notes() -> tuple[int, str]:
        count = Note.select().where(bare).count()
        return count, f"{count} {_noun(Note, count)} without any card."

    def lay() -> None:
        last = dict(Card.select(Card.deck, fn.MAX(Card.rank)).group_by(Card.deck).tuples())
        types = {learner: dict(imports.notetypes(learner).values()) for learner in learners.ids()}
        for note in Note.select().where(bare):
            rank = last.get(note.deck, 0)
            if note.kind != "custom":
                decks.lay_cards(note.id, note.deck, len(note.faces), rank, note.pool == "study")
                continue
            known = next((t[note.notetype] for t in types.values() if note.notetype in t), None)
            for ord_ in cards_of(known, note.fields) if known else [0]:
                decks.lay_card(note.id, note.deck, ord_, rank)
        decks.deal()

    yield Check("note-bare", bare_notes, lay, "Repairing lays their cards anew.")

    taken_up = Enrolment.select(Value(1)).where(
        (Enrolment.learner == Memory.learner) & (Enrolment.deck == Memory.deck)
    )
    missing = ~fn.EXISTS(taken_up) & _there(Memory.deck)

    def unenrolled() -> tuple[int, str]:
        count = Memory.select().where(missing).count()
        return count, f"{count} {_noun(Memory, count)} of a deck that was never taken up."

    def enrol() -> None:
        pairs = Memory.select(Memory.learner, Memory.deck).where(missing).distinct().tuples()
        for learner, deck in list(pairs):
            decks.enrol(learner, [deck])

    yield Check("memory-unenrolled", unenrolled, enrol, "Repairing takes the decks up.")

    def undealt() -> tuple[int, str]:
        count = (
            Card.select()
            .join(Note, on=(Note.id == Card.note))
            .switch(Card)
            .join(Enrolment, on=(Enrolment.deck == Card.deck))
            .join(
                Memory,
                JOIN.LEFT_OUTER,
                on=((Memory.learner == Enrolment.learner) & (Memory.card == Card.id)),
            )
            .where(Memory.card.is_null() & ~Card.retired & (Note.pool == "study"))
            .count()
        )
        return count, f"{count} {_noun(Card, count)} of a deck in study that never come."

    yield Check("card-undealt", undealt, decks.deal, "Repairing deals them as new cards.")


def _ranges(now: datetime) -> Iterator[Check]:
    """Numbers that no answer could have led to."""
    new = Memory.state == State.NEW
    days = Case(None, [((Memory.interval.between(1, 36_500)), Memory.interval)], 1)
    yield _rows(
        "memory-state",
        Memory,
        Memory.state.not_in([s.value for s in State]),
        "in a state that does not exist",
        {
            Memory.state: Case(
                None, [(Memory.stability.is_null(), State.NEW.value)], State.REVIEW.value
            )
        },
        "Repairing makes them reviews, or new where nothing is known of them.",
    )
    yield _rows(
        "memory-queue",
        Memory,
        Memory.queue.not_in([q.value for q in Queue]),
        "in a queue that does not exist",
        {
            Memory.queue: Case(
                Memory.state,
                [(State.NEW.value, Queue.NEW.value), (State.REVIEW.value, Queue.REVIEW.value)],
                Queue.LEARNING.value,
            )
        },
        "Repairing puts them where their state belongs.",
    )
    yield _rows(
        "memory-stability",
        Memory,
        ~new
        & (Memory.stability.is_null() | _outside(Memory.stability, MIN_STABILITY, MAX_STABILITY)),
        "with an impossible stability",
        {Memory.stability: days},
        "Repairing works it out from the answers, or from the interval where there are none.",
    )
    yield _rows(
        "memory-difficulty",
        Memory,
        ~new & (Memory.difficulty.is_null() | _outside(Memory.difficulty, 1, 10)),
        "with an impossible difficulty",
        {Memory.difficulty: 5.0},
        "Repairing works it out from the answers, or takes the middle where there are none.",
    )
    yield _due(now)
    for field, low, high in (
        (Memory.interval, 0, 36_500),
        (Memory.reps, 0, _LARGEST),
        (Memory.lapses, 0, _LARGEST),
        (Memory.step, 0, 100),
        (Memory.flag, 0, 7),
    ):
        yield _rows(
            f"memory-{field.name}",
            Memory,
            _outside(field, low, high),
            f"with an impossible {field.name}",
            {field: Case(None, [(field < low, low)], high)},
            "Repairing sets it to the nearest possible.",
        )
    known = Review.rating.between(0, 4) & (Review.milliseconds >= 0)
    yield _rows(
        "review-rating", Review, ~known, "with a grade or time that does not exist", None,
        "Repairing deletes them from the log.",
    )  # fmt: skip
    settings: tuple[tuple[Any, float, float, float], ...] = (
        (Learner.rollover_hour, 0, 23, 4),
        (Learner.desired_retention, 0.7, 0.99, 0.9),
    )
    for setting, least, most, usual in settings:
        yield _rows(
            f"learner-{setting.name}",
            Learner,
            _outside(setting, least, most),
            f"with an impossible {setting.name.replace('_', ' ')}",
            {setting: usual},
            f"Repairing sets it to {usual}.",
        )


def _states() -> Iterator[Check]:
    """Imports and jobs in a state that does not exist, which no page could show."""
    yield _rows(
        "batch-state",
        Batch,
        Batch.state.not_in(imports.STATES),
        "in a state that does not exist",
        {Batch.state: Case(None, [(Batch.done.is_null(), "dropped")], "done")},
        "Repairing takes them for done where they say when, and else for put away.",
    )
    yield _rows(
        "job-state",
        Job,
        Job.state.not_in([state.value for state in JobState]),
        "in a state that does not exist",
        {Job.state: JobState.STOPPED.value},
        "Repairing takes them for stopped.",
    )


def _due(now: datetime) -> Check:
    waiting = Memory.queue.in_([Queue.LEARNING.value, Queue.REVIEW.value])
    moments = (to_milliseconds(_EARLIEST), to_milliseconds(now + _LONGEST))
    wrong = waiting & (Memory.due.is_null() | _outside(Memory.due, *moments))

    def find() -> tuple[int, str]:
        count = Memory.select().where(wrong).count()
        return count, f"{count} {_noun(Memory, count)} due at an impossible time."

    def mend() -> None:
        for learner_id in learners.ids():
            learner = learners.get(learner_id)
            assert learner is not None
            today = {Memory.due: now, Memory.turn: learner.today(now)}
            Memory.update(today).where(wrong & (Memory.learner == learner_id)).execute()

    return Check("memory-due", find, mend, "Repairing makes them due today.")


def _indexes() -> Iterator[Check]:
    for model in TABLES:
        yield _index(model)


def _index(model: Any) -> Check:
    # PostgreSQL keeps as much of a name.
    wanted = {index._name[:63] for index in model._meta.fields_to_index()}

    def find() -> tuple[int, str]:
        there = {index.name[:63] for index in proxy.obj.get_indexes(model._meta.table_name)}
        lacking = sorted(wanted - there)
        return len(lacking), f"Without an index of its own: {', '.join(lacking)}."

    def mend() -> None:
        model._schema.create_indexes(safe=True)

    name = model._meta.table_name
    return Check(f"{name}-index", find, mend, "Repairing makes the index again.")


def _media(shelf: Shelf, now: datetime) -> Iterator[Check]:
    folder, copies = shelf.media, shelf.folder / "media"
    yesterday = now - timedelta(days=1)

    def damaged() -> list[str]:
        there = set(media_files.sizes(folder)) - {path.name for path in left()}
        return sorted(digest for digest in there if not media_files.is_whole(folder, digest))

    def missing() -> list[str]:
        return sorted(imports.digests_in_use() - media_files.sizes(folder).keys())

    def kept(digests: list[str], in_a_backup: bool) -> list[str]:
        return [d for d in digests if media_files.is_whole(copies, d) == in_a_backup]

    def lost() -> list[str]:
        return kept(damaged() + missing(), False)

    def strange() -> list[Path]:
        return sorted(set(media_files.strays(folder)) - set(media_files.drafts(folder)))

    def left() -> list[Path]:
        """What no row names, and what came with an import that was cut short."""
        # An import puts its files in place before it names them. Into a new database nothing
        # came: the files may belong to another one.
        with media_files.settled(folder) as settled:
            known = settled and imports.any_begun()
            there = media_files.sizes(folder) if known else media_files.old(folder, yesterday)
            unnamed = sorted(set(there) - imports.digests_in_use())
            drafts = media_files.drafts(folder) if settled else []
            return [media_files.place(folder, digest) for digest in unnamed] + drafts

    def sweep() -> None:
        for path in left():
            path.unlink(missing_ok=True)

    def missized() -> list[str]:
        # What is damaged is told of once.
        there = media_files.sizes(folder)
        rows = Medium.select(Medium.digest, Medium.size).distinct().tuples()
        wrong = {digest for digest, size in rows if there.get(digest, size) != size}
        return sorted(digest for digest in wrong if media_files.is_whole(folder, digest))

    def bring_back(digests: Callable[[], list[str]]) -> None:
        for digest in kept(digests(), True):
            media_files.put(folder, digest, media_files.place(copies, digest))

    def measure() -> None:
        for digest in missized():
            size = media_files.sizes(folder)[digest]
            Medium.update(size=size).where(Medium.digest == digest).execute()

    for rule, which, what in (
        ("media-damaged", damaged, "damaged"),
        ("media-missing", missing, "missing"),
    ):
        yield _files(
            rule,
            partial(lambda found: kept(found(), True), which),
            what,
            partial(bring_back, which),
            "Repairing takes them from a backup.",
        )
    yield _files(
        "media-lost",
        lost,
        "damaged or missing, and in no backup here",
        None,
        "Import their package again, or take them out of their notes.",
    )
    yield _files(
        "media-size",
        missized,
        "of another size than their notes were told",
        measure,
        "Repairing notes down their size.",
    )
    yield _files(
        "media-stray",
        strange,
        "that are none",
        None,
        f"See what they are, and delete them yourself: {folder}",
    )
    yield _files(
        "media-unnamed",
        left,
        "that no note names, such as those of an import that was undone or cut short",
        sweep,
        "They only take room. Repairing deletes them; backups that have them keep theirs.",
        harm=False,
    )


def _files(
    rule: str,
    which: Callable[[], Any],
    what: str,
    mend: Callable[[], Any] | None,
    remedy: str,
    harm: bool = True,
) -> Check:
    def find() -> tuple[int, str]:
        found = which()
        count = len(found)
        named = ", ".join(map(_called, found[:3])) + (" …" if count > 3 else "")
        return count, f"{count} media file{'' if count == 1 else 's'} {what}: {named}."

    return Check(rule, find, mend, remedy, harm)


def _called(file: Path | str) -> str:
    """What people call a file: as a note does, where one names it."""
    digest = file.name if isinstance(file, Path) else file
    named = Medium.select(Medium.name).where(Medium.digest == digest).order_by(Medium.id)
    row = named.tuples().first()
    return str(row[0]) if row else (digest if isinstance(file, Path) else digest[:12] + "…")


def _shelf(shelf: Shelf) -> Check:
    """Backups that were cut short; the inside of each is looked at when it is restored."""

    def find() -> tuple[int, str]:
        broken = backups.listed(shelf)[1]
        count = len(broken)
        noun = "backup" if count == 1 else "backups"
        return count, f"{count} {noun} that cannot be read any more: {', '.join(broken[:3])}."

    remedy = f"Delete them, or put good copies in their place: {shelf.folder}"
    return Check("backup-broken", find, None, remedy)


def _rows(
    rule: str, model: Any, wrong: Any, what: str, right: dict[Any, Any] | None, remedy: str
) -> Check:
    """A check that counts the rows that are wrong, and sets right columns or deletes them."""

    def find() -> tuple[int, str]:
        count = model.select().where(wrong).count()
        return count, f"{count} {_noun(model, count)} {what}."

    def mend() -> None:
        query = model.delete() if right is None else model.update(right)
        query.where(wrong).execute()

    return Check(rule, find, mend, remedy)


def _of(model: Any, column: Any, key: Any) -> Any:
    """The value of a column in the row that a foreign key points at."""
    row = model.alias()
    return row.select(getattr(row, column.name)).where(row.id == key)


def _outside(field: Any, low: float | None, high: float | None) -> Any:
    return (field < low) | (field > high)


def _noun(model: Any, count: int) -> str:
    name = model._meta.table_name
    one, many = _NOUNS.get(name, (name, f"{name}s"))
    return str(one if count == 1 else many)
