"""Columns that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from peewee import BigIntegerField, TextField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


def to_milliseconds(at: datetime | None) -> int | None:
    """A moment as it is stored: whole milliseconds since 1970 in UTC."""
    return None if at is None else (at - _EPOCH) // _MILLISECOND


def from_milliseconds(stored: int | None) -> datetime | None:
    """The aware moment a column holds."""
    return None if stored is None else _EPOCH + timedelta(milliseconds=stored)


def to_json(value: Any) -> str | None:
    """A value as it is stored in a JSON column."""
    if value is None:
        return None
    try:
        return _encode(value).decode()
    except OverflowError:
        # A whole number of more than 64 bits, which a file may hold.
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_json(stored: str | bytes) -> Any:
    """The value that a JSON column holds; where it is no JSON, ValueError."""
    return _decode(stored)


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
        return None if value is None else from_json(value)
