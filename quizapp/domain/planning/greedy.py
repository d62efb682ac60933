"""The cheap planner: most recall at the exam for the next second, without looking ahead."""

import numpy as np

from quizapp.domain.planning import memories
from quizapp.domain.planning.grid import Ints
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.memories import Floats
from quizapp.domain.planning.situation import Cards, Time, tidy


def greedy(cards: Cards, time: Time, habits: Habits | None = None) -> tuple[Ints, Floats]:
    """Cards worth studying today in falling value, and the expected seconds of each.

    A card's value is its share times what studying it today adds to its recall at the exam,
    per expected second; over several exams the values add up. Nothing is cut at the time there
    is. Exams of today and before do not count.
    """
    habits = habits or Habits()
    n = len(cards.topic)
    cards = tidy(cards, len(time.exam_days))
    gain, seconds = np.zeros(n), np.full(n, habits.seconds_new)
    seen = np.flatnonzero(cards.last_day >= 0)
    s, d = cards.stability[seen], cards.difficulty[seen]
    elapsed = np.maximum(time.today - cards.last_day[seen], 1)
    ln_s, _, chance, r = memories.review(s, d, elapsed, habits)
    seconds[seen] = r * habits.seconds_recalled + (1 - r) * habits.seconds_forgotten
    ln_new, _, first = memories.first_sight(habits)
    for e, exam in enumerate(time.exam_days):
        left = exam - time.today
        if left <= 0:
            continue
        studied = np.full(n, first @ memories.recall(left, np.exp(ln_new), habits.weights))
        after = memories.recall(left, np.exp(ln_s), habits.weights)
        studied[seen] = (chance * after).sum(axis=0)
        studied[seen] -= memories.recall(elapsed + left, s, habits.weights)
        gain += cards.share[:, e] * studied
    index = np.where(cards.done_today, 0.0, gain / seconds)
    order = np.argsort(-index, kind="stable")
    order = order[index[order] > 0]
    return order, seconds[order]
