"""Rows that wait beside the database until they are laid down at once.

Making the rows of a large import takes many times as long as storing them. They are made
before the transaction and wait in a file of their own, so that others wait for the
database only as long as it needs itself.

A row there has places for ids that are not known yet: the first note is 0, and so are the
first card, deck and note type. What they stand for is said when the rows are laid down.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase

from quizapp.storage.batches import insert_rows, reserve
from quizapp.storage.database import excused, proxy
from quizapp.storage.imports import CARD_COLUMNS, MEMORY_COLUMNS, NOTE_COLUMNS, REVIEW_COLUMNS
from quizapp.storage.models import Card, Memory, Note, Review

_SHAPES: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    (Note, NOTE_COLUMNS),
    (Card, CARD_COLUMNS),
    (Memory, MEMORY_COLUMNS),
    (Review, REVIEW_COLUMNS),
)
# What the columns that hold a place stand for.
_PLACES = {
    Note.id: "note",
    Card.note: "note",
    Memory.note: "note",
    Card.id: "card",
    Memory.card: "card",
    Review.card: "card",
    Note.deck: "deck",
    Card.deck: "deck",
    Memory.deck: "deck",
    Note.notetype: "notetype",
}
_ROWS = 5_000


class Stage:
    """A file of waiting rows, for one thread."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.parent.name
        self.notes = self.cards = self.reviews = 0
        self._file = sqlite3.connect(path, isolation_level=None)
        # It is worth nothing after a crash.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = NORMAL"):
            self._file.execute(f"PRAGMA {pragma}")
        for table, columns in _SHAPES:
            names = ", ".join(f'"{column.column_name}"' for column in columns)
            self._file.execute(f'CREATE TABLE "{_name(table)}" ({names})')
        self._file.execute("BEGIN")

    def add(
        self,
        notes: Sequence[Sequence[Any]],
        cards: Sequence[Sequence[Any]],
        memories: Sequence[Sequence[Any]],
        reviews: Sequence[Sequence[Any]],
    ) -> None:
        """Put rows aside, their values in the order of the COLUMNS of storage/imports.py."""
        for (table, columns), rows in zip(_SHAPES, (notes, cards, memories, reviews), strict=True):
            places = ", ".join("?" * len(columns))
            text = f'INSERT INTO "{_name(table)}" VALUES ({places})'  # noqa: S608
            self._file.executemany(text, rows)
        self.notes += len(notes)
        self.cards += len(cards)
        self.reviews += len(reviews)

    def rows(self, table: Any) -> Iterator[Sequence[Any]]:
        """The waiting rows of a table."""
        return iter(self._file.execute(f'SELECT * FROM "{_name(table)}"'))  # noqa: S608

    def done(self) -> None:
        """Have all rows in the file."""
        if self._file.in_transaction:
            self._file.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage below a folder, gone at the end.

    Raises Unavailable where there is no room for it, or for what is done with it.
    """
    with excused(), tempfile.TemporaryDirectory(prefix="rows_", dir=folder) as name:
        stage = Stage(Path(name) / "rows.db")
        try:
            yield stage
        finally:
            stage.close()


@contextmanager
def at_hand(stage: Stage) -> Iterator[str]:
    """Let the database itself read the waiting rows; before a transaction.

    Gives the name it knows them by, "" where it cannot: only SQLite can, and only outside
    of a transaction.
    """
    stage.done()
    if not isinstance(proxy.obj, SqliteDatabase) or proxy.obj.in_transaction():
        yield ""
        return
    proxy.execute_sql(f'ATTACH ? AS "{stage.name}"', (str(stage.path),))
    try:
        yield stage.name
    finally:
        proxy.execute_sql(f'DETACH "{stage.name}"')


def lay_down(stage: Stage, decks: Sequence[int], notetypes: Sequence[int], known_as: str) -> None:
    """Store the waiting rows; inside a transaction.

    ``decks`` and ``notetypes`` are ids by place; ``known_as`` is what ``at_hand`` gave.
    """
    stage.done()
    if not stage.notes:
        return
    if known_as:
        _directly(known_as, {"deck": decks, "notetype": notetypes})
        return
    ids: dict[str, Sequence[int]] = {
        "note": list(reserve(Note, stage.notes)),
        "card": list(reserve(Card, stage.cards)),
        "deck": decks,
        "notetype": notetypes,
    }
    for table, columns in _SHAPES:
        insert_rows(table, columns, _with_ids(stage.rows(table), columns, ids))


def _directly(known_as: str, ids: Mapping[str, Sequence[int]]) -> None:
    """Have SQLite take the rows from its neighbour."""
    proxy.execute_sql(
        "CREATE TEMP TABLE IF NOT EXISTS staged_id"
        " (what TEXT, place INTEGER, id INTEGER, PRIMARY KEY (what, place)) WITHOUT ROWID"
    )
    proxy.execute_sql("DELETE FROM temp.staged_id")
    proxy.cursor().executemany(
        "INSERT INTO temp.staged_id VALUES (?, ?, ?)",
        [(what, place, id_) for what, known in ids.items() for place, id_ in enumerate(known)],
    )
    first = {"note": next(reserve(Note, 1)), "card": next(reserve(Card, 1))}
    for table, columns in _SHAPES:
        names = ", ".join(f'"{column.column_name}"' for column in columns)
        values = ", ".join(_value(column, first) for column in columns)
        proxy.execute_sql(
            f'INSERT INTO main."{_name(table)}" ({names})'  # noqa: S608 (names of our own)
            f' SELECT {values} FROM "{known_as}"."{_name(table)}" ORDER BY rowid'
        )


def _value(column: Any, first: Mapping[str, int]) -> str:
    name, what = f'"{column.column_name}"', _PLACES.get(column)
    if what is None:
        return name
    if what in first:
        return f"{name} + {first[what]:d}"
    return f"(SELECT id FROM temp.staged_id WHERE what = '{what}' AND place = {name})"  # noqa: S608


def _with_ids(
    rows: Iterable[Sequence[Any]], columns: Sequence[Any], ids: Mapping[str, Sequence[int]]
) -> Iterator[Sequence[Any]]:
    at = [(n, ids[_PLACES[column]]) for n, column in enumerate(columns) if column in _PLACES]
    for row in rows:
        values = list(row)
        for n, known in at:
            if values[n] is not None:
                values[n] = known[values[n]]
        yield values


def _name(table: Any) -> str:
    return str(table._meta.table_name)
