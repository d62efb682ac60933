"""All cards of a learner at one price: what each would do first, and what that adds up to."""

from dataclasses import dataclass

import numpy as np

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
)
from quizapp.domain.planning.situation import Bools, Cards, Time, filled, kinds_of, recall_on

_SAMPLE = 600


@dataclass(frozen=True)
class FirstAnswers:
    """Everything about cards' first planned answer that does not depend on the price.

    Shapes: m cards, L possible days (0-based from today), 5 outcomes.
    """

    kind: Ints  # (m,)
    days: Ints  # (L,)
    allowed: Bools  # (m, L)
    corner: Ints  # (5, m, L)
    weights: tuple[Floats, Floats, Floats, Floats]  # by corner, (5, m, L) each, chance included
    seconds: Floats  # (m, L)
    stop: Floats  # (m,): weighted recall at the exams with no more reviews
    between: Floats  # (m, L): weighted recall at exams before the answer


@dataclass(frozen=True)
class Market:
    """All that finding prices and acting on them needs, and no price.

    ``scale`` is the mean share of the cards that count; inside, shares are multiples of it.
    """

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
    sampled: FirstAnswers
    topics: int


def market(cards: Cards, time: Time, habits: Habits, ahead: Bools, seed: int) -> Market:
    """Prepare tidy cards for the exams that are ``ahead``; at least one must be."""
    exams = np.array(time.exam_days)[ahead] - time.today
    horizon = int(exams.max())
    seconds = filled(np.asarray(time.seconds, dtype=float), horizon)
    seconds[1:] *= time.adherence
    share = cards.share[:, ahead]
    weighted = share.sum(axis=1)
    scale = float(weighted[weighted > 0].mean()) if (weighted > 0).any() else 1.0
    kind, kinds = kinds_of(share / scale)
    p = programme(horizon, exams, seconds, kinds, habits)
    new = cards.last_day < 0
    seen = np.flatnonzero(~new)
    topics = int(cards.topic.max()) + 1
    sample, counts = _sample(cards, seen, kind, time.today, horizon, habits, seed)
    first = first_answers(cards, sample, kind, time.today, p, habits)
    return Market(
        cards, time, habits, p, seconds, kind, scale, seen, np.flatnonzero(new), sample, counts,
        first, topics,
    )  # fmt: skip


def first_answers(
    cards: Cards, chosen: Ints, kind: Ints, today: int, p: Programme, habits: Habits
) -> FirstAnswers:
    """What the next answer of each chosen seen card may be, on any of the days to weigh."""
    days = _first_days(p)
    s = cards.stability[chosen][:, None].astype(np.float32)
    d = cards.difficulty[chosen][:, None].astype(np.float32)
    elapsed = np.maximum(today - cards.last_day[chosen][:, None] + days[None], 1)
    ln_s, after, chance, r = memories.review(s, d, elapsed.astype(np.float32), habits)
    corner, toward_s, toward_d = grid.place(ln_s, after)
    a, b, c, e = grid.corner_weights(toward_s, toward_d)
    done = cards.done_today[chosen]
    weights = p.kinds[kind[chosen]]
    at = np.stack([recall_on(cards, chosen, today + int(x), habits) for x in p.exams], axis=1)
    held = weights * at
    before = p.exams[None, :] <= days[:, None]
    return FirstAnswers(
        kind=kind[chosen],
        days=days,
        allowed=~(done[:, None] & (days == 0)[None]),
        corner=corner,
        weights=(a * chance, b * chance, c * chance, e * chance),
        seconds=r * habits.seconds_recalled + (1 - r) * habits.seconds_forgotten,
        stop=held.sum(axis=1),
        between=held @ before.T,
    )


def worth_first(first: FirstAnswers, v: Values, p: Programme) -> Floats:
    """Value of a first answer on each possible day, its seconds paid, (m, L)."""
    g = v.after.shape[2]
    table = v.after.reshape(-1)
    base = ((first.days * CELLS)[None, None, :] + first.corner) * g + first.kind[None, :, None]
    total = first.between - v.prices[first.days][None] * first.seconds
    for step, weight in zip(grid.CORNERS, first.weights, strict=True):
        total += (table.take(base + step * g) * weight).sum(axis=0)
    return np.where(first.allowed, total, -np.inf)


def play_all(job: Market, v: Values, promised: Bools, by_topic: bool = False) -> Play:
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
    job: Market, v: Values, column: Ints, arrivals: Floats, reviews: Floats, seconds: Floats,
    recalled: Floats,
) -> None:  # fmt: skip
    """Add the sample's softened first choices to the arrays of a play."""
    p, first = job.programme, job.sampled
    worth = worth_first(first, v, p)
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
        r = recall_on(job.cards, job.sample, job.time.today + exam, job.habits)
        recalled[e] += np.bincount(column, waiting * r, minlength=n)


def _first_days(p: Programme) -> Ints:
    """Open days to weigh for a first answer: the next nine, then ever more thinly."""
    picks, step = [], 0.0
    while round(step) < len(p.open):
        picks.append(round(step))
        step += max(1.0, 0.14 * step)
    return p.open[np.array(picks, dtype=int)] if picks else p.open


def _sample(
    cards: Cards, seen: Ints, kind: Ints, today: int, horizon: int, habits: Habits, seed: int
) -> tuple[Ints, Floats]:
    """At most about ``_SAMPLE`` seen cards, even over topics and states, with their counts."""
    if len(seen) <= _SAMPLE:
        return seen, np.ones(len(seen))
    chance = np.random.default_rng(seed)
    at_exam = recall_on(cards, seen, today + horizon, habits)
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
