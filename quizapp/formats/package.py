"""What somebody brings or takes away, whatever the file's format.

Every reader makes a ``Package`` and every writer takes one; nothing in it depends on a
database. ``formats/jsonl.py`` writes it down as it is, a line for each note: that is both
the export of everything and what waits between a preview and its commit.

Names of decks join their parts with "::", as in "Security::Risk". Keys, names and tags
are Unicode in normal form C without control characters; a reader sees to that. The bounds
beside the types hold for what is read from such lines.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from quizapp.domain.notetypes import NoteType

STATES = ("new", "learning", "review", "relearning")
HELD = ("", "suspended", "buried", "sibling")
# What an entry of a review log was, by Anki's numbers 0 to 5.
LOGGED = ("learn", "review", "relearn", "early", "manual", "rescheduled")

LONG = 1 << 31
LATEST = (1 << 33) * 1000
Count = Annotated[int, Meta(ge=0, le=LONG)]
Span = Annotated[int, Meta(ge=-LONG, le=LONG)]
Seconds = Annotated[int, Meta(ge=0, le=LATEST // 1000)]
Moment = Annotated[int, Meta(ge=0, le=LATEST)]
Limit = Annotated[int, Meta(ge=0, le=100_000)]


class PackedReview(NamedTuple):
    """One entry of a review log, with the numbers as Anki writes them.

    A tuple, because a collection has hundreds of thousands of them.

    at             milliseconds since 1970 in UTC
    rating         1 to 4; 0 where it was no answer
    logged         place in LOGGED
    interval, last_interval   days above zero, seconds below
    factor         ease x 1000, or FSRS difficulty as ((D - 1) / 9 + 0.1) x 1000
    """

    at: Annotated[int, Meta(ge=1, le=LATEST)]
    rating: Annotated[int, Meta(ge=0, le=4)]
    logged: Annotated[int, Meta(ge=0, le=5)]
    interval: Span
    last_interval: Span
    factor: Count
    milliseconds: Count


class Packed(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What is written as an object of JSON, without what is as it would be anyway."""


class PackedCard(Packed, frozen=True):
    """One card of a note, and what its learner knows of it.

    ord        which template, or cloze number less one
    due        the calendar day (ISO) of a review or of a learning step that spans days
    due_at     milliseconds since 1970 of a step within the day; never both
    position   the place of a new card among the new ones
    left       learning steps still to do
    ease       x 1000; 0 where there is none
    last_at    milliseconds since 1970 of the last answer
    held       why it does not come by itself: see HELD
    extra      what only Anki knows (id, custom data, desired retention, …), kept for export
    """

    ord: Annotated[int, Meta(ge=0, le=499)]
    deck: str
    state: str = "new"
    held: str = ""
    due: str | None = None
    due_at: Moment | None = None
    position: Span | None = None
    interval: Annotated[int, Meta(ge=0, le=36_500)] = 0
    left: Annotated[int, Meta(ge=0, le=1_000)] = 0
    ease: Annotated[int, Meta(ge=0, le=65_535)] = 0
    reps: Count = 0
    lapses: Count = 0
    flag: Annotated[int, Meta(ge=0, le=7)] = 0
    stability: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    difficulty: Annotated[float, Meta(ge=1, le=10)] | None = None
    last_at: Moment | None = None
    extra: Mapping[str, Any] = {}
    reviews: Annotated[tuple[PackedReview, ...], Meta(max_length=20_000)] = ()


class PackedNote(Packed, frozen=True):
    """One note with its cards.

    key        Anki's guid, or the ID of a Markdown deck
    kind       "custom" with a note type, else one of domain/cards.py KINDS
    fields     custom: HTML by field name, in the type's order; else as the kind needs
    deck       where its cards go that have no deck of their own
    tags       hierarchical with "::"; "marked" and "leech" are tags, as in Anki
    modified   seconds since 1970, 0 where unknown
    created    milliseconds since 1970 (Anki's note id), 0 where unknown
    where      where it stands in its file, as a person would look for it: "row 12"
    cards      none where the file says nothing of cards: all that its kind makes, new
    """

    key: str
    kind: str
    fields: Mapping[str, Any]
    deck: str
    notetype: str = ""
    tags: Annotated[tuple[str, ...], Meta(max_length=500)] = ()
    modified: Seconds = 0
    created: Moment = 0
    where: str = ""
    topic: str = ""
    reference: str = ""
    domains: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    objective: str = ""
    level: str = ""
    pool: str = "study"
    cards: Annotated[tuple[PackedCard, ...], Meta(max_length=500)] = ()


class PackedDeck(Packed, frozen=True):
    """A deck by its full name, with the limits its owner gave it.

    topic      the heading of the curriculum it belongs to
    outline    the exam outlines it is written for
    origin, licence   where the material is from, and how it may be used
    updated    the day (ISO) it was last worked over
    """

    name: str
    description: str = ""
    new_per_day: Limit | None = None
    reviews_per_day: Limit | None = None
    desired_retention: Annotated[float, Meta(ge=0.5, le=0.999)] | None = None
    extra: Mapping[str, Any] = {}
    topic: str = ""
    outline: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    origin: str = ""
    licence: str = ""
    updated: str = ""


class PackedMedia(Packed, frozen=True):
    """A file that notes refer to by name; its bytes lie under their SHA-256 (hex)."""

    name: str
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=0, le=1 << 40)]


class Refused(Packed, frozen=True):
    """Something a file holds that cannot be taken: where it stands, and a sentence why."""

    where: str
    reason: str


@dataclass
class Package:
    """All of it; ``notes`` may be read once and fills ``refused`` and ``remarks`` as it goes.

    source     the format it came from: "apkg", "colpkg", "text", "markdown", "hashcards",
               "paste" or "jsonl"
    media_in   the folder with the bytes of ``media``: see bytes_of
    progress   whether it brings states, due dates or a review log
    dated      the day (ISO) it was made, where it says
    remarks    what the reader did that one should know: "Read as Windows-1252."
    """

    source: str
    notetypes: list[NoteType]
    decks: list[PackedDeck]
    notes: Iterable[PackedNote]
    media: list[PackedMedia] = field(default_factory=list)
    media_in: Path | None = None
    progress: bool = False
    dated: str = ""
    refused: list[Refused] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def bytes_of(package: Package, medium: PackedMedia) -> Path | None:
    """Where the bytes of a medium lie: in a file named by its digest, or below a folder of
    the digest's first two characters; None where they are gone."""
    if package.media_in is None:
        return None
    for place in (medium.digest, f"{medium.digest[:2]}/{medium.digest}"):
        if (package.media_in / place).is_file():
            return package.media_in / place
    return None
