"""FSRS-6 over arrays: recall, and what a day's answers make of many memories at once.

The formulas are those of quizapp.domain.scheduling; same-day steps enter by all
paths a learner's habits make likely, and after a lapse as their mean effect.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quizapp.domain.planning.habits import Habits, Row
from quizapp.domain.scheduling import MAX_STABILITY, MIN_STABILITY, Rating

Floats = NDArray[np.floating[Any]]

OUTCOMES = 5
_RELEVANT = 1e-3
_LN_AFTER_LAPSE = np.linspace(np.log(0.001), np.log(200.0), 48)


def recall(elapsed: Floats | float, stability: Floats, weights: tuple[float, ...]) -> Floats:
    """Retrievability after ``elapsed`` days; the arguments broadcast."""
    decay = weights[20]
    factor = 0.9 ** (-1 / decay) - 1
    return np.asarray(np.exp(-decay * np.log1p(factor * np.maximum(elapsed, 0) / stability)))


def next_difficulty(difficulty: Floats, rating: int, weights: tuple[float, ...]) -> Floats:
    """Difficulty after an answer."""
    moved = difficulty - weights[6] * (rating - 3) * (10 - difficulty) / 9
    easy = weights[4] - np.exp(weights[5] * 3) + 1
    return np.asarray(np.clip(weights[7] * easy + (1 - weights[7]) * moved, 1, 10))


def same_day(stability: Floats, rating: int, weights: tuple[float, ...]) -> Floats:
    """Stability after another answer on the same day."""
    w = weights
    factor = np.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
    if rating > 1:
        factor = np.maximum(factor, 1.0)
    return np.asarray(np.clip(stability * factor, MIN_STABILITY, MAX_STABILITY))


def after_lapse(
    stability: Floats, difficulty: Floats, recalled: Floats, weights: tuple[float, ...]
) -> Floats:
    """Stability after Again, before any relearning step."""
    w = weights
    forgotten = (
        w[11]
        * difficulty ** -w[12]
        * (np.exp(w[13] * np.log1p(stability)) - 1)
        * np.exp(w[14] * (1 - recalled))
    )
    most = stability / np.exp(w[17] * w[18])
    return np.asarray(np.clip(np.minimum(forgotten, most), MIN_STABILITY, MAX_STABILITY))


def growth(
    stability: Floats, difficulty: Floats, recalled: Floats, weights: tuple[float, ...]
) -> Floats:
    """By what Good multiplies stability, less one; Hard and Easy scale it by w15 and w16."""
    w = weights
    return np.asarray(
        np.exp(w[8])
        * (11 - difficulty)
        * np.exp(-w[9] * np.log(stability))
        * np.expm1(w[10] * (1 - recalled))
    )


def review(
    stability: Floats, difficulty: Floats, elapsed: Floats, habits: Habits
) -> tuple[Floats, Floats, Floats, Floats]:
    """What a review and its relearning steps may make of memories.

    Returns ln stability, difficulty and chance, each with a leading axis of ``OUTCOMES``:
    forgotten and relearned at once, forgotten again in the steps, Hard, Good, Easy; and
    retrievability. The remaining axes are those the arguments broadcast to.
    """
    w = habits.weights
    r = recall(elapsed, stability, w)
    lapsed = np.log(after_lapse(stability, difficulty, r, w))
    more = growth(stability, difficulty, r, w)
    ln_s = np.log(stability)
    logs, difficulties, chances = [], [], []
    harder = next_difficulty(difficulty, 1, w)
    for lift, shift, chance in _relearning(habits):
        rise = np.interp(lapsed.ravel(), _LN_AFTER_LAPSE, lift).reshape(lapsed.shape)
        logs.append(lapsed + rise.astype(lapsed.dtype))
        difficulties.append(np.clip(harder + shift, 1, 10))
        chances.append((1 - r) * chance)
    for rating, scale, chance in zip((2, 3, 4), (w[15], 1.0, w[16]), habits.passed, strict=True):
        logs.append(ln_s + np.log1p(more * scale))
        difficulties.append(next_difficulty(difficulty, rating, w))
        chances.append(r * chance)
    spread = [np.broadcast_to(d, r.shape) for d in difficulties]
    return np.stack(logs), np.stack(spread).astype(logs[0].dtype), np.stack(chances), r


@lru_cache(maxsize=32)
def first_sight(habits: Habits) -> tuple[Floats, Floats, Floats]:
    """Ln stability, difficulty and chance after a new card's first day, by path of ratings."""
    w = habits.weights
    paths: list[tuple[Floats, Floats, float]] = []
    for rating, chance in zip((1, 2, 3, 4), habits.first, strict=True):
        s = np.array([np.clip(w[rating - 1], MIN_STABILITY, MAX_STABILITY)])
        d = np.clip(np.array([w[4] - np.exp(w[5] * (rating - 1)) + 1]), 1, 10)
        paths += [
            (ln_s, after, chance * p)
            for ln_s, after, p in _steps(s, d, rating, habits.learning, habits.learning_steps, w)
        ]
    ln_s, d, chances = zip(*paths, strict=True)
    total = sum(chances)
    return np.concatenate(ln_s), np.concatenate(d), np.array(chances) / total


@lru_cache(maxsize=32)
def _relearning(habits: Habits) -> list[tuple[Floats, float, float]]:
    """Relearned at once, or after another Again: what it means, and its chance.

    The mean rise of ln stability over ``_LN_AFTER_LAPSE``, and of difficulty. Told apart
    because recall is concave in ln stability: one mean over both promises too much.
    """
    s = np.exp(_LN_AFTER_LAPSE)
    d = np.full_like(s, 6.0)
    paths = _steps(s, d, 1, habits.relearning, habits.relearning_steps, habits.weights)
    longest = max(p for _, _, p in paths)
    groups = [
        [x for x in paths if (x[0] - _LN_AFTER_LAPSE).min() >= 0 and longest],
        [x for x in paths if (x[0] - _LN_AFTER_LAPSE).min() < 0],
    ]
    total = sum(p for _, _, p in paths)
    result = []
    for group in groups:
        share = sum(p for _, _, p in group)
        lift = sum(((p / share) * (x - _LN_AFTER_LAPSE) for x, _, p in group), np.zeros_like(s))
        shift = sum((p / share) * float(np.mean(x - d)) for _, x, p in group)
        result.append((lift, shift, share / total))
    return result


def _steps(
    stability: Floats,
    difficulty: Floats,
    rating: int,
    transitions: tuple[Row, Row, Row],
    steps: int,
    weights: tuple[float, ...],
) -> list[tuple[Floats, Floats, float]]:
    """Ln stability, difficulty and chance at the end of each likely path through the steps."""
    ended = []
    going = [(stability, difficulty, 1.0, rating, int(rating > 1))]
    while going:
        s, d, chance, last, passed = going.pop()
        if last == Rating.EASY or passed >= steps or chance < _RELEVANT:
            ended.append((np.log(s), d, chance))
            continue
        row = transitions[last - 1]
        for g in (1, 2, 3, 4):
            p = chance * row[g - 1] / sum(row)
            after = same_day(s, g, weights), next_difficulty(d, g, weights)
            going.append((*after, p, g, passed + 1 if g > 1 else 0))
    return ended
