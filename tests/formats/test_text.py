"""Text tables: every file of Anki's against what Anki made of it, and where we are kinder."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType
from quizapp.domain.stock import BASIC, STOCK, named
from quizapp.formats import names, tables, text
from quizapp.formats.encodings import decoded
from quizapp.formats.package import Package, PackedNote
from quizapp.formats.text_head import DECK, FIELD, KEY, NOTETYPE, NOTHING, TAGS

FILES = Path(__file__).parent.parent / "fixtures" / "anki"
NAMES = sorted(path.name for path in (FILES / "text").iterdir() if path.suffix != ".json")
# What we take otherwise than Anki does, and what we make of it.
KINDER = {
    "latin1.csv": "Anki refuses Windows-1252",
    "dupes-in-file.tsv": "Anki makes two notes of one row that stands twice",
    "bom-crlf.csv": "Anki makes a card of the row that names the columns",
    "comments-and-blank.txt": "Anki makes a card of the row that names the columns",
    "header-row-no-comment.csv": "Anki makes a card of the row that names the columns",
    "all-columns.tsv": "Anki makes a deck “Lang+” of Lang where Lang::French came before",
}


def load(name: str) -> str:
    return decoded((FILES / name).read_bytes())[0]


def truth(name: str) -> dict[str, Any]:
    path = FILES / f"{name}.truth.json"
    if path.exists():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    return dict(json.loads(gzip.decompress((FILES / f"{name}.truth.json.gz").read_bytes())))


def read(content: str, **changed: Any) -> Package:
    head = text.sniff(content)
    return text.read(content, replace(text.options(head), **changed))


def notes(package: Package) -> list[PackedNote]:
    return list(package.notes)


def seen(package: Package) -> list[dict[str, Any]]:
    types = {each.key: each for each in package.notetypes}
    return [
        {
            "notetype": types[note.notetype].name,
            "fields": list(note.fields.values()),
            "tags": list(note.tags),
            "decks": [note.deck],
        }
        for note in package.notes
    ]


def wanted(expected: dict[str, Any]) -> list[dict[str, Any]]:
    keys = ("notetype", "fields", "tags", "decks")
    return [{key: note[key] for key in keys} for note in expected["notes"]]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in KINDER])
def test_a_file_of_ankis_is_taken_as_anki_takes_it(name: str) -> None:
    expected = truth(f"text/{name}")
    if "error" in expected:
        with pytest.raises(Refusal, match="no rows"):
            read(load(f"text/{name}"))
        return
    package = read(load(f"text/{name}"))
    assert seen(package) == wanted(expected)
    assert len(package.refused) == expected["log"]["empty_first_field"]


@pytest.mark.parametrize("name", [n for n in NAMES if "metadata" in truth(f"text/{n}")])
def test_the_head_of_a_file_of_ankis_is_read_as_anki_reads_it(name: str) -> None:
    expected = truth(f"text/{name}")["metadata"]
    head = text.sniff(load(f"text/{name}"), header_row=False)
    assert head.separator == {"TAB": "\t", "COMMA": ",", "SEMICOLON": ";", "PIPE": "|"}.get(
        expected["delimiter"]
    )
    assert (head.html, head.deck) == (expected["is_html"], expected["deck_name"])
    assert head.tags == tuple(expected["global_tags"])
    places = {TAGS: "tags_column", KEY: "guid_column", DECK: "deck_column"}
    for target, column in {**places, NOTETYPE: "notetype_column"}.items():
        there = head.columns.index(target) + 1 if target in head.columns else 0
        assert there == expected[column], column
    resolved = {"update": "UPDATE", "duplicate": "DUPLICATE", "preserve": "PRESERVE"}
    assert resolved[head.if_matches] == expected["dupe_resolution"]
    scopes = {"notetype": "NOTETYPE", "notetype-deck": "NOTETYPE_AND_DECK"}
    assert scopes[head.match_scope] == expected["match_scope"]


def test_windows_1252_is_read_where_anki_refuses_it() -> None:
    (note,) = notes(read(load("text/latin1.csv")))
    assert dict(note.fields) == {"Front": "naïve", "Back": "café"}


def test_a_row_that_stands_twice_is_reported_where_anki_makes_two_notes() -> None:
    package = read(load("text/dupes-in-file.tsv"))
    assert [note.fields["Back"] for note in package.notes] == ["first", "third"]
    assert [(each.where, "row 3" in each.reason) for each in package.refused] == [
        ("row 4", True),
        ("row 6", True),
    ]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("bom-crlf.csv", [["f2", "b2"]]),
        ("header-row-no-comment.csv", [["f1", "b1"]]),
        ("comments-and-blank.txt", [["#quoted hash", "is a row"], ["only one column", ""]]),
    ],
)
def test_a_row_that_names_the_columns_is_no_card_as_in_anki(
    name: str, fields: list[list[str]]
) -> None:
    package = read(load(f"text/{name}"))
    assert [list(note.fields.values()) for note in package.notes] == fields


def test_the_row_that_names_the_columns_can_be_taken_as_a_card_all_the_same() -> None:
    content = load("text/bom-crlf.csv")
    package = text.read(content, text.options(text.sniff(content, header_row=False)))
    assert seen(package) == wanted(truth("text/bom-crlf.csv"))


def test_decks_keep_their_names_where_anki_adds_a_plus() -> None:
    package = read(load("text/all-columns.tsv"))
    assert [deck.name for deck in package.decks] == ["Lang::French", "Lang", "Lang::German"]
    expected = wanted(truth("text/all-columns.tsv"))
    expected[1]["decks"] = ["Lang"]
    assert seen(package) == expected


def test_remarks_in_a_file_are_counted_and_said() -> None:
    (remark,) = read(load("text/comments-and-blank.txt")).remarks
    assert "1, the first in line 6" in remark


def filled(fields: Any) -> tuple[str, ...]:
    """Fields without the empty ones at the end, which a file cannot tell from none."""
    fields = list(fields)
    while fields and not fields[-1]:
        fields.pop()
    return tuple(fields)


def test_an_export_of_ankis_with_keys_comes_back_with_types_fields_and_tags() -> None:
    name = "tiny-mixed.notes-html-tags-deck-notetype-guid.txt"
    expected, package = truth(name), read(load(name))
    types = {each.key: each.name for each in package.notetypes}
    found = {
        note.key: (types[note.notetype], filled(note.fields.values()), note.tags)
        for note in package.notes
    }
    stored = {
        note["guid"]: (note["notetype"], filled(note["fields"]), tuple(note["tags"]))
        for note in expected["notes"]
    }
    # Two of the 140 have a first field that shows nothing: their IDs say which they are.
    assert found == stored
    assert package.refused == []


def test_an_export_of_ankis_without_types_fills_the_first_fields_and_says_what_it_left() -> None:
    name = "tiny-mixed.notes-html-tags.txt"
    expected, package = truth(name), read(load(name))
    found = {filled(note.fields.values()): note.tags for note in package.notes}
    stored = {filled(n["fields"][:2]): tuple(n["tags"]) for n in expected["notes"]}
    missing = {key for key in stored if found.get(key) != stored[key]}
    assert missing == {("", "empty front"), ("<br>", "<div></div>")}
    assert package.remarks == ["Columns left out though they hold text: 3, 4, 5, 6, 7, 8."]


def test_an_export_of_ankis_as_plain_text_keeps_every_row_decks_and_types() -> None:
    name = "tiny-mixed.notes-tags-deck-notetype.txt"
    expected, package = truth(name), read(load(name))
    types = {each.key: each.name for each in package.notetypes}
    assert len(notes(package)) + len(package.refused) == expected["rows"]
    assert {types[note.notetype] for note in package.notes} == {
        note["notetype"] for note in expected["notes"]
    }
    assert "日本語::単語" in {deck.name for deck in package.decks}


@pytest.mark.parametrize(("name", "blank"), [("html", 0), ("plain", 3)])
def test_cards_as_text_are_taken_as_notes_with_two_sides(name: str, blank: int) -> None:
    package = read(load(f"tiny-mixed.cards-{name}.txt"))
    rows = truth(f"tiny-mixed.cards-{name}.txt")["rows"]
    assert len(notes(package)) + len(package.refused) == rows - blank


def test_a_type_that_nobody_knows_is_made_of_the_columns() -> None:
    package = read("#separator:tab\n#notetype:Vocabulary\n#columns:Word\tReading\tTags\nx\ty\tz\n")
    (made,) = package.notetypes
    assert (made.name, made.fields) == ("Vocabulary", ("Word", "Reading"))
    assert made.templates[0].question == "{{Word}}"
    assert "{{Reading}}" in made.templates[0].answer
    (note,) = package.notes
    assert (dict(note.fields), note.tags) == ({"Word": "x", "Reading": "y"}, ("z",))


def test_types_that_rows_name_are_made_with_as_many_fields_as_are_filled() -> None:
    package = read(load("tiny-mixed.notes-html-tags-deck-notetype-guid.txt"))
    made = {each.name: each for each in package.notetypes}
    assert made["Basic"] == BASIC
    assert len(made["Kitchen Sink"].fields) == 8
    assert (made["Cloze Plus"].kind, len(made["Cloze Plus"].fields)) == ("cloze", 3)
    assert made["Image Occlusion"].kind == "occlusion"


def test_a_note_types_key_is_the_same_at_the_next_reading() -> None:
    content = "#notetype:Own\n#separator:tab\na\tb\tc\n"
    assert read(content).notetypes == read(content + "d\te\tf\n").notetypes


def test_markup_in_plain_text_is_shown_and_not_obeyed() -> None:
    (note,) = notes(read('#html:false\n#separator:tab\n"a\n<b>"\t1 < 2\n'))
    assert dict(note.fields) == {"Front": "a<br>&lt;b&gt;", "Back": "1 &lt; 2"}


def test_a_comma_without_quotes_is_refused_and_does_not_scramble_the_card() -> None:
    package = read("one,two\nthree,four\nHello, there,five\n")
    assert len(notes(package)) == 2
    (refused,) = package.refused
    assert refused.where == "row 3" and "in quotes" in refused.reason


@pytest.mark.parametrize(
    ("content", "where", "reason"),
    [
        ('a,b\n"c\nd",e\n"f,g\nh,i\n', "row 4", "never closed"),
        ('a,b\n"c"d,e\nf,g\n', "row 2", "after its closing quote"),
        ('a,b\n"c\nd"e,f\ng,h\n', "row 2", "lines 2 to 3"),
        ("a,b\n,c\n", "row 2", "first field is empty"),
        ("a,b\n" + ",".join("x" * 120) + "\n", "row 2", "more than 100 columns"),
    ],
)
def test_a_row_that_cannot_be_taken_names_its_line(content: str, where: str, reason: str) -> None:
    package = read("#separator:comma\n" + content)
    (refused,) = package.refused
    assert refused.where == f"row {int(where.split()[1]) + 1}"
    assert reason.replace("2 to 3", "3 to 4") in refused.reason


def test_a_field_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_FIELD", 10)
    (refused,) = read("a\tb\n" + "x" * 11 + "\ty\n").refused
    assert refused.where == "row 2" and "10 characters" in refused.reason


def test_too_many_rows_are_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_ROWS", 3)
    with pytest.raises(Refusal, match="more than 3 rows"):
        read("a\tb\nc\td\ne\tf\ng\th\n")


def test_a_key_hangs_on_type_and_first_field_alone() -> None:
    one, two = (
        notes(read(f"#deck:{deck}\n#separator:tab\n{row}\n"))[0]
        for deck, row in (
            ("A", "what <b>is</b>  it\tx"),
            ("B", "what is it\ty"),
        )
    )
    assert one.key == two.key
    (reversed_,) = notes(read("#notetype:Basic (and reversed card)\n#separator:tab\nwhat is it\ty"))
    assert reversed_.key != one.key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What is <b>risk</b>?", "What is risk?", True),
        ("H<SUB>2</SUB>O &amp; <span class='x'>air</span>", "H2O & air", True),
        ("one<br>two", "one two", True),
        ("<div>one</div><div>two</div>", "one two", True),
        ("one<br>two", "onetwo", False),
        ("<img src=a.png>", "<img src=b.png>", False),
        ("a < b > c", "a c", False),
    ],
)
def test_a_first_field_says_the_same_whatever_its_markup(one: str, other: str, same: bool) -> None:
    assert (names.asked(one) == names.asked(other)) is same


def test_how_far_a_row_reaches_is_read_off_its_key() -> None:
    def scope(row: str, **options: Any) -> str | None:
        (note,) = notes(read(row, columns=("Front", "Back", KEY), html=True, **options))
        return text.scope_of(note)

    assert scope("What?\tThat\n") == ""
    assert scope("What?\tThat\n", match_scope="notetype-deck", deck="Law") == "Law"
    assert scope("What?\tThat\tmy-1\n") is None
    assert scope("What?\tThat\tt-0123456789abcdef\n") is None
    assert scope("What?\tThat\n", if_matches="duplicate", apart="this file") is None


def test_keep_both_keeps_a_row_that_stands_twice_under_two_keys() -> None:
    content = "#if matches:keep both\n#separator:tab\na\tb\na\tc\na\td\n"
    assert len({note.key for note in read(content).notes}) == 3


def test_the_same_first_field_in_two_decks_is_two_notes_where_the_file_says_so() -> None:
    rows = "#separator:tab\n#deck column:1\nA\tx\ty\nB\tx\ty\n"
    assert len(notes(read("#match scope:notetype + deck\n" + rows))) == 2
    assert len(notes(read(rows))) == 1


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a b: c\td\n", "\t"),
        ("one, two;three\nfour;five\n", ";"),
        ("what is 1:1?,a ratio\nwhat | is this?,a pipe\n", ","),
        ("just words\nand more\n", "\t"),
        ("q: what?\na: that\n", ":"),
    ],
)
def test_the_separator_is_the_one_that_rows_agree_on(content: str, separator: str) -> None:
    assert text.sniff(content).separator == separator


@pytest.mark.parametrize(
    ("first", "separator"),
    [
        ("sep=;", ";"), ("SEP=,", ","), ("Sep=\t", "\t"), ('"sep=;"', ";"), ("\ufeffsep=;", ";"),
        ('\ufeff"sep=\t"', "\t"), ("sep=| ", "|"),
    ],
)  # fmt: skip
def test_a_first_line_of_excels_says_the_separator_and_is_no_row(
    first: str, separator: str
) -> None:
    rows = f'What?{separator}"This, that; or{separator}it"\nWho?{separator}They\n'
    package = read(f"{first}\n{rows}")
    assert [(note.where, *note.fields.values()) for note in notes(package)] == [
        ("row 2", "What?", f"This, that; or{separator}it"),
        ("row 3", "Who?", "They"),
    ]


def test_the_line_of_excels_may_stand_above_names_of_columns_and_ankis_head() -> None:
    package = read("sep=;\n#deck:Law\nBack;Front\nThat;What?\n;\nThey;\n")
    (note,) = notes(package)
    assert (note.deck, note.where, dict(note.fields)) == (
        "Law", "row 4", {"Front": "What?", "Back": "That"},
    )  # fmt: skip
    assert [refused.where for refused in package.refused] == ["row 6"]


@pytest.mark.parametrize(
    "line", ["sep=;x", "sep=", "sep=ab", "sep=x", '"sep=;', "separator=;", " sep=;"]
)
def test_a_row_that_only_looks_like_excels_line_is_a_row(line: str) -> None:
    head = text.sniff(f"{line}\nWhat?\tThat\n")
    assert (head.line, head.at) == (1, 0)


def test_only_the_first_line_says_the_separator() -> None:
    package = read("What?\tThat\nsep=;\t\n")
    assert [note.fields["Front"] for note in notes(package)] == ["What?", "sep=;"]


def test_columns_are_found_by_their_names_whatever_the_order() -> None:
    content = "Deck,Answer,Question,ID,Tags\nRisk,a,q,k1,x y\n"
    (note,) = notes(read(content))
    assert dict(note.fields) == {"Front": "q", "Back": "a"}
    assert (note.deck, note.key, note.tags, note.where) == ("Risk", "k1", ("x", "y"), "row 2")


def test_gaps_in_all_first_fields_make_it_a_cloze_file() -> None:
    head = text.sniff("{{c1::Paris}} is a city\tyes\n{{c1::a}} {{c2::b}}\t\n")
    assert (head.notetype, head.columns) == ("quizapp-cloze", ("Text", "Back Extra"))


def own_basic(**changed: Any) -> NoteType:
    return replace(BASIC, key="1607392319", **changed)


@pytest.mark.parametrize("name", ["Basic", "basic"])
def test_rows_that_name_no_type_go_to_the_learners_own_of_that_name(name: str) -> None:
    own = own_basic(name=name, fields=("Front", "Back", "Source"))
    assert text.sniff("What?\tThat\n", [own, *STOCK]).notetype == own.key


def test_a_type_that_only_has_the_name_is_not_taken_for_it() -> None:
    other = own_basic(fields=("Term", "Meaning"))
    assert text.sniff("What?\tThat\n", [other, *STOCK]).notetype == BASIC.key


def test_a_type_that_rows_went_to_before_is_theirs_again() -> None:
    before = replace(BASIC)
    assert text.sniff("What?\tThat\n", [own_basic(), before]).notetype == BASIC.key


def test_a_mapping_of_ones_own_is_followed() -> None:
    package = read("one,two,three,d\n", columns=("Back", NOTHING, "Front", DECK), tags=("all",))
    (note,) = package.notes
    assert dict(note.fields) == {"Front": "three", "Back": "one"}
    assert (note.deck, note.tags) == ("d", ("all",))


def test_a_mapping_to_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refusal, match="no field “Middle”"):
        read("a\tb\n", columns=("Front", "Middle"))
    with pytest.raises(Refusal, match="note type does not exist"):
        read("a\tb\n", notetype="nobody")


def test_the_targets_of_a_column_are_the_fields_and_what_else_there_is() -> None:
    assert text.targets(BASIC) == ("Front", "Back", TAGS, DECK, NOTETYPE, KEY, NOTHING)
    assert text.targets(None)[0] == FIELD


def test_note_types_of_ones_own_are_known_by_name() -> None:
    own = NoteType("123", "Vocab", "normal", ("Word", "Meaning"), BASIC.templates)
    content = "#notetype:vocab\n#separator:tab\n#columns:Meaning\tWord\nm\tw\n"
    head = text.sniff(content, [*STOCK, own])
    package = text.read(content, text.options(head), [*STOCK, own])
    assert dict(notes(package)[0].fields) == {"Word": "w", "Meaning": "m"}


@pytest.mark.parametrize("kind", ["cards", "choice"])
def test_a_template_is_taken_as_it_is(kind: str) -> None:
    content = text.template(kind)
    package = read(content)
    assert text.sniff(content).kind == kind
    assert (notes(package) != [], package.refused, package.remarks) == (True, [], [])


def test_stock_note_types_go_by_key_and_by_name() -> None:
    assert named("basic") == named("quizapp-basic") == BASIC
    assert named("Nobody's") is None


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_understood_or_refused(content: str) -> None:
    try:
        package = read(content)
    except Refusal:
        return
    assert all(note.key and note.deck for note in package.notes)


_cells = st.lists(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r")), min_size=1, max_size=4
    ),
    max_size=6,
)


@given(_cells, st.sampled_from("\t,;|: "))
def test_rows_come_back_as_they_were_written(table: list[list[str]], separator: str) -> None:
    table = [row for row in table if row != [""]]
    content = "".join(tables.written(row, separator) for row in table)
    assert [list(row.cells) for row in tables.rows(content, separator)] == table


class Counted(str):
    """A text that counts how many characters are looked at in it."""

    looked = 0

    def find(self, part: str, start: Any = 0, end: Any = None) -> int:  # type: ignore[override]
        end = len(self) if end is None else end
        found = super().find(part, start, end)
        self.looked += (end if found < 0 else found) - start + 1
        return found

    def count(self, part: str, start: Any = 0, end: Any = None) -> int:  # type: ignore[override]
        end = len(self) if end is None else end
        self.looked += end - start
        return super().count(part, start, end)


@pytest.mark.parametrize(
    "content",
    [
        '"' * 20_001,
        '"a\n' * 5_000,
        '"a""\n' * 4_000,
        '"",' * 6_000,
        ',"x' * 6_000,
        '"\n""\n' * 4_000,
        'a"b,' * 5_000,
        "," * 20_000,
        "#" * 20_000,
        "\n" * 20_000,
    ],
)
def test_no_character_is_looked_at_more_than_a_few_times(content: str) -> None:
    counted = Counted(content)
    assert sum(1 for _ in tables.rows(counted, ",")) >= 0
    assert counted.looked <= 8 * len(content)


CUT = "Term,Definition\nAsset,What has value\nRisk,Effect of uncertainty, on objectives\n"


def test_a_row_longer_than_the_header_row_is_refused_by_its_number() -> None:
    package = read(CUT)
    assert [note.fields["Front"] for note in package.notes] == ["Asset"]
    (refused,) = package.refused
    assert (refused.where, refused.reason[:43]) == (
        "row 3",
        "It has 3 columns where 2 are expected. Put ",
    )
    assert "in quotes" in refused.reason


def test_a_text_with_commas_is_no_column_even_where_every_row_has_one() -> None:
    package = read("Term,Definition\nRisk,Effect of uncertainty, on objectives\n")
    assert [each.where for each in package.refused] == ["row 2"]


def test_a_column_that_every_row_has_needs_no_name() -> None:
    package = read("Front,Back\na,b,c\nd,e,f\n")
    assert package.refused == []
    assert "Columns left out though they hold text: 3." in package.remarks


def test_what_is_over_is_joined_to_the_last_field_where_that_is_wished() -> None:
    package = read(CUT, join=True)
    assert [note.fields["Back"] for note in package.notes] == [
        "What has value",
        "Effect of uncertainty, on objectives",
    ]


def test_joined_texts_leave_the_columns_behind_them_in_place() -> None:
    package = read("Front,Back,Tags\na,b,x\nc,d,e,y\nf,g,z,\n", join=True)
    assert [(n.fields["Back"], n.tags) for n in package.notes] == [
        ("b", ("x",)),
        ("d,e", ("y",)),
        ("g", ("z",)),
    ]


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        ("Frage;Antwort;Thema", ("Front", "Back", TAGS)),
        ("Vorderseite;Rückseite;Schlagwörter", ("Front", "Back", TAGS)),
        ("Rueckseite;Vorderseite;Stapel", ("Back", "Front", DECK)),
        ("Question;Réponse;Étiquettes", ("Front", "Back", TAGS)),
        ("Recto;Verso;Paquet", ("Front", "Back", DECK)),
        ("Pregunta;Respuesta;Mazo", ("Front", "Back", DECK)),
        ("Término;Definición;Identificador", ("Front", "Back", KEY)),
        ("Front;Back;Topic", ("Front", "Back", TAGS)),
    ],
)
def test_columns_are_known_by_what_other_languages_call_them(
    labels: str, columns: tuple[str, ...]
) -> None:
    head = text.sniff(f"{labels}\nRisiko;Wirkung;x\n")
    assert (head.header_row, head.columns) == (True, columns)


def test_a_field_called_topic_takes_its_column() -> None:
    own = NoteType("own", "Own", "normal", ("Front", "Back", "Topic"), BASIC.templates, "")
    head = text.sniff("#notetype:Own\nFront;Back;Topic\na;b;c\n", [own])
    assert head.columns == ("Front", "Back", "Topic")
