"""Packages as JSON lines: what is written is what is read, and mistakes are named by line."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import KINDS, NoteType, Template
from quizapp.formats import apkg, jsonl
from quizapp.formats.package import (
    HELD,
    STATES,
    Package,
    PackedCard,
    PackedDeck,
    PackedMedia,
    PackedNote,
    PackedReview,
    Refused,
)

ANKI = Path(__file__).parent.parent / "fixtures" / "anki"
LATEST = (1 << 33) * 1000

HEAD: dict[str, Any] = {"format": "quizapp", "version": 1, "source": "apkg"}
TYPE: dict[str, Any] = {
    "key": "1",
    "name": "Basic",
    "kind": "normal",
    "fields": ["Front", "Back"],
    "templates": [["Card 1", "{{Front}}", "{{Back}}"]],
}
CARD: dict[str, Any] = {"ord": 0, "deck": "A::B"}
NOTE: dict[str, Any] = {
    "key": "k",
    "kind": "custom",
    "notetype": "1",
    "fields": {"Front": "f", "Back": "b"},
    "deck": "A::B",
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=12)
days = st.dates().map(lambda day: day.isoformat())
moments = st.integers(1, LATEST)
extras = st.dictionaries(
    names, st.recursive(st.integers() | texts | st.booleans(), st.lists, max_leaves=4), max_size=3
)
reviews = st.builds(
    PackedReview,
    at=moments,
    rating=st.integers(0, 4),
    logged=st.integers(0, 5),
    interval=st.integers(-(1 << 31), 1 << 31),
    last_interval=st.integers(-(1 << 31), 1 << 31),
    factor=st.integers(0, 5000),
    milliseconds=st.integers(0, 60_000),
)


@st.composite
def cards(draw: st.DrawFn, ord_: int) -> PackedCard:
    due = draw(st.none() | days)
    return PackedCard(
        ord=ord_,
        deck=draw(names),
        state=draw(st.sampled_from(STATES)),
        held=draw(st.sampled_from(HELD)),
        due=due,
        due_at=draw(st.none() | moments) if due is None else None,
        position=draw(st.none() | st.integers(-(1 << 31), 1 << 31)),
        interval=draw(st.integers(0, 36_500)),
        left=draw(st.integers(0, 999)),
        ease=draw(st.integers(0, 65_535)),
        reps=draw(st.integers(0, 1000)),
        lapses=draw(st.integers(0, 1000)),
        flag=draw(st.integers(0, 7)),
        stability=draw(st.none() | st.floats(0, 36_500)),
        difficulty=draw(st.none() | st.floats(1, 10)),
        last_at=draw(st.none() | moments),
        extra=draw(extras),
        reviews=tuple(draw(st.lists(reviews, max_size=4))),
    )


@st.composite
def packages(draw: st.DrawFn) -> tuple[Package, bytes]:
    """A package, and the bytes of its one medium."""
    fields = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    notetype = NoteType(
        key=draw(names),
        name=draw(names),
        kind=draw(st.sampled_from(KINDS)),
        fields=tuple(fields),
        templates=(Template(draw(names), draw(texts), draw(texts)),),
        css=draw(texts),
        sort_field=draw(st.integers(0, len(fields) - 1)),
        extra=draw(extras),
    )
    kinds: dict[str, dict[str, Any]] = {
        "custom": {field: draw(texts) for field in fields},
        "basic": {"front": draw(texts), "back": draw(texts)},
        "typed": {"front": draw(texts), "back": draw(texts), "also": [draw(texts)]},
        "cloze": {"text": draw(texts)},
        "choice": {
            "stem": draw(texts),
            "options": [{"text": draw(texts), "correct": draw(st.booleans()), "rationale": ""}],
        },
    }
    notes = []
    for kind in draw(st.lists(st.sampled_from(sorted(kinds)), max_size=3)):
        notes.append(
            PackedNote(
                key=draw(names),
                kind=kind,
                fields=kinds[kind],
                deck=draw(names),
                notetype=notetype.key if kind == "custom" else "",
                tags=tuple(draw(st.lists(names, max_size=3))),
                modified=draw(st.integers(0, 1 << 33)),
                created=draw(st.integers(0, LATEST)),
                where=draw(texts),
                topic=draw(texts),
                reference=draw(texts),
                domains=tuple(draw(st.lists(texts, max_size=2))),
                objective=draw(texts),
                level=draw(texts),
                pool=draw(st.sampled_from(["study", "mock"])),
                cards=tuple(draw(cards(n)) for n in range(draw(st.integers(0, 2)))),
            )
        )
    content = draw(st.binary(max_size=20))
    package = Package(
        source=draw(names),
        notetypes=[notetype],
        decks=[
            PackedDeck(
                draw(names),
                draw(texts),
                draw(st.none() | st.integers(0, 9999)),
                draw(st.none() | st.integers(0, 9999)),
                draw(st.none() | st.floats(0.5, 0.99)),
                draw(extras),
                topic=draw(texts),
                outline=tuple(draw(st.lists(texts, max_size=2))),
                origin=draw(texts),
                licence=draw(texts),
                updated=draw(texts),
            )
        ],
        notes=notes,
        media=[PackedMedia("a b.png", hashlib.sha256(content).hexdigest(), len(content))],
        progress=draw(st.booleans()),
        dated=draw(st.just("") | days),
        refused=[Refused(draw(texts), draw(texts))],
        remarks=draw(st.lists(texts, max_size=2)),
    )
    return package, content


@settings(max_examples=150)
@given(made=packages())
def test_what_is_written_is_what_is_read(
    made: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    package, content = made
    folder = tmp_path_factory.mktemp("jsonl")
    (folder / "media").mkdir()
    (folder / "media" / package.media[0].digest).write_bytes(content)
    jsonl.write(package, folder / "package.jsonl")
    found = jsonl.read(folder / "package.jsonl")
    found.notes = list(found.notes)
    assert found == replace(package, media_in=folder / "media")


@pytest.mark.parametrize(
    "name", ["tiny-mixed.new-sched-media.apkg", "tiny-hostile.new-sched-media.apkg"]
)
def test_a_package_of_anki_comes_through_whole(name: str, tmp_path: Path) -> None:
    package = apkg.read(ANKI / name, tmp_path / "media")
    package.notes = list(package.notes)
    jsonl.write(package, tmp_path / "package.jsonl")
    found = jsonl.read(tmp_path / "package.jsonl")
    found.notes = list(found.notes)
    assert found == package


def lines(tmp_path: Path, *found: Any) -> Path:
    path = tmp_path / "a.jsonl"
    text = [it if isinstance(it, str) else json.dumps(it) for it in found]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def read_all(path: Path) -> list[PackedNote]:
    return list(jsonl.read(path).notes)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    note = {**NOTE, "cards": [CARD]}
    found = read_all(lines(tmp_path, HEAD, {"notetype": TYPE}, {"note": note}))
    assert found == [
        PackedNote(
            key="k",
            kind="custom",
            fields={"Front": "f", "Back": "b"},
            deck="A::B",
            notetype="1",
            cards=(PackedCard(0, "A::B"),),
        )
    ]


def test_fields_come_in_the_order_of_their_type(tmp_path: Path) -> None:
    note = {**NOTE, "fields": {"Back": "b", "Front": "f"}}
    found = read_all(lines(tmp_path, HEAD, {"notetype": TYPE}, {"note": note}))
    assert list(found[0].fields) == ["Front", "Back"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"key": ""}, "“key” cannot be that"),
        ({"key": 5}, "“key” cannot be that"),
        ({"key": "a\nb"}, "“key” cannot be that"),
        ({"key": "e\u0301"}, "“key” cannot be that"),
        ({"kind": "essay"}, "“kind” cannot be that"),
        ({"colour": "red"}, "nothing is called “colour”"),
        ({"notetype": "2"}, "the note's type does not come before it"),
        ({"fields": {"Front": "f"}}, "not those of its type"),
        ({"fields": {"Front": "f", "Back": 5}}, "a field of the note is not text"),
        ({"fields": ["f", "b"]}, "“fields” cannot be that"),
        ({"kind": "basic"}, "not those of a basic note"),
        ({"kind": "choice"}, "not those of a choice note"),
        ({"tags": "a b"}, "“tags” cannot be that"),
        ({"tags": [None]}, "“tags” cannot be that"),
        ({"modified": -1}, "“modified” cannot be that"),
        ({"modified": True}, "“modified” cannot be that"),
        ({"created": 1.5}, "“created” cannot be that"),
        ({"pool": "exam"}, "“pool” cannot be that"),
        ({"cards": {}}, "“cards” cannot be that"),
        ({"cards": [{"deck": "A"}]}, "“ord” is missing"),
        ({"cards": [5]}, "“cards” cannot be that"),
        ({"cards": [CARD, CARD]}, "the note has a card twice"),
        ({"cards": [{**CARD, "ord": 500}]}, "“ord” cannot be that"),
        ({"cards": [{**CARD, "state": "asleep"}]}, "“state” cannot be that"),
        ({"cards": [{**CARD, "due": "2026-02-30"}]}, "“due” cannot be that"),
        ({"cards": [{**CARD, "due": "20260201"}]}, "“due” cannot be that"),
        ({"cards": [{**CARD, "due": "2026-02-01", "due_at": 5}]}, "not both"),
        ({"cards": [{**CARD, "flag": 8}]}, "“flag” cannot be that"),
        ({"cards": [{**CARD, "difficulty": 0.5}]}, "“difficulty” cannot be that"),
        ({"cards": [{**CARD, "stability": "long"}]}, "“stability” cannot be that"),
        ({"cards": [{**CARD, "reviews": [[1, 2, 3]]}]}, "seven whole numbers"),
        ({"cards": [{**CARD, "reviews": [[1, 3, 0, 0, 0, 0, True]]}]}, "seven whole numbers"),
        ({"cards": [{**CARD, "reviews": [[1, 5, 0, 0, 0, 0, 0]]}]}, "seven whole numbers"),
        ({"cards": [{**CARD, "reviews": [[0, 3, 0, 0, 0, 0, 0]]}]}, "seven whole numbers"),
    ],
)
def test_a_wrong_note_is_refused_by_its_line(
    changed: dict[str, Any], why: str, tmp_path: Path
) -> None:
    path = lines(tmp_path, HEAD, {"notetype": TYPE}, {"note": NOTE}, {"note": {**NOTE, **changed}})
    with pytest.raises(Refusal, match="Line 4: ") as refusal:
        read_all(path)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "an object with one name"),
        ('{"deck": {"name": "A", "new_per_day": NaN}}', "it is not JSON"),
        ('{"deck": {"name": "A", "extra": {"a": ' + "[" * 100_000, "it is not JSON"),
        ('{"deck": {"name": "A", "new_per_day": 1' + "0" * 5000 + "}}", "“new_per_day” cannot"),
        ("{}", "an object with one name"),
        ([], "an object with one name"),
        ({"deck": {"name": "A"}, "remark": ""}, "an object with one name"),
        ({"card": {}}, "nothing is called “card”"),
        ({"deck": {}}, "“name” is missing"),
        ({"deck": {"name": "A", "desired_retention": 90}}, "“desired_retention”"),
        ({"deck": {"name": "A", "extra": {"a": "\ud800"}}}, "it is not JSON"),
        ({"deck": {"name": "A", "extra": []}}, "“extra” cannot be that"),
        ({"notetype": {**TYPE, "fields": ["A", "A"]}}, "the same name"),
        ({"notetype": {**TYPE, "fields": []}}, "“fields” cannot be that"),
        ({"notetype": {**TYPE, "templates": [["a", "b"]]}}, "“templates” cannot be that"),
        ({"notetype": {**TYPE, "sort_field": 2}}, "the place of a field"),
        ({"medium": {"name": "a.png", "digest": "0" * 63, "size": 1}}, "“digest”"),
        ({"medium": {"name": "../a.png", "digest": "0" * 64, "size": 1}}, "the plain name"),
        ({"remark": 5}, "“remark” cannot be that"),
        ({"refused": {"where": "a"}}, "“reason” is missing"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(line: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="Line 2: ") as refusal:
        read_all(lines(tmp_path, HEAD, line))
    assert why in str(refusal.value)


def test_an_object_too_deep_is_refused(tmp_path: Path) -> None:
    deep: Any = 1
    for _ in range(60):
        deep = [deep]
    with pytest.raises(Refusal, match="“extra” cannot be that"):
        read_all(lines(tmp_path, HEAD, {"deck": {"name": "A", "extra": {"a": deep}}}))


def test_half_a_character_is_written_as_a_question_mark(tmp_path: Path) -> None:
    # Old packages of Anki are JSON, in which it can be written.
    note = PackedNote("k", "basic", {"front": "a\ud800b", "back": ""}, "D")
    jsonl.write(Package("apkg", [], [], [note]), tmp_path / "a.jsonl")
    assert read_all(tmp_path / "a.jsonl")[0].fields["front"] == "a?b"


def test_a_number_of_any_length_comes_through(tmp_path: Path) -> None:
    deck = PackedDeck("D", extra={"id": 1 << 70, "less": -(1 << 70)})
    jsonl.write(Package("apkg", [], [deck], []), tmp_path / "a.jsonl")
    assert jsonl.heads(tmp_path / "a.jsonl").decks == [deck]


def test_a_type_or_deck_after_the_first_note_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path, HEAD, {"notetype": TYPE}, {"note": NOTE}, {"deck": {"name": "A"}})
    with pytest.raises(Refusal, match="Line 4: a deck must come before the first note"):
        read_all(path)


def test_a_second_type_of_the_same_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="Line 3: another note type"):
        read_all(lines(tmp_path, HEAD, {"notetype": TYPE}, {"notetype": TYPE}))


@pytest.mark.parametrize("first", ["", "hello", "[]", '{"format": "other"}'])
def test_another_file_is_not_taken_for_json_lines(first: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal):
        jsonl.read(lines(tmp_path, first))


def test_a_newer_version_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="newer version of quizapp"):
        jsonl.read(lines(tmp_path, {**HEAD, "version": 2}))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = lines(tmp_path, HEAD)
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(Refusal, match="Line 2: it is not UTF-8"):
        read_all(path)


def test_a_medium_without_its_bytes_is_told_of(tmp_path: Path) -> None:
    medium = {"name": "a.png", "digest": "0" * 64, "size": 1}
    package = jsonl.read(lines(tmp_path, HEAD, {"medium": medium}))
    assert package.media == []
    assert package.refused == [
        Refused("media file “a.png”", "Its bytes did not come with the file.")
    ]


def test_notes_can_be_read_when_nobody_holds_their_package(tmp_path: Path) -> None:
    path = lines(tmp_path, HEAD, {"notetype": TYPE}, {"note": NOTE}, {"note": NOTE})
    assert [note.key for note in jsonl.read(path).notes] == ["k", "k"]
