"""Long work: handed in, taken up, ended, started again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from quizapp.domain.errors import Stale
from quizapp.domain.jobs import Job, State
from quizapp.storage import jobs
from quizapp.storage.database import transaction

CANCELLED = "You stopped this before it began, so nothing was changed."
GONE = "The server stopped while this ran, so nothing was changed. Start it again."


def submit(
    learner_id: int,
    kind: str,
    title: str,
    arguments: Mapping[str, Any],
    now: datetime,
    noted: Callable[[int], object] = lambda job: None,
) -> int:
    """Hand in long work; return its job. A worker takes it up once this is committed.

    ``noted`` is called with it in the same transaction, so that whatever it writes down does
    not have to wait for the work.
    """
    with transaction():
        job = jobs.submit(learner_id, kind, title, arguments, now)
        noted(job)
        return job


def take_up(owner: str, now: datetime, job_id: int | None = None) -> Job | None:
    """Claim the job that has waited longest, or a certain one; None where there is none.

    However many ask at once, each job goes to one of them.
    """
    while (waiting := job_id if job_id is not None else jobs.waiting()) is not None:
        with transaction():
            claimed = jobs.claim(waiting, owner, now)
        if claimed is not None or job_id is not None:
            return claimed
    return None


def beat(job: Job, done: int, total: int, said: str, now: datetime) -> None:
    """Store how far a running job is."""
    with transaction():
        jobs.beat(job, done, total, said, now)


def end(
    job: Job, state: State, said: str, now: datetime, result: Mapping[str, Any] | None = None
) -> None:
    """End an attempt, where its own transaction has not done so."""
    with transaction():
        jobs.conclude(job, state, said, result)
        jobs.stamp(job, now)


def again(learner_id: int, job_id: int) -> None:
    """Let a job that failed or was stopped wait once more, with the same arguments.

    Raises Missing for somebody else's, Stale for one that is done; one that waits or runs
    already is left alone.
    """
    with transaction():
        if not jobs.again(learner_id, job_id) and jobs.find(learner_id, job_id).over:
            raise Stale("This work is done already, so it was not started again.")


def cancel(learner_id: int, job_id: int, now: datetime) -> None:
    """Stop a job that waits, and ask one that runs to stop; what is over stays as it is.

    Raises Missing for somebody else's.
    """
    with transaction():
        jobs.find(learner_id, job_id)
        jobs.cancel(learner_id, job_id, CANCELLED, now)


def give_up_gone(gone: Callable[[Job], bool], now: datetime) -> int:
    """Mark the jobs stopped whose process is gone; return how many that were.

    Their transactions ended with the process, so they have changed nothing.
    """
    given_up = 0
    for job in jobs.running():
        if gone(job):
            with transaction():
                given_up += jobs.conclude(job, State.STOPPED, GONE)
                jobs.stamp(job, now)
    return given_up
