"""Refusals a person can act on."""

from collections.abc import Mapping
from dataclasses import dataclass


class Refusal(Exception):
    """Says in one sentence what happened and what to do next."""


class Missing(Refusal):
    """What was asked for does not exist for this learner."""


class Misconfigured(Refusal, ValueError):
    """A setting of the installation cannot be used; names the setting."""


class Unfit(Refusal):
    """Fields of a form that cannot be stored; ``problems`` has a sentence for each by its name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join([*problems.values(), "Nothing was changed."]))
        self.problems = problems


class Stale(Refusal):
    """The form was drawn before something else changed the same thing."""


@dataclass
class DeckFileError(Refusal):
    """A deck file does not parse; nothing of it is loaded."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"
