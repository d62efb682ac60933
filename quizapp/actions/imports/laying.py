"""Laying a package down: the rows it becomes, and what becomes of those that are here.

The rows of new notes are made before the transaction and wait in a file (see
storage/staging.py): others wait for the database only while it stores them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import structs

from quizapp.actions.imports.choices import Choices
from quizapp.actions.imports.comparing import (
    grown,
    grows,
    is_same,
    is_taken,
    united_fields,
    with_own_media,
    with_types_apart,
)
from quizapp.actions.imports.histories import histories, may_differ
from quizapp.actions.imports.notes import (
    chunks,
    path_of,
    refusals,
    renamed,
    shown_in_lists,
    stored_digest,
)
from quizapp.actions.imports.recognising import TABLES, recognised
from quizapp.actions.imports.returning import gone, returned
from quizapp.actions.imports.rows import card_row, memory_row, note_row, review_rows
from quizapp.domain.days import DayTable
from quizapp.domain.learners import Learner
from quizapp.domain.merging import merged
from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.stock import STOCK
from quizapp.formats.contents import Contents, Entry, cards, digest, tags
from quizapp.formats.natives import native_types
from quizapp.formats.package import Package, PackedCard, PackedDeck, PackedNote
from quizapp.storage import exports, imports
from quizapp.storage.imports import Content, Known
from quizapp.storage.staging import Stage, at_hand, lay_down, staged

Report = Callable[[int, int], None]


@dataclass
class Waiting:
    """An import that is ready to be laid down.

    contents  as they came, note types apart; ``found`` are the same with the keys that rows
            without an ID have here, and with what text changes in notes that are here
    under   the deck that the file's decks were compared under
    ground  what was stored when it was made ready: rows of notes, and files of media
    known   the notes among it, by key
    homes   the decks that its rows name by place
    here    entries of notes that are the same here, with another log
    differ  entries of notes that are here with another text
    growing  entries of notes that are here and whose type has more templates in the file
    seen    the keys of all its notes but those in ``stays``, which are left as they are
    known_as  how the database knows the stage, see at_hand in storage/staging.py
    """

    learner: Learner
    batch: int
    package: Package
    contents: Contents
    found: Contents
    under: str
    choices: Choices
    now: datetime
    report: Report
    stage: Stage
    known_as: str
    ground: "_Ground"
    known: Mapping[str, Known]
    types: Mapping[str, NoteType]
    days: DayTable
    homes: dict[str, int] = field(default_factory=dict)
    here: list[Entry] = field(default_factory=list)
    differ: list[Entry] = field(default_factory=list)
    growing: list[Entry] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    stays: Set[str] = frozenset()
    position: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(imports.COUNTS, 0))

    @property
    def today(self) -> int:
        """The learner's study day."""
        return self.learner.today(self.now)

    @property
    def marked(self) -> bool:
        """Whether marks come along: they are as much somebody's as answers are; where there
        are none, nobody was asked."""
        return self.choices.progress or not self.package.progress


@dataclass
class _Work:
    """What laying down an import needs to know, and what it counts."""

    learner: Learner
    batch: int
    choices: Choices
    now: datetime
    today: int
    days: DayTable
    types: Mapping[str, NoteType]
    type_ids: Mapping[str, int]
    decks: dict[str, tuple[int, str]]
    marked: bool
    position: int
    counts: dict[str, int]


@contextmanager
def prepared(
    learner: Learner,
    batch: int,
    package: Package,
    contents: Contents,
    choices: Choices,
    now: datetime,
    report: Report,
    folder: Path,
    under: str = "",
) -> Iterator[Waiting]:
    """Make a package ready to be laid down; what waits lies in ``folder`` until the end.

    ``under`` is the one that it was compared under. Outside of a transaction, which is to
    begin inside.
    """
    ground = _ground(learner)
    known = imports.notes_known(learner.id, ground[0])
    contents = with_types_apart(learner, package, contents, known)
    with staged(folder) as stage:
        waiting = _made_ready(
            learner, batch, package, contents, choices, now, report, stage, ground, known, under
        )
        with at_hand(stage) as waiting.known_as:
            yield waiting


def lay(waiting: Waiting) -> dict[str, int]:
    """Lay an import down inside the caller's transaction; return what was done, counted."""
    w = waiting
    ground = _ground(w.learner)
    if w.ground == ground:
        return _lay(w)
    # Something else was laid down meanwhile; now nothing can come between.
    with staged(w.stage.path.parent) as stage:
        return _lay(
            _made_ready(
                w.learner, w.batch, w.package, w.contents, w.choices, w.now, w.report, stage,
                ground, imports.notes_known(w.learner.id, ground[0]), w.under,
            )
        )  # fmt: skip


_Ground = tuple[list[tuple[Any, ...]], dict[str, str]]


def _ground(learner: Learner) -> _Ground:
    return imports.ground(learner.id), imports.media(learner.id)


def _made_ready(
    learner: Learner,
    batch: int,
    package: Package,
    contents: Contents,
    choices: Choices,
    now: datetime,
    report: Report,
    stage: Stage,
    ground: _Ground,
    known: Mapping[str, Known],
    under: str,
) -> Waiting:
    rows = recognised(learner, package, contents, known, under)[0]
    back = returned(learner, package, rows, known)
    waiting = Waiting(
        learner,
        batch,
        package,
        contents,
        back.contents,
        under,
        choices,
        now,
        report,
        stage,
        "",
        ground,
        known,
        {type_.key: type_ for type_ in package.notetypes},
        DayTable(learner.calendar),
        stays=back.stays,
    )
    # A fresh import asks nothing of what is stored.
    answered = imports.answers_known(learner.id) if choices.progress and known else {}
    larger = grown(package, dict(imports.notetypes(learner.id).values()))
    found = with_own_media(package, waiting.found, ground[1])
    for chunk in chunks(found.entries()):
        new = []
        for entry in chunk:
            if entry.key in waiting.seen:
                waiting.counts["refused"] += 1
                continue
            waiting.seen.add(entry.key)
            there = known.get(entry.key)
            if there is None:
                new.append((found.note(entry), entry.digest))
                continue
            if grows(entry, there, found, larger):
                waiting.growing.append(entry)
            if not is_same(entry, there):
                waiting.differ.append(entry)
            else:
                waiting.counts["same"] += 1
                if may_differ(entry, there, answered):
                    waiting.here.append(entry)
        _stage(waiting, new)
        report(len(waiting.seen), 0)
    return waiting


def _stage(waiting: Waiting, notes: Sequence[tuple[PackedNote, str]]) -> None:
    """Put the rows of new notes aside, with their cards and what is known of them."""
    type_places = {key: place for place, key in enumerate(waiting.types)}
    note_rows = []
    pairs: list[tuple[int, int, PackedNote, PackedCard]] = []
    for at, (note, note_digest) in enumerate(notes, waiting.stage.notes):
        type_ = waiting.types.get(note.notetype)
        note_rows.append(
            note_row(
                at, _home(waiting, note.deck), waiting.learner, waiting.batch, waiting.position,
                note, tags(note), shown_in_lists(note.kind, note.fields, note.objective, type_),
                stored_digest(note.kind, note_digest), type_places.get(note.notetype),
            )
        )  # fmt: skip
        waiting.position += 1
        for card in cards(note, waiting.types):
            pairs.append((at, _home(waiting, card.deck or note.deck), note, card))
    rows = _card_rows(waiting, pairs, iter(range(waiting.stage.cards, 1 << 62)))
    waiting.stage.add(note_rows, *rows)
    waiting.counts["added"] += len(note_rows)


def _home(waiting: Waiting, name: str) -> int:
    return waiting.homes.setdefault(name, len(waiting.homes))


def _card_rows(
    work: "Waiting | _Work",
    pairs: Sequence[tuple[int, int, PackedNote, PackedCard]],
    ids: Iterator[int],
) -> tuple[list[Any], list[Any], list[Any]]:
    """Rows of cards, of memories and of the log, for: note, deck, note as packed, card."""
    card_rows, memory_rows, log = [], [], []
    for note_id, deck, note, card in pairs:
        id_ = next(ids)
        position = work.position if card.position is None else card.position
        card_rows.append(card_row(id_, note_id, deck, position, note.key, card))
        if note.pool == "study":
            if not work.choices.progress:
                card = PackedCard(card.ord, card.deck)  # noqa: PLW2901 (new, whatever it was)
            else:
                log += review_rows(work.learner, id_, card, work.days)
            memory_rows.append(
                memory_row(
                    work.learner, id_, deck, note_id, note, card, position, work.today, work.days,
                    marked=work.marked,
                )
            )  # fmt: skip
    work.counts["cards"] += len(card_rows)
    work.counts["reviews"] += len(log)
    return card_rows, memory_rows, log


def _lay(waiting: Waiting) -> dict[str, int]:
    learner, batch, choices = waiting.learner, waiting.batch, waiting.choices
    package = waiting.package
    known, stored_media = waiting.known, waiting.ground[1]
    names = renamed(package, stored_media)
    named = {names.get(medium.name, medium.name): medium for medium in package.media}
    fresh = [(n, m.digest, m.size) for n, m in named.items() if n not in stored_media]
    imports.add_media(learner.id, batch, fresh)
    work = _Work(
        learner,
        batch,
        choices,
        waiting.now,
        waiting.today,
        waiting.days,
        waiting.types,
        _lay_types(learner, batch, package, choices),
        imports.own_decks(learner.id),
        waiting.marked,
        waiting.position,
        dict(waiting.counts),
    )
    own = _own_decks(learner, package)
    if package.source in TABLES:
        # A table has no decks but those its rows go to, and these may be in others here.
        own = [d for d in own if d.name in waiting.homes or _is_here(work, d.name)]
    for deck in own:
        _deck(
            work,
            deck.name,
            description=deck.description,
            new_per_day=deck.new_per_day,
            reviews_per_day=deck.reviews_per_day,
            desired_retention=deck.desired_retention,
            updated=deck.updated or work.now.date().isoformat(),
            origin=work.choices.origin or deck.origin,
            licence=work.choices.licence or deck.licence,
            extra=_kept_aside(deck) or None,
        )
    homes = [_deck(work, name) for name in waiting.homes]
    lay_down(waiting.stage, homes, [work.type_ids[k] for k in work.types], waiting.known_as)
    found = with_own_media(package, waiting.found, stored_media)
    for piece in chunks(waiting.growing):
        _add_missing_cards(work, [(found.note(entry), known[entry.key]) for entry in piece])
    for piece in chunks(waiting.differ):
        taken = _change(work, [(found.note(entry), known[entry.key]) for entry in piece])
        if choices.progress:
            _take_progress(work, taken)
    for piece in chunks(waiting.here):
        _take_progress(work, [(found.note(entry), known[entry.key]) for entry in piece])
    if choices.set_aside:
        inside = [_deck(work, deck.name) for deck in own]
        keys = waiting.seen | waiting.stays
        aside = [id_ for id_, _ in gone(learner, package, inside, keys)]
        imports.retire(batch, aside)
        work.counts["set_aside"] = len(aside)
    # Our own exports name them; here their notes are of our own kinds again.
    imports.forget_unused_types(batch, (*native_types().values(), *STOCK))
    work.counts["refused"] += len(refusals(package, stored_media))
    return work.counts


def _own_decks(learner: Learner, package: Package) -> list[PackedDeck]:
    """The decks of a package but those that ship: they are here and stay what they are.

    A family of them is no deck here, nor is an exam; a package may make them decks that
    stand above those.
    """
    shipped = exports.shipped_names(learner.id)
    above = {
        "::".join(parts[:n])
        for name in shipped
        for parts in [name.split("::")]
        for n in range(1, len(parts))
    }
    return [
        deck
        for deck in package.decks
        if deck.name not in shipped
        and (deck.name not in above or structs.replace(deck, extra={}) != PackedDeck(deck.name))
    ]


def united_type(there: NoteType, new: NoteType) -> NoteType:
    """A note type brought up to date with another; what only the first has stays at the end.

    A card's number is its template's place, so a template that is gone keeps its own.
    """
    fields = [*new.fields, *(name for name in there.fields if name not in new.fields)]
    templates: list[Template] = list(new.templates)
    if new.kind == "normal":
        templates += there.templates[len(templates) :]
    return replace(new, fields=tuple(fields), templates=tuple(templates))


def _lay_types(learner: Learner, batch: int, package: Package, choices: Choices) -> dict[str, int]:
    """The id of each note type of the package, added or brought up to date."""
    stored = imports.notetypes(learner.id)
    ids = {}
    for type_ in package.notetypes:
        if type_.key not in stored:
            ids[type_.key] = imports.add_notetype(learner.id, batch, type_)
            continue
        id_, there = stored[type_.key]
        # In a package no two are called the same, so one may have got a sign at its end.
        if type_.name.rstrip("+") == there.name:
            type_ = replace(type_, name=there.name)  # noqa: PLW2901 (as it is called here)
        # What is here may be left alone, yet new notes need fields and templates of theirs.
        left_alone = choices.existing == "never"
        united = united_type(type_, there) if left_alone else united_type(there, type_)
        if united != there:
            imports.change_notetype(batch, id_, united)
        ids[type_.key] = id_
    return ids


def _change(
    work: _Work, notes: Sequence[tuple[PackedNote, Known]]
) -> list[tuple[PackedNote, Known]]:
    """Bring notes up to date that are here with another text; return those that were."""
    stored = imports.contents(work.learner.id, [there.id for _, there in notes])
    taken, back = [], []
    columns: dict[int, dict[str, Any]] = {}
    wordings = []
    for note, there in notes:
        if not is_taken(work.choices.existing, note, there):
            work.counts["kept"] += 1
            continue
        taken.append((note, there))
        content = stored[there.id]
        new = united_fields(note, content)
        if there.retired and note.kind == "custom":
            back.append(there.id)
        columns[there.id] = {
            "kind": note.kind,
            "notetype": work.type_ids.get(note.notetype),
            "fields": new,
            "faces": shown_in_lists(note.kind, new, note.objective, work.types.get(note.notetype)),
            "tags": tags(note),
            "topic": note.topic,
            "reference": note.reference,
            "domains": list(note.domains),
            "objective": note.objective,
            "level": note.level,
            "pool": note.pool,
            "digest": stored_digest(note.kind, digest(note)),
            "modified": note.modified or (there.modified and int(work.now.timestamp())),
            "retired": False,
        }
        wordings.append((there.id, note, content, new))
        work.counts["updated"] += 1
    imports.change_notes(work.batch, columns)
    imports.bring_back(work.batch, back)
    for wording in wordings:
        _keep_wording(work, *wording)
    moved = {there.id for note, there in taken if stored[there.id].pool != note.pool}
    _add_missing_cards(work, taken, moved)
    return taken


def _keep_wording(
    work: _Work, note_id: int, note: PackedNote, content: Content, new: Mapping[str, Any]
) -> None:
    """Carry a learner's own wording over to the new text, field by field."""
    if content.own is None:
        return
    base = content.base if content.base is not None else content.fields
    result = merged(content.own, base, new)
    fields = dict(result.fields)
    if work.choices.all_theirs or note_id in work.choices.theirs:
        fields |= {name: new[name] for name in result.conflicts}
    if fields == new or note.kind != content.kind:
        imports.change_edit(work.batch, work.learner.id, note_id, None)
        return
    work.counts["worded"] += 1
    shown = shown_in_lists(note.kind, fields, note.objective, work.types.get(note.notetype))
    imports.change_edit(work.batch, work.learner.id, note_id, fields, base=dict(new), faces=shown)


def _add_missing_cards(
    work: _Work, notes: Sequence[tuple[PackedNote, Known]], moved: Set[int] = frozenset()
) -> None:
    """Add the cards that a new text makes and that are not here; none is taken away.

    ``moved`` are notes that went from study to mock exams, or back.
    """
    known = imports.cards_known(work.learner.id, [there.id for _, there in notes])
    pairs = [
        (there.id, there.deck, note, card)
        for note, there in notes
        for card in cards(note, work.types)
        if card.ord not in {stored.ord for stored in known.get(there.id, ())}
    ]
    rows = _card_rows(work, pairs, imports.reserve_cards(len(pairs)))
    imports.add_rows([], *rows)
    imports.note_added(work.batch, "card", [row[0] for row in rows[0]])
    for note, there in notes:
        if note.kind == "custom":
            continue
        count = len(cards(note, work.types))
        kept = sorted(card.ord for card in known.get(there.id, ()) if not card.retired)
        if there.retired or there.id in moved or kept != list(range(count)):
            imports.keep_cards(work.batch, there.id, there.deck, count, note.pool == "study")


def _take_progress(work: _Work, notes: Sequence[tuple[PackedNote, Known]]) -> None:
    """Take over what a file knows of cards that are here, where it goes on from there."""
    found = histories(work.learner, notes)
    memories, log = [], []
    for note, packed, card, _ in found.gone_on:
        memories.append(
            memory_row(
                work.learner, card.id, card.deck, card.note, note, packed,
                packed.position or 0, work.today, work.days, card.version + 1,
            )
        )  # fmt: skip
        log += review_rows(work.learner, card.id, packed, work.days)
    imports.replace_progress(work.batch, work.learner.id, memories, log)
    work.counts["reviews"] += sum(one.fresh for one in found.gone_on)
    work.counts["apart"] += found.apart


def _deck(work: _Work, name: str, **columns: Any) -> int:
    """The id of a deck by the name its file gives it, made if missing."""
    return _deck_at(work, path_of(name, work.choices.under), columns)


def _kept_aside(deck: PackedDeck) -> dict[str, Any]:
    """What only other programs need, and the exams that a deck says it is for."""
    said: dict[str, Any] = {"topic": deck.topic, "outline": list(deck.outline)}
    return {**deck.extra, **{name: value for name, value in said.items() if value}}


def _is_here(work: _Work, name: str) -> bool:
    return "::".join(path_of(name, work.choices.under)).casefold() in work.decks


def _deck_at(work: _Work, path: Sequence[str], columns: Mapping[str, Any]) -> int:
    name = "::".join(path)
    found = work.decks.get(name.casefold())
    if found is not None:
        return found[0]
    if len(path) > 1:
        _deck_at(work, path[:-1], {})
    id_ = imports.add_deck(
        work.learner.id,
        work.batch,
        sha256(f"{work.batch}\n{name}".encode()).hexdigest()[:24],
        name,
        **{
            "origin": work.choices.origin,
            "licence": work.choices.licence,
            "updated": work.now.date().isoformat(),
            **columns,
        },
    )
    work.decks[name.casefold()] = (id_, name)
    return id_
