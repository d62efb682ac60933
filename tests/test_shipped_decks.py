"""What ships: every responsibility, prerequisite and certification, with enough in each."""

import re
from collections import Counter

import pytest

from quizapp.actions import decks as deck_actions
from quizapp.formats.faces import faces
from quizapp.formats.parsed import ParsedDeck
from tests.running import ROOT

FEWEST_CARDS = 10
FEWEST_QUESTIONS = 3
TOPICS = [*(f"R{n}" for n in range(1, 16)), *(f"P{n}" for n in range(1, 7))]
CERTIFICATIONS = ["CISM", "CISA", "C-CISO", "CSMP"]
POSITION = re.compile(r"\b[Oo]ption [A-D]\b|\b(first|second|third|fourth|last) option\b")


@pytest.fixture(scope="module")
def shipped() -> list[ParsedDeck]:
    return deck_actions.read(ROOT / "decks")


def test_every_topic_and_certification_has_its_deck(shipped: list[ParsedDeck]) -> None:
    alone = [deck.topic for deck in shipped if not deck.parent]
    assert alone == TOPICS
    assert {deck.parent for deck in shipped if deck.parent} == set(CERTIFICATIONS)


def test_each_has_enough_cards_and_questions(shipped: list[ParsedDeck]) -> None:
    cards: Counter[str] = Counter()
    questions: Counter[str] = Counter()
    for deck in shipped:
        name = deck.parent or deck.topic
        for note in deck.notes:
            if note.pool == "study":
                (questions if note.kind == "choice" else cards)[name] += 1
    names = TOPICS + CERTIFICATIONS
    assert {name: cards[name] for name in names if cards[name] < FEWEST_CARDS} == {}
    assert {name: questions[name] for name in names if questions[name] < FEWEST_QUESTIONS} == {}


def test_every_item_has_id_reference_domain_and_heading(shipped: list[ParsedDeck]) -> None:
    wanted = {"C10", "C12", "C16"}
    assert [str(f) for f in deck_actions.lint([ROOT / "decks"]) if f.rule in wanted] == []
    assert [note.key for deck in shipped for note in deck.notes if not note.topic] == []


def test_every_option_has_a_reason_that_names_no_letter(shipped: list[ParsedDeck]) -> None:
    for deck in shipped:
        for note in deck.notes:
            for option in note.fields.get("options", ()):
                assert option["rationale"], note.key
                assert not POSITION.search(option["rationale"]), note.key


def test_every_card_has_two_sides(shipped: list[ParsedDeck]) -> None:
    for deck in shipped:
        for note in deck.notes:
            for face in faces(note.kind, note.fields, note.objective):
                assert face["question"], note.key
                assert face["answer"] or face.get("options"), note.key
