"""The exam-day planner: which cards to study today so that most is known at the exam.

The problem is a knapsack with a future: maximise the sum over cards of blueprint share times
the chance of recall on the exam morning, with so many seconds on each day until then. Each
second gets a price that rises toward the exam as (T - d) ** -0.5; one number x scales it and is
found by bisection such that the planned seconds equal those there are (Lagrangian relaxation).
A card then goes by the advantage of now over the best later moment.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quizapp.domain.planning import grid, memories
from quizapp.domain.planning.grid import CELLS, Ints
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.memories import Floats
from quizapp.domain.planning.programme import (
    SOFT,
    Play,
    Programme,
    Values,
    new_choices,
    play,
    programme,
    values,
)

Bools = NDArray[np.bool_]

_SAMPLE = 600
_MOST_KINDS = 20
_CHUNK = 4000
_LEAST_PRICE = 1e-9
_CLOSE = 0.02


@dataclass(frozen=True)
class Cards:
    """A learner's cards as arrays over n cards.

    ``stability`` in days and ``difficulty`` (1-10) are ignored where the card is new, which
    ``last_day`` (the study day of the last answer) of -1 says. ``share`` is what a card counts
    for, W_k / n_k, of shape (n,), or (n, exams) where several exams are ahead. ``topic`` numbers
    topics from 0. ``done_today`` marks cards not to be planned today: seen, or in steps.
    """

    stability: Floats
    difficulty: Floats
    last_day: Ints
    share: Floats
    topic: Ints
    done_today: Bools


@dataclass(frozen=True)
class Time:
    """The days ahead, as study-day numbers.

    ``seconds`` are those still free today and on each day up to the one before the last exam
    (missing days count 0, further ones are cut); 0 is a day off. ``adherence`` is the share of
    planned study days that are kept, and scales all days but today.
    """

    today: int
    exam_days: tuple[int, ...]
    seconds: Floats
    adherence: float = 1.0


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
    cards = _floating(cards)
    ahead = np.array([day > time.today for day in time.exam_days], dtype=bool)
    if not ahead.any() or len(cards.topic) == 0:
        return _weakest_first(cards, time, habits)
    job = _prepare(cards, time, habits, ahead, seed)
    floors = np.zeros(job.topics) if floors is None else _filled(floors, job.topics)
    promised = np.zeros(len(cards.topic), dtype=bool)
    guess = None if before is None else _carried(before, time.today, job)
    prices = _prices(job, promised, guess)
    v = values(job.programme, prices)
    promised = _promises(job, v, floors)
    if promised.any():
        v = values(job.programme, _prices(job, promised, prices))
    return _report(job, v, promised, ahead)


@dataclass(frozen=True)
class _First:
    """Everything about cards' first planned answer that does not depend on the price.

    Shapes: m cards, L possible days (0-based from today), 5 outcomes.
    """

    kind: Ints  # (m,)
    days: Ints  # (L,)
    allowed: Bools  # (m, L)
    corner: Ints  # (5, m, L)
    weights: tuple[Floats, Floats, Floats, Floats]  # each (5, m, L), the outcome's chance included
    seconds: Floats  # (m, L)
    stop: Floats  # (m,): weighted recall at the exams with no more reviews
    between: Floats  # (m, L): weighted recall at exams before the answer


@dataclass(frozen=True)
class _Job:
    cards: Cards
    time: Time
    habits: Habits
    programme: Programme
    seconds: Floats  # (H,) expected to be studied
    kind: Ints  # (n,)
    scale: float
    seen: Ints  # indices of cards seen before
    new: Ints  # indices of new cards
    sample: Ints  # indices of some seen cards
    counts: Floats  # how many cards each of the sample stands for
    sampled: _First
    topics: int


def _prepare(cards: Cards, time: Time, habits: Habits, ahead: Bools, seed: int) -> _Job:
    exams = np.array(time.exam_days)[ahead] - time.today
    horizon = int(exams.max())
    seconds = _filled(np.asarray(time.seconds, dtype=float), horizon)
    seconds[1:] *= time.adherence
    share = cards.share[:, ahead]
    weighted = share.sum(axis=1)
    scale = float(weighted[weighted > 0].mean()) if (weighted > 0).any() else 1.0
    kind, kinds = _kinds(share / scale)
    p = programme(horizon, exams, seconds, kinds, habits)
    new = cards.last_day < 0
    seen = np.flatnonzero(~new)
    topics = int(cards.topic.max()) + 1
    sample, counts = _sample(cards, seen, kind, time.today, horizon, habits, seed)
    first = _first(cards, sample, kind, time.today, p, habits)
    return _Job(
        cards, time, habits, p, seconds, kind, scale, seen, np.flatnonzero(new), sample, counts,
        first, topics,
    )  # fmt: skip


def _prices(job: _Job, promised: Bools, guess: Floats | None) -> Floats:
    """Prices by day (H,) at which the seconds planned are those there are.

    The total is met by one factor x on a shape over the days; the shape starts as that of a
    guess or as (T - d) ** -0.5 and is bent a little toward days that are asked too much of.
    """
    shape = _shape(job) if guess is None else guess
    if job.seconds.sum() <= 0:
        return shape
    shape, asked = _scaled(job, promised, shape, cold=guess is None)
    for _ in range(BENDS if guess is None else WARM_BENDS):
        shape = shape * np.exp(BEND * _strain(job, asked))
        asked = _asked(job, promised, shape)
    shape, _ = _scaled(job, promised, shape, cold=False, asked=asked)
    return shape


BENDS, WARM_BENDS, BEND = 8, 2, 0.1
_SMOOTH = np.array([1.0, 2, 3, 2, 1])


def _strain(job: _Job, asked: Floats) -> Floats:
    """Log of asked to free seconds by day, smoothed over neighbouring days with time."""
    days = job.programme.open
    ratio = np.log(np.maximum(asked[days], 1e-3) / job.seconds[days])
    ratio = np.clip(ratio, -1.5, 1.5)
    smooth = np.convolve(ratio, _SMOOTH)[2:-2] / np.convolve(np.ones_like(ratio), _SMOOTH)[2:-2]
    strain = np.zeros(len(asked))
    strain[days] = smooth
    return strain


def _asked(job: _Job, promised: Bools, prices: Floats) -> Floats:
    return _play(job, values(job.programme, prices), promised).seconds


def _scaled(
    job: _Job, promised: Bools, shape: Floats, cold: bool, asked: Floats | None = None
) -> tuple[Floats, Floats]:
    """The shape times the x that meets the total time, and the seconds by day it asks for.

    Bisection on ln x with interpolation inside the bracket; demand falls smoothly in x.
    """
    wanted = float(job.seconds.sum())
    ln_x, width = 0.0, float(np.log(8.0 if cold else 1.15))
    low = high = None
    for step in range(24):
        if asked is None:
            asked = _asked(job, promised, shape * np.exp(ln_x))
        here = float(np.log(max(float(asked.sum()), 1e-3) / wanted))
        if abs(here) < _CLOSE or (here < 0 and shape.max() * np.exp(ln_x) <= _LEAST_PRICE):
            break
        if here > 0:
            low = (ln_x, here)
        else:
            high = (ln_x, here)
        if low is None or high is None:
            ln_x += width if here > 0 else -width
            width *= 1.6
        elif high[0] - low[0] < 1e-3:
            break
        else:
            share = low[1] / (low[1] - high[1]) if step % 3 else 0.5
            ln_x = low[0] + min(max(share, 0.08), 0.92) * (high[0] - low[0])
        asked = None
    if asked is None:
        asked = _asked(job, promised, shape * np.exp(ln_x))
    return shape * np.exp(ln_x), asked


def _shape(job: _Job) -> Floats:
    """(T - d) ** -0.5 toward each exam still ahead, each by its weight."""
    p = job.programme
    left = p.exams[None, :] - np.arange(p.horizon)[:, None]
    toward = np.where(left > 0, np.maximum(left, 1) ** -0.5, 0.0)
    total = np.maximum(np.bincount(job.kind, minlength=len(p.kinds)) @ p.kinds, 1e-12)
    return np.asarray(1e-2 * (toward @ (total / total.sum())))


def _carried(before: Plan, today: int, job: _Job) -> Floats:
    """The prices of an earlier plan for the days still ahead."""
    known = np.flatnonzero(before.days >= today)
    shape = _shape(job)
    if len(known) == 0 or before.days[known[0]] != today:
        return shape
    n = min(len(known), len(shape))
    tail = before.prices[known[:n]] / job.scale
    if not (tail > 0).all():
        return shape
    shape *= tail[-1] / shape[n - 1]
    shape[:n] = tail
    return shape


def _play(job: _Job, v: Values, promised: Bools, by_topic: bool = False) -> Play:
    """Play the plan forward for the sample and all new cards."""
    p = job.programme
    topic = job.cards.topic if by_topic else np.zeros(len(job.kind), dtype=int)
    pair = topic * len(p.kinds) + job.kind
    names, column = np.unique(pair, return_inverse=True)
    columns = names % len(p.kinds)
    n = len(names)
    arrivals = np.zeros((p.horizon, CELLS, n))
    seconds, reviews, new = (np.zeros(p.horizon) for _ in range(3))
    recalled = np.zeros((len(p.exams), n))
    if len(job.sample):
        _arrive(job, v, column[job.sample], arrivals, reviews, seconds, recalled)
    chances, _ = new_choices(p, v)
    free = np.bincount(column[job.new[~promised[job.new]]], minlength=n)
    bound = np.bincount(column[job.new[promised[job.new]]], minlength=n)
    pace = job.seconds / max(job.seconds.sum(), 1e-9)
    starts = chances[:, columns] * free + pace[:, None] * bound
    cells, weights = p.first
    for cell, weight in zip(cells, weights, strict=True):
        arrivals[:, cell] += weight * starts
    new += starts.sum(axis=1)
    seconds += new * p.seconds_new
    done = play(p, v, arrivals.astype(np.float32), reviews, new, seconds, columns)
    return Play(done.reviews, done.new, done.seconds, done.recalled + recalled)


def _arrive(
    job: _Job, v: Values, column: Ints, arrivals: Floats, reviews: Floats, seconds: Floats,
    recalled: Floats,
) -> None:  # fmt: skip
    """Add the sample's softened first choices to the arrays of a play."""
    p, first = job.programme, job.sampled
    worth = _worth(first, v, p)
    soft = np.maximum(SOFT * p.kinds.sum(axis=1), 1e-7)[first.kind]
    best = np.maximum(worth.max(axis=1, initial=-np.inf), first.stop)
    go = np.exp((worth - best[:, None]) / soft[:, None])
    stay = np.exp((first.stop - best) / soft)
    total = go.sum(axis=1) + stay
    go *= (job.counts / total)[:, None]
    stay *= job.counts / total
    reviews[first.days] += go.sum(axis=0)
    seconds[first.days] += (go * first.seconds).sum(axis=0)
    n = arrivals.shape[2]
    base = (first.days * CELLS)[None, None, :] + first.corner
    for step, weight in zip(grid.CORNERS, first.weights, strict=True):
        where = (base + step) * n + column[None, :, None]
        arrivals += np.bincount(where.ravel(), (weight * go[None]).ravel(), arrivals.size).reshape(
            arrivals.shape
        )
    for e, exam in enumerate(p.exams):
        waiting = stay + go[:, first.days >= exam].sum(axis=1)
        r = _left(job.cards, job.sample, job.time.today + exam, job.habits)
        recalled[e] += np.bincount(column, waiting * r, minlength=n)


def _first(
    cards: Cards, chosen: Ints, kind: Ints, today: int, p: Programme, habits: Habits
) -> _First:
    days = _first_days(p)
    s = cards.stability[chosen][:, None].astype(np.float32)
    d = cards.difficulty[chosen][:, None].astype(np.float32)
    elapsed = np.maximum(today - cards.last_day[chosen][:, None] + days[None], 1)
    ln_s, after, chance, r = memories.review(s, d, elapsed.astype(np.float32), habits)
    corner, toward_s, toward_d = grid.place(ln_s, after)
    a, b, c, e = grid.corner_weights(toward_s, toward_d)
    done = cards.done_today[chosen]
    weights = p.kinds[kind[chosen]]
    at = np.stack([_left(cards, chosen, today + int(x), habits) for x in p.exams], axis=1)
    held = weights * at
    before = p.exams[None, :] <= days[:, None]
    return _First(
        kind=kind[chosen],
        days=days,
        allowed=~(done[:, None] & (days == 0)[None]),
        corner=corner,
        weights=(a * chance, b * chance, c * chance, e * chance),
        seconds=r * habits.seconds_recalled + (1 - r) * habits.seconds_forgotten,
        stop=held.sum(axis=1),
        between=held @ before.T,
    )


def _worth(first: _First, v: Values, p: Programme) -> Floats:
    """Value of a first answer on each possible day, its seconds paid, (m, L)."""
    g = v.after.shape[2]
    table = v.after.reshape(-1)
    base = ((first.days * CELLS)[None, None, :] + first.corner) * g + first.kind[None, :, None]
    total = first.between - v.prices[first.days][None] * first.seconds
    for step, weight in zip(grid.CORNERS, first.weights, strict=True):
        total += (table.take(base + step * g) * weight).sum(axis=0)
    return np.where(first.allowed, total, -np.inf)


def _first_days(p: Programme) -> Ints:
    """Open days to weigh for a first answer: the next nine, then ever more thinly."""
    picks, step = [], 0.0
    while round(step) < len(p.open):
        picks.append(round(step))
        step += max(1.0, 0.14 * step)
    return p.open[np.array(picks, dtype=int)] if picks else p.open


def _report(job: _Job, v: Values, promised: Bools, ahead: Bools) -> Plan:
    p, cards, time = job.programme, job.cards, job.time
    order, seconds = _today(job, v, promised)
    fits = np.cumsum(seconds) <= max(float(job.seconds[0]), 0.0)
    if len(order) and not fits.any() and job.seconds[0] > 0:
        fits[0] = True
    done = _play(job, v, promised, by_topic=True)
    pair = cards.topic * len(p.kinds) + job.kind
    names = np.unique(pair)
    topics = names // len(p.kinds)
    per_topic = np.zeros((len(p.exams), job.topics))
    for e in range(len(p.exams)):
        per_topic[e] = np.bincount(topics, done.recalled[e], job.topics)
    share = cards.share[:, ahead]
    stopped = np.zeros((len(cards.topic), len(p.exams)))
    for e, exam in enumerate(p.exams):
        stopped[job.seen, e] = _left(cards, job.seen, time.today + int(exam), job.habits)
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


def _today(job: _Job, v: Values, promised: Bools) -> tuple[Ints, Floats]:
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
        first = _first(cards, part, job.kind, job.time.today, p, job.habits)
        worth = _worth(first, v, p)
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


def _promises(job: _Job, v: Values, floors: Floats) -> Bools:
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


def _due_promises(job: _Job, promised: Bools) -> Ints:
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


def _unseen(job: _Job, v: Values, promised: Bools) -> tuple[dict[int, Ints], float]:
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
    now[seen] = _left(cards, seen, time.today, habits)
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


def _left(cards: Cards, chosen: Ints, day: int, habits: Habits) -> Floats:
    """Retrievability of seen cards on a day with no more reviews."""
    elapsed = np.maximum(day - cards.last_day[chosen], 0)
    return memories.recall(elapsed, cards.stability[chosen], habits.weights)


def _sample(
    cards: Cards, seen: Ints, kind: Ints, today: int, horizon: int, habits: Habits, seed: int
) -> tuple[Ints, Floats]:
    """At most about ``_SAMPLE`` seen cards, even over topics and states, with their counts."""
    if len(seen) <= _SAMPLE:
        return seen, np.ones(len(seen))
    chance = np.random.default_rng(seed)
    at_exam = _left(cards, seen, today + horizon, habits)
    stratum = (cards.topic[seen] * (kind.max() + 1) + kind[seen]) * 2 + cards.done_today[seen]
    picks, counts = [], []
    for name in np.unique(stratum):
        mine = seen[stratum == name]
        mine = mine[np.argsort(at_exam[stratum == name], kind="stable")]
        m = int(np.ceil(_SAMPLE * len(mine) / len(seen)))
        where = (np.arange(m) + chance.random()) * len(mine) / m
        picks.append(mine[where.astype(int)])
        counts.append(np.full(m, len(mine) / m))
    return np.concatenate(picks), np.concatenate(counts)


def _kinds(share: Floats) -> tuple[Ints, Floats]:
    """Kinds of card by weight: which each card is of, and each kind's weights (G, E).

    Weights closer than a few per cent are one kind; where that still leaves too many, closer
    is taken more widely.
    """
    closeness = 0.02
    while True:
        with np.errstate(divide="ignore"):
            level = np.where(share > 0, np.round(np.log(share) / closeness), -(10**6))
        _, kind = np.unique(level, axis=0, return_inverse=True)
        kind = kind.reshape(-1)
        if kind.max() < _MOST_KINDS or closeness > 4:
            break
        closeness *= 1.6
    sizes = np.bincount(kind)
    kinds = np.stack([np.bincount(kind, column) / sizes for column in share.T], axis=1)
    return kind, kinds


def _filled(given: Floats, length: int) -> Floats:
    result = np.zeros(length)
    usable = np.asarray(given, dtype=float)[:length]
    result[: len(usable)] = np.maximum(usable, 0)
    return result


def _floating(cards: Cards) -> Cards:
    """The same with shares of shape (n, exams) and harmless numbers where a card is new."""
    new = np.asarray(cards.last_day) < 0
    share = np.asarray(cards.share, dtype=float)
    return Cards(
        np.where(new, 1.0, np.maximum(np.nan_to_num(cards.stability, nan=1.0), 0.001)),
        np.where(new, 5.0, np.clip(np.nan_to_num(cards.difficulty, nan=5.0), 1, 10)),
        np.asarray(cards.last_day, dtype=np.int64),
        np.maximum(share[:, None] if share.ndim == 1 else share, 0),
        np.asarray(cards.topic, dtype=np.int64),
        np.asarray(cards.done_today, dtype=bool),
    )
