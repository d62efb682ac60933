"""Which backups stay."""

from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.backups import Dated, Reason, superfluous

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)


def dated(at: datetime, reason: Reason = Reason.DAY, number: int = 0) -> Dated:
    return Dated(f"{at:%Y%m%d%H%M}-{reason}-{number}", at, at.date(), reason)


def kept(backups: list[Dated], now: datetime = NOW) -> list[Dated]:
    gone = superfluous(backups, now)
    return [b for b in backups if b.name not in gone]


shelves = st.lists(
    st.tuples(st.integers(-3 * 24, 500 * 24), st.sampled_from(Reason), st.integers(0, 3)),
    max_size=60,
    unique=True,
).map(lambda rows: [dated(NOW - timedelta(hours=h), r, n) for h, r, n in rows])


def days_of(backups: list[Dated]) -> list[date]:
    return sorted({b.day for b in backups}, reverse=True)


@given(shelves)
def test_the_newest_stays(shelf: list[Dated]) -> None:
    past = [b for b in shelf if b.at <= NOW]
    if past:
        assert max(past, key=lambda b: (b.at, b.name)) in kept(shelf)


@given(shelves, st.integers())
def test_the_order_does_not_matter(shelf: list[Dated], seed: int) -> None:
    shuffled = shelf.copy()
    Random(seed).shuffle(shuffled)
    assert superfluous(shelf, NOW) == superfluous(shuffled, NOW)


@given(shelves)
def test_thinning_again_removes_nothing(shelf: list[Dated]) -> None:
    assert superfluous(kept(shelf), NOW) == set()


@given(shelves)
def test_exactly_what_the_rule_says_stays(shelf: list[Dated]) -> None:
    """Said anew, from each backup's own view: why may it stay?"""
    past = [b for b in shelf if b.at <= NOW]

    def newest(period: str) -> list[Dated]:
        return [
            b
            for b in past
            if not any(
                o.day.strftime(period) == b.day.strftime(period)
                and (o.day, o.at, o.name) > (b.day, b.at, b.name)
                for o in past
            )
        ]

    def last(found: list[Dated], count: int) -> set[Dated]:
        return set(sorted(found, key=lambda b: b.day, reverse=True)[:count])

    daily = last(newest("%F"), 7)
    weekly = last([b for b in newest("%G %V") if b not in daily], 4)
    monthly = last([b for b in newest("%Y %m") if b not in daily | weekly], 12)
    young = {b for b in past if NOW - b.at < timedelta(days=7)}
    future = {b for b in shelf if b.at > NOW}
    newest_of_all = {max(past, key=lambda b: (b.at, b.name))} if past else set()
    assert set(kept(shelf)) == daily | weekly | monthly | young | future | newest_of_all


@given(shelves)
def test_nothing_goes_within_a_week(shelf: list[Dated]) -> None:
    gone = superfluous(shelf, NOW)
    assert all(NOW - b.at >= timedelta(days=7) for b in shelf if b.name in gone)


def test_a_year_of_daily_use_leaves_days_weeks_and_months() -> None:
    shelf: list[Dated] = []
    for number in range(400):
        now = NOW - timedelta(days=399 - number)
        shelf = kept([*shelf, dated(now)], now)
    assert [str(b.day) for b in reversed(shelf)] == [
        *(f"2026-03-{day:02}" for day in range(15, 8, -1)),
        "2026-03-08", "2026-03-01", "2026-02-28", "2026-02-22", "2026-02-15",
        "2026-01-31", "2025-12-31", "2025-11-30", "2025-10-31", "2025-09-30", "2025-08-31",
        "2025-07-31", "2025-06-30", "2025-05-31", "2025-04-30", "2025-03-31",
    ]  # fmt: skip


def test_someone_who_studies_now_and_then_keeps_seven_days_of_use() -> None:
    shelf = [dated(NOW - timedelta(days=10 * n)) for n in range(7)]
    assert kept(shelf) == shelf


def test_a_clock_that_was_years_ahead_pushes_nothing_out() -> None:
    wrong = [dated(NOW + timedelta(days=3650 + n)) for n in range(30)]
    right = [dated(NOW - timedelta(days=n)) for n in range(7)]
    assert kept([*wrong, *right]) == [*wrong, *right]


def test_a_day_keeps_its_newest() -> None:
    shelf = [dated(NOW - timedelta(days=8, hours=n)) for n in range(4)]
    assert kept([dated(NOW), *shelf]) == [dated(NOW), shelf[0]]
