"""What was foretold is held against what happened, and nothing is said on too little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain import calibration
from quizapp.domain.calibration import ENOUGH, Foretold
from quizapp.domain.exams import Share

predictions = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80)


@given(predictions)
def test_every_prediction_is_in_one_bucket_whose_bounds_hold_it(
    made: list[tuple[float, bool]],
) -> None:
    found = calibration.buckets(made)
    assert sum(bucket.recalled.n for bucket in found) == len(made)
    assert sum(bucket.recalled.k for bucket in found) == sum(right for _, right in made)
    for bucket in found:
        if bucket.foretold is not None:
            assert bucket.low - 1e-9 <= bucket.foretold <= bucket.high + 1e-9
    whole = calibration.together(found)
    if made:
        assert whole.foretold == pytest.approx(sum(p for p, _ in made) / len(made))


@pytest.mark.parametrize(
    ("foretold", "right", "said"), [(0.9, 90, "holds"), (0.97, 90, "high"), (0.8, 90, "low")]
)
def test_forecasts_outside_the_interval_promise_too_much_or_too_little(
    foretold: float, right: int, said: str
) -> None:
    made = [(foretold, n < right) for n in range(100)]
    assert calibration.verdict(calibration.together(calibration.buckets(made))) == said


def test_too_few_answers_say_nothing() -> None:
    made = [(0.99, False)] * (ENOUGH - 1)
    whole = calibration.together(calibration.buckets(made))
    assert not whole.enough
    assert calibration.verdict(whole) == ""
    assert calibration.verdict(calibration.together([])) == ""


def test_confidence_is_added_up_in_its_order() -> None:
    found = calibration.by_confidence(
        [("sure", Share(1, 1)), ("guess", Share(0, 1)), ("sure", Share(3, 4)), ("odd", Share(1, 1))]
    )
    assert found == {"guess": Share(0, 1), "unsure": Share(0, 0), "sure": Share(4, 5)}
    assert list(found) == ["guess", "unsure", "sure"]


def test_chances_add_up_to_the_exams_to_be_passed() -> None:
    assert calibration.passes([(0.9, True), (0.5, False)]) == (pytest.approx(1.4), 1, 2)


@pytest.mark.parametrize(
    ("last", "day", "left", "kept"),
    [
        (None, 100, 60, True),
        (100, 103, 57, False),
        (100, 107, 53, True),
        (100, 101, 14, True),
        (100, 101, 15, False),
    ],
)
def test_a_forecast_is_kept_first_then_weekly_then_daily(
    last: int | None, day: int, left: int, kept: bool
) -> None:
    before = None if last is None else Foretold(last, 0, 0.5, (0.4, 0.6))
    assert calibration.worth_keeping(before, day, left) is kept
