"""The whole database as one SQLite file, whatever engine it lives on, and back again.

A file that was copied from one engine can be put back into the other.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from graphlib import TopologicalSorter
from pathlib import Path
from time import sleep
from typing import Any

from peewee import OperationalError, SqliteDatabase
from peewee import __exception_wrapper__ as as_peewee_says  # errors of the driver, translated

from quizapp.domain.errors import Refusal
from quizapp.domain.jobs import State
from quizapp.storage import schema
from quizapp.storage.database import BUSY_SECONDS, Damaged, Unavailable, excused, leave, proxy
from quizapp.storage.files import written

if sys.platform != "win32":
    import fcntl

# What is going on, how far it is, and how far it goes.
Progress = Callable[[str, int, int], None]
# Copies the database into a new file.
Take = Callable[[Path, Progress], None]

_PAGES = 2_000  # copied between two reports, about 8 MB
_ROWS = 2_000
_TRIES = 25
_HISTORY = "schema_migration"
# Where SQLite locks a file that is in use (https://sqlite.org/src/file/src/os.h).
_SHARED_FIRST, _SHARED_SIZE = 0x40000000 + 2, 510

_DAMAGED = (
    "The database is damaged, so no backup of it was made; those made before are kept."
    " Stop the server and restore the newest: flask --app wsgi restore NAME"
)
_BUSY = "Another program is using the database, so nothing was restored. Try again in a moment."
_OPEN = (
    "The database file is damaged and a server has it open, so nothing was restored."
    " Stop the server and try again."
)


def silent(what: str, done: int, total: int) -> None:
    """Report nothing."""


def take(target: Path, progress: Progress = silent) -> None:
    """Copy the database into a new SQLite file, as it is at one moment.

    Nobody waits meanwhile. On PostgreSQL not to be called within a transaction.

    Raises Damaged where the copy is not sound, Unavailable where it cannot be made.
    """
    with excused(), as_peewee_says:
        if isinstance(proxy.obj, SqliteDatabase):
            _copy_file(target, progress)
            return
        with proxy.atomic():
            proxy.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Before anything is read: what is read afterwards is of one moment.
            _lock(_names(proxy.obj), "ACCESS SHARE")
            _pour_out(target, progress)


def replace(new: Path, before: Callable[[Take], None] | None, progress: Progress = silent) -> None:
    """Put a file's content in the place of the database's, in one go.

    ``new`` is at the newest schema. From the moment ``before`` is called nobody else can
    write: what it copies with the function it is given is the very last state. Readers see
    the old state or the new one. An error, or the end of the process, leaves the old one.

    Raises Unavailable where the database is locked, full or away, Damaged where it is.
    """
    with excused(), as_peewee_says:
        if isinstance(proxy.obj, SqliteDatabase):
            _pages_into_file(new, before, progress)
        else:
            _rows_into_tables(new, before, progress)


def replace_damaged(new: Path, aside: Path) -> None:
    """Put a file in the place of a SQLite database that cannot be read any more.

    The damaged one is copied into the folder ``aside``.

    Raises Unavailable while another process has it open.
    """
    leave()
    live = Path(proxy.obj.database)
    companions = _companions(live)
    if _is_open(live):
        raise Unavailable(_OPEN)
    aside.mkdir(parents=True, mode=0o700)
    for path in (live, *companions):
        if path.exists():
            shutil.copyfile(path, aside / path.name)
    # A log beside the new file would be played into it. Without its log the damaged file
    # is still the damaged file, so there is no moment in which a half state would open.
    for path in companions:
        path.unlink(missing_ok=True)
    with written(live) as file, new.open("rb") as content:
        shutil.copyfileobj(content, file)


def live_files() -> list[Path]:
    """The files of the database; none where it is a server's."""
    if not isinstance(proxy.obj, SqliteDatabase):
        return []
    live = Path(proxy.obj.database)
    return [live, *_companions(live)]


def is_sound(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file."""
    try:
        with closing(reading(path)) as file:
            return [row[0] for row in file.execute("PRAGMA quick_check(1)")] == ["ok"]
    except sqlite3.DatabaseError:
        return False


def reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads a file, which may have been made by anybody."""
    file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    file.execute("PRAGMA trusted_schema = OFF")
    file.execute("PRAGMA cell_size_check = ON")
    return file


def counts(path: Path) -> dict[str, int]:
    """How many rows each table of a file has."""
    with closing(reading(path)) as file:
        return {
            name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for name in _tables(file)
        }


def modernise(path: Path) -> list[str]:
    """Bring a file to the newest schema; return what was applied."""
    file = SqliteDatabase(str(path))
    with as_peewee_says, file.connection_context():
        return schema.migrate(file)


def settle(path: Path, said: str) -> None:
    """End the jobs of a file that wait or run in it: nobody does what belongs to another time.

    Whoever ran one when the file was copied knows nothing of the copy, and an import keeps
    such a copy of the moment it began in itself.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(
            "UPDATE job SET state = ?, said = ?, finished = heartbeat WHERE state IN (?, ?)",
            (State.STOPPED, said, State.WAITING, State.RUNNING),
        )


def _copy_file(target: Path, progress: Progress) -> None:
    live = Path(proxy.obj.database)
    with (
        closing(sqlite3.connect(live, timeout=BUSY_SECONDS, isolation_level=None)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        copy.execute("PRAGMA synchronous = OFF")  # it is flushed when it is whole
        # One moment for all steps: without it, each answer in between would make the
        # copying start again, and where many learn it would never end.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(
            copy,
            pages=_PAGES,
            progress=lambda _, left, total: progress("Copying", total - left, total),
        )
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    if not is_sound(target):
        raise Damaged(_DAMAGED)


def _pages_into_file(new: Path, before: Callable[[Take], None] | None, progress: Progress) -> None:
    live = proxy.obj.database
    with (
        closing(sqlite3.connect(live, timeout=BUSY_SECONDS, isolation_level=None)) as target,
        closing(sqlite3.connect(new, isolation_level=None)) as source,
    ):
        target.execute("PRAGMA journal_mode = WAL")
        target.execute("PRAGMA synchronous = FULL")
        (size,) = target.execute("PRAGMA page_size").fetchone()
        if (size,) != source.execute("PRAGMA page_size").fetchone():
            # A database with a log takes only pages of its own size.
            source.execute(f"PRAGMA page_size = {size}")
            source.execute("VACUUM")
        (pages,) = source.execute("PRAGMA page_count").fetchone()
        held = False

        def step(status: int, left: int, total: int) -> None:
            nonlocal held
            if status not in (sqlite3.SQLITE_OK, sqlite3.SQLITE_DONE):
                raise Unavailable(_BUSY)
            if not held:
                # The first pages are written, so the lock is ours until all are: one
                # transaction, which nobody sees before its end.
                held = True
                if before is not None:
                    before(_copy_file)
            progress("Restoring", total - left, total)

        source.backup(target, pages=max(1, min(_PAGES, pages // 2)), progress=step)
        # Only to give room back; where somebody reads, a later checkpoint does it.
        target.execute("PRAGMA busy_timeout = 200")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _pour_out(target: Path, progress: Progress) -> None:
    """Write the tables of PostgreSQL into a file; the caller sees to one moment for all."""
    file = SqliteDatabase(str(target), pragmas={"journal_mode": "off", "synchronous": 0})
    with file.connection_context():
        schema.check(proxy.obj)
        schema.build(file, schema.applied(proxy.obj)[-1])
        copy: sqlite3.Connection = file.connection()
        copy.execute("BEGIN")
        names = _tables(copy)
        for number, name in enumerate(names):
            progress("Copying", number, len(names))
            columns = [column.name for column in file.get_columns(name)]
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT INTO {_quoted([name])} ({_quoted(columns)}) VALUES ({marks})"  # noqa: S608
            for rows in _stream(name, columns):
                copy.executemany(insert, rows)
        copy.execute("COMMIT")
        progress("Copying", len(names), len(names))
    if not is_sound(target):
        raise Damaged(_DAMAGED)


def _stream(table: str, columns: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    # Named: the rows stay on the server until they are asked for.
    with proxy.connection().cursor(name="quizapp_backup") as cursor:
        cursor.execute(f"SELECT {_quoted(columns)} FROM {_quoted([table])}")  # noqa: S608
        while rows := cursor.fetchmany(_ROWS):
            yield rows


def _rows_into_tables(new: Path, before: Callable[[Take], None] | None, progress: Progress) -> None:
    with closing(reading(new)) as file, proxy.atomic():
        names = _parents_first(file)
        _lock_out(names)
        if before is not None:
            before(_pour_out)
        proxy.execute_sql(f"TRUNCATE {_quoted(names)} RESTART IDENTITY")
        for number, name in enumerate(names):
            progress("Restoring", number, len(names))
            _fill(file, name)
        progress("Restoring", len(names), len(names))


def _fill(file: sqlite3.Connection, table: str) -> None:
    columns = {c.name: c.data_type for c in proxy.obj.get_columns(table)}
    flags = [kind == "boolean" for kind in columns.values()]
    rows = file.execute(f"SELECT {_quoted(columns)} FROM {_quoted([table])}")  # noqa: S608
    written = 0
    with (
        proxy.connection().cursor() as cursor,
        cursor.copy(f"COPY {_quoted([table])} ({_quoted(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(
                [
                    bool(value) if flag and value is not None else value
                    for value, flag in zip(row, flags, strict=True)
                ]
            )
            written += 1
    found = proxy.execute_sql(f"SELECT count(*) FROM {_quoted([table])}").fetchone()[0]  # noqa: S608
    if found != written:
        raise Refusal(f"{written} rows of {table} became {found}, so nothing was restored.")
    if "id" in columns:
        _count_on_from_the_last(table)


def _count_on_from_the_last(table: str) -> None:
    (sequence,) = proxy.execute_sql(
        "SELECT pg_get_serial_sequence(%s, 'id')", (_quoted([table]),)
    ).fetchone()
    if sequence:
        largest = f"SELECT coalesce(max(id), 0) FROM {_quoted([table])}"  # noqa: S608
        (last,) = proxy.execute_sql(largest).fetchone()
        # Part of the transaction, as setval() is not.
        proxy.execute_sql(f"ALTER SEQUENCE {sequence} RESTART WITH {last + 1}")


def _lock_out(tables: Sequence[str]) -> None:
    """Have the tables alone. Whoever is in the middle of something goes first.

    Waiting longer with some of the tables in hand would make the server call it a
    deadlock, and end an answer of somebody instead.
    """
    for patience in range(_TRIES, -1, -1):
        try:
            with proxy.atomic():
                proxy.execute_sql("SET LOCAL lock_timeout = '200ms'")
                _lock(reversed(tables), "ACCESS EXCLUSIVE")
            return
        except OperationalError:
            if not patience:
                raise
            sleep(0.01)


def _lock(tables: Iterable[str], mode: str) -> None:
    proxy.execute_sql(f"LOCK TABLE {_quoted(tables)} IN {mode} MODE")


def _names(database: Any) -> list[str]:
    return [name for name in database.get_tables() if name != _HISTORY]


def _tables(file: sqlite3.Connection) -> list[str]:
    rows = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [n for (n,) in rows if n != _HISTORY and not n.startswith("sqlite_")]


def _parents_first(file: sqlite3.Connection) -> list[str]:
    """The tables of a file, each after those it points at."""
    points_at = {
        name: {
            row[2]
            for row in file.execute(f"PRAGMA foreign_key_list({_quoted([name])})")
            if row[2] != name
        }
        for name in _tables(file)
    }
    return list(TopologicalSorter(points_at).static_order())


def _quoted(names: Iterable[str]) -> str:
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def _companions(live: Path) -> list[Path]:
    return [live.with_name(live.name + end) for end in ("-wal", "-shm")]


def _is_open(path: Path) -> bool:
    """Whether another process has a SQLite file open; they share a lock while they do."""
    if sys.platform == "win32" or not path.exists():
        return False  # Windows renames no open file
    with path.open("rb+") as file:
        try:
            fcntl.lockf(
                file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST, os.SEEK_SET
            )
        except OSError:
            return True
    return False
