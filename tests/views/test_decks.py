"""A deck's page over HTTP, with its own options."""

import pytest

from quizapp.storage.models import Enrolment
from tests.conftest import Visitor


@pytest.mark.parametrize("scope", ["all", "family-responsibilities", "deck-1"])
def test_an_overview_counts_what_is_inside(visitor: Visitor, scope: str) -> None:
    page = visitor.get(f"/decks/{scope}").get_data(as_text=True)
    assert "17 <span" in page
    assert "1 question among them" in page


def test_a_deck_lists_its_topics(visitor: Visitor) -> None:
    page = visitor.get("/decks/deck-1").get_data(as_text=True)
    assert "Risk treatment" in page
    assert "0 of 5 seen" in page


def test_an_unknown_deck_is_not_found(visitor: Visitor) -> None:
    response = visitor.get("/decks/deck-77")
    assert response.status_code == 404
    assert "There is no such deck" in response.get_data(as_text=True)


def test_options_are_stored_and_emptied(visitor: Visitor) -> None:
    given = {"desired_retention": "92,5", "new_per_day": "3", "reviews_per_day": ""}
    assert visitor.post("/decks/1/options", **given).status_code == 303
    row = Enrolment.get()
    assert (row.desired_retention, row.new_per_day, row.reviews_per_day) == (0.925, 3, None)
    assert "3<span" in visitor.get("/").get_data(as_text=True)
    empty = dict.fromkeys(given, "")
    assert visitor.post("/decks/1/options", **empty).status_code == 303
    assert Enrolment.get().desired_retention is None


@pytest.mark.parametrize("value", ["50", "nan", "inf", "x", "1e9"])
def test_a_mistake_in_the_options_changes_nothing(visitor: Visitor, value: str) -> None:
    for name in ("desired_retention", "new_per_day", "reviews_per_day"):
        if (name, value) in {("new_per_day", "50"), ("reviews_per_day", "50")}:
            continue
        response = visitor.post("/decks/1/options", **{name: value})
        assert response.status_code == 400, (name, value)
        assert "Nothing was changed" in response.get_data(as_text=True)
    row = Enrolment.get()
    assert (row.desired_retention, row.new_per_day, row.reviews_per_day) == (None, None, None)


def test_options_of_a_deck_one_does_not_have_are_not_found(visitor: Visitor) -> None:
    assert visitor.post("/decks/77/options", new_per_day="3").status_code == 404
