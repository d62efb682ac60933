"""Sessions of one's own: the cards behind missed questions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.links import linked, text
from quizapp.storage import cards, exams, links, picks
from quizapp.storage.database import transaction

KEPT = timedelta(days=30)


def study_misses(learner: Learner, paper_id: int, now: datetime) -> int:
    """Put together the cards behind what was missed or guessed in an exam; return the session.

    Raises Missing for no such submitted exam, Refusal where nothing was missed or no
    card is linked.
    """
    with transaction():
        paper = exams.paper(learner.id, paper_id)
        if paper.submitted is None:
            raise Missing("There is no such result. Choose one from the list of exams.")
        missed = [q for q in exams.questions(paper_id) if not q.right or q.confidence == "guess"]
        if not missed:
            raise Refusal("You missed nothing in this exam, so there is nothing to study from it.")
        found = behind(learner, [q.note for q in missed if q.note is not None])
        if not found:
            raise Refusal("No card of your decks is about what you missed.")
        return gather(learner, f"Misses of {paper.title}", found, now)


def gather(learner: Learner, title: str, found: Sequence[int], now: datetime) -> int:
    """Put some cards together for one session; return it."""
    with transaction():
        picks.forget_before(learner.id, now - KEPT)
        return picks.create(learner.id, title, found, now)


def behind(learner: Learner, notes: Sequence[int]) -> list[int]:
    """The study cards that teach what some items ask, each once, in the order of the items."""
    items = cards.texts(notes)
    pool = [text(*entry) for entry in cards.study_texts(learner.id)]
    by_hand = links.cards(learner.id, notes)
    found: list[int] = []
    for note in notes:
        for card in by_hand.get(note, []) + linked(text(*items[note]), pool):
            if card not in found:
                found.append(card)
    return found
