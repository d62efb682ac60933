"""What a rule is, what it looks at, and what it reports."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Severity(StrEnum):
    """error keeps an item from being published; the others are advice."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Item(Protocol):
    """What a rule may ask of a note, wherever it comes from (see formats/parsed.py)."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    @property
    def has_id(self) -> bool: ...
    @property
    def line(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def domains(self) -> tuple[str, ...]: ...
    @property
    def objective(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def pool(self) -> str: ...


@dataclass(frozen=True)
class Bank:
    """A deck as the rules see it; ``spelled_out`` are the abbreviations it explains."""

    path: str
    name: str
    items: Sequence[Item]
    outline: tuple[str, ...] = ()
    origin: str = ""
    licence: str = ""
    spelled_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Finding:
    """One rule broken in one place."""

    rule: str
    severity: Severity
    path: str
    line: int
    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity} {self.rule} {self.reason} {self.remedy}"


Reasons = Iterator["str | tuple[Severity, str]"]


@dataclass(frozen=True)
class Rule:
    """A check of one item; it yields a reason, or (severity, reason), for each flaw."""

    id: str
    severity: Severity
    remedy: str
    check: Callable[[Bank, Any], Reasons] = field(compare=False)


def rule(
    rules: list[Rule], id_: str, severity: Severity, remedy: str
) -> Callable[[Callable[[Bank, Any], Reasons]], Callable[[Bank, Any], Reasons]]:
    """Add a function to a list of rules."""

    def add(check: Callable[[Bank, Any], Reasons]) -> Callable[[Bank, Any], Reasons]:
        rules.append(Rule(id_, severity, remedy, check))
        return check

    return add


def found(rules: Iterable[Rule], bank: Bank, item: Item) -> Iterator[Finding]:
    """What these rules find in one item."""
    for one in rules:
        for result in one.check(bank, item):
            severity, reason = (one.severity, result) if isinstance(result, str) else result
            yield Finding(one.id, severity, bank.path, item.line, item.key, reason, one.remedy)
