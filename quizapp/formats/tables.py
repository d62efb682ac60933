"""Rows of a text table (RFC 4180, any separator) with the line each begins in.

One pass from left to right: no line is looked at twice, whatever stands in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quizapp.formats.limits import MOST_COLUMNS, MOST_FIELD

# A spreadsheet takes a cell that begins like this for a formula and works it out. A leading
# apostrophe keeps it text. Full-width and small forms count, as some programs fold them.
_FORMULA = re.compile("'*(?:[\\s\u200b\ufeff]*[=+\\-@＝＋－＠﹦﹢﹣﹫]|[\t\r\n])")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read; or why it cannot be; or, with neither, a "#" remark."""

    line: int
    cells: tuple[str, ...] = ()
    fault: str = ""


def rows(text: str, separator: str, at: int = 0, line: int = 1) -> Iterator[Row]:
    """The rows from a place in a text whose lines end with "\\n"; empty lines are passed over.

    A quoted cell may run over lines and doubles its quotes. Where quotes do not come out
    right, all lines they touch are one row with a fault.
    """
    size = len(text)
    while at < size:
        end = text.find("\n", at)
        end = size if end < 0 else end
        if end == at:
            at, line = end + 1, line + 1
        elif text[at] == "#":
            yield Row(line)
            at, line = end + 1, line + 1
        elif text.find('"', at, end) < 0:
            yield _checked(line, text[at:end].split(separator, MOST_COLUMNS))
            at, line = end + 1, line + 1
        else:
            row, at, line = _quoted(text, separator, at, end, line)
            yield row


def _quoted(text: str, separator: str, at: int, end: int, line: int) -> tuple[Row, int, int]:
    """A row with a quote in its first line; where the next begins, and its line."""
    begin, size, cells = line, len(text), list[str]()
    while True:
        if len(cells) > MOST_COLUMNS:
            return _checked(begin, cells), end + 1, line + 1
        if text.startswith('"', at):
            cell, after = _unquoted(text, at + 1)
            if after < 0:
                fault = (
                    "The quote that opens here is never closed, and nothing after it was read."
                    " Close it, or double it if it belongs to the text."
                )
                return Row(begin, (), fault), size, line
            line += text.count("\n", at, after)
            if after > end:
                end = text.find("\n", after)
                end = size if end < 0 else end
            if after < end and not text.startswith(separator, after):
                lines = f"lines {begin} to {line}" if line > begin else "this row"
                fault = (
                    f"A text goes on after its closing quote, and {lines} cannot be told apart."
                    " Double the quotes that belong to the text."
                )
                return Row(begin, (), fault), end + 1, line + 1
        else:
            after = text.find(separator, at, end)
            after = end if after < 0 else after
            cell = text[at:after]
        cells.append(cell)
        if after >= end:
            return _checked(begin, cells), end + 1, line + 1
        at = after + len(separator)


def _unquoted(text: str, at: int) -> tuple[str, int]:
    """A quoted cell from behind its opening quote, and the place behind the closing one."""
    parts = []
    while (close := text.find('"', at)) >= 0:
        parts.append(text[at:close])
        if not text.startswith('"', close + 1):
            return "".join(parts), close + 1
        parts.append('"')
        at = close + 2
    return "", -1


def _checked(line: int, cells: list[str]) -> Row:
    if len(cells) > MOST_COLUMNS:
        return Row(line, (), f"It has more than {MOST_COLUMNS} columns. Is the separator right?")
    if any(len(cell) > MOST_FIELD for cell in cells):
        return Row(line, (), f"A field has more than {MOST_FIELD:,} characters. Shorten it.")
    return Row(line, tuple(cells))


def written(cells: Iterable[str], separator: str) -> str:
    """One row, quoted where it must be, with its line end."""
    return separator.join(_in_quotes(cell, place) for place, cell in enumerate(cells)) + "\n"


def _in_quotes(cell: str, place: int) -> str:
    odd = any(char in cell for char in '"\n\r\t,;|') or cell[:1].isspace() or cell[-1:].isspace()
    if odd or (place == 0 and (not cell or cell.startswith(("#", "tags:")))):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; ``restored`` gives it back."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """A cell as it was before ``defused``."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
