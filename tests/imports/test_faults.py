"""An import cut at any moment leaves nothing or everything, and a full disk is a sentence."""

import errno
import functools
import io
import json
import random
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from peewee import Database

from quizapp.actions import imports as import_actions
from quizapp.actions import jobs as job_actions
from quizapp.actions.imports import Choices
from quizapp.config import Config
from quizapp.domain.errors import Refusal
from quizapp.domain.learners import Learner
from quizapp.formats.reading import Limits
from quizapp.storage import media_files
from quizapp.storage.models import Batch, Card, Medium, Note, Review
from quizapp.storage.staging import Stage
from tests import samples
from tests.bringing import ANKI, bring, files, read, received, rows
from tests.conftest import NOON, Visitor
from tests.packages import make_package
from tests.running import RunningApp
from tests.visiting import Person, end_of_job, job_of, state, wait, wait_for

NOTES, REVIEWS, MOMENTS = 4_000, 3, 7
MEDIA = {f"picture-{n}.png": b"\x89PNG" + bytes([n]) * 20_000 for n in range(60)}


def laid_down() -> tuple[int, int, int, int]:
    own = Note.select(Note.id).where(Note.batch.is_null(False))
    cards = Card.select(Card.id).where(Card.note.in_(own))
    return (
        own.count(),
        cards.count(),
        Review.select().where(Review.card.in_(cards)).count(),
        Medium.select().count(),
    )


NOTHING, ALL = (0, 0, 0, 0), (NOTES, NOTES, NOTES * REVIEWS, len(MEDIA))


def media_left(data: Path) -> set[str]:
    return {path.name for path in (data / "media").glob("??/*")}


def wanted_media() -> set[str]:
    return {row.digest for row in Medium.select()}


def open_folders() -> set[str]:
    ended = ("done", "undone", "dropped")
    return {row.folder for row in Batch.select().where(Batch.state.not_in(ended))}


def folders_left(data: Path) -> set[str]:
    root = data / "imports"
    return {path.name for path in root.iterdir()} if root.exists() else set()


@pytest.mark.slow
def test_killed_at_any_moment_an_import_is_there_wholly_or_not_at_all(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(5)
    make_package(tmp_path / "big.apkg", NOTES, 1, REVIEWS, media=MEDIA)
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    app = RunningApp(tmp_path / "data", decks, QUIZAPP_DATABASE=database_url)
    ends = set()
    length = 1.2
    with app:
        person = Person(app)
        batch = person.upload(tmp_path / "big.apkg")
        wait_for(batch, "ready")
        before = rows()
        for moment in range(MOMENTS):
            began = time.monotonic()
            person.press(f"/imports/{batch}/commits", "/settings", progress="1")
            # The first runs to its end, and says how long that takes here.
            if moment == 0:
                wait_for(batch, "done")
                length = time.monotonic() - began
            else:
                time.sleep(chance.uniform(0, length))
            app.kill()
            there = laid_down()
            assert there == (ALL if state(batch) == "done" else NOTHING)
            ends.add(state(batch))
            app.start()
            job, ended, said = end_of_job(batch)
            assert (ended == "done") == (there == ALL)
            assert laid_down() == there
            wait(lambda: media_left(app.data) == wanted_media())
            wait(lambda: folders_left(app.data) == open_folders())
            if ended == "stopped":
                assert said == job_actions.GONE
                assert rows() == before
                person.press(f"/jobs/{job}/restarts", f"/jobs/{job}")
                wait_for(batch, "done")
            assert laid_down() == ALL
            assert media_left(app.data) == wanted_media()
            person.press(f"/imports/{batch}/undos", f"/imports/{batch}")
            wait_for(batch, "undone")
            assert rows() == before
            batch = person.upload(tmp_path / "big.apkg")
            wait_for(batch, "ready")
    assert ends == {"ready", "done"}, "no moment fell into the import"


@pytest.mark.slow
def test_killed_at_any_moment_an_undo_is_done_wholly_or_not_at_all(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(7)
    make_package(tmp_path / "big.apkg", NOTES, 1, REVIEWS, media=MEDIA)
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    ends = set()
    length = 0.5
    with RunningApp(tmp_path / "data", decks, QUIZAPP_DATABASE=database_url) as app:
        person = Person(app)
        person.page("/")
        before = rows()
        batch = person.upload(tmp_path / "big.apkg")
        wait_for(batch, "ready")
        person.press(f"/imports/{batch}/commits", "/settings", progress="1")
        wait_for(batch, "done")
        with_it = rows()
        for moment in range(MOMENTS):
            began = time.monotonic()
            person.press(f"/imports/{batch}/undos", f"/imports/{batch}")
            # The first runs to its end, and says how long that takes here.
            if moment == 0:
                wait_for(batch, "undone")
                length = time.monotonic() - began
            else:
                time.sleep(chance.uniform(0, length))
            app.kill()
            cut = state(batch)
            assert rows() == (before if cut == "undone" else with_it)
            ends.add(cut)
            app.start()
            job, ended, said = end_of_job(batch)
            if ended == "stopped":
                assert (said, rows()) == (job_actions.GONE, with_it)
                person.press(f"/jobs/{job}/restarts", f"/jobs/{job}")
            wait_for(batch, "undone")
            assert rows() == before
            batch = person.upload(tmp_path / "big.apkg")
            wait_for(batch, "ready")
            person.press(f"/imports/{batch}/commits", "/settings", progress="1")
            wait_for(batch, "done")
            with_it = rows()
    assert ends == {"done", "undone"}, "no moment fell into the undo"


@pytest.mark.slow
def test_killed_while_a_file_is_read_it_can_be_read_again(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    import psutil

    chance = random.Random(6)
    make_package(tmp_path / "big.apkg", NOTES, 1, REVIEWS, media=MEDIA)
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    with RunningApp(tmp_path / "data", decks, QUIZAPP_DATABASE=database_url) as app:
        person = Person(app)
        before = rows()
        for _ in range(3):
            batch = person.upload(tmp_path / "big.apkg")
            time.sleep(chance.uniform(0, 0.6))
            app.kill()
            app.start()
            job, ended, _ = end_of_job(batch)
            if ended == "stopped":
                person.press(f"/jobs/{job}/restarts", f"/jobs/{job}")
            wait_for(batch, "ready")
            assert rows() == before
            person.press(f"/imports/{batch}/drops", f"/imports/{batch}")
        assert folders_left(app.data) == set()
        reading = [
            process.pid
            for process in psutil.process_iter(["cmdline"])
            if str(app.data) in " ".join(process.info["cmdline"] or ())
        ]
        assert reading == [], "a child reads on for a server that is gone"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


def swept(root: Path) -> int:
    return import_actions.sweep(root / "imports", root / "media")


def test_what_open_imports_and_notes_need_is_not_swept(owner: Learner, root: Path) -> None:
    bring(owner, ANKI / "tiny-html-media.new-sched-media.apkg", root, NOON, Choices())
    read(owner, ANKI / "tiny-basic.new-sched-media.apkg", root, NOON)
    received(owner, ANKI / "tiny-cloze.new-sched-media.apkg", root, NOON)
    before = files(root)
    assert swept(root) == 0
    assert files(root) == before


def test_what_a_killed_import_left_is_swept(owner: Learner, root: Path) -> None:
    bring(owner, ANKI / "tiny-html-media.new-sched-media.apkg", root, NOON, Choices())
    before = files(root)
    stray = root / "media" / "ab"
    stray.mkdir(exist_ok=True)
    (stray / ("ab" * 32)).write_bytes(b"copied, and never named")
    (stray / ("ab" * 32 + ".part")).write_bytes(b"half of i")
    (root / "imports" / "halfway").mkdir()
    (root / "imports" / "halfway" / "upload").write_bytes(b"half of it")
    assert swept(root) == 3
    assert files(root) == before


def test_files_that_arrive_just_now_are_not_swept(owner: Learner, root: Path) -> None:
    bring(owner, ANKI / "tiny-html-media.new-sched-media.apkg", root, NOON, Choices())
    stray = root / "media" / "ab" / ("ab" * 32)
    stray.parent.mkdir(exist_ok=True)
    with (
        media_files.arriving(root / "media"),
        import_actions.place(root / "imports", "coming") as upload,
    ):
        stray.write_bytes(b"its row comes in a moment")
        upload.write_bytes(b"half of it")
        assert swept(root) == 0
    assert swept(root) == 2


def test_files_that_belong_to_another_database_are_not_swept(owner: Learner, root: Path) -> None:
    stray = root / "media" / "ab" / ("ab" * 32)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"somebody's picture")
    assert swept(root) == 0
    assert stray.exists()


def test_what_cannot_be_received_leaves_nothing(root: Path) -> None:
    with pytest.raises(OSError), import_actions.place(root / "imports", "coming") as upload:
        upload.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert folders_left(root) == set()


@pytest.mark.parametrize("count", [1, 30])
def test_files_are_on_the_disk_before_a_row_names_them(
    owner: Learner, root: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    done: list[str] = []
    monkeypatch.setattr("os.sync", lambda: done.append("flushed"))
    monkeypatch.setattr("os.fsync", lambda descriptor: done.append("flushed"))
    lay = import_actions.lay

    def laying(*told: Any) -> Any:
        done.append("rows")
        return lay(*told)

    monkeypatch.setattr(import_actions, "lay", laying)
    media = {f"{n}.png": b"\x89PNG" + bytes([n]) for n in range(count)}
    make_package(root.parent / "a.apkg", 3, media=media)
    bring(owner, root.parent / "a.apkg", root, NOON, Choices())
    assert done[0] == "flushed"
    assert done[-1] == "rows"
    assert media_left(root) == wanted_media()


def uploaded(visitor: Visitor, file: Path, fragment: bool = False) -> Any:
    headers = {"Sec-Fetch-Site": "same-origin"} | ({"HX-Request": "true"} if fragment else {})
    return visitor.client.post(
        "/imports",
        data={"csrf": visitor.token(), "file": (io.BytesIO(file.read_bytes()), file.name)},
        headers=headers,
        content_type="multipart/form-data",
    )


FILE = ANKI / "tiny-html-media.new-sched-media.apkg"


def test_a_folder_that_cannot_be_written_is_said(app: Flask, visitor: Visitor) -> None:
    config: Config = app.config["QUIZAPP"]
    visitor.get("/")  # the day begins
    before = rows()
    config.imports.write_text("a file where the folder should be")
    answer = uploaded(visitor, FILE)
    assert answer.status_code == 503
    assert "The data folder cannot be written, so nothing was saved." in answer.text
    assert str(config.data) not in answer.text
    assert rows() == before


@pytest.mark.parametrize("fragment", [False, True])
def test_a_full_disk_is_said_while_a_file_comes_in(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, fragment: bool
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    visitor.get("/")  # the day begins
    before = rows()
    monkeypatch.setattr("werkzeug.datastructures.FileStorage.save", full)
    answer = uploaded(visitor, FILE, fragment)
    assert answer.status_code == 507
    assert "The disk is full, so nothing was saved. Make room and try again." in answer.text
    assert rows() == before
    assert folders_left(app.config["QUIZAPP"].data) == set()


def test_a_disk_that_fills_up_during_the_import_is_said_and_nothing_is_half_done(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(visitor, FILE)
    before = rows()
    real, copied = shutil.copyfile, []

    def full(source: Any, target: Any, **how: Any) -> Any:
        if len(copied) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        copied.append(target)
        return real(source, target, **how)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        visitor.post("/imports/1/commits", progress="1")
    assert job_of(1)[1:] == (
        "failed",
        "The disk is full, so nothing was saved. Make room and try again.",
    )
    assert rows() == before
    assert state(1) == "ready"
    config: Config = app.config["QUIZAPP"]
    assert media_left(config.data) == set()
    visitor.post(f"/jobs/{job_of(1)[0]}/restarts")
    assert state(1) == "done"
    assert media_left(config.data) == wanted_media()


@pytest.mark.parametrize("moment", ["add", "done"])
def test_a_disk_that_is_full_before_the_rows_are_laid_down_is_said(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    uploaded(visitor, FILE)
    before = rows()

    def full(stage: Stage, *_: Any) -> None:
        # What the driver says, not Peewee.
        file = sqlite3.connect(stage.path.with_name("small.db"))
        file.execute("PRAGMA max_page_count = 2")
        file.execute("CREATE TABLE t (x)")
        file.execute("INSERT INTO t VALUES (zeroblob(100000))")

    with monkeypatch.context() as patched:
        patched.setattr(Stage, moment, full)
        visitor.post("/imports/1/commits", progress="1")
    assert job_of(1)[1:] == (
        "failed",
        "The disk is full, so nothing was saved. Make room and try again.",
    )
    assert (rows(), state(1)) == (before, "ready")
    assert media_left(app.config["QUIZAPP"].data) == set()
    visitor.post(f"/jobs/{job_of(1)[0]}/restarts")
    assert state(1) == "done"


def test_a_file_that_fills_the_disk_while_it_is_read_does_not_stay(
    owner: Learner, root: Path
) -> None:
    make_package(root.parent / "a.apkg", 300, 1, 5)
    batch = received(owner, root.parent / "a.apkg", root, NOON)
    small = functools.partial(import_actions.read_apart, limits=Limits(file=10_000))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(import_actions, "read_apart", small)
        with pytest.raises(Refusal, match="no room on the disk"):
            import_actions.read(owner, batch, root / "imports", {}, lambda done, total: None)
    assert state(batch) == "failed"
    assert folders_left(root) == set()


def test_the_database_is_as_before_where_it_fills_up_in_the_middle(
    app: Flask, visitor: Visitor
) -> None:
    make = app.config["QUIZAPP"].data / "a.apkg"
    make_package(make, 3_000, 1, 2)
    uploaded(visitor, make)
    before = rows()
    from quizapp.storage.database import proxy

    pages = proxy.execute_sql("PRAGMA page_count").fetchone()[0]
    proxy.execute_sql(f"PRAGMA max_page_count = {pages + 50}")
    visitor.post("/imports/1/commits", progress="1")
    assert job_of(1)[1:] == (
        "failed",
        "The disk is full, so nothing was saved. Make room and try again.",
    )
    assert rows() == before
    proxy.execute_sql("PRAGMA max_page_count = 1000000000")
    visitor.post(f"/jobs/{job_of(1)[0]}/restarts")
    assert state(1) == "done"
    assert json.loads(json.dumps(Batch.get_by_id(1).result))["added"] == 3_000
