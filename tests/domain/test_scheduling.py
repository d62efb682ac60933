"""FSRS-6 held against the published library and against what Anki stored."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.days import Calendar
from quizapp.domain.scheduling import (
    DEFAULT_WEIGHTS,
    Memory,
    Options,
    Rating,
    State,
    fuzz_range,
    interval_for,
    is_leech,
    next_state,
    outcomes,
    replay,
    retrievability,
    review,
)

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
FIXTURES = Path(__file__).parent.parent / "fixtures" / "anki_memory"
PLAIN = Options(fuzz=False)
RATINGS = st.sampled_from(list(Rating))
HISTORY = st.lists(st.tuples(RATINGS, st.integers(0, 400)), min_size=1, max_size=25)


@pytest.mark.parametrize(("name", "cards"), [("tiny-states-fsrs", 45), ("medium-fsrs", 1886)])
def test_memory_states_equal_what_anki_stored(name: str, cards: int) -> None:
    data = json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))
    calendar = Calendar(data["zone"], data["rollover"])
    assert len(data["cards"]) == cards
    for card in data["cards"]:
        history: list[tuple[int, int]] = []
        for milliseconds, button, type_, factor in card["log"]:
            if button == 0 and type_ == 4 and factor == 0:
                history = []
            elif button and not (type_ == 3 and factor == 0):
                at = datetime.fromtimestamp(milliseconds / 1000, UTC)
                history.append((button, calendar.day(at)))
        got = replay(history, tuple(card["weights"] or DEFAULT_WEIGHTS))
        assert got == pytest.approx((card["stability"], card["difficulty"]), rel=0.005)


@given(HISTORY)
def test_long_term_answers_equal_py_fsrs(history: list[tuple[Rating, int]]) -> None:
    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card = fsrs.Card(card_id=1, due=NOON)
    at, pair = NOON, None
    for rating, gap in history:
        at += timedelta(days=gap + 1)
        elapsed = gap + 1
        pair = next_state(*(pair or (None, None)), rating, elapsed, DEFAULT_WEIGHTS)
        card, _ = scheduler.review_card(card, fsrs.Rating(int(rating)), at)
    assert pair == pytest.approx((card.stability, card.difficulty), rel=1e-9)


@given(HISTORY)
def test_states_stay_within_their_bounds(history: list[tuple[Rating, int]]) -> None:
    day, answers = 0, []
    for rating, gap in history:
        day += gap
        answers.append((int(rating), day))
    pair = replay(answers)
    assert pair is not None
    assert 0.001 <= pair[0] <= 36500
    assert 1 <= pair[1] <= 10


@given(st.floats(0.01, 5000), st.floats(0.7, 0.99))
def test_an_interval_ends_where_recall_reaches_the_desired_retention(
    stability: float, retention: float
) -> None:
    days = interval_for(stability, retention, DEFAULT_WEIGHTS)
    assert retrievability(days, stability, DEFAULT_WEIGHTS) == pytest.approx(retention)
    assert retrievability(stability, stability, DEFAULT_WEIGHTS) == pytest.approx(0.9)


def walk(*ratings: Rating, options: Options = PLAIN) -> Memory:
    memory = Memory()
    for rating in ratings:
        at = memory.due or NOON
        memory = review(memory, rating, at, options, 1)
    return memory


def minutes(memory: Memory) -> float:
    assert memory.due is not None and memory.last_at is not None
    return (memory.due - memory.last_at) / timedelta(minutes=1)


def test_a_new_card_goes_through_its_steps() -> None:
    first = walk(Rating.GOOD)
    assert (first.state, first.step, minutes(first)) == (State.LEARNING, 1, 10)
    assert walk(Rating.GOOD, Rating.GOOD).state is State.REVIEW
    assert minutes(walk(Rating.AGAIN)) == 1
    assert minutes(walk(Rating.HARD)) == 5.5
    assert minutes(walk(Rating.GOOD, Rating.HARD)) == 10
    assert walk(Rating.GOOD, Rating.AGAIN).step == 0
    assert walk(Rating.EASY).state is State.REVIEW


def test_hard_on_the_only_step_is_half_as_long_again() -> None:
    assert minutes(walk(Rating.HARD, options=Options(learning_steps=(10.0,), fuzz=False))) == 15


def test_without_steps_a_card_is_due_in_days_at_once() -> None:
    memory = walk(Rating.AGAIN, options=Options(learning_steps=(), fuzz=False))
    assert (memory.state, memory.interval) == (State.REVIEW, 1)


def test_forgetting_a_review_counts_a_lapse_and_relearns() -> None:
    known = walk(Rating.EASY)
    lapsed = review(known, Rating.AGAIN, known.due, PLAIN, 1)  # type: ignore[arg-type]
    assert (lapsed.state, lapsed.lapses, minutes(lapsed)) == (State.RELEARNING, 1, 10)
    back = review(lapsed, Rating.GOOD, lapsed.due, PLAIN, 1)  # type: ignore[arg-type]
    assert (back.state, back.lapses) == (State.REVIEW, 1)


def test_a_step_across_the_rollover_waits_for_the_new_day() -> None:
    calendar = Calendar("UTC", 4)
    late = datetime(2026, 1, 16, 3, 55, tzinfo=UTC)
    memory = review(Memory(), Rating.GOOD, late, Options(calendar=calendar, fuzz=False), 1)
    assert memory.due == datetime(2026, 1, 16, 4, 0, tzinfo=UTC)
    assert memory.due_day == calendar.day(late) + 1


def test_a_clock_that_runs_backwards_is_a_same_day_answer() -> None:
    known = walk(Rating.EASY)
    again = review(known, Rating.GOOD, NOON - timedelta(days=3), PLAIN, 1)
    assert again.stability is not None and known.stability is not None
    assert again.stability >= known.stability


@given(
    card=st.integers(1, 10**6),
    reps=st.integers(0, 500),
    stability=st.floats(0.1, 3000),
    difficulty=st.floats(1, 10),
    late=st.integers(0, 300),
    retention=st.floats(0.7, 0.98),
)
def test_buttons_promise_rising_intervals_and_keep_them(
    card: int, reps: int, stability: float, difficulty: float, late: int, retention: float
) -> None:
    options = Options(desired_retention=retention, maximum_interval=2000)
    today = options.calendar.day(NOON)
    interval = max(1, round(interval_for(stability, retention, DEFAULT_WEIGHTS)))
    memory = Memory(
        state=State.REVIEW,
        stability=stability,
        difficulty=difficulty,
        interval=interval,
        last_day=today - interval - late,
        due_day=today - late,
        reps=reps,
    )
    promised = outcomes(memory, NOON, options, card)
    assert promised == outcomes(memory, NOON, options, card)
    hard, good, easy = (promised[r].interval for r in (Rating.HARD, Rating.GOOD, Rating.EASY))
    assert 1 <= hard <= good <= easy <= 2000
    if easy < 2000:
        assert hard < good < easy
    for rating in Rating:
        assert review(memory, rating, NOON, options, card) == promised[rating]


@given(st.floats(1, 5000))
def test_fuzz_stays_near_the_interval(interval: float) -> None:
    low, high = fuzz_range(interval)
    assert 1 <= low <= round(interval) <= high
    assert high - low <= 2 * (1 + 0.15 * 4.5 + 0.1 * 13 + 0.05 * interval) + 1


def test_fuzz_differs_between_cards() -> None:
    memory = walk(Rating.EASY, Rating.GOOD)
    at = memory.due
    assert at is not None
    found = {review(memory, Rating.GOOD, at, Options(), card).interval for card in range(60)}
    assert len(found) > 3


def test_a_leech_is_told_at_the_threshold_and_every_half_after() -> None:
    assert [n for n in range(1, 21) if is_leech(n, 8)] == [8, 12, 16, 20]
    assert not any(is_leech(n, 0) for n in range(20))
