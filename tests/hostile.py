"""Packages made to do harm, each built by a few lines: see tests/formats/test_hostile_packages.py.

``CORPUS`` names for each what must become of it: a part of the sentence that refuses it, or
None where it is taken with a report. Run as a module it reads them all, each in a child, and
prints what became of them as JSON.
"""

import gzip
import io
import json
import random
import resource
import sqlite3
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.packages import (
    TYPE,
    field,
    make_collection,
    make_package,
    new_entries,
    number,
    pack,
    squeezed,
    varint,
)

MEGA = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)

# Names that are paths, devices, or not what they seem; none may become a file of that name.
TRICKS = [
    "../evil.png",
    "..\\evil.png",
    "../../../../../../tmp/evil.png",
    "/evil.png",
    "\\evil.png",
    "C:\\evil.png",
    "C:evil.png",
    "c:/evil.png",
    "\\\\server\\share\\evil.png",
    "//server/share/evil.png",
    "\\\\?\\C:\\evil.png",
    "file:///tmp/evil.png",
    "a/../../evil.png",
    "./evil.png",
    "sub/evil.png",
    "..",
    ".",
    "",
    " ",
    "...",
    "\0",
    "../evil.png\0.png",
    "evil.png/",
    "evil.png/.",
    "evil.exe",
    "evil.html",
    "evil.png.exe",
    "evil",
    ".htaccess",
]
# Names that are kept, and what becomes of them.
TAMED = {
    "con.png": "con_.png",
    "CON.png": "CON_.png",
    "aux.tar.png": "aux_.tar.png",
    "lpt1.mp3": "lpt1_.mp3",
    "com¹.png": "com¹_.png",
    "conin$.png": "conin$_.png",
    "a.png:evil.png": "a.pngevil.png",
    "e\u0301.png": "é.png",
    "a\u202egnp.png": "agnp.png",
    "a\x1b[31m.png": "a31m.png",
    "a\nb\r.png": "ab.png",
    "~root.png": "~root.png",
    "%2e%2e%2fevil.png": "%2e%2e%2fevil.png",
    "\u2215evil.png": "\u2215evil.png",
    "..evil.png": "..evil.png",
    "-rf.png": "-rf.png",
    "$(id).png": "$(id).png",
    'a?b*c|d<e>f"g[h].png': "abcdefgh.png",
    "x" * 5000 + ".png": "x" * 116 + ".png",
    "é" * 300 + ".png": "é" * 58 + ".png",
}

Build = Callable[[Path], None]


@dataclass(frozen=True)
class Hostile:
    build: Build
    refused: str | None


CORPUS: dict[str, Hostile] = {}


def hostile(refused: str | None) -> Callable[[Build], Build]:
    """Put a builder into the corpus under its name, with what must become of its package."""

    def put(build: Build) -> Build:
        CORPUS[build.__name__.replace("_", "-")] = Hostile(build, refused)
        return build

    return put


# --- zip ---


@dataclass
class Raw:
    """An entry of a zip as it is written, whatever it says of itself."""

    name: str
    data: bytes
    method: int = 0
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    flags: int = 0
    mode: int = 0
    local_name: str | None = None
    at: int | None = None


def raw_zip(entries: list[Raw], *, count: int | None = None, start: int | None = None) -> bytes:
    """A zip of entries that may lie."""
    out, directory = bytearray(), bytearray()
    for it in entries:
        crc = zlib.crc32(it.data) if it.crc is None else it.crc
        packed = len(it.data) if it.packed is None else it.packed
        size = packed if it.size is None else it.size
        at = len(out) if it.at is None else it.at
        name = it.name.encode()
        if it.at is None:
            local = (it.local_name or it.name).encode()
            out += struct.pack(
                "<4s5H3L2H", b"PK\3\4", 20, it.flags | 1 << 11, it.method, 0, 0, crc, packed, size,
                len(local), 0,
            ) + local + it.data  # fmt: skip
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, it.flags | 1 << 11, it.method, 0, 0, crc, packed,
            size, len(name), 0, 0, 0, 0, it.mode << 16, at,
        ) + name  # fmt: skip
    number_of = len(entries) if count is None else count
    begin = len(out) if start is None else start
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number_of, number_of, len(directory), begin, 0)
    return bytes(out + directory + end)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def deflated_zeros(size: int) -> tuple[bytes, int]:
    """Zeros packed, and their checksum, without holding them all."""
    packer, crc, out = zlib.compressobj(9, zlib.DEFLATED, -15), 0, b""
    block = bytes(MEGA)
    for _ in range(size // MEGA):
        out += packer.compress(block)
        crc = zlib.crc32(block, crc)
    return out + packer.flush(), crc


def squeezed_zeros(size: int) -> bytes:
    from backports import zstd

    packer, out, block = zstd.ZstdCompressor(level=1), b"", bytes(MEGA)
    for _ in range(size // MEGA):
        out += packer.compress(block)
    return out + packer.flush()


def good(notes: int = 3, **how: Any) -> bytes:
    """The SQLite file of a package in order, or spoilt as told."""
    path = Path("/tmp") / f"hostile-{random.getrandbits(64):x}.db"
    try:
        make_collection(path, notes, **how)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def write_new(path: Path, **changed: bytes | None) -> None:
    """A new package with some of its files changed, or left out."""
    entries: dict[str, bytes | None] = {**new_entries(good(), {"a.png": PNG})}
    names = {"collection": "collection.anki21b"}
    entries |= {names.get(key, key.lstrip("_")): value for key, value in changed.items()}
    path.write_bytes(raw_zip([Raw(name, it) for name, it in entries.items() if it is not None]))


def write_old(
    path: Path, *more: Raw, media: bytes = b"{}", collection: bytes | None = None
) -> None:
    content = good(new=False) if collection is None else collection
    path.write_bytes(raw_zip([Raw("collection.anki2", content), Raw("media", media), *more]))


def spoilt(path: Path, script: str, *, new: bool = True, notes: int = 3, **how: Any) -> None:
    """A package whose collection had some SQL run over it."""

    def spoil(db: sqlite3.Connection) -> None:
        db.executescript(script)

    make_package(path, notes, new=new, spoil=spoil, **how)


@hostile("unpacks to an enormous one")
def zip_bomb(path: Path) -> None:
    data, crc = deflated_zeros(300 * MEGA)
    path.write_bytes(
        raw_zip([Raw("collection.anki2", data, 8, 300 * MEGA, crc=crc), Raw("media", b"{}")])
    )


@hostile("unpacks to many times its size")
def zip_bomb_of_many_entries(path: Path) -> None:
    data, crc = deflated_zeros(60 * MEGA)
    path.write_bytes(
        raw_zip(
            [Raw("collection.anki2", good(new=False)), Raw("media", b'{"0":"a.png"}')]
            + [Raw(str(n), data, 8, 60 * MEGA, crc=crc) for n in range(200)]
        )
    )


@hostile("larger than it says")
def size_forged_small(path: Path) -> None:
    data, crc = deflated_zeros(100 * MEGA)
    path.write_bytes(raw_zip([Raw("collection.anki2", data, 8, 10, crc=crc), Raw("media", b"{}")]))


@hostile("cut short")
def size_forged_large(path: Path) -> None:
    content = good(new=False)
    path.write_bytes(raw_zip([Raw("collection.anki2", deflated(content), 8, len(content) + 9)]))


@hostile("lie over each other")
def entries_share_their_bytes(path: Path) -> None:
    content = good(new=False)
    size = len(content)
    same = [Raw(str(n), b"", packed=size, crc=zlib.crc32(content), at=0) for n in range(50)]
    path.write_bytes(raw_zip([Raw("collection.anki2", content), *same]))


@hostile("lie over each other")
def entries_overlap_in_part(path: Path) -> None:
    inner = raw_zip([Raw("0", bytes(1000))])
    outer = Raw("collection.anki2", inner)
    path.write_bytes(raw_zip([outer, Raw("0", b"", packed=1000, at=30 + len("collection.anki2"))]))


@hostile("lie over each other")
def entry_runs_into_the_directory(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("collection.anki2", b"x" * 100, packed=150, size=150)]))


@hostile("two files of the same name")
def two_entries_of_a_name(path: Path) -> None:
    path.write_bytes(
        raw_zip([Raw("collection.anki2", good(new=False)), *[Raw("media", b"{}")] * 2])
    )


@hostile("two names")
def local_name_differs(path: Path) -> None:
    write_old(path, Raw("0", PNG, local_name="collection.anki21"))


@hostile("links or devices")
def symbolic_link(path: Path) -> None:
    write_old(path, Raw("0", b"/etc/passwd", mode=0o120777), media=b'{"0":"a.png"}')


@hostile("links or devices")
def device_file(path: Path) -> None:
    write_old(path, Raw("0", b"", mode=0o020666), media=b'{"0":"a.png"}')


@hostile("encrypted")
def encrypted_entry(path: Path) -> None:
    write_old(path, Raw("0", PNG, flags=1))


@hostile("packed in a way")
def bzip2_entry(path: Path) -> None:
    write_old(path, Raw("0", PNG, method=12))


@hostile("packed in a way")
def unknown_method(path: Path) -> None:
    write_old(path, Raw("0", PNG, method=99))


@hostile("two sizes")
def stored_with_two_sizes(path: Path) -> None:
    write_old(path, Raw("0", PNG, size=len(PNG) * 2))


@hostile("more than 20,000 files")
def too_many_entries(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(20_001):
            archive.writestr(str(n), b"")


@hostile("table of contents")
def fewer_entries_said(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("a", b"x"), Raw("b", b"y")], count=1))


@hostile("table of contents")
def more_entries_said(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("a", b"x"), Raw("b", b"y")], count=9))


@hostile("table of contents")
def directory_elsewhere(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("a", b"x")], start=4_000_000_000))


@hostile("too large")
def zip64_marks(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("a", b"x")], start=0xFFFFFFFF))


@hostile("not where it should be")
def entry_points_nowhere(path: Path) -> None:
    content = raw_zip([Raw("collection.anki2", good(new=False))])
    path.write_bytes(b"PK\7\7" + content[4:])


@hostile("checksum")
def wrong_checksum(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("collection.anki2", good(new=False), crc=1)]))


@hostile("cannot be unpacked")
def deflate_garbage(path: Path) -> None:
    path.write_bytes(raw_zip([Raw("collection.anki2", b"\xff" * 500, 8, 900)]))


@hostile("cut short")
def deflate_without_end(path: Path) -> None:
    content = good(new=False)
    path.write_bytes(raw_zip([Raw("collection.anki2", deflated(content)[:-20], 8, len(content))]))


@hostile("table of contents")
def bytes_before_the_zip(path: Path) -> None:
    write_old(path)
    path.write_bytes(b"PK\3\4" + b"#!/bin/sh\n" * 9 + path.read_bytes())


@hostile(None)
def entries_named_as_paths(path: Path) -> None:
    write_old(path, *(Raw(name, PNG) for name in TRICKS if name and "\0" not in name))


@hostile("its end is missing")
def cut_in_the_middle(path: Path) -> None:
    write_new(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@hostile("This file is empty")
def nothing_at_all(path: Path) -> None:
    path.write_bytes(b"")


@hostile("packed archive")
def gzip_file(path: Path) -> None:
    path.write_bytes(gzip.compress(good()))


@hostile("This is a database")
def bare_database(path: Path) -> None:
    path.write_bytes(good())


@hostile("holds no notes")
def empty_zip(path: Path) -> None:
    path.write_bytes(raw_zip([]))


@hostile("not one of Anki")
def zip_in_zip(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("collection.anki2", good(new=False))
    write_old(path, collection=inner.getvalue())


# --- label and media ---


@hostile("newer version")
def label_of_the_future(path: Path) -> None:
    write_new(path, meta=b"\x08\x63")


@hostile("far too large")
def label_of_a_megabyte(path: Path) -> None:
    write_new(path, meta=bytes(MEGA))


@hostile(None)
def label_of_garbage(path: Path) -> None:
    write_new(path, meta=b"\xff\xff\xff")


@hostile(None)
def old_media_with_tricky_names(path: Path) -> None:
    names = [*TRICKS, *TAMED]
    listed = json.dumps({str(n): name for n, name in enumerate(names)}).encode()
    write_old(path, *(Raw(str(n), b"%d" % n) for n in range(len(names))), media=listed)


@hostile(None)
def new_media_with_tricky_names(path: Path) -> None:
    names = [*TRICKS, *TAMED]
    pack(path, good(), {name: b"%d" % n for n, name in enumerate(names)})


@hostile(None)
def media_list_with_half_characters(path: Path) -> None:
    write_old(path, Raw("0", PNG), media=b'{"0": "a\\ud800.png", "1": "\\udfff\\udfff.png"}')


@hostile(None)
def media_list_that_is_a_list(path: Path) -> None:
    write_old(path, Raw("0", PNG), media=b'["a.png"]')


@hostile(None)
def media_list_nested_deeply(path: Path) -> None:
    write_old(path, media=b"[" * 200_000 + b"]" * 200_000)


@hostile(None)
def media_list_of_ten_megabytes(path: Path) -> None:
    write_old(path, media=b'{"0": "' + b"a" * 10 * MEGA + b'.png"}')


@hostile(None)
def media_list_with_odd_entries(path: Path) -> None:
    listed = {"-1": "a.png", "collection.anki2": "b.png", "9" * 300: "c.png", "٣": "d.png",
              "1": 5, "2": None, "3": ["e.png"], "0": "f.png"}  # fmt: skip
    write_old(path, Raw("0", PNG), media=json.dumps(listed).encode())


@hostile(None)
def media_of_the_same_name(path: Path) -> None:
    write_old(path, Raw("0", b"one"), Raw("1", b"two"), media=b'{"0": "a.png", "1": "a.png"}')


@hostile(None)
def media_list_with_a_million_entries(path: Path) -> None:
    write_new(path, media=squeezed(field(1, b"") * MEGA))


@hostile(None)
def media_list_of_garbage_fields(path: Path) -> None:
    write_new(path, media=squeezed(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))


@hostile(None)
def media_list_with_a_length_beyond(path: Path) -> None:
    write_new(path, media=squeezed(varint(1 << 3 | 2) + varint(1 << 60) + b"x"))


@hostile(None)
def media_list_with_groups(path: Path) -> None:
    write_new(path, media=squeezed(b"\x0b" * 100_000))


@hostile(None)
def media_larger_than_said(path: Path) -> None:
    listed = field(1, field(1, b"a.png") + number(2, 100))
    write_new(path, media=squeezed(listed), _0=squeezed_zeros(300 * MEGA))


@hostile("unpacks to an enormous one")
def media_bomb_that_says_so(path: Path) -> None:
    listed = field(1, field(1, b"a.png") + number(2, 300 * MEGA))
    write_new(path, media=squeezed(listed), _0=squeezed_zeros(300 * MEGA))


@hostile(None)
def media_with_another_checksum(path: Path) -> None:
    listed = field(1, field(1, b"a.png") + number(2, len(PNG)) + field(3, b"x" * 20))
    write_new(path, media=squeezed(listed))


# --- zstd ---


@hostile("unpacks to an enormous one")
def zstd_bomb(path: Path) -> None:
    write_new(path, collection=squeezed_zeros(400 * MEGA))


@hostile("cannot be unpacked")
def window_of_two_gigabytes(path: Path) -> None:
    block = struct.pack("<I", 1000 << 3 | 1 << 1 | 1)[:3] + b"a"
    write_new(path, collection=b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + block)


@hostile("cut short")
def zstd_without_end(path: Path) -> None:
    write_new(path, collection=squeezed(good())[:-50])


@hostile("something follows the end")
def two_zstd_frames(path: Path) -> None:
    write_new(path, collection=squeezed(good()) * 2)


@hostile("something follows the end")
def zstd_frame_to_be_skipped(path: Path) -> None:
    write_new(
        path, collection=b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"skip" + squeezed(good())
    )


@hostile("cannot be unpacked")
def zstd_garbage(path: Path) -> None:
    write_new(path, collection=random.Random(1).randbytes(5000))


# --- SQLite: what computes ---


@hostile("views or triggers")
def trigger(path: Path) -> None:
    spoilt(path, "CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM cards; END;")


@hostile("views or triggers")
def view_without_end(path: Path) -> None:
    spoilt(
        path,
        "ALTER TABLE notes RENAME TO n; CREATE VIEW notes AS WITH RECURSIVE r(x) AS "
        "(SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x AS id, 'g' AS guid, 1 AS mid, "
        "0 AS mod, '' AS tags, 'a' AS flds FROM r;",
    )


@hostile("tables that are programs")
def virtual_table(path: Path) -> None:
    spoilt(path, "CREATE VIRTUAL TABLE f USING fts5(x);")


@hostile("columns that are computed")
def generated_column(path: Path) -> None:
    spoilt(path, "ALTER TABLE notes ADD COLUMN g AS (hex(zeroblob(10000000)));")


@hostile("columns that are computed")
def check_that_computes(path: Path) -> None:
    spoilt(path, "CREATE TABLE c (x CHECK (length(hex(zeroblob(900000000))) > x));")


@hostile("columns that are computed")
def default_that_computes(path: Path) -> None:
    spoilt(path, "CREATE TABLE d (x DEFAULT (hex(zeroblob(900000000))));")


@hostile("columns that are computed")
def index_that_computes(path: Path) -> None:
    spoilt(path, "CREATE INDEX e ON notes (length(flds) * 2);")


@hostile("hundreds of tables")
def many_tables(path: Path) -> None:
    spoilt(path, "".join(f"CREATE TABLE t{n} (x);" for n in range(300)))


def forged_schema(path: Path, script: str) -> None:
    spoilt(path, f"PRAGMA writable_schema = ON; {script} PRAGMA writable_schema = OFF;")


@hostile("cannot be read")
def schema_of_garbage(path: Path) -> None:
    forged_schema(
        path, "UPDATE sqlite_master SET sql = 'CREATE TABLE notes (((' WHERE name='notes';"
    )


@hostile("damaged")
def schema_on_another_root(path: Path) -> None:
    forged_schema(
        path,
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE "
        "name='cards') WHERE name='notes';",
    )


@hostile("damaged")
def schema_on_no_page(path: Path) -> None:
    forged_schema(path, "UPDATE sqlite_master SET rootpage = 4000000 WHERE name='revlog';")


@hostile("lacks notes or cards")
def no_cards_table(path: Path) -> None:
    spoilt(path, "DROP TABLE cards;")


@hostile("cannot be read")
def no_fields_column(path: Path) -> None:
    spoilt(path, "ALTER TABLE notes DROP COLUMN flds;")


@hostile("cannot be read")
def no_deck_table(path: Path) -> None:
    spoilt(path, "DROP TABLE decks;")


# --- SQLite: what is broken ---


def pages_changed(path: Path, change: Callable[[bytearray], None], **how: Any) -> None:
    content = bytearray(good(200, new=False, **how))
    change(content)
    write_old(path, collection=bytes(content))


@hostile("damaged")
def pages_of_zeros(path: Path) -> None:
    def change(content: bytearray) -> None:
        content[4096 * 3 : 4096 * 9] = bytes(4096 * 6)

    pages_changed(path, change)


@hostile("damaged")
def pages_of_chance(path: Path) -> None:
    def change(content: bytearray) -> None:
        content[4096 * 2 :] = random.Random(2).randbytes(len(content) - 4096 * 2)

    pages_changed(path, change)


@hostile("damaged")
def pages_cut_off(path: Path) -> None:
    def change(content: bytearray) -> None:
        del content[4096 * 4 :]

    pages_changed(path, change)


@hostile("damaged")
def pages_in_a_cycle(path: Path) -> None:
    """Every inner page of a tree points to itself."""

    def change(content: bytearray) -> None:
        for at in range(4096, len(content), 4096):
            if content[at] == 5:
                content[at + 8 : at + 12] = struct.pack(">I", at // 4096 + 1)

    pages_changed(path, change)


@hostile("damaged")
def overflow_in_a_cycle(path: Path) -> None:
    """A long value whose next page is its own."""
    collection = bytearray(
        good(
            1,
            new=False,
            spoil=lambda db: db.execute("UPDATE notes SET flds = ?", ("x" * 100_000 + "\x1fb",)),
        )
    )
    for at in range(4096, len(collection), 4096):
        page = collection[at : at + 4096]
        if page[4:] == b"x" * 4092:
            collection[at : at + 4] = struct.pack(">I", at // 4096 + 1)
    write_old(path, collection=bytes(collection))


@hostile("damaged")
def header_of_another_page_size(path: Path) -> None:
    def change(content: bytearray) -> None:
        content[16:18] = struct.pack(">H", 1)

    pages_changed(path, change)


@hostile("not one of Anki")
def header_alone(path: Path) -> None:
    write_old(path, collection=b"SQLite format 3\0" + bytes(84))


@hostile("damaged")
def empty_database(path: Path) -> None:
    write_old(path, collection=b"")


@hostile(None)
def database_in_utf_16(path: Path) -> None:
    target = path.with_suffix(".db")
    plain = path.with_suffix(".plain")
    make_collection(plain, 3, new=False)
    source = sqlite3.connect(plain)
    script = "\n".join(source.iterdump())
    source.close()
    wide = sqlite3.connect(target)
    wide.executescript("PRAGMA encoding = 'UTF-16le';" + script)
    wide.close()
    write_old(path, collection=target.read_bytes())
    plain.unlink()
    target.unlink()


# --- SQLite: values ---


@hostile("far too large")
def value_of_thirty_megabytes(path: Path) -> None:
    spoilt(path, "UPDATE notes SET flds = hex(zeroblob(15000000)) WHERE id % 3 = 0;")


@hostile(None)
def field_of_three_megabytes(path: Path) -> None:
    spoilt(path, "UPDATE notes SET flds = hex(zeroblob(1500000)) WHERE id % 3 = 0;")


@hostile(None)
def note_of_a_million_fields(path: Path) -> None:
    spoilt(path, "UPDATE notes SET flds = replace(hex(zeroblob(500000)), '0', char(31));")


@hostile(None)
def note_of_a_million_tags(path: Path) -> None:
    spoilt(path, "UPDATE notes SET tags = replace(hex(zeroblob(500000)), '0', 'a ');")


@hostile(None)
def numbers_that_cannot_be(path: Path) -> None:
    spoilt(
        path,
        "UPDATE cards SET due = 9223372036854775807, ivl = -9223372036854775808, factor = 1e300, "
        "reps = 'many', lapses = 'x', left = -5, odue = 9e99, odid = -1, flags = 1e9, "
        "type = 77, queue = x'ff', mod = 'never', data = x'ff00';"
        "UPDATE notes SET mod = -1, mid = mid;"
        "UPDATE col SET crt = -99999999999, mod = 'x';",
        reviews_per_card=3,
    )


@hostile(None)
def logs_that_cannot_be(path: Path) -> None:
    spoilt(
        path,
        "UPDATE revlog SET ease = 99 WHERE id % 4 = 0;"
        "UPDATE revlog SET ivl = 1.5 WHERE id % 4 = 1;"
        "UPDATE revlog SET time = 'x' WHERE id % 4 = 2;"
        "UPDATE revlog SET id = -id WHERE id % 4 = 3;",
        reviews_per_card=9,
    )


@hostile(None)
def cards_beyond_their_templates(path: Path) -> None:
    spoilt(path, "UPDATE cards SET ord = 9223372036854775807 WHERE id % 2 = 0;")


@hostile(None)
def a_card_twice(path: Path) -> None:
    spoilt(path, "UPDATE cards SET ord = 0;", cards_per_note=3)


@hostile(None)
def text_that_is_no_text(path: Path) -> None:
    spoilt(
        path,
        "UPDATE notes SET flds = x'ff00fe1f00c080', tags = x'20ff0020', guid = x'00ff';"
        "UPDATE decks SET name = x'ff1f001f' WHERE id > 1;",
    )


@hostile(None)
def names_that_are_numbers(path: Path) -> None:
    spoilt(path, "UPDATE notes SET guid = 1.5, flds = 7, tags = 9;")


@hostile(None)
def rows_without_numbers(path: Path) -> None:
    spoilt(
        path,
        "DROP TABLE notes; CREATE TABLE notes (id, guid, mid, mod, usn, tags, flds, sfld, csum, "
        "flags, data); INSERT INTO notes (id, guid, mid) VALUES ('a', 1, 2), (NULL, NULL, NULL), "
        f"(1.5, '', 0), (5, NULL, {TYPE}), (5, NULL, {TYPE}), (5, 'x', NULL), (6, 'x', 'y');",
    )


@hostile("250,000 can be taken")
def too_many_notes(path: Path) -> None:
    spoilt(
        path,
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 250001) "
        "INSERT INTO notes SELECT x, x, 1, 0, 0, '', '', '', 0, 0, '' FROM r;",
        notes=0,
    )


@hostile(None)
def note_of_six_hundred_cards(path: Path) -> None:
    spoilt(
        path,
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 600) INSERT INTO "
        "cards SELECT x, (SELECT max(id) FROM notes), 1, x, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
        "'{}' FROM r;",
    )


@hostile(None)
def card_of_thirty_thousand_answers(path: Path) -> None:
    spoilt(
        path,
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 30000) "
        "INSERT INTO revlog SELECT x, (SELECT max(id) FROM cards), 0, 3, 1, 1, 500, 9, 1 FROM r;",
    )


@hostile(None)
def no_index_to_go_by(path: Path) -> None:
    spoilt(
        path,
        "DROP INDEX ix_cards_nid; DROP INDEX ix_revlog_cid;",
        notes=5000,
        reviews_per_card=10,
    )


@hostile(None)
def everything_is_an_orphan(path: Path) -> None:
    spoilt(path, "DELETE FROM notes;", notes=2000, reviews_per_card=5)


# --- schemas ---


def columns(path: Path, **changed: str) -> None:
    """A collection of the old schema whose JSON is something else."""

    def spoil(db: sqlite3.Connection) -> None:
        for name, value in changed.items():
            db.execute(f"UPDATE col SET {name} = ?", (value,))

    make_package(path, 3, new=False, spoil=spoil)


@hostile("settings cannot be read")
def note_types_that_are_no_json(path: Path) -> None:
    columns(path, models="{{{")


@hostile("settings cannot be read")
def note_types_nested_deeply(path: Path) -> None:
    columns(path, models="[" * 100_000)


@hostile("settings cannot be read")
def note_types_in_a_list(path: Path) -> None:
    columns(path, models="[1, 2]")


@hostile(None)
def note_types_of_odd_parts(path: Path) -> None:
    columns(
        path,
        models=json.dumps(
            {
                str(TYPE): {
                    "name": 5,
                    "flds": [{"name": None, "ord": "x"}, 7, {"name": "A"}, {"name": "A"}],
                    "tmpls": [{"name": ["x"], "qfmt": {}, "afmt": 1e999, "ord": -1}],
                    "sortf": 10**30,
                    "css": [],
                    "originalStockKind": "x",
                },
                "x": {},
                "9" * 40: {},
                "2": [],
                "3": {"flds": [], "tmpls": []},
            }
        ),
    )


@hostile(None)
def decks_of_odd_parts(path: Path) -> None:
    columns(
        path,
        decks='{"1": {"name": "a::b::a::b"}, "1700000000001": {"name": "::::", "newLimit": NaN, '
        '"reviewLimit": -5, "desiredRetention": 1e999}, "1700000000002": {"name": "x\\u0000\\n'
        '\\ud800", "dyn": "yes", "conf": "1"}, "5": {"name": null}}',
        conf='{"creationOffset": "west", "rollover": [], "x": Infinity}',
        dconf='{"1": {"new": 5, "rev": null, "lapse": {"delays": "long"}, "fsrsWeights": {}}}',
    )


@hostile(None)
def a_deck_a_thousand_deep(path: Path) -> None:
    columns(path, decks=json.dumps({"1700000000001": {"name": "::".join("d" * 1000)}}))


@hostile("newer version")
def schema_of_the_future(path: Path) -> None:
    spoilt(path, "UPDATE col SET ver = 99;")


@hostile("never in a package")
def schema_without_a_number(path: Path) -> None:
    spoilt(path, "UPDATE col SET ver = 'eleven';")


@hostile("lacks its first row")
def collection_without_its_row(path: Path) -> None:
    spoilt(path, "DELETE FROM col;")


@hostile("cannot be read")
def note_type_of_garbage(path: Path) -> None:
    spoilt(path, "UPDATE notetypes SET config = x'ffffffffffffffffffffffff';")


@hostile("cannot be read")
def template_of_garbage(path: Path) -> None:
    spoilt(path, "UPDATE templates SET config = x'0affffffff0f';")


@hostile("cannot be read")
def deck_kind_that_is_a_number(path: Path) -> None:
    spoilt(path, "UPDATE decks SET kind = 5;")


@hostile("cannot be read")
def options_that_are_nothing(path: Path) -> None:
    spoilt(
        path,
        "DROP TABLE deck_config; CREATE TABLE deck_config (id, name, mtime_secs, usn, config);"
        "INSERT INTO deck_config VALUES (NULL, NULL, NULL, NULL, NULL);",
    )


@hostile(None)
def numbers_of_settings_at_their_ends(path: Path) -> None:
    nan = struct.pack("<f", float("nan"))
    options = (
        number(9, (1 << 64) - 1) + number(10, 1 << 63) + b"\xad\x02" + nan + field(1, nan * 999)
        + field(6, nan * 21) + number(16, 0)
    )  # fmt: skip
    spoilt(path, f"UPDATE deck_config SET id = 2, config = x'{options.hex()}';")


def became(folder: Path, name: str) -> dict[str, Any]:
    """Build one, read it in a child, and say what became of it."""
    from quizapp.domain.errors import Refusal
    from quizapp.formats.reading import read_apart

    room = folder / name
    room.mkdir()
    path = room / "upload.apkg"
    CORPUS[name].build(path)
    before = {p.name for p in room.iterdir()}
    began = time.monotonic()
    found: dict[str, Any] = {}
    try:
        package = read_apart(path, room / "read", name="upload.apkg")
        notes = list(package.notes)
        found["notes"] = len(notes)
        found["told"] = [
            *(f"{refused.where}: {refused.reason}" for refused in package.refused),
            *package.remarks,
        ]
        found["media"] = {medium.name: medium.digest for medium in package.media}
    except Refusal as refusal:
        found["refused"] = str(refusal)
    found["seconds"] = time.monotonic() - began
    found["beside"] = sorted({p.name for p in room.iterdir()} - before - {"read"})
    found["left"] = sorted(
        str(p.relative_to(room / "read")) for p in (room / "read").rglob("*") if p.is_file()
    )
    return found


if __name__ == "__main__":
    base = Path(sys.argv[1])
    results = {name: became(base, name) for name in CORPUS}
    print(
        json.dumps(
            {
                "results": results,
                "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            }
        )
    )
