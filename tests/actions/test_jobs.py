"""Long work: each job is done once, and its effect is there or not."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database

from quizapp.actions import jobs as actions
from quizapp.domain.errors import Missing, Stale
from quizapp.domain.jobs import Job, Lost, State
from quizapp.domain.learners import Learner
from quizapp.storage import jobs, picks
from quizapp.storage.database import connection, transaction
from quizapp.storage.models import Job as Row
from quizapp.storage.models import Pick
from tests.cast import new_installation
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=1)


def submit(learner: Learner, title: str = "Counting") -> int:
    return actions.submit(learner.id, "count", title, {"steps": 3}, NOON)


def taken(learner: Learner, owner: str = "here/1/a") -> Job:
    submit(learner)
    job = actions.take_up(owner, NOON)
    assert job is not None
    return job


def work(job: Job) -> None:
    """An effect, and the end of the job with it."""
    with transaction():
        picks.create(job.learner, job.title, [], NOON)
        jobs.finish(job, {"said": "Counted to 3."})


def test_the_one_that_waited_longest_comes_first(owner: Learner) -> None:
    first, second = submit(owner), submit(owner)
    job = actions.take_up("here/1/a", NOON)
    assert job is not None
    assert (job.id, job.state, job.arguments) == (first, State.RUNNING, {"steps": 3})
    following = actions.take_up("here/1/a", NOON)
    assert following is not None and following.id == second
    assert actions.take_up("here/1/a", NOON) is None


def test_eight_workers_do_each_of_fifty_jobs_once(owner: Learner) -> None:
    ids = {submit(owner, f"Job {n}") for n in range(50)}
    ready = Barrier(8)

    def worker(number: int) -> list[int]:
        did = []
        ready.wait()
        with connection():
            while (job := actions.take_up(f"here/1/{number}", NOON)) is not None:
                work(job)
                did.append(job.id)
        return did

    with ThreadPoolExecutor(8) as workers:
        did = Counter(job for some in workers.map(worker, range(8)) for job in some)
    assert did == Counter(ids)
    assert Row.select().where(Row.state == State.DONE).count() == 50
    assert Counter(p.title for p in Pick.select()) == Counter(f"Job {n}" for n in range(50))


def test_the_effect_and_the_end_come_together(owner: Learner) -> None:
    job = taken(owner)
    work(job)
    actions.end(job, State.FAILED, "never seen", LATER)
    stored = jobs.find(owner.id, job.id)
    assert (stored.state, stored.said, stored.finished) == (State.DONE, "Counted to 3.", LATER)
    assert Pick.select().count() == 1


def test_work_that_was_taken_away_takes_its_effect_back(owner: Learner) -> None:
    job = taken(owner)
    actions.give_up_gone(lambda _: True, LATER)
    with pytest.raises(Lost, match="nothing was changed"):
        work(job)
    assert Pick.select().count() == 0


def test_the_first_attempt_cannot_end_the_second(owner: Learner) -> None:
    first = taken(owner)
    actions.give_up_gone(lambda _: True, LATER)
    actions.again(owner.id, first.id)
    second = actions.take_up(first.owner, LATER)
    assert second is not None and second.attempt == 2
    with pytest.raises(Lost):
        work(first)
    work(second)
    assert Pick.select().count() == 1


def test_only_what_a_dead_process_ran_is_given_up(owner: Learner) -> None:
    dead, alive, waiting = taken(owner, "a"), taken(owner, "b"), submit(owner)
    assert actions.give_up_gone(lambda job: job.owner == "a", LATER) == 1
    assert jobs.find(owner.id, dead.id).said == actions.GONE
    assert [jobs.find(owner.id, job).state for job in (dead.id, alive.id, waiting)] == [
        State.STOPPED,
        State.RUNNING,
        State.WAITING,
    ]


def test_how_far_it_is_belongs_to_the_one_that_runs_it(owner: Learner) -> None:
    job = taken(owner)
    actions.beat(job, 2, 3, "Counted 2.", LATER)
    actions.end(job, State.FAILED, "It failed.", LATER)
    actions.beat(job, 3, 3, "Counted 3.", LATER)
    stored = jobs.find(owner.id, job.id)
    assert (stored.done, stored.total, stored.said) == (2, 3, "It failed.")


def test_what_failed_begins_anew_with_the_same_arguments(owner: Learner) -> None:
    job = taken(owner)
    actions.beat(job, 2, 3, "Counted 2.", LATER)
    actions.end(job, State.FAILED, "It failed.", LATER)
    actions.again(owner.id, job.id)
    stored = jobs.find(owner.id, job.id)
    assert (stored.state, stored.done, stored.said, stored.arguments) == (
        State.WAITING,
        0,
        "",
        {"steps": 3},
    )
    actions.again(owner.id, job.id)
    assert actions.take_up("here/1/a", NOON) is not None
    assert actions.take_up("here/1/a", NOON) is None


def test_what_is_done_is_not_started_again(owner: Learner) -> None:
    job = taken(owner)
    work(job)
    with pytest.raises(Stale, match="done already"):
        actions.again(owner.id, job.id)


def test_what_waits_can_be_stopped_and_what_runs_is_asked(owner: Learner) -> None:
    running, waiting = taken(owner), submit(owner)
    for job in (running.id, waiting):
        actions.cancel(owner.id, job, LATER)
    assert jobs.find(owner.id, waiting).said == actions.CANCELLED
    assert jobs.find(owner.id, running.id).state is State.RUNNING
    assert jobs.stopping(running)
    assert actions.take_up("here/1/a", NOON) is None


def test_somebody_elses_work_is_not_there(owner: Learner, stranger: Learner) -> None:
    job = taken(owner)
    with pytest.raises(Missing):
        jobs.find(stranger.id, job.id)
    with pytest.raises(Missing):
        actions.cancel(stranger.id, job.id, NOON)
    actions.end(job, State.FAILED, "", NOON)
    with pytest.raises(Missing):
        actions.again(stranger.id, job.id)
    assert jobs.latest(stranger.id, 20) == []
    assert [found.id for found in jobs.latest(owner.id, 20)] == [job.id]


deeds = st.lists(
    st.tuples(
        st.sampled_from(["submit", "take", "work", "fail", "die", "again", "cancel"]),
        st.integers(0, 3),
    ),
    max_size=30,
)


@given(deeds)
@settings(max_examples=40)
def test_whatever_happens_a_job_is_done_once_or_has_changed_nothing(
    database: Database, deeds: list[tuple[str, int]]
) -> None:
    learner = new_installation()
    known: list[int] = []
    held: list[Job] = []  # what workers believe to have, also when it was taken from them
    for deed, which in deeds:
        job = known[which % len(known)] if known else None
        worker = held[which % len(held)] if held else None
        if deed == "submit":
            known.append(submit(learner, str(len(known))))
        elif deed == "take" and (claimed := actions.take_up(f"here/1/{which}", NOON)):
            held.append(claimed)
        elif deed == "work" and worker is not None:
            with suppress(Lost):
                work(worker)
        elif deed == "fail" and worker is not None:
            actions.end(worker, State.FAILED, "It failed.", NOON)
        elif deed == "die":
            actions.give_up_gone(lambda job, o=f"here/1/{which}": job.owner == o, NOON)  # type: ignore[misc]
        elif deed == "again" and job is not None:
            try:
                actions.again(learner.id, job)
            except Stale:
                assert jobs.find(learner.id, job).state is State.DONE
        elif deed == "cancel" and job is not None:
            actions.cancel(learner.id, job, NOON)
    effects = Counter(pick.title for pick in Pick.select())
    for number, job in enumerate(known):
        is_done = jobs.find(learner.id, job).state is State.DONE
        assert effects[str(number)] == int(is_done)
