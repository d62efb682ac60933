"""A verdict only where there is evidence, and an interval that means what it says."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.exams import Share
from quizapp.domain.misses import DAYS_TO_LEAVE, after_right, missed
from quizapp.domain.readiness import Topic, verdict, weakest

SHARE = {"a": 0.6, "b": 0.35, "c": 0.05}


def test_too_few_answers_get_no_number_but_how_many_are_missing() -> None:
    found = verdict({"a": Share(9, 12), "b": Share(30, 40)}, SHARE, 0.7, seed=1)
    assert (found.score, found.interval, found.chance) == (None, None, None)
    assert found.missing == {"a": 8}
    assert found.missing_in_all == 48


def test_enough_answers_get_a_score_between_evidence_and_doubt() -> None:
    found = verdict({"a": Share(60, 80), "b": Share(20, 40)}, SHARE, 0.7, seed=1)
    assert found.score == pytest.approx(0.6 * 0.744 + 0.35 * 0.511 + 0.05 * 0.625, abs=0.005)
    low, high = found.interval or (0, 0)
    assert low < found.score < high
    assert 0 < (found.chance or 0) < 0.5
    assert found == verdict({"a": Share(60, 80), "b": Share(20, 40)}, SHARE, 0.7, seed=1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    chance = random.Random(5)
    inside = 0
    for _ in range(120):
        truth = {"a": chance.uniform(0.4, 0.9), "b": chance.uniform(0.4, 0.9)}
        first = {
            d: Share(sum(chance.random() < p for _ in range(60)), 60) for d, p in truth.items()
        }
        found = verdict(first, {"a": 0.5, "b": 0.5}, 0.7, seed=chance.randrange(10**6))
        low, high = found.interval or (0, 0)
        inside += low <= sum(truth.values()) / 2 <= high
    assert 0.82 <= inside / 120 <= 0.98


@pytest.mark.slow
@given(st.floats(0.3, 0.95), st.floats(0.3, 0.95))
def test_a_higher_line_is_never_likelier(one: float, other: float) -> None:
    first = {"a": Share(60, 80), "b": Share(20, 40)}
    low, high = sorted((one, other))
    assert (verdict(first, SHARE, low, 1).chance or 0) >= (
        verdict(first, SHARE, high, 1).chance or 0
    )


def topic(name: str, seen: int, recall: float | None, weight: float) -> Topic:
    return Topic("a", "Deck", name, (1, 2, 3, 4), seen, recall, None, Share(0, 0), 0, 0, weight)


def test_what_is_worth_most_comes_first() -> None:
    known = topic("known", 4, 0.95, 0.3)
    unseen = topic("unseen", 0, None, 0.2)
    light = topic("light", 0, None, 0.05)
    half = topic("half", 2, 0.8, 0.3)
    assert [t.name for t in weakest([known, light, unseen, half])] == [
        "unseen", "half", "light", "known"
    ]  # fmt: skip


def test_a_lucky_guess_is_a_miss() -> None:
    assert missed(False, "")
    assert missed(False, "sure")
    assert missed(True, "guess")
    assert not missed(True, "unsure")
    assert not missed(True, "")


@given(st.lists(st.integers(0, 9), min_size=1))
def test_a_miss_leaves_after_right_answers_on_three_different_days(days: list[int]) -> None:
    kept: tuple[int, ...] = ()
    closed = False
    for day in days:
        kept, closed = after_right(kept, day)
    assert closed == (len(set(days)) >= DAYS_TO_LEAVE)
