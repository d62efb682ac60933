"""A study session as it stands: what comes next, what is left, and why it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from quizapp.domain.errors import Missing
from quizapp.domain.learners import Learner
from quizapp.domain.queue import (
    LEARN_AHEAD_MINUTES,
    Candidate,
    Counts,
    Limits,
    Queue,
    allotted,
    interleaved,
    new_is_next,
)
from quizapp.storage import cards, decks, goals, imports, picks, reviews
from quizapp.storage.cards import StudyCard
from quizapp.storage.decks import DeckRow
from quizapp.storage.picks import PickRow
from quizapp.storage.reviews import Day

FAMILIES = {
    "responsibilities": "Responsibilities",
    "prerequisites": "Prerequisites",
    "certifications": "Certifications",
    "own": "Your decks",
}
AHEAD_DAYS = 7


@dataclass(frozen=True)
class Scope:
    """Some of a learner's decks, or single cards.

    ``ids`` is None where it is all decks; ``pick`` holds the cards put together for
    one session.
    """

    text: str
    title: str
    ids: tuple[int, ...] | None = None
    decks: tuple[DeckRow, ...] = ()
    pick: PickRow | None = None


@dataclass(frozen=True)
class Session:
    """What a learner sees next; without a card the session is over."""

    scope: Scope
    mode: str
    card: StudyCard | None
    counts: Counts
    done: int


@dataclass(frozen=True)
class Ending:
    """Why nothing comes now, and what could."""

    day: Day
    waiting: Counts
    buried: int
    suspended: int
    next_learning: datetime | None
    next_day: tuple[int, int] | None
    ahead: bool
    forgotten: int
    deck_limit: bool


def group_key(parent: str) -> str:
    """How a group of decks, such as an exam's domains, is named in an address."""
    return "".join(c for c in parent.lower() if c.isalnum())


def scope(learner: int, text: str) -> Scope:
    """What an address names: all, family-…, group-…, deck-…, import-… or pick-….

    An import stands for the decks that it brought cards into.

    Raises Missing where the learner has no such decks.
    """
    if text == "all":
        return Scope(text, "All decks")
    kind, _, name = text.partition("-")
    if kind == "pick":
        pick = picks.find(learner, int(name)) if name.isdecimal() and len(name) < 10 else None
        if pick is None:
            raise Missing("This session is over and was put away. Choose a deck from the list.")
        return Scope(text, pick.title, pick=pick)
    having = decks.of_learner(learner)
    if kind == "family" and name in FAMILIES:
        found, title = [d for d in having if d.family == name], FAMILIES[name]
    elif kind == "import":
        title, ids = _of_import(learner, name)
        found = [d for d in having if d.id in ids]
    elif kind == "group":
        found = [d for d in having if d.parent and group_key(d.parent) == name]
        title = found[0].parent if found else ""
    else:
        found = [d for d in having if kind == "deck" and str(d.id) == name]
        title = found[0].name.replace("::", " › ") if found else ""
        if found and found[0].family == "own":
            found += [d for d in having if d.name.startswith(f"{found[0].name}::")]
    if not found:
        raise Missing("There is no such deck. Choose one from the list of decks.")
    return Scope(text, title, tuple(d.id for d in found), tuple(found))


def _of_import(learner: int, number: str) -> tuple[str, list[int]]:
    known = number.isdecimal() and len(number) < 10
    found = imports.title_and_decks(learner, int(number)) if known else None
    return found or ("", [])


def session(
    learner: Learner, within: Scope, mode: str, now: datetime, last: Candidate | None = None
) -> Session:
    """The card that comes next in a scope, with the counts of what is left.

    ``last`` is the card just answered; without it the log is asked.
    """
    today = learner.today(now)
    if within.pick is not None:
        left, done = _of_pick(learner, within.pick)
        card = cards.find(learner.id, left[0].card) if left else None
        return Session(within, "picked", card, Counts(due=len(left)), done)
    if mode != "due":
        picked = _extra(learner, within, mode, today)
        card = cards.find(learner.id, picked[0].card) if picked else None
        done = reviews.mode_count(learner.id, today, mode)
        return Session(within, mode, card, Counts(due=len(picked)), done)
    day = reviews.day(learner.id, today)
    if within.text == "all" and goals.has_plan(learner.id, today):
        return _planned(learner, within, now, day, last)
    overall = _left(learner.new_limit(today), learner.reviews_per_day, day.done)
    limits = _deck_limits(learner.id, today)
    counts = _counts(learner, within, now, overall, limits)
    next_card = _next(
        learner,
        within,
        now,
        counts,
        last,
        lambda: _queued(learner, within, now, day, counts, limits),
    )
    done = day.answers
    if within.ids is not None:
        done = reviews.day(learner.id, today, within.ids).answers
    return Session(within, mode, next_card, counts, done)


def ending(learner: Learner, within: Scope, now: datetime) -> Ending:
    """What was done today, what is left and why, and what can be done about it."""
    today = learner.today(now)
    day_end = learner.calendar.start(today + 1)
    everything = cards.count(learner.id, within.ids, today, day_end)
    buried, suspended = cards.held_back(learner.id, within.ids)
    limits = _deck_limits(learner.id, today)
    done = reviews.day(learner.id, today).done
    inside = [limit for deck, limit in limits.items() if within.ids is None or deck in within.ids]
    return Ending(
        day=reviews.day(learner.id, today, within.ids),
        waiting=everything,
        buried=buried,
        suspended=suspended,
        next_learning=cards.next_learning(learner.id, within.ids),
        next_day=cards.next_day(learner.id, within.ids, today),
        ahead=bool(cards.ahead(learner.id, within.ids, today, AHEAD_DAYS)),
        forgotten=len(reviews.forgotten(learner.id, today, within.ids)),
        deck_limit=done.new < learner.new_limit(today) and any(x.new == 0 for x in inside),
    )


def overview(learner: Learner, now: datetime) -> tuple[list[DeckRow], dict[int, Counts], Limits]:
    """All decks with what each offers today, and what the learner's own limits leave."""
    today = learner.today(now)
    having = decks.of_learner(learner.id)
    waiting = cards.counts_by_deck(learner.id, today, learner.calendar.start(today + 1))
    day = reviews.day(learner.id, today)
    overall = _left(learner.new_limit(today), learner.reviews_per_day, day.done)
    limits = _deck_limits(learner.id, today)
    return (
        having,
        {d.id: limits.get(d.id, Limits()).cap(waiting.get(d.id, Counts())) for d in having},
        overall,
    )


def _counts(
    learner: Learner,
    within: Scope,
    now: datetime,
    overall: Limits,
    limits: dict[int, Limits],
) -> Counts:
    today = learner.today(now)
    day_end = learner.calendar.start(today + 1)
    if not limits:
        at_most = (overall.new or 0, overall.due or 0)
        return cards.count(learner.id, within.ids, today, day_end, at_most)
    waiting = cards.counts_by_deck(learner.id, today, day_end)
    inside = {d: c for d, c in waiting.items() if within.ids is None or d in within.ids}
    return allotted(inside, limits, overall)


def _planned(
    learner: Learner, within: Scope, now: datetime, day: Day, last: Candidate | None
) -> Session:
    """The next card of today's list; steps that are due come first, as always."""
    today = learner.today(now)
    left = goals.planned_left(learner.id, today)
    day_end = learner.calendar.start(today + 1)
    learning = cards.count(learner.id, None, today, day_end, (0, 0)).learning
    counts = Counts(left.new, learning, left.due)
    card = _next(learner, within, now, counts, last, lambda: goals.planned_next(learner.id, today))
    return Session(within, "due", card, counts, day.answers)


def _queued(
    learner: Learner,
    within: Scope,
    now: datetime,
    day: Day,
    counts: Counts,
    limits: dict[int, Limits],
) -> list[Candidate]:
    """The new cards or the reviews, whichever is their turn."""
    if new_is_next(day.done, counts):
        closed = [deck for deck, limit in limits.items() if limit.new == 0]
        return cards.new_cards(learner.id, within.ids, closed)
    closed = [deck for deck, limit in limits.items() if limit.due == 0]
    return cards.due_reviews(learner.id, within.ids, learner.today(now), closed)


def _next(
    learner: Learner,
    within: Scope,
    now: datetime,
    counts: Counts,
    last: Candidate | None,
    waiting: Callable[[], list[Candidate]],
) -> StudyCard | None:
    """Steps that are due, then what is waiting, then steps that are due soon."""
    ids = within.ids
    steps = cards.learning(learner.id, ids, now) if counts.learning else []
    if not steps and (counts.new or counts.due):
        chosen = interleaved(waiting(), last or _last(learner.id, learner.today(now)))
        return cards.find(learner.id, chosen.card) if chosen else None
    if not steps and counts.learning:
        soon = now + timedelta(minutes=LEARN_AHEAD_MINUTES)
        steps = cards.learning(learner.id, ids, soon)
    return cards.find(learner.id, steps[0].card) if steps else None


def _last(learner: int, today: int) -> Candidate | None:
    answered = reviews.last_card(learner, today)
    found = [] if answered is None else cards.chosen(learner, [answered])
    return found[0] if found else None


def _of_pick(learner: Learner, pick: PickRow) -> tuple[list[Candidate], int]:
    """The cards of a pick that were not answered since it was made, and how many were."""
    done = reviews.answered_since(learner.id, pick.cards, pick.at)
    left = cards.studied(learner.id, [card for card in pick.cards if card not in done])
    return left, len(done)


def _extra(learner: Learner, within: Scope, mode: str, today: int) -> list[Candidate]:
    if mode == "ahead":
        return cards.ahead(learner.id, within.ids, today, AHEAD_DAYS)
    return cards.chosen(learner.id, reviews.forgotten(learner.id, today, within.ids))


def _left(new: int, due: int, done: Counts) -> Limits:
    return Limits(max(0, new - done.new), max(0, due - done.due))


def _deck_limits(learner: int, today: int) -> dict[int, Limits]:
    """What the decks' own limits leave today, for those that have any."""
    limited = decks.limited(learner, today)
    if not limited:
        return {}
    done = reviews.done_by_deck(learner, today)
    return {
        deck: Limits(
            None if new is None else max(0, new - done.get(deck, Counts()).new),
            None if due is None else max(0, due - done.get(deck, Counts()).due),
        )
        for deck, new, due in limited
    }


def current_kind(card: StudyCard) -> str:
    """Which of the three counts a card belongs to."""
    return {Queue.NEW: "new", Queue.REVIEW: "due"}.get(card.queue, "learning")
