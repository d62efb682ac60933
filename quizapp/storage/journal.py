"""What a learner did today, and the way back from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from quizapp.storage.fields import to_json, to_milliseconds
from quizapp.storage.models import Journal
from quizapp.storage.prepared import prepared, slot


@dataclass(frozen=True)
class Deed:
    """One thing done; ``before`` holds what it touched as it was, see actions/study.py undo."""

    id: int
    card: int | None
    version: int
    deed: str
    before: Sequence[Mapping[str, Any]]


def record(
    learner: int,
    card: int | None,
    version: int,
    at: datetime,
    study_day: int,
    deed: str,
    before: Sequence[Mapping[str, Any]],
) -> None:
    """Note down what is about to be done."""
    _insert(
        learner=learner,
        card=card,
        version=version,
        at=to_milliseconds(at),
        study_day=study_day,
        deed=deed,
        before=to_json(list(before)),
        undone_at=None,
    )


def latest(learner: int, study_day: int) -> Deed | None:
    """The last deed of a day that was not undone."""
    row = (
        Journal.select()
        .where(
            (Journal.learner == learner)
            & (Journal.study_day == study_day)
            & Journal.undone_at.is_null()
        )
        .order_by(Journal.id.desc())
        .first()
    )
    return row and Deed(row.id, row.card, row.version, row.deed, row.before)


def latest_id(learner: int, study_day: int) -> int:
    """The id of that deed, 0 where there is none."""
    row = _latest_id(learner=learner, day=study_day).fetchone()
    return int(row[0] or 0)


def shift_day(learner: int, before: int, after: int) -> None:
    """Move a day's deeds to the number the day has now."""
    where = (Journal.learner == learner) & (Journal.study_day == before)
    Journal.update(study_day=after).where(where).execute()


def mark_undone(deed: int, at: datetime) -> bool:
    """Cross a deed out; False where someone else already did."""
    where = (Journal.id == deed) & Journal.undone_at.is_null()
    return bool(Journal.update(undone_at=at).where(where).execute())


def forget_before(learner: int, study_day: int) -> None:
    """Drop the deeds of days that can no longer be undone."""
    Journal.delete().where((Journal.learner == learner) & (Journal.study_day < study_day)).execute()


@prepared
def _latest_id() -> Any:
    return Journal.select(fn.MAX(Journal.id)).where(
        (Journal.learner == slot("learner"))
        & (Journal.study_day == slot("day"))
        & Journal.undone_at.is_null()
    )


@prepared
def _insert() -> Any:
    names = [field.name for field in Journal._meta.sorted_fields if field.name != "id"]
    return Journal.insert({getattr(Journal, name): slot(name) for name in names})
