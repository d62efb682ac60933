"""An exam on a date: its days, its minutes and its cards' shares."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from quizapp.domain.days import EPOCH
from quizapp.domain.errors import Unfit

LONGEST_DAYS = 730
MOST_MINUTES = 600
LONGEST_TITLE = 80
# Fewer planned days than this say nothing about how many are kept.
_FEW_DAYS = 5
_LATELY = 14


@dataclass(frozen=True)
class Goal:
    """What a learner wants to know by when.

    ``weights`` in parts by domain, or by deck (“deck-3”) where ``outline`` is "": then the
    exam is a set of decks of the learner's own. ``minutes`` for each weekday, Monday
    first; ``line`` and ``floor`` are shares.
    """

    id: int
    outline: str
    title: str
    day: date
    minutes: tuple[int, ...]
    days_off: tuple[date, ...] = ()
    weights: Mapping[str, float] | None = None
    line: float = 0.7
    floor: float = 0.0

    @property
    def own(self) -> bool:
        """Whether the exam is a set of decks of the learner's own."""
        return not self.outline

    @property
    def number(self) -> int:
        """The exam's study day."""
        return (self.day - EPOCH).days

    def seconds_on(self, on: date) -> int:
        """The seconds there are for study on a date."""
        return 0 if on in self.days_off else self.minutes[on.weekday()] * 60


def of_deck(deck: int) -> str:
    """What a deck is called among the domains of an exam that a learner put together."""
    return f"deck-{deck}"


def check(day: date, today: date, minutes: Sequence[int], weights: Mapping[str, float]) -> None:
    """Raise Unfit where no plan can be made of this."""
    if day <= today:
        raise Unfit({"day": "The exam must be on a day to come. Choose a later date."})
    if day > today + timedelta(days=LONGEST_DAYS):
        raise Unfit({"day": "The exam is more than two years away. Choose an earlier date."})
    if len(minutes) != 7 or any(not 0 <= m <= MOST_MINUTES for m in minutes):
        raise Unfit({"each": f"Minutes a day must be from 0 to {MOST_MINUTES}."})
    if not any(minutes):
        raise Unfit({"week": "Give at least one weekday some minutes, or nothing can be planned."})
    if any(w < 0 for w in weights.values()) or (weights and not any(weights.values())):
        raise Unfit({"weights": "Weights must be 0 or more, and one of them above 0."})


def seconds_ahead(goals: Sequence[Goal], today: date, spent: float) -> list[float]:
    """The seconds free today and on each day before the last exam.

    Where several goals are ahead, a day has the most that one of them gives it; what
    was spent today is gone.
    """
    days = max((goal.number for goal in goals), default=0) - (today - EPOCH).days
    ahead = [
        float(max(goal.seconds_on(on) for goal in goals if goal.day > on))
        for on in (today + timedelta(days=n) for n in range(days))
    ]
    if ahead:
        ahead[0] = max(0.0, ahead[0] - spent)
    return ahead


def adherence(goals: Sequence[Goal], made: int, studied: Sequence[int], today: int) -> float:
    """The share of the latest planned days that were kept, 1 where there are few yet.

    ``made`` is the study day of the first goal, ``studied`` those with an answer.
    """
    days = range(max(made, today - _LATELY), today)
    planned = [
        day for day in days
        if any(goal.seconds_on(EPOCH + timedelta(days=day)) for goal in goals)
    ]  # fmt: skip
    if len(planned) < _FEW_DAYS:
        return 1.0
    return max(0.3, len(set(studied) & set(planned)) / len(planned))


def shares_of_cards(
    domains: Sequence[Sequence[str]], share: Mapping[str, float]
) -> tuple[list[float], list[str]]:
    """What each card counts for, W_k / n_k, and its domain; "" where it counts for nothing.

    A card that names several domains of one exam counts for the first.
    """
    own = [next((d for d in its if d in share), "") for its in domains]
    sizes = Counter(own)
    return [share[d] / sizes[d] if d else 0.0 for d in own], own
