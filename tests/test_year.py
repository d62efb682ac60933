"""A year of daily study by a simulated learner, through the real actions and queries."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import study
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import (
    DEFAULT_WEIGHTS,
    Rating,
    State,
    next_state,
    retrievability,
)
from quizapp.storage import learners, sessions
from quizapp.storage.models import Card, Memory, Review
from tests import samples

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
CARDS = 500
DAYS = 365
FIRST = [0.24, 0.10, 0.53, 0.13]
PASSED = [0.12, 0.76, 0.12]

# Somebody else's memory: stabilities a third lower, lapses costlier, slower growth.
OTHER_WEIGHTS = tuple(
    w * factor
    for w, factor in zip(
        DEFAULT_WEIGHTS,
        [0.7, 0.7, 0.7, 0.7, 1, 1, 1, 1, 0.95, 1, 1, 0.8, 1, 1, 1, 1, 1, 1, 1, 1, 1.1],
        strict=True,
    )
)


class Mind:
    """A memory that truly follows FSRS-6, with weights the scheduler may not know."""

    def __init__(self, weights: tuple[float, ...], seed: int) -> None:
        self.weights = weights
        self.chance = random.Random(seed)
        self.states: dict[int, tuple[float, float]] = {}
        self.last: dict[int, int] = {}

    def answer(self, card: int, day: int) -> Rating:
        """Recall or forget, as the true state has it, and remember the repetition."""
        state = self.states.get(card)
        elapsed = day - self.last.get(card, day)
        if state is None:
            rating = self.chance.choices(list(Rating), FIRST)[0]
        elif elapsed == 0:
            rating = Rating.GOOD
        elif self.chance.random() < retrievability(elapsed, state[0], self.weights):
            rating = self.chance.choices([Rating.HARD, Rating.GOOD, Rating.EASY], PASSED)[0]
        else:
            rating = Rating.AGAIN
        self.states[card] = next_state(*(state or (None, None)), rating, elapsed, self.weights)
        self.last[card] = day
        return rating


def live(learner: Learner, mind: Mind) -> None:
    """Study everything that comes on each day of a year, with minutes passing."""
    everything = sessions.scope(learner.id, "all")
    for day in range(DAYS):
        now = START + timedelta(days=day)
        found = learners.get(learner.id)
        assert found is not None
        learner = study.begin_day(found, now)
        today = learner.today(now)
        last = None
        while True:
            card = sessions.session(learner, everything, "due", now, last).card
            if card is None:
                break
            rating = mind.answer(card.id, today)
            done = study.answer_card(learner, card.id, card.version, rating, now, 8000)
            last = done.card
            now += timedelta(seconds=8)
        left = Memory.select().where((Memory.queue == Queue.REVIEW) & (Memory.turn <= today))
        assert left.count() == 0, f"day {day}: due cards were not shown"


def measured() -> tuple[float, int]:
    """Share recalled on all due reviews, and how many there were."""
    rows = list(
        Review.select(Review.rating)
        .where((Review.state_before == State.REVIEW) & (Review.mode == "due"))
        .tuples()
    )
    return sum(rating > 1 for (rating,) in rows) / len(rows), len(rows)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("weights", "seed"), [(DEFAULT_WEIGHTS, 3), (OTHER_WEIGHTS, 4)], ids=["own", "other"]
)
def test_a_year_reaches_the_desired_retention_and_forgets_no_card(
    database: Database,
    owner: Learner,
    tmp_path: Path,
    weights: tuple[float, ...],
    seed: int,
) -> None:
    database.execute_sql("PRAGMA synchronous=OFF")
    folder = samples.write(tmp_path / "decks", samples.plain(CARDS))
    deck_actions.load(folder)
    learners.change(owner.id, reviews_per_day=9999)
    mind = Mind(weights, seed)
    live(owner, mind)
    assert Memory.select().where(Memory.state == State.NEW).count() == 0
    assert Review.select(Review.card).distinct().count() == Card.select().count() == CARDS
    assert Memory.select().where(Memory.lapses > 0).count() > 0
    retention, reviews = measured()
    print(
        f"\nretention {retention:.4f} on {reviews} due reviews ({'own' if seed == 3 else 'other'})"
    )
    assert reviews > 3000
    if weights == DEFAULT_WEIGHTS:
        assert 0.88 <= retention <= 0.92
    else:
        assert 0.60 <= retention <= 0.88
