"""An exam on a date: the plan before it is accepted, and how it goes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import goals as goal_actions
from quizapp.domain.blueprints import Blueprint as Outline
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.goals import Goal
from quizapp.domain.learners import Learner
from quizapp.storage import blueprints
from quizapp.storage import goals as store
from quizapp.views import respond
from quizapp.views.guards import current_learner, plan_later, row_id, status_of

blueprint = Blueprint("goals", __name__)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES = 20
BARS = 60


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
        names=_names(known),
        outlines={b.outline: b for b in known},
    )


@blueprint.get("/goals/new")
def new() -> Response:
    """Pick an exam, a date and the minutes there are."""
    return _form(None, request.args, 200, "")


@blueprint.get("/goals/<int:goal>")
def edit(goal: int) -> Response:
    """Change a goal."""
    learner = current_learner()
    return _form(_goal(learner, goal), {}, 200, "")


@blueprint.post("/goals/previews")
def previews() -> Response:
    """What the plan would lead to; nothing is stored."""
    learner, now = current_learner(), clock.now()
    changed = request.form.get("goal", type=row_id)
    try:
        goal = _parsed(request.form)
        found = goal_actions.outlook(learner, [goal], now)
    except Refusal as refused:
        if respond.wants_fragment():
            return respond.piece("goals/_outlook.html", status_of(refused), problem=str(refused))
        return _form(
            _goal(learner, changed) if changed else None,
            request.form,
            status_of(refused),
            str(refused),
        )
    values: dict[str, Any] = {
        "problem": "", "outlook": found, "bars": BARS, "names": _names(blueprints.known()),
    }  # fmt: skip
    if respond.wants_fragment():
        return respond.piece("goals/_outlook.html", 200, **values)
    existing = _goal(learner, changed) if changed else None
    return _form(existing, request.form, 200, "", found)


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
    passed = request.form.get("passed") == "1"
    goal_actions.tell_outcome(current_learner(), goal, passed, clock.now())
    return redirect(url_for("goals.index"), 303)


def _save(existing: Goal | None) -> Response:
    learner, now = current_learner(), clock.now()
    try:
        goal = _parsed(request.form)
        goal_actions.set_goal(learner, goal, now, existing.id if existing else None)
    except Refusal as refused:
        if isinstance(refused, Missing):
            raise
        return _form(existing, request.form, status_of(refused), str(refused))
    plan_later(learner, now)
    return redirect(url_for("goals.index"), 303)


def _form(
    goal: Goal | None,
    values: Mapping[str, str],
    status: int,
    problem: str,
    found: goal_actions.Outlook | None = None,
) -> Response:
    learner, now = current_learner(), clock.now()
    known = blueprints.known()
    shown = _values(goal) | {k: v for k, v in values.items() if k != "csrf"}
    if "outline" not in shown and known:
        shown["outline"] = next((b.outline for b in known if b.planning), known[0].outline)
    if values and "goal" in values and "on_form" in values:
        for n in range(7):
            shown[f"on_{n}"] = values.get(f"on_{n}", "")
    return respond.page(
        "goals/form.html",
        status,
        learner=learner,
        goal=goal,
        values=shown,
        outlines=[b for b in known if _offered(b)],
        weekdays=WEEKDAYS,
        today=learner.calendar.date(learner.today(now)),
        problem=problem,
        outlook=found,
        bars=BARS,
        names=_names(known),
    )


def _values(goal: Goal | None) -> dict[str, str]:
    if goal is None:
        return {"each": str(MINUTES), "line": "70", "floor": "0", "days_off": "", "day": ""} | {
            f"on_{n}": "1" for n in range(7)
        }
    each = max(goal.minutes)
    return {
        "outline": goal.outline, "day": goal.day.isoformat(), "each": str(each),
        "line": f"{goal.line * 100:.0f}", "floor": f"{goal.floor * 100:.0f}",
        "days_off": ", ".join(day.isoformat() for day in goal.days_off),
    } | {
        f"on_{n}": "1" if minutes else "" for n, minutes in enumerate(goal.minutes)
    } | {
        f"minutes_{n}": str(minutes) if minutes not in (0, each) else ""
        for n, minutes in enumerate(goal.minutes)
    } | {
        f"weight_{domain}": f"{weight:g}" for domain, weight in (goal.weights or {}).items()
    }  # fmt: skip


def _parsed(form: Mapping[str, str]) -> Goal:
    """The goal a form describes; raises Refusal, or Missing for an unknown outline."""
    outline = blueprints.find(form.get("outline", ""))
    each = _whole(form.get("each", ""), "minutes a day")
    minutes = []
    for n in range(7):
        own = form.get(f"minutes_{n}", "").strip()
        if own:
            minutes.append(_whole(own, f"minutes on {WEEKDAYS[n]}"))
        else:
            minutes.append(each if form.get(f"on_{n}") else 0)
    return Goal(
        id=0,
        outline=outline.outline,
        title=outline.certification,
        day=_date(form.get("day", "")),
        minutes=tuple(minutes),
        days_off=tuple(_date(part) for part in _parts(form.get("days_off", ""))),
        weights=_weights(form, outline),
        line=_percent(form.get("line", "70"), "your line"),
        floor=_percent(form.get("floor", "0"), "the floor"),
    )


def _weights(form: Mapping[str, str], outline: Outline) -> dict[str, float] | None:
    given = {d.id: form.get(f"weight_{d.id}", "").strip() for d in outline.domains}
    if not any(given.values()):
        return None
    weights = {}
    for domain, text in given.items():
        try:
            weights[domain] = float(text.replace(",", ".") or 0)
        except ValueError:
            raise Refusal(f"“{text}” is not a number. Weights are in percent.") from None
        if not 0 <= weights[domain] <= 100:
            raise Refusal("Weights must be from 0 to 100.")
    return weights


def _parts(text: str) -> Sequence[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        said = f"“{text}” is not a date" if text else "The date of the exam is missing"
        raise Refusal(f"{said}. Write it as 2027-03-31.") from None


def _whole(text: str, what: str) -> int:
    if not text.strip().isdecimal() or len(text) > 4:
        raise Refusal(f"“{text}” is not a whole number ({what}).")
    return int(text)


def _percent(text: str, what: str) -> float:
    value = _whole(text, what)
    if value > 100:
        raise Refusal(f"{what.capitalize()} must be from 0 to 100 %.")
    return value / 100


def _offered(outline: Outline) -> bool:
    """Outlines one may plan for: those in force or to come, not the superseded ones."""
    return outline.planning or bool(outline.weights_of)


def _names(known: Sequence[Outline]) -> dict[str, str]:
    return {domain.id: domain.name for outline in known for domain in outline.domains}


def _goal(learner: Learner, goal: int) -> Goal:
    found = store.find(learner.id, goal)
    if found is None:
        raise Missing("There is no such goal. It may have been dropped.")
    return found
