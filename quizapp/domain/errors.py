"""Refusals a person can act on."""

from dataclasses import dataclass


class Refusal(Exception):
    """Says in one sentence what happened and what to do next."""


class Unfit(Refusal):
    """Something that was typed cannot be used; ``field`` names where."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class Missing(Refusal):
    """What was asked for does not exist for this learner."""


class Misconfigured(Refusal, ValueError):
    """A setting of the installation cannot be used; names the setting."""


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
