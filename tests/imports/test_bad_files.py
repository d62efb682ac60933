"""Files that somebody broke, brought in over the web: a sentence, and nothing else changes."""

import html
import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from quizapp.config import Config
from quizapp.storage.models import Batch
from tests.bringing import ANKI, files, rows
from tests.conftest import Visitor
from tests.formats.test_apkg import REFUSED, TAKEN

# What no page for a person may hold: the inside of the program.
INSIDE = re.compile(
    r"Traceback|(?i:sqlite|zlib|zstd|protobuf)|[A-Z]\w+(Error|Exception)\b|\.py\b|SELECT |INSERT "
    r"|/tmp|/home|\bNone\b|\b0x|package\.jsonl|quizapp\.(formats|storage|actions)"
)


def words(page: str) -> str:
    """What a person reads on a page."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def uploaded(visitor: Visitor, name: str, content: bytes) -> str:
    """Where a file leads that is sent, in words."""
    answer = visitor.client.post(
        "/imports",
        data={"csrf": visitor.token(), "file": (io.BytesIO(content), name)},
        headers={"Sec-Fetch-Site": "same-origin"},
        content_type="multipart/form-data",
        follow_redirects=True,
    )
    assert answer.status_code == 200
    assert answer.request.path.startswith("/imports/")
    return words(answer.text)


def state(app: Flask) -> tuple[Any, Any]:
    config: Config = app.config["QUIZAPP"]
    return rows(), files(config.media) if config.media.exists() else {}


@pytest.fixture
def quiet(app: Flask, visitor: Visitor) -> Visitor:
    """A visitor whose day has begun, so that only an import can change a row."""
    visitor.get("/")
    return visitor


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_broken_package_is_a_page_with_a_sentence_and_changes_nothing(
    app: Flask, quiet: Visitor, name: str
) -> None:
    before = state(app)
    said = uploaded(quiet, name, (ANKI / "bad" / name).read_bytes())
    assert "This file could not be read." in said
    assert REFUSED[name] in said
    assert not INSIDE.search(said.replace(name, ""))
    assert state(app) == before
    assert "could not be read" in words(quiet.get("/imports").text)
    assert "Traceback" not in quiet.get("/jobs").text


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_package_that_is_taken_says_so_before_and_does_so_after(
    app: Flask, quiet: Visitor, name: str
) -> None:
    before = state(app)
    said = uploaded(quiet, name, (ANKI / "bad" / name).read_bytes())
    assert "Nothing is imported" in said
    assert TAKEN[name] in said
    assert not INSIDE.search(said.replace(name, ""))
    assert state(app) == before
    quiet.post("/imports/1/commits", progress="1")
    assert Batch.get_by_id(1).state == "done"
    result = words(quiet.get("/imports/1").text)
    assert "Imported." in result
    assert not INSIDE.search(result.replace(name, ""))
    quiet.post("/imports/1/undos")
    after = state(app)
    assert after[0] == before[0]


def test_every_broken_file_is_tried() -> None:
    assert {p.name for p in (ANKI / "bad").glob("*.apkg")} == {*TAKEN, *REFUSED}


# Files that no program of Anki's made.
OTHERS = {
    "empty.csv": b"",
    "only-spaces.txt": b"  \n \n",
    "only-headers.txt": b"#separator:tab\n#html:true\n",
    "nul.txt": b"a\0b\tc\n" * 20,
    "bytes.csv": bytes(range(256)) * 40,
    "half-utf16.txt": "a\tb\n".encode("utf-16")[:-1],
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "program.exe": b"MZ" + bytes(500),
    "paper.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(100),
    "quote-without-end.csv": b'"a,b\nc,d\n' * 50,
    "no-lines.jsonl": b'{"format": "quizapp", "version": 1}\n',
    "newer.jsonl": b'{"format": "quizapp", "version": 999}\n',
    "half.jsonl": b'{"format": "quizapp", "version": 1}\n{"note": {"key": ',
    "deep.jsonl": b'{"format": "quizapp", "version": 1}\n' + b"[" * 100_000,
    "not-a-deck.md": b"# Only a title\n\nand some words.\n",
    "bad-head.md": b"---\nname: [unclosed\n---\nQ: a\nA: b\n",
    "cards-without-answers.md": b"Q: what?\nQ: and this?\n",
    "wrong-end.apkg": b"front,back\na,b\n",
    "not-a-zip.zip": b"PK\3\4" + bytes(40),
    "empty.zip": b"PK\5\6" + bytes(18),
    "one-long-line.csv": b"x" * 2_000_000,
    "many-columns.csv": b",".join([b"a"] * 5_000) + b"\n",
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_whatever_comes_in_leads_to_a_page_in_words(app: Flask, quiet: Visitor, name: str) -> None:
    before = state(app)
    said = uploaded(quiet, name, OTHERS[name])
    assert "This file could not be read." in said or "Nothing is imported" in said
    assert not INSIDE.search(said.replace(name, ""))
    assert "Something went wrong" not in said
    assert state(app) == before


def test_a_file_that_is_gone_is_said(app: Flask, quiet: Visitor) -> None:
    uploaded(quiet, "a.csv", b"Front,Back\na,b\n")
    config: Config = app.config["QUIZAPP"]
    for path in config.imports.rglob("*"):
        if path.is_file():
            path.unlink()
    before = state(app)
    quiet.post("/imports/1/commits")
    said = words(
        quiet.get(
            "/jobs/1" if not Batch.get_by_id(1).job else f"/jobs/{Batch.get_by_id(1).job}"
        ).text
    )
    assert "not here any more" in said
    assert state(app) == before


FILE_NAMES = {
    "../../etc/passwd.csv": "passwd.csv",
    "..\\..\\boot.csv": "boot.csv",
    "<script>x()<script>.csv": "&lt;script&gt;x()&lt;script&gt;.csv",
    "'><img src=x onerror=x()>.csv": "&lt;img src=x onerror=x()&gt;.csv",
    "x" * 5_000 + ".csv": "x" * 120,
    "\u202evsc.exe": "vsc.exe",
    "{{7*7}}.csv": "{{7*7}}.csv",
}


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_files_name_is_but_text(app: Flask, quiet: Visitor, name: str) -> None:
    config: Config = app.config["QUIZAPP"]
    uploaded(quiet, name, b"Front,Back\na,b\n")
    page = quiet.get("/imports/1").text
    assert FILE_NAMES[name] in page
    assert "<script>x()" not in page and "<img src=x" not in page
    title = Batch.get_by_id(1).title
    assert len(title) <= 120 and title.isprintable()
    assert {path.name for path in config.imports.rglob("*") if path.is_file()} == {
        "upload", "package.jsonl", "notes.jsonl", "text.json",
    }  # fmt: skip
    inside = {path.name for path in config.data.iterdir()}
    assert not inside & {"passwd.csv", "boot.csv", Path(name).name}
