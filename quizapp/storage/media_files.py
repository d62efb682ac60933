"""Media files: stored under the SHA-256 of what is in them, and never changed.

``<folder>/<first two hex digits>/<all 64>``: a name is a number, never a path.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from quizapp.storage.files import keep_names, together, unheld, written

_NAME = re.compile("[0-9a-f]{64}")
_DRAFT = re.compile(r"[0-9a-f]{64}\.part|\.[0-9a-f]{64}\.[0-9a-f]{8}")
_CHUNK = 1 << 20
_FEW = 20


def sizes(folder: Path) -> dict[str, int]:
    """Every media file's size in bytes, by its hash."""
    return {
        path.name: path.stat().st_size
        for path in _files(folder)
        if _NAME.fullmatch(path.name) and path.parent.name == path.name[:2]
    }


def old(folder: Path, before: datetime) -> set[str]:
    """The hashes of the media files that were put there, or wanted again, before a moment."""
    moment, found = before.timestamp(), set()
    for digest in sizes(folder):
        with suppress(FileNotFoundError):
            if place(folder, digest).stat().st_mtime < moment:
                found.add(digest)
    return found


def strays(folder: Path) -> list[Path]:
    """What lies in the folder and is no media file."""
    known = {place(folder, digest) for digest in sizes(folder)}
    return sorted(path for path in _files(folder) if path not in known)


def place(folder: Path, digest: str) -> Path:
    """Where the file with that hash lies.

    Raises ValueError for what is no hash.
    """
    if not _NAME.fullmatch(digest):
        raise ValueError(digest)
    return folder / digest[:2] / digest


def digest_of(path: Path) -> str | None:
    """The hash of what is in a file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def is_whole(folder: Path, digest: str) -> bool:
    """Whether the file is there and holds what its name says."""
    return digest_of(place(folder, digest)) == digest


def keep(folder: Path, digest: str, source: Path) -> None:
    """Put a file into the folder: as a second name where the disk allows, else as a copy."""
    target = place(folder, digest)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError):
        os.link(source, target)
        return
    put(folder, digest, source)


def put(folder: Path, digest: str, source: Path) -> None:
    """Put a copy into the folder, in the place of whatever is there."""
    target = place(folder, digest)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as content, written(target) as file:
        shutil.copyfileobj(content, file, _CHUNK)


def renewed(folder: Path, digest: str) -> bool:
    """Whether the file is there; if so it counts as new, which keeps it from being mended away
    before a row names it (storage/checks.py)."""
    try:
        os.utime(place(folder, digest))
    except FileNotFoundError:
        return False
    return True


def put_all(folder: Path, sources: Mapping[str, Path]) -> None:
    """Put copies of many files into the folder, by hash; they are on the disk when it returns.

    An error takes the drafts away again, and leaves what is in its place already.
    """
    drafts: dict[str, Path] = {}
    try:
        _put_all(folder, sources, drafts)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise


def _put_all(folder: Path, sources: Mapping[str, Path], drafts: dict[str, Path]) -> None:
    for digest, source in sources.items():
        target = place(folder, digest)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        drafts[digest] = target.with_name(f"{digest}.part")
        shutil.copyfile(source, drafts[digest])
    # For many files at once a disk is quicker told to finish than asked about each.
    if len(drafts) > _FEW and hasattr(os, "sync"):
        os.sync()
    else:
        for draft in drafts.values():
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
    for digest, draft in drafts.items():
        draft.replace(place(folder, digest))
    for parent in {draft.parent for draft in drafts.values()}:
        keep_names(parent)


def arriving(folder: Path) -> AbstractContextManager[None]:
    """Hold this while files lie there whose rows are not stored yet, so that none is swept."""
    return together(_lock(folder))


def settled(folder: Path) -> AbstractContextManager[bool]:
    """Whether nothing arrives in any process; until the end nothing does."""
    return unheld(_lock(folder))


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def drafts(folder: Path) -> list[Path]:
    """What is left of files that were being put there when their process ended."""
    return [path for path in strays(folder) if _DRAFT.fullmatch(path.name)]


def sweep(folder: Path, wanted: set[str]) -> None:
    """Delete the files that nobody wants."""
    delete(folder, sizes(folder).keys() - wanted)


def delete(folder: Path, digests: Iterable[str]) -> None:
    """Delete some files."""
    for digest in digests:
        place(folder, digest).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("**/*") if path.is_file())
