"""An exam on a date over HTTP: the outlook before it is accepted, and the day's list."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from quizapp.actions import decks as deck_actions
from quizapp.storage import learners
from quizapp.storage.models import Goal, Memory, Note, Plan, PlanCard, Review
from tests import samples
from tests.conftest import NOON, Clock, Visitor
from tests.views.test_study import form_of

DAY = (NOON + timedelta(days=30)).date().isoformat()
FORM: dict[str, object] = {
    "outline": "TEST-1", "day": DAY, "each": 5, "line": 70, "floor": 0, "days_off": "",
    **{f"on_{n}": 1 for n in range(7)},
}  # fmt: skip


@pytest.fixture
def candidate(app: Flask, visitor: Visitor, deck_folder: Path) -> Visitor:
    deck_actions.load(samples.exam(deck_folder))
    return visitor


def text(visitor: Visitor, path: str) -> str:
    return visitor.get(path).get_data(as_text=True)


def planned() -> list[int]:
    return [row.card_id for row in PlanCard.select().order_by(PlanCard.place)]


def test_without_a_goal_the_page_invites_and_nothing_is_planned(candidate: Visitor) -> None:
    assert "Name an exam and its date" in text(candidate, "/plan")
    candidate.get("/study/all")
    assert Plan.select().count() == 0


def test_the_outlook_is_shown_before_anything_is_stored(candidate: Visitor) -> None:
    response = candidate.post("/goals/previews", True, **FORM)
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert page.startswith('<div id="goals-outlook"')
    assert "Recall if you follow the plan" in page
    assert re.search(r"First domain</th><td>60 %</td><td>7</td>", page)
    assert Goal.select().count() == 0
    whole = candidate.post("/goals/previews", **FORM).get_data(as_text=True)
    assert "<!doctype html>" in whole
    assert f'value="{DAY}"' in whole


def test_more_minutes_lead_to_more(candidate: Visitor) -> None:
    def recall(minutes: int) -> int:
        page = candidate.post("/goals/previews", True, **{**FORM, "each": minutes})
        found = re.search(r"follow the plan</dt><dd>(\d+) %", page.get_data(as_text=True))
        assert found is not None
        return int(found[1])

    Note.update(domains=["D1"]).execute()
    assert recall(1) < recall(30)


def test_a_goal_plans_today_and_study_follows_the_list(candidate: Visitor, clock: Clock) -> None:
    assert candidate.post("/goals", **FORM).status_code == 303
    assert Plan.select().count() == 1
    first = planned()
    assert 0 < len(first) < Memory.select().count()
    about = {"D1", "D2"}
    rows = Memory.select(Note.domains).join(Note, on=(Note.id == Memory.note))
    assert all(about & set(domains) for (domains,) in rows.where(Memory.card.in_(first)).tuples())
    form = form_of(candidate)
    assert int(form["card"]) in first
    clock.pass_(seconds=20)
    candidate.post("/study/all/reviews", rating=4, **form)
    assert planned() == first, "the list is stable while it is studied"
    assert f"<b>{len(first) - 1}</b> new" in text(candidate, "/study/all")
    home = text(candidate, "/")
    assert "TEST</a> in 30 days" in home
    assert f"{len(first) - 1} new" in home


def test_tomorrow_is_planned_anew_and_after_the_exam_nothing_is(
    candidate: Visitor, clock: Clock
) -> None:
    candidate.post("/goals", **FORM)
    clock.pass_(days=1)
    candidate.get("/study/all")
    assert {row.study_day for row in PlanCard.select()} == {max(r.study_day for r in Plan.select())}
    clock.pass_(days=30)
    count = Plan.select().count()
    candidate.get("/study/all")
    assert Plan.select().count() == count
    assert "How did it go?" in text(candidate, "/plan")
    assert candidate.post("/goals/1/outcomes", passed=1).status_code == 303
    assert "You passed" in text(candidate, "/plan")


def test_a_day_off_has_no_planned_cards(candidate: Visitor) -> None:
    candidate.post("/goals", **{**FORM, "days_off": NOON.date().isoformat()})
    assert planned() == []
    assert "Nothing due today" in text(candidate, "/study/all")


def test_a_goal_can_be_changed_and_dropped(candidate: Visitor) -> None:
    candidate.post("/goals", **FORM)
    few = len(planned())
    assert f'value="{DAY}"' in text(candidate, "/goals/1")
    assert candidate.post("/goals/1", **{**FORM, "each": 60}).status_code == 303
    assert len(planned()) > few
    assert candidate.post("/goals/1/ends").status_code == 303
    assert PlanCard.select().count() == 0
    assert "20</b> new" in text(candidate, "/study/all")
    assert candidate.get("/goals/1").status_code == 404


def test_own_weights_are_used_and_said(candidate: Visitor) -> None:
    form = {**FORM, "weight_D1": "10", "weight_D2": "90"}
    page = candidate.post("/goals/previews", True, **form).get_data(as_text=True)
    assert re.search(r"First domain</th><td>10 %", page)
    candidate.post("/goals", **form)
    assert "weights of your own" in text(candidate, "/plan")


def test_due_reviews_outside_the_exam_come_after_the_plan(candidate: Visitor) -> None:
    form = form_of(candidate, "/study/family-responsibilities")
    candidate.post("/study/family-responsibilities/reviews", rating=4, **form)
    card = int(form["card"])
    today = Review.get().study_day
    Memory.update(turn=today, last_day=today - 9).where(Memory.card == card).execute()
    candidate.post("/goals", **FORM)
    assert planned()[-1] == card


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"day": ""}, 400, "The date of the exam is missing"),
        ({"day": "soon"}, 400, "“soon” is not a date"),
        ({"day": NOON.date().isoformat()}, 400, "must be on a day to come"),
        ({"day": "2099-01-01"}, 400, "more than two years away"),
        ({"each": "lots"}, 400, "not a whole number"),
        ({"minutes_3": "9000"}, 400, "from 0 to 600"),
        ({f"on_{n}": "" for n in range(7)}, 400, "at least one weekday"),
        ({"days_off": "2026-13-01"}, 400, "is not a date"),
        ({"weight_D1": "heavy"}, 400, "is not a number"),
        ({"weight_D1": "-4"}, 400, "from 0 to 100"),
        ({"line": "120"}, 400, "from 0 to 100"),
        ({"outline": "nothing"}, 404, "There is no such exam"),
    ],
)
def test_a_goal_that_cannot_be_is_said(
    candidate: Visitor, changed: dict[str, object], status: int, sentence: str
) -> None:
    response = candidate.post("/goals", **{**FORM, **changed})
    assert response.status_code == status
    assert response.get_data(as_text=True).count(sentence) == 1
    assert Goal.select().count() == 0


def test_a_goal_of_another_learner_is_not_there(candidate: Visitor) -> None:
    candidate.post("/goals", **FORM)
    Goal.update(learner=learners.create("Stranger", "UTC", NOON).id).execute()
    assert candidate.get("/goals/1").status_code == 404
    for deed in ("", "/ends", "/outcomes"):
        assert candidate.post(f"/goals/1{deed}", **FORM).status_code == 404
    assert Goal.get().ended is None
