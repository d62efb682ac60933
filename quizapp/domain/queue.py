"""Which card comes next, and how many are left today."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from quizapp.domain.scheduling import State

LEARN_AHEAD_MINUTES = 20
# Until there are answers to measure: seconds for a first look, and for a review.
FIRST_PACE = (20.0, 9.0)


class Queue(IntEnum):
    """Where a card waits; below zero it does not come by itself."""

    NEW = 0
    LEARNING = 1
    REVIEW = 2
    SUSPENDED = -1
    BURIED = -2
    RETIRED = -3


def queue_of(state: State) -> Queue:
    """The queue of a card that nothing holds back."""
    return {State.NEW: Queue.NEW, State.REVIEW: Queue.REVIEW}.get(state, Queue.LEARNING)


@dataclass(frozen=True)
class Counts:
    """Cards by what they are to the learner."""

    new: int = 0
    learning: int = 0
    due: int = 0

    @property
    def total(self) -> int:
        return self.new + self.learning + self.due

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.new + other.new, self.learning + other.learning, self.due + other.due)


@dataclass(frozen=True)
class Limits:
    """How many more new cards and reviews today; None is without limit."""

    new: int | None = None
    due: int | None = None

    def cap(self, counts: Counts) -> Counts:
        """The counts that these limits let through; learning is never held back."""
        return Counts(_least(self.new, counts.new), counts.learning, _least(self.due, counts.due))


@dataclass(frozen=True)
class Candidate:
    """A card that could be next; ``topic`` is what interleaving looks at."""

    card: int
    note: int
    topic: str


def allotted(
    counts: Mapping[int, Counts], deck_limits: Mapping[int, Limits], overall: Limits
) -> Counts:
    """What a set of decks offers today, each under its own limits and all under one."""
    total = Counts()
    for deck, waiting in counts.items():
        total += deck_limits.get(deck, Limits()).cap(waiting)
    return overall.cap(total)


def new_is_next(done: Counts, left: Counts) -> bool:
    """Whether a new card comes before a review, so that both run out together.

    ``done`` counts today's answers so far, ``left`` what remains today.
    """
    if not left.new or not left.due:
        return bool(left.new)
    all_new, all_due = done.new + left.new, done.due + left.due
    return (done.due + 1) * all_new > (done.new + 1) * all_due


def interleaved(candidates: Sequence[Candidate], last: Candidate | None) -> Candidate | None:
    """The first candidate of another topic than the last card, else of another note."""
    if last is not None:
        for candidate in candidates:
            if candidate.topic != last.topic:
                return candidate
        for candidate in candidates:
            if candidate.note != last.note:
                return candidate
    return candidates[0] if candidates else None


def minutes(counts: Counts, seconds_new: float, seconds_review: float) -> int:
    """How long the counted cards take, in whole minutes, at least one if any."""
    seconds = counts.new * seconds_new + (counts.learning + counts.due) * seconds_review
    return max(1, round(seconds / 60)) if counts.total else 0


def streak(days: Iterable[int], today: int) -> int:
    """Days studied in a row up to today, forgiving one missed day in seven.

    ``days`` are study-day numbers, latest first. Today may still be to come.
    """
    studied, spared = 0, None
    expected = today
    for day in days:
        while day < expected:
            if expected != today:
                if spared is not None and spared - expected < 7:
                    return studied
                spared = expected
            expected -= 1
        if day == expected:
            studied += 1
            expected -= 1
    return studied


def _least(limit: int | None, count: int) -> int:
    return count if limit is None else max(0, min(limit, count))
