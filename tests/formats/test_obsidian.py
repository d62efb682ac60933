"""Notes of Obsidian's spaced repetition become cards, and prose becomes none."""

import pytest

from quizapp.domain.errors import Refusal
from quizapp.formats import obsidian
from quizapp.formats.markdown_package import read_folder, read_markdown
from quizapp.formats.parsed import ParsedNote


def only(text: str) -> ParsedNote:
    (note,) = obsidian.notes(text)
    return note


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Risk::Effect of uncertainty", "basic"),
        ("Risk:::Effect of uncertainty", "reversed"),
        ("- Risk :: Effect of uncertainty <!--SR:!2024-01-01,4,270-->", "basic"),
        ("[[Risk]]::Effect of [[Uncertainty|uncertainty]] ^a1b2", "basic"),
        ("Risk\n?\nEffect of uncertainty\n<!--SR:!2024-01-01,4,270-->", "basic"),
        ("Risk\n??\nEffect of uncertainty", "reversed"),
    ],
)
def test_a_term_and_its_definition_are_a_card(text: str, kind: str) -> None:
    note = only(f"---\ntags: x\n---\n# Terms\n\nProse before.\n\n{text}\n\nProse after.\n")
    assert (note.kind, dict(note.fields)) == (
        kind,
        {"front": "Risk", "back": "Effect of uncertainty"},
    )
    assert note.topic == "Terms"


def test_a_dash_within_a_term_stays() -> None:
    assert only("1. Risk - appetite::What is wanted").fields["front"] == "Risk - appetite"


def test_gaps_count_only_in_notes_that_say_flashcards() -> None:
    text = "Risk is the ==effect== of ==uncertainty== [1], see [here](https://x.test)."
    assert obsidian.notes(text) == []
    note = only(f"#flashcards/risk\n\n{text}")
    assert note.fields["text"] == (
        "Risk is the [effect] of [uncertainty] \\[1], see [here](https://x.test)."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Use `std::vector` here.",
        "```cpp\nstd::vector<int> a;\n```",
        "::nothing before",
        "nothing after::",
        "a::::b",
        "?\nno question",
        "Really?\n\nNo.",
    ],
)
def test_prose_and_code_are_no_cards(text: str) -> None:
    assert obsidian.notes(text) == []


def test_such_notes_are_read_with_a_word_about_it() -> None:
    package = read_folder({"a.md": "Risk::Effect\n", "b.md": "Prose.\n", "c.md": "Q: x?\nA: y\n"})
    assert [(note.deck, note.kind) for note in package.notes] == [("a", "basic"), ("c", "basic")]
    assert package.remarks[0] == "Read as notes of Obsidian's spaced repetition: a.md."
    assert package.remarks[1].startswith("Passed over, as no items are in them: b.md. An item is")
    assert package.source == "markdown"


def test_a_file_of_prose_is_told_what_an_item_looks_like() -> None:
    with pytest.raises(Refusal, match=r"A: answer.* below it.*Term::Definition"):
        read_markdown("Prose.\n", "a.md")
