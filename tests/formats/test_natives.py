"""Our own kinds as note types of Anki, and back."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from quizapp.domain.cards import KINDS, gaps
from quizapp.domain.errors import Refusal
from quizapp.formats.natives import MOST_OPTIONS, as_native, native_types, restore, shown
from quizapp.formats.package import PackedCard, PackedNote
from tests import packed

ABOUT = {
    "topic": "Risk treatment",
    "reference": "ISO/IEC 27005:2022, *8.2*",
    "objective": "Who decides",
    "level": "application",
    "domains": ("CISM22-2", "CCISO4-1"),
    "pool": "mock",
}


def native(kind: str, fields: Any = None, **what: Any) -> PackedNote:
    return PackedNote(f"t-{kind}", kind, fields or packed.NATIVES[kind], "Deck", **(ABOUT | what))


def in_anki(note: PackedNote) -> dict[str, str]:
    return dict(zip(native_types()[note.kind].fields, shown(note), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_as_it_went(kind: str) -> None:
    note = native(kind)
    back = restore(native_types()[kind].key, in_anki(note))
    assert back is not None
    assert (back.kind, back.fields, back.key) == (kind, note.fields, note.key)
    assert {name: getattr(back, name) for name in ABOUT} == ABOUT


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
marked = st.text(alphabet="ab\x1f [](){}$\\:*_|`<>&#-\n\"'é", max_size=40)
any_text = words | marked


@settings(max_examples=60)
@given(front=any_text, back=any_text, also=st.lists(any_text, max_size=3), about=any_text)
def test_any_text_comes_back_as_it_went(front: str, back: str, also: list[str], about: str) -> None:
    fields = {
        "basic": {"front": front, "back": back},
        "typed": {"front": front, "back": back, "also": also},
        "cloze": {"text": f"{front} [gap] {back}"},
        "choice": {
            "stem": front,
            "options": [
                {"text": text, "correct": place == 0, "rationale": about}
                for place, text in enumerate([back, front, *also])
            ],
        },
    }
    for kind, values in fields.items():
        note = native(kind, values, reference=about, objective=about, domains=(about,))
        back_again = restore(native_types()[kind].key, in_anki(note))
        assert back_again is not None
        assert back_again.fields == values
        assert back_again.reference == about


@given(text=any_text)
def test_the_source_is_plain_ascii_that_is_no_markup(text: str) -> None:
    source = in_anki(native("basic", {"front": text, "back": text}))["Source"]
    assert source.isascii()
    assert source.isprintable()
    assert not re.search(r"[<>&]|\[sound|\[latex|\{\{|c\d::", source)


def test_a_note_that_was_changed_in_anki_stays_as_it_was_changed() -> None:
    fields = in_anki(native("basic")) | {"Front": "<p>Mine</p>"}
    assert restore(native_types()["basic"].key, fields) is None


def test_a_note_type_of_others_is_not_ours() -> None:
    assert restore("1764504100000", in_anki(native("basic"))) is None
    assert restore(native_types()["typed"].key, in_anki(native("basic"))) is None


def forged(kind: str, /, **changes: Any) -> dict[str, str]:
    """The fields of a note whose source somebody wrote by hand."""
    fields = in_anki(native(kind))
    kept = json.loads(fields["Source"]) | changes
    return fields | {"Source": json.dumps(kept)}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("basic", {"kind": "custom"}),
        ("basic", {"kind": "choice"}),
        ("basic", {"fields": None}),
        ("basic", {"fields": {"front": "a"}}),
        ("basic", {"fields": {"front": "a", "back": 1}}),
        ("basic", {"fields": {"front": "a", "back": "b", "also": []}}),
        ("basic", {"fields": {"front": "a", "back": "b", "html": "c"}}),
        ("basic", {"topic": 5}),
        ("basic", {"domains": "CISM"}),
        ("basic", {"domains": [None]}),
        ("basic", {"pool": "all"}),
        ("basic", {"key": []}),
        ("basic", {"key": "a\nb"}),
        ("basic", {"fields": {"front": "a\0", "back": "b"}}),
        ("basic", {"fields": {"front": "\ud800", "back": "b"}}),
        ("typed", {"fields": {"front": "a", "back": "b", "also": "c"}}),
        ("typed", {"fields": {"front": "a", "back": "b", "also": [1]}}),
        ("cloze", {"fields": {"text": "no gap"}}),
        ("cloze", {"fields": {"text": ["[a]"]}}),
        ("choice", {"fields": packed.CHOICE | {"options": packed.CHOICE["options"][:1]}}),
        ("choice", {"fields": packed.CHOICE | {"options": packed.CHOICE["options"] * 3}}),
        ("choice", {"fields": packed.CHOICE | {"options": [{"text": "a"}] * 2}}),
        ("choice", {"fields": {"stem": "a", "options": "bc"}}),
    ],
)
def test_a_source_that_is_no_note_is_not_believed(kind: str, changes: dict[str, Any]) -> None:
    assert restore(native_types()[kind].key, forged(kind)) is not None
    assert restore(native_types()[kind].key, forged(kind, **changes)) is None


@pytest.mark.parametrize("source", ["", "{", "[]", "null", "[" * 100_000, '"text"'])
def test_a_source_that_is_no_json_is_not_believed(source: str) -> None:
    fields = in_anki(native("basic")) | {"Source": source}
    assert restore(native_types()["basic"].key, fields) is None


def test_a_note_from_anki_is_ours_again_with_what_anki_knows() -> None:
    note = native("choice")
    cards = (PackedCard(0, "Elsewhere", "review", due="2026-01-15"),)
    from_anki = PackedNote(
        "guid", "custom", in_anki(note), "Elsewhere", native_types()["choice"].key, ("tag",), 5, 6,
        "note 1", cards=cards,
    )  # fmt: skip
    assert as_native(from_anki) == structs.replace(
        note, deck="Elsewhere", tags=("tag",), modified=5, created=6, where="note 1", cards=cards
    )


def test_any_other_note_stays() -> None:
    custom = PackedNote("k", "custom", {"Word": "w"}, "D", packed.WORDS.key)
    assert as_native(custom) is custom
    plain = native("basic")
    assert as_native(plain) is plain


def test_note_types_are_the_same_each_time() -> None:
    keys = {kind: notetype.key for kind, notetype in native_types().items()}
    assert keys == {kind: str(1_764_547_200_001 + place) for place, kind in enumerate(KINDS)}


@pytest.mark.parametrize("kind", KINDS)
def test_templates_need_no_script_and_name_fields_that_exist(kind: str) -> None:
    notetype = native_types()[kind]
    for template in notetype.templates:
        both = template.question + template.answer
        assert not re.search(r"<script|\son\w+=|javascript:|<link|@import|url\(", both)
        named = {name.split(":")[-1] for name in re.findall(r"\{\{[#^/]?([^{}]+)\}\}", both)}
        assert named <= {*notetype.fields, "FrontSide"}
        assert "Source" not in named
    assert not re.search(r"@import|url\(", notetype.css)


def test_options_are_shown_in_one_order_and_the_key_goes_with_its_option() -> None:
    for place in range(20):
        note = structs.replace(native("choice"), key=f"t-{place}")
        fields = in_anki(note)
        assert fields == in_anki(note)
        right = fields[f"Option {'ABCDEF'.index(fields['Correct']) + 1}"]
        assert right == "Inform the owner"
    letters = {
        in_anki(structs.replace(native("choice"), key=f"t-{n}"))["Correct"] for n in range(20)
    }
    assert letters == {"A", "B", "C"}


def test_a_question_with_too_many_options_does_not_fit() -> None:
    option = {"text": "a", "correct": False, "rationale": ""}
    with pytest.raises(Refusal, match="keep six"):
        shown(native("choice", {"stem": "s", "options": [option] * (MOST_OPTIONS + 1)}))


inside = st.text(alphabet="ab (){}$:*_|<>&#'\"é", max_size=30)


@given(pieces=st.lists(inside, min_size=1, max_size=4))
def test_each_gap_is_one_cloze(pieces: list[str]) -> None:
    text = " and ".join(f"[{piece}x]" for piece in pieces)
    html = in_anki(native("cloze", {"text": text}))["Text"]
    found = re.findall(r"\{\{c(\d+)::", html)
    assert [int(number) for number in found] == list(range(1, len(gaps(text)) + 1))
    assert html.count("}}") == html.count("{{") == len(found)
