"""What a plan starts from: cards, days, and how cards fall into kinds of equal weight."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quizapp.domain.planning import memories
from quizapp.domain.planning.grid import Ints
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.memories import Floats

Bools = NDArray[np.bool_]

_MOST_KINDS = 12


@dataclass(frozen=True)
class Cards:
    """A learner's cards as arrays over n cards.

    ``stability`` in days and ``difficulty`` (1-10) are ignored where the card is new, which
    ``last_day`` (the study day of the last answer) of -1 says. ``share`` is what a card counts
    for, W_k / n_k, of shape (n,) for all exams alike or (n, exams). ``topic`` numbers
    topics from 0. ``done_today`` marks cards not to be planned today: seen, or in steps.
    """

    stability: Floats
    difficulty: Floats
    last_day: Ints
    share: Floats
    topic: Ints
    done_today: Bools


@dataclass(frozen=True)
class Time:
    """The days ahead, as study-day numbers.

    ``seconds`` are those still free today and on each day up to the one before the last exam
    (missing days count 0, further ones are cut); 0 is a day off. ``adherence`` is the share of
    planned study days that are kept, and scales all days but today. An exam is on the morning
    of its day.
    """

    today: int
    exam_days: tuple[int, ...]
    seconds: Floats
    adherence: float = 1.0


def tidy(cards: Cards, exams: int) -> Cards:
    """The same with shares of shape (n, exams) and harmless numbers where a card is new."""
    new = np.asarray(cards.last_day) < 0
    share = np.asarray(cards.share, dtype=float)
    if share.ndim == 1:
        share = np.tile(share[:, None], (1, exams))
    return Cards(
        np.where(new, 1.0, np.maximum(np.nan_to_num(cards.stability, nan=1.0), 0.001)),
        np.where(new, 5.0, np.clip(np.nan_to_num(cards.difficulty, nan=5.0), 1, 10)),
        np.asarray(cards.last_day, dtype=np.int64),
        np.maximum(share, 0),
        np.asarray(cards.topic, dtype=np.int64),
        np.asarray(cards.done_today, dtype=bool),
    )


def recall_on(cards: Cards, chosen: Ints, day: int, habits: Habits) -> Floats:
    """Retrievability of seen cards on a day with no more reviews."""
    elapsed = np.maximum(day - cards.last_day[chosen], 0)
    return memories.recall(elapsed, cards.stability[chosen], habits.weights)


def kinds_of(share: Floats) -> tuple[Ints, Floats]:
    """Kinds of card by weight: which each card is of, and each kind's weights (G, E).

    Weights closer than a few per cent are one kind; where that still leaves too many, closer
    is taken more widely.
    """
    closeness = 0.02
    while True:
        with np.errstate(divide="ignore"):
            level = np.where(share > 0, np.round(np.log(share) / closeness), -(10**6))
        _, kind = np.unique(level, axis=0, return_inverse=True)
        kind = kind.reshape(-1)
        if kind.max() < _MOST_KINDS or closeness > 4:
            break
        closeness *= 1.6
    sizes = np.bincount(kind)
    kinds = np.stack([np.bincount(kind, column) / sizes for column in share.T], axis=1)
    return kind, kinds


def filled(given: Floats, length: int) -> Floats:
    """An array cut or filled with zeros to a length, nothing below zero."""
    result = np.zeros(length)
    usable = np.asarray(given, dtype=float)[:length]
    result[: len(usable)] = np.maximum(usable, 0)
    return result
