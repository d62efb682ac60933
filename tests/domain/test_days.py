"""The study day in odd zones and on odd nights."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.days import EPOCH, Calendar, DayTable, zone_names

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham",
    "Antarctica/Troll", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "Asia/Tehran",
]  # fmt: skip


def number(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - EPOCH).days


@pytest.mark.parametrize(
    ("zone", "rollover", "local", "day"),
    [
        ("UTC", 4, "2026-01-15T03:59", (2026, 1, 14)),
        ("UTC", 4, "2026-01-15T04:00", (2026, 1, 15)),
        ("UTC", 0, "2026-01-15T00:00", (2026, 1, 15)),
        # The hour 2 to 3 does not exist on this night in New York.
        ("America/New_York", 2, "2026-03-08T01:59", (2026, 3, 7)),
        ("America/New_York", 2, "2026-03-08T03:00", (2026, 3, 8)),
        # Half an hour is skipped and repeated on Lord Howe.
        ("Australia/Lord_Howe", 2, "2026-04-05T01:45", (2026, 4, 4)),
        ("Australia/Lord_Howe", 4, "2026-10-04T04:00", (2026, 10, 4)),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", 4, "2011-12-29T23:59", (2011, 12, 29)),
        ("Pacific/Apia", 4, "2011-12-31T12:00", (2011, 12, 31)),
    ],
)
def test_the_wall_clock_decides(
    zone: str, rollover: int, local: str, day: tuple[int, int, int]
) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert Calendar(zone, rollover).day(at) == number(*day)


@given(
    zone=st.sampled_from(ZONES),
    rollover=st.integers(0, 23),
    at=st.datetimes(datetime(1995, 1, 1), datetime(2040, 1, 1)),
)
def test_days_never_go_back_and_begin_at_their_start(
    zone: str, rollover: int, at: datetime
) -> None:
    calendar = Calendar(zone, rollover)
    moment = at.replace(tzinfo=UTC)
    day = calendar.day(moment)
    assert calendar.day(moment + timedelta(hours=1)) >= day
    assert calendar.day(moment + timedelta(hours=25)) > day
    assert calendar.day(calendar.start(day + 3)) == day + 3 or zone == "Pacific/Apia"
    assert calendar.date(day) == EPOCH + timedelta(days=day)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe", "../etc/passwd", "a\0b", "é" * 300])
def test_a_zone_this_machine_does_not_know_counts_as_utc(zone: str) -> None:
    at = datetime(2026, 1, 15, 3, 59, tzinfo=UTC)
    assert Calendar(zone, 4).day(at) == Calendar("UTC", 4).day(at)
    assert Calendar(zone, 4).start(20_000) == Calendar("UTC", 4).start(20_000)


def test_every_place_of_the_tz_database_can_be_chosen() -> None:
    assert {"UTC", "Japan", "CET", "Europe/Berlin", "EST5EDT"} <= set(zone_names())
    assert not {"Factory", "localtime"} & set(zone_names())


@given(
    st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(0, 23),
    st.integers(0, 2**41),
)
def test_a_table_of_days_gives_what_the_calendar_gives(
    zone: str, rollover: int, milliseconds: int
) -> None:
    calendar = Calendar(zone, rollover)
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert DayTable(calendar).day(milliseconds) == calendar.day(at)
