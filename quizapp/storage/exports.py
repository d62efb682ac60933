"""What a learner takes away: notes with their cards, what is known of them, and the log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from peewee import JOIN

from quizapp.domain.cards import fits
from quizapp.domain.notetypes import NoteType
from quizapp.domain.queue import Queue
from quizapp.storage.batches import BATCH, batches
from quizapp.storage.fields import LIST, OBJECT, TEXTS, Garbled, from_json
from quizapp.storage.imports import notetypes
from quizapp.storage.models import Card, Deck, Enrolment, Medium, Memory, Note, NoteEdit, Review
from quizapp.storage.prepared import many, prepared, raw, slot, slots
from quizapp.storage.sessions import FAMILIES


@dataclass(frozen=True, slots=True)
class DeckOut:
    """A deck as it is taken away."""

    id: int
    own: bool
    key: str
    family: str
    parent: str
    name: str
    description: str
    topic: str
    outline: Sequence[str]
    origin: str
    licence: str
    updated: str
    new_per_day: int | None
    reviews_per_day: int | None
    desired_retention: float | None
    extra: Mapping[str, Any] | None

    @property
    def full_name(self) -> str:
        """Its name with all that stands above it; one that ships stands below its family."""
        if self.own:
            return self.name
        return "::".join(filter(None, (FAMILIES[self.family], self.parent, self.name)))


class ReviewOut(NamedTuple):
    """An entry of the log with its values as stored; a tuple, as CardOut: there are many."""

    mode: str
    rating: int
    at: int
    milliseconds: int
    state_before: int
    interval: int
    difficulty: float | None
    due: int | None
    origin: Sequence[int] | None


class CardOut(NamedTuple):
    """A card with what its learner knows of it; moments in milliseconds since 1970.

    Without ``queue`` the learner has no memory of it: it is kept for mock exams.
    """

    ord: int
    deck: int
    rank: int
    origin: Mapping[str, Any]
    queue: int | None
    turn: int
    state: int
    step: int
    due: int | None
    interval: int
    stability: float | None
    difficulty: float | None
    last_at: int | None
    reps: int
    lapses: int
    leech: bool
    marked: bool
    flag: int
    by_sibling: bool
    reviews: tuple[ReviewOut, ...]


@dataclass(frozen=True, slots=True)
class NoteOut:
    """A note in its learner's wording, with its cards."""

    key: str
    own: bool
    kind: str
    fields: Mapping[str, Any]
    deck: int
    notetype: int | None
    tags: Sequence[str]
    topic: str
    reference: str
    domains: Sequence[str]
    objective: str
    level: str
    pool: str
    created: int
    modified: int
    cards: tuple[CardOut, ...]


_NONE = "[]"
# What a card has in the places of its memory while there is none.
_UNKNOWN = (0, 0, 0, None, 0, None, None, None, 0, 0, False, False, 0, False)


def decks(learner: int, ids: Sequence[int] | None) -> list[DeckOut]:
    """Decks that a learner has taken up, all or some, in reading order."""
    query = (
        Deck.select(
            Deck.id,
            Deck.owner,
            Deck.key,
            Deck.family,
            Deck.parent,
            Deck.name,
            Deck.description,
            Deck.topic,
            Deck.outline,
            Deck.origin,
            Deck.licence,
            Deck.updated,
            Enrolment.new_per_day,
            Enrolment.reviews_per_day,
            Enrolment.desired_retention,
            Deck.extra,
        )
        .join(Enrolment, on=(Enrolment.deck == Deck.id))
        .where((Enrolment.learner == learner) & ~Deck.retired)
        .order_by(Deck.family, Deck.position, Deck.name, Deck.id)
    )
    if ids is not None:
        query = query.where(Deck.id.in_(list(ids)))
    return [DeckOut(row[0], row[1] is not None, *row[2:]) for row in query.tuples()]


def shipped_names(learner: int) -> set[str]:
    """The full names of the decks that ship."""
    return {deck.full_name for deck in decks(learner, None) if not deck.own}


def types(learner: int) -> dict[int, NoteType]:
    """A learner's note types by their rows."""
    return dict(notetypes(learner).values())


def media(learner: int) -> list[tuple[str, str, int]]:
    """A learner's files: name, digest, size."""
    return list(
        Medium.select(Medium.name, Medium.digest, Medium.size)
        .where(Medium.owner == learner)
        .order_by(Medium.name)
        .tuples()
    )


def notes(
    learner: int, decks: Sequence[int], only: Sequence[int] | None = None, log: bool = True
) -> Iterator[NoteOut]:
    """The notes that have cards in some decks, in their order; ``only`` some of them.

    They come a few hundred at a time, so that a collection of any size can be taken away.
    """
    query = _wanted(decks, only).order_by(Note.deck, Note.position, Note.id)
    ids = [row[0] for row in raw(query)]
    for piece in batches(ids):
        found = {row[0]: row for row in _all_of(_notes_of, learner, piece)}
        cards = _cards(learner, piece, log)
        for id_ in piece:
            if id_ in found:
                yield _note(learner, found[id_], cards.get(id_, ()))


def count(decks: Sequence[int], only: Sequence[int] | None, pools: Sequence[str]) -> int:
    """How many notes ``notes`` would give that are in one of some pools."""
    return int(_wanted(decks, only).where(Note.pool.in_(list(pools))).count())


def _wanted(decks: Sequence[int], only: Sequence[int] | None) -> Any:
    inside = Card.select(Card.note).where(Card.deck.in_(list(decks)))
    query = Note.select(Note.id).where(Note.id.in_(inside) & ~Note.retired)
    return query if only is None else query.where(Note.id.in_(list(only)))


@prepared
def _notes_of() -> Any:
    return (
        Note.select(
            Note.id, Note.key, Note.kind, Note.fields, Note.deck, Note.notetype, Note.tags,
            Note.topic, Note.reference, Note.domains, Note.objective, Note.level, Note.pool,
            Note.created, Note.modified, NoteEdit.fields, Deck.owner,
        )
        .join(Deck, on=(Deck.id == Note.deck))
        .switch(Note)
        .join(
            NoteEdit,
            JOIN.LEFT_OUTER,
            on=((NoteEdit.note == Note.id) & (NoteEdit.learner == slot("learner"))),
        )
        .where(Note.id.in_(slots("id", BATCH)))
    )  # fmt: skip


@prepared
def _cards_of() -> Any:
    return (
        Card.select(
            Card.id, Card.note, Card.ord, Card.deck, Card.rank, Card.origin, Memory.queue,
            Memory.turn, Memory.state, Memory.step, Memory.due, Memory.interval,
            Memory.stability, Memory.difficulty, Memory.last_at, Memory.reps, Memory.lapses,
            Memory.leech, Memory.marked, Memory.flag, Memory.buried_by_sibling,
        )
        .join(
            Memory,
            JOIN.LEFT_OUTER,
            on=((Memory.card == Card.id) & (Memory.learner == slot("learner"))),
        )
        .where(Card.note.in_(slots("id", BATCH)) & ~Card.retired)
        .order_by(Card.note, Card.ord)
    )  # fmt: skip


@prepared
def _reviews_of() -> Any:
    # Named by the card, and not through the note: that would look through the whole log.
    return (
        Review.select(
            Review.card, Review.mode, Review.rating, Review.at, Review.milliseconds,
            Review.state_before, Review.interval, Review.difficulty, Review.due, Review.origin,
        )
        .where((Review.learner == slot("learner")) & Review.card.in_(slots("id", BATCH)))
        .order_by(Review.card, Review.id)
    )  # fmt: skip


def _all_of(query: Callable[..., Any], learner: int, ids: Sequence[int]) -> list[Sequence[Any]]:
    """A query's rows for up to BATCH ids; its text is the same for any number of them."""
    whole = [*ids, *[ids[-1]] * (BATCH - len(ids))]
    rows: list[Sequence[Any]] = query(learner=learner, **many("id", whole)).fetchall()
    return rows


def _note(learner: int, row: Sequence[Any], cards: Sequence[CardOut]) -> NoteOut:
    (
        _, key, kind, fields, deck, notetype, tags, topic, reference, domains, objective, level,
        pool, created, modified, edited, owner,
    ) = row  # fmt: skip
    said = from_json(fields, OBJECT)
    if edited is not None and fits(kind, said, own := from_json(edited, OBJECT)):
        said = said | own if kind == "custom" else own
    prefix = f"own/{learner}/"
    return NoteOut(
        key=key.removeprefix(prefix),
        own=owner is not None,
        kind=kind,
        fields=said,
        deck=deck,
        notetype=notetype,
        tags=from_json(tags, TEXTS) if tags != _NONE else [],
        topic=topic,
        reference=reference,
        domains=from_json(domains, TEXTS) if domains != _NONE else [],
        objective=objective,
        level=level,
        pool=pool,
        created=created or 0,
        modified=modified or 0,
        cards=tuple(cards),
    )


def _cards(learner: int, notes: Sequence[int], log: bool) -> dict[int, list[CardOut]]:
    rows = _all_of(_cards_of, learner, notes)
    reviews = _reviews(learner, [row[0] for row in rows]) if log else {}
    found: dict[int, list[CardOut]] = {}
    for id_, note, ord_, deck, rank, origin, queue, *known in rows:
        if queue == Queue.RETIRED:
            continue
        told = from_json(origin, OBJECT) if origin else {}
        values = _UNKNOWN if queue is None else known
        found.setdefault(note, []).append(
            CardOut(  # type: ignore[call-arg]
                ord_, deck, rank, told, queue, *values, tuple(reviews.get(id_, ()))
            )
        )
    return found


def _reviews(learner: int, cards: Sequence[int]) -> dict[int, list[ReviewOut]]:
    found: dict[int, list[ReviewOut]] = {}
    for piece in batches(cards):
        rows = _all_of(_reviews_of, learner, piece)
        # Read at once: what it takes to begin is more than what there is to read in each.
        origins = iter(_all_lists([row[-1] for row in rows if row[-1]]))
        for card, *entry, origin in rows:
            told = next(origins) if origin else None
            found.setdefault(card, []).append(ReviewOut(*entry, told))  # type: ignore[call-arg]
    return found


def _all_lists(columns: Sequence[str]) -> list[Any]:
    found: list[Any] = from_json(f"[{','.join(columns)}]", list[LIST])
    if len(found) != len(columns):
        raise Garbled
    return found
