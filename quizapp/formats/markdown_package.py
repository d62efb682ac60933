"""Markdown decks as packages: one file, or a folder whose subfolders are families of decks.

Decks of our own format, of hashcards, and notes of Obsidian's spaced repetition; items that
do not fit are refused by line.
docs: decks/README.md
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from quizapp.domain.errors import DeckFileError, Refusal
from quizapp.formats import names, obsidian
from quizapp.formats.markdown import LenientDeck, read_leniently
from quizapp.formats.package import Package, PackedDeck, PackedNote, Refused
from quizapp.formats.parsed import ParsedDeck, ParsedNote

_TOLD = 5
_ITEM = (
    "An item is a line “Q: question” with a line “A: answer” below it, a line “C: text with a"
    " [gap]”, or a line “Term::Definition”."
)
# What the head of a deck says besides its name.
HEAD = ("description", "topic", "outline", "origin", "licence", "updated")


def read_markdown(text: str, name: str) -> Package:
    """One deck file; ``name`` is what the file is called. Raises Refusal as ``read_folder``."""
    file = PurePosixPath(name.replace("\\", "/")).name.lstrip(".") or "deck"
    return read_folder({file if _is_deck(file) else f"{file}.md": text})


def read_folder(files: Mapping[str, str]) -> Package:
    """Deck files by their paths, as in a zip: Security/Risk.md is the deck Security::Risk.

    The head's name, with its parent, goes before that of file and folder. Files that are no
    Markdown or hold no item are passed over. Raises Refusal where no item is left.
    """
    package = Package("markdown", [], [], ())
    notes: dict[str, PackedNote] = {}
    decks: dict[str, PackedDeck] = {}
    several = sum(map(_is_deck, files)) > 1
    foreign, obsidian_ones, empty = True, list[str](), list[str]()
    for path in sorted(filter(_is_deck, files)):
        said = f"{names.one_line(path)}, " if several else ""
        found = read_leniently(files[path], path, path)
        package.refused += [_refused(said, error) for error in found.refused]
        if not found.deck.notes:
            if found.refused:
                continue
            others = obsidian.notes(files[path])
            (obsidian_ones if others else empty).append(names.one_line(path))
            if not others:
                continue
            found = LenientDeck(replace(found.deck, notes=tuple(others)), (), (), False)
        package.remarks += [f"{said}{remark}" for remark in found.remarks]
        name = _deck_name(found.deck, path)
        decks.setdefault(name, _packed(found.deck, name))
        foreign &= found.bare and all(_is_hashcard(note) for note in found.deck.notes)
        for note in found.deck.notes:
            where = f"{said}line {note.line}"
            if note.key in notes:
                reason = f"Its ID “{note.key}” was already used in {notes[note.key].where}."
                package.refused.append(Refused(where, reason + " Give it an ID of its own."))
                continue
            notes[note.key] = _note(note, name, where)
    if not notes and not package.refused:
        raise Refusal(f"No items were found. {_ITEM}")
    if obsidian_ones:
        package.remarks.append(
            f"Read as notes of Obsidian's spaced repetition: {_listed(obsidian_ones)}."
        )
    if empty:
        package.remarks.append(f"Passed over, as no items are in them: {_listed(empty)}. {_ITEM}")
    package.source = "hashcards" if foreign and notes else "markdown"
    used = {note.deck for note in notes.values()}
    package.decks.extend(deck for deck in decks.values() if deck.name in used)
    package.notes = tuple(notes.values())
    return package


def _listed(paths: list[str]) -> str:
    more = len(paths) - _TOLD
    return ", ".join(paths[:_TOLD]) + (f" and {more:,} more" if more > 0 else "")


def _is_deck(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and parts[-1].lower().endswith((".md", ".markdown"))


def _is_hashcard(note: ParsedNote) -> bool:
    attributes = note.has_id or note.reference or note.domains or note.tags
    return note.kind in ("basic", "cloze") and not attributes


def _deck_name(deck: ParsedDeck, path: str) -> str:
    """The full name: what the head says, else folders and file."""
    *folders, file = path.replace("\\", "/").split("/")
    own = deck.name or file.rsplit(".", 1)[0]
    above = [deck.parent] if deck.parent else [] if "::" in deck.name else folders
    return names.deck_name("::".join([*above, own])) or "Default"


def _packed(deck: ParsedDeck, name: str) -> PackedDeck:
    return PackedDeck(name, **{key: getattr(deck, key) for key in HEAD})


def _note(note: ParsedNote, deck: str, where: str) -> PackedNote:
    return PackedNote(
        key=note.key,
        kind=note.kind,
        fields=note.fields,
        deck=deck,
        tags=note.tags,
        where=where,
        topic=note.topic,
        reference=note.reference,
        domains=note.domains,
        objective=note.objective,
        level=note.level,
        pool=note.pool,
    )


def _refused(said: str, error: DeckFileError) -> Refused:
    reason = error.reason[:1].upper() + error.reason[1:]
    return Refused(f"{said}line {error.line}", reason if reason.endswith(".") else reason + ".")
