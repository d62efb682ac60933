"""How a learner wants to study."""

import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import learners as learner_actions
from quizapp.domain.days import time_zone, zone_names
from quizapp.domain.errors import Refusal
from quizapp.domain.learners import parse_steps, steps_text
from quizapp.views import respond
from quizapp.views.guards import current_learner, status_of

blueprint = Blueprint("settings", __name__)

WHOLE = (
    "new_per_day",
    "reviews_per_day",
    "maximum_interval",
    "leech_threshold",
    "rollover_hour",
)
SWITCHES = (
    "two_buttons",
    "shortcuts",
    "space_grades",
    "show_timer",
    "show_streak",
    "serif",
    "autoplay",
    "bury_siblings",
)


@blueprint.get("/settings")
def index() -> Response:
    """All settings on one page."""
    return _page(200, "")


@blueprint.post("/settings")
def change() -> Response:
    """Store the settings, or say which one cannot be."""
    try:
        learner_actions.change_settings(current_learner(), _settings(), clock.now())
    except Refusal as refused:
        return _page(status_of(refused), str(refused))
    return redirect(url_for("settings.index", saved=1), 303)


@blueprint.post("/settings/timezone")
def timezone() -> Response:
    """Take over the browser's time zone."""
    zone = request.form.get("timezone", "")
    learner_actions.change_settings(current_learner(), {"timezone": zone}, clock.now())
    return redirect(url_for("settings.index", saved=1), 303)


def _page(status: int, problem: str) -> Response:
    learner = current_learner()
    # A zone this machine does not know counts as UTC, and is shown as what it counts as.
    learner = replace(learner, timezone=time_zone(learner.timezone).key)
    return respond.page(
        "settings/index.html",
        status,
        learner=learner,
        values=request.form if problem else None,
        learning_steps=steps_text(learner.learning_steps),
        relearning_steps=steps_text(learner.relearning_steps),
        zones=zone_names(),
        problem=problem,
        saved="saved" in request.args,
    )


def _settings() -> dict[str, Any]:
    form = request.form
    settings: dict[str, Any] = {name: _number(name) for name in WHOLE}
    settings["desired_retention"] = _decimal("desired_retention") / 100
    settings |= {name: name in form for name in SWITCHES}
    settings["learning_steps"] = parse_steps(form.get("learning_steps", ""))
    settings["relearning_steps"] = parse_steps(form.get("relearning_steps", ""))
    settings["timezone"] = form.get("timezone", "")
    return settings


def _decimal(name: str) -> float:
    text = request.form.get(name, "").strip().replace(",", ".")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text):
        raise Refusal(f"“{text}” is not a number ({name.replace('_', ' ')}). Nothing was changed.")
    return float(text)


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not text.isdecimal() or len(text) > 6:
        title = name.replace("_", " ")
        raise Refusal(f"“{text}” is not a whole number ({title}). Nothing was changed.")
    return int(text)
