"""A learner's settings."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from quizapp.domain.days import zone_names
from quizapp.domain.errors import Missing, Refusal, Unfit
from quizapp.domain.learners import Learner
from quizapp.storage import cards, decks, journal, learners
from quizapp.storage.database import transaction

# Smallest and largest value a learner may set, and what the setting is called.
RANGES: dict[str, tuple[float, float, str]] = {
    "rollover_hour": (0, 23, "The hour a new day begins"),
    "desired_retention": (0.70, 0.99, "The desired retention"),
    "new_per_day": (0, 9999, "New cards a day"),
    "reviews_per_day": (0, 9999, "Reviews a day"),
    "maximum_interval": (1, 36500, "The longest interval"),
    "leech_threshold": (0, 99, "The number of lapses that makes a leech"),
}
_KNOWN = {field.name for field in fields(Learner)} - {
    "id",
    "name",
    "weights",
    "day_begun",
    "slow_after",
}


def local_learner(timezone: str, now: datetime) -> Learner:
    """The one learner of an installation without sign-in, made where missing."""
    with transaction():
        found = learners.first()
        if found is not None:
            return found
        zone = timezone if timezone in zone_names() else "UTC"
        return learners.create("You", zone, now)


def change_settings(learner: Learner, settings: dict[str, Any], now: datetime) -> None:
    """Store settings; all of them or, where one is out of range, none.

    Where the day has another number by the new zone or hour, what was put off, allowed
    or can be undone today keeps belonging to today.

    Raises Unfit with a sentence for each setting that is out of range.
    """
    for name in settings:
        if name not in _KNOWN:
            raise Refusal(f"There is no setting “{name}”. Nothing was changed.")
    if problems := unfit(settings):
        raise Unfit(problems)
    with transaction():
        learners.change(learner.id, **settings)
        changed = learners.get(learner.id)
        assert changed is not None
        before, after = learner.today(now), changed.today(now)
        if before != after:
            journal.shift_day(learner.id, before, after)
            cards.shift_buried(learner.id, before, after)
            if learner.extra_new_day == before:
                learners.change(learner.id, extra_new_day=after)
            if learner.day_begun == before:
                learners.change(learner.id, day_begun=after)


def change_deck_options(learner: Learner, deck: int, options: dict[str, Any]) -> None:
    """Store a deck's own retention and limits; None follows the learner's settings.

    Raises Unfit for values out of range, Missing for a deck they do not have.
    """
    if problems := unfit({name: value for name, value in options.items() if value is not None}):
        raise Unfit(problems)
    with transaction():
        if not decks.set_limits(learner.id, deck, **options):
            raise Missing("There is no such deck. Choose one from the list of decks.")


def unfit(settings: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each of these settings that cannot be stored, by its name."""
    problems = {}
    for name, value in settings.items():
        if name in RANGES:
            low, high, title = RANGES[name]
            span = f"{low:.0%} to {high:.0%}" if high < 1 else f"{low:g} to {high:g}"
            if not low <= value <= high:
                problems[name] = f"{title} must be from {span}."
        elif name == "timezone" and value not in zone_names():
            problems[name] = "This time zone is not known. Choose one from the list."
    return problems
