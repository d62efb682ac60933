"""Sitting a mock exam over HTTP: every change kept, the server's clock, two steps to hand in."""

import re
from pathlib import Path

import pytest
from flask import Flask

from quizapp.actions import decks as deck_actions
from quizapp.storage import exams as store
from quizapp.storage import learners
from quizapp.storage.models import Memory, Note, Paper, PaperItem, Snapshot
from tests import samples
from tests.conftest import NOON, Clock, Visitor


@pytest.fixture
def candidate(app: Flask, visitor: Visitor, deck_folder: Path) -> Visitor:
    deck_actions.load(samples.exam(deck_folder))
    return visitor


def begin(visitor: Visitor, count: int = 20, pace: str = "1", line: int = 70) -> int:
    response = visitor.post("/exams", outline="TEST-1", count=count, pace=pace, line=line)
    assert response.status_code == 303, response.get_data(as_text=True)
    return int(re.search(r"/exams/(\d+)/items/1$", response.headers["Location"])[1])


def key(paper: int, place: int) -> int:
    question = store.question(paper, place)
    assert question is not None
    return question.key


def answer(visitor: Visitor, paper: int, place: int, choice: int | str, **more: object):  # type: ignore[no-untyped-def]
    return visitor.post(f"/exams/{paper}/items/{place}/answers", choice=choice, **more)


def text(visitor: Visitor, path: str) -> str:
    return visitor.get(path).get_data(as_text=True)


def test_the_list_and_the_start_page_offer_what_there_is(candidate: Visitor) -> None:
    assert "You have not sat a mock exam yet" in text(candidate, "/exams")
    page = text(candidate, "/exams/new/TEST-1")
    assert "96 seconds for each question" in page
    assert 'value="20" checked' in page
    assert 'value="40"' in page


def test_a_paper_is_drawn_from_the_held_pool_to_the_weights(candidate: Visitor) -> None:
    paper = begin(candidate)
    rows = PaperItem.select(PaperItem.domain, Note.pool).join(Note).tuples()
    assert sorted(rows) == [("D1", "mock")] * 12 + [("D2", "mock")] * 8
    assert (Paper.get().ends - NOON).total_seconds() == 20 * 96
    assert Paper.get().id == paper


def test_no_held_item_is_ever_in_study(candidate: Visitor) -> None:
    begin(candidate)
    assert Memory.select().join(Note, on=(Note.id == Memory.note)).where(
        Note.pool == "mock"
    ).count() == 0  # fmt: skip


def test_every_change_is_kept_and_survives_a_reload(candidate: Visitor) -> None:
    paper = begin(candidate)
    assert answer(candidate, paper, 1, 2, to="stay").status_code == 303
    answer(candidate, paper, 1, 3, to="stay", flagged=1, confidence="unsure")
    saved = candidate.post(f"/exams/{paper}/items/1/answers", True, choice=0, struck=1, flagged=1)
    assert saved.status_code == 204
    page = text(candidate, f"/exams/{paper}/items/1")
    assert re.search(r'name="choice" value="0"[^>]* checked', page)
    assert re.search(r'name="flagged"[^>]* checked', page)
    assert re.search(r'name="struck" value="1"[^>]* checked', page)
    row = PaperItem.get((PaperItem.paper == paper) & (PaperItem.place == 1))
    assert (row.choices, row.confidence, row.flagged, row.struck) == ([2, 3, 0], "", True, [1])


def test_one_can_move_freely_and_resume(candidate: Visitor) -> None:
    paper = begin(candidate)
    assert answer(candidate, paper, 1, 0, to="next").headers["Location"].endswith("/items/2")
    assert answer(candidate, paper, 20, 0, to="next").headers["Location"].endswith("/overview")
    assert answer(candidate, paper, 5, "", to="17").headers["Location"].endswith("/items/17")
    candidate.get(f"/exams/{paper}/items/17")
    assert candidate.get(f"/exams/{paper}").headers["Location"].endswith("/items/17")
    page = text(candidate, f"/exams/{paper}/overview")
    assert "Not answered (18)" in page
    assert page.count('class="complete"') == 2


def test_handing_in_takes_two_steps_and_names_what_is_blank(candidate: Visitor) -> None:
    paper = begin(candidate)
    for place in range(1, 19):
        answer(candidate, paper, place, key(paper, place), to="stay")
    page = text(candidate, f"/exams/{paper}/submission")
    assert "2 questions are not answered and will count as wrong" in page
    assert Paper.get().submitted is None
    response = candidate.post(f"/exams/{paper}/submissions")
    assert response.headers["Location"].endswith(f"/exams/{paper}/result")
    page = text(candidate, f"/exams/{paper}/result?show=all")
    assert "90 %" in page
    assert "18 of 20" in page
    assert "✓ Above your line of 70 %" in page
    assert page.count("✗ Left blank") == 2


def test_the_result_tells_domains_confidence_and_changes(candidate: Visitor) -> None:
    paper = begin(candidate, count=10, line=80)
    for place in range(1, 11):
        right = key(paper, place)
        wrong = (right + 1) % 4
        answer(candidate, paper, place, wrong, to="stay")
        if place <= 4:
            answer(candidate, paper, place, right, to="stay", confidence="sure")
    candidate.post(f"/exams/{paper}/submissions")
    page = text(candidate, f"/exams/{paper}/result")
    assert "✗ Below your line of 80 %" in page
    assert "4 wrong→right" in page
    assert re.search(r"Sure</th><td>4 of 4", page)
    assert "Missed (6)" in page
    assert "First domain" in page
    assert "40 %" in page
    assert "17–69 %" in page


def test_the_list_reads_stored_scores_and_no_item(candidate: Visitor) -> None:
    paper = begin(candidate, count=10)
    for place in range(1, 8):
        answer(candidate, paper, place, key(paper, place), to="stay")
    candidate.post(f"/exams/{paper}/submissions")
    PaperItem.delete().execute()
    page = text(candidate, "/exams")
    assert "<td>70 %</td><td>40–89 %</td><td>none</td>" in page


def test_a_result_keeps_its_questions_where_their_notes_are_deleted(candidate: Visitor) -> None:
    paper = begin(candidate, count=10)
    for place in range(1, 8):
        answer(candidate, paper, place, key(paper, place), to="stay")
    candidate.post(f"/exams/{paper}/submissions")
    address = f"/exams/{paper}/result?show=all"
    before = text(candidate, address)
    gone = PaperItem.get((PaperItem.paper == paper) & (PaperItem.place == 1)).note
    Note.delete().where(Note.id == gone).execute()
    page = text(candidate, address)
    assert page.count('class="reviewed"') == before.count('class="reviewed"') == 10
    assert "7 of 10" in page
    assert page.count("This question is not in your decks any more.") == 1
    assert candidate.post(f"/exams/{paper}/items/1/cards").status_code == 404
    assert candidate.post(f"/exams/{paper}/items/2/cards").status_code == 303
    assert begin(candidate, count=10) != paper


def test_a_paper_goes_on_where_the_note_of_an_item_is_deleted(candidate: Visitor) -> None:
    paper = begin(candidate, count=10)
    right = key(paper, 1)
    Note.delete().where(
        Note.id == PaperItem.get((PaperItem.paper == paper) & (PaperItem.place == 1)).note
    ).execute()
    assert candidate.get(f"/exams/{paper}/items/1").status_code == 200
    answer(candidate, paper, 1, right, to="stay")
    candidate.post(f"/exams/{paper}/submissions")
    assert "1 of 10" in text(candidate, f"/exams/{paper}/result")


def test_at_zero_the_paper_hands_itself_in_and_late_answers_are_refused(
    candidate: Visitor, clock: Clock
) -> None:
    paper = begin(candidate)
    answer(candidate, paper, 1, key(paper, 1), to="stay")
    clock.pass_(seconds=20 * 96 - 1)
    assert answer(candidate, paper, 2, key(paper, 2), to="stay").status_code == 303
    clock.pass_(seconds=1)
    late = candidate.post(f"/exams/{paper}/items/3/answers", True, choice=key(paper, 3))
    assert late.status_code == 409
    assert "handed in already" in late.get_data(as_text=True)
    row = Paper.get()
    assert row.submitted == row.ends
    assert "2 of 20" in text(candidate, f"/exams/{paper}/result")
    assert candidate.get(f"/exams/{paper}/items/1").headers["Location"].endswith("/result")


def test_without_a_clock_a_paper_waits(candidate: Visitor, clock: Clock) -> None:
    paper = begin(candidate, pace="off")
    clock.pass_(days=3)
    assert answer(candidate, paper, 1, 0, to="stay").status_code == 303
    assert "data-clock " not in text(candidate, f"/exams/{paper}/items/1")


def test_time_goes_to_the_item_that_was_open(candidate: Visitor, clock: Clock) -> None:
    paper = begin(candidate)
    candidate.get(f"/exams/{paper}/items/1")
    clock.pass_(seconds=40)
    candidate.get(f"/exams/{paper}/items/2")
    clock.pass_(seconds=20)
    candidate.get(f"/exams/{paper}/items/2")
    clock.pass_(minutes=29)
    candidate.get(f"/exams/{paper}/items/1")
    clock.pass_(seconds=5)
    candidate.post(f"/exams/{paper}/submissions")
    seconds = [entry.seconds for entry in store.entries(paper)][:3]
    assert seconds == [45, 600, 0], "somebody who walks away does not spoil the statistics"


def test_a_later_edit_does_not_change_a_result(candidate: Visitor, deck_folder: Path) -> None:
    paper = begin(candidate, count=10)
    for place in range(1, 11):
        answer(candidate, paper, place, key(paper, place), to="stay")
    candidate.post(f"/exams/{paper}/submissions")
    for path in (deck_folder / "certifications").glob("*.md"):
        path.write_text(path.read_text().replace("[ ]", "[y]").replace("[x]", "[ ]").replace(
            "[y]", "[x]", 1).replace("[y]", "[ ]").replace("Firm", "Company"))  # fmt: skip
    Note.update(faces=[{"question": "changed", "answer": "", "options": []}]).execute()
    page = text(candidate, f"/exams/{paper}/result?show=all")
    assert "10 of 10" in page
    assert "Firm " in page
    assert Snapshot.select().count() == 10


def test_a_second_paper_takes_unseen_items_first_and_tells_repeats(candidate: Visitor) -> None:
    for _ in range(2):
        paper = begin(candidate, count=20)
        for place in range(1, 21):
            candidate.get(f"/exams/{paper}/items/{place}")
        candidate.post(f"/exams/{paper}/submissions")
    assert PaperItem.select().where(PaperItem.repeat).count() == 0
    third = begin(candidate, count=20)
    assert PaperItem.select().where((PaperItem.paper == third) & PaperItem.repeat).count() == 6
    for place in range(1, 21):
        answer(candidate, third, place, key(third, place), to="stay")
    candidate.post(f"/exams/{third}/submissions")
    page = text(candidate, f"/exams/{third}/result")
    assert "6 questions had been on an earlier paper" in page
    assert "14 of 14" in page


def test_misses_become_a_session_of_the_cards_behind_them(candidate: Visitor) -> None:
    paper = begin(candidate, count=10)
    for place in range(1, 11):
        answer(candidate, paper, place, (key(paper, place) + 1) % 4, to="stay")
    candidate.post(f"/exams/{paper}/submissions")
    response = candidate.post(f"/exams/{paper}/picks")
    assert response.status_code == 303
    page = text(candidate, response.headers["Location"])
    assert "Misses of TEST, 10 questions" in page
    left = int(re.search(r"<b>(\d+)</b> due", page)[1])
    form = dict(re.findall(r'name="(card|version|drawn|mode)" value="([^"]*)"', page))
    assert form["mode"] == "picked"
    candidate.post(response.headers["Location"] + "/reviews", rating=3, **form)
    assert f"<b>{left - 1}</b> due" in text(candidate, response.headers["Location"])


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"count": 500}, 400, "from 5 to"),
        ({"count": 4}, 400, "from 5 to"),
        ({"count": "many"}, 400, "in whole numbers"),
        ({"pace": "9"}, 400, "Choose one of the offered times"),
        ({"line": 5}, 400, "from 30% to 100%"),
        ({"outline": "nothing"}, 404, "There is no such exam"),
    ],
)
def test_a_start_that_cannot_be_is_said(
    candidate: Visitor, fields: dict[str, object], status: int, sentence: str
) -> None:
    form = {"outline": "TEST-1", "count": 20, "pace": "1", "line": 70, **fields}
    response = candidate.post("/exams", **form)
    assert response.status_code == status
    assert sentence in response.get_data(as_text=True)
    assert Paper.select().count() == 0


def test_bad_answers_change_nothing(candidate: Visitor) -> None:
    paper = begin(candidate)
    for place, choice, status in ((1, 9, 400), (99, 0, 404)):
        assert answer(candidate, paper, place, choice).status_code == status
    assert answer(candidate, paper, 1, 0, confidence="very").status_code == 400
    assert answer(candidate, 77, 1, 0).status_code == 404
    assert [e.choices for e in store.entries(paper)] == [()] * 20


def test_an_exam_of_another_learner_is_not_there(candidate: Visitor) -> None:
    paper = begin(candidate)
    stranger = learners.create("Stranger", "UTC", NOON)
    Paper.update(learner=stranger.id).execute()
    for path in ("", "/items/1", "/overview", "/submission", "/result"):
        assert candidate.get(f"/exams/{paper}{path}").status_code == 404
    assert answer(candidate, paper, 1, 0).status_code == 404
    assert candidate.post(f"/exams/{paper}/submissions").status_code == 404
    assert Paper.get().submitted is None
