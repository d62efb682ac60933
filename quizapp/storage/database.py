"""Which database there is, and how a connection to it behaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peewee import Database, DatabaseProxy, InterfaceError, OperationalError, SqliteDatabase
from playhouse.db_url import parse
from playhouse.pool import PooledPostgresqlDatabase

from quizapp.domain.errors import Refusal

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


def open_database(url: str) -> Database:
    """A database for a URL such as sqlite:////path/quizapp.db or postgresql://host/name."""
    parts: dict[str, Any] = parse(url)
    name = parts.pop("database")
    if url.startswith("sqlite:"):
        # IMMEDIATE: a read-then-write transaction takes its lock before it reads;
        # with the default it fails at once whenever two of them meet.
        return SqliteDatabase(name, pragmas=PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE")
    if url.startswith(("postgres:", "postgresql:")):
        return PooledPostgresqlDatabase(
            name, prefer_psycopg3=True, max_connections=32, stale_timeout=300, **parts
        )
    raise ValueError(f"QUIZAPP_DATABASE is “{url}”; it must begin with sqlite: or postgresql:.")


def bind(database: Database) -> None:
    """Make this the database of all models."""
    proxy.initialize(database)


@contextmanager
def transaction() -> Iterator[None]:
    """All of it or nothing.

    Raises Unavailable where the database is locked, full or away.
    """
    try:
        with proxy.atomic():
            yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(_excuse(error)) from error


@contextmanager
def connection() -> Iterator[None]:
    """An open connection for the length of a command or request.

    A pooled one goes back to its pool. SQLite's stays with its thread: closing the
    last one would fold the whole write-ahead log into the database each time.
    """
    opened = proxy.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened and isinstance(proxy.obj, PooledPostgresqlDatabase):
            proxy.close()


def _excuse(error: Exception) -> str:
    text = str(error).lower()
    if "full" in text or "disk i/o" in text:
        return "The disk is full, so nothing was saved. Free some space and try again."
    if "locked" in text:
        return "Another program is using the database, so nothing was saved. Try again."
    return "The database cannot be reached, so nothing was saved. Try again in a moment."
