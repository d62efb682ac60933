"""The long work the app knows, each kind a function of a job; see jobs.py."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from quizapp import clock, jobs
from quizapp.actions import backups as backup_actions
from quizapp.actions import exports as export_actions
from quizapp.actions import imports as import_actions
from quizapp.config import Config
from quizapp.domain.backups import Reason
from quizapp.domain.errors import Refusal
from quizapp.domain.jobs import Job, Report
from quizapp.domain.learners import Learner
from quizapp.storage import jobs as store
from quizapp.storage import learners

# As many sentences about what had no place in a file are kept.
_REMARKS = 200

UNSAVED = "Before an import a backup is made. That failed, so nothing was imported."

Finish = Callable[[Mapping[str, Any]], None]


def init(app: Flask) -> None:
    """Make the kinds of work known."""
    config: Config = app.config["QUIZAPP"]

    def read(job: Job, report: Report) -> Mapping[str, Any]:
        def said(done: int, total: int) -> None:
            report(done, total, "Reading the file.")

        return _ended(job, lambda finish: import_actions.read(
            _learner(job), job.arguments["batch"], config.imports,
            job.arguments.get("options", {}), said, finish,
        ))  # fmt: skip

    def bring(job: Job, report: Report) -> Mapping[str, Any]:
        total = int(job.arguments.get("total", 0))

        def said(done: int, _: int) -> None:
            report(done, total, "Laying down notes, cards and their history.")

        choices = import_actions.Choices.of(job.arguments["choices"])
        _back_up(config, _learner(job), report)
        return _ended(job, lambda finish: import_actions.commit(
            _learner(job), job.arguments["batch"], config.imports, config.media,
            choices, clock.now(), said, finish,
        ))  # fmt: skip

    def undo(job: Job, report: Report) -> Mapping[str, Any]:
        def said(done: int, total: int) -> None:
            report(done, total, "Taking back what it added and changed.")

        return _ended(job, lambda finish: import_actions.undo(
            _learner(job), job.arguments["batch"], said, finish,
        ))  # fmt: skip

    def take(job: Job, report: Report) -> Mapping[str, Any]:
        folder = config.exports / job.arguments["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        taken = export_actions.write(
            _learner(job),
            export_actions.Wanted.of(job.arguments["wanted"]),
            folder / job.arguments["name"],
            config.media,
            clock.now(),
            lambda done, total: report(done, total, "Writing the file."),
        )
        return {
            "file": taken.path.name,
            "notes": taken.notes,
            "remarks": list(taken.remarks[:_REMARKS]),
            "address": f"/exports/{job.id}",
        }

    jobs.WORK.update({"read": read, "import": bring, "undo": undo, "export": take})


def _ended(job: Job, work: Callable[[Finish], object]) -> Mapping[str, Any]:
    """Do work that says inside its own transaction that it is done; return what it said."""
    result: dict[str, Any] = {}

    def finish(said: Mapping[str, Any]) -> None:
        result.update(said)
        store.finish(job, said)

    work(finish)
    return result


def _back_up(config: Config, learner: Learner, report: Report) -> None:
    """Keep what there is before an import changes it; without that, none is begun.

    An import can be undone, but undoing rests on the same database and program that may
    have gone wrong. What keeps a backup from being made (a full disk, a damaged database,
    a folder that belongs to another) is better put right first, and the sentence says how.
    """
    now = clock.now()
    try:
        backup_actions.before(
            Reason.IMPORT,
            config.shelf,
            now,
            learner.calendar.date(learner.today(now)),
            lambda what, done, total: report(done, total, "Backing up what is there."),
        )
    except Refusal as refused:
        raise Refusal(f"{UNSAVED} {refused}") from refused


def _learner(job: Job) -> Learner:
    learner = learners.get(job.learner)
    assert learner is not None
    return learner
