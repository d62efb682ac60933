"""Opening a SQLite file that somebody else made, to read and nothing but read.

The order matters: limits before the first byte is looked at, the schema before any row,
the pages before the rows, and last an authorizer that lets through SELECTs on the tables
of a collection.
"""

import re
import sqlite3
import time
from pathlib import Path

from quizapp.domain.errors import Refusal
from quizapp.formats.archives import damaged, unsafe

# The longest value, in bytes: a schema of old keeps all note types in one.
LONGEST_VALUE = 20_000_000
SECONDS = 60

# What the library raises: the message of an error may itself be no text.
ERRORS = (sqlite3.Error, UnicodeError)

NEEDED = ("col", "notes", "cards", "revlog")
NEWER = ("notetypes", "fields", "templates", "decks", "deck_config", "config")
_FUNCTIONS = {"count", "instr", "typeof"}
_LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (sqlite3.SQLITE_LIMIT_COLUMN, 100),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 3),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 25_000),
    (sqlite3.SQLITE_LIMIT_FUNCTION_ARG, 8),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 10),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)
# What computes when a row is read or checked; no version of Anki has any of it.
_COMPUTED = re.compile(
    r"\b(?:check|generated|virtual|stored)\b|\bas\s*\(|\bdefault\s*\(", re.IGNORECASE
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_MOST_OBJECTS = 200


def opened(path: Path) -> sqlite3.Connection:
    """A connection that reads text as bytes, from a file that was looked through first.

    Raises Refusal for what is no collection, is damaged, or computes.
    """
    # A connection may be closed by whatever thread lets go of it last.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    try:
        _confine(connection)
        _look_through(connection)
        for table in NEEDED:
            if connection.execute(f"PRAGMA quick_check({table})").fetchone()[0] != b"ok":
                raise damaged("its collection has broken pages")
        connection.set_authorizer(_authorize)
    except ERRORS as error:
        connection.close()
        raise said(error) from None
    except BaseException:
        connection.close()
        raise
    return connection


def said(error: Exception) -> Refusal:
    """What an error of the database means to the person who chose the file."""
    text = str(error)
    if "interrupted" in text:
        return Refusal(
            f"Reading this package took longer than {SECONDS} seconds. Export fewer decks at once."
        )
    if "too big" in text or "out of memory" in text:
        return unsafe("a value in its collection is far too large")
    if "not a database" in text:
        return damaged("its collection is not one of Anki's")
    return damaged("its collection cannot be read")


def _confine(connection: sqlite3.Connection) -> None:
    for limit, most in _LIMITS:
        connection.setlimit(limit, most)
    connection.text_factory = bytes
    # Anki's own order of names; without it nothing that touches them can be asked.
    connection.create_collation("unicase", _unicase)
    deadline = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
    for pragma in (
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "mmap_size = 0",
        "query_only = ON",
        "temp_store = MEMORY",
        "cache_size = -8000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _look_through(connection: sqlite3.Connection) -> None:
    """Refuse a schema that does anything: only plain tables and plain indexes stay."""
    objects = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT ?", (_MOST_OBJECTS + 1,)
    ).fetchall()
    if len(objects) > _MOST_OBJECTS:
        raise unsafe("its collection has hundreds of tables")
    tables = set()
    for kind, name, _, sql in objects:
        text = _COMMENT.sub(" ", (sql or b"").decode("utf-8", "replace"))
        if kind not in (b"table", b"index"):
            raise unsafe("its collection holds views or triggers")
        if kind == b"table":
            if not re.match(r"\s*create\s+table\b", text, re.IGNORECASE):
                raise unsafe("its collection holds tables that are programs")
            tables.add(name.decode("utf-8", "replace"))
        if _COMPUTED.search(text):
            raise unsafe("its collection holds columns that are computed")
    for table in NEEDED:
        if table not in tables:
            raise damaged("its collection lacks notes or cards")
    for table in sorted(tables & {*NEEDED, *NEWER}):
        if any(row[6] for row in connection.execute(f"PRAGMA table_xinfo({table})")):
            raise unsafe("its collection holds columns that are computed")
        for index in connection.execute(f"PRAGMA index_list({table})").fetchall():
            name = index[1].decode("utf-8", "replace").replace("'", "''")
            parts = connection.execute(f"PRAGMA index_xinfo('{name}')")
            if any(part[1] == -2 for part in parts):
                raise unsafe("its collection holds columns that are computed")


def _authorize(
    action: int, one: str | None, two: str | None, database: str | None, _: str | None
) -> int:
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and one in {*NEEDED, *NEWER}:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and two in _FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _unicase(one: str, other: str) -> int:
    a, b = one.casefold(), other.casefold()
    return (a > b) - (a < b)
