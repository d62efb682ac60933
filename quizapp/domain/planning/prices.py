"""Finding the price of time: planned seconds must equal those there are.

Two prices are found. One number x times (T - d) ** -0.5 decides what is studied today; a
learner does what fits into the day, and more detail brings no more recall. To say what a plan
leads to, days that would be asked for more than they have must cost more: there the shape is
bent, day by day, until each day is asked for what it has.
"""

from dataclasses import dataclass

import numpy as np

from quizapp.domain.planning.market import Market, play_all
from quizapp.domain.planning.memories import Floats
from quizapp.domain.planning.programme import values
from quizapp.domain.planning.situation import Bools

_LEAST_PRICE, _MOST_PRICE = 1e-9, 1e4
_START = 1e-2  # relative to the mean weight of a card
_CLOSE, _CLOSER = 0.02, 0.005
# A day's own strain moves demand to the next day or the last at once, so that less of it is
# followed than of its neighbourhood's; followed not at all, single days stand out.
_BEND, _BEND_ALONE = 0.1, 0.08
_BENDS, _WARM_BENDS, _SETTLING, _GOOD = 24, 2, 6, 0.01
_SMOOTH = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
_STRAIN, _STRAIN_ALONE = 1.5, 0.7
_MOST_DAYS = 1200  # played forward while bending: far exams are seen less exactly


@dataclass(frozen=True)
class Prices:
    """What a plan found, to start the next one from; in share per second.

    ``level`` is x, the price on the last day; ``bent`` are the prices by day from ``day`` on.
    """

    day: int
    level: float
    bent: tuple[float, ...]


def acting_prices(job: Market, promised: Bools, before: Prices | None) -> Floats:
    """x * (T - d) ** -0.5 by day (H,)."""
    shape = _shape(job)
    if job.seconds.sum() <= 0:
        return shape
    guess = _START if before is None else max(before.level / job.scale, _LEAST_PRICE)
    return _scaled(job, promised, shape * guess, cold=before is None)[0]


def bent_prices(job: Market, promised: Bools, acting: Floats, before: Prices | None) -> Floats:
    """Prices by day (H,) at which every day is asked about what it has."""
    if job.seconds.sum() <= 0:
        return acting
    known = None if before is None else _carried(before, job, acting)
    prices = acting if known is None else known
    asked = _asked(job, promised, prices)
    best, least = (prices, asked), _misfit(job, asked)
    rounds = min(_BENDS, _MOST_DAYS // len(prices)) if known is None else _WARM_BENDS
    for round_ in range(rounds):
        if least < _GOOD:
            break
        prices = prices * np.exp(_strain(job, asked) / (1 + round_ / _SETTLING))
        asked = _asked(job, promised, prices)
        if _misfit(job, asked) < least:
            best, least = (prices, asked), _misfit(job, asked)
    # A page that shows days starts cold; the daily plan keeps prices and is in a hurry.
    close = _CLOSER if known is None else _CLOSE
    return _scaled(job, promised, best[0], cold=False, asked=best[1], close=close)[0]


def kept_prices(job: Market, acting: Floats, bent: Floats) -> Prices:
    """The prices in the units of the learner's shares."""
    last = _shape(job)[-1]
    level = float(acting[-1] / last) if last > 0 else 0.0
    return Prices(job.time.today, level * job.scale, tuple(float(x) for x in bent * job.scale))


def _scaled(
    job: Market,
    promised: Bools,
    shape: Floats,
    cold: bool,
    asked: Floats | None = None,
    close: float = _CLOSE,
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
        top = float(shape.max() * np.exp(ln_x))
        if abs(here) < close:
            break
        # With time for everything no price is low enough; promised cards know no price.
        if (here < 0 and top <= _LEAST_PRICE) or (here > 0 and top >= _MOST_PRICE):
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


def _asked(job: Market, promised: Bools, prices: Floats) -> Floats:
    return play_all(job, values(job.programme, prices), promised).seconds


def _strain(job: Market, asked: Floats) -> Floats:
    """How much dearer each day must be (H,): by log of asked to free seconds, its own and that
    of the neighbouring days with time."""
    days = job.programme.open
    ratio = np.log(np.maximum(asked[days], 1e-3) / job.seconds[days])
    ratio = np.clip(ratio, -_STRAIN, _STRAIN)
    smooth = np.convolve(ratio, _SMOOTH)[2:-2] / np.convolve(np.ones_like(ratio), _SMOOTH)[2:-2]
    strain = np.zeros(len(asked))
    alone = np.clip(ratio, -_STRAIN_ALONE, _STRAIN_ALONE)
    strain[days] = _BEND * smooth + _BEND_ALONE * alone
    return strain


def _misfit(job: Market, asked: Floats) -> float:
    """Seconds on the wrong day, as a share of all."""
    return float(np.abs(asked - job.seconds).sum() / job.seconds.sum())


def _shape(job: Market) -> Floats:
    """(T - d) ** -0.5 toward each exam still ahead, each by its weight."""
    p = job.programme
    left = p.exams[None, :] - np.arange(p.horizon)[:, None]
    toward = np.where(left > 0, np.maximum(left, 1) ** -0.5, 0.0)
    total = np.maximum(np.bincount(job.kind, minlength=len(p.kinds)) @ p.kinds, 1e-12)
    return np.asarray(toward @ (total / total.sum()))


def _carried(before: Prices, job: Market, acting: Floats) -> Floats | None:
    """Earlier prices for the days still ahead; None where they do not reach over them."""
    tail = np.array(before.bent[max(job.time.today - before.day, 0) :]) / job.scale
    fits = before.day <= job.time.today and len(tail) == len(acting) and (tail > 0).all()
    return tail if fits else None
