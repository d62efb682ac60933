"""Opening zip files and zstd frames that somebody else made.

Nothing here unpacks by name: a zip is a table of contents whose entries are streamed one
at a time, their bytes counted, never more than was declared. What is not understood is
refused. Layout of zip: the published APPNOTE; of zstd frames: RFC 8878.
"""

import re
import struct
import sys
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from quizapp.domain.errors import Refusal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_ENTRIES = 20_000
# What all entries may become together, and what any may become however small it is packed.
MOST_BYTES = 4 << 30
FREE_BYTES = 64 << 20
# Beyond FREE_BYTES nothing honest is packed better than this.
MOST_RATIO = 100
MOST_WINDOW_LOG = 26
LONGEST_NAME = 120

_CHUNK = 1 << 16
_STORED, _DEFLATED = 0, 8
_DIRECTORY_END = struct.Struct("<4s4H2LH")
_DIRECTORY_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
# Bits of an entry's flags: encrypted, patched data, strong encryption, masked headers.
_UNREADABLE = 1 | 1 << 5 | 1 << 6 | 1 << 13
_UTF8_NAME = 1 << 11

_SEPARATORS = re.compile(r"[/\\]")
_DROPPED = re.compile(r'[\[\]<>:"?*^|]')
# Marks that turn the direction of text around: a name could show as another.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE
)
# What cards show, play or are styled with, and what their notes link to. Stored bytes are
# served as dead data, so that a script among them is kept for export and never run.
_EXTENSIONS = frozenset(
    """
    apng avif bmp gif heic heif ico jfif jpeg jpg jp2 png svg svgz tif tiff webp xcf
    3gp 3gpp aac aif aiff amr ape caf flac m4a m4b mid midi mka mp2 mp3 mpc oga ogg opus ra spx
    tta wav weba wma wv
    avi f4v flv m2ts m4v mkv mov mp4 mpeg mpg ogv ogx qt rm swf ts vob webm wmv
    eot otf ttc ttf woff woff2
    css js mjs json map txt md csv tsv tex bib srt vtt xml pdf djvu epub rtf
    doc docx odp ods odt ppt pptx xls xlsx
    """.split()
)

_DAMAGED = "This package is damaged: {}. Download or export it again, then choose the new file."
_UNSAFE = "This package is not taken: {}. Ask whoever made it for a file exported by Anki."


def damaged(what: str) -> Refusal:
    """The refusal of a file that is broken, with what is broken in it."""
    return Refusal(_DAMAGED.format(what))


def unsafe(what: str) -> Refusal:
    """The refusal of a file made as no program makes one, with what gave it away."""
    return Refusal(_UNSAFE.format(what))


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a zip: packed and unpacked sizes in bytes, and where its bytes begin."""

    name: str
    method: int
    packed: int
    size: int
    crc: int
    start: int


@dataclass
class Archive:
    """A zip that was looked through: no entry hides, overlaps or repeats another.

    Use it in a ``with`` block; ``spent`` counts the bytes unpacked so far.
    """

    file: BinaryIO
    length: int
    entries: dict[str, Entry] = field(default_factory=dict)
    spent: int = 0

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()


def is_zip(path: Path) -> bool:
    """Whether a file begins like a zip that holds something."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\3\4"


def opened(path: Path) -> Archive:
    """A zip's table of contents, held against every rule before a byte is unpacked.

    Raises Refusal for what is no zip, is damaged, or was made to do harm.
    """
    file = path.open("rb")
    try:
        length = path.stat().st_size
        count, start, end = _directory(file, length)
        if count > MOST_ENTRIES:
            raise Refusal(
                f"This package holds more than {MOST_ENTRIES:,} files. "
                "Export fewer decks or less media at once."
            )
        file.seek(start)
        archive = Archive(file, length)
        places = []
        for entry, offset in _listed(file.read(end - start), count):
            if entry.name in archive.entries:
                raise unsafe("it holds two files of the same name")
            archive.entries[entry.name] = entry
            places.append((offset, entry))
        _place(archive, places, start)
        _weigh(archive)
    except BaseException:
        file.close()
        raise
    return archive


def chunks(archive: Archive, entry: Entry) -> Iterator[bytes]:
    """An entry's bytes in pieces, with their number and checksum held against its header."""
    produced, crc = 0, 0
    for chunk in _unpacked(archive, entry):
        produced += len(chunk)
        if produced > entry.size:
            raise unsafe("a file in it is larger than it says")
        _spend(archive, len(chunk))
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if produced != entry.size:
        raise damaged("a file in it is cut short")
    if crc != entry.crc:
        raise damaged("the checksum of a file in it does not fit")


def unzstd(archive: Archive, entry: Entry, most: int | None = None) -> Iterator[bytes]:
    """The bytes of an entry that is one zstd frame, in pieces.

    ``most`` is a limit that the caller knows of; beyond it ``TooLarge`` is raised, so that
    one file can be left out. Raises Refusal for a frame that is damaged or blows up.
    """
    allowed = _allowed(entry.packed)
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MOST_WINDOW_LOG}
    frame = zstd.ZstdDecompressor(options=options)
    produced = 0
    try:
        for packed in chunks(archive, entry):
            if frame.eof:
                raise damaged("something follows the end of a compressed file")
            data = packed
            while True:
                piece = frame.decompress(data, _CHUNK)
                data = b""
                produced += len(piece)
                if most is not None and produced > most:
                    raise TooLarge
                if produced > allowed:
                    raise unsafe("a small file in it unpacks to an enormous one")
                if piece:
                    _spend(archive, len(piece))
                    yield piece
                if frame.eof or (frame.needs_input and not piece):
                    break
            if frame.eof and frame.unused_data:
                raise damaged("something follows the end of a compressed file")
    except zstd.ZstdError:
        raise damaged("a compressed file in it cannot be unpacked") from None
    if not frame.eof:
        raise damaged("a compressed file in it is cut short")


class TooLarge(Exception):
    """A frame holds more bytes than its caller was told."""


def whole(pieces: Iterator[bytes], most: int, what: str) -> bytes:
    """All pieces in one, where ``what`` stays within ``most`` bytes. Raises Refusal."""
    together = bytearray()
    for piece in pieces:
        together += piece
        if len(together) > most:
            raise unsafe(f"{what} is far too large")
    return bytes(together)


def media_name(raw: str) -> str:
    """The name under which a package's file is known to its notes: never a path.

    As Anki does: normal form C; control characters and ``[ ] < > : " ? * ^ |`` are
    dropped; a device name of Windows and a dot or space at the end get "_"; 120 bytes at
    most, the extension kept. Raises Refusal, with the reason, for a path and for a kind
    of file that no card can use.
    """
    name = unicodedata.normalize("NFC", raw)
    if _SEPARATORS.search(name) or name in ("", ".", "..") or re.match(r"[A-Za-z]:", name):
        raise Refusal("Its name is a path and not the name of a file.")
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs"))
    name = unicodedata.normalize("NFC", _DROPPED.sub("", _BIDI.sub("", name)))
    if not name.strip(" ."):
        raise Refusal("Nothing is left of its name.")
    if name[-1] in " .":
        name += "_"
    if _DEVICE.match(name):
        stem, dot, rest = name.partition(".")
        name = f"{stem}_{dot}{rest}"
    name = _shortened(name)
    if name.rpartition(".")[2].lower() not in _EXTENSIONS:
        raise Refusal("It is no picture, sound, film, font, style or text.")
    return name


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 20:
        stem, extension = name, ""
    tail = dot + extension if extension else ""
    room = LONGEST_NAME - len(tail.encode())
    if len(stem.encode()) <= room:
        return name
    return stem.encode()[:room].decode("utf-8", "ignore") + tail


def _directory(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """How many entries the table of contents has, and where it begins and ends."""
    if length == 0:
        raise Refusal("This file is empty. Export or download it again, then choose the new file.")
    tail_at = max(0, length - 65_557)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if at + _DIRECTORY_END.size <= len(tail):
            _, disk, first, here, count, size, start, comment = _DIRECTORY_END.unpack_from(tail, at)
            if at + _DIRECTORY_END.size + comment == len(tail):
                break
        at = tail.rfind(b"PK\5\6", 0, at)
    else:
        file.seek(0)
        if file.read(4) == b"PK\3\4":
            raise damaged("its end is missing")
        raise Refusal(
            "This file is not an Anki package. Choose a file that ends in .apkg or .colpkg."
        )
    if 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start):
        raise Refusal("This package is too large. Export fewer decks or less media at once.")
    if disk or first or here != count or start + size != tail_at + at:
        raise damaged("its table of contents is not where it should be")
    return count, start, start + size


def _listed(directory: bytes, count: int) -> Iterator[tuple[Entry, int]]:
    """Each entry of the table of contents, with the place of its header."""
    at = 0
    for _ in range(count):
        if at + _DIRECTORY_ENTRY.size > len(directory):
            raise damaged("its table of contents is cut short")
        (
            signature, _, _, flags, method, _, _, crc, packed, size,
            name_length, extra_length, comment_length, disk, _, attributes, offset,
        ) = _DIRECTORY_ENTRY.unpack_from(directory, at)  # fmt: skip
        at += _DIRECTORY_ENTRY.size
        raw = directory[at : at + name_length]
        at += name_length + extra_length + comment_length
        if signature != b"PK\1\2" or disk or at > len(directory):
            raise damaged("its table of contents cannot be read")
        if flags & _UNREADABLE:
            raise Refusal("This package is encrypted. Export it again without a password.")
        if method not in (_STORED, _DEFLATED):
            raise unsafe("it is packed in a way that Anki does not use")
        if (attributes >> 16) & 0xF000 not in (0, 0x8000, 0x4000):
            raise unsafe("it holds links or devices instead of files")
        if method == _STORED and packed != size:
            raise unsafe("a file in it has two sizes")
        name = raw.decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace")
        yield Entry(name, method, packed, size, crc, 0), offset
    if at != len(directory):
        raise damaged("its table of contents cannot be read")


def _place(archive: Archive, places: list[tuple[int, Entry]], end: int) -> None:
    """Find where each entry's bytes begin; no two may share a byte."""
    free = 0
    for offset, entry in sorted(places, key=lambda place: place[0]):
        if offset < free or offset + _LOCAL_HEADER.size > end:
            raise unsafe("files in it lie over each other")
        archive.file.seek(offset)
        header = archive.file.read(_LOCAL_HEADER.size)
        signature, *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\3\4":
            raise damaged("a file in it is not where it should be")
        start = offset + _LOCAL_HEADER.size + name_length + extra_length
        free = start + entry.packed
        if free > end:
            raise unsafe("files in it lie over each other")
        flags = _LOCAL_HEADER.unpack(header)[2]
        raw = archive.file.read(name_length)
        name = raw.decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace")
        if name != entry.name:
            raise unsafe("a file in it has two names")
        archive.entries[entry.name] = Entry(
            entry.name, entry.method, entry.packed, entry.size, entry.crc, start
        )


def _weigh(archive: Archive) -> None:
    for entry in archive.entries.values():
        if entry.size > _allowed(entry.packed):
            raise unsafe("a small file in it unpacks to an enormous one")
    if sum(entry.size for entry in archive.entries.values()) > _allowed(archive.length):
        raise unsafe("it unpacks to many times its size")


def _allowed(packed: int) -> int:
    return min(max(FREE_BYTES, packed * MOST_RATIO), MOST_BYTES)


def _spend(archive: Archive, count: int) -> None:
    # Twice: a frame of zstd within a zip is counted packed and unpacked.
    archive.spent += count
    if archive.spent > 2 * _allowed(archive.length):
        raise unsafe("it unpacks to many times its size")


def _unpacked(archive: Archive, entry: Entry) -> Iterator[bytes]:
    archive.file.seek(entry.start)
    left = entry.packed
    inflate = None if entry.method == _STORED else zlib.decompressobj(-zlib.MAX_WBITS)
    position = entry.start
    while left and not (inflate and inflate.eof):
        # Others may have read from the file between two pieces.
        archive.file.seek(position)
        data = archive.file.read(min(left, _CHUNK))
        if not data:
            raise damaged("a file in it is cut short")
        left -= len(data)
        position += len(data)
        if inflate is None:
            yield data
            continue
        try:
            while data:
                piece = inflate.decompress(data, _CHUNK)
                if piece:
                    yield piece
                data = inflate.unconsumed_tail
        except zlib.error:
            raise damaged("a file in it cannot be unpacked") from None
    if inflate is not None:
        if not inflate.eof:
            piece = inflate.flush(_CHUNK)
            if piece:
                yield piece
        if not inflate.eof:
            raise damaged("a file in it is cut short")
