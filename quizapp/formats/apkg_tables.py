"""The tables of an Anki collection, and its note types and decks in both of their shapes.

Schema 18 keeps note types, decks and settings in tables of their own as protocol buffers;
schema 11 keeps them as JSON in the one row of ``col``.
"""

import json
import re
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quizapp.domain.notetypes import NoteType

CONTENT = """
CREATE TABLE col (
  id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL, scm integer NOT NULL,
  ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL, ls integer NOT NULL,
  conf text NOT NULL, models text NOT NULL, decks text NOT NULL, dconf text NOT NULL,
  tags text NOT NULL
);
CREATE TABLE notes (
  id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL, mod integer NOT NULL,
  usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL, sfld integer NOT NULL,
  csum integer NOT NULL, flags integer NOT NULL, data text NOT NULL
);
CREATE TABLE cards (
  id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL, queue integer NOT NULL,
  due integer NOT NULL, ivl integer NOT NULL, factor integer NOT NULL, reps integer NOT NULL,
  lapses integer NOT NULL, left integer NOT NULL, odue integer NOT NULL, odid integer NOT NULL,
  flags integer NOT NULL, data text NOT NULL
);
CREATE TABLE revlog (
  id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL,
  ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL,
  time integer NOT NULL, type integer NOT NULL
);
"""
# Laid after the rows: an index over what is there is made faster than one kept up.
INDEXES = """
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
CREATE INDEX ix_notes_csum ON notes (csum);
"""
_GRAVES_11 = """
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
"""
_TABLES_18 = """
CREATE TABLE deck_config (
  id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL
);
CREATE TABLE config (
  KEY text NOT NULL PRIMARY KEY, usn integer NOT NULL, mtime_secs integer NOT NULL,
  val blob NOT NULL
) WITHOUT ROWID;
CREATE TABLE fields (
  ntid integer NOT NULL, ord integer NOT NULL, name text NOT NULL COLLATE unicase,
  config blob NOT NULL, PRIMARY KEY (ntid, ord)
) WITHOUT ROWID;
CREATE TABLE templates (
  ntid integer NOT NULL, ord integer NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL,
  PRIMARY KEY (ntid, ord)
) WITHOUT ROWID;
CREATE TABLE notetypes (
  id integer NOT NULL PRIMARY KEY, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL
);
CREATE TABLE decks (
  id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, common blob NOT NULL, kind blob NOT NULL
);
CREATE TABLE tags (
  tag text NOT NULL PRIMARY KEY COLLATE unicase, usn integer NOT NULL,
  collapsed boolean NOT NULL, config blob NULL
) WITHOUT ROWID;
CREATE TABLE graves (
  oid integer NOT NULL, type integer NOT NULL, usn integer NOT NULL, PRIMARY KEY (oid, type)
) WITHOUT ROWID;
CREATE UNIQUE INDEX idx_fields_name_ntid ON fields (name, ntid);
CREATE UNIQUE INDEX idx_templates_name_ntid ON templates (name, ntid);
CREATE INDEX idx_templates_usn ON templates (usn);
CREATE UNIQUE INDEX idx_notetypes_name ON notetypes (name);
CREATE INDEX idx_notetypes_usn ON notetypes (usn);
CREATE UNIQUE INDEX idx_decks_name ON decks (name);
CREATE INDEX idx_notes_mid ON notes (mid);
CREATE INDEX idx_cards_odid ON cards (odid) WHERE odid != 0;
CREATE INDEX idx_graves_pending ON graves (usn);
"""
_LATEX_HEAD = (
    "\\documentclass[12pt]{article}\n\\usepackage[utf8]{inputenc}\n"
    "\\usepackage{amssymb,amsmath}\n\\pagestyle{empty}\n\\setlength{\\parindent}{0in}\n"
    "\\begin{document}\n"
)
_LATEX_FOOT = "\\end{document}"
_OCCLUSION = 6
_ADD_ONLY = -1
_REQUIREMENTS = {"none": 0, "any": 1, "all": 2}
# What ``NoteType.extra`` calls the parts of a field or template, and what schema 11 does.
_FIELD_NAMES = {
    "font": "font", "size": "size", "rtl": "rtl", "sticky": "sticky",
    "description": "description", "plain_text": "plainText", "collapsed": "collapsed",
    "unsearched": "excludeFromSearch", "id": "id", "tag": "tag",
}  # fmt: skip
_TEMPLATE_NAMES = {"id": "id", "browser_question": "bqfmt", "browser_answer": "bafmt"}

DEFAULT_PRESET: Mapping[str, Any] = {
    "id": 1, "name": "Default", "new_per_day": 20, "reviews_per_day": 200,
    "learning_steps": [1.0, 10.0], "relearning_steps": [10.0], "maximum_interval": 36_500,
    "leech_threshold": 8, "desired_retention": 0.9, "historical_retention": 0.9, "weights": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeckRow:
    """A deck with its id; limits are of its own, None where the preset's hold."""

    id: int
    name: str
    preset: int = 1
    description: str = ""
    markdown: bool = False
    new_limit: int | None = None
    review_limit: int | None = None
    desired_retention: float | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What a collection holds beside its notes.

    crt         seconds since 1970 of 4 am on its first day, in UTC
    notetypes   (id, note type) with names that differ
    presets     the options of decks as ``PackedDeck.extra`` has them, whole
    position    the next new card's place
    """

    crt: int
    now_ms: int
    notetypes: Sequence[tuple[int, NoteType]]
    decks: Sequence[DeckRow]
    presets: Sequence[Mapping[str, Any]]
    position: int = 1


def begin(db: sqlite3.Connection) -> None:
    """Lay the tables that both schemas share, for writing once and fast."""
    db.create_collation("unicase", _unicase)
    for pragma in ("page_size=4096", "journal_mode=OFF", "synchronous=OFF", "cache_size=-32768"):
        db.execute(f"PRAGMA {pragma}")
    db.executescript(CONTENT)


def _unicase(one: str, other: str) -> int:
    a, b = one.casefold(), other.casefold()
    return (a > b) - (a < b)


def finish(db: sqlite3.Connection, head: Head, schema: int) -> None:
    """Write the head in the shape of schema 11 or 18, then the indexes."""
    _finish_18(db, head) if schema == 18 else _finish_11(db, head)
    db.executescript(INDEXES)
    db.commit()


def _finish_11(db: sqlite3.Connection, head: Head) -> None:
    db.executescript(_GRAVES_11)
    texts: tuple[dict[str, Any], ...] = (
        _settings(head),
        {str(id_): _notetype_11(id_, notetype) for id_, notetype in head.notetypes},
        {str(deck.id): _deck_11(deck, head) for deck in head.decks},
        {str(preset["id"]): _preset_11(preset, head) for preset in head.presets},
        {},
    )
    _col(db, head, 11, [json.dumps(text, ensure_ascii=False) for text in texts])


def _finish_18(db: sqlite3.Connection, head: Head) -> None:
    db.executescript(_TABLES_18)
    _col(db, head, 18, [""] * 5)
    db.executemany(
        "INSERT INTO config VALUES (?, 0, 0, ?)",
        [(key, json.dumps(value).encode()) for key, value in sorted(_settings(head).items())],
    )
    db.executemany(
        "INSERT INTO deck_config VALUES (?, ?, ?, ?, ?)",
        [
            (preset["id"], preset["name"], head.now_ms // 1000, _ADD_ONLY, _preset_18(preset))
            for preset in head.presets
        ],
    )
    for deck in head.decks:
        db.execute(
            "INSERT INTO decks VALUES (?, ?, ?, ?, ?, ?)",
            [
                deck.id,
                deck.name.replace("::", "\x1f"),
                head.now_ms // 1000,
                _ADD_ONLY,
                _number(1, 1) + _number(2, 1),
                _deck_18(deck),
            ],
        )
    for id_, notetype in head.notetypes:
        _notetype_18(db, id_, notetype)


def _col(db: sqlite3.Connection, head: Head, version: int, texts: Sequence[str]) -> None:
    db.execute(
        "INSERT INTO col VALUES (1, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?, ?)",
        [head.crt, head.now_ms, head.now_ms, version, *texts],
    )


def _settings(head: Head) -> dict[str, Any]:
    """What Anki expects; creationOffset says that ``crt`` is meant in UTC."""
    return {
        "activeDecks": [1], "addToCur": True, "collapseTime": 1200, "creationOffset": 0,
        "curDeck": 1, "curModel": head.notetypes[0][0] if head.notetypes else None,
        "dayLearnFirst": False, "dueCounts": True, "estTimes": True, "newSpread": 0,
        "nextPos": head.position, "sched2021": True, "schedVer": 2, "sortBackwards": False,
        "sortType": "noteFld", "timeLim": 0,
    }  # fmt: skip


# Note types


def _notetype_11(id_: int, notetype: NoteType) -> dict[str, Any]:
    extra = notetype.extra
    shape = {
        "id": id_,
        "name": notetype.name,
        "type": int(notetype.kind != "normal"),
        "mod": _whole(extra.get("modified")),
        "usn": _ADD_ONLY,
        "sortf": notetype.sort_field,
        "did": None,
        "tmpls": [
            {
                "name": template.name, "ord": ord_, "qfmt": template.question,
                "afmt": template.answer, "bqfmt": "", "bafmt": "", "did": None,
                "bfont": "", "bsize": 0,
            }
            | _part(extra, "templates", ord_, _TEMPLATE_NAMES)
            for ord_, template in enumerate(notetype.templates)
        ],
        "flds": [
            {
                "name": name, "ord": ord_, "sticky": False, "rtl": False, "font": "Arial",
                "size": 20, "description": "", "plainText": False, "collapsed": False,
                "excludeFromSearch": False,
            }
            | _part(extra, "fields", ord_, _FIELD_NAMES)
            for ord_, name in enumerate(notetype.fields)
        ],
        "css": notetype.css,
        "latexPre": extra.get("latex_head", "" if extra else _LATEX_HEAD),
        "latexPost": extra.get("latex_foot", "" if extra else _LATEX_FOOT),
        "latexsvg": bool(extra.get("latex_svg", False)),
        "req": [[ord_, kind, fields] for ord_, kind, fields in requirements(notetype)],
        "originalStockKind": _stock(notetype),
    }  # fmt: skip
    if original := _whole(extra.get("original_id")):
        shape["originalId"] = original
    return shape


def _notetype_18(db: sqlite3.Connection, id_: int, notetype: NoteType) -> None:
    shape = _notetype_11(id_, notetype)
    config = b"".join(
        (
            _number(1, shape["type"]),
            _number(2, shape["sortf"]),
            _text(3, shape["css"]),
            _text(5, shape["latexPre"]),
            _text(6, shape["latexPost"]),
            _number(7, shape["latexsvg"]),
            *(
                _bytes(
                    8,
                    _number(1, ord_)
                    + _number(2, _REQUIREMENTS[kind])
                    + _bytes(3, b"".join(_varint(place) for place in fields)),
                )
                for ord_, kind, fields in shape["req"]
            ),
            _number(9, shape["originalStockKind"]),
            _given(10, shape.get("originalId")),
        )
    )
    db.execute(
        "INSERT INTO notetypes VALUES (?, ?, ?, ?, ?)",
        [id_, notetype.name, shape["mod"], _ADD_ONLY, config],
    )
    for part in shape["flds"]:
        db.execute(
            "INSERT INTO fields VALUES (?, ?, ?, ?)",
            [id_, part["ord"], part["name"], _field_18(part)],
        )
    for part in shape["tmpls"]:
        db.execute(
            "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?)",
            [id_, part["ord"], part["name"], shape["mod"], _ADD_ONLY, _template_18(part)],
        )


def _field_18(part: Mapping[str, Any]) -> bytes:
    return b"".join(
        (
            _number(1, part["sticky"]),
            _number(2, part["rtl"]),
            _text(3, part["font"]),
            _number(4, part["size"]),
            _text(5, part["description"]),
            _number(6, part["plainText"]),
            _number(7, part["collapsed"]),
            _number(8, part["excludeFromSearch"]),
            _given(9, part.get("id")),
            _given(10, part.get("tag")),
            _number(11, part.get("preventDeletion", False)),
        )
    )


def _template_18(part: Mapping[str, Any]) -> bytes:
    return b"".join(
        (
            _text(1, part["qfmt"]),
            _text(2, part["afmt"]),
            _text(3, part["bqfmt"]),
            _text(4, part["bafmt"]),
            _text(6, part["bfont"]),
            _number(7, part["bsize"]),
            _given(8, part.get("id")),
        )
    )


def _part(
    extra: Mapping[str, Any], name: str, place: int, names: Mapping[str, str]
) -> dict[str, Any]:
    """What only Anki's editor knows of a field or template, by its names in schema 11."""
    parts = extra.get(name, ())
    part = parts[place] if place < len(parts) else {}
    return {names[key]: value for key, value in part.items() if key in names}


def _stock(notetype: NoteType) -> int:
    if notetype.kind == "occlusion":
        return _OCCLUSION
    return _whole(notetype.extra.get("stock"))


_TAG = re.compile(r"\{\{([^{}]*)\}\}")
_OLD_MARK, _OLD_TAG = "{{=<% %>=}}", re.compile(r"<%([^<>%]*)%>")


def _tags(template: str) -> list[tuple[str, str]]:
    """What stands in double braces: (# or ^ or / or nothing, the name with its filters).

    Comments are not looked into, and templates of old have other marks.
    """
    first, *others = template.split("<!--")
    shown = first + "".join(part[part.find("-->") + 1 :] for part in others)
    old = shown.lstrip().startswith(_OLD_MARK)
    found = (tag.strip() for tag in (_OLD_TAG if old else _TAG).findall(shown))
    return [(tag[:1], tag[1:].strip()) if tag[:1] in "#^/" else ("", tag) for tag in found if tag]


def requirements(notetype: NoteType) -> list[tuple[int, str, list[int]]]:
    """Which fields a template needs before it makes a card: (template, any/all/none, places).

    Older Ankis make cards by this list; newer ones work it out themselves.
    """
    places = range(len(notetype.fields))
    everything = set(notetype.fields)
    found = []
    for ord_, template in enumerate(notetype.templates):
        one = [p for p in places if shows(template.question, {notetype.fields[p]})]
        if one:
            found.append((ord_, "any", one))
            continue
        needed = [
            p for p in places if not shows(template.question, everything - {notetype.fields[p]})
        ]
        some = shows(template.question, everything)
        found.append((ord_, "all", needed) if some else (ord_, "none", []))
    return found


def shows(question: str, filled: Iterable[str]) -> bool:
    """Whether a front shows something when only these fields are filled."""
    filled, open_ = set(filled), [True]
    for mark, name in _tags(question):
        if mark in ("#", "^"):
            open_.append(open_[-1] and (name in filled) == (mark == "#"))
        elif mark == "/":
            if len(open_) > 1:
                open_.pop()
        elif open_[-1] and name.rsplit(":", 1)[-1] in filled:
            return True
    return False


# Decks and the preset


def _deck_11(deck: DeckRow, head: Head) -> dict[str, Any]:
    return {
        "id": deck.id, "mod": head.now_ms // 1000, "name": deck.name, "usn": _ADD_ONLY,
        "lrnToday": [0, 0], "revToday": [0, 0], "newToday": [0, 0], "timeToday": [0, 0],
        "collapsed": True, "browserCollapsed": True, "desc": deck.description,
        "md": deck.markdown, "dyn": 0, "conf": deck.preset, "extendNew": 0, "extendRev": 0,
        "reviewLimit": deck.review_limit, "newLimit": deck.new_limit, "reviewLimitToday": None,
        "newLimitToday": None, "desiredRetention": _percent(deck.desired_retention),
    }  # fmt: skip


def _percent(share: float | None) -> int | None:
    return None if share is None else round(share * 100)


def _deck_18(deck: DeckRow) -> bytes:
    normal = _number(1, deck.preset) + _text(4, deck.description) + _number(5, deck.markdown)
    normal += _given(6, deck.review_limit) + _given(7, deck.new_limit)
    if deck.desired_retention is not None:
        normal += _single(10, deck.desired_retention)
    return _bytes(1, normal)


def _preset_11(preset: Mapping[str, Any], head: Head) -> dict[str, Any]:
    weights: dict[str, Any] = {"fsrsWeights": [], "fsrsParams5": [], "fsrsParams6": []}
    weights[_WEIGHTS.get(len(preset["weights"]), (6, "fsrsParams6"))[1]] = preset["weights"]
    return weights | {
        "id": preset["id"], "mod": head.now_ms // 1000, "name": preset["name"],
        "usn": _ADD_ONLY, "maxTaken": 60, "autoplay": True, "timer": 0, "replayq": True,
        "dyn": False, "desiredRetention": preset["desired_retention"],
        "sm2Retention": preset["historical_retention"],
        "new": {
            "bury": False, "delays": preset["learning_steps"], "initialFactor": 2500,
            "ints": [1, 4, 0], "order": 1, "perDay": preset["new_per_day"],
        },
        "rev": {
            "bury": False, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": preset["maximum_interval"],
            "perDay": preset["reviews_per_day"], "hardFactor": 1.2,
        },
        "lapse": {
            "delays": preset["relearning_steps"], "leechAction": 1,
            "leechFails": preset["leech_threshold"], "minInt": 1, "mult": 0.0,
        },
    }  # fmt: skip


# FSRS parameters by how many they are: versions 4, 5 and 6.
_WEIGHTS = {17: (3, "fsrsWeights"), 19: (5, "fsrsParams5"), 21: (6, "fsrsParams6")}


def _preset_18(preset: Mapping[str, Any]) -> bytes:
    """What a preset says, and Anki's defaults for the rest."""
    return b"".join(
        (
            _floats(1, preset["learning_steps"]), _floats(2, preset["relearning_steps"]),
            _floats(_WEIGHTS.get(len(preset["weights"]), (6, ""))[0], preset["weights"]),
            _floats(4, [1.0] * 7), _number(9, preset["new_per_day"]),
            _number(10, preset["reviews_per_day"]), _single(11, 2.5), _single(12, 1.3),
            _single(13, 1.2), _single(15, 1), _number(16, preset["maximum_interval"]),
            _number(17, 1), _number(18, 1), _number(19, 4), _number(21, 1),
            _number(22, preset["leech_threshold"]), _number(24, 60),
            _single(37, preset["desired_retention"]), _single(40, preset["historical_retention"]),
            _number(44, 1),
        )
    )  # fmt: skip


# Protocol buffers


def media_map(entries: Iterable[tuple[str, int, bytes]]) -> bytes:
    """The list of media of a new package: (name, bytes unpacked, SHA-1) each."""
    return b"".join(
        _bytes(1, _text(1, name) + _number(2, size) + _bytes(3, sha1))
        for name, size, sha1 in entries
    )


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(number: int, value: int) -> bytes:
    """A number that counts as 0 where it is absent."""
    return _given(number, value) if value else b""


def _given(number: int, value: int | None) -> bytes:
    return b"" if value is None else _varint(number << 3) + _varint(int(value))


def _single(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _floats(number: int, values: Sequence[float]) -> bytes:
    return _bytes(number, struct.pack(f"<{len(values)}f", *values)) if values else b""


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode()) if value else b""


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
