"""Answering, putting aside and undoing, on both databases."""

import threading
from datetime import timedelta

import pytest
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import study
from quizapp.domain.cards import Response
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating, State
from quizapp.storage import cards, decks, learners, reviews, sessions
from quizapp.storage.database import connection
from quizapp.storage.models import Journal, Memory, Review
from tests.cast import card_named, dump
from tests.conftest import NOON


def answer(learner: Learner, card: cards.StudyCard, rating: Rating = Rating.GOOD, at=NOON):  # type: ignore[no-untyped-def]
    return study.answer_card(learner, card.id, card.version, rating, at, 5_000)


def test_an_answer_is_stored_with_what_was_before_and_after(loaded: Learner) -> None:
    card = card_named(loaded, "t-responses")
    study.answer_card(loaded, card.id, card.version, Rating.EASY, NOON, 7_400)
    (given,) = reviews.of_card(loaded.id, card.id)
    after = card_named(loaded, "t-responses")
    assert (given.rating, given.seconds, given.at) == (Rating.EASY, 7.4, NOON)
    assert (given.state_before, given.state_after) == (State.NEW, State.REVIEW)
    assert given.stability == after.memory.stability
    assert given.due == after.memory.due
    assert given.answer is None
    assert given.study_day == loaded.today(NOON)


def test_time_on_a_card_is_capped_at_a_minute(loaded: Learner) -> None:
    card = card_named(loaded, "t-responses")
    study.answer_card(loaded, card.id, card.version, Rating.GOOD, NOON, 3_600_000)
    assert reviews.of_card(loaded.id, card.id)[0].seconds == 60


def test_the_same_form_twice_counts_once(loaded: Learner) -> None:
    card = card_named(loaded, "t-responses")
    answer(loaded, card)
    with pytest.raises(Stale, match="already answered"):
        answer(loaded, card)
    assert len(reviews.of_card(loaded.id, card.id)) == 1


def test_eight_answers_at_once_write_one_review(loaded: Learner, database: Database) -> None:
    card = card_named(loaded, "t-responses")
    outcome: list[str] = []
    start = threading.Barrier(8)

    def press() -> None:
        start.wait()
        with connection():
            try:
                answer(loaded, card)
                outcome.append("stored")
            except Stale:
                outcome.append("late")

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["late"] * 7 + ["stored"]
    assert Review.select().count() == 1
    assert Journal.select().count() == 1


def test_a_card_of_another_learner_is_not_there(loaded: Learner, stranger: Learner) -> None:
    card = card_named(loaded, "t-responses")
    with pytest.raises(Missing):
        study.answer_card(stranger, card.id, card.version, Rating.GOOD, NOON, 0)
    assert Review.select().count() == 0


def test_siblings_wait_until_tomorrow(loaded: Learner) -> None:
    answer(loaded, card_named(loaded, "t-residual", 0))
    assert card_named(loaded, "t-residual", 1).queue is Queue.BURIED
    tomorrow = NOON + timedelta(days=1)
    learner = learners.get(loaded.id)
    assert learner is not None
    study.begin_day(learner, tomorrow)
    assert card_named(loaded, "t-residual", 1).queue is Queue.NEW


def test_siblings_stay_where_burying_is_off(loaded: Learner) -> None:
    learners.change(loaded.id, bury_siblings=False)
    learner = learners.get(loaded.id)
    assert learner is not None
    answer(learner, card_named(learner, "t-residual", 0))
    assert card_named(learner, "t-residual", 1).queue is Queue.NEW


def test_undo_walks_back_through_the_day(loaded: Learner) -> None:
    states = [dump(loaded)]
    answer(loaded, card_named(loaded, "t-responses"))
    states.append(dump(loaded))
    answer(loaded, card_named(loaded, "t-residual"), Rating.AGAIN)
    states.append(dump(loaded))
    study.suspend(loaded, *_handle(loaded, "t-n1"), NOON, whole_note=False)
    states.append(dump(loaded))
    study.bury(loaded, *_handle(loaded, "t-ale"), NOON, whole_note=True)
    states.append(dump(loaded))
    study.flag(loaded, _handle(loaded, "t-n2")[0], NOON, 3)
    states.append(dump(loaded))
    study.mark(loaded, _handle(loaded, "t-ale")[0], NOON)
    states.append(dump(loaded))
    study.set_due(loaded, *_handle(loaded, "t-n3"), NOON, 5)
    states.append(dump(loaded))
    study.reset(loaded, *_handle(loaded, "t-responses"), NOON)
    deeds = []
    while states:
        deeds.append(study.undo(loaded, NOON).deed)
        assert dump(loaded) == states.pop()
    assert deeds == [
        "Reset card",
        "Set due date",
        "Mark",
        "Flag",
        "Bury note",
        "Suspend card",
        "Again",
        "Good",
    ]
    assert Review.select().count() == 0
    with pytest.raises(Missing, match="nothing left to undo"):
        study.undo(loaded, NOON)


def test_undo_of_yesterday_is_over(loaded: Learner) -> None:
    answer(loaded, card_named(loaded, "t-responses"))
    tomorrow = NOON + timedelta(days=1)
    with pytest.raises(Missing):
        study.undo(loaded, tomorrow)


def test_an_old_form_stays_old_after_undo(loaded: Learner) -> None:
    card = card_named(loaded, "t-responses")
    answer(loaded, card)
    study.undo(loaded, NOON)
    with pytest.raises(Stale):
        answer(loaded, card)


def test_undo_returns_what_was_chosen(loaded: Learner) -> None:
    card = card_named(loaded, "t-m-launch")
    response = Response(choice=2, confidence="sure")
    study.answer_card(loaded, card.id, card.version, Rating.AGAIN, NOON, 0, "due", response)
    taken_back = study.undo(loaded, NOON).answer
    assert taken_back is not None
    assert (taken_back["choice"], taken_back["right"], taken_back["confidence"]) == (
        2,
        False,
        "sure",
    )
    assert sorted(taken_back["order"]) == [0, 1, 2, 3]


def test_a_suspended_card_does_not_come_and_can_return(loaded: Learner) -> None:
    study.suspend(loaded, *_handle(loaded, "t-n1"), NOON, whole_note=False)
    card = card_named(loaded, "t-n1")
    assert card.queue is Queue.SUSPENDED
    with pytest.raises(Stale):
        answer(loaded, card)
    study.unsuspend(loaded, card.id, card.version, NOON)
    assert card_named(loaded, "t-n1").queue is Queue.NEW


def test_a_leech_is_tagged_and_told(loaded: Learner) -> None:
    learners.change(loaded.id, leech_threshold=2)
    learner = learners.get(loaded.id)
    assert learner is not None
    at, told = NOON, []
    answer(learner, card_named(learner, "t-n1"), Rating.EASY, at)
    for _ in range(2):
        at += timedelta(days=30)
        told.append(answer(learner, card_named(learner, "t-n1"), Rating.AGAIN, at).became_leech)
        answer(learner, card_named(learner, "t-n1"), Rating.EASY, at)
    assert told == [False, True]
    assert card_named(learner, "t-n1").leech


def test_a_flag_out_of_range_is_refused(loaded: Learner) -> None:
    with pytest.raises(Refusal, match="flags 1 to 7"):
        study.flag(loaded, _handle(loaded, "t-n1")[0], NOON, 8)


def test_memories_can_be_rebuilt_from_the_log(loaded: Learner) -> None:
    at = NOON
    for rating in (Rating.GOOD, Rating.GOOD, Rating.AGAIN, Rating.HARD, Rating.EASY):
        answer(loaded, card_named(loaded, "t-responses"), rating, at)
        at += timedelta(days=3)
    study.reset(loaded, *_handle(loaded, "t-n1"), NOON)
    answer(loaded, card_named(loaded, "t-n1"), Rating.HARD, at)
    wanted = dump(loaded)
    Memory.update(stability=1.0, difficulty=1.0).where(Memory.stability.is_null(False)).execute()
    assert study.rebuild(loaded) == 2
    assert dump(loaded) == wanted


def test_more_new_cards_are_for_today_only(loaded: Learner) -> None:
    study.allow_more_new(loaded, NOON, 10)
    learner = learners.get(loaded.id)
    assert learner is not None
    today = learner.today(NOON)
    assert learner.new_limit(today) == 30
    assert learner.new_limit(today + 1) == 20


def test_more_new_cards_can_be_undone(loaded: Learner) -> None:
    deck = card_named(loaded, "t-n1").deck
    decks.set_limits(loaded.id, deck, new_per_day=3)
    today = loaded.today(NOON)
    study.allow_more_new(loaded, NOON, 10)
    learner = learners.get(loaded.id)
    assert learner is not None
    study.allow_more_new(learner, NOON, 5, [deck])
    assert decks.limited(loaded.id, today) == [(deck, 18, None)]
    for deed, limit, own in (("5 more new cards", 30, 13), ("10 more new cards", 20, 3)):
        undone = study.undo(loaded, NOON)
        assert undone.deed == deed
        assert (undone.card, undone.deed) in {
            (None, "5 more new cards"),
            (None, "10 more new cards"),
        }
        learner = learners.get(loaded.id)
        assert learner is not None and learner.new_limit(today) == limit
        assert decks.limited(loaded.id, today) == [(deck, own, None)]


@pytest.mark.parametrize("deed", [study.flag, study.mark])
def test_undo_of_a_flag_or_mark_touches_nothing_else(loaded: Learner, deed: object) -> None:
    card = card_named(loaded, "t-n1")
    if deed is study.flag:
        study.flag(loaded, card.id, NOON, 4)
    else:
        study.mark(loaded, card.id, NOON)
    # Something that is no deed, such as a load of the decks, moves the card meanwhile.
    Memory.update(turn=77, shuffle=5).where(Memory.card == card.id).execute()
    study.undo(loaded, NOON)
    after = card_named(loaded, "t-n1")
    assert (after.flag, after.marked) == (0, False)
    assert (after.stored["turn"], after.stored["shuffle"]) == (77, 5)
    assert after.version == card.version, "forms drawn before stay good"


def test_what_is_slow_is_seen_once_a_day_from_the_latest_questions(loaded: Learner) -> None:
    card = card_named(loaded, "t-m-launch")
    at = NOON
    for n in range(25):
        card = card_named(loaded, "t-m-launch")
        response = Response(choice=1, thought=1_000 * (n + 1))
        study.answer_card(loaded, card.id, card.version, Rating.GOOD, at, 0, "due", response)
    assert loaded.slow_after is None
    tomorrow = study.begin_day(loaded, at + timedelta(days=1))
    assert tomorrow.slow_after == 23_000
    assert study.begin_day(tomorrow, at + timedelta(days=1, hours=1)) == tomorrow


def test_an_edit_is_laid_over_the_note_and_undone(loaded: Learner) -> None:
    card = card_named(loaded, "t-responses")
    fields = {"front": "What are the four?", "back": "**Avoid** and three more"}
    deck_actions.edit_note(loaded, card.id, card.version, fields, NOON)
    edited = card_named(loaded, "t-responses")
    assert edited.edited
    assert edited.face["answer"] == "<p><strong>Avoid</strong> and three more</p>"
    study.undo(loaded, NOON)
    assert card_named(loaded, "t-responses").fields == card.fields


def test_an_edit_must_keep_the_gaps(loaded: Learner) -> None:
    card = card_named(loaded, "t-residual")
    with pytest.raises(Refusal, match="2 gaps"):
        deck_actions.edit_note(loaded, card.id, card.version, {"text": "only [one]"}, NOON)
    assert not card_named(loaded, "t-residual").edited


def test_forgotten_today_comes_until_it_is_recalled(loaded: Learner) -> None:
    answer(loaded, card_named(loaded, "t-n1"), Rating.AGAIN)
    assert reviews.forgotten(loaded.id, loaded.today(NOON), None) == [card_named(loaded, "t-n1").id]
    card = card_named(loaded, "t-n1")
    study.answer_card(loaded, card.id, card.version, Rating.GOOD, NOON, 0, "forgotten")
    assert reviews.forgotten(loaded.id, loaded.today(NOON), None) == []


def test_review_ahead_shows_each_card_once(loaded: Learner) -> None:
    answer(loaded, card_named(loaded, "t-n1"), Rating.EASY)
    study.set_due(loaded, *_handle(loaded, "t-n1"), NOON, 3)
    at = NOON + timedelta(days=1)
    learner = learners.get(loaded.id)
    assert learner is not None
    everything = sessions.scope(learner.id, "all")
    ahead = sessions.session(learner, everything, "ahead", at)
    assert ahead.card is not None
    study.answer_card(learner, ahead.card.id, ahead.card.version, Rating.HARD, at, 0, "ahead")
    assert sessions.session(learner, everything, "ahead", at).card is None


def _handle(learner: Learner, key: str) -> tuple[int, int]:
    card = card_named(learner, key)
    return card.id, card.version
