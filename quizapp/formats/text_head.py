"""What a text file seems to be before it is taken: its "#" lines, and guesses for the rest.

The "#" lines are Anki's. docs: https://docs.ankiweb.net/importing/text-files.html
A first line "sep=;" is Excel's: it names the separator and is no row.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.stock import BASIC, CLOZE, CSS, STOCK, named
from quizapp.formats import choice_rows, names
from quizapp.formats.limits import MOST_COLUMNS, MOST_TEXT, PREVIEW_ROWS
from quizapp.formats.tables import rows

# Where a column can go besides a field, which stands under its name.
NOTHING, FIELD, TAGS, DECK, NOTETYPE, KEY = "", "#field", "#tags", "#deck", "#notetype", "#key"
SPECIAL = (TAGS, DECK, NOTETYPE, KEY)
# The key of a note type, in a table of ours that names several by the same name.
TYPE_KEY = "#notetype-key"
# What our own tables call the column of IDs, by which they are known again: their cells are
# HTML, and ``tables.defused`` was at work.
OWN_ID = "quizapp ID"
SEPARATORS = {
    "tab": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "colon": ":",
    "space": " ",
}
IF_MATCHES = {"update current": "update", "keep current": "preserve", "keep both": "duplicate"}
MATCH_SCOPES = {"notetype": "notetype", "notetype + deck": "notetype-deck"}

_GUESSED = ("\t", ";", ",", "|", ":")
_SAMPLE, _SAMPLE_ROWS = 8_000, 200
_HTML_ROWS = 5
_KEY_LINE = re.compile(r"#\s*([A-Za-z][A-Za-z ]*?)\s*:(.*)")
_OWN_HEAD = re.compile(rf'(?:^|([,;|\t]))"?{OWN_ID}"?([,;|\t]|\s*$)', re.IGNORECASE)
_SEPARATOR_LINE = re.compile(r'("?)sep=([^\w"\n])\1[ \t]*', re.IGNORECASE)
_MARKUP = re.compile(
    r"</?(?:a|b|i|u|p|s|br|hr|em|div|img|sub|sup|span|font|code|pre|ul|ol|li|strong|table|tbody"
    r"|thead|tr|td|th|h[1-6]|blockquote|audio|video|ruby|rt|svg|math|small|big|del|ins|mark"
    r"|details|summary|center|anki-mathjax)(?:\s[^<>]*)?/?>|&(?:nbsp|amp|lt|gt|quot|#\d+);",
    re.IGNORECASE,
)
_GAP = re.compile(r"\{\{c[\d,]+::")
_FORBIDDEN = re.compile(r'[{}":]')
_COLUMN_KEYS = {
    "guid column": KEY,
    "notetype column": NOTETYPE,
    "notetype key column": TYPE_KEY,
    "deck column": DECK,
    "tags column": TAGS,
}
# What columns are called in English, German, French and Spanish, as names.plainly has it.
_LABELS = {
    **dict.fromkeys(
        "tags tag schlagworter schlagwoerter schlagworte schlagwort stichworter stichworte"
        " etiketten etiquettes etiquette mots-cles etiquetas etiqueta".split(),
        TAGS,
    ),
    **dict.fromkeys(("deck", "deck name", "stapel", "kartenstapel", "paquet", "mazo"), DECK),
    **dict.fromkeys(("notetype", "note type", "notiztyp", "type de note"), NOTETYPE),
    **dict.fromkeys(("guid", "id", "key", "kennung", "identifiant", "identificador"), KEY),
    "quizapp id": KEY,
    "note type id": TYPE_KEY,
}
_FIRST = frozenset(
    "front question term word prompt text stem vorderseite frage begriff fachbegriff wort"
    " recto terme mot anverso pregunta termino palabra concepto".split()
)
_SECOND = frozenset(
    "back answer definition meaning translation ruckseite rueckseite antwort losung loesung"
    " erklarung erklaerung bedeutung ubersetzung uebersetzung verso reponse signification"
    " traduction reverso respuesta definicion significado traduccion".split()
) | {"back extra"}
# What a row is about: a tag, where no field is called like it.
_TOPICS = frozenset(
    "topic category chapter thema kategorie kapitel theme categorie chapitre tema categoria"
    " capitulo".split()
)


@dataclass(frozen=True)
class TextHead:
    """What a text file says of itself, and what can be guessed of the rest.

    separator    one character
    labels       what "#columns" or the header row calls the columns
    width        how many columns its rows have; ``widest`` the most that one has
    kind         "cards", or "choice" where the columns are those of a question
    notetype     the key of the note type it names, else the likeliest
    made         the type made of its columns where it names one that nobody knows
    columns      where each column goes, as TextOptions has it
    rows         the first, as they stand in the file, the header row left out
    at, line     where the rows begin: place in the text, and line
    """

    separator: str
    html: bool
    labels: tuple[str, ...]
    width: int
    widest: int
    kind: str
    notetype: str
    made: NoteType | None
    columns: tuple[str, ...]
    header_row: bool
    rows: tuple[tuple[str, ...], ...]
    deck: str = ""
    tags: tuple[str, ...] = ()
    if_matches: str = "update"
    match_scope: str = "notetype"
    defused: bool = False
    remarks: tuple[str, ...] = ()
    at: int = 0
    line: int = 1


@dataclass
class HeadLines:
    """The lines of a file that are no rows, while they are read."""

    at: int = 0
    line: int = 1
    separator: str = ""
    html: bool | None = None
    columns: str = ""
    notetype: str = ""
    deck: str = ""
    tags: list[str] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)
    if_matches: str = "update"
    match_scope: str = "notetype"
    defused: bool = False
    remarks: list[str] = field(default_factory=list)


def sniff(
    text: str,
    known: Sequence[NoteType] = STOCK,
    *,
    separator: str = "",
    notetype: str = "",
    header_row: bool | None = None,
    kind: str = "",
) -> TextHead:
    """What a file seems to be; what is given besides was decided and not to be guessed.

    ``known`` are the note types it can name. Raises Refusal where it holds no rows.
    """
    keys = head_lines(text)
    separator = separator or keys.separator or _separator(text, keys.at)
    seen = list(islice(rows(text, separator, keys.at, keys.line), _SAMPLE_ROWS))
    sample = [row.cells for row in seen if any(cell.strip() for cell in row.cells)]
    if not sample and not any(row.fault for row in seen):
        raise Refusal("This file holds no rows. Choose a file with one card in each row.")
    labels = _labels_in(keys.columns, separator)
    if not labels and sample and header_row is not False and not keys.places:
        is_head = _is_header(sample[0], known, notetype or keys.notetype)
        header_row = header_row or is_head
        labels = sample[0] if header_row else ()
    header_row = bool(header_row) and not keys.columns
    body = sample[1:] if header_row else sample
    width = max(len(labels), _usual([len(cells) for cells in body]))
    if header_row and not _has_more(body, len(labels)):
        width = len(labels)
    widest = min(max([width, *map(len, sample)]), MOST_COLUMNS)
    head = TextHead(
        separator=separator,
        html=_looks_like_html(body) if keys.html is None else keys.html,
        labels=tuple(names.one_line(label) for label in labels),
        width=width,
        widest=widest,
        kind="cards",
        notetype="",
        made=None,
        columns=(),
        header_row=header_row,
        rows=tuple(tuple(cells) for cells in body[:PREVIEW_ROWS]),
        deck=keys.deck,
        tags=names.tags(keys.tags),
        if_matches=keys.if_matches,
        match_scope=keys.match_scope,
        defused=keys.defused,
        remarks=tuple(keys.remarks),
        at=keys.at,
        line=keys.line,
    )
    if kind == "choice" or (not kind and choice_rows.fits(labels)):
        parts = choice_rows.guessed(labels, width)
        return replace(head, kind="choice", columns=parts, html=False)
    return _mapped(head, keys, known, notetype, body)


def head_lines(text: str) -> HeadLines:
    """What a file says before its rows, and where those begin. Raises Refusal for a text that
    is too long."""
    if len(text) > MOST_TEXT:
        raise Refusal(f"This text has more than {MOST_TEXT:,} characters. Split it.")
    keys = HeadLines(at=1 if text.startswith("\ufeff") else 0)
    while keys.at < len(text):
        end = text.find("\n", keys.at)
        end = len(text) if end < 0 else end
        line = text[keys.at : end] if end - keys.at < _SAMPLE else ""
        if keys.line == 1 and (match := _SEPARATOR_LINE.fullmatch(line)):
            keys.separator = match[2]
        elif line.startswith("#"):
            if match := _KEY_LINE.fullmatch(line):
                _take_key(keys, " ".join(match[1].lower().split()), match[2])
        elif line.startswith("tags:") and "\t" not in line:
            keys.tags += line.removeprefix("tags:").split()
        elif text[keys.at : end].strip():
            if match := _OWN_HEAD.search(line):
                keys.separator = keys.separator or match[1] or match[2].strip(" \r\n")
                keys.html, keys.defused = True, True
            break
        keys.at, keys.line = end + 1, keys.line + 1
    return keys


def labels_known() -> Collection[str]:
    """What a column is not to be called that holds a field."""
    return _LABELS.keys()


def _take_key(keys: HeadLines, key: str, raw: str) -> None:
    value = raw.strip().rstrip(",;\t ")  # a spreadsheet fills the line up with separators
    if key == "separator":
        found = SEPARATORS.get(value.lower()) or (raw.strip(" ") or raw)[:1]
        if value and len(value) > 1 and value.lower() not in SEPARATORS:
            keys.remarks.append(f"The separator “{names.one_line(value)[:40]}” is unknown.")
        elif found and found not in '"\n':
            keys.separator = found
    elif key == "html":
        keys.html = value.lower() == "true"
    elif key == "columns":
        keys.columns = raw
    elif key == "notetype":
        keys.notetype = names.one_line(value)
    elif key == "deck":
        keys.deck = names.deck_name(value)
    elif key == "tags":
        keys.tags += value.split()
    elif key == "if matches":
        keys.if_matches = IF_MATCHES.get(value.lower(), keys.if_matches)
    elif key == "match scope":
        keys.match_scope = MATCH_SCOPES.get(value.lower(), keys.match_scope)
    elif key == "formulas":  # as our own tables said it before they had names of columns
        keys.defused = value.lower() == "defused"
    elif key in _COLUMN_KEYS:
        if value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= MOST_COLUMNS:
            keys.places[int(value) - 1] = _COLUMN_KEYS[key]
        else:
            keys.remarks.append(f"The line “#{key}” names no column.")


def _separator(text: str, at: int) -> str:
    """The separator that gives the most rows the same number of columns, tab before others."""
    sample = text[at : at + _SAMPLE]
    if len(text) > at + _SAMPLE and "\n" in sample:
        sample = sample[: sample.rfind("\n") + 1]
    best, best_share = "\t", 0.5
    for separator in _GUESSED:
        widths = [len(row.cells) for row in rows(sample, separator) if row.cells]
        (width, count), *_ = Counter(widths).most_common(1) or [(0, 0)]
        share = count / len(widths) if width > 1 else 0.0
        if separator == "\t" and share >= 0.5:
            return "\t"
        if share > best_share or (share == best_share and best == "\t"):
            best, best_share = separator, share
    return best if best != ":" or best_share == 1 else "\t"


def _labels_in(columns: str, separator: str) -> tuple[str, ...]:
    first = next(rows(columns, separator), None)
    labels = list(first.cells) if first else []
    while labels and not labels[-1].strip():
        labels.pop()
    return tuple(labels)


def _is_header(cells: Sequence[str], known: Iterable[NoteType], notetype: str) -> bool:
    """Whether a first row names columns: two labels that are known, or all of them."""
    labels = [folded(cell) for cell in cells if cell.strip()]
    if choice_rows.fits(cells):
        return True
    wanted = named(notetype, known) if notetype else None
    fields = {folded(name) for each in ((wanted,) if wanted else known) for name in each.fields}
    words = _LABELS.keys() | _FIRST | _SECOND | _TOPICS
    hits = [label in fields or names.plainly(label) in words for label in labels]
    return len(set(labels)) == len(labels) and (sum(hits) >= 2 or (bool(hits) and all(hits)))


def _has_more(body: Sequence[Sequence[str]], width: int) -> bool:
    """Whether every row has a text beyond the columns that are named: a column without a name.

    What goes on with a space, where other columns do not begin so, is a text with commas.
    """
    over = [cells[width] for cells in body if "".join(cells[width:]).strip()]
    if len(over) < len(body) or not width:
        return False
    spaced = all(cell.startswith(" ") for cell in over)
    return not spaced or any(cell.startswith(" ") for cells in body for cell in cells[1:width])


def _looks_like_html(sample: Iterable[Sequence[str]]) -> bool:
    return any(_MARKUP.search(cell) for cells in islice(sample, _HTML_ROWS) for cell in cells)


def _usual(widths: list[int]) -> int:
    """The number of columns most rows have, the larger of equals."""
    counts = Counter(widths)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def folded(label: str) -> str:
    return names.one_line(label).casefold()


def _mapped(
    head: TextHead,
    keys: HeadLines,
    known: Sequence[NoteType],
    notetype: str,
    body: Sequence[Sequence[str]],
) -> TextHead:
    fixed = {place: target for place, target in keys.places.items() if place < head.widest}
    width = max([head.width, *(place + 1 for place in fixed)], default=head.width)
    for place, label in enumerate(head.labels):
        if (target := _LABELS.get(names.plainly(label))) and target not in fixed.values():
            fixed.setdefault(place, target)
    own = named(keys.notetype, known) if keys.notetype else None
    made = None
    if keys.notetype and own is None and NOTETYPE not in fixed.values():
        made = _type_of_columns(keys.notetype, head.labels, width, fixed, body)
    if notetype:
        kind = named(notetype, [*known, made] if made else known)
        if kind is None:
            raise Refusal("This note type does not exist. Choose one from the list.")
    else:
        kind = own or made or _likeliest(known, body, fixed)
    if NOTETYPE in fixed.values():
        columns = [fixed.get(place, FIELD) for place in range(width)]
    else:
        columns = _columns(kind, head.labels, width, fixed)
    return replace(head, width=width, notetype=kind.key, made=made, columns=tuple(columns))


def _likeliest(
    known: Sequence[NoteType], body: Sequence[Sequence[str]], fixed: dict[int, str]
) -> NoteType:
    first = next(place for place in range(MOST_COLUMNS + 1) if place not in fixed)
    asked = [cells[first] for cells in body[:_HTML_ROWS] if first < len(cells)]
    gaps = bool(asked) and all(_GAP.search(cell) for cell in asked)
    return own_like(CLOZE if gaps else BASIC, known)


def own_like(stock: NoteType, known: Sequence[NoteType]) -> NoteType:
    """The type among those known that a learner knows as this one.

    What came with a package is called "Basic" too, under a key of its own; rows for it would
    else be notes of another type than those that are here.
    """
    found = named(stock.key, known)
    if found is not None and found is not stock:
        return found
    alike = (
        each
        for each in known
        if (folded(each.name), each.kind) == (folded(stock.name), stock.kind)
        and each.fields[: len(stock.fields)] == stock.fields
        and each is not stock
    )
    return next(alike, stock)


def _columns(
    notetype: NoteType, labels: Sequence[str], width: int, fixed: dict[int, str]
) -> list[str]:
    """By label where one fits, else in order; then a column left over holds the tags."""
    columns = [fixed.get(place, NOTHING) for place in range(width)]
    free = [place for place in range(width) if place not in fixed]
    by_name = {folded(name): name for name in notetype.fields}
    by_label: dict[int, str] = {}
    for place in free:
        label = folded(labels[place]) if place < len(labels) else ""
        name = by_name.get(label) or by_name.get(folded(_field_name(label, place)))
        said = names.plainly(label)
        if name is None and said in _FIRST:
            name = notetype.fields[0]
        if name is None and said in _SECOND and len(notetype.fields) > 1:
            name = notetype.fields[1]
        if name and name not in by_label.values():
            by_label[place] = name
    topic = next((n for n in free if n < len(labels) and names.plainly(labels[n]) in _TOPICS), None)
    if topic is not None and topic not in by_label and TAGS not in fixed.values():
        columns[topic] = TAGS
        free.remove(topic)
    if by_label:
        left = iter([name for name in notetype.fields if name not in by_label.values()])
        for place in free:
            columns[place] = by_label.get(place) or next(left, NOTHING)
        return columns
    for place, name in zip(free, notetype.fields, strict=False):
        columns[place] = name
    rest = free[len(notetype.fields) :]
    if rest and TAGS not in fixed.values():
        columns[rest[0]] = TAGS
    return columns


def _field_name(label: str, place: int) -> str:
    """A name that a template can say."""
    name = _FORBIDDEN.sub("", names.one_line(label)).lstrip("#^/ ").strip()
    return name[:100] or f"Field {place + 1}"


def _type_of_columns(
    name: str,
    labels: Sequence[str],
    width: int,
    fixed: dict[int, str],
    body: Sequence[Sequence[str]],
) -> NoteType:
    free = [place for place in range(width) if place not in fixed]
    fields: list[str] = []
    for place in free or [0]:
        label = labels[place] if place < len(labels) else ""
        field_name = _field_name(label, len(fields))
        while field_name.casefold() in {other.casefold() for other in fields}:
            field_name += "+"
        fields.append(field_name)
    first = (free or [0])[0]
    return made_type(name, fields, [cells[first] for cells in body if first < len(cells)])


def made_type(name: str, fields: Sequence[str], asked: Iterable[str]) -> NoteType:
    """A note type for a name that nobody knows: the first field asks, the rest answers."""
    asked = list(asked)
    first, rest = fields[0], fields[1:]
    shown = "".join(f"{{{{#{each}}}}}<div>{{{{{each}}}}}</div>{{{{/{each}}}}}" for each in rest)
    key = "made-" + names.digest(folded(name), *fields)
    if any("image-occlusion:" in cell for cell in asked) and rest:
        front = f"{{{{cloze:{first}}}}}<div>{{{{{rest[0]}}}}}</div>"
        return NoteType(
            key, name, "occlusion", tuple(fields), (Template("Card 1", front, front),), CSS
        )
    if any(_GAP.search(cell) for cell in asked):
        front = f"{{{{cloze:{first}}}}}"
        template = Template("Cloze", front, front + shown)
        return NoteType(key, name, "cloze", tuple(fields), (template,), CSS)
    template = Template("Card 1", f"{{{{{first}}}}}", f'{{{{FrontSide}}}}<hr id="answer">{shown}')
    return NoteType(key, name, "normal", tuple(fields), (template,), CSS)
