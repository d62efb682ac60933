"""All that somebody has in one file: the lines of formats/jsonl.py with the bytes they name."""

import hashlib
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from quizapp.formats import archives, jsonl
from quizapp.formats.package import Package, Refused, bytes_of

LINES = "package.jsonl"
MEDIA = "media/"

_DIGEST = re.compile("[0-9a-f]{64}")


def write(package: Package, path: Path) -> None:
    """Write a zip with the lines, and the media by their digests; it is there when whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="quizapp-") as folder:
            lines = Path(folder) / LINES
            jsonl.write(package, lines)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(lines, LINES)
                for digest, medium in {m.digest: m for m in package.media}.items():
                    found = bytes_of(package, medium)
                    if found is not None:
                        # Images and sounds are compressed already.
                        archive.write(found, MEDIA + digest, zipfile.ZIP_STORED)
        shutil.move(part, path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path, media_in: Path) -> Package:
    """Read such a zip; the media come to lie in ``media_in``, its lines beside that folder.

    A file whose bytes are not those it is named by is left out. Raises Refusal for a zip
    that is damaged or made to do harm, and where a line is not as it should be.
    """
    lines = media_in.parent / "lines.jsonl"
    broken = []
    with archives.opened(path) as archive:
        with lines.open("wb") as file:
            for chunk in archives.chunks(archive, archive.entries[LINES]):
                file.write(chunk)
        for name, entry in archive.entries.items():
            digest = name.removeprefix(MEDIA)
            if not name.startswith(MEDIA) or not _DIGEST.fullmatch(digest):
                continue
            found = hashlib.sha256()
            with (media_in / digest).open("wb") as file:
                for chunk in archives.chunks(archive, entry):
                    found.update(chunk)
                    file.write(chunk)
            if found.hexdigest() != digest:
                (media_in / digest).unlink()
                broken.append(digest)
    package = jsonl.read(lines, media_in)
    package.refused += [
        Refused(medium.name, "Its bytes are not those that were exported, so it is left out.")
        for medium in package.media
        if medium.digest in broken
    ]
    return package
