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
_PICTURE = (
    "This is a picture, from which no cards can be read. Put it into a zip with a Markdown deck"
    " that names it, as in ![](picture.png), then choose the zip."
)
_SOUND = (
    "This is a sound, from which no cards can be read. Put it into a zip with a Markdown deck"
    " that names it, as in ![](sound.mp3), then choose the zip."
)
_FILM = (
    "This is a film, from which no cards can be read. Choose a deck: a package of Anki (.apkg),"
    " a table (.csv) or Markdown (.md)."
)
_PROGRAM = "This is a program. Choose a deck: a package of Anki (.apkg), a table or Markdown."
_DATABASE = (
    "This is a database. If it is a collection of Anki, export it there (File, Export) and"
    " choose the .colpkg or .apkg that you get."
)
# These count where a zero byte follows, which no text has that may begin with the same letters.
_BINARY: _Starts = (
    (
        (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"\0\0\1\0",
         b"8BPS"),
        _PICTURE,
    ),
    ((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"OggS", b"fLaC"), _SOUND),
    ((b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11"), _FILM),
    ((b"MZ\x90\0", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"), _PROGRAM),
    ((b"SQLite format 3\0",), _DATABASE),
)  # fmt: skip
# What stands behind a length: RIFF files by their bytes 8 to 12, those of ISO by 4 to 12.
_RIFF = {b"WAVE": _SOUND, b"WEBP": _PICTURE, b"AVI ": _FILM}
_ISO = {b"M4A": _SOUND, b"M4B": _SOUND, b"hei": _PICTURE, b"mif": _PICTURE, b"avi": _PICTURE}
_MARKUP: _Starts = (
    (
        (b"<!doctype html", b"<html"),
        "This is a web page and not a deck. A site may send its sign-in page where a download "
        "was meant: sign in there, download the file again, then choose that.",
    ),
    ((b"<svg",), _PICTURE),
    ((b"<?xml",), f"This is XML, of which no kind can be read here. {_BY_HAND}"),
)
_INSIDE = (
    ("xl/workbook.xml", f"This is an Excel workbook. In Excel, {_CSV}"),
    ("word/document.xml", f"This is a Word document. {_BY_HAND}"),
    ("ppt/presentation.xml", f"This is a PowerPoint presentation. {_BY_HAND}"),
    ("content.xml", f"This is a document of LibreOffice. If it is a table, {_CSV}"),
)
_BACKUP = "This is a backup, which holds everything. Bring it back under Backups, in the settings."
_JSON = (
    "This is JSON, but not what this app exports. Make a table of it (.csv) with one card in "
    "each row, then choose that."
)


def told(path: Path, inside: Collection[str]) -> str:
    """What a file is, and what to do instead, as a sentence; "" where it may hold cards.

    ``inside`` are the names in it, where it is a zip.
    """
    if {"quizapp.db", "manifest.json"} <= set(inside):
        return _BACKUP
    for name, sentence in _INSIDE:
        if name in inside:
            return sentence
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    for starts, sentence in _BEGINS:
        if start.startswith(starts):
            return sentence
    if b"\0" in start and (sentence := _binary(start)):
        return sentence
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for starts, sentence in _MARKUP:
        if plain.startswith(starts):
            return sentence
    return _JSON if plain.startswith((b"{", b"[")) and _is_json(path) else ""


def _binary(start: bytes) -> str:
    for starts, sentence in _BINARY:
        if start.startswith(starts):
            return sentence
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12], "")
    if start[4:8] == b"ftyp":
        return _ISO.get(start[8:11], _FILM)
    return _PICTURE if start.startswith(b"BM") and start[6:10] == bytes(4) else ""


def _is_json(path: Path) -> bool:
    """Whether all of a file is one value; a row of a table may begin like that."""
    if path.stat().st_size > MOST_TEXT:
        return False
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True
