"""The forecast of a score: calibration, the interval, and passing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizapp.domain.forecast import (
    Calibration,
    Knowledge,
    Predictions,
    Score,
    calibrate,
    chance_to_pass,
    exam_score,
)


def no_past() -> Predictions:
    none = np.zeros(0)
    return Predictions(none, none, none.astype(int), none, none.astype(int))


def past(n: int, lift: float = 0.0, mood: float = 0.0, seed: int = 1) -> Predictions:
    """Predictions of somebody whose logit of recall is off by ``lift``, and by days."""
    chance = np.random.default_rng(seed)
    recall = chance.uniform(0.6, 0.98, n)
    age = chance.integers(0, 40, n)
    shift = lift + mood * chance.normal(size=40)[age]
    true = 1 / (1 + np.exp(-(np.log(recall / (1 - recall)) + shift)))
    return Predictions(
        recall,
        chance.integers(1, 30, n),
        chance.integers(0, 3, n),
        (chance.random(n) < true).astype(float),
        age,
    )


def known(n: int = 300, recall: float = 0.9) -> Knowledge:
    topic = np.arange(n) % 3
    return Knowledge(
        np.full(n, recall), np.full(n, 5.0), topic, np.array([0.5, 0.3, 0.2])[topic] / (n / 3)
    )


def score(of: Calibration, recall: float = 0.9, **how: float) -> Score:
    return exam_score(of, known(recall=recall), 60, **how)  # type: ignore[arg-type]


def test_without_a_past_the_belief_stands_with_a_wide_interval() -> None:
    unknown, familiar = score(calibrate(no_past(), 3)), score(calibrate(past(4000), 3))
    assert unknown.expected == pytest.approx(0.9, abs=0.05)
    assert unknown.high - unknown.low > familiar.high - familiar.low


@pytest.mark.parametrize("lift", [-0.8, 0.0, 0.8])
def test_a_learners_own_bias_is_found(lift: float) -> None:
    found = score(calibrate(past(4000, lift), 3)).expected
    true = 1 / (1 + np.exp(-(np.log(0.9 / 0.1) + lift)))
    assert found == pytest.approx(true, abs=0.02)


def test_days_that_differ_are_noticed() -> None:
    assert calibrate(past(6000, mood=0.5), 3).day_sd == pytest.approx(0.5, abs=0.2)
    assert calibrate(past(6000), 3).day_sd < 0.15


def test_old_reviews_count_less() -> None:
    old, recent = past(2000, -1.0), past(2000, 0.0, seed=2)
    both = Predictions(
        *(np.concatenate(pair) for pair in zip(
            (old.recall, old.elapsed, old.topic, old.recalled, old.age + 400),
            (recent.recall, recent.elapsed, recent.topic, recent.recalled, recent.age),
            strict=True,
        ))
    )  # fmt: skip
    assert score(calibrate(both, 3)).expected == pytest.approx(0.9, abs=0.02)


def test_the_interval_holds_the_draws_it_says() -> None:
    found = score(calibrate(past(500), 3))
    inside = (found.draws >= found.low) & (found.draws <= found.high)
    assert inside.mean() >= 0.88


def test_more_items_make_a_narrower_interval() -> None:
    of = calibrate(past(3000), 3)
    few, many = exam_score(of, known(), 20), exam_score(of, known(), 500)
    assert many.high - many.low < few.high - few.low


def test_guessing_lifts_a_score() -> None:
    of = calibrate(past(3000), 3)
    plain, guessed = score(of, 0.6), score(of, 0.6, guessing=0.25)
    assert guessed.expected == pytest.approx(0.25 + 0.75 * plain.expected, abs=0.01)


def test_cards_never_seen_are_only_guessed() -> None:
    of = calibrate(past(1000), 3)
    assert score(of, 0.0).high == 0
    assert score(of, 0.0, guessing=0.25).expected == pytest.approx(0.25)


def test_the_chance_to_pass_falls_with_the_line() -> None:
    found = score(calibrate(past(1000), 3))
    chances = [chance_to_pass(found, line) for line in (0.0, 0.7, 0.9, 1.01)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == 1 and chances[-1] == 0


def test_without_cards_there_is_nothing_but_guessing() -> None:
    none = np.zeros(0)
    empty = Knowledge(none, none, none.astype(int), none)
    found = exam_score(calibrate(no_past(), 0), empty, 60, guessing=0.25)
    assert (found.low, found.expected, found.high) == (0.25, 0.25, 0.25)


def test_the_same_seed_gives_the_same_interval() -> None:
    of = calibrate(past(500), 3)
    assert (score(of, seed=3).draws == score(of, seed=3).draws).all()


@settings(max_examples=30)
@given(
    n=st.integers(1, 60),
    right=st.sampled_from(["all", "none", "some"]),
    recall=st.floats(0, 1),
    items=st.integers(0, 150),
    guessing=st.sampled_from([0.0, 0.25, 1.0]),
)
def test_no_past_breaks_a_forecast(
    n: int, right: str, recall: float, items: int, guessing: float
) -> None:
    made = past(n)
    outcome = {"all": np.ones(n), "none": np.zeros(n), "some": made.recalled}[right]
    of = calibrate(Predictions(made.recall, made.elapsed, made.topic, outcome, made.age), 3)
    assert np.isfinite(of.mean).all() and of.chance.sum() == pytest.approx(1)
    found = exam_score(of, known(30, recall), items, guessing)
    assert 0 <= found.low <= found.high <= 1
    assert 0 <= found.expected <= 1
