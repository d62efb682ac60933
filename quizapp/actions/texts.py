"""How a table of cards is to be taken: what its preview offers, and what a learner chose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quizapp.domain.errors import Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import STOCK, named
from quizapp.formats.readers import notetype_of
from quizapp.formats.text import targets, template
from quizapp.storage import imports

__all__ = ["COLUMNS", "Mapped", "asked", "chosen", "mapping", "template"]

SEPARATORS = {
    "\t": "Tab",
    ",": "Comma",
    ";": "Semicolon",
    "|": "Pipe",
    ":": "Colon",
    " ": "Space",
}
# What a column can be beside a field, as one types it.
COLUMNS = {"tags": "#tags", "deck": "#deck", "type": "#notetype", "id": "#key", "-": ""}
_LONGEST = 200


@dataclass(frozen=True)
class Mapped:
    """A table as the preview shows it.

    columns   for each column its label and the target it has
    targets   where a column can go
    rows      the first rows as they stand in the file
    notetypes keys and names of the types to choose from; empty where rows name their own
    """

    kind: str
    separator: str
    separators: Mapping[str, str]
    html: bool
    header_row: bool
    columns: Sequence[tuple[str, str]]
    targets: Sequence[str]
    rows: Sequence[Sequence[str]]
    notetype: str
    notetypes: Sequence[tuple[str, str]]
    deck: str
    tags: str


def mapping(head: Mapping[str, Any]) -> Mapped | None:
    """How a file was taken, to be changed; None where it is no table."""
    told = head.get("text")
    if not told:
        return None
    found, options = told["head"], told["options"]
    types = _types(head)
    type_ = next((type_ for type_ in types if type_.key == options["notetype"]), None)
    labels = list(found["labels"])
    columns = [
        (labels[i] if i < len(labels) and labels[i] else f"Column {i + 1}", target)
        for i, target in enumerate(options["columns"])
    ]
    choice = options["kind"] == "choice"
    return Mapped(
        kind=options["kind"],
        separator=options["separator"],
        separators={options["separator"]: options["separator"]} | SEPARATORS,
        html=options["html"],
        header_row=options["header_row"],
        columns=columns,
        targets=[] if choice else list(dict.fromkeys((*targets(type_), *(c[1] for c in columns)))),
        rows=found["rows"][:5],
        notetype=options["notetype"],
        notetypes=[] if choice else [(type_.key, type_.name) for type_ in types],
        deck=options["deck"],
        tags=" ".join(options["tags"]),
    )


def chosen(head: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What a learner chose, as options of the next reading.

    Raises Refusal where the file is no table, or where the form does not fit it.
    """
    shown = mapping(head)
    if shown is None:
        raise Refusal("This file is no table, so there is nothing to choose about its columns.")
    separator = form.get("separator", shown.separator)
    if separator not in shown.separators:
        raise Refusal("Choose a separator from the list.")
    notetype = form.get("notetype", shown.notetype)
    if shown.notetypes and notetype not in {key for key, _ in shown.notetypes}:
        raise Refusal("Choose a note type from the list.")
    deck, tags = form.get("deck", shown.deck).strip(), form.get("tags", shown.tags).split()
    if not deck or len(deck) > _LONGEST:
        raise Refusal(f"Give the deck a name of 1 to {_LONGEST} characters.")
    decided: dict[str, Any] = {
        "separator": separator,
        "html": "html" in form,
        "header_row": "header_row" in form,
        "notetype": notetype,
        "deck": deck,
        "tags": tags,
    }
    same = (separator, decided["header_row"], notetype) == (
        shown.separator,
        shown.header_row,
        shown.notetype,
    )
    # Where the columns are others by now, they are guessed anew.
    if same and shown.kind == "cards":
        columns = [form.get(f"column_{i}", target) for i, (_, target) in enumerate(shown.columns)]
        if any(column not in shown.targets for column in columns):
            raise Refusal("Choose for each column where it goes, from the list.")
        decided["columns"] = columns
    return {"text": decided}


def asked(
    learner: Learner,
    notetype: str = "",
    separator: str = "",
    html: bool | None = None,
    header_row: bool | None = None,
    columns: Sequence[str] = (),
) -> dict[str, Any]:
    """What somebody typed about a table, as options of its reading; none where nothing was.

    ``notetype`` is a name, ``separator`` the character or its name, ``columns`` are names of
    fields or of COLUMNS. Raises Refusal for what does not exist, naming what does.
    """
    own = [type_ for _, type_ in imports.notetypes(learner.id).values()]
    types = [*own, *(type_ for type_ in STOCK if type_.key not in {t.key for t in own})]
    decided: dict[str, Any] = {"html": html, "header_row": header_row}
    if separator:
        chars = {name.casefold(): char for char, name in SEPARATORS.items()}
        decided["separator"] = chars.get(separator.casefold(), separator)
        if len(decided["separator"]) != 1:
            raise Refusal(
                f"“{separator}” is no separator. Name a character, or one of"
                f" {', '.join(sorted(chars))}."
            )
    type_ = named(notetype, types) if notetype else _with_fields(columns, types)
    if notetype and type_ is None:
        raise Refusal(
            f"There is no note type “{notetype}”. There are:"
            f" {', '.join(sorted({each.name for each in types}))}."
        )
    if type_ is not None:
        decided["notetype"] = type_.key
        fields = {name.casefold(): name for name in type_.fields}
        # A field may be called Tags; then the column is meant for it.
        where = COLUMNS | fields
        unknown = [column for column in columns if column.casefold() not in where]
        if unknown:
            raise Refusal(
                f"The note type {type_.name} has no field “{unknown[0]}”. A column can be"
                f" {', '.join((*type_.fields, *COLUMNS))}."
            )
        if columns:
            decided["columns"] = [where[column.casefold()] for column in columns]
    decided = {name: value for name, value in decided.items() if value is not None}
    return {"text": decided} if decided else {}


def _with_fields(columns: Sequence[str], types: Sequence[NoteType]) -> NoteType | None:
    """The first note type that has the fields which columns name; None for no columns.

    Raises Refusal where none has.
    """
    wanted = {column.casefold() for column in columns} - COLUMNS.keys()
    if not columns:
        return None
    for type_ in types:
        if wanted <= {name.casefold() for name in type_.fields}:
            return type_
    raise Refusal(
        f"No note type has all the fields {', '.join(columns)}. Name the type too, or call the"
        " columns Front and Back."
    )


def _types(head: Mapping[str, Any]) -> list[NoteType]:
    """The types a table can go to: those of everybody, the learner's, the file's own."""
    made = [notetype_of(told) for told in head["text"]["types"]]
    known = {type_.key for type_ in made}
    return [*(type_ for type_ in STOCK if type_.key not in known), *made]
