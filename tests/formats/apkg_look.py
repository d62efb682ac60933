"""What an Anki package holds, read without any code of the app."""

import json
import sqlite3
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backports import zstd


@dataclass
class Look:
    """The entries of a package by name, unpacked, and its collection."""

    entries: dict[str, bytes]
    packed: list[int]
    db: sqlite3.Connection

    def rows(self, query: str) -> list[dict[str, Any]]:
        cursor = self.db.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def one(self, query: str) -> Any:
        return self.db.execute(query).fetchone()[0]

    def media(self) -> dict[str, bytes]:
        """The files by the names that notes use."""
        if "collection.anki21b" not in self.entries:
            names = json.loads(self.entries["media"])
            return {name: self.entries[entry] for entry, name in names.items()}
        found = [dict(parts(entry)) for _, entry in parts(self.entries["media"])]
        return {entry[1].decode(): self.entries[str(at)] for at, entry in enumerate(found)}


def look(path: Path, folder: Path) -> Look:
    """Open a package; its collection is laid into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        entries = {name: archive.read(name) for name in archive.namelist()}
        methods = [info.compress_type for info in archive.infolist()]
    if "collection.anki21b" in entries:
        plain = ("meta", "collection.anki2")
        entries = {
            name: packed if name in plain else zstd.decompress(packed)
            for name, packed in entries.items()
        }
    name = next(n for n in ("collection.anki21b", "collection.anki21") if n in entries)
    (folder / name).write_bytes(entries[name])
    return Look(entries, methods, opened(folder / name))


def opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.create_collation("unicase", lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))
    return db


def parts(blob: bytes) -> list[tuple[int, Any]]:
    """The fields of a protocol buffer: numbers as numbers, everything else as bytes."""
    found, at = [], 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = blob[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(blob):
        tag = number()
        if tag & 7 == 0:
            found.append((tag >> 3, number()))
            continue
        length = 4 if tag & 7 == 5 else number()
        found.append((tag >> 3, blob[at : at + length]))
        at += length
    return found
