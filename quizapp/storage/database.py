"""Which database there is, and how a connection to it behaves."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peewee import (
    Database,
    DatabaseError,
    DatabaseProxy,
    ImproperlyConfigured,
    InterfaceError,
    OperationalError,
    PeeweeException,
    SqliteDatabase,
)
from playhouse.db_url import parse
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from quizapp.domain.errors import Misconfigured, Refusal

proxy = DatabaseProxy()

# FULL, not NORMAL: an answer that was acknowledged survives a power cut.
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "cache_size": -32_000,
    "temp_store": "memory",
}
BUSY_SECONDS = 5


class Unavailable(Refusal):
    """The database did not take part; nothing was written."""


class Full(Unavailable):
    """There is no room for what was to be written."""


class Damaged(Unavailable):
    """The database file cannot be read as one."""


# What the engines say, what it is, and what a person is told. A mistake of ours has no
# sentence here: it is raised on.
_FULL = ("disk is full", "disk full", "no space left")
_DAMAGED = ("malformed", "not a database", "unsupported file format", "could not decode")
_OURS = ("syntax error", "no such column", "no such function")
_EXCUSES: tuple[tuple[tuple[str, ...], type[Unavailable], str], ...] = (
    (_FULL, Full, "The disk is full, so nothing was saved. Make room and try again."),
    (
        _DAMAGED,
        Damaged,
        "The database file is damaged. Stop the server and restore a backup of it.",
    ),
    (
        ("locked", "deadlock", "lock timeout"),
        Unavailable,
        "Another program is using the database, so nothing was saved. Try again.",
    ),
    (
        ("no such table",),
        Unavailable,
        "The database is empty or older than this program. Stop the server and start it again.",
    ),
    (
        ("readonly", "unable to open"),
        Unavailable,
        "The database file cannot be opened and written, so nothing was saved."
        " See that its folder is there and belongs to you.",
    ),
    (
        ("disk i/o",),
        Unavailable,
        "The disk could not be read or written, so nothing was saved."
        " See that it has room and is sound, then try again.",
    ),
)
# Rows that wait beside the database are asked for without Peewee (storage/staging.py).
_SAID_BY_ENGINES = (DatabaseError, InterfaceError, sqlite3.Error)
_AWAY = "The database cannot be reached, so nothing was saved. Try again in a moment."


def open_database(url: str) -> Database:
    """A database for a URL such as sqlite:////path/quizapp.db or postgresql://host/name.

    Raises Misconfigured for a URL that names neither; it is not repeated in full, for
    it may hold a password.
    """
    scheme = url.partition(":")[0]
    try:
        parts: dict[str, Any] = parse(url)
    except ValueError as error:
        raise Misconfigured(
            f"QUIZAPP_DATABASE is no address of a database ({error});"
            " write postgresql://name@host:5432/database, or leave it away for SQLite."
        ) from None
    name = parts.pop("database")
    if url.startswith("sqlite:"):
        # IMMEDIATE: a read-then-write transaction takes its lock before it reads;
        # with the default it fails at once whenever two of them meet.
        return SqliteDatabase(name, pragmas=PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE")
    if url.startswith(("postgres:", "postgresql:")):
        parts.setdefault("connect_timeout", BUSY_SECONDS)
        return PooledPostgresqlDatabase(
            name, prefer_psycopg3=True, max_connections=32, stale_timeout=300, **parts
        )
    raise Misconfigured(
        f"QUIZAPP_DATABASE begins with “{scheme}:”; it must begin with sqlite: or postgresql:."
    )


def bind(database: Database) -> None:
    """Make this the database of all models."""
    proxy.initialize(database)


@contextmanager
def transaction() -> Iterator[None]:
    """All of it or nothing.

    Raises Unavailable where the database is locked, full, damaged or away.
    """
    with excused(), proxy.atomic():
        yield


@contextmanager
def connection() -> Iterator[None]:
    """An open connection for the length of a command or request.

    A pooled one goes back to its pool. SQLite's stays with its thread: closing the
    last one would fold the whole write-ahead log into the database each time.

    Raises Unavailable where the database cannot be opened, or fails on the way.
    """
    try:
        opened = proxy.connect(reuse_if_open=True)
    except ImproperlyConfigured as error:
        raise Misconfigured(
            "PostgreSQL needs its driver. Install it with"
            " .venv/bin/python -m pip install 'psycopg[binary]' and start again."
        ) from error
    except (PeeweeException, MaxConnectionsExceeded) as error:
        raise excuse(error) or Unavailable(_AWAY) from error
    try:
        with excused():
            yield
    finally:
        if opened and isinstance(proxy.obj, PooledPostgresqlDatabase):
            proxy.close()


def file_of(database: Any) -> Path | None:
    """The file that a database is; None for a server's, or one in memory."""
    if not isinstance(database, SqliteDatabase):
        return None
    name = str(database.database)
    return None if name.startswith((":", "file:")) else Path(name)


def leave() -> None:
    """Close what is open: a connection must not be shared with a forked process."""
    proxy.close()
    if isinstance(proxy.obj, PooledPostgresqlDatabase):
        proxy.obj.close_all()


def excuse(error: BaseException) -> Unavailable | None:
    """What to say about an error of the database; None where it is none, or ours.

    The whole chain is read: SQLite takes a transaction back by itself on a full disk,
    and the rollback that then fails hides the reason.
    """
    if not isinstance(error, _SAID_BY_ENGINES):
        return None
    said = " ".join(str(link).lower() for link in _chain(error))
    for words, kind, sentence in _EXCUSES:
        if any(word in said for word in words):
            return kind(sentence)
    away = (OperationalError, InterfaceError, sqlite3.OperationalError)
    if isinstance(error, away) and not any(w in said for w in _OURS):
        return Unavailable(_AWAY)
    return None


@contextmanager
def excused() -> Iterator[None]:
    """Raise what the database says as a sentence, see ``excuse``."""
    try:
        yield
    except _SAID_BY_ENGINES as error:
        refusal = excuse(error)
        if refusal is None:
            raise
        raise refusal from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and all that it was raised from or over."""
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [e for e in (link.__cause__, link.__context__) if e is not None]
