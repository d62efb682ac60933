"""Rows of a table that bring no ID, and the notes here that ask the same.

Somebody brings a package, and later a table of the same notes. Its rows have keys made of
their note type and first field (formats/text.py), which no note of the package has. Such a
row is the note here of the same type whose first field says the same, apart from markup.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import structs

from quizapp.actions.imports.notes import path_of
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.formats import names
from quizapp.formats.contents import Contents, Entry, entry_of
from quizapp.formats.limits import MOST_TAGS
from quizapp.formats.package import Package, PackedNote
from quizapp.formats.text import asked_first, scope_of
from quizapp.storage import imports
from quizapp.storage.fields import OBJECT, TEXTS, from_json
from quizapp.storage.imports import Known, OfType

# Where rows come from whose keys may be derived; all else brings keys of its own.
TABLES = ("text", "paste")


class _Row(NamedTuple):
    """A row in search of its note; ``deck`` is the only one where it may be, None for any."""

    place: int
    key: str
    deck: int | None


class _Found(NamedTuple):
    """The note that a row is: its key here, the key the row has, and what is stored."""

    key: str
    derived: str
    stored: OfType


def recognised(
    learner: Learner,
    package: Package,
    contents: Contents,
    known: Mapping[str, Known],
    under: str = "",
) -> tuple[Contents, int]:
    """The contents with the keys that rows without an ID have here, and how many found one.

    Of several notes that ask the same the oldest is taken, those in study before those set
    aside, and the file's wording before the learner's own. A note that has a row's key is
    that row's. ``under`` is the deck that the file's decks are to go under, see Choices.

    Such a row says of its note what its cells say: the first field stays as it stands here,
    markup and all, and so does a field whose cell is empty; tags are added.
    """
    found = _found(learner, package, contents, known, under)
    if not found:
        return contents, 0
    types = {type_.key: type_ for type_ in package.notetypes}

    def note(entry: Entry) -> PackedNote:
        there = found.get(entry.place)
        if there is None:
            return contents.note(entry)
        return _united(contents.note(entry._replace(key=there.derived)), there)

    def entries() -> Iterator[Entry]:
        for entry in contents.entries():
            if entry.place in found:
                yield entry_of(note(entry), types, entry.place, entry.length)
            else:
                yield entry

    return Contents(entries, note), len(found)


def _found(
    learner: Learner,
    package: Package,
    contents: Contents,
    known: Mapping[str, Known],
    under: str,
) -> dict[int, _Found]:
    """The notes that rows are, by the row's place in the file."""
    if package.source not in TABLES:
        return {}
    here = imports.notetypes(learner.id)
    wanted = _wanted(learner, contents, known, under, here)
    keys = {there.id: key for key, there in known.items()} if wanted else {}
    found: dict[int, _Found] = {}
    for type_key, rows in wanted.items():
        best: dict[int, tuple[tuple[bool, bool, int], _Found]] = {}
        id_, type_ = here[type_key]
        for said, reworded, stored in _said(learner, id_, type_.fields[0]):
            if said not in rows or stored.id not in keys:
                continue
            there = known[keys[stored.id]]
            rank = (there.retired, reworded, stored.id)
            for row in rows[said]:
                fits = row.deck is None or row.deck == there.deck
                if fits and (row.place not in best or rank < best[row.place][0]):
                    best[row.place] = rank, _Found(keys[stored.id], row.key, stored)
        found |= {place: note for place, (_, note) in best.items()}
    return found


def _wanted(
    learner: Learner,
    contents: Contents,
    known: Mapping[str, Known],
    under: str,
    here: Mapping[str, tuple[int, NoteType]],
) -> dict[str, dict[str, list[_Row]]]:
    """Rows without an ID whose key no note has, by note type and what they ask."""
    wanted: dict[str, dict[str, list[_Row]]] = {}
    decks = imports.own_decks(learner.id)
    for entry in contents.entries():
        if entry.key in known or not names.may_be_derived(entry.key):
            continue
        note = contents.note(entry)
        scope = scope_of(note)
        if scope is None or note.notetype not in here:
            continue
        deck = decks.get("::".join(path_of(scope, under)).casefold()) if scope else None
        if scope and deck is None:
            continue
        row = _Row(entry.place, entry.key, deck and deck[0])
        wanted.setdefault(note.notetype, {}).setdefault(asked_first(note), []).append(row)
    return wanted


def _said(learner: Learner, notetype: int, first: str) -> Iterator[tuple[str, bool, OfType]]:
    """What the notes of a type ask, whether in the learner's own words, and the note."""
    own = imports.wordings_of_type(learner.id, notetype)
    for stored in imports.notes_of_type(notetype):
        yield names.asked(str(from_json(stored.fields, OBJECT).get(first, ""))), False, stored
        if stored.id in own:
            yield names.asked(str(own[stored.id].get(first, ""))), True, stored


def _united(row: PackedNote, there: _Found) -> PackedNote:
    """A note as it is here, with what a row says of it."""
    stored = there.stored
    fields = from_json(stored.fields, OBJECT)
    first = next(iter(row.fields))
    kept = {
        name: fields.get(name, "") if name == first or not said else said
        for name, said in row.fields.items()
    }
    return structs.replace(
        row,
        key=there.key,
        fields=kept,
        tags=_with_tags(from_json(stored.tags, TEXTS), row.tags),
        topic=stored.topic,
        reference=stored.reference,
        domains=tuple(from_json(stored.domains, TEXTS)),
        objective=stored.objective,
        level=stored.level,
        pool=stored.pool,
    )


def _with_tags(here: list[str], more: tuple[str, ...]) -> tuple[str, ...]:
    """Tags with others added, whatever their capitals; none that is here is lost."""
    folded = {tag.casefold() for tag in here}
    added = [tag for tag in more if tag.casefold() not in folded]
    return (*here, *added[: max(0, MOST_TAGS - len(here))])
