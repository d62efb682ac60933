"""Papers drawn to the blueprint, their clock and their result."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain import exams
from quizapp.domain.exams import Answered, PoolItem, Share

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
shares = st.lists(st.integers(1, 50), min_size=1, max_size=8).map(
    lambda parts: {f"d{n}": part / sum(parts) for n, part in enumerate(parts)}
)


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[PoolItem], dict[str, float]]:
    share = draw(shares)
    pool = []
    for domain in share:
        for n in range(draw(st.integers(0, 30))):
            topic = draw(st.sampled_from("abc"))
            pool.append(PoolItem(len(pool), domain, f"{topic}{n % 2}", draw(st.booleans())))
    return pool, share


@given(pools(), st.integers(0, 2**31), st.floats(0, 1))
def test_a_paper_meets_the_blueprint_within_one_item_and_repeats_only_where_it_must(
    made: tuple[list[PoolItem], dict[str, float]], seed: int, part: float
) -> None:
    pool, share = made
    sizes = {d: sum(item.domain == d for item in pool) for d in share}
    count = int(exams.longest(sizes, share) * part)
    paper = exams.draw(pool, share, count, seed)
    assert len(paper) == len({item.note for item in paper}) == count
    for domain, weight in share.items():
        inside = [item for item in paper if item.domain == domain]
        assert abs(len(inside) - weight * count) < 1 + 1e-6
        unseen = sum(item.domain == domain and not item.seen for item in pool)
        assert sum(item.repeat for item in inside) == max(0, len(inside) - unseen)
    assert paper == exams.draw(list(reversed(pool)), share, count, seed)


def test_topics_take_turns_within_a_domain() -> None:
    pool = [PoolItem(n, "d", "big" if n < 20 else f"small{n}") for n in range(24)]
    paper = exams.draw(pool, {"d": 1.0}, 5, seed=3)
    topics = [pool[item.note].topic for item in paper]
    assert len(set(topics)) == 5


@given(pools())
def test_the_longest_paper_fits_and_one_more_does_not(
    made: tuple[list[PoolItem], dict[str, float]],
) -> None:
    pool, share = made
    sizes = {d: sum(item.domain == d for item in pool) for d in share}
    count = exams.longest(sizes, share)
    exams.draw(pool, share, count, 1)
    if count < len(pool):
        over = range(count + 1, len(pool) + 1)
        assert all(any(n > sizes[d] for d, n in exams.quota(share, more).items()) for more in over)


def test_a_pool_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2"):
        exams.draw([PoolItem(1, "a", "t")], {"a": 1.0}, 2, 1)


@pytest.mark.parametrize(("pace", "minutes"), [("1", 240), ("1.25", 300), ("1.5", 360), ("2", 480)])
def test_the_clock_is_the_papers_times_the_pace(pace: str, minutes: int) -> None:
    clock = exams.clock(NOON, 150, 96, pace)
    assert clock.ends == NOON + timedelta(minutes=minutes)
    assert clock.left(NOON + timedelta(minutes=minutes, seconds=-1)) == 1
    assert not clock.over(NOON + timedelta(minutes=minutes, seconds=-1))
    assert clock.over(NOON + timedelta(minutes=minutes))
    assert clock.left(NOON + timedelta(days=1)) == 0


def test_without_a_clock_nothing_is_late() -> None:
    clock = exams.clock(NOON, 150, 96, "off")
    assert clock.left(NOON) is None
    assert not clock.over(NOON + timedelta(days=100))


def test_a_result_adds_up() -> None:
    items = [
        Answered("a", True, False, "sure", 60, "wrong→right"),
        Answered("a", False, False, "sure", 90),
        Answered("a", None, True, "", 0),
        Answered("b", True, True, "guess", 30, "wrong→right"),
    ]
    found, score = exams.result(items), exams.score(items)
    assert found.score == score
    assert (score.all, score.first) == (Share(2, 4), Share(1, 2))
    assert score.domains == {"a": Share(1, 3), "b": Share(1, 1)}
    assert found.pace == {"a": 75.0, "b": 30.0}
    assert (score.blank, score.repeats, found.seconds) == (1, 2, 180)
    assert found.changes == {"wrong→right": 2}
    assert score.confidence == {"sure": Share(1, 2), "guess": Share(1, 1)}
    assert score.passed(0.5)
    assert not score.passed(0.51)
    assert not exams.score([]).passed(0)


def test_a_change_of_mind_is_judged_by_first_and_last() -> None:
    assert exams.change([0], 0) == ""
    assert exams.change([0, 1, 0], 0) == ""
    assert exams.change([0, 1], 0) == "right→wrong"
    assert exams.change([1, 2, 0], 0) == "wrong→right"
    assert exams.change([1, 2], 0) == "wrong→wrong"


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(8, 10, 0.49, 0.94), (15, 20, 0.53, 0.89), (38, 50, 0.63, 0.86), (113, 150, 0.68, 0.82)],
)
def test_wilsons_interval_gives_published_values(k: int, n: int, low: float, high: float) -> None:
    assert exams.wilson(k, n) == pytest.approx((low, high), abs=0.005)


def test_without_answers_there_is_no_share() -> None:
    assert exams.wilson(0, 0) is None
    assert Share(0, 0).share is None
    assert Share(0, 0).interval is None


def test_guessing_is_taken_out() -> None:
    assert exams.known(0.625) == pytest.approx(0.5)
    assert exams.known(0.7) == pytest.approx(0.6)
    assert exams.known(0.2) == 0
