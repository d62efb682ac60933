"""The rows a package becomes, with their values as storage/imports.py lays them down."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zlib import crc32

from quizapp.domain.conversion import memory_of_log, memory_of_sm2
from quizapp.domain.days import EPOCH, DayTable
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue, queue_of
from quizapp.domain.scheduling import MODEL, State
from quizapp.formats.package import PackedCard, PackedNote
from quizapp.storage.fields import to_json
from quizapp.storage.imports import own_key

# Own cards come before those of the curriculum: who brings a deck wants to study it.
_OWN_FIRST = -(2**40)
_STATES = {
    "new": State.NEW,
    "learning": State.LEARNING,
    "review": State.REVIEW,
    "relearning": State.RELEARNING,
}
# As they are stored; asking a State for its value takes a while.
_NEW, _LEARNING, _REVIEW = State.NEW.value, State.LEARNING.value, State.REVIEW.value
_BEFORE = (_LEARNING, _REVIEW, State.RELEARNING.value, _REVIEW)
_MANUAL, _RESCHEDULED, _EARLY = 4, 5, 3
_LATEST_DAY = 2**31 - 1


def note_row(
    id_: int,
    deck: int,
    learner: Learner,
    batch: int,
    position: int,
    note: PackedNote,
    tags: Sequence[str],
    faces: Sequence[Mapping[str, Any]],
    digest: str,
    notetype: int | None,
) -> tuple[Any, ...]:
    """A note in the order of NOTE_COLUMNS."""
    return (
        id_, deck, own_key(learner.id, note.key), note.kind, to_json(note.fields), to_json(faces),
        note.topic, to_json(tags) if tags else "[]", note.reference, "[]",
        to_json(note.domains) if note.domains else "[]", note.objective,
        note.level, note.pool, position, digest, False, notetype, note.created or None,
        note.modified or None, batch,
    )  # fmt: skip


def card_row(
    id_: int, note: int, deck: int, position: int, key: str, card: PackedCard
) -> tuple[Any, ...]:
    """A card in the order of CARD_COLUMNS."""
    origin: dict[str, Any] = dict(card.extra)
    for name, value in (("position", card.position), ("ease", card.ease), ("left", card.left)):
        if value:
            origin[name] = value
    return (
        id_, note, deck, card.ord, _OWN_FIRST + position, _shuffle(key, card.ord), False,
        to_json(origin) if origin else None,
    )  # fmt: skip


def memory_row(
    learner: Learner,
    id_: int,
    deck: int,
    note_id: int,
    note: PackedNote,
    card: PackedCard,
    position: int,
    today: int,
    days: DayTable,
    version: int = 0,
    marked: bool = True,
) -> tuple[Any, ...]:
    """What a learner knows of a card, in the order of MEMORY_COLUMNS.

    ``marked`` is whether the tags that stand for marks of a card are this learner's.
    """
    state = _STATES[card.state]
    due, turn = _due(card, state, position, today, days)
    stability, difficulty = _pair(learner, card, state, days)
    last_at = card.last_at
    if last_at is None and card.reviews:
        last_at = card.reviews[-1].at
    queue = {"suspended": Queue.SUSPENDED, "buried": Queue.BURIED, "sibling": Queue.BURIED}.get(
        card.held, queue_of(state)
    )
    buried_on = today if queue is Queue.BURIED else None
    marks = {tag.casefold() for tag in note.tags} if marked else set()
    return (
        learner.id, id_, deck, note_id, max(version, len(card.reviews)), queue.value, turn,
        _shuffle(note.key, card.ord), state.value, _step(learner, card, state), due,
        max(0, card.interval), stability, difficulty, MODEL if stability is not None else None,
        last_at, None if last_at is None else days.day(last_at), card.reps, card.lapses,
        "leech" in marks, "marked" in marks, card.flag, buried_on, card.held == "sibling",
    )  # fmt: skip


def review_rows(
    learner: Learner, id_: int, card: PackedCard, days: DayTable
) -> list[tuple[Any, ...]]:
    """A card's log, oldest first, in the order of REVIEW_COLUMNS."""
    rows = []
    last_day: int | None = None
    answered = False
    learner_id, day_of = learner.id, days.day
    for version, (at, given, logged, interval, last_interval, factor, taken) in enumerate(
        card.reviews
    ):
        day = day_of(at)
        mode, rating = "due", given
        before = _BEFORE[logged] if logged < len(_BEFORE) else _REVIEW
        if logged in (_MANUAL, _RESCHEDULED) or not rating:
            forgotten = logged == _MANUAL and not factor
            mode, rating = ("reset" if forgotten else "moved"), 0
        elif logged == _EARLY:
            mode = "ahead" if factor else "crammed"
        elif not answered:
            before = _NEW
        rows.append(
            (
                learner_id, id_, version, mode, rating, at, day,
                None if last_day is None else day - last_day, taken, before,
                _REVIEW if interval > 0 else _LEARNING, interval, False,
                f"[{logged},{last_interval},{factor},{given}]",
            )
        )  # fmt: skip
        if rating:
            last_day, answered = day, True
        if mode == "reset":
            last_day, answered = None, False
    return rows


def _due(
    card: PackedCard, state: State, position: int, today: int, days: DayTable
) -> tuple[int | None, int]:
    """The moment a card is due, and its turn."""
    if state is State.NEW:
        return None, _OWN_FIRST + position
    if card.due_at is not None:
        return card.due_at, days.day(card.due_at)
    day = today if card.due is None else (date.fromisoformat(card.due) - EPOCH).days
    return days.start(day), day


def _pair(
    learner: Learner, card: PackedCard, state: State, days: DayTable
) -> tuple[float | None, float | None]:
    """Stability and difficulty: as stored, else from the log, else from ease and interval."""
    if state is State.NEW:
        return None, None
    if card.stability is not None and card.difficulty is not None:
        return card.stability, card.difficulty
    pair = memory_of_log(card.reviews, days.day, learner.weights)
    if pair is None and card.ease and card.interval > 0:
        pair = memory_of_sm2(card.ease / 1000, card.interval, learner.weights)
    return pair or (None, None)


def _step(learner: Learner, card: PackedCard, state: State) -> int:
    """Which learning step comes next, from how many are still to do."""
    if state not in (State.LEARNING, State.RELEARNING):
        return 0
    steps = learner.learning_steps if state is State.LEARNING else learner.relearning_steps
    return max(0, len(steps) - card.left) if card.left else 0


def _shuffle(key: str, ord_: int) -> int:
    return crc32(f"{key}:{ord_}".encode("utf-8", "replace")) % 1_000_003
