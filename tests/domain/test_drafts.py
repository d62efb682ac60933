"""The draft card of a missed item: what it asks, and what it never tears apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.drafts import cut, draft

OPTIONS = [
    {"text": "Stop the launch", "correct": False, "rationale": ""},
    {"text": "Present the risk to its owner", "correct": True, "rationale": ""},
]
WORDS = st.lists(
    st.sampled_from(["risk", "is", "the", "owner,", "accepts;", "to", "a (formal", "view)"]),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize(
    ("objective", "given_", "asked"),
    [
        (
            "Risk acceptance belongs to the owner with the authority for it.",
            "Risk acceptance belongs to",
            "the owner with the authority for it.",
        ),
        (
            "Simulations coach; punishing those deceived lowers reporting.",
            "Simulations coach;",
            "punishing those deceived lowers reporting.",
        ),
        (
            "A treatment can bring new risk, which is assessed before it is approved.",
            "A treatment can bring new risk, which is",
            "assessed before it is approved.",
        ),
    ],
)
def test_an_objective_is_cut_where_a_clause_ends(objective: str, given_: str, asked: str) -> None:
    made = draft({"stem": "What is FIRST?", "options": OPTIONS}, objective)
    assert made["front"] == f"Complete the principle:\n\n{given_} …"
    assert made["back"] == (
        f"{given_} **{asked}**\n\nBest answer to the question: Present the risk to its owner"
    )


def test_markdown_in_an_objective_is_not_torn_apart() -> None:
    objective = "The rule `allow all from any to any` is never what a firewall ends with."
    at = cut(objective)
    assert at is not None
    assert objective[:at].count("`") in (0, 2)
    assert "**" not in draft({"stem": "?", "options": OPTIONS}, objective)["back"]


def test_without_an_objective_the_question_itself_is_asked() -> None:
    short = {"stem": "Who accepts a risk?", "options": OPTIONS}
    assert draft(short, "") == {
        "front": "Who accepts a risk?",
        "back": "Present the risk to its owner",
    }
    long = {"stem": f"{'It was a long story. ' * 20}Who accepts a risk?", "options": OPTIONS}
    assert draft(long, "Owners do.") == {
        "front": "Who accepts a risk?",
        "back": "Present the risk to its owner\n\nOwners do.",
    }


@given(WORDS)
def test_both_parts_together_are_the_sentence_and_neither_is_empty(words: list[str]) -> None:
    sentence = " ".join(words)
    at = cut(sentence)
    if at is None:
        return
    head, tail = sentence[:at], sentence[at:]
    assert head.strip() and tail.strip()
    assert head[-1] == " "
    assert head.count("(") == head.count(")")
    assert cut(sentence) == at
