r"""A package as JSON lines: the export of everything, and what waits between a preview and
its commit.

UTF-8, one JSON object on each line, lines apart by ``\n``. A value that is left out has the
default given here. Words in capitals are types: TEXT (a string), NAME (a string of one
line, in normal form C, without control characters, not empty), WHOLE (a whole number), REAL
(a number), OBJECT (any object, 50 levels deep at most), [X] (a list of X).

The first line says what this is::

    {"format": "quizapp", "version": 1, "source": NAME, "progress": true|false = false,
     "dated": "YYYY-MM-DD" = ""}

``source`` is the format it came from, ``progress`` whether it brings states, due dates or a
log. Then, before the first note, in any order::

    {"notetype": {"key": NAME, "name": NAME, "kind": "normal"|"cloze"|"occlusion",
        "fields": [NAME], "templates": [[NAME name, TEXT question, TEXT answer]],
        "css": TEXT = "", "sort_field": WHOLE = 0, "extra": OBJECT = {}}}
    {"deck": {"name": NAME, "description": TEXT = "", "new_per_day": WHOLE, "reviews_per_day":
        WHOLE, "desired_retention": REAL from 0.5 to 0.999, "extra": OBJECT = {}}}
    {"medium": {"name": NAME, "digest": SHA-256 in hexadecimal, "size": WHOLE}}

The bytes of a medium lie in the folder ``media`` beside the file, named by their digest. And
for each note::

    {"note": {"key": NAME, "kind": "custom"|"basic"|"reversed"|"typed"|"cloze"|"choice",
        "fields": OBJECT, "deck": NAME, "notetype": NAME of a key above, where kind is
        "custom", "tags": [NAME] = [], "modified": WHOLE seconds = 0, "created": WHOLE
        milliseconds = 0, "where": TEXT = "", "topic", "reference", "objective", "level":
        TEXT = "", "domains": [TEXT] = [], "pool": "study"|"mock" = "study",
        "cards": [CARD] = []}}

``fields`` of a custom note: a TEXT of HTML for each field of its type. Of a basic or reversed
note: ``front`` and ``back``; typed: also ``also``, a [TEXT]; cloze: ``text``; choice: ``stem``
and ``options``, a list of {"text": TEXT, "correct": true|false, "rationale": TEXT}. No cards
means all that the kind makes, new. A CARD::

    {"ord": WHOLE from 0 to 499, "deck": NAME, "state": "new"|"learning"|"review"|"relearning"
        = "new", "held": ""|"suspended"|"buried"|"sibling" = "", "due": "YYYY-MM-DD", "due_at":
        WHOLE milliseconds, "position": WHOLE, "interval": WHOLE days = 0, "left": WHOLE = 0,
        "ease": WHOLE, x 1000 = 0, "reps": WHOLE = 0, "lapses": WHOLE = 0, "flag": WHOLE from
        0 to 7 = 0, "stability": REAL days, "difficulty": REAL from 1 to 10, "last_at": WHOLE
        milliseconds, "extra": OBJECT = {}, "reviews": [REVIEW] = []}

with ``due`` or ``due_at``, never both. A REVIEW is a list of seven WHOLE numbers: moment in
milliseconds, rating 0 to 4, kind 0 to 5 (learn, review, relearn, early, manual,
rescheduled), interval, interval before (days above zero, seconds below), factor,
milliseconds taken. Anywhere after the first line::

    {"refused": {"where": TEXT, "reason": TEXT}}     what could not be taken, and why
    {"remark": TEXT}                                 what the reader did that one should know
"""

import json
import re
import unicodedata
import weakref
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from quizapp.domain.cards import KINDS as OWN_KINDS
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import KINDS, NoteType, Template
from quizapp.formats.archives import media_name
from quizapp.formats.package import (
    HELD,
    STATES,
    Package,
    PackedCard,
    PackedDeck,
    PackedMedia,
    PackedNote,
    PackedReview,
    Refused,
)

FORMAT, VERSION = "quizapp", 1
LONGEST_LINE = 64 << 20
LONGEST_NAME, LONGEST_TEXT = 2_000, 20_000_000
MOST_NOTES = 250_000
MOST_HEADS = 60_000
MOST_TOLD = 10_000
DEEPEST = 50
POOLS = ("study", "mock")
# Why a medium is refused whose bytes are not beside the file.
NO_BYTES = "Its bytes did not come with the file."

_LATEST = (1 << 33) * 1000
_LONG = 1 << 31
_DIGEST = re.compile(r"[0-9a-f]{64}")


def write(
    package: Package,
    path: Path,
    told: Callable[[PackedNote, int, int], None] = lambda note, place, length: None,
) -> int:
    """Write a package down, its notes as they stream. Raises what reading them raises.

    ``told`` hears of each note where its line stands, in bytes, and how long it is. Returns
    where the notes end.
    """
    with path.open("wb") as file:
        head = {
            "format": FORMAT,
            "version": VERSION,
            "source": package.source,
            "progress": package.progress,
            "dated": package.dated,
        }
        file.write(_line(head))
        for notetype in package.notetypes:
            file.write(_line({"notetype": _of_notetype(notetype)}))
        for deck in package.decks:
            file.write(_line({"deck": _of_deck(deck)}))
        for medium in package.media:
            file.write(_line({"medium": _of_medium(medium)}))
        place = file.tell()
        for note in package.notes:
            length = file.write(_line({"note": _of_note(note)}))
            told(note, place, length)
            place += length
        for refused in package.refused:
            file.write(_line({"refused": {"where": refused.where, "reason": refused.reason}}))
        for remark in package.remarks:
            file.write(_line({"remark": remark}))
    return place


def read(path: Path, media_in: Path | None = None) -> Package:
    """A package that was written down; its notes stream from the file.

    ``media_in`` is the folder with its media, "media" beside the file where none is given.
    Raises Refusal that names the line, also while the notes are read.
    """
    file = path.open("rb")
    try:
        return _opened(file, media_in or path.parent / "media")
    except BaseException:
        file.close()
        raise


def heads(path: Path, media_in: Path | None = None) -> Package:
    """A package that was written down, without its notes and what follows them."""
    with path.open("rb") as file:
        package = _opened(file, media_in or path.parent / "media")
        package.notes = ()
        return package


def note_at(file: BinaryIO, place: int, length: int, types: Mapping[str, NoteType]) -> PackedNote:
    """The note whose line stands at a place of an open file, in bytes.

    Raises Refusal where no note is there.
    """
    file.seek(max(0, place))
    line = file.read(min(max(0, length), LONGEST_LINE))
    try:
        found = _decode(line.decode())
        if not isinstance(found, dict) or found.keys() != {"note"}:
            raise _Wrong("it is no note")
        return _note(found["note"], types)
    except (ValueError, RecursionError):
        _refuse(0, _Wrong("it is not JSON"))
    except _Wrong as wrong:
        _refuse(0, wrong)


def take_rest(package: Package, path: Path, place: int) -> None:
    """Add to a package what was refused and remarked, which follows its notes."""
    with path.open("rb") as file:
        file.seek(place)
        for _, found in _lines(file):
            try:
                _take(found, package, None)
            except _Wrong as wrong:
                _refuse(0, wrong)


_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), allow_nan=False
).encode


def _plainly(defaults: Mapping[str, Any]) -> Callable[[object], dict[str, Any]]:
    """What gives a value's parts by name, without those that are as they would be anyway."""
    parts, usual = attrgetter(*defaults), tuple(defaults.items())

    def plain(value: object) -> dict[str, Any]:
        return {
            name: part
            for (name, default), part in zip(usual, parts(value), strict=True)
            if part != default
        }

    return plain


_of_deck = _plainly(
    {
        "name": None,
        "description": "",
        "new_per_day": None,
        "reviews_per_day": None,
        "desired_retention": None,
        "extra": {},
    }
)
_of_medium = _plainly({"name": None, "digest": None, "size": None})
_card_parts = _plainly(
    {
        "ord": None,
        "deck": None,
        "state": "new",
        "held": "",
        "due": None,
        "due_at": None,
        "position": None,
        "interval": 0,
        "left": 0,
        "ease": 0,
        "reps": 0,
        "lapses": 0,
        "flag": 0,
        "stability": None,
        "difficulty": None,
        "last_at": None,
    }
)
_note_parts = _plainly(
    {
        "key": None,
        "kind": None,
        "fields": None,
        "deck": None,
        "notetype": "",
        "modified": 0,
        "created": 0,
        "where": "",
        "topic": "",
        "reference": "",
        "objective": "",
        "level": "",
        "pool": "study",
    }
)


def _line(value: Mapping[str, Any]) -> bytes:
    return (_encode(value) + "\n").encode("utf-8", "replace")


def _of_notetype(notetype: NoteType) -> dict[str, Any]:
    return {
        "key": notetype.key,
        "name": notetype.name,
        "kind": notetype.kind,
        "fields": notetype.fields,
        "templates": [(t.name, t.question, t.answer) for t in notetype.templates],
        "css": notetype.css,
        "sort_field": notetype.sort_field,
        "extra": notetype.extra,
    }


def _of_note(note: PackedNote) -> dict[str, Any]:
    found = _note_parts(note)
    if note.tags:
        found["tags"] = note.tags
    if note.domains:
        found["domains"] = note.domains
    if note.cards:
        found["cards"] = [_of_card(card) for card in note.cards]
    return found


def _of_card(card: PackedCard) -> dict[str, Any]:
    found = _card_parts(card)
    if card.extra:
        found["extra"] = card.extra
    if card.reviews:
        found["reviews"] = card.reviews
    return found


class _Wrong(Exception):
    """What is wrong with a line, as the rest of a sentence."""


Rule = Callable[[Any], bool]


def _opened(file: BinaryIO, media_in: Path) -> Package:
    lines = _lines(file)
    number, head = next(lines, (1, None))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise Refusal(
            "This file is not a package of JSON lines. Its first line must say "
            '{"format": "quizapp", "version": 1, …}.'
        )
    if head.get("version") != VERSION:
        raise Refusal("This file was made by a newer version of quizapp. Update, then try again.")
    try:
        _held_against(head, _HEAD, ("source",))
    except _Wrong as wrong:
        _refuse(number, wrong)
    package = Package(
        source=head["source"],
        notetypes=[],
        decks=[],
        notes=(),
        media_in=media_in,
        progress=head.get("progress", False),
        dated=head.get("dated", ""),
    )
    types: dict[str, NoteType] = {}
    first: tuple[int, Any] | None = None
    for number, found in lines:
        if isinstance(found, dict) and "note" in found:
            first = (number, found)
            break
        try:
            _take(found, package, types)
        except _Wrong as wrong:
            _refuse(number, wrong)
        if number > MOST_HEADS:
            _refuse(number, _Wrong("comes after too many lines that are no notes"))
    package.notetypes.extend(types.values())
    package.notes = _Notes(file, first, lines, package, types)
    return package


class _Notes:
    """The notes of an open file, to be read once; closes it at the end."""

    def __init__(
        self,
        file: BinaryIO,
        first: tuple[int, Any] | None,
        lines: Iterator[tuple[int, Any]],
        package: Package,
        types: Mapping[str, NoteType],
    ) -> None:
        # Only the lists: the package must not be kept by its own notes.
        rest = Package("", [], [], (), refused=package.refused, remarks=package.remarks)
        self._all = self._read(file, first, lines, rest, types)
        weakref.finalize(self, file.close)

    def __iter__(self) -> Iterator[PackedNote]:
        # From a frame that holds on to this object for as long as anybody reads.
        yield from self._all

    @staticmethod
    def _read(
        file: BinaryIO,
        first: tuple[int, Any] | None,
        lines: Iterator[tuple[int, Any]],
        rest: Package,
        types: Mapping[str, NoteType],
    ) -> Iterator[PackedNote]:
        count = 0
        with file:
            while first is not None:
                number, found = first
                try:
                    if isinstance(found, dict) and len(found) == 1 and "note" in found:
                        count += 1
                        yield _note(found["note"], types)
                    else:
                        _take(found, rest, None)
                except _Wrong as wrong:
                    _refuse(number, wrong)
                if count > MOST_NOTES:
                    raise Refusal(
                        f"This file holds more than {MOST_NOTES:,} notes. "
                        "Divide it, then take its parts one by one."
                    )
                first = next(lines, None)


def _refuse(number: int, wrong: _Wrong) -> NoReturn:
    where = f"Line {number}" if number else "A line of what was read"
    raise Refusal(f"{where}: {wrong}. Correct it, or export the file again.") from None


def _lines(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            _refuse(number, _Wrong("it is far too long"))
        if line.isspace():
            continue
        try:
            yield number, _decode(line.decode())
        except UnicodeDecodeError:
            _refuse(number, _Wrong("it is not UTF-8"))
        except (ValueError, RecursionError):
            _refuse(number, _Wrong("it is not JSON"))


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


_decode = json.JSONDecoder(parse_constant=_no_number).decode


def _take(found: Any, package: Package, types: dict[str, NoteType] | None) -> None:
    """A line that is no note; ``types`` is None after the first note."""
    if not isinstance(found, dict) or len(found) != 1:
        raise _Wrong("it must be an object with one name")
    ((what, value),) = found.items()
    if what in ("notetype", "deck", "medium") and types is None:
        raise _Wrong(f"a {what} must come before the first note")
    if what == "notetype" and types is not None:
        notetype = _notetype(value)
        if notetype.key in types:
            raise _Wrong("another note type has the same key")
        types[notetype.key] = notetype
    elif what == "deck":
        _held_against(value, _DECK, ("name",))
        package.decks.append(PackedDeck(**value))
    elif what == "medium":
        _medium(value, package)
    elif what == "refused":
        _held_against(value, {"where": _text, "reason": _text}, ("where", "reason"))
        if len(package.refused) < MOST_TOLD:
            package.refused.append(Refused(**value))
    elif what == "remark":
        if not _text(value):
            raise _Wrong("a remark must be text")
        if len(package.remarks) < MOST_TOLD:
            package.remarks.append(value)
    else:
        raise _Wrong(f"nothing is called “{what[:50]}”")


def _medium(value: Any, package: Package) -> None:
    _held_against(value, _MEDIUM, ("name", "digest", "size"))
    medium = PackedMedia(**value)
    try:
        fine = media_name(medium.name) == medium.name
    except Refusal:
        fine = False
    if not fine:
        raise _Wrong("the name of a media file must be the plain name of a picture or sound")
    assert package.media_in is not None
    bytes_at = package.media_in / medium.digest
    if bytes_at.is_file() and bytes_at.stat().st_size == medium.size:
        package.media.append(medium)
    else:
        package.refused.append(Refused(f"media file “{medium.name}”", NO_BYTES))


def _notetype(value: Any) -> NoteType:
    _held_against(value, _NOTETYPE, ("key", "name", "kind", "fields", "templates"))
    if len(set(value["fields"])) != len(value["fields"]):
        raise _Wrong("two fields of a note type have the same name")
    if not value.get("sort_field", 0) < len(value["fields"]):
        raise _Wrong("“sort_field” must be the place of a field")
    return NoteType(
        **{
            **value,
            "fields": tuple(value["fields"]),
            "templates": tuple(Template(*template) for template in value["templates"]),
        }
    )


def _note(value: Any, types: Mapping[str, NoteType]) -> PackedNote:
    _held_against(value, _NOTE, ("key", "kind", "fields", "deck"))
    fields = value["fields"]
    if value["kind"] == "custom":
        notetype = types.get(value.get("notetype", ""))
        if notetype is None:
            raise _Wrong("the note's type does not come before it")
        if fields.keys() != set(notetype.fields):
            raise _Wrong("the note's fields are not those of its type")
        if not all(type(part) is str for part in fields.values()):
            raise _Wrong("a field of the note is not text")
        value["fields"] = {name: fields[name] for name in notetype.fields}
    elif not _OWN[value["kind"]](fields):
        raise _Wrong(f"the fields are not those of a {value['kind']} note")
    for name in ("tags", "domains"):
        if name in value:
            value[name] = tuple(value[name])
    if "cards" in value:
        value["cards"] = tuple(_card(card) for card in value["cards"])
        if len({card.ord for card in value["cards"]}) < len(value["cards"]):
            raise _Wrong("the note has a card twice")
    return PackedNote(**value)


def _card(value: Any) -> PackedCard:
    _held_against(value, _CARD, ("ord", "deck"))
    if "due" in value and "due_at" in value:
        raise _Wrong("a card is due on a day or at a moment, not both")
    if "reviews" in value:
        value["reviews"] = _log(value["reviews"])
    return PackedCard(**value)


def _log(rows: list[Any]) -> tuple[PackedReview, ...]:
    found = []
    for row in rows:
        if type(row) is not list or len(row) != 7:
            raise _Wrong(_NO_REVIEW)
        at, rating, logged, interval, last, factor, taken = row
        if not (
            type(at) is type(rating) is type(logged) is int
            and type(interval) is type(last) is type(factor) is type(taken) is int
            and 0 < at <= _LATEST
            and 0 <= rating <= 4
            and 0 <= logged <= 5
            and -_LONG <= interval <= _LONG
            and -_LONG <= last <= _LONG
            and 0 <= factor <= _LONG
            and 0 <= taken <= _LONG
        ):
            raise _Wrong(_NO_REVIEW)
        found.append(PackedReview(at, rating, logged, interval, last, factor, taken))
    return tuple(found)


_NO_REVIEW = "a review must be seven whole numbers within their bounds"


def _held_against(value: Any, rules: Mapping[str, Rule], needed: tuple[str, ...]) -> None:
    if type(value) is not dict:
        raise _Wrong("an object is missing where one belongs")
    for name, part in value.items():
        rule = rules.get(name)
        if rule is None:
            raise _Wrong(f"nothing is called “{name[:50]}” there")
        if not rule(part):
            raise _Wrong(f"“{name}” cannot be that")
    for name in needed:
        if name not in value:
            raise _Wrong(f"“{name}” is missing")


def _text(value: Any) -> bool:
    return type(value) is str and len(value) <= LONGEST_TEXT and _whole_text(value)


def _whole_text(value: str) -> bool:
    # Half a pair of UTF-16 can be written in JSON and stored nowhere.
    return value.isascii() or not _HALF.search(value)


_HALF = re.compile("[\ud800-\udfff]")


def _name(value: Any) -> bool:
    if type(value) is not str or not 0 < len(value) <= LONGEST_NAME:
        return False
    if value.isascii() and value.isprintable():
        return True
    return unicodedata.is_normalized("NFC", value) and not any(
        unicodedata.category(c) in ("Cc", "Cs") for c in value
    )


def _list_of(rule: Rule, most: int) -> Rule:
    return lambda value: type(value) is list and len(value) <= most and all(map(rule, value))


def _one_of(*words: str) -> Rule:
    allowed = frozenset(words)
    return lambda value: type(value) is str and value in allowed


def _whole(low: int, high: int) -> Rule:
    return lambda value: type(value) is int and low <= value <= high


def _real(low: float, high: float) -> Rule:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _flag(value: Any) -> bool:
    return type(value) is bool


def _day(value: Any) -> bool:
    return type(value) is str and _is_day(value)


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _object(value: Any) -> bool:
    return type(value) is dict and _shallow(value, DEEPEST)


def _shallow(value: Any, levels: int) -> bool:
    """Whether nothing in it lies deeper than that, and all text can be stored."""
    for part in value.values() if type(value) is dict else value:
        kind = type(part)
        if kind is str:
            if not _text(part):
                return False
        elif (kind is dict or kind is list) and (levels <= 1 or not _shallow(part, levels - 1)):
            return False
    return True


_HEAD: dict[str, Rule] = {
    "format": _name,
    "version": _whole(VERSION, VERSION),
    "source": _name,
    "progress": _flag,
    "dated": lambda value: value == "" or _day(value),
}
_NOTETYPE: dict[str, Rule] = {
    "key": _name,
    "name": _name,
    "kind": _one_of(*KINDS),
    "fields": lambda value: _list_of(_name, 500)(value) and len(value) > 0,
    "templates": lambda value: (
        type(value) is list
        and 0 < len(value) <= 500
        and all(_list_of(_text, 3)(part) and len(part) == 3 and _name(part[0]) for part in value)
    ),
    "css": _text,
    "sort_field": _whole(0, 500),
    "extra": _object,
}
_DECK: dict[str, Rule] = {
    "name": _name,
    "description": _text,
    "new_per_day": _whole(0, 100_000),
    "reviews_per_day": _whole(0, 100_000),
    "desired_retention": _real(0.5, 0.999),
    "extra": _object,
}
_MEDIUM: dict[str, Rule] = {
    "name": _name,
    "digest": lambda value: type(value) is str and _DIGEST.fullmatch(value) is not None,
    "size": _whole(0, 1 << 40),
}
_NOTE: dict[str, Rule] = {
    "key": _name,
    "kind": _one_of("custom", *OWN_KINDS),
    "fields": _object,
    "deck": _name,
    "notetype": _name,
    "tags": _list_of(_name, 500),
    "modified": _whole(0, _LATEST // 1000),
    "created": _whole(0, _LATEST),
    "where": _text,
    "topic": _text,
    "reference": _text,
    "domains": _list_of(_text, 100),
    "objective": _text,
    "level": _text,
    "pool": _one_of(*POOLS),
    "cards": lambda value: type(value) is list and len(value) <= 500,
}
_CARD: dict[str, Rule] = {
    "ord": _whole(0, 499),
    "deck": _name,
    "state": _one_of(*STATES),
    "held": _one_of(*HELD),
    "due": _day,
    "due_at": _whole(0, _LATEST),
    "position": _whole(-_LONG, _LONG),
    "interval": _whole(0, 36_500),
    "left": _whole(0, 1_000),
    "ease": _whole(0, 65_535),
    "reps": _whole(0, _LONG),
    "lapses": _whole(0, _LONG),
    "flag": _whole(0, 7),
    "stability": _real(0, 100_000),
    "difficulty": _real(1, 10),
    "last_at": _whole(0, _LATEST),
    "extra": _object,
    "reviews": lambda value: type(value) is list and len(value) <= 20_000,
}


def _asked(fields: Mapping[str, Any], *names: str) -> bool:
    return all(type(fields.get(name)) is str for name in names)


_OWN: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "basic": lambda fields: _asked(fields, "front", "back"),
    "reversed": lambda fields: _asked(fields, "front", "back"),
    "typed": lambda fields: (
        _asked(fields, "front", "back") and _list_of(_text, 1000)(fields.get("also", []))
    ),
    "cloze": lambda fields: _asked(fields, "text"),
    "choice": lambda fields: (
        _asked(fields, "stem")
        and type(fields.get("options")) is list
        and all(
            type(option) is dict
            and _asked(option, "text")
            and type(option.get("correct")) is bool
            and type(option.get("rationale", "")) is str
            for option in fields["options"]
        )
    ),
}
