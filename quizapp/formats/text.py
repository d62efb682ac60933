"""Tables of cards as text: Anki's files with their "#" head, CSV, TSV, questions by column.

``sniff`` says what a file seems to be, ``options`` makes that the proposal, ``read`` takes
the file as somebody decided.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from msgspec import structs

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, STOCK, named
from quizapp.formats import choice_rows, names
from quizapp.formats.limits import MOST_ROWS
from quizapp.formats.package import Package, PackedDeck, PackedNote, Refused
from quizapp.formats.tables import Row, restored, rows
from quizapp.formats.text_head import (
    DECK,
    FIELD,
    KEY,
    NOTETYPE,
    NOTHING,
    SEPARATORS,
    SPECIAL,
    TAGS,
    TYPE_KEY,
    HeadLines,
    TextHead,
    folded,
    head_lines,
    made_type,
    own_like,
    sniff,
)

__all__ = [
    "TextHead", "TextOptions", "asked_first", "options", "own_like", "read", "scope_of",
    "sniff", "targets", "template",
]  # fmt: skip

DEFAULT_DECK = "Default"


@dataclass(frozen=True)
class TextOptions:
    """How to take a text file.

    columns      a target for each column: the name of a field, FIELD (the row's next field
                 in order), TAGS, DECK, NOTETYPE, TYPE_KEY, KEY or NOTHING; for questions the
                 names of formats/choice_rows.py
    notetype     the key of a note type; for rows that name none
    deck, tags   for rows that name no deck; for all rows
    if_matches   "update", "preserve" or "duplicate": what to do with a note that is there.
                 Only "duplicate" lets one file hold the same note twice, and finds none there.
    match_scope  "notetype", or "notetype-deck" where the same first field in another deck
                 is another note
    join         whether what a row has over is joined to its last field, else it is refused
    apart        a mark of this file's own: with "duplicate", its notes are none of those that
                 were brought before
    """

    separator: str
    html: bool
    columns: tuple[str, ...]
    kind: str = "cards"
    notetype: str = BASIC.key
    deck: str = DEFAULT_DECK
    tags: tuple[str, ...] = ()
    header_row: bool = False
    if_matches: str = "update"
    match_scope: str = "notetype"
    join: bool = False
    apart: str = ""


def options(head: TextHead, deck: str = DEFAULT_DECK) -> TextOptions:
    """The proposal: to take a file as it says itself, into a deck where it names none."""
    return TextOptions(
        separator=head.separator,
        html=head.html,
        columns=head.columns,
        kind=head.kind,
        notetype=head.notetype,
        deck=head.deck or deck,
        tags=head.tags,
        header_row=head.header_row,
        if_matches=head.if_matches,
        match_scope=head.match_scope,
    )


def targets(notetype: NoteType | None) -> tuple[str, ...]:
    """Where a column can go, the fields first; FIELD where each row names its own type."""
    fields = (FIELD,) if notetype is None else notetype.fields
    return (*fields, *SPECIAL, NOTHING)


def read(text: str, options: TextOptions, known: Sequence[NoteType] = STOCK) -> Package:
    """The notes of a file, each row that cannot be taken under ``refused``.

    A note without a key gets one from its note type and first field (see ``scope_of``).
    Raises Refusal where the options do not fit, and where the file holds no rows or too many.
    """
    if len(options.separator) != 1 or options.separator in '"\n':
        raise Refusal("The separator must be one character. Choose one from the list.")
    package = Package("text", [], [], ())
    keys = head_lines(text)
    package.remarks.extend(keys.remarks)
    taken = list(_taken(text, keys, options, package))
    if keys.defused:
        taken = [Row(row.line, tuple(restored(cell) for cell in row.cells)) for row in taken]
    if found := _made_before(text, options, known):
        known = [*known, found]
    fill(package, taken, options, known)
    return package


def fill(
    package: Package, taken: Sequence[Row], options: TextOptions, known: Sequence[NoteType] = STOCK
) -> None:
    """Give a package the notes, note types and decks of some rows, and what it refuses."""
    if options.kind == "choice":
        notes = choice_rows.notes(taken, options.columns, package.refused)
        _tell_left_out(taken, options.columns, package)
        deck = names.deck_name(options.deck) or DEFAULT_DECK
        common = names.tags(options.tags)
        notes = [
            structs.replace(
                note,
                deck=note.deck or deck,
                tags=tuple(dict.fromkeys((*common, *note.tags))),
            )
            for note in notes
        ]
    else:
        notes = _notes(taken, options, known, package)
    package.notes = _without_doubles(notes, options, package)
    package.refused.sort(key=lambda refused: int(refused.where.removeprefix("row ")))
    used = dict.fromkeys(note.deck for note in package.notes)
    package.decks.extend(PackedDeck(name) for name in used)


def _taken(text: str, keys: HeadLines, options: TextOptions, package: Package) -> Iterator[Row]:
    """The rows that can become notes; the others are refused or remarked on."""
    width, skip, remarks, count = len(options.columns), options.header_row, list[int](), 0
    for row in rows(text, options.separator, keys.at, keys.line):
        if row.fault:
            package.refused.append(Refused(f"row {row.line}", row.fault))
        elif not row.cells:
            remarks.append(row.line)
        elif not any(cell and not cell.isspace() for cell in row.cells):
            continue
        elif skip:
            skip = False
        elif any(cell.strip() for cell in row.cells[width:]) and not options.join:
            package.refused.append(Refused(f"row {row.line}", _too_wide(row, options)))
        else:
            count += 1
            if count > MOST_ROWS:
                raise Refusal(f"This file has more than {MOST_ROWS:,} rows. Split it.")
            yield _joined(row, options) if options.join else row
    if not count and not package.refused:
        raise Refusal("This file holds no rows. Choose a file with one card in each row.")
    if remarks:
        package.remarks.append(
            f"Lines that begin with “#” were passed over: {len(remarks)}, the first in line"
            f" {remarks[0]}. Put the text in quotes to keep it."
        )


def _joined(row: Row, options: TextOptions) -> Row:
    """A row whose last field has taken up what the row has over; what follows it stays."""
    cells = list(row.cells)
    while len(cells) > len(options.columns) and not cells[-1].strip():
        cells.pop()
    over = len(cells) - len(options.columns)
    if over <= 0:
        return row
    fields = [n for n, target in enumerate(options.columns) if target not in (NOTHING, *SPECIAL)]
    at = fields[-1] if fields and options.kind == "cards" else len(options.columns) - 1
    whole = options.separator.join(cells[at : at + over + 1])
    return Row(row.line, (*cells[:at], whole, *cells[at + over + 1 :]))


def _too_wide(row: Row, options: TextOptions) -> str:
    named_ = next((n for n, char in SEPARATORS.items() if char == options.separator), None)
    return (
        f"It has {len(row.cells)} columns where {len(options.columns)} are expected."
        f" Put the text that holds a {named_ or options.separator} in quotes, or have what is"
        " over joined to the last field."
    )


def _types(
    taken: Iterable[Row], options: TextOptions, known: Sequence[NoteType]
) -> dict[str, NoteType]:
    """The note types that rows name, by folded name; "" is that of rows that name none.

    A name that nobody knows gets a type with as many fields as its rows fill.
    """
    default = named(options.notetype, known)
    if default is None:
        raise Refusal("This note type does not exist. Choose one from the list.")
    types = {"": default}
    keys = {type_.key for type_ in known}
    places = [place for place, target in enumerate(options.columns) if target == FIELD]
    unknown: dict[str, tuple[str, list[list[str]]]] = {}
    for row in taken:
        name = _named_in(row, options, keys)
        if folded(name) in types:
            continue
        if found := named(name, known):
            types[folded(name)] = found
            continue
        cells = [row.cells[place] if place < len(row.cells) else "" for place in places]
        unknown.setdefault(folded(name), (names.one_line(name)[:100], []))[1].append(cells)
    for key, (name, rows_) in unknown.items():
        filled = (n for cells in rows_ for n, cell in enumerate(cells, 1) if cell.strip())
        fields = [f"Field {n}" for n in range(1, max(filled, default=1) + 1)]
        types[key] = made_type(name, fields, [cells[0] for cells in rows_ if cells])
    return types


def _named_in(row: Row, options: TextOptions, keys: Collection[str]) -> str:
    """The note type that a row names, by its key where that is one of some, "" for none."""
    said = dict(zip(options.columns, row.cells, strict=False))
    key = said.get(TYPE_KEY, "").strip()
    return key if key in keys else said.get(NOTETYPE, "")


def _made_before(text: str, options: TextOptions, known: Sequence[NoteType]) -> NoteType | None:
    """The type that was made of the columns when the file was looked at."""
    if options.kind == "choice" or named(options.notetype, known):
        return None
    head = sniff(text, known, separator=options.separator, header_row=options.header_row)
    return head.made


def _notes(
    taken: Sequence[Row], options: TextOptions, known: Sequence[NoteType], package: Package
) -> list[PackedNote]:
    types = _types(taken, options, known)
    keys = {type_.key for type_ in known}
    _check_targets(options, types[""])
    deck = names.deck_name(options.deck) or DEFAULT_DECK
    common = names.tags(options.tags)
    used: dict[str, NoteType] = {}
    notes, surplus = [], 0
    for row in taken:
        notetype = types[folded(_named_in(row, options, keys))]
        used.setdefault(notetype.key, notetype)
        note = PackedNote(
            key="",
            kind="custom",
            fields=dict.fromkeys(notetype.fields, ""),
            deck=deck,
            notetype=notetype.key,
            tags=common,
            where=f"row {row.line}",
        )
        filled, more = _filled(note, row, options)
        notes.append(filled)
        surplus += more
    package.notetypes.extend(used.values())
    _tell_left_out(taken, options.columns, package)
    if surplus:
        package.remarks.append(
            f"Cells beyond the fields of their note type were left out: {surplus}."
        )
    return notes


def _tell_left_out(taken: Sequence[Row], columns: Sequence[str], package: Package) -> None:
    left = [
        str(place + 1)
        for place, target in enumerate(columns)
        if target == NOTHING and any("".join(row.cells[place : place + 1]).strip() for row in taken)
    ]
    if left:
        package.remarks.append(f"Columns left out though they hold text: {', '.join(left)}.")


def _check_targets(options: TextOptions, notetype: NoteType) -> None:
    if NOTETYPE in options.columns:
        return
    for target in options.columns:
        if target not in (NOTHING, FIELD, *SPECIAL, TYPE_KEY, *notetype.fields):
            raise Refusal(f"The note type has no field “{target}”. Choose another for its column.")


def _filled(note: PackedNote, row: Row, options: TextOptions) -> tuple[PackedNote, int]:
    """A note with the cells of its row, and how many cells found no field."""
    fields = dict(note.fields)
    key, deck, tags, surplus = "", note.deck, note.tags, 0
    order = iter(note.fields)
    for cell, target in zip(row.cells, options.columns, strict=False):
        if target in (NOTHING, NOTETYPE, TYPE_KEY):
            continue
        if target == TAGS:
            tags = names.tags((*tags, *names.tags_in(cell)))
        elif target == DECK:
            deck = names.deck_name(cell) or deck
        elif target == KEY:
            key = names.key(cell)
        else:
            name = next(order, "") if target == FIELD else target
            if name in fields:
                fields[name] = cell if options.html else plain_to_html(cell)
            else:
                surplus += bool(cell.strip())
    return structs.replace(note, key=key, deck=deck, tags=tags, fields=fields), surplus


def plain_to_html(text: str) -> str:
    """Text as a field that shows just that: nothing in it is markup."""
    return escape(text, quote=False).replace("\n", "<br>")


def asked_first(note: PackedNote) -> str:
    """What the first field of a note of fields says, by which it is known if it has no ID."""
    return names.asked(str(next(iter(note.fields.values()))))


def scope_of(note: PackedNote) -> str | None:
    """How far a row without an ID reaches: a note that asks the same is the same one in any
    deck ("") or in the deck of this name.

    None for a note with a key of its own and for one that is to be there twice. It is read
    off the key, which nothing but its type, deck and first field can have made.
    """
    if note.kind != "custom" or not names.may_be_derived(note.key):
        return None
    asked = asked_first(note)
    scopes = (s for s in ("", note.deck) if names.derived_key(note.notetype, s, asked) == note.key)
    return next(scopes, None)


def _without_doubles(
    notes: Iterable[PackedNote], options: TextOptions, package: Package
) -> tuple[PackedNote, ...]:
    """Notes with a key each; the first of those that are the same stays."""
    kept: dict[str, PackedNote] = {}
    copies: Counter[str] = Counter()
    for note in notes:
        asked = "" if note.kind == "choice" else asked_first(note)
        if note.kind == "custom" and not asked and not note.key:
            package.refused.append(Refused(note.where, "Its first field is empty."))
            continue
        scope = note.deck if options.match_scope == "notetype-deck" else ""
        doubles = options.if_matches == "duplicate" and not note.key
        mark = (options.apart,) if doubles and options.apart else ()
        key = note.key or names.derived_key(note.notetype, scope, asked, *mark)
        if key in kept and doubles:
            copies[key] += 1
            key = names.derived_key(note.notetype, scope, asked, *mark, str(copies[key] + 1))
        if key in kept:
            first = kept[key].where
            why = "has the same ID" if note.key and note.kind == "custom" else "asks the same"
            reason = f"It {why} as {first}, which was taken. Change one, or leave this one out."
            package.refused.append(Refused(note.where, reason))
            continue
        kept[key] = structs.replace(note, key=key)
    return tuple(kept.values())


def template(kind: str) -> str:
    """A file to fill in, of "cards" or of "choice", which can be read as it is."""
    if kind == "cards":
        return _CARDS
    if kind == "choice":
        return choice_rows.TEMPLATE
    raise Refusal("There is a template for cards and one for questions. Choose one of them.")


_CARDS = (
    "Front,Back,Tags,Deck,ID\n"
    "What does residual risk mean?,The risk that remains after treatment,risk,My deck,my-1\n"
    '"A text with a comma, or with ""quotes""","stands in quotes, and quotes in it are doubled",'
    ",My deck,my-2\n"
)
