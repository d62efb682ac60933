"""What a session offers: every card that is due, none that is not, never beyond a limit."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study
from quizapp.domain.errors import Missing
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Counts, Queue
from quizapp.domain.scheduling import Rating, State
from quizapp.storage import decks, learners, sessions
from quizapp.storage.models import Memory
from tests import samples
from tests.cast import new_installation
from tests.conftest import NOON

KINDS = ("new", "due", "overdue", "future", "suspended", "buried", "buried yesterday", "learning")
limit = st.integers(0, 12)
own_limit = st.none() | limit


@given(
    cards=st.lists(st.tuples(st.booleans(), st.sampled_from(KINDS)), min_size=1, max_size=24),
    new=limit,
    due=limit,
    first=st.tuples(own_limit, own_limit),
)
@settings(max_examples=40)
def test_a_day_shows_what_waits_and_no_more(
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    cards: list[tuple[bool, str]],
    new: int,
    due: int,
    first: tuple[int | None, int | None],
) -> None:
    owner = _collection(tmp_path_factory.mktemp("decks"), cards, new, due, first)
    waiting = Counter(cards)
    offered = {
        kind: min(
            limit_,
            _least(own, sum(waiting[True, k] for k in kinds))
            + sum(waiting[False, k] for k in kinds),
        )
        for kind, kinds, limit_, own in (
            ("new", ("new",), new, first[0]),
            ("due", ("due", "overdue", "buried yesterday"), due, first[1]),
        )
    }
    steps = sum(waiting[side, "learning"] for side in (True, False))
    at_first, shown = _study_to_the_end(owner)
    assert at_first == Counts(offered["new"], steps, offered["due"])
    assert Counter(kind for kind, _ in set(shown)) == Counter(
        {k: n for k, n in {**offered, "learning": steps}.items() if n}
    )
    held = Memory.select().where(Memory.queue == Queue.SUSPENDED).count()
    assert held == sum(waiting[side, "suspended"] for side in (True, False))


def test_scopes_hold_their_own_decks(owner: Learner, tmp_path: Path) -> None:
    samples.write(tmp_path, samples.plain(3, "a"), stem="r01-first", name="First")
    samples.write(tmp_path, samples.plain(4, "b"), stem="r02-second", name="Second")
    samples.write(tmp_path, samples.plain(5, "c"), "prerequisites", "Third", "p1-third")
    deck_actions.load(tmp_path)
    for text, count in (("all", 12), ("family-responsibilities", 7), ("deck-2", 4)):
        scope = sessions.scope(owner.id, text)
        assert sessions.session(owner, scope, "due", NOON).counts.new == count
    for text in ("deck-99", "deck-x", "family-none", "group-none", "family-own", ""):
        with pytest.raises(Missing):
            sessions.scope(owner.id, text)


def test_what_waits_beyond_the_limit_is_said_at_the_end(owner: Learner, tmp_path: Path) -> None:
    deck_actions.load(samples.write(tmp_path, samples.plain(8)))
    learner_actions.change_settings(owner, {"new_per_day": 0}, NOON)
    ending = sessions.ending(_again(owner), sessions.scope(owner.id, "all"), NOON)
    assert ending.waiting == Counts(new=8)


def _collection(
    folder: Path,
    cards: list[tuple[bool, str]],
    new: int,
    due: int,
    first: tuple[int | None, int | None],
) -> Learner:
    owner = new_installation()
    for side, stem in ((True, "r01-first"), (False, "r02-second")):
        count = sum(1 for other, _ in cards if other is side)
        samples.write(folder, samples.plain(count, stem), stem=stem, name=stem)
    deck_actions.load(folder)
    learner_actions.change_settings(owner, {"new_per_day": new, "reviews_per_day": due}, NOON)
    first_deck, second_deck = (deck.id for deck in decks.of_learner(owner.id))
    learner_actions.change_deck_options(
        owner, first_deck, {"new_per_day": first[0], "reviews_per_day": first[1]}
    )
    for deck, side in ((first_deck, True), (second_deck, False)):
        rows = Memory.select(Memory.card).where(Memory.deck == deck).order_by(Memory.card)
        ids = [row[0] for row in rows.tuples()]
        for card, kind in zip(ids, (k for other, k in cards if other is side), strict=True):
            _set(owner, card, kind)
    return study.begin_day(_again(owner), NOON)


def _set(owner: Learner, card: int, kind: str) -> None:
    today = owner.today(NOON)
    if kind == "new":
        return
    review = {
        "state": State.REVIEW,
        "queue": Queue.REVIEW,
        "stability": 20.0,
        "difficulty": 5.0,
        "interval": 20,
        "reps": 3,
        "last_day": today - 20,
        "last_at": NOON - timedelta(days=20),
        "turn": today,
    }
    row = {
        "due": {},
        "overdue": {"turn": today - 9},
        "future": {"turn": today + 3},
        "suspended": {"queue": Queue.SUSPENDED},
        "buried": {"queue": Queue.BURIED, "buried_on": today},
        "buried yesterday": {"queue": Queue.BURIED, "buried_on": today - 1},
        "learning": {},
    }[kind]
    if kind == "learning":
        review |= {"state": State.LEARNING, "queue": Queue.LEARNING, "due": NOON, "step": 1}
    Memory.update(**(review | row)).where(Memory.card == card).execute()


def _study_to_the_end(owner: Learner) -> tuple[Counts, list[tuple[str, int]]]:
    """Answer Good until the session ends: the first counts, and what was shown as what."""
    now: datetime = NOON
    scope = sessions.scope(owner.id, "all")
    found = sessions.session(owner, scope, "due", now)
    at_first, shown, seen = found.counts, [], set()
    while found.card is not None:
        assert len(shown) < 200
        if found.card.id not in seen:
            shown.append((sessions.current_kind(found.card), found.card.id))
            seen.add(found.card.id)
        study.answer_card(owner, found.card.id, found.card.version, Rating.GOOD, now, 3_000)
        now += timedelta(seconds=30)
        left = sessions.session(owner, scope, "due", now)
        assert (left.counts.new, left.counts.due) <= (found.counts.new, found.counts.due)
        found = left
    return at_first, shown


def _again(owner: Learner) -> Learner:
    found = learners.get(owner.id)
    assert found is not None
    return found


def _least(own: int | None, count: int) -> int:
    return count if own is None else min(own, count)
