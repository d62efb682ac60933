"""The exam-day planner: which cards to study today so that most is known at the exam.

The problem is a knapsack with a future: maximise the sum over cards of blueprint share times
the chance of recall on the exam morning, with so many seconds on each day until then. Each
second gets a price that rises toward the exam as (T - d) ** -0.5; one number x scales it and is
found by bisection such that the planned seconds equal those there are (Lagrangian relaxation).
A card then goes by the advantage of now over the best later moment.
"""

from dataclasses import dataclass, field

import numpy as np

from quizapp.domain.planning.grid import Ints
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.market import Market, first_answers, market, play_all, worth_first
from quizapp.domain.planning.memories import Floats
from quizapp.domain.planning.prices import Prices, acting_prices, bent_prices, kept_prices
from quizapp.domain.planning.programme import Values, new_choices, values
from quizapp.domain.planning.situation import Bools, Cards, Time, filled, recall_on, tidy

_CHUNK = 4000


@dataclass(frozen=True)
class Plan:
    """What to do today, and what it leads to.

    ``today`` and ``more`` are card indices in falling value: those that fit into today's
    seconds, and those still worth a learner's time should there be more of it.
    Recall is a share from 0 to 1, per exam and topic and weighted per exam: if the plan is
    followed, and if nothing more is studied. A topic without weight in an exam has its plain
    mean.
    """

    prices: Floats  # (H,): share per second on each day, for the next plan
    today: Ints
    today_seconds: Floats
    more: Ints
    days: Ints  # study-day numbers from today, (H,)
    reviews: Floats  # (H,)
    new: Floats  # (H,)
    seconds: Floats  # (H,)
    topics_followed: Floats  # (E, topics)
    topics_stopped: Floats  # (E, topics)
    followed: Floats  # (E,)
    stopped: Floats  # (E,)
    unseen: dict[int, Ints] = field(default_factory=dict)  # by topic: new cards never planned
    seen_share: float = 1.0  # of the cards new today, expected


def plan(
    cards: Cards,
    time: Time,
    habits: Habits | None = None,
    before: Plan | None = None,
    floors: Floats | None = None,
    seed: int = 0,
) -> Plan:
    """Plan from today to the last exam.

    ``price`` is that of the last plan, if there was one, and saves time. ``floors`` (topics,)
    are the least shares (0-1) of each topic's cards to be seen by the exam. On an exam day
    itself the weakest cards come first; after the last one there is nothing to plan.
    """
    habits = habits or Habits()
    cards = tidy(cards)
    ahead = np.array([day > time.today for day in time.exam_days], dtype=bool)
    if not ahead.any() or len(cards.topic) == 0:
        return _weakest_first(cards, time, habits)
    job = market(cards, time, habits, ahead, seed)
    floors = np.zeros(job.topics) if floors is None else filled(floors, job.topics)
    promised = np.zeros(len(cards.topic), dtype=bool)
    guess = None if before is None else _carried(before, time.today, job)
    prices = _prices(job, promised, guess)
    v = values(job.programme, prices)
    promised = _promises(job, v, floors)
    if promised.any():
        v = values(job.programme, _prices(job, promised, prices))
    return _report(job, v, promised, ahead)


def _report(job: Market, v: Values, promised: Bools, ahead: Bools) -> Plan:
    p, cards, time = job.programme, job.cards, job.time
    order, seconds = _today(job, v, promised)
    fits = np.cumsum(seconds) <= max(float(job.seconds[0]), 0.0)
    if len(order) and not fits.any() and job.seconds[0] > 0:
        fits[0] = True
    done = play_all(job, v, promised, by_topic=True)
    pair = cards.topic * len(p.kinds) + job.kind
    names = np.unique(pair)
    topics = names // len(p.kinds)
    per_topic = np.zeros((len(p.exams), job.topics))
    for e in range(len(p.exams)):
        per_topic[e] = np.bincount(topics, done.recalled[e], job.topics)
    share = cards.share[:, ahead]
    stopped = np.zeros((len(cards.topic), len(p.exams)))
    for e, exam in enumerate(p.exams):
        stopped[job.seen, e] = recall_on(cards, job.seen, time.today + int(exam), job.habits)
    sizes = np.maximum(np.bincount(cards.topic, minlength=job.topics), 1)
    followed = np.array(
        [done.recalled[e] @ p.kinds[names % len(p.kinds), e] for e in range(len(p.exams))]
    )
    weight = np.maximum(share.sum(axis=0) / job.scale, 1e-12)
    unseen, seen_share = _unseen(job, v, promised)
    return Plan(
        prices=v.prices * job.scale,
        today=order[fits],
        today_seconds=seconds[fits],
        more=order[~fits],
        days=time.today + np.arange(p.horizon),
        reviews=done.reviews,
        new=done.new,
        seconds=done.seconds,
        topics_followed=np.clip(per_topic / sizes, 0, 1),
        topics_stopped=np.array(
            [np.bincount(cards.topic, x, job.topics) / sizes for x in stopped.T]
        ),
        followed=np.clip(followed / weight, 0, 1),
        stopped=(stopped * share).sum(axis=0) / job.scale / weight,
        unseen=unseen,
        seen_share=seen_share,
    )


def _today(job: Market, v: Values, promised: Bools) -> tuple[Ints, Floats]:
    """Cards worth studying today in falling value per second, with their expected seconds."""
    p, cards = job.programme, job.cards
    if len(p.open) == 0 or p.open[0] != 0:
        return np.array([], dtype=int), np.array([])
    n = len(cards.topic)
    index, seconds = np.full(n, -np.inf), np.zeros(n)
    paid = v.prices[0]
    for start in range(0, len(job.seen), _CHUNK):
        part = job.seen[start : start + _CHUNK]
        part = part[~cards.done_today[part]]
        if len(part) == 0:
            continue
        first = first_answers(cards, part, job.kind, job.time.today, p, job.habits)
        worth = worth_first(first, v, p)
        later = np.maximum(worth[:, 1:].max(axis=1, initial=-np.inf), first.stop)
        seconds[part] = first.seconds[:, 0]
        index[part] = (worth[:, 0] - later) / seconds[part] + paid
    later_new = np.maximum(v.new[1:].max(axis=0, initial=-np.inf), 0.0)
    index_new = (v.new[0] - later_new) / p.seconds_new + paid
    new = job.new[~cards.done_today[job.new]]
    index[new] = index_new[job.kind[new]]
    # A cost paid and added back leaves rounding behind where a card is worth nothing.
    index[(p.kinds.sum(axis=1) <= 0)[job.kind]] = -np.inf
    seconds[new] = p.seconds_new
    must = _due_promises(job, promised & ~cards.done_today)
    index[must] = np.inf
    order = np.argsort(-index, kind="stable")
    order = order[index[order] > 0]
    return order, seconds[order]


def _promises(job: Market, v: Values, floors: Floats) -> Bools:
    """New cards to be seen for a topic's floor, where the plan would leave too many."""
    cards, p = job.cards, job.programme
    promised = np.zeros(len(cards.topic), dtype=bool)
    never = new_choices(p, v)[1]
    for topic in np.flatnonzero(floors > 0):
        mine = cards.topic == topic
        new = job.new[cards.topic[job.new] == topic]
        need = int(np.ceil(min(floors[topic], 1.0) * mine.sum() - 1e-9)) - int(
            mine.sum() - len(new)
        )
        if need > 0 and float((1 - never[job.kind[new]]).sum()) < need:
            promised[new[:need]] = True
    return promised


def _due_promises(job: Market, promised: Bools) -> Ints:
    """Promised cards to see today, in an even pace by time until the last exam."""
    left = np.flatnonzero(promised)
    if len(left) == 0:
        return left
    count = int(np.ceil(len(left) * job.seconds[0] / job.seconds.sum()))
    topic = job.cards.topic[left]
    rank = np.zeros(len(left))
    for t in np.unique(topic):
        mine = topic == t
        rank[mine] = (np.arange(mine.sum()) + 1) / mine.sum()
    return left[np.argsort(rank, kind="stable")[:count]]


def _unseen(job: Market, v: Values, promised: Bools) -> tuple[dict[int, Ints], float]:
    """New cards the plan leaves, by topic (the last ones of each), and the share it sees."""
    never = new_choices(job.programme, v)[1]
    chance = np.where(promised[job.new], 0.0, never[job.kind[job.new]])
    unseen = {}
    topics = job.cards.topic[job.new]
    for topic in np.unique(topics):
        mine = job.new[topics == topic]
        count = round(float(chance[topics == topic].sum()))
        if count:
            unseen[int(topic)] = mine[len(mine) - count :]
    return unseen, float(1 - chance.mean()) if len(chance) else 1.0


def _weakest_first(cards: Cards, time: Time, habits: Habits) -> Plan:
    """No plan: on an exam day the weakest cards that count come first; later, nothing."""
    exams = max(len(time.exam_days), 1)
    topics = int(cards.topic.max()) + 1 if len(cards.topic) else 0
    now = np.where(cards.last_day < 0, 0.0, 1.0)
    seen = np.flatnonzero(cards.last_day >= 0)
    now[seen] = recall_on(cards, seen, time.today, habits)
    on_the_day = np.array([day == time.today for day in time.exam_days], dtype=bool)
    order, seconds = np.array([], dtype=int), np.array([])
    if on_the_day.any() and len(seen):
        counts = cards.share[:, on_the_day].sum(axis=1) > 0
        pick = seen[counts[seen] & ~cards.done_today[seen]]
        order = pick[np.argsort(now[pick], kind="stable")]
        r = now[order]
        seconds = r * habits.seconds_recalled + (1 - r) * habits.seconds_forgotten
    budget = float(time.seconds[0]) if len(time.seconds) else 0.0
    fits = np.cumsum(seconds) <= budget
    sizes = np.maximum(np.bincount(cards.topic, minlength=topics), 1)
    per_topic = np.bincount(cards.topic, now, topics) / sizes if topics else np.zeros(0)
    each = np.tile(per_topic, (exams, 1))
    weight = np.maximum(cards.share.sum(axis=0), 1e-12) if topics else np.ones(exams)
    overall = (cards.share * now[:, None]).sum(axis=0) / weight if topics else np.zeros(exams)
    none = np.zeros(0)
    return Plan(
        none, order[fits], seconds[fits], order[~fits], np.zeros(0, dtype=int), none, none, none,
        each, each, overall, overall, {}, 1.0,
    )  # fmt: skip


def recall_on(cards: Cards, chosen: Ints, day: int, habits: Habits) -> Floats:
    """Retrievability of seen cards on a day with no more reviews."""
    elapsed = np.maximum(day - cards.last_day[chosen], 0)
    return memories.recall(elapsed, cards.stability[chosen], habits.weights)
