"""Packages as Markdown decks: notes of our kinds whole, others as plain items.

What ``markdown_package.read_folder`` makes of the files is what went in. docs:
decks/README.md
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from quizapp.domain.cards import KINDS
from quizapp.domain.filenames import file_name
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import REVERSED
from quizapp.formats import names
from quizapp.formats.markdown import STARTS, escaped, is_fence, listed
from quizapp.formats.markdown_package import HEAD
from quizapp.formats.media_names import embedded_in_fields, embedding
from quizapp.formats.package import Package, PackedDeck, PackedNote
from quizapp.formats.plain import gapped, markdown_of

MEDIA = "media/"
_LETTER = {kind: letter for letter, kind in STARTS.items()}


def write_markdown(package: Package) -> dict[str, str]:
    """Text by file name, a file for each deck; A::B goes to A/B.md.

    Progress stays out, and so do the images and sounds of note types of their own, and notes
    that no item can say; for each of these ``package.remarks`` gets a sentence. Of
    ``package.media`` stay those that the texts name, which belong into the folder MEDIA.
    """
    types = {each.key: each for each in package.notetypes}
    decks = {deck.name: deck for deck in package.decks}
    bodies: dict[str, list[str]] = {}
    topics: dict[str, str] = {}
    lost: Counter[str] = Counter()
    shown: set[str] = set()
    for note in package.notes:
        written = item(note, types, lost)
        if written is None:
            lost["notes"] += 1
            continue
        body = bodies.setdefault(note.deck, [])
        topic = names.one_line(note.topic)
        if topic != topics.get(note.deck, ""):
            topics[note.deck] = topic
            body.append(f"# {topic}\n")
        body.append(written)
        if note.kind in KINDS:
            shown |= embedded_in_fields(note.fields)
    package.media = [medium for medium in package.media if medium.name in shown]
    there = {medium.name for medium in package.media}
    package.remarks.extend(_remarks(lost))
    files: dict[str, str] = {}
    taken: set[str] = set()
    for name, body in bodies.items():
        path = _path(name, taken)
        taken.add(path.casefold())
        up = "../" * path.count("/") + MEDIA
        text = embedding("\n".join(body), lambda n, up=up: up + n if n in there else None)  # type: ignore[misc]
        files[path] = _head(decks.get(name, PackedDeck(name))) + "\n" + text
    return files


def _path(deck: str, taken: set[str]) -> str:
    parts = [file_name(part) for part in deck.split("::")]
    parts = [f"{part}-" if part.startswith("__MACOSX") else part for part in parts]
    stem, number = "/".join(parts), 1
    path = f"{stem}.md"
    while path.casefold() in taken:
        number += 1
        path = f"{stem} ({number}).md"
    return path


def _head(deck: PackedDeck) -> str:
    *above, own = deck.name.split("::")
    said: dict[str, Any] = {"name": own, "parent": "::".join(above)}
    said |= {key: getattr(deck, key) for key in HEAD}
    lines = [f"{key} = {_toml(value)}" for key, value in said.items() if value]
    return "\n".join(["---", *lines, "---"]) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def item(
    note: PackedNote, types: Mapping[str, NoteType], lost: Counter[str] | None = None
) -> str | None:
    """A note as an item, without its heading; None where no item can say it.

    What goes with markup is counted in ``lost``.
    """
    lost = Counter() if lost is None else lost
    if note.kind in KINDS:
        kind, fields = note.kind, note.fields
    elif (plain := _plain(note, types.get(note.notetype), lost)) is not None:
        lost["custom"] += 1
        kind, fields = plain
    else:
        return None
    lines = [*_lines(kind, fields), *_attributes(note, fields)]
    return "\n".join(lines) + "\n"


def _lines(kind: str, fields: Mapping[str, Any]) -> Iterator[str]:
    asked = fields.get("front") or fields.get("stem") or fields.get("text") or ""
    yield from _field(f"{_LETTER[kind]}:", asked)
    if "back" in fields:
        yield from _field("A:", fields["back"])
    for option in fields.get("options", ()):
        yield from _field("- [x]" if option["correct"] else "- [ ]", option["text"])
        if option["rationale"]:
            yield from (f"  > {line}" for line in option["rationale"].split("\n"))


def _field(mark: str, text: str) -> Iterator[str]:
    """A field behind its mark, with the backslashes that keep its lines its own."""
    lines = text.strip().split("\n")
    fences = [place for place, line in enumerate(lines) if is_fence(line)]
    unclosed = fences[-1] if len(fences) % 2 else None
    fenced = False
    for place, line in enumerate(lines):
        if place == 0:
            # A block of code begins on a line of its own, or it would not be seen to open.
            alone = place in fences and place != unclosed
            yield f"{mark} " if alone else f"{mark} {line}"
            if not alone:
                continue
        if place == unclosed:
            yield escaped(line)
        elif place in fences:
            fenced = not fenced
            yield line
        else:
            yield line if fenced else escaped(line)


def _attributes(note: PackedNote, fields: Mapping[str, Any]) -> Iterator[str]:
    said = {
        "Also": listed(map(names.one_line, fields.get("also", ())), "|"),
        "Objective": names.one_line(note.objective),
        "ID": names.key(note.key),
        "Ref": names.one_line(note.reference),
        "Domains": listed(map(names.one_line, note.domains), ","),
        "Level": names.one_line(note.level),
        "Tags": listed(map(names.one_line, note.tags), ","),
        "Pool": "" if note.pool == "study" else note.pool,
    }
    return (f"{name}: {value}" for name, value in said.items() if value)


def _plain(
    note: PackedNote, notetype: NoteType | None, lost: Counter[str]
) -> tuple[str, dict[str, str]] | None:
    """A note of a type of its own as kind and fields of ours; None where it cannot be said."""
    if notetype is None or notetype.kind == "occlusion":
        return None
    texts = [markdown_of(str(note.fields.get(name, "")), lost) for name in notetype.fields]
    if notetype.kind == "cloze":
        text, gaps = gapped(texts[0] if texts else "")
        rest = [each for each in texts[1:] if each]
        if not gaps or not text:
            return None
        extra = "\n\n".join(rest)
        return "cloze", {"text": f"{text}\n\n{extra}".strip()}
    front, rest = (texts or [""])[0], [each for each in texts[1:] if each]
    if not front or not rest:
        return None
    both = notetype.name == REVERSED.name and len(notetype.templates) == 2
    return "reversed" if both else "basic", {"front": front, "back": "\n\n".join(rest)}


def _remarks(lost: Counter[str]) -> Iterator[str]:
    if lost["custom"]:
        yield (
            f"Notes with a note type of their own were written as plain items: {lost['custom']}."
            f" Left out with it: {lost['images']} images, {lost['sounds']} sounds and"
            f" {lost['formats']} pieces of formatting."
        )
    if lost["notes"]:
        yield (
            f"Notes that plain text cannot say were left out: {lost['notes']}. Export a package"
            " to keep them."
        )
