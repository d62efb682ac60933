"""Reading a file that anybody may have made, apart from the server.

``read_apart`` starts a child process with limits of memory, time and disk. It finds out what
the file is by its content, reads it, and writes ``package.jsonl``, a list of its notes (see
contents.py) and the media, each named by its SHA-256, into a folder. Whatever happens to it,
the server goes on, and a person reads a sentence.

What can be read stands in readers.py.
"""

import contextlib
import errno
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quizapp.domain.errors import Refusal
from quizapp.formats import contents, jsonl
from quizapp.formats.package import Package
from quizapp.formats.readers import Progress, Source, read_as_it_is

if sys.platform != "win32":
    import fcntl
    import resource
    import select

PACKAGE, LISTED, MEDIA = "package.jsonl", "notes.jsonl", "media"


_TOO_LONG = "Reading this file took too long, so it was stopped. Divide it, or export less at once."
_TOO_MUCH = "Reading this file took too much memory. Divide it, or export less at once."
_NO_ROOM = "There is no room on the disk to read this file. Make room, then choose it again."
_BROKEN = (
    "This file cannot be read: it is damaged, or made as no program makes one. "
    "Export or download it again, then choose the new file."
)
# The package quizapp brings the whole server with it, which the child has no use for.
_START = """
import sys, types
package = types.ModuleType("quizapp")
package.__path__ = [sys.argv[1]]
sys.modules["quizapp"] = package
from quizapp.formats.reading import main
sys.exit(main(sys.argv[2:]))
"""


class NoRoom(Refusal):
    """The disk is full."""


@dataclass(frozen=True)
class Limits:
    """What a child may use: bytes of memory and of one file, seconds of work and in all."""

    memory: int = 512 << 20
    file: int = 4 << 30
    work: int = 90
    seconds: int = 180
    files: int = 64


def read_apart(
    path: Path,
    folder: Path,
    *,
    name: str = "",
    options: Mapping[str, Any] | None = None,
    progress: Progress = lambda done, total: None,
    limits: Limits | None = None,
) -> Package:
    """What a file holds, read by a child; its notes stream from ``package.jsonl`` in ``folder``.

    ``progress`` hears how much of how much is done; what it raises stops the child. Raises
    Refusal with a sentence, and leaves nothing in the folder then.
    """
    limits = limits or Limits()
    folder.mkdir(parents=True, exist_ok=True)
    source = {"name": name, "options": dict(options or {}), "limits": vars(limits)}
    try:
        _run(path, folder, json.dumps(source), progress, limits)
        return jsonl.read(folder / PACKAGE, folder / MEDIA)
    except BaseException:
        for written in (PACKAGE, LISTED):
            (folder / written).unlink(missing_ok=True)
        shutil.rmtree(folder / MEDIA, ignore_errors=True)
        raise


def _run(path: Path, folder: Path, source: str, progress: Progress, limits: Limits) -> None:
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen(  # noqa: S603 -- our own program, no shell
        [sys.executable, "-I", "-X", "utf8", "-c", _START, str(root), str(path.resolve()),
         str(folder.resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        # No secret of the server's is the child's to know.
        env={key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ},
        start_new_session=True,
    )  # fmt: skip
    late = threading.Event()

    def stop() -> None:
        late.set()
        _kill(process)

    clock = threading.Timer(limits.seconds, stop)
    clock.daemon = True
    clock.start()
    try:
        _tell(process, source)
        refusal = None
        for word, rest in _told(process):
            if word == "progress":
                done, total = rest.split()
                progress(int(done), int(total))
            elif word == "refused":
                said = json.loads(rest)
                refusal = NoRoom(said) if said == _NO_ROOM else Refusal(said)
        process.wait()
    finally:
        clock.cancel()
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    if refusal is not None:
        raise refusal
    if process.returncode:
        raise _ended(process.returncode, late.is_set())


def _tell(process: "subprocess.Popen[bytes]", source: str) -> None:
    """Say what is to be read, and how: many note types are too long for an argument."""
    assert process.stdin is not None
    # One that ended at once is noticed by its exit code.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(source.encode() + b"\n")
        process.stdin.flush()


def _told(process: "subprocess.Popen[bytes]") -> Iterator[tuple[str, str]]:
    """The lines of a child: a word, and what follows it."""
    assert process.stdout is not None
    while line := process.stdout.readline(20_000):
        word, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        yield word, rest


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a child and whatever it started, if it has not ended."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _ended(code: int, late: bool) -> Refusal:
    """What the end of a child means that had no time to say."""
    if late or (sys.platform != "win32" and code == -signal.SIGXCPU):
        return Refusal(_TOO_LONG)
    if sys.platform != "win32" and code == -signal.SIGKILL:
        return Refusal(_TOO_MUCH)
    return Refusal(_BROKEN)


def main(arguments: list[str]) -> int:
    """The child: read a file as it is told to, and say how it went, line by line."""
    # One line, and the pipe stays open: see _follow.
    path, folder = Path(arguments[0]), Path(arguments[1])
    told = json.loads(sys.stdin.buffer.readline())
    _follow()
    _confine(Limits(**told["limits"]))
    # Nothing here makes cycles, and looking for them in so many rows takes a while.
    gc.disable()
    source = Source(path, folder / MEDIA, told["name"], told["options"])
    try:
        source.media_in.mkdir(exist_ok=True)
        contents.write(read_as_it_is(source, _say_progress), folder / PACKAGE, folder / LISTED)
    except Refusal as refusal:
        return _refused(str(refusal))
    except (MemoryError, RecursionError):
        return _refused(_TOO_MUCH)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return _refused(_NO_ROOM if full else _BROKEN)
    return 0


def _follow() -> None:
    """End with the server, however that ends: its end of the pipe is closed then."""
    if sys.platform == "win32":
        threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()
        return
    # Not a thread: its own heap would take its share of the memory that is allowed.
    signal.signal(signal.SIGIO, lambda *_: os._exit(1))
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        os._exit(1)


def _say_progress(done: int, total: int) -> None:
    print(f"progress {done} {total}", flush=True)


def _refused(sentence: str) -> int:
    print(f"refused {json.dumps(sentence[:2_000])}", flush=True)
    return 1


def _confine(limits: Limits) -> None:
    """Bind this process to its limits; where the system has none, only its time is bound."""
    if sys.platform == "win32":
        return
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_CPU, limits.work),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_CORE, 0),
    ):
        # Some systems know a limit and cannot set it.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
