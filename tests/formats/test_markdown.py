"""The deck format: every kind of item, and every line that does not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.errors import DeckFileError
from quizapp.formats import markdown
from quizapp.formats.parsed import ParsedDeck
from tests import samples

HEAD = samples.HEAD.format(name="Risk")


def read(body: str, head: str = HEAD) -> ParsedDeck:
    return markdown.read(head + body, "risk.md", "risk")


def test_every_kind_of_item_is_read() -> None:
    deck = read(samples.EVERY_KIND)
    assert (deck.name, deck.topic, deck.outline) == ("Risk", "R3", ("CISM-2022",))
    assert [note.kind for note in deck.notes] == ["basic", "cloze", "reversed", "typed", "choice"]
    typed, choice = deck.notes[3:]
    assert typed.topic == "Continuity"
    assert typed.fields["also"] == ["maximum tolerable downtime", "MTPD"]
    assert [option["correct"] for option in choice.fields["options"]] == [False, True, False, False]
    assert choice.fields["options"][0]["rationale"] == "The decision belongs to the risk owner."
    assert (choice.level, choice.pool) == ("application", "study")


def test_an_answer_may_run_over_lines_and_hold_code() -> None:
    (note,) = read(
        "Q: How?\nA: Like this:\n\n```\nQ: not an item\n# not a heading\n```\nID: x\n"
    ).notes
    assert "Q: not an item" in note.fields["back"]
    assert note.key == "x"


def test_an_id_is_derived_from_the_question_alone() -> None:
    (one,) = read("Q: What  is risk?\nA: Effect of uncertainty\n").notes
    (two,) = read("# Elsewhere\nQ: what is risk?\nA: Another answer\n").notes
    assert one.key == two.key
    assert one.key.startswith("q-")


def test_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    text = "\ufeff" + (HEAD + samples.EVERY_KIND).replace("\n", "\r\n")
    assert markdown.read(text, "risk.md", "risk") == read(samples.EVERY_KIND)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "expected “---”"),
        ("---\nname = 'x'\n", 1, "not closed"),
        ("---\nname = x\n---\n", 2, "does not parse"),
        ("---\ntopic = 'R1'\n---\n", 1, "needs a name"),
        ("---\nname = 'x'\ncolour = 'red'\n---\n", 1, "unknown key “colour”"),
        ("---\nname = 'x'\noutline = 'y'\n---\n", 1, "outline must be a list"),
        ("---\nname = 'x'\ntopic = 3\n---\n", 1, "topic must be a text"),
        (HEAD + "Q: \nA: x\n", 10, "the question is empty"),
        (HEAD + "Q: x?\n", 10, "expected an answer"),
        (HEAD + "Q: x?\nA: y\nA: z\n", 12, "already has an A:"),
        (HEAD + "Q: x?\nA: y\nID: a\nwords\n", 13, "expected an attribute"),
        (HEAD + "Q: x?\nA: y\nID: a\nID: b\n", 13, "stands twice"),
        (HEAD + "Q: x?\nA: y\nID: a b\n", 10, "may hold letters"),
        (HEAD + "Q: x?\nA: y\nPool: secret\n", 10, "expected study or mock"),
        (HEAD + "C: no gap\n", 10, "at least one gap"),
        (HEAD + "M: x?\n- [x] only\n", 10, "expected 2 to 6 options"),
        (HEAD + "M: x?\n- [x] a\n- [x] b\n", 10, "exactly one option"),
        (HEAD + "```\ncode\n```\n", 10, "expected an item before"),
    ],
)
def test_a_line_that_does_not_fit_is_named(text: str, line: int, expected: str) -> None:
    with pytest.raises(DeckFileError, match=expected) as caught:
        markdown.read(text, "risk.md", "risk")
    assert (caught.value.path, caught.value.line) == ("risk.md", line)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_with_a_line(body: str) -> None:
    try:
        deck = read(body)
    except DeckFileError as error:
        assert 1 <= error.line <= len((HEAD + body).splitlines()) + 1
    else:
        assert all(note.key for note in deck.notes)
