"""A learner's own notes: drafts of missed items, once each, linked and undoable."""

from datetime import timedelta

import pytest

from quizapp.actions import decks as deck_actions
from quizapp.actions import notes, study
from quizapp.domain.cards import Response
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating
from quizapp.formats.faces import rendered_by
from quizapp.storage import cards, decks, items, links, sessions
from quizapp.storage.database import transaction
from quizapp.storage.models import Card, Deck, Journal, Link, Memory, Note
from tests import samples
from tests.cast import card_named, dump
from tests.conftest import NOON

ITEM = "t-m-launch"


def item(learner: Learner) -> int:
    return card_named(learner, ITEM).note


def drafted(learner: Learner) -> cards.StudyCard:
    found = cards.find(learner.id, notes.draft_card(learner, item(learner), NOON).card)
    assert found is not None
    return found


def test_a_draft_is_a_new_card_in_a_deck_of_ones_own(loaded: Learner) -> None:
    card = drafted(loaded)
    assert card.fields["front"] == "Complete the principle:\n\nRisk acceptance belongs to …"
    assert "Present the risk and the options to its owner" in card.face["answer"]
    assert (card.deck_name, card.topic) == ("My cards", "Continuity")
    assert (card.reference, card.domains) == ("ISO/IEC 27005:2022, 8.2", ("CISM22-2",))
    assert card.queue is Queue.NEW
    deck = Deck.get(Deck.id == card.deck)
    assert (deck.owner, deck.family, deck.key) == (loaded.id, "own", f"own/{loaded.id}/my-cards")
    key = Note.get(Note.id == card.note).key
    assert key.startswith(f"own/{loaded.id}/")


def test_a_draft_is_the_next_new_card(loaded: Learner) -> None:
    card = drafted(loaded)
    everything = sessions.scope(loaded.id, "all")
    found = sessions.session(loaded, everything, "due", NOON).card
    assert found is not None and found.id == card.id


def test_a_second_press_makes_no_second_card(loaded: Learner) -> None:
    first = notes.draft_card(loaded, item(loaded), NOON)
    again = notes.draft_card(loaded, item(loaded), NOON)
    assert (first.new, again.new, again.card) == (True, False, first.card)
    assert Journal.select().count() == Link.select().count() == 1


def test_the_next_miss_pulls_a_draft_forward_and_undo_puts_it_back(loaded: Learner) -> None:
    card = drafted(loaded)
    study.set_due(loaded, card.id, card.version, NOON, 60)
    before = dump(loaded)
    at = NOON + timedelta(hours=1)
    missed = card_named(loaded, ITEM)
    study.answer_card(
        loaded, missed.id, missed.version, Rating.AGAIN, at, 0, "due", Response(choice=0)
    )
    assert Memory.get(Memory.card == card.id).turn == loaded.today(NOON) + 1
    study.undo(loaded, at)
    assert dump(loaded) == before


def test_undo_takes_a_draft_away_and_another_press_brings_it_back(loaded: Learner) -> None:
    before = dump(loaded)
    card = drafted(loaded)
    assert study.undo(loaded, NOON).deed == "Make card"
    assert links.draft(loaded.id, item(loaded)) is None
    kept = [row for row in dump(loaded) if row[1] != card.id]
    assert kept == before
    assert Memory.get(Memory.card == card.id).queue == Queue.RETIRED
    again = notes.draft_card(loaded, item(loaded), NOON)
    assert (again.new, again.card) == (True, card.id)
    assert Memory.get(Memory.card == card.id).queue == Queue.NEW


def test_a_draft_can_be_reworded_and_that_be_undone(loaded: Learner) -> None:
    card = drafted(loaded)
    deck_actions.edit_note(
        loaded, card.id, card.version, {"front": "Who accepts a risk?", "back": "Its owner"}, NOON
    )
    assert drafted(loaded).fields["front"] == "Who accepts a risk?"
    study.undo(loaded, NOON)
    assert drafted(loaded).fields == card.fields


def test_a_learners_own_wording_of_the_item_is_what_is_drafted(loaded: Learner) -> None:
    card = card_named(loaded, ITEM)
    fields = dict(card.fields)
    fields["options"] = [dict(o, text=f"My {o['text']}") for o in fields["options"]]
    deck_actions.edit_note(loaded, card.id, card.version, fields, NOON)
    assert "My Present the risk" in drafted(loaded).face["answer"]


def test_two_learners_make_a_card_each_of_one_item(loaded: Learner, stranger: Learner) -> None:
    with transaction():
        decks.enrol(stranger.id, decks.shipped())
        decks.deal()
    one = notes.draft_card(loaded, item(loaded), NOON).card
    other = notes.draft_card(stranger, item(loaded), NOON).card
    assert one != other
    assert cards.find(stranger.id, one) is cards.find(loaded.id, other) is None


def test_only_items_of_ones_own_decks_are_drafted(loaded: Learner, stranger: Learner) -> None:
    with pytest.raises(Missing, match="no such question"):
        notes.draft_card(loaded, card_named(loaded, "t-n1").note, NOON)
    with pytest.raises(Missing):
        notes.draft_card(stranger, item(loaded), NOON)
    assert Deck.select().where(Deck.owner.is_null(False)).count() == 0


def test_a_heading_with_cards_teaches_its_items_and_another_does_not(loaded: Learner) -> None:
    card = card_named(loaded, ITEM)
    assert links.taught(loaded.id, card.note, card.deck, "Continuity")
    assert not links.taught(loaded.id, card.note, card.deck, "Elsewhere")
    drafted(loaded)
    assert links.taught(loaded.id, card.note, card.deck, "Elsewhere")


def test_notes_are_added_to_ones_own_deck_only(loaded: Learner, stranger: Learner) -> None:
    fields = {"front": "Front", "back": "Back"}
    with transaction():
        own = notes.my_cards(stranger)
    for deck in (decks.shipped()[0], own, 999):
        with pytest.raises(Missing, match="not your own"), transaction():
            notes.add_note(loaded, deck, "basic", fields)
    assert Card.select().join(Note).where(Note.key.startswith("own/")).count() == 0


@pytest.mark.parametrize(
    ("kind", "fields", "cards_made"),
    [
        ("basic", {"front": "A", "back": "B"}, 1),
        ("reversed", {"front": "A", "back": "B"}, 2),
        ("typed", {"front": "A", "back": "B", "also": ["C"]}, 1),
        ("cloze", {"text": "[One] and [two]"}, 2),
    ],
)
def test_a_note_of_each_kind_is_dealt(
    loaded: Learner, kind: str, fields: dict[str, object], cards_made: int
) -> None:
    with transaction():
        deck = notes.my_cards(loaded)
        note = notes.add_note(loaded, deck, kind, fields)
        notes.add_note(loaded, deck, kind, fields)
    assert len(cards.of_note(loaded.id, note)) == cards_made
    assert decks.totals(loaded.id, [deck]).cards == 2 * cards_made


def test_what_cannot_be_a_note_is_refused(loaded: Learner) -> None:
    with transaction():
        deck = notes.my_cards(loaded)
        notes.add_note(loaded, deck, "basic", {"front": "A", "back": "B"}, name="one")
    for kind, fields, sentence in (
        ("basic", {"front": "A", "back": " "}, "A side is empty"),
        ("cloze", {"text": "No gap"}, "needs a gap"),
        ("basic", {"front": "A" * 10_001, "back": "B"}, "longer than"),
    ):
        with pytest.raises(Refusal, match=sentence), transaction():
            notes.add_note(loaded, deck, kind, fields)
    with pytest.raises(Refusal, match="named “one” already"), transaction():
        notes.add_note(loaded, deck, "basic", {"front": "A", "back": "B"}, name="one")


def test_own_notes_stay_when_the_shipped_decks_are_loaded_again(
    loaded: Learner, deck_folder: object
) -> None:
    from pathlib import Path

    card = drafted(loaded)
    assert isinstance(deck_folder, Path)
    Note.update(digest="faces-0", faces=[]).where(Note.id == card.note).execute()
    samples.write(deck_folder, samples.EVERY_KIND)
    deck_actions.load(deck_folder)
    kept = cards.find(loaded.id, card.id)
    assert kept is not None and kept.face == card.face, "rendered anew"
    assert kept.queue is Queue.NEW
    assert Note.get(Note.id == card.note).digest == rendered_by()


def test_a_card_is_linked_by_hand_and_taken_off_again(loaded: Learner) -> None:
    other = card_named(loaded, "t-n1")
    study.set_due(loaded, other.id, other.version, NOON, 60)
    notes.link(loaded, item(loaded), other.note, NOON)
    notes.link(loaded, item(loaded), other.note, NOON)
    assert [found.card for found in links.of_item(loaded.id, item(loaded))] == [other.id]
    notes.unlink(loaded, item(loaded), other.note, NOON)
    assert links.of_item(loaded.id, item(loaded)) == []
    assert [study.undo(loaded, NOON).deed for _ in range(2)] == ["Unlink", "Link"]
    assert links.of_item(loaded.id, item(loaded)) == []
    with pytest.raises(Missing, match="no such card"):
        notes.link(loaded, item(loaded), 99_999, NOON)


def test_items_know_the_learners_version(loaded: Learner) -> None:
    card = card_named(loaded, ITEM)
    study.mark(loaded, card.id, NOON)
    found = items.find(loaded.id, [card.note])[card.note]
    assert (found.card, found.version) == (card.id, card.version)
