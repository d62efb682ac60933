"""The deck format: Markdown items under a TOML head, one deck per file.

A superset of hashcards' ``Q:``/``A:`` and ``C:`` with ``R:`` (both directions),
``T:`` (typed answer) and ``M:`` (multiple choice). docs: decks/README.md.

A line of a field that would begin something of the format carries a backslash where
CommonMark lets one stand: ``Q\\:``, ``\\- [ ]``, ``\\---``. Reading takes one away.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from quizapp.domain.cards import gaps
from quizapp.domain.errors import DeckFileError, Refusal
from quizapp.formats import names
from quizapp.formats.limits import MOST_FIELD, MOST_ROWS, MOST_TEXT
from quizapp.formats.parsed import ParsedDeck, ParsedNote

STARTS = {"Q": "basic", "R": "reversed", "T": "typed", "C": "cloze", "M": "choice"}
ATTRIBUTES = ("ID", "Ref", "Domains", "Tags", "Objective", "Pool", "Level", "Also")
POOLS = ("study", "mock")
MOST_ALSO, ALSO_LENGTH = 20, 200
LEAST_OPTIONS, MOST_OPTIONS = 2, 6
HEAD_KEYS = {"name", "description", "topic", "outline", "parent", "origin", "licence", "updated"}

_START = re.compile(r"([QRTCM]):(?:\s+|$)(.*)")
_ANSWER = re.compile(r"A:(?:\s+|$)(.*)")
_ATTRIBUTE = re.compile(rf"({'|'.join(ATTRIBUTES)}):(?:\s+|$)(.*)")
_OPTION = re.compile(r"- \[([ xX])\]\s+(.*)")
_RATIONALE = re.compile(r"\s+>\s?(.*)")
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_FENCE = re.compile(r"\s*(```|~~~)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# Where the backslash stands in a line that begins something: behind the first group.
_SPECIAL = re.compile(
    rf"((?:[{''.join(STARTS)}A]|{'|'.join(ATTRIBUTES)}))\\*:(?:\s|$)"
    r"|(\s*)\\*(?:```|~~~|---\s*$)|(\s+)\\*>|()\\*(?:#{1,6}\s|- \[[ xX]\]\s)"
)
# hashcards asks for no space behind its marks. A path such as C:\\ is none of them.
_UNSPACED = re.compile(r"([QAC]):(?=[^\s\\/])")
_LOOKED_AT = 20_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass
class _Item:
    """An item while its lines are still coming in."""

    kind: str
    line: int
    topic: str
    end: int = 0
    text: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    options: list[dict[str, Any]] = field(default_factory=list)


def read(text: str, path: str, key: str) -> ParsedDeck:
    """Parse one deck file.

    Raises DeckFileError with the first line that does not fit and what was
    expected there; a file is read whole or not at all.
    """
    lines = _lines(text.removeprefix("\ufeff"))
    head, body_from = _head(lines, path)
    return _deck(key, head, _notes(_items(lines, body_from, path, _refuse), path, _refuse))


@dataclass(frozen=True)
class LenientDeck:
    """A deck as far as it could be read; ``bare`` where its head
    says no more than a name, as in hashcards."""

    deck: ParsedDeck
    refused: tuple[DeckFileError, ...]
    remarks: tuple[str, ...]
    bare: bool


def read_leniently(text: str, path: str, key: str) -> LenientDeck:
    """Parse a deck file of somebody else's: items that do not fit are refused, not the file.

    The head may be missing, as in hashcards; the deck's name is then "". Text outside of
    items is passed over and an ID may be any text of one line. Raises Refusal where the file
    is beyond the limits.
    """
    if len(text) > MOST_TEXT:
        raise Refusal(f"This file has more than {MOST_TEXT:,} characters. Split it.")
    lines = _lines(text.removeprefix("\ufeff"))
    head, body_from, remarks = _lenient_head(lines, path)
    refused: list[DeckFileError] = []
    items = _items(_spaced(lines) if not head else lines, body_from, path, refused.append)
    notes = tuple(_notes(items, path, refused.append, lenient=True))
    outside = [error.line for error in refused if isinstance(error, _Outside)]
    if outside:
        remarks.append(f"Text outside of items was passed over, first in line {outside[0]}.")
    kept = sorted((e for e in refused if not isinstance(e, _Outside)), key=lambda e: e.line)
    return LenientDeck(_deck(key, head, notes), tuple(kept), tuple(remarks), set(head) <= {"name"})


class _Outside(DeckFileError):
    """Text that belongs to no item."""


def _refuse(error: DeckFileError) -> None:
    raise error


def _deck(key: str, head: dict[str, Any], notes: Iterable[ParsedNote]) -> ParsedDeck:
    return ParsedDeck(
        key=key,
        name=head.get("name", ""),
        description=head.get("description", ""),
        topic=head.get("topic", ""),
        parent=head.get("parent", ""),
        outline=tuple(head.get("outline", ())),
        origin=head.get("origin", ""),
        licence=head.get("licence", ""),
        updated=head.get("updated", ""),
        notes=tuple(notes),
    )


def _notes(
    items: Iterable[_Item],
    path: str,
    misfit: Callable[[DeckFileError], None],
    lenient: bool = False,
) -> Iterator[ParsedNote]:
    seen: dict[str, int] = {}
    for item in items:
        try:
            note = _note(item, path, lenient)
        except DeckFileError as error:
            misfit(error)
            continue
        if note.key in seen:
            misfit(
                DeckFileError(
                    path,
                    note.line,
                    f"the ID “{note.key}” was already used in line {seen[note.key]};"
                    " give each item an ID of its own",
                )
            )
            continue
        seen[note.key] = note.line
        if lenient and len(seen) > MOST_ROWS:
            raise Refusal(f"This file has more than {MOST_ROWS:,} items. Split it.")
        yield note


def with_ids(text: str, path: str) -> str:
    """The file with a line “ID: …” in every item that had none; nothing else changes.

    Raises DeckFileError where the file does not parse.
    """
    keys = {note.line: note.key for note in read(text, path, "").notes if not note.has_id}
    lines = _LINE.findall(text)
    _, body_from = _head([line.rstrip("\r\n") for line in lines], path)
    bare = [line.rstrip("\r\n") for line in lines]
    for item in sorted(_items(bare, body_from, path, _refuse), key=lambda i: i.end, reverse=True):
        if item.line in keys:
            last = lines[item.end - 1]
            end = last[len(last.rstrip("\r\n")) :] or "\n"
            lines[item.end - 1] = last.rstrip("\r\n") + end + f"ID: {keys[item.line]}" + end
    return "".join(lines)


def escaped(line: str) -> str:
    """A line of a field as it stands in a file, where it would begin something otherwise."""
    if not (match := _SPECIAL.match(line)):
        return line
    at = match.end(match.lastindex or 0)
    return f"{line[:at]}\\{line[at:]}"


def _unescaped(line: str) -> str:
    if not (match := _SPECIAL.match(line)):
        return line
    at = match.end(match.lastindex or 0)
    return line[:at] + line[at + 1 :] if line.startswith("\\", at) else line


def is_deck(text: str) -> bool:
    """Whether a text begins with an item, and its answer, options or gaps follow."""
    lines = _spaced(_lines(text[:_LOOKED_AT]))
    said = [line for line in lines if line.strip() and not _HEADING.match(line)]
    start = _START.match(said[0]) if said else None
    if start is None:
        return False
    if start[1] == "C":
        return bool(gaps("\n".join(said)))
    answer = _OPTION if start[1] == "M" else _ANSWER
    return any(answer.match(line) for line in said[1:])


def is_fence(line: str) -> bool:
    """Whether a line opens or closes a block of code, in which nothing is looked at."""
    return bool(_FENCE.match(line))


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in _LINE.findall(text)]


def _spaced(lines: list[str]) -> list[str]:
    fenced, spaced = False, []
    for line in lines:
        fenced ^= is_fence(line)
        spaced.append(line if fenced else _UNSPACED.sub(r"\1: ", line, count=1))
    return spaced


def _lenient_head(lines: list[str], path: str) -> tuple[dict[str, Any], int, list[str]]:
    """What can be read of a head, where the body begins, and what to say of it."""
    if not lines or lines[0].strip() != "---":
        return {}, 0, []
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None or any(_START.match(line) for line in lines[1:end]):
        return {}, 1, []
    try:
        head = tomllib.loads("\n".join(lines[1:end]))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}, end + 1, ["The head does not parse as TOML and was passed over."]
    kept, remarks = {}, []
    for key, value in head.items():
        try:
            _check_head({"name": "x", key: value}, path)
        except DeckFileError:
            remarks.append(f"The key “{names.one_line(key)[:40]}” of the head was passed over.")
        else:
            kept[key] = value
    return kept, end + 1, remarks


def _head(lines: list[str], path: str) -> tuple[dict[str, Any], int]:
    if not lines or lines[0].strip() != "---":
        raise DeckFileError(path, 1, "expected “---” and the deck's TOML head")
    try:
        end = next(i for i, line in enumerate(lines[1:], 1) if line.strip() == "---")
    except StopIteration:
        raise DeckFileError(path, 1, "the TOML head is not closed by “---”") from None
    try:
        head = tomllib.loads("\n".join(lines[1:end]))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at.group(1)) + 1 if at else end
        raise DeckFileError(path, line, f"the TOML head does not parse: {error}") from None
    _check_head(head, path)
    return head, end + 1


def _check_head(head: dict[str, Any], path: str) -> None:
    if not isinstance(head.get("name"), str) or not head["name"].strip():
        raise DeckFileError(path, 1, "the head needs a name, as in name = “Risk”")
    for key, value in head.items():
        if key not in HEAD_KEYS:
            known = ", ".join(sorted(HEAD_KEYS))
            raise DeckFileError(path, 1, f"the head has an unknown key “{key}”; known: {known}")
        if key == "outline":
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                raise DeckFileError(path, 1, "outline must be a list of texts")
        elif not isinstance(value, str):
            raise DeckFileError(path, 1, f"{key} must be a text in quotes")


def _items(
    lines: list[str], start: int, path: str, misfit: Callable[[DeckFileError], None]
) -> Iterator[_Item]:
    """The items of a file; after a misfit that is not raised, from the next beginning on."""
    topic, item, target = "", None, None
    fenced = lost = False
    for number, line in enumerate(lines[start:], start + 1):
        if fenced or _FENCE.match(line):
            fenced ^= bool(_FENCE.match(line))
            if target is not None:
                target.append(line)
            elif not lost:
                misfit(_Outside(path, number, "expected an item before this code block"))
                lost = True
            if item:
                item.end = number
        elif match := _START.match(line):
            if item:
                yield item
            item = _Item(STARTS[match[1]], number, topic, number)
            target = item.text["front"] = [match[2]]
            lost = False
        elif heading := _HEADING.match(line):
            if item:
                yield item
            topic, item, target, lost = heading[1].strip(), None, None, False
        elif line.strip() == "---":
            if item:
                yield item
            item, target, lost = None, None, False
        elif item is None:
            if line.strip() and not lost:
                expected = "expected Q:, R:, T:, C: or M: to begin an item, or a # heading"
                misfit(_Outside(path, number, expected))
                lost = True
        else:
            try:
                target = _take(item, line, number, target, path)
            except DeckFileError as error:
                misfit(error)
                item, target, lost = None, None, True
            if item and line.strip():
                item.end = number
    if item:
        yield item


def _take(
    item: _Item, line: str, number: int, target: list[str] | None, path: str
) -> list[str] | None:
    """Add one line to an open item; return where following lines go."""
    if match := _ATTRIBUTE.match(line):
        if match[1] in item.attributes:
            raise DeckFileError(path, number, f"{match[1]}: stands twice in this item")
        item.attributes[match[1]] = match[2].strip()
        return None
    if (match := _ANSWER.match(line)) and item.kind in ("basic", "reversed", "typed"):
        if "back" in item.text:
            raise DeckFileError(
                path, number, "this item already has an A:; begin a new one with Q:"
            )
        item.text["back"] = [match[1]]
        return item.text["back"]
    if item.kind == "choice":
        if match := _OPTION.match(line):
            option = {"text": [match[2]], "correct": match[1] != " ", "rationale": []}
            item.options.append(option)
            return option["text"]  # type: ignore[return-value]
        if item.options and (match := _RATIONALE.match(line)):
            item.options[-1]["rationale"].append(match[1])
            return item.options[-1]["rationale"]  # type: ignore[no-any-return]
    if target is not None:
        target.append(_unescaped(line))
    elif line.strip():
        raise DeckFileError(
            path, number, "expected an attribute such as ID: or Ref:, or a new item"
        )
    return target


def _note(item: _Item, path: str, lenient: bool = False) -> ParsedNote:
    fields = _fields(item, path)
    key = item.attributes.get("ID") or derived_id(item.kind, fields)
    if lenient:
        key = names.key(key)
        _check_size(item, path)
    elif not _ID.fullmatch(key):
        raise DeckFileError(
            path,
            item.line,
            f"the ID “{key}” may hold letters, digits, dot, dash and underscore only",
        )
    pool = item.attributes.get("Pool", "study")
    if pool not in POOLS:
        raise DeckFileError(path, item.line, f"Pool: is “{pool}”; expected study or mock")
    return ParsedNote(
        key=key,
        kind=item.kind,
        fields=fields,
        line=item.line,
        topic=item.topic,
        tags=_list(item.attributes.get("Tags", "")),
        reference=item.attributes.get("Ref", ""),
        domains=_list(item.attributes.get("Domains", "")),
        objective=item.attributes.get("Objective", ""),
        level=item.attributes.get("Level", ""),
        pool=pool,
        has_id="ID" in item.attributes,
    )


def _check_size(item: _Item, path: str) -> None:
    texts = [
        *item.text.values(),
        *(o[part] for o in item.options for part in ("text", "rationale")),
    ]
    if any(sum(map(len, lines)) > MOST_FIELD for lines in texts):
        reason = f"a field has more than {MOST_FIELD:,} characters; shorten it"
        raise DeckFileError(path, item.line, reason)


def _fields(item: _Item, path: str) -> dict[str, Any]:
    front = _joined(item.text["front"])
    if not front:
        raise DeckFileError(path, item.line, "the question is empty")
    if item.kind == "choice":
        return {"stem": front, "options": _options(item, path)}
    if item.kind == "cloze":
        if not gaps(front):
            raise DeckFileError(
                path, item.line, "a C: item needs at least one gap in [square brackets]"
            )
        return {"text": front}
    back = _joined(item.text.get("back", []))
    if not back:
        raise DeckFileError(path, item.line, "expected an answer (A:) after this question")
    fields: dict[str, Any] = {"front": front, "back": back}
    if item.kind == "typed":
        fields["also"] = list(_parted(item.attributes.get("Also", ""), "|"))
        if len(fields["also"]) > MOST_ALSO or any(len(a) > ALSO_LENGTH for a in fields["also"]):
            raise DeckFileError(
                path,
                item.line,
                f"Also: takes at most {MOST_ALSO} answers of {ALSO_LENGTH} characters",
            )
    return fields


def _options(item: _Item, path: str) -> list[dict[str, Any]]:
    options = [
        {
            "text": _joined(o["text"]),
            "correct": o["correct"],
            "rationale": _joined(o["rationale"]),
        }
        for o in item.options
    ]
    if not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise DeckFileError(
            path, item.line, f"expected 2 to 6 options “- [ ] …”, found {len(options)}"
        )
    if sum(o["correct"] for o in options) != 1:
        raise DeckFileError(path, item.line, "exactly one option must be marked “- [x]”")
    if any(not o["text"] for o in options):
        raise DeckFileError(path, item.line, "an option is empty")
    return options


def derived_id(kind: str, fields: dict[str, Any]) -> str:
    """An ID for an item that names none, from what it asks."""
    asked = fields.get("front") or fields.get("stem") or fields.get("text")
    normal = " ".join(str(asked).casefold().split())
    return "q-" + hashlib.sha256(f"{kind}\n{normal}".encode()).hexdigest()[:16]


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip()


def _list(text: str) -> tuple[str, ...]:
    return _parted(text, ",")


def _parted(text: str, separator: str) -> tuple[str, ...]:
    """The parts between separators; one behind backslashes belongs to its part, less one."""
    if "\\" + separator not in text:
        return tuple(part.strip() for part in text.split(separator) if part.strip())
    *begun, last = text.split(separator)
    parts, part = [], ""
    for piece in begun:
        part += piece
        if part.endswith("\\"):
            part = part[:-1] + separator
        else:
            parts.append(part)
            part = ""
    parts.append(part + last)
    return tuple(part.strip() for part in parts if part.strip())


def listed(parts: Iterable[str], separator: str) -> str:
    """Parts as an attribute lists them, so that reading gives each back."""
    written = []
    for part in parts:
        whole = re.sub(rf"(\\*){re.escape(separator)}", rf"\1\\{separator}", part)
        written.append(f"{whole} " if whole.endswith("\\") else whole)
    return f"{separator} ".join(written).strip()
