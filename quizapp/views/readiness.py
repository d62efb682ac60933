"""What is weak and how ready one is: a map of topics, sessions of one's own, a verdict."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import goals as goal_actions
from quizapp.actions import picks as pick_actions
from quizapp.domain import calibration
from quizapp.domain.blueprints import Blueprint as Outline
from quizapp.domain.blueprints import Domain, shares
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.exams import Share
from quizapp.domain.goals import Goal, of_deck, shares_of_cards
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
    by_domain,
    verdict,
    weakest,
)
from quizapp.domain.scheduling import retrievability
from quizapp.storage import blueprints, decks, exams, goals, misses, readiness, reviews
from quizapp.storage.exams import PaperRow
from quizapp.storage.misses import OpenMiss
from quizapp.storage.readiness import FirstAnswer, TopicCard
from quizapp.views import respond
from quizapp.views.guards import current_learner
from quizapp.views.words import day, path

blueprint = Blueprint("readiness", __name__)

COUNTS = (10, 20, 40, 80)
MINUTES = (5, 10, 15, 20, 30, 45, 60)
LENGTH = "20"
MOST_MISSES = 40
# Papers and weeks that the trend goes back.
MOST_POINTS = 12


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
    exam = _exam(learner, now)
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
    exam = _exam(learner, now)
    found = _found(learner, exam, now)
    if respond.wants_fragment():
        return respond.piece("readiness/_found.html", found=found, alert=False)
    return _map(200, found)


def _map(status: int, found: "Found | None" = None) -> Response:
    learner, now = current_learner(), clock.now()
    exam = _exam(learner, now)
    mapped = weakest(_topics(learner, exam, now))
    return respond.page(
        "readiness/topics.html",
        status,
        learner=learner,
        exam=exam,
        tabs=_tabs(learner, now, exam),
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
    """Evidence and forecast side by side, with the formula, or how much is missing; then what
    became of earlier forecasts."""
    learner, now = current_learner(), clock.now()
    today = learner.today(now)
    exam = _exam(learner, now)
    own = exam.goal is not None and exam.goal.own
    answers = readiness.first_answers(learner)
    line = exam.goal.line if exam.goal else 0.7
    cards = readiness.topic_cards(learner.id)
    _, domains = shares_of_cards([card.domains for card in cards], exam.share)
    coverage = {
        domain: Share.of([c.last_day is not None for c, d in zip(cards, domains, strict=True)
                          if d == domain])
        for domain in exam.share
    }  # fmt: skip
    ready, resting = goal_actions.readiness_of(learner, exam.share, own, line)
    papers = [] if own else _papers(learner, exam.outline.outline)
    held = goals.past(learner.id, learner.calendar.date(today))
    daily = calibration.buckets(
        (retrievability(p.elapsed, p.stability, learner.weights), p.recalled)
        for p in reviews.predictions(learner.id) if p.due
    )  # fmt: skip
    return respond.page(
        "readiness/index.html",
        learner=learner,
        exam=exam,
        own=own,
        tabs=_tabs(learner, now, exam),
        names={d.id: d.name for d in exam.outline.domains},
        first=by_domain(((a.domains, a.right) for a in answers), exam.share),
        coverage=coverage,
        foretold=_foretold(learner, exam.goal),
        line=line,
        verdict=ready,
        resting=resting,
        enough=(ENOUGH_IN_ALL, ENOUGH_IN_DOMAIN),
        trend=_trend(answers, resting, learner, line, papers, today),
        past=held,
        passes=calibration.passes(
            (one.last.chance, one.outcome["passed"])
            for one in held
            if one.outcome and one.last and one.last.chance is not None
        ),
        daily=daily,
        together=calibration.together(daily),
        said=calibration.verdict,
        few=calibration.ENOUGH,
        confidence=_confidence(learner),
    )


def _exam(learner: Learner, now: datetime) -> Exam:
    """The exam the address names, else the nearest goal's, else the first there is.

    A goal is named “goal-3”; a certification stands for its nearest goal.
    """
    known = blueprints.known()
    ahead = goals.active(learner.id, learner.calendar.date(learner.today(now)))
    asked = request.values.get("outline")
    goal = next((g for g in ahead if asked in (None, "", g.outline, f"goal-{g.id}")), None)
    if goal and goal.own:
        share = goal_actions.share_of(learner, goal)
        return Exam(_put_together(learner, goal, share), goal, share)
    if not known:
        raise Missing("No exam outlines are loaded. Load them with: flask --app wsgi load")
    name = goal.outline if goal else asked
    planned = [b for b in known if b.planning]
    outline = next((b for b in known if b.outline == name), (planned or known)[0])
    share = goal_actions.share_of(learner, goal) if goal else shares(outline, known)
    return Exam(outline, goal, share)


def _put_together(learner: Learner, goal: Goal, share: Mapping[str, float]) -> Outline:
    """An outline for an exam that the learner put together from decks."""
    names = {of_deck(d.id): path(d.parent, d.name) for d in decks.of_learner(learner.id)}
    return Outline(
        certification=goal.title,
        body="",
        outline=f"goal-{goal.id}",
        version="",
        domains=tuple(Domain(name, names[name], 100 * part) for name, part in share.items()),
    )


def _tabs(learner: Learner, now: datetime, exam: Exam) -> list[tuple[str, str, bool]]:
    """What to choose between: exams on a date first, then other certifications. Each by its
    name in the address, its title, and whether it is the one that is shown."""
    ahead = goals.active(learner.id, learner.calendar.date(learner.today(now)))
    titles = Counter(goal.title for goal in ahead)
    found = [
        (
            f"goal-{goal.id}",
            goal.title if titles[goal.title] == 1 else f"{goal.title}, {day(goal.day)}",
            exam.goal is not None and exam.goal.id == goal.id,
        )
        for goal in ahead
    ]
    having = {goal.outline for goal in ahead}
    return found + [
        (b.outline, b.certification, exam.goal is None and exam.outline.outline == b.outline)
        for b in blueprints.known()
        if b.planning and b.outline not in having
    ]


def _foretold(learner: Learner, goal: Goal | None) -> Mapping[str, Sequence[float]]:
    """Recall by domain on the day of a goal, following the plan and stopping now."""
    latest = goals.latest_forecast(learner.id) or {"goals": []}
    found: Mapping[str, Sequence[float]] = next(
        (g["domains"] for g in latest["goals"] if goal and g.get("id") == goal.id), {}
    )
    return found


def _papers(learner: Learner, outline: str) -> list[PaperRow]:
    """Papers of an outline that were handed in, the latest first."""
    return [p for p in exams.papers(learner.id) if p.outline == outline and p.score is not None]


def _confidence(learner: Learner) -> dict[str, Share]:
    """Right answers by how sure one was, in study and on papers."""
    studied = [(word, Share(int(right), 1)) for word, right in reviews.confidences(learner.id)]
    sat = [
        said
        for paper in exams.papers(learner.id) if paper.score is not None
        for said in paper.score.confidence.items()
    ]  # fmt: skip
    return calibration.by_confidence([*studied, *sat])


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


@dataclass(frozen=True)
class Point:
    """What was known on one day: ``kind`` "paper" or "expected", a share and its interval."""

    day: int
    kind: str
    title: str
    score: float
    interval: tuple[float, float]
    n: int


def _trend(
    answers: Sequence[FirstAnswer],
    share: Mapping[str, float],
    learner: Learner,
    line: float,
    papers: Sequence[PaperRow],
    today: int,
) -> list[Point]:
    """Papers, and the practice score to expect at each week's end, the earliest first."""
    found = []
    for paper in papers[:MOST_POINTS]:
        score = paper.score and paper.score.first
        if score and score.share is not None and score.interval and paper.submitted:
            found.append(
                Point(
                    learner.today(paper.submitted), "paper", paper.title, score.share,
                    score.interval, score.n,
                )
            )  # fmt: skip
    before = None
    for week in range(MOST_POINTS):
        until = today - 7 * week
        known = [(a.domains, a.right) for a in answers if a.study_day <= until]
        first = by_domain(known, share)
        count = sum(part.n for part in first.values())
        if not count:
            break
        if count == before:
            # A week without a first answer says nothing new: the earlier point stands.
            found.pop()
        before = count
        then = verdict(first, share, line, seed=learner.id, draws=1000)
        if then.score is None or then.interval is None:
            break
        found.append(Point(until, "expected", "Practice score", then.score, then.interval, count))
    return sorted(found, key=lambda point: (point.day, point.kind))
