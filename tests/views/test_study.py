"""The study screen over HTTP: page, fragment, and what it says to bad input."""

import re

import pytest
from flask import Flask

from quizapp.storage import learners
from quizapp.storage.models import Card, Journal, Memory, Note, Review
from tests.cast import dump
from tests.conftest import NOON, Clock, Visitor


def form_of(visitor: Visitor, path: str = "/study/all") -> dict[str, str]:
    page = visitor.get(path).get_data(as_text=True)
    grades = page[page.index("data-grades") :]
    return dict(re.findall(r'name="(card|version|drawn|mode)" value="([^"]*)"', grades))


def test_the_session_is_a_page_and_a_fragment(visitor: Visitor) -> None:
    page = visitor.get("/study/all")
    assert page.status_code == 200
    assert "<!doctype html>" in page.get_data(as_text=True)
    fragment = visitor.get("/study/all", headers={"HX-Request": "true"})
    assert fragment.get_data(as_text=True).startswith('<section id="study-card"')
    assert "HX-Request" in fragment.headers["Vary"]


def test_a_grade_brings_the_next_card(visitor: Visitor, clock: Clock) -> None:
    form = form_of(visitor)
    clock.pass_(seconds=7)
    response = visitor.post("/study/all/reviews", fragment=True, rating=3, **form)
    assert response.status_code == 200
    assert f'name="card" value="{form["card"]}"' not in response.get_data(as_text=True)
    review = Review.get()
    assert (review.card, review.rating, review.milliseconds) == (int(form["card"]), 3, 7000)


def test_a_grade_works_as_a_plain_form(visitor: Visitor) -> None:
    response = visitor.post("/study/all/reviews", rating=3, **form_of(visitor))
    assert response.status_code == 200
    assert "<!doctype html>" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"card": "99999"}, 404, "This card does not exist"),
        ({"rating": "7"}, 400, "A grade is 1 (forgot)"),
        ({"rating": "x"}, 400, "The form is incomplete"),
        ({"version": ""}, 400, "The form is incomplete"),
        ({"version": "5"}, 409, "already answered"),
        ({"card": "9" * 30}, 400, "The form is incomplete"),
        ({"csrf": "x.y"}, 403, "did not come from this page"),
    ],
)
@pytest.mark.parametrize("fragment", [True, False])
def test_bad_input_is_a_sentence_and_changes_nothing(
    visitor: Visitor, changed: dict[str, str], status: int, sentence: str, fragment: bool
) -> None:
    owner = learners.first()
    assert owner is not None
    before = dump(owner)
    fields = form_of(visitor) | {"rating": "3"} | changed
    response = visitor.post("/study/all/reviews", fragment=fragment, **fields)
    text = response.get_data(as_text=True)
    assert response.status_code == status
    assert sentence in text
    assert ("<!doctype html>" in text) is not fragment
    assert dump(owner) == before
    assert Review.select().count() == Journal.select().count() == 0


def test_a_refusal_stands_beside_the_card_not_in_its_place(visitor: Visitor) -> None:
    response = visitor.post(
        "/study/all/reviews", fragment=True, **form_of(visitor) | {"rating": "7"}
    )
    assert response.headers["HX-Retarget"] == "#notice"
    assert response.headers["HX-Reswap"] == "innerHTML"


def test_a_card_of_another_learner_is_not_found(visitor: Visitor) -> None:
    stranger = learners.create("Stranger", "UTC", NOON)
    row = Memory.get()
    Memory.update(learner=stranger.id).where(Memory.card == row.card).execute()
    fields = {"card": row.card, "version": 0, "rating": 3}
    assert visitor.post("/study/all/reviews", **fields).status_code == 404
    for path in ("suspensions", "burials", "flags", "marks"):
        response = visitor.post(f"/study/all/{path}", flag=1, **fields)
        assert response.status_code == 404, path
    assert visitor.get(f"/cards/{row.card}").status_code == 404
    assert visitor.get(f"/cards/{row.card}/edit").status_code == 404
    assert Review.select().count() == 0


def test_a_stale_form_gets_a_sentence_and_the_next_card(visitor: Visitor) -> None:
    form = form_of(visitor)
    visitor.post("/study/all/reviews", rating=3, **form)
    for _ in range(3):
        late = visitor.post("/study/all/reviews", fragment=True, rating=3, **form)
        assert late.status_code == 409
        assert "already answered" in late.get_data(as_text=True)
        assert "data-grades" in late.get_data(as_text=True)
    assert Review.select().count() == 1


def test_a_body_of_fifty_megabytes_is_refused(visitor: Visitor) -> None:
    response = visitor.client.post(
        "/study/all/reviews",
        data=b"x" * 50_000_000,
        content_type="application/x-www-form-urlencoded",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert response.status_code == 413
    assert "too large" in response.get_data(as_text=True)


def test_an_unknown_scope_is_not_found(visitor: Visitor) -> None:
    for scope in ("deck-999", "family-none", "group-none", "nonsense"):
        response = visitor.get(f"/study/{scope}")
        assert response.status_code == 404
        assert "no such deck" in response.get_data(as_text=True)


def test_an_option_that_does_not_exist_is_refused(visitor: Visitor) -> None:
    card = _card("t-m-launch")
    for choice in ("9", "x", "-1"):
        response = visitor.get(f"/study/all?card={card}&show=1&choice={choice}")
        assert response.status_code == 400
        assert "option does not exist" in response.get_data(as_text=True)


def test_a_choice_without_script_is_judged_by_the_server(visitor: Visitor) -> None:
    card = _card("t-m-launch")
    page = visitor.get(f"/study/all?card={card}&show=1&choice=0").get_data(as_text=True)
    reasons = re.findall(r'<li data-of="(\d)"', page)
    assert reasons[:2] == ["0", "1"]
    assert 'value="1" data-keys="1" data-proposed' in page


def test_options_are_shuffled_anew_for_each_showing(visitor: Visitor) -> None:
    card = _card("t-m-launch")
    orders = set()
    for version in range(12):
        Memory.update(version=version).where(Memory.card == card).execute()
        page = visitor.get(f"/study/all?card={card}").get_data(as_text=True)
        orders.add(tuple(re.findall(r'data-option="(\d)"', page)))
    assert len(orders) > 4


def test_the_wrong_method_is_refused_in_words(visitor: Visitor) -> None:
    response = visitor.get("/study/all/reviews")
    assert response.status_code == 405
    assert "cannot be used that way" in response.get_data(as_text=True)


def test_the_end_says_what_is_left_and_why(visitor: Visitor) -> None:
    Memory.update(queue=-1).where(Memory.card == _card("t-n1")).execute()
    visitor.post(
        "/settings",
        desired_retention=90, new_per_day=0, reviews_per_day=200, maximum_interval=365,
        leech_threshold=8, rollover_hour=4, learning_steps="1 10", relearning_steps="10",
        timezone="UTC",
    )  # fmt: skip
    page = visitor.get("/study/all").get_data(as_text=True)
    assert "Nothing due today" in page
    assert "16 new cards wait for the coming days: the limit is 0 today." in page
    assert "1 card suspended." in page
    visitor.post("/study/all/allowances", count=10)
    assert "<b>10</b> new" in visitor.get("/study/all").get_data(as_text=True)


def test_nothing_more_to_undo_is_said(visitor: Visitor) -> None:
    response = visitor.post("/study/all/undos", fragment=True)
    assert response.status_code == 404
    assert "nothing left to undo" in response.get_data(as_text=True)


def test_script_in_a_note_is_text(app: Flask, visitor: Visitor) -> None:
    card = _card("t-responses")
    version = Memory.get(Memory.card == card).version
    visitor.post(
        f"/cards/{card}/wordings",
        version=version,
        front="<script>alert(1)</script><img src=x onerror=alert(1)> What?",
        back="[x](javascript:alert(1)) <b onclick=alert(1)>b</b>",
    )
    page = visitor.get(f"/study/all?card={card}&show=1").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<img" not in page and "<b onclick" not in page
    assert 'href="javascript' not in page


def _card(key: str) -> int:
    row = Card.select(Card.id).join(Note, on=(Note.id == Card.note)).where(Note.key == key).get()
    return int(row.id)
