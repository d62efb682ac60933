"""Doing long work: what is stored of it, however it ends."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask

from quizapp import jobs
from quizapp.actions import jobs as actions
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.jobs import Job, Report, State, Work
from quizapp.domain.learners import Learner
from quizapp.storage import jobs as store
from quizapp.storage import learners, picks
from quizapp.storage.database import connection, transaction
from quizapp.storage.models import Pick
from quizapp.workers import SILENCE, Workers
from tests.conftest import NOON, Clock


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Work]]:
    """The kinds of work, to be added to for one test."""
    made: dict[str, Work] = {}
    monkeypatch.setattr(jobs, "WORK", made)
    yield made


def submitted(learner: Learner, kind: str = "count") -> int:
    return actions.submit(learner.id, kind, "Counting", {"steps": 3}, NOON)


def done(learner: Learner, data: Path) -> Job:
    """The newest job after doing it here."""
    job = jobs.take_up(data)
    assert job is not None
    jobs.do(job)
    return store.find(learner.id, job.id)


def add(job: Job) -> None:
    picks.create(job.learner, job.title, [], NOON)


def test_work_that_comes_to_its_end_is_done(
    owner: Learner, kinds: dict[str, Work], tmp_path: Path, clock: Clock
) -> None:
    def count(job: Job, report: Report) -> Mapping[str, Any]:
        report(1, job.arguments["steps"], "Counted 1.")
        return {"said": "Counted to 3.", "address": "/decks/all"}

    kinds["count"] = count
    submitted(owner)
    job = done(owner, tmp_path)
    assert (job.state, job.said, job.address) == (State.DONE, "Counted to 3.", "/decks/all")
    assert (job.started, job.finished) == (NOON, NOON)


def test_a_refusal_is_the_sentence_of_the_page(
    owner: Learner, kinds: dict[str, Work], tmp_path: Path
) -> None:
    def count(job: Job, report: Report) -> Mapping[str, Any]:
        with transaction():
            add(job)
            raise Refusal("The file is no package. Choose another one.")

    kinds["count"] = count
    submitted(owner)
    job = done(owner, tmp_path)
    assert (job.state, job.said) == (State.FAILED, "The file is no package. Choose another one.")
    assert Pick.select().count() == 0


def test_a_mistake_of_ours_is_logged_and_not_shown(
    owner: Learner, kinds: dict[str, Work], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def count(job: Job, report: Report) -> Mapping[str, Any]:
        raise KeyError("secret detail")

    kinds["count"] = count
    submitted(owner)
    with caplog.at_level(logging.ERROR):
        job = done(owner, tmp_path)
    assert (job.state, job.said) == (State.FAILED, jobs.BROKEN)
    assert "secret detail" in caplog.text and "Traceback" in caplog.text


def test_work_nobody_knows_says_so(owner: Learner, tmp_path: Path) -> None:
    submitted(owner, "of a later version")
    assert done(owner, tmp_path).said == jobs.UNKNOWN


def test_a_mistake_after_the_effect_does_not_undo_that_it_is_done(
    owner: Learner, kinds: dict[str, Work], tmp_path: Path
) -> None:
    def count(job: Job, report: Report) -> Mapping[str, Any]:
        with transaction():
            add(job)
            store.finish(job, {"said": "Counted."})
        raise KeyError

    kinds["count"] = count
    submitted(owner)
    job = done(owner, tmp_path)
    assert (job.state, job.said, Pick.select().count()) == (State.DONE, "Counted.", 1)


class Held:
    """Work that says it is half done within its transaction, and goes on when it is let."""

    def __init__(self) -> None:
        self.there, self.go = Event(), Event()

    def __call__(self, job: Job, report: Report) -> Mapping[str, Any]:
        with transaction():
            add(job)
            report(1, 2, "Half.")
            self.there.set()
            assert self.go.wait(20)
            report(2, 2, "Whole.")
            store.finish(job, {})
        return {}


@pytest.fixture
def held(owner: Learner, kinds: dict[str, Work], tmp_path: Path) -> Iterator[tuple[Held, Job]]:
    """Work under way in another thread, in the middle of its transaction."""
    work = kinds["count"] = Held()
    submitted(owner)
    job = jobs.take_up(tmp_path)
    assert job is not None

    def run() -> None:
        with connection():
            jobs.do(job)

    thread = Thread(target=run)
    thread.start()
    assert work.there.wait(20)
    yield work, job
    work.go.set()
    thread.join(20)


def wait_until_over(learner: Learner, job: Job) -> Job:
    until = time.monotonic() + 20
    while not (found := store.find(learner.id, job.id)).over and time.monotonic() < until:
        time.sleep(0.02)
    return found


def test_how_far_it_is_can_be_seen_while_it_holds_the_database(
    owner: Learner, held: tuple[Held, Job]
) -> None:
    work, job = held
    seen = jobs.live(store.find(owner.id, job.id))
    assert (seen.state, seen.done, seen.total, seen.said) == (State.RUNNING, 1, 2, "Half.")
    assert Pick.select().count() == 0
    work.go.set()
    assert wait_until_over(owner, job).state is State.DONE
    assert Pick.select().count() == 1


def test_running_work_that_is_stopped_has_changed_nothing(
    owner: Learner, held: tuple[Held, Job]
) -> None:
    work, job = held
    jobs.cancel(owner.id, job.id)
    assert jobs.live(store.find(owner.id, job.id)).stopping
    work.go.set()
    ended = wait_until_over(owner, job)
    assert (ended.state, ended.said) == (State.STOPPED, jobs.STOPPED)
    assert Pick.select().count() == 0


def test_somebody_else_cannot_stop_it(
    owner: Learner, stranger: Learner, held: tuple[Held, Job]
) -> None:
    with pytest.raises(Missing):
        jobs.cancel(stranger.id, held[1].id)
    assert not jobs.live(store.find(owner.id, held[1].id)).stopping


def test_a_long_wait_is_stored_and_a_wish_to_stop_heard_from_another_process(
    owner: Learner, kinds: dict[str, Work], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "EVERY", 0.02)
    stored: list[Job] = []

    def count(job: Job, report: Report) -> Mapping[str, Any]:
        report(1, 3, "Counted 1.")
        until = time.monotonic() + 20
        while not (found := store.find(owner.id, job.id)).done and time.monotonic() < until:
            time.sleep(0.01)
        stored.append(found)
        # As the server does where the worker is apart from it.
        actions.cancel(owner.id, job.id, NOON)
        while time.monotonic() < until:
            report(2, 3, "Counted 2.")
            time.sleep(0.01)
        return {}

    kinds["count"] = count
    submitted(owner)
    assert done(owner, tmp_path).state is State.STOPPED
    assert (stored[0].done, stored[0].total, stored[0].said) == (1, 3, "Counted 1.")


def test_a_process_on_another_machine_is_given_up_when_it_is_silent(
    owner: Learner, tmp_path: Path, clock: Clock
) -> None:
    submitted(owner)
    job = actions.take_up("elsewhere/1/0123456789abcdef", NOON)
    assert job is not None
    workers = Workers(tmp_path, inside=True)
    clock.at = NOON + SILENCE
    assert workers.sweep() == 0
    clock.pass_(seconds=1)
    assert workers.sweep() == 1
    assert store.find(owner.id, job.id).said == actions.GONE


def test_what_this_process_runs_is_never_given_up(
    owner: Learner, tmp_path: Path, clock: Clock
) -> None:
    submitted(owner)
    assert jobs.take_up(tmp_path) is not None
    clock.pass_(days=1)
    assert Workers(tmp_path, inside=True).sweep() == 0


def counting(kinds: dict[str, Work]) -> None:
    kinds["count"] = lambda job, report: {"said": "Counted."}


def test_tests_do_the_work_at_once(app: Flask, kinds: dict[str, Work]) -> None:
    counting(kinds)
    learner = learners.first()
    assert learner is not None
    with app.app_context():
        job = jobs.submit(learner.id, "count", "Counting", {})
    assert store.find(learner.id, job).state is State.DONE


def test_work_waits_where_the_worker_is_apart(app: Flask, kinds: dict[str, Work]) -> None:
    counting(kinds)
    app.config["QUIZAPP"] = replace(app.config["QUIZAPP"], worker="apart")
    learner = learners.first()
    assert learner is not None
    with app.app_context():
        job = jobs.submit(learner.id, "count", "Counting", {})
    assert store.find(learner.id, job).state is State.WAITING


def test_a_kind_that_nobody_does_is_a_mistake_of_ours(app: Flask) -> None:
    with pytest.raises(AssertionError), app.app_context():
        jobs.submit(1, "nothing", "Nothing", {})
