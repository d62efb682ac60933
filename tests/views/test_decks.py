"""A deck's page over HTTP, with its own options."""

import re

import pytest

from quizapp.storage import learners
from quizapp.storage.models import Enrolment
from tests.conftest import Visitor
from tests.views.test_imported_cards import bring
from tests.views.test_study import form_of


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


def test_what_was_set_aside_can_be_found_and_taken_back(visitor: Visitor) -> None:
    form = form_of(visitor)
    visitor.post("/study/all/flags", True, flag=3, **form)
    visitor.post("/study/all/suspensions", True, **form)
    page = visitor.get("/decks/deck-1/cards").get_data(as_text=True)
    assert f'action="/cards/{form["card"]}/suspensions"' in page
    assert f'href="/cards/{form["card"]}"' in visitor.get("/decks/all/cards?show=flagged").get_data(
        as_text=True
    )
    version = re.search(r'name="version" value="(\d+)"', page)[1]  # type: ignore[index]
    visitor.post(f"/cards/{form['card']}/suspensions", version=version, end=1)
    assert "No card is suspended." in visitor.get("/decks/deck-1/cards").get_data(as_text=True)
    assert visitor.get("/decks/deck-1/cards?show=lost").status_code == 404


def test_the_about_page_says_what_a_deck_rests_on(visitor: Visitor) -> None:
    page = visitor.get("/decks/deck-1/about").get_data(as_text=True)
    assert "These decks do not say where they come from." in page
    assert "ISO/IEC 27005:2022, 8.2" in page
    assert "Licence: not stated" in page


def test_what_an_update_set_aside_is_listed_and_taken_back(visitor: Visitor) -> None:
    me = learners.first()
    assert me is not None
    bring(visitor, me, "t.csv", b"One?,1\nTwo?,2\nThree?,3\n")
    bring(visitor, me, "t.csv", b"One?,1\n", set_aside="on")
    page = visitor.get("/decks/family-own/cards?show=set-aside").get_data(as_text=True)
    assert "Two?" in page and "Three?" in page and "One?" not in page
    assert "Take all 2 notes back into study" in page
    [card] = re.findall(r'action="/cards/(\d+)/returns"', page)[:1]
    kept = visitor.get(f"/cards/{card}").get_data(as_text=True)
    assert "Set aside" in kept and "This card was never answered." in kept
    assert f"/cards/{card}/suspensions" not in kept
    assert visitor.get(f"/cards/{card}/edit").status_code == 400
    back = visitor.post(f"/cards/{card}/returns").location
    assert "The note is back in study" in visitor.get(back).get_data(as_text=True)
    visitor.post(f"/cards/{card}/undos")
    done = visitor.get(visitor.post("/decks/family-own/returns").location).get_data(as_text=True)
    assert "No note is set aside." in done and "back in study" in done
    deed = re.search(r'name="deed" value="(\d+)"', done)[1]  # type: ignore[index]
    assert visitor.post("/decks/family-own/undos", deed="x").status_code == 400
    undone = visitor.get(visitor.post("/decks/family-own/undos", deed=deed).location)
    assert "Take all 2 notes back" in undone.get_data(as_text=True)
    visitor.post("/decks/family-own/returns")
    assert visitor.post("/decks/family-own/returns").status_code == 404


def test_cards_are_found_by_their_tag_or_the_one_above_it(visitor: Visitor) -> None:
    me = learners.first()
    assert me is not None
    head = b"#separator:comma\n#tags column:3\n"
    rows = b"One?,1,Law::EU x\nTwo?,2,Lawyer\nThree?,3,Law::EU::Data\n"
    bring(visitor, me, "t.csv", head + rows)
    for tag, asked in (
        ("Law", "One? Three?"),
        ("law › eu › data", "Three?"),
        ("x", "One?"),
        ("EU", ""),
        ('"', ""),
    ):
        page = visitor.get("/decks/family-own/cards", query_string={"tag": tag})
        text = page.get_data(as_text=True)
        assert " ".join(re.findall(r'<div class="prose">(\w+\?)</div>', text)) == asked, tag
        assert ("No card here has this tag." in text) is not bool(asked)
