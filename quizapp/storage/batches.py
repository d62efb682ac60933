"""Many rows at once, in pieces that every engine takes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BATCH = 500


def batches(items: Sequence[Any]) -> Iterable[list[Any]]:
    """The items in lists that fit into one statement."""
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])


def insert_all(table: Any, rows: Sequence[Mapping[str, Any]], known: bool = False) -> None:
    """Insert rows into a table; where some may be ``known``, those stay as they are."""
    for batch in batches(rows):
        query = table.insert_many(batch)
        (query.on_conflict_ignore() if known else query).execute()
