"""Many rows at once, in pieces that every engine takes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from peewee import CompositeKey, SqliteDatabase, fn

from quizapp.storage.database import proxy

BATCH = 500
Row = Mapping[str, Any]
_ROWS = 5_000


def batches(items: Sequence[Any]) -> Iterable[list[Any]]:
    """The items in lists that fit into one statement."""
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])


def insert_all(table: Any, rows: Sequence[Mapping[str, Any]], known: bool = False) -> None:
    """Insert rows into a table; where some may be ``known``, those stay as they are."""
    for batch in batches(rows):
        query = table.insert_many(batch)
        (query.on_conflict_ignore() if known else query).execute()


def insert_rows(table: Any, columns: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Insert many rows of values as the columns store them, in the columns' order.

    The driver takes them as they come: building a statement for each costs many times
    what the database needs to store it. Inside a transaction.
    """
    names = ", ".join(f'"{column.column_name}"' for column in columns)
    into = f'"{table._meta.table_name}" ({names})'
    cursor = proxy.cursor()
    if not isinstance(proxy.obj, SqliteDatabase):
        with cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    text = f"INSERT INTO {into} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    waiting = iter(rows)
    while piece := list(islice(waiting, _ROWS)):
        cursor.executemany(text, piece)


def update_rows(table: Any, rows: Sequence[Row]) -> None:
    """Give rows the values of the columns that are named, as they are stored."""
    keys = keys_of(table)
    p = proxy.param
    for columns, values in alike(rows).items():
        others = [column for column in columns if column not in keys]
        if not others:
            continue
        sets = ", ".join(f'"{column}" = {p}' for column in others)
        where = " AND ".join(f'"{column}" = {p}' for column in keys)
        proxy.cursor().executemany(
            f'UPDATE "{table._meta.table_name}" SET {sets} WHERE {where}',  # noqa: S608 (our own columns)
            [[row[column] for column in (*others, *keys)] for row in values],
        )


def alike(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    """Rows by the columns they name."""
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(sorted(row))].append(row)
    return found


def keys_of(table: Any) -> tuple[str, ...]:
    """The names of the columns of a table's key."""
    key = table._meta.primary_key
    names = key.field_names if isinstance(key, CompositeKey) else [key.name]
    return tuple(table._meta.fields[name].column_name for name in names)


def reserve(table: Any, count: int) -> Iterator[int]:
    """Ids that no row of the table has; inside a transaction that goes on to use them."""
    if isinstance(proxy.obj, SqliteDatabase):
        first = (table.select(fn.MAX(table.id)).scalar() or 0) + 1
        return iter(range(first, first + count))
    rows = proxy.execute_sql(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
        (table._meta.table_name, count),
    )
    return iter([int(row[0]) for row in rows.fetchall()])
