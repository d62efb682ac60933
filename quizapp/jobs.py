"""Long work outside the request: handing it in, doing it, saying how far it is.

A job belongs to whoever claims its row first (workers.py), so that no process and no
restart runs one twice. What a work function changes it commits together with
``storage/jobs.py finish``: the effect is there and the job done, or neither.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

from flask import current_app

from quizapp import alive, clock
from quizapp.actions import jobs as job_actions
from quizapp.config import Config
from quizapp.domain.errors import Refusal
from quizapp.domain.jobs import Job, State, Stopped, Work
from quizapp.storage import files, jobs
from quizapp.storage.database import Unavailable, connection, excuse, proxy

# The work of each kind, a function of actions.
WORK: dict[str, Work] = {}

# Seconds between two looks at how far a job is; where it moved, that is stored.
EVERY = 0.5
HEARTBEAT = 10.0

BROKEN = (
    "Something went wrong on our side, so nothing was changed. Start it again;"
    " if it fails once more, the server's log says why."
)
UNKNOWN = (
    "This version of quizapp does not know this work, so nothing was changed. Update the program."
)
STOPPED = "You stopped this, so nothing was changed."

_log = logging.getLogger(__name__)
_pulses: dict[int, "Pulse"] = {}


def submit(
    learner_id: int,
    kind: str,
    title: str,
    arguments: Mapping[str, Any],
    noted: Callable[[int], object] = lambda job: None,
) -> int:
    """Hand in long work and return its job, whose page is /jobs/<job>.

    ``noted`` is called with the job's number in the transaction that hands it in.

    In tests it is done at once in the caller, unless the worker is set to be apart.
    """
    assert kind in WORK, kind
    job_id = job_actions.submit(learner_id, kind, title, arguments, clock.now(), noted)
    _at_once(job_id)
    return job_id


def again(learner_id: int, job_id: int) -> None:
    """Have a job that failed or was stopped done once more, with the same arguments.

    Raises Missing for somebody else's, Stale for one that is done.
    """
    job_actions.again(learner_id, job_id)
    _at_once(job_id)


def cancel(learner_id: int, job_id: int) -> None:
    """Stop a job that waits; one that runs stops when it next says how far it is.

    Raises Missing for somebody else's.
    """
    pulse = _pulses.get(jobs.find(learner_id, job_id).id)
    if pulse is None:
        job_actions.cancel(learner_id, job_id, clock.now())
    else:
        # No row is written: the work may be holding the database just now.
        pulse.asked.set()


def live(job: Job) -> Job:
    """A job as it stands this very moment, where it runs in this process."""
    pulse = _pulses.get(job.id)
    if pulse is None or job.state is not State.RUNNING or pulse.job.attempt != job.attempt:
        return job
    done, total, said = pulse.reached
    return replace(job, done=done, total=total, said=said, stopping=pulse.asked.is_set())


def take_up(data: Path, job_id: int | None = None) -> Job | None:
    """Claim the next job, or a certain one, for this process."""
    with connection():
        return job_actions.take_up(alive.own_name(data), clock.now(), job_id)


def do(job: Job) -> None:
    """Do a claimed job and store how it ended; raises nothing that the work raises."""
    work = WORK.get(job.kind)
    state, said, result = State.FAILED, UNKNOWN, None
    if work is not None:
        try:
            with Pulse(job) as report, connection():
                result = work(job, report)
            state, said = State.DONE, str(result.get("said", ""))
        except Stopped:
            state, said = State.STOPPED, STOPPED
        except Refusal as refused:
            said = str(refused)
        except Exception as error:
            _log.exception("job %s (%s) failed", job.id, job.kind)
            excused = files.excuse(error) if isinstance(error, OSError) else excuse(error)
            said = BROKEN if excused is None else str(excused)
    # Without this the row would say for ever that it runs.
    while not _ended(job, state, said, result):
        time.sleep(1)


class Pulse:
    """How far a running job is: told as often as its work likes, stored now and then.

    Storing has a thread, and so a connection, of its own: the work may be inside a
    transaction, which must not carry it and on SQLite keeps it waiting.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.reached = (job.done, job.total, job.said)
        self.asked = Event()
        self._over = Event()
        self._thread = Thread(target=self._keep, name=f"pulse of job {job.id}", daemon=True)

    def __enter__(self) -> Callable[[int, int, str], None]:
        _pulses[self.job.id] = self
        self._thread.start()
        return self.report

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        _pulses.pop(self.job.id, None)

    def report(self, done: int, total: int, said: str) -> None:
        """Say how far it is; raises Stopped where that was asked for."""
        if self.asked.is_set():
            raise Stopped
        self.reached = (done, total, said)

    def _keep(self) -> None:
        stored, beaten = self.reached, time.monotonic()
        while not self._over.wait(EVERY):
            reached, now = self.reached, time.monotonic()
            try:
                with connection():
                    if jobs.stopping(self.job):
                        self.asked.set()
                    if reached != stored or now - beaten >= HEARTBEAT:
                        job_actions.beat(self.job, *reached, clock.now())
                        stored, beaten = reached, now
            except Unavailable:
                continue  # the work holds the database, or it is away: next time
        proxy.close()


def _at_once(job_id: int) -> None:
    config: Config = current_app.config["QUIZAPP"]
    if current_app.testing and config.worker == "inside":
        job = take_up(config.data, job_id)
        if job is not None:
            do(job)


def _ended(job: Job, state: State, said: str, result: Mapping[str, Any] | None) -> bool:
    try:
        with connection():
            job_actions.end(job, state, said, clock.now(), result)
    except Unavailable as error:
        _log.warning("how job %s ended cannot be stored yet: %s", job.id, error)
        return False
    return True
