"""JSON columns give back what was put in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.storage.fields import Garbled, from_json, to_json

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inside: st.lists(inside) | st.dictionaries(texts, inside),
)  # fmt: skip


@given(value=values.filter(lambda value: value is not None))
def test_what_is_stored_is_what_is_read(value: Any) -> None:
    stored = to_json(value)
    assert stored is not None
    found = from_json(stored)
    assert found == value
    assert to_json(found) == stored


def test_the_order_of_names_does_not_matter() -> None:
    assert to_json({"b": 1, "a": [1 << 80]}) == to_json({"a": [1 << 80], "b": 1})


def test_nothing_is_stored_as_nothing() -> None:
    assert to_json(None) is None


@pytest.mark.parametrize("stored", ["", "{", "[1,]", "NaN"])
def test_what_is_no_json_is_an_error(stored: str) -> None:
    with pytest.raises(Garbled, match="flask --app wsgi check"):
        from_json(stored)
