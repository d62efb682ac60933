"""What was exported as text and comes back: unedited it changes nothing, edited one field."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import exports as export_actions
from quizapp.actions.exports import Wanted
from quizapp.actions.imports import Choices
from quizapp.actions.imports.returning import OTHER_KIND, STAYS
from quizapp.domain.errors import Refusal
from quizapp.domain.learners import Learner
from quizapp.formats import markdown
from quizapp.formats.package import Package, PackedDeck, PackedNote
from quizapp.formats.readers import Source, read_as_it_is
from quizapp.storage import decks as deck_store
from quizapp.storage import imports
from tests import samples
from tests.actions.test_imports import bring, edited, everything, held_against, taken_away
from tests.bringing import ANKI, PACKAGES
from tests.cast import new_installation
from tests.conftest import NOON
from tests.packing import BASIC, CLOZE, REVERSED, basic, package, packages, studied

# The other packages hold the same notes in other shapes of file.
CONTENTS = [name for name in PACKAGES if name.endswith(".new-sched-media.apkg")]
# No item and no row can say an image with shapes on it, and nothing else is in there.
FORMS = [
    (name, form)
    for name in CONTENTS
    for form in ("markdown", "csv", "tsv")
    if (form, "occlusion" in name) != ("markdown", True)
]


def read(learner: Learner, path: Path) -> Package:
    """A file as the child reads it, all of it in memory."""
    known = [asdict(type_) for _, type_ in imports.notetypes(learner.id).values()]
    media = path.parent / "media"
    media.mkdir(exist_ok=True)
    found = read_as_it_is(Source(path, media, path.name, {"known": known}), lambda *_: None)
    found.notes = list(found.notes)
    return found


def exported(learner: Learner, form: str, folder: Path, **wanted: Any) -> Path:
    """All that somebody has, as a file of this form."""
    return export_actions.write(
        learner, Wanted(form, **wanted), folder / "out", folder / "media", NOON, lambda *_: None
    ).path


def replaced(path: Path, before: str, after: str) -> Path:
    """The file with one piece of text edited that stands in it once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, text
    path.write_text(text.replace(before, after), encoding="utf-8", newline="")
    return path


def counts(learner: Learner, brought: Package) -> Mapping[str, int]:
    found = held_against(learner, brought)
    assert found.counts["refused"] == 0, found.lists["refused"]
    return {kind: n for kind, n in found.counts.items() if n and kind not in ("reviews", "advice")}


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_an_export_that_comes_back_unedited_changes_nothing(
    owner: Learner, tmp_path: Path, name: str, form: str
) -> None:
    bring(owner, read(owner, ANKI / name))
    path = exported(owner, form, tmp_path)
    back = read(owner, path)
    assert set(counts(owner, back)) <= {"same"}
    before = everything()
    bring(owner, back, Choices(set_aside=True))
    assert everything() == before


def test_one_item_edited_changes_that_field_of_that_note(owner: Learner, tmp_path: Path) -> None:
    bring(
        owner,
        package(
            studied("a", front="What is <b>risk</b>?", back='<img src="r.png"> <u>Effect</u>'),
            basic("b", "Why?", "Because", tags=("law",)),
        ),
    )
    path = replaced(exported(owner, "markdown", tmp_path), "Because", "For *this* reason")
    before = taken_away(owner)
    back = read(owner, path)
    assert counts(owner, back) == {"same": 1, "changed": 1}
    bring(owner, back)
    after = taken_away(owner)
    assert after["a"] == before["a"]
    assert dict(after["b"].fields) == {"Front": "Why?", "Back": "For <em>this</em> reason"}
    assert (after["b"].notetype, after["b"].tags, after["b"].cards) == (
        BASIC.key, ("law",), before["b"].cards,
    )  # fmt: skip


@pytest.mark.parametrize(
    "back",
    [
        '<img src="r.png"> Effect',
        '<span style="color: red">Effect</span>',
        "Effect [sound:e.mp3]",
        "<table><tr><td>Effect</td></tr></table>",
        '<div class="big">Effect</div>',
        "<ol><li>Effect</li></ol>",
    ],
)
def test_an_edit_of_a_field_that_holds_more_than_text_leaves_the_note(
    owner: Learner, tmp_path: Path, back: str
) -> None:
    bring(owner, package(basic("a", "What?", back)))
    path = replaced(exported(owner, "markdown", tmp_path), "Effect", "Another effect")
    before = everything()
    brought = read(owner, path)
    found = held_against(owner, brought)
    assert found.lists["refused"] == [{"where": "line 6", "reason": STAYS}]
    assert (found.counts["changed"], found.counts["gone"]) == (0, 0)
    bring(owner, brought, Choices(set_aside=True))
    assert everything() == before


def test_the_other_side_can_be_edited_though_one_holds_an_image(
    owner: Learner, tmp_path: Path
) -> None:
    bring(owner, package(basic("a", "What?", '<img src="r.png"> Effect')))
    path = replaced(exported(owner, "markdown", tmp_path), "What?", "What is it?")
    bring(owner, read(owner, path))
    assert dict(taken_away(owner)["a"].fields) == {
        "Front": "What is it?",
        "Back": '<img src="r.png"> Effect',
    }


def cloze(text: str, extra: str = "") -> PackedNote:
    fields = {"Text": text, "Extra": extra}
    return PackedNote("c", "custom", fields, "Bought", notetype=CLOZE.key)


def test_gaps_in_their_order_can_be_edited_and_what_stands_below_them(
    owner: Learner, tmp_path: Path
) -> None:
    bring(owner, package(cloze("{{c1::One}} and {{c2::two}}", "A note")))
    path = replaced(exported(owner, "markdown", tmp_path), "[One] and", "[One] or")
    bring(owner, read(owner, path))
    bring(owner, read(owner, replaced(path, "A note", "Another note")))
    assert dict(taken_away(owner)["c"].fields) == {
        "Text": "{{c1::One}} or {{c2::two}}",
        "Extra": "Another note",
    }


@pytest.mark.parametrize(
    "text", ["{{c1::One}} and {{c1::two}}", "{{c2::One}} and {{c1::two}}", "{{c1::One::number}}"]
)
def test_gaps_that_brackets_cannot_say_stay(owner: Learner, tmp_path: Path, text: str) -> None:
    bring(owner, package(cloze(text)))
    path = replaced(exported(owner, "markdown", tmp_path), "One", "Three")
    brought = read(owner, path)
    assert held_against(owner, brought).lists["refused"][0]["reason"] == STAYS
    bring(owner, brought)
    assert taken_away(owner)["c"].fields["Text"] == text


def test_an_item_made_another_kind_leaves_the_note(owner: Learner, tmp_path: Path) -> None:
    bring(owner, package(basic("a", "What?", "Effect")))
    path = replaced(exported(owner, "markdown", tmp_path), "Q: What?", "R: What?")
    assert held_against(owner, read(owner, path)).lists["refused"][0]["reason"] == OTHER_KIND


def test_a_note_deleted_from_the_deck_is_gone_and_one_left_out_is_not(
    owner: Learner, tmp_path: Path
) -> None:
    bring(owner, package(basic("a"), basic("b"), basic("c", back="")))
    path = exported(owner, "markdown", tmp_path)
    items = path.read_text(encoding="utf-8").split("\nQ: ")
    path.write_text("\nQ: ".join(items[:2]), encoding="utf-8")
    found = held_against(owner, read(owner, path))
    assert [gone["label"] for gone in found.lists["gone"]] == ["What is b?"]


@pytest.mark.parametrize("form", ["markdown", "csv"])
def test_ones_own_wording_comes_back_as_ones_own_wording(
    owner: Learner, tmp_path: Path, form: str
) -> None:
    bring(owner, package(basic("a", "What?", "Effect")))
    edited(owner, "a", Back="My effect")
    path = exported(owner, form, tmp_path)
    assert "My effect" in path.read_text(encoding="utf-8")
    back = read(owner, path)
    assert counts(owner, back) == {"same": 1}
    before = everything()
    bring(owner, back)
    assert everything() == before


def own_kinds() -> Package:
    made = (
        PackedNote("q", "basic", {"front": "Who *is* it?", "back": "Me"}, "Mine", topic="Law"),
        PackedNote(
            "t", "typed", {"front": "Short?", "back": "MTD", "also": ["M"]}, "Mine", level="recall"
        ),
        PackedNote("c", "cloze", {"text": "The [first] gap"}, "Mine", reference="ISO 31000"),
    )
    return package(*made)


@pytest.mark.parametrize("form", ["markdown", "csv", "tsv"])
def test_notes_of_our_own_kinds_stay_what_they_are(
    owner: Learner, tmp_path: Path, form: str
) -> None:
    bring(owner, own_kinds())
    before = everything()
    back = read(owner, exported(owner, form, tmp_path))
    assert counts(owner, back) == {"same": 3}
    bring(owner, back)
    assert everything() == before


def test_a_cell_edited_is_markdown_again_in_a_note_of_our_own_kind(
    owner: Learner, tmp_path: Path
) -> None:
    bring(owner, own_kinds())
    before = taken_away(owner)
    path = replaced(exported(owner, "csv", tmp_path), "Me", "<b>You</b>")
    bring(owner, read(owner, path))
    after = taken_away(owner)
    assert after["q"].fields == {"front": "Who *is* it?", "back": "**You**"}
    assert (after["q"].kind, after["q"].topic) == ("basic", "Law")
    assert [after[key] for key in "tc"] == [before[key] for key in "tc"]


def same_names() -> Package:
    """Two note types that are called the same, and one note of each."""
    more = replace(BASIC, key="99", fields=("Front", "Back", "Source"), extra={})
    note = PackedNote("b", "custom", dict(zip(more.fields, "qas", strict=True)), "B", more.key)
    brought = package(basic("a"), note)
    brought.notetypes.append(more)
    return brought


@pytest.mark.parametrize("form", ["csv", "tsv", "apkg", "apkg-legacy"])
def test_note_types_of_the_same_name_stay_apart_and_keep_their_names(
    owner: Learner, tmp_path: Path, form: str
) -> None:
    bring(owner, same_names())
    notes = everything()["note"]
    back = read(owner, exported(owner, form, tmp_path))
    assert counts(owner, back) == {"same": 2}
    bring(owner, back)
    assert everything()["note"] == notes
    types = [type_ for _, type_ in imports.notetypes(owner.id).values()]
    assert [(t.key, t.name) for t in types if t.name.startswith("Basic")] == [
        (BASIC.key, "Basic"), (REVERSED.key, REVERSED.name), ("99", "Basic"),
    ]  # fmt: skip


def test_a_table_finds_the_type_of_its_notes_where_the_names_alone_mislead(
    owner: Learner, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    bring(owner, same_names())
    path.write_text("ID,Note type,Deck,Front,Back,Source\nb,Basic,B,q,edited,s\n")
    bring(owner, read(owner, path))
    note = taken_away(owner)["b"]
    assert (note.notetype, dict(note.fields)["Back"]) == ("99", "edited")


SAID = """parent = "CISM"
origin = "Written for tests"
licence = "CC BY-SA 4.0"
updated = "2026-01-02"
"""


def ship(root: Path) -> None:
    """Load a deck that ships and says all there is to say of it."""
    folder = root / "decks" / "certifications"
    folder.mkdir(parents=True)
    head = samples.HEAD.format(name="Risk").replace("topic", SAID + "topic", 1)
    (folder / "risk.md").write_text(head + samples.EVERY_KIND, encoding="utf-8")
    deck_actions.load(folder.parent)


def test_what_a_deck_that_ships_says_of_itself_goes_along(owner: Learner, tmp_path: Path) -> None:
    ship(tmp_path)
    path = exported(owner, "markdown", tmp_path)
    for found in (read(owner, path), read(owner, exported(owner, "everything", tmp_path))):
        (deck,) = found.decks
        assert (deck.topic, deck.outline, deck.origin, deck.licence, deck.updated) == (
            "R3", ("CISM-2022",), "Written for tests", "CC BY-SA 4.0", "2026-01-02",
        )  # fmt: skip
    strict = markdown.read(path.read_text(encoding="utf-8"), "risk.md", "risk")
    assert (strict.licence, len(strict.notes)) == ("CC BY-SA 4.0", 5)


@pytest.mark.parametrize("form", ["markdown", "jsonl", "everything"])
def test_origin_and_licence_of_an_own_deck_go_along_and_come_back(
    owner: Learner, tmp_path: Path, form: str
) -> None:
    told = PackedDeck(
        "Bought", topic="Law", outline=("X",), origin="Ann", licence="CC0", updated="2026-01-01"
    )
    bring(owner, package(basic("a"), decks=[told]))
    path = exported(owner, form, tmp_path)
    other = new_installation()
    bring(other, read(other, path))
    (deck,) = export_actions.package(other, tmp_path).decks
    assert structs.replace(deck, extra={}) == told
    assert deck_store.of_learner(other.id)[0].licence == "CC0"


def test_what_the_one_who_imports_says_of_origin_counts(owner: Learner) -> None:
    told = PackedDeck("Bought", origin="Ann", licence="CC0")
    bring(owner, package(basic("a"), decks=[told]), Choices(origin="Ben"))
    (deck,) = export_actions.package(owner, Path("media")).decks
    assert (deck.origin, deck.licence) == ("Ben", "CC0")


def test_a_package_of_decks_that_ship_makes_no_decks_above_them(
    owner: Learner, tmp_path: Path
) -> None:
    ship(tmp_path)
    back = read(owner, exported(owner, "apkg", tmp_path))
    bring(owner, back)
    assert imports.own_decks(owner.id) == {}


@given(brought=packages(), form=st.sampled_from(["markdown", "csv", "tsv"]))
@settings(max_examples=60)
def test_whatever_was_brought_comes_back_as_text_unchanged(
    database: Database, tmp_path_factory: pytest.TempPathFactory, brought: Package, form: str
) -> None:
    learner = new_installation()
    bring(learner, brought)
    try:
        path = exported(learner, form, tmp_path_factory.mktemp("out"))
    except Refusal:
        return
    found = held_against(learner, read(learner, path))
    assert (found.counts["changed"], found.counts["new"], found.counts["gone"]) == (0, 0, 0)
    assert [each for each in found.lists["refused"] if each["reason"] in (STAYS, OTHER_KIND)] == []


def test_new_cards_of_all_decks_stand_in_the_order_they_come_in(owner: Learner) -> None:
    ranks = [-(2**40), -(2**40) + 900_000, -1_000_000_000, -999_999_990, 0, 2_800_634]
    places = [export_actions.place_among_new(rank) for rank in ranks]
    assert places == sorted(set(places))
    assert places[:2] == [0, 900_000]
