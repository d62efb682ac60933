"""Imports that were done after another: which of them rest on it, and what passes to them.

One rests on an earlier one where it changed, or added to, what that one added or changed.
What both only use, such as a deck, stays where the earlier one is taken back: it belongs to
the later one from then on, and goes with that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from quizapp.storage.fields import OBJECT, from_json
from quizapp.storage.models import Batch, BatchChange, Card, Deck, Medium, Note, NoteEdit, NoteType
from quizapp.storage.prepared import raw

# How a recorded row leads to its note.
_OF_NOTES = ("note", "note_edit")
_OF_CARDS = ("card", "memory", "log")


class Later(NamedTuple):
    """An import in effect that was done after another."""

    id: int
    title: str


def later(learner: int, batch: int) -> list[Later]:
    """A learner's imports in effect that were done after one, in that order."""
    done = Batch.select(Batch.done).where(Batch.id == batch)
    after = (Batch.done > done) | ((Batch.done == done) & (Batch.id > batch))
    rows = (
        Batch.select(Batch.id, Batch.title)
        .where((Batch.learner == learner) & (Batch.state == "done") & after)
        .order_by(Batch.done, Batch.id)
    )
    return [Later(*row) for row in raw(rows)]


def resting(batch: int, among: Sequence[Later]) -> list[Later]:
    """Which of some later imports rest on an import."""
    if not among:
        return []
    theirs = BatchChange.batch.in_([one.id for one in among])
    changes = BatchChange.select(BatchChange.batch).distinct()
    touched = _notes_touched(batch)
    types = NoteType.select(NoteType.id).where(NoteType.batch == batch)
    found = {
        id_
        for query in (
            changes.where(theirs & BatchChange.table.in_(_OF_NOTES) & BatchChange.row.in_(touched)),
            changes.join(Card, on=(Card.id == BatchChange.row)).where(
                theirs & BatchChange.table.in_(_OF_CARDS) & Card.note.in_(touched)
            ),
            changes.where(
                theirs
                & (BatchChange.table == "note_type")
                & BatchChange.row.in_(types.union(_types_changed(batch)))
            ),
        )
        for (id_,) in raw(query)
    }
    return [one for one in among if one.id in found]


def texts(among: Sequence[Later]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What may name a file in the notes that imports added or changed: import and fields."""
    for one in among:
        here = _noted(one.id)
        own = NoteEdit.select(NoteEdit.fields).join(Note, on=(Note.id == NoteEdit.note))
        for query in (Note.select(Note.fields), own):
            for (fields,) in raw(query.where(here)):
                yield one.id, from_json(fields, OBJECT)


def designs(among: Sequence[Later]) -> list[tuple[int, str]]:
    """Import, and the style sheet and templates of each note type that its notes have."""
    found = []
    for one in among:
        used = Note.select(Note.notetype).where(_noted(one.id) & Note.notetype.is_null(False))
        rows = NoteType.select(NoteType.css, NoteType.templates).where(NoteType.id.in_(used))
        found += [(one.id, f"{css}\n{templates}") for css, templates in raw(rows)]
    return found


def files(batch: int) -> list[str]:
    """The names of the files that an import brought."""
    return [name for (name,) in raw(Medium.select(Medium.name).where(Medium.batch == batch))]


def pass_changes_on(batch: int, among: Sequence[Later]) -> None:
    """Leave note types as an import made them that notes of later ones have.

    How they were before is known to the first of those from now on.
    """
    for type_, heir in _users(_types_changed(batch), among).items():
        BatchChange.update(batch=heir).where(
            (BatchChange.batch == batch)
            & (BatchChange.table == "note_type")
            & (BatchChange.row == type_)
        ).execute()


def pass_rest_on(batch: int, among: Sequence[Later], shown: Mapping[str, int]) -> None:
    """Give what an import added and later ones use to the first of those; after its notes went.

    ``shown`` are names of files that notes of later imports show, with the import.
    """
    _give(Deck, _in_decks(batch, among))
    _give(Deck, _above(batch, among))
    _give(NoteType, _users(NoteType.select(NoteType.id).where(NoteType.batch == batch), among))
    media = raw(Medium.select(Medium.name, Medium.id).where(Medium.batch == batch))
    _give(Medium, {id_: shown[name] for name, id_ in media if name in shown})


def _notes_touched(batch: int) -> Any:
    """The notes that an import added, changed or added cards or progress to."""
    changes = BatchChange.select(BatchChange.row).where(
        (BatchChange.batch == batch) & BatchChange.table.in_(_OF_NOTES)
    )
    cards = (
        BatchChange.select(Card.note)
        .join(Card, on=(Card.id == BatchChange.row))
        .where((BatchChange.batch == batch) & BatchChange.table.in_(_OF_CARDS))
    )
    return Note.select(Note.id).where(Note.batch == batch).union(changes).union(cards)


def _types_changed(batch: int) -> Any:
    return BatchChange.select(BatchChange.row).where(
        (BatchChange.batch == batch) & (BatchChange.table == "note_type")
    )


def _noted(batch: int) -> Any:
    """Which notes an import added or changed."""
    changed = BatchChange.select(BatchChange.row).where(
        (BatchChange.batch == batch) & (BatchChange.table == "note")
    )
    return (Note.batch == batch) | Note.id.in_(changed)


def _users(types: Any, among: Sequence[Later]) -> dict[int, int]:
    """Note types among some that notes of later imports have, with the first of those."""
    if not raw(types):
        return {}
    return _first(
        (id_, one.id)
        for one in among
        for (id_,) in raw(
            Note.select(Note.notetype).where(_noted(one.id) & Note.notetype.in_(types)).distinct()
        )
    )


def _in_decks(batch: int, among: Sequence[Later]) -> dict[int, int]:
    """Decks that an import made where notes or cards of later ones lie, with the first."""
    made = Deck.select(Deck.id).where(Deck.batch == batch)
    return _first(
        (deck, one.id)
        for one in among
        for query in (
            Note.select(Note.deck).where((Note.batch == one.id) & Note.deck.in_(made)),
            Card.select(Card.deck)
            .join(Note, on=(Note.id == Card.note))
            .where((Note.batch == one.id) & Card.deck.in_(made)),
        )
        for (deck,) in raw(query.distinct())
    )


def _above(batch: int, among: Sequence[Later]) -> dict[int, int]:
    """Decks that an import made above those of later ones, with the first of those."""
    made = raw(Deck.select(Deck.id, Deck.name).where(Deck.batch == batch))
    ids = [one.id for one in among]
    theirs = raw(Deck.select(Deck.batch, Deck.id, Deck.name).where(Deck.batch.in_(ids)))
    theirs.sort(key=lambda row: ids.index(row[0]))
    return _first(
        (id_, heir)
        for id_, name in made
        for heir, below, inner in theirs
        if below > id_ and inner.casefold().startswith(f"{name.casefold()}::")
    )


def _first(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _give(table: Any, heirs: Mapping[int, int]) -> None:
    for id_, heir in heirs.items():
        table.update(batch=heir).where(table.id == id_).execute()
