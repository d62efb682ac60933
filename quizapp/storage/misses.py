"""Items that were missed and wait for right answers on three days."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from quizapp.storage.models import Miss


def find(learner: int, note: int) -> dict[str, Any] | None:
    """A miss as plain values, to be looked at or put back by ``restore``."""
    row = (
        Miss.select(Miss.since, Miss.cause, Miss.sure, Miss.guessed, Miss.right_days, Miss.closed)
        .where((Miss.learner == learner) & (Miss.note == note))
        .dicts()
        .first()
    )
    return None if row is None else dict(row)


def open_miss(learner: int, note: int, day: int, *, sure: bool, guessed: bool, cause: str) -> None:
    """Put a note on the list, or back on it."""
    _save(
        learner,
        note,
        since=day,
        sure=sure,
        guessed=guessed,
        cause=cause,
        right_days=[],
        closed=False,
    )


def right_on(learner: int, note: int, days: Sequence[int], closed: bool) -> None:
    """Store the days a missed note was right on since."""
    where = (Miss.learner == learner) & (Miss.note == note)
    Miss.update(right_days=list(days), closed=closed).where(where).execute()


def restore(learner: int, note: int, was: Mapping[str, Any] | None) -> None:
    """Put a miss back as it was, or take it off where there was none."""
    if was is None:
        Miss.delete().where((Miss.learner == learner) & (Miss.note == note)).execute()
    else:
        _save(learner, note, **was)


def causes(learner: int) -> dict[str, int]:
    """How often each cause was given."""
    rows = Miss.select(Miss.cause).where((Miss.learner == learner) & (Miss.cause != "")).tuples()
    return dict(Counter(cause for (cause,) in rows))


def _save(learner: int, note: int, **values: Any) -> None:
    Miss.insert(learner=learner, note=note, **values).on_conflict(
        conflict_target=[Miss.learner, Miss.note],
        update={getattr(Miss, name): value for name, value in values.items()},
    ).execute()
