"""An exam on a date: set it, change it, drop it, and plan the day toward it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from quizapp.domain import goals as rules
from quizapp.domain.calibration import Foretold, worth_keeping
from quizapp.domain.days import EPOCH
from quizapp.domain.errors import Missing, Refusal, Unfit
from quizapp.domain.forecast import Predictions, calibrate, topic_scores
from quizapp.domain.goals import Goal, of_deck
from quizapp.domain.learners import Learner
from quizapp.domain.planning import Cards, Habits, Plan, Prices, Time, plan
from quizapp.domain.readiness import Verdict, asked, by_domain, verdict
from quizapp.domain.scheduling import retrievability
from quizapp.storage import blueprints, decks, readiness, reviews
from quizapp.storage import goals as store
from quizapp.storage.database import transaction
from quizapp.storage.goals import CardRow

# Of an exam that names no number of questions, and days since a card's last answer by then.
USUAL_ITEMS, USUAL_GAP = 60, 7.0
LONGEST_SCORE = 40


@dataclass(frozen=True)
class Outlook:
    """What a plan leads to, for the page that shows it before it is accepted.

    Recall is a share of 1 on the exam day, for each domain of each goal.
    """

    days: tuple[date, ...]
    reviews: tuple[float, ...]
    new: tuple[float, ...]
    minutes: tuple[float, ...]
    goals: tuple["GoalOutlook", ...]


@dataclass(frozen=True)
class GoalOutlook:
    """One goal of an outlook; several may be of one certification."""

    id: int
    title: str
    day: date
    own: bool
    followed: float
    stopped: float
    domains: tuple["DomainOutlook", ...]
    items: int
    interval: tuple[float, float]


@dataclass(frozen=True)
class DomainOutlook:
    """One domain: its share of the exam, its cards, and what will be recalled on the day."""

    id: str
    share: float
    cards: int
    unseen: int
    followed: float
    stopped: float
    interval: tuple[float, float]


def set_goal(learner: Learner, goal: Goal, now: datetime, replaces: int | None = None) -> int:
    """Store a goal, or change one; today's list is planned anew. Returns the goal's id.

    Raises Refusal where no plan can be made of it, Missing for a goal that is not there.
    """
    check(learner, goal, now)
    columns: dict[str, Any] = {
        "outline": goal.outline, "title": goal.title, "day": goal.day,
        "minutes": list(goal.minutes), "days_off": list(goal.days_off),
        "weights": goal.weights, "line": goal.line, "floor": goal.floor,
    }  # fmt: skip
    with transaction():
        store.drop_plan(learner.id, learner.today(now))
        if replaces is None:
            return store.add(learner.id, now, **columns)
        before = store.find(learner.id, replaces)
        if before is None:
            raise Missing("There is no such goal. It may have been dropped.")
        if (before.outline, before.day, before.weights) != (goal.outline, goal.day, goal.weights):
            # What was foretold was about another exam.
            columns["foretold"] = None
        store.change(replaces, **columns)
        return replaces


def drop_goal(learner: Learner, goal: int, now: datetime) -> None:
    """End a goal; ordinary scheduling takes over. Raises Missing."""
    with transaction():
        if store.find(learner.id, goal) is None:
            raise Missing("There is no such goal. It may have been dropped.")
        store.change(goal, ended=now)
        store.drop_plan(learner.id, learner.today(now))


def tell_outcome(learner: Learner, goal: int, passed: bool, now: datetime, score: str = "") -> None:
    """Keep how the real exam went, and the score in the words of whoever gave it.

    Raises Missing, or Refusal before its day or for a score too long to be one.
    """
    if len(score) > LONGEST_SCORE:
        raise Refusal(f"Write the score in at most {LONGEST_SCORE} characters, as 512 of 800.")
    with transaction():
        found = store.find(learner.id, goal)
        if found is None:
            raise Missing("There is no such goal. It may have been dropped.")
        if found.day > _today(learner, now):
            raise Refusal("The exam is still to come. Tell how it went afterwards.")
        outcome = {"passed": passed, "told": now.isoformat(), "score": score.strip()}
        store.change(goal, outcome=outcome)


def share_of(learner: Learner, goal: Goal) -> dict[str, float]:
    """Each domain's share of a goal's exam: the learner's own weights, else the outline's.

    Of an exam put together from decks, those that are still there; nothing where none is.
    Raises Missing where the outline is not there.
    """
    if not goal.weights:
        return blueprints.share_of(goal.outline)
    weights = dict(goal.weights)
    if goal.own:
        having = {of_deck(deck.id) for deck in decks.of_learner(learner.id)}
        weights = {deck: weight for deck, weight in weights.items() if deck in having}
    total = sum(weights.values())
    return {domain: weight / total for domain, weight in weights.items()} if total > 0 else {}


def readiness_of(
    learner: Learner, share: Mapping[str, float], own: bool, line: float
) -> tuple[Verdict, dict[str, float]]:
    """What first answers say of an exam, and the shares it rests on.

    Of an exam put together from decks, those without a question are left out.
    """
    if own:
        having = {
            domain
            for card in readiness.topic_cards(learner.id) if card.kind == "choice"
            for domain in card.domains
        }  # fmt: skip
        share = asked(share, having)
    answers = ((answer.domains, answer.right) for answer in readiness.first_answers(learner))
    return verdict(by_domain(answers, share), share, line, seed=learner.id), dict(share)


def check(learner: Learner, goal: Goal, now: datetime) -> None:
    """Raise Unfit where no plan can be made of a goal, Missing where its outline is not there."""
    rules.check(goal.day, _today(learner, now), goal.minutes, goal.weights or {})
    share = share_of(learner, goal)
    if goal.own and len(share) < max(1, len(goal.weights or {})):
        gone = "A deck you chose is not there any more. Choose from those that are."
        raise Unfit({"decks": gone if goal.weights else "Choose at least one deck."})


def outlook(learner: Learner, goals: Sequence[Goal], now: datetime) -> Outlook:
    """What following a plan for some goals leads to; nothing is stored."""
    today = _today(learner, now)
    rows = store.cards(learner.id)
    made, domains = _plan(learner, goals, rows, now)
    return _outlook(learner, goals, rows, made, domains, today)


def plan_day(learner: Learner, now: datetime) -> bool:
    """Make today's list where goals are ahead and there is none; True where one was made.

    After the planned cards come due reviews of decks that no goal is about, under the
    learner's daily limit.
    """
    today, day = learner.today(now), _today(learner, now)
    goals = store.active(learner.id, day)
    if not goals or store.has_plan(learner.id, today):
        return False
    rows = store.cards(learner.id)
    latest = store.latest_forecast(learner.id)
    made, domains = _plan(learner, goals, rows, now, (latest or {}).get("prices"))
    listed = [rows[i] for i in made.today]
    counted = {row.card for row in listed}
    outside = [
        row.card
        for row, *own in zip(rows, *(d for d, _ in domains), strict=True)
        if not any(own)
        and row.waiting and not row.in_steps
        and row.last_day is not None and row.due_day <= today
        and row.card not in counted
    ]  # fmt: skip
    kept = {goal.id: store.foretold(goal.id) for goal in goals}
    telling = any(worth_keeping(kept[goal.id][1], today, goal.number - today) for goal in goals)
    found = _outlook(learner, goals, rows, made, domains, day, told=telling)
    told = _foretold(learner, goals, found, today) if telling else {}
    forecast = _forecast(found)
    if made.prices is not None:
        numbers = [goal.number for goal in goals]
        forecast["prices"] = {
            "day": made.prices.day,
            "level": made.prices.level,
            "bent": list(made.prices.bent),
            "goals": numbers,
        }
    with transaction():
        # Planning takes a moment: the goals may have changed meanwhile.
        if store.has_plan(learner.id, today) or store.active(learner.id, day) != goals:
            return False
        cards = [row.card for row in _mixed(listed)]
        store.save_plan(learner.id, today, [*cards, *outside[: learner.reviews_per_day]], forecast)
        for goal_id, last in told.items():
            store.keep_foretold(goal_id, kept[goal_id][0] or last, last)
    return True


def _foretold(
    learner: Learner, goals: Sequence[Goal], found: Outlook, today: int
) -> dict[int, Foretold]:
    """What is forecast for each goal today, to be held against the outcome one day."""
    told = {}
    for goal, its in zip(goals, found.goals, strict=True):
        ready, _ = readiness_of(learner, share_of(learner, goal), goal.own, goal.line)
        told[goal.id] = Foretold(
            today, goal.number - today, its.followed, its.interval,
            ready.score, ready.interval, ready.chance,
        )  # fmt: skip
    return told


def _plan(
    learner: Learner,
    goals: Sequence[Goal],
    rows: Sequence[CardRow],
    now: datetime,
    prices: Mapping[str, Any] | None = None,
) -> tuple[Plan, list[tuple[list[str], dict[str, float]]]]:
    """The plan, and for each goal the domain of each card and the shares of domains."""
    today = learner.today(now)
    domains, columns = [], []
    for goal in goals:
        share = share_of(learner, goal)
        of_cards, names = rules.shares_of_cards([row.domains for row in rows], share)
        columns.append(of_cards)
        domains.append((names, share))
    # Planning keeps the topics of all goals apart: a card's topic is its domain in the first
    # goal that it counts for.
    topics = {name: n for n, name in enumerate(dict.fromkeys(d for _, s in domains for d in s))}
    topic = [
        next((topics[names[i]] for names, _ in domains if names[i]), len(topics))
        for i in range(len(rows))
    ]
    spent = reviews.day(learner.id, today).seconds
    ahead = rules.seconds_ahead(goals, _today(learner, now), spent)
    first = store.first_made(learner.id)
    kept = rules.adherence(
        goals,
        learner.today(first) if first else today,
        reviews.studied_days(learner.id, today),
        today,
    )
    last_day = [-1 if row.last_day is None else row.last_day for row in rows]
    cards = Cards(
        stability=np.array([row.stability or 1.0 for row in rows], dtype=float),
        difficulty=np.array([row.difficulty or 5.0 for row in rows], dtype=float),
        last_day=np.array(last_day, dtype=np.int64),
        share=np.array(columns, dtype=float).T.reshape(len(rows), len(goals)),
        topic=np.array(topic, dtype=np.int64),
        done_today=np.array(
            [r.in_steps or not r.waiting or r.last_day == today for r in rows], dtype=bool
        ),
    )
    time = Time(today, tuple(goal.number for goal in goals), np.array(ahead), kept)
    floors = np.zeros(len(topics) + 1)
    floors[: len(topics)] = max(goal.floor for goal in goals)
    # Yesterday's prices are near today's, which saves two thirds of the search.
    before = None
    if prices and len(prices["bent"]) and prices["goals"] == [goal.number for goal in goals]:
        before = Prices(prices["day"], prices["level"], tuple(prices["bent"]))
    found = plan(cards, time, habits(learner), before=before, floors=floors, seed=learner.id)
    return found, domains


def habits(learner: Learner) -> Habits:
    """How long answers take this learner, where there are enough to tell."""
    new, review = reviews.pace(learner.id)
    usual = Habits(weights=learner.weights)
    if new is None or review is None:
        return usual
    # A new card comes again in its steps the same day, a forgotten one likewise.
    return replace(
        usual,
        seconds_new=max(10.0, 2 * new),
        seconds_recalled=max(3.0, review),
        seconds_forgotten=max(8.0, 2.5 * review),
    )


def _outlook(
    learner: Learner,
    goals: Sequence[Goal],
    rows: Sequence[CardRow],
    made: Plan,
    domains: Sequence[tuple[list[str], dict[str, float]]],
    today: date,
    told: bool = True,
) -> Outlook:
    """The plan as people read it; intervals, which take time, only where they are ``told``."""
    unseen = {int(i) for indices in made.unseen.values() for i in indices}
    order = list(dict.fromkeys(d for _, share in domains for d in share))
    known = {b.outline: b for b in blueprints.known()}
    past = reviews.predictions(learner.id) if told else []
    found = []
    for n, (goal, (names, share)) in enumerate(zip(goals, domains, strict=True)):
        followed = [_at(made.topics_followed, n, order.index(d)) for d in share]
        outline = known.get(goal.outline)
        items = (outline.questions if outline else None) or USUAL_ITEMS
        intervals = dict.fromkeys(["", *share], (0.0, 0.0))
        if told:
            intervals = _intervals(learner, past, share, followed, items, today)
        sizes = Counter(names)
        left_out = Counter(names[i] for i in unseen)
        found.append(
            GoalOutlook(
                id=goal.id,
                title=goal.title,
                day=goal.day,
                own=goal.own,
                followed=float(made.followed[n]),
                stopped=float(made.stopped[n]),
                domains=tuple(
                    DomainOutlook(
                        id=domain,
                        share=part,
                        cards=sizes[domain],
                        unseen=left_out[domain],
                        followed=recall,
                        stopped=_at(made.topics_stopped, n, order.index(domain)),
                        interval=intervals[domain],
                    )
                    for (domain, part), recall in zip(share.items(), followed, strict=True)
                ),
                items=items,
                interval=intervals[""],
            )
        )
    first = int(made.days[0]) if len(made.days) else 0
    return Outlook(
        days=tuple(today + timedelta(days=int(day) - first) for day in made.days),
        reviews=tuple(map(float, made.reviews)),
        new=tuple(map(float, made.new)),
        minutes=tuple(float(s) / 60 for s in made.seconds),
        goals=tuple(found),
    )


def _intervals(
    learner: Learner,
    past: Sequence[reviews.Prediction],
    share: Mapping[str, float],
    followed: Sequence[float],
    items: int,
    today: date,
) -> dict[str, tuple[float, float]]:
    """Where the recall of so many cards, drawn to the exam's weights, falls nine times in ten.

    By domain, and for all under "". Rests on how past predictions came true
    (domain/forecast.py); without any, on its prior.
    """
    names = list(share)
    number = (today - EPOCH).days
    told = [(p, next((names.index(d) for d in p.domains if d in share), None)) for p in past]
    kept = [(p, topic) for p, topic in told if topic is not None]
    calibration = calibrate(
        Predictions(
            recall=np.array(
                [retrievability(p.elapsed, p.stability, learner.weights) for p, _ in kept]
            ),
            elapsed=np.array([float(p.elapsed) for p, _ in kept]),
            topic=np.array([topic for _, topic in kept], dtype=np.int64),
            recalled=np.array([float(p.recalled) for p, _ in kept]),
            age=np.array([number - p.study_day for p, _ in kept], dtype=np.int64),
        ),
        len(names),
    )

    whole, alone = topic_scores(
        calibration,
        np.array(followed, dtype=float),
        np.array(list(share.values()), dtype=float),
        items,
        USUAL_GAP,
        seed=learner.id,
    )
    intervals = {name: (score.low, score.high) for name, score in zip(names, alone, strict=True)}
    return intervals | {"": (whole.low, whole.high)}


def _at(recall: Any, goal: int, topic: int) -> float:
    return float(recall[goal][topic]) if topic < len(recall[goal]) else 0.0


def _forecast(found: Outlook) -> dict[str, Any]:
    return {
        "goals": [
            {
                "id": goal.id, "title": goal.title,
                "followed": goal.followed, "stopped": goal.stopped,
                "domains": {d.id: [d.followed, d.stopped] for d in goal.domains},
            }
            for goal in found.goals
        ]
    }  # fmt: skip


def _mixed(rows: Sequence[CardRow]) -> list[CardRow]:
    """The day's list in falling value, topics taking turns within each stretch of ten."""
    mixed: list[CardRow] = []
    for start in range(0, len(rows), 10):
        stretch = list(rows[start : start + 10])
        while stretch:
            last = mixed[-1].topic if mixed else ""
            mixed.append(
                stretch.pop(next((i for i, r in enumerate(stretch) if r.topic != last), 0))
            )
    return mixed


def _today(learner: Learner, now: datetime) -> date:
    return learner.calendar.date(learner.today(now))
