"""A file that holds no cards is called by its name, and a way on is said."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from quizapp.domain.errors import Refusal
from quizapp.formats.readers import Source, read_as_it_is


def packed(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "<x/>")
    return file.getvalue()


def read(path: Path, name: str, content: bytes) -> None:
    path = path / "upload"
    path.write_bytes(content)
    media = path.parent / "media"
    media.mkdir(exist_ok=True)
    read_as_it_is(Source(path, media, name), lambda done, total: None)


WORKBOOK = packed("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("name", "content", "what", "next_"),
    [
        ("cards.csv", b"\n <!DOCTYPE html>\n<html><p>Sign in</p>", "a web page", "download"),
        ("deck.apkg", b"\xef\xbb\xbf<html><p>Sign in</p>", "a web page", "sign in there"),
        ("deck.xml", b'<?xml version="1.0"?>\n<deck/>', "XML", "paste"),
        ("notes.pdf", b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", "a PDF", "paste"),
        ("notes.rtf", b"{\\rtf1 Hello\n}", "RTF", "paste"),
        ("cards.xlsx", WORKBOOK, "an Excel workbook", "CSV UTF-8"),
        ("cards.csv", WORKBOOK, "an Excel workbook", "CSV UTF-8"),
        ("cards.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "older Office", "CSV"),
        ("notes.docx", packed("word/document.xml"), "a Word document", "paste"),
        ("talk.pptx", packed("ppt/presentation.xml"), "PowerPoint", "paste"),
        ("cards.ods", packed("mimetype", "content.xml"), "LibreOffice", "CSV"),
        ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(90), "a picture", "Markdown deck"),
        ("map.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture", "Markdown deck"),
        ("map.webp", b"RIFF\x24\0\0\0WEBPVP8 ", "a picture", "Markdown deck"),
        ("map.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "a picture", "Markdown deck"),
        ("map.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a picture", "Markdown deck"),
        ("map.bmp", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", "a picture", "Markdown deck"),
        ("talk.mp3", b"ID3\4\0\0\0\0\0\0" + bytes(90), "a sound", "Markdown deck"),
        ("talk.wav", b"RIFF\x24\0\0\0WAVEfmt ", "a sound", "Markdown deck"),
        ("talk.m4a", b"\0\0\0\x20ftypM4A \0\0\0\0", "a sound", "Markdown deck"),
        ("film.mp4", b"\0\0\0\x20ftypisom\0\0\2\0", "a film", ".apkg"),
        ("film.webm", b"\x1aE\xdf\xa3\x9fB\x86\x81\1\0", "a film", ".apkg"),
        ("setup.exe", b"MZ\x90\0\3\0\0\0", "a program", ".apkg"),
        ("collection.anki2", b"SQLite format 3\0\x10\0", "a database", "export it"),
        ("any.bin", bytes(range(256)) * 4, "neither a package nor a text", ".apkg"),
        ("cards.gz", gzip.compress(b"a,b", mtime=0), "packed archive", "Unpack"),
        ("cards.json", json.dumps([{"front": "f", "back": "b"}]).encode(), "JSON", ".csv"),
        ("cards.json", json.dumps({"cards": []}, indent=2).encode(), "JSON", ".csv"),
    ],
)
def test_it_is_refused_in_a_sentence(
    name: str, content: bytes, what: str, next_: str, tmp_path: Path
) -> None:
    with pytest.raises(Refusal) as refusal:
        read(tmp_path, name, content)
    assert what in str(refusal.value)
    assert next_ in str(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        "ID3,A tag of sounds\nGIF89a,A picture\n",
        "GIF89a,A picture\n",
        "BM,A bitmap\nRIFF,A container\n",
        "[Risk] appetite,What the board accepts\n",
        '{{c1::Risk}},a\n"{""x"": 1}",b\n',
        "<b>Risk</b>,<i>appetite</i>\n",
        "What does <html> begin?,A page\n",
    ],
)
def test_a_table_that_begins_alike_is_read(content: str, tmp_path: Path) -> None:
    read(tmp_path, "cards.csv", content.encode())
