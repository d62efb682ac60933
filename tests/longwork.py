"""Long work made for tests: python -m tests.longwork COMMAND is flask with it."""

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import cli

from quizapp import jobs
from quizapp.domain.jobs import Job, Report
from quizapp.storage import jobs as store
from quizapp.storage import picks
from quizapp.storage.database import transaction
from tests.running import RunningApp


def count(job: Job, report: Report) -> Mapping[str, Any]:
    """Count to ``steps``, each ``seconds`` long, then change something for ``hold`` seconds."""
    steps = job.arguments["steps"]
    for step in range(steps):
        report(step, steps, f"Counted {step}.")
        time.sleep(job.arguments.get("seconds", 0))
    report(steps, steps, "Writing.")
    result = {"said": f"Counted to {steps}.", "address": job.arguments.get("address", "")}
    with transaction():
        picks.create(job.learner, job.title, [], datetime.now(UTC))
        time.sleep(job.arguments.get("hold", 0))
        store.finish(job, result)
    return result


def register() -> None:
    """Let jobs of the kind "count" be done in this process."""
    jobs.WORK["count"] = count


class Counting(RunningApp):
    """The real server, which can count."""

    program = ("tests.longwork",)

    @property
    def file(self) -> Path:
        return self.data / "quizapp.db"


# Also where the server starts its worker as a new interpreter, which imports this file anew.
if __name__ in ("__main__", "__mp_main__"):
    register()
if __name__ == "__main__":
    sys.argv[1:1] = ["--app", "wsgi"]
    cli.main()
