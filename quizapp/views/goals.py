"""An exam on a date: the plan before it is accepted, and how it goes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import goals as goal_actions
from quizapp.domain.blueprints import Blueprint as Outline
from quizapp.domain.errors import Missing, Refusal, Unfit
from quizapp.domain.goals import LONGEST_TITLE, MOST_MINUTES, Goal, of_deck
from quizapp.domain.learners import Learner
from quizapp.storage import blueprints, decks, sessions
from quizapp.storage import goals as store
from quizapp.storage.decks import DeckRow
from quizapp.views import respond
from quizapp.views.guards import current_learner, plan_later, row_id
from quizapp.views.words import path

blueprint = Blueprint("goals", __name__)

T = TypeVar("T")

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES = 20
BARS = 60
MOST_PARTS = 10_000
# Where a form can say what is wrong with it, besides the decks and weights it was drawn with.
_SLOTS = (
    "title", "decks", "day", "each", "week", "days_off", "line", "floor", "weights",
    *(f"minutes_{n}" for n in range(7)),
)  # fmt: skip


@blueprint.get("/plan")
def index() -> Response:
    """The exams ahead, and what following the plan leads to."""
    learner, now = current_learner(), clock.now()
    today = learner.calendar.date(learner.today(now))
    goals = store.active(learner.id, today)
    plan_later(learner, now)
    known = blueprints.known()
    return respond.page(
        "goals/index.html",
        learner=learner,
        today=today,
        goals=goals,
        past=store.past(learner.id, today),
        outlook=goal_actions.outlook(learner, goals, now) if goals else None,
        bars=BARS,
        names=_names(learner, known),
        outlines={b.outline: b for b in known},
    )


@blueprint.get("/goals/new")
def new() -> Response:
    """Pick an exam, a date and the minutes there are."""
    return _form(None, request.args, 200, {})


@blueprint.get("/goals/<int:goal>")
def edit(goal: int) -> Response:
    """Change a goal."""
    learner = current_learner()
    return _form(_goal(learner, goal), {}, 200, {})


@blueprint.post("/goals/previews")
def previews() -> Response:
    """What the plan would lead to; nothing is stored."""
    learner, now = current_learner(), clock.now()
    changed = request.form.get("goal", type=row_id)
    known, having = blueprints.known(), decks.of_learner(learner.id)
    goal, problems = _read(request.form, known, having)
    if goal:
        problems = _tried(lambda: goal_actions.check(learner, goal, now))
    found = None
    if goal and not problems:
        # The minutes are shared with the other exams ahead.
        ahead = store.active(learner.id, learner.calendar.date(learner.today(now)))
        others = [other for other in ahead if other.id != changed]
        found = goal_actions.outlook(learner, [goal, *others], now)
    if respond.wants_fragment():
        # The weights on the form are those of the exam it was drawn for.
        drawn, chosen = request.form.get("weights_of"), request.form.get("outline")
        outline = next((b for b in known if b.outline == chosen != drawn), None)
        return respond.piece(
            "goals/_preview.html",
            400 if problems else 200,
            problems=problems,
            slots=[*_SLOTS, *(name for name in request.form if _slot(name))],
            outlook=found,
            bars=BARS,
            names=_names(learner, known),
            values=request.form,
            outline=outline,
        )
    existing = _goal(learner, changed) if changed else None
    return _form(existing, request.form, 400 if problems else 200, problems, found)


@blueprint.post("/goals")
def create() -> Response:
    """Store the goal and plan today."""
    return _save(None)


@blueprint.post("/goals/<int:goal>")
def change(goal: int) -> Response:
    """Store the changed goal and plan today anew."""
    return _save(_goal(current_learner(), goal))


@blueprint.post("/goals/<int:goal>/ends")
def ends(goal: int) -> Response:
    """Drop the goal; ordinary scheduling takes over."""
    goal_actions.drop_goal(current_learner(), goal, clock.now())
    return redirect(url_for("goals.index"), 303)


@blueprint.post("/goals/<int:goal>/outcomes")
def outcomes(goal: int) -> Response:
    """Tell how the exam went."""
    passed, score = request.form.get("passed") == "1", request.form.get("score", "")
    goal_actions.tell_outcome(current_learner(), goal, passed, clock.now(), score)
    return redirect(url_for("readiness.index") + "#exams", 303)


def _save(existing: Goal | None) -> Response:
    learner, now = current_learner(), clock.now()
    goal, problems = _read(request.form, blueprints.known(), decks.of_learner(learner.id))
    if goal:
        number = existing.id if existing else None
        problems = _tried(lambda: goal_actions.set_goal(learner, goal, now, number))
    if problems:
        return _form(existing, request.form, 400, problems)
    plan_later(learner, now)
    return redirect(url_for("goals.index"), 303)


def _tried(deed: Callable[[], object]) -> dict[str, str]:
    """What stood in the way of a deed, by field; raises any other refusal."""
    try:
        deed()
    except Unfit as unfit:
        return dict(unfit.problems)
    return {}


@dataclass(frozen=True)
class DeckGroup:
    """Decks of one family as the form lists them, each by its id and its name."""

    title: str
    decks: tuple[tuple[int, str], ...]
    chosen: bool


def _form(
    goal: Goal | None,
    given: Mapping[str, str],
    status: int,
    problems: Mapping[str, str],
    found: goal_actions.Outlook | None = None,
) -> Response:
    learner, now = current_learner(), clock.now()
    known, having = blueprints.known(), decks.of_learner(learner.id)
    outlines = [b for b in known if _offered(b)]
    values = _values(goal) | {k: v for k, v in given.items() if k != "csrf"}
    if not values.get("outline") and outlines:
        values["outline"] = next((b for b in outlines if b.planning), outlines[0]).outline
    values.setdefault("kind", "exam" if outlines else "own")
    if "on_form" in given:
        # A box without its tick is not sent.
        boxes = [*(f"on_{n}" for n in range(7)), *(f"deck_{deck.id}" for deck in having)]
        values |= {name: given.get(name, "") for name in boxes}
    return respond.page(
        "goals/form.html",
        status,
        learner=learner,
        goal=goal,
        values=values,
        outlines=outlines,
        outline=next((b for b in outlines if b.outline == values.get("outline")), None),
        groups=_groups(having, values),
        weekdays=WEEKDAYS,
        today=learner.calendar.date(learner.today(now)),
        problems=problems,
        more=any(re.match("days_off|line|floor|weight|minutes", name) for name in problems),
        outlook=found,
        bars=BARS,
        names=_names(learner, known),
    )


def _groups(having: Sequence[DeckRow], values: Mapping[str, str]) -> list[DeckGroup]:
    groups = []
    for family, title in sessions.FAMILIES.items():
        inside = [deck for deck in having if deck.family == family]
        chosen = any(values.get(f"deck_{d.id}") or values.get(f"parts_{d.id}") for d in inside)
        if inside:
            rows = tuple((deck.id, path(deck.parent, deck.name)) for deck in inside)
            groups.append(DeckGroup(title, rows, chosen))
    return groups


def _values(goal: Goal | None) -> dict[str, str]:
    if goal is None:
        return {
            "each": str(MINUTES), "line": "70", "floor": "0", "days_off": "", "day": "",
            "title": "",
        } | {f"on_{n}": "1" for n in range(7)}  # fmt: skip
    each = max(goal.minutes)
    weights = {name: f"{weight:g}" for name, weight in (goal.weights or {}).items()}
    return {
        "outline": goal.outline, "day": goal.day.isoformat(), "each": str(each),
        "line": f"{goal.line * 100:.0f}", "floor": f"{goal.floor * 100:.0f}",
        "days_off": ", ".join(day.isoformat() for day in goal.days_off),
        "kind": "own" if goal.own else "exam", "title": goal.title if goal.own else "",
    } | {
        f"on_{n}": "1" if minutes else "" for n, minutes in enumerate(goal.minutes)
    } | {
        f"minutes_{n}": str(minutes) if minutes not in (0, each) else ""
        for n, minutes in enumerate(goal.minutes)
    } | {
        f"weight_{domain}": weight for domain, weight in weights.items() if not goal.own
    } | {
        name.replace("deck-", box): value
        for name, weight in weights.items() if goal.own
        for box, value in (("deck_", "1"), ("parts_", weight))
    }  # fmt: skip


def _read(
    form: Mapping[str, str], known: Sequence[Outline], having: Sequence[DeckRow]
) -> tuple[Goal | None, dict[str, str]]:
    """The goal a form describes, or all that is wrong with it, by field.

    Raises Missing for an outline that is not there.
    """
    problems: dict[str, str] = {}

    def take(field: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(form.get(field, "").strip())
        except Refusal as refused:
            problems[field] = str(refused)
        return otherwise

    outline, title, weights = "", "", None
    if form.get("kind") == "own":
        title = take("title", _title, "")
        weights = _parts_of_decks(form, having, problems)
    else:
        named = form.get("outline", "")
        chosen = next((b for b in known if b.outline == named), None)
        if chosen is None:
            raise Missing("There is no such exam. Choose one from the list.")
        outline, title = chosen.outline, chosen.certification
        weights = _weights(form, chosen, problems)
    day = take("day", _date_of_exam, date.max)
    each = take("each", _minutes, 0)
    minutes = tuple(
        take(f"minutes_{n}", _minutes, 0) if form.get(f"minutes_{n}", "").strip()
        else each if form.get(f"on_{n}") else 0
        for n in range(7)
    )  # fmt: skip
    none: tuple[date, ...] = ()
    days_off = take("days_off", _dates, none)
    line = take("line", _percent, 0.0) if "line" in form else 0.7
    floor = take("floor", _percent, 0.0) if "floor" in form else 0.0
    if problems:
        return None, problems
    return Goal(0, outline, title, day, minutes, days_off, weights, line, floor), {}


def _title(text: str) -> str:
    if not text:
        raise Refusal("Give your set of decks a name, as it shall stand on your plan.")
    if len(text) > LONGEST_TITLE:
        raise Refusal(f"Names have at most {LONGEST_TITLE} characters. Write a shorter one.")
    return text


def _parts_of_decks(
    form: Mapping[str, str], having: Sequence[DeckRow], problems: dict[str, str]
) -> dict[str, float]:
    """The weights of the decks that have a tick or a number."""
    weights = {}
    for deck in having:
        field = f"parts_{deck.id}"
        text, ticked = form.get(field, "").strip(), bool(form.get(f"deck_{deck.id}"))
        if not text and not ticked:
            continue
        parts = _decimal(text or "1")
        if parts is None:
            problems[field] = f"“{text}” is not a number. Write parts as 1, 2 or 0.5."
        elif parts > MOST_PARTS:
            problems[field] = f"Write at most {MOST_PARTS:,} parts; only the proportion counts."
        elif parts > 0:
            weights[of_deck(deck.id)] = parts
        elif ticked:
            problems[field] = "Write more than 0 parts, or take the tick away."
    stray = {n.partition("_")[2] for n in form if re.fullmatch(r"deck_\d+", n) and form[n]}
    if stray - {str(deck.id) for deck in having}:
        problems["decks"] = "A deck you chose is not there any more. Choose from those that are."
    elif not weights and not any(_slot(name) for name in problems):
        problems["decks"] = "Choose at least one deck."
    return weights


def _weights(
    form: Mapping[str, str], outline: Outline, problems: dict[str, str]
) -> dict[str, float] | None:
    given = {d.id: form.get(f"weight_{d.id}", "").strip() for d in outline.domains}
    if not any(given.values()):
        return None
    weights = {}
    for domain, text in given.items():
        weight = _decimal(text or "0")
        if weight is None:
            problems[f"weight_{domain}"] = f"“{text}” is not a number. Weights are in percent."
        elif not 0 <= weight <= 100:
            problems[f"weight_{domain}"] = "Weights must be from 0 to 100."
        else:
            weights[domain] = weight
    return weights


def _decimal(text: str) -> float | None:
    plain = text.replace(",", ".").removesuffix("%").strip()
    return float(plain) if re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", plain) else None


def _date_of_exam(text: str) -> date:
    if not text:
        raise Refusal("The date of the exam is missing. Write it as 2027-03-31.")
    return _date(text)


def _dates(text: str) -> tuple[date, ...]:
    return tuple(_date(part.strip()) for part in re.split(r"[,;\s]+", text) if part.strip())


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"“{text}” is not a date. Write it as 2027-03-31.") from None


def _minutes(text: str) -> int:
    minutes = _whole(text)
    if minutes > MOST_MINUTES:
        raise Refusal(f"Minutes a day must be from 0 to {MOST_MINUTES}.")
    return minutes


def _percent(text: str) -> float:
    value = _whole(text.removesuffix("%").strip())
    if value > 100:
        raise Refusal("This must be from 0 to 100 %.")
    return value / 100


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 4:
        raise Refusal(f"“{text}” is not a whole number.")
    return int(text)


def _slot(name: str) -> bool:
    """Whether a field of a form stands for a deck's or a domain's weight."""
    return bool(re.fullmatch(r"(parts|weight)_[\w.-]{1,40}", name))


def _offered(outline: Outline) -> bool:
    """Outlines one may plan for: those in force or to come, not the superseded ones."""
    return outline.planning or bool(outline.weights_of)


def _names(learner: Learner, known: Sequence[Outline]) -> dict[str, str]:
    """Domains and decks by what exams call them."""
    names = {domain.id: domain.name for outline in known for domain in outline.domains}
    having = decks.of_learner(learner.id)
    return names | {of_deck(deck.id): path(deck.parent, deck.name) for deck in having}


def _goal(learner: Learner, goal: int) -> Goal:
    found = store.find(learner.id, goal)
    if found is None:
        raise Missing("There is no such goal. It may have been dropped.")
    return found
