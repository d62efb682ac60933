"""Write an Anki package (.apkg), for today's Anki or for older ones.

A package is a zip of an SQLite collection and media. "new" has schema 18 under Zstandard;
"legacy" has schema 11, which every Anki since 2.1 reads. Both carry a collection beside it
for still older ones, with one note that asks for an update.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import IO, Any, Literal

from backports.zstd import CompressionParameter, ZstdCompressor

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats.apkg_media import named
from quizapp.formats.apkg_rows import Run, collect
from quizapp.formats.apkg_tables import media_map
from quizapp.formats.package import Package, PackedMedia, PackedNote, Refused, bytes_of

Container = Literal["new", "legacy"]

_CHUNK = 1 << 20
_LONG = 1 << 30
_UPDATE = (
    "This file is for a newer Anki. Please update Anki and import the file again;"
    " or export it once more for older Ankis."
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a package now holds, and what could not be taken along and why."""

    notes: int
    cards: int
    reviews: int
    media: int
    left_out: tuple[Refused, ...] = ()


def write(
    package: Package, path: Path, container: Container, scheduling: bool, now_ms: int
) -> Written:
    """Write ``package`` to ``path``; a file is there only when it is whole.

    With ``scheduling``, states, due dates and the review log go along; without, all cards
    are new, and flags, limits and the tags "leech" and "marked" stay behind, as in a deck
    that is given away. The package's notes are read once. What cannot be written, such as a
    note whose note type is missing or a media file without its bytes, is named in
    ``left_out`` and the rest is written. ``now_ms`` is milliseconds since 1970.
    """
    if container not in ("new", "legacy"):
        raise Refusal(f"“{container}” is no kind of Anki package; choose new or legacy.")
    left_out: list[Refused] = []
    media, renamed = named(package, left_out)
    run = Run(scheduling, now_ms, renamed=renamed, left_out=left_out)
    part = path.with_name(path.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix="quizapp-") as folder:
            collection = Path(folder) / "collection"
            collect(package, collection, 18 if container == "new" else 11, run)
            older = Path(folder) / "older"
            collect(_older(now_ms), older, 11, Run(False, now_ms))
            with _zip(part, container) as archive:
                _collections(archive, container, collection, older)
                _media(archive, container, package, media)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return Written(run.notes, run.cards, run.reviews, len(media), tuple(run.left_out))


def _older(now_ms: int) -> Package:
    template = Template("Card 1", "{{Text}}", "{{Text}}")
    notice = NoteType("notice", "Notice", "normal", ("Text",), (template,))
    text = {"Text": escape(_UPDATE)}
    note = PackedNote("quizapp-newer", "custom", text, "Default", "notice", created=now_ms)
    return Package("apkg", [notice], [], [note])


def _zip(path: Path, container: Container) -> zipfile.ZipFile:
    """New packages hold what is compressed already. Entries bear no date of their own."""
    if container == "new":
        return zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3)


def _collections(
    archive: zipfile.ZipFile, container: Container, collection: Path, older: Path
) -> None:
    new = container == "new"
    _entry(archive, "meta", [b"\x08\x03" if new else b"\x08\x02"])
    name = "collection.anki21b" if new else "collection.anki21"
    size = collection.stat().st_size
    _entry(archive, name, _read(collection, new), size)
    _entry(archive, "collection.anki2", _read(older, False))


def _media(
    archive: zipfile.ZipFile,
    container: Container,
    package: Package,
    media: Sequence[tuple[PackedMedia, str]],
) -> None:
    new = container == "new"
    entries = []
    for place, (file, given) in enumerate(media):
        sha1, size = hashlib.sha1(usedforsecurity=False), [0]

        def seen(chunk: bytes, sha1: Any = sha1, size: list[int] = size) -> None:
            sha1.update(chunk)
            size[0] += len(chunk)

        found = bytes_of(package, file)
        assert found is not None, "named() left out what has no bytes"
        chunks = _read(found, new, seen)
        _entry(archive, str(place), chunks, file.size)
        entries.append((given, size[0], sha1.digest()))
    if new:
        packed = _zstd()
        listed = packed.compress(media_map(entries)) + packed.flush()
        _entry(archive, "media", [listed])
    else:
        names = {str(place): name for place, (name, _, _) in enumerate(entries)}
        _entry(archive, "media", [json.dumps(names, ensure_ascii=False).encode()])


def _entry(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes], size: int = 0) -> None:
    """One entry; ``size`` in bytes decides, before they come, whether it may be a long one."""
    with archive.open(name, "w", force_zip64=size > _LONG) as out:
        for chunk in chunks:
            out.write(chunk)


def _read(path: Path, zstd: bool, seen: Callable[[bytes], None] | None = None) -> Iterator[bytes]:
    """A file in pieces, each Zstandard where wanted; ``seen`` gets them as they are."""
    packed = _zstd() if zstd else None
    with path.open("rb") as file:
        yield from _pieces(file, packed, seen)
    if packed:
        yield packed.flush()


def _pieces(
    file: IO[bytes], packed: ZstdCompressor | None, seen: Callable[[bytes], None] | None
) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        if seen:
            seen(chunk)
        yield packed.compress(chunk) if packed else chunk


def _zstd() -> ZstdCompressor:
    return ZstdCompressor(
        options={
            CompressionParameter.compression_level: 3,
            CompressionParameter.nb_workers: min(4, os.cpu_count() or 1),
        }
    )
