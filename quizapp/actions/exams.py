"""Sitting a mock exam: start, answer, flag, strike out, submit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quizapp.domain import exams
from quizapp.domain.blueprints import Blueprint
from quizapp.domain.cards import option_order
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.storage import blueprints
from quizapp.storage import exams as store
from quizapp.storage.database import transaction
from quizapp.storage.exams import PaperQuestion, PaperRow

SHORTEST = 5


class Late(Stale):
    """The clock had run out before this came in."""


def start(
    learner: Learner,
    outline: str,
    count: int,
    pace: str,
    line: float,
    seed: int,
    now: datetime,
) -> int:
    """Draw a paper from the held-out pool to the outline's weights; return its id.

    Raises Missing for an unknown outline, Refusal where the pool has too few items or
    pace or line are none.
    """
    blueprint = blueprints.find(outline)
    if pace not in exams.PACES:
        raise Refusal("Choose one of the offered times, or no clock.")
    if not 0.3 <= line <= 1:
        raise Refusal("Your line must be from 30% to 100%.")
    with transaction():
        pool, share = _pool(learner, blueprint)
        most = exams.longest(_sizes(pool, share), share)
        if not SHORTEST <= count <= most:
            raise Refusal(f"This exam can have from {SHORTEST} to {most} questions.")
        drawn = exams.draw(pool, share, count, seed)
        clock = exams.clock(now, count, blueprint.seconds_each, pace)
        faces = store.contents([item.note for item in drawn])
        orders = {
            item.note: option_order(faces[item.note][0]["options"], f"{seed}:{item.note}")
            for item in drawn
        }
        return store.create(
            learner.id,
            drawn,
            faces,
            orders,
            outline=outline,
            title=f"{blueprint.certification}, {count} questions",
            seed=seed,
            pace=pace,
            line=line,
            started=now,
            ends=clock.ends,
        )


def open_item(learner: Learner, paper_id: int, place: int, now: datetime) -> PaperQuestion:
    """Put an item on the screen; the time since the last one opened goes to that one.

    Raises Missing for no such paper or item, Late where the paper is closed.
    """
    with transaction():
        paper = _open(learner, paper_id, now)
        question = _question(paper, place)
        if paper.open_place != place:
            _book_time(paper, now)
            store.change_paper(paper.id, open_place=place, open_since=now)
        if not question.seen:
            store.change_item(paper.id, place, seen=True)
        return question


@dataclass(frozen=True)
class Marks:
    """All a candidate has put on an item; options by stored position."""

    choice: int | None = None
    confidence: str = ""
    flagged: bool = False
    struck: tuple[int, ...] = ()


def mark(learner: Learner, paper_id: int, place: int, marks: Marks, now: datetime) -> None:
    """Store what stands on an item; every change of the choice is kept.

    Confidence and flag are never part of the score. Raises Missing, Late, or Refusal
    for an option or a confidence that does not exist.
    """
    if marks.confidence and marks.confidence not in exams.CONFIDENCES:
        raise Refusal("Say guess, unsure or sure, or nothing.")
    with transaction():
        paper = _open(learner, paper_id, now)
        question = _question(paper, place)
        options = range(len(question.face["options"]))
        if marks.choice is not None and marks.choice not in options:
            raise Refusal("This option does not exist. Reload the page and choose again.")
        choices = list(question.choices)
        if marks.choice != question.choice:
            choices.append(-1 if marks.choice is None else marks.choice)
        store.change_item(
            paper.id,
            place,
            choices=choices,
            confidence=marks.confidence,
            flagged=marks.flagged,
            struck=sorted({n for n in marks.struck if n in options}),
            seen=True,
        )


def submit(learner: Learner, paper_id: int, now: datetime) -> None:
    """Hand the paper in; at the end of its time where that has passed. Twice is once."""
    with transaction():
        paper = store.paper(learner.id, paper_id)
        _close(paper, now)


def close_overdue(learner: Learner, now: datetime) -> None:
    """Submit every paper whose time is up, as of the second it ran out."""
    if any(paper.clock.over(now) for paper in store.running(learner.id)):
        with transaction():
            for paper in store.running(learner.id):
                if paper.clock.over(now):
                    _close(paper, now)


def _close(paper: PaperRow, now: datetime) -> None:
    at = paper.ends if paper.ends is not None and paper.clock.over(now) else now
    if paper.submitted is None:
        _book_time(paper, at)
        score = exams.score([question.answered for question in store.questions(paper.id)])
        store.submit(paper.id, at, score)


def _book_time(paper: PaperRow, now: datetime) -> None:
    if paper.open_place is not None and paper.open_since is not None:
        looked = min(max(now - paper.open_since, timedelta()), exams.LONGEST_LOOK)
        store.add_time(paper.id, paper.open_place, looked // timedelta(milliseconds=1))


def _open(learner: Learner, paper_id: int, now: datetime) -> PaperRow:
    paper = store.paper(learner.id, paper_id)
    if paper.submitted is not None:
        raise Late("This exam was handed in already. Here is its result.")
    if paper.clock.over(now):
        raise Late("The time was up, so this came too late and was not counted.")
    return paper


def _question(paper: PaperRow, place: int) -> PaperQuestion:
    question = store.question(paper.id, place)
    if question is None:
        raise Missing(f"This exam has questions 1 to {paper.count}. Choose one of those.")
    return question


def available(learner: Learner, blueprint: Blueprint) -> tuple[dict[str, int], dict[str, float]]:
    """How many items each domain has to draw from, and its share of a paper."""
    pool, share = _pool(learner, blueprint)
    return _sizes(pool, share), share


def _pool(learner: Learner, blueprint: Blueprint) -> tuple[list[exams.PoolItem], dict[str, float]]:
    """What a paper is drawn from: the held-out pool, else the study pool of a practice
    assessment, whose domains without any question are left out."""
    share = blueprints.share_of(blueprint.outline)
    pool = store.pool(learner.id, share)
    if not pool:
        pool = store.pool(learner.id, share, "study")
        having = {item.domain for item in pool}
        share = {domain: 1 / len(having) for domain in share if domain in having}
    return pool, share


def _sizes(pool: Sequence[exams.PoolItem], share: Mapping[str, float]) -> dict[str, int]:
    return {domain: sum(item.domain == domain for item in pool) for domain in share}
