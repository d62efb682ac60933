"""The exam-day planner: which cards to study today so that most is known at the exam.

The problem is a knapsack with a future: maximise the sum over cards of blueprint share times
the chance of recall on the exam morning, with so many seconds on each day until then. Each
second gets a price, such that the planned seconds equal those there are (Lagrangian
relaxation); a card then goes by the advantage of now over the best later moment.
"""

from dataclasses import dataclass

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
    """What to do today, and what it leads to; H days to the last exam, E exams as given.

    ``today`` and ``more`` are card indices in falling value: those that fit into today's
    seconds, and those still worth a learner's time should there be more of it. Recall is a
    share from 0 to 1 on each exam morning, as the mean over a topic's cards and weighted over
    all: if the plan is followed, and if nothing more is studied. For exams of today and before
    both are the recall of today.
    """

    today: Ints
    today_seconds: Floats
    more: Ints
    days: Ints  # study-day numbers from today, (H,)
    reviews: Floats  # (H,), expected
    new: Floats  # (H,), expected
    seconds: Floats  # (H,), expected
    topics_followed: Floats  # (E, topics)
    topics_stopped: Floats  # (E, topics)
    followed: Floats  # (E,)
    stopped: Floats  # (E,)
    unseen: dict[int, Ints]  # by topic: new cards left unseen on purpose
    seen_share: float  # of the cards new today, expected
    prices: Prices | None = None  # for the next plan


def plan(
    cards: Cards,
    time: Time,
    habits: Habits | None = None,
    before: Prices | None = None,
    floors: Floats | None = None,
    seed: int = 0,
    rough: bool = False,
) -> Plan:
    """Plan from today to the last exam.

    ``before`` are the prices of an earlier plan, if there was one, and save time. ``floors``
    (topics,) are the least shares (0-1) of each topic's cards to be seen by the last exam. On
    an exam day with none after it the weakest cards come first; later there is nothing to plan.
    ``rough`` takes half the time: today's list is the same, what it leads to is less exact.
    """
    habits = habits or Habits()
    cards = tidy(cards, len(time.exam_days))
    ahead = np.array([day > time.today for day in time.exam_days], dtype=bool)
    if not ahead.any() or len(cards.topic) == 0:
        return _weakest_first(cards, time, habits)
    job = market(cards, time, habits, ahead, seed)
    promised = np.zeros(len(cards.topic), dtype=bool)
    acting = acting_prices(job, promised, before)
    worth = values(job.programme, acting)
    if floors is not None:
        promised = _promises(job, worth, filled(floors, job.topics))
        if promised.any():
            acting = acting_prices(job, promised, kept_prices(job, acting, acting))
            worth = values(job.programme, acting)
    order, seconds = _today(job, worth, promised)
    if not rough:
        worth = values(job.programme, bent_prices(job, promised, acting, before))
    return _report(job, worth, promised, ahead, order, seconds, acting)


def _report(
    job: Market,
    v: Values,
    promised: Bools,
    ahead: Bools,
    order: Ints,
    seconds: Floats,
    acting: Floats,
) -> Plan:
    """Play the plan forward and put everything into a learner's terms."""
    p, cards, time = job.programme, job.cards, job.time
    fits = _fitting(seconds, float(job.seconds[0]))
    done = play_all(job, v, promised, by_topic=True)
    names = np.unique(cards.topic * len(p.kinds) + job.kind)
    topics, kinds = names // len(p.kinds), names % len(p.kinds)
    now = np.zeros(len(cards.topic))
    now[job.seen] = recall_on(cards, job.seen, time.today, job.habits)
    topics_stopped, stopped = _means(cards, np.tile(now, (len(ahead), 1)), job.topics)
    topics_followed, followed = topics_stopped.copy(), stopped.copy()
    left = np.zeros((len(ahead), len(cards.topic)))
    sizes = np.maximum(np.bincount(cards.topic, minlength=job.topics), 1)
    for e, row in enumerate(np.flatnonzero(ahead)):
        day = time.today + int(p.exams[e])
        left[row, job.seen] = recall_on(cards, job.seen, day, job.habits)
        topics_followed[row] = np.bincount(topics, done.recalled[e], job.topics) / sizes
        weight = max(float(cards.share[:, row].sum()) / job.scale, 1e-12)
        followed[row] = done.recalled[e] @ p.kinds[kinds, e] / weight
    topics_left, overall_left = _means(cards, left, job.topics)
    topics_stopped[ahead], stopped[ahead] = topics_left[ahead], overall_left[ahead]
    unseen, seen_share = _unseen(job, v, promised)
    return Plan(
        today=order[fits],
        today_seconds=seconds[fits],
        more=order[~fits],
        days=time.today + np.arange(p.horizon),
        reviews=done.reviews,
        new=done.new,
        seconds=done.seconds,
        topics_followed=np.clip(topics_followed, 0, 1),
        topics_stopped=topics_stopped,
        followed=np.clip(followed, 0, 1),
        stopped=stopped,
        unseen=unseen,
        seen_share=seen_share,
        prices=kept_prices(job, acting, v.prices),
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
    topics = int(cards.topic.max()) + 1 if len(cards.topic) else 0
    now = np.zeros(len(cards.topic))
    seen = np.flatnonzero(cards.last_day >= 0)
    now[seen] = recall_on(cards, seen, time.today, habits)
    on_the_day = np.array([day == time.today for day in time.exam_days], dtype=bool)
    counts = (cards.share[:, on_the_day].sum(axis=1) > 0) & ~cards.done_today
    order = seen[counts[seen]]
    order = order[np.argsort(now[order], kind="stable")]
    forgotten = (1 - now[order]) * (habits.seconds_forgotten - habits.seconds_recalled)
    seconds = habits.seconds_recalled + forgotten
    fits = _fitting(seconds, float(time.seconds[0]) if len(time.seconds) else 0.0)
    each, overall = _means(cards, np.tile(now, (len(time.exam_days), 1)), topics)
    none = np.zeros(0)
    return Plan(
        order[fits], seconds[fits], order[~fits], np.zeros(0, dtype=np.int64), none, none, none,
        each, each, overall, overall, {}, 1.0,
    )  # fmt: skip


def _fitting(seconds: Floats, free: float) -> Bools:
    """Which of a list's cards fit into the free seconds; at least one where there are any."""
    fits = np.cumsum(seconds) <= free
    if len(fits) and free > 0:
        fits[0] = True
    return np.asarray(fits)


def _means(cards: Cards, recall: Floats, topics: int) -> tuple[Floats, Floats]:
    """Of each row of recall (E, n), the mean by topic (E, topics) and weighted overall (E,)."""
    exams = len(recall)
    sizes = np.maximum(np.bincount(cards.topic, minlength=topics), 1)
    by_topic = np.zeros((exams, topics))
    for e in range(exams):
        by_topic[e] = np.bincount(cards.topic, recall[e], topics) / sizes
    weight = np.maximum(cards.share.sum(axis=0), 1e-12)[:exams]
    return by_topic, (cards.share.T[:exams] * recall).sum(axis=1) / weight
