"""Long work as the app does it: a backup before every import, and nothing without one."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from quizapp import jobs as running
from quizapp import works
from quizapp.actions import exports as export_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import jobs as job_actions
from quizapp.domain.jobs import Job as JobRow
from quizapp.domain.jobs import State, Stopped
from quizapp.storage import backups, jobs
from quizapp.storage.backups import Backup
from quizapp.storage.models import Batch, Job, Note
from tests.bringing import rows
from tests.conftest import NOON, Visitor
from tests.test_cli import run

PACKAGE = Path(__file__).parent / "fixtures" / "anki" / "tiny-basic.new-sched-media.apkg"


@pytest.fixture
def batch(visitor: Visitor) -> int:
    """An import that was read and waits for its learner."""
    with PACKAGE.open("rb") as file:
        response = visitor.client.post(
            "/imports",
            data={"csrf": visitor.token(), "file": (file, PACKAGE.name)},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
    assert response.status_code == 303
    assert Batch.get().state == "ready"
    return int(Batch.get().id)


def commit(visitor: Visitor, batch: int) -> str:
    """Have it done; the address one is sent to."""
    return str(visitor.post(f"/imports/{batch}/commits").headers["Location"])


def own_notes() -> int:
    return int(Note.select().where(Note.batch.is_null(False)).count())


def before_imports(app: Flask) -> list[Backup]:
    found, _ = backups.listed(app.config["QUIZAPP"].shelf)
    return [backup for backup in found if backup.reason == "import"]


def test_an_import_is_done_after_a_backup_of_what_was_there(
    app: Flask, visitor: Visitor, batch: int
) -> None:
    notes = Note.select().count()
    assert commit(visitor, batch) == f"/imports/{batch}"
    assert own_notes() == 10
    (backup,) = before_imports(app)
    assert backup.counts["note"] == notes


def test_reading_a_file_makes_no_backup(app: Flask, batch: int) -> None:
    assert before_imports(app) == []


def test_without_a_backup_nothing_is_imported_and_the_page_says_why(
    app: Flask, visitor: Visitor, batch: int, tmp_path: Path
) -> None:
    folder = app.config["QUIZAPP"].shelf.folder
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("in the way")
    address = commit(visitor, batch)
    assert own_notes() == 0
    page = visitor.get(address).get_data(as_text=True)
    assert works.UNSAVED in page
    assert "QUIZAPP_BACKUPS" in page


def test_an_import_whose_backup_failed_is_done_when_that_was_put_right(
    app: Flask, visitor: Visitor, batch: int, tmp_path: Path
) -> None:
    folder = app.config["QUIZAPP"].shelf.folder
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("in the way")
    commit(visitor, batch)
    folder.unlink()
    job = Job.select().order_by(Job.id.desc()).get()
    visitor.post(f"/jobs/{job.id}/restarts")
    assert jobs.find(job.learner, job.id).state is State.DONE
    assert own_notes() == 10


def test_an_import_is_refused_in_words_where_its_file_is_gone(
    app: Flask, visitor: Visitor, batch: int
) -> None:
    home = app.config["QUIZAPP"].imports / Batch.get().folder
    (home / "package.jsonl").unlink()
    page = visitor.get(commit(visitor, batch)).get_data(as_text=True)
    assert "The file of this import is not here any more. Choose it again." in page
    assert own_notes() == 0


def undo_taken_up(app: Flask, visitor: Visitor, batch: int) -> JobRow:
    """The undo of an import that was done, as a worker begins it."""
    commit(visitor, batch)
    app.config["QUIZAPP"] = replace(app.config["QUIZAPP"], worker="apart")
    visitor.post(f"/imports/{batch}/undos")
    job = running.take_up(app.config["QUIZAPP"].data)
    assert job is not None and job.kind == "undo"
    return job


def test_an_undo_that_breaks_in_the_middle_changes_nothing_and_can_be_begun_anew(
    app: Flask, visitor: Visitor, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = undo_taken_up(app, visitor, batch)
    before = rows()

    def broken(*_: object) -> None:
        raise RuntimeError("the power went away")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "finish", broken)
        running.do(job)
    assert jobs.find(job.learner, job.id).state is State.FAILED
    assert (Batch.get().state, rows()) == ("done", before)
    visitor.post(f"/jobs/{job.id}/restarts")
    again = running.take_up(app.config["QUIZAPP"].data)
    assert again is not None
    running.do(again)
    assert (Batch.get().state, own_notes()) == ("undone", 0)
    assert jobs.find(job.learner, job.id).address == f"/imports/{batch}"


def test_an_undo_whose_process_was_given_up_takes_nothing_back(
    app: Flask, visitor: Visitor, batch: int
) -> None:
    job = undo_taken_up(app, visitor, batch)
    before = rows()
    job_actions.give_up_gone(lambda job: True, NOON)
    running.do(job)
    found = jobs.find(job.learner, job.id)
    assert (found.state, found.said) == (State.STOPPED, job_actions.GONE)
    assert (Batch.get().state, rows()) == ("done", before)


def test_an_undo_that_is_stopped_on_the_way_changes_nothing(
    app: Flask, visitor: Visitor, batch: int
) -> None:
    job = undo_taken_up(app, visitor, batch)
    before = rows()

    def stop(done: int, total: int, said: str) -> None:
        if done == total:
            raise Stopped

    with pytest.raises(Stopped):
        running.WORK["undo"](job, stop)
    assert (Batch.get().state, rows()) == ("done", before)


def test_an_undo_says_how_far_it_is(app: Flask, visitor: Visitor, batch: int) -> None:
    job = undo_taken_up(app, visitor, batch)
    told: list[tuple[int, int]] = []
    running.WORK["undo"](job, lambda done, total, said: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    assert told == sorted(told) and len({total for _, total in told}) == 1


def aged(path: Path, **ago: float) -> Path:
    moment = (NOON - timedelta(**ago)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_what_imports_left_behind_is_swept(app: Flask, visitor: Visitor, batch: int) -> None:
    config = app.config["QUIZAPP"]
    waiting = config.imports / Batch.get().folder
    left = config.imports / "0123"
    left.mkdir()
    media = config.media / "ab" / f"ab{'0' * 62}"
    media.parent.mkdir(parents=True)
    media.write_bytes(b"nobody's")
    assert import_actions.sweep(config.imports, config.media) == 2
    assert (waiting.exists(), left.exists(), media.exists()) == (True, False, False)


def test_media_that_notes_name_are_never_swept(app: Flask, visitor: Visitor) -> None:
    config = app.config["QUIZAPP"]
    run(app, "import", str(PACKAGE.with_name("tiny-html-media.new-sched-media.apkg")))
    files = [aged(path, days=99) for path in config.media.glob("*/*")]
    assert files
    assert import_actions.sweep(config.imports, config.media) == 0
    assert all(path.exists() for path in files)


def test_an_export_is_kept_for_a_day(app: Flask, visitor: Visitor) -> None:
    config = app.config["QUIZAPP"]
    visitor.post("/exports", form="tsv", what="all")
    (folder,) = config.exports.iterdir()
    aged(folder, hours=23)
    assert export_actions.sweep(config.exports, NOON) == 0
    aged(folder, hours=25)
    assert export_actions.sweep(config.exports, NOON) == 1
    assert not folder.exists()
