"""How a table or pasted pairs are to be taken: what the preview offers, what was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quizapp.domain.errors import Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import STOCK, named
from quizapp.formats import choice_rows
from quizapp.formats.paste import BLANK_LINE
from quizapp.formats.readers import notetype_of
from quizapp.formats.text import targets, template
from quizapp.storage import imports

__all__ = [
    "COLUMNS", "KINDS", "PARTS", "Mapped", "Pasted", "asked", "chosen", "mapping", "pasted",
    "policy", "template",
]  # fmt: skip

SEPARATORS = {
    "\t": "Tab",
    ",": "Comma",
    ";": "Semicolon",
    "|": "Pipe",
    ":": "Colon",
    " ": "Space",
}
# What stands between the two sides of a pair, and between two pairs, by names for a form.
BETWEEN = {
    "tab": ("Tab", "\t"),
    "dash": ("Dash: term - answer", " - "),
    "en-dash": ("Long dash: term – answer", " – "),
    "em-dash": ("Longest dash: term — answer", " — "),
    "equals": ("Equals sign: term = answer", " = "),
    "colon": ("Colon: answer", ": "),
    "colons": ("Two colons: term::answer", "::"),
    "wide-colon": ("Colon with spaces", " : "),
    "semicolon": ("Semicolon", ";"),
    "comma": ("Comma", ","),
    "line": ("A new line", "\n"),
}
ROWS = {
    "line": ("A new line", "\n"),
    "blank": ("An empty line", BLANK_LINE),
    "semicolon": ("Semicolon", ";"),
}
# What each row of a table can be.
KINDS = {"cards": "A card", "choice": "A multiple-choice question"}
PARTS = {
    part: "ID" if part == "id" else part.replace("_", " ").capitalize()
    for part in choice_rows.PARTS
}
_OTHER = "other"
_LONGEST, _LONGEST_SIGN = 200, 20
_POLICIES = {"preserve": "never"}
# What a column can be beside a field, as one types it.
COLUMNS = {"tags": "#tags", "deck": "#deck", "type": "#notetype", "id": "#key", "-": ""}


@dataclass(frozen=True)
class Mapped:
    """A table as the preview shows it.

    columns   for each column its label and the target it has
    targets   where a column can go
    join      as in formats/text.py TextOptions
    rows      the first rows as they stand in the file
    notetypes keys and names of the types to choose from; empty where rows name their own
    if_matches, match_scope   as in formats/text.py TextOptions
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
    if_matches: str
    match_scope: str
    join: bool


@dataclass(frozen=True)
class Pasted:
    """Pasted pairs as the preview shows them; separators are names of BETWEEN and ROWS, or
    "other" with the sign itself beside it."""

    between: str
    between_other: str
    rows: str
    rows_other: str
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
    types = _types(told)
    type_ = next((type_ for type_ in types if type_.key == options["notetype"]), None)
    labels = list(found["labels"])
    columns = [
        (labels[i] if i < len(labels) and labels[i] else f"Column {i + 1}", target)
        for i, target in enumerate(options["columns"])
    ]
    choice = options["kind"] == "choice"
    where = ("", *PARTS) if choice else targets(type_)
    return Mapped(
        kind=options["kind"],
        separator=options["separator"],
        separators={options["separator"]: options["separator"]} | SEPARATORS,
        html=options["html"],
        header_row=options["header_row"],
        columns=columns,
        targets=list(dict.fromkeys((*where, *(target for _, target in columns)))),
        rows=found["rows"][:5],
        notetype=options["notetype"],
        notetypes=[] if choice else [(type_.key, type_.name) for type_ in types],
        deck=options["deck"],
        tags=" ".join(options["tags"]),
        if_matches=options["if_matches"],
        match_scope=options["match_scope"],
        join=options["join"],
    )


def pasted(head: Mapping[str, Any]) -> Pasted | None:
    """How pasted text was taken apart, to be changed; None where nothing was pasted."""
    told = head.get("paste")
    if not told:
        return None
    options = told["paste"]
    between, between_other = _named(options["between"], BETWEEN)
    rows, rows_other = _named(options["rows"], ROWS)
    return Pasted(
        between=between,
        between_other=between_other,
        rows=rows,
        rows_other=rows_other,
        notetype=options["notetype"],
        notetypes=[(type_.key, type_.name) for type_ in _types(told)],
        deck=options["deck"],
        tags=" ".join(options["tags"]),
    )


def policy(head: Mapping[str, Any]) -> str:
    """What a file itself wants of notes that are here, as imports.Choices has it."""
    told = head.get("text")
    return _POLICIES.get(told["options"]["if_matches"], "newer") if told else "newer"


def chosen(head: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What a learner chose, as options of the next reading.

    Raises Refusal where the file is no table, or where the form does not fit it.
    """
    table, pairs = mapping(head), pasted(head)
    if pairs is not None:
        return {"paste": _chosen_pairs(pairs, form)}
    if table is not None:
        return {"text": _chosen_table(table, form)}
    raise Refusal("This file is no table, so there is nothing to choose about its columns.")


def _chosen_table(shown: Mapped, form: Mapping[str, str]) -> dict[str, Any]:
    separator = form.get("separator", shown.separator)
    if separator not in shown.separators:
        raise Refusal("Choose a separator from the list.")
    kind = form.get("kind", shown.kind)
    if kind not in KINDS:
        raise Refusal("Choose from the list what each row is.")
    decided: dict[str, Any] = {
        "kind": kind,
        "separator": separator,
        "header_row": "header_row" in form,
        "join": "join" in form,
        **_chosen_home(shown, form),
    }
    if kind != shown.kind:
        # What the columns are is guessed anew, and with them what the rows become.
        del decided["notetype"]
        return decided
    if shown.kind == "cards":
        decided["html"] = "html" in form
        once = "update" if shown.if_matches == "duplicate" else shown.if_matches
        decided["if_matches"] = "duplicate" if "again" in form else once
        decided["match_scope"] = "notetype-deck" if "by_deck" in form else "notetype"
    same = (separator, decided["header_row"], decided["notetype"]) == (
        shown.separator,
        shown.header_row,
        shown.notetype,
    )
    # Where the columns are others by now, they are guessed anew.
    if same:
        columns = [form.get(f"column_{i}", target) for i, (_, target) in enumerate(shown.columns)]
        if any(column not in shown.targets for column in columns):
            raise Refusal("Choose for each column where it goes, from the list.")
        decided["columns"] = columns
    return decided


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


def _chosen_pairs(shown: Pasted, form: Mapping[str, str]) -> dict[str, Any]:
    between, rows = _sign(form, "between", BETWEEN), _sign(form, "rows", ROWS)
    if between == rows:
        raise Refusal("Two different separators are needed, one in a pair and one between pairs.")
    return {"between": between, "rows": rows, **_chosen_home(shown, form)}


def _chosen_home(shown: Mapped | Pasted, form: Mapping[str, str]) -> dict[str, Any]:
    notetype = form.get("notetype", shown.notetype)
    if shown.notetypes and notetype not in {key for key, _ in shown.notetypes}:
        raise Refusal("Choose a note type from the list.")
    deck, tags = form.get("deck", shown.deck).strip(), form.get("tags", shown.tags).split()
    if not deck or len(deck) > _LONGEST:
        raise Refusal(f"Give the deck a name of 1 to {_LONGEST} characters.")
    return {"notetype": notetype, "deck": deck, "tags": tags}


def _named(sign: str, names: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The name of a separator, and the separator itself where it has none."""
    name = next((name for name, (_, known) in names.items() if known == sign), _OTHER)
    return name, sign if name == _OTHER else ""


def _sign(form: Mapping[str, str], field: str, names: Mapping[str, tuple[str, str]]) -> str:
    """The separator that a form names, or that was typed where it names another one."""
    name = form.get(field, "")
    if name in names:
        return names[name][1]
    typed = form.get(f"{field}_other", "")
    if name != _OTHER or not typed or len(typed) > _LONGEST_SIGN:
        raise Refusal(
            "Choose a separator from the list, or choose “something else” and write it beside it."
        )
    return typed


def _types(told: Mapping[str, Any]) -> list[NoteType]:
    """The types rows can go to: those of everybody, the learner's, the file's own."""
    made = [notetype_of(told) for told in told["types"]]
    known = {type_.key for type_ in made}
    return [*(type_ for type_ in STOCK if type_.key not in known), *made]
