"""A miss becomes work over HTTP: drafts in study and after an exam, links, lists, what is slow."""

import re
from pathlib import Path

import pytest
from flask import Flask

from quizapp.actions import decks as deck_actions
from quizapp.storage import learners
from quizapp.storage.models import Card, Journal, Learner, Link, Memory, Miss, Note, Review
from tests import samples
from tests.conftest import Clock, Visitor
from tests.views.test_exams import begin, key
from tests.views.test_readiness import answer, card, text

ITEM = "D1-study-0"


@pytest.fixture
def candidate(app: Flask, visitor: Visitor, deck_folder: Path) -> Visitor:
    deck_actions.load(samples.exam(deck_folder))
    return visitor


def note(name: str = ITEM) -> int:
    return int(Note.get(Note.key == name).id)


def own() -> list[str]:
    return [row.key for row in Note.select().where(Note.key.startswith("own/") & ~Note.retired)]


def open_item(visitor: Visitor, choice: int, **more: object) -> str:
    """The question with its answer open, as a browser without script asks for it."""
    query = "&".join(f"{k}={v}" for k, v in {"choice": choice, **more}.items())
    return text(visitor, f"/study/all?card={card(ITEM)}&show=1&{query}")


def best(name: str = ITEM) -> int:
    options = Note.get(Note.key == name).fields["options"]
    return next(i for i, option in enumerate(options) if option["correct"])


@pytest.mark.parametrize("fragment", [True, False])
def test_a_card_is_made_of_the_question_which_stays_open(
    candidate: Visitor, fragment: bool
) -> None:
    fields = {"card": card(ITEM), "choice": 2, "confidence": "sure", "thought": 900}
    said = candidate.post("/study/all/drafts", fragment, **fields).get_data(as_text=True)
    made = Card.get(Card.note == Link.get().note).id
    back = re.search(rf'href="(/cards/{made}/edit\?[^"]*)"', said)
    assert back is not None
    for part in ("show=1", "choice=2", "confidence=sure", f"at={card(ITEM)}"):
        assert part in back[1]
    assert ("<!doctype html>" in said) is not fragment
    if fragment:
        assert said.startswith('<div id="study-draft"')
        assert f'id="study-deed" name="deed" value="{Journal.get().id}"' in said
    else:
        assert "data-revealed" in said
        assert 'name="choice" value="2" data-keys' in said
    again = candidate.post("/study/all/drafts", fragment, **fields).get_data(as_text=True)
    assert len(own()) == 1
    assert "You made a card of this question." in again


def test_saving_the_draft_returns_to_the_question_as_it_stood(candidate: Visitor) -> None:
    candidate.post("/study/all/drafts", True, card=card(ITEM))
    made = Card.get(Card.note == Link.get().note).id
    kept = {"show": "1", "choice": "2", "at": card(ITEM), "scope": "all"}
    response = candidate.post(
        f"/cards/{made}/wordings", version=0, front="Why?", back="Because.", **kept
    )
    assert response.status_code == 303
    assert f"card={card(ITEM)}&" in response.headers["Location"]
    page = text(candidate, response.headers["Location"])
    assert "data-revealed" in page and "You made a card of this question." in page


def test_undo_from_the_open_question_takes_the_draft_away_and_keeps_it_open(
    candidate: Visitor,
) -> None:
    candidate.post("/study/all/drafts", True, card=card(ITEM))
    said = candidate.post(
        "/study/all/undos", True, card=card(ITEM), shown_answer=1, choice=2, thought=5
    ).get_data(as_text=True)
    assert "Undone: Make card on this card." in said
    assert "data-revealed" in said and "Make a card of this" in said
    assert re.search(r'name="choice" value="2"[^>]* checked', said)
    assert own() == []


def test_a_question_without_cards_under_its_heading_says_so(candidate: Visitor) -> None:
    assert "No card stands under" not in open_item(candidate, 2)
    Note.update(topic="Alone").where(Note.key == ITEM).execute()
    assert "No card stands under “Alone” yet." in open_item(candidate, 2)


@pytest.mark.parametrize(
    ("fields", "status"), [({"card": 99_999}, 404), ({"card": "x"}, 400), ({}, 400)]
)
def test_a_draft_of_nothing_is_refused(
    candidate: Visitor, fields: dict[str, object], status: int
) -> None:
    assert candidate.post("/study/all/drafts", True, **fields).status_code == status
    assert own() == []


def test_a_card_is_no_question_to_make_a_card_of(candidate: Visitor) -> None:
    assert candidate.post("/study/all/drafts", True, card=card("D10")).status_code == 404


def test_own_decks_stand_on_the_home_page_and_on_their_own(candidate: Visitor) -> None:
    candidate.post("/study/all/drafts", True, card=card(ITEM))
    page = text(candidate, "/")
    assert "Your decks" in page and "My cards" in page
    deck = Note.get(Note.key == own()[0]).deck
    assert "Cards you made from questions you missed." in text(candidate, f"/decks/deck-{deck}")
    assert "Made by you" in text(candidate, f"/decks/deck-{deck}/about")
    assert "My cards" in text(candidate, "/decks/family-own")
    Note.update(reference="", domains=[], topic="", works=[]).where(Note.key == own()[0]).execute()
    for path in ("/", f"/decks/deck-{deck}", f"/decks/deck-{deck}/about", "/topics", "/readiness"):
        assert candidate.get(path).status_code == 200
    response = candidate.post("/topics/picks", domain="own")
    assert "<b>1</b> due" in text(candidate, response.headers["Location"])
    response = candidate.post("/topics/picks", length=80)
    assert "<b>15</b> due" in text(candidate, response.headers["Location"]), "14 and the own one"


def sat(candidate: Visitor, wrong: int = 3) -> int:
    """A paper of ten with some wrong, one guessed, handed in."""
    paper = begin(candidate, count=10)
    for place in range(1, 11):
        right = key(paper, place)
        choice = (right + 1) % 4 if place <= wrong else right
        more = {"confidence": "guess"} if place == wrong + 1 else {}
        candidate.post(f"/exams/{paper}/items/{place}/answers", choice=choice, to="stay", **more)
    candidate.post(f"/exams/{paper}/submissions")
    return paper


def test_a_card_is_made_of_an_item_of_a_finished_exam(candidate: Visitor) -> None:
    paper = sat(candidate)
    response = candidate.post(f"/exams/{paper}/items/2/cards", show="all")
    assert response.headers["Location"].endswith("?show=all&did=card#question-2")
    page = text(candidate, response.headers["Location"])
    assert page.count("✓ You made a card of this.") == 1
    made = Card.get(Card.note == Link.get().note).id
    edit = f"/cards/{made}/edit?paper={paper}&amp;place=2&amp;show=all"
    assert edit in page
    saved = candidate.post(
        f"/cards/{made}/wordings",
        version=0, front="Why?", back="So.", paper=paper, place=2, show="all",
    )  # fmt: skip
    assert saved.headers["Location"] == f"/exams/{paper}/result?show=all#question-2"
    candidate.post(f"/exams/{paper}/items/2/cards", show="all")
    assert len(own()) == 1


def test_all_misses_without_a_card_get_one_and_undo_takes_all_back(candidate: Visitor) -> None:
    paper = sat(candidate)
    assert "misses that have none" not in text(candidate, f"/exams/{paper}/result")
    Note.update(topic="Alone").where(Note.pool == "mock").execute()
    candidate.post(f"/exams/{paper}/items/1/cards")
    page = text(candidate, f"/exams/{paper}/result")
    assert "Make cards of the 3 misses that have none" in page
    response = candidate.post(f"/exams/{paper}/cards")
    assert "did=cards" in response.headers["Location"]
    assert len(own()) == 4
    assert "that have none" not in text(candidate, f"/exams/{paper}/result")
    assert candidate.post(f"/exams/{paper}/cards").status_code == 400
    candidate.post(f"/exams/{paper}/undos", deed=Journal.select().order_by(-Journal.id).get().id)
    assert len(own()) == 1


def test_no_card_is_made_from_an_exam_that_still_runs_or_is_another_persons(
    candidate: Visitor,
) -> None:
    paper = begin(candidate, count=10)
    for path in (f"/exams/{paper}/items/1/cards", f"/exams/{paper}/cards", "/exams/99/cards"):
        assert candidate.post(path).status_code == 404, path
    assert own() == []


def test_cards_are_linked_to_a_question_by_their_words(candidate: Visitor) -> None:
    page = text(candidate, f"/cards/{card(ITEM)}?find=question+d12")
    assert "What is the answer to question D12?" in page
    assert "What is the answer to question D11?" not in page
    other = note("D12")
    assert f'name="note" value="{other}"' in page
    response = candidate.post(f"/cards/{card(ITEM)}/links", note=other)
    page = text(candidate, response.headers["Location"])
    assert "Linked. The card comes forward" in page
    assert f'/cards/{card(ITEM)}/links/ends"' in page
    candidate.post(f"/cards/{card(ITEM)}/links/ends", note=other)
    assert Link.select().count() == 0
    assert "No card has all of these words" in text(candidate, f"/cards/{card(ITEM)}?find=zebra")
    assert candidate.post(f"/cards/{card(ITEM)}/links", note=99_999).status_code == 404
    assert "Linked cards" not in text(candidate, f"/cards/{card('D10')}")


def test_a_linked_card_of_another_deck_comes_forward(candidate: Visitor, clock: Clock) -> None:
    other = card("D21")
    candidate.post(f"/cards/{card(ITEM)}/links", note=note("D21"))
    Memory.update(state=2, queue=2, turn=30_000, interval=60, stability=60, difficulty=5).where(
        Memory.card == other
    ).execute()
    answer(candidate, ITEM, right=False)
    today = Review.select().order_by(Review.id.desc()).first().study_day
    assert Memory.get(Memory.card == other).turn == today + 1
    candidate.post("/study/all/undos", True)
    assert Memory.get(Memory.card == other).turn == 30_000


@pytest.fixture
def slow(candidate: Visitor) -> Visitor:
    """The candidate, to whom more than forty seconds are slow today."""
    candidate.get("/")
    Learner.update(slow_after=40_000).execute()
    return candidate


@pytest.mark.parametrize(
    ("thought", "confidence", "proposed", "said"),
    [
        (39_000, "", 3, ""),
        (41_000, "", 2, "Slower than usual"),
        (41_000, "unsure", 2, "Slower than usual"),
        (41_000, "sure", 3, ""),
        (41_000, "guess", 1, "A guess counts as not known"),
    ],
)
def test_right_but_slower_than_usual_proposes_hard(
    slow: Visitor, thought: int, confidence: str, proposed: int, said: str
) -> None:
    page = open_item(slow, best(), thought=thought, confidence=confidence)
    assert re.search(rf'value="{proposed}" data-keys="{proposed}" data-proposed', page)
    shown = re.findall(r'class="because" data-because="\w+">([^<]+)<', page)
    assert [sentence[: len(said)] for sentence in shown] == ([said] if said else [])


def test_without_script_the_time_is_the_servers(slow: Visitor, clock: Clock) -> None:
    page = text(slow, f"/study/all?card={card(ITEM)}")
    drawn = re.search(r'name="drawn" value="(\d+)"', page)[1]  # type: ignore[index]
    clock.pass_(seconds=45)
    page = open_item(slow, best(), drawn=drawn)
    assert 'name="thought" value="45000"' in page
    assert 'value="2" data-keys="2" data-proposed' in page


def test_two_buttons_have_no_hard_to_propose(slow: Visitor) -> None:
    Learner.update(two_buttons=True).execute()
    page = open_item(slow, best(), thought=60_000)
    assert 'value="3" data-keys="3" data-proposed' in page
    assert "Slower than usual" not in page


def test_the_time_of_an_answer_is_kept_and_told_again_by_undo(slow: Visitor) -> None:
    answer(slow, ITEM, right=True, thought=41_000)
    assert Review.get().answer["thought"] == 41_000
    said = slow.post("/study/all/undos", True).get_data(as_text=True)
    assert 'value="2" data-keys="2" data-proposed' in said


@pytest.mark.parametrize("thought", ["-5", "x", "9" * 20, "١٢"])
def test_a_time_that_is_none_is_not_kept(candidate: Visitor, thought: str) -> None:
    answer(candidate, ITEM, right=True, thought=thought)
    assert "thought" not in Review.get().answer


def test_missed_questions_are_listed_with_why_and_how_far(candidate: Visitor, clock: Clock) -> None:
    assert "No question waits here" in text(candidate, "/topics/misses")
    answer(candidate, "D1-study-0", right=False, confidence="sure", cause="two")
    answer(candidate, "D1-study-1", right=True, confidence="guess")
    clock.pass_(days=1)
    answer(candidate, "D1-study-1", right=True)
    page = text(candidate, "/topics/misses")
    assert "wrong though sure" in page and "I was between two" in page
    assert "missed yesterday · right on 1 of 3 days" in page
    assert "Misconceptions (1)" in page and "Guessed (1)" in page
    clock.pass_(seconds=1)
    response = candidate.post("/topics/misses/picks", show="guessed")
    page = text(candidate, response.headers["Location"])
    assert "<b>1</b> due" in page and "Firm 1 of domain D1" in page
    assert candidate.post("/topics/misses/picks", show="none").status_code == 400
    assert "2 missed questions not yet right" in text(candidate, "/topics")


def test_a_misconception_is_said_as_the_answer_opens(candidate: Visitor) -> None:
    wrong = (best() + 1) % 4
    page = open_item(candidate, wrong, confidence="sure")
    assert 'data-because="sure">You were sure, so this is a misconception' in page
    assert 'data-because="sure" hidden' in open_item(candidate, wrong)


def test_the_history_of_a_question_says_what_was_answered(candidate: Visitor) -> None:
    answer(candidate, ITEM, right=False, confidence="sure", cause="slip")
    answer(candidate, ITEM, right=True)
    page = text(candidate, f"/cards/{card(ITEM)}")
    assert "wrong, sure, first answer; “A slip, or too little time”" in page
    assert page.count("first answer") == 1


def test_a_guess_is_on_the_list_as_one(candidate: Visitor) -> None:
    answer(candidate, ITEM, right=True, confidence="guess")
    assert (Miss.get().guessed, Miss.get().sure) == (True, False)


def test_more_new_cards_are_undone_over_http(candidate: Visitor) -> None:
    candidate.post("/study/all/allowances", count=10)
    learner = learners.first()
    assert learner is not None and learner.extra_new == 10
    said = candidate.post("/study/all/undos", True).get_data(as_text=True)
    assert "Undone: 10 more new cards." in said
    learner = learners.first()
    assert learner is not None and learner.extra_new == 0
