"""Long work, told apart from the request that asked for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from quizapp.domain.errors import Stale


class State(StrEnum):
    """Where a job stands; the last three are its ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Job:
    """One piece of long work for one learner.

    kind       which work it is
    done, total  how far it is, in steps of its own; a total of 0 is not known yet
    said       a sentence: what it does now, or how it ended
    arguments  what the work needs to know
    result     what it says of its end; "said" and "address" of it stand on the job's page
    stopping   somebody asked it to stop
    attempt    counts how often it was taken up
    owner      the process that runs it
    heartbeat  when that process last gave a sign of life
    """

    id: int
    learner: int
    kind: str
    title: str
    state: State
    done: int
    total: int
    said: str
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]
    stopping: bool
    attempt: int
    owner: str
    made: datetime
    started: datetime | None
    finished: datetime | None
    heartbeat: datetime | None

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state not in (State.WAITING, State.RUNNING)

    @property
    def again(self) -> bool:
        """Whether it can be started again: it ended and changed nothing."""
        return self.state in (State.FAILED, State.STOPPED)

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where the total is not known."""
        return min(max(self.done / self.total, 0.0), 1.0) if self.total > 0 else None

    @property
    def quarter(self) -> int:
        """Full quarters done, 0 to 4: often enough to be told aloud."""
        return int((self.share or 0.0) * 4)

    @property
    def address(self) -> str:
        """Where the outcome can be seen, within this site; "" for nowhere."""
        address = str(self.result.get("address", ""))
        inside = address.startswith("/") and not address.startswith(("//", "/\\"))
        return address if inside else ""


# Takes what is done, the total (0 where it is not known) and a sentence. It is cheap: say it
# as often as you like. Raises Stopped where the work is to end.
Report = Callable[[int, int, str], None]
# What it returns is the job's result; effects end with storage/jobs.py finish.
Work = Callable[[Job, Report], Mapping[str, Any]]


class Stopped(Exception):
    """The learner asked this work to stop; whatever it had begun is rolled back."""


class Lost(Stale):
    """The job was taken from this worker meanwhile, so its effect must not be kept."""
