"""Memories made from SM-2 and from logs, against what Anki stored and against the formulas."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.conversion import history, memory_of_log, memory_of_sm2
from quizapp.domain.days import Calendar
from quizapp.domain.scheduling import DEFAULT_WEIGHTS, next_state, replay, retrievability
from quizapp.formats import apkg

ANKI = Path(__file__).parent.parent / "fixtures" / "anki"
DAY = 86_400_000


@dataclass(frozen=True)
class Entry:
    at: int
    rating: int = 3
    logged: int = 1
    interval: int = 10
    last_interval: int = 5
    factor: int = 500


def day(at: int) -> int:
    return Calendar().day(datetime.fromtimestamp(at / 1000, UTC))


@pytest.mark.parametrize(
    "name", ["tiny-states-fsrs.new-sched.apkg", "medium-fsrs.new-sched-media.apkg"]
)
def test_a_replayed_log_gives_what_anki_stored(name: str, tmp_path: Path) -> None:
    package = apkg.read(ANKI / name, tmp_path)
    weights = {
        deck.name: tuple(deck.extra.get("preset", {}).get("weights", ())) or DEFAULT_WEIGHTS
        for deck in package.decks
    }
    compared = 0
    for note in package.notes:
        for card in note.cards:
            if card.stability is None:
                continue
            found = memory_of_log(card.reviews, day, weights[card.deck])
            # Anki stores four and three decimals, and computes with 32 bits.
            assert found is not None
            assert found[0] == pytest.approx(card.stability, rel=0.003, abs=0.0002)
            assert found[1] == pytest.approx(card.difficulty, abs=0.005)
            compared += 1
    assert compared > 40


@given(
    ease=st.floats(1.3, 3.5),
    interval=st.floats(1, 3000),
    retention=st.floats(0.75, 0.97),
)
def test_an_sm2_card_is_recalled_as_often_as_its_owner_recalled(
    ease: float, interval: float, retention: float
) -> None:
    stability, difficulty = memory_of_sm2(ease, interval, DEFAULT_WEIGHTS, retention)
    assert 1 <= difficulty <= 10
    assert retrievability(interval, stability, DEFAULT_WEIGHTS) == pytest.approx(retention)


@given(ease=st.floats(1.3, 3.5), interval=st.integers(1, 3000))
def test_good_at_the_due_date_makes_an_sm2_card_grow_by_its_ease(
    ease: float, interval: int
) -> None:
    stability, difficulty = memory_of_sm2(ease, interval)
    assert stability == pytest.approx(interval)
    if 1 < difficulty < 10:
        after, _ = next_state(stability, difficulty, 3, interval, DEFAULT_WEIGHTS)
        assert after == pytest.approx(stability * ease)


def test_an_easier_card_of_sm2_is_less_difficult() -> None:
    assert memory_of_sm2(1.8, 10)[1] > memory_of_sm2(2.2, 10)[1] > memory_of_sm2(2.6, 10)[1]


def test_a_card_without_ease_counts_as_one_that_began_with_ankis() -> None:
    assert memory_of_sm2(0, 30) == memory_of_sm2(2.5, 30)


def test_an_interval_of_nothing_stays_a_memory() -> None:
    stability, difficulty = memory_of_sm2(2.5, 0)
    assert stability == 0.001
    assert 1 <= difficulty <= 10


def test_forgetting_a_card_restarts_its_history() -> None:
    log = [
        Entry(DAY, logged=0),
        Entry(5 * DAY),
        Entry(6 * DAY, rating=0, logged=4, factor=0),
        Entry(8 * DAY, logged=0),
    ]
    assert history(log) == log[3:]


def test_cramming_and_entries_without_a_rating_say_nothing() -> None:
    log = [
        Entry(DAY, logged=0),
        Entry(2 * DAY, logged=3, factor=0),
        Entry(3 * DAY, rating=0, logged=4),
        Entry(3 * DAY, rating=0, logged=5),
        Entry(9 * DAY, logged=3),
    ]
    assert history(log) == [log[0], log[4]]


def test_a_history_begins_at_its_last_run_of_learning() -> None:
    log = [Entry(DAY, logged=0), Entry(3 * DAY), Entry(9 * DAY, logged=0), Entry(10 * DAY)]
    assert history(log) == log[2:]
    assert memory_of_log(log, day) == replay([(3, day(9 * DAY)), (3, day(10 * DAY))])


def test_an_empty_log_says_nothing() -> None:
    assert memory_of_log([], day) is None
    assert memory_of_log([Entry(DAY, rating=0, logged=4, factor=0)], day) is None


def test_a_log_that_begins_in_mid_life_starts_from_its_ease() -> None:
    log = [Entry(DAY, interval=20, factor=2300), Entry(21 * DAY)]
    start = memory_of_sm2(2.3, 20)
    assert memory_of_log(log[:1], day) == start
    assert memory_of_log(log, day) == next_state(*start, 3, 20, DEFAULT_WEIGHTS)
