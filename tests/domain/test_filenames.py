"""Names of files that every system keeps and nobody is deceived by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.filenames import file_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Law & order", "Law & order"),
        ("CON", "CON_"),
        ("aux", "aux_"),
        ("nul.txt", "nul_.txt"),
        ("COM¹", "COM¹_"),
        ("Console", "Console"),
        ("😀🎉", "😀🎉"),
        ("-", "deck"),
        ("...", "deck"),
        ("", "deck"),
        ("a/b\\c:d", "a-b-c-d"),
        ("..\\..\\x", "x"),
        ("exe\u202egpj", "exegpj"),
        ("a\nb\0c", "a bc"),
        ("x. ", "x"),
        ("é" * 200, "é" * 80),
        ("漢" * 200, "漢" * 60),
    ],
)
def test_a_name_is_made_fit(text: str, name: str) -> None:
    assert file_name(text) == name


@given(st.text(max_size=300))
def test_whatever_it_is_made_of_a_name_can_be_kept(text: str) -> None:
    name = file_name(text)
    assert name == name.strip(" .") and 0 < len(name.encode()) <= 181
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char).startswith("C") for char in name)
    assert file_name(name) == name
