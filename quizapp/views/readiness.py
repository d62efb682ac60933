"""What is weak and how ready one is: a map of topics, sessions of one's own, a verdict."""

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
from quizapp.domain.picks import (
    KINDS,
    OWN,
    QUALIFIERS,
    Wanted,
    fits,
    looser,
    seconds,
    within,
)
from quizapp.domain.readiness import (
    ENOUGH_IN_ALL,
    ENOUGH_IN_DOMAIN,
    Topic,
    verdict,
    weakest,
)
from quizapp.domain.scheduling import retrievability
from quizapp.storage import blueprints, decks, goals, misses, readiness, reviews
from quizapp.storage.misses import OpenMiss
from quizapp.storage.readiness import FirstAnswer, TopicCard
from quizapp.views import respond
from quizapp.views.guards import current_learner

blueprint = Blueprint("readiness", __name__)

COUNTS = (10, 20, 40, 80)
MINUTES = (5, 10, 15, 20, 30, 45, 60)
LENGTH = "20"
MOST_MISSES = 40


@dataclass(frozen=True)
class Exam:
    """The exam that weights come from: a goal's, or the one asked for."""

    outline: Outline
    goal: Goal | None
    share: Mapping[str, float]


@blueprint.get("/topics")
def topics() -> Response:
    """Every sub-topic by what is worth most, and sessions of one's own."""
    return _map(200)


@blueprint.post("/topics/picks")
def picks() -> Response:
    """Put a session together and begin it, or say what would have to be loosened."""
    learner, now = current_learner(), clock.now()
    exam, _ = _exam(learner, now)
    found = _found(learner, exam, now)
    if not found.cards:
        return _map(400, found)
    pick = pick_actions.gather(learner, found.title, found.cards, now)
    return redirect(url_for("study.session", scope=f"pick-{pick}"), 303)


@blueprint.get("/topics/previews")
def preview() -> Response:
    """Where a browser without script returns to after a preview."""
    return redirect(url_for("readiness.topics"))


@blueprint.post("/topics/previews")
def previews() -> Response:
    """How many cards a session would hold, and how long they take."""
    learner, now = current_learner(), clock.now()
    exam, _ = _exam(learner, now)
    found = _found(learner, exam, now)
    if respond.wants_fragment():
        return respond.piece("readiness/_found.html", found=found, alert=False)
    return _map(200, found)


def _map(status: int, found: "Found | None" = None) -> Response:
    learner, now = current_learner(), clock.now()
    exam, known = _exam(learner, now)
    mapped = weakest(_topics(learner, exam, now))
    return respond.page(
        "readiness/topics.html",
        status,
        learner=learner,
        exam=exam,
        outlines=[b for b in known if b.planning],
        topics=mapped,
        names={d.id: d.name for d in exam.outline.domains},
        kinds=KINDS,
        qualifiers=QUALIFIERS,
        counts=COUNTS,
        minutes=MINUTES,
        own=any(deck.family == "own" for deck in decks.of_learner(learner.id)),
        values=request.form,
        length=request.form.get("length", LENGTH),
        found=found,
        alert=status != 200,
        causes=CAUSES,
        causes_given=misses.causes(learner.id),
        waiting=misses.open_counts(learner.id),
    )


@blueprint.get("/topics/misses")
def missed() -> Response:
    """The questions that were missed and are not right on three days yet."""
    learner, now = current_learner(), clock.now()
    shown = request.args.get("show", "all")
    lists = _missed(learner)
    return respond.page(
        "readiness/misses.html",
        learner=learner,
        lists=lists,
        shown=shown if shown in lists else "all",
        most=MOST_MISSES,
        causes=CAUSES,
        today=learner.today(now),
    )


@blueprint.post("/topics/misses/picks")
def missed_picks() -> Response:
    """Study the questions of one list of misses, in its order."""
    learner, now = current_learner(), clock.now()
    shown = request.form.get("show", "all")
    found = _missed(learner).get(shown, [])[:MOST_MISSES]
    if not found:
        raise Refusal("No question waits on this list. Choose another.")
    title = {"sure": "Misconceptions", "guessed": "Guessed questions"}.get(
        shown, "Missed questions"
    )
    pick = pick_actions.gather(learner, title, [miss.card for miss in found], now)
    return redirect(url_for("study.session", scope=f"pick-{pick}"), 303)


def _missed(learner: Learner) -> dict[str, list[OpenMiss]]:
    waiting = misses.still_open(learner.id)
    return {
        "all": waiting,
        "sure": [miss for miss in waiting if miss.sure],
        "guessed": [miss for miss in waiting if miss.guessed],
    }


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


@dataclass(frozen=True)
class Found:
    """The cards of a session of one's own, the weakest first; where there are none, how many
    there would be without each condition."""

    title: str
    cards: list[int]
    seconds: float
    without: list[tuple[str, int]]


def _found(learner: Learner, exam: Exam, now: datetime) -> Found:
    today, wanted = learner.today(now), _wanted(exam)
    cards = readiness.topic_cards(learner.id)
    _, own = shares_of_cards([card.domains for card in cards], exam.share)
    placed = list(zip(cards, own, strict=True))
    kept = [card for card, domain in placed if fits(card, domain, wanted, today)]
    kept.sort(key=lambda card: _strength(card, learner, today))
    paces = reviews.paces(learner.id)
    lengths = [seconds(card, paces) for card in kept]
    length = request.form.get("length", LENGTH)
    minutes = length.removesuffix("min")
    if length != minutes and minutes in {str(n) for n in MINUTES}:
        count = within(lengths, int(minutes))
    else:
        count = int(length) if length in {str(n) for n in COUNTS} else int(LENGTH)
    without = [
        (name, sum(fits(card, domain, loose, today) for card, domain in placed))
        for name, loose in (looser(wanted) if not kept else [])
    ]
    return Found(
        _title(wanted),
        [card.card for card in kept[:count]],
        sum(lengths[:count]),
        [(name, cards_then) for name, cards_then in without if cards_then],
    )


def _wanted(exam: Exam) -> Wanted:
    """What the form asks for; a condition that does not exist asks for nothing."""
    form = request.form
    word, deck = form.get("qualifier", ""), form.get("deck")
    return Wanted(
        kinds=frozenset(form.getlist("filter")) & frozenset(KINDS),
        domains=frozenset(form.getlist("domain")) & {*exam.share, OWN},
        word=word if word in QUALIFIERS else "",
        heading=None if deck is None else (deck, form.get("topic", "")),
    )


def _title(wanted: Wanted) -> str:
    if wanted.heading is not None:
        return wanted.heading[1] or wanted.heading[0]
    named = [label for kind, label in KINDS.items() if kind in wanted.kinds]
    title = " or ".join([*named[:1], *(label.lower() for label in named[1:])])
    if wanted.word:
        return f"{wanted.word} questions{': ' + title.lower() if title else ''}"
    return title or "Weakest first"


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
