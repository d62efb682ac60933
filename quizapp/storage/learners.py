"""Learners and their settings."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from quizapp.domain.learners import Learner, parse_steps, steps_text
from quizapp.domain.scheduling import DEFAULT_WEIGHTS
from quizapp.storage import models
from quizapp.storage.prepared import prepared

_PLAIN = [f.name for f in fields(Learner) if f.name not in ("weights",)]


def first() -> Learner | None:
    """The learner who was here first: the local one."""
    row = _first().fetchone()
    return None if row is None else _from_columns(row)


def get(learner: int) -> Learner | None:
    """The learner with this id."""
    row = models.Learner.get_or_none(models.Learner.id == learner)
    return row and _learner(row)


def ids() -> list[int]:
    """Every learner's id."""
    return [row[0] for row in models.Learner.select(models.Learner.id).tuples()]


def create(name: str, timezone: str, now: datetime) -> Learner:
    """Add a learner with the default settings."""
    return _learner(models.Learner.create(name=name, timezone=timezone, created=now))


def change(learner: int, **settings: Any) -> None:
    """Store the named settings and leave the others alone."""
    for name in ("learning_steps", "relearning_steps"):
        if name in settings:
            settings[name] = steps_text(settings[name])
    models.Learner.update(**settings).where(models.Learner.id == learner).execute()


@prepared
def _first() -> Any:
    return models.Learner.select().order_by(models.Learner.id).limit(1)


def _from_columns(row: Sequence[Any]) -> Learner:
    columns = models.Learner._meta.sorted_fields
    values = {f.name: f.python_value(v) for f, v in zip(columns, row, strict=True)}
    return _learner(models.Learner(**values))


def _learner(row: models.Learner) -> Learner:
    values = {name: getattr(row, name) for name in _PLAIN}
    values["learning_steps"] = parse_steps(row.learning_steps)
    values["relearning_steps"] = parse_steps(row.relearning_steps)
    return Learner(weights=tuple(row.weights) if row.weights else DEFAULT_WEIGHTS, **values)
