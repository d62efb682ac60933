"""The study session: one card after the other."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from quizapp import clock
from quizapp.actions import goals as goal_actions
from quizapp.actions import study as study_actions
from quizapp.domain.cards import Response, judged, option_order, proposed_rating
from quizapp.domain.errors import Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Candidate, Queue
from quizapp.domain.scheduling import Rating, outcomes
from quizapp.domain.typing import compare
from quizapp.storage import cards, sessions
from quizapp.storage.cards import StudyCard
from quizapp.views import respond
from quizapp.views.guards import current_learner
from quizapp.views.words import interval

blueprint = Blueprint("study", __name__)

MAX_TYPED = 500
LABELS = {
    Rating.AGAIN: "Forgot",
    Rating.HARD: "Hard, got it",
    Rating.GOOD: "Good",
    Rating.EASY: "Easy",
}


@blueprint.get("/study/<scope>")
def session(scope: str) -> BaseResponse:
    """The next card, or the one an answer is asked for."""
    learner, now = current_learner(), clock.now()
    asked = request.args.get("card", type=int)
    if asked is None:
        current_app.extensions["later"](f"plan {learner.id}", goal_actions.plan_day, learner, now)
        return _next(learner, scope, now)
    card = cards.find(learner.id, asked)
    if card is None or card.queue not in (Queue.NEW, Queue.LEARNING, Queue.REVIEW):
        return redirect(url_for("study.session", scope=scope, mode=_mode()))
    return _drawn(learner, scope, now, card, revealed="show" in request.args)


@blueprint.post("/study/<scope>/reviews")
def reviews(scope: str) -> BaseResponse:
    """Grade the card and go on to the next."""
    learner, now = current_learner(), clock.now()
    try:
        done = study_actions.answer_card(
            learner,
            _number("card"),
            _number("version"),
            _rating(),
            now,
            _milliseconds(now),
            _mode(),
            _response(request.form),
        )
    except Stale as late:
        return _next(learner, scope, now, str(late), status=409, kind="error")
    said = ""
    if done.became_leech:
        said = (
            f"You forgot that card {done.memory.lapses} times: it is tagged as a leech."
            " Reword it (e) or suspend it (@)."
        )
    return _next(learner, scope, now, said, last=done.card)


@blueprint.post("/study/<scope>/undos")
def undos(scope: str) -> BaseResponse:
    """Take the latest deed back and return to its card's answer."""
    learner, now = current_learner(), clock.now()
    undone = study_actions.undo(learner, now)
    card = cards.find(learner.id, undone.card)
    if card is None or card.queue not in (Queue.NEW, Queue.LEARNING, Queue.REVIEW):
        return _next(learner, scope, now, f"Undone: {undone.deed}.")
    return _drawn(
        learner,
        scope,
        now,
        card,
        revealed=True,
        given=undone.answer,
        said=f"Undone: {undone.deed} on this card.",
    )


@blueprint.post("/study/<scope>/suspensions")
def suspensions(scope: str) -> BaseResponse:
    """Keep the card, or its whole note, out of study."""
    learner, now = current_learner(), clock.now()
    whole = "note" in request.form
    study_actions.suspend(learner, _number("card"), _number("version"), now, whole)
    return _next(learner, scope, now, f"{'Note' if whole else 'Card'} suspended. Undo with u.")


@blueprint.post("/study/<scope>/burials")
def burials(scope: str) -> BaseResponse:
    """Put the card, or its whole note, off until tomorrow."""
    learner, now = current_learner(), clock.now()
    whole = "note" in request.form
    study_actions.bury(learner, _number("card"), _number("version"), now, whole)
    return _next(
        learner, scope, now, f"{'Note' if whole else 'Card'} put off until tomorrow. Undo with u."
    )


@blueprint.post("/study/<scope>/flags")
def flags(scope: str) -> BaseResponse:
    """Flag the card and stay on it."""
    learner, now = current_learner(), clock.now()
    study_actions.flag(learner, _number("card"), _number("version"), now, _number("flag"))
    return _same(learner, scope, now)


@blueprint.post("/study/<scope>/marks")
def marks(scope: str) -> BaseResponse:
    """Mark the card's note and stay on it."""
    learner, now = current_learner(), clock.now()
    study_actions.mark(learner, _number("card"), _number("version"), now)
    return _same(learner, scope, now)


@blueprint.post("/study/<scope>/allowances")
def allowances(scope: str) -> BaseResponse:
    """More new cards today."""
    learner, now = current_learner(), clock.now()
    study_actions.allow_more_new(learner, now, _number("count"))
    return redirect(url_for("study.session", scope=scope), 303)


def _next(
    learner: Learner,
    scope: str,
    now: datetime,
    said: str = "",
    last: Candidate | None = None,
    status: int = 200,
    kind: str = "info",
) -> BaseResponse:
    within = sessions.scope(learner.id, scope)
    found = sessions.session(learner, within, _mode(), now, last)
    if found.card is None:
        return _render(
            "_end.html",
            status,
            learner=learner,
            now=now,
            session=found,
            ending=sessions.ending(learner, within, now),
            today=learner.today(now),
            said=said,
            kind=kind,
        )
    return _render(
        "_card.html",
        status,
        **_values(learner, now, found, found.card, said=said, kind=kind),
    )


def _drawn(
    learner: Learner,
    scope: str,
    now: datetime,
    card: StudyCard,
    revealed: bool,
    given: Mapping[str, Any] | None = None,
    said: str = "",
) -> BaseResponse:
    within = sessions.scope(learner.id, scope)
    found = sessions.session(learner, within, _mode(), now)
    given = given if given is not None else _given(card, _response(request.args))
    return _render(
        "_card.html",
        200,
        **_values(learner, now, found, card, revealed, given, said),
    )


def _same(learner: Learner, scope: str, now: datetime) -> BaseResponse:
    card = cards.find(learner.id, _number("card"))
    assert card is not None
    return _drawn(learner, scope, now, card, revealed="shown_answer" in request.form)


def _values(
    learner: Learner,
    now: datetime,
    session: sessions.Session,
    card: StudyCard,
    revealed: bool = False,
    given: Mapping[str, Any] | None = None,
    said: str = "",
    kind: str = "info",
) -> dict[str, Any]:
    """What a card's fragment shows."""
    given = given or {}
    possible = outcomes(card.memory, now, learner.options(card.retention), card.id)
    ratings = (Rating.AGAIN, Rating.GOOD) if learner.two_buttons else tuple(Rating)
    comparison = None
    if card.kind == "typed" and revealed and given.get("typed"):
        comparison = compare(given["typed"], card.face["accepts"])
    right = given.get("right")
    proposed = Rating.GOOD
    if right is not None:
        proposed = proposed_rating(right, given.get("confidence") == "guess")
    return {
        "learner": learner,
        "now": now,
        "session": session,
        "card": card,
        "current": sessions.current_kind(card),
        "revealed": revealed,
        "given": given,
        "comparison": comparison,
        "order": _order(card),
        "grades": [
            (int(rating), LABELS[rating], interval(possible[rating], now), rating is proposed)
            for rating in ratings
        ],
        "drawn": int(now.timestamp() * 1000),
        "said": said,
        "kind": kind,
    }


def _order(card: StudyCard) -> list[int]:
    if card.kind != "choice":
        return []
    return option_order(card.face["options"], f"{card.id}:{card.version}")


def _given(card: StudyCard, response: Response) -> Mapping[str, Any] | None:
    return judged(card.kind, card.face, f"{card.id}:{card.version}", response)


def _response(form: Mapping[str, str]) -> Response:
    choice = form.get("choice", "")
    if choice and not (choice.isdecimal() and len(choice) < 3):
        raise Refusal("This option does not exist. Reload the page and choose again.")
    typed = form.get("typed")
    return Response(
        choice=int(choice) if choice else None,
        typed=None if typed is None else typed[:MAX_TYPED],
        confidence=form.get("confidence"),
    )


def _rating() -> Rating:
    try:
        return Rating(_number("rating"))
    except ValueError:
        raise Refusal(
            "A grade is 1 (forgot), 2 (hard), 3 (good) or 4 (easy). Choose one of those."
        ) from None


def _milliseconds(now: datetime) -> int:
    """How long the card was before the learner; counted by the server, capped in the action."""
    drawn = request.form.get("drawn", "")
    if not drawn.isdecimal() or len(drawn) > 15:
        return 0
    since = now - datetime.fromtimestamp(int(drawn) / 1000, UTC)
    return int(since.total_seconds() * 1000)


def _mode() -> str:
    mode = request.values.get("mode", "due")
    return mode if mode in study_actions.MODES else "due"


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not text.isdecimal() or len(text) > 15:
        raise Refusal("The form is incomplete. Reload the page and try again.")
    return int(text)


def _render(fragment: str, status: int, **values: Any) -> BaseResponse:
    return respond.render(
        "study/session.html", f"study/{fragment}", status, fragment=f"study/{fragment}", **values
    )
