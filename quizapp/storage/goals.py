"""Exam goals, and the day's list that planning left."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from peewee import Case, fn

from quizapp.domain.calibration import Foretold
from quizapp.domain.goals import Goal, of_deck
from quizapp.domain.queue import Candidate, Counts, Queue
from quizapp.domain.scheduling import State
from quizapp.storage import models
from quizapp.storage.batches import insert_all
from quizapp.storage.models import Card, Memory, Note, Plan, PlanCard
from quizapp.storage.prepared import prepared, slot

_CHOICE = 24


@dataclass(frozen=True)
class CardRow:
    """A card as planning sees it."""

    card: int
    deck: int
    topic: str
    domains: tuple[str, ...]
    stability: float | None
    difficulty: float | None
    last_day: int | None
    in_steps: bool
    waiting: bool
    due_day: int


@dataclass(frozen=True)
class PastGoal:
    """A goal whose exam was held: its outcome once it was told, and what was foretold."""

    goal: Goal
    outcome: Mapping[str, Any] | None
    first: Foretold | None
    last: Foretold | None


def active(learner: int, today: date) -> list[Goal]:
    """The goals whose exam is still to come, the nearest first."""
    rows = (
        models.Goal.select()
        .where((models.Goal.learner == learner) & models.Goal.ended.is_null())
        .order_by(models.Goal.day, models.Goal.id)
    )
    return [goal for goal in map(_goal, rows) if goal.day > today]


def past(learner: int, today: date) -> list[PastGoal]:
    """Goals whose exam was held, the latest first."""
    rows = (
        models.Goal.select()
        .where(
            (models.Goal.learner == learner)
            & models.Goal.ended.is_null()
            & (models.Goal.day <= today.isoformat())
        )
        .order_by(models.Goal.day.desc(), models.Goal.id.desc())
    )
    return [PastGoal(_goal(row), row.outcome, *_foretold(row.foretold)) for row in rows]


def foretold(goal: int) -> tuple[Foretold | None, Foretold | None]:
    """The first and the latest forecast that were kept for a goal."""
    row = models.Goal.select(models.Goal.foretold).where(models.Goal.id == goal).tuples().first()
    return _foretold(row[0] if row else None)


def keep_foretold(goal: int, first: Foretold, last: Foretold) -> None:
    """Keep what was forecast first and last."""
    stored = {"first": asdict(first), "last": asdict(last)}
    models.Goal.update(foretold=stored).where(models.Goal.id == goal).execute()


def find(learner: int, goal: int) -> Goal | None:
    """A learner's goal that was not dropped."""
    row = models.Goal.get_or_none(
        (models.Goal.id == goal) & (models.Goal.learner == learner) & models.Goal.ended.is_null()
    )
    return row and _goal(row)


def first_made(learner: int) -> datetime | None:
    """When the oldest goal in force was made."""
    where = (models.Goal.learner == learner) & models.Goal.ended.is_null()
    row = (
        models.Goal.select(models.Goal.created)
        .where(where)
        .order_by(models.Goal.created)
        .tuples()
        .first()
    )
    return row[0] if row else None


def add(learner: int, created: datetime, **columns: Any) -> int:
    """Store a goal; return its id."""
    return int(models.Goal.create(learner=learner, created=created, **_stored(columns)).id)


def change(goal: int, **columns: Any) -> None:
    """Store the named columns of a goal."""
    models.Goal.update(**_stored(columns)).where(models.Goal.id == goal).execute()


def cards(learner: int) -> list[CardRow]:
    """All cards a learner studies, those put off until tomorrow among them."""
    rows = (
        Memory.select(
            Memory.card,
            Memory.deck,
            Note.topic,
            Note.domains,
            Memory.stability,
            Memory.difficulty,
            Memory.last_day,
            Memory.state,
            Memory.queue,
            Memory.turn,
        )
        .join(Note, on=(Note.id == Memory.note))
        .where((Memory.learner == learner) & Memory.queue.not_in([Queue.SUSPENDED, Queue.RETIRED]))
        .order_by(Memory.queue, Memory.turn, Memory.shuffle, Memory.card)
        .tuples()
    )
    return [
        CardRow(
            card, deck, f"{deck}/{topic}", (*domains, of_deck(deck)), stability, difficulty,
            None if state == State.NEW else last_day,
            state in (State.LEARNING, State.RELEARNING), queue >= 0,
            turn if state != State.NEW else 0,
        )
        for card, deck, topic, domains, stability, difficulty, last_day, state, queue, turn in rows
    ]  # fmt: skip


def has_plan(learner: int, study_day: int) -> bool:
    """Whether a list was made for a day."""
    return _has_plan(learner=learner, day=study_day).fetchone() is not None


def latest_forecast(learner: int) -> Mapping[str, Any] | None:
    """What the newest plan of any day foretold."""
    row = (
        Plan.select(Plan.forecast)
        .where(Plan.learner == learner)
        .order_by(Plan.study_day.desc())
        .tuples()
        .first()
    )
    return row[0] if row else None


def save_plan(
    learner: int, study_day: int, cards: Sequence[int], forecast: Mapping[str, Any]
) -> None:
    """Put a day's list in the place of an older one; lists of past days go."""
    drop_plan(learner, study_day)
    PlanCard.delete().where(
        (PlanCard.learner == learner) & (PlanCard.study_day < study_day)
    ).execute()
    Plan.create(learner=learner, study_day=study_day, forecast=forecast)
    insert_all(
        PlanCard,
        [
            {"learner": learner, "study_day": study_day, "place": place, "card": card}
            for place, card in enumerate(cards)
        ],
    )


def drop_plan(learner: int, study_day: int) -> None:
    """Forget a day's list, so that it is planned anew."""
    for table in (PlanCard, Plan):
        table.delete().where((table.learner == learner) & (table.study_day == study_day)).execute()


def planned_left(learner: int, study_day: int) -> Counts:
    """What is left of a day's list: new cards and reviews."""
    row = _left(learner=learner, day=study_day, today=study_day).fetchone()
    return Counts(new=row[0] or 0, due=row[1] or 0)


def planned_next(learner: int, study_day: int) -> list[Candidate]:
    """The next cards of a day's list, in its order."""
    rows = _next(learner=learner, day=study_day, today=study_day, most=_CHOICE).fetchall()
    return [Candidate(card, note, f"{deck}/{topic}") for card, note, deck, topic in rows]


def _waiting() -> Any:
    """A planned card that was not answered today and that nothing holds back."""
    return (
        (PlanCard.learner == slot("learner"))
        & (PlanCard.study_day == slot("day"))
        & Memory.queue.in_([Queue.NEW.value, Queue.REVIEW.value])
        & (Memory.last_day.is_null() | (Memory.last_day < slot("today")))
    )


_OWN = (Memory.learner == PlanCard.learner) & (Memory.card == PlanCard.card)


@prepared
def _has_plan() -> Any:
    return Plan.select(Plan.study_day).where(
        (Plan.learner == slot("learner")) & (Plan.study_day == slot("day"))
    )


@prepared
def _left() -> Any:
    def sum_of(queue: Queue) -> Any:
        return fn.SUM(Case(None, [((Memory.queue == queue.value), 1)], 0))

    return (
        PlanCard.select(sum_of(Queue.NEW), sum_of(Queue.REVIEW))
        .join(Memory, on=_OWN)
        .where(_waiting())
    )


@prepared
def _next() -> Any:
    return (
        PlanCard.select(Memory.card, Memory.note, Memory.deck, Note.topic)
        .join(Memory, on=_OWN)
        .join(Card, on=(Card.id == Memory.card))
        .join(Note, on=(Note.id == Memory.note))
        .where(_waiting())
        .order_by(PlanCard.place)
        .limit(slot("most"))
    )


def _stored(columns: Mapping[str, Any]) -> dict[str, Any]:
    stored = dict(columns)
    if "day" in stored:
        stored["day"] = stored["day"].isoformat()
    if "days_off" in stored:
        stored["days_off"] = [day.isoformat() for day in stored["days_off"]]
    return stored


def _foretold(
    stored: Mapping[str, Mapping[str, Any]] | None,
) -> tuple[Foretold | None, Foretold | None]:
    if stored is None:
        return None, None
    return _forecast(stored["first"]), _forecast(stored["last"])


def _forecast(stored: Mapping[str, Any]) -> Foretold:
    low, high = stored["interval"]
    between = stored["range"]
    return Foretold(
        stored["day"], stored["left"], stored["recall"], (low, high),
        stored["score"], between and (between[0], between[1]), stored["chance"],
    )  # fmt: skip


def _goal(row: Any) -> Goal:
    return Goal(
        id=row.id,
        outline=row.outline,
        title=row.title,
        day=date.fromisoformat(row.day),
        minutes=tuple(row.minutes),
        days_off=tuple(date.fromisoformat(day) for day in row.days_off),
        weights=row.weights,
        line=row.line,
        floor=row.floor,
    )
