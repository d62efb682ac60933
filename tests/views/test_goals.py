"""An exam on a date over HTTP: the outlook before it is accepted, and the day's list."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from quizapp.actions import decks as deck_actions
from quizapp.storage import learners
from quizapp.storage.models import Deck, Goal, Memory, Note, Plan, PlanCard, Review
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


def own(**more: object) -> dict[str, object]:
    """A form about two decks of the candidate's own choice, three to one."""
    decks = {deck.name: deck.id for deck in Deck.select()}
    return {
        **FORM, "kind": "own", "title": "Board briefing",
        f"deck_{decks['Risk']}": 1, f"parts_{decks['Domain D2']}": "3", **more,
    }  # fmt: skip


def test_a_set_of_decks_is_planned_by_weights_of_ones_own(candidate: Visitor) -> None:
    page = candidate.post("/goals/previews", True, **own()).get_data(as_text=True)
    assert "Board briefing on 14 February 2026" in page
    assert re.search(r">Deck</th>", page)
    assert re.search(r"Risk</th><td>25 %</td>", page)
    assert re.search(r"Domain D2</th><td>75 %</td><td>7</td>", page)
    assert candidate.post("/goals", **own()).status_code == 303
    query = Deck.select(Deck.name).join(Memory, on=(Memory.deck == Deck.id)).distinct()
    names = {deck.name for deck in query.where(Memory.card.in_(planned()))}
    assert names == {"Risk", "Domain D2"}
    assert "Board briefing in 30 days" in text(candidate, "/plan")
    assert "2 decks with weights of your own" in text(candidate, "/plan")
    form = text(candidate, "/goals/1")
    assert 'name="title" maxlength="80" value="Board briefing"' in form
    assert 'value="3" placeholder="1"' in form
    assert re.search(r'name="kind" value="own" checked', form)


def test_a_set_of_decks_has_topics_and_readiness(candidate: Visitor) -> None:
    candidate.post("/goals", **own())
    page = text(candidate, "/readiness")
    assert "Readiness · Board briefing" in page
    assert re.search(r"Domain D2</th><td>75 %</td><td>—</td>", page)
    assert re.search(r"0 of 7</td><td>\d+ %</td>", page), "recall on the day"
    assert "19 more in" not in page and "20 more in Domain D2" in page
    assert "Decks without questions" not in page
    page = text(candidate, "/topics?outline=goal-1")
    assert 'title="Domain D2"' in page and 'title="Risk"' in page


def test_decks_without_questions_have_no_practice_score(candidate: Visitor) -> None:
    Note.update(kind="basic").execute()
    candidate.post("/goals", **own())
    assert "These decks hold no questions" in text(candidate, "/readiness")


def test_a_set_of_decks_goes_on_without_a_deck_that_is_gone(
    candidate: Visitor, clock: Clock
) -> None:
    candidate.post("/goals", **own())
    Deck.update(retired=True).where(Deck.name == "Risk").execute()
    clock.pass_(days=1)
    assert re.search(r"Domain D2</th><td>100 %</td>", text(candidate, "/plan"))
    Deck.update(retired=True).execute()
    clock.pass_(days=1)
    assert candidate.get("/plan").status_code == 200
    assert "None of the decks" in text(candidate, "/readiness")
    assert candidate.get("/topics").status_code == 200


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"title": ""}, "title", "Give your set of decks a name"),
        ({"title": "x" * 81}, "title", "at most 80 characters"),
        ({"parts": "lots"}, "parts_1", "“lots” is not a number"),
        ({"parts": "0"}, "parts_1", "more than 0 parts"),
        ({"parts": "-2"}, "parts_1", "more than 0 parts"),
        ({"parts": "99999"}, "parts_1", "at most 10,000 parts"),
        ({"deck_99": "1"}, "decks", "is not there any more"),
        ({"line": "x"}, "line", "“x” is not a whole number"),
        ({"minutes_6": "9000"}, "minutes_6", "from 0 to 600"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    candidate: Visitor, changed: dict[str, object], field: str, sentence: str
) -> None:
    risk = Deck.get(Deck.name == "Risk").id
    changed = {k.replace("parts", f"parts_{risk}"): v for k, v in changed.items()}
    field = field.replace("parts_1", f"parts_{risk}")
    for path in ("/goals", "/goals/previews"):
        response = candidate.post(path, **own(**changed))
        page = response.get_data(as_text=True)
        assert response.status_code == 400
        assert page.count(sentence) == 1
        assert re.search(rf'id="wrong-{field}">[^<]*{re.escape(sentence)}', page)
        assert re.search(rf'aria-describedby="wrong-{field}" aria-invalid="true"', page)
        assert 'value="3" placeholder="1"' in page and f'value="{DAY}"' in page
    swapped = candidate.post("/goals/previews", True, **own(**changed)).get_data(as_text=True)
    assert re.search(rf'id="wrong-{field}" hx-swap-oob="true">[^<]*{re.escape(sentence)}', swapped)
    assert 'id="wrong-day" hx-swap-oob="true"></span>' in swapped
    assert Goal.select().count() == 0


def test_at_least_one_deck_is_needed(candidate: Visitor) -> None:
    response = candidate.post("/goals", **{**FORM, "kind": "own", "title": "Nothing"})
    assert response.status_code == 400
    assert "Choose at least one deck" in response.get_data(as_text=True)


def test_another_exam_brings_its_own_weights_into_the_form(candidate: Visitor) -> None:
    page = candidate.post("/goals/previews", True, weights_of="TEST-0", **FORM)
    assert 'id="goals-weights"' in page.get_data(as_text=True)
    page = candidate.post("/goals/previews", True, weights_of="TEST-1", **FORM)
    assert 'id="goals-weights"' not in page.get_data(as_text=True)


def test_two_goals_of_one_certification_are_told_apart(candidate: Visitor) -> None:
    later = (NOON + timedelta(days=60)).date().isoformat()
    candidate.post("/goals", **FORM)
    candidate.post("/goals", **{**FORM, "day": later, "weight_D1": "1", "weight_D2": "9"})
    page = text(candidate, "/plan")
    assert "TEST on 14 February 2026" in page and "TEST on 16 March 2026" in page
    first, second = Plan.select().order_by(Plan.study_day.desc()).get().forecast["goals"]
    assert (first["id"], second["id"]) == (1, 2)
    assert "<td>60 %</td>" in text(candidate, "/readiness?outline=goal-1")
    page = text(candidate, "/readiness?outline=goal-2")
    assert "<td>10 %</td>" in page
    assert 'aria-current="page">TEST, 16 March 2026</a>' in page


def test_the_outlook_shares_the_minutes_with_the_exams_ahead(candidate: Visitor) -> None:
    candidate.post("/goals", **FORM)
    page = candidate.post("/goals/previews", True, **own()).get_data(as_text=True)
    assert page.index("Board briefing on") < page.index("TEST on")
    page = candidate.post("/goals/previews", True, goal=1, **FORM).get_data(as_text=True)
    assert page.count("TEST on") == 1, "a goal that is changed is not another one"


def test_what_was_foretold_is_kept_and_stands_beside_the_result(
    candidate: Visitor, clock: Clock
) -> None:
    candidate.post("/study/all/reviews", rating=4, **form_of(candidate))
    candidate.post("/goals", **FORM)
    days = [Goal.get().foretold["last"]["left"]]
    for step in (3, 4, 13, 5, 4):
        clock.pass_(days=step)
        candidate.get("/study/all")
        days.append(Goal.get().foretold["last"]["left"])
    assert days == [30, 30, 23, 10, 5, 1]
    assert Goal.get().foretold["first"]["left"] == 30
    clock.pass_(days=1)
    assert "How did TEST go?" in text(candidate, "/")
    candidate.post("/goals/1/outcomes", passed=0, score="430 of 800")
    page = text(candidate, "/readiness")
    assert re.search(r"30 days before.*1 day before.*✗ Not passed.*430 of 800", page, re.S)
    assert "No exam has both" in page, "there were too few answers for a chance"
    assert "How did TEST go?" not in text(candidate, "/")


def test_another_date_starts_the_forecasts_anew(candidate: Visitor, clock: Clock) -> None:
    candidate.post("/goals", **FORM)
    clock.pass_(days=2)
    candidate.post("/goals/1", **{**FORM, "each": 10})
    assert Goal.get().foretold["first"]["left"] == 30
    candidate.post("/goals/1", **{**FORM, "day": (NOON + timedelta(days=40)).date().isoformat()})
    assert Goal.get().foretold["first"]["left"] == 38


def test_a_score_too_long_to_be_one_is_refused(candidate: Visitor, clock: Clock) -> None:
    candidate.post("/goals", **FORM)
    clock.pass_(days=31)
    response = candidate.post("/goals/1/outcomes", passed=1, score="x" * 41)
    assert response.status_code == 400
    assert Goal.get().outcome is None


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
