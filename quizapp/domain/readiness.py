"""How ready the evidence says one is, and what is weak."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quizapp.domain.exams import Share

# Below these nothing is said (first-exposure answers).
ENOUGH_IN_ALL = 100
ENOUGH_IN_DOMAIN = 20
HEAVY = 0.10
_DRAWS = 4000
_PRIOR = 4.0


@dataclass(frozen=True)
class Verdict:
    """The practice score expected on a paper, its 90 % interval, and the chance to be above
    a line; all None while there are too few answers, of which ``missing`` says how many."""

    score: float | None
    interval: tuple[float, float] | None
    chance: float | None
    missing: Mapping[str, int]
    missing_in_all: int


def verdict(
    first: Mapping[str, Share],
    share: Mapping[str, float],
    line: float,
    seed: int,
    options: int = 4,
    draws: int = _DRAWS,
) -> Verdict:
    """Weigh first-exposure accuracy by the exam's weights.

    score = sum of W_k * p_k, p_k drawn from Beta(k + a, n - k + b), where a and b are four
    answers' worth at half-way between guessing and knowing all: a + b = 4, mean
    (1/options + 1) / 2. Domains without an answer are drawn from that prior alone.
    """
    answers = sum(found.n for found in first.values())
    missing = {
        domain: ENOUGH_IN_DOMAIN - first.get(domain, Share(0, 0)).n
        for domain, weight in share.items()
        if weight >= HEAVY and first.get(domain, Share(0, 0)).n < ENOUGH_IN_DOMAIN
    }
    in_all = max(0, ENOUGH_IN_ALL - answers)
    if missing or in_all:
        return Verdict(None, None, None, missing, in_all)
    chance = random.Random(seed)
    a = _PRIOR * (1 / options + 1) / 2
    drawn = sorted(
        sum(
            weight
            * chance.betavariate(
                first.get(domain, Share(0, 0)).k + a,
                first.get(domain, Share(0, 0)).n - first.get(domain, Share(0, 0)).k + _PRIOR - a,
            )
            for domain, weight in share.items()
        )
        for _ in range(draws)
    )
    return Verdict(
        score=sum(drawn) / draws,
        interval=(drawn[draws // 20], drawn[draws - draws // 20]),
        chance=sum(score >= line for score in drawn) / draws,
        missing={},
        missing_in_all=0,
    )


def by_domain(
    answers: Iterable[tuple[Sequence[str], bool]], share: Mapping[str, float]
) -> dict[str, Share]:
    """First answers of each domain of an exam; one that names several counts for the first."""
    found: dict[str, list[bool]] = {domain: [] for domain in share}
    for domains, right in answers:
        domain = next((d for d in domains if d in share), None)
        if domain:
            found[domain].append(right)
    return {domain: Share.of(rights) for domain, rights in found.items()}


def asked(share: Mapping[str, float], having: Iterable[str]) -> dict[str, float]:
    """The shares of those domains that have questions, adding up to 1."""
    kept = {domain: share[domain] for domain in share if domain in set(having)}
    total = sum(kept.values())
    return {domain: part / total for domain, part in kept.items()} if total > 0 else {}


@dataclass(frozen=True)
class Topic:
    """What is known of one sub-topic; recall is a share, None without a card that was seen.

    ``weight`` is the share of the exam its cards stand for, 1 over all topics.
    """

    domain: str
    deck: str
    name: str
    cards: tuple[int, ...]
    seen: int
    recall: float | None
    on_day: float | None
    first: Share
    lapses: int
    misconceptions: int
    weight: float

    @property
    def coverage(self) -> float:
        return self.seen / len(self.cards) if self.cards else 0.0

    @property
    def shortfall(self) -> float:
        """What is not recalled, cards never seen counting as not known."""
        return 1.0 - (self.recall or 0.0) * self.coverage

    @property
    def worth(self) -> float:
        """Weight times shortfall: what there is to gain."""
        return self.weight * self.shortfall


def weakest(topics: Sequence[Topic]) -> list[Topic]:
    """Topics by what is worth most, ties by name."""
    return sorted(topics, key=lambda t: (-t.worth, t.deck, t.name))
