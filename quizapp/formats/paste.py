"""Pairs that somebody pastes, as Quizlet and others export them: term, separator, definition.

Nothing in them is quoted: a separator is a separator wherever it stands first in a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, STOCK, named
from quizapp.formats.limits import MOST_FIELD, MOST_ROWS, MOST_TEXT
from quizapp.formats.package import Package, Refused
from quizapp.formats.tables import Row
from quizapp.formats.text import DEFAULT_DECK, TextOptions, fill

BLANK_LINE = "\n\n"
# Between term and definition, the surest first.
BETWEEN = ("\t", " - ", " – ", " — ", " = ", "::", " : ", ";", ": ", ",")

_SAMPLE = 20_000


@dataclass(frozen=True)
class PasteOptions:
    """How pasted text is taken apart.

    between    what stands between term and definition; "\\n" for two lines under each other
    rows       what stands between two pairs: "\\n", BLANK_LINE or any other text
    notetype   the key of a note type; its first field takes the term, its second the rest
    """

    between: str = "\t"
    rows: str = "\n"
    notetype: str = BASIC.key
    deck: str = DEFAULT_DECK
    tags: tuple[str, ...] = ()


def guess(text: str) -> PasteOptions:
    """The separators that most rows agree on."""
    sample = _normal(text)[:_SAMPLE]
    lines = [line for line in sample.split("\n") if line.strip()]
    blocks = [block.strip() for block in sample.split(BLANK_LINE) if block.strip()]
    if "\t" in sample:
        if len(blocks) > 1 and any("\t" not in line for line in lines):
            return PasteOptions("\t", BLANK_LINE)
        if len(lines) == 1 and sample.count("\t") > 1 and ";" in sample:
            return PasteOptions("\t", ";")
        return PasteOptions("\t", "\n")
    if len(blocks) > 1 and all(block.count("\n") == 1 for block in blocks):
        return PasteOptions("\n", BLANK_LINE)
    if len(lines) == 1 and ";" in sample and "," in sample:
        return PasteOptions(",", ";")
    shares = {sign: sum(sign in line for line in lines) for sign in BETWEEN}
    best = max(shares, key=lambda sign: shares[sign])
    if 2 * shares[best] >= len(lines) > 0:
        return PasteOptions(best, "\n")
    if len(blocks) > 1:
        return PasteOptions("\n", BLANK_LINE)
    return PasteOptions()


def read(text: str, options: PasteOptions, known: Sequence[NoteType] = STOCK) -> Package:
    """A note for each pair; a row without a separator or a side is refused.

    Raises Refusal where a separator is missing, and where there are no pairs or too many.
    """
    notetype = named(options.notetype, known)
    if notetype is None:
        raise Refusal("This note type does not exist. Choose one from the list.")
    if not options.between or not options.rows or options.between == options.rows:
        raise Refusal("Two different separators are needed, one in a pair and one between pairs.")
    if len(text) > MOST_TEXT:
        raise Refusal(f"This text has more than {MOST_TEXT:,} characters. Paste a part of it.")
    package = Package("paste", [], [], ())
    pairs = _pairs(_normal(text), options, notetype, package)
    if not pairs and not package.refused:
        raise Refusal("Nothing was pasted. Paste one pair of term and definition in each row.")
    columns = notetype.fields[:2]
    taken = TextOptions(
        separator="\t",
        html=False,
        columns=columns,
        notetype=notetype.key,
        deck=options.deck,
        tags=options.tags,
    )
    fill(package, pairs, taken, known)
    return package


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _pairs(text: str, options: PasteOptions, notetype: NoteType, package: Package) -> list[Row]:
    rows: list[Row] = []
    line = 1
    for piece in text.split(options.rows):
        begin = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
        line += piece.count("\n") + options.rows.count("\n")
        if not piece.strip():
            continue
        if len(rows) + len(package.refused) >= MOST_ROWS:
            raise Refusal(f"There are more than {MOST_ROWS:,} pairs. Paste a part of them.")
        term, sign, definition = piece.strip("\n ").partition(options.between)
        sides = term.strip(), definition.strip()
        if fault := _fault(sides, bool(sign), notetype):
            package.refused.append(Refused(f"row {begin}", fault))
        else:
            rows.append(Row(begin, sides))
    return rows


def _fault(sides: tuple[str, str], parted: bool, notetype: NoteType) -> str:
    if max(map(len, sides)) > MOST_FIELD:
        return f"It has more than {MOST_FIELD:,} characters. Shorten it."
    if not sides[0]:
        return "It has no term. Write one before the separator."
    if sides[1] or notetype.kind == "cloze":
        return ""
    if parted:
        return "It has no definition. Write one behind the separator."
    return "The separator between term and definition is not in it."
