"""Long work in the real server: killed in the middle, and started again."""

import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from peewee import Database

from quizapp.actions import jobs as actions
from quizapp.storage import learners
from quizapp.storage.models import Job, Pick
from tests import samples
from tests.conftest import NOON
from tests.longwork import Counting

pytestmark = pytest.mark.slow

STEP = 0.05


Start = Callable[..., Counting]


@pytest.fixture
def server(database: Database, database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Makes servers on the test's database, which this process reads too; none outlives it."""
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    made: list[Counting] = []

    def make(**environment: str) -> Counting:
        made.append(
            Counting(tmp_path / "data", decks, QUIZAPP_DATABASE=database_url, **environment)
        )
        return made[-1]

    yield make
    for app in made:
        app.kill()


def submit(**arguments: Any) -> int:
    """Hand in work from outside: its row is all that a worker needs."""
    learner = learners.first()
    assert learner is not None
    return actions.submit(learner.id, "count", "Counting", arguments, NOON)


def stored(job: int) -> tuple[str, str]:
    """A job's state and sentence."""
    state, said = Job.select(Job.state, Job.said).where(Job.id == job).tuples().get()
    return str(state), str(said)


def effects() -> int:
    return int(Pick.select().count())


def says(app: Counting, job: int, words: str) -> bool:
    """Whether the page says so, which knows more than the table while that is locked."""
    with urllib.request.urlopen(f"{app.url}/jobs/{job}", timeout=10) as page:
        return words in page.read().decode()


def wait(fact: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not fact() and time.monotonic() < until:
        time.sleep(STEP)
    assert fact()


def start_again(app: Counting, job: int) -> None:
    """Press the button on the job's page."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = browser.open(f"{app.url}/jobs/{job}", timeout=10).read().decode()
    assert "Start again" in page
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    form = urlencode({"csrf": found[1]}).encode()
    browser.open(f"{app.url}/jobs/{job}/restarts", form, timeout=10).close()


def test_work_killed_in_the_middle_has_changed_nothing_and_can_be_started_again(
    server: Start,
) -> None:
    app = server()
    app.start()
    first = submit(steps=60, seconds=STEP)
    wait(lambda: stored(first)[1].startswith("Counted"))
    second = submit(steps=1)
    app.kill()
    assert (stored(first)[0], stored(second)[0], effects()) == ("running", "waiting", 0)
    app.start()
    wait(lambda: stored(first) == ("stopped", actions.GONE))
    wait(lambda: stored(second) == ("done", "Counted to 1."))
    assert effects() == 1, "what waited runs by itself, what was stopped does not"
    start_again(app, first)
    wait(lambda: stored(first)[0] == "done")
    assert effects() == 2


def test_work_killed_within_its_transaction_has_changed_nothing(server: Start) -> None:
    app = server()
    app.start()
    job = submit(steps=1, hold=3)
    wait(lambda: says(app, job, "Writing."))
    app.kill()
    app.start()
    wait(lambda: stored(job) == ("stopped", actions.GONE))
    assert effects() == 0
    start_again(app, job)
    wait(lambda: stored(job)[0] == "done")
    assert effects() == 1


def test_killed_again_and_again_every_job_is_done_once(server: Start) -> None:
    app = server()
    app.start()
    jobs = [submit(steps=2, seconds=0.02, hold=0.02) for _ in range(12)]
    for pause in (0.15, 0.4, 0.25):
        time.sleep(pause)
        app.kill()
        app.start()
    wait(lambda: all(stored(job)[0] in ("done", "stopped") for job in jobs))
    left = [job for job in jobs if stored(job)[0] == "stopped"]
    assert effects() == len(jobs) - len(left)
    for job in left:
        start_again(app, job)
    wait(lambda: all(stored(job)[0] == "done" for job in jobs))
    assert effects() == len(jobs)


def test_a_worker_apart_does_what_the_server_leaves(server: Start) -> None:
    web, worker = server(QUIZAPP_WORKER="apart"), server(QUIZAPP_WORKER="apart")
    web.start()
    job = submit(steps=1)
    time.sleep(1.5)
    assert stored(job)[0] == "waiting"
    worker.launch("worker")
    wait(lambda: stored(job)[0] == "done")
    long = submit(steps=1000, seconds=STEP)
    wait(lambda: stored(long)[1].startswith("Counted"))
    worker.kill()
    worker.launch("worker")
    wait(lambda: stored(long) == ("stopped", actions.GONE))


def test_two_workers_share_the_work(server: Start) -> None:
    web = server()
    web.start()
    server().launch("worker")
    jobs = [submit(steps=2, seconds=0.02) for _ in range(20)]
    wait(lambda: all(stored(job)[0] == "done" for job in jobs))
    assert effects() == len(jobs)


def test_ctrl_c_lets_running_work_finish_first(server: Start) -> None:
    web, worker = server(QUIZAPP_WORKER="apart"), server()
    web.start()
    process = worker.launch("worker")
    job = submit(steps=20, seconds=STEP)
    wait(lambda: stored(job)[0] == "running")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert stored(job)[0] == "done"


def test_a_worker_before_the_first_migration_says_what_to_run(tmp_path: Path) -> None:
    code, words = Counting(tmp_path / "data", tmp_path).run("worker")
    assert code == 1
    assert "Run “flask --app wsgi migrate” first." in words
    assert "Traceback" not in words


def test_a_setting_of_the_worker_that_means_nothing_is_said(tmp_path: Path) -> None:
    code, words = Counting(tmp_path / "data", tmp_path, QUIZAPP_WORKER="outside").run("serve")
    assert code == 1
    assert "QUIZAPP_WORKER is “outside”; write inside, or apart" in words
