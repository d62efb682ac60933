"""Which study day a moment belongs to.

A study day is numbered by its local calendar date, as days since 1970-01-01, and
begins at the learner's rollover hour on the wall clock, not at midnight.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

EPOCH = date(1970, 1, 1)
# Entries of the tz database that say nothing about where one is.
_NO_PLACES = {"Factory", "localtime", "posixrules"}


@lru_cache
def zone_names() -> tuple[str, ...]:
    """The names a learner may choose a time zone from."""
    return tuple(sorted(available_timezones() - _NO_PLACES))


@lru_cache
def time_zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where this machine does not know it.

    A database may come from another machine, with other zones.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@dataclass(frozen=True)
class Calendar:
    """A learner's time zone and the hour (0–23) at which a new day begins.

    A zone this machine does not know counts as UTC.
    """

    zone: str = "UTC"
    rollover: int = 4

    def day(self, at: datetime) -> int:
        """The study day of an aware moment.

        The wall clock decides, so a day is an hour longer or shorter where the
        clocks change, and a date that a zone skipped has no study day.
        """
        local = at.astimezone(time_zone(self.zone))
        return (local.date() - EPOCH).days - (local.hour < self.rollover)

    def start(self, day: int) -> datetime:
        """The first moment, in UTC, of a study day."""
        on = EPOCH + timedelta(days=day)
        local = datetime(on.year, on.month, on.day, self.rollover, tzinfo=time_zone(self.zone))
        return local.astimezone(UTC)

    def date(self, day: int) -> date:
        """The calendar date a study day is named after."""
        return EPOCH + timedelta(days=day)


class DayTable:
    """The study days of very many moments: the boundaries are worked out once.

    ``day`` gives what Calendar.day gives, from milliseconds since 1970 in UTC.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._starts: dict[int, int] = {}

    def day(self, milliseconds: int) -> int:
        """The study day of a moment."""
        day = milliseconds // _DAY
        starts = self._starts
        # Nearly always both are known, and the moment lies between them.
        if starts.get(day, _NEVER) <= milliseconds < starts.get(day + 1, -_NEVER):
            return day
        while self.start(day + 1) <= milliseconds:
            day += 1
        while self.start(day) > milliseconds:
            day -= 1
        return day

    def date(self, day: int) -> date:
        """The calendar date a study day is named after."""
        return self._calendar.date(day)

    def start(self, day: int) -> int:
        """The first moment of a study day."""
        start = self._starts.get(day)
        if start is None:
            start = self._starts[day] = round(self._calendar.start(day).timestamp() * 1000)
        return start


_DAY = 24 * 60 * 60 * 1000
_NEVER = 1 << 62
