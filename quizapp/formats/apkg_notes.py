"""A collection's notes, each with its cards and each card with its log, as they stream by.

Three queries in the same order are read side by side, so that no more than one note is in
memory. What cannot be is left out or put right, and said: see ``Report``.

``PackedCard.extra`` holds what an export gives back: ``id`` and ``mod`` (seconds) of the
card; from its data ``pos``, ``dr``, ``decay``, ``lrt`` (seconds) and ``cd`` (custom data, a
string); ``filtered``, the name of the filtered deck it was in.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.formats.apkg_schema import DEFAULT_DECK, Schema, name, text
from quizapp.formats.media_names import referred_to
from quizapp.formats.package import STATES, PackedCard, PackedNote, PackedReview, Refused

MOST_NOTES, MOST_CARDS, MOST_REVIEWS = 250_000, 500_000, 5_000_000
MOST_CARDS_OF_NOTE, MOST_REVIEWS_OF_CARD = 500, 20_000
LONGEST_FIELD = 2_000_000
MOST_TAGS = 500
# Refusals told one by one; the rest is counted.
MOST_TOLD = 1_000
# Names of files that are held against those that came, and those of them that are told.
_MOST_NAMED, _NAMES_TOLD = 100_000, 5

# A due number of a card in steps is a moment (seconds) from here on and a day below.
_MOMENTS = 1_000_000_000
_LATEST = 1 << 33
_LATEST_MS = _LATEST * 1000
_LONGEST = 1 << 31
_LONGEST_INTERVAL = 36_500
_HELD = {-1: "suspended", -2: "sibling", -3: "buried"}
_LAST_DAY = date(2300, 1, 1)
_TAG = re.compile(r"<[^<>]{0,2000}>|&nbsp;|\s+")
_PROGRESS_EVERY = 500

_NOTES = """
    SELECT id, guid, mid, mod, tags, flds FROM notes WHERE typeof(id) = 'integer' ORDER BY id
"""
_CARDS = """
    SELECT nid, id, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left,
           odue, odid, flags, data
    FROM cards WHERE typeof(id) = 'integer' AND typeof(nid) = 'integer'
    ORDER BY nid, ord, id
"""
# CROSS JOIN keeps the cards outside, whose order is wanted. What cannot be is left out
# here, where it costs least; how much that was follows from the counts.
_REVIEWS = f"""
    SELECT c.id, r.id, r.ease, r.type, r.ivl, r.lastIvl, r.factor, r.time
    FROM cards c CROSS JOIN revlog r ON r.cid = c.id
    WHERE typeof(c.id) = 'integer' AND typeof(c.nid) = 'integer'
      AND r.id BETWEEN 1 AND {_LATEST_MS} AND r.ease BETWEEN 0 AND 4 AND r.type BETWEEN 0 AND 5
      AND r.ivl BETWEEN -{_LONGEST} AND {_LONGEST} AND r.lastIvl BETWEEN -{_LONGEST} AND {_LONGEST}
      AND r.factor BETWEEN 0 AND {_LONGEST} AND r.time BETWEEN 0 AND {_LONGEST}
    ORDER BY c.nid, c.ord, c.id, r.id
"""  # noqa: S608


_GONE = """
    SELECT count(CASE WHEN cid NOT IN (SELECT id FROM cards) THEN 1 END), count(*) FROM revlog
"""


@dataclass
class Report:
    """What was left out or put right, told one by one up to MOST_TOLD and counted beyond.

    named    files that notes and their types refer to; ``brought`` are those that came
    """

    refused: list[Refused]
    remarks: list[str]
    counted: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    brought: Set[str] = frozenset()

    def refuse(self, where: str, reason: str) -> None:
        """Tell of something that is not taken."""
        if len(self.refused) < MOST_TOLD:
            self.refused.append(Refused(where, reason))
        else:
            self.counted["Left out besides, for reasons like these"] += 1

    def remark(self, what: str, where: str = "", count: int = 1) -> None:
        """Count something that was put right; its number follows ``what``."""
        if count > 0:
            self.counted[what] += count
            self.first.setdefault(what, where)

    def close(self) -> None:
        """Say what was counted."""
        for what, count in self.counted.items():
            where = self.first.get(what, "")
            self.remarks.append(f"{what}: {count:,}{f' (the first: {where})' if where else ''}.")
        self.counted.clear()
        if absent := sorted(self.named - self.brought):
            told = ", ".join(name(each)[:80] for each in absent[:_NAMES_TOLD])
            told += ", …" if len(absent) > _NAMES_TOLD else ""
            self.remarks.append(
                f"Files that cards name and the package does not bring: {len(absent):,} ({told})."
                " Those that are here already are shown."
            )


@dataclass(frozen=True)
class Counts:
    """How many rows there are; ``progress`` where any card was studied or held back."""

    notes: int
    cards: int
    reviews: int
    progress: bool


def counts(connection: sqlite3.Connection) -> Counts:
    """Count before reading. Raises Refusal where it is more than anybody studies."""
    found = [
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in ("notes", "cards", "revlog")
    ]
    for count, most, what in zip(
        found,
        (MOST_NOTES, MOST_CARDS, MOST_REVIEWS),
        ("notes", "cards", "answers in its log"),
        strict=True,
    ):
        if count > most:
            raise Refusal(
                f"This package holds {count:,} {what}; {most:,} can be taken at once. "
                "Export fewer decks at once."
            )
    studied = connection.execute("SELECT 1 FROM cards WHERE type <> 0 OR queue < 0 LIMIT 1")
    progress = bool(found[2]) or studied.fetchone() is not None
    return Counts(found[0], found[1], found[2], progress)


def occlusions(connection: sqlite3.Connection, notetypes: Mapping[int, NoteType]) -> set[int]:
    """The cloze types whose notes hold shapes, where the type itself does not say so.

    The first notes of a type speak for all of it.
    """
    found = set()
    for key, notetype in notetypes.items():
        if notetype.kind == "cloze" and len(notetype.fields) > 1:
            rows = connection.execute("SELECT flds FROM notes WHERE mid = ? LIMIT 20", (key,))
            shapes = [b"::image-occlusion:" in row[0] for row in rows if type(row[0]) is bytes]
            if shapes and sum(shapes) * 2 > len(shapes):
                found.add(key)
    return found


def notes(
    connection: sqlite3.Connection,
    schema: Schema,
    report: Report,
    progress: Callable[[int], None],
) -> Iterator[PackedNote]:
    """Every note in the order they were made; ``progress`` hears how many passed by."""
    cards = iter(connection.execute(_CARDS))
    logs = iter(connection.execute(_REVIEWS))
    days = _Days(schema)
    card, log = next(cards, None), next(logs, None)
    number = passed = 0
    for number, (key, guid, mid, mod, tags, flds) in enumerate(connection.execute(_NOTES), 1):
        rows = []
        while card is not None and card[0] <= key:
            reviews: list[Any] = []
            while log is not None and log[0] == card[1]:
                reviews.append(log)
                log = next(logs, None)
            passed += len(reviews)
            if card[0] == key:
                rows.append((card, reviews))
            else:
                report.remark("Cards without a note, left out")
            card = next(cards, None)
        note = _note(key, guid, mid, mod, tags, flds, rows, number, schema, days, report)
        if note is not None:
            yield note
        if number % _PROGRESS_EVERY == 0:
            progress(number)
    while card is not None:
        report.remark("Cards without a note, left out")
        card = next(cards, None)
    passed += sum(1 for _ in logs) + (log is not None)
    gone, total = connection.execute(_GONE).fetchone()
    report.remark("Answers in the log of cards that are gone, left out", count=gone)
    report.remark(
        "Answers in the log with impossible numbers, left out", count=total - gone - passed
    )
    progress(number)


class _Days(dict[int, str | None]):
    """Day numbers as ISO dates, each worked out once; None for a day that cannot be."""

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self._first = schema.first_day
        self.today = schema.dated.isoformat()

    def __missing__(self, number: int) -> str | None:
        try:
            day = self._first + timedelta(days=number)
        except OverflowError:
            return None
        found = day.isoformat() if date(1970, 1, 1) <= day < _LAST_DAY else None
        if len(self) < 100_000:
            self[number] = found
        return found


def _note(
    key: int,
    guid: object,
    mid: int,
    mod: object,
    tags: object,
    flds: object,
    rows: list[tuple[Any, list[Any]]],
    number: int,
    schema: Schema,
    days: _Days,
    report: Report,
) -> PackedNote | None:
    whole = text(flds)
    if ("src=" in whole or "[sound:" in whole) and len(report.named) < _MOST_NAMED:
        report.named.update(referred_to([whole]))
    values = whole.split("\x1f")
    notetype = schema.notetypes.get(mid)
    if notetype is None:
        report.refuse(_where(number, values), "Its note type is not in the package.")
        return None
    if max(map(len, values)) > LONGEST_FIELD:
        report.refuse(_where(number, []), f"A field is longer than {LONGEST_FIELD:,} characters.")
        return None
    if len(values) != len(notetype.fields):
        values = _fitted(values, len(notetype.fields), number, report)
    cards = []
    seen = set()
    templates = len(notetype.templates) if notetype.kind == "normal" else MOST_CARDS_OF_NOTE
    for row, reviews in rows:
        ord_ = row[3]
        if type(ord_) is not int or not 0 <= ord_ < templates:
            report.refuse(_where(number, values), "One of its cards has no template.")
        elif ord_ in seen:
            report.refuse(_where(number, values), f"It has its card {ord_ + 1} twice.")
        else:
            seen.add(ord_)
            cards.append(_card(row, reviews, number, schema, days, report))
    deck = cards[0].deck if cards else _deck_name(schema, DEFAULT_DECK)
    return PackedNote(
        _key(guid) or f"anki-{key}",
        "custom",
        dict(zip(notetype.fields, values, strict=True)),
        deck,
        notetype.key,
        _tags(tags) if tags else (),
        mod if type(mod) is int and 0 <= mod < _LATEST else 0,
        key if 0 < key < _LATEST_MS else 0,
        f"note {number}",
        cards=tuple(cards),
    )


def _key(raw: object) -> str:
    # Nearly all are plain; the long way costs.
    if type(raw) is bytes and len(raw) < 100:
        plain = raw.decode("utf-8", "replace")
        if plain.isascii() and plain.isprintable():
            return plain
    return name(raw)


def _where(number: int, values: list[str]) -> str:
    """A note as a person would look for it: its place, and how its first field begins."""
    begins = " ".join(_TAG.sub(" ", values[0][:2000]).split())[:60] if values else ""
    return f"note {number}: {begins}" if begins else f"note {number}"


def _fitted(values: list[str], wanted: int, number: int, report: Report) -> list[str]:
    """As many fields as the type has; nothing that was written is lost."""
    if len(values) < wanted:
        report.remark(
            "Notes with fewer fields than their type, the rest left empty", f"note {number}"
        )
        return values + [""] * (wanted - len(values))
    report.remark(
        "Notes with more fields than their type, what was over put into the last one",
        f"note {number}",
    )
    return [*values[: wanted - 1], "<br>".join(filter(None, values[wanted - 1 :]))]


@lru_cache(maxsize=4096)
def _tags(raw: object) -> tuple[str, ...]:
    plain = name_list(text(raw))
    return tuple(dict.fromkeys(plain))[:MOST_TAGS]


def name_list(joined: str) -> list[str]:
    """Tags as Anki keeps them, apart by spaces."""
    return [tag for it in joined.split() if (tag := name(it))]


def _card(
    row: Any, reviews: list[Any], number: int, schema: Schema, days: _Days, report: Report
) -> PackedCard:
    (
        _, key, did, ord_, mod, kind, queue, due, interval, ease, reps, lapses, left,
        home_due, home, flags, data,
    ) = row  # fmt: skip
    extra: dict[str, Any] = {"id": key, "mod": mod if type(mod) is int else 0}
    known = _data(data) if data and data != b"{}" else {}
    if home:
        # In a filtered deck; what it was before stands beside.
        extra["filtered"] = _deck_name(schema, did, filtered=True)
        did = home
        if type(home_due) is int and home_due != 0:
            due = home_due
    deck = schema.decks.get(did)
    if deck is None or deck.filtered:
        report.remark("Cards without a deck, put into “Default”")
    log = _log(reviews, report) if reviews else ()
    stability, difficulty = known.pop("s", None), known.pop("d", None)
    extra.update(known)
    bounded = _bounded(kind, interval, ease, reps, lapses)
    odd = bounded != (kind, interval, ease, reps, lapses)
    kind, interval, ease, reps, lapses = bounded
    due_day, due_at, position, last_at = None, None, known.get("pos"), None
    if kind == 0:
        stability = difficulty = None
        if type(due) is int and abs(due) < _LONGEST:
            position = due
    else:
        due_day, due_at = _due(kind, due, days)
        if due_day is None and due_at is None:
            due_day, odd = days.today, True
        last_at = known["lrt"] * 1000 if "lrt" in known else _last(log)
    if odd:
        report.remark("Cards with impossible numbers, put right", f"note {number}")
    return PackedCard(
        ord_,
        _deck_name(schema, did),
        STATES[kind],
        _HELD.get(queue, "") if type(queue) is int else "",
        due_day,
        due_at,
        position,
        interval,
        left % 1000 if type(left) is int and left > 0 else 0,
        ease,
        reps,
        lapses,
        flags & 7 if type(flags) is int else 0,
        stability,
        difficulty,
        last_at,
        extra,
        log,
    )


def _bounded(
    kind: Any, interval: Any, ease: Any, reps: Any, lapses: Any
) -> tuple[int, int, int, int, int]:
    """A card's numbers as they can be; what cannot be becomes the nearest that can."""
    try:
        if (
            0 <= kind <= 3
            and 0 <= interval <= _LONGEST_INTERVAL
            and 0 <= ease <= 65_535
            and 0 <= reps < _LONGEST
            and 0 <= lapses < _LONGEST
            and type(kind + interval + ease + reps + lapses) is int
        ):
            return kind, interval, ease, reps, lapses
    except TypeError:
        pass
    kind, interval, ease, reps, lapses = (
        min(max(value, 0), most) if type(value) is int else 0
        for value, most in (
            (kind if kind in range(4) else 0, 3),
            (interval, _LONGEST_INTERVAL),
            (ease, 65_535),
            (reps, _LONGEST),
            (lapses, _LONGEST),
        )
    )
    return kind, max(interval, 1) if kind == 2 else interval, ease, reps, lapses


def _due(kind: int, due: Any, days: _Days) -> tuple[str | None, int | None]:
    """The day of a review or of a step over days, or the moment of a step within one."""
    if type(due) is not int:
        return None, None
    if kind != 2 and due >= _MOMENTS:
        return None, due * 1000 if due < _LATEST else None
    return days[due], None


def _last(log: tuple[PackedReview, ...]) -> int | None:
    return next((review.at for review in reversed(log) if review.rating), None)


def _log(rows: list[Any], report: Report) -> tuple[PackedReview, ...]:
    """One card's log in time's order, without what is no row of whole numbers."""
    kept = [
        PackedReview(at, rating, kind, interval, last, factor, taken)
        for _, at, rating, kind, interval, last, factor, taken in rows[:MOST_REVIEWS_OF_CARD]
        # A fraction anywhere makes a fraction of the sum.
        if type(at + rating + kind + interval + last + factor + taken) is int
    ]
    if len(kept) < min(len(rows), MOST_REVIEWS_OF_CARD):
        report.remark("Cards with fractions in their log, left out")
    if len(rows) > MOST_REVIEWS_OF_CARD:
        report.remark(f"Cards with more than {MOST_REVIEWS_OF_CARD:,} answers, cut there")
    return tuple(kept)


_decode = json.JSONDecoder().decode


def _data(raw: object) -> dict[str, Any]:
    """What a card's JSON says, each value held against its bounds; junk is nothing."""
    try:
        found = _decode(raw.decode()) if isinstance(raw, bytes) else None
    except (ValueError, RecursionError):
        return {}
    if type(found) is not dict:
        return {}
    kept = {
        key: value
        for key, value in found.items()
        if (bounds := _BOUNDS.get(key)) is not None
        and type(value) in bounds[2]
        and bounds[0] <= value <= bounds[1]
    }
    custom = found.get("cd")
    if isinstance(custom, str) and 0 < len(custom) <= 1000:
        kept["cd"] = text(custom)
    return kept


_REAL, _WHOLE = (int, float), (int,)
_BOUNDS: dict[str, tuple[float, float, tuple[type, ...]]] = {
    "s": (0.000_01, 100_000, _REAL),
    "d": (1, 10, _REAL),
    "dr": (0.01, 1, _REAL),
    "decay": (0.01, 2, _REAL),
    "lrt": (1, _LATEST, _WHOLE),
    "pos": (0, _LONGEST, _WHOLE),
}


def _deck_name(schema: Schema, key: object, filtered: bool = False) -> str:
    deck = schema.decks.get(key) if isinstance(key, int) else None
    return deck.name if deck is not None and deck.filtered == filtered else "Default"
