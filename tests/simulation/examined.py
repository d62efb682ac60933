"""Do the intervals hold what they promise: for an exam of 60 items, and for its domains?"""

from dataclasses import dataclass

import numpy as np

from quizapp.domain.forecast import Knowledge, Predictions, calibrate, exam_score, topic_scores
from quizapp.domain.planning import plan
from tests.simulation.learners import Array, Learner, study
from tests.simulation.policies import Situation, look_ahead
from tests.simulation.scenarios import Scenario, begin

ITEMS = 60
# A whole exam: of a few questions in a domain an interval must hold nearly all there can be.
FULL = 150
# Share of each day's minutes on cards drawn by the blueprint: without them the planner checks
# only what it believes weak, and what it believes strong goes unchecked.
MOCKS = 0.08
# Days since a card's last answer on the exam day, as the plan page takes them.
AGO = 7.0


@dataclass(frozen=True)
class Examined:
    """All in per cent."""

    low: float
    expected: float
    high: float
    score: float

    @property
    def covered(self) -> bool:
        return self.low - 1e-9 <= self.score <= self.high + 1e-9


class Diary:
    """Predictions made before each review, and what came of them."""

    def __init__(self) -> None:
        self.rows: list[Array] = []

    def study(self, who: Learner, order: Array, day: int, seconds: float, topic: Array) -> Array:
        """Study, and keep what was predicted of the seen cards."""
        before, new = who.belief.recall(order, day), who.belief.new[order]
        last = who.belief.last[order]
        lapses = who.lapsed.copy()
        done = study(who, order, day, seconds)
        n = len(done)
        seen = ~new[:n]
        recalled = (who.lapsed[done] == lapses[done])[seen]
        self.rows.append(
            np.stack([before[:n][seen], (day - last[:n])[seen], topic[done][seen], recalled,
                      np.full(int(seen.sum()), day)])
        )  # fmt: skip
        return done

    def predictions(self, today: int) -> Predictions:
        if not self.rows:
            return Predictions(*(np.zeros(0),) * 2, np.zeros(0, int), np.zeros(0), np.zeros(0, int))
        r, elapsed, topic, recalled, day = np.concatenate(self.rows, axis=1)
        return Predictions(r, elapsed, topic.astype(int), recalled, (today - day).astype(int))


def examine(s: Scenario, kind: str, seed: int) -> Examined:
    """Study by the look-ahead with mini mock exams, forecast on the exam day, and sit the exam."""
    who = begin(s, kind, seed)
    now = Situation(s, who.belief, 0, 1.0)
    diary, share, topic = Diary(), s.share(), s.topic()
    seconds = s.seconds()
    for day in range(s.days):
        if seconds[day] <= 0:
            continue
        now.day = day
        who.chance = np.random.default_rng([seed, 9, day])
        before = who.seconds
        diary.study(who, _mock(who, share, day), day, MOCKS * seconds[day], topic)
        left = float(seconds[day]) - (who.seconds - before)
        diary.study(who, look_ahead(now), day, left, topic)
    everything = np.arange(s.cards)
    fitted = calibrate(diary.predictions(s.days), len(s.blueprint))
    believed = Knowledge(
        who.belief.recall(everything, s.days), s.days - who.belief.last, topic, share
    )
    found = exam_score(fitted, believed, ITEMS, seed=seed)
    return Examined(100 * found.low, 100 * found.expected, 100 * found.high, _sit(who, s, seed))


@dataclass(frozen=True)
class DomainInterval:
    """What was said on a day of a domain's part of the exam, and what it came to; in per cent.

    ``least`` is the width of the same interval for somebody who knew the true recall: what is
    left is the luck of the draw.
    """

    day: int
    low: float
    high: float
    score: float
    least: float

    @property
    def covered(self) -> bool:
        return self.low - 1e-9 <= self.score <= self.high + 1e-9

    @property
    def width(self) -> float:
        return self.high - self.low


def domains(s: Scenario, kind: str, seed: int, days: tuple[int, ...]) -> list[DomainInterval]:
    """Study as in ``examine``; on some days say of each domain what following the plan leads
    to, as the plan page does, and sit the exam."""
    who = begin(s, kind, seed)
    now = Situation(s, who.belief, 0, 1.0)
    diary, share, topic = Diary(), s.share(), s.topic()
    weights = np.array(s.blueprint) / sum(s.blueprint)
    said = []
    for day in range(s.days):
        now.day = day
        if day in days:
            made = plan(now.cards(), now.time(), now.habits, seed=seed)
            fitted = calibrate(diary.predictions(day), len(weights))
            recall = made.topics_followed[0]
            _, alone = topic_scores(fitted, recall, weights, FULL, AGO, seed=seed)
            said += [(day, k, part.low, part.high) for k, part in enumerate(alone)]
        who.chance = np.random.default_rng([seed, 9, day])
        before = who.seconds
        diary.study(who, _mock(who, share, day), day, MOCKS * s.seconds()[day], topic)
        left = float(s.seconds()[day]) - (who.seconds - before)
        diary.study(who, look_ahead(now), day, left, topic)
    chance = np.random.default_rng([seed, 11])
    came, least = [], []
    for k, part in enumerate(weights):
        inside = np.flatnonzero(topic == k)
        items = chance.choice(inside, max(1, round(FULL * part)))
        right = chance.random(len(items)) < who.mind.answered_right(items, s.days)
        came.append(100 * right.mean())
        true = float(who.mind.recall(inside, s.days).mean())
        low, high = np.quantile(chance.binomial(len(items), true, 4000), [0.05, 0.95])
        least.append(100 * (high - low) / len(items))
    return [
        DomainInterval(day, 100 * low, 100 * high, came[k], least[k]) for day, k, low, high in said
    ]


def _mock(who: Learner, share: Array, day: int) -> Array:
    """Seen cards in random order, drawn by share."""
    cards = np.flatnonzero(~who.belief.new & (who.belief.last < day))
    key = who.chance.exponential(size=len(cards)) / share[cards]
    return cards[np.argsort(key)]


def _sit(who: Learner, s: Scenario, seed: int) -> float:
    """Score in per cent of an exam with items by blueprint, on cards at random."""
    chance = np.random.default_rng([seed, 10])
    weights = np.array(s.blueprint) / sum(s.blueprint)
    counts = np.floor(weights * ITEMS + 1e-9).astype(int)
    counts[np.argsort(-(weights * ITEMS - counts), kind="stable")[: ITEMS - counts.sum()]] += 1
    topic = s.topic()
    items = np.concatenate(
        [chance.choice(np.flatnonzero(topic == k), n) for k, n in enumerate(counts)]
    )
    right = chance.random(ITEMS) < who.mind.answered_right(items, s.days)
    return float(100 * right.mean())
