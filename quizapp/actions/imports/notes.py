"""A packed note as comparing and laying down look at it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote

from msgspec import structs

from quizapp.domain.notetypes import NoteType
from quizapp.formats.faces import faces, rendered_by
from quizapp.formats.jsonl import NO_BYTES
from quizapp.formats.labels import faces_of_label, label
from quizapp.formats.media_names import embedding_fields
from quizapp.formats.package import Package, PackedNote, Refused

_T = TypeVar("_T")

# Decks inside each other; deeper than anybody sorts, and every page can still show it.
DEEPEST = 50

# Few enough that the collector of cycles finds little to look at in vain.
_CHUNK = 100


def chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Notes, or what stands for them, in lists that memory and the database take well."""
    waiting = iter(items)
    while piece := list(islice(waiting, _CHUNK)):
        yield piece


def stored_digest(kind: str, digest: str) -> str:
    """The digest as it is stored: one whose faces are stored names their renderer before."""
    return digest if kind == "custom" else f"{rendered_by()}:{digest}"


def shown_in_lists(
    kind: str, fields: Mapping[str, Any], objective: str, type_: NoteType | None
) -> list[dict[str, Any]]:
    """What is stored of how a note looks: a line for a custom one, else all its cards."""
    if type_ is not None:
        return faces_of_label(label(type_, fields))
    return faces(kind, fields, objective)


def path_of(deck: str, under: str) -> list[str]:
    """The parts of the name of the deck that a deck of a file becomes; the last one has what
    lies deeper than DEEPEST."""
    above, parts = (
        [part.strip() for part in name.split("::") if part.strip()] for name in (under, deck)
    )
    path = [*above, *(parts or ["Imported"])]
    return path if len(path) <= DEEPEST else [*path[: DEEPEST - 1], " ".join(path[DEEPEST - 1 :])]


def refusals(package: Package, stored: Mapping[str, str]) -> list[Refused]:
    """What of a package cannot be taken, once its notes were read.

    Lines of JSON name files without their bytes; one that is here already lacks nothing.
    """
    here = {f"media file “{name}”" for name in stored}
    return [e for e in package.refused if e.reason != NO_BYTES or e.where not in here]


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
    if not names:
        return note
    if note.kind != "custom":
        return structs.replace(note, fields=embedding_fields(note.fields, names))
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
    return structs.replace(note, fields=fields)


def _forms(name: str) -> set[str]:
    """How a file's name may stand in a field."""
    return {name, quote(name), name.replace("&", "&amp;")}
