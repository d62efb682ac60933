"""Sessions of one's own: conditions alone and together, length in cards and minutes."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.picks import (
    FIRST_QUESTION_PACE,
    KINDS,
    OWN,
    Wanted,
    fits,
    looser,
    seconds,
    within,
)

TODAY = 100


@dataclass(frozen=True)
class Card:
    kind: str = "choice"
    deck: str = "Deck"
    topic: str = "Topic"
    own: bool = False
    last_day: int | None = 90
    due_day: int = 110
    stem: str = "What should come FIRST?"
    missed: bool = False
    guessed: bool = False
    sure: bool = False
    flag: int = 0


LIKE = {
    "due": Card(due_day=100),
    "unseen": Card(last_day=None),
    "missed": Card(missed=True),
    "guessed": Card(guessed=True),
    "sure": Card(sure=True),
    "flagged": Card(flag=3),
}


def wanted(**conditions: object) -> Wanted:
    return replace(Wanted(), **conditions)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone_takes_its_own_cards_only(kind: str) -> None:
    only = wanted(kinds=frozenset({kind}))
    assert [name for name, card in LIKE.items() if fits(card, "D1", only, TODAY)] == [kind]
    assert not fits(Card(), "D1", only, TODAY)


@given(st.sets(st.sampled_from(sorted(KINDS))))
def test_several_kinds_take_what_any_of_them_takes(kinds: set[str]) -> None:
    both = wanted(kinds=frozenset(kinds))
    for name, card in LIKE.items():
        assert fits(card, "D1", both, TODAY) is (name in kinds or not kinds)


@pytest.mark.parametrize(
    ("domains", "domain", "own", "taken"),
    [
        (set(), "D1", False, True),
        (set(), "", False, False),
        (set(), "", True, True),
        ({"D1"}, "D1", False, True),
        ({"D1"}, "D2", False, False),
        ({"D1"}, "", True, False),
        ({OWN}, "", True, True),
        ({OWN}, "D1", False, False),
        ({"D1", OWN}, "D2", True, True),
    ],
)
def test_domains_and_own_decks(domains: set[str], domain: str, own: bool, taken: bool) -> None:
    assert fits(Card(own=own), domain, wanted(domains=frozenset(domains)), TODAY) is taken


def test_all_conditions_must_be_met_together() -> None:
    card = Card(flag=1)
    full = Wanted(frozenset({"flagged"}), frozenset({"D1"}), "FIRST", ("Deck", "Topic"))
    assert fits(card, "D1", full, TODAY)
    assert not fits(replace(card, flag=0), "D1", full, TODAY)
    assert not fits(card, "D2", full, TODAY)
    assert not fits(replace(card, stem="Who was at FIRSTLY?"), "D1", full, TODAY)
    assert not fits(replace(card, topic="Another"), "D1", full, TODAY)


def test_what_can_be_loosened_is_named() -> None:
    full = Wanted(frozenset({"flagged", "due"}), frozenset({"D1"}), "FIRST")
    assert [name for name, _ in looser(full)] == [
        "“Due or overdue” or “Flagged”",
        "the choice of domains",
        "the word FIRST",
    ]
    assert [loose for _, loose in looser(full)] == [
        replace(full, kinds=frozenset()),
        replace(full, domains=frozenset()),
        replace(full, word=""),
    ]
    assert looser(Wanted()) == []


def test_a_card_takes_the_learners_own_pace_of_its_kind() -> None:
    paces = {(True, True): 70.0, (False, False): 6.0}
    assert seconds(Card(last_day=None), paces) == 70.0
    assert seconds(Card(), paces) == FIRST_QUESTION_PACE[1]
    assert seconds(Card(kind="basic"), paces) == 6.0
    assert seconds(Card(kind="cloze", last_day=None), paces) == 20.0


@given(st.lists(st.floats(1, 90), max_size=60), st.integers(1, 60))
def test_minutes_hold_as_many_cards_as_fit_and_at_least_one(
    lengths: list[float], minutes: int
) -> None:
    count = within(lengths, minutes)
    assert (count == 0) is (not lengths)
    assert sum(lengths[:count]) <= minutes * 60 or count == 1
    assert count == len(lengths) or sum(lengths[: count + 1]) > minutes * 60
