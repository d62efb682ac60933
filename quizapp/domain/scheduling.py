"""FSRS-6 with learning steps: what one answer does to a memory.

Formulas and default weights: the published FSRS-6 equations; the same-day
factor is floored at 1 for Hard, Good and Easy, as Anki's own logs show.
Stability is in days, difficulty from 1 to 10, retrievability from 0 to 1.
"""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from quizapp.domain.days import Calendar

MODEL = "fsrs-6"

DEFAULT_WEIGHTS = (
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
    1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
)  # fmt: skip

MIN_STABILITY, MAX_STABILITY = 0.001, 36500.0

# Days up to which an interval is not fuzzed, and how much of each further stretch
# of it may be added or taken away.
_FUZZ_FROM = 2.5
_FUZZ = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.10), (20.0, math.inf, 0.05))


class State(IntEnum):
    """What a card is to a learner."""

    NEW = 0
    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


class Rating(IntEnum):
    """The four answers; only Again is a failure."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


@dataclass(frozen=True)
class Options:
    """How a learner's cards are scheduled; steps are in minutes."""

    calendar: Calendar = field(default_factory=Calendar)
    desired_retention: float = 0.90
    weights: tuple[float, ...] = DEFAULT_WEIGHTS
    learning_steps: tuple[float, ...] = (1.0, 10.0)
    relearning_steps: tuple[float, ...] = (10.0,)
    maximum_interval: int = 36500
    fuzz: bool = True
    leech_threshold: int = 8


@dataclass(frozen=True)
class Memory:
    """What one learner's memory of one card is taken to be.

    ``due`` is the moment the card may be shown again, ``due_day`` its study day;
    ``interval`` is the last interval in whole days (0 while in learning steps).
    """

    state: State = State.NEW
    step: int = 0
    stability: float | None = None
    difficulty: float | None = None
    due: datetime | None = None
    due_day: int | None = None
    interval: int = 0
    last_at: datetime | None = None
    last_day: int | None = None
    reps: int = 0
    lapses: int = 0


def retrievability(elapsed: float, stability: float, weights: tuple[float, ...]) -> float:
    """Chance of recall after ``elapsed`` days; 0.9 when elapsed equals stability."""
    decay = weights[20]
    factor = 0.9 ** (-1 / decay) - 1
    return float((1 + factor * max(elapsed, 0) / stability) ** -decay)


def interval_for(stability: float, retention: float, weights: tuple[float, ...]) -> float:
    """Days until retrievability falls to ``retention``."""
    decay = weights[20]
    factor = 0.9 ** (-1 / decay) - 1
    return float(stability / factor * (retention ** (-1 / decay) - 1))


def next_state(
    stability: float | None,
    difficulty: float | None,
    rating: int,
    elapsed: int,
    weights: tuple[float, ...],
) -> tuple[float, float]:
    """Stability and difficulty after one answer, ``elapsed`` study days after the last.

    None for both stands for a card never answered.
    """
    w = weights
    if stability is None or difficulty is None:
        return (
            _clamp(w[rating - 1], MIN_STABILITY, MAX_STABILITY),
            _clamp(_first_difficulty(rating, w), 1, 10),
        )
    if elapsed <= 0:
        new = stability * _same_day_factor(stability, rating, w)
    elif rating == Rating.AGAIN:
        new = _after_lapse(stability, difficulty, elapsed, w)
    else:
        new = _after_recall(stability, difficulty, rating, elapsed, w)
    return (
        _clamp(new, MIN_STABILITY, MAX_STABILITY),
        _clamp(_next_difficulty(difficulty, rating, w), 1, 10),
    )


def replay(
    answers: Iterable[tuple[int, int]], weights: tuple[float, ...] = DEFAULT_WEIGHTS
) -> tuple[float, float] | None:
    """Stability and difficulty from a card's whole history of (rating, study day).

    None where the history is empty. This is how the stored pair is rebuilt.
    """
    pair: tuple[float, float] | None = None
    last_day = 0
    for rating, day in answers:
        stability, difficulty = pair or (None, None)
        pair = next_state(stability, difficulty, rating, max(0, day - last_day), weights)
        last_day = day
    return pair


def review(memory: Memory, rating: Rating, at: datetime, options: Options, card: int) -> Memory:
    """The memory after ``rating`` at the moment ``at``.

    ``card`` seeds the fuzz together with the number of answers so far, so that the
    interval a button promised is the interval it gives.
    """
    return outcomes(memory, at, options, card)[rating]


def outcomes(memory: Memory, at: datetime, options: Options, card: int) -> dict[Rating, Memory]:
    """What each of the four answers would make of the memory."""
    today = options.calendar.day(at)
    elapsed = 0 if memory.last_day is None else max(0, today - memory.last_day)
    answered = {}
    for rating in Rating:
        stability, difficulty = next_state(
            memory.stability, memory.difficulty, rating, elapsed, options.weights
        )
        answered[rating] = replace(
            memory,
            stability=stability,
            difficulty=difficulty,
            last_at=at,
            last_day=today,
            reps=memory.reps + 1,
        )
    intervals = _intervals(memory, answered, options, card)
    return {
        rating: _placed(memory, answered[rating], rating, intervals[rating], at, today, options)
        for rating in Rating
    }


def is_leech(lapses: int, threshold: int) -> bool:
    """True at the threshold and at every half threshold after it."""
    if threshold <= 0 or lapses < threshold:
        return False
    return (lapses - threshold) % max(1, math.ceil(threshold / 2)) == 0


def fuzz_range(interval: float) -> tuple[int, int]:
    """The whole days an interval may be moved to, inclusive."""
    if interval < _FUZZ_FROM:
        days = max(1, round(interval))
        return days, days
    spread = 1.0 + sum(share * max(0.0, min(interval, end) - start) for start, end, share in _FUZZ)
    return max(2, round(interval - spread)), round(interval + spread)


def _placed(
    before: Memory,
    after: Memory,
    rating: Rating,
    interval: int,
    at: datetime,
    today: int,
    options: Options,
) -> Memory:
    """Put an answered memory into its next step, or onto its next day."""
    lapsed = before.state is State.REVIEW and rating is Rating.AGAIN
    if lapsed:
        after = replace(after, lapses=before.lapses + 1)
    in_steps = before.state is not State.REVIEW or lapsed
    if in_steps:
        relearning = lapsed or before.state is State.RELEARNING
        steps = options.relearning_steps if relearning else options.learning_steps
        at_step = before.step if before.state in (State.LEARNING, State.RELEARNING) else 0
        wait = _step(at_step, rating, steps)
        if wait is not None:
            step, minutes = wait
            state = State.RELEARNING if relearning else State.LEARNING
            due, due_day = _step_due(at, minutes, today, options.calendar)
            return replace(after, state=state, step=step, due=due, due_day=due_day, interval=0)
    return replace(
        after,
        state=State.REVIEW,
        step=0,
        interval=interval,
        due_day=today + interval,
        due=options.calendar.start(today + interval),
    )


def _step(step: int, rating: Rating, steps: tuple[float, ...]) -> tuple[int, float] | None:
    """The next learning step and its delay in minutes; None when the card graduates."""
    if not steps or rating is Rating.EASY:
        return None
    step = min(step, len(steps) - 1)
    if rating is Rating.AGAIN:
        return 0, steps[0]
    if rating is Rating.HARD:
        if step > 0:
            return step, steps[step]
        if len(steps) > 1:
            return 0, (steps[0] + steps[1]) / 2
        return 0, min(steps[0] * 1.5, steps[0] + 24 * 60)
    if step + 1 < len(steps):
        return step + 1, steps[step + 1]
    return None


def _step_due(at: datetime, minutes: float, today: int, calendar: Calendar) -> tuple[datetime, int]:
    """A step that crosses the rollover is due when its day begins."""
    due = at + timedelta(minutes=minutes)
    day = calendar.day(due)
    return (calendar.start(day), day) if day > today else (due, today)


def _intervals(
    before: Memory, answered: dict[Rating, Memory], options: Options, card: int
) -> dict[Rating, int]:
    """Whole days for each answer, were it to leave the learning steps now.

    Reviews keep Anki's order, each button at least a day beyond the one before it.
    Out of the steps only Easy must: lifting Good above what Hard would have given
    would send a card with a stability of hours away for two days.
    """
    chance = random.Random(f"{card}:{before.reps}").random() if options.fuzz else None
    reviewing = before.state is State.REVIEW
    result: dict[Rating, int] = {}
    least = 1
    for rating in Rating:
        stability = answered[rating].stability
        assert stability is not None
        raw = interval_for(stability, options.desired_retention, options.weights)
        if rating is Rating.AGAIN:
            result[rating] = _whole_days(raw, 1, options.maximum_interval, chance)
            continue
        floor = least
        if reviewing and raw > before.interval:
            floor = max(floor, before.interval + 1)
        result[rating] = _whole_days(raw, floor, options.maximum_interval, chance)
        if reviewing or rating is Rating.GOOD:
            least = result[rating] + 1
    return result


def _whole_days(raw: float, least: int, most: int, chance: float | None) -> int:
    least = min(least, most)
    raw = _clamp(raw, least, most)
    if chance is None:
        return round(raw)
    low, high = fuzz_range(raw)
    low, high = min(max(low, least), most), min(max(high, least), most)
    return int(low + chance * (high - low + 1))


def _first_difficulty(rating: int, w: tuple[float, ...]) -> float:
    return w[4] - math.exp(w[5] * (rating - 1)) + 1


def _next_difficulty(difficulty: float, rating: int, w: tuple[float, ...]) -> float:
    moved = difficulty - w[6] * (rating - 3) * (10 - difficulty) / 9
    return w[7] * _first_difficulty(Rating.EASY, w) + (1 - w[7]) * moved


def _same_day_factor(stability: float, rating: int, w: tuple[float, ...]) -> float:
    factor = math.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
    return float(max(1.0, factor) if rating >= Rating.HARD else factor)


def _after_recall(s: float, d: float, rating: int, elapsed: int, w: tuple[float, ...]) -> float:
    growth = (
        math.exp(w[8])
        * (11 - d)
        * s ** -w[9]
        * (math.exp(w[10] * (1 - retrievability(elapsed, s, w))) - 1)
    )
    if rating == Rating.HARD:
        growth *= w[15]
    elif rating == Rating.EASY:
        growth *= w[16]
    return float(s * (1 + growth))


def _after_lapse(s: float, d: float, elapsed: int, w: tuple[float, ...]) -> float:
    forgotten = (
        w[11]
        * d ** -w[12]
        * ((s + 1) ** w[13] - 1)
        * math.exp(w[14] * (1 - retrievability(elapsed, s, w)))
    )
    return float(min(forgotten, s / math.exp(w[17] * w[18])))


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
