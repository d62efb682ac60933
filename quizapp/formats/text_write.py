"""Packages as tables: for Anki with its "#" head, for spreadsheets with column names and
formulas defused."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from msgspec import structs

from quizapp.domain.cards import GAP
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, CLOZE, REVERSED, TYPING
from quizapp.formats import choice_rows, names
from quizapp.formats.faces import inline, markdown, with_plain_names
from quizapp.formats.package import Package, PackedNote
from quizapp.formats.tables import defused, written
from quizapp.formats.text_head import OWN_ID, folded, labels_known

FLAVOURS = {"anki": ("notes.txt", "\t"), "spreadsheet": ("notes.csv", ",")}
QUESTIONS = "questions.csv"

_TYPES = {"basic": BASIC, "reversed": REVERSED, "typed": TYPING, "cloze": CLOZE}
# So many names of fields stand in one label.
_MOST_CALLED = 3
# Excel takes a file for UTF-8 only where it begins with this.
_MARK = "\ufeff"


def write_text(package: Package, flavour: str = "anki") -> dict[str, str]:
    """Text by file name: notes, and questions by column.

    ``flavour`` is "anki": a "#" head, tabs and the cells as they are, for Anki's import; or
    "spreadsheet": column names, commas, a byte order mark, and an apostrophe before each cell
    that a spreadsheet would take for a formula, which reading takes away again. Questions are
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
        called = Counter(folded(each.name) for each in types.values())
        several = {name for name, count in called.items() if count > 1}
        types |= {each.key: each for each in _TYPES.values()}
        lines = _table(notes, types, several, separator, flavour == "spreadsheet")
        files[name] = "".join(lines)
    if questions:
        files[QUESTIONS] = _MARK + "".join(_questions(questions))
    if found := +lost:
        said = " and ".join(f"{count} {what}" for what, count in sorted(found.items()))
        package.remarks.append(f"A table has no place for {said}. They were left out.")
    return files


def _table(
    notes: list[PackedNote],
    types: dict[str, NoteType],
    several: Set[str],
    separator: str,
    spreadsheet: bool,
) -> Iterator[str]:
    """The lines of a table; ``several`` are names that more than one note type has."""
    width = max(len(note.fields) for note in notes)
    alike = any(folded(_name_of(note, types)) in several for note in notes)
    if spreadsheet:
        labels = _labels(notes, types, width)
        more = ("Note type ID",) if alike else ()
        head = (OWN_ID, "Note type", "Deck", *labels, "Tags", *more)
        yield _MARK + written(map(defused, head), separator)
    else:
        yield "#separator:tab\n#html:true\n"
        yield "#guid column:1\n#notetype column:2\n#deck column:3\n"
        yield f"#tags column:{width + 4}\n"
        # Anki passes over a line and a column that it does not know.
        yield f"#notetype key column:{width + 5}\n" if alike else ""
    for note in notes:
        known = types.get(note.notetype)
        fields = [str(value) for value in note.fields.values()]
        if known:
            fields = [str(note.fields.get(name, "")) for name in known.fields]
        cells = [
            note.key,
            _name_of(note, types),
            note.deck,
            *fields,
            *[""] * (width - len(fields)),
            " ".join(names.tags(note.tags)),
            *([note.notetype] if alike else ()),
        ]
        yield written(map(defused, cells) if spreadsheet else cells, separator)


def _name_of(note: PackedNote, types: Mapping[str, NoteType]) -> str:
    known = types.get(note.notetype)
    return known.name if known else note.notetype


def _labels(
    notes: Sequence[PackedNote], types: Mapping[str, NoteType], width: int
) -> Iterator[str]:
    """What the columns of fields are called: as the note types call them, each otherwise."""
    fields = {note.notetype: tuple(note.fields) for note in notes}
    fields |= {key: types[key].fields for key in fields if key in types}
    taken = {OWN_ID.casefold(), *labels_known()}
    for place in range(width):
        called = list(dict.fromkeys(each[place] for each in fields.values() if place < len(each)))
        label = " / ".join(called) if len(called) <= _MOST_CALLED else f"Field {place + 1}"
        if folded(label) in taken:
            label = f"{label} (field {place + 1})"
        taken.add(folded(label))
        yield label


def _questions(notes: list[PackedNote]) -> Iterator[str]:
    yield written((OWN_ID if name == "id" else name for name in choice_rows.COLUMNS), ",")
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
        "Back": with_plain_names(inline(back)) if note.kind == "typed" else _html(back),
    }


def _html(text: str) -> str:
    """Markdown as HTML, a lone paragraph without its tags."""
    html = with_plain_names(markdown(text))
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
