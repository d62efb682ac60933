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
    assert response.status_code == 303, "so that a reload sends nothing again"
    assert "<!doctype html>" in visitor.get(response.headers["Location"]).get_data(as_text=True)
    again = visitor.get("/study/all/reviews")
    assert again.status_code == 302
    assert Review.select().count() == 1


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"card": "99999"}, 404, "This card does not exist"),
        ({"rating": "7"}, 400, "A grade is 1 (forgot)"),
        ({"rating": "x"}, 400, "The form is incomplete"),
        ({"version": ""}, 400, "The form is incomplete"),
        ({"version": "5"}, 409, "was changed in another window"),
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
    response = visitor.get("/study/all/allowances")
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


def _version(card: int) -> int:
    return int(Memory.get(Memory.card == card).version)


def test_a_mark_in_another_tab_does_not_cost_an_answer(visitor: Visitor) -> None:
    form = form_of(visitor)
    visitor.post("/study/all/marks", True, **form)
    visitor.post("/study/all/flags", True, flag=3, **form)
    assert visitor.post("/study/all/reviews", True, rating=3, **form).status_code == 200
    assert Review.select().count() == 1


def test_a_flag_leaves_the_card_on_the_screen_as_it_is(visitor: Visitor) -> None:
    form = form_of(visitor)
    answer = visitor.post("/study/all/flags", True, flag=3, **form).get_data(as_text=True)
    assert answer.lstrip().startswith('<p class="crumbs" id="study-crumbs">')
    assert "data-grades" not in answer
    assert 'id="study-menu" data-menu hx-swap-oob="true"' in answer


@pytest.mark.parametrize("deed", ["suspensions", "burials"])
def test_a_late_form_goes_on_instead_of_ending_in_a_dead_end(visitor: Visitor, deed: str) -> None:
    form = form_of(visitor)
    visitor.post("/study/all/reviews", True, rating=4, **form)
    late = visitor.post(f"/study/all/{deed}", True, **form)
    assert late.status_code == 409
    assert "data-grades" in late.get_data(as_text=True)
    assert Memory.select().where(Memory.queue < 0).count() == 0


def test_undo_takes_back_what_was_seen_and_nothing_else(visitor: Visitor) -> None:
    def deed() -> str:
        page = visitor.get("/study/all").get_data(as_text=True)
        return str(re.search(r'name="deed" value="(\d+)"', page)[1])  # type: ignore[index]

    visitor.post("/study/all/reviews", True, rating=4, **form_of(visitor))
    seen = deed()
    visitor.post("/study/all/reviews", True, rating=4, **form_of(visitor))
    early = visitor.post("/study/all/undos", True, deed=seen)
    assert early.status_code == 409
    assert "has just come in" in early.get_data(as_text=True)
    latest = deed()
    assert visitor.post("/study/all/undos", True, deed=latest).status_code == 200
    twice = visitor.post("/study/all/undos", True, deed=latest)
    assert twice.status_code == 409
    assert "undone already" in twice.get_data(as_text=True)
    assert Review.select().count() == 1


def test_undoing_a_flag_does_not_give_the_answer_away(visitor: Visitor) -> None:
    form = form_of(visitor)
    visitor.post("/study/all/flags", True, flag=3, **form)
    page = visitor.post("/study/all/undos", True).get_data(as_text=True)
    assert "Undone: Flag" in page
    assert "data-revealed" not in page


def test_the_leech_that_is_told_is_the_one_that_is_linked(visitor: Visitor) -> None:
    form = form_of(visitor)
    card = int(form["card"])
    Memory.update(
        state=2, queue=2, stability=3, difficulty=5, interval=3, reps=9, lapses=7,
        last_day=20_000, last_at=NOON, turn=20_000,
    ).where(Memory.card == card).execute()  # fmt: skip
    page = visitor.post(
        "/study/all/reviews", True, rating=1, card=card, version=_version(card)
    ).get_data(as_text=True)
    assert "tagged as a leech" in page
    assert f'<a href="/cards/{card}/edit' in page
    assert f'name="card" value="{card}"' not in page


def test_a_card_that_is_not_due_is_not_studied_by_its_address(visitor: Visitor) -> None:
    form = form_of(visitor)
    card = int(form["card"])
    visitor.post("/study/all/reviews", True, rating=4, **form)
    assert visitor.get(f"/study/all?card={card}").status_code == 302
    assert visitor.get(f"/study/all?card={card}&mode=ahead").status_code == 200
    assert visitor.get(f"/study/all?card={'9' * 30}").status_code == 302


@pytest.mark.parametrize("drawn", ["9" * 15, "-5", "x", "٣", ""])
def test_a_strange_time_costs_no_answer(visitor: Visitor, drawn: str) -> None:
    form = form_of(visitor) | {"drawn": drawn}
    assert visitor.post("/study/all/reviews", True, rating=3, **form).status_code == 200
    assert Review.get().milliseconds == 0


def test_time_counts_from_the_question_of_a_typed_card(visitor: Visitor, clock: Clock) -> None:
    card = _card("t-mtd")
    page = visitor.get(f"/study/all?card={card}").get_data(as_text=True)
    drawn = re.search(r'name="drawn" value="(\d+)"', page)[1]  # type: ignore[index]
    clock.pass_(seconds=9)
    page = visitor.get(f"/study/all?card={card}&show=1&typed=mtd&drawn={drawn}").get_data(
        as_text=True
    )
    grades = page[page.index("data-grades") :]
    form = dict(re.findall(r'name="(card|version|drawn|mode)" value="([^"]*)"', grades))
    clock.pass_(seconds=3)
    visitor.post("/study/all/reviews", True, rating=3, **form)
    assert Review.get().milliseconds == 12_000


def test_more_new_cards_also_lift_a_decks_own_limit(visitor: Visitor) -> None:
    visitor.post("/decks/1/options", new_per_day=0)
    page = visitor.get("/study/deck-1").get_data(as_text=True)
    assert "a deck's own limit is reached" in page or "deck&#39;s own limit" in page
    visitor.post("/study/deck-1/allowances", count=3)
    assert "<b>3</b> new" in visitor.get("/study/deck-1").get_data(as_text=True)
    for _ in range(49):
        visitor.post("/study/deck-1/allowances", count=10)
    assert visitor.post("/study/deck-1/allowances", count=10).status_code == 400
