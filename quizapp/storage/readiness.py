"""What there is to tell how ready a learner is: first answers, misses, memories by topic."""

from dataclasses import dataclass

from peewee import JOIN

from quizapp.domain.goals import of_deck
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import State
from quizapp.storage.models import (
    Card,
    Deck,
    Memory,
    Miss,
    Note,
    Paper,
    PaperItem,
    Review,
    Snapshot,
)


@dataclass(frozen=True)
class TopicCard:
    """A card as the map of topics sees it; its deck is the last of its ``domains``."""

    card: int
    note: int
    deck: str
    topic: str
    domains: tuple[str, ...]
    kind: str
    stability: float | None
    last_day: int | None
    lapses: int
    flag: int
    due_day: int
    stem: str
    missed: bool
    sure: bool
    guessed: bool
    own: bool


@dataclass(frozen=True)
class FirstAnswer:
    """The first answer ever to an item: where it belongs, and whether it was right."""

    domains: tuple[str, ...]
    deck: str
    topic: str
    right: bool
    study_day: int


def first_answers(learner: Learner) -> list[FirstAnswer]:
    """First answers to items, in study and on papers handed in, repeats left out."""
    found = []
    studied = (
        Review.select(
            Note.domains, Note.deck, Deck.name, Note.topic, Review.answer, Review.study_day
        )
        .join(Card, on=(Card.id == Review.card))
        .join(Note, on=(Note.id == Card.note))
        .join(Deck, on=(Deck.id == Note.deck))
        .where((Review.learner == learner.id) & Review.first_exposure)
        .tuples()
    )
    for domains, id_, deck, topic, answer, day in studied:
        right = bool(answer and answer.get("right"))
        found.append(FirstAnswer((*domains, of_deck(id_)), deck, topic, right, day))
    papers = (
        PaperItem.select(
            PaperItem.domain, Note.deck, Deck.name, Note.topic, PaperItem.choices, Snapshot.face,
            Paper.submitted,
        )
        .join(Paper)
        .switch(PaperItem)
        .join(Snapshot)
        .switch(PaperItem)
        .join(Note, on=(Note.id == PaperItem.note))
        .join(Deck, on=(Deck.id == Note.deck))
        .where(
            (Paper.learner == learner.id)
            & Paper.submitted.is_null(False)
            & ~PaperItem.repeat
            & PaperItem.seen
        )
        .tuples()
    )  # fmt: skip
    for domain, id_, deck, topic, choices, face, submitted in papers:
        right = bool(choices) and choices[-1] >= 0 and face["options"][choices[-1]]["correct"]
        domains = (domain, of_deck(id_))
        found.append(FirstAnswer(domains, deck, topic, bool(right), learner.today(submitted)))
    return found


def topic_cards(learner: int) -> list[TopicCard]:
    """Every card in study, with its heading and what was missed of it."""
    rows = (
        Memory.select(
            Memory.card, Memory.note, Memory.deck, Deck.name, Note.topic, Note.domains, Note.kind,
            Memory.stability, Memory.last_day, Memory.lapses, Memory.flag, Memory.state,
            Memory.turn, Note.fields, Miss.closed, Miss.sure, Miss.guessed, Deck.owner,
        )
        .join(Note, on=(Note.id == Memory.note))
        .join(Deck, on=(Deck.id == Memory.deck))
        .join(Miss, JOIN.LEFT_OUTER, on=((Miss.learner == Memory.learner) & (Miss.note == Note.id)))
        .where((Memory.learner == learner) & (Memory.queue.in_(_STUDIED)))
        .order_by(Deck.position, Note.position, Memory.card)
        .tuples()
    )  # fmt: skip
    return [
        TopicCard(
            card, note, deck, topic, (*domains, of_deck(id_)), kind,
            stability, None if state == State.NEW else last_day, lapses, flag,
            turn if state == State.REVIEW else 0,
            str(fields.get("stem", "")), closed is not None and not closed,
            bool(sure) and not closed, bool(guessed) and not closed, owner is not None,
        )
        for card, note, id_, deck, topic, domains, kind, stability, last_day, lapses, flag, state,
        turn, fields, closed, sure, guessed, owner in rows
    ]  # fmt: skip


_STUDIED = [Queue.NEW.value, Queue.LEARNING.value, Queue.REVIEW.value, Queue.BURIED.value]
