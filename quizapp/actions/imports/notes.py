"""A packed note as comparing and laying down look at it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Any
from urllib.parse import quote

from quizapp.domain.cards import card_count
from quizapp.domain.notetypes import NoteType
from quizapp.domain.templates import cards_of
from quizapp.formats.faces import faces, rendered_by
from quizapp.formats.labels import faces_of_label, label
from quizapp.formats.package import Package, PackedCard, PackedNote

_CHUNK = 1_000

# In Anki these are tags; here they are kept with what a learner knows of a card.
KEPT_WITH_CARDS = ("marked", "leech")


def chunks(notes: Iterable[PackedNote]) -> Iterator[list[PackedNote]]:
    """The notes in lists that memory and the database take well."""
    waiting = iter(notes)
    while piece := list(islice(waiting, _CHUNK)):
        yield piece


def tags(note: PackedNote) -> list[str]:
    """A note's tags but those that are kept with its cards."""
    return [tag for tag in note.tags if tag.casefold() not in KEPT_WITH_CARDS]


def digest(note: PackedNote) -> str:
    """What stands for a note's content: equal where nothing is to change."""
    content = [
        note.kind, note.notetype, note.fields, sorted(tags(note)), note.topic, note.reference,
        note.domains, note.objective, note.level, note.pool,
    ]  # fmt: skip
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stored_digest(note: PackedNote) -> str:
    """The digest as it is stored: one whose faces are stored names their renderer before."""
    return digest(note) if note.kind == "custom" else f"{rendered_by()}:{digest(note)}"


def cards(note: PackedNote, types: Mapping[str, NoteType]) -> Sequence[PackedCard]:
    """The cards the file gives a note, or all that its text makes, new."""
    if note.cards:
        return note.cards
    if note.kind == "custom":
        ords = cards_of(types[note.notetype], note.fields)
    else:
        ords = list(range(card_count(note.kind, note.fields)))
    return [PackedCard(ord=ord_, deck=note.deck) for ord_ in ords]


def shown_in_lists(
    kind: str, fields: Mapping[str, Any], objective: str, type_: NoteType | None
) -> list[dict[str, Any]]:
    """What is stored of how a note looks: a line for a custom one, else all its cards."""
    if type_ is not None:
        return faces_of_label(label(type_, fields))
    return faces(kind, fields, objective)


def renamed(package: Package, stored: Mapping[str, str]) -> dict[str, str]:
    """New names for files whose name stands for another file here already.

    The name carries the file's digest, so that the same file gets the same name again.
    """
    names = {}
    for medium in package.media:
        if stored.get(medium.name, medium.digest) != medium.digest:
            stem, dot, ending = medium.name.rpartition(".")
            mark = medium.digest[:12]
            names[medium.name] = f"{stem}-{mark}.{ending}" if dot else f"{medium.name}-{mark}"
    return names


def with_media(note: PackedNote, names: Mapping[str, str]) -> PackedNote:
    """The note with the new names of its files."""
    if not names or note.kind != "custom":
        return note
    pattern = re.compile(
        "|".join(
            sorted(
                (re.escape(form) for name in names for form in _forms(name)), key=len, reverse=True
            )
        )
    )
    by_form = {form: new for name, new in names.items() for form in _forms(name)}
    fields = {
        name: pattern.sub(lambda match: by_form[match[0]], text) if pattern.search(text) else text
        for name, text in note.fields.items()
    }
    return replace(note, fields=fields)


def _forms(name: str) -> set[str]:
    """How a file's name may stand in a field."""
    return {name, quote(name), name.replace("&", "&amp;")}
