"""Note types as Anki knows them: fields by name, and templates that make cards of them.

A note of kind "custom" belongs to one. Its fields are HTML; what its cards show is
worked out when they are shown (domain/templates/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("normal", "cloze", "occlusion")


@dataclass(frozen=True)
class Template:
    """One card of each note: its front and back in Anki's template language."""

    name: str
    question: str
    answer: str


@dataclass(frozen=True)
class NoteType:
    """A kind of note.

    key         what it is recognised by: Anki's id as text, or a name of our own
    kind        "normal": a card per template; "cloze": a card per cloze number;
                "occlusion": a cloze whose gaps are shapes on an image
    fields      their names, in order
    sort_field  the place of the field that stands for the note in lists
    extra       what only Anki's editor needs (fonts, LaTeX heads, …), kept for export
    """

    key: str
    name: str
    kind: str
    fields: tuple[str, ...]
    templates: tuple[Template, ...]
    css: str = ""
    sort_field: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
