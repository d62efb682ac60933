"""The backups page over HTTP."""

import errno
import io
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from quizapp.domain.backups import Shelf
from quizapp.storage import backups
from quizapp.storage.models import Card, Deck, Review
from quizapp.views import guards
from tests.conftest import NOON, Clock, Visitor
from tests.storage.test_backups import manifest_with, put_media, repacked
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
    assert "1 answer that the backup does not hold would be gone" in page
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
    assert "No answer would be gone." in page_of(visitor, f"/backups/{names(folder)[0]}")


def test_answers_that_an_import_brought_since_are_counted(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    visitor.post("/study/all/reviews", rating=4, **form_of(visitor))
    Review.update(at=NOON - timedelta(days=300)).execute()
    page = page_of(visitor, f"/backups/{backup}")
    assert "1 answer that the backup does not hold would be gone" in page


def uploaded(visitor: Visitor, content: bytes, name: str = "b.zip", **headers: str) -> Any:
    return visitor.client.post(
        "/backups/uploads",
        data={"csrf": visitor.token(), "file": (io.BytesIO(content), name)},
        headers={"Sec-Fetch-Site": "same-origin"} | headers,
        content_type="multipart/form-data",
    )


def downloaded(visitor: Visitor, backup: str) -> bytes:
    return bytes(visitor.get(f"/backups/{backup}/file").get_data())


def test_a_backup_that_was_downloaded_can_be_brought_back(
    visitor: Visitor, folder: Path, clock: Clock
) -> None:
    visitor.post("/study/all/reviews", rating=4, **form_of(visitor))
    picture = put_media(Shelf(folder, folder.parent / "media"), b"a picture")
    visitor.post("/backups")
    made = next(name for name in names(folder) if "-asked-" in name)
    content = downloaded(visitor, made)
    shutil.rmtree(folder)
    shutil.rmtree(folder.parent / "media")
    Review.delete().execute()
    clock.pass_(days=90)
    answer = uploaded(visitor, content, "quizapp-from-the-stick.zip")
    assert answer.status_code == 303
    page = page_of(visitor, answer.location)
    assert "Made by hand, uploaded on 15 April 2026" in page
    assert Review.select().count() == 0, "it is only there"
    visitor.post(f"{answer.location}/restores")
    assert Review.select().count() == 1
    place = folder.parent / "media" / picture[:2] / picture
    assert place.read_bytes() == b"a picture"
    assert not [path for path in (folder.parent / "imports").iterdir() if path.is_dir()]


def test_a_backup_from_long_ago_is_not_thinned_out_at_once(
    visitor: Visitor, folder: Path, clock: Clock
) -> None:
    for _ in range(3):
        visitor.post("/backups")
        clock.pass_(minutes=1)
    old = names(folder)[0]
    content = downloaded(visitor, old)
    shutil.rmtree(folder)
    clock.pass_(days=400)
    answer = uploaded(visitor, content)
    visitor.post("/backups")
    assert visitor.get(answer.location).status_code == 200


def test_a_backup_that_is_there_is_not_put_there_twice(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    answer = uploaded(visitor, downloaded(visitor, backup), **{"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/backups/{backup}"
    assert names(folder) == [backup]


@pytest.mark.parametrize("fragment", [False, True])
def test_what_is_no_whole_backup_is_refused_and_leaves_nothing(
    visitor: Visitor, folder: Path, fragment: bool
) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    whole = downloaded(visitor, backup)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    shutil.rmtree(folder)
    headers = {"HX-Request": "true"} if fragment else {}
    for content in (b"", b"a letter", whole[: len(whole) // 2], bytes(flipped)):
        answer = uploaded(visitor, content, "../../holiday.zip", **headers)
        assert answer.status_code == 400
        assert "holiday.zip is" in answer.text and "damaged" in answer.text
        assert names(folder) == []
        assert not [path for path in (folder.parent / "imports").iterdir() if path.is_dir()]


def test_a_backup_of_a_newer_program_is_refused(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    repacked(folder / f"{backup}.zip", manifest_with(migrations=["9999_later"]))
    answer = uploaded(visitor, (folder / f"{backup}.zip").read_bytes())
    assert answer.status_code == 400
    assert "newer version" in answer.text


def test_an_upload_without_a_file_is_said(visitor: Visitor, folder: Path) -> None:
    answer = visitor.post("/backups/uploads")
    assert answer.status_code == 400
    assert "Nothing was chosen" in answer.text


def test_a_backup_that_is_too_large_is_refused_with_a_way_on(
    visitor: Visitor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "MAX_UPLOAD", 1_000)
    answer = uploaded(visitor, b"PK" + bytes(2_000))
    assert answer.status_code == 413
    assert "flask --app wsgi restore FILE" in answer.text


def test_a_full_disk_is_said_while_a_backup_comes_in(
    visitor: Visitor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("werkzeug.datastructures.FileStorage.save", full)
    answer = uploaded(visitor, b"PK")
    assert answer.status_code == 507
    assert "The disk is full" in answer.text


def test_importing_a_backup_leads_to_the_backups(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    (backup,) = names(folder)
    answer = visitor.client.post(
        "/imports",
        data={
            "csrf": visitor.token(),
            "file": (io.BytesIO(downloaded(visitor, backup)), f"quizapp-{backup}.zip"),
        },
        headers={"Sec-Fetch-Site": "same-origin"},
        content_type="multipart/form-data",
    )
    page = page_of(visitor, answer.location)
    assert "This is a backup" in page
    assert 'href="/backups"' in page


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


@pytest.mark.parametrize(
    "path", ["/backups", "/backups/uploads", "/backups/2026-01-15-day-00000000/restores"]
)
def test_without_a_token_nothing_happens(visitor: Visitor, folder: Path, path: str) -> None:
    visitor.get("/")
    assert visitor.client.post(path).status_code == 403
    assert len(names(folder)) == 1


def test_restoring_is_never_a_get(visitor: Visitor, folder: Path) -> None:
    visitor.get("/")
    assert visitor.get(f"/backups/{names(folder)[0]}/restores").status_code == 405
