"""One card: what is known of it, and its wording."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import decks as deck_actions
from quizapp.actions import faces as face_actions
from quizapp.actions import notes as note_actions
from quizapp.actions import study as study_actions
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.misses import CAUSES
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import State, retrievability
from quizapp.storage import cards, links, origins, reviews
from quizapp.storage.cards import StudyCard
from quizapp.views import respond, words
from quizapp.views.guards import current_learner, status_of

blueprint = Blueprint("cards", __name__)

MAX_TYPED = 500

# The forgetting curve is drawn in a box of this size.
WIDTH, HEIGHT, POINTS = 600, 200, 60


@blueprint.get("/cards/<int:card_id>")
def info(card_id: int) -> Response:
    """A card's memory, history and forgetting curve."""
    learner, now = current_learner(), clock.now()
    card, aside = _to_look_at(learner, card_id)
    today = learner.today(now)
    elapsed = None if card.memory.last_day is None else today - card.memory.last_day
    recall = None
    # Within the day of the last answer the model says nothing worth showing.
    if elapsed and card.memory.stability:
        recall = retrievability(elapsed, card.memory.stability, learner.weights)
    due_in = None if card.memory.due_day is None else card.memory.due_day - today
    return respond.page(
        "cards/info.html",
        learner=learner,
        now=now,
        card=card,
        aside=aside,
        origin=origins.of_card(card.id),
        kinds=KINDS,
        history=reviews.of_card(learner.id, card.id),
        elapsed=elapsed,
        recall=recall,
        due_in=None if due_in is None else words.in_days(due_in),
        curve=_curve(learner, card, elapsed),
        kept=_kept(),
        back=_back_to_study(card_id),
        did=DID.get(request.args.get("did", ""), ""),
        states={s: s.name.capitalize() for s in State},
        linked=links.of_item(learner.id, card.note) if card.kind == "choice" else [],
        find=(find := request.args.get("find", "").strip()[:200]),
        results=links.search(learner.id, find.split(), card.note) if find else [],
        causes=CAUSES,
    )


@blueprint.get("/cards/<int:card_id>/edit")
def edit(card_id: int) -> Response:
    """The card's wording, to be changed."""
    learner = current_learner()
    card = _card(learner, card_id)
    return _form(card, dict(card.fields), 200, "")


@blueprint.get("/cards/<int:card_id>/faces/<side>")
def face(card_id: int, side: str) -> Response:
    """One side of a card of an own note type, as the document of its frame."""
    learner = current_learner()
    typed = request.args.get("typed")
    if typed is not None:
        typed = typed[:MAX_TYPED]
    return respond.framed(face_actions.frame(learner, _card(learner, card_id), side, typed))


@blueprint.post("/cards/<int:card_id>/wordings")
def wordings(card_id: int) -> Response:
    """Store the learner's own wording and return to the card."""
    learner, now = current_learner(), clock.now()
    card = _card(learner, card_id)
    fields = _fields(card)
    version = request.form.get("version", "")
    try:
        if not (version.isascii() and version.isdecimal() and len(version) < 10):
            raise Refusal("The form is incomplete. Reload the page and try again.")
        deck_actions.edit_note(learner, card_id, int(version), fields, now)
    except Stale as late:
        return _form(card, fields, 409, str(late))
    except Refusal as refused:
        if isinstance(refused, Missing):
            raise
        return _form(card, fields, status_of(refused), str(refused))
    return redirect(_back_to_study(card_id), 303)


@blueprint.post("/cards/<int:card_id>/wordings/ends")
def wordings_end(card_id: int) -> Response:
    """Return to the deck's own text."""
    learner, now = current_learner(), clock.now()
    _card(learner, card_id)
    deck_actions.end_edit(learner, card_id, now)
    return redirect(_back_to_study(card_id), 303)


@blueprint.post("/cards/<int:card_id>/suspensions")
def suspensions(card_id: int) -> Response:
    """Suspend the card, or take it back into study."""
    learner, now = current_learner(), clock.now()
    if "end" in request.form:
        study_actions.unsuspend(learner, card_id, _number("version"), now)
        return _back(card_id, "unsuspended")
    study_actions.suspend(learner, card_id, _number("version"), now, whole_note=False)
    return _back(card_id, "suspended")


@blueprint.post("/cards/<int:card_id>/returns")
def returns(card_id: int) -> Response:
    """Take a note that an import set aside back into study, with all its cards."""
    study_actions.bring_back(current_learner(), [card_id], clock.now())
    return _back(card_id, "returned")


@blueprint.post("/cards/<int:card_id>/links")
def link(card_id: int) -> Response:
    """Link a card to a question, so that missing it pulls the card forward."""
    learner, now = current_learner(), clock.now()
    note_actions.link(learner, _card(learner, card_id).note, _number("note"), now)
    return _back(card_id, "linked", "linked")


@blueprint.post("/cards/<int:card_id>/links/ends")
def link_end(card_id: int) -> Response:
    """End the link of a card to a question."""
    learner, now = current_learner(), clock.now()
    note_actions.unlink(learner, _card(learner, card_id).note, _number("note"), now)
    return _back(card_id, "unlinked", "linked")


@blueprint.post("/cards/<int:card_id>/due-dates")
def due_dates(card_id: int) -> Response:
    """Say when the card is due."""
    study_actions.set_due(
        current_learner(), card_id, _number("version"), clock.now(), _number("days")
    )
    return _back(card_id, "due")


@blueprint.post("/cards/<int:card_id>/resets")
def resets(card_id: int) -> Response:
    """Make the card new again."""
    study_actions.reset(current_learner(), card_id, _number("version"), clock.now())
    return _back(card_id, "new")


@blueprint.post("/cards/<int:card_id>/undos")
def undos(card_id: int) -> Response:
    """Take the latest deed back and show the card it was about."""
    undone = study_actions.undo(current_learner(), clock.now())
    about = card_id if undone.card is None else undone.card
    return _back(about, "undone" if undone.card == card_id else "undone-other")


# What the kinds of our own notes are called.
KINDS = {
    "basic": "Question and answer",
    "reversed": "Question and answer, both ways",
    "cloze": "Text with gaps",
    "typed": "Typed answer",
    "choice": "Multiple choice",
}
# What the page says after it was used.
DID = {
    "suspended": "Suspended. It does not come until you take it back.",
    "unsuspended": "Taken back into study.",
    "returned": "The note is back in study with what you knew of it.",
    "due": "The due date is set.",
    "new": "This card is new again.",
    "linked": "Linked. The card comes forward when you miss this question.",
    "unlinked": "No longer linked. The card stays in its deck.",
    "undone": "Undone.",
    "undone-other": "Undone: your latest deed was on this card.",
}
_KEPT = (
    "scope",
    "mode",
    "show",
    "choice",
    "confidence",
    "typed",
    "thought",
    "at",
    "paper",
    "place",
)


def _kept() -> dict[str, str]:
    """What leads back to the card as it stood in the session."""
    given = {name: request.values.get(name, "")[:500] for name in _KEPT}
    return {"scope": "all"} | {name: value for name, value in given.items() if value}


def _back_to_study(card_id: int) -> str:
    """Where one came from: an exam's result, or the session at the card that was open."""
    kept = dict[str, Any](_kept())
    paper, place, at = (kept.pop(name, "") for name in ("paper", "place", "at"))
    if _is_number(paper):
        anchor = f"question-{place}" if _is_number(place) else "items"
        return url_for(
            "exams.result", paper_id=int(paper), show=kept.get("show", "wrong"), _anchor=anchor
        )
    return url_for("study.session", card=at if _is_number(at) else card_id, **kept)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _back(card_id: int, did: str, anchor: str | None = None) -> Response:
    kept = dict[str, Any](_kept())
    return redirect(url_for("cards.info", card_id=card_id, did=did, _anchor=anchor, **kept), 303)


def _card(learner: Learner, card_id: int) -> StudyCard:
    card, aside = _to_look_at(learner, card_id)
    if aside:
        raise Refusal("This note is set aside. Take it back into study first.")
    return card


def _to_look_at(learner: Learner, card_id: int) -> tuple[StudyCard, bool]:
    """A card in study or one whose note is set aside, and which of the two."""
    card = cards.find(learner.id, card_id)
    retired = card is not None and card.queue is Queue.RETIRED
    aside = retired and bool(cards.notes_set_aside(learner.id, [card_id]))
    if card is None or retired != aside:
        raise Missing("This card does not exist. It may have been removed from its deck.")
    return card, aside


def _form(card: StudyCard, fields: dict[str, Any], status: int, problem: str) -> Response:
    return respond.page(
        "cards/edit.html",
        status,
        card=card,
        names=face_actions.field_names(current_learner(), card),
        places={name: i for i, name in enumerate(sorted(card.fields))},
        fields=fields,
        problem=problem,
        kept=_kept(),
        back=_back_to_study(card.id),
    )


def _fields(card: StudyCard) -> dict[str, Any]:
    """The fields of the card's kind as the form gives them."""
    form = request.form
    if card.kind == "custom":
        return {name: form.get(f"field_{i}", "") for i, name in enumerate(sorted(card.fields))}
    if card.kind == "cloze":
        return {"text": form.get("text", "")}
    if card.kind == "choice":
        return {
            "stem": form.get("stem", ""),
            "options": [
                {
                    "text": form.get(f"option_{i}", ""),
                    "rationale": form.get(f"rationale_{i}", ""),
                    "correct": option["correct"],
                }
                for i, option in enumerate(card.fields["options"])
            ],
        }
    fields: dict[str, Any] = {"front": form.get("front", ""), "back": form.get("back", "")}
    if card.kind == "typed":
        also = form.get("also", "").split("|")
        fields["also"] = [text.strip() for text in also if text.strip()]
    return fields


def _curve(learner: Learner, card: StudyCard, elapsed: int | None) -> dict[str, Any] | None:
    """The forgetting curve since the last answer, as points of an SVG line.

    It begins a day after the answer, because within the day the model is not used.
    """
    stability = card.memory.stability
    if stability is None or card.memory.state is not State.REVIEW:
        return None
    span = max(7, round(stability * 2.5), (elapsed or 0) + 3)
    points = []
    for i in range(POINTS + 1):
        day = 1 + (span - 1) * i / POINTS
        recall = retrievability(day, stability, learner.weights)
        points.append(f"{day / span * WIDTH:.1f},{(1 - recall) * 2 * HEIGHT:.1f}")
    wanted = card.retention or learner.desired_retention
    return {
        "points": " ".join(points),
        "span": span,
        "width": WIDTH,
        "height": HEIGHT,
        "wanted": wanted,
        "wanted_y": round((1 - wanted) * 2 * HEIGHT, 1),
        "today_x": None if not elapsed else round(elapsed / span * WIDTH, 1),
    }


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not text.isdecimal() or len(text) > 9:
        raise Refusal("A whole number is missing. Go back and fill it in.")
    return int(text)
