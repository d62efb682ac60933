"""Files that are whole or not there, and one process at a time."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import randbelow, token_hex
from typing import IO

from quizapp.storage.database import Full, Unavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock on a file; it ends with the process, however that ends."""
    with path.open("a") as file:
        # Some network drives know no locks, and little is lost without one.
        with suppress(OSError):
            if sys.platform == "win32":
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Windows knows no shared locks; there each of many holds one byte of so many.
_PLACES = 1_000


@contextmanager
def together(path: Path) -> Iterator[None]:
    """Hold a lock that many may hold at a time, and that keeps ``unheld`` from anybody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        with suppress(OSError):
            if sys.platform == "win32":
                file.seek(randbelow(_PLACES))
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def unheld(path: Path) -> Iterator[bool]:
    """Whether nobody holds a file ``together``, and until the end nobody will.

    False, too, where there are no locks to tell by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        try:
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, _PLACES)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)


def excuse(error: OSError) -> Unavailable | None:
    """What to say where a file could not be written; None where it is none of a disk's faults."""
    if error.errno in _FULL:
        return Full("The disk is full, so nothing was saved. Make room and try again.")
    if error.errno in _CLOSED:
        return Unavailable(
            "The data folder cannot be written, so nothing was saved. See that it and all in it"
            " belong to the user who runs the server, then try again."
        )
    if error.errno == errno.EIO:
        return Unavailable(
            "The disk could not be read or written, so nothing was saved. See that it has room"
            " and is sound, then try again."
        )
    return None


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, for the owner only, that takes its name when it is whole on disk.

    Whatever had that name before stays until then; an error leaves nothing behind.
    """
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    keep_names(path.parent)


def keep_names(folder: Path) -> None:
    """See to it that the names in a folder survive a power cut."""
    with suppress(OSError):  # Windows opens no folders, and needs none of this
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
