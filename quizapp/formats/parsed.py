"""A deck as it stands in a file, whatever the file's format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ParsedNote:
    """One note; ``fields`` has the shape its kind needs (see domain/cards.py).

    Without ``has_id`` the key was derived from what the note asks.
    """

    key: str
    kind: str
    fields: Mapping[str, Any]
    line: int
    topic: str = ""
    tags: tuple[str, ...] = ()
    reference: str = ""
    domains: tuple[str, ...] = ()
    objective: str = ""
    level: str = ""
    pool: str = "study"
    has_id: bool = True


@dataclass(frozen=True)
class ParsedDeck:
    """A deck and its notes in the order of the file."""

    key: str
    name: str
    description: str = ""
    topic: str = ""
    parent: str = ""
    outline: tuple[str, ...] = ()
    origin: str = ""
    licence: str = ""
    updated: str = ""
    notes: tuple[ParsedNote, ...] = field(default=())
