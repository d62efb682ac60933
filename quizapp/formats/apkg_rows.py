"""The rows of an Anki collection, made of the notes of a package.

``extra`` of cards, note types and decks is written as the reader of packages leaves it:
see apkg_notes.py and apkg_schema.py. Filtered decks do not exist here: their cards stand in
the decks they come from.
"""

import hashlib
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

import msgspec

from quizapp.domain.cards import KINDS, card_count
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.templates import Context, cards_of
from quizapp.formats.apkg_media import refer
from quizapp.formats.apkg_tables import DEFAULT_PRESET, DeckRow, Head, begin, finish
from quizapp.formats.natives import native_types, plain_field, shown
from quizapp.formats.package import STATES, Package, PackedCard, PackedDeck, PackedNote, Refused

_BATCH = 1000
_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
# A due above this is a moment in seconds, below it a day: that is how Anki tells them apart.
_FIRST_MOMENT = 1_000_000_000
# Anki's check of a database finds fault with a new card at this place.
_FIRST_TOO_FAR = 1_000_000
# The largest number that Anki reads in most columns; one that is larger spoils the package.
_LARGEST = (1 << 31) - 2
_REVIEW = STATES.index("review")
_HELD = {"suspended": -1, "sibling": -2, "buried": -3}


@dataclass
class Run:
    """One run over the notes of a package; ids once taken are never given again.

    renamed    the names of media that get another one in the package
    """

    scheduling: bool
    now_ms: int
    notetypes: dict[str, tuple[int, NoteType]] = field(default_factory=dict)
    decks: dict[str, DeckRow] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    guids: set[str] = field(default_factory=set)
    note_ids: dict[int, int] = field(default_factory=dict)
    card_ids: dict[int, int] = field(default_factory=dict)
    log_ids: dict[int, int] = field(default_factory=dict)
    type_ids: dict[int, int] = field(default_factory=dict)
    deck_ids: dict[int, int] = field(default_factory=dict)
    first_day: int = 0
    presets: dict[int, Mapping[str, Any]] = field(default_factory=lambda: {1: DEFAULT_PRESET})
    position: int = 0
    notes: int = 0
    cards: int = 0
    reviews: int = 0
    left_out: list[Refused] = field(default_factory=list)
    rows: tuple[list[Any], list[Any], list[Any]] = field(default_factory=lambda: ([], [], []))


def collect(package: Package, path: Path, schema: int, run: Run) -> None:
    """Write the collection to a new file; what cannot be written is in ``run.left_out``."""
    run.deck_ids[1] = 2
    run.decks["default"] = DeckRow(1, "Default")
    run.first_day = run.now_ms // _DAY_MS
    for deck in sorted(package.decks, key=lambda deck: deck.name.count("::")):
        _deck(run, deck.name, deck)
    for notetype in package.notetypes:
        _add_type(run, notetype, notetype.key)
    db = sqlite3.connect(path, isolation_level=None)
    try:
        begin(db)
        db.execute("BEGIN")
        for note in package.notes:
            _note(run, note)
            if len(run.rows[0]) >= _BATCH:
                _flush(db, run)
        _flush(db, run)
        first = run.first_day - 1
        db.execute(
            "UPDATE cards SET due = due - ? WHERE type != 0 AND due < ?", [first, _FIRST_MOMENT]
        )
        _count_new(db, run)
        db.execute("COMMIT")
        head = Head(
            crt=first * 86400 + 4 * 3600,
            now_ms=run.now_ms,
            notetypes=list(run.notetypes.values()),
            decks=list(run.decks.values()),
            presets=list(run.presets.values()),
            position=run.position + 1,
        )
        finish(db, head, schema)
    finally:
        db.close()


def _count_new(db: sqlite3.Connection, run: Run) -> None:
    """Give new cards places from 1 on in the order they have, where one is too far for Anki."""
    if run.position < _FIRST_TOO_FAR:
        return
    db.execute(
        "CREATE TEMP TABLE places AS SELECT due, row_number() OVER (ORDER BY due) AS place"
        " FROM (SELECT DISTINCT due FROM cards WHERE type = 0)"
    )
    db.execute("CREATE UNIQUE INDEX temp.place_of ON places (due)")
    db.execute(
        "UPDATE cards SET due = (SELECT place FROM places WHERE places.due = cards.due)"
        " WHERE type = 0"
    )
    (run.position,) = db.execute("SELECT coalesce(max(place), 0) FROM places").fetchone()


def _flush(db: sqlite3.Connection, run: Run) -> None:
    notes, cards, log = run.rows
    db.executemany("INSERT INTO notes VALUES (?,?,?,?,-1,?,?,?,?,0,'')", notes)
    db.executemany("INSERT INTO cards VALUES (?,?,?,?,?,-1,?,?,?,?,?,?,?,?,0,0,?,?)", cards)
    db.executemany("INSERT INTO revlog VALUES (?,?,-1,?,?,?,?,?,?)", log)
    run.notes += len(notes)
    run.cards += len(cards)
    run.reviews += len(log)
    for rows in run.rows:
        rows.clear()


def free(taken: dict[int, int], wanted: int) -> int:
    """The first number from ``wanted`` on that was not given yet; it is given now.

    ``taken`` leads from each given number to one that may be free; the way is shortened as
    it is walked, so that many wishes for the same number stay cheap.
    """
    way = []
    while (after := taken.get(wanted)) is not None:
        way.append(wanted)
        wanted = after
    for passed in way:
        taken[passed] = wanted + 1
    taken[wanted] = wanted + 1
    return wanted


def _derived(text: str) -> int:
    """A number for what has none, of the size of Anki's ids and the same each time."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return 1_400_000_000_000 + int.from_bytes(digest[:5]) % 100_000_000_000


def _number(extra: Mapping[str, Any], name: str) -> int | None:
    value = extra.get(name)
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 53
    return value if known else None


# Notes


def _note(run: Run, note: PackedNote) -> None:
    try:
        id_, notetype, values = _fields(run, note)
    except Refusal as refusal:
        run.left_out.append(Refused(note.where or note.key, str(refusal)))
        return
    except (KeyError, TypeError, ValueError):
        run.left_out.append(Refused(note.where or note.key, "Its fields do not fit its kind."))
        return
    note_id = free(run.note_ids, note.created or run.now_ms)
    deck = _deck(run, note.deck)
    cards = note.cards or tuple(PackedCard(ord_, note.deck) for ord_ in _ords(note, notetype))
    modified = note.modified or note.created // 1000 or run.now_ms // 1000
    run.position += 1
    for card in {card.ord: card for card in cards}.values():
        of = deck if card.deck == note.deck else _deck(run, card.deck)
        _card(run, card, note_id, of, modified)
    sort = values[notetype.sort_field] if notetype.sort_field < len(values) else values[0]
    first = stripped(values[0])
    run.rows[0].append(
        (
            note_id,
            _guid(run, note),
            id_,
            modified,
            _tags(note.tags, run.scheduling),
            "\x1f".join(values),
            first if sort is values[0] else stripped(sort),
            checksum(first),
        )
    )


def _fields(run: Run, note: PackedNote) -> tuple[int, NoteType, Sequence[str]]:
    if note.kind in KINDS:
        notetype = native_types()[note.kind]
        values: Sequence[str] = shown(note)
        key = notetype.key
        if key in run.notetypes and run.notetypes[key][1].fields != notetype.fields:
            key = f"{key}, unchanged"
        if key not in run.notetypes:
            _add_type(run, notetype, key)
        return run.notetypes[key][0], notetype, values
    if note.notetype not in run.notetypes:
        raise Refusal("Its note type is missing; import the file it came from again.")
    id_, notetype = run.notetypes[note.notetype]
    if not notetype.fields:
        raise Refusal("Its note type has no fields; give it one.")
    values = [plain_field(str(note.fields.get(name, ""))) for name in notetype.fields]
    if run.renamed:
        values = [refer(value, run.renamed) for value in values]
    return id_, notetype, values


def _guid(run: Run, note: PackedNote) -> str:
    """The note's key; where two decks use the same, the second says its deck too."""
    guid = note.key or f"q-{_derived(repr((note.deck, sorted(note.fields.items()))))}"
    while guid in run.guids:
        guid = f"{guid}~{_derived(note.deck + guid) % 1_000_000}"
    run.guids.add(guid)
    return guid


def _tags(tags: Sequence[str], scheduling: bool) -> str:
    """Tags as Anki keeps them: one text with a space at both ends, none within a tag."""
    kept: dict[str, str] = {}
    for tag in tags:
        parts = [part.strip() or "blank" for part in tag.split("::")]
        name = re.sub(r"\s+", "_", "::".join(parts))
        if scheduling or name.casefold() not in ("leech", "marked"):
            kept.setdefault(name.casefold(), name)
    return f" {' '.join(kept.values())} " if kept else ""


_MEDIA = re.compile(
    r"<(?:img|audio|video|source|object)\b[^>]*?\b(?:src|data)\s*=\s*"
    r"""(?:"([^"]*)"|'([^']*)'|([^\s>]+))[^>]*>""",
    re.IGNORECASE,
)
_WHOLE = {
    opener: re.compile(closer, re.IGNORECASE | re.DOTALL)
    for opener, closer in (
        ("<!--", "-->"),
        ("<style", ">.*?</style>"),
        ("<script", ">.*?</script>"),
    )
}


def stripped(html: str) -> str:
    """A field without its markup, media named: what Anki sorts and compares notes by."""
    if "<" in html:
        html = _without_markup(html)
    return unescape(html).replace("\xa0", " ") if "&" in html else html


def _without_markup(html: str) -> str:
    """Goes through the text once, whatever a stranger put in it."""
    kept, place = [], 0
    openers = dict(_WHOLE)
    while (start := html.find("<", place)) >= 0:
        kept.append(html[place:start])
        if media := _MEDIA.match(html, start):
            kept.append(f" {media[1] or media[2] or media[3] or ''} ")
            place = media.end()
            continue
        begun = html[start : start + 7].lower()
        for opener in [opener for opener in openers if begun.startswith(opener)]:
            if closed := openers[opener].search(html, start + len(opener)):
                place = closed.end()
                break
            del openers[opener]
        else:
            place = html.find(">", start) + 1
            if not place:
                place = start
                break
    kept.append(html[place:])
    return "".join(kept)


def checksum(text: str) -> int:
    """The first four bytes of the SHA-1 of a ``stripped`` first field."""
    digest = hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4])


def _ords(note: PackedNote, notetype: NoteType) -> list[int]:
    """Which cards a note makes that came without any."""
    if note.kind in KINDS:
        return list(range(card_count(note.kind, note.fields)))
    return cards_of(notetype, note.fields, Context(note.deck, note.tags))


# Cards and the log


def _card(run: Run, card: PackedCard, note_id: int, deck: int, modified: int) -> None:
    extra = card.extra
    id_ = free(run.card_ids, _number(extra, "id") or note_id)
    if not run.scheduling:
        row = (id_, note_id, deck, card.ord, modified, 0, 0, run.position, *[0] * 5, 0, "{}")
        run.rows[1].append(row)
        return
    kind, queue, due = _due(run, card)
    mod = _number(extra, "mod") or (card.last_at or 0) // 1000 or modified
    run.rows[1].append(
        (
            id_, note_id, deck, card.ord, mod, kind, queue, due, max(0, card.interval),
            card.ease, card.reps, card.lapses, card.left, card.flag & 7, _data(card),
        )
    )  # fmt: skip
    for review in card.reviews:
        run.rows[2].append(
            (
                free(run.log_ids, review.at), id_, review.rating, review.interval,
                review.last_interval, review.factor, min(review.milliseconds, _LARGEST),
                review.logged,
            )
        )  # fmt: skip


def _due(run: Run, card: PackedCard) -> tuple[int, int, int]:
    """Anki's type, queue and due; days count from 1970 until all are known."""
    kind = STATES.index(card.state)
    if kind == 0:
        queue, due = 0, run.position if card.position is None else card.position
        due = max(-_LARGEST, min(due, _LARGEST))
        run.position = max(run.position, due)
    elif card.due_at is not None and kind != _REVIEW and card.due_at >= _FIRST_MOMENT * 1000:
        queue, due = 1, card.due_at // 1000
    else:
        queue = 2 if kind == _REVIEW else 3
        due = _day(card.due) if card.due else (card.due_at or run.now_ms) // _DAY_MS
        if kind != _REVIEW and card.held:
            # Anki's import moves the day of a learning card only where it waits in its
            # queue. Noon of that day is the same day wherever the card goes.
            due = due * 86400 + 43200
        else:
            run.first_day = min(run.first_day, due)
    return kind, _HELD.get(card.held, queue), due


@lru_cache(maxsize=4096)
def _day(iso: str) -> int:
    return (date.fromisoformat(iso) - _EPOCH).days


_encode = msgspec.json.Encoder().encode


def _data(card: PackedCard) -> str:
    """What Anki keeps as JSON: place among the new, FSRS memory, last answer, custom data."""
    extra = card.extra
    custom = extra.get("cd")
    kept = {
        "pos": _real(extra, "pos", card.position if card.state != "new" else None),
        "s": card.stability and round(card.stability, 4),
        "d": card.difficulty and round(card.difficulty, 3),
        "dr": _real(extra, "dr"),
        "decay": _real(extra, "decay"),
        # What came with the card may be older than its last answer here.
        "lrt": card.last_at // 1000 if card.last_at else _real(extra, "lrt"),
        "cd": custom if isinstance(custom, str) else None,
    }
    return _encode({k: v for k, v in kept.items() if v is not None}).decode()


def _real(extra: Mapping[str, Any], name: str, usual: int | None = None) -> float | None:
    """A number that came with a card; JSON lines may hold anything there."""
    value = extra.get(name, usual)
    return value if type(value) in (int, float) and abs(value) < 1 << 53 else None


# Decks and note types


def _deck(run: Run, name: str, known: PackedDeck | None = None) -> int:
    """The id of a deck by its full name, with its parents; names differ by more than case."""
    found = run.decks.get(name.casefold())
    if found and known is None:
        return found.id
    parts = [_deck_part(part) for part in name.split("::")]
    full = ""
    for depth, part in enumerate(parts, 1):
        full = f"{full}::{part}" if full else part
        if full.casefold() not in run.decks:
            wanted = _number(known.extra, "id") if known and depth == len(parts) else None
            id_ = free(run.deck_ids, wanted or _derived(f"deck {full}"))
            run.decks[full.casefold()] = DeckRow(id_, full)
        full = run.decks[full.casefold()].name
    row = run.decks[full.casefold()]
    if known:
        row = run.decks[full.casefold()] = _described(run, row, known)
    return row.id


def _described(run: Run, row: DeckRow, known: PackedDeck) -> DeckRow:
    """A deck with its description, and its limits where they go along."""
    markdown = known.extra.get("markdown") is True
    row = replace(row, description=known.description, markdown=markdown)
    if not run.scheduling:
        return row
    options = known.extra.get("preset")
    preset = _preset(run, options)

    def own(value: Any, name: str) -> Any:
        return None if options and value == preset[name] else value

    return replace(
        row,
        preset=preset["id"],
        new_limit=own(known.new_per_day, "new_per_day"),
        review_limit=own(known.reviews_per_day, "reviews_per_day"),
        desired_retention=own(known.desired_retention, "desired_retention"),
    )


def _preset(run: Run, options: Any) -> Mapping[str, Any]:
    """Options that decks share, once; two under one id get two.

    Anki's own default options are never changed by an import, so that somebody's changed
    ones need an id of their own.
    """
    if not isinstance(options, Mapping) or _number(options, "id") is None:
        return DEFAULT_PRESET
    known = {name: value for name, value in options.items() if value is not None}
    whole = {**DEFAULT_PRESET, **known}
    if whole["id"] == 1 and whole != DEFAULT_PRESET:
        whole["id"] = _derived("options of a collection")
    while run.presets.get(whole["id"], whole) != whole:
        whole["id"] += 1
    run.presets[whole["id"]] = whole
    return whole


def _deck_part(name: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "", name).strip() or "blank"


def _add_type(run: Run, notetype: NoteType, key: str) -> None:
    """Give a note type its id, and a name that no other has."""
    wanted = int(notetype.key) if re.fullmatch(r"[1-9]\d{0,15}", notetype.key) else None
    id_ = free(run.type_ids, wanted or _derived(f"type {notetype.key}"))
    names = {known.name.casefold() for _, known in run.notetypes.values()}
    name = notetype.name or "blank"
    while name.casefold() in names:
        name += "+"
    run.notetypes[key] = (id_, replace(notetype, name=name))
