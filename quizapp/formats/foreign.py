"""Files that somebody may choose in good faith and that hold no cards, told by their content.

Without this most of them would be read as a table of nonsense.
"""

import json
from collections.abc import Collection
from pathlib import Path

from quizapp.formats.limits import MOST_TEXT

_LOOKED_AT = 1_000
_CSV = "save it as CSV (“Save as”, CSV UTF-8), then choose that file."
_BY_HAND = "Copy its text and paste it in, or make a table of it (.csv)."
_Starts = tuple[tuple[tuple[bytes, ...], str], ...]
_BEGINS: _Starts = (
    ((b"%PDF-",), f"This is a PDF, from which no cards can be read. {_BY_HAND}"),
    (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
        f"This is a document of an older Office. If it is a table, {_CSV}",
    ),
    ((b"{\\rtf",), f"This is formatted text (RTF). {_BY_HAND}"),
    (
        (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"),
        "This is a packed archive. Unpack it, then choose what is in it.",
    ),
)
_MARKUP: _Starts = (
    (
        (b"<!doctype html", b"<html"),
        "This is a web page and not a deck. A site may send its sign-in page where a download "
        "was meant: sign in there, download the file again, then choose that.",
    ),
    ((b"<?xml",), f"This is XML, of which no kind can be read here. {_BY_HAND}"),
)
_INSIDE = (
    ("xl/workbook.xml", f"This is an Excel workbook. In Excel, {_CSV}"),
    ("word/document.xml", f"This is a Word document. {_BY_HAND}"),
    ("ppt/presentation.xml", f"This is a PowerPoint presentation. {_BY_HAND}"),
    ("content.xml", f"This is a document of LibreOffice. If it is a table, {_CSV}"),
)
_JSON = (
    "This is JSON, but not what this app exports. Make a table of it (.csv) with one card in "
    "each row, then choose that."
)


def told(path: Path, inside: Collection[str]) -> str:
    """What a file is, and what to do instead, as a sentence; "" where it may hold cards.

    ``inside`` are the names in it, where it is a zip.
    """
    for name, sentence in _INSIDE:
        if name in inside:
            return sentence
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    for starts, sentence in _BEGINS:
        if start.startswith(starts):
            return sentence
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for starts, sentence in _MARKUP:
        if plain.startswith(starts):
            return sentence
    return _JSON if plain.startswith((b"{", b"[")) and _is_json(path) else ""


def _is_json(path: Path) -> bool:
    """Whether all of a file is one value; a row of a table may begin like that."""
    if path.stat().st_size > MOST_TEXT:
        return False
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True
