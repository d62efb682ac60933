"""Long work in the real server: killed in the middle, and started again."""

import re
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from quizapp.actions import jobs as actions
from quizapp.storage import learners
from quizapp.storage.database import bind, connection, leave, open_database
from tests import samples
from tests.conftest import NOON
from tests.longwork import Counting

STEP = 0.05


@pytest.fixture
def decks(tmp_path: Path) -> Path:
    return samples.write(tmp_path / "decks", samples.plain(5))


def submit(app: Counting, **arguments: Any) -> int:
    """Hand in work from outside: its row is all that the server needs."""
    bind(open_database(f"sqlite:///{app.file}"))
    with connection():
        learner = learners.first()
        assert learner is not None
        job = actions.submit(learner.id, "count", "Counting", arguments, NOON)
    leave()
    return job


def stored(app: Counting, job: int) -> tuple[str, str]:
    """A job's state and sentence."""
    with closing(sqlite3.connect(app.file, timeout=10)) as database:
        row = database.execute("SELECT state, said FROM job WHERE id = ?", (job,)).fetchone()
    return str(row[0]), str(row[1])


def effects(app: Counting) -> int:
    with closing(sqlite3.connect(app.file, timeout=10)) as database:
        return int(database.execute("SELECT count(*) FROM pick").fetchone()[0])


def wait(fact: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not fact() and time.monotonic() < until:
        time.sleep(STEP)
    assert fact()


def start_again(app: Counting, job: int) -> str:
    """Press the button of the job's page; return the page that follows."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(f"{app.url}/jobs/{job}", timeout=10).read().decode()
    assert "Start again" in page
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    form = urlencode({"csrf": found[1]}).encode()
    answer = browser.open(f"{app.url}/jobs/{job}/restarts", form, timeout=10)
    return str(answer.read().decode())


@pytest.mark.parametrize("moment", ["before it changes something", "within its transaction"])
def test_work_killed_in_the_middle_has_changed_nothing_and_can_be_started_again(
    tmp_path: Path, decks: Path, moment: str
) -> None:
    app = Counting(tmp_path / "data", decks)
    app.start()
    try:
        if moment == "within its transaction":
            first = submit(app, steps=1, hold=3)
            wait(lambda: stored(app, first)[1] == "Writing." or app_says(app, first, "Writing."))
        else:
            first = submit(app, steps=60, seconds=STEP)
            wait(lambda: stored(app, first)[1].startswith("Counted"))
        second = submit(app, steps=1) if moment != "within its transaction" else None
        assert stored(app, first)[0] == "running"
        app.kill()
        assert effects(app) == 0
        app.start()
        wait(lambda: stored(app, first) == ("stopped", actions.GONE))
        if second is not None:
            # What had waited runs by itself; what was stopped does not.
            wait(lambda: stored(app, second) == ("done", "Counted to 1."))
        before = effects(app)
        assert before == (0 if second is None else 1)
        start_again(app, first)
        wait(lambda: stored(app, first)[0] == "done")
        assert effects(app) == before + 1
    finally:
        app.kill()


def app_says(app: Counting, job: int, words: str) -> bool:
    """Whether the page says so, which knows more than the table while that is locked."""
    with urllib.request.urlopen(f"{app.url}/jobs/{job}", timeout=10) as page:
        return words in page.read().decode()


def test_killed_again_and_again_every_job_is_done_once(tmp_path: Path, decks: Path) -> None:
    app = Counting(tmp_path / "data", decks)
    app.start()
    try:
        jobs = [submit(app, steps=2, seconds=0.02, hold=0.02) for _ in range(12)]
        for pause in (0.15, 0.4, 0.25):
            time.sleep(pause)
            app.kill()
            app.start()
        for job in jobs:
            wait(lambda job=job: stored(app, job)[0] in ("done", "stopped"))  # type: ignore[misc]
        done = [job for job in jobs if stored(app, job)[0] == "done"]
        assert effects(app) == len(done)
        for job in set(jobs) - set(done):
            start_again(app, job)
        wait(lambda: all(stored(app, job)[0] == "done" for job in jobs))
        assert effects(app) == len(jobs)
    finally:
        app.kill()


def test_a_worker_apart_does_what_the_server_leaves(tmp_path: Path, decks: Path) -> None:
    server = Counting(tmp_path / "data", decks, QUIZAPP_WORKER="apart")
    worker = Counting(tmp_path / "data", decks, QUIZAPP_WORKER="apart")
    server.start()
    try:
        job = submit(server, steps=1)
        time.sleep(1.5)
        assert stored(server, job)[0] == "waiting"
        worker.launch("worker")
        wait(lambda: stored(server, job)[0] == "done")
        long = submit(server, steps=1000, seconds=STEP)
        wait(lambda: stored(server, long)[1].startswith("Counted"))
        worker.kill()
        worker.launch("worker")
        wait(lambda: stored(server, long) == ("stopped", actions.GONE))
    finally:
        worker.kill()
        server.kill()


def test_a_worker_before_the_first_migration_says_what_to_run(tmp_path: Path, decks: Path) -> None:
    code, words = Counting(tmp_path / "data", decks).run("worker")
    assert code == 1
    assert "Run “flask --app wsgi migrate” first." in words
    assert "Traceback" not in words


def test_a_setting_of_the_worker_that_means_nothing_is_said(tmp_path: Path, decks: Path) -> None:
    code, words = Counting(tmp_path / "data", decks, QUIZAPP_WORKER="outside").run("serve")
    assert code == 1
    assert "QUIZAPP_WORKER is “outside”; write inside, or apart" in words
