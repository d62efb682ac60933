"""A card's information and wording over HTTP."""

import pytest

from quizapp.domain.queue import Queue
from quizapp.storage.models import Card, Deck, Memory, Note, NoteEdit
from tests.conftest import Clock, Visitor


def card_id(key: str) -> int:
    query = Card.select(Card.id).join(Note, on=(Note.id == Card.note)).where(Note.key == key)
    return int(query.get().id)


def version(card: int) -> int:
    return int(Memory.get(Memory.card == card).version)


def answer(visitor: Visitor, card: int, rating: int) -> None:
    visitor.post("/study/all/reviews", card=card, version=version(card), rating=rating)


def test_a_new_card_has_no_history_and_no_prediction(visitor: Visitor) -> None:
    page = visitor.get(f"/cards/{card_id('t-responses')}").get_data(as_text=True)
    assert "This card was never answered." in page
    assert "<polyline" not in page
    assert "%" not in page.split("<dl")[1].split("</dl>")[0]


def test_history_and_forgetting_curve_of_a_studied_card(visitor: Visitor, clock: Clock) -> None:
    card = card_id("t-responses")
    answer(visitor, card, 4)
    page = visitor.get(f"/cards/{card}").get_data(as_text=True)
    assert "<dt>Predicted recall</dt><dd>—</dd>" in page, "nothing is predicted on the same day"
    clock.pass_(days=3)
    page = visitor.get(f"/cards/{card}").get_data(as_text=True)
    assert "<polyline" in page
    assert "3 days ago" in page
    assert "<td>Easy</td>" in page


@pytest.mark.parametrize("key", ["t-responses", "t-residual", "t-ale", "t-mtd", "t-m-launch"])
def test_every_kind_can_be_reworded(visitor: Visitor, key: str) -> None:
    card = card_id(key)
    page = visitor.get(f"/cards/{card}/edit").get_data(as_text=True)
    fields = {
        "t-residual": {"text": "What stays is [residual]; accepted by the [owner]."},
        "t-m-launch": {
            "stem": "Reworded stem?",
            **{f"option_{i}": f"Option {i}" for i in range(4)},
            **{f"rationale_{i}": "Because" for i in range(4)},
        },
    }.get(key, {"front": "Reworded front", "back": "Reworded back"})
    assert all(f'name="{name}"' in page for name in fields)
    response = visitor.post(f"/cards/{card}/wordings", version=version(card), **fields)
    assert response.status_code == 303
    shown = visitor.get(response.headers["Location"]).get_data(as_text=True)
    assert next(iter(fields.values())).split()[0] in shown
    assert NoteEdit.select().count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"front": "", "back": "x"}, 400, "A side is empty"),
        ({"front": "y" * 10_001, "back": "x"}, 400, "longer than 10000 characters"),
        ({"front": "x", "back": "y", "version": "77"}, 409, "Your text is kept below"),
        ({"front": "x", "back": "y", "version": "z"}, 400, "incomplete"),
    ],
)
def test_a_wording_that_cannot_be_is_said_and_kept(
    visitor: Visitor, fields: dict[str, str], status: int, sentence: str
) -> None:
    card = card_id("t-responses")
    response = visitor.post(f"/cards/{card}/wordings", **{"version": version(card), **fields})
    page = response.get_data(as_text=True)
    assert response.status_code == status
    assert sentence in page
    assert fields["front"][:50] in page
    assert NoteEdit.select().count() == 0


def test_a_missing_card_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("/cards/999").status_code == 404
    assert visitor.get("/cards/999/edit").status_code == 404
    assert visitor.post("/cards/999/wordings", version=0, front="x").status_code == 404
    for deed in ("suspensions", "resets"):
        assert visitor.post(f"/cards/999/{deed}", version=0).status_code == 404


def test_suspending_due_date_reset_and_undo(visitor: Visitor) -> None:
    card = card_id("t-responses")
    answer(visitor, card, 4)
    visitor.post(f"/cards/{card}/suspensions", version=version(card))
    assert Memory.get(Memory.card == card).queue == Queue.SUSPENDED
    visitor.post(f"/cards/{card}/suspensions", version=version(card), end=1)
    assert Memory.get(Memory.card == card).queue == Queue.REVIEW
    visitor.post(f"/cards/{card}/due-dates", version=version(card), days=30)
    assert "in 30 days" in visitor.get(f"/cards/{card}").get_data(as_text=True)
    visitor.post(f"/cards/{card}/resets", version=version(card))
    assert Memory.get(Memory.card == card).queue == Queue.NEW
    visitor.post(f"/cards/{card}/undos")
    assert "in 30 days" in visitor.get(f"/cards/{card}").get_data(as_text=True)


def test_an_old_page_cannot_reset(visitor: Visitor) -> None:
    card = card_id("t-responses")
    before = version(card)
    answer(visitor, card, 4)
    assert visitor.post(f"/cards/{card}/resets", version=before).status_code == 409
    assert Memory.get(Memory.card == card).reps == 1


def test_a_card_that_ships_names_its_kind_and_its_deck_file(visitor: Visitor) -> None:
    page = visitor.get(f"/cards/{card_id('t-responses')}").get_data(as_text=True)
    deck = Deck.select().join(Note).where(Note.key == "t-responses").get()
    assert f"the deck file {deck.key}.md" in page
    assert "Question and answer" in page
