"""What is weak and how ready one is: a map of topics, sessions of one's own, a verdict."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import goals as goal_actions
from quizapp.actions import picks as pick_actions
from quizapp.domain.blueprints import Blueprint as Outline
from quizapp.domain.blueprints import shares
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.exams import Share
from quizapp.domain.goals import Goal, shares_of_cards
from quizapp.domain.learners import Learner
from quizapp.domain.misses import CAUSES
from quizapp.domain.readiness import (
    ENOUGH_IN_ALL,
    ENOUGH_IN_DOMAIN,
    Topic,
    verdict,
    weakest,
)
from quizapp.domain.scheduling import retrievability
from quizapp.storage import blueprints, goals, misses, readiness
from quizapp.storage.readiness import FirstAnswer, TopicCard
from quizapp.views import respond
from quizapp.views.guards import current_learner

blueprint = Blueprint("readiness", __name__)

FILTERS = {
    "weak": "Weakest first",
    "due": "Due or overdue",
    "unseen": "Never seen",
    "missed": "Missed and not yet right on three days",
    "sure": "Wrong though sure",
    "flagged": "Flagged",
}
QUALIFIERS = ("FIRST", "BEST", "MOST", "PRIMARY", "GREATEST", "NEXT")
COUNTS = (10, 20, 40)


@dataclass(frozen=True)
class Exam:
    """The exam that weights come from: a goal's, or the one asked for."""

    outline: Outline
    goal: Goal | None
    share: Mapping[str, float]


@blueprint.get("/topics")
def topics() -> Response:
    """Every sub-topic by what is worth most, and sessions of one's own."""
    learner, now = current_learner(), clock.now()
    exam, known = _exam(learner, now)
    mapped = weakest(_topics(learner, exam, now))
    return respond.page(
        "readiness/topics.html",
        learner=learner,
        exam=exam,
        outlines=[b for b in known if b.planning],
        topics=mapped,
        names={d.id: d.name for d in exam.outline.domains},
        filters=FILTERS,
        qualifiers=QUALIFIERS,
        lengths=COUNTS,
        causes=CAUSES,
        causes_given=misses.causes(learner.id),
    )


@blueprint.post("/topics/picks")
def picks() -> Response:
    """Put a session together and begin it."""
    learner, now = current_learner(), clock.now()
    exam, _ = _exam(learner, now)
    chosen, title = _chosen(learner, exam, now)
    if not chosen:
        raise Refusal("No card is like that just now. Choose fewer conditions.")
    pick = pick_actions.gather(learner, title, chosen, now)
    return redirect(url_for("study.session", scope=f"pick-{pick}"), 303)


@blueprint.get("/readiness")
def index() -> Response:
    """Evidence and forecast side by side, with the formula, or how much is missing."""
    learner, now = current_learner(), clock.now()
    exam, known = _exam(learner, now)
    answers = readiness.first_answers(learner)
    first = _by_domain(answers, exam.share)
    line = exam.goal.line if exam.goal else 0.7
    forecast = goals.latest_forecast(learner.id) or {"goals": []}
    foretold: Mapping[str, Sequence[float]] = next(
        (g["domains"] for g in forecast["goals"] if exam.goal and g["title"] == exam.goal.title),
        {},
    )
    cards = readiness.topic_cards(learner.id)
    _, own = shares_of_cards([card.domains for card in cards], exam.share)
    coverage = {
        domain: Share.of([c.last_day is not None for c, d in zip(cards, own, strict=True)
                          if d == domain])
        for domain in exam.share
    }  # fmt: skip
    return respond.page(
        "readiness/index.html",
        learner=learner,
        exam=exam,
        outlines=[b for b in known if b.planning],
        names={d.id: d.name for d in exam.outline.domains},
        first=first,
        coverage=coverage,
        foretold=foretold,
        line=line,
        verdict=verdict(first, exam.share, line, seed=learner.id),
        enough=(ENOUGH_IN_ALL, ENOUGH_IN_DOMAIN),
        trend=_trend(answers, exam.share, learner, now),
    )


def _exam(learner: Learner, now: datetime) -> tuple[Exam, list[Outline]]:
    """The exam the address names, else the nearest goal's, else the first there is."""
    known = blueprints.known()
    if not known:
        raise Missing("No exam outlines are loaded. Load them with: flask --app wsgi load")
    ahead = goals.active(learner.id, learner.calendar.date(learner.today(now)))
    asked = request.values.get("outline")
    goal = next((g for g in ahead if asked in (None, "", g.outline)), None)
    name = goal.outline if goal else asked
    planned = [b for b in known if b.planning]
    outline = next((b for b in known if b.outline == name), (planned or known)[0])
    share = goal_actions.share_of(goal) if goal else shares(outline, known)
    return Exam(outline, goal, share), known


def _topics(learner: Learner, exam: Exam, now: datetime) -> list[Topic]:
    today = learner.today(now)
    cards = readiness.topic_cards(learner.id)
    weights, own = shares_of_cards([card.domains for card in cards], exam.share)
    groups: dict[tuple[str, str, str], list[tuple[TopicCard, float]]] = defaultdict(list)
    for card, weight, domain in zip(cards, weights, own, strict=True):
        if weight:
            groups[domain, card.deck, card.topic].append((card, weight))
    answers: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for answer in readiness.first_answers(learner):
        answers[answer.deck, answer.topic].append(answer.right)
    ahead = exam.goal.number - today if exam.goal else None
    found = []
    for (domain, deck, name), inside in groups.items():
        seen = [card for card, _ in inside if card.last_day is not None and card.stability]
        found.append(
            Topic(
                domain=domain,
                deck=deck,
                name=name,
                cards=tuple(card.card for card, _ in inside),
                seen=len(seen),
                recall=_recall(seen, learner, today),
                on_day=None if ahead is None else _recall(seen, learner, today + ahead),
                first=Share.of(answers.get((deck, name), [])),
                lapses=sum(card.lapses for card, _ in inside),
                misconceptions=sum(card.sure for card, _ in inside),
                weight=sum(weight for _, weight in inside),
            )
        )
    return found


def _recall(cards: Sequence[TopicCard], learner: Learner, day: int) -> float | None:
    """The mean predicted recall of cards on a day; None without any that was seen."""
    if not cards:
        return None
    return sum(
        retrievability(max(0, day - (c.last_day or 0)), c.stability or 1.0, learner.weights)
        for c in cards
    ) / len(cards)


def _chosen(learner: Learner, exam: Exam, now: datetime) -> tuple[list[int], str]:
    """The cards a session of one's own is made of, and its title."""
    form = request.form
    today = learner.today(now)
    count = int(form["count"]) if form.get("count", "") in {str(n) for n in COUNTS} else COUNTS[1]
    wanted = form.get("filter", "weak")
    cards = readiness.topic_cards(learner.id)
    _, own = shares_of_cards([card.domains for card in cards], exam.share)
    domains = set(form.getlist("domain")) & set(exam.share)
    word = form.get("qualifier", "")
    title = FILTERS.get(wanted, FILTERS["weak"])
    kept = [
        card
        for card, domain in zip(cards, own, strict=True)
        if (domain in domains if domains else domain)
        and {
            "due": card.last_day is not None and card.due_day <= today,
            "unseen": card.last_day is None,
            "missed": card.missed,
            "sure": card.sure,
            "flagged": card.flag > 0,
        }.get(wanted, True)
        and (word not in QUALIFIERS or re.search(rf"\b{word}\b", card.stem))
    ]
    if form.get("deck") is not None:
        title = form.get("topic", "") or form["deck"]
        kept = [c for c in kept if (c.deck, c.topic) == (form["deck"], form.get("topic", ""))]
    if word in QUALIFIERS:
        title = f"{word} questions"
    kept.sort(key=lambda c: _strength(c, learner, today))
    return [card.card for card in kept[:count]], title


def _strength(card: TopicCard, learner: Learner, today: int) -> float:
    """Predicted recall; a card never seen stands between the forgotten and the known."""
    if card.last_day is None or not card.stability:
        return 0.75
    return retrievability(max(0, today - card.last_day), card.stability, learner.weights)


def _by_domain(answers: Sequence[FirstAnswer], share: Mapping[str, float]) -> dict[str, Share]:
    found: dict[str, list[bool]] = {domain: [] for domain in share}
    for answer in answers:
        domain = next((d for d in answer.domains if d in share), None)
        if domain:
            found[domain].append(answer.right)
    return {domain: Share.of(rights) for domain, rights in found.items()}


def _trend(
    answers: Sequence[FirstAnswer], share: Mapping[str, float], learner: Learner, now: datetime
) -> list[tuple[str, Share]]:
    """First answers of the last eight weeks, week by week, weeks without any left out."""
    today = learner.today(now)
    weeks: dict[int, list[bool]] = defaultdict(list)
    for answer in answers:
        if any(domain in share for domain in answer.domains) and today - answer.study_day < 56:
            weeks[(today - answer.study_day) // 7].append(answer.right)
    said = {0: "last 7 days", 1: "the week before"}
    return [(said.get(week, f"{week} weeks ago"), Share.of(weeks[week])) for week in sorted(weeks)]
