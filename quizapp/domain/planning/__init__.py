"""Planning toward an exam date; the public names of the package."""

from quizapp.domain.planning.greedy import greedy
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.plans import Plan, plan
from quizapp.domain.planning.prices import Prices
from quizapp.domain.planning.situation import Cards, Time

__all__ = ["Cards", "Habits", "Plan", "Prices", "Time", "greedy", "plan"]
