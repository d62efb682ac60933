"""Simulated learners: a true memory of many cards, and what FSRS with default weights sees of it.

All arrays are over a learner's n cards. A learner is studied only through ``study``; the true
memory shows itself as ratings and seconds, from which ``Belief`` keeps stability and difficulty
as the app would.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quizapp.domain.planning import memories
from quizapp.domain.scheduling import DEFAULT_WEIGHTS

Array = NDArray[Any]

# Chances of ratings and seconds per answer: the defaults of SimulatorConfig in the fsrs-rs
# crate (6.6), which are means over Anki users. Rows of transitions: last rating Again, Hard,
# Good; columns: next rating. Rows of seconds: learning, review, relearning.
FIRST = np.array([0.24, 0.094, 0.495, 0.171])
PASSED = np.array([0.224, 0.631, 0.145])
LEARNING = np.array(
    [
        [0.3686, 0.0628, 0.5108, 0.0577],
        [0.0442, 0.4553, 0.4457, 0.0549],
        [0.0519, 0.0470, 0.8462, 0.0550],
    ]
)
RELEARNING = np.array(
    [
        [0.2157, 0.0643, 0.6595, 0.0604],
        [0.0500, 0.4638, 0.4475, 0.0387],
        [0.1057, 0.1434, 0.7266, 0.0244],
    ]
)
SECONDS = np.array(
    [
        [19.58, 18.79, 13.78, 10.71],
        [19.38, 17.59, 12.38, 8.94],
        [16.44, 15.25, 12.32, 8.03],
    ]
)
LEARNING_STEPS, RELEARNING_STEPS, MOST_STEPS = 2, 1, 5

LOWEST = np.array([0.001] * 4 + [1, 0.001, 0.001, 0.001, 0, 0, 0.001, 0.001, 0.001, 0.001, 0, 0]
                  + [1, 0, 0, 0.01, 0.1])  # fmt: skip
HIGHEST = np.array([100] * 4 + [10, 4, 4, 0.75, 4.5, 0.8, 3.5, 5, 0.25, 0.9, 4, 1, 6, 2, 2]
                   + [0.8, 0.8])  # fmt: skip


def random_user(seed: int) -> tuple[float, ...]:
    """FSRS-6 weights of somebody: the defaults with a log-normal spread, within bounds."""
    spread = np.full(21, 0.10)
    spread[:4] = 0.30
    drawn = np.array(DEFAULT_WEIGHTS) * np.exp(
        np.random.default_rng([seed, 1]).normal(0, 1, 21) * spread
    )
    drawn[:4] = np.sort(drawn[:4])
    return tuple(float(x) for x in np.clip(drawn, LOWEST, HIGHEST))


class Fsrs:
    """Stability and difficulty of n cards, moved by ratings; ``last`` is -1 for new cards."""

    def __init__(self, n: int, weights: tuple[float, ...]) -> None:
        self.weights = weights
        self.s, self.d = np.ones(n), np.full(n, 5.0)
        self.last = np.full(n, -1, dtype=np.int64)
        self.new = np.ones(n, dtype=bool)

    def recall(self, cards: Array, day: int) -> Array:
        """Retrievability on a day; 0 for new cards."""
        r = memories.recall(day - self.last[cards], self.s[cards], self.weights)
        return np.where(self.new[cards], 0.0, r)

    def answer(self, cards: Array, ratings: Array, day: int) -> None:
        """One answer on each of some different cards."""
        w = self.weights
        s, d, new = self.s[cards], self.d[cards], self.new[cards]
        same = ~new & (day <= self.last[cards])
        r = self.recall(cards, day)
        more = memories.growth(s, d, r, w)
        after = np.select(
            [ratings == 1, ratings == 2, ratings == 3],
            [memories.after_lapse(s, d, r, w), s * (1 + more * w[15]), s * (1 + more)],
            s * (1 + more * w[16]),
        )
        again = np.choose(ratings - 1, [memories.same_day(s, g, w) for g in (1, 2, 3, 4)])
        after = np.where(same, again, after)
        harder = np.choose(ratings - 1, [memories.next_difficulty(d, g, w) for g in (1, 2, 3, 4)])
        first = np.clip(w[4] - np.exp(w[5] * (ratings - 1)) + 1, 1, 10)
        self.s[cards] = np.clip(np.where(new, np.take(w, ratings - 1), after), 0.001, 36500)
        self.d[cards] = np.where(new, first, harder)
        self.last[cards], self.new[cards] = day, False


class Mind(Protocol):
    """A true memory.

    ``leaning`` is how much the choice among Hard, Good, Easy follows the strength of recall.
    """

    leaning: float

    def recall(self, cards: Array, day: int) -> Array:
        """True chance of recall on the morning of a day, without mood; 0 for new cards."""

    def answered_right(self, cards: Array, day: int) -> Array:
        """Chance of a right answer on a day, mood, slips and guesses included."""

    def answer(self, cards: Array, ratings: Array, day: int, step: int) -> None:
        """Take in one answer on each card, the ``step``-th of its day from 0."""


class Exact:
    """A memory that is FSRS-6 with weights the scheduler does not know."""

    leaning = 0.0

    def __init__(self, n: int, seed: int) -> None:
        self.fsrs = Fsrs(n, random_user(seed))

    def recall(self, cards: Array, day: int) -> Array:
        return self.fsrs.recall(cards, day)

    def answered_right(self, cards: Array, day: int) -> Array:
        return self.recall(cards, day)

    def answer(self, cards: Array, ratings: Array, day: int, step: int) -> None:
        self.fsrs.answer(cards, ratings, day)


class Noisy(Exact):
    """The same with cards that differ, moods, slips and guesses."""

    leaning = 6.0

    def __init__(self, n: int, seed: int) -> None:
        super().__init__(n, seed)
        chance = np.random.default_rng([seed, 2])
        self.factor = np.exp(chance.normal(0, 0.6, n))
        self.shift = chance.normal(0, 1.2, n)
        self.seed = seed

    def mood(self, day: int) -> float:
        return float(np.random.default_rng([self.seed, 3, day + 1000]).normal(0, 0.25))

    def answered_right(self, cards: Array, day: int) -> Array:
        r = np.clip(self.recall(cards, day), 1e-6, 1 - 1e-6)
        r = 1 / (1 + np.exp(-(np.log(r / (1 - r)) + self.mood(day))))
        return 0.01 + 0.98 * r

    def answer(self, cards: Array, ratings: Array, day: int, step: int) -> None:
        f = self.fsrs
        new = f.new[cards].copy()
        reset = new | ((ratings == 1) & (f.last[cards] < day))
        super().answer(cards, ratings, day, step)
        f.s[cards] = np.clip(f.s[cards] * np.where(reset, self.factor[cards], 1), 0.001, 36500)
        f.d[cards] = np.clip(f.d[cards] + np.where(new, self.shift[cards], 0), 1, 10)


class ActR:
    """Another family: activation that sums decaying traces, each decaying the faster the more
    active the memory was when it was laid (Pavlik and Anderson 2005), with a threshold per card.

    Seconds between days count for ``BETWEEN`` of themselves. The mean threshold is set such that
    reviews scheduled by FSRS for 0.90 are recalled at 0.93.
    """

    BETWEEN = 0.025
    leaning = 6.0

    def __init__(self, n: int, seed: int) -> None:
        chance = np.random.default_rng([seed, 4])
        self.floor = 0.177 * np.exp(chance.normal(0, 0.10))
        self.scale = 0.217 * np.exp(chance.normal(0, 0.10))
        self.noise = 0.255
        self.threshold = chance.normal(-1.70 + chance.normal(0, 0.10), 0.25, n)
        self.at = np.zeros((n, 8))
        self.decay = np.zeros((n, 8))
        self.count = np.zeros(n, dtype=np.int64)

    def activation(self, cards: Array, now: float) -> Array:
        laid = np.arange(self.at.shape[1])[None] < self.count[cards][:, None]
        ages = np.maximum(now - self.at[cards], 1.0)
        total = np.where(laid, ages ** -self.decay[cards], 0.0).sum(axis=1)
        return np.log(np.maximum(total, 1e-9))

    def recall(self, cards: Array, day: int) -> Array:
        m = self.activation(cards, day * 86400 * self.BETWEEN)
        p = 1 / (1 + np.exp((self.threshold[cards] - m) / self.noise))
        return np.where(self.count[cards] > 0, p, 0.0)

    def answered_right(self, cards: Array, day: int) -> Array:
        return self.recall(cards, day)

    def answer(self, cards: Array, ratings: Array, day: int, step: int) -> None:
        now = day * 86400 * self.BETWEEN + 60.0 * step
        if self.count[cards].max(initial=0) >= self.at.shape[1]:
            self.at = np.pad(self.at, ((0, 0), (0, self.at.shape[1])))
            self.decay = np.pad(self.decay, ((0, 0), (0, self.decay.shape[1])))
        active = np.where(self.count[cards] > 0, np.exp(self.activation(cards, now)), 0.0)
        self.at[cards, self.count[cards]] = now
        self.decay[cards, self.count[cards]] = self.floor + self.scale * active
        self.count[cards] += 1


MINDS = {"exact": Exact, "noisy": Noisy, "actr": ActR}


@dataclass
class Learner:
    """A mind, what is believed of it, and its luck; ``lapsed`` counts lapses by card."""

    mind: Mind
    belief: Fsrs
    chance: np.random.Generator
    lapsed: Array
    reviews: int = 0
    seconds: float = 0.0


def learner(kind: str, n: int, seed: int) -> Learner:
    """Somebody who has seen nothing yet."""
    luck = np.random.default_rng([seed, 5])
    return Learner(MINDS[kind](n, seed), Fsrs(n, DEFAULT_WEIGHTS), luck, np.zeros(n, dtype=int))


def study(who: Learner, order: Array, day: int, seconds: float) -> Array:
    """Study cards in order until the time is up; returns those studied.

    The last card may overrun. New cards go through learning steps and forgotten ones through
    relearning steps within the day.
    """
    order = np.asarray(order, dtype=np.int64)[: int(seconds / min(SECONDS[1])) + 2]
    if len(order) == 0 or seconds <= 0:
        return order[:0]
    new = who.belief.new[order]
    right = who.mind.answered_right(order, day)
    ratings, cost = _ratings(who.chance, new, right, who.mind.leaning)
    spent = np.cumsum(cost) - cost
    done = spent < seconds
    for step, given in enumerate(ratings):
        answering = done & (given > 0)
        cards = order[answering]
        if len(cards):
            who.mind.answer(cards, given[answering], day, step)
            who.belief.answer(cards, given[answering], day)
    who.lapsed[order[done & ~new & (ratings[0] == 1)]] += 1
    who.reviews += int(done.sum())
    who.seconds += float(cost[done].sum())
    return order[done]


def _ratings(
    chance: np.random.Generator, new: Array, right: Array, leaning: float
) -> tuple[list[Array], Array]:
    """All ratings of a day by step (0 = no such step), and the seconds they take."""
    lean = np.exp(leaning * (right - 0.88))
    odds = PASSED[None] * np.stack([1 / lean, np.ones_like(lean), lean], axis=1)
    passed = 2 + _draw(chance, odds / odds.sum(axis=1, keepdims=True))
    rating = np.where(chance.random(len(right)) < right, passed, 1)
    rating = np.where(new, 1 + _draw(chance, np.tile(FIRST, (len(new), 1))), rating)
    cost = SECONDS[np.where(new, 0, 1), rating - 1].copy()
    result = [rating]
    passes = (rating > 1).astype(int)
    active = new | (rating == 1)
    for _ in range(MOST_STEPS):
        active &= (rating < 4) & (passes < np.where(new, LEARNING_STEPS, RELEARNING_STEPS))
        row = np.minimum(rating, 3) - 1
        odds = np.where(new[:, None], LEARNING[row], RELEARNING[row])
        following = 1 + _draw(chance, odds / odds.sum(axis=1, keepdims=True))
        result.append(np.where(active, following, 0))
        cost += np.where(active, SECONDS[np.where(new, 0, 2), following - 1], 0.0)
        passes = np.where(active, np.where(following > 1, passes + 1, 0), passes)
        rating = np.where(active, following, rating)
    return result, cost


def _draw(chance: np.random.Generator, odds: Array) -> Array:
    return (chance.random(len(odds))[:, None] > np.cumsum(odds, axis=1)[:, :-1]).sum(axis=1)
