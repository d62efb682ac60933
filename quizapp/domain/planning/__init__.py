"""Planning toward an exam date; the public names of the package."""

from quizapp.domain.planning.greedy import greedy
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.plans import Cards, Plan, Time, plan

__all__ = ["Cards", "Habits", "Plan", "Time", "greedy", "plan"]
