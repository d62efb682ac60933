"""Notes of one's own with their media, from one computer to another and back in time."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from quizapp import create_app
from quizapp.config import Config
from quizapp.storage import media_files
from quizapp.storage.database import connection, proxy
from quizapp.storage.models import Card, Medium, Note, Review
from tests.cast import everything
from tests.conftest import Visitor
from tests.test_cli import run
from tests.views.test_study import form_of

ANKI = Path(__file__).parent / "fixtures" / "anki"
PACKAGES = [
    "tiny-html-media.new-sched-media.apkg",
    "tiny-html-media.legacy-sched-media.apkg",
    "tiny-image-occlusion.new-sched-media.apkg",
]


@contextmanager
def computer(data: Path, decks: Path) -> Iterator[Flask]:
    """The app on another, empty computer."""
    proxy.close()
    data.mkdir()
    made = create_app(
        Config(data=data, database=f"sqlite:///{data / 'q.db'}", secret="another", decks=decks)
    )
    made.testing = True
    with connection():
        yield made
    proxy.close()


def picture(visitor: Visitor) -> tuple[int, str]:
    """The first own card that shows an image: its number, and the image's address."""
    for card in Card.select(Card.id).join(Note).where(Note.kind == "custom").order_by(Card.id):
        for side in ("question", "answer"):
            document = visitor.get(f"/cards/{card.id}/faces/{side}").get_data(as_text=True)
            if found := re.search(r'<img[^>]* src="(/media/[^"]+)"', document):
                return card.id, found[1]
    raise AssertionError("no card shows an image")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_card_is_studied_with_its_image_on_another_computer(
    app: Flask, tmp_path: Path, deck_folder: Path, name: str
) -> None:
    run(app, "import", "--progress", str(ANKI / name))
    here = Visitor(app.test_client())
    card, address = picture(here)
    image = here.get(address).data
    run(app, "backup", str(tmp_path / "carried.zip"))
    before = everything()
    with computer(tmp_path / "new", deck_folder) as other:
        result = run(other, "restore", str(tmp_path / "carried.zip"))
        assert result.exit_code == 0, result.output
        assert everything() == before
        assert "All is well." in run(other, "check").output
        there = Visitor(other.test_client())
        assert picture(there) == (card, address)
        response = there.get(address)
        assert (response.status_code, response.data) == (200, image)
        deck = Card.get_by_id(card).deck
        form = form_of(there, f"/study/deck-{deck}")
        assert there.post(f"/study/deck-{deck}/reviews", rating=3, **form).status_code < 400
        assert Review.select().where(Review.origin.is_null()).count() == 1


def test_going_back_brings_media_back_that_were_deleted_since(app: Flask, tmp_path: Path) -> None:
    run(app, "import", str(ANKI / PACKAGES[0]))
    run(app, "backup")
    (name,) = [path.stem for path in (tmp_path / "backups").glob("*-asked-*.zip")]
    run(app, "import", "--undo", "1")
    for path in (tmp_path / "media").glob("*/*"):
        path.unlink()
    assert run(app, "restore", name).exit_code == 0
    digests = [row.digest for row in Medium.select()]
    assert digests
    assert all(media_files.is_whole(tmp_path / "media", digest) for digest in digests)


def test_the_backup_before_an_import_takes_it_back(app: Flask, tmp_path: Path) -> None:
    before = everything()
    run(app, "import", str(ANKI / PACKAGES[0]))
    (name,) = [path.stem for path in (tmp_path / "backups").glob("*-import-*.zip")]
    run(app, "restore", name)
    after = everything()
    assert [row[3] for row in after.pop("batch")] == ["'ready'"]
    del before["batch"]
    assert after == before


def test_check_tells_of_files_that_nobody_names_and_finds_no_fault(
    app: Flask, tmp_path: Path
) -> None:
    run(app, "import", str(ANKI / PACKAGES[0]))
    run(app, "import", "--undo", "1")
    for path in (tmp_path / "media").glob("*/*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    result = run(app, "check")
    assert result.exit_code == 0
    assert "All is well." in result.output
    assert "that no note names" in result.output
    assert list((tmp_path / "media").glob("*/*"))
    assert run(app, "check", "--repair", "--yes").exit_code == 0
    assert not list((tmp_path / "media").glob("*/*"))


def test_check_says_which_media_are_missing(app: Flask, tmp_path: Path) -> None:
    run(app, "import", "--without-backup", str(ANKI / PACKAGES[0]))
    next((tmp_path / "media").glob("*/*")).unlink()
    result = run(app, "check")
    assert result.exit_code == 1
    assert "1 media file damaged or missing, and in no backup here:" in result.output
