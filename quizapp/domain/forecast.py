"""From believed recall to an expected exam score with an honest interval.

FSRS predicts single cards; an exam adds what it gets wrong in common: a learner's own
calibration, weak topics, moods of a day, and a wrong model. The first are fitted to past
predictions, made before each review, by

    p = (1 - slip) * sigmoid(a * logit R + b + b_topic + c * (ln(1 + elapsed) - 1.5))

with normal priors a ~ (1, 0.25), b ~ (0, 0.5), c ~ (0, 0.25), b_topic ~ (0, 0.3) given as mean
and standard deviation, slips on a few values, and weights that halve every 60 days. Shares and
chances are from 0 to 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

HALF_LIFE = 60.0
DISCREPANCY = 0.2  # sd on the logit of all a memory model may get wrong on one day
DRAWS = 4000

_SLIPS = np.array([0.0, 0.005, 0.01, 0.02, 0.03, 0.05])
_SLIP_SCALE = 0.02
_COMMON = 3  # a, b, c; the topics follow
_SPREAD_A, _SPREAD_B, _SPREAD_C, _SPREAD_TOPIC = 0.25, 0.5, 0.25, 0.3
_ROUNDS = 25
_BINS = 25
_CAUTION = 1e-4


@dataclass(frozen=True)
class Predictions:
    """Past reviews at least a day after the last answer, as arrays over reviews.

    ``recall`` is the retrievability predicted just before, ``elapsed`` the days since the last
    answer, ``recalled`` 0 or 1, ``age`` the study days that have passed since the review.
    """

    recall: Floats
    elapsed: Floats
    topic: Ints
    recalled: Floats
    age: Ints


@dataclass(frozen=True)
class Calibration:
    """Posterior of (a, b, c, b_topic...), one normal per slip, and how much days differ."""

    slip: Floats  # (slips,)
    chance: Floats  # (slips,)
    mean: Floats  # (slips, 3 + topics)
    covariance: Floats  # (slips, 3 + topics, 3 + topics)
    day_sd: float


@dataclass(frozen=True)
class Knowledge:
    """What is believed of the cards on the exam day, over n cards.

    ``recall`` 0 stands for a card never seen; ``share`` is W_k / n_k on any scale.
    """

    recall: Floats
    elapsed: Floats
    topic: Ints
    share: Floats


@dataclass(frozen=True)
class Score:
    """The score of an exam as a share: expected, and between its 5 % and 95 % quantiles."""

    expected: float
    low: float
    high: float
    draws: Floats


def calibrate(past: Predictions, topics: int) -> Calibration:
    """Fit the model to past predictions; without any, the prior."""
    x = _design(past.recall, past.elapsed, past.topic, topics)
    y = np.asarray(past.recalled, dtype=float)
    weights = 0.5 ** (np.asarray(past.age, dtype=float) / HALF_LIFE)
    fits = [_fit(x, y, weights, slip) for slip in _SLIPS]
    evidence = np.array([fit[2] for fit in fits]) - _SLIPS / _SLIP_SCALE
    chance = np.exp(evidence - evidence.max())
    chance /= chance.sum()
    best = int(chance.argmax())
    p = np.clip((1 - _SLIPS[best]) * _sigmoid(x @ fits[best][0]), _CAUTION, 1 - _CAUTION)
    return Calibration(
        slip=_SLIPS,
        chance=chance,
        mean=np.stack([fit[0] for fit in fits]),
        covariance=np.stack([fit[1] for fit in fits]),
        day_sd=_day_sd(p, y, np.asarray(past.age)),
    )


def exam_score(
    calibration: Calibration,
    known: Knowledge,
    items: int,
    guessing: float = 0.0,
    seed: int = 0,
    draws: int = DRAWS,
    discrepancy: float = DISCREPANCY,
) -> Score:
    """The score of an exam of so many items, drawn from the topics by their shares.

    ``guessing`` is the chance to be right without knowing: 1 / options for multiple choice, so
    that an item is answered right with g + (1 - g) p.
    """
    by_topic = _topic_weights(known)
    if len(known.recall) == 0 or by_topic.sum() <= 0:
        return Score(guessing, guessing, guessing, np.full(draws, guessing))
    chance = np.random.default_rng(seed)
    recall = _topic_recall(calibration, known, chance, draws, discrepancy)
    right = guessing + (1 - guessing) * recall
    counts = _apportioned(by_topic / by_topic.sum(), items)
    scores = chance.binomial(counts[None, :], np.clip(right, 0, 1)).sum(axis=1) / max(items, 1)
    low, high = np.quantile(scores, [0.05, 0.95])
    expected = float((right @ by_topic).mean() / by_topic.sum())
    return Score(expected, float(low), float(high), scores)


def topic_scores(
    calibration: Calibration,
    recall: Floats,
    share: Floats,
    items: int,
    elapsed: float,
    seed: int = 0,
) -> tuple[Score, list[Score]]:
    """The score of an exam of so many cards, and that of each topic's part of it alone.

    ``recall`` and ``share`` are by topic, ``elapsed`` the days since a card's last answer by
    then. A topic's part has its share of the items, at least one.
    """
    topics = np.arange(len(recall))

    def of(part: Floats, count: int) -> Score:
        known = Knowledge(recall, np.full(len(recall), elapsed), topics, part)
        return exam_score(calibration, known, count, seed=seed)

    total = max(float(share.sum()), 1e-12)
    alone = [
        of((topics == n).astype(float), max(1, round(items * float(part) / total)))
        for n, part in enumerate(share)
    ]
    return of(share, items), alone


def chance_to_pass(score: Score, line: float) -> float:
    """Chance that the score reaches ``line``."""
    return float(np.mean(score.draws >= line - 1e-9))


def _topic_recall(
    calibration: Calibration,
    known: Knowledge,
    chance: np.random.Generator,
    draws: int,
    discrepancy: float,
) -> Floats:
    """Mean calibrated recall of each topic's cards, (draws, topics)."""
    topics = calibration.mean.shape[1] - _COMMON
    r, elapsed, topic, share = _binned(known)
    x = _design(r, elapsed, topic, topics)
    which = chance.choice(len(calibration.slip), size=draws, p=calibration.chance)
    theta = np.empty((draws, x.shape[1]))
    for i in np.unique(which):
        mine = which == i
        theta[mine] = chance.multivariate_normal(
            calibration.mean[i], calibration.covariance[i], int(mine.sum()), method="cholesky"
        )
    day = chance.normal(0, np.hypot(calibration.day_sd, discrepancy), draws)
    p = (1 - calibration.slip[which])[:, None] * _sigmoid(theta @ x.T + day[:, None])
    p[:, r <= 0] = 0.0
    size = int(known.topic.max()) + 1
    totals = np.zeros((len(r), size))
    totals[np.arange(len(r)), topic] = share
    return np.asarray(p @ (totals / np.maximum(totals.sum(axis=0), 1e-300)))


def _fit(x: Floats, y: Floats, weights: Floats, slip: float) -> tuple[Floats, Floats, float]:
    """Mode, covariance and log evidence by Fisher scoring and Laplace's approximation."""
    width = x.shape[1]
    centre = np.zeros(width)
    centre[0] = 1.0
    precision = np.full(width, _SPREAD_TOPIC**-2.0)
    precision[:_COMMON] = np.array([_SPREAD_A, _SPREAD_B, _SPREAD_C]) ** -2.0

    def at(theta: Floats) -> tuple[float, Floats, Floats]:
        s = _sigmoid(x @ theta)
        p = np.clip((1 - slip) * s, 1e-9, 1 - 1e-9)
        slope = (1 - slip) * s * (1 - s)
        log_posterior = float(
            weights @ (y * np.log(p) + (1 - y) * np.log1p(-p))
            - 0.5 * precision @ (theta - centre) ** 2
        )
        gradient = x.T @ (weights * (y - p) / (p * (1 - p)) * slope) - precision * (theta - centre)
        information = (x.T * (weights * slope**2 / (p * (1 - p)))) @ x + np.diag(precision)
        return log_posterior, gradient, information

    theta = centre.copy()
    value, gradient, information = at(theta)
    for _ in range(_ROUNDS):
        step = np.linalg.solve(information, gradient)
        tried = at(theta + step)
        while tried[0] < value - 1e-9 and np.abs(step).max() > 1e-9:
            step = step / 2
            tried = at(theta + step)
        theta = theta + step
        value, gradient, information = tried
        if np.abs(step).max() < 1e-6:
            break
    _, log_det = np.linalg.slogdet(information)
    return theta, np.linalg.inv(information), value - 0.5 * float(log_det)


def _day_sd(p: Floats, y: Floats, day: Ints) -> float:
    """Standard deviation on the logit of what is common to a day's answers.

    Method of moments: a shift of e moves a day's expected sum by e times its variance.
    """
    if len(p) == 0:
        return 0.0
    _, index = np.unique(day, return_inverse=True)
    surprise = np.bincount(index, y - p)
    variance = np.bincount(index, p * (1 - p))
    return float(np.sqrt(max(0.0, (surprise**2 - variance).sum() / (variance**2).sum())))


def _design(recall: Floats, elapsed: Floats, topic: Ints, topics: int) -> Floats:
    r = np.clip(np.asarray(recall, dtype=float), _CAUTION, 1 - _CAUTION)
    x = np.zeros((len(r), _COMMON + topics))
    x[:, 0] = np.log(r / (1 - r))
    x[:, 1] = 1.0
    x[:, 2] = np.log1p(np.maximum(elapsed, 0)) - 1.5
    fitted = np.flatnonzero(topic < topics)
    x[fitted, _COMMON + topic[fitted]] = 1.0
    return x


def _binned(known: Knowledge) -> tuple[Floats, Floats, Ints, Floats]:
    """Recall, days, topic and summed share of groups of like cards: draws cost less."""
    share = np.maximum(np.asarray(known.share, dtype=float), 1e-12)
    order = np.lexsort((known.recall, known.topic))
    topic, r = known.topic[order], np.asarray(known.recall, dtype=float)[order]
    starts = np.flatnonzero(np.r_[True, topic[1:] != topic[:-1]])
    sizes = np.diff(np.r_[starts, len(topic)])
    rank = np.arange(len(topic)) - np.repeat(starts, sizes)
    level = (rank * _BINS) // np.repeat(np.maximum(sizes, _BINS), sizes)
    _, group = np.unique(
        np.stack([topic, level, (r <= 0).astype(int)]), axis=1, return_inverse=True
    )
    group = group.reshape(-1)
    weight: Floats = np.bincount(group, share[order]).astype(float)
    mean_r = np.bincount(group, share[order] * r) / weight
    mean_days = np.bincount(group, share[order] * np.asarray(known.elapsed)[order]) / weight
    first = np.unique(group, return_index=True)[1]
    return mean_r, mean_days, topic[first], weight


def _topic_weights(known: Knowledge) -> Floats:
    if len(known.topic) == 0:
        return np.zeros(0)
    return np.bincount(known.topic, np.maximum(known.share, 0)).astype(float)


def _apportioned(weights: Floats, items: int) -> Ints:
    """Whole items per topic by largest remainders."""
    exact = weights * items
    counts: Ints = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: items - int(counts.sum())]] += 1
    return counts


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))
