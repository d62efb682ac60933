"""Notes that come back as text, from a Markdown deck or a table that was exported here.

Text says less than a note may hold. Such a file is held against what the export writes of
the note that is here: what is equal changes nothing, and of what was edited each side goes
into the field it came from. A note of which text cannot say enough for that stays.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from quizapp.actions.imports.notes import chunks
from quizapp.actions.imports.recognising import TABLES
from quizapp.domain.cards import fits
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import STOCK
from quizapp.formats.contents import Contents, Entry, entry_of, tags
from quizapp.formats.package import Package, PackedNote, Refused
from quizapp.formats.text_head import folded
from quizapp.formats.there_and_back import (
    as_markdown,
    sides_put_back,
    through_markdown,
    through_table,
)
from quizapp.storage import imports
from quizapp.storage.imports import Content, Known

DECKS = ("markdown", "hashcards")
STAYS = (
    "The note here has more than plain text can say, so it stays as it is. Edit it here, or"
    " bring a package."
)
OTHER_KIND = "The note here is of another kind, so it stays as it is. Give this one another ID."
_SAID = ("tags", "topic", "reference", "domains", "objective", "level", "pool")


@dataclass(frozen=True)
class Returned:
    """The contents as they are to be taken; ``stays`` are the keys of notes that are left as
    they are here, and are in the contents no more."""

    contents: Contents
    stays: Set[str]


def returned(
    learner: Learner, package: Package, contents: Contents, known: Mapping[str, Known]
) -> Returned:
    """The contents with the notes that are here as the file's text changes them.

    ``package`` gets the note types of these, and a refusal for each note that stays.
    """
    if package.source not in (*DECKS, *TABLES):
        return Returned(contents, frozenset())
    here = dict(imports.notetypes(learner.id).values())
    types = {type_.key: type_ for type_ in (*STOCK, *here.values())}
    brought = {type_.key: type_ for type_ in package.notetypes}
    same: dict[int, int] = {}
    changed: dict[int, PackedNote] = {}
    stays: dict[int, str] = {}
    refused: list[Refused] = []
    used: set[str] = set()
    for chunk in chunks(_differing(contents, known)):
        ids = [known[entry.key].id for entry in chunk]
        stored = imports.contents(learner.id, ids)
        for entry in chunk:
            there = known[entry.key]
            content = stored[there.id]
            note = contents.note(entry)
            found = _held_against(note, content, here, types, brought, package.source)
            if isinstance(found, str):
                stays[entry.place] = entry.key
                refused.append(Refused(note.where or entry.key, found))
                continue
            if found is note:
                continue
            used.add(found.notetype)
            if found == _packed(entry.key, content, here):
                same[entry.place] = there.id
            else:
                changed[entry.place] = structs.replace(found, deck=note.deck, where=note.where)
    _tell(package, [type_ for type_ in here.values() if type_.key in used], refused)
    if not (same or changed or stays):
        return Returned(contents, frozenset())
    types = {type_.key: type_ for type_ in package.notetypes}

    def note_of(entry: Entry) -> PackedNote:
        if entry.place in changed:
            return changed[entry.place]
        if entry.place in same:
            id_ = same[entry.place]
            return _packed(entry.key, imports.contents(learner.id, [id_])[id_], here)
        return contents.note(entry)

    def entries() -> Iterator[Entry]:
        for entry in contents.entries():
            if entry.place in changed:
                yield entry_of(changed[entry.place], types, entry.place, entry.length)
            elif entry.place in same:
                yield entry._replace(digest=known[entry.key].digest.rpartition(":")[2])
            elif entry.place not in stays:
                yield entry

    return Returned(Contents(entries, note_of), frozenset(stays.values()))


def gone(
    learner: Learner, package: Package, decks: Sequence[int], keys: Collection[str]
) -> list[tuple[int, str]]:
    """Imported notes of some decks that a file could have held and does not: id and label.

    ``keys`` are those of all its notes, with those that stay. What an export as text leaves
    out is not gone from it.
    """
    found = imports.gone(learner.id, decks, keys)
    if package.source not in (*DECKS, *TABLES):
        return found
    here = dict(imports.notetypes(learner.id).values())
    types = {type_.key: type_ for type_ in here.values()}
    kept = []
    for piece in chunks(found):
        stored = imports.contents(learner.id, [id_ for id_, _ in piece])
        for id_, shown in piece:
            note = _packed("gone", stored[id_], here)
            if package.source in DECKS:
                is_said = through_markdown(note, types) is not None
            else:
                is_said = note.pool == "study" and (note.kind == "choice") != bool(
                    package.notetypes
                )
            if is_said:
                kept.append((id_, shown))
    return kept


def _differing(contents: Contents, known: Mapping[str, Known]) -> Iterator[Entry]:
    """Entries of own notes that are here with another text."""
    for entry in contents.entries():
        there = known.get(entry.key)
        if there and not there.shipped and there.digest.rpartition(":")[2] != entry.digest:
            yield entry


def _tell(package: Package, types: Sequence[NoteType], refused: Sequence[Refused]) -> None:
    """Add to a package what it lacks of these; it may be looked at more than once."""
    keys = {type_.key for type_ in package.notetypes}
    package.notetypes = [*package.notetypes, *(each for each in types if each.key not in keys)]
    told = set(package.refused) if refused else set()
    package.refused += [each for each in refused if each not in told]


def _packed(
    key: str, content: Content, here: Mapping[int, NoteType], worded: bool = False
) -> PackedNote:
    """A stored note as an export has it, in its file's wording or in the learner's own."""
    fields: Mapping[str, Any] = content.fields
    if worded and content.own is not None and fits(content.kind, fields, content.own):
        fields = {**fields, **content.own} if content.kind == "custom" else content.own
    notetype = "" if content.notetype is None else here[content.notetype].key
    if content.notetype is not None:
        fields = {name: fields.get(name, "") for name in here[content.notetype].fields}
    return PackedNote(
        key=key,
        kind=content.kind,
        fields=fields,
        deck="Deck",
        notetype=notetype,
        tags=tuple(content.tags),
        topic=content.topic,
        reference=content.reference,
        domains=tuple(content.domains),
        objective=content.objective,
        level=content.level,
        pool=content.pool,
    )


def _held_against(
    read: PackedNote,
    content: Content,
    here: Mapping[int, NoteType],
    types: Mapping[str, NoteType],
    brought: Mapping[str, NoteType],
    source: str,
) -> PackedNote | str:
    """The note here with what the file's text changes in it; the note read, as it is, where
    it is of another kind that may replace it; or why the note here stays."""
    stored = _packed(read.key, content, here)
    in_decks = source in DECKS
    for worded in (True, False):
        note = _packed(read.key, content, here, worded)
        written = through_markdown(note, types) if in_decks else through_table(note)
        if written is None:
            return STAYS
        if _is_alike(written, read, types, brought) and _says_the_same(written, read):
            return stored
        if worded:
            latest = written
    if not _is_alike(latest, read, types, brought):
        if in_decks and stored.kind == "custom":
            return OTHER_KIND
        return read
    fields = _fields(stored, latest, read, types)
    if fields is None:
        return STAYS
    said = {
        name: getattr(read, name) for name in _SAID if _value(read, name) != _value(latest, name)
    }
    return structs.replace(stored, fields=fields, **said)


def _is_alike(
    written: PackedNote,
    read: PackedNote,
    types: Mapping[str, NoteType],
    brought: Mapping[str, NoteType],
) -> bool:
    """Whether what was read is of the kind that was written, and of a type of that name."""
    if written.kind != read.kind:
        return False
    if written.kind != "custom" or written.notetype == read.notetype:
        return True
    one, other = types.get(written.notetype), brought.get(read.notetype)
    return bool(one and other and folded(one.name) == folded(other.name))


def _says_the_same(one: PackedNote, other: PackedNote) -> bool:
    return _sides(one) == _sides(other) and all(
        _value(one, name) == _value(other, name) for name in _SAID
    )


def _value(note: PackedNote, name: str) -> Any:
    """What a note says besides its fields; tags in any order."""
    if name == "tags":
        return sorted(tag.casefold() for tag in tags(note))
    return getattr(note, name)


def _sides(note: PackedNote) -> Any:
    """The fields, those of a note type by their place: it may be another of the same name."""
    if note.kind != "custom":
        return note.fields
    values = list(note.fields.values())
    while values and not values[-1]:
        values.pop()
    return values


def _fields(
    stored: PackedNote, written: PackedNote, read: PackedNote, types: Mapping[str, NoteType]
) -> Mapping[str, Any] | None:
    """The stored fields with those that differ in what was read from what was written."""
    if _sides(written) == _sides(read):
        return stored.fields
    if stored.kind == written.kind:
        values = dict(zip(written.fields, _in_place(written, read), strict=True))
        if stored.kind == "custom" and len(_sides(read)) > len(written.fields):
            return None
        return {
            name: stored.fields[name] if values[name] == written.fields[name] else values[name]
            for name in written.fields
        }
    if stored.kind == "custom":
        put = sides_put_back(stored.fields, types[stored.notetype], written.fields, read.fields)
    else:
        values = dict(zip(written.fields, _in_place(written, read), strict=True))
        cells = {name: text for name, text in values.items() if text != written.fields[name]}
        put = as_markdown(stored, cells)
    return None if put is None else {**stored.fields, **put}


def _in_place(written: PackedNote, read: PackedNote) -> list[Any]:
    """The fields read, in the order of those written: by name, or by place in a note type."""
    if written.kind != "custom":
        return [read.fields[name] for name in written.fields]
    values = list(read.fields.values())
    return [*values, *[""] * len(written.fields)][: len(written.fields)]
