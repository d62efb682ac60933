"""Which backups are kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

DAYS, WEEKS, MONTHS = 7, 4, 12
# As long stays everything: this morning's, and what was made before something was done.
GRACE = timedelta(days=7)


class Reason(StrEnum):
    """Why a backup was made."""

    DAY = "day"
    ASKED = "asked"
    IMPORT = "import"
    MIGRATION = "migration"
    RESTORE = "restore"
    REPAIR = "repair"
    # Only in the name of one that was carried here; inside it says why it was made.
    BROUGHT = "brought"


@dataclass(frozen=True)
class Shelf:
    """Where backups lie, and where the media files are that they hold too."""

    folder: Path
    media: Path


@dataclass(frozen=True)
class Dated:
    """A backup as the rule sees it.

    at   the moment (UTC) it was begun
    day  the date it counts for; early hours belong to the day before
    """

    name: str
    at: datetime
    day: date
    reason: Reason


def superfluous(backups: Iterable[Dated], now: datetime) -> set[str]:
    """The names of the backups that may go.

    Everything stays for 7 days. Of what is older there stay the newest of each of the last
    7 days that have any; beyond these, of each of the last 4 weeks; beyond these, of each of
    the last 12 months. A week or month counts where its newest is not kept already. The
    newest of all stays.

    What a wrong clock dated into the future stays and counts for nothing: it must not
    push out what is made now.
    """
    backups = list(backups)
    past = sorted(
        (b for b in backups if b.at <= now), key=lambda b: (b.day, b.at, b.name), reverse=True
    )
    kept = {b.name for b in backups if b.at > now}
    kept |= {b.name for b in past if now - b.at < GRACE}
    kept |= {max(past, key=lambda b: (b.at, b.name)).name} if past else set()
    tiers: set[str] = set()
    for count, period in ((DAYS, _day), (WEEKS, _week), (MONTHS, _month)):
        tiers |= _newest_of_each(past, period, count, tiers)
    return {b.name for b in past} - kept - tiers


def _newest_of_each(
    newest_first: Sequence[Dated],
    period: Callable[[Dated], tuple[int, ...]],
    count: int,
    kept: set[str],
) -> set[str]:
    found: dict[tuple[int, ...], str] = {}
    for backup in newest_first:
        found.setdefault(period(backup), backup.name)
    return set([name for name in found.values() if name not in kept][:count])


def _day(backup: Dated) -> tuple[int, ...]:
    return (backup.day.toordinal(),)


def _week(backup: Dated) -> tuple[int, ...]:
    return backup.day.isocalendar()[:2]


def _month(backup: Dated) -> tuple[int, ...]:
    return (backup.day.year, backup.day.month)
