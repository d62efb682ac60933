"""What comparing looks at of each note, so that most of a package need not be read again.

The child that reads a file writes a list beside the lines of its package (see reading.py and
jsonl.py): one entry for each note, with the place of its line. An import that is the same as
what is stored reads that list and hardly a note.

The list is as little to be trusted as the lines. What an entry leads to is held against its
bounds when it is read.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from quizapp.domain.cards import card_count
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.templates import cards_of
from quizapp.formats import jsonl
from quizapp.formats.package import Package, PackedCard, PackedNote

# In Anki these are tags; here they are kept with what a learner knows of a card.
KEPT_WITH_CARDS = ("marked", "leech")

_BROKEN = "What was read of this file is damaged. Choose the file again."
_sorted = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True).encode


class Entry(NamedTuple):
    """A note in brief; a tuple, because there are so many.

    digest    equal where nothing of the content is to change
    modified  seconds since 1970, 0 where unknown
    cards     how many cards it makes
    logs      of each card that has a log: its number, how often it was answered, when last
              (milliseconds since 1970), and the entries
    reviews   entries of its log
    place, length   where its line stands in the file, in bytes
    """

    key: str
    digest: Annotated[str, Meta(min_length=64, max_length=64)]
    modified: int
    cards: int
    logs: Sequence[tuple[int, int, int, int]]
    reviews: int
    place: int
    length: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


@dataclass(frozen=True)
class Contents:
    """The notes of a package: in brief, as often as wanted, and one by one."""

    entries: Callable[[], Iterator[Entry]]
    note: Callable[[Entry], PackedNote]


def write(package: Package, path: Path, listed: Path) -> None:
    """Write a package down as JSON lines, and the list of its notes beside it."""
    types = {type_.key: type_ for type_ in package.notetypes}
    with listed.open("wb") as file:

        def note_down(note: PackedNote, place: int, length: int) -> None:
            file.write(_encode(entry_of(note, types, place, length)) + b"\n")

        end = jsonl.write(package, path, note_down)
        file.write(f"{end}\n".encode())


@contextmanager
def opened(package: Package, path: Path, listed: Path) -> Iterator[Contents]:
    """The contents of a package that ``write`` wrote; what it refused joins ``package``.

    Raises Refusal where one of the files is not as it should be, also while it is read.
    """
    types = {type_.key: type_ for type_ in package.notetypes}
    with path.open("rb") as lines:

        def note(entry: Entry) -> PackedNote:
            found = jsonl.note_at(lines, entry.place, entry.length, types)
            if found.key != entry.key:
                raise Refusal(_BROKEN)
            return found

        jsonl.take_rest(package, path, _end(listed))
        yield Contents(lambda: _listed(listed), note)


def of_package(package: Package) -> Contents:
    """The contents of a package in memory."""
    types = {type_.key: type_ for type_ in package.notetypes}
    notes = list(package.notes)
    entries = [entry_of(note, types, place, 1) for place, note in enumerate(notes)]
    return Contents(lambda: iter(entries), lambda entry: notes[entry.place])


def changed(
    contents: Contents, types: Mapping[str, NoteType], change: Callable[[PackedNote], PackedNote]
) -> Contents:
    """The contents with every note changed in some way."""

    def note(entry: Entry) -> PackedNote:
        return change(contents.note(entry))

    def entries() -> Iterator[Entry]:
        for entry in contents.entries():
            yield entry_of(note(entry), types, entry.place, entry.length)

    return Contents(entries, note)


def entry_of(note: PackedNote, types: Mapping[str, NoteType], place: int, length: int) -> Entry:
    """A note in brief."""
    reviews = 0
    logs = []
    for card in note.cards:
        if card.reviews:
            reviews += len(card.reviews)
            last_at = card.reviews[-1].at if card.last_at is None else card.last_at
            logs.append((card.ord, card.reps, last_at, len(card.reviews)))
    return Entry(
        note.key, digest(note), note.modified, len(cards(note, types)), logs, reviews, place, length
    )


def tags(note: PackedNote) -> list[str]:
    """A note's tags but those that are kept with its cards."""
    return [tag for tag in note.tags if tag.casefold() not in KEPT_WITH_CARDS]


def digest(note: PackedNote) -> str:
    """What stands for a note's content: equal where nothing is to change."""
    content = (
        note.kind, note.notetype, note.fields, sorted(tags(note)), note.topic, note.reference,
        note.domains, note.objective, note.level, note.pool,
    )  # fmt: skip
    return sha256(_sorted(content).encode("utf-8", "surrogatepass")).hexdigest()


def cards(note: PackedNote, types: Mapping[str, NoteType]) -> Sequence[PackedCard]:
    """The cards the file gives a note, or all that its text makes, new."""
    if note.cards:
        return note.cards
    if note.kind == "custom":
        ords = cards_of(types[note.notetype], note.fields)
    else:
        ords = list(range(card_count(note.kind, note.fields)))
    return [PackedCard(ord=ord_, deck=note.deck) for ord_ in ords]


def _listed(path: Path) -> Iterator[Entry]:
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"["):
                yield _entry(line)


def _entry(line: bytes) -> Entry:
    try:
        return _decode(line)
    except ValueError:
        raise Refusal(_BROKEN) from None


def _end(path: Path) -> int:
    """Where the notes end, which the list's last line says."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 30))
        last = file.read().rsplit(b"\n", 2)[-2:-1]
    if not last or not last[0].isdigit():
        raise Refusal(_BROKEN)
    return int(last[0])
