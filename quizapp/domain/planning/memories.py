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

_RELEVANT = 1e-3
_LN_AFTER_LAPSE = np.linspace(np.log(0.001), np.log(200.0), 48)


def recall(elapsed: Floats | float, stability: Floats, weights: tuple[float, ...]) -> Floats:
    """Retrievability after ``elapsed`` days; the arguments broadcast."""
    decay = weights[20]
    factor = 0.9 ** (-1 / decay) - 1
    return np.exp(-decay * np.log1p(factor * np.maximum(elapsed, 0) / stability))


def next_difficulty(difficulty: Floats, rating: int, weights: tuple[float, ...]) -> Floats:
    """Difficulty after an answer."""
    moved = difficulty - weights[6] * (rating - 3) * (10 - difficulty) / 9
    easy = weights[4] - np.exp(weights[5] * 3) + 1
    return np.clip(weights[7] * easy + (1 - weights[7]) * moved, 1, 10)


def same_day(stability: Floats, rating: int, weights: tuple[float, ...]) -> Floats:
    """Stability after another answer on the same day."""
    w = weights
    factor = np.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
    if rating > 1:
        factor = np.maximum(factor, 1.0)
    return np.clip(stability * factor, MIN_STABILITY, MAX_STABILITY)


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
    return np.clip(
        np.minimum(forgotten, stability / np.exp(w[17] * w[18])), MIN_STABILITY, MAX_STABILITY
    )


def growth(
    stability: Floats, difficulty: Floats, recalled: Floats, weights: tuple[float, ...]
) -> Floats:
    """By what Good multiplies stability, less one; Hard and Easy scale it by w15 and w16."""
    w = weights
    return (
        np.exp(w[8])
        * (11 - difficulty)
        * np.exp(-w[9] * np.log(stability))
        * np.expm1(w[10] * (1 - recalled))
    )


def review(
    stability: Floats, difficulty: Floats, elapsed: Floats, habits: Habits
) -> tuple[Floats, Floats, Floats, Floats]:
    """What a review may make of memories, by its first rating.

    Returns ln stability, difficulty and chance, each with a leading axis of 4 for Again to
    Easy, and retrievability; the remaining axes are those the arguments broadcast to. After
    Again the day's relearning steps are included.
    """
    w = habits.weights
    r = recall(elapsed, stability, w)
    lapsed = np.log(after_lapse(stability, difficulty, r, w))
    lift, shift = _relearning(habits)
    more = growth(stability, difficulty, r, w)
    ln_s = np.log(stability)
    flat = np.interp(lapsed.ravel(), _LN_AFTER_LAPSE, lift).reshape(lapsed.shape)
    logs = np.stack(
        [
            lapsed + flat.astype(lapsed.dtype),
            ln_s + np.log1p(more * w[15]),
            ln_s + np.log1p(more),
            ln_s + np.log1p(more * w[16]),
        ]
    )
    easier = [np.broadcast_to(next_difficulty(difficulty, g, w), r.shape) for g in (1, 2, 3, 4)]
    easier[0] = np.clip(easier[0] + shift, 1, 10)
    chance = np.stack([1 - r, *(r * q for q in habits.passed)])
    return logs, np.stack(easier).astype(logs.dtype), chance, r


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
def _relearning(habits: Habits) -> tuple[Floats, float]:
    """Mean rise of ln stability by relearning steps, over ``_LN_AFTER_LAPSE``, and of D."""
    s = np.exp(_LN_AFTER_LAPSE)
    d = np.full_like(s, 6.0)
    paths = _steps(s, d, 1, habits.relearning, habits.relearning_steps, habits.weights)
    total = sum(p for _, _, p in paths)
    lift = sum(((p / total) * (ln_s - _LN_AFTER_LAPSE) for ln_s, _, p in paths), np.zeros_like(s))
    return lift, float(sum((p / total) * float(np.mean(after - d)) for _, after, p in paths))


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
