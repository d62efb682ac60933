"""Answering cards, putting them aside, and taking it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from quizapp.domain.cards import LATEST, Response, judged, slow_after
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.links import linked, text
from quizapp.domain.misses import after_right, missed
from quizapp.domain.queue import Candidate, Queue, queue_of
from quizapp.domain.scheduling import MODEL, Memory, Rating, State, is_leech, replay, review
from quizapp.storage import (
    cards,
    decks,
    edits,
    exams,
    journal,
    learners,
    links,
    misses,
    reviews,
)
from quizapp.storage.cards import StudyCard
from quizapp.storage.database import transaction

MODES = ("due", "ahead", "forgotten", "picked")
MAX_MILLISECONDS = 60_000
MOST_EXTRA_NEW = 500

_RESET = "Reset card"
_GONE = "This card does not exist. It may have been removed from its deck."
_ANSWERED = "This card was already answered, so nothing was counted twice. Here is the next one."
_CHANGED = "This card was changed in another window, so your answer was not counted. Go on here."


@dataclass(frozen=True)
class Answered:
    """What an answer did."""

    card: Candidate
    memory: Memory
    became_leech: bool


@dataclass(frozen=True)
class Undone:
    """What was taken back, and what had been chosen."""

    card: int | None
    deed: str
    answer: Mapping[str, Any] | None

    @property
    def was_answer(self) -> bool:
        """Whether it was a grade, so that its card is shown with the answer open."""
        return self.deed in {rating.name.capitalize() for rating in Rating}


def begin_day(learner: Learner, now: datetime) -> Learner:
    """Return yesterday's buried cards, close yesterday's journal, and see what is slow; once
    a day, so that no answer pays for it."""
    today = learner.today(now)
    if learner.day_begun == today:
        return learner
    with transaction():
        cards.unbury(learner.id, today)
        journal.forget_before(learner.id, today)
        slow = slow_after(reviews.thought(learner.id, LATEST))
        learners.change(learner.id, day_begun=today, slow_after=slow)
    found = learners.get(learner.id)
    assert found is not None
    return found


def answer_card(
    learner: Learner,
    card_id: int,
    version: int,
    rating: Rating,
    now: datetime,
    milliseconds: int,
    mode: str = "due",
    response: Response | None = None,
) -> Answered:
    """Store one answer: the review, the new memory and the way back, or none of them.

    ``response`` is what was chosen or typed; it is kept with the review.

    Raises Missing, or Stale where the card was answered or changed since the form
    was drawn.
    """
    with transaction():
        card = _card(learner, card_id)
        if card.version != version or card.queue not in (
            Queue.NEW,
            Queue.LEARNING,
            Queue.REVIEW,
        ):
            was_answered = reviews.exists(learner.id, card_id, version)
            raise Stale(_ANSWERED if was_answered else _CHANGED)
        today = learner.today(now)
        memory = review(card.memory, rating, now, learner.options(card.retention), card.id)
        leech = memory.lapses > card.memory.lapses and is_leech(
            memory.lapses, learner.leech_threshold
        )
        buried = (
            cards.siblings(learner.id, card.note, card.id, today)
            if learner.bury_siblings and card.sides > 1
            else []
        )
        before: list[Mapping[str, Any]] = [card.stored, *cards.snapshot(learner.id, buried)]
        if not cards.save_review(
            learner.id, card.id, version, memory, queue_of(memory.state), card.leech or leech
        ):
            raise Stale(_ANSWERED)
        given = judged(card.kind, card.face, f"{card.id}:{card.version}", response)
        first = False
        if given is not None and card.kind == "choice":
            # The item as it is now: later edits never change what was answered.
            given = given | {"snapshot": exams.snapshots([(card.face, card.reference)])[0]}
            first = card.memory.reps == 0 and not reviews.ever_answered(learner.id, card.id)
            before += _follow_up(learner, card, given, today)
        reviews.record(
            learner.id,
            card.id,
            version,
            rating,
            now,
            card.memory,
            memory,
            min(max(0, milliseconds), MAX_MILLISECONDS),
            mode,
            given,
            first,
        )
        if buried:
            cards.change(
                learner.id, buried, queue=Queue.BURIED, buried_on=today, buried_by_sibling=True
            )
        journal.record(learner.id, card.id, version, now, today, rating.name.capitalize(), before)
        return Answered(card.candidate, memory, leech)


def _follow_up(
    learner: Learner, card: StudyCard, given: Mapping[str, Any], today: int
) -> list[Mapping[str, Any]]:
    """Make a miss work: on the list until right on three days, and its cards come sooner.

    Returns what undo needs to take that back.
    """
    known = misses.find(learner.id, card.note)
    note = {"miss": card.note, "was": known}
    if not missed(given["right"], given.get("confidence", "")):
        if known is None or known["closed"]:
            return []
        days, closed = after_right(known["right_days"], today)
        misses.right_on(learner.id, card.note, days, closed)
        return [note]
    misses.open_miss(
        learner.id,
        card.note,
        today,
        sure=not given["right"] and given.get("confidence") == "sure",
        guessed=given.get("confidence") == "guess",
        cause=given.get("cause", ""),
    )
    item = text(*cards.texts([card.note])[card.note])
    pool = [text(*entry) for entry in cards.study_texts(learner.id, card.deck)]
    sooner = links.cards(learner.id, [card.note]).get(card.note, []) + linked(item, pool)
    later = cards.later_than(learner.id, [c for c in sooner if c != card.id], today + 1)
    moved = cards.snapshot(learner.id, later)
    for row in moved:
        # A new card that stands before the whole curriculum stays there.
        turn = today + 1 if row["queue"] == Queue.REVIEW else min(0, row["turn"])
        cards.adjust(learner.id, [row["card"]], turn=turn)
    return [note, *({"card": row["card"], "turn": row["turn"]} for row in moved)]


def undo(learner: Learner, now: datetime, seen: int | None = None) -> Undone:
    """Take back the latest deed of today.

    ``seen`` is the deed that was the latest when the form was drawn. Raises Missing
    where nothing is left to undo, Stale where another deed is the latest by now.
    """
    with transaction():
        deed = journal.latest(learner.id, learner.today(now))
        if deed is None:
            raise Missing("There is nothing left to undo today.")
        if seen is not None and deed.id < seen:
            raise Stale("That was undone already. Press undo again to go one step further back.")
        if seen is not None and deed.id > seen:
            raise Stale("Your last answer has just come in. Press undo again to take it back.")
        if not journal.mark_undone(deed.id, now):
            raise Missing("There is nothing left to undo today.")
        for row in deed.before:
            _put_back(learner, deed.card, row, now)
        undone = Undone(deed.card, deed.deed, None)
        if deed.card is not None and (undone.was_answer or deed.deed == _RESET):
            answer = reviews.remove(learner.id, deed.card, deed.version)
            undone = replace(undone, answer=answer)
        return undone


def _put_back(learner: Learner, card: int | None, row: Mapping[str, Any], now: datetime) -> None:
    """Undo one row of a deed: only what the deed changed goes back."""
    if "miss" in row:
        misses.restore(learner.id, row["miss"], row["was"])
    elif "linked" in row:
        if row["was"] is None:
            links.remove(learner.id, row["item"], row["linked"])
        else:
            links.add(learner.id, row["item"], row["linked"], row["was"])
    elif "made" in row:
        decks.retire_notes([row["made"]])
    elif "set_aside" in row:
        # By their keys: another import may have given the numbers to other notes.
        decks.retire_notes([note.id for note in decks.notes_by_key(row["set_aside"]).values()])
    elif "allowed" in row:
        learners.change(learner.id, extra_new_day=row["allowed"][0], extra_new=row["allowed"][1])
        decks.put_back_allowances(learner.id, row["decks"])
    elif "note_edit" in row:
        _restore_edit(learner, card or row["card"], row["note_edit"], now)
    elif "queue" in row:
        cards.restore(learner.id, [row])
    else:
        cards.adjust(
            learner.id, [row["card"]], **{name: row[name] for name in row if name != "card"}
        )


def suspend(learner: Learner, card_id: int, version: int, now: datetime, whole_note: bool) -> None:
    """Keep a card, or all cards of its note, out of study until further notice."""
    _put_aside(
        learner,
        card_id,
        version,
        now,
        whole_note,
        "Suspend note" if whole_note else "Suspend card",
        queue=Queue.SUSPENDED,
    )


def unsuspend(learner: Learner, card_id: int, version: int, now: datetime) -> None:
    """Take a suspended card back into study."""
    with transaction():
        card = _fresh(learner, card_id, version)
        _note_down(learner, card, [card.id], now, "Unsuspend card")
        cards.change(learner.id, [card.id], queue=queue_of(card.memory.state), buried_on=None)


def bring_back(learner: Learner, card_ids: Sequence[int], now: datetime) -> int:
    """Take the notes of cards that an import set aside back into study; return how many.

    What was suspended is so again. Raises Missing where none of them is set aside.
    """
    with transaction():
        notes = cards.notes_set_aside(learner.id, card_ids)
        if not notes:
            raise Missing("This is not set aside any more. Look for it in its deck.")
        one = len(notes) == 1
        journal.record(
            learner.id,
            card_ids[0] if one else None,
            0,
            now,
            learner.today(now),
            "Take note back" if one else f"Take {len(notes)} notes back",
            [{"set_aside": list(notes.values())}],
        )
        decks.bring_back(list(notes))
        return len(notes)


def bury(learner: Learner, card_id: int, version: int, now: datetime, whole_note: bool) -> None:
    """Put a card, or all cards of its note, off until tomorrow."""
    _put_aside(
        learner,
        card_id,
        version,
        now,
        whole_note,
        "Bury note" if whole_note else "Bury card",
        queue=Queue.BURIED,
        buried_on=learner.today(now),
        buried_by_sibling=False,
    )


def flag(learner: Learner, card_id: int, now: datetime, colour: int) -> None:
    """Give a card one of seven flags; 0, or the flag it has, takes it away."""
    if not 0 <= colour <= 7:
        raise Refusal("There are flags 1 to 7, and 0 for none. Choose one of those.")
    with transaction():
        card = _card(learner, card_id)
        _note_down(learner, card, [card.id], now, "Flag", ("flag",))
        cards.adjust(learner.id, [card.id], flag=0 if card.flag == colour else colour)


def mark(learner: Learner, card_id: int, now: datetime) -> None:
    """Mark a card's note, or take the mark away."""
    with transaction():
        card = _card(learner, card_id)
        together = cards.of_note(learner.id, card.note)
        _note_down(learner, card, together, now, "Unmark" if card.marked else "Mark", ("marked",))
        cards.adjust(learner.id, together, marked=not card.marked)


def set_due(learner: Learner, card_id: int, version: int, now: datetime, days: int) -> None:
    """Make a card a review that is due in some days, whatever it was before."""
    if not 0 <= days <= learner.maximum_interval:
        raise Refusal(
            f"A card can be due in 0 to {learner.maximum_interval} days. Give a number in between."
        )
    due_day = learner.today(now) + days
    with transaction():
        card = _fresh(learner, card_id, version)
        _note_down(learner, card, [card.id], now, "Set due date")
        cards.change(
            learner.id,
            [card.id],
            queue=Queue.REVIEW,
            state=State.REVIEW,
            step=0,
            turn=due_day,
            due=learner.calendar.start(due_day),
            interval=max(1, days),
            buried_on=None,
        )


def reset(learner: Learner, card_id: int, version: int, now: datetime) -> None:
    """Make a card new again; its answers stay in the log."""
    with transaction():
        card = _fresh(learner, card_id, version)
        _note_down(learner, card, [card.id], now, _RESET)
        reviews.record_reset(learner.id, card.id, version, now, learner.today(now), card.memory)
        cards.start_again(learner.id, card.id)


def allow_more_new(
    learner: Learner, now: datetime, count: int, within: Sequence[int] | None = None
) -> None:
    """Raise today's limit for new cards, and that of the decks that have one of their own.

    Undo takes it back. Raises Refusal for a count that is none.
    """
    today = learner.today(now)
    already = learner.extra_new if learner.extra_new_day == today else 0
    if not 1 <= count <= MOST_EXTRA_NEW - already:
        raise Refusal(f"At most {MOST_EXTRA_NEW} more new cards can be added to one day.")
    with transaction():
        before = {
            "allowed": [learner.extra_new_day, learner.extra_new],
            "decks": decks.allowances(learner.id, within),
        }
        deed = f"{count} more new card{'s' if count != 1 else ''}"
        journal.record(learner.id, None, 0, now, today, deed, [before])
        learners.change(learner.id, extra_new_day=today, extra_new=already + count)
        decks.allow_more(learner.id, within, today, count)


def rebuild(learner: Learner) -> int:
    """Work out every stability and difficulty anew from the log; return how many changed."""
    changed = 0
    with transaction():
        stored = cards.stabilities(learner.id)
        for card_id, history in reviews.histories(learner.id).items():
            pair = replay(history, learner.weights)
            if pair is not None and stored.get(card_id) != pair:
                cards.change(
                    learner.id, [card_id], stability=pair[0], difficulty=pair[1], model=MODEL
                )
                changed += 1
    return changed


def _put_aside(
    learner: Learner,
    card_id: int,
    version: int,
    now: datetime,
    whole_note: bool,
    deed: str,
    **columns: Any,
) -> None:
    with transaction():
        card = _fresh(learner, card_id, version)
        aside = cards.of_note(learner.id, card.note) if whole_note else [card.id]
        _note_down(learner, card, aside, now, deed)
        cards.change(learner.id, aside, **columns)


def _note_down(
    learner: Learner,
    card: StudyCard,
    touched: Sequence[int],
    now: datetime,
    deed: str,
    columns: Sequence[str] = (),
) -> None:
    """Note a deed down with the memories it touches; only the named columns, where it
    changes nothing else."""
    before = cards.snapshot(learner.id, touched)
    if columns:
        before = [{name: row[name] for name in ("card", *columns)} for row in before]
    journal.record(
        learner.id,
        card.id,
        card.version,
        now,
        learner.today(now),
        deed,
        before,
    )


def _restore_edit(
    learner: Learner, card_id: int, wording: Sequence[Any] | None, now: datetime
) -> None:
    # The card may have been retired since; its wording goes back all the same.
    note = cards.note_of(card_id)
    if note is None:
        return
    if wording is None:
        edits.remove(learner.id, note)
    else:
        edits.save(learner.id, note, wording[0], wording[1], now, *wording[2:])


def _fresh(learner: Learner, card_id: int, version: int) -> StudyCard:
    card = _card(learner, card_id)
    if card.version != version:
        raise Stale("This card changed in the meantime, so nothing was done. Try again.")
    return card


def _card(learner: Learner, card_id: int) -> StudyCard:
    card = cards.find(learner.id, card_id)
    if card is None or card.queue is Queue.RETIRED:
        raise Missing(_GONE)
    return card
