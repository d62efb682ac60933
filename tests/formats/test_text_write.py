"""Tables written: what Anki reads, what no spreadsheet works out, and all of it back again."""

import csv
import gzip
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, CLOZE, STOCK, TYPING
from quizapp.formats import names, text
from quizapp.formats.encodings import decoded
from quizapp.formats.markdown_package import read_markdown
from quizapp.formats.package import Package, PackedNote
from quizapp.formats.text_write import write_text
from tests import samples

FILES = Path(__file__).parent.parent / "fixtures" / "anki"
EXPORT = "tiny-mixed.notes-html-tags-deck-notetype-guid.txt"

FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "=cmd|' /C calc'!A0",
    "＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "'=1", "''=1", "-", "- a list",
    '=HYPERLINK("http://x","y")', "\u200b=1",
]  # fmt: skip
DANGEROUS = tuple("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫")


def again(files: dict[str, str], types: list[NoteType] | None = None) -> list[PackedNote]:
    found: list[PackedNote] = []
    for content in files.values():
        read_as, _ = decoded(content.encode())
        known = [*(types or []), *STOCK]
        package = text.read(read_as, text.options(text.sniff(read_as, known)), known)
        assert package.refused == []
        found += package.notes
    return found


def custom(*fields: str, key: str = "k", notetype: NoteType = BASIC, **more: Any) -> PackedNote:
    by_name = dict(zip(notetype.fields, fields, strict=True))
    more.setdefault("deck", "Deck")
    return PackedNote(key, "custom", by_name, notetype=notetype.key, **more)


def packed(*notes: PackedNote, types: tuple[NoteType, ...] = STOCK) -> Package:
    return Package("jsonl", list(types), [], notes)


def test_twenty_formulas_are_defused_and_come_back() -> None:
    assert len(FORMULAS) == 20
    pairs = list(enumerate(FORMULAS))
    notes = [custom(f"x{n}", formula, key=f"k{n}", tags=("=t",)) for n, formula in pairs]
    files = write_text(packed(*notes), "spreadsheet")
    for row in csv.reader(io.StringIO(files["notes.csv"].lstrip("\ufeff"), newline="")):
        if not row[0].startswith("#"):
            assert not any(cell.lstrip(" \u200b").startswith(DANGEROUS) for cell in row), row
    package = text.read(files["notes.csv"], text.options(text.sniff(files["notes.csv"])))
    assert [(n.fields["Back"], n.tags) for n in package.notes] == [(f, ("=t",)) for f in FORMULAS]


def test_formulas_in_questions_are_defused_and_come_back() -> None:
    notes = []
    for number, formula in enumerate(each for each in FORMULAS if each == each.strip()):
        options = [
            {"text": formula, "correct": number % 2 == 0, "rationale": formula},
            {"text": "other", "correct": number % 2 == 1, "rationale": ""},
        ]
        fields = {"stem": formula, "options": options}
        notes.append(PackedNote(f"k{number}", "choice", fields, "Deck", reference="=ref"))
    (content,) = write_text(packed(*notes)).values()
    for row in csv.reader(io.StringIO(content.lstrip("\ufeff"), newline="")):
        assert not any(cell.lstrip(" \u200b").startswith(DANGEROUS) for cell in row), row
    back = again({"q": content})
    assert [(n.fields, n.reference) for n in back] == [(n.fields, n.reference) for n in notes]


def test_apostrophes_in_a_file_of_somebody_else_stay() -> None:
    content = "a,'=b\nc,'d\n"
    package = text.read(content, text.options(text.sniff(content)))
    assert [note.fields["Back"] for note in package.notes] == ["'=b", "'d"]


def test_the_file_for_anki_has_the_head_and_the_order_anki_writes() -> None:
    note = custom("q", "a\tb", key="#g", tags=("one", "two words"))
    (content,) = write_text(packed(note, custom("r", "s", key="h"))).values()
    assert content.splitlines() == [
        "#separator:tab",
        "#html:true",
        "#guid column:1",
        "#notetype column:2",
        "#deck column:3",
        "#tags column:6",
        '"#g"\tBasic\tDeck\tq\t"a\tb"\tone two_words',
        "h\tBasic\tDeck\tr\ts\t",
    ]


def test_the_table_for_a_spreadsheet_begins_with_names_of_columns() -> None:
    cloze = custom("{{c1::a}}", "", key="c", notetype=CLOZE)
    (content,) = write_text(packed(custom("q", "a"), cloze), "spreadsheet").values()
    assert content.splitlines() == [
        "\ufeffquizapp ID,Note type,Deck,Front / Text,Back / Back Extra,Tags",
        "k,Basic,Deck,q,a,",
        "c,Cloze,Deck,{{c1::a}},,",
    ]


def test_names_of_columns_are_told_apart_and_are_no_formulas() -> None:
    odd = replace(BASIC, key="odd", name="Odd", fields=("Tags", "=1", "ID"))
    note = custom("a", "b", "c", notetype=odd, tags=("t",))
    (content,) = write_text(packed(note, types=(odd,)), "spreadsheet").values()
    (head, _) = csv.reader(io.StringIO(content.lstrip("\ufeff")))
    assert head == [
        "quizapp ID", "Note type", "Deck", "Tags (field 1)", "'=1", "ID (field 3)", "Tags",
    ]  # fmt: skip
    (back,) = again({"x": content}, [odd])
    assert (back.fields, back.tags) == (note.fields, note.tags)


def test_a_table_saved_by_a_spreadsheet_elsewhere_is_known_by_its_names() -> None:
    (content,) = write_text(packed(custom("a &amp; b", "'=c;")), "spreadsheet").values()
    rows = list(csv.reader(io.StringIO(content.lstrip("\ufeff"))))
    saved = io.StringIO()
    csv.writer(saved, delimiter=";").writerows([*row[3:], *row[:3]] for row in rows)
    (back,) = again({"x": saved.getvalue()})
    assert (back.key, back.deck, dict(back.fields)) == (
        "k", "Deck", {"Front": "a &amp; b", "Back": "'=c;"},
    )  # fmt: skip


THREE = tuple(replace(BASIC, key=key, fields=fields) for key, fields in (
    ("1", ("Front", "Back")), ("2", ("Front", "Back", "Source")), ("3", ("Term", "Meaning"))
))  # fmt: skip


@pytest.mark.parametrize("flavour", ["anki", "spreadsheet"])
def test_note_types_of_the_same_name_are_told_apart(flavour: str) -> None:
    notes = [
        custom("a", "b", *["c"] * (len(each.fields) - 2), key=each.key, notetype=each)
        for each in THREE
    ]
    (content,) = write_text(packed(*notes, types=THREE), flavour).values()
    assert [note.notetype for note in again({"x": content}, list(THREE))] == ["1", "2", "3"]
    assert [dict(n.fields) for n in again({"x": content}, list(THREE))] == [
        dict(note.fields) for note in notes
    ]


def test_where_nothing_is_called_the_same_anki_gets_what_it_writes_itself() -> None:
    (content,) = write_text(packed(custom("a", "b"))).values()
    assert "key" not in content


def test_a_table_that_was_exported_with_a_head_for_formulas_is_still_read() -> None:
    old = "#separator:comma\n#html:true\n#guid column:1\n#formulas:defused\nk,'=1,b\n"
    (back,) = again({"x": old})
    assert (back.key, back.fields["Front"]) == ("k", "=1")


def test_an_export_of_ankis_is_written_again_with_the_same_rows() -> None:
    content = (FILES / EXPORT).read_text(encoding="utf-8")
    package = text.read(content, text.options(text.sniff(content)))
    types, notes = list(package.notetypes), list(package.notes)
    expected = json.loads(gzip.decompress((FILES / f"{EXPORT}.truth.json.gz").read_bytes()))
    assert [line for line in write_text(package)["notes.txt"].splitlines() if line[:1] == "#"][
        :5
    ] == expected["header_lines"][:5]
    for flavour in ("anki", "spreadsheet"):
        back = again(write_text(package, flavour), types)
        assert [(n.key, n.fields, n.tags, n.deck, n.notetype) for n in back] == [
            (n.key, n.fields, n.tags, n.deck, n.notetype) for n in notes
        ]


def test_notes_of_our_kinds_are_written_as_stock_types_with_html() -> None:
    package = read_markdown(samples.HEAD.format(name="Risk") + samples.EVERY_KIND, "risk.md")
    files = write_text(package)
    assert sorted(files) == ["notes.txt", "questions.csv"]
    notes = {note.key: note for note in again(files)}
    assert notes["t-responses"].notetype == BASIC.key
    assert notes["t-mtd"].notetype == TYPING.key and notes["t-mtd"].fields["Back"] == "MTD"
    cloze = notes["t-residual"]
    assert cloze.notetype == CLOZE.key
    assert "{{c1::residual}} risk; who accepts it is the {{c2::risk owner}}" in cloze.fields["Text"]
    assert package.remarks == [
        "A table has no place for 4 exam domains and 2 other right answers and 4 references."
        " They were left out."
    ]


def test_a_question_is_written_so_that_all_of_it_comes_back() -> None:
    package = read_markdown(samples.HEAD.format(name="Risk") + samples.EVERY_KIND, "risk.md")
    (whole,) = [note for note in package.notes if note.kind == "choice"]
    (back,) = again(write_text(packed(whole)))
    for part in ("key", "fields", "deck", "topic", "reference", "domains", "objective", "level"):
        assert getattr(back, part) == getattr(whole, part), part


def test_an_option_that_is_called_like_a_letter_misleads_nobody() -> None:
    options = [
        {"text": said, "correct": place == 1, "rationale": ""}
        for place, said in enumerate(("B", "A", "2"))
    ]
    note = PackedNote("k", "choice", {"stem": "Which?", "options": options}, "Deck")
    (back,) = again(write_text(packed(note)))
    assert back.fields == note.fields


def test_a_flavour_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refusal, match="Anki or for spreadsheets"):
        write_text(packed(custom("a", "b")), "sheet")


_field = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
_tag = st.text(st.characters(codec="utf-8"), max_size=8).map(names.one_line)
_tags = st.lists(_tag.map(lambda tag: tag.replace(" ", "").rstrip(",;")).filter(bool), max_size=3)


@given(
    st.lists(st.tuples(_field, _field, _tags.map(names.tags)), min_size=1, max_size=4),
    st.sampled_from(("anki", "spreadsheet")),
)
def test_whatever_fields_hold_comes_back(
    rows: list[tuple[str, str, tuple[str, ...]]], flavour: str
) -> None:
    notes = [
        custom(f"x{front}", back, key=f"k{place}", tags=tags)
        for place, (front, back, tags) in enumerate(rows)
    ]
    (content,) = write_text(packed(*notes), flavour).values()
    back_ = text.read(content, text.options(text.sniff(content)))
    assert back_.refused == []
    assert [(n.key, n.fields, n.tags) for n in back_.notes] == [
        (n.key, n.fields, n.tags) for n in notes
    ]
