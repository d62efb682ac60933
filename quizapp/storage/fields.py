"""Columns that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import BigIntegerField, TextField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


# Made once: json.dumps would make a new one each time.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def to_milliseconds(at: datetime | None) -> int | None:
    """A moment as it is stored: whole milliseconds since 1970 in UTC."""
    return None if at is None else (at - _EPOCH) // _MILLISECOND


def from_milliseconds(stored: int | None) -> datetime | None:
    """The aware moment a column holds."""
    return None if stored is None else _EPOCH + timedelta(milliseconds=stored)


def to_json(value: Any) -> str | None:
    """A value as it is stored in a JSON column."""
    return None if value is None else _encode(value)


class UTCDateTimeField(BigIntegerField):  # type: ignore[misc]
    """An aware moment, stored as whole milliseconds since 1970 in UTC."""

    def db_value(self, value: Any) -> Any:
        return to_milliseconds(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> Any:
        return from_milliseconds(value)


class JSONField(TextField):  # type: ignore[misc]
    """A JSON value in a text column; never queried into."""

    def db_value(self, value: Any) -> Any:
        return to_json(value)

    def python_value(self, value: Any) -> Any:
        return None if value is None else json.loads(value)
