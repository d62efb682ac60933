"""Ways to choose a day's cards: nine simple ones and the planner of the app.

A policy is called once on each study day and returns cards in the order they are studied until
the time is up. It knows the belief, never the true memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from quizapp.domain.planning import Cards, Habits, Prices, Time, greedy, plan
from quizapp.domain.scheduling import DEFAULT_WEIGHTS, interval_for
from tests.simulation.learners import Array, Fsrs
from tests.simulation.scenarios import Scenario

# Days are shifted by this much for the planner, where -1 stands for a new card.
EPOCH = 1000
CRAM = 7


@dataclass
class Situation:
    """What a policy may know on a day."""

    scenario: Scenario
    belief: Fsrs
    day: int
    adherence: float
    habits: Habits = field(default_factory=Habits)
    prices: Prices | None = None
    forecast: float | None = None
    planned: float = 0.0

    def cards(self, share: Array | None = None) -> Cards:
        """The belief as the planner takes it."""
        b = self.belief
        return Cards(
            b.s,
            b.d,
            np.where(b.new, -1, b.last + EPOCH),
            self.scenario.share() if share is None else share,
            self.scenario.topic(),
            ~b.new & (b.last >= self.day),
        )

    def time(self) -> Time:
        """The days left."""
        return Time(
            self.day + EPOCH,
            (self.scenario.days + EPOCH,),
            self.scenario.seconds()[self.day :],
            self.adherence,
        )


Policy = Callable[[Situation], Array]


def paced_new(now: Situation, until: int) -> Array:
    """New cards of the day, evenly over the study days before ``until``; all topics alike."""
    new = np.flatnonzero(now.belief.new)
    days = int((now.scenario.seconds()[now.day : until] > 0).sum())
    return new[: int(np.ceil(len(new) / max(days, 1)))]


def seen(now: Situation) -> Array:
    """Seen cards, lowest retrievability first."""
    cards = np.flatnonzero(~now.belief.new)
    return cards[np.argsort(now.belief.recall(cards, now.day), kind="stable")]


def due(now: Situation, retention: float) -> Array:
    """Due cards, lowest retrievability first."""
    cards = seen(now)
    b = now.belief
    per_day = interval_for(1.0, retention, DEFAULT_WEIGHTS)
    interval = np.maximum(1, np.round(b.s[cards] * per_day))
    return cards[now.day - b.last[cards] >= interval]


def cramming(now: Situation) -> bool:
    """True in the last week."""
    return now.day >= now.scenario.days - CRAM


def fsrs_due_first(now: Situation) -> Array:
    return np.concatenate([due(now, 0.90), paced_new(now, now.scenario.days)])


def due_first_then_cram(now: Situation) -> Array:
    return seen(now) if cramming(now) else fsrs_due_first(now)


def fsrs_new_first(now: Situation) -> Array:
    return np.concatenate([paced_new(now, now.scenario.days), due(now, 0.90)])


def new_first_then_cram(now: Situation) -> Array:
    return lowest_first(now) if cramming(now) else fsrs_new_first(now)


def fsrs_95(now: Situation) -> Array:
    return np.concatenate([paced_new(now, now.scenario.days), due(now, 0.95)])


def last_pass(now: Situation) -> Array:
    """Maintenance at lower retention, then every card once more, the weakest first."""
    per_day = max(float(now.scenario.seconds().mean()), 1.0)
    start = max(0, now.scenario.days - int(np.ceil(now.scenario.cards * 16 / per_day)))
    if now.day < start:
        return np.concatenate([paced_new(now, start), due(now, 0.85)])
    cards = seen(now)
    return np.concatenate([np.flatnonzero(now.belief.new), cards[now.belief.last[cards] < start]])


def lowest_first(now: Situation) -> Array:
    return np.concatenate([paced_new(now, now.scenario.days), seen(now)])


def greedy_even(now: Situation) -> Array:
    return greedy(now.cards(np.ones(now.scenario.cards)), now.time(), now.habits)[0]


def greedy_weighted(now: Situation) -> Array:
    return greedy(now.cards(), now.time(), now.habits)[0]


def look_ahead(now: Situation) -> Array:
    """What the app does: today's list, then what it would offer for more time."""
    first = now.forecast is None
    made = plan(now.cards(), now.time(), now.habits, now.prices, seed=now.day, rough=not first)
    now.prices = made.prices
    if first:
        now.forecast = float(made.followed[0])
        now.planned = float(made.seconds.sum())
    return np.concatenate([made.today, made.more])


POLICIES: dict[str, Policy] = {
    "FSRS .90, due first": fsrs_due_first,
    "  + 7 days lowest R first": due_first_then_cram,
    "FSRS .90, new first": fsrs_new_first,
    "  + 7-day cram": new_first_then_cram,
    "FSRS .95, new first": fsrs_95,
    "last pass over all": last_pass,
    "lowest R first": lowest_first,
    "greedy without weights": greedy_even,
    "greedy": greedy_weighted,
    "look-ahead": look_ahead,
}
SIMPLE = [name for name in POLICIES if name != "look-ahead"]
