"""Taking decks away: what, in which form, and the file."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from quizapp.storage.decks import DeckRow
from quizapp.storage.sessions import Scope
from quizapp.views import respond
from quizapp.views.guards import current_learner, row_id

blueprint = Blueprint("exports", __name__)

_GONE = "This export is not there any more: files are kept for a day. Make it again."


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
        tree=_tree(decks.of_learner(learner.id)),
        problem=problem,
        values=request.values,
        picked={_scope_name(value) for value in request.values.getlist("deck")},
    )


@dataclass
class Branch:
    """Decks that can be ticked as one: ``value`` is what storage/sessions.py calls them."""

    value: str
    name: str
    inner: list["Branch"] = field(default_factory=list)

    @property
    def decks(self) -> int:
        """How many decks lie in it and below."""
        own = self.value.startswith("deck-")
        return own + sum(branch.decks for branch in self.inner)


def _tree(having: Sequence[DeckRow]) -> list[Branch]:
    """A learner's decks in their families, those of one exam together, own ones by name."""
    families = {
        family: Branch(f"family-{family}", title) for family, title in sessions.FAMILIES.items()
    }
    groups: dict[str, Branch] = {}
    own: dict[str, Branch] = {}
    for deck in sorted(having, key=lambda deck: deck.name.count("::") if _is_own(deck) else 0):
        above = families[deck.family]
        branch = Branch(f"deck-{deck.id}", deck.name)
        if _is_own(deck):
            parent, _, last = deck.name.rpartition("::")
            above, own[deck.name] = own.get(parent, above), branch
            branch.name = last if parent in own else deck.name.replace("::", " › ")
        elif deck.parent:
            key = sessions.group_key(deck.parent)
            if key not in groups:
                groups[key] = Branch(f"group-{key}", deck.parent)
                above.inner.append(groups[key])
            above = groups[key]
        above.inner.append(branch)
    return [branch for branch in families.values() if branch.inner]


def _is_own(deck: DeckRow) -> bool:
    return deck.family == "own"


def _wanted(learner: Learner) -> tuple[dict[str, Any], str]:
    """What the form asks for, and what the file is to be called.

    What is ticked counts, whatever is chosen above it: without script nothing moves that
    choice, and a deck meant for somebody else must not bring all others along.
    """
    form = request.form
    kind = form.get("form", "")
    if kind not in export_actions.FORMS:
        raise Refusal("Choose a format from the list.")
    chosen = form.getlist("deck")
    scopes = [sessions.scope(learner.id, name) for text in chosen if (name := _scope_name(text))]
    if not scopes and (chosen or form.get("what", "all") != "all"):
        raise Refusal("No deck is ticked. Tick those you want, or choose all.")
    progress = {"yes": True, "no": False}.get(form.get("progress", ""), not scopes)
    wanted: dict[str, Any] = {"form": kind, "progress": progress}
    day = clock.now().date().isoformat()
    if not scopes:
        return wanted, export_actions.file_stem(kind, [], day)
    having = {deck.id for scope in scopes for deck in scope.decks}
    return (
        wanted | {"decks": sorted(having)},
        export_actions.file_stem(kind, [_named(scope) for scope in _outermost(scopes)], day),
    )


def _named(scope: Scope) -> str:
    return scope.decks[0].name if scope.text.startswith("deck-") else scope.title


def _outermost(scopes: Sequence[Scope]) -> list[Scope]:
    """Those that lie in no other of them."""
    ids = [set(scope.ids or ()) for scope in scopes]
    return [
        scope
        for place, scope in enumerate(scopes)
        if not any(
            ids[place] < other or (ids[place] == other and before < place)
            for before, other in enumerate(ids)
        )
    ]


def _scope_name(text: str) -> str:
    """Which decks a tick stands for, as storage/sessions.py calls them; "" for none."""
    if text.startswith(("family-", "group-", "deck-")):
        return text
    try:
        return f"deck-{row_id(text)}"
    except ValueError:
        return ""


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
