"""Bringing decks in: upload, preview, result, undo."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from quizapp import clock, jobs
from quizapp.actions import faces as face_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import texts as text_actions
from quizapp.config import Config
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.jobs import State
from quizapp.domain.learners import Learner
from quizapp.domain.merging import difference
from quizapp.storage import imports
from quizapp.storage import jobs as job_store
from quizapp.storage.imports import BatchRow
from quizapp.views import respond
from quizapp.views.guards import MAX_UPLOAD, current_learner, row_id, status_of
from quizapp.views.media import served

blueprint = Blueprint("imports", __name__)

MAX_PASTE = 900_000
PASTED = "Pasted text"
# What a column of a table can hold beside the fields of its note type.
TARGET_NAMES = {
    "": "Leave out", "#field": "Next field", "#tags": "Tags", "#deck": "Deck",
    "#notetype": "Kind of note", "#notetype-key": "ID of the kind of note", "#key": "ID",
}  # fmt: skip


@blueprint.get("/imports")
def index() -> Response:
    """Where a file is chosen, and what was imported before."""
    return _index(200, "")


@blueprint.post("/imports")
def create() -> Response:
    """Take a file or pasted text, and have it read."""
    learner = current_learner()
    sent, pasted = request.files.get("file"), request.form.get("text", "")
    try:
        title = _received(sent, pasted)
    except Refusal as refused:
        return _refused(refused)
    import_actions.expire(_config().imports, clock.now())
    folder = secrets.token_hex(16)
    with import_actions.place(_config().imports, folder) as home:
        _keep(home, sent, pasted)
        chosen = sent is not None and sent.filename
        options: dict[str, Any] = {} if chosen else {"paste": {}}
        batch = import_actions.receive(learner, title, folder, clock.now())
    return _begin(learner, batch, "read", f"Reading {title}", {"options": options})


@blueprint.get("/imports/<int:batch_id>")
def batch(batch_id: int) -> Response:
    """An import as it stands: being read, a preview, a result, or why it failed."""
    learner = current_learner()
    return _batch(learner, _found(learner, batch_id), 200, "")


@blueprint.get("/imports/<int:batch_id>/samples/<int:place>/<side>")
def sample(batch_id: int, place: int, side: str) -> Response:
    """One side of a note that is not imported yet, as the document of its frame."""
    learner = current_learner()
    found = _found(learner, batch_id)
    samples = ((found.head or {}).get("comparison") or {}).get("samples", [])
    if place >= len(samples):
        raise Missing("There is no such sample. Reload the page.")
    names = (found.head or {}).get("media_names", {})
    base = f"/imports/{batch_id}/media/"
    return respond.framed(face_actions.sample(samples[place], side, base, names))


@blueprint.get("/imports/<int:batch_id>/media/<path:name>")
def medium(batch_id: int, name: str) -> Response:
    """A file of a package that is not imported yet."""
    found = _found(current_learner(), batch_id)
    digest = (found.head or {}).get("media_names", {}).get(name)
    if digest is None or found.state != "ready":
        raise Missing("This file is not part of the import.")
    return served(_config().imports / found.folder / "media" / digest, name, digest)


@blueprint.post("/imports/<int:batch_id>/readings")
def readings(batch_id: int) -> Response:
    """Read the file anew, with other columns, another separator or as another type."""
    learner = current_learner()
    found = _ready(learner, batch_id)
    try:
        options = text_actions.chosen(found.head or {}, request.form)
    except Refusal as refused:
        return _batch(learner, found, status_of(refused), str(refused))
    return _read_under(learner, found, (found.head or {}).get("under", ""), options)


@blueprint.post("/imports/<int:batch_id>/placings")
def placings(batch_id: int) -> Response:
    """Say what would happen under a deck of one's choice."""
    learner = current_learner()
    found = _ready(learner, batch_id)
    under = request.form.get("under", "").strip()
    try:
        import_actions.Choices(under=under).check()
    except Refusal as refused:
        return _batch(learner, found, status_of(refused), str(refused))
    return _read_under(learner, found, under, (found.head or {}).get("options", {}))


@blueprint.post("/imports/<int:batch_id>/commits")
def commits(batch_id: int) -> Response:
    """Do what the preview says; where a choice makes it say something else, say that first."""
    learner = current_learner()
    found = _found(learner, batch_id)
    if found.state == "done":
        # Pressed a second time: it is what was wanted.
        return respond.go(url_for("imports.batch", batch_id=batch_id))
    found = _ready(learner, batch_id)
    form, head = request.form, found.head or {}
    looked_under = head.get("under", "")
    choices = {
        "progress": form.get("progress") == "1",
        "existing": form.get("existing", "newer"),
        "theirs": [row_id(text) for text in form.getlist("theirs") if text.isdecimal()],
        "all_theirs": "all_theirs" in form,
        "set_aside": "set_aside" in form,
        "under": form.get("under", looked_under).strip(),
        "origin": form.get("origin", "").strip(),
        "licence": form.get("licence", "").strip(),
    }
    try:
        import_actions.Choices.of(choices).check()
    except Refusal as refused:
        return _batch(learner, found, 400, str(refused))
    if choices["set_aside"] and choices["under"] != looked_under:
        # What the file no longer has was looked for in other decks than those it goes to.
        return _read_under(learner, found, choices["under"], head.get("options", {}))
    counts = (head.get("comparison") or {}).get("counts", {})
    total = sum(counts.get(kind, 0) for kind in ("new", "changed", "older", "same", "conflicts"))
    return _begin(
        learner, found.id, "import", f"Importing {found.title}",
        {"choices": choices, "total": total},
    )  # fmt: skip


@blueprint.post("/imports/<int:batch_id>/undos")
def undos(batch_id: int) -> Response:
    """Have the whole import taken back; what cannot be is said at once."""
    learner = current_learner()
    found = _found(learner, batch_id)
    if found.job in job_store.under_way(learner.id):
        return respond.go(url_for("jobs.job", job_id=found.job))
    try:
        import_actions.check_undo(learner, batch_id)
    except Missing:
        raise
    except Refusal as refused:
        return _batch(learner, found, status_of(refused), str(refused))
    return _begin(learner, batch_id, "undo", f"Undoing {found.title}", {})


@blueprint.post("/imports/<int:batch_id>/drops")
def drops(batch_id: int) -> Response:
    """Put it away before it is done."""
    try:
        import_actions.drop(current_learner(), batch_id, _config().imports)
    except import_actions.UnderWay as other:
        return respond.go(url_for("jobs.job", job_id=other.job))
    return redirect(url_for("imports.index"), 303)


@blueprint.post("/imports/drops")
def all_drops() -> Response:
    """Put away whatever was never imported."""
    import_actions.drop_all(current_learner(), _config().imports)
    return redirect(url_for("imports.index"), 303)


@blueprint.get("/imports/templates/<any(cards, choices):kind>.csv")
def template(kind: str) -> Response:
    """A table to fill in, which imports as it is."""
    body = text_actions.template("choice" if kind == "choices" else "cards")
    headers = {"Content-Disposition": f"attachment; filename={kind}.csv"}
    return Response(body, mimetype="text/csv", headers=headers)


def _read_under(
    learner: Learner, found: BatchRow, under: str, options: Mapping[str, Any]
) -> Response:
    """Have the file read again, as what is to go under a deck."""
    wanted = {name: value for name, value in options.items() if name != "deck"}
    if under:
        wanted["deck"] = under
    return _begin(learner, found.id, "read", f"Reading {found.title}", {"options": wanted})


def _begin(
    learner: Learner, batch_id: int, kind: str, title: str, arguments: dict[str, Any]
) -> Response:
    """Hand the work in and go where it says how far it is."""
    try:
        job = jobs.submit(
            learner.id, kind, title, {"batch": batch_id, **arguments},
            lambda number: import_actions.begun(learner, batch_id, number),
        )  # fmt: skip
    except import_actions.UnderWay as other:
        return respond.go(url_for("jobs.job", job_id=other.job))
    found = job_store.find(learner.id, job)
    address = url_for("jobs.job", job_id=job)
    # Why an import was not done stands on the job's page; why a file was not read, on its own.
    if found.state is State.DONE or (found.over and kind == "read"):
        address = url_for("imports.batch", batch_id=batch_id)
    return respond.go(address)


def _received(sent: FileStorage | None, pasted: str) -> str:
    """What the import is called; raises Refusal where nothing came."""
    if sent is not None and sent.filename:
        name = sent.filename.replace("\\", "/").rpartition("/")[2]
        return "".join(c for c in name if c.isprintable())[:120] or "A file"
    if not pasted.strip():
        raise Refusal("Nothing was chosen. Choose a file, or paste some text.")
    if len(pasted) > MAX_PASTE:
        raise Refusal("That is too much for the box. Save it as a text file and choose that file.")
    return PASTED


def _keep(path: Path, sent: FileStorage | None, pasted: str) -> None:
    if sent is not None and sent.filename:
        sent.save(path)
    else:
        path.write_text(pasted, encoding="utf-8", newline="")


def _refused(refused: Refusal) -> Response:
    if respond.wants_fragment():
        return respond.notice(str(refused), status_of(refused))
    return _index(status_of(refused), str(refused))


def _index(status: int, problem: str) -> Response:
    learner = current_learner()
    return respond.page(
        "imports/index.html",
        status,
        learner=learner,
        recent=imports.recent(learner.id),
        waiting=len(imports.never_done(learner.id)),
        kept=import_actions.KEPT.days,
        under_way=job_store.under_way(learner.id),
        problem=problem,
        most=MAX_UPLOAD,
    )


def _batch(learner: Learner, found: BatchRow, status: int, problem: str) -> Response:
    work = job_store.under_way(learner.id).get(found.job or 0)
    values: dict[str, Any] = {"learner": learner, "batch": found, "problem": problem, "work": work}
    if found.state == "ready" and work is None:
        head = found.head or {}
        values |= {
            "head": head,
            "under": head.get("under", ""),
            "counts": head["comparison"]["counts"],
            "lists": head["comparison"]["lists"],
            "samples": head["comparison"]["samples"],
            "mapping": text_actions.mapping(head),
            "pasted": text_actions.pasted(head),
            "signs": {"between": text_actions.BETWEEN, "rows": text_actions.ROWS},
            "policy": text_actions.policy(head),
            "difference": difference,
            "target_names": TARGET_NAMES | text_actions.PARTS,
            "kinds": text_actions.KINDS,
        }
        return respond.page("imports/preview.html", status, **values)
    if found.state == "done" and found.done is not None:
        values |= {
            "difference": difference,
            "resting": import_actions.rests_on(learner, found.id),
            "answers": imports.answers_since(learner.id, found.id, found.done),
        }
    return respond.page("imports/batch.html", status, **values)


def _found(learner: Learner, batch_id: int) -> BatchRow:
    found = imports.find(learner.id, batch_id)
    if found is None:
        raise Missing("There is no such import. Choose one from the list of imports.")
    return found


def _ready(learner: Learner, batch_id: int) -> BatchRow:
    """An import whose preview stands; raises Stale for one that has gone on."""
    found = _found(learner, batch_id)
    if found.state != "ready":
        raise Stale("This import was done already, or it was put away. Look at it again.")
    return found


def _config() -> Config:
    config: Config = current_app.config["QUIZAPP"]
    return config
