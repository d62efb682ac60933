"""Notes that an update set aside, taken back into study by the one who studies them."""

import pytest

from quizapp.actions import imports as import_actions
from quizapp.actions import study as study_actions
from quizapp.actions.imports import Choices
from quizapp.domain.errors import Missing
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating
from quizapp.formats.package import PackedNote
from quizapp.storage import cards, decks
from tests.actions.test_imports import bring, do, everything
from tests.cast import card_named, dump
from tests.conftest import NOON
from tests.packing import basic, package, studied

ASIDE = Choices(set_aside=True)


def listed(learner: Learner) -> list[int]:
    inside = [deck.id for deck in decks.of_learner(learner.id)]
    return [card.id for card in cards.listed(learner.id, inside, cards.SET_ASIDE)]


def named(learner: Learner, key: str, ord_: int = 0) -> cards.StudyCard:
    return card_named(learner, f"own/{learner.id}/{key}", ord_)


def native(key: str, text: str) -> PackedNote:
    return PackedNote(key, "cloze", {"text": text}, "D")


def test_what_an_update_lacks_is_listed_and_comes_back_as_it_was(owner: Learner) -> None:
    bring(owner, package(basic("a"), studied("b"), basic("c")))
    do(owner, "suspend", "c", 0, NOON)
    before = dump(owner)
    bring(owner, package(basic("a")), ASIDE)
    found = listed(owner)
    assert found == [named(owner, "b").id, named(owner, "c").id]
    assert study_actions.bring_back(owner, found, NOON) == 2
    assert dump(owner) == before
    assert listed(owner) == []


@pytest.mark.parametrize("together", [False, True])
def test_taking_back_is_undone(owner: Learner, together: bool) -> None:
    bring(owner, package(basic("a"), studied("b"), basic("c")))
    bring(owner, package(basic("a")), ASIDE)
    aside, found = dump(owner), listed(owner)
    study_actions.bring_back(owner, found if together else found[:1], NOON)
    undone = study_actions.undo(owner, NOON)
    assert undone.deed == ("Take 2 notes back" if together else "Take note back")
    assert (dump(owner), listed(owner)) == (aside, found)


def test_undo_leaves_a_note_alone_that_got_the_number_of_another(owner: Learner) -> None:
    bring(owner, package(basic("a")))
    batch, _ = bring(owner, package(basic("b"), basic("c")))
    aside, _ = bring(owner, package(basic("a")), ASIDE)
    study_actions.bring_back(owner, listed(owner), NOON)
    import_actions.undo(owner, aside)
    import_actions.undo(owner, batch)
    bring(owner, package(basic("d"), basic("e")))
    study_actions.undo(owner, NOON)
    assert named(owner, "d").queue is Queue.NEW


def test_what_was_learned_since_it_came_back_survives_another_update(owner: Learner) -> None:
    bring(owner, package(basic("a"), basic("b")))
    bring(owner, package(basic("a")), ASIDE)
    study_actions.bring_back(owner, listed(owner), NOON)
    do(owner, "good", "b", 0, NOON)
    bring(owner, package(basic("a")), ASIDE)
    assert listed(owner) == [named(owner, "b").id]
    assert named(owner, "b").memory.reps == 1


def test_an_import_that_set_aside_what_came_back_is_undone(owner: Learner) -> None:
    bring(owner, package(basic("a"), basic("b")))
    before = everything()
    batch, _ = bring(owner, package(basic("a")), ASIDE)
    study_actions.bring_back(owner, listed(owner), NOON)
    import_actions.undo(owner, batch)
    assert everything()["memory"] == before["memory"]


def test_what_was_taken_back_and_given_up_again_is_in_study_once_the_import_is_undone(
    owner: Learner,
) -> None:
    bring(owner, package(basic("a"), studied("b")))
    batch, _ = bring(owner, package(basic("a")), ASIDE)
    study_actions.bring_back(owner, listed(owner), NOON)
    card = named(owner, "b")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    study_actions.undo(owner, NOON)
    study_actions.undo(owner, NOON)
    assert named(owner, "b").queue is Queue.RETIRED
    import_actions.undo(owner, batch)
    assert named(owner, "b").queue is Queue.REVIEW


def test_a_gap_that_was_lost_before_does_not_come_back(owner: Learner) -> None:
    bring(owner, package(native("a", "[One]"), native("b", "[One] and [two]")))
    bring(owner, package(native("a", "[One]"), native("b", "[One] and two")))
    bring(owner, package(native("a", "[One]")), ASIDE)
    assert listed(owner) == [named(owner, "b").id]
    study_actions.bring_back(owner, listed(owner), NOON)
    assert named(owner, "b").queue is Queue.NEW
    assert named(owner, "b", 1).queue is Queue.RETIRED


def test_what_is_in_study_or_somebody_elses_is_not_taken_back(
    owner: Learner, stranger: Learner
) -> None:
    bring(owner, package(basic("a"), basic("b")))
    bring(owner, package(basic("a")), ASIDE)
    with pytest.raises(Missing):
        study_actions.bring_back(owner, [named(owner, "a").id], NOON)
    with pytest.raises(Missing):
        study_actions.bring_back(stranger, listed(owner), NOON)
