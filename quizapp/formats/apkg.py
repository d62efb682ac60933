"""Reading Anki packages (.apkg, .colpkg) that anybody may have made.

All four containers: the new one (``collection.anki21b``, everything in zstd, protobuf), the
two of old (``collection.anki21`` and ``collection.anki2``, JSON) and AnkiDroid's without a
list of media. Kinder than Anki: a missing picture, a note with too few fields or a card
with odd numbers is told of, and the rest is taken.
"""

import hashlib
import json
import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from quizapp.domain.errors import Refusal
from quizapp.formats import apkg_notes, apkg_schema, archives, collection, protobuf
from quizapp.formats.apkg_notes import Report
from quizapp.formats.apkg_schema import Schema
from quizapp.formats.archives import Archive, Entry
from quizapp.formats.media_names import referred_to
from quizapp.formats.package import Package, PackedDeck, PackedMedia, PackedNote

COLLECTIONS = ("collection.anki21b", "collection.anki21", "collection.anki2")
MOST_MEDIA = archives.MOST_ENTRIES
LARGEST_LIST = 8 << 20
LARGEST_COLLECTION = 2 << 30

_NEWER = (
    "This package was made by a newer version of Anki than can be read here. In Anki, "
    "export it again with “Support older Anki versions” ticked."
)
_NO_COLLECTION = (
    "This zip file is not an Anki package: it holds no notes. "
    "Choose a file that Anki exported, ending in .apkg or .colpkg."
)
_UNLABELLED = "The package does not say which version made it; it was read by what it holds."
_DECOY = (
    "This package lost its notes: only the reminder to update Anki is left in it. "
    "Export or download it again, then choose the new file."
)


def read(
    path: Path, media_in: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> Package:
    """What a package holds; its media are laid into ``media_in`` under their SHA-256.

    The notes stream from a temporary file in ``media_in`` that is gone when they were read,
    or forgotten. ``progress`` hears how many of how many notes and files are done.
    Raises Refusal, also while the notes are read, with a sentence that says what to do.
    """
    media_in.mkdir(parents=True, exist_ok=True)
    with archives.opened(path) as archive:
        version, entry = _collection(archive)
        new = entry.name == COLLECTIONS[0]
        remarks = [_UNLABELLED] if new and version != 3 else []
        files = _media_list(archive, new, remarks)
        if files is None:
            raise Refusal(_DECOY)
        connection, close = _laid_out(archive, entry, new, media_in)
        try:
            package, schema, count = _heads(connection, media_in, remarks)
            report = Report(package.refused, package.remarks)
            total = count + len(files)
            _take_media(archive, files, new, package, report, lambda n: progress(n, total))
            report.brought = {medium.name for medium in package.media}
            for type_ in package.notetypes:
                sides = (side for each in type_.templates for side in (each.question, each.answer))
                report.named.update(referred_to([type_.css, *sides]))
        except collection.ERRORS as error:
            close()
            raise collection.said(error) from None
        except BaseException:
            close()
            raise
    package.notes = _Notes(
        connection, schema, report, lambda n: progress(len(files) + n, total), close
    )
    return package


@dataclass(frozen=True)
class Listed:
    """A file of the media list, with what newer packages say of it."""

    entry: str
    name: str
    size: int | None = None
    sha1: bytes = b""


class _Notes:
    """The notes of an open collection, to be read once; closes it at the end."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        schema: Schema,
        report: Report,
        progress: Callable[[int], None],
        close: Callable[[], None],
    ) -> None:
        self._all = self._read(connection, schema, report, progress, close)
        # For a package whose notes nobody reads.
        weakref.finalize(self, close)

    def __iter__(self) -> Iterator[PackedNote]:
        # From a frame that holds on to this object for as long as anybody reads.
        yield from self._all

    @staticmethod
    def _read(
        connection: sqlite3.Connection,
        schema: Schema,
        report: Report,
        progress: Callable[[int], None],
        close: Callable[[], None],
    ) -> Iterator[PackedNote]:
        try:
            yield from apkg_notes.notes(connection, schema, report, progress)
        except collection.ERRORS as error:
            raise collection.said(error) from None
        finally:
            close()
        report.close()


def _collection(archive: Archive) -> tuple[int, Entry]:
    """The version on the package's label, 0 where it has none, and the entry with the notes.

    The label decides where it can be read, else what is there.
    """
    label = archive.entries.get("meta")
    version = 0
    if label is not None:
        try:
            packed = archives.whole(archives.chunks(archive, label), 1000, "its label")
            version = protobuf.whole(protobuf.message(packed), 1)
        except ValueError:
            version = 0
    if version > 3:
        raise Refusal(_NEWER)
    for name in COLLECTIONS:
        if name in archive.entries and (name != COLLECTIONS[0] or version in (0, 3)):
            return version, archive.entries[name]
    raise Refusal(_NO_COLLECTION)


def _laid_out(
    archive: Archive, entry: Entry, new: bool, folder: Path
) -> tuple[sqlite3.Connection, Callable[[], None]]:
    """The collection opened from a temporary file, and what closes it and takes that away.

    Where a file can go while it is open it is out of sight at once.
    """
    path = folder / f".collection-{os.getpid()}-{id(archive):x}"
    try:
        # Only for its owner, and never over something that is there.
        with path.open("xb") as file:
            path.chmod(0o600)
            size = 0
            for piece in _bytes(archive, entry, new):
                size += len(piece)
                if size > LARGEST_COLLECTION:
                    raise Refusal("This package is too large. Export fewer decks at once.")
                file.write(piece)
        connection = collection.opened(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if os.name != "nt":
        path.unlink()

    def close() -> None:
        connection.close()
        path.unlink(missing_ok=True)

    return connection, close


def _heads(
    connection: sqlite3.Connection, media_in: Path, remarks: list[str]
) -> tuple[Package, Schema, int]:
    """The package without its notes and media, and how many notes it has."""
    if apkg_schema.version(connection) > apkg_schema.NEW:
        raise Refusal(_NEWER)
    counted = apkg_notes.counts(connection)
    schema = _with_occlusions(connection, apkg_schema.schema(connection))
    package = Package(
        source="colpkg" if schema.whole else "apkg",
        notetypes=list(schema.notetypes.values()),
        decks=_decks(connection, schema, remarks),
        notes=(),
        media_in=media_in,
        progress=counted.progress,
        dated=schema.dated.isoformat(),
        remarks=remarks,
    )
    return package, schema, counted.notes


def _take_media(
    archive: Archive,
    files: dict[str, Listed],
    new: bool,
    package: Package,
    report: Report,
    progress: Callable[[int], None],
) -> None:
    assert package.media_in is not None
    taken: dict[str, PackedMedia] = {}
    digests: set[str] = set()
    for done, listed in enumerate(files.values(), 1):
        medium = _medium(archive, listed, new, package.media_in, report)
        if medium is not None:
            if taken.setdefault(medium.name, medium) == medium:
                digests.add(medium.digest)
            else:
                report.refuse(f"media file “{medium.name}”", "Another file has the same name.")
                if medium.digest not in digests:
                    (package.media_in / medium.digest).unlink()
        if done % 50 == 0:
            progress(done)
    package.media.extend(taken.values())


def _bytes(archive: Archive, entry: Entry, new: bool, most: int | None = None) -> Iterator[bytes]:
    return archives.unzstd(archive, entry, most) if new else archives.chunks(archive, entry)


def _media_list(archive: Archive, new: bool, remarks: list[str]) -> dict[str, Listed] | None:
    """The files by their entries; None where the list is not of the package's own kind."""
    entry = archive.entries.get("media")
    if entry is None or not entry.size:
        if any(name.isdecimal() for name in archive.entries):
            remarks.append("The list of media is missing, so that no picture or sound was taken.")
        return {}
    try:
        packed = archives.whole(_bytes(archive, entry, new), LARGEST_LIST, "its list of media")
        found = _new_list(packed) if new else _old_list(packed)
    except (ValueError, RecursionError, Refusal):
        if not new and _is_zstd(archive, entry):
            return None
        remarks.append("The list of media cannot be read, so that no picture or sound was taken.")
        return {}
    if len(found) > MOST_MEDIA:
        raise Refusal(f"This package lists more than {MOST_MEDIA:,} files. Export fewer decks.")
    return {listed.entry: listed for listed in found}


def _is_zstd(archive: Archive, entry: Entry) -> bool:
    return next(archives.chunks(archive, entry), b"").startswith(b"\x28\xb5\x2f\xfd")


def _new_list(packed: bytes) -> list[Listed]:
    found = []
    for at, value in enumerate(protobuf.repeated(packed, 1)):
        if not isinstance(value, bytes):
            raise ValueError("an entry that is no message")
        fields = protobuf.message(value)
        found.append(
            Listed(
                entry=str(protobuf.whole(fields, 255, at)),
                name=apkg_schema.text(protobuf.octets(fields, 1)),
                size=protobuf.whole(fields, 2) if 2 in fields or 3 in fields else None,
                sha1=protobuf.octets(fields, 3),
            )
        )
    return found


def _old_list(packed: bytes) -> list[Listed]:
    found = json.loads(packed.decode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise ValueError("a list that is no list")
    return [
        Listed(entry, apkg_schema.text(name))
        for entry, name in found.items()
        if entry.isdecimal() and isinstance(name, str)
    ]


def _medium(
    archive: Archive, listed: Listed, new: bool, folder: Path, report: Report
) -> PackedMedia | None:
    """Lay one file into the folder; None, and told, where it cannot be taken."""
    where = f"media file “{apkg_schema.name(listed.name)[:80]}”"
    entry = archive.entries.get(listed.entry)
    if entry is None:
        report.refuse(where, "It is missing from the package.")
        return None
    try:
        name = archives.media_name(listed.name)
    except Refusal as refusal:
        report.refuse(where, str(refusal))
        return None
    digest, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    size = 0
    part = folder / f".part-{os.getpid()}"
    try:
        with part.open("wb") as file:
            for piece in _bytes(archive, entry, new, listed.size):
                size += len(piece)
                digest.update(piece)
                sha1.update(piece)
                file.write(piece)
    except archives.TooLarge:
        part.unlink()
        report.refuse(where, "It is larger than the package says.")
        return None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if listed.sha1 and (listed.sha1 != sha1.digest() or listed.size != size):
        part.unlink()
        report.refuse(where, "Its bytes are not those that the package says.")
        return None
    part.replace(folder / digest.hexdigest())
    return PackedMedia(name, digest.hexdigest(), size)


def _with_occlusions(connection: sqlite3.Connection, schema: Schema) -> Schema:
    found = apkg_notes.occlusions(connection, schema.notetypes)
    notetypes = {
        key: replace(notetype, kind="occlusion") if key in found else notetype
        for key, notetype in schema.notetypes.items()
    }
    return replace(schema, notetypes=notetypes)


def _decks(connection: sqlite3.Connection, schema: Schema, remarks: list[str]) -> list[PackedDeck]:
    """The decks that are kept, parents first; filtered ones give their cards back.

    The deck that every collection has is kept where it holds something.
    """
    filtered = sorted(deck.name for deck in schema.decks.values() if deck.filtered)
    if filtered:
        names = ", ".join(f"“{name}”" for name in filtered[:5]) + (", …" if filtered[5:] else "")
        remarks.append(f"Filtered decks are not kept; their cards went home: {names}.")
    used = connection.execute(
        "SELECT 1 FROM cards WHERE did = ?1 OR odid = ?1 LIMIT 1", (apkg_schema.DEFAULT_DECK,)
    ).fetchone()
    decks: dict[str, PackedDeck] = {}
    for key, deck in schema.decks.items():
        if not deck.filtered and (key != apkg_schema.DEFAULT_DECK or used):
            decks.setdefault(deck.name, deck.packed)
    return sorted(decks.values(), key=lambda deck: deck.name.split("::"))
