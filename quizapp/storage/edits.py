"""A learner's own wording of notes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from quizapp.storage.models import Note, NoteEdit


def get(
    learner: int, note: int
) -> tuple[Mapping[str, Any], Sequence[Any], Mapping[str, Any] | None] | None:
    """A learner's wording of a note with its faces and its base, if they changed it."""
    row = NoteEdit.get_or_none((NoteEdit.learner == learner) & (NoteEdit.note == note))
    return row and (row.fields, row.faces, row.base)


def save(
    learner: int,
    note: int,
    fields: Mapping[str, Any],
    faces: Sequence[Any],
    at: datetime,
    base: Mapping[str, Any] | None,
) -> None:
    """Lay a learner's wording over a note; ``base`` is the note's own at that time."""
    columns = {
        NoteEdit.fields: dict(fields),
        NoteEdit.faces: list(faces),
        NoteEdit.at: at,
        NoteEdit.base: None if base is None else dict(base),
    }
    NoteEdit.insert({NoteEdit.learner: learner, NoteEdit.note: note} | columns).on_conflict(
        conflict_target=[NoteEdit.learner, NoteEdit.note], update=columns
    ).execute()


def known() -> list[tuple[int, int, str, Mapping[str, Any], str]]:
    """Every wording that is rendered when it is stored: learner, note, the note's kind, the
    fields, the note's objective."""
    return list(
        NoteEdit.select(NoteEdit.learner, NoteEdit.note, Note.kind, NoteEdit.fields, Note.objective)
        .join(Note)
        .where(Note.kind != "custom")
        .tuples()
    )


def render(learner: int, note: int, faces: Sequence[Any]) -> None:
    """Store what a wording looks like now."""
    where = (NoteEdit.learner == learner) & (NoteEdit.note == note)
    NoteEdit.update(faces=list(faces)).where(where).execute()


def remove(learner: int, note: int) -> None:
    """Return to the note's own wording."""
    NoteEdit.delete().where((NoteEdit.learner == learner) & (NoteEdit.note == note)).execute()
