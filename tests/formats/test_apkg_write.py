"""Anki packages as we write them, looked at from outside."""

import gzip
import hashlib
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats.apkg_media import media_name
from quizapp.formats.apkg_rows import checksum, free, stripped
from quizapp.formats.apkg_tables import requirements
from quizapp.formats.apkg_write import write
from quizapp.formats.package import (
    Package,
    PackedCard,
    PackedDeck,
    PackedMedia,
    PackedNote,
    PackedReview,
)
from tests import packed
from tests.formats.apkg_look import Look, look, opened, parts

FIXTURES = Path(__file__).parent.parent / "fixtures" / "anki"
CONTAINERS = ("new", "legacy")

Writing = Callable[..., Look]


@pytest.fixture
def written(tmp_path: Path) -> Writing:
    """Write a package and look at it."""

    def made(package: Package, container: str = "new", scheduling: bool = True) -> Look:
        path = tmp_path / f"{container}.apkg"
        write(package, path, container, scheduling, packed.NOW_MS)
        return look(path, tmp_path / f"{container}-{scheduling}")

    return made


def one(*cards: PackedCard, **what: Any) -> Package:
    """A package with one note of two fields."""
    fields = {"Word": "w", "Meaning": "m"}
    note = PackedNote("k", "custom", fields, "D", packed.WORDS.key, cards=cards)
    return Package("jsonl", [packed.WORDS], [], [structs.replace(note, **what)])


def test_a_new_package_holds_its_parts_and_packs_each_once(written: Writing) -> None:
    found = written(one())
    assert list(found.entries) == ["meta", "collection.anki21b", "collection.anki2", "media"]
    assert found.entries["meta"] == b"\x08\x03"
    assert set(found.packed) == {zipfile.ZIP_STORED}


def test_a_legacy_package_holds_its_parts(written: Writing) -> None:
    found = written(one(), "legacy")
    assert list(found.entries) == ["meta", "collection.anki21", "collection.anki2", "media"]
    assert found.entries["meta"] == b"\x08\x02"
    assert json.loads(found.entries["media"]) == {}


@pytest.mark.parametrize("container", CONTAINERS)
def test_an_old_anki_finds_one_note_that_asks_for_an_update(
    written: Writing, container: str, tmp_path: Path
) -> None:
    (tmp_path / "old").write_bytes(written(one(), container).entries["collection.anki2"])
    notes = opened(tmp_path / "old").execute("SELECT flds FROM notes").fetchall()
    assert len(notes) == 1
    assert "update Anki" in notes[0][0]


@pytest.mark.parametrize(("container", "version"), [("new", 18), ("legacy", 11)])
def test_the_collection_is_sound_and_of_its_schema(
    written: Writing, container: str, version: int
) -> None:
    found = written(packed.large(50, 200), container)
    assert found.one("PRAGMA integrity_check") == "ok"
    assert found.one("SELECT ver FROM col") == version


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_tables_are_those_that_anki_writes(
    written: Writing, container: str, tmp_path: Path
) -> None:
    theirs = look(FIXTURES / f"tiny-basic.{container}-sched-media.apkg", tmp_path / "theirs")
    ours = written(one(), container)
    # SQLite's own statistics are no part of the format.
    names = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    tables = [row["name"] for row in theirs.rows(names)]
    assert [row["name"] for row in ours.rows(names)] == tables
    for table in tables:
        columns = f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')"
        assert ours.rows(columns) == theirs.rows(columns), table


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_content_gives_the_same_file(tmp_path: Path, container: str) -> None:
    files = []
    for name in ("one", "two"):
        path = tmp_path / name
        write(packed.everything(tmp_path / "media"), path, container, True, packed.NOW_MS)
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    def broken() -> Any:
        yield PackedNote("k", "custom", {}, "D", packed.WORDS.key)
        raise OSError("the disk is full")

    package = replace(one(), notes=broken())
    with pytest.raises(OSError, match="full"):
        write(package, tmp_path / "a.apkg", "new", True, packed.NOW_MS)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_container_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="choose new or legacy"):
        write(one(), tmp_path / "a", "old", True, packed.NOW_MS)  # type: ignore[arg-type]


@pytest.mark.parametrize("container", CONTAINERS)
def test_counts_are_those_of_the_rows(tmp_path: Path, container: str) -> None:
    path = tmp_path / "a.apkg"
    told = write(packed.large(120, 700), path, container, True, packed.NOW_MS)
    found = look(path, tmp_path / "look")
    rows = [found.one(f"SELECT count(*) FROM {table}") for table in ("notes", "cards", "revlog")]
    assert [told.notes, told.cards, told.reviews] == rows == [120, 150, 700]


# Notes


def test_a_note_keeps_its_guid_dates_and_fields_in_their_order(written: Writing) -> None:
    values = {"Meaning": "m <b>2</b>", "Word": "wörd"}
    note = written(one(fields=values, created=1_700_000_000_123, modified=1_700_000_777)).rows(
        "SELECT * FROM notes"
    )[0]
    assert (note["guid"], note["id"], note["mod"]) == ("k", 1_700_000_000_123, 1_700_000_777)
    assert note["flds"] == "wörd\x1fm <b>2</b>\x1f\x1f"
    assert note["sfld"] == "m 2"
    assert note["csum"] == checksum("wörd")


def test_checksums_and_sort_fields_are_ankis_own(tmp_path: Path) -> None:
    compared = 0
    for path in sorted(FIXTURES.glob("*.new-sched-media.apkg")):
        for row in look(path, tmp_path / path.stem).rows("SELECT flds, sfld, csum FROM notes"):
            first = row["flds"].split("\x1f")[0]
            assert checksum(stripped(first)) == row["csum"], first
            compared += 1
    assert compared > 2000


@given(st.text(alphabet="<>!-/ \"'=&;imgsrctyle", max_size=80))
def test_stripping_ends_whatever_the_markup_is(html: str) -> None:
    assert len(stripped(html)) <= len(html) + html.count("<") * 2


def test_stripping_hostile_markup_takes_no_longer_than_reading_it() -> None:
    assert stripped("<!--" * 200_000) == "<!--" * 200_000
    assert stripped("<img " * 200_000) == "<img " * 200_000


def test_tags_are_one_word_each_and_told_apart_without_case(written: Writing) -> None:
    tags = ("b::ü", "two words", "B::Ü", "a", "x:: ::y")
    assert written(one(tags=tags)).one("SELECT tags FROM notes") == (
        " b::ü two_words a x::blank::y "
    )


def test_what_separates_fields_cannot_stand_in_one(written: Writing) -> None:
    flds = written(one(fields={"Word": "a\x1fb\x00c"})).one("SELECT flds FROM notes")
    assert flds == "a bc\x1f\x1f\x1f"


def test_notes_with_one_key_stay_two_notes(written: Writing) -> None:
    notes = [structs.replace(one().notes[0], deck=deck) for deck in ("A", "B")]
    guids = [r["guid"] for r in written(replace(one(), notes=notes)).rows("SELECT guid FROM notes")]
    assert guids[0] == "k"
    assert len(set(guids)) == 2


def test_a_note_whose_type_is_missing_is_named_and_the_rest_is_written(tmp_path: Path) -> None:
    lost = structs.replace(one().notes[0], notetype="nowhere", where="row 12")
    package = replace(one(), notes=[lost, one().notes[0]])
    told = write(package, tmp_path / "a.apkg", "new", True, packed.NOW_MS)
    assert told.notes == 1
    assert told.left_out[0].where == "row 12"
    assert "note type is missing" in told.left_out[0].reason


def test_a_note_that_does_not_fit_its_kind_is_named_and_the_rest_is_written(
    tmp_path: Path,
) -> None:
    option = {"text": "a", "correct": False, "rationale": ""}
    broken = [
        PackedNote("seven", "choice", {"stem": "s", "options": [option] * 7}, "D"),
        PackedNote("bare", "basic", {"front": "f"}, "D"),
    ]
    package = replace(one(), notes=[*broken, *one().notes])
    told = write(package, tmp_path / "a.apkg", "new", True, packed.NOW_MS)
    assert told.notes == 1
    assert [(refused.where, refused.reason.split(";")[0]) for refused in told.left_out] == [
        ("seven", "A question with 7 options does not fit"),
        ("bare", "Its fields do not fit its kind."),
    ]


@given(st.lists(st.integers(-5, 30), max_size=60))
def test_no_id_is_given_twice_and_a_wish_is_met_where_it_can_be(wishes: list[int]) -> None:
    taken: dict[int, int] = {}
    given_ids: list[int] = []
    for wish in wishes:
        id_ = free(taken, wish)
        expected = next(n for n in range(wish, wish + 100) if n not in given_ids)
        assert id_ == expected
        given_ids.append(id_)


# Cards


def test_cards_keep_their_ids_and_others_get_ids_of_their_own(written: Writing) -> None:
    cards = (PackedCard(0, "D", extra={"id": 99}), PackedCard(1, "D"))
    rows = written(one(*cards, created=99)).rows("SELECT id, ord FROM cards ORDER BY ord")
    assert rows == [{"id": 99, "ord": 0}, {"id": 100, "ord": 1}]


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "new": (0, 0, 7),
        "new-suspended": (0, -1, 8),
        "learning-now": (1, 1, packed.NOW + 600),
        "learning-days": (1, 3, "2026-01-16"),
        "review-late": (2, 2, "2025-12-01"),
        "review-suspended": (2, -1, "2026-01-20"),
        "review-buried": (2, -3, "2026-01-14"),
        "review-sibling": (2, -2, "2026-01-13"),
        "relearning-now": (3, 1, packed.NOW - 30),
        "relearning-days": (3, 3, "2026-01-17"),
        # Noon of 2026-01-12: Anki's import does not move the day of such a card.
        "relearning-suspended": (3, -1, 1_768_219_200),
    }.items(),
)
def test_every_state_is_ankis_type_queue_and_due(
    written: Writing, name: str, expected: tuple[int, int, int | str]
) -> None:
    found = written(one(structs.replace(packed.STATES[name], deck="D")))
    row = found.rows("SELECT type, queue, due FROM cards")[0]
    due = row["due"]
    if isinstance(expected[2], str):
        first = date(1970, 1, 1) + timedelta(seconds=found.one("SELECT crt FROM col"))
        due = (first + timedelta(days=due)).isoformat()
    assert (row["type"], row["queue"], due) == expected


@pytest.mark.parametrize("due", ["2009-03-01", "2026-01-15", "2050-12-31"])
def test_days_count_from_four_in_the_morning_of_a_day_before_the_first_due(
    written: Writing, due: str
) -> None:
    found = written(one(PackedCard(0, "D", "review", due=due)))
    created = found.one("SELECT crt FROM col")
    assert created % 86_400 == 4 * 3600
    days = found.one("SELECT due FROM cards")
    assert days >= 0
    assert date(1970, 1, 1) + timedelta(days=created // 86_400 + days) == date.fromisoformat(due)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_first_day_is_said_to_be_meant_in_utc(written: Writing, container: str) -> None:
    found = written(one(), container)
    if container == "new":
        assert found.one("SELECT val FROM config WHERE KEY = 'creationOffset'") == b"0"
    else:
        assert json.loads(found.one("SELECT conf FROM col"))["creationOffset"] == 0


def test_what_a_card_knows_is_kept_in_ankis_places(written: Writing) -> None:
    card = structs.replace(packed.STATES["review-late"], deck="D", left=3)
    row = written(one(card)).rows("SELECT * FROM cards")[0]
    kept = ("ivl", "factor", "reps", "lapses", "left", "flags", "odue", "odid")
    assert [row[name] for name in kept] == [10, 2350, 5, 1, 3, 3, 0, 0]
    assert json.loads(row["data"]) == {
        "pos": 11, "s": 12.3457, "d": 7.891, "dr": 0.87, "decay": 0.154,
        "lrt": packed.NOW - 57 * packed.DAY, "cd": '{"k":1,"v":"ü"}',
    }  # fmt: skip


def test_the_last_answer_is_the_last_here_and_not_what_came_with_the_card(
    written: Writing,
) -> None:
    card = structs.replace(packed.STATES["review-today"], deck="D", extra={"lrt": 1_600_000_000})
    data = json.loads(written(one(card)).one("SELECT data FROM cards"))
    assert data["lrt"] == packed.NOW - 3 * packed.DAY


def test_no_number_is_larger_than_anki_reads(written: Writing) -> None:
    answered = packed.LOG[0]._replace(milliseconds=1 << 40)
    cards = (
        PackedCard(0, "D", position=1 << 40),
        PackedCard(1, "D", "review", due="2026-01-15", reviews=(answered,)),
    )
    found = written(one(*cards))
    assert found.one("SELECT max(due) FROM cards") < 1 << 31
    assert found.one("SELECT max(time) FROM revlog") < 1 << 31


def test_places_that_anki_finds_fault_with_become_a_sequence_in_the_same_order(
    written: Writing,
) -> None:
    cards = [
        PackedCard(0, "D", position=2_800_634),
        PackedCard(1, "D", position=7),
        PackedCard(2, "D", held="suspended", position=999_999),
        PackedCard(3, "D", position=7),
        PackedCard(4, "D", "review", due="2026-01-15", interval=3),
    ]
    found = written(one(*cards))
    rows = found.rows("SELECT ord, due FROM cards WHERE type = 0 ORDER BY ord")
    assert [row["due"] for row in rows] == [3, 1, 2, 1]


def test_places_that_anki_takes_stay_what_they_are(written: Writing) -> None:
    found = written(one(PackedCard(0, "D", position=999_999), PackedCard(1, "D", position=3)))
    assert [row["due"] for row in found.rows("SELECT due FROM cards ORDER BY ord")] == [999_999, 3]


def test_what_came_with_a_card_and_is_no_number_stays_out(written: Writing) -> None:
    odd = {"pos": 1 << 70, "dr": "0.9", "decay": [1], "lrt": True, "cd": {"k": 1}}
    card = PackedCard(0, "D", "review", due="2026-01-15", stability=2.5, extra=odd)
    assert json.loads(written(one(card)).one("SELECT data FROM cards")) == {"s": 2.5}


def test_the_log_is_written_as_it_is(written: Writing) -> None:
    card = PackedCard(0, "D", "review", due="2026-01-15", reviews=packed.LOG)
    rows = written(one(card)).db.execute(
        "SELECT id, ease, type, ivl, lastIvl, factor, time FROM revlog ORDER BY id"
    )
    assert [PackedReview(*row) for row in rows] == list(packed.LOG)


def test_answers_at_one_moment_are_all_kept(written: Writing) -> None:
    cards = [
        PackedCard(ord_, "D", "review", due="2026-01-15", reviews=packed.LOG[:2]) for ord_ in (0, 1)
    ]
    rows = written(one(*cards)).rows("SELECT id, cid FROM revlog ORDER BY id")
    first, second = packed.LOG[0].at, packed.LOG[1].at
    assert [row["id"] for row in rows] == [first, first + 1, second, second + 1]
    assert [row["cid"] for row in rows].count(rows[0]["cid"]) == 2


def test_without_scheduling_all_is_new(written: Writing) -> None:
    card = structs.replace(packed.STATES["review-late"], deck="D", reviews=packed.LOG)
    tags = ("leech", "Marked", "kept")
    package = one(card, tags=tags)
    package = replace(package, decks=[PackedDeck("D", "Told", 5, 6, 0.8)])
    found = written(package, scheduling=False)
    row = found.rows("SELECT type, queue, due, ivl, factor, reps, lapses, flags, data FROM cards")
    assert row == [
        {
            "type": 0, "queue": 0, "due": 1, "ivl": 0, "factor": 0, "reps": 0, "lapses": 0,
            "flags": 0, "data": "{}",
        }
    ]  # fmt: skip
    assert found.one("SELECT count(*) FROM revlog") == 0
    assert found.one("SELECT tags FROM notes") == " kept "
    kind = dict(parts(found.one("SELECT kind FROM decks WHERE name = 'D'")))
    assert dict(parts(kind[1])) == {1: 1, 4: b"Told"}


@pytest.mark.parametrize(
    ("notetype", "fields", "ords"),
    [
        (packed.WORDS, {"Word": "a", "Meaning": "b", "Add Reverse": "y"}, [0, 1]),
        (packed.WORDS, {"Word": "a", "Meaning": "b", "Add Reverse": "<br> "}, [0]),
        (packed.WORDS, {}, [0]),
        (packed.GAPS, {"Text": "{{c3::a}} {{c1::b::hint}} {{c1,2::c}}"}, [0, 1, 2]),
        (packed.GAPS, {"Text": "none", "Mehr": "{{c1::not shown as a gap}}"}, [0]),
        (packed.GAPS, {"Text": "{{c900::far}} {{c0::none}}"}, [499]),
    ],
)
def test_a_note_without_cards_gets_those_that_its_type_makes(
    written: Writing, notetype: NoteType, fields: dict[str, str], ords: list[int]
) -> None:
    package = replace(one(fields=fields, notetype=notetype.key), notetypes=[notetype])
    rows = written(package).rows("SELECT ord FROM cards ORDER BY ord")
    assert [row["ord"] for row in rows] == ords


# Decks and note types


def decks(found: Look) -> dict[str, dict[int, Any]]:
    rows = found.rows("SELECT name, kind FROM decks")
    return {
        row["name"].replace("\x1f", "::"): dict(parts(dict(parts(row["kind"]))[1])) for row in rows
    }


def test_decks_have_parents_and_differ_by_more_than_case(written: Writing) -> None:
    cards = (PackedCard(0, "A::B::C"), PackedCard(1, "a::b"))
    package = replace(one(*cards, deck="X:: ::Z"), decks=[PackedDeck("a::B")])
    found = written(package)
    assert set(decks(found)) == {
        "Default", "a", "a::B", "a::B::C", "X", "X::blank", "X::blank::Z",
    }  # fmt: skip
    assert found.one("SELECT count(DISTINCT did) FROM cards") == 2


def test_limits_of_a_deck_are_its_own(written: Writing) -> None:
    package = replace(one(), decks=[PackedDeck("D", "Told", 0, 30, 0.93)])
    kind = decks(written(package))["D"]
    assert (kind[1], kind[4], kind[6], kind[7]) == (1, b"Told", 30, 0)
    assert struct.unpack("<f", kind[10])[0] == pytest.approx(0.93)


def test_limits_of_a_deck_are_its_own_in_the_legacy_shape(written: Writing) -> None:
    package = replace(one(), decks=[PackedDeck("D", "Told", 0, 30, 0.93)])
    found = json.loads(written(package, "legacy").one("SELECT decks FROM col")).values()
    deck = next(deck for deck in found if deck["name"] == "D")
    kept = ("newLimit", "reviewLimit", "desiredRetention", "desc", "conf")
    assert [deck[name] for name in kept] == [0, 30, 93, "Told", 1]


def test_options_that_decks_share_are_written_once_and_own_limits_beside(
    written: Writing,
) -> None:
    extra = {"preset": packed.PRESET}
    package = replace(
        one(), decks=[PackedDeck("D", "", 9, 1, 0.85, extra), PackedDeck("E", "", 9, extra=extra)]
    )
    found = written(package)
    rows = {r["name"]: dict(parts(r["config"])) for r in found.rows("SELECT * FROM deck_config")}
    assert set(rows) == {"Default", "Slow"}
    assert struct.unpack("<3f", rows["Slow"][1]) == (1, 15, 1440)
    assert len(rows["Slow"][6]) == 21 * 4
    kind = decks(found)["D"]
    assert kind == {1: packed.PRESET["id"], 6: 1}


def test_two_options_under_one_id_stay_two(written: Writing) -> None:
    other = packed.PRESET | {"name": "Other"}
    named = [
        PackedDeck(name, extra={"preset": preset})
        for name, preset in (("D", packed.PRESET), ("E", other))
    ]
    found = written(replace(one(), decks=named))
    assert decks(found)["D"][1] != decks(found)["E"][1]
    assert found.one("SELECT count(*) FROM deck_config") == 3


def test_changed_default_options_get_an_id_that_an_import_takes(written: Writing) -> None:
    default = {"id": 1, "name": "Default", "new_per_day": 20}
    named = [
        PackedDeck("D", "", 20, extra={"preset": default}),
        PackedDeck("E", "", 3, extra={"preset": default | {"new_per_day": 3}}),
    ]
    found = decks(written(replace(one(), decks=named)))
    assert found["D"] == {1: 1}
    assert set(found["E"]) == {1}
    assert found["E"][1] > 1


def test_note_types_keep_their_ids_and_others_always_get_the_same(written: Writing) -> None:
    package = replace(one(), notetypes=[packed.WORDS, packed.GAPS])
    ids = [
        {r["name"]: r["id"] for r in written(package, container).rows(query)}
        if container == "new"
        else {
            t["name"]: t["id"] for t in json.loads(written(package, container).one(query)).values()
        }
        for container, query in (
            ("new", "SELECT id, name FROM notetypes"),
            ("legacy", "SELECT models FROM col"),
        )
    ]
    assert ids[0] == ids[1]
    assert ids[0]["Vocabulary"] == int(packed.WORDS.key)


def test_note_types_of_one_name_are_told_apart(written: Writing) -> None:
    types = [packed.WORDS, replace(packed.GAPS, name="VOCABULARY")]
    names = written(replace(one(), notetypes=types)).rows("SELECT name FROM notetypes ORDER BY id")
    assert sorted(row["name"] for row in names) == ["VOCABULARY+", "Vocabulary"]


def test_a_note_type_is_the_same_in_both_shapes(written: Writing) -> None:
    extra = {
        "latex_head": "head", "stock": 3, "original_id": 5, "modified": 7,
        "fields": [{"font": "Liberation Sans", "size": 30, "rtl": True, "id": -4}],
        "templates": [{"browser_question": "{{Word}}", "id": 9}],
    }  # fmt: skip
    package = replace(one(), notetypes=[replace(packed.WORDS, extra=extra)])
    new, legacy = written(package), written(package, "legacy")
    shape = next(iter(json.loads(legacy.one("SELECT models FROM col")).values()))
    config = dict(parts(new.one("SELECT config FROM notetypes")))
    assert config[3].decode() == shape["css"] == packed.WORDS.css
    assert config[5].decode() == shape["latexPre"] == "head"
    assert (config[2], config[9], config[10]) == (1, 3, 5)
    assert (shape["sortf"], shape["originalStockKind"], shape["originalId"]) == (1, 3, 5)
    field = dict(parts(new.one("SELECT config FROM fields WHERE ord = 0")))
    assert field == {2: 1, 3: b"Liberation Sans", 4: 30, 9: (1 << 64) - 4}
    assert (shape["flds"][0]["font"], shape["flds"][0]["rtl"]) == ("Liberation Sans", True)
    template = dict(parts(new.one("SELECT config FROM templates WHERE ord = 0")))
    assert template[3].decode() == shape["tmpls"][0]["bqfmt"] == "{{Word}}"
    assert template[1].decode() == shape["tmpls"][0]["qfmt"] == packed.WORDS.templates[0].question


def test_what_a_template_needs_is_what_anki_says_it_needs() -> None:
    compared = 0
    for path in sorted(FIXTURES.glob("tiny-*.legacy-sched-media.apkg")):
        with zipfile.ZipFile(path) as archive:
            blob = archive.read("collection.anki21")
        db = sqlite3.connect(":memory:")
        db.deserialize(blob)
        for model in json.loads(db.execute("SELECT models FROM col").fetchone()[0]).values():
            ours = requirements(
                NoteType(
                    key=str(model["id"]),
                    name=model["name"],
                    kind="cloze" if model["type"] else "normal",
                    fields=tuple(field["name"] for field in model["flds"]),
                    templates=tuple(
                        Template(t["name"], t["qfmt"], t["afmt"]) for t in model["tmpls"]
                    ),
                )
            )
            assert [list(need) for need in ours] == model["req"], model["name"]
            compared += 1
    assert compared > 20


# Media


@pytest.mark.parametrize("container", CONTAINERS)
def test_media_go_under_the_names_that_notes_use(
    written: Writing, container: str, tmp_path: Path
) -> None:
    found = written(packed.everything(tmp_path / "media"), container)
    kept = dict(packed.PICTURES)
    for old, new in (("a:b?.png", "ab.png"), ("con.txt", "con_.txt")):
        kept[new] = kept.pop(old)
    assert found.media() == kept
    flds = found.one("SELECT flds FROM notes WHERE guid LIKE 'w52%'")
    assert '<img src="ab.png"> a:b?.png' in flds
    assert "<img src=con_.txt>" in flds


def test_a_new_package_says_size_and_sha1_of_its_media(written: Writing, tmp_path: Path) -> None:
    found = written(packed.everything(tmp_path / "media"))
    for _, entry in parts(found.entries["media"]):
        said = dict(parts(entry))
        content = found.media()[said[1].decode()]
        assert said.get(2, 0) == len(content)
        assert said[3] == hashlib.sha1(content).digest()


def test_a_missing_file_is_named_and_the_rest_is_written(tmp_path: Path) -> None:
    package = packed.everything(tmp_path / "media")
    package.media.append(PackedMedia("gone.png", "0" * 64, 3))
    told = write(package, tmp_path / "a.apkg", "new", True, packed.NOW_MS)
    assert told.media == len(packed.PICTURES)
    assert [refused.where for refused in told.left_out] == ["gone.png"]


def test_two_files_of_one_name_become_two(written: Writing, tmp_path: Path) -> None:
    media = []
    for name, content in (("a:.png", b"one"), ("a?.png", b"two"), ("a*.png", b"one")):
        digest = hashlib.sha256(content).hexdigest()
        (tmp_path / digest).write_bytes(content)
        media.append(PackedMedia(name, digest, 3))
    fields = {"Word": '<img src="a:.png"><img src="a?.png"><img src="a*.png">'}
    found = written(replace(one(fields=fields), media=media, media_in=tmp_path))
    assert sorted(found.media().values()) == [b"one", b"two"]
    word = found.one("SELECT flds FROM notes").split("\x1f")[0]
    other = next(name for name, content in found.media().items() if content == b"two")
    assert word == f'<img src="a.png"><img src="{other}"><img src="a.png">'


@given(st.text(max_size=300))
def test_a_media_name_is_one_that_any_system_takes(name: str) -> None:
    given_name = media_name(name)
    assert media_name(given_name) == given_name
    assert 0 < len(given_name.encode("utf-8", "replace")) <= 120
    assert not set(given_name) & set('/\\:*?"<>|^[]\n\0')
    assert given_name not in (".", "..")


def test_names_that_anki_accepted_stay(tmp_path: Path) -> None:
    names = [
        name
        for path in FIXTURES.glob("tiny-*.truth.json.gz")
        for name in json.loads(gzip.decompress(path.read_bytes()))
        .get("package", {})
        .get("media", {})
    ]
    assert len(names) > 10
    assert [media_name(name) for name in names] == names
