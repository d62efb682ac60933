"""What a note is after it was written as text and read again.

Markdown and tables say less than a note may hold. Who brings such a file back has changed
what differs from this, and nothing else.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import structs

from quizapp.domain.cards import gaps
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.formats import choice_rows, names
from quizapp.formats.faces import portable, portable_cloze
from quizapp.formats.markdown_package import read_folder
from quizapp.formats.markdown_write import item
from quizapp.formats.package import PackedNote
from quizapp.formats.plain import gapped, markdown_of
from quizapp.formats.tables import Row
from quizapp.formats.text_write import as_custom

_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
# Tags, without attributes, that Markdown says in full.
_SAID = re.compile(r"</?(?:br|p|div|b|strong|i|em|ul|li)\s*/?>", re.IGNORECASE)
_GAP = re.compile(r"\{\{c([\d,]+)::((?:(?!\{\{c[\d,]+::|\}\}).)*)\}\}", re.DOTALL)
_OPENING = re.compile(r"\{\{c[\d,]+::")


def through_markdown(note: PackedNote, types: Mapping[str, NoteType]) -> PackedNote | None:
    """The note as a Markdown deck says it; None where it has no place in one."""
    written = item(note, types)
    if written is None:
        return None
    topic = names.one_line(note.topic)
    head = '---\nname = "Deck"\n---\n' + (f"# {topic}\n\n" if topic else "")
    try:
        package = read_folder({"deck.md": head + written})
    except Refusal:
        return None
    found = list(package.notes)
    return found[0] if len(found) == 1 else None


def through_table(note: PackedNote) -> PackedNote | None:
    """The note as a table says it; None where it has no place in one."""
    if note.kind == "choice":
        cells = tuple(_as_read(cell) for cell in choice_rows.row_of(note))
        found = choice_rows.notes([Row(1, cells)], choice_rows.COLUMNS, [])
        return found[0] if found else None
    written = note if note.kind == "custom" else as_custom(note, Counter())
    return structs.replace(
        written,
        fields={name: _as_read(str(value)) for name, value in written.fields.items()},
        tags=names.tags(note.tags),
        topic="",
        reference="",
        domains=(),
        objective="",
        level="",
        pool="study",
    )


def _as_read(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def sides_put_back(
    fields: Mapping[str, str],
    notetype: NoteType,
    written: Mapping[str, str],
    read: Mapping[str, str],
) -> dict[str, str] | None:
    """The fields of a custom note whose plain item was changed from ``written`` to ``read``.

    Only the field that was changed becomes another. None where its markup holds more than
    the item said, and where it cannot be told which field was meant.
    """
    found: dict[str, str] = {}
    first, *rest = notetype.fields
    if notetype.kind == "cloze":
        said = {name: _gapped(fields.get(name, "")) for name in notetype.fields}
        name, text = _changed(said, [first, *rest], written["text"], read["text"])
    else:
        said = {name: markdown_of(fields.get(name, "")) for name in notetype.fields}
        if read["front"] != written["front"]:
            found[first] = read["front"]
        name, text = "", ""
        if read["back"] != written["back"]:
            name, text = _changed(said, rest, written["back"], read["back"])
            if not name:
                return None
    if name:
        found[name] = text
    if not found or not all(is_whole(fields.get(name, "")) for name in found):
        return None
    cloze = notetype.kind == "cloze"
    return {name: _html(text, cloze and name == first) for name, text in found.items()}


def _changed(
    said: Mapping[str, str], order: Sequence[str], written: str, read: str
) -> tuple[str, str]:
    """Which of the fields that make a text together was changed, and what it says now."""
    filled = [name for name in order if said[name]]
    if "\n\n".join(said[name] for name in filled) != written:
        return "", ""
    for place, name in enumerate(filled):
        before = "".join(f"{said[each]}\n\n" for each in filled[:place])
        after = "".join(f"\n\n{said[each]}" for each in filled[place + 1 :])
        length = len(read) - len(before) - len(after)
        if length > 0 and read.startswith(before) and read.endswith(after):
            return name, read[len(before) : len(before) + length]
    return "", ""


def is_whole(html: str) -> bool:
    """Whether Markdown says all that a field of a custom note holds."""
    lost: Counter[str] = Counter()
    markdown_of(html, lost)
    if +lost or not all(map(_SAID.fullmatch, _TAG.findall(html))):
        return False
    found = _GAP.findall(html)
    return len(found) == len(_OPENING.findall(html)) and all(
        number == str(place) and "::" not in text for place, (number, text) in enumerate(found, 1)
    )


def as_markdown(note: PackedNote, cells: Mapping[str, str]) -> dict[str, str] | None:
    """The fields of a note of our kinds that some cells of HTML were changed to.

    ``cells`` are those that were changed, by the field of the stock note type. None where
    Markdown cannot say one of them.
    """
    found = {}
    for name, html in cells.items():
        ours = {"Front": "front", "Back": "back", "Text": "text"}.get(name, "")
        text = _gapped(html) if ours == "text" else markdown_of(html)
        if ours not in note.fields or not is_whole(html) or not text:
            return None
        if ours == "text" and not gaps(text):
            return None
        found[ours] = text
    return found


def _gapped(html: str) -> str:
    return gapped(markdown_of(html))[0].strip()


def _html(text: str, cloze: bool) -> str:
    """Markdown as a field, a lone paragraph without its tags."""
    html = (portable_cloze(text) if cloze else portable(text)).strip()
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return inner if len(html) - len(inner) == 7 and "<p>" not in inner else html
