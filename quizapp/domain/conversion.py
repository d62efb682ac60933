"""Memories for cards that come from elsewhere: from SM-2's numbers, or from their log.

The log's rules are Anki's, found by comparing with what it stored: a manual entry without
a factor restarts the history, cramming without one and entries without a rating say
nothing, and a history begins at its last run of learning.
"""

from collections.abc import Callable, Iterable
from math import exp
from typing import Protocol

from quizapp.domain.scheduling import (
    DEFAULT_WEIGHTS,
    MAX_STABILITY,
    MIN_STABILITY,
    interval_for,
    next_state,
)

_LEARN, _EARLY, _MANUAL = 0, 3, 4
# At most this, a log's factor is a difficulty and no ease.
_MOST_DIFFICULTY = 1100


class Logged(Protocol):
    """An entry of a review log; see ``PackedReview`` for its numbers."""

    @property
    def at(self) -> int: ...
    @property
    def rating(self) -> int: ...
    @property
    def logged(self) -> int: ...
    @property
    def last_interval(self) -> int: ...
    @property
    def interval(self) -> int: ...
    @property
    def factor(self) -> int: ...


def memory_of_sm2(
    ease: float,
    interval_days: float,
    weights: tuple[float, ...] = DEFAULT_WEIGHTS,
    historical_retention: float = 0.9,
) -> tuple[float, float]:
    """Stability (days) and difficulty (1–10) of a card that SM-2 scheduled.

    ``ease`` is the factor, as in 2.5. The interval is taken for the one at which
    retrievability falls to ``historical_retention``; the difficulty is the one with which
    a Good answer at that moment makes the stability grow by the ease, FSRS-6's growth
    after recall solved for D. An ease of 0 says that there is none and counts as 2.5, with
    which Anki begins.
    """
    stability = interval_days / interval_for(1.0, historical_retention, weights)
    stability = min(max(stability, MIN_STABILITY), MAX_STABILITY)
    growth = (
        exp(weights[8])
        * stability ** -weights[9]
        * (exp((1 - historical_retention) * weights[10]) - 1)
    )
    difficulty = 11 - ((ease or 2.5) - 1) / growth
    return stability, min(max(difficulty, 1.0), 10.0)


def memory_of_log(
    reviews: Iterable[Logged],
    day: Callable[[int], int],
    weights: tuple[float, ...] = DEFAULT_WEIGHTS,
    historical_retention: float = 0.9,
) -> tuple[float, float] | None:
    """Stability and difficulty from a card's log, in time's order; None where it says nothing.

    ``day`` gives the study day of a moment in milliseconds. A log that begins in the
    middle of a life starts from the ease and interval that its first entry gave.
    """
    answers = history(reviews)
    if not answers:
        return None
    first = answers[0]
    pair: tuple[float | None, float | None] = (None, None)
    rest = answers
    if first.logged != _LEARN and first.interval > 0 and first.factor > _MOST_DIFFICULTY:
        pair = memory_of_sm2(first.factor / 1000, first.interval, weights, historical_retention)
        rest = answers[1:]
    last_day = day(first.at)
    for answer in rest:
        today = day(answer.at)
        pair = next_state(*pair, answer.rating, max(0, today - last_day), weights)
        last_day = today
    stability, difficulty = pair
    assert stability is not None and difficulty is not None
    return stability, difficulty


def history(reviews: Iterable[Logged]) -> list[Logged]:
    """The answers of a log that a memory is made of."""
    answers: list[Logged] = []
    for review in reviews:
        if review.logged == _MANUAL and review.factor == 0:
            answers.clear()
        elif review.rating and not (review.logged == _EARLY and review.factor == 0):
            if review.logged == _LEARN and answers and answers[-1].logged != _LEARN:
                answers.clear()
            answers.append(review)
    return answers
