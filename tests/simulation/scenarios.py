"""Exams to study for: how many cards, how much is known, how much time there is."""

from dataclasses import dataclass

import numpy as np

from tests.simulation.learners import Array, Learner, learner, study

SKEWED = (0.40, 0.25, 0.18, 0.11, 0.06)
EVEN = (0.2,) * 5
PAST = 70


@dataclass(frozen=True)
class Scenario:
    """``known`` cards have been studied at retention 0.9 up to ``pause`` days ago."""

    name: str
    cards: int
    known: float
    days: int
    minutes: float
    blueprint: tuple[float, ...] = SKEWED
    pause: int = 0
    week: tuple[float, ...] = (1, 1, 1, 1, 1, 1, 1)

    def topic(self) -> Array:
        return np.arange(self.cards) % len(self.blueprint)

    def share(self) -> Array:
        sizes = np.bincount(self.topic())
        return (np.array(self.blueprint) / sizes)[self.topic()]

    def seconds(self) -> Array:
        """Seconds on each day from day 0 to the day before the exam."""
        return np.array([60.0 * self.minutes * self.week[d % 7] for d in range(self.days)])


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("cert60", 1000, 0.40, 60, 20),
        Scenario("final30", 600, 0.60, 30, 15),
        Scenario("scarce45", 1500, 0.30, 45, 15),
        Scenario("maint90", 800, 1.00, 90, 8),
        Scenario("even60", 1000, 0.40, 60, 20, blueprint=EVEN),
        Scenario("back14", 500, 0.90, 14, 20, pause=30),
        Scenario("week120", 1200, 0.20, 120, 25, week=(0, 1, 0, 1, 0, 1, 1)),
    )
}


def begin(scenario: Scenario, kind: str, seed: int) -> Learner:
    """A learner on day 0, with a past of plain FSRS reviews on the known cards.

    Days before 0 are stored as they are; a belief marks new cards by ``new``, not by -1.
    """
    who = learner(kind, scenario.cards, seed)
    chance = np.random.default_rng([seed, 6])
    known = chance.permutation(scenario.cards)[: round(scenario.known * scenario.cards)]
    end = -scenario.pause
    starts = np.full(scenario.cards, 10**6)
    starts[known] = chance.integers(end - PAST, end - 4, len(known))
    everything = np.arange(scenario.cards)
    due = np.full(scenario.cards, 10**6)
    for day in range(end - PAST, end):
        who.chance = np.random.default_rng([seed, 7, day + 1000])
        cards = everything[(starts == day) | (due <= day)]
        study(who, cards, day, 1e6)
        due[cards] = day + np.maximum(1, np.round(who.belief.s[cards]))
    who.reviews, who.seconds = 0, 0.0
    return who
