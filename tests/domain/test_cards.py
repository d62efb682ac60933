"""Notes, options and typed answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.cards import (
    FEWEST,
    Response,
    card_count,
    gaps,
    judged,
    key_of,
    option_order,
    proposed_rating,
    slow_after,
)
from quizapp.domain.errors import Refusal
from quizapp.domain.learners import parse_steps, steps_text
from quizapp.domain.scheduling import Rating
from quizapp.domain.typing import compare

OPTIONS = [{"html": text, "correct": text == "c"} for text in "abcd"]
FACE = {"options": OPTIONS}


def test_gaps_are_brackets_but_not_links_or_escaped_ones() -> None:
    assert gaps(r"A [b c] and \[d\] and [e](http://x) and [f]") == ["b c", "f"]


@pytest.mark.parametrize(
    ("kind", "fields", "count"),
    [
        ("basic", {"front": "a", "back": "b"}, 1),
        ("reversed", {"front": "a", "back": "b"}, 2),
        ("cloze", {"text": "[a] [b] [c]"}, 3),
        ("choice", {"stem": "a", "options": []}, 1),
    ],
)
def test_each_kind_makes_its_cards(kind: str, fields: dict[str, object], count: int) -> None:
    assert card_count(kind, fields) == count


def test_options_come_in_every_place() -> None:
    places = {option_order(OPTIONS, f"1:{i}").index(2) for i in range(40)}
    assert places == {0, 1, 2, 3}
    assert option_order(OPTIONS, "1:1") == option_order(OPTIONS, "1:1")


def test_a_scale_of_numbers_keeps_its_order() -> None:
    scale = [{"html": f"{n} hours", "correct": n == 72} for n in (24, 48, 72, 96)]
    assert all(option_order(scale, str(i)) == [0, 1, 2, 3] for i in range(20))


def test_a_response_is_held_against_its_card() -> None:
    kept = judged("choice", FACE, "1:0", Response(choice=2, confidence="sure"))
    assert kept is not None
    assert (kept["right"], kept["confidence"]) == (True, "sure")
    assert kept["order"] == option_order(OPTIONS, "1:0")
    wrong = judged("choice", FACE, "1:0", Response(choice=0, confidence="nonsense"))
    assert wrong is not None and not wrong["right"] and "confidence" not in wrong
    assert judged("typed", {"accepts": ["MTD"]}, "", Response(typed="mtd")) == {
        "typed": "mtd",
        "right": True,
    }
    assert judged("basic", {}, "", Response(choice=1)) is None
    assert judged("choice", FACE, "", Response()) is None
    assert judged("choice", FACE, "", None) is None
    with pytest.raises(Refusal, match="does not exist"):
        judged("choice", FACE, "", Response(choice=4))


def test_a_lucky_guess_is_not_knowledge_and_easy_is_never_proposed() -> None:
    assert proposed_rating(True) is Rating.GOOD
    assert proposed_rating(True, "guess") is Rating.AGAIN
    assert proposed_rating(False) is Rating.AGAIN
    assert key_of(OPTIONS) == 2


@pytest.mark.parametrize("correct", [True, False])
@pytest.mark.parametrize("confidence", ["", "unsure", "sure", "guess"])
def test_slow_makes_hard_of_right_answers_that_were_not_sure(
    correct: bool, confidence: str
) -> None:
    usual = proposed_rating(correct, confidence)
    slow = proposed_rating(correct, confidence, slow=True)
    hard = correct and confidence in ("", "unsure")
    assert slow is (Rating.HARD if hard else usual)


@given(st.lists(st.integers(0, 600_000), min_size=FEWEST, max_size=200))
def test_nine_in_ten_answers_are_not_slow_and_fewer_than_one_in_ten_is(thought: list[int]) -> None:
    limit = slow_after(thought)
    assert limit is not None
    assert sum(each <= limit for each in thought) >= 0.9 * len(thought)
    assert sum(each > limit for each in thought) <= 0.1 * len(thought)
    assert limit in thought


def test_few_answers_say_nothing_about_what_is_slow() -> None:
    assert slow_after([5_000] * (FEWEST - 1)) is None
    assert slow_after([*range(1, 20), 90_000]) == 18


@pytest.mark.parametrize(
    "typed", ["mtd", " MTD ", "Maximum  tolerable downtime.", "maximum-tolerable downtíme"]
)
def test_case_accents_spacing_and_hyphens_do_not_matter(typed: str) -> None:
    assert compare(typed, ["MTD", "maximum tolerable downtime"]).right


def test_the_difference_is_shown_against_the_nearest_accepted_text() -> None:
    result = compare("maximum tolerable downtme", ["MTD", "maximum tolerable downtime"])
    assert not result.right
    assert result.expected == "maximum tolerable downtime"
    assert {p.kind for p in result.given} == {"same"}
    assert [(p.kind, p.text) for p in result.wanted if p.kind != "same"] == [("missing", "i")]


def test_an_answer_unlike_the_expected_one_is_shown_whole() -> None:
    result = compare("firewall", ["audit charter"])
    assert [(p.kind, p.text) for p in result.given] == [("extra", "firewall")]
    assert [(p.kind, p.text) for p in result.wanted] == [("missing", "audit charter")]


def test_what_was_typed_just_so_needs_no_second_line() -> None:
    assert compare("café", ["café"]).wanted == ()
    assert [p.text for p in compare("cafe", ["café"]).wanted] == ["café"]
    assert compare("", ["café"]).given == ()


def test_a_letter_that_is_two_in_small_shifts_nothing() -> None:
    result = compare("straße nach Rum", ["straße nach Rom"])
    assert [(p.kind, p.text) for p in result.given if p.kind == "extra"] == [("extra", "u")]


@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_the_pieces_make_up_both_texts(typed: str, wanted: str) -> None:
    result = compare(typed, [wanted])
    assert "".join(p.text for p in result.given) == typed.strip()
    assert "".join(p.text for p in result.wanted) in {"", wanted.strip()}
    if result.right:
        assert compare(wanted, [wanted]).right


def test_steps_are_minutes_hours_and_days() -> None:
    assert parse_steps("1 10m, 1h 1d") == (1, 10, 60, 1440)
    assert parse_steps("") == ()
    assert steps_text((1.0, 10.0, 5.5)) == "1 10 5.5"
    for wrong in ("soon", "0", "-5", "99d", " ".join("1" * 11)):
        with pytest.raises(Refusal):
            parse_steps(wrong)
