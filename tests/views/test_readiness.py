"""Weak topics, sessions of one's own and the verdict over HTTP; a miss becomes work."""

import re
from pathlib import Path

import pytest
from flask import Flask

from quizapp.actions import decks as deck_actions
from quizapp.storage import exams as store
from quizapp.storage.models import Card, Learner, Memory, Miss, Note, Paper, PaperItem, Review
from tests import samples
from tests.conftest import NOON, Clock, Visitor
from tests.views.test_goals import FORM


@pytest.fixture
def candidate(app: Flask, visitor: Visitor, deck_folder: Path) -> Visitor:
    deck_actions.load(samples.exam(deck_folder))
    return visitor


def card(key: str) -> int:
    query = Card.select(Card.id).join(Note).where(Note.key == key)
    return int(query.get().id)


def answer(visitor: Visitor, key: str, right: bool, **more: object) -> int:
    """Choose the key of an item or another option, and grade it as proposed."""
    id_ = card(key)
    options = Note.get(Note.key == key).fields["options"]
    best = next(i for i, option in enumerate(options) if option["correct"])
    version = Memory.get(Memory.card == id_).version
    choice = best if right else (best + 1) % 4
    visitor.post(
        "/study/all/reviews", True, card=id_, version=version, rating=3 if right else 1,
        choice=choice, **more,
    )  # fmt: skip
    return id_


def text(visitor: Visitor, path: str) -> str:
    return visitor.get(path).get_data(as_text=True)


def test_without_answers_the_page_says_how_many_are_missing(candidate: Visitor) -> None:
    page = text(candidate, "/readiness")
    assert "100 more in all" in page
    assert "20 more in First domain" in page
    assert "Practice score to expect" not in page


def test_a_paper_gives_a_verdict_from_first_answers_only(candidate: Visitor) -> None:
    from tests.views.test_exams import begin, key

    for _ in range(5):
        paper = begin(candidate, count=24)
        for place in range(1, 25):
            right = key(paper, place)
            choice = right if place % 4 else (right + 1) % 4
            candidate.post(f"/exams/{paper}/items/{place}/answers", choice=choice, to="stay")
        candidate.post(f"/exams/{paper}/submissions")
    page = text(candidate, "/readiness")
    counted = [int(n) for n in re.findall(r"<td>\d+ of (\d+)</td><td>\d+–", page)][:2]
    assert sum(counted) <= 60, "items that came again are not counted"
    assert "more in all" in page


def test_topics_are_sorted_and_one_click_studies_one(candidate: Visitor) -> None:
    page = text(candidate, "/topics")
    assert 'title="First domain">Domain D1<' in page
    assert page.index("Domain D1") < page.index("Domain D2"), "the heavier domain comes first"
    response = candidate.post(
        "/topics/picks", outline="TEST-1", deck="Domain D2", topic="Risk treatment"
    )
    assert response.status_code == 303
    page = text(candidate, response.headers["Location"])
    assert "<b>7</b> due" in page


@pytest.mark.parametrize("wanted", ["weak", "unseen"])
def test_a_session_of_ones_own_keeps_to_its_conditions(candidate: Visitor, wanted: str) -> None:
    response = candidate.post("/topics/picks", filter=wanted, domain="D1", length=40)
    assert "<b>7</b> due" in text(candidate, response.headers["Location"])
    response = candidate.post("/topics/picks", filter=wanted, qualifier="FIRST", length=10)
    assert "FIRST questions" in text(candidate, response.headers["Location"])


@pytest.mark.parametrize("wanted", ["due", "missed", "sure", "flagged"])
def test_a_session_without_cards_is_said(candidate: Visitor, wanted: str) -> None:
    response = candidate.post("/topics/picks", filter=wanted)
    assert response.status_code == 400
    assert "No card is like that just now" in response.get_data(as_text=True)


def test_a_first_answer_is_marked_once_and_kept_with_its_wording(candidate: Visitor) -> None:
    answer(candidate, "D1-study-0", right=True)
    answer(candidate, "D1-study-0", right=False)
    assert [r.first_exposure for r in Review.select().order_by(Review.id)] == [True, False]
    assert len(Review.select().order_by(Review.id).first().answer["snapshot"]) == 64
    assert re.search(r"<td>1 of 1</td><td>21–100 %", text(candidate, "/readiness"))


def test_sure_and_wrong_is_a_misconception_until_right_on_three_days(
    candidate: Visitor, clock: Clock
) -> None:
    answer(candidate, "D1-study-0", right=False, confidence="sure", cause="qualifier")
    miss = Miss.get()
    assert (miss.sure, miss.cause, miss.closed) == (True, "qualifier", False)
    page = text(candidate, "/topics")
    assert "1 misconception" in page
    assert "I misread the qualifier" in page
    candidate.post("/study/all/undos", True)
    assert Miss.select().count() == 0
    answer(candidate, "D1-study-0", right=False, confidence="sure")
    for _ in range(3):
        assert not Miss.get().closed
        clock.pass_(days=1)
        answer(candidate, "D1-study-0", right=True)
        answer(candidate, "D1-study-0", right=True)
    assert Miss.get().closed
    assert "misconception" not in text(candidate, "/topics")


def test_a_lucky_guess_goes_on_the_list(candidate: Visitor) -> None:
    answer(candidate, "D1-study-0", right=True, confidence="guess")
    assert (Miss.get().sure, Miss.get().closed) == (False, False)


def test_a_miss_pulls_its_cards_forward_and_undo_puts_them_back(
    candidate: Visitor, clock: Clock
) -> None:
    other = answer(candidate, "D1-study-1", right=True)
    Memory.update(state=2, queue=2, turn=30_000, interval=60, stability=60, difficulty=5).where(
        Memory.card == other
    ).execute()
    clock.pass_(days=1)
    answer(candidate, "D1-study-0", right=False)
    today = Review.select().order_by(Review.id.desc()).first().study_day
    assert Memory.get(Memory.card == other).turn == today + 1
    candidate.post("/study/all/undos", True)
    assert Memory.get(Memory.card == other).turn == 30_000


def test_with_a_goal_the_day_is_foretold(candidate: Visitor) -> None:
    candidate.post("/goals", **FORM)
    answer(candidate, "D1-study-0", right=True)
    assert "On the day" in text(candidate, "/topics")
    assert re.search(r"\d+ %</td></tr>", text(candidate, "/readiness"))


def test_five_answers_are_refused_and_a_full_paper_gives_the_interval_of_the_formula(
    app: Flask, visitor: Visitor, deck_folder: Path
) -> None:
    from tests.views.test_exams import begin, key

    deck_actions.load(samples.exam(deck_folder, held=95))
    few = begin(visitor, count=8)
    for place in range(1, 9):
        visitor.post(f"/exams/{few}/items/{place}/answers", choice=key(few, place), to="stay")
    visitor.post(f"/exams/{few}/submissions")
    page = text(visitor, "/readiness")
    assert "15 more in First domain" in page, "five of eight are in the heavier domain"
    assert "Practice score to expect" not in page
    Paper.delete().execute()
    PaperItem.delete().execute()
    paper = begin(visitor, count=150)
    rights = {"D1": 72, "D2": 30}
    for entry in store.entries(paper):
        rights[entry.domain] -= 1
        best = key(paper, entry.place)
        choice = best if rights[entry.domain] >= 0 else (best + 1) % 4
        visitor.post(f"/exams/{paper}/items/{entry.place}/answers", choice=choice, to="stay")
    visitor.post(f"/exams/{paper}/submissions")
    page = text(visitor, "/readiness")
    # By hand: Wilson of 72/90 is 70.6-87.0 %, of 30/60 37.7-62.3 %; the score is
    # 0.6 x (72 + 2.5) / 94 + 0.4 x (30 + 2.5) / 64 = 67.9 %, and 1.645 standard
    # deviations of the two Beta distributions are 5.8 points.
    assert "<td>72 of 90</td><td>71–87 %</td>" in page
    assert "<td>30 of 60</td><td>38–62 %</td>" in page
    score = re.search(r"expect</dt><dd>(\d+) % <span class=\"detail\">90 %: (\d+)–(\d+) %", page)
    assert score is not None
    assert abs(int(score[1]) - 67.9) <= 1
    assert abs(int(score[2]) - 62.1) <= 1
    assert abs(int(score[3]) - 73.7) <= 1


FILTERED = ("due", "missed", "guessed", "sure", "flagged", "unseen")


def found(candidate: Visitor, **fields: object) -> str:
    response = candidate.post("/topics/previews", True, **fields)
    assert response.status_code == 200
    said = re.search(r"<p[^>]*>(.*)</p>", response.get_data(as_text=True))
    assert said is not None
    return said[1]


def test_each_condition_works_alone_and_together(candidate: Visitor, clock: Clock) -> None:
    answer(candidate, "D1-study-0", right=False, confidence="sure")
    answer(candidate, "D1-study-1", right=True, confidence="guess")
    answer(candidate, "D2-study-0", right=True)
    candidate.post("/study/all/flags", True, card=card("D2-study-0"), flag=2)
    clock.pass_(days=40)
    counted = {kind: found(candidate, filter=kind).split(" ")[0] for kind in FILTERED}
    assert counted == {
        "due": "3", "missed": "2", "guessed": "1", "sure": "1", "flagged": "1", "unseen": "11"
    }  # fmt: skip
    together = {"filter": "missed", "domain": "D1", "qualifier": "FIRST"}
    assert found(candidate, **together).startswith("2 cards, about ")
    said = found(candidate, filter="flagged", domain="D1")
    assert said == (
        "No card is like that just now. There would be 7 without “Flagged”,"
        " or 1 without the choice of domains."
    )
    assert found(candidate, filter="flagged", domain="D1", qualifier="PRIMARY").endswith(
        "Choose fewer conditions."
    )


def test_a_session_by_minutes_goes_by_the_learners_own_pace(
    candidate: Visitor, clock: Clock
) -> None:
    assert found(candidate, length="5min", domain="D1") == "7 cards, about 4 min."
    for key in ("D1-study-0", "D1-study-1"):
        id_ = card(key)
        version = Memory.get(Memory.card == id_).version
        drawn = int(clock.at.timestamp() * 1000)
        clock.pass_(seconds=58)
        candidate.post(
            "/study/all/reviews", True, card=id_, version=version, rating=3, choice=0, drawn=drawn
        )
    # Two questions that were seen (35 s each), two new ones at 58 s; new cards at 20 s.
    assert found(candidate, domain="D1") == "7 cards, about 4 min."
    assert found(candidate, length="5min", qualifier="FIRST", domain="D1", filter="unseen") == (
        "2 cards, about 2 min."
    )
    response = candidate.post("/topics/picks", length="5min", filter="unseen", qualifier="FIRST")
    assert "<b>5</b> due" in text(candidate, response.headers["Location"]), "5 of 6 at 58 s"


def test_the_builder_keeps_what_was_chosen_where_nothing_is_found(candidate: Visitor) -> None:
    response = candidate.post(
        "/topics/picks", filter="flagged", domain="D2", length="15min", qualifier="MOST"
    )
    page = response.get_data(as_text=True)
    assert response.status_code == 400
    assert 'role="alert" tabindex="-1" autofocus>No card is like that' in page
    assert 'value="flagged" checked' in page and 'value="D2" checked' in page
    assert 'value="15min" selected' in page and "<option selected>MOST" in page
    previewed = candidate.post("/topics/previews", filter="unseen", length="10")
    page = previewed.get_data(as_text=True)
    assert previewed.status_code == 200 and "<!doctype html>" in page
    assert "10 cards, about " in page
    assert candidate.get("/topics/previews").status_code == 302


@pytest.mark.parametrize("length", ["", "0", "999999", "7min", "min", "x"])
def test_an_odd_length_is_twenty_cards(candidate: Visitor, length: str) -> None:
    assert found(candidate, length=length).startswith("14 cards")


def reviewed(count: int, recalled: int, stability: float, mode: str = "due") -> None:
    """As many reviews ten days after the last answer, some of them recalled."""
    learner = Learner.get().id
    for n in range(count):
        Review.create(
            learner=learner, card=card("D1-study-0"), version=1000 + n, mode=mode,
            rating=3 if n < recalled else 1, at=NOON, study_day=20_400 + n, elapsed_days=10,
            milliseconds=0, state_before=2, stability_before=stability, difficulty_before=5,
            state_after=2, interval=10,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("recalled", "said"),
    [(36, "the forecasts hold"), (20, "promise too much"), (40, "promise too little")],
)
def test_forecasts_of_cards_are_held_against_what_was_recalled(
    candidate: Visitor, recalled: int, said: str
) -> None:
    reviewed(40, recalled, stability=10)
    page = text(candidate, "/readiness")
    # After as many days as the stability, 90 % are foretold.
    assert f"Of 40 due reviews, {round(recalled / 0.4)} % were recalled" in page
    assert "where 90 % were foretold" in page
    assert said in page
    assert re.search(r"90–95 %</th><td>90 %</td>.*?<td>40</td>", page)
    assert "80–85 %</th><td>—</td><td>—</td><td>—</td><td>0</td>" in page


def test_few_reviews_or_early_ones_say_nothing_of_the_forecasts(candidate: Visitor) -> None:
    reviewed(19, 0, stability=10)
    Review.update(version=Review.version + 500).execute()
    reviewed(30, 0, stability=10, mode="picked")
    page = text(candidate, "/readiness")
    assert "19 due reviews so far; from 20 on there is something to tell" in page
    assert "90–95 %</th>" not in page


def test_confidence_is_held_against_right_answers_in_study_and_on_papers(
    candidate: Visitor,
) -> None:
    from tests.views.test_exams import begin, key

    assert "how far you can trust your own feeling" in text(candidate, "/readiness")
    answer(candidate, "D1-study-0", right=True, confidence="sure")
    paper = begin(candidate, count=24)
    for place in range(1, 25):
        choice = key(paper, place) if place > 6 else (key(paper, place) + 1) % 4
        candidate.post(
            f"/exams/{paper}/items/{place}/answers", choice=choice, confidence="sure", to="stay"
        )
    candidate.post(f"/exams/{paper}/submissions")
    page = text(candidate, "/readiness")
    assert "Sure</th><td>19 of 25</td><td>76 %</td><td>57–89 %</td>" in page
    assert "Guess</th><td>0 of 0</td><td>—</td><td>—</td>" in page


def test_mock_exams_and_the_practice_score_are_followed_over_time(
    app: Flask, visitor: Visitor, deck_folder: Path, clock: Clock
) -> None:
    from tests.views.test_exams import begin, key

    deck_actions.load(samples.exam(deck_folder, held=95))
    assert "no mock exam and no practice score yet" in text(visitor, "/readiness")
    for count in (120, 20):
        paper = begin(visitor, count=count)
        for place in range(1, count + 1):
            visitor.post(
                f"/exams/{paper}/items/{place}/answers", choice=key(paper, place), to="stay"
            )
        visitor.post(f"/exams/{paper}/submissions")
        clock.pass_(days=14)
    page = text(visitor, "/readiness")
    found = re.findall(
        r'<th scope="row">(\d+ \w+ 2026)</th><td>(TEST|Practice)[^<]*</td><td>(\d+) %', page
    )
    assert [(day, what) for day, what, _ in found] == [
        ("29 January 2026", "TEST"), ("29 January 2026", "Practice"),
        ("15 January 2026", "TEST"), ("15 January 2026", "Practice"),
    ]  # fmt: skip
    assert "2 mock exams, from 100 % to 100 %" in page
    assert page.count("<rect") == 2 and page.count("<circle") == 2
