"""Pasted pairs: Quizlet's export and what else people paste, guessed and adjustable."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.errors import Refusal
from quizapp.formats import paste
from quizapp.formats.package import Package
from quizapp.formats.paste import BLANK_LINE, PasteOptions


def read(text: str, **changed: Any) -> Package:
    return paste.read(text, replace(paste.guess(text), **changed))


def sides(package: Package) -> list[tuple[str, ...]]:
    return [tuple(note.fields.values()) for note in package.notes]


@pytest.mark.parametrize(
    ("text", "between", "rows"),
    [
        ("risk\teffect of uncertainty\r\nasset\tsomething of value\r\n", "\t", "\n"),
        ("risk - effect\nwell-known - not new\n", " - ", "\n"),
        ("risk – effect\nasset – value\n", " – ", "\n"),
        ("risk;effect\nasset;value\n", ";", "\n"),
        ("risk,effect;asset,value", ",", ";"),
        ("risk\teffect;asset\tvalue", "\t", ";"),
        ("risk: effect\nasset: value\n", ": ", "\n"),
        ("risk\neffect\n\nasset\nvalue\n", "\n", BLANK_LINE),
        ("risk\teffect of\nuncertainty\n\nasset\tvalue\n", "\t", BLANK_LINE),
        ("", "\t", "\n"),
    ],
)
def test_the_separators_are_those_most_rows_agree_on(text: str, between: str, rows: str) -> None:
    options = paste.guess(text)
    assert (options.between, options.rows) == (between, rows)
    if text:
        _, second = sides(paste.read(text, options))
        assert second[1] in ("something of value", "not new", "value")


def test_a_pair_is_plain_text_and_not_markup() -> None:
    assert sides(read("a <b>\tx & y")) == [("a &lt;b&gt;", "x &amp; y")]


def test_lines_of_a_definition_stay_lines() -> None:
    package = read("a\tone\ntwo\n\nb\tthree\n")
    assert sides(package) == [("a", "one<br>two"), ("b", "three")]
    assert [note.where for note in package.notes] == ["row 1", "row 4"]


def test_only_the_first_separator_of_a_row_counts() -> None:
    assert sides(read("a - b - c\nd - e\n")) == [("a", "b - c"), ("d", "e")]


def test_rows_that_are_no_pairs_are_refused_by_line() -> None:
    package = read("a\tb\nno separator\n\tno term\nno definition\t\na\tagain\n", rows="\n")
    assert [each.where for each in package.refused] == ["row 2", "row 3", "row 4", "row 5"]
    assert "asks the same as row 1" in package.refused[3].reason


def test_separators_deck_and_tags_are_ones_own_to_choose() -> None:
    package = paste.read("a=>b##c=>d", PasteOptions("=>", "##", deck="Mine", tags=("t",)))
    assert sides(package) == [("a", "b"), ("c", "d")]
    assert {(note.deck, note.tags) for note in package.notes} == {("Mine", ("t",))}


def test_sentences_with_gaps_need_no_separator() -> None:
    options = PasteOptions(notetype="quizapp-cloze")
    assert sides(paste.read("{{c1::Paris}} is big\n", options)) == [("{{c1::Paris}} is big", "")]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a\tb", PasteOptions("", "\n")),
        ("a\tb", PasteOptions("\n", "\n")),
        ("a\tb", PasteOptions(notetype="nobody")),
        ("  \n ", PasteOptions()),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(text: str, options: PasteOptions) -> None:
    with pytest.raises(Refusal):
        paste.read(text, options)


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        package = read(text)
    except Refusal:
        return
    assert all(note.key for note in package.notes)
