"""Mock exams: drawing a paper, its clock, and what a finished one says."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from quizapp.domain.blueprints import quota

# Pace options a candidate may choose before the start (WCAG 2.2.1); None is without clock.
PACES: dict[str, float | None] = {"1": 1.0, "1.25": 1.25, "1.5": 1.5, "2": 2.0, "off": None}
# More than this on one item is somebody who walked away; it does not count as time on the item.
LONGEST_LOOK = timedelta(minutes=10)
CONFIDENCES = ("guess", "unsure", "sure")


@dataclass(frozen=True)
class PoolItem:
    """An item that may be drawn."""

    note: int
    domain: str
    topic: str
    seen: bool = False


@dataclass(frozen=True)
class Drawn:
    """An item on a paper; ``repeat`` where the candidate has answered it before."""

    note: int
    domain: str
    repeat: bool


def longest(pool: Mapping[str, int], share: Mapping[str, float]) -> int:
    """The most items a paper can have to the blueprint's weights from what a pool holds."""
    count = sum(pool.get(domain, 0) for domain in share)
    while count and any(n > pool.get(d, 0) for d, n in quota(share, count).items()):
        count -= 1
    return count


def draw(
    pool: Sequence[PoolItem], share: Mapping[str, float], count: int, seed: int
) -> list[Drawn]:
    """A paper of ``count`` items, each domain within one item of its share, in chance order.

    Within a domain unseen items come before seen ones, and topics take turns. The
    same pool, share, count and seed give the same paper. Raises ValueError where the
    pool is too small (see ``longest``).
    """
    chance = random.Random(seed)
    inside: dict[str, list[PoolItem]] = defaultdict(list)
    for item in sorted(pool, key=lambda item: item.note):
        inside[item.domain].append(item)
    paper = []
    for domain, wanted in quota(share, count).items():
        if wanted > len(inside[domain]):
            raise ValueError(f"{domain} has {len(inside[domain])} of {wanted} items")
        ordered = _topics_in_turn(inside[domain], chance)
        ordered.sort(key=lambda item: item.seen)
        paper += [Drawn(item.note, domain, item.seen) for item in ordered[:wanted]]
    chance.shuffle(paper)
    return paper


def _topics_in_turn(items: Sequence[PoolItem], chance: random.Random) -> list[PoolItem]:
    """All items, shuffled, one of each topic before any topic comes again."""
    rows: dict[str, list[PoolItem]] = defaultdict(list)
    for item in chance.sample(items, len(items)):
        rows[item.topic].append(item)
    turn = {
        item.note: (place, chance.random())
        for row in rows.values()
        for place, item in enumerate(row)
    }
    return sorted(items, key=lambda item: turn[item.note])


@dataclass(frozen=True)
class Clock:
    """When a sitting began and ends; server time decides."""

    started: datetime
    ends: datetime | None

    def left(self, now: datetime) -> float | None:
        """Seconds left, not below 0; None without a clock."""
        return None if self.ends is None else max(0.0, (self.ends - now).total_seconds())

    def over(self, now: datetime) -> bool:
        """Whether answers are late from now on."""
        return self.ends is not None and now >= self.ends


def clock(started: datetime, count: int, seconds_each: float, pace: str) -> Clock:
    """The clock of a paper, to the second; raises KeyError for an unknown pace."""
    factor = PACES[pace]
    if factor is None:
        return Clock(started, None)
    return Clock(started, started + timedelta(seconds=round(count * seconds_each * factor)))


@dataclass(frozen=True)
class Answered:
    """One item of a finished paper.

    ``choices`` are the options chosen one after the other (stored positions);
    ``right`` is None where the item was left blank, which counts as wrong.
    """

    domain: str
    right: bool | None
    repeat: bool
    confidence: str = ""
    seconds: float = 0.0
    changed: str = ""


@dataclass(frozen=True)
class Share:
    """k right of n, with its 95 % Wilson interval; all None where n is 0."""

    k: int
    n: int

    @classmethod
    def of(cls, rights: Iterable[bool | None]) -> "Share":
        """Right and all of some answers; a blank is not right."""
        given = list(rights)
        return cls(sum(right is True for right in given), len(given))

    @property
    def share(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.k, self.n)


@dataclass(frozen=True)
class Score:
    """What a finished paper came to, as it is stored with it; blanks are wrong, flags never
    count, and ``first`` leaves out items met before."""

    all: Share
    first: Share
    blank: int
    repeats: int
    domains: Mapping[str, Share]
    confidence: Mapping[str, Share]

    def passed(self, line: float) -> bool:
        """Whether the score reaches a line, a share of 1."""
        return self.all.n > 0 and self.all.k / self.all.n >= line


@dataclass(frozen=True)
class Result:
    """What else a finished paper says: median seconds on an item by domain, answers that were
    changed, and seconds in all."""

    score: Score
    pace: Mapping[str, float]
    changes: Mapping[str, int]
    seconds: float


def score(items: Sequence[Answered]) -> Score:
    """Add up a paper."""
    return Score(
        all=Share.of(item.right for item in items),
        first=Share.of(item.right for item in items if not item.repeat),
        blank=sum(item.right is None for item in items),
        repeats=sum(item.repeat for item in items),
        domains={
            domain: Share.of(item.right for item in items if item.domain == domain)
            for domain in dict.fromkeys(item.domain for item in items)
        },
        confidence={
            word: Share.of(item.right for item in items if item.confidence == word)
            for word in CONFIDENCES
            if any(item.confidence == word for item in items)
        },
    )


def result(items: Sequence[Answered]) -> Result:
    """Everything the result page tells of a paper."""
    looked: dict[str, list[float]] = defaultdict(list)
    for item in items:
        if item.seconds > 0:
            looked[item.domain].append(item.seconds)
    return Result(
        score=score(items),
        pace={domain: median(seconds) for domain, seconds in looked.items()},
        changes=Counter(item.changed for item in items if item.changed),
        seconds=sum(item.seconds for item in items),
    )


def change(choices: Sequence[int], key: int) -> str:
    """What changing one's mind did: right→wrong, wrong→right, wrong→wrong, or nothing."""
    if len(choices) < 2 or choices[0] == choices[-1]:
        return ""
    first, last = (choice == key for choice in (choices[0], choices[-1]))
    return f"{'right' if first else 'wrong'}→{'right' if last else 'wrong'}"


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float] | None:
    """The 95 % interval of a share (Wilson 1927); None without observations."""
    if not n:
        return None
    p, zz = k / n, z * z / n
    middle = (p + zz / 2) / (1 + zz)
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz)
    return max(0.0, middle - half), min(1.0, middle + half)


def known(score: float, options: int = 4) -> float:
    """The share known once guessing is taken out: (s - 1/m) / (1 - 1/m), not below 0."""
    return max(0.0, (score - 1 / options) / (1 - 1 / options))
