"""A collection of a given size for measuring: decks, cards, memories and a review log."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

from quizapp.actions import learners as learner_actions
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import MODEL, State
from quizapp.formats.faces import faces
from quizapp.storage import decks as deck_storage
from quizapp.storage import learners, schema
from quizapp.storage.database import bind, connection, open_database, proxy, transaction
from quizapp.storage.models import Card, Deck, Enrolment, Memory, Note, Review

DECKS = 21
STUDIED = 0.65
REVIEWS_EACH = 5
_BATCH = 400


def build(path: Path, cards: int, now: datetime, seed: int = 1, own: int = 0) -> Learner:
    """Fill a new SQLite database; 65 % of the cards have five answers each.

    They are in DECKS decks that ship, or in ``own`` decks of the learner's own, twenty of
    which stand in one that is above them.

    Due days spread over the coming two months with three days of backlog; limits are
    lifted so that the queue does not run dry while measuring.
    """
    chance = random.Random(seed)
    bind(open_database(f"sqlite:///{path}"))
    with connection():
        schema.migrate(proxy.obj)
        learner = learner_actions.local_learner("UTC", now)
        with transaction():
            learners.change(learner.id, new_per_day=9999, reviews_per_day=9999)
            decks = _own_decks(learner, own) if own else _shipped_decks()
            _content(cards, decks)
            for deck in decks:
                Enrolment.insert(learner=learner.id, deck=deck).execute()
            _progress(learner, cards, now, chance)
            deck_storage.deal()
        proxy.execute_sql("ANALYZE")
        proxy.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        found = learners.get(learner.id)
        assert found is not None
        return found


def _shipped_decks() -> list[int]:
    return [
        deck_storage.save(
            f"responsibilities/bench-{i}",
            family=("responsibilities", "prerequisites", "certifications")[i % 3],
            name=f"Deck {i}",
            outline=[],
            position=i,
            digest=f"bench-{i}",
        )
        for i in range(DECKS)
    ]


def _own_decks(learner: Learner, count: int) -> list[int]:
    names = [f"Area {i // 20}" + (f"::Part {i % 20}" if i % 20 else "") for i in range(count)]
    return [
        Deck.create(
            owner=learner.id,
            key=f"own/{learner.id}/bench-{i}",
            family="own",
            name=name,
            outline=[],
            position=0,
            digest="",
        ).id
        for i, name in enumerate(names)
    ]


def _content(cards: int, ids: list[int]) -> None:
    notes, rows = [], []
    for i in range(cards):
        fields = {
            "front": f"What does control number {i} protect, and who owns the risk it treats?",
            "back": f"Asset {i}; its *owner* in the business accepts what remains.",
        }
        notes.append(
            {
                "id": i + 1,
                "deck": ids[i % len(ids)],
                "key": f"bench-{i}",
                "kind": "basic",
                "fields": fields,
                "faces": faces("basic", fields),
                "topic": f"Topic {i // len(ids) % 10}",
                "tags": [],
                "works": [],
                "domains": [f"CISM22-{i % 4 + 1}"],
                "reference": "Bench, 1",
                "position": i // len(ids),
                "digest": f"bench-{i}",
            }
        )
        rows.append(
            {
                "id": i + 1,
                "note": i + 1,
                "deck": ids[i % len(ids)],
                "ord": 0,
                "rank": i,
                "shuffle": crc32(str(i).encode()) % 1_000_003,
            }
        )
    _insert(Note, notes)
    _insert(Card, rows)


def _progress(learner: Learner, cards: int, now: datetime, chance: random.Random) -> None:
    today = learner.today(now)
    decks = dict(Card.select(Card.id, Card.deck).tuples())
    memories, log = [], []
    for card in sorted(chance.sample(range(1, cards + 1), int(cards * STUDIED))):
        interval = chance.randint(3, 60)
        due = today + chance.randint(-3, interval - 1)
        last = due - interval
        stability = interval * chance.uniform(0.8, 1.3)
        memories.append(
            {
                "learner": learner.id,
                "card": card,
                "deck": decks[card],
                "note": card,
                "shuffle": crc32(str(card).encode()) % 1_000_003,
                "version": REVIEWS_EACH,
                "queue": Queue.REVIEW,
                "turn": due,
                "state": State.REVIEW,
                "due": learner.calendar.start(due),
                "interval": interval,
                "stability": stability,
                "difficulty": chance.uniform(2, 9),
                "model": MODEL,
                "last_day": last,
                "last_at": learner.calendar.start(last) + timedelta(hours=4),
                "reps": REVIEWS_EACH,
            }
        )
        for n in range(REVIEWS_EACH):
            day = last - (REVIEWS_EACH - 1 - n) * chance.randint(3, 20)
            log.append(
                {
                    "learner": learner.id,
                    "card": card,
                    "version": n,
                    "rating": 3,
                    "at": learner.calendar.start(day) + timedelta(hours=4),
                    "study_day": day,
                    "elapsed_days": 5,
                    "milliseconds": 8000,
                    "state_before": State.NEW if n == 0 else State.REVIEW,
                    "stability_before": stability,
                    "difficulty_before": 5.0,
                    "state_after": State.REVIEW,
                    "stability": stability,
                    "difficulty": 5.0,
                    "interval": interval,
                    "due": learner.calendar.start(due),
                }
            )
    log.sort(key=lambda row: (row["study_day"], row["card"]))
    _insert(Memory, memories)
    _insert(Review, log)


def _insert(table: object, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), _BATCH):
        table.insert_many(rows[start : start + _BATCH]).execute()  # type: ignore[attr-defined]
