"""Bring a database to the newest schema."""

from collections.abc import Iterable
from pathlib import Path

from peewee import Database
from playhouse.migrations import Runner

from quizapp.domain.errors import Refusal

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_264_911  # any number, the same for every copy of the app


class NewerSchema(Refusal):
    """The database was written by a newer version of the app."""


def migrate(database: Database) -> list[str]:
    """Apply what is pending and return its names; one process at a time.

    Raises NewerSchema where the database knows migrations this program does not.
    """
    runner = Runner(database, str(MIGRATIONS))
    check(database)
    if not [m for m in runner.status() if not m.applied]:
        return []
    if runner.migrator.__class__.__name__.startswith("Sqlite"):
        # Each migration is one IMMEDIATE transaction; a second process waits for
        # it and then finds the name in the history.
        return list(runner.up())
    database.execute_sql("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        return list(runner.up())
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def check(database: Database) -> None:
    """Refuse a database that is newer than this program."""
    refuse_newer(applied(database))


def applied(database: Database) -> list[str]:
    """The migrations a database has, oldest first; none where it is empty."""
    return [m.name for m in Runner(database, str(MIGRATIONS)).status() if m.applied]


def known() -> list[str]:
    """The migrations this program has, oldest first."""
    return sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))


def build(database: Database, last: str) -> None:
    """Lay out the tables in an empty database as they were after a migration."""
    Runner(database, str(MIGRATIONS)).up(last)


def refuse_newer(names: Iterable[str]) -> None:
    """Raise NewerSchema where one of these migrations is unknown to this program."""
    for name in names:
        if name not in known():
            raise NewerSchema(
                "This data was written by a newer version of quizapp"
                f" (it knows {name}). Update the program and start again."
            )


def pending(database: Database) -> bool:
    """Whether a migration waits to be applied."""
    return any(not m.applied for m in Runner(database, str(MIGRATIONS)).status())
