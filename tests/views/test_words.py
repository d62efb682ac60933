"""Figures and moments as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from quizapp.domain.days import Calendar
from quizapp.domain.scheduling import Memory, Rating, State
from quizapp.views import words

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.2, "<1m"), (1, "<1m"), (10, "<10m"), (59.4, "<59m"), (60, "1h"), (300, "5h"), (1500, "1d")],
)
def test_a_step_is_told_in_minutes_and_hours(minutes: float, said: str) -> None:
    memory = Memory(state=State.LEARNING, due=NOW + timedelta(minutes=minutes))
    assert words.interval(memory, NOW) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [(1, "1d"), (29, "29d"), (30, "1mo"), (36, "1.2mo"), (364, "12mo"), (365, "1y"), (800, "2.2y")],
)
def test_an_interval_is_told_in_days_months_and_years(days: int, said: str) -> None:
    assert words.interval(Memory(state=State.REVIEW, interval=days), NOW) == said


def test_days_from_today_are_told_as_people_do() -> None:
    assert [words.in_days(n) for n in (-2, 0, 1, 12)] == [
        "today",
        "today",
        "tomorrow",
        "in 12 days",
    ]
    calendar = Calendar("UTC", 4)
    said = [words.ago(NOW - timedelta(days=n), NOW, calendar) for n in (0, 1, 12)]
    assert said == ["today", "yesterday", "12 days ago"]


def test_dates_and_times_are_those_of_the_zone() -> None:
    late = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)
    assert words.date(late, "Asia/Tokyo") == "16 January 2026"
    assert words.at_clock(late, "Asia/Tokyo") == "08:30"


def test_lengths_shares_and_counts() -> None:
    assert [words.span(s) for s in (40, 720, 3900)] == ["40 s", "12 min", "1 h 5 min"]
    assert (words.percent(None), words.percent(0.875)) == ("—", "88 %")
    assert (words.plural(1, "card"), words.plural(1200, "card")) == ("1 card", "1,200 cards")
    assert [words.count(n) for n in (999, 1_000, 5_000)] == ["999", "1,000+", "1,000+"]


@pytest.mark.parametrize(
    ("set_to", "zone"),
    [
        ("Japan", "Japan"),
        (":CET", "CET"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia/Calcutta", "Asia/Calcutta"),
    ],
)
def test_this_computers_zone_is_one_of_the_tz_database(
    monkeypatch: pytest.MonkeyPatch, set_to: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", set_to)
    assert words.local_zone() == zone


def test_a_computer_that_does_not_know_its_zone_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    def confused() -> str:
        raise LookupError("two files, two zones")

    monkeypatch.setenv("TZ", "Mars/Olympus")
    monkeypatch.setattr(words, "get_localzone_name", confused)
    assert words.local_zone() == "UTC"


def test_a_row_of_the_history_says_what_happened() -> None:
    assert words.deed("due", Rating.HARD) == "Hard"
    assert words.deed("crammed", Rating.GOOD) == "Good, outside the schedule"
    assert words.deed("moved", None) == "Due date set"
    assert words.deed("reset", None) == "Made new again"


def test_an_interval_of_the_log_is_days_or_seconds() -> None:
    assert words.next_in(4, Rating.GOOD) == "4d"
    assert words.next_in(-600, Rating.AGAIN) == "10 min"
    assert words.next_in(0, Rating.AGAIN) == "same day"
    assert words.next_in(0, None) == "—"
