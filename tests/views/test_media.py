"""A learner's files: served as what a browser may show, and as nothing that runs."""

from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from quizapp.domain.learners import Learner
from quizapp.storage import imports, learners
from quizapp.storage.database import transaction
from tests.conftest import NOON, Visitor

DIGEST = "ab" + "0" * 62
PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def me(app: Flask) -> Learner:
    found = learners.first()
    assert found is not None
    return found


def keep(app: Flask, learner: Learner, name: str, content: bytes = PNG) -> None:
    """Have a file of some name in a learner's collection."""
    root: Path = app.config["QUIZAPP"].media
    (root / DIGEST[:2]).mkdir(parents=True, exist_ok=True)
    (root / DIGEST[:2] / DIGEST).write_bytes(content)
    with transaction():
        batch = imports.begin(learner.id, "x", "x", NOON)
        imports.add_media(learner.id, batch, [(name, DIGEST, len(content))])


@pytest.mark.parametrize("name", ["a.png", "ä ö #1?.png", "100%.png", "a/b.png", "….png"])
def test_a_file_is_found_by_its_name(app: Flask, visitor: Visitor, me: Learner, name: str) -> None:
    keep(app, me, name)
    answer = visitor.get(f"/media/{quote(name)}")
    assert (answer.status_code, answer.get_data(), answer.mimetype) == (200, PNG, "image/png")
    assert "attachment" not in answer.headers["Content-Disposition"]


def test_nothing_in_a_file_runs(app: Flask, visitor: Visitor, me: Learner) -> None:
    keep(app, me, "a.png")
    headers = visitor.get("/media/a.png").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in headers["Cache-Control"]


def test_only_an_address_with_the_digest_is_kept_for_ever(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    keep(app, me, "a.png")
    assert "max-age=0" in visitor.get("/media/a.png").headers["Cache-Control"]
    assert "immutable" in visitor.get(f"/media/a.png?is={DIGEST[:12]}").headers["Cache-Control"]


@pytest.mark.parametrize("name", ["a.html", "a.js", "a.xhtml", "a.png.exe", "noending", "a.SVGZ"])
def test_what_is_no_medium_is_a_download(
    app: Flask, visitor: Visitor, me: Learner, name: str
) -> None:
    keep(app, me, name, b"<script>alert(1)</script>")
    answer = visitor.get(f"/media/{name}")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_drawing_is_an_image_in_a_card_and_a_download_by_itself(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    keep(app, me, "a.svg", b"<svg/>")
    for purpose, attached in (("image", False), ("document", True), ("iframe", True)):
        answer = visitor.get("/media/a.svg", headers={"Sec-Fetch-Dest": purpose})
        assert ("attachment" in answer.headers["Content-Disposition"]) is attached, purpose
        assert "Sec-Fetch-Dest" in answer.headers["Vary"]


def test_a_part_of_a_sound_can_be_asked_for(app: Flask, visitor: Visitor, me: Learner) -> None:
    keep(app, me, "a.mp3")
    answer = visitor.get("/media/a.mp3", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.get_data()) == (206, PNG[:4])


@pytest.mark.parametrize(
    "trick",
    [
        "../quizapp.db",
        "..%2F..%2Fquizapp.db",
        "%2e%2e/%2e%2e/app.db",
        "%2Fetc%2Fpasswd",
        "ab/" + DIGEST,
        DIGEST,
        "a.png/../a.png",
    ],
)
def test_a_name_leads_nowhere_but_to_a_row(
    app: Flask, visitor: Visitor, me: Learner, trick: str
) -> None:
    keep(app, me, "a.png")
    assert visitor.get(f"/media/{trick}", follow_redirects=True).status_code == 404


def test_a_name_with_nul_is_refused(visitor: Visitor) -> None:
    assert visitor.get("/media/a%00.png").status_code == 400


def test_a_file_that_is_gone_is_a_sentence(app: Flask, visitor: Visitor, me: Learner) -> None:
    keep(app, me, "a.png")
    (app.config["QUIZAPP"].media / DIGEST[:2] / DIGEST).unlink()
    answer = visitor.get("/media/a.png")
    assert answer.status_code == 404
    assert "This file is not here." in answer.get_data(as_text=True)


def test_somebody_elses_file_is_not_found(app: Flask, visitor: Visitor, me: Learner) -> None:
    keep(app, learners.create("Stranger", "UTC", NOON), "theirs.png")
    assert visitor.get("/media/theirs.png").status_code == 404


def test_files_are_only_looked_at(visitor: Visitor) -> None:
    assert visitor.post("/media/a.png").status_code == 405
