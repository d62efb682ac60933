"""What a learner decides about an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quizapp.domain.errors import Refusal

POLICIES = ("newer", "always", "never")
_LONGEST = 200


@dataclass(frozen=True)
class Choices:
    """The decisions, with the defaults that lose nothing.

    progress   whether states, due dates and the log come along
    existing   notes that are here already take the file's text where it is "newer" there,
               "always" or "never"
    theirs     notes (ids) where both sides changed a field and the file's text shall stand
    all_theirs  whether it shall stand in every such note
    set_aside  whether notes that the file no longer has go out of study
    under      the deck to put everything under; "" leaves the decks as the file names them
    origin, licence   where the material is from, kept with its decks
    """

    progress: bool = False
    existing: str = "newer"
    theirs: tuple[int, ...] = ()
    all_theirs: bool = False
    set_aside: bool = False
    under: str = ""
    origin: str = ""
    licence: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Choices":
        """The choices that were written down with the work."""
        return cls(**{**values, "theirs": tuple(values.get("theirs", ()))})

    def check(self) -> None:
        """Raise Refusal where they are none."""
        if self.existing not in POLICIES:
            raise Refusal("Choose what to do with notes that are here already.")
        for name, text in (
            ("deck", self.under),
            ("origin", self.origin),
            ("licence", self.licence),
        ):
            if len(text) > _LONGEST:
                raise Refusal(f"The {name} is longer than {_LONGEST} characters. Shorten it.")
