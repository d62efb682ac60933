"""How good the forecasts were: what was foretold beside what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quizapp.domain.exams import CONFIDENCES, Share

# Too few answers to say anything of a group of them.
ENOUGH = 20
# Groups of predicted recall, each from its bound to the next.
BOUNDS = (0.0, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
# Each day in the last two weeks and once a week before: the intervals take their time.
_DAILY = 14


@dataclass(frozen=True)
class Foretold:
    """What was forecast for a goal on one day.

    ``left`` are the days that were left. ``recall`` is what following the plan leads to,
    with its 90 % interval for the exam's number of cards; ``score``, its 90 % ``range`` and
    the ``chance`` to be above the line come from first answers, None where there were too few.
    """

    day: int
    left: int
    recall: float
    interval: tuple[float, float]
    score: float | None = None
    range: tuple[float, float] | None = None
    chance: float | None = None


@dataclass(frozen=True)
class Bucket:
    """Answers whose recall was foretold between two bounds, and how many came true."""

    low: float
    high: float
    foretold: float | None
    recalled: Share

    @property
    def enough(self) -> bool:
        """Whether there is enough to say something."""
        return self.recalled.n >= ENOUGH


def worth_keeping(last: Foretold | None, day: int, left: int) -> bool:
    """Whether a day's forecast is to be kept: the first one, each week, and each of the
    last fourteen days, so that the last before the exam is among them."""
    return last is None or left <= _DAILY or day - last.day >= 7


def buckets(predictions: Iterable[tuple[float, bool]]) -> list[Bucket]:
    """Predicted recall and outcome of reviews, by what was predicted; the lowest first."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in BOUNDS[1:]]
    for predicted, recalled in predictions:
        place = next(n for n, high in enumerate(BOUNDS[1:]) if predicted < high or high == 1)
        groups[place].append((predicted, recalled))
    return [
        Bucket(
            low,
            high,
            sum(p for p, _ in group) / len(group) if group else None,
            Share.of(recalled for _, recalled in group),
        )
        for low, high, group in zip(BOUNDS, BOUNDS[1:], groups, strict=False)
    ]


def together(groups: Sequence[Bucket]) -> Bucket:
    """All groups as one."""
    n = sum(group.recalled.n for group in groups)
    foretold = sum((group.foretold or 0.0) * group.recalled.n for group in groups)
    recalled = Share(sum(group.recalled.k for group in groups), n)
    return Bucket(0.0, 1.0, foretold / n if n else None, recalled)


def verdict(group: Bucket) -> str:
    """What a group says of its forecasts: "holds" where they lie within the 95 % interval of
    what was recalled, "high" or "low" where they promised too much or too little, "" where
    there is too little to tell."""
    interval = group.recalled.interval
    if not group.enough or interval is None or group.foretold is None:
        return ""
    if group.foretold > interval[1]:
        return "high"
    return "low" if group.foretold < interval[0] else "holds"


def by_confidence(answers: Iterable[tuple[str, Share]]) -> dict[str, Share]:
    """Right answers by how sure the learner had been, in the order guess, unsure, sure."""
    found = {word: Share(0, 0) for word in CONFIDENCES}
    for word, share in answers:
        if word in found:
            found[word] = Share(found[word].k + share.k, found[word].n + share.n)
    return found


def passes(exams: Iterable[tuple[float, bool]]) -> tuple[float, int, int]:
    """Of exams with a chance foretold and a result: how many were expected to be passed, how
    many were, and of how many."""
    held = list(exams)
    return sum(chance for chance, _ in held), sum(passed for _, passed in held), len(held)
