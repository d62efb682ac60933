"""Every format that can be read, in the order in which a file is tried (see reading.py)."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from msgspec import structs

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.stock import BASIC, STOCK
from quizapp.formats import (
    apkg,
    archives,
    everything,
    foreign,
    jsonl,
    markdown,
    markdown_media,
    markdown_package,
    natives,
    paste,
    text,
)
from quizapp.formats.encodings import decoded
from quizapp.formats.limits import MOST_TEXT
from quizapp.formats.names import digest, one_line
from quizapp.formats.package import Package, PackedNote, Refused

Progress = Callable[[int, int], None]

# Beside the package: how a table was taken, for the form that changes it.
TAKEN = "text.json"

_UNKNOWN = (
    "This is no file that can be read here. Choose a package of Anki (.apkg, .colpkg), "
    "or one of the other formats that the page names."
)
_TOO_LARGE = f"This file holds more text than {MOST_TEXT // 1_000_000} MB. Divide it."
_PASTED = "Pasted"
_DECKS = (".md", ".markdown")
_TABLES = (".txt", ".csv", ".tsv")


@dataclass(frozen=True)
class Source:
    """A file to be read.

    name      what its owner calls it, "" where unknown; only its end is looked at
    media_in  the folder that takes its media
    options   what the person chose for it: "text", "paste" and the "known" note types
    """

    path: Path
    media_in: Path
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ending(self) -> str:
        """The end of its name, in small letters: ".apkg"."""
        return Path(self.name or self.path.name).suffix.lower()

    @property
    def stem(self) -> str:
        """Its name without the end, for a deck that has no better one."""
        return Path(self.name).stem.strip() or text.DEFAULT_DECK


@dataclass(frozen=True)
class Reader:
    """How one format is recognised and read; the first that ``fits`` reads.

    Both may raise Refusal.
    """

    fits: Callable[[Source], bool]
    read: Callable[[Source, Progress], Package]


def read_as_it_is(source: Source, progress: Progress) -> Package:
    """What a file holds, by the first reader it fits. Raises Refusal where there is none."""
    for reader in READERS:
        if reader.fits(source):
            package = reader.read(source, progress)
            package.notes = _each_key_once(package.notes, package.refused)
            return package
    raise Refusal(_UNKNOWN)


def _each_key_once(notes: Iterable[PackedNote], refused: list[Refused]) -> Iterator[PackedNote]:
    """The notes but those whose key another one had before: progress hangs on it."""
    seen: set[str] = set()
    for place, note in enumerate(notes, 1):
        if note.key in seen:
            said = "A note before it in the file has the same ID, so this one is left out."
            refused.append(Refused(note.where or f"note {place:,}", said))
        else:
            seen.add(note.key)
            yield note


def _zip_names(path: Path) -> frozenset[str]:
    """The names of the files in a zip, none for another file. Raises Refusal for a bad one."""
    if not archives.is_zip(path):
        return frozenset()
    with archives.opened(path) as archive:
        return frozenset(archive.entries)


def _is_apkg(source: Source) -> bool:
    return source.ending in (".apkg", ".colpkg") or bool(
        _zip_names(source.path) & set(apkg.COLLECTIONS)
    )


def _read_apkg(source: Source, progress: Progress) -> Package:
    if not archives.is_zip(source.path) and (foreign_one := foreign.told(source.path, ())):
        raise Refusal(foreign_one)
    package = apkg.read(source.path, source.media_in, progress)
    ours = {type_.key for type_ in natives.native_types().values()}
    if ours & {type_.key for type_ in package.notetypes}:
        package.notes = map(natives.as_native, package.notes)
    return package


def _is_everything(source: Source) -> bool:
    return everything.LINES in _zip_names(source.path)


def _is_jsonl(source: Source) -> bool:
    with source.path.open("rb") as file:
        first = file.readline(10_000)
    return first.startswith(b"{") and b'"format"' in first and b'"quizapp"' in first


def _is_folder(source: Source) -> bool:
    return any(name.lower().endswith(_DECKS) for name in _zip_names(source.path))


def _read_folder(source: Source, progress: Progress) -> Package:
    texts, remarks = {}, []
    with archives.opened(source.path) as archive:
        for name, entry in archive.entries.items():
            if name.lower().endswith(_DECKS):
                data = b"".join(archives.chunks(archive, entry))
                texts[name], remark = decoded(data)
                if remark:
                    remarks.append(f"{name}: {remark}")
        found = markdown_media.taken(texts, archive, source.media_in)
    package = markdown_package.read_folder(found.texts)
    package.remarks.extend(remarks)
    markdown_media.fill(package, found, source.media_in)
    return package


def _is_deck(source: Source) -> bool:
    if source.ending in _DECKS or _is_pasted_deck(source):
        return True
    with source.path.open("rb") as file:
        start = file.read(4_000).lstrip(b"\xef\xbb\xbf").lstrip()
    return start.startswith((b"---\n", b"---\r\n", b"Q:", b"C:")) and source.ending != ".csv"


def _read_deck(source: Source, progress: Progress) -> Package:
    said, remark = _text(source)
    name = _PASTED if "paste" in source.options else source.name
    package = markdown_package.read_markdown(said, name or "deck.md")
    markdown_media.tell_alone(package)
    return _remarked(package, remark)


def _is_pasted(source: Source) -> bool:
    return "paste" in source.options and not _is_pasted_deck(source)


def _is_pasted_deck(source: Source) -> bool:
    """Whether items were pasted, and nobody said yet how to take them apart."""
    return source.options.get("paste") == {} and markdown.is_deck(_text(source)[0])


def _read_pasted(source: Source, progress: Progress) -> Package:
    said, _ = _text(source)
    options = paste.guess(said)
    decided = dict(source.options["paste"])
    if "tags" in decided:
        decided["tags"] = tuple(decided["tags"])
    known = _known(source)
    proposed = {"deck": _PASTED, "notetype": text.own_like(BASIC, known).key}
    options = replace(options, **{**proposed, **decided})
    package = paste.read(said, options, known)
    _keep(source, {"paste": asdict(options)})
    return package


def _is_tables(source: Source) -> bool:
    return any(name.lower().endswith(_TABLES) for name in _zip_names(source.path))


def _read_tables(source: Source, progress: Progress) -> Package:
    """Every table of a zip, as our own export packs them, each taken as it says itself."""
    whole, known = Package("text", [], [], ()), _known(source)
    notes: dict[str, PackedNote] = {}
    with archives.opened(source.path) as archive:
        for name, entry in sorted(archive.entries.items()):
            if not name.lower().endswith(_TABLES):
                continue
            said, remark = decoded(b"".join(archives.chunks(archive, entry)))
            options = text.options(text.sniff(said, known), source.stem)
            options = replace(options, apart=digest(said))
            part = text.read(said, options, known)
            begin = f"{one_line(name)}, "
            for note in part.notes:
                if note.key in notes:
                    reason = f"It is the same as {notes[note.key].where}, which was taken."
                    part.refused.append(Refused(note.where, reason))
                else:
                    notes[note.key] = structs.replace(note, where=f"{begin}{note.where}")
            whole.refused += [
                structs.replace(each, where=f"{begin}{each.where}") for each in part.refused
            ]
            whole.remarks += [f"{begin}{each}" for each in (remark, *part.remarks) if each]
            types = {type_.key for type_ in whole.notetypes}
            whole.notetypes += [type_ for type_ in part.notetypes if type_.key not in types]
            decks = {deck.name for deck in whole.decks}
            whole.decks += [deck for deck in part.decks if deck.name not in decks]
    whole.notes = tuple(notes.values())
    return whole


def _read_text(source: Source, progress: Progress) -> Package:
    if foreign_one := foreign.told(source.path, _zip_names(source.path)):
        raise Refusal(foreign_one)
    if archives.is_zip(source.path):
        raise Refusal(_UNKNOWN)
    said, remark = _text(source)
    known, decided = _known(source), dict(source.options.get("text") or {})
    head = text.sniff(
        said,
        known,
        separator=decided.get("separator", ""),
        notetype=decided.get("notetype", ""),
        header_row=decided.get("header_row"),
        kind=decided.get("kind", ""),
    )
    for name in ("columns", "tags"):
        if name in decided:
            decided[name] = tuple(decided[name])
    options = replace(text.options(head, source.stem), **decided)
    # By its text: the same file again is the same notes, another with their like is not.
    options = replace(options, apart=digest(said))
    package = text.read(said, options, known)
    _keep(source, {"head": asdict(head), "options": asdict(options)})
    package.remarks.extend(remark for remark in head.remarks if remark not in package.remarks)
    return _remarked(package, remark)


def _text(source: Source) -> tuple[str, str]:
    if source.path.stat().st_size > 4 * MOST_TEXT:
        raise Refusal(_TOO_LARGE)
    return decoded(source.path.read_bytes())


def _remarked(package: Package, remark: str) -> Package:
    if remark:
        package.remarks.insert(0, remark)
    return package


def _known(source: Source) -> list[NoteType]:
    """The note types a text can name: everybody's, and the learner's own."""
    own = [notetype_of(told) for told in source.options.get("known", ())]
    keys = {type_.key for type_ in own}
    return [*own, *(type_ for type_ in STOCK if type_.key not in keys)]


def notetype_of(told: Mapping[str, Any]) -> NoteType:
    """A note type from what ``asdict`` made of it."""
    return NoteType(
        **{
            **told,
            "fields": tuple(told["fields"]),
            "templates": tuple(Template(**each) for each in told["templates"]),
        }
    )


def _keep(source: Source, taken: Mapping[str, Any]) -> None:
    path = source.media_in.parent / TAKEN
    path.write_text(json.dumps(taken, ensure_ascii=False), encoding="utf-8")


READERS: tuple[Reader, ...] = (
    Reader(_is_pasted, _read_pasted),
    Reader(_is_apkg, _read_apkg),
    Reader(_is_everything, lambda source, progress: everything.read(source.path, source.media_in)),
    Reader(_is_jsonl, lambda source, progress: jsonl.read(source.path, source.media_in)),
    Reader(_is_folder, _read_folder),
    Reader(_is_tables, _read_tables),
    Reader(_is_deck, _read_deck),
    Reader(lambda source: True, _read_text),
)
