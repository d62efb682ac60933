"""Planning 10,000 cards for an exam in 90 days, from rows to the stored list."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from quizapp.actions import decks as deck_actions
from quizapp.actions import goals as goal_actions
from quizapp.actions import study as study_actions
from quizapp.domain.goals import Goal
from quizapp.domain.scheduling import Rating
from quizapp.storage import blueprints, goals, sessions
from quizapp.storage.database import bind, connection, open_database, transaction
from tests.benchmarks import collection
from tests.running import ROOT

CARDS = 10_000
DAYS = 90
ANSWERS = 60


def main() -> None:
    """Print the seconds of the first plan and of the next days', and what the first card of
    a day and later ones cost with and without a plan."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        learner = collection.build(path, CARDS, now)
        bind(open_database(f"sqlite:///{path}"))
        with connection():
            with transaction():
                blueprints.replace(deck_actions.read_blueprints(ROOT / "decks"))
            everything = sessions.scope(learner.id, "all")
            without = _answers(learner, everything, now)
            goal = Goal(0, "CISM-2022", "CISM", _in(now, DAYS), (30,) * 7)
            goal_actions.set_goal(learner, goal, now)
            first = _timed(lambda: goal_actions.plan_day(learner, now))
            card = _timed(lambda: sessions.session(learner, everything, "due", now))
            with_plan = _answers(learner, everything, now)
            later = []
            for day in range(1, 4):
                then = now + timedelta(days=day)
                later.append(_timed(lambda then=then: goal_actions.plan_day(learner, then)))  # type: ignore[misc]
            listed = goals.planned_left(learner.id, learner.today(now + timedelta(days=3)))
    print(f"planning {CARDS:,} cards, exam in {DAYS} days, 30 minutes a day")
    print(f"  first plan {first:.2f} s, next days' {statistics.median(later):.2f} s, from rows")
    print(f"  to the stored list of {listed.total} cards, in the background")
    print(f"  first card of the day with a plan {card * 1000:.1f} ms")
    print(f"  answer and next card p50: {without:.2f} ms without a plan, {with_plan:.2f} with one")


def _answers(learner, everything, now) -> float:  # type: ignore[no-untyped-def]
    taken = []
    for _ in range(ANSWERS):
        began = time.perf_counter()
        found = sessions.session(learner, everything, "due", now)
        assert found.card is not None
        study_actions.answer_card(
            learner, found.card.id, found.card.version, Rating.GOOD, now, 5_000
        )
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _in(now: datetime, days: int) -> date:
    return now.date() + timedelta(days=days)
