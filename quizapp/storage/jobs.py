"""Long work and how far it is; the queue is the rows that wait."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from quizapp.domain.errors import Missing
from quizapp.domain.jobs import Job as JobRow
from quizapp.domain.jobs import Lost, State
from quizapp.storage.models import Job


def submit(
    learner: int, kind: str, title: str, arguments: Mapping[str, Any], made: datetime
) -> int:
    """Store a job that waits; return its id. With the transaction around it, it begins or not."""
    row = Job.create(
        learner=learner,
        kind=kind,
        title=title,
        state=State.WAITING,
        arguments=dict(arguments),
        made=made,
    )
    return int(row.id)


def find(learner: int, job: int) -> JobRow:
    """A learner's job; raises Missing."""
    row = Job.select().where((Job.id == job) & (Job.learner == learner)).dicts().first()
    if row is None:
        raise Missing("There is no such work. Choose one from the list of background work.")
    return _value(row)


def latest(learner: int, count: int) -> list[JobRow]:
    """A learner's newest jobs, the newest first."""
    rows = Job.select().where(Job.learner == learner).order_by(Job.id.desc()).limit(count)
    return [_value(row) for row in rows.dicts()]


def waiting() -> int | None:
    """The job that has waited longest."""
    row = Job.select(Job.id).where(Job.state == State.WAITING).order_by(Job.id).tuples().first()
    return None if row is None else int(row[0])


def under_way(learner: int) -> dict[int, str]:
    """A learner's jobs that wait or run, each with its kind."""
    where = (Job.learner == learner) & Job.state.in_((State.WAITING, State.RUNNING))
    return dict(Job.select(Job.id, Job.kind).where(where).tuples())


def running() -> list[JobRow]:
    """Every job that runs, or ran when its process ended."""
    return [_value(row) for row in Job.select().where(Job.state == State.RUNNING).dicts()]


def claim(job: int, owner: str, at: datetime) -> JobRow | None:
    """Take up a job that waits; None where another worker was quicker."""
    taken = (
        Job.update(
            state=State.RUNNING,
            owner=owner,
            attempt=Job.attempt + 1,
            started=at,
            heartbeat=at,
        )
        .where((Job.id == job) & (Job.state == State.WAITING))
        .execute()
    )
    return _value(Job.select().where(Job.id == job).dicts().get()) if taken else None


def beat(job: JobRow, done: int, total: int, said: str, at: datetime) -> None:
    """Store how far a running job is, and that its worker lives."""
    Job.update(done=done, total=total, said=said, heartbeat=at).where(_held(job)).execute()


def stopping(job: JobRow) -> bool:
    """Whether somebody asked a running job to stop."""
    return bool(Job.select().where(_held(job) & Job.stopping).exists())


def finish(job: JobRow, result: Mapping[str, Any]) -> None:
    """Mark a job done inside the transaction of its effect, so that both are kept or neither.

    Raises Lost where the job is no longer this worker's; let it roll the transaction back.
    """
    if not conclude(job, State.DONE, str(result.get("said", "")), result):
        raise Lost("This was stopped or taken over meanwhile, so nothing was changed.")


def conclude(job: JobRow, state: State, said: str, result: Mapping[str, Any] | None = None) -> bool:
    """End a job that its worker still holds; return whether it did."""
    ended = Job.update(
        state=state, said=said, result=None if result is None else dict(result)
    ).where(_held(job))
    return bool(ended.execute())


def stamp(job: JobRow, at: datetime) -> None:
    """Note when an attempt ended."""
    Job.update(finished=at).where(
        (Job.id == job.id)
        & (Job.attempt == job.attempt)
        & (Job.state != State.RUNNING)
        & Job.finished.is_null()
    ).execute()


def cancel(learner: int, job: int, said: str, at: datetime) -> bool:
    """Stop a job that has not begun, or ask one that runs to stop; return whether it could."""
    own = (Job.id == job) & (Job.learner == learner)
    if (
        Job.update(state=State.STOPPED, said=said, finished=at)
        .where(own & (Job.state == State.WAITING))
        .execute()
    ):
        return True
    asked = Job.update(stopping=True).where(own & (Job.state == State.RUNNING))
    return bool(asked.execute())


def again(learner: int, job: int) -> bool:
    """Let a job that failed or was stopped wait again; return whether it did."""
    changed = Job.update(
        state=State.WAITING,
        done=0,
        total=0,
        said="",
        result=None,
        stopping=False,
        owner="",
        started=None,
        finished=None,
        heartbeat=None,
    ).where(
        (Job.id == job) & (Job.learner == learner) & Job.state.in_((State.FAILED, State.STOPPED))
    )
    return bool(changed.execute())


def _held(job: JobRow) -> Any:
    """Whether a job is still running in the attempt that a worker knows."""
    return (
        (Job.id == job.id)
        & (Job.state == State.RUNNING)
        & (Job.owner == job.owner)
        & (Job.attempt == job.attempt)
    )


def _value(row: dict[str, Any]) -> JobRow:
    return JobRow(**row | {"state": State(row["state"]), "result": row["result"] or {}})
