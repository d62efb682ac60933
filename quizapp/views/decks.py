"""One deck or group of decks: what it holds, how far one has come, its own options."""

from collections.abc import Mapping
from math import isfinite, nan

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Counts
from quizapp.storage import blueprints, cards, decks, journal, sessions, works
from quizapp.views import respond
from quizapp.views.guards import current_learner

blueprint = Blueprint("decks", __name__)

MAX_TAG = 200
OPTIONS = ("desired_retention", "new_per_day", "reviews_per_day")


@blueprint.get("/decks/<scope>")
def overview(scope: str) -> Response:
    """What the decks hold and what waits in them today."""
    return _overview(scope, 200, {})


@blueprint.get("/decks/<scope>/about")
def about(scope: str) -> Response:
    """Where the decks come from, and what they rest on."""
    learner = current_learner()
    within = sessions.scope(learner.id, scope)
    inside = list(within.decks) or decks.of_learner(learner.id)
    ids = [deck.id for deck in inside]
    outlines = {outline for deck in inside for outline in deck.outline}
    return respond.page(
        "decks/about.html",
        learner=learner,
        scope=within,
        inside=inside,
        contents=decks.contents(ids),
        works=works.cited(ids),
        blueprints=[b for b in blueprints.known() if b.outline in outlines],
    )


@blueprint.get("/decks/<scope>/cards")
def listed(scope: str) -> Response:
    """The cards that were suspended, put off, set aside, flagged, marked or are leeches; or
    those with a tag."""
    learner, now = current_learner(), clock.now()
    within = sessions.scope(learner.id, scope)
    inside = _inside(learner, within)
    tag = request.args.get("tag", "").replace(" › ", "::").strip()[:MAX_TAG]
    shown = "" if tag else request.args.get("show", cards.LISTS[0])
    if not tag and shown not in cards.LISTS:
        raise Missing("There is no such list. Choose one from the deck's page.")
    return respond.page(
        "decks/cards.html",
        learner=learner,
        scope=within,
        shown=shown,
        lists=cards.LISTS,
        tag=tag,
        found=cards.tagged(learner.id, inside, tag)
        if tag
        else cards.listed(learner.id, inside, shown),
        did=DID.get(request.args.get("did", ""), ""),
        deed=journal.latest_id(learner.id, learner.today(now)),
    )


@blueprint.post("/decks/<scope>/returns")
def returns(scope: str) -> Response:
    """Take all notes that the list shows as set aside back into study."""
    learner = current_learner()
    within = sessions.scope(learner.id, scope)
    shown = cards.listed(learner.id, _inside(learner, within), cards.SET_ASIDE)
    study_actions.bring_back(learner, [card.id for card in shown], clock.now())
    return _back_to_list(scope, "returned")


@blueprint.post("/decks/<scope>/undos")
def undos(scope: str) -> Response:
    """Take back what was done with a list."""
    deed = request.form.get("deed", "")
    if not (deed.isascii() and deed.isdecimal() and len(deed) < 19):
        raise Refusal("The form is incomplete. Reload the page and try again.")
    study_actions.undo(current_learner(), clock.now(), int(deed))
    return _back_to_list(scope, "undone")


# What the list says after it was used.
DID = {
    "returned": "These notes are back in study with what you knew of them.",
    "undone": "Undone.",
}


def _back_to_list(scope: str, did: str) -> Response:
    return redirect(url_for("decks.listed", scope=scope, show=cards.SET_ASIDE, did=did), 303)


def _inside(learner: Learner, within: sessions.Scope) -> list[int]:
    return [deck.id for deck in within.decks or decks.of_learner(learner.id)]


@blueprint.post("/decks/<int:deck>/options")
def options(deck: int) -> Response:
    """Store the deck's own retention and limits; an empty field follows the settings."""
    learner = current_learner()
    given: dict[str, float | None] = {}
    problems: dict[str, str] = {}
    for name in OPTIONS:
        read = _share if name == "desired_retention" else _whole
        try:
            given[name] = read(_optional(name))
        except Refusal as refused:
            problems[name] = str(refused)
    problems |= learner_actions.unfit({n: v for n, v in given.items() if v is not None})
    if problems:
        return _overview(f"deck-{deck}", 400, problems)
    learner_actions.change_deck_options(learner, deck, given)
    return redirect(url_for("decks.overview", scope=f"deck-{deck}", saved=1), 303)


def _overview(scope: str, status: int, problems: Mapping[str, str]) -> Response:
    learner, now = current_learner(), clock.now()
    within = sessions.scope(learner.id, scope)
    having, offered, overall = sessions.overview(learner, now)
    inside = within.decks or having
    ids = [deck.id for deck in inside]
    single = inside[0] if scope.startswith("deck-") else None
    return respond.page(
        "decks/overview.html",
        status,
        learner=learner,
        scope=within,
        inside=inside,
        deck=single,
        counts=overall.cap(sum((offered.get(d, Counts()) for d in ids), Counts())),
        totals=decks.totals(learner.id, ids),
        topics=decks.topics(learner.id, single.id) if single else [],
        problems={name: problems[name] for name in OPTIONS if name in problems},
        values=request.form if problems else None,
        saved="saved" in request.args,
    )


def _optional(name: str) -> float | None:
    text = request.form.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise Refusal(f"“{text}” is not a number.")
    return value


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _whole(value: float | None) -> int | None:
    if value is not None and value != int(value):
        raise Refusal(f"“{value:g}” is not a whole number.")
    return None if value is None else int(value)
