"""Own wordings survive what changes around them."""

from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.merging import difference, merged

TEXTS = st.text(alphabet="ab <>\n", max_size=12)
FIELDS = st.fixed_dictionaries({"front": TEXTS, "back": TEXTS})


def test_a_field_that_only_the_author_changed_follows_the_author() -> None:
    result = merged({"f": "mine", "b": "x"}, {"f": "old", "b": "x"}, {"f": "old", "b": "new"})
    assert (result.fields, result.conflicts) == ({"f": "mine", "b": "new"}, ())


def test_a_field_that_both_changed_stays_and_is_named() -> None:
    result = merged({"f": "mine"}, {"f": "old"}, {"f": "theirs"})
    assert (result.fields, result.conflicts) == ({"f": "mine"}, ("f",))


def test_a_field_that_both_changed_alike_is_no_conflict() -> None:
    assert merged({"f": "same"}, {"f": "old"}, {"f": "same"}).conflicts == ()


def test_a_field_that_is_new_is_taken() -> None:
    assert merged({"f": "mine"}, {"f": "old"}, {"f": "old", "g": "1"}).fields["g"] == "1"


@given(own=FIELDS, base=FIELDS, new=FIELDS)
def test_no_change_of_the_learner_is_ever_lost(
    own: dict[str, str], base: dict[str, str], new: dict[str, str]
) -> None:
    result = merged(own, base, new)
    for name, text in new.items():
        assert result.fields[name] == (own[name] if own[name] != base[name] else text)
        both = own[name] != base[name] and text not in (base[name], own[name])
        assert (name in result.conflicts) == both


@given(before=TEXTS, after=TEXTS)
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(p.text for p in pieces if p.kind != "added") == before
    assert "".join(p.text for p in pieces if p.kind != "removed") == after
