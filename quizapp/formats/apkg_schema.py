"""What a collection's notes stand on: note types, decks and options, of both schemas.

Schema 11 keeps them as JSON in one row; schema 18 in tables with protobuf in them. Either
way they become the same values.

``NoteType.extra`` holds, where they differ from nothing: ``id``, ``modified`` (seconds),
``stock``, ``original_id``, ``latex_head``, ``latex_foot``, ``latex_svg``, ``fields`` (for
each: font, size, rtl, sticky, description, plain_text, collapsed, unsearched, id, tag) and
``templates`` (for each: id, deck, browser_question, browser_answer). ``PackedDeck.extra``
holds ``id``, ``markdown`` and the options it follows as ``preset``: id, name, new_per_day,
reviews_per_day, learning_steps and relearning_steps (minutes), maximum_interval (days),
leech_threshold, desired_retention, historical_retention, weights.
"""

import json
import math
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats import protobuf
from quizapp.formats.archives import damaged
from quizapp.formats.package import PackedDeck

DEFAULT_DECK = DEFAULT_PRESET = 1
OLD, NEW = 11, 18
LONGEST_NAME = 2_000
MOST_TYPES, MOST_DECKS, MOST_PARTS = 2_000, 20_000, 500

_STOCK_OCCLUSION = 6
_LATEST = 1 << 33


@dataclass(frozen=True)
class Deck:
    """A deck as cards refer to it; the cards of a filtered one live elsewhere."""

    name: str
    filtered: bool
    packed: PackedDeck


@dataclass(frozen=True)
class Schema:
    """All but the notes.

    first_day  the calendar day that day numbers count from
    dated      the calendar day the collection was last changed
    whole      whether it is somebody's whole collection, with its settings
    """

    first_day: date
    dated: date
    whole: bool
    notetypes: Mapping[int, NoteType]
    decks: Mapping[int, Deck]


def schema(connection: sqlite3.Connection) -> Schema:
    """Read it from whichever schema the collection has.

    Raises Refusal for a newer one, and where it cannot be read.
    """
    row = connection.execute("SELECT crt, mod, ver, conf FROM col LIMIT 1").fetchone()
    if row is None:
        raise damaged("its collection lacks its first row")
    crt, mod, version, conf = row
    if version == OLD:
        settings = loaded(conf) if conf else {}
        if not isinstance(settings, dict):
            raise damaged("its settings cannot be read")
        parts = _old
    elif version == NEW:
        rows = connection.execute("SELECT KEY, val FROM config")
        wanted = ("creationOffset", "rollover", "fsrs", "lastUnburied")
        settings = {key: loaded(val) for raw, val in rows if (key := text(raw)) in wanted}
        parts = _new
    else:
        raise damaged("its collection is of a version that was never in a package")
    whole = bool(settings.keys() & {"rollover", "lastUnburied"})
    notetypes, decks = parts(connection, whole)
    offset = integer(settings.get("creationOffset"), -1440, 1440, None)
    created = integer(crt, 0, _LATEST, 0)
    changed = integer(mod, 0, _LATEST * 1000, 0) // 1000
    west = _offset(created) if offset is None else offset
    return Schema(
        first_day=_day(created, west),
        dated=_day(changed, west),
        whole=whole,
        notetypes=notetypes,
        decks=decks,
    )


def version(connection: sqlite3.Connection) -> int:
    """The number of the collection's schema, 0 where it names none."""
    row = connection.execute("SELECT ver FROM col LIMIT 1").fetchone()
    return integer(row[0], 0, 1_000_000, 0) if row else 0


def text(raw: object) -> str:
    """Bytes of a collection as text without NUL, whatever they are."""
    if isinstance(raw, bytes):
        return raw.decode("utf-8", "replace").replace("\0", "")
    if isinstance(raw, str):
        return raw.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return "" if raw is None else str(raw)


def name(raw: object) -> str:
    """A name or a tag: normal form C, without control characters, of bearable length."""
    plain = text(raw)
    if not (plain.isascii() and plain.isprintable()):
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cc")
        plain = unicodedata.normalize("NFC", plain)
    return plain[:LONGEST_NAME]


def integer(value: object, low: int, high: int, default: Any) -> Any:
    """A whole number within bounds; the default for everything else."""
    return value if type(value) is int and low <= value <= high else default


def real(value: object, low: float, high: float) -> float | None:
    """A number within bounds; None for everything else."""
    if type(value) not in (int, float):
        return None
    assert isinstance(value, int | float)
    return float(value) if low <= value <= high else None


def loaded(raw: object) -> Any:
    """JSON of a collection. Raises Refusal where it is none."""
    try:
        return json.loads(text(raw))
    except (ValueError, RecursionError):
        raise damaged("its settings cannot be read") from None


def _day(seconds: int, minutes_west: int) -> date:
    return (datetime.fromtimestamp(seconds, UTC) - timedelta(minutes=minutes_west)).date()


def _offset(created: int) -> int:
    """Minutes west of UTC where none are stored: a collection begins at 4 in the morning."""
    hours_west = datetime.fromtimestamp(created, UTC).hour - 4
    return 60 * (hours_west if hours_west <= 12 else hours_west - 24)


def _old(
    connection: sqlite3.Connection, whole: bool
) -> tuple[dict[int, NoteType], dict[int, Deck]]:
    models, decks, dconf = connection.execute("SELECT models, decks, dconf FROM col").fetchone()
    notetypes = {}
    for key, model in _numbered(loaded(models), MOST_TYPES):
        made = _old_type(key, model)
        if made:
            notetypes[key] = made
    presets = {key: _old_preset(key, it) for key, it in _numbered(loaded(dconf), MOST_DECKS)}
    _drop_default(presets, whole)
    return notetypes, {
        key: _old_deck(key, deck, presets) for key, deck in _numbered(loaded(decks), MOST_DECKS)
    }


def _numbered(found: object, most: int) -> list[tuple[int, dict[str, Any]]]:
    if not isinstance(found, dict) or len(found) > most:
        raise damaged("its settings cannot be read")
    items = []
    for key, value in found.items():
        try:
            number = int(key)
        except ValueError:
            continue
        if isinstance(value, dict) and abs(number) < 1 << 63:
            items.append((number, value))
    return items


def _listed(found: object) -> list[dict[str, Any]]:
    """The parts of a note type in their order."""
    if not isinstance(found, list):
        return []
    parts = [part for part in found if isinstance(part, dict)][:MOST_PARTS]
    return sorted(parts, key=lambda part: integer(part.get("ord"), 0, 1 << 31, 0))


def _old_type(key: int, model: dict[str, Any]) -> NoteType | None:
    fields, templates = _listed(model.get("flds")), _listed(model.get("tmpls"))
    stock = integer(model.get("originalStockKind"), 0, 1000, 0)
    extra = {
        "modified": integer(model.get("mod"), 0, _LATEST, 0),
        "stock": stock,
        "original_id": integer(model.get("originalId"), -(1 << 63), 1 << 63, 0),
        "latex_head": text(model.get("latexPre")),
        "latex_foot": text(model.get("latexPost")),
        "latex_svg": model.get("latexsvg") is True,
        "fields": [
            _without_blanks(
                {
                    "font": name(field.get("font")),
                    "size": integer(field.get("size"), 0, 1000, 0),
                    "rtl": field.get("rtl") is True,
                    "sticky": field.get("sticky") is True,
                    "description": text(field.get("description")),
                    "plain_text": field.get("plainText") is True,
                    "collapsed": field.get("collapsed") is True,
                    "unsearched": field.get("excludeFromSearch") is True,
                    "id": integer(field.get("id"), -(1 << 63), 1 << 63, 0),
                    "tag": integer(field.get("tag"), 0, 1000, None),
                }
            )
            for field in fields
        ],
        "templates": [
            _without_blanks(
                {
                    "id": integer(template.get("id"), -(1 << 63), 1 << 63, 0),
                    "deck": integer(template.get("did"), 1, 1 << 63, 0),
                    "browser_question": text(template.get("bqfmt")),
                    "browser_answer": text(template.get("bafmt")),
                }
            )
            for template in templates
        ],
    }
    return _note_type(
        key,
        model.get("name"),
        cloze=model.get("type") == 1,
        stock=stock,
        fields=[field.get("name") for field in fields],
        templates=[(t.get("name"), t.get("qfmt"), t.get("afmt")) for t in templates],
        css=model.get("css"),
        sort_field=model.get("sortf"),
        extra=extra,
    )


def _old_preset(key: int, options: dict[str, Any]) -> dict[str, Any]:
    def part(name: str) -> dict[str, Any]:
        found = options.get(name)
        return found if isinstance(found, dict) else {}

    weights: Any = next(
        (found for k in ("fsrsParams6", "fsrsParams5", "fsrsWeights") if (found := options.get(k))),
        [],
    )
    return _preset(
        key,
        options.get("name"),
        new_per_day=part("new").get("perDay"),
        reviews_per_day=part("rev").get("perDay"),
        learning_steps=part("new").get("delays"),
        relearning_steps=part("lapse").get("delays"),
        maximum_interval=part("rev").get("maxIvl"),
        leech_threshold=part("lapse").get("leechFails"),
        desired_retention=options.get("desiredRetention"),
        historical_retention=options.get("sm2Retention"),
        weights=weights,
    )


def _old_deck(key: int, deck: dict[str, Any], presets: Mapping[int, dict[str, Any]]) -> Deck:
    return _deck(
        key,
        text(deck.get("name")).split("::"),
        filtered=deck.get("dyn") in (1, True),
        description=deck.get("desc"),
        markdown=deck.get("md") is True,
        preset=presets.get(integer(deck.get("conf"), 0, 1 << 63, 0)),
        new_per_day=deck.get("newLimit"),
        reviews_per_day=deck.get("reviewLimit"),
        # A whole number of per cent in this schema.
        desired_retention=_share(deck.get("desiredRetention")),
    )


def _share(per_cent: object) -> float | None:
    found = real(per_cent, 0, 100)
    return None if found is None else found / 100 if found > 1 else found


def _new(
    connection: sqlite3.Connection, whole: bool
) -> tuple[dict[int, NoteType], dict[int, Deck]]:
    try:
        return _new_types(connection), _new_decks(connection, whole)
    except (ValueError, TypeError, AttributeError):
        raise damaged("its note types or decks cannot be read") from None


def _new_types(connection: sqlite3.Connection) -> dict[int, NoteType]:
    fields: dict[int, list[tuple[str, dict[int, protobuf.Value]]]] = {}
    templates: dict[int, list[tuple[str, dict[int, protobuf.Value]]]] = {}
    for table, into in (("fields", fields), ("templates", templates)):
        query = f"SELECT ntid, ord, name, config FROM {table} ORDER BY ntid, ord"  # noqa: S608
        for ntid, _, raw, config in connection.execute(query):
            parts = into.setdefault(ntid, [])
            if len(parts) < MOST_PARTS:
                parts.append((text(raw), protobuf.message(config)))
    rows = connection.execute("SELECT id, name, mtime_secs, config FROM notetypes")
    found = {}
    for key, raw, modified, config in rows.fetchmany(MOST_TYPES):
        made = _new_type(
            key,
            raw,
            modified,
            protobuf.message(config),
            fields.get(key, []),
            templates.get(key, []),
        )
        if made:
            found[key] = made
    return found


def _new_type(
    key: int,
    raw: object,
    modified: object,
    config: dict[int, protobuf.Value],
    fields: list[tuple[str, dict[int, protobuf.Value]]],
    templates: list[tuple[str, dict[int, protobuf.Value]]],
) -> NoteType | None:
    extra = {
        "modified": integer(modified, 0, _LATEST, 0),
        "stock": protobuf.whole(config, 9),
        "original_id": _signed(protobuf.whole(config, 10)),
        "latex_head": text(protobuf.octets(config, 5)),
        "latex_foot": text(protobuf.octets(config, 6)),
        "latex_svg": bool(protobuf.whole(config, 7)),
        "fields": [
            _without_blanks(
                {
                    "font": name(protobuf.octets(field, 3)),
                    "size": min(protobuf.whole(field, 4), 1000),
                    "rtl": bool(protobuf.whole(field, 2)),
                    "sticky": bool(protobuf.whole(field, 1)),
                    "description": text(protobuf.octets(field, 5)),
                    "plain_text": bool(protobuf.whole(field, 6)),
                    "collapsed": bool(protobuf.whole(field, 7)),
                    "unsearched": bool(protobuf.whole(field, 8)),
                    "id": _signed(protobuf.whole(field, 9)),
                    "tag": integer(field.get(10), 0, 1000, None),
                }
            )
            for _, field in fields
        ],
        "templates": [
            _without_blanks(
                {
                    "id": _signed(protobuf.whole(template, 8)),
                    "deck": integer(template.get(5), 1, 1 << 63, 0),
                    "browser_question": text(protobuf.octets(template, 3)),
                    "browser_answer": text(protobuf.octets(template, 4)),
                }
            )
            for _, template in templates
        ],
    }
    return _note_type(
        key,
        raw,
        cloze=protobuf.whole(config, 1) == 1,
        stock=protobuf.whole(config, 9),
        fields=[field for field, _ in fields],
        templates=[
            (template, protobuf.octets(it, 1), protobuf.octets(it, 2)) for template, it in templates
        ],
        css=protobuf.octets(config, 3),
        sort_field=protobuf.whole(config, 2),
        extra=extra,
    )


def _new_decks(connection: sqlite3.Connection, whole: bool) -> dict[int, Deck]:
    presets = {}
    rows = connection.execute("SELECT id, name, config FROM deck_config")
    for key, raw, config in rows.fetchmany(MOST_DECKS):
        options = protobuf.message(config)
        presets[key] = _preset(
            key,
            raw,
            new_per_day=options.get(9, 0),
            reviews_per_day=options.get(10, 0),
            learning_steps=protobuf.singles(options, 1),
            relearning_steps=protobuf.singles(options, 2),
            maximum_interval=options.get(16),
            leech_threshold=options.get(22, 0),
            desired_retention=_rounded(protobuf.single(options, 37)),
            historical_retention=_rounded(protobuf.single(options, 40)),
            weights=next((w for n in (6, 5, 3) if (w := protobuf.singles(options, n))), []),
        )
    _drop_default(presets, whole)
    decks = {}
    rows = connection.execute("SELECT id, name, kind FROM decks")
    for key, raw, blob in rows.fetchmany(MOST_DECKS):
        kind = protobuf.message(blob)
        normal = protobuf.message(protobuf.octets(kind, 1))
        decks[key] = _deck(
            key,
            text(raw).split("\x1f"),
            filtered=2 in kind,
            description=protobuf.octets(normal, 4),
            markdown=bool(protobuf.whole(normal, 5)),
            preset=presets.get(protobuf.whole(normal, 1, DEFAULT_PRESET)),
            new_per_day=normal.get(7),
            reviews_per_day=normal.get(6),
            desired_retention=_rounded(protobuf.single(normal, 10)),
        )
    return decks


def _drop_default(presets: dict[int, dict[str, Any]], whole: bool) -> None:
    """Deck options called Default are everybody's own; in a package they say nothing."""
    if not whole:
        presets.pop(DEFAULT_PRESET, None)


def _note_type(
    key: int,
    raw: object,
    *,
    cloze: bool,
    stock: int,
    fields: list[object],
    templates: Iterable[tuple[object, object, object]],
    css: object,
    sort_field: object,
    extra: dict[str, Any],
) -> NoteType | None:
    """A note type of either schema; None for one that cannot make a card."""
    names = _unlike([name(field) or "Field" for field in fields])
    made = tuple(
        Template(name(title) or f"Card {n}", text(question), text(answer))
        for n, (title, question, answer) in enumerate(templates, 1)
    )
    if not names or not made:
        return None
    kind = "occlusion" if cloze and stock == _STOCK_OCCLUSION else "cloze" if cloze else "normal"
    return NoteType(
        key=str(key),
        name=name(raw) or "Note type",
        kind=kind,
        fields=names,
        templates=made[:1] if cloze else made,
        css=text(css),
        sort_field=integer(sort_field, 0, len(names) - 1, 0),
        extra={"id": key, **_without_blanks(extra)},
    )


def _unlike(names: list[str]) -> tuple[str, ...]:
    """Field names told apart: notes are read by them."""
    seen: set[str] = set()
    for at in range(len(names)):
        while names[at] in seen:
            names[at] += "+"
        seen.add(names[at])
    return tuple(names)


def _preset(
    key: int,
    raw: object,
    *,
    new_per_day: object,
    reviews_per_day: object,
    learning_steps: object,
    relearning_steps: object,
    maximum_interval: object,
    leech_threshold: object,
    desired_retention: object,
    historical_retention: object,
    weights: object,
) -> dict[str, Any]:
    return {
        "id": key,
        "name": name(raw),
        "new_per_day": integer(new_per_day, 0, 100_000, None),
        "reviews_per_day": integer(reviews_per_day, 0, 100_000, None),
        "learning_steps": _numbers(learning_steps, 0, 1e6, 100),
        "relearning_steps": _numbers(relearning_steps, 0, 1e6, 100),
        "maximum_interval": integer(maximum_interval, 1, 36_500, None),
        "leech_threshold": integer(leech_threshold, 0, 10_000, None),
        "desired_retention": real(desired_retention, 0.5, 0.999),
        "historical_retention": real(historical_retention, 0.5, 0.999),
        "weights": _numbers(weights, -1000, 1000, 50),
    }


def _deck(
    key: int,
    parts: list[str],
    *,
    filtered: bool,
    description: object,
    markdown: bool,
    preset: dict[str, Any] | None,
    new_per_day: object,
    reviews_per_day: object,
    desired_retention: object,
) -> Deck:
    full = "::".join(name(part).strip() or "blank" for part in parts)[:LONGEST_NAME]
    followed = preset or {}

    def limit(own: object, otherwise: str) -> int | None:
        found: int | None = integer(own, 0, 100_000, followed.get(otherwise))
        return found

    retention = real(desired_retention, 0.5, 0.999)
    return Deck(
        full,
        filtered,
        PackedDeck(
            name=full,
            description=text(description)[:100_000],
            new_per_day=limit(new_per_day, "new_per_day"),
            reviews_per_day=limit(reviews_per_day, "reviews_per_day"),
            desired_retention=followed.get("desired_retention") if retention is None else retention,
            extra=_without_blanks(
                {"id": key, "markdown": markdown, "preset": _without_blanks(followed)}
            ),
        ),
    )


def _numbers(found: object, low: float, high: float, most: int) -> list[float]:
    if not isinstance(found, list):
        return []
    return [n for it in found[:most] if (n := _rounded(real(it, low, high))) is not None]


def _rounded(number: float | None) -> float | None:
    """A number of four bytes as it was before it lost its last digits."""
    return None if number is None or not math.isfinite(number) else float(f"{number:.6g}")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _without_blanks(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value not in (None, "", 0, [], {})}
