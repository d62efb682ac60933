"""Exam blueprints: which domains a paper has, and how much each weighs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

# 150 questions in 240 minutes.
USUAL_SECONDS = 96.0


@dataclass(frozen=True)
class Domain:
    """One domain of an exam; ``weight`` in percent, None where nobody published one."""

    id: str
    name: str
    weight: float | None = None


@dataclass(frozen=True)
class Blueprint:
    """One version of a certification's outline, as published and as far as it was seen.

    ``planning`` marks the version whose weights plans use; ``weights_of`` names
    another outline whose weights stand in, by position, where this one has none.
    """

    certification: str
    body: str
    outline: str
    version: str
    domains: tuple[Domain, ...]
    planning: bool = False
    weights_of: str = ""
    effective: date | None = None
    until: date | None = None
    questions: int | None = None
    minutes: int | None = None
    pass_mark: str = ""
    note: str = ""
    format: str = ""
    experience: str = ""
    retake: str = ""
    confidence: str = ""
    read: date | None = None
    sources: tuple[str, ...] = field(default=())

    @property
    def seconds_each(self) -> float:
        """Seconds for one question, at the exam's pace or, where it names none, ISACA's."""
        if self.questions and self.minutes:
            return self.minutes * 60 / self.questions
        return USUAL_SECONDS

    @property
    def weighted(self) -> bool:
        """Whether every domain has a weight of its own."""
        return all(domain.weight is not None for domain in self.domains)


def shares(blueprint: Blueprint, others: Iterable[Blueprint] = ()) -> dict[str, float]:
    """Each domain's share of the exam, adding up to 1.

    Published weights where there are any, else those of ``weights_of`` by position,
    else equal shares: an assumption that the page which shows them must name.
    """
    weights = [domain.weight for domain in blueprint.domains]
    if not blueprint.weighted:
        stand_in = next((b for b in others if b.outline == blueprint.weights_of), None)
        if stand_in and stand_in.weighted and len(stand_in.domains) == len(weights):
            weights = [domain.weight for domain in stand_in.domains]
        else:
            weights = [1.0] * len(weights)
    total = sum(weight or 0.0 for weight in weights)
    return {
        domain.id: (weight or 0.0) / total
        for domain, weight in zip(blueprint.domains, weights, strict=True)
    }


def quota(share: Mapping[str, float], count: int) -> dict[str, int]:
    """How many of ``count`` items each domain gets: largest remainders, ties by order.

    Every domain is within one item of its exact share (Hamilton's method).
    """
    exact = {domain: part * count for domain, part in share.items()}
    given = {domain: int(part + 1e-9) for domain, part in exact.items()}
    left = count - sum(given.values())
    by_remainder = sorted(exact, key=lambda domain: given[domain] - exact[domain])
    for domain in by_remainder[:left]:
        given[domain] += 1
    return given
