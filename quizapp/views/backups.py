"""The backups: what there is, one more, and going back to one."""

from flask import Blueprint, redirect, request, send_file, url_for
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import backups as backup_actions
from quizapp.domain.backups import DAYS, MONTHS, WEEKS, Reason
from quizapp.domain.errors import Missing, Refusal
from quizapp.storage import backups
from quizapp.views import respond
from quizapp.views.guards import (
    MAX_UPLOAD,
    backup_failure,
    current_learner,
    imports,
    shelf,
    status_of,
)

blueprint = Blueprint("backups", __name__)

REASONS = {
    Reason.DAY: "at the day's beginning",
    Reason.ASKED: "by hand",
    Reason.IMPORT: "before an import",
    Reason.MIGRATION: "before an update of the program",
    Reason.RESTORE: "before going back to an older one",
    Reason.REPAIR: "before a repair",
    Reason.BROUGHT: "elsewhere",
}


@blueprint.get("/backups")
def index() -> Response:
    """All backups, the newest first."""
    return _list(200, "")


@blueprint.post("/backups")
def make() -> Response:
    """Make a backup now."""
    learner, now = current_learner(), clock.now()
    day = learner.calendar.date(learner.today(now))
    try:
        made = backup_actions.before(Reason.ASKED, shelf(), now, day)
    except Refusal as refused:
        return _list(status_of(refused), str(refused))
    return redirect(url_for("backups.index", made=made.name), 303)


@blueprint.post("/backups/uploads")
def uploads() -> Response:
    """Take a backup that was downloaded once, or comes from elsewhere."""
    learner, now = current_learner(), clock.now()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _refused(Refusal("Nothing was chosen. Choose a backup (.zip)."))
    name = secure_filename(sent.filename)[-100:] or "backup.zip"
    day = learner.calendar.date(learner.today(now))
    try:
        brought = backup_actions.bring(shelf(), imports(), name, sent.save, day)
    except Refusal as refused:
        return _refused(refused)
    return respond.go(url_for("backups.one", name=brought.name))


@blueprint.get("/backups/<name>")
def one(name: str) -> Response:
    """What is in a backup, and what going back to it would take away."""
    return _one(name, 200, "")


@blueprint.get("/backups/<name>/file")
def file(name: str) -> Response:
    """The backup as a file to carry away."""
    current_learner()
    response = send_file(
        backups.portable(shelf(), name),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"quizapp-{name}.zip",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/backups/<name>/restores")
def restore(name: str) -> Response:
    """Go back to a backup; what there was becomes a backup itself."""
    learner, now = current_learner(), clock.now()
    day = learner.calendar.date(learner.today(now))
    try:
        done = backup_actions.restore(shelf(), name, now, day)
    except Missing:
        raise
    except Refusal as refused:
        return _one(name, status_of(refused), str(refused))
    return redirect(url_for("backups.index", restored=name, undo=done.undo), 303)


def _refused(refused: Refusal) -> Response:
    if respond.wants_fragment():
        return respond.notice(str(refused), status_of(refused))
    return _list(status_of(refused), str(refused))


def _list(status: int, problem: str) -> Response:
    learner = current_learner()
    found, broken = backups.listed(shelf())
    by_name = {backup.name: backup for backup in found}
    return respond.page(
        "backups/index.html",
        status,
        learner=learner,
        found=found,
        broken=broken,
        reasons=REASONS,
        kept=(DAYS, WEEKS, MONTHS),
        folder=shelf().folder,
        failure=backup_failure(),
        problem=problem,
        most=MAX_UPLOAD,
        made=by_name.get(request.args.get("made", "")),
        restored=by_name.get(request.args.get("restored", "")),
        undo=by_name.get(request.args.get("undo", "")),
    )


def _one(name: str, status: int, problem: str) -> Response:
    learner = current_learner()
    backup = backups.find(shelf(), name)
    return respond.page(
        "backups/one.html",
        status,
        learner=learner,
        backup=backup,
        present=backups.present(backup.at),
        reasons=REASONS,
        problem=problem,
    )
