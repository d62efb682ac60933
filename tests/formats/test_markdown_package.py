"""Markdown decks as packages: read item by item, and written so that all of it comes back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.cards import gaps
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, CLOZE, REVERSED
from quizapp.formats import markdown, names
from quizapp.formats.markdown_package import read_folder, read_markdown
from quizapp.formats.markdown_write import write_markdown
from quizapp.formats.package import Package, PackedDeck, PackedNote
from quizapp.formats.plain import markdown_of
from tests import samples

OURS = samples.HEAD.format(name="Risk") + samples.EVERY_KIND


def packed(*notes: PackedNote, types: list[NoteType] | None = None) -> Package:
    return Package("jsonl", types or [], [PackedDeck(n) for n in {x.deck for x in notes}], notes)


def basic(front: str, back: str = "x", **more: Any) -> PackedNote:
    return PackedNote("k1", "basic", {"front": front, "back": back}, "Deck", **more)


def again(package: Package) -> list[PackedNote]:
    back = read_folder(write_markdown(package))
    assert back.refused == []
    return list(back.notes)


def bare(note: PackedNote) -> tuple[Any, ...]:
    return (
        note.key, note.kind, dict(note.fields), note.deck, note.tags, note.topic, note.reference,
        note.domains, note.objective, note.level, note.pool,
    )  # fmt: skip


def test_a_deck_of_ours_becomes_a_package_with_all_it_says() -> None:
    package = read_markdown(OURS, "r03-risk.md")
    (deck,) = package.decks
    assert (deck.name, deck.description, deck.outline) == (
        "Risk", "A deck for tests.", ("CISM-2022",),
    )  # fmt: skip
    notes = list(package.notes)
    assert [note.kind for note in notes] == ["basic", "cloze", "reversed", "typed", "choice"]
    assert (notes[4].key, notes[4].topic, notes[4].level, notes[4].domains) == (
        "t-m-launch", "Continuity", "application", ("CISM22-2",),
    )  # fmt: skip
    assert notes[0].where == "line 10"
    assert package.source == "markdown"


def test_what_was_read_is_written_and_read_again_the_same() -> None:
    package = read_markdown(OURS, "risk.md")
    package.notes = tuple(package.notes)
    files = write_markdown(package)
    back = read_folder(files)
    assert [bare(note) for note in back.notes] == [bare(note) for note in package.notes]
    assert back.decks == package.decks


def test_what_is_written_for_our_kinds_is_a_deck_file_that_ships() -> None:
    package = read_markdown(OURS, "risk.md")
    (text,) = write_markdown(package).values()
    assert len(markdown.read(text, "risk.md", "risk").notes) == 5


def test_an_item_that_does_not_fit_is_refused_by_line_and_the_rest_is_taken() -> None:
    text = (
        "Q: one?\nA: yes\n\nQ: no answer\n\nC: no gap\n\nM: few\n- [x] one\n\n"
        "Q: twice?\nA: a\nA: b\nstill lost\n\nC: a [gap]\nID: x\n\nC: another [gap]\nID: x\n"
    )
    package = read_markdown(text, "mixed.md")
    assert [note.kind for note in package.notes] == ["basic", "cloze"]
    assert [(each.where, each.reason.split()[0]) for each in package.refused] == [
        ("line 4", "Expected"),
        ("line 6", "A"),
        ("line 8", "Expected"),
        ("line 13", "This"),
        ("line 19", "The"),
    ]


HASHCARDS = """# Some notes

Prose that is no card.

Q: What is the order of a group?
A: The cardinality of
its underlying set.

- a list belongs to it
---
C:The [order] of a group is
[the cardinality] of its set.
Q:No space?
A:None.
"""


def test_a_deck_of_hashcards_is_taken_as_hashcards_takes_it() -> None:
    package = read_markdown(HASHCARDS, "Algebra.md")
    first, second, third = package.notes
    assert first.fields["back"].endswith("its underlying set.\n\n- a list belongs to it")
    assert gaps(second.fields["text"]) == ["order", "the cardinality"]
    assert dict(third.fields) == {"front": "No space?", "back": "None."}
    assert (package.source, first.deck, package.refused) == ("hashcards", "Algebra", [])
    assert package.remarks == ["Text outside of items was passed over, first in line 3."]


@pytest.mark.parametrize(
    ("head", "deck", "remark"),
    [
        ('---\nname = "Own"\n---\n', "Own", []),
        ('---\nname = "B"\nparent = "A"\n---\n', "A::B", []),
        ('---\nname = "Own"\ncolour = "red"\n---\n', "Own", ["The key “colour”"]),
        ("---\nname: yaml\n---\n", "file", ["The head does not parse"]),
        ("---\n", "file", []),
        ("", "file", []),
    ],
)
def test_a_head_may_be_there_or_not(head: str, deck: str, remark: list[str]) -> None:
    package = read_markdown(head + "Q: a?\nA: b\n", "file.md")
    assert [note.deck for note in package.notes] == [deck]
    assert [
        each[: len(start)] for each, start in zip(package.remarks, remark, strict=True)
    ] == remark


def test_folders_are_families_of_decks() -> None:
    files = {
        "Security/Risk/Appetite.md": "Q: a?\nA: b\n",
        "Security/Law.md": '---\nname = "Laws"\n---\nQ: c?\nA: d\n',
        "Top.md": "Q: e?\nA: f\nQ: bad\n",
        "README.md": "Just words.\n",
        "__MACOSX/._Top.md": "Q: g?\nA: h\n",
        "image.png": "",
    }
    package = read_folder(files)
    assert {note.deck for note in package.notes} == {
        "Security::Risk::Appetite", "Security::Laws", "Top",
    }  # fmt: skip
    assert [each.where for each in package.refused] == ["Top.md, line 3"]
    (remark,) = package.remarks
    assert remark.startswith("Passed over, as no items are in them: README.md.")


def test_one_id_in_two_files_is_refused_where_it_stands_second() -> None:
    package = read_folder({"a.md": "Q: a?\nA: b\nID: x\n", "b.md": "Q: c?\nA: d\nID: x\n"})
    (refused,) = package.refused
    assert refused.where == "b.md, line 1" and "a.md, line 1" in refused.reason


def test_a_file_without_items_is_refused() -> None:
    with pytest.raises(Refusal, match="No items"):
        read_markdown("Only words.\n", "words.md")


@pytest.mark.parametrize(
    "line",
    [
        "Q: what", "A: that", "M:", "ID: mine", "Ref: x", "# heading", "---", "  ---  ",
        "- [ ] box", "- [x] box", "  > quoted", "```", "~~~ python", "\\# kept", "\\\\- [ ] two",
        "Q\\: kept", "Q\\\\: two", "C:\\temp", "[bracket]", "\\[bracket\\]", "    code", "",
        "\u2028Q: no line end", "1. one", "<b>",
    ],
)  # fmt: skip
def test_a_line_that_looks_like_the_format_stays_a_line_of_its_field(line: str) -> None:
    text = f"first\n{line}\nlast"
    (note,) = again(packed(basic(text, text)))
    assert (note.fields["front"], note.fields["back"]) == (text, text)
    if line.strip():
        (note,) = again(packed(basic(line.strip(), line.strip())))
        assert note.fields["front"] == line.strip()


def test_a_block_of_code_is_written_without_backslashes() -> None:
    code = "```\nQ: not an item\n# not a heading\n```"
    (text,) = write_markdown(packed(basic("how?", code))).values()
    assert code in text
    assert again(packed(basic(code, code)))[0].fields["front"] == code


def test_a_question_keeps_options_and_reasons_of_many_lines() -> None:
    options = [
        {"text": "one\n- [ ] no box", "correct": False, "rationale": "why\n\n> quoted\n- [x]"},
        {"text": "```\ncode\n```", "correct": True, "rationale": ""},
    ]
    note = PackedNote("k", "choice", {"stem": "A: which?\n  > one", "options": options}, "D")
    assert again(packed(note))[0].fields == note.fields


_text = (
    st.lists(
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
            st.sampled_from(
                ["Q: a", "A: b", "- [x] c", "  > d", "```", "~~~", "---", "# e", "\\", "ID: f", ""]
            ),
        ),
        min_size=1,
        max_size=6,
    )
    .map("\n".join)
    .map(str.strip)
    .filter(bool)
)
_line = st.text(st.characters(codec="utf-8"), max_size=30).map(names.one_line)
_list = st.lists(_line.filter(bool), max_size=3).map(tuple)
_cloze = st.tuples(_text, st.text("abc ", min_size=1)).map(lambda pair: f"{pair[0]}\n[{pair[1]}]")
_fields = st.one_of(
    st.tuples(
        st.sampled_from(("basic", "reversed")),
        st.fixed_dictionaries({"front": _text, "back": _text}),
    ),
    st.tuples(
        st.just("typed"),
        st.fixed_dictionaries(
            {"front": _text, "back": _text, "also": st.lists(_line.filter(bool), max_size=3)}
        ),
    ),
    st.tuples(
        st.just("cloze"),
        _cloze.filter(lambda text: bool(gaps(text))).map(lambda text: {"text": text}),
    ),
    st.tuples(
        st.just("choice"),
        st.fixed_dictionaries(
            {
                "stem": _text,
                "options": st.lists(
                    st.tuples(_text, st.one_of(st.just(""), _text)), min_size=2, max_size=6
                ).map(
                    lambda pairs: [
                        {"text": text, "correct": place == 0, "rationale": why}
                        for place, (text, why) in enumerate(pairs)
                    ]
                ),
            }
        ),
    ),
)
_deck = st.lists(_line, min_size=1, max_size=3).map("::".join).map(names.deck_name)


@st.composite
def _notes(draw: st.DrawFn) -> list[PackedNote]:
    count = draw(st.integers(1, 4))
    made = []
    for number in range(count):
        kind, fields = draw(_fields)
        made.append(
            PackedNote(
                key=f"{draw(_line)}{number}",
                kind=kind,
                fields=fields,
                deck=draw(_deck.filter(bool)),
                tags=draw(_list),
                topic=draw(_line),
                reference=draw(_line),
                domains=draw(_list),
                objective=draw(_line),
                level=draw(_line),
                pool=draw(st.sampled_from(("study", "mock"))),
            )
        )
    return made


@given(_notes())
def test_whatever_notes_of_our_kinds_say_comes_back(notes: list[PackedNote]) -> None:
    back = {note.key: bare(note) for note in again(packed(*notes))}
    assert back == {note.key: bare(note) for note in notes}


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        package = read_markdown(text, "any.md")
    except Refusal:
        return
    assert all(note.key or note.fields for note in package.notes)


@given(_line)
def test_an_escaped_line_is_no_longer_what_it_was(line: str) -> None:
    assert markdown._unescaped(markdown.escaped(line)) == line


def test_notes_of_other_types_are_written_as_plain_items_and_what_was_lost_is_said() -> None:
    kinds = {each.key: each for each in (BASIC, REVERSED, CLOZE)}

    def custom(key: str, notetype: str, *fields: str) -> PackedNote:
        by_name = dict(zip(kinds[notetype].fields, fields, strict=False))
        return PackedNote(key, "custom", by_name, "Deck", notetype=notetype)

    package = packed(
        custom("a", BASIC.key, "<b>bold</b> &amp; *star*", "x<br>y<div>z</div><img src='p.png'>"),
        custom("b", REVERSED.key, "there", "back [sound:a.mp3]"),
        custom("c", CLOZE.key, "{{c1::Paris::city}} (in {{c2::France}}) [x]", "more"),
        custom("d", BASIC.key, "one side only", ""),
        types=list(kinds.values()),
    )
    notes = {note.key: note for note in again(package)}
    assert dict(notes["a"].fields) == {
        "front": "**bold** & \\*star\\*",
        "back": "x\ny\nz\n\\[image: p.png\\]",
    }
    assert notes["b"].kind == "reversed"
    assert notes["c"].fields["text"] == "[Paris] (in [France]) \\[x\\]\n\nmore"
    assert "d" not in notes
    assert package.remarks == [
        "Notes with a note type of their own were written as plain items: 3."
        " Left out with it: 1 images, 1 sounds and 0 pieces of formatting.",
        "Notes that plain text cannot say were left out: 1. Export a package to keep them.",
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<script>b()</script>c<style>d</style>e", "ace"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        (r"\(x^2\) and \[y\] and \(open", r"$x^2$ and $$y$$ and \\(open"),
        ("a &lt;b&gt; c", r"a \<b> c"),
        ("1 < 2 > 0", r"1 \< 2 > 0"),
    ],
)
def test_markup_becomes_the_little_markdown_that_says_the_same(html: str, text: str) -> None:
    assert markdown_of(html) == text


def test_two_decks_that_would_share_a_file_get_one_each() -> None:
    one, two = basic("a"), PackedNote("k2", "basic", {"front": "b", "back": "c"}, "deck")
    files = write_markdown(packed(one, two))
    assert sorted(files) == ["Deck.md", "deck (2).md"]
    assert {note.deck for note in again(packed(one, two))} == {"Deck", "deck"}


def test_decks_are_in_files_that_every_system_can_keep() -> None:
    called = ("CON", "a::nul.txt", "gpj\u202efdp", "...", "-", "Mine::-")
    notes = [
        PackedNote(f"k{n}", "basic", {"front": "Q", "back": "A"}, name)
        for n, name in enumerate(called)
    ]
    assert list(write_markdown(packed(*notes))) == [
        "CON_.md", "a/nul_.txt.md", "gpjfdp.md", "deck.md", "deck (2).md", "Mine/deck.md",
    ]  # fmt: skip
