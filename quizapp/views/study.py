"""The study session: one card after the other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from quizapp import clock
from quizapp.actions import faces as face_actions
from quizapp.actions import notes as note_actions
from quizapp.actions import study as study_actions
from quizapp.domain.cards import Response, judged, option_order, proposed_rating
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.misses import CAUSES
from quizapp.domain.queue import Candidate, Queue
from quizapp.domain.scheduling import Rating, outcomes
from quizapp.domain.typing import compare
from quizapp.storage import cards, journal, links, sessions
from quizapp.storage.cards import StudyCard
from quizapp.views import respond
from quizapp.views.guards import current_learner, plan_later, row_id
from quizapp.views.words import interval

blueprint = Blueprint("study", __name__)

MAX_TYPED = 500
# Whoever takes longer over a question has walked away.
MOST_THOUGHT = timedelta(minutes=10) // timedelta(milliseconds=1)
_ACTIVE = (Queue.NEW, Queue.LEARNING, Queue.REVIEW)
_ASIDE = ("Edit", "Make card", "Link", "Unlink")
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
    asked = request.args.get("card", "")
    if not asked:
        plan_later(learner, now)
        return _next(learner, scope, now)
    try:
        card = cards.find(learner.id, row_id(asked))
    except ValueError:
        card = None
    if card is None or not _drawable(learner, card, now):
        return redirect(url_for("study.session", scope=scope, mode=_mode()))
    return _drawn(learner, scope, now, card, revealed="show" in request.args)


@blueprint.get("/study/<scope>/<any(reviews, undos, suspensions, burials, flags, marks, drafts):_>")
def again(scope: str, _: str) -> BaseResponse:
    """Where a browser without script returns to after a form: the session."""
    return redirect(url_for("study.session", scope=scope))


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
    except Missing as gone:
        return _next(learner, scope, now, str(gone), status=404, kind="error")
    if not done.became_leech:
        if not respond.wants_fragment():
            return redirect(url_for("study.session", scope=scope, mode=_mode()), 303)
        return _next(learner, scope, now, last=done.card)
    said = f"You forgot the last card {done.memory.lapses} times: it is tagged as a leech."
    return _next(learner, scope, now, said, last=done.card, about=done.card.card)


@blueprint.post("/study/<scope>/undos")
def undos(scope: str) -> BaseResponse:
    """Take the latest deed back and return to its card, an answered one with its answer."""
    learner, now = current_learner(), clock.now()
    seen = _number("deed") if "deed" in request.form else None
    try:
        undone = study_actions.undo(learner, now, seen)
    except Stale as late:
        return _next(learner, scope, now, str(late), status=409, kind="error")
    shown = _number("card") if "card" in request.form else None
    # Deeds that leave the card on the screen as it is are undone from there, too.
    stays = undone.card is None or ("shown_answer" in request.form and undone.deed in _ASIDE)
    about = shown if stays else undone.card
    card = None if about is None else cards.find(learner.id, about)
    if card is None or card.queue not in _ACTIVE:
        return _next(learner, scope, now, f"Undone: {undone.deed}.")
    # A card whose answer was open keeps it open, with what was chosen.
    open_still = card.id == shown and "shown_answer" in request.form
    return _drawn(
        learner,
        scope,
        now,
        card,
        revealed=undone.was_answer or open_still,
        given=undone.answer if undone.was_answer else None,
        said=f"Undone: {undone.deed}{' on this card' if card.id == undone.card else ''}.",
    )


@blueprint.post("/study/<scope>/suspensions")
def suspensions(scope: str) -> BaseResponse:
    """Keep the card, or its whole note, out of study."""
    return _put_aside(scope, study_actions.suspend, "suspended")


@blueprint.post("/study/<scope>/burials")
def burials(scope: str) -> BaseResponse:
    """Put the card, or its whole note, off until tomorrow."""
    return _put_aside(scope, study_actions.bury, "put off until tomorrow")


@blueprint.post("/study/<scope>/flags")
def flags(scope: str) -> BaseResponse:
    """Flag the card and stay on it as it is."""
    learner, now = current_learner(), clock.now()
    study_actions.flag(learner, _number("card"), now, _number("flag"))
    return _labelled(learner, scope, now)


@blueprint.post("/study/<scope>/marks")
def marks(scope: str) -> BaseResponse:
    """Mark the card's note and stay on it as it is."""
    learner, now = current_learner(), clock.now()
    study_actions.mark(learner, _number("card"), now)
    return _labelled(learner, scope, now)


@blueprint.post("/study/<scope>/drafts")
def drafts(scope: str) -> BaseResponse:
    """Make a card of the question at hand and stay on it as it is."""
    learner, now = current_learner(), clock.now()
    card = cards.find(learner.id, _number("card"))
    if card is None:
        raise Missing("This question does not exist. It may have been removed from its deck.")
    made = note_actions.draft_card(learner, card.note, now)
    within = sessions.scope(learner.id, scope)
    if not respond.wants_fragment():
        said = "A card was made of this question." if made.new else "It has a card already."
        return _drawn(learner, scope, now, card, revealed=True, said=said)
    return respond.piece(
        "study/_draft.html",
        learner=learner,
        card=card,
        scope=within.text,
        mode=_mode(),
        draft=made.card,
        made=made.new,
        taught=True,
        carry=_carry(within.text, revealed=True),
        outside=True,
        deed=journal.latest_id(learner.id, learner.today(now)),
    )


@blueprint.post("/study/<scope>/allowances")
def allowances(scope: str) -> BaseResponse:
    """More new cards today."""
    learner, now = current_learner(), clock.now()
    within = sessions.scope(learner.id, scope)
    study_actions.allow_more_new(learner, now, _number("count"), within.ids)
    return redirect(url_for("study.session", scope=scope), 303)


def _next(
    learner: Learner,
    scope: str,
    now: datetime,
    said: str = "",
    last: Candidate | None = None,
    status: int = 200,
    kind: str = "info",
    about: int | None = None,
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
            about=about,
            deed=journal.latest_id(learner.id, learner.today(now)),
        )
    return _render(
        "_card.html",
        status,
        **_values(learner, now, found, found.card, said=said, kind=kind, about=about),
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
    given = given if given is not None else _given(card, _asked(card, now))
    return _render(
        "_card.html",
        200,
        **_values(learner, now, found, card, revealed, given, said, drawn=_first_drawn(now)),
    )


def _put_aside(scope: str, deed: Callable[..., None], what: str) -> BaseResponse:
    learner, now = current_learner(), clock.now()
    whole = "note" in request.form
    try:
        deed(learner, _number("card"), _number("version"), now, whole)
    except (Stale, Missing) as late:
        status = 404 if isinstance(late, Missing) else 409
        return _next(learner, scope, now, str(late), status=status, kind="error")
    return _next(learner, scope, now, f"{'Note' if whole else 'Card'} {what}. Undo with u.")


def _labelled(learner: Learner, scope: str, now: datetime) -> BaseResponse:
    """The line and the menu that show flag and mark; the card itself stays untouched."""
    card = cards.find(learner.id, _number("card"))
    assert card is not None
    revealed = "shown_answer" in request.form
    if not respond.wants_fragment():
        given = _given(card, _response(request.form))
        return _drawn(learner, scope, now, card, revealed, given)
    within = sessions.scope(learner.id, scope)
    return respond.piece(
        "study/_labels.html",
        learner=learner,
        card=card,
        scope=within.text,
        mode=_mode(),
        revealed=revealed,
        carry=_carry(within.text, revealed),
        deed=journal.latest_id(learner.id, learner.today(now)),
    )


def _drawable(learner: Learner, card: StudyCard, now: datetime) -> bool:
    """Whether a card asked for by its address may be studied now: what is due, or extra."""
    if card.queue not in _ACTIVE:
        return False
    due_day = card.memory.due_day
    return _mode() != "due" or due_day is None or due_day <= learner.today(now)


def _carry(scope: str, revealed: bool) -> str:
    """What links that leave the card take along, so that one comes back to it as it was."""
    kept = {"scope": scope, "mode": _mode()}
    if revealed:
        kept |= {"show": "1"} | {
            name: request.values[name]
            for name in ("choice", "confidence", "typed", "thought")
            if request.values.get(name)
        }
    return urlencode(kept)


def _values(
    learner: Learner,
    now: datetime,
    session: sessions.Session,
    card: StudyCard,
    revealed: bool = False,
    given: Mapping[str, Any] | None = None,
    said: str = "",
    kind: str = "info",
    about: int | None = None,
    drawn: datetime | None = None,
) -> dict[str, Any]:
    """What a card's fragment shows."""
    given = given or {}
    sounds: tuple[str, ...] = ()
    compared = False
    if card.kind == "custom":
        own = face_actions.own(learner, card)
        card, sounds, compared = own.card, own.sounds, own.compared
        if revealed and "typed" in request.args:
            given = given or _given(card, Response(typed=request.args["typed"][:MAX_TYPED])) or {}
    possible = outcomes(card.memory, now, learner.options(card.retention), card.id)
    ratings = (Rating.AGAIN, Rating.GOOD) if learner.two_buttons else tuple(Rating)
    comparison = None
    if "accepts" in card.face and revealed and given.get("typed"):
        comparison = compare(given["typed"], card.face["accepts"])
    proposed, because = _proposal(learner, given)
    if proposed not in ratings:
        proposed, because = Rating.GOOD, ""
    question = card.kind == "choice"
    draft = links.draft(learner.id, card.note) if question else None
    return {
        "learner": learner,
        "now": now,
        "session": session,
        "card": card,
        "current": sessions.current_kind(card),
        "revealed": revealed,
        "given": given,
        "comparison": comparison,
        "compared": compared,
        "typed": "accepts" in card.face,
        "sounds": sounds,
        "order": _order(card),
        "causes": CAUSES,
        "because": because,
        "slow_after": learner.slow_after if Rating.HARD in ratings else None,
        "draft": draft,
        "made": False,
        "taught": draft is not None
        or (question and links.taught(learner.id, card.note, card.deck, card.topic)),
        "grades": [
            (int(rating), LABELS[rating], interval(possible[rating], now), rating is proposed)
            for rating in ratings
        ],
        "drawn": int((drawn or now).timestamp() * 1000),
        "said": said,
        "kind": kind,
        "about": about,
        "carry": _carry(session.scope.text, revealed),
        "deed": journal.latest_id(learner.id, learner.today(now)),
    }


def _proposal(learner: Learner, given: Mapping[str, Any]) -> tuple[Rating, str]:
    """The grade an answer proposes, and what made it another than right or wrong would;
    static/js/choice.js does the same as the answer opens."""
    right, confidence = given.get("right"), given.get("confidence", "")
    if right is None:
        return Rating.GOOD, ""
    limit = learner.slow_after
    slow = limit is not None and given.get("thought", 0) > limit
    proposed = proposed_rating(right, confidence, slow)
    if right:
        return proposed, {Rating.AGAIN: "guess", Rating.HARD: "slow"}.get(proposed, "")
    return proposed, "sure" if confidence == "sure" else ""


def _order(card: StudyCard) -> list[int]:
    if card.kind != "choice":
        return []
    return option_order(card.face["options"], f"{card.id}:{card.version}")


def _given(card: StudyCard, response: Response) -> Mapping[str, Any] | None:
    return judged(card.kind, card.face, f"{card.id}:{card.version}", response)


def _asked(card: StudyCard, now: datetime) -> Response:
    """What the request says was chosen. An answer that opens without script took the time
    since its question was drawn."""
    given = _response(request.values)
    drawn = _first_drawn(now)
    if card.kind != "choice" or given.thought is not None or drawn is None:
        return given
    return replace(given, thought=_capped(int((now - drawn).total_seconds() * 1000)))


def _capped(thought: int) -> int:
    return min(max(0, thought), MOST_THOUGHT)


def _response(form: Mapping[str, str]) -> Response:
    choice = form.get("choice", "")
    if choice and not (choice.isdecimal() and len(choice) < 3):
        raise Refusal("This option does not exist. Reload the page and choose again.")
    typed, thought = form.get("typed"), form.get("thought", "")
    timed = thought.isascii() and thought.isdecimal() and len(thought) < 10
    return Response(
        choice=int(choice) if choice else None,
        typed=None if typed is None else typed[:MAX_TYPED],
        confidence=form.get("confidence"),
        cause=form.get("cause"),
        thought=_capped(int(thought)) if timed else None,
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
    drawn = _first_drawn(now)
    return 0 if drawn is None else int((now - drawn).total_seconds() * 1000)


def _first_drawn(now: datetime) -> datetime | None:
    """When the card was first put on the screen, where the request says so believably."""
    drawn = request.values.get("drawn", "")
    if not (drawn.isascii() and drawn.isdecimal()) or len(drawn) > 14:
        return None
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(drawn))
    return at if now - timedelta(days=1) <= at <= now else None


def _mode() -> str:
    mode = request.values.get("mode", "due")
    return mode if mode in study_actions.MODES else "due"


def _number(name: str) -> int:
    try:
        return row_id(request.form.get(name, ""))
    except ValueError:
        raise Refusal("The form is incomplete. Reload the page and try again.") from None


def _render(fragment: str, status: int, **values: Any) -> BaseResponse:
    return respond.render(
        "study/session.html", f"study/{fragment}", status, fragment=f"study/{fragment}", **values
    )
