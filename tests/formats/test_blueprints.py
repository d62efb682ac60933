"""Blueprint files, and shares and quotas made from them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.actions import decks as deck_actions
from quizapp.domain.blueprints import Blueprint, Domain, quota, shares
from quizapp.domain.errors import DeckFileError
from quizapp.formats import blueprints
from tests.running import ROOT

GOOD = """certification = "CISM"
body = "ISACA"
outline = "CISM-2022"
version = "2022"
effective = 2022-06-01
[[domains]]
id = "a"
name = "One"
weight = 40
[[domains]]
id = "b"
name = "Two"
weight = 60
"""


def test_a_blueprint_is_read() -> None:
    found = blueprints.read(GOOD, "x.toml")
    assert found.effective == date(2022, 6, 1)
    assert found.domains == (Domain("a", "One", 40.0), Domain("b", "Two", 60.0))
    assert shares(found) == {"a": 0.4, "b": 0.6}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('version = "2022"', "version = ", "does not parse"),
        ('body = "ISACA"\n', "", "needs “body”"),
        ("weight = 60", "weight = 50", "add up to 90"),
        ("weight = 60\n", "", "give all, adding up to 100, or none"),
        ("effective = 2022-06-01", 'effective = "June"', "must be a date"),
        ("effective", "effectively", "there is no key “effectively”"),
        ('id = "b"', 'id = ""', "each domain needs id and name"),
        ("weight = 60", 'weight = "60"', "a number as weight"),
    ],
)
def test_a_blueprint_that_does_not_fit_is_told(old: str, new: str, sentence: str) -> None:
    with pytest.raises(DeckFileError, match=sentence):
        blueprints.read(GOOD.replace(old, new), "x.toml")


def test_all_eight_records_ship_and_only_published_weights_are_printed() -> None:
    found = {b.outline: b for b in deck_actions.read_blueprints(ROOT / "decks")}
    weights = {o: [d.weight for d in b.domains] for o, b in found.items()}
    assert weights.pop("CISM-2026") == [None] * 4
    assert weights.pop("CSMP") == [None] * 12
    assert weights == {
        "CISM-2022": [17, 20, 33, 30],
        "CISA-2019": [21, 17, 12, 23, 27],
        "CISA-2024": [18, 18, 12, 26, 26],
        "CCISO-v2": [21, 20, 21, 19, 19],
        "CCISO-v3": [15, 16, 12, 46, 11],
        "CCISO-v4": [21, 21, 20, 19, 19],
    }
    assert {b.outline for b in found.values() if b.planning} == {
        "CISM-2022", "CISA-2024", "CCISO-v4", "CSMP"
    }  # fmt: skip
    assert all(b.sources and b.read and b.note and b.confidence for b in found.values())


def test_the_new_cism_outline_borrows_the_weights_of_2022_by_position() -> None:
    found = {b.outline: b for b in deck_actions.read_blueprints(ROOT / "decks")}
    assert shares(found["CISM-2026"], found.values()) == pytest.approx(
        {"CISM26-1": 0.17, "CISM26-2": 0.20, "CISM26-3": 0.33, "CISM26-4": 0.30}
    )
    assert set(shares(found["CSMP"]).values()) == {1 / 12}


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=12),
    st.integers(0, 400),
)
def test_a_quota_is_within_one_item_of_each_share(parts: list[float], count: int) -> None:
    share = {str(n): part / sum(parts) for n, part in enumerate(parts)}
    given_ = quota(share, count)
    assert sum(given_.values()) == count
    assert all(abs(given_[d] - share[d] * count) < 1 + 1e-6 for d in share)


def test_the_quota_of_a_full_cism_paper() -> None:
    blueprint = Blueprint("C", "B", "O", "V", tuple(Domain(*d) for d in
        (("1", "a", 17.0), ("2", "b", 20.0), ("3", "c", 33.0), ("4", "d", 30.0))))  # fmt: skip
    assert quota(shares(blueprint), 150) == {"1": 26, "2": 30, "3": 49, "4": 45}
