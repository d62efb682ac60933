"""All that somebody has in one file: the lines of formats/jsonl.py with the bytes they name."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from quizapp.formats import jsonl
from quizapp.formats.package import Package, bytes_of

LINES = "package.jsonl"
MEDIA = "media/"


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
