"""Taking decks away: what, in which form, and the file."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, request, send_file, url_for
from werkzeug.wrappers import Response

from quizapp import clock, jobs
from quizapp.actions import exports as export_actions
from quizapp.config import Config
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.jobs import Job, State
from quizapp.domain.learners import Learner
from quizapp.storage import decks, sessions
from quizapp.storage import jobs as job_store
from quizapp.views import respond
from quizapp.views.guards import current_learner, row_id

blueprint = Blueprint("exports", __name__)

_GONE = "This export is not there any more: files are kept for a day. Make it again."
_UNFIT = re.compile(r"[^\w .-]+")


@blueprint.get("/exports")
def index() -> Response:
    """What can be taken away, and how."""
    return _index(200, "")


@blueprint.post("/exports")
def create() -> Response:
    """Have the file made."""
    learner = current_learner()
    try:
        wanted, name = _wanted(learner)
    except Refusal as refused:
        return _index(404 if isinstance(refused, Missing) else 400, str(refused))
    arguments = {"folder": secrets.token_hex(16), "name": name, "wanted": wanted}
    job = jobs.submit(learner.id, "export", f"Exporting {name}", arguments)
    # Where it is done already, as in tests, its page is that of the file.
    found = job_store.find(learner.id, job)
    return respond.go(found.address or url_for("jobs.job", job_id=job))


@blueprint.get("/exports/<int:job_id>")
def made(job_id: int) -> Response:
    """The file that was made, to be fetched, and what had no place in it."""
    learner = current_learner()
    job = _made(learner, job_id)
    path = _path(job)
    return respond.page(
        "exports/made.html",
        learner=learner,
        job=job,
        name=path.name,
        size=path.stat().st_size if path.is_file() else None,
    )


@blueprint.get("/exports/<int:job_id>/file")
def file(job_id: int) -> Response:
    """The bytes of it."""
    path = _path(_made(current_learner(), job_id))
    if not path.is_file():
        raise Missing(_GONE)
    return send_file(
        path,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=path.name,
        conditional=True,
    )


def _index(status: int, problem: str) -> Response:
    learner = current_learner()
    return respond.page(
        "exports/index.html",
        status,
        learner=learner,
        having=decks.of_learner(learner.id),
        families=sessions.FAMILIES,
        problem=problem,
        values=request.values,
        picked=set(request.values.getlist("deck")),
    )


def _wanted(learner: Learner) -> tuple[dict[str, Any], str]:
    """What the form asks for, and what the file is to be called."""
    form = request.form
    kind = form.get("form", "")
    if kind not in export_actions.FORMS:
        raise Refusal("Choose a format from the list.")
    wanted: dict[str, Any] = {"form": kind, "progress": "progress" in form}
    day = clock.now().date().isoformat()
    if form.get("what", "all") == "all":
        return wanted, f"quizapp {day}"
    chosen = form.getlist("deck")
    scopes = [sessions.scope(learner.id, f"deck-{row_id(text)}") for text in chosen if _is(text)]
    if not scopes:
        raise Refusal("No deck is ticked. Tick those you want, or choose all.")
    ids = sorted({id_ for scope in scopes for id_ in scope.ids or ()})
    title = scopes[0].title.rpartition("::")[2] if len(scopes) == 1 else "quizapp decks"
    name = _UNFIT.sub("-", title).strip(" .-")[:80] or "deck"
    return wanted | {"decks": ids}, f"{name} {day}"


def _is(text: str) -> bool:
    try:
        row_id(text)
    except ValueError:
        return False
    return True


def _made(learner: Learner, job_id: int) -> Job:
    job = job_store.find(learner.id, job_id)
    if job.kind != "export" or job.state is not State.DONE:
        raise Missing(_GONE)
    return job


def _path(job: Job) -> Path:
    """Where the file lies; its folder's name was drawn by us, and its own made by us."""
    config: Config = current_app.config["QUIZAPP"]
    arguments: Mapping[str, Any] = job.arguments
    return config.exports / str(arguments["folder"]) / Path(str(job.result["file"])).name
