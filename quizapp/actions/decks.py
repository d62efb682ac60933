"""Loading the shipped decks, and a learner's own wording of a card."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from quizapp.domain.blueprints import Blueprint
from quizapp.domain.cards import card_count, fits, gaps
from quizapp.domain.errors import DeckFileError, Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.lint import Bank, Finding, Severity, check
from quizapp.domain.lint.text import everything, spelled_out
from quizapp.domain.references import resolve
from quizapp.formats import blueprints as blueprint_files
from quizapp.formats import markdown
from quizapp.formats import sources as source_file
from quizapp.formats.faces import RENDERER, faces, rendered_by
from quizapp.formats.labels import faces_of_label, label
from quizapp.formats.parsed import ParsedDeck, ParsedNote
from quizapp.formats.wordings import check as check_wording
from quizapp.storage import blueprints, cards, decks, edits, imports, journal, learners, works
from quizapp.storage.cards import StudyCard
from quizapp.storage.database import transaction

FAMILIES = ("responsibilities", "prerequisites", "certifications")

# A rank leaves room for this many notes in a deck before decks overlap, and lets
# the families take turns.
_NOTES_PER_DECK = 10_000
_STRANDS = 8


@dataclass(frozen=True)
class Loaded:
    """What a load changed."""

    decks: int
    added: int
    changed: int
    retired: int
    dealt: int


def read(folder: Path) -> list[ParsedDeck]:
    """Parse every deck file below a folder, in reading order.

    Raises DeckFileError at the first line that does not fit, and where two files
    use one ID.
    """
    parsed: list[ParsedDeck] = []
    owner: dict[str, str] = {}
    for family in FAMILIES:
        for path in sorted((folder / family).glob("*.md")):
            name = f"{family}/{path.name}"
            deck = markdown.read(_text(path, name), name, f"{family}/{path.stem}")
            for note in deck.notes:
                if note.key in owner:
                    raise DeckFileError(
                        name,
                        note.line,
                        f"the ID “{note.key}” is already used in {owner[note.key]}",
                    )
                owner[note.key] = name
            parsed.append(deck)
    return parsed


def read_blueprints(folder: Path) -> list[Blueprint]:
    """Parse every blueprint below a folder; raises DeckFileError."""
    found = []
    for path in sorted((folder / "blueprints").glob("*.toml")):
        found.append(blueprint_files.read(_text(path, path.name), f"blueprints/{path.name}"))
    return found


def read_works(folder: Path) -> dict[str, str]:
    """Parse the list of sources of a folder, where it has one; raises DeckFileError."""
    path = folder / "SOURCES.md"
    return source_file.read(_text(path, path.name), path.name) if path.exists() else {}


def load(folder: Path) -> Loaded:
    """Bring the shipped decks in line with their files; loading again changes nothing.

    Progress hangs on a note's ID: edited text keeps it, a note that moves takes it
    along, and one that is gone is retired, not deleted. Every learner is enrolled.
    A folder without any deck file is taken for a mistake and changes nothing.
    Raises DeckFileError, and then nothing is loaded.
    """
    parsed = read(folder)
    if not parsed:
        return Loaded(0, 0, 0, 0, 0)
    blueprints_read, works_read = read_blueprints(folder), read_works(folder)
    # What a note cites is part of it: a new name in the list of sources changes notes.
    names = _hash(sorted(works_read))
    wanted = {
        deck.key: _hash([_digest(deck, position), names]) for position, deck in enumerate(parsed)
    }
    with transaction():
        blueprints.replace(blueprints_read)
        works.replace(works_read)
        stored = decks.digests()
        changed = [
            (position, deck)
            for position, deck in enumerate(parsed)
            if stored.get(deck.key, (0, "", True))[1:] != (wanted[deck.key], False)
        ]
        gone = [
            id_ for key, (id_, _, retired) in stored.items() if key not in wanted and not retired
        ]
        if not changed and not gone and not _unenrolled():
            return Loaded(len(parsed), 0, 0, 0, 0)
        if gone:
            decks.retire(gone)
        added = altered = retired = 0
        # All of a file's notes are placed before leftovers are retired, so that a
        # note may move from one deck to another.
        leftovers: set[int] = set()
        placed: set[int] = set()
        for position, deck in changed:
            if deck.key in stored:
                leftovers |= decks.note_ids(stored[deck.key][0])
            result = _save(deck, position, wanted[deck.key], works_read)
            added, altered = added + result.added, altered + result.changed
            placed |= result.notes
        leftovers -= placed
        decks.retire_notes(sorted(leftovers))
        retired = len(leftovers)
        # The renderer, or what is allowed in a card, may have changed with the texts.
        for learner, note, kind, fields, objective in edits.known():
            if fits(kind, fields, fields):
                edits.render(learner, note, faces(kind, fields, objective))
        for note, kind, fields, objective, digest in decks.rendered_before(rendered_by()):
            # After the renderer an imported note keeps what its file said.
            _, colon, said = digest.partition(":")
            kept = f"{rendered_by()}{colon}{said}"
            decks.change_note(note, faces=faces(kind, fields, objective), digest=kept)
        for learner in learners.ids():
            decks.enrol(learner, decks.shipped())
        return Loaded(len(parsed), added, altered, retired, decks.deal())


def edit_note(
    learner: Learner, card_id: int, version: int, fields: Mapping[str, Any], now: datetime
) -> None:
    """Lay a learner's own wording over a card's note; the shipped text stays.

    Raises Missing, Stale, or Refusal where the wording cannot be a card of its kind.
    """
    with transaction():
        card = cards.find(learner.id, card_id)
        if card is None:
            raise Missing("This card does not exist. It may have been removed from its deck.")
        if card.version != version:
            raise Stale("This card changed while you were editing it. Your text is kept below.")
        check_wording(card.kind, fields, len(gaps(card.fields.get("text", ""))))
        before = edits.get(learner.id, card.note)
        row = {"card": card.id, "note_edit": None if before is None else list(before)}
        journal.record(learner.id, card.id, card.version, now, learner.today(now), "Edit", [row])
        base = card.fields if before is None else before[2]
        shown = _shown(learner, card, fields)
        edits.save(learner.id, card.note, fields, shown, now, base)


def end_edit(learner: Learner, card_id: int, now: datetime) -> None:
    """Return to the deck's own text; undo brings the wording back.

    Raises Missing, or Refusal where the wording is the deck's already.
    """
    with transaction():
        card = cards.find(learner.id, card_id)
        if card is None:
            raise Missing("This card does not exist. It may have been removed from its deck.")
        before = edits.get(learner.id, card.note)
        if before is None:
            raise Refusal("This card has the deck's own text already.")
        row = {"card": card.id, "note_edit": list(before)}
        journal.record(learner.id, card.id, card.version, now, learner.today(now), "Edit", [row])
        edits.remove(learner.id, card.note)


def _shown(learner: Learner, card: StudyCard, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is stored of how a wording looks: a line where its cards are rendered when shown."""
    type_ = imports.notetype(learner.id, card.notetype) if card.notetype else None
    if type_ is not None:
        return faces_of_label(label(type_, fields))
    return faces(card.kind, fields, card.objective)


@dataclass(frozen=True)
class _Saved:
    added: int
    changed: int
    notes: set[int]


def _save(deck: ParsedDeck, position: int, digest: str, known_works: Collection[str]) -> _Saved:
    family = deck.key.split("/")[0]
    deck_id = decks.save(
        deck.key,
        family=family,
        parent=deck.parent,
        name=deck.name,
        description=deck.description,
        topic=deck.topic,
        outline=list(deck.outline),
        origin=deck.origin,
        licence=deck.licence,
        updated=deck.updated,
        position=position,
        digest=digest,
        retired=False,
    )
    known = decks.notes_by_key(note.key for note in deck.notes)
    added = changed = 0
    notes = set()
    for index, note in enumerate(deck.notes):
        rank = (position * _NOTES_PER_DECK + index) * _STRANDS + FAMILIES.index(family)
        row = known.get(note.key)
        note_digest = _note_digest(note)
        cites = [work or part for part, work in resolve(note.reference, known_works)]
        placed = {
            "deck": deck_id,
            "position": index,
            "digest": note_digest,
            "retired": False,
            "works": cites,
        }
        if row is None:
            note_id = decks.add_note(**placed, key=note.key, **_columns(note))
            added += 1
        else:
            note_id = row.id
            if row.digest != note_digest:
                decks.change_note(note_id, **placed, **_columns(note))
                changed += 1
            elif (row.deck, row.position, row.retired, row.works) != (
                deck_id,
                index,
                False,
                cites,
            ):
                decks.change_note(note_id, **placed)
        if row is None or (row.digest, row.deck, row.position, row.retired) != (
            note_digest,
            deck_id,
            index,
            False,
        ):
            decks.lay_cards(
                note_id, deck_id, card_count(note.kind, note.fields), rank, note.pool == "study"
            )
        notes.add(note_id)
    return _Saved(added, changed, notes)


def _columns(note: ParsedNote) -> dict[str, Any]:
    return {
        "kind": note.kind,
        "fields": dict(note.fields),
        "faces": faces(note.kind, note.fields, note.objective),
        "topic": note.topic,
        "tags": list(note.tags),
        "reference": note.reference,
        "domains": list(note.domains),
        "objective": note.objective,
        "level": note.level,
        "pool": note.pool,
    }


def _unenrolled() -> bool:
    shipped = set(decks.shipped())
    return any(
        shipped - {deck.id for deck in decks.of_learner(learner)} for learner in learners.ids()
    )


def _text(path: Path, name: str) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise DeckFileError(name, line, "this is not UTF-8; save the file as UTF-8") from None


def _digest(deck: ParsedDeck, position: int) -> str:
    values = asdict(deck) | {"notes": [_note_digest(n) for n in deck.notes]}
    return _hash([position, values])


def _note_digest(note: ParsedNote) -> str:
    values = asdict(note)
    del values["line"], values["has_id"]
    return _hash([RENDERER, values])


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def lint(paths: Iterable[Path]) -> list[Finding]:
    """What the rules of domain/lint find in deck files; a folder stands for all below it.

    A file that does not parse is a finding of its own, an error of rule “file”.
    """
    banks, broken = [], []
    for file in deck_files(paths):
        try:
            deck = markdown.read(_text(file, str(file)), str(file), file.stem)
        except DeckFileError as error:
            remedy = "Mend the line; until then nothing of the file is loaded."
            broken.append(
                Finding("file", Severity.ERROR, error.path, error.line, "", error.reason, remedy)
            )
        else:
            banks.append(bank(deck, str(file)))
    return broken + check(banks)


def bank(deck: ParsedDeck, path: str) -> Bank:
    """A deck as the rules see it."""
    texts = [deck.name, deck.description, *(everything(note) for note in deck.notes)]
    return Bank(
        path=path,
        name=deck.name,
        items=deck.notes,
        outline=deck.outline,
        origin=deck.origin,
        licence=deck.licence,
        spelled_out=spelled_out([*texts, *(note.topic for note in deck.notes)]),
    )


def write_ids(paths: Iterable[Path]) -> list[Path]:
    """Write the derived IDs into the deck files that lack some; return the files changed.

    Raises DeckFileError where one does not parse, and then no file is touched.
    """
    texts = [(file, _text(file, str(file))) for file in deck_files(paths)]
    changed = [
        (file, new) for file, old in texts if (new := markdown.with_ids(old, str(file))) != old
    ]
    for file, new in changed:
        file.write_text(new, encoding="utf-8", newline="")
    return [file for file, _ in changed]


def deck_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The deck files that some paths mean; a folder stands for all below it."""
    for path in paths:
        for file in sorted(path.rglob("*.md")) if path.is_dir() else [path]:
            if file.name not in {"README.md", "SOURCES.md"}:
                yield file
