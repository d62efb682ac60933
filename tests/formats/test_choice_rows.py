"""Questions as rows: what is correct by letter, number or text, and each row that makes none."""

from typing import Any

import pytest

from quizapp.formats import text
from quizapp.formats.package import Package, PackedNote

HEAD = "question,option_1,option_2,option_3,correct,explanation_1,explanation_2,explanation_3\n"


def read(content: str) -> Package:
    return text.read(content, text.options(text.sniff(content)))


def only(content: str) -> PackedNote:
    package = read(content)
    assert package.refused == []
    (note,) = package.notes
    return note


def test_the_template_gives_a_whole_question() -> None:
    note = only(text.template("choice"))
    assert (note.kind, note.key, note.deck) == ("choice", "my-q1", "My deck")
    assert note.fields["stem"].endswith("with a risk that was just found?")
    assert [option["correct"] for option in note.fields["options"]] == [True, False, False, False]
    assert note.fields["options"][3]["rationale"] == "Nothing happened yet."
    assert (note.reference, note.domains, note.level) == (
        "ISO 31000:2018 6.4", ("CISM22-2",), "application",
    )  # fmt: skip
    assert (note.objective, note.topic) == ("Assess before you treat.", "Risk")


@pytest.mark.parametrize("said", ["B", "b", "2", "b)", "(B)", "Option 2", "yellow", "  YELLOW "])
def test_what_is_correct_goes_by_letter_number_or_text(said: str) -> None:
    note = only(HEAD + f"Which?,red,yellow,blue,{said},no,yes,no\n")
    assert [option["correct"] for option in note.fields["options"]] == [False, True, False]


def test_a_number_goes_by_text_where_place_and_text_agree() -> None:
    note = only(HEAD + "How many?,1,2,3,2,,,\n")
    assert note.fields["options"][1]["correct"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",a,b,c,A,,,", "question is empty"),
        ("Q?,a,,,A,,,", "has 1 options"),
        ("Q?,a,b,c,,,,", "does not say which option is correct"),
        ("Q?,a,b,c,E,,,", "none of its options"),
        ("Q?,a,b,c,green,,,", "none of its options"),
        ('Q?,a,b,c,"A,C",,,', "none of its options"),
        ("Q?,3,2,1,3,,,", "both a place and the text"),
        ("Q?,same,same,c,same,,,", "Two options are the same"),
    ],
)
def test_a_row_that_makes_no_question_says_why(row: str, reason: str) -> None:
    package = read(HEAD + "Good?,yes,no,maybe,A,,,\n" + row + "\n")
    (refused,) = package.refused
    assert refused.where == "row 3" and reason in refused.reason
    assert len(list(package.notes)) == 1


def test_columns_go_by_many_names() -> None:
    content = (
        "Stem;Option A;option-b;Answer;Rationale A;Domain;Tags\n"
        "Which?;this;that;A;because;CISM-1, CISM-2;supply chain, risk\n"
    )
    note = only(content)
    assert note.fields["options"][0] == {"text": "this", "correct": True, "rationale": "because"}
    assert note.domains == ("CISM-1", "CISM-2")
    assert note.tags == ("supply chain", "risk")


def test_an_option_left_empty_is_passed_over_and_the_places_stay() -> None:
    note = only(HEAD + "Which?,a,,c,3,x,,z\n")
    options: list[dict[str, Any]] = note.fields["options"]
    assert [(o["text"], o["correct"], o["rationale"]) for o in options] == [
        ("a", False, "x"),
        ("c", True, "z"),
    ]


def test_a_question_asked_twice_is_reported() -> None:
    row = "Which?,a,b,c,A,,,\n"
    (refused,) = read(HEAD + row + row).refused
    assert "asks the same as row 2" in refused.reason


def test_markdown_and_line_breaks_in_a_cell_stay() -> None:
    note = only(HEAD + '"**Which**\n\n- one\n- two",a,b,c,A,,,\n')
    assert note.fields["stem"] == "**Which**\n\n- one\n- two"


def test_a_pool_that_does_not_exist_is_refused() -> None:
    package = read("question,option_1,option_2,correct,pool\nQ?,a,b,A,secret\nR?,a,b,B,mock\n")
    assert "study or mock" in package.refused[0].reason
    assert [note.pool for note in package.notes] == ["mock"]


@pytest.mark.parametrize("label", ["explanation", "Rationale", "Why", "Feedback"])
def test_one_explanation_belongs_to_the_option_that_is_correct(label: str) -> None:
    note = only(f"Question,Option A,Option B,Correct,{label}\nWhich?,this,that,B,because\n")
    assert [option["rationale"] for option in note.fields["options"]] == ["", "because"]


def test_an_explanation_stands_behind_what_the_option_says_itself() -> None:
    note = only("question,a,b,correct,explanation_1,explanation\nWhich?,x,y,A,own,common\n")
    assert note.fields["options"][0]["rationale"] == "own\n\ncommon"


@pytest.mark.parametrize(
    "head",
    [
        "Question,A,B,C,D,Answer,Rationale",
        "Question,1,2,3,4,Correct answer,Why",
        "Question,Choice 1,Choice 2,Choice 3,Choice 4,Correct,Explanation",
        "Q,Option A,Option B,Option C,Option D,Right answer,Reason",
        "Frage,Antwort A,Antwort B,Antwort C,Antwort D,Richtige Antwort,Begründung",
        "Pregunta,Opción A,Opción B,Opción C,Opción D,Respuesta correcta,Explicación",
    ],
)
@pytest.mark.parametrize("said", ["C", "3"])
def test_a_table_of_questions_is_known_by_its_labels(head: str, said: str) -> None:
    note = only(f"{head}\nWhich?,red,green,blue,grey,{said},It is the sky.\n")
    assert [option["correct"] for option in note.fields["options"]] == [False, False, True, False]
    assert note.fields["options"][2]["rationale"] == "It is the sky."


def test_a_column_that_is_left_out_is_told() -> None:
    package = read("question,a,b,correct,Author\nWhich?,x,y,A,Ann\n")
    assert package.remarks == ["Columns left out though they hold text: 5."]


def test_any_table_can_be_read_as_questions() -> None:
    content = "Which?;red;green;blue;2\n"
    head = text.sniff(content, kind="choice")
    assert head.columns == ("question", "option_1", "option_2", "option_3", "correct")
    (note,) = text.read(content, text.options(head)).notes
    assert [option["correct"] for option in note.fields["options"]] == [False, True, False]
