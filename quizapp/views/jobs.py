"""Long work: how far it is, how it ended, and starting it again."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock, jobs
from quizapp.config import Config
from quizapp.domain.errors import Missing, Stale
from quizapp.domain.jobs import Job, State
from quizapp.storage import imports
from quizapp.storage import jobs as store
from quizapp.views import respond
from quizapp.views.guards import current_learner

blueprint = Blueprint("jobs", __name__)

LISTED = 20
# Whoever comes later than that wants to see this page, such as by the back button.
FRESH = timedelta(seconds=5)
# Where an import stands while that work on it is still to do.
_STATES = {"read": "reading", "import": "ready", "undo": "done"}
# After waiting so long while nothing runs, a worker is missing rather than busy.
OVERDUE = timedelta(seconds=20)


@blueprint.get("/jobs")
def index() -> Response:
    """The latest work."""
    learner = current_learner()
    found = [jobs.live(job) for job in store.latest(learner.id, LISTED)]
    return respond.page("jobs/index.html", learner=learner, found=found)


@blueprint.get("/jobs/<int:job_id>")
def job(job_id: int) -> Response:
    """One job; as a fragment only what moved since ``seen`` (its state) and ``quarter``.

    Who watches it until it is done is led on to its result, where it has a page; so is who
    comes a moment later, because it was quicker than the page.
    """
    learner = current_learner()
    try:
        found = jobs.live(store.find(learner.id, job_id))
    except Missing:
        if not respond.wants_fragment():
            raise
        return _whole(respond.piece("jobs/_gone.html", 404))
    values: dict[str, Any] = {
        "learner": learner,
        "job": found,
        "overdue": _overdue(found),
        "again": found.again and _may_succeed(found),
    }
    if not respond.wants_fragment():
        if found.state is State.DONE and found.address and _fresh(found):
            return respond.go(found.address)
        return respond.page("jobs/job.html", **values, aloud=False)
    if request.args.get("seen") == found.state:
        aloud = request.args.get("quarter") != str(found.quarter)
        return respond.piece("jobs/_progress.html", **values, aloud=aloud)
    if found.state is State.DONE and found.address:
        return respond.go(found.address)
    return _whole(respond.piece("jobs/_job.html", **values, aloud=True))


@blueprint.post("/jobs/<int:job_id>/restarts")
def restarts(job_id: int) -> Response:
    """Start what failed or was stopped again."""
    learner = current_learner()
    if not _may_succeed(store.find(learner.id, job_id)):
        raise Stale("This work would fail again, so it was not started. Go on from its import.")
    jobs.again(learner.id, job_id)
    return redirect(url_for("jobs.job", job_id=job_id), 303)


@blueprint.post("/jobs/<int:job_id>/cancellations")
def cancellations(job_id: int) -> Response:
    """Stop what waits or runs."""
    jobs.cancel(current_learner().id, job_id)
    return redirect(url_for("jobs.job", job_id=job_id), 303)


def _whole(response: Response) -> Response:
    """In the place of all that is said of the job, and not of the bar that asks."""
    response.headers["HX-Retarget"] = "#jobs-job"
    return response


def _fresh(found: Job) -> bool:
    return found.finished is None or clock.now() - found.finished < FRESH


def _may_succeed(found: Job) -> bool:
    """Whether work on an import may end otherwise another time: a file that could not be read
    does not change, and an import may have gone on, or be forgotten."""
    if found.kind not in _STATES:
        return True
    batch = imports.find(found.learner, found.arguments["batch"])
    return batch is not None and batch.job == found.id and batch.state == _STATES[found.kind]


def _overdue(found: Job) -> bool:
    """Whether nobody seems to be there to take up a job that waits."""
    config: Config = current_app.config["QUIZAPP"]
    return (
        config.worker == "apart"
        and found.state is State.WAITING
        and clock.now() - found.made > OVERDUE
        and not store.running()
    )
