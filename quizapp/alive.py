"""Which processes live: each holds a lock on a file of its own until it ends, however it ends.

A number of a process says less: another one may carry it after a restart.
"""

import os
import secrets
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FOLDER = "alive"
_held: dict[tuple[Path, int], tuple[str, IO[bytes] | None]] = {}


def own_name(data: Path) -> str:
    """The name of this process, with its file locked in the data folder from now on."""
    held = _held.get((data, os.getpid()))
    if held is None:
        token, file = secrets.token_hex(8), None
        # Without a file, as on a full disk, the heartbeat has to do.
        with suppress(OSError):
            (data / _FOLDER).mkdir(parents=True, exist_ok=True)
            file = _hold(data / _FOLDER / token)
        name = f"{socket.gethostname()}/{os.getpid()}/{token}"
        held = _held[data, os.getpid()] = (name, file)
    return held[0]


def gone(data: Path, name: str) -> bool | None:
    """Whether the process of that name has ended.

    None where its file is not here or cannot be locked, as on another machine: then
    only its heartbeat tells.
    """
    if any(name == own for own, _ in _held.values()):
        return False
    path = data / _FOLDER / name.rpartition("/")[2]
    try:
        with path.open("r+b") as file:
            return _lock(file)
    except OSError:
        return None


def sweep(data: Path) -> None:
    """Remove the files of processes that have ended."""
    own = {name.rpartition("/")[2] for name, _ in _held.values()}
    for path in (data / _FOLDER).glob("*"):
        # Unlinked under the lock: whoever waits for it in _hold sees that and makes another.
        with suppress(OSError):
            if path.name not in own:
                with path.open("r+b") as file:
                    if _lock(file):
                        path.unlink()


def _hold(path: Path) -> IO[bytes]:
    while True:
        file = path.open("ab")
        # Some network drives know no locks; there the heartbeat has to do.
        with suppress(OSError):
            _lock(file, wait=True)
        if path.exists():
            return file
        file.close()


def _lock(file: IO[bytes], wait: bool = False) -> bool:
    """Lock a file and return whether nobody else holds it; raises OSError without locks."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            # Not flock: a forked child would hold it on when this process is gone.
            fcntl.lockf(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (BlockingIOError, PermissionError):
        return False
    return True
