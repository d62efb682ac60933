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
    {"deck": {"name": NAME, "description", "topic", "origin", "licence", "updated": TEXT = "",
        "outline": [TEXT] = [], "new_per_day": WHOLE, "reviews_per_day": WHOLE,
        "desired_retention": REAL from 0.5 to 0.999, "extra": OBJECT = {}}}
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

import msgspec
from msgspec import UNSET, Meta, UnsetType

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import KINDS, NoteType, Template
from quizapp.formats.archives import media_name
from quizapp.formats.package import (
    HELD,
    STATES,
    Package,
    Packed,
    PackedCard,
    PackedDeck,
    PackedMedia,
    PackedNote,
    Refused,
)

FORMAT, VERSION = "quizapp", 1
LONGEST_LINE = 64 << 20
LONGEST_NAME = 2_000
MOST_NOTES = 250_000
MOST_HEADS = 60_000
MOST_TOLD = 10_000
DEEPEST = 50
POOLS = ("study", "mock")
# Why a medium is refused whose bytes are not beside the file.
NO_BYTES = "Its bytes did not come with the file."


class _Head(Packed, frozen=True):
    """The first line."""

    format: str
    version: int
    source: str
    progress: bool = False
    dated: str = ""


class _NoteType(Packed, frozen=True):
    key: str
    name: str
    kind: str
    fields: Annotated[tuple[str, ...], Meta(min_length=1, max_length=500)]
    templates: Annotated[tuple[tuple[str, str, str], ...], Meta(min_length=1, max_length=500)]
    css: str = ""
    sort_field: Annotated[int, Meta(ge=0, le=500)] = 0
    extra: Mapping[str, Any] = {}


class _Line(Packed, frozen=True):
    """Every other line: an object with one name."""

    notetype: _NoteType | UnsetType = UNSET
    deck: PackedDeck | UnsetType = UNSET
    medium: PackedMedia | UnsetType = UNSET
    note: PackedNote | UnsetType = UNSET
    refused: Refused | UnsetType = UNSET
    remark: str | UnsetType = UNSET


class _Option(msgspec.Struct):
    text: str
    correct: bool
    rationale: str = ""


class _Pair(msgspec.Struct):
    front: str
    back: str


class _Typed(_Pair):
    also: Annotated[list[str], Meta(max_length=1000)] = []


class _Cloze(msgspec.Struct):
    text: str


class _Choice(msgspec.Struct):
    stem: str
    options: list[_Option]


_OWN = {"basic": _Pair, "reversed": _Pair, "typed": _Typed, "cloze": _Cloze, "choice": _Choice}


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
        file.write(_line(_Head(FORMAT, VERSION, package.source, package.progress, package.dated)))
        for notetype in package.notetypes:
            file.write(_line(_Line(notetype=_of_notetype(notetype))))
        for deck in package.decks:
            file.write(_line(_Line(deck=deck)))
        for medium in package.media:
            file.write(_line(_Line(medium=medium)))
        place = file.tell()
        for note in package.notes:
            length = file.write(_line(_Line(note=note)))
            told(note, place, length)
            place += length
        for refused in package.refused:
            file.write(_line(_Line(refused=refused)))
        for remark in package.remarks:
            file.write(_line(_Line(remark=remark)))
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
        found = _read_line(line)
        if found.note is UNSET:
            raise _Wrong("it is no note")
        return _note(found.note, types)
    except _Wrong as wrong:
        _refuse(0, wrong)


def take_rest(package: Package, path: Path, place: int) -> None:
    """Add to a package what was refused and remarked, which follows its notes."""
    with path.open("rb") as file:
        file.seek(place)
        for _, line in _lines(file):
            try:
                _take(_read_line(line), package, None)
            except _Wrong as wrong:
                _refuse(0, wrong)


_encode = msgspec.json.Encoder().encode


def _line(value: msgspec.Struct) -> bytes:
    try:
        return _encode(value) + b"\n"
    except (UnicodeEncodeError, OverflowError):
        # Half a pair of UTF-16, which is stored nowhere, or a number of more than 64 bits.
        whole = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
        return whole.encode("utf-8", "replace") + b"\n"


def _of_notetype(notetype: NoteType) -> _NoteType:
    return _NoteType(
        notetype.key,
        notetype.name,
        notetype.kind,
        notetype.fields,
        tuple((t.name, t.question, t.answer) for t in notetype.templates),
        notetype.css,
        notetype.sort_field,
        notetype.extra,
    )


class _Wrong(Exception):
    """What is wrong with a line, as the rest of a sentence."""


def _opened(file: BinaryIO, media_in: Path) -> Package:
    lines = _lines(file)
    number, line = next(lines, (1, b""))
    try:
        head = _read_head(line)
    except _Wrong as wrong:
        _refuse(number, wrong)
    package = Package(
        source=head.source,
        notetypes=[],
        decks=[],
        notes=(),
        media_in=media_in,
        progress=head.progress,
        dated=head.dated,
    )
    types: dict[str, NoteType] = {}
    # What is told after the last head may follow the notes, of which there may be none:
    # whoever reads what follows them must not have had it already.
    last: list[tuple[int, _Line]] = []
    heads = 0
    for number, line in lines:
        try:
            found = _read_line(line)
            told = found.refused is not UNSET or found.remark is not UNSET
            if not told or len(last) < MOST_TOLD:
                last.append((number, found))
            if found.note is not UNSET:
                break
            if not told:
                for _, each in last:
                    _take(each, package, types)
                last.clear()
                heads += 1
        except _Wrong as wrong:
            _refuse(number, wrong)
        if heads > MOST_HEADS:
            _refuse(number, _Wrong("comes after too many lines that are no notes"))
    package.notetypes.extend(types.values())
    package.notes = _Notes(file, last, lines, package, types)
    return package


class _Notes:
    """The notes of an open file, to be read once; closes it at the end."""

    def __init__(
        self,
        file: BinaryIO,
        last: Iterable[tuple[int, _Line]],
        lines: Iterator[tuple[int, bytes]],
        package: Package,
        types: Mapping[str, NoteType],
    ) -> None:
        # Only the lists: the package must not be kept by its own notes.
        rest = Package("", [], [], (), refused=package.refused, remarks=package.remarks)
        self._all = self._read(file, last, lines, rest, types)
        weakref.finalize(self, file.close)

    def __iter__(self) -> Iterator[PackedNote]:
        # From a frame that holds on to this object for as long as anybody reads.
        yield from self._all

    @staticmethod
    def _read(
        file: BinaryIO,
        last: Iterable[tuple[int, _Line]],
        lines: Iterator[tuple[int, bytes]],
        rest: Package,
        types: Mapping[str, NoteType],
    ) -> Iterator[PackedNote]:
        count = 0
        with file:
            for number, found in chain(last, _each(lines)):
                try:
                    if found.note is UNSET:
                        _take(found, rest, None)
                        continue
                    count += 1
                    if count > MOST_NOTES:
                        raise Refusal(
                            f"This file holds more than {MOST_NOTES:,} notes. "
                            "Divide it, then take its parts one by one."
                        )
                    yield _note(found.note, types)
                except _Wrong as wrong:
                    _refuse(number, wrong)


def _each(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, _Line]]:
    for number, line in lines:
        try:
            yield number, _read_line(line)
        except _Wrong as wrong:
            _refuse(number, wrong)


def _refuse(number: int, wrong: _Wrong) -> NoReturn:
    where = f"Line {number}" if number else "A line of what was read"
    raise Refusal(f"{where}: {wrong}. Correct it, or export the file again.") from None


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            _refuse(number, _Wrong("it is far too long"))
        if not line.isspace():
            yield number, line


def _read_head(line: bytes) -> _Head:
    try:
        found = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Refusal(
            "This file is not a package of JSON lines. Its first line must say "
            '{"format": "quizapp", "version": 1, …}.'
        )
    if found.get("version") != VERSION:
        raise Refusal("This file was made by a newer version of quizapp. Update, then try again.")
    try:
        head = msgspec.convert(found, _Head)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    _named(source=head.source)
    _check("dated", head.dated == "" or _is_day(head.dated))
    return head


_decode = msgspec.json.Decoder(_Line).decode


def _read_line(line: bytes) -> _Line:
    try:
        found = _decode(line)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    except (ValueError, RecursionError):
        raise _Wrong("it is not JSON" if _is_utf8(line) else "it is not UTF-8") from None
    parts = (found.notetype, found.deck, found.medium, found.note, found.refused, found.remark)
    if parts.count(UNSET) != len(parts) - 1:
        raise _Wrong(_NO_OBJECT)
    return found


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


_NO_OBJECT = "it must be an object with one name"
_FIELD = re.compile(
    r"Object (missing required|contains unknown) field `(.*?)`(?: - at|$)", re.DOTALL
)


def _wrong(error: msgspec.ValidationError) -> _Wrong:
    """What a value of the wrong kind is, in the words of a sentence."""
    if field := _FIELD.match(str(error)):
        name = field[2][:50]
        missing = field[1].startswith("missing")
        return _Wrong(f"“{name}” is missing" if missing else f"nothing is called “{name}” there")
    place = str(error).rpartition(" - at `")[2]
    if ".reviews[" in place:
        return _Wrong("a review must be seven whole numbers within their bounds")
    names = re.findall(r"\.(\w+)", place)
    return _Wrong(
        f"“{names[-1]}” cannot be that" if names else "it must be an object with one name"
    )


def _take(found: _Line, package: Package, types: dict[str, NoteType] | None) -> None:
    """A line that is no note; ``types`` is None after the first note."""
    for what in ("notetype", "deck", "medium"):
        if types is None and getattr(found, what) is not UNSET:
            raise _Wrong(f"a {what} must come before the first note")
    if found.notetype is not UNSET and types is not None:
        notetype = _notetype(found.notetype)
        if notetype.key in types:
            raise _Wrong("another note type has the same key")
        types[notetype.key] = notetype
    elif found.deck is not UNSET:
        _named(name=found.deck.name)
        _check("extra", _is_shallow(found.deck.extra, DEEPEST))
        package.decks.append(found.deck)
    elif found.medium is not UNSET:
        _medium(found.medium, package)
    elif found.refused is not UNSET:
        if len(package.refused) < MOST_TOLD:
            package.refused.append(found.refused)
    elif found.remark is not UNSET and len(package.remarks) < MOST_TOLD:
        package.remarks.append(found.remark)


def _medium(medium: PackedMedia, package: Package) -> None:
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


def _notetype(found: _NoteType) -> NoteType:
    _named(key=found.key, name=found.name)
    _check("kind", found.kind in KINDS)
    _all_named("fields", found.fields)
    _all_named("templates", [name for name, _, _ in found.templates])
    _check("extra", _is_shallow(found.extra, DEEPEST))
    if len(set(found.fields)) != len(found.fields):
        raise _Wrong("two fields of a note type have the same name")
    if found.sort_field >= len(found.fields):
        raise _Wrong("“sort_field” must be the place of a field")
    return NoteType(
        found.key,
        found.name,
        found.kind,
        found.fields,
        tuple(Template(*template) for template in found.templates),
        found.css,
        found.sort_field,
        found.extra,
    )


def _note(note: PackedNote, types: Mapping[str, NoteType]) -> PackedNote:
    _named(key=note.key, deck=note.deck)
    _check("kind", note.kind == "custom" or note.kind in _OWN)
    _check("pool", note.pool in POOLS)
    _all_named("tags", note.tags)
    fields = note.fields
    if note.kind == "custom":
        notetype = types.get(note.notetype)
        if notetype is None:
            raise _Wrong("the note's type does not come before it")
        names = tuple(fields)
        if names != notetype.fields:
            if set(names) != set(notetype.fields):
                raise _Wrong("the note's fields are not those of its type")
            fields = {name: fields[name] for name in notetype.fields}
            note = msgspec.structs.replace(note, fields=fields)
        if not all(type(part) is str for part in fields.values()):
            raise _Wrong("a field of the note is not text")
    else:
        _check("fields", _is_shallow(fields, DEEPEST))
        try:
            msgspec.convert(fields, _OWN[note.kind])
        except msgspec.ValidationError:
            raise _Wrong(f"the fields are not those of a {note.kind} note") from None
    for card in note.cards:
        _card(card)
    if len(note.cards) > 1 and len({card.ord for card in note.cards}) < len(note.cards):
        raise _Wrong("the note has a card twice")
    return note


def _card(card: PackedCard) -> None:
    _named(deck=card.deck)
    _check("state", card.state in STATES)
    _check("held", card.held in HELD)
    if card.due is not None:
        _check("due", _is_day(card.due))
        if card.due_at is not None:
            raise _Wrong("a card is due on a day or at a moment, not both")
    if card.extra:
        _check("extra", _is_shallow(card.extra, DEEPEST))


def _check(name: str, fine: bool) -> None:
    if not fine:
        raise _Wrong(f"“{name}” cannot be that")


def _named(**names: str) -> None:
    for name, value in names.items():
        _check(name, _is_name(value))


def _all_named(what: str, values: Iterable[str]) -> None:
    _check(what, all(map(_is_name, values)))


def _is_name(value: str) -> bool:
    if not 0 < len(value) <= LONGEST_NAME:
        return False
    if value.isascii() and value.isprintable():
        return True
    return unicodedata.is_normalized("NFC", value) and not any(
        unicodedata.category(c) in ("Cc", "Cs") for c in value
    )


@lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_shallow(value: Any, levels: int) -> bool:
    """Whether nothing in it lies deeper than that."""
    return all(
        levels > 1 and _is_shallow(part, levels - 1)
        for part in (value.values() if type(value) is dict else value)
        if type(part) is dict or type(part) is list
    )
