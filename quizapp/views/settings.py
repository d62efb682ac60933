"""How a learner wants to study."""

import re
from collections.abc import Callable, Mapping
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

# In the order of the page.
FIELDS = (
    "desired_retention",
    "maximum_interval",
    "new_per_day",
    "reviews_per_day",
    "timezone",
    "rollover_hour",
    "learning_steps",
    "relearning_steps",
    "leech_threshold",
)
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
    settings, problems = _settings()
    problems |= learner_actions.unfit(settings)
    if problems:
        return _page(400, "", problems)
    try:
        learner_actions.change_settings(current_learner(), settings, clock.now())
    except Refusal as refused:
        return _page(status_of(refused), str(refused))
    return redirect(url_for("settings.index", saved=1), 303)


@blueprint.post("/settings/timezone")
def timezone() -> Response:
    """Take over the browser's time zone."""
    zone = request.form.get("timezone", "")
    learner_actions.change_settings(current_learner(), {"timezone": zone}, clock.now())
    return redirect(url_for("settings.index", saved=1), 303)


def _page(status: int, problem: str, problems: Mapping[str, str] | None = None) -> Response:
    """The form; ``problem`` is about all of it, ``problems`` about fields by their names."""
    learner = current_learner()
    # A zone this machine does not know counts as UTC, and is shown as what it counts as.
    learner = replace(learner, timezone=time_zone(learner.timezone).key)
    return respond.page(
        "settings/index.html",
        status,
        learner=learner,
        values=request.form if problem or problems else None,
        learning_steps=steps_text(learner.learning_steps),
        relearning_steps=steps_text(learner.relearning_steps),
        zones=zone_names(),
        problem=problem,
        problems={name: problems[name] for name in FIELDS if name in problems} if problems else {},
        saved="saved" in request.args,
    )


def _settings() -> tuple[dict[str, Any], dict[str, str]]:
    """What the form says, and a sentence for each field that cannot be read."""
    form = request.form
    settings: dict[str, Any] = {name: name in form for name in SWITCHES}
    settings["timezone"] = form.get("timezone", "")
    problems: dict[str, str] = {}
    readers: dict[str, Callable[[str], Any]] = dict.fromkeys(WHOLE, _number)
    readers["desired_retention"] = lambda text: _decimal(text) / 100
    readers |= dict.fromkeys(("learning_steps", "relearning_steps"), parse_steps)
    for name, read in readers.items():
        try:
            settings[name] = read(form.get(name, "").strip())
        except Refusal as refused:
            problems[name] = str(refused)
    return settings, problems


def _decimal(text: str) -> float:
    text = text.replace(",", ".")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text):
        raise Refusal(_not(text, "a number"))
    return float(text)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise Refusal(_not(text, "a whole number"))
    return int(text)


def _not(text: str, what: str) -> str:
    return f"“{text}” is not {what}." if text else f"This is empty. Give {what}."
