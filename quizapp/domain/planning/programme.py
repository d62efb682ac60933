"""The one-card dynamic programme: what a memory is worth on each day at a price of time.

Every second on day d (0 = today) costs ``prices[d]``. Then cards do not compete and
each is worth the best of leaving it alone until the exams and of reviewing it after one of a
few gaps. ``play`` follows the softened choices forward, as expected numbers of cards on the
grid, so that the time asked for is a smooth function of the prices.

Shapes: H days up to the last exam, K gaps, C grid cells, G kinds of card (distinct weights),
E exams.
"""

from dataclasses import dataclass

import numpy as np

from quizapp.domain.planning import grid, memories
from quizapp.domain.planning.grid import CELLS, Ints
from quizapp.domain.planning.habits import Habits
from quizapp.domain.planning.memories import Floats

# All up to a fortnight, then about a sixth apart, and whole weeks for those who keep weekdays.
_GAPS = (
    *range(1, 11), 12, 14, 16, 18, 21, 24, 28, 31, 35, 39, 42, 46, 49, 54, 56, 63, 70, 77, 84, 90,
    98, 107, 112, 127, 140, 150, 168, 182, 196, 210, 245, 280, 315, 350,
)  # fmt: skip

# How soft choices are when a plan is played forward, in units of a card's weight: cards of
# one kind are all alike to the programme, and would all move on the same day.
SOFT, SOFT_NEW = 0.002, 0.03


@dataclass(frozen=True)
class Programme:
    """All that does not depend on the prices."""

    horizon: int
    exams: Ints  # (E,) days from today, each > 0
    open: Ints  # days with time to study, ascending, from 0 to horizon - 1
    gaps: Ints  # (K,)
    moves: Floats  # (K * C, C): chance of each cell right after a review of a cell after a gap
    seconds: Floats  # (K, C, 1): expected seconds of that review
    remains: Floats  # (horizon + 1, C): retrievability by days since the last answer
    kinds: Floats  # (G, E): weight of a card of each kind in each exam
    first: tuple[Ints, Floats]  # the cells of a card after its first day, and their chances
    seconds_new: float


@dataclass(frozen=True)
class Values:
    """What memories are worth at some prices, in units of share."""

    prices: Floats  # (H,): of a second on each day
    after: Floats  # (H, C, G): right after an answer on a day
    options: Floats  # (H, K, C, G): of reviewing next after a gap; -inf where impossible
    stop: Floats  # (H, C, G): of no more reviews
    new: Floats  # (H, G): of a first sight on a day, its seconds paid


@dataclass(frozen=True)
class Play:
    """Expected course of the plan, per column of cards; columns are kinds or finer."""

    reviews: Floats  # (H,)
    new: Floats  # (H,)
    seconds: Floats  # (H,)
    recalled: Floats  # (E, columns): expected number of cards recalled at each exam


def programme(
    horizon: int, exams: Ints, seconds: Floats, kinds: Floats, habits: Habits
) -> Programme:
    """Prepare the programme for study days with ``seconds`` (H,) of time each."""
    gaps = np.array([k for k in _GAPS if k < max(horizon, 2)], dtype=np.int64)
    stability, difficulty = (x.astype(np.float32) for x in grid.nodes())
    elapsed = gaps[:, None].astype(np.float32)
    ln_s, d, chance, r = memories.review(stability[None], difficulty[None], elapsed, habits)
    days = np.arange(horizon + 1, dtype=np.float32)[:, None]
    cells, weights = _first_cells(habits)
    return Programme(
        horizon=horizon,
        exams=exams,
        open=np.flatnonzero(seconds > 0),
        gaps=gaps,
        moves=_moves(ln_s, d, chance),
        seconds=(r * habits.seconds_recalled + (1 - r) * habits.seconds_forgotten)[:, :, None],
        remains=memories.recall(days, stability[None], habits.weights).astype(np.float32),
        kinds=kinds.astype(np.float32),
        first=(cells, weights),
        seconds_new=habits.seconds_new,
    )


def values(p: Programme, prices: Floats) -> Values:
    """Solve the programme backwards from the last exam, at prices by day (H,)."""
    h, k, g = p.horizon, len(p.gaps), len(p.kinds)
    options = np.full((h, k, CELLS, g), -np.inf, dtype=np.float32)
    after = np.zeros((h, CELLS, g), dtype=np.float32)
    stop = np.zeros((h, CELLS, g), dtype=np.float32)
    each = np.arange(k)
    for day in p.open[::-1]:
        stop[day] = _exams_after(p, day, None)
        if len(p.exams) > 1:
            for j, gap in enumerate(p.gaps):
                options[day, j] += _exams_after(p, day, day + gap)
        after[day] = np.maximum(stop[day], options[day].max(axis=0))
        reach = p.gaps <= day
        worth = (p.moves @ after[day]).reshape(k, CELLS, g)
        worth -= np.float32(prices[day]) * p.seconds
        options[day - p.gaps[reach], each[reach]] = worth[reach]
    closed = np.setdiff1d(np.arange(h), p.open)
    options[closed] = -np.inf
    cells, weights = p.first
    new = np.full((h, g), -np.inf)
    new[p.open] = (
        np.einsum("dcg,c->dg", after[p.open][:, cells], weights)
        - (prices[p.open] * p.seconds_new)[:, None]
    )
    return Values(prices, after, options, stop, new)


def play(
    p: Programme, v: Values, arrivals: Floats, reviews: Floats, new: Floats, seconds: Floats,
    columns: Ints,
) -> Play:  # fmt: skip
    """Follow the softened best choices of cards that come to the grid by ``arrivals``.

    ``arrivals`` (H, C, columns) are expected cards whose first planned answer falls on a day;
    ``reviews``, ``new`` and ``seconds`` (H,) are what those first answers cost; ``columns``
    names the kind of each column.
    """
    h, k = p.horizon, len(p.gaps)
    moves = np.ascontiguousarray(p.moves.T)
    soft = np.maximum(SOFT * p.kinds.sum(axis=1), 1e-7).astype(np.float32)
    reviews, seconds = reviews.copy(), seconds.copy()
    recalled = np.zeros((len(p.exams), len(columns)))
    flows = np.zeros((h, k, CELLS, len(columns)), dtype=np.float32)
    each = np.arange(k)
    for day in p.open:
        reach = p.gaps <= day
        coming = np.zeros((k, CELLS, len(columns)), dtype=np.float32)
        coming[reach] = flows[day - p.gaps[reach], each[reach]]
        here = moves @ coming.reshape(k * CELLS, -1) + arrivals[day]
        reviews[day] += coming.sum()
        seconds[day] += float((coming.sum(axis=2) * p.seconds[:, :, 0]).sum())
        stay, go = _choices(v.stop[day], v.options[day], v.after[day], soft)
        flows[day] = go[:, :, columns] * here
        rest = stay[:, columns] * here
        for e, exam in enumerate(p.exams):
            if day >= exam:
                continue
            waiting = rest + flows[day][day + p.gaps >= exam].sum(axis=0)
            recalled[e] += p.remains[exam - day] @ waiting
    return Play(reviews, new, seconds, recalled)


def new_choices(p: Programme, v: Values) -> tuple[Floats, Floats]:
    """For new cards, the softened chance of each day as the first (H, G), and of never (G,)."""
    soft = np.maximum(SOFT_NEW * p.kinds.sum(axis=1), 1e-7)
    scaled = np.vstack([np.zeros(len(p.kinds)), v.new]) / soft
    scaled -= scaled.max(axis=0)
    chances = np.exp(scaled)
    chances /= chances.sum(axis=0)
    return chances[1:], chances[0]


def _choices(stop: Floats, options: Floats, best: Floats, soft: Floats) -> tuple[Floats, Floats]:
    stay = np.exp((stop - best) / soft)
    go = np.exp((options - best) / soft)
    total = stay + go.sum(axis=0)
    stay /= total
    go /= total
    return stay, go


def _exams_after(p: Programme, day: int, until: int | None) -> Floats:
    """Weighted recall at the exams after ``day`` and not after ``until``, (C, G)."""
    total = np.zeros((CELLS, len(p.kinds)), dtype=np.float32)
    for e, exam in enumerate(p.exams):
        if day < exam and (until is None or exam <= until):
            total += p.remains[exam - day][:, None] * p.kinds[None, :, e]
    return total


def _moves(ln_s: Floats, difficulty: Floats, chance: Floats) -> Floats:
    corner, toward_s, toward_d = grid.place(ln_s, difficulty)
    rows = np.arange(corner[0].size).reshape(corner[0].shape) * CELLS
    flat = np.zeros(corner[0].size * CELLS)
    for step, weight in zip(grid.CORNERS, grid.corner_weights(toward_s, toward_d), strict=True):
        where = rows + corner + step
        flat += np.bincount(where.ravel(), (chance * weight).ravel(), flat.size)
    return flat.reshape(-1, CELLS).astype(np.float32)


def _first_cells(habits: Habits) -> tuple[Ints, Floats]:
    ln_s, difficulty, chance = memories.first_sight(habits)
    corner, toward_s, toward_d = grid.place(ln_s, difficulty)
    weights = grid.corner_weights(toward_s, toward_d)
    total = np.zeros(CELLS)
    for step, weight in zip(grid.CORNERS, weights, strict=True):
        total += np.bincount(corner + step, chance * weight, CELLS)
    cells = np.flatnonzero(total)
    return cells, total[cells]
