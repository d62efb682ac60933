"""Figures and moments as people say them."""

import os
from datetime import date as calendar_date
from datetime import datetime, timedelta
from math import ceil

from flask import Flask
from markupsafe import Markup
from tzlocal import get_localzone_name

from quizapp.domain.days import Calendar, time_zone, zone_names
from quizapp.domain.learners import Learner
from quizapp.domain.scheduling import Memory, Rating, State
from quizapp.storage.cards import COUNTED

# As many characters of a card are announced by themselves; the card itself has the rest.
SPOKEN = 200


def init(app: Flask) -> None:
    """Make the words known to templates."""
    app.jinja_env.filters.update(
        card_html=card_html,
        days=days,
        deed=deed,
        next_in=next_in,
        ago=ago,
        clock=at_clock,
        clockface=clockface,
        count=count,
        date=date,
        day=day,
        day_number=day_number,
        path=path,
        interval=between,
        percent=percent,
        filesize=filesize,
        plural=plural,
        span=span,
        spoken=spoken,
    )


def card_html(html: str) -> Markup:
    """Card content, which was cleaned when it was stored (formats/html.py).

    The one place that lets stored HTML through; a test sees to that.
    """
    return Markup(html)  # noqa: S704


def spoken(html: str) -> str:
    """The first words of a card's side as plain text, for screen readers."""
    side = Markup(html.replace("[…]", "blank").replace("[...]", "blank"))  # noqa: S704
    text = " ".join(side.striptags().split())
    return text if len(text) <= SPOKEN else text[:SPOKEN].rpartition(" ")[0] + " …"


def interval(memory: Memory, now: datetime) -> str:
    """What a grade button promises: <1m, <10m, 5h, 4d, 1.2mo, 2.1y."""
    if memory.state is State.REVIEW:
        return days(memory.interval)
    assert memory.due is not None
    minutes = (memory.due - now) / timedelta(minutes=1)
    if minutes < 59.5:
        return f"<{max(1, round(minutes))}m"
    if minutes < 60 * 23.5:
        return f"{round(minutes / 60)}h"
    return days(round(minutes / 1440))


def days(count: float) -> str:
    """Whole days below a month, then months and years with one decimal."""
    if count < 30:
        return f"{round(count)}d"
    if count < 365:
        return f"{count / 30.44:.1f}mo".replace(".0mo", "mo")
    return f"{count / 365.25:.1f}y".replace(".0y", "y")


def deed(mode: str, rating: Rating | None) -> str:
    """What a row of a card's history stands for: Good, or what else happened to the card."""
    if rating is None:
        return {"moved": "Due date set"}.get(mode, "Made new again")
    name = rating.name.capitalize()
    return f"{name}, outside the schedule" if mode == "crammed" else name


def next_in(interval: int, rating: Rating | None) -> str:
    """An interval of the log: days above zero, seconds below; a dash where none was set."""
    if interval < 0:
        return span(-interval)
    if interval:
        return days(interval)
    return "same day" if rating else "—"


def in_days(count: int) -> str:
    """A day from today: today, tomorrow, in 12 days."""
    if count <= 0:
        return "today"
    return "tomorrow" if count == 1 else f"in {count} days"


def ago(at: datetime, now: datetime, calendar: Calendar) -> str:
    """A past moment by its study day: today, yesterday, 12 days ago."""
    count = calendar.day(now) - calendar.day(at)
    if count <= 0:
        return "today"
    return "yesterday" if count == 1 else f"{count} days ago"


def at_clock(at: datetime, zone: str) -> str:
    """A moment's time of day in a zone."""
    return at.astimezone(time_zone(zone)).strftime("%H:%M")


def date(at: datetime, zone: str) -> str:
    """A moment's date in a zone: 24 November 2026."""
    local = at.astimezone(time_zone(zone))
    return f"{local.day} {local.strftime('%B %Y')}"


def day(on: calendar_date) -> str:
    """A date: 24 November 2026."""
    return f"{on.day} {on.strftime('%B %Y')}"


def day_number(number: int, learner: Learner) -> str:
    """A study day by its date."""
    return day(learner.calendar.date(number))


def span(seconds: float) -> str:
    """A length of time: 40 s, 12 min, 1 h 5 min."""
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clockface(seconds: float) -> str:
    """Time left on a clock: 3:59:00."""
    whole = ceil(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def between(interval: tuple[float, float] | None) -> str:
    """An interval of shares: 63–86 %; a dash where there is no data."""
    return "—" if interval is None else f"{interval[0] * 100:.0f}–{interval[1] * 100:.0f} %"


def percent(share: float | None) -> str:
    """A share as a whole percentage; a dash where there is no data."""
    return "—" if share is None else f"{round(share * 100)} %"


def count(number: int) -> str:
    """A number of cards; beyond COUNTED nobody counts on (storage/cards.py)."""
    return f"{COUNTED:,}+" if number >= COUNTED else f"{number}"


def path(*names: str) -> str:
    """A deck's name with those above it: CISM › Governance; levels may be parted by ::."""
    return " › ".join(part for name in names for part in name.split("::") if part)


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 card, 2 cards, 1,200 cards."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def filesize(size: int) -> str:
    """The size of a file: 1 kB, 640 kB, 1.1 MB, 2.5 GB."""
    if size < 1_000_000:
        return f"{ceil(size / 1000)} kB"
    return f"{size / 1_000_000:.1f} MB" if size < 1_000_000_000 else f"{size / 1e9:.1f} GB"


def local_zone() -> str:
    """The time zone this computer is set to, by its name in the tz database; else UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named not in zone_names():
        try:
            named = get_localzone_name()
        except (LookupError, ValueError, OSError):  # a setting that contradicts itself
            named = ""
    return named if named in zone_names() else "UTC"
