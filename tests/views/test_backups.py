"""The backups page over HTTP."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from quizapp.storage import backups
from quizapp.storage.models import Card, Deck, Review
from tests.conftest import Clock, Visitor
from tests.views.test_study import form_of


@pytest.fixture
def folder(app: Flask) -> Path:
    return Path(app.config["QUIZAPP"].shelf.folder)


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.zip"))


def page_of(visitor: Visitor, path: str) -> str:
    response = visitor.get(path)
    assert response.status_code == 200
    return str(response.get_data(as_text=True))


def test_the_first_visit_of_a_day_makes_its_backup(
    visitor: Visitor, folder: Path, clock: Clock
) -> None:
    visitor.get("/")
    visitor.get("/study/all")
    (first,) = names(folder)
    assert first.startswith("2026-01-15-day-")
    clock.pass_(days=1)
    visitor.get("/")
    assert len(names(folder)) == 2


def test_early_hours_belong_to_the_day_before(visitor: Visitor, folder: Path, clock: Clock) -> None:
    visitor.get("/")
    clock.pass_(hours=15)  # three in the morning; the day begins at four
    visitor.get("/")
    assert len(names(folder)) == 1


def test_sixty_days_leave_days_weeks_and_months(
    visitor: Visitor, folder: Path, clock: Clock
) -> None:
    for _ in range(60):
        visitor.get("/")
        clock.pass_(days=1)
    assert len(names(folder)) == 7 + 4 + 2


def test_the_list_says_when_and_why_and_what(visitor: Visitor, folder: Path) -> None:
    page = page_of(visitor, "/backups")
    for said in (
        "15 January 2026, 12:00", "at the day&#39;s beginning", str(folder),
        f"1 deck, {Card.select().count()} cards, 0 answers",
    ):  # fmt: skip
        assert said in page
    assert "There is no backup yet" not in page
    assert 'href="/backups"' in page_of(visitor, "/settings")


def test_without_a_backup_the_page_says_so(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    shutil.rmtree(folder)
    assert "There is no backup yet" in page_of(visitor, "/backups")


def test_a_backup_is_made_by_hand(visitor: Visitor, folder: Path) -> None:
    response = visitor.post("/backups")
    assert response.status_code == 303
    assert len(names(folder)) == 2
    page = page_of(visitor, response.headers["Location"])
    assert f"Backed up: {Card.select().count()} cards and 0 answers." in page
    assert "by hand" in page


def test_going_back_says_what_would_be_lost_and_can_be_undone(
    visitor: Visitor, folder: Path, clock: Clock
) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    clock.pass_(minutes=5)
    visitor.post("/study/all/reviews", rating=4, **form_of(visitor))
    page = page_of(visitor, f"/backups/{backup}")
    assert "1 answer given since then would be gone" in page
    response = visitor.post(f"/backups/{backup}/restores")
    assert response.status_code == 303
    assert Review.select().count() == 0
    page = page_of(visitor, response.headers["Location"])
    assert "You are back at 15 January 2026, 12:00." in page
    (undo,) = set(names(folder)) - {backup}
    assert f'action="/backups/{undo}/restores"' in page
    assert visitor.post(f"/backups/{undo}/restores").status_code == 303
    assert Review.select().count() == 1


def test_without_answers_since_then_it_says_so(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    assert "No answer was given since then." in page_of(visitor, f"/backups/{names(folder)[0]}")


@pytest.mark.parametrize(
    "name",
    [
        "2026-01-15-day-00000000",
        "..",
        "../app",
        "..%2Fapp",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "lock",
        "failure",
        "a.zip",
        "x" * 5000,
        "2026-01-15-day-0000000é",
    ],
)
def test_a_name_that_is_none_is_not_found(visitor: Visitor, folder: Path, name: str) -> None:
    visitor.get("/")
    for path in (f"/backups/{name}", f"/backups/{name}/file"):
        response = visitor.get(path)
        assert response.status_code in (404, 308), path
    before = Deck.select().count()
    assert visitor.post(f"/backups/{name}/restores").status_code in (404, 405)
    assert Deck.select().count() == before
    assert len(names(folder)) == 1


def test_a_backup_can_be_downloaded(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    response = visitor.get(f"/backups/{backup}/file")
    assert response.status_code == 200
    assert response.mimetype == "application/zip"
    assert f"quizapp-{backup}.zip" in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(response.get_data())) as pack:
        assert set(pack.namelist()) == {"quizapp.db", "media.json", "manifest.json"}


def test_a_damaged_backup_is_said_and_nothing_changes(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    path = folder / f"{backup}.zip"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    response = visitor.post(f"/backups/{backup}/restores")
    assert response.status_code == 400
    assert "damaged" in response.get_data(as_text=True)
    assert "Nothing was changed" in response.get_data(as_text=True)
    path.write_bytes(b"")
    assert f"{backup}.zip cannot be read any more" in page_of(visitor, "/backups")
    assert visitor.get(f"/backups/{backup}").status_code == 400


def test_a_failed_backup_is_shown_until_one_succeeds(
    visitor: Visitor, folder: Path, clock: Clock
) -> None:
    folder.touch()
    page = page_of(visitor, "/")
    assert "The last backup was not made." in page
    assert "The folder of backups cannot be used" in page
    page = page_of(visitor, "/backups")
    assert "The last backup was not made (15 January 2026, 12:00)." in page
    response = visitor.post("/backups")
    assert response.status_code == 400
    assert "QUIZAPP_BACKUPS" in response.get_data(as_text=True)
    folder.unlink()
    clock.pass_(minutes=10)
    assert "was not made" not in page_of(visitor, "/")
    assert len(names(folder)) == 1


def test_a_full_disk_is_said(
    visitor: Visitor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.get("/")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups.copies, "take", full)
    response = visitor.post("/backups")
    assert response.status_code == 507
    assert "The disk is full" in response.get_data(as_text=True)
    assert len(names(folder)) == 1
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("path", ["/backups", "/backups/2026-01-15-day-00000000/restores"])
def test_without_a_token_nothing_happens(visitor: Visitor, folder: Path, path: str) -> None:
    visitor.get("/")
    assert visitor.client.post(path).status_code == 403
    assert len(names(folder)) == 1


def test_restoring_is_never_a_get(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    assert visitor.get(f"/backups/{names(folder)[0]}/restores").status_code == 405
