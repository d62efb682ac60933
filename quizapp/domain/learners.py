"""A learner and how they want to study."""

from dataclasses import dataclass
from datetime import datetime

from quizapp.domain.days import Calendar
from quizapp.domain.errors import Refusal
from quizapp.domain.scheduling import DEFAULT_WEIGHTS, Options


@dataclass(frozen=True)
class Learner:
    """A person who studies; steps are minutes, limits are cards a day.

    ``slow_after`` is the milliseconds after which an answer to a question is slow for them,
    as of the beginning of the day; None until there is enough to tell.
    """

    id: int
    name: str
    timezone: str = "UTC"
    rollover_hour: int = 4
    desired_retention: float = 0.90
    new_per_day: int = 20
    reviews_per_day: int = 200
    learning_steps: tuple[float, ...] = (1.0, 10.0)
    relearning_steps: tuple[float, ...] = (10.0,)
    maximum_interval: int = 36500
    leech_threshold: int = 8
    bury_siblings: bool = True
    two_buttons: bool = False
    shortcuts: bool = True
    space_grades: bool = True
    show_timer: bool = False
    show_streak: bool = True
    serif: bool = False
    autoplay: bool = True
    weights: tuple[float, ...] = DEFAULT_WEIGHTS
    day_begun: int = 0
    extra_new_day: int = 0
    extra_new: int = 0
    slow_after: int | None = None

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.timezone, self.rollover_hour)

    def today(self, now: datetime) -> int:
        """The study day this learner is in."""
        return self.calendar.day(now)

    def new_limit(self, today: int) -> int:
        """New cards wanted today, with what was asked for on top."""
        return self.new_per_day + (self.extra_new if self.extra_new_day == today else 0)

    def options(self, desired_retention: float | None = None) -> Options:
        """How to schedule; a deck may ask for another retention."""
        return Options(
            calendar=self.calendar,
            desired_retention=desired_retention or self.desired_retention,
            weights=self.weights,
            learning_steps=self.learning_steps,
            relearning_steps=self.relearning_steps,
            maximum_interval=self.maximum_interval,
            leech_threshold=self.leech_threshold,
        )


def parse_steps(text: str) -> tuple[float, ...]:
    """Minutes from text such as “1 10” or “10m 1h 1d”.

    Raises Refusal where a step cannot be read.
    """
    factors = {"m": 1, "h": 60, "d": 1440}
    steps = []
    for word in text.replace(",", " ").split():
        number, factor = word, 1
        if word[-1].lower() in factors:
            number, factor = word[:-1], factors[word[-1].lower()]
        try:
            minutes = float(number) * factor
        except ValueError:
            raise Refusal(f"The step “{word}” cannot be read. Write minutes, as in 1 10.") from None
        if not 0 < minutes <= 30 * 1440:
            raise Refusal(f"The step “{word}” is out of range: more than 0 and up to 30 days.")
        steps.append(minutes)
    if len(steps) > 10:
        raise Refusal("There are more than ten steps; give ten or fewer.")
    return tuple(steps)


def steps_text(steps: tuple[float, ...]) -> str:
    """Steps as they are typed, in minutes."""
    return " ".join(f"{step:g}" for step in steps)
