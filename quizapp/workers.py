"""Huey's threads, which take up what waits in the job table and do it.

The table is the queue: a job and its place in the queue are one row, committed together,
and a claim (UPDATE … WHERE state = 'waiting') goes to one worker only.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

from flask import Flask
from huey import MemoryHuey, crontab
from huey.consumer import Consumer

from quizapp import alive, clock, jobs
from quizapp.actions import exports as export_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import jobs as job_actions
from quizapp.config import Config
from quizapp.domain.jobs import Job
from quizapp.storage.database import Unavailable, connection, proxy

# Seconds between two looks into an empty queue, at most.
PATIENCE = 0.5
# A process on another machine is gone when it gave no sign of life for so long.
SILENCE = timedelta(minutes=3)

_log = logging.getLogger(__name__)


def init(app: Flask) -> None:
    """Have the worker start with the first request; a server starts it earlier."""
    config: Config = app.config["QUIZAPP"]
    workers = app.extensions["workers"] = Workers(
        config.data,
        config.worker == "inside",
        lambda: (
            import_actions.expire(config.imports, clock.now())
            + import_actions.sweep(config.imports, config.media)
            + export_actions.sweep(config.exports, clock.now())
        ),
    )

    @app.before_request
    def take_up() -> None:
        if not app.testing:
            workers.start()


class Workers:
    """What takes up work in this process: one thread, so that long work is one at a time.

    ``left`` deletes what a killed process left, and counts it.
    """

    def __init__(self, data: Path, inside: bool, left: Callable[[], int] = lambda: 0) -> None:
        self._data = data
        self._left = left
        self._inside = inside
        self._lock = Lock()
        self._started = False
        self._huey = _Queue(self._claim)
        self._huey.periodic_task(crontab(), expires=50)(self.sweep)

    def start(self) -> None:
        """Begin, once, where the work is done inside the server."""
        if self._started:
            return
        with self._lock:
            if not self._started:
                self._started = True
                self.sweep()
                # It may be much to look through, and nobody waits for it.
                Thread(target=self.tidy, name="tidy", daemon=True).start()
                if self._inside:
                    _Inside(self._huey, **_HOW).start()

    def run(self) -> None:
        """Take up work until a signal ends the process; SIGINT lets a job finish first."""
        self._started = True
        self.sweep()
        self.tidy()
        Consumer(self._huey, **_HOW).run()

    def sweep(self) -> int:
        """Mark the jobs stopped whose process is gone; return how many."""
        try:
            with connection():
                count = job_actions.give_up_gone(self._gone, clock.now())
            alive.sweep(self._data)
        except Unavailable as error:
            _log.warning("jobs of stopped processes are left for later: %s", error)
            return 0
        if count:
            _log.warning("%s jobs were under way when their process stopped", count)
        return count

    def tidy(self) -> int:
        """Delete the files that a killed process left of its imports; return how many."""
        try:
            with connection():
                return self._left()
        except (Unavailable, OSError) as error:
            _log.warning("files of stopped imports are left for later: %s", error)
            return 0
        finally:
            if current_thread() is not main_thread():
                proxy.close()

    def _claim(self) -> Job | None:
        try:
            return jobs.take_up(self._data)
        except Unavailable as error:
            _log.warning("no job can be taken up: %s", error)
            time.sleep(1)
            return None

    def _gone(self, job: Job) -> bool:
        gone = alive.gone(self._data, job.owner)
        if gone is None:
            return job.heartbeat is None or clock.now() - job.heartbeat > SILENCE
        return gone


_HOW = {"workers": 1, "max_delay": PATIENCE, "scheduler_interval": 30}


class _Queue(MemoryHuey):  # type: ignore[misc]
    """Huey with the job table as its queue; only its own periodic tasks are in memory."""

    def __init__(self, claim: Callable[[], Job | None]) -> None:
        super().__init__("quizapp", results=False)
        self._claim = claim
        self._do = self.task()(jobs.do)

    def dequeue(self) -> Any:
        task = super().dequeue()
        if task is None and (job := self._claim()) is not None:
            task = self._do.s(job)
        return task


class _Inside(Consumer):  # type: ignore[misc]
    """A consumer within a server, to which the signals belong."""

    def _set_signal_handlers(self) -> None:
        pass
