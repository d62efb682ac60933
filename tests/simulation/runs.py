"""One learner through one scenario under one policy."""

import copy
from dataclasses import dataclass

import numpy as np

from quizapp.domain.planning import Habits
from tests.simulation.learners import Exact, study
from tests.simulation.policies import POLICIES, Situation
from tests.simulation.scenarios import SCENARIOS, Scenario, begin

SKIPPED = 0.25


@dataclass(frozen=True)
class Outcome:
    """``recall`` is the blueprint-weighted true recall on the exam morning, in per cent."""

    recall: float
    minutes: float
    reviews: int
    unseen: int
    forecast: float | None
    planned_minutes: float


def run(
    scenario: str | Scenario,
    kind: str,
    policy: str,
    seed: int,
    skipping: bool = False,
    told: bool = False,
) -> Outcome:
    """Study every day, or with ``skipping`` three days in four, and take the exam.

    ``told`` gives the planner the true weights of an exact learner.
    """
    s = SCENARIOS[scenario] if isinstance(scenario, str) else scenario
    who = begin(s, kind, seed)
    habits = Habits()
    if told:
        assert isinstance(who.mind, Exact)
        habits = Habits(weights=who.mind.fsrs.weights)
        who.belief = copy.deepcopy(who.mind.fsrs)
    skip = np.random.default_rng([seed, 8]).random(s.days) < (SKIPPED if skipping else 0)
    now = Situation(s, who.belief, 0, 1.0, habits)
    seconds = s.seconds()
    kept = planned = 0
    for day in range(s.days):
        if seconds[day] <= 0:
            continue
        planned += 1
        if skip[day]:
            continue
        kept += 1
        now.day = day
        # The share of planned days kept so far, from a start that believes in the learner.
        now.adherence = (kept + 4) / (planned + 4)
        who.chance = np.random.default_rng([seed, 9, day])
        study(who, POLICIES[policy](now), day, float(seconds[day]))
    share = s.share()
    true = who.mind.recall(np.arange(s.cards), s.days)
    return Outcome(
        recall=float(100 * (share @ true) / share.sum()),
        minutes=who.seconds / 60,
        reviews=who.reviews,
        unseen=int(who.belief.new.sum()),
        forecast=None if now.forecast is None else 100 * now.forecast,
        planned_minutes=now.planned / 60,
    )
