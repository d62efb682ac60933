"""Packages of any size, built in seconds: for tests of limits and for the benchmarks.

``make_package`` lays rows straight into the tables of Anki's format; it knows nothing of
the reader. Everything follows from its arguments.
"""

import hashlib
import json
import random
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from backports import zstd

CREATED = 1_752_897_600  # 2025-07-19, 04:00 UTC
DAY = 86_400
_WORDS = "risk audit control asset threat owner policy budget board review scope plan".split()

_TABLES = """
CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL,
  scm integer NOT NULL, ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL,
  ls integer NOT NULL, conf text NOT NULL, models text NOT NULL, decks text NOT NULL,
  dconf text NOT NULL, tags text NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL,
  sfld integer NOT NULL, csum integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL,
  ord integer NOT NULL, mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL,
  queue integer NOT NULL, due integer NOT NULL, ivl integer NOT NULL, factor integer NOT NULL,
  reps integer NOT NULL, lapses integer NOT NULL, left integer NOT NULL, odue integer NOT NULL,
  odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL,
  ease integer NOT NULL, ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL,
  time integer NOT NULL, type integer NOT NULL);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_revlog_cid ON revlog (cid);
"""
_NEW_TABLES = """
CREATE TABLE notetypes (id integer NOT NULL PRIMARY KEY, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL);
CREATE TABLE fields (ntid integer NOT NULL, ord integer NOT NULL,
  name text NOT NULL COLLATE unicase, config blob NOT NULL, PRIMARY KEY (ntid, ord)) WITHOUT ROWID;
CREATE TABLE templates (ntid integer NOT NULL, ord integer NOT NULL,
  name text NOT NULL COLLATE unicase, mtime_secs integer NOT NULL, usn integer NOT NULL,
  config blob NOT NULL, PRIMARY KEY (ntid, ord)) WITHOUT ROWID;
CREATE TABLE decks (id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, common blob NOT NULL, kind blob NOT NULL);
CREATE TABLE deck_config (id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL);
CREATE TABLE config (KEY text NOT NULL PRIMARY KEY, usn integer NOT NULL,
  mtime_secs integer NOT NULL, val blob NOT NULL) WITHOUT ROWID;
CREATE TABLE tags (tag text NOT NULL PRIMARY KEY COLLATE unicase, usn integer NOT NULL,
  collapsed boolean NOT NULL, config blob NULL) WITHOUT ROWID;
"""
TYPE, DECKS = 1_700_000_000_000, (1_700_000_000_001, 1_700_000_000_002)
_NAMES = ("Big", "Big::Sub")


def make_package(
    path: Path,
    notes: int,
    cards_per_note: int = 1,
    reviews_per_card: int = 0,
    seed: int = 0,
    *,
    new: bool = True,
    media: dict[str, bytes] | None = None,
    spoil: Callable[[sqlite3.Connection], object] | None = None,
) -> None:
    """Write a package whose notes have two fields, a tag, and cards with a log.

    ``new`` chooses the container with zstd and schema 18, else the one of old. ``spoil``
    may do to the collection what it likes before it is packed.
    """
    collection = path.with_suffix(".collection")
    collection.unlink(missing_ok=True)
    make_collection(collection, notes, cards_per_note, reviews_per_card, seed, new=new, spoil=spoil)
    content = collection.read_bytes()
    collection.unlink()
    pack(path, content, media or {}, new=new)


def pack(path: Path, collection: bytes, media: dict[str, bytes], *, new: bool = True) -> None:
    """Put a collection and its media into the container that Anki puts them in."""
    if new:
        entries = new_entries(collection, media)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("collection.anki2", collection)
        archive.writestr("media", json.dumps({str(n): name for n, name in enumerate(media)}))
        for number, content in enumerate(media.values()):
            archive.writestr(str(number), content)


def new_entries(collection: bytes, media: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a new package, packed as they lie in it."""
    listed = b"".join(
        field(
            1,
            field(1, name.encode())
            + number(2, len(content))
            + field(3, hashlib.sha1(content, usedforsecurity=False).digest()),
        )
        for name, content in media.items()
    )
    return {
        "meta": b"\x08\x03",
        "collection.anki21b": squeezed(collection),
        **{str(n): squeezed(content) for n, content in enumerate(media.values())},
        "media": squeezed(listed),
    }


def squeezed(content: bytes) -> bytes:
    """One zstd frame that does not tell its size, as Anki writes them."""
    compressor = zstd.ZstdCompressor(level=1)
    return compressor.compress(content) + compressor.flush()


def varint(value: int) -> bytes:
    """A number of protocol buffers."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(key: int, value: int) -> bytes:
    """A field that is a number."""
    return varint(key << 3) + varint(value)


def field(key: int, content: bytes) -> bytes:
    """A field that is bytes."""
    return varint(key << 3 | 2) + varint(len(content)) + content


def make_collection(
    path: Path,
    notes: int,
    cards_per_note: int = 1,
    reviews_per_card: int = 0,
    seed: int = 0,
    *,
    new: bool = True,
    spoil: Callable[[sqlite3.Connection], object] | None = None,
) -> None:
    """Write the SQLite file of a package."""
    chance = random.Random(seed)
    db = sqlite3.connect(path)
    db.create_collation("unicase", lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
    today = 180
    changed = (CREATED + today * DAY) * 1000
    templates = [(f"Card {n + 1}", "{{Front}}", "{{Back}}") for n in range(cards_per_note)]
    if new:
        db.execute(
            "INSERT INTO col VALUES (1, ?, ?, ?, 18, 0, 0, 0, '', '', '', '', '')",
            (CREATED, changed, changed),
        )
        _new_schema(db, templates)
    else:
        _old_schema(db, templates, changed)
    first = CREATED * 1000
    note_rows, card_rows, log_rows = [], [], []
    at = first
    for n in range(notes):
        nid = first + n
        front = " ".join(chance.choices(_WORDS, k=8)) + f" {n}"
        back = "<b>" + " ".join(chance.choices(_WORDS, k=16)) + "</b>"
        note_rows.append(
            (nid, f"guid-{seed}-{n}", TYPE, CREATED, -1, f" tag{n % 50} ", f"{front}\x1f{back}",
             front, n, 0, "")
        )  # fmt: skip
        for ord_ in range(cards_per_note):
            cid = first + n * cards_per_note + ord_
            stability = round(chance.uniform(1, 300), 4)
            studied = reviews_per_card > 0
            data = (
                f'{{"pos":{n},"s":{stability},"d":{chance.randint(10, 100) / 10},"dr":0.9,'
                f'"decay":0.1542,"lrt":{CREATED + 100 * DAY}}}'
            )
            card_rows.append(
                (cid, nid, DECKS[n % 2], ord_, CREATED, -1, *((2, 2) if studied else (0, 0)),
                 today + n % 60 if studied else n, int(stability) if studied else 0,
                 2500 if studied else 0, reviews_per_card, 0, 0, 0, 0, 0,
                 data if studied else "{}")
            )  # fmt: skip
            for review in range(reviews_per_card):
                at += chance.randint(1, 2000)
                log_rows.append(
                    (at, cid, -1, chance.choice((1, 3, 3, 3, 4)), review + 1, review, 500,
                     chance.randint(1000, 20_000), 0 if review == 0 else 1)
                )  # fmt: skip
    for table, rows in (("notes", note_rows), ("cards", card_rows), ("revlog", log_rows)):
        if rows:
            db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    db.commit()
    if spoil:
        spoil(db)
        db.commit()
    db.close()


def _new_schema(db: sqlite3.Connection, templates: list[tuple[str, str, str]]) -> None:
    db.executescript(_NEW_TABLES)
    db.execute("INSERT INTO notetypes VALUES (?, 'Big', 0, 0, ?)", (TYPE, field(3, b".card {}")))
    for n, name in enumerate(("Front", "Back")):
        db.execute("INSERT INTO fields VALUES (?, ?, ?, ?)", (TYPE, n, name, field(3, b"Arial")))
    for n, (name, question, answer) in enumerate(templates):
        config = field(1, question.encode()) + field(2, answer.encode())
        db.execute("INSERT INTO templates VALUES (?, ?, ?, 0, 0, ?)", (TYPE, n, name, config))
    for key, name in ((1, "Default"), *zip(DECKS, _NAMES, strict=True)):
        parts = name.replace("::", "\x1f")
        db.execute(
            "INSERT INTO decks VALUES (?, ?, 0, 0, ?, ?)",
            (key, parts, b"", field(1, number(1, 1))),
        )
    options = number(9, 20) + number(10, 200) + b"\xad\x02" + struct.pack("<f", 0.9)
    db.execute("INSERT INTO deck_config VALUES (1, 'Default', 0, 0, ?)", (options,))
    db.execute("INSERT INTO config VALUES ('creationOffset', 0, 0, ?)", (b"0",))


def _old_schema(
    db: sqlite3.Connection, templates: list[tuple[str, str, str]], changed: int
) -> None:
    models = {
        TYPE: {
            "id": TYPE,
            "name": "Big",
            "type": 0,
            "sortf": 0,
            "css": ".card {}",
            "flds": [{"name": name, "ord": n} for n, name in enumerate(("Front", "Back"))],
            "tmpls": [
                {"name": name, "ord": n, "qfmt": question, "afmt": answer}
                for n, (name, question, answer) in enumerate(templates)
            ],
        }
    }
    decks = {
        key: {"id": key, "name": name, "desc": "", "dyn": 0, "conf": 1}
        for key, name in ((1, "Default"), *zip(DECKS, _NAMES, strict=True))
    }
    dconf = {1: {"id": 1, "name": "Default", "new": {"perDay": 20}, "rev": {"perDay": 200}}}
    db.execute(
        "INSERT INTO col VALUES (1, ?, ?, ?, 11, 0, 0, 0, ?, ?, ?, ?, '{}')",
        (CREATED, changed, changed, json.dumps({"creationOffset": 0}), json.dumps(models),
         json.dumps(decks), json.dumps(dconf)),
    )  # fmt: skip
