"""Packages as tables: for Anki with its "#" head, for spreadsheets with formulas defused."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from quizapp.domain.cards import GAP
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, CLOZE, REVERSED, TYPING
from quizapp.formats import choice_rows, names
from quizapp.formats.faces import inline, markdown
from quizapp.formats.package import Package, PackedNote
from quizapp.formats.tables import defused, written
from quizapp.formats.text_head import DEFUSED

FLAVOURS = {"anki": ("notes.txt", "\t"), "spreadsheet": ("notes.csv", ",")}
QUESTIONS = "questions.csv"

_TYPES = {"basic": BASIC, "reversed": REVERSED, "typed": TYPING, "cloze": CLOZE}
# Excel takes a file for UTF-8 only where it begins with this.
_MARK = "\ufeff"


def write_text(package: Package, flavour: str = "anki") -> dict[str, str]:
    """Text by file name: notes with their "#" head, and questions by column.

    ``flavour`` is "anki": tabs and the cells as they are, for Anki's import; or
    "spreadsheet": commas, a byte order mark, and an apostrophe before each cell that a
    spreadsheet would take for a formula, which reading takes away again. Questions are
    always for spreadsheets. Markdown becomes HTML; what a table cannot say is counted in
    ``package.remarks``.
    """
    if flavour not in FLAVOURS:
        raise Refusal("A table is written for Anki or for spreadsheets. Choose one of them.")
    types = {each.key: each for each in package.notetypes}
    notes, questions = list[PackedNote](), list[PackedNote]()
    lost: Counter[str] = Counter()
    for note in package.notes:
        if note.kind == "choice":
            questions.append(note)
        elif note.kind == "custom":
            notes.append(note)
        else:
            notes.append(as_custom(note, lost))
    files = {}
    if notes:
        name, separator = FLAVOURS[flavour]
        types |= {each.key: each for each in _TYPES.values()}
        files[name] = "".join(_table(notes, types, separator, flavour == "spreadsheet"))
    if questions:
        files[QUESTIONS] = _MARK + f"{DEFUSED}\n" + "".join(_questions(questions))
    if found := +lost:
        said = " and ".join(f"{count} {what}" for what, count in sorted(found.items()))
        package.remarks.append(f"A table has no place for {said}. They were left out.")
    return files


def _table(
    notes: list[PackedNote], types: dict[str, NoteType], separator: str, spreadsheet: bool
) -> Iterator[str]:
    width = max(len(note.fields) for note in notes)
    named = {"\t": "tab", ",": "comma"}[separator]
    yield f"{_MARK if spreadsheet else ''}#separator:{named}\n#html:true\n"
    yield "#guid column:1\n#notetype column:2\n#deck column:3\n"
    yield f"#tags column:{width + 4}\n"
    if spreadsheet:
        yield f"{DEFUSED}\n"
    for note in notes:
        known = types.get(note.notetype)
        fields = [str(value) for value in note.fields.values()]
        if known:
            fields = [str(note.fields.get(name, "")) for name in known.fields]
        cells = [
            note.key,
            known.name if known else note.notetype,
            note.deck,
            *fields,
            *[""] * (width - len(fields)),
            " ".join(names.tags(note.tags)),
        ]
        yield written(map(defused, cells) if spreadsheet else cells, separator)


def _questions(notes: list[PackedNote]) -> Iterator[str]:
    yield written(choice_rows.COLUMNS, ",")
    for note in notes:
        yield written(map(defused, choice_rows.row_of(note)), ",")


def as_custom(note: PackedNote, lost: Counter[str]) -> PackedNote:
    """A note of one of our kinds as one of the stock note type that asks the same."""
    notetype = _TYPES[note.kind]
    lost["references"] += bool(note.reference)
    lost["exam domains"] += len(note.domains)
    lost["other right answers"] += len(note.fields.get("also", ()))
    fields = dict.fromkeys(notetype.fields, "") | _sides(note)
    return structs.replace(note, kind="custom", notetype=notetype.key, fields=fields)


def _sides(note: PackedNote) -> dict[str, Any]:
    if note.kind == "cloze":
        return {"Text": _html(_numbered(note.fields["text"]))}
    back = note.fields["back"]
    return {
        "Front": _html(note.fields["front"]),
        "Back": inline(back) if note.kind == "typed" else _html(back),
    }


def _html(text: str) -> str:
    """Markdown as HTML, a lone paragraph without its tags."""
    html = markdown(text)
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return inner if len(html) - len(inner) == 7 and "<p>" not in inner else html


def _numbered(text: str) -> str:
    """Gaps as Anki writes them, each with a number of its own as each makes a card."""
    count = 0

    def gap(match: Any) -> str:
        nonlocal count
        count += 1
        # "::" would begin a hint.
        return f"{{{{c{count}::{match[1].replace('::', ':&#58;')}}}}}"

    return GAP.sub(gap, text)
