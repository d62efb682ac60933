"""Columns that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from peewee import BigIntegerField, TextField

from quizapp.domain.errors import Refusal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


_encode = msgspec.json.Encoder(order="deterministic").encode

# The shapes of JSON columns that pages and exports rely on.
OBJECT: Any = dict[str, Any]
LIST: Any = list[Any]
TEXTS: Any = list[str]
FACES: Any = Annotated[list[OBJECT], msgspec.Meta(min_length=1)]
TEMPLATES: Any = list[Annotated[list[str], msgspec.Meta(min_length=3, max_length=3)]]


class Garbled(Refusal, ValueError):
    """A JSON column holds no JSON, or not of its shape; no program of ours wrote that."""

    def __init__(self) -> None:
        super().__init__(
            "Something that is stored here is damaged and cannot be read. Find out what,"
            " and repair it: flask --app wsgi check"
        )


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


def from_json(stored: str | bytes, shape: Any = Any) -> Any:
    """The value that a JSON column holds; raises Garbled where it is none of that shape."""
    try:
        return _decoder(shape).decode(stored)
    except (ValueError, TypeError) as error:
        raise Garbled from error


@lru_cache
def _decoder(shape: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(shape)


class UTCDateTimeField(BigIntegerField):  # type: ignore[misc]
    """An aware moment, stored as whole milliseconds since 1970 in UTC."""

    def db_value(self, value: Any) -> Any:
        return to_milliseconds(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> Any:
        return from_milliseconds(value)


class JSONField(TextField):  # type: ignore[misc]
    """A JSON value of some shape in a text column; never queried into."""

    def __init__(self, shape: Any = Any, **how: Any) -> None:
        super().__init__(**how)
        self.shape = shape

    def db_value(self, value: Any) -> Any:
        return to_json(value)

    def python_value(self, value: Any) -> Any:
        return None if value is None else from_json(value, self.shape)
