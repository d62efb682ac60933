"""The log of answers, and what can be read from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Case, fn

from quizapp.domain.goals import of_deck
from quizapp.domain.queue import Counts
from quizapp.domain.scheduling import Memory as MemoryValue
from quizapp.domain.scheduling import Rating, State
from quizapp.storage.database import proxy
from quizapp.storage.fields import from_json, to_json, to_milliseconds
from quizapp.storage.models import Card, Memory, Note, Review
from quizapp.storage.prepared import many, prepared, slot, slots

_RECENT = 300
# So many answers back are looked through for those to questions.
_FAR_BACK = 2_000
_STREAK_DAYS = 400


@dataclass(frozen=True)
class Given:
    """One answer as it was given."""

    version: int
    mode: str
    rating: Rating | None
    at: datetime
    study_day: int
    elapsed_days: int | None
    seconds: float
    state_before: State
    stability_before: float | None
    difficulty_before: float | None
    state_after: State
    stability: float | None
    difficulty: float | None
    interval: int
    due: datetime | None
    answer: Mapping[str, Any] | None
    first_exposure: bool = False


@dataclass(frozen=True)
class Day:
    """A day's work: answers, cards met for the first time, and due reviews recalled."""

    answers: int
    new: int
    reviews: int
    recalled: int
    seconds: float

    @property
    def done(self) -> Counts:
        """What counts against the daily limits."""
        return Counts(new=self.new, due=self.reviews)

    @property
    def retention(self) -> float | None:
        return self.recalled / self.reviews if self.reviews else None


def record(
    learner: int,
    card: int,
    version: int,
    rating: Rating,
    at: datetime,
    before: MemoryValue,
    after: MemoryValue,
    milliseconds: int,
    mode: str,
    answer: Mapping[str, Any] | None,
    first_exposure: bool = False,
) -> None:
    """Add an answer to the log."""
    elapsed = None
    if before.last_day is not None and after.last_day is not None:
        elapsed = max(0, after.last_day - before.last_day)
    _insert(
        learner=learner,
        card=card,
        version=version,
        mode=mode,
        rating=rating,
        at=to_milliseconds(at),
        study_day=after.last_day,
        elapsed_days=elapsed,
        milliseconds=milliseconds,
        state_before=before.state,
        stability_before=before.stability,
        difficulty_before=before.difficulty,
        due_before=to_milliseconds(before.due),
        state_after=after.state,
        stability=after.stability,
        difficulty=after.difficulty,
        interval=after.interval,
        due=to_milliseconds(after.due),
        answer=to_json(answer),
        first_exposure=first_exposure,
        origin=None,
    )


@dataclass(frozen=True)
class Prediction:
    """A review at least a day after the last answer, and what was known before it."""

    domains: tuple[str, ...]
    stability: float
    elapsed: int
    study_day: int
    recalled: bool
    due: bool


def predictions(learner: int, most: int = 4_000) -> list[Prediction]:
    """The latest reviews whose outcome the memory model had foretold."""
    rows = (
        Review.select(
            Note.domains, Review.stability_before, Review.elapsed_days, Review.study_day,
            Review.rating, Review.mode, Note.deck,
        )
        .join(Card, on=(Card.id == Review.card))
        .join(Note, on=(Note.id == Card.note))
        .where(
            (Review.learner == learner)
            & (Review.state_before == State.REVIEW)
            & (Review.elapsed_days > 0)
            & Review.stability_before.is_null(False)
            & (Review.rating > 0)
        )
        .order_by(Review.study_day.desc())
        .limit(most)
        .tuples()
    )  # fmt: skip
    return [
        Prediction(
            (*domains, of_deck(deck)), stability, elapsed, day, rating > Rating.AGAIN, mode == "due"
        )
        for domains, stability, elapsed, day, rating, mode, deck in rows
    ]


def confidences(learner: int, most: int = 4_000) -> list[tuple[str, bool]]:
    """How sure the learner said to be of the latest answers to items in study, where they said
    so, and whether they were right."""
    rows = (
        Review.select(Review.answer)
        .join(Card, on=(Card.id == Review.card))
        .join(Note, on=(Note.id == Card.note))
        .where((Review.learner == learner) & (Note.kind == "choice") & Review.answer.is_null(False))
        .order_by(Review.study_day.desc())
        .limit(most)
        .tuples()
    )
    return [(given["confidence"], given["right"]) for (given,) in rows if given.get("confidence")]


def exists(learner: int, card: int, version: int) -> bool:
    """Whether this very showing of a card was answered."""
    where = (Review.learner == learner) & (Review.card == card) & (Review.version == version)
    return bool(Review.select().where(where & (Review.rating > 0)).exists())


def ever_answered(learner: int, card: int) -> bool:
    """Whether a card was ever answered; a reset takes no answer back."""
    where = (Review.learner == learner) & (Review.card == card) & (Review.rating > 0)
    return bool(Review.select().where(where).exists())


def record_reset(
    learner: int, card: int, version: int, at: datetime, study_day: int, before: MemoryValue
) -> None:
    """Note in the log that a card's history begins anew."""
    Review.insert(
        learner=learner,
        card=card,
        version=version,
        mode="reset",
        rating=0,
        at=at,
        study_day=study_day,
        milliseconds=0,
        state_before=before.state,
        stability_before=before.stability,
        difficulty_before=before.difficulty,
        due_before=before.due,
        state_after=State.NEW,
        interval=0,
    ).execute()


def remove(learner: int, card: int, version: int) -> Mapping[str, Any] | None:
    """Take an undone answer out of the log; return what was chosen."""
    where = (Review.learner == learner) & (Review.card == card) & (Review.version == version)
    row = Review.select(Review.answer).where(where).tuples().first()
    Review.delete().where(where).execute()
    return row[0] if row else None


def day(learner: int, study_day: int, decks: Sequence[int] | None = None) -> Day:
    """What was done on a study day, in some decks or in all."""
    cursor = _day(
        None if decks is None else len(decks),
        learner=learner,
        day=study_day,
        **many("deck", decks or ()),
    )
    answers, new, reviews, recalled, milliseconds = cursor.fetchone()
    return Day(answers, new or 0, reviews or 0, recalled or 0, (milliseconds or 0) / 1000)


def done_by_deck(learner: int, study_day: int) -> dict[int, Counts]:
    """New cards and due reviews answered on a day, for each deck."""
    rows = (
        Review.select(
            Memory.deck,
            fn.SUM(Case(None, [(_first_answer(), 1)], 0)),
            fn.SUM(Case(None, [(_due_review(), 1)], 0)),
        )
        .join(Memory, on=((Memory.learner == Review.learner) & (Memory.card == Review.card)))
        .where((Review.learner == learner) & (Review.study_day == study_day))
        .group_by(Memory.deck)
        .tuples()
    )
    return {deck: Counts(new=new or 0, due=due or 0) for deck, new, due in rows}


def pace(learner: int) -> tuple[float | None, float | None]:
    """Mean seconds of the latest answers: to new cards, and to all others."""
    recent = (
        Review.select(Review.state_before, Review.milliseconds)
        .where(Review.learner == learner)
        .order_by(Review.study_day.desc())
        .limit(_RECENT)
        .alias("recent")
    )
    rows = dict(
        Review.select(
            Case(None, [((recent.c.state_before == State.NEW), 1)], 0),
            fn.AVG(recent.c.milliseconds),
        )
        .from_(recent)
        .group_by(SQL("1"))
        .tuples()
    )
    new, other = rows.get(1), rows.get(0)
    return (
        None if new is None else float(new) / 1000,
        None if other is None else float(other) / 1000,
    )


def paces(learner: int) -> dict[tuple[bool, bool], float]:
    """Mean seconds of the latest answers by what they were to: a question or not, new or not."""
    recent = (
        Review.select(Review.card, Review.state_before, Review.milliseconds)
        .where((Review.learner == learner) & (Review.rating > 0))
        .order_by(Review.study_day.desc())
        .limit(_FAR_BACK)
        .alias("recent")
    )
    question = Case(None, [((Note.kind == "choice"), 1)], 0)
    new = Case(None, [((recent.c.state_before == State.NEW), 1)], 0)
    rows = (
        Review.select(question, new, fn.AVG(recent.c.milliseconds))
        .from_(recent)
        .join(Card, on=(Card.id == recent.c.card_id))
        .join(Note, on=(Note.id == Card.note))
        .group_by(SQL("1"), SQL("2"))
        .tuples()
    )
    return {(bool(q), bool(n)): float(mean) / 1000 for q, n, mean in rows if mean}


def thought(learner: int, most: int) -> list[int]:
    """The milliseconds the latest answers to questions took, where that was kept."""
    recent = (
        Review.select(Review.id, Review.study_day, Review.answer)
        .where(Review.learner == learner)
        .order_by(Review.study_day.desc())
        .limit(_FAR_BACK)
        .alias("recent")
    )
    rows = (
        Review.select(recent.c.answer)
        .from_(recent)
        .where(recent.c.answer.is_null(False))
        .order_by(recent.c.study_day.desc(), recent.c.id.desc())
        .limit(most)
        .tuples()
    )
    given = (from_json(answer) if isinstance(answer, str) else answer for (answer,) in rows)
    return [answer["thought"] for answer in given if "thought" in answer]


def studied_days(learner: int, today: int) -> list[int]:
    """The latest study days with an answer, newest first.

    Hops from day to day by the index, so that its cost does not grow with the log.
    """
    p = proxy.param
    rows = proxy.execute_sql(
        f"""
        WITH RECURSIVE hop(day, n) AS (
            SELECT (SELECT max(study_day) FROM review
                    WHERE learner_id = {p} AND study_day <= {p}), 1
            UNION ALL
            SELECT (SELECT max(study_day) FROM review
                    WHERE learner_id = {p} AND study_day < hop.day), n + 1
            FROM hop WHERE hop.day IS NOT NULL AND n < {p}
        )
        SELECT day FROM hop WHERE day IS NOT NULL
        """,  # noqa: S608 (the only thing filled in is the driver's placeholder)
        (learner, today, learner, _STREAK_DAYS),
    )
    return [int(row[0]) for row in rows.fetchall()]


def forgotten(learner: int, study_day: int, decks: Sequence[int] | None) -> list[int]:
    """Cards answered Again on a day and not yet recalled in a second look at them."""
    rows = (
        Review.select(
            Review.card,
            fn.MAX(Case(None, [((Review.rating == Rating.AGAIN), Review.id)], 0)),
            fn.MAX(
                Case(
                    None,
                    [((Review.mode == "forgotten") & (Review.rating > Rating.AGAIN), Review.id)],
                    0,
                )
            ),
            fn.MAX(Review.id),
        )
        .join(Memory, on=((Memory.learner == Review.learner) & (Memory.card == Review.card)))
        .where(
            (Review.learner == learner)
            & (Review.study_day == study_day)
            & (Memory.queue >= 0)
            & (True if decks is None else Memory.deck.in_(decks))
        )
        .group_by(Review.card)
        .tuples()
    )
    waiting = [(latest, card) for card, again, passed, latest in rows if again > passed]
    return [card for _, card in sorted(waiting)]


def answered_since(learner: int, cards: Sequence[int], at: datetime) -> set[int]:
    """Which of some cards were answered at or after a moment."""
    where = (Review.learner == learner) & Review.card.in_(list(cards)) & (Review.rating > 0)
    rows = Review.select(Review.card).where(where & (Review.at >= at)).distinct().tuples()
    return {row[0] for row in rows}


def mode_count(learner: int, study_day: int, mode: str) -> int:
    """How many answers of a day were given in one mode."""
    return int(
        Review.select()
        .where(
            (Review.learner == learner) & (Review.study_day == study_day) & (Review.mode == mode)
        )
        .count()
    )


def last_card(learner: int, study_day: int) -> int | None:
    """The card answered most recently on a day."""
    row = (
        Review.select(Review.card)
        .where((Review.learner == learner) & (Review.study_day == study_day))
        .order_by(Review.id.desc())
        .limit(1)
        .tuples()
        .first()
    )
    return row[0] if row else None


def of_card(learner: int, card: int) -> list[Given]:
    """Every answer a learner gave to a card, oldest first."""
    rows = (
        Review.select()
        .where((Review.learner == learner) & (Review.card == card))
        .order_by(Review.id)
    )
    return [
        Given(
            version=row.version,
            mode=row.mode,
            rating=Rating(row.rating) if row.rating else None,
            at=row.at,
            study_day=row.study_day,
            elapsed_days=row.elapsed_days,
            seconds=row.milliseconds / 1000,
            state_before=State(row.state_before),
            stability_before=row.stability_before,
            difficulty_before=row.difficulty_before,
            state_after=State(row.state_after),
            stability=row.stability,
            difficulty=row.difficulty,
            interval=row.interval,
            due=row.due,
            answer=row.answer,
            first_exposure=row.first_exposure,
        )
        for row in rows
    ]


def histories(learner: int) -> dict[int, list[tuple[int, int]]]:
    """Each card's answers as (rating, study day), for rebuilding memories."""
    found: dict[int, list[tuple[int, int]]] = {}
    rows = (
        Review.select(Review.card, Review.rating, Review.study_day)
        .where((Review.learner == learner) & Review.mode.not_in(["moved", "crammed"]))
        .order_by(Review.card, Review.id)
    )
    for card, rating, study_day in rows.tuples().iterator():
        # Rating 0 is a reset: the history begins anew.
        if rating == 0:
            found[card] = []
        else:
            found.setdefault(card, []).append((rating, study_day))
    return found


@prepared
def _insert() -> Any:
    names = [field.name for field in Review._meta.sorted_fields if field.name != "id"]
    return Review.insert({getattr(Review, name): slot(name) for name in names})


@prepared
def _day(decks: int | None) -> Any:
    query = Review.select(
        fn.COUNT(SQL("*")),
        fn.SUM(Case(None, [(_first_answer(), 1)], 0)),
        fn.SUM(Case(None, [(_due_review(), 1)], 0)),
        fn.SUM(Case(None, [(_due_review() & (Review.rating > Rating.AGAIN), 1)], 0)),
        fn.SUM(Review.milliseconds),
    ).where(
        (Review.learner == slot("learner"))
        & (Review.study_day == slot("day"))
        & (Review.rating > 0)
    )
    if decks is None:
        return query
    return query.join(
        Memory, on=((Memory.learner == Review.learner) & (Memory.card == Review.card))
    ).where(Memory.deck.in_(slots("deck", decks)))


def _first_answer() -> Any:
    return (Review.state_before == State.NEW) & (Review.rating > 0)


def _due_review() -> Any:
    return (Review.state_before == State.REVIEW) & (Review.mode == "due")
