"""Columns that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import BigIntegerField, TextField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class UTCDateTimeField(BigIntegerField):  # type: ignore[misc]
    """An aware moment, stored as whole milliseconds since 1970 in UTC."""

    def db_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return (value - _EPOCH) // _MILLISECOND
        return value

    def python_value(self, value: Any) -> Any:
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


class JSONField(TextField):  # type: ignore[misc]
    """A JSON value in a text column; never queried into."""

    def db_value(self, value: Any) -> Any:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def python_value(self, value: Any) -> Any:
        return None if value is None else json.loads(value)
