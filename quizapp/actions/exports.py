"""Taking decks away: what a learner has, as a package that writers make files of."""

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quizapp.domain.days import DayTable
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.filenames import file_name
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import State
from quizapp.formats import apkg_write, everything, jsonl, markdown_write, text_write
from quizapp.formats.media_names import named_in_fields
from quizapp.formats.package import (
    LONG,
    Package,
    PackedCard,
    PackedDeck,
    PackedMedia,
    PackedNote,
    PackedReview,
    bytes_of,
)
from quizapp.storage import exports, imports
from quizapp.storage.exports import CardOut, DeckOut, NoteOut, ReviewOut

_STATES = {
    State.NEW: "new",
    State.LEARNING: "learning",
    State.REVIEW: "review",
    State.RELEARNING: "relearning",
}
# No file that somebody brings has so many new cards.
_BEHIND_BROUGHT = 500_000_000
_KEPT_APART = ("position", "ease", "left")


# What can be taken away. Items kept for mock exams stay out of what is studied elsewhere.
FORMS = ("apkg", "apkg-legacy", "tsv", "csv", "markdown", "everything", "jsonl")
# What a file of each is called, behind what is in it.
CALLED = {
    "apkg": "for Anki", "apkg-legacy": "for older Ankis", "tsv": "text for Anki",
    "csv": "table", "markdown": "Markdown", "everything": "everything", "jsonl": "JSON lines",
}  # fmt: skip
_WHOLE = ("markdown", "everything", "jsonl")
_TABLES = ("csv", "tsv")


@dataclass(frozen=True)
class Wanted:
    """What somebody takes away.

    form      one of FORMS
    decks     ids; None for all that one has
    notes     ids of some of their notes; None for all
    progress  whether states, due dates and the log go along, where the form has a place
    """

    form: str
    decks: tuple[int, ...] | None = None
    notes: tuple[int, ...] | None = None
    progress: bool = True

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Wanted":
        """What was written down with the work."""
        lists: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**lists)


def file_stem(form: str, decks: Sequence[str], day: str) -> str:
    """What to call a file, without its ending: by the full name of a deck, none for all."""
    if len(decks) > 1:
        said = "quizapp decks"
    elif decks:
        said = next(
            filter(None, (file_name(p, "") for p in reversed(decks[0].split("::")))), "deck"
        )
    else:
        said = "quizapp"
    return f"{said} {CALLED[form]} {day}"


@dataclass(frozen=True)
class Taken:
    """The file that was made, how many notes it holds, and in sentences what to know of it:
    above all what had no place in it."""

    path: Path
    notes: int
    remarks: tuple[str, ...]


def write(
    learner: Learner,
    wanted: Wanted,
    stem: Path,
    media_root: Path,
    now: datetime,
    report: Callable[[int, int], None],
) -> Taken:
    """Write what is wanted to a file, ``stem`` with an ending; it is there only when whole.

    Raises Refusal for a form that is none, Missing where no deck is left to export.
    """
    if wanted.form not in FORMS:
        raise Refusal("Choose a format from the list.")
    pools = ("study", "mock") if wanted.form in _WHOLE else ("study",)
    brought = package(learner, media_root, wanted.decks, wanted.notes, wanted.progress, pools)
    if not brought.decks:
        raise Missing("There is no deck to export. Choose one from the list.")
    if wanted.decks is not None and brought.media:
        names = _media_of(learner, wanted)
        brought.media = [m for m in brought.media if m.name in names or m.name.startswith("_")]
    having = [deck.id for deck in exports.decks(learner.id, wanted.decks)]
    total, counted = exports.count(having, wanted.notes, pools), 0

    def counting(notes: Iterator[PackedNote]) -> Iterator[PackedNote]:
        nonlocal counted
        for note in notes:
            counted += 1
            if counted % 500 == 0:
                report(counted, total)
            yield note

    brought.notes = counting(iter(brought.notes))
    held = exports.count(having, wanted.notes, ("mock",))
    told = list(_told(wanted, held, len(brought.media)))
    path, remarks = _written(wanted, brought, stem, now)
    return Taken(path, counted, (*told, *brought.remarks, *remarks))


def _told(wanted: Wanted, held: int, media: int) -> Iterator[str]:
    """What a form leaves out or holds that one should know; ``held`` are questions kept for
    mock exams."""
    if held and wanted.form in _WHOLE:
        yield (
            f"Questions kept for mock exams are in it, with their answers: {held:,}. Whoever"
            " studies from it has seen them before the exam."
        )
    elif held:
        yield f"Questions kept for mock exams were left out: {held:,}."
    if media and wanted.form in _TABLES:
        files = "1 file was" if media == 1 else f"{media:,} files were"
        yield f"A table has no place for images and sounds: {files} left out."
    if wanted.progress and wanted.form in (*_TABLES, "markdown"):
        yield "This form has no place for your progress, so it was left out."


def sweep(root: Path, now: datetime) -> int:
    """Delete the folders of exports that were made more than a day ago; count them."""
    before, count = (now - timedelta(days=1)).timestamp(), 0
    for folder in list(root.iterdir()) if root.is_dir() else ():
        with suppress(OSError):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder)
                count += 1
    return count


def _written(wanted: Wanted, brought: Package, stem: Path, now: datetime) -> tuple[Path, list[str]]:
    """Write the file; return it, and what had no place in it."""
    if wanted.form.startswith("apkg"):
        path = stem.with_name(f"{stem.name}.apkg")
        written = apkg_write.write(
            brought,
            path,
            "legacy" if wanted.form == "apkg-legacy" else "new",
            wanted.progress,
            int(now.timestamp() * 1000),
        )
        return path, [f"{entry.where}: {entry.reason}" for entry in written.left_out]
    if wanted.form == "everything":
        path = stem.with_name(f"{stem.name}.zip")
        everything.write(brought, path)
        return path, []
    if wanted.form == "jsonl":
        path = stem.with_name(f"{stem.name}.jsonl")
        jsonl.write(brought, path)
        return path, []
    if wanted.form == "markdown":
        texts = markdown_write.write_markdown(brought)
        return _files(texts, stem, _beside(brought)), []
    flavour = "anki" if wanted.form == "tsv" else "spreadsheet"
    return _files(text_write.write_text(brought, flavour), stem), []


def _beside(brought: Package) -> dict[str, Path]:
    """The files that Markdown names, by where they go."""
    found = {m.name: bytes_of(brought, m) for m in brought.media}
    return {markdown_write.MEDIA + name: path for name, path in found.items() if path is not None}


def _files(texts: Mapping[str, str], stem: Path, beside: Mapping[str, Path] = {}) -> Path:
    """One text as it is, several or one with files beside it in a zip."""
    if not texts:
        raise Refusal("There is nothing to export in this form. Choose another one.")
    if len(texts) == 1 and not beside:
        [(name, text)] = texts.items()
        path = stem.with_name(f"{stem.name}{Path(name).suffix}")
        path.write_text(text, encoding="utf-8", newline="")
        return path
    path = stem.with_name(f"{stem.name}.zip")
    part = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        for name, medium in beside.items():
            # Images and sounds are compressed already.
            archive.write(medium, name, zipfile.ZIP_STORED)
    part.replace(path)
    return path


def _media_of(learner: Learner, wanted: Wanted) -> set[str]:
    """The files that the wanted notes name."""
    names: set[str] = set()
    for note in exports.notes(learner.id, wanted.decks or (), wanted.notes, log=False):
        names |= named_in_fields(note.fields)
    return names


def package(
    learner: Learner,
    media_root: Path,
    decks: Sequence[int] | None = None,
    notes: Sequence[int] | None = None,
    progress: bool = True,
    pools: Sequence[str] = ("study", "mock"),
) -> Package:
    """What a learner has in some decks (all by default), or some notes of them.

    Notes come as they are asked for; the media are those that exist in the learner's
    name, and their bytes lie in ``media_root``/<first two characters>/<digest>.
    """
    having = exports.decks(learner.id, decks)
    names = {deck.id: deck.full_name for deck in having}
    types = exports.types(learner.id)
    table = DayTable(learner.calendar)

    def packed() -> Iterator[PackedNote]:
        for note in exports.notes(learner.id, [deck.id for deck in having], notes, progress):
            if note.pool in pools:
                yield _note(learner, note, names, types, table, progress)

    return Package(
        source="jsonl",
        notetypes=list(types.values()),
        decks=[_deck(deck) for deck in having],
        notes=packed(),
        media=[PackedMedia(*row) for row in exports.media(learner.id)],
        media_in=media_root,
        progress=progress,
    )


def _deck(deck: DeckOut) -> PackedDeck:
    extra = dict(deck.extra or {})
    # An own deck is for no exam of ours, whatever its file says; that is kept aside.
    aside = {name: extra.pop(name, None) for name in imports.KEPT_ASIDE}
    said = {name: value for name, value in aside.items() if isinstance(value, str)}
    outline = aside["outline"] if isinstance(aside["outline"], list) else ()
    return PackedDeck(
        name=deck.full_name,
        description=deck.description,
        topic=deck.topic or said.get("topic", ""),
        outline=tuple(deck.outline or map(str, outline)),
        origin=deck.origin or said.get("origin", ""),
        licence=deck.licence or said.get("licence", ""),
        updated=said.get("updated") or deck.updated,
        new_per_day=deck.new_per_day,
        reviews_per_day=deck.reviews_per_day,
        desired_retention=deck.desired_retention,
        extra=extra,
    )


def _note(
    learner: Learner,
    note: NoteOut,
    names: Mapping[int, str],
    types: Mapping[int, NoteType],
    days: DayTable,
    progress: bool,
) -> PackedNote:
    tags = list(note.tags)
    if progress:
        tags += [
            tag
            for tag, holds in (
                ("marked", any(card.marked for card in note.cards)),
                ("leech", any(card.leech for card in note.cards)),
            )
            if holds
        ]
    return PackedNote(
        key=note.key,
        kind=note.kind,
        fields=_in_order(note, types),
        deck=names[note.deck],
        notetype=types[note.notetype].key if note.notetype else "",
        tags=tuple(tags),
        modified=note.modified,
        created=note.created,
        topic=note.topic,
        reference=note.reference,
        domains=tuple(note.domains),
        objective=note.objective,
        level=note.level,
        pool=note.pool,
        cards=tuple(
            _card(learner, card, names.get(card.deck, names[note.deck]), days, progress)
            for card in note.cards
        ),
    )


def _in_order(note: NoteOut, types: Mapping[int, NoteType]) -> Mapping[str, object]:
    if note.notetype is None:
        return note.fields
    return {name: note.fields.get(name, "") for name in types[note.notetype].fields}


def _card(learner: Learner, card: CardOut, deck: str, days: DayTable, progress: bool) -> PackedCard:
    state = State(card.state)
    position = card.origin.get("position")
    if position is None and (state is State.NEW or not progress):
        position = place_among_new(card.rank)
    extra = {name: value for name, value in card.origin.items() if name not in _KEPT_APART}
    if not progress or card.queue is None:
        return PackedCard(card.ord, deck, position=position, extra=extra)
    due, due_at = _due(card, state, days)
    return PackedCard(
        ord=card.ord,
        deck=deck,
        state=_STATES[state],
        held=_held(card),
        due=due,
        due_at=due_at,
        position=position,
        interval=card.interval,
        left=_left(learner, card, state),
        ease=card.origin.get("ease", 0),
        reps=card.reps,
        lapses=card.lapses,
        flag=card.flag,
        stability=card.stability,
        difficulty=card.difficulty,
        last_at=card.last_at,
        extra=extra,
        reviews=_log(card.reviews),
    )


def place_among_new(rank: int) -> int:
    """A place among new cards from one in the curriculum, in the same order: cards that were
    brought as their file had them, then what is wanted first, then what ships."""
    if rank < -(2**39):
        return rank + 2**40
    if rank < 0:
        return _BEHIND_BROUGHT + max(0, min(rank + 1_000_000_000, _BEHIND_BROUGHT))
    return min(3 * _BEHIND_BROUGHT + rank, LONG)


def _due(card: CardOut, state: State, days: DayTable) -> tuple[str | None, int | None]:
    """The day of a review or of a step over days, or the moment of a step within the day."""
    if state is State.NEW:
        return None, None
    if state is State.REVIEW or card.due == days.start(card.turn):
        return days.date(card.turn).isoformat(), None
    return None, card.due


def _held(card: CardOut) -> str:
    if card.queue == Queue.SUSPENDED:
        return "suspended"
    if card.queue == Queue.BURIED:
        return "sibling" if card.by_sibling else "buried"
    return ""


def _left(learner: Learner, card: CardOut, state: State) -> int:
    """Learning steps still to do: as they came, as long as no step was made since."""
    came = int(card.origin.get("left", 0))
    if state not in (State.LEARNING, State.RELEARNING):
        return came
    steps = learner.learning_steps if state is State.LEARNING else learner.relearning_steps
    if came and card.step == max(0, len(steps) - came):
        return came
    return max(1, len(steps) - card.step)


def _log(reviews: Sequence[ReviewOut]) -> tuple[PackedReview, ...]:
    entries = []
    last = 0
    for review in reviews:
        if review.origin is not None:
            logged, last_interval, factor, rating = review.origin
            interval = review.interval
        else:
            logged, rating, last_interval = _logged(review), review.rating, last
            interval = _interval(review)
            factor = 0 if review.difficulty is None else _factor(review.difficulty)
        entries.append(
            PackedReview(
                review.at, rating, logged, interval, last_interval, factor, review.milliseconds
            )
        )
        last = interval
    return tuple(entries)


def _logged(review: ReviewOut) -> int:
    """What an entry made here is in LOGGED of formats/package.py."""
    if review.mode == "reset":
        return 4
    if review.state_before == State.REVIEW:
        return 1 if review.mode == "due" else 3
    return 2 if review.state_before == State.RELEARNING else 0


def _interval(review: ReviewOut) -> int:
    """Days above zero, or seconds below it for a step within the day."""
    if review.interval or review.due is None:
        return review.interval
    return -max(1, (review.due - review.at) // 1000)


def _factor(difficulty: float) -> int:
    """FSRS difficulty as Anki's log writes it."""
    return round(((difficulty - 1) / 9 + 0.1) * 1000)
