"""What comes in, goes out the same; again changes nothing; undone leaves nothing."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import exports as export_actions
from quizapp.actions import faces as face_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import study as study_actions
from quizapp.actions.imports import Choices
from quizapp.actions.imports.comparing import Comparison, compare
from quizapp.actions.imports.laying import lay, prepared
from quizapp.domain.errors import Refusal
from quizapp.domain.exams import Drawn
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import Template
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating
from quizapp.formats.contents import Entry, of_package
from quizapp.formats.package import Package, PackedCard, PackedMedia, PackedNote
from quizapp.storage import cards, exams, imports
from quizapp.storage.database import transaction
from quizapp.storage.models import TABLES, Batch, BatchChange, Card, Memory, Review
from quizapp.storage.models import Learner as LearnerRow
from quizapp.storage.prepared import raw
from tests.cast import card_named, new_installation
from tests.conftest import NOON
from tests.packing import BASIC, CLOZE, REVERSED, TYPES, basic, package, packages, studied

ALL = Choices(progress=True)


def bring(
    learner: Learner, brought: Package, choices: Choices = ALL, now: datetime = NOON
) -> tuple[int, dict[str, int]]:
    """Lay a package down as an import of its own; the import's number and its counts."""
    batch = import_actions.receive(learner, "file", "folder", now)
    with (
        TemporaryDirectory() as folder,
        prepared(
            learner, batch, brought, of_package(brought), choices, now, silent, Path(folder)
        ) as waiting,
        transaction(),
    ):
        imports.move(batch, ["reading"], "done", done=now)
        return batch, lay(waiting)


def silent(done: int, total: int) -> None:
    pass


def held_against(learner: Learner, brought: Package) -> Comparison:
    return compare(learner, brought, of_package(brought))


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the imports' own."""
    return {
        table._meta.table_name: sorted(
            raw(table.select()), key=lambda row: [str(value) for value in row]
        )
        for table in TABLES
        if table not in (Batch, BatchChange, LearnerRow)
    }


def taken_away(learner: Learner) -> dict[str, PackedNote]:
    out = export_actions.package(learner, Path("media"))
    return {note.key: note for note in out.notes}


def as_brought(notes: Sequence[PackedNote]) -> dict[str, PackedNote]:
    """The notes by key; those tags that are kept with the cards come last."""
    return {note.key: structs.replace(note, tags=sorted_out(note.tags)) for note in notes}


def sorted_out(tags: Sequence[str]) -> tuple[str, ...]:
    own = tuple(tag for tag in tags if tag not in ("marked", "leech"))
    return own + tuple(tag for tag in ("marked", "leech") if tag in tags)


@given(brought=packages())
@settings(max_examples=60)
def test_what_was_brought_is_taken_away_unchanged(database: Database, brought: Package) -> None:
    learner = new_installation()
    bring(learner, brought)
    assert taken_away(learner) == as_brought(list(brought.notes))


@given(brought=packages())
@settings(max_examples=30)
def test_bringing_the_same_twice_is_bringing_it_once(database: Database, brought: Package) -> None:
    learner = new_installation()
    bring(learner, brought)
    before = everything()
    _, counts = bring(learner, brought)
    assert everything() == before
    assert counts["same"] == len(list(brought.notes))


@given(brought=packages())
@settings(max_examples=30)
def test_rows_are_the_same_whether_the_database_reads_them_or_is_given_them(
    database: Database, brought: Package
) -> None:
    learner = new_installation()
    bring(learner, brought)
    read = everything()
    learner = new_installation()
    # Inside a transaction, no file can be put at the database's hand.
    with transaction():
        bring(learner, brought)
    assert shapes(everything()) == shapes(read)


def shapes(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    """Rows without the numbers that a database goes on counting."""

    def shape(row: tuple[Any, ...]) -> str:
        kept = [value for value in row if not isinstance(value, int) or value > 1 << 20]
        return re.sub(r"own/\d+/([0-9a-f]{24})?", "own/", str(kept))

    return {name: sorted(map(shape, found)) for name, found in rows.items()}


def test_what_was_laid_down_meanwhile_is_not_laid_down_again(owner: Learner) -> None:
    brought = package(studied("a"), basic("b"))
    batch = import_actions.receive(owner, "file", "folder", NOON)
    with (
        TemporaryDirectory() as folder,
        prepared(
            owner, batch, brought, of_package(brought), ALL, NOON, silent, Path(folder)
        ) as waiting,
    ):
        bring(owner, package(studied("a")))
        with transaction():
            counts = lay(waiting)
    assert (counts["added"], counts["same"]) == (1, 1)
    assert set(taken_away(owner)) == {"a", "b"}


def test_of_two_notes_with_one_key_the_first_is_taken(owner: Learner) -> None:
    brought = package(basic("a", front="First?"), basic("a", front="Second?", where="row 2"))
    found = held_against(owner, brought)
    assert [entry["where"] for entry in found.lists["refused"]] == ["row 2"]
    _, counts = bring(owner, brought)
    assert (counts["added"], counts["refused"]) == (1, 1)
    assert card_named(owner, f"own/{owner.id}/a").fields["Front"] == "First?"


@given(first=packages(), second=packages())
@settings(max_examples=30)
def test_undoing_an_import_restores_every_row(
    database: Database, first: Package, second: Package
) -> None:
    learner = new_installation()
    bring(learner, first)
    before = everything()
    batch, _ = bring(learner, second, replace(ALL, existing="always", set_aside=True))
    import_actions.undo(learner, batch)
    assert everything() == before


@given(first=packages(), second=packages())
@settings(max_examples=20)
def test_undoing_two_imports_one_after_the_other_restores_every_row(
    database: Database, first: Package, second: Package
) -> None:
    learner = new_installation()
    before = everything()
    one, _ = bring(learner, first)
    two, _ = bring(learner, second, replace(ALL, existing="always", set_aside=True))
    import_actions.undo(learner, two)
    import_actions.undo(learner, one)
    assert everything() == before


FILES = ("a.png", "b.png")


@st.composite
def imports_in_a_row(draw: st.DrawFn) -> list[Package]:
    """Packages that share decks, note types, files and perhaps notes."""
    found = []
    for n in range(draw(st.integers(2, 3))):
        brought = draw(packages())
        apart = draw(st.sampled_from(["", f"{n}-"]))
        shown = draw(st.sampled_from(["", *FILES]))
        kept = [
            structs.replace(
                note,
                key=f"{apart}{note.key}",
                fields={
                    name: f'{text} <img src="{shown}">' if shown else text
                    for name, text in note.fields.items()
                }
                if note.kind == "custom"
                else note.fields,
            )
            for note in brought.notes
        ]
        brought = package(*kept, media=[PackedMedia(name, "1" * 64, 3) for name in FILES])
        style = draw(st.sampled_from([BASIC.css, ".new { color: red; }"]))
        brought.notetypes = [replace(BASIC, css=style), *TYPES[1:]]
        found.append(brought)
    return found


def shown_files(learner: Learner) -> set[str]:
    """The files that the learner's notes name."""
    fields = (note.fields.values() for note in taken_away(learner).values())
    return {name for name in FILES if any(name in str(list(texts)) for texts in fields)}


@given(data=st.data(), brought=imports_in_a_row())
@settings(max_examples=40, deadline=None)
def test_imports_undone_in_any_order_allowed_leave_nothing_and_keep_the_others_whole(
    database: Database, data: st.DataObject, brought: list[Package]
) -> None:
    learner = new_installation()
    before = everything()
    in_effect = {}
    for one in brought:
        choices = replace(ALL, existing="always", set_aside=data.draw(st.booleans()))
        batch, _ = bring(learner, one, choices)
        in_effect[batch] = {note.key for note in one.notes}
    while in_effect:
        allowed = [batch for batch in in_effect if may_be_undone(learner, batch)]
        assert max(in_effect) in allowed
        batch = data.draw(st.sampled_from(allowed))
        notes, types = taken_away(learner), imports.notetypes(learner.id)
        import_actions.undo(learner, batch)
        mine, still = in_effect.pop(batch), taken_away(learner)
        for key in notes.keys() - mine:
            if any(key in keys for keys in in_effect.values()):
                assert still[key] == notes[key]
            used = notes[key].notetype
            if used and any(key in keys for other, keys in in_effect.items() if other > batch):
                assert imports.notetypes(learner.id)[used] == types[used]
        assert shown_files(learner) <= imports.media(learner.id).keys()
    assert everything() == before


def may_be_undone(learner: Learner, batch: int) -> bool:
    try:
        import_actions.check_undo(learner, batch)
    except Refusal:
        with pytest.raises(Refusal, match="Undo that one first"):
            import_actions.undo(learner, batch)
        return False
    return True


def test_what_a_later_import_uses_passes_to_it(owner: Learner) -> None:
    brought = [PackedMedia("a.png", "1" * 64, 3), PackedMedia("b.png", "2" * 64, 3)]
    before = everything()
    one, _ = bring(owner, package(basic("a", deck="Law::EU"), media=brought))
    shows = basic("b", front='<img src="a.png">', deck="Law::EU::GDPR")
    two, _ = bring(owner, package(shows, media=brought))
    import_actions.undo(owner, one)
    assert set(imports.own_decks(owner.id)) == {"law", "law::eu", "law::eu::gdpr"}
    assert imports.media(owner.id) == {"a.png": "1" * 64}
    assert card_named(owner, f"own/{owner.id}/b").fields["Front"] == '<img src="a.png">'
    import_actions.undo(owner, two)
    assert everything() == before


def test_a_picture_of_a_plain_card_stays_for_the_import_that_shows_it_too(owner: Learner) -> None:
    def shows(key: str) -> Package:
        fields = {"front": "![A map](map.png)", "back": "b"}
        files = [PackedMedia("map.png", "1" * 64, 3)]
        return package(PackedNote(key, "basic", fields, "Plain"), media=files)

    one, _ = bring(owner, shows("a"))
    two, _ = bring(owner, shows("b"))
    import_actions.undo(owner, one)
    assert imports.media(owner.id) == {"map.png": "1" * 64}
    import_actions.undo(owner, two)
    assert imports.media(owner.id) == {}


def test_a_note_type_stays_as_a_later_import_has_it_until_that_is_undone(owner: Learner) -> None:
    def styled(key: str, css: str) -> Package:
        brought = package(basic(key))
        brought.notetypes = [replace(BASIC, css=css)]
        return brought

    def style() -> str:
        return imports.notetypes(owner.id)[BASIC.key][1].css

    bring(owner, styled("a", ".old {}"))
    before = everything()
    one, _ = bring(owner, styled("b", ".new {}"))
    two, _ = bring(owner, styled("c", ".new {}"))
    import_actions.undo(owner, one)
    assert style() == ".new {}"
    import_actions.undo(owner, two)
    assert style() == ".old {}" and everything() == before


@pytest.mark.parametrize(
    "later",
    [
        basic("a", back="Better", modified=2),
        studied("a", reps=3, modified=1),
        PackedNote("a", "custom", {"Front": "Q", "Back": "A"}, "Bought", REVERSED.key, modified=2),
    ],
    ids=["text", "progress", "cards"],
)
def test_an_import_stays_while_a_later_one_rests_on_it(owner: Learner, later: PackedNote) -> None:
    one, _ = bring(owner, package(studied("a", reps=1, modified=1)))
    two, _ = bring(owner, package(later))
    assert (found := import_actions.rests_on(owner, one)) and found.id == two
    assert not may_be_undone(owner, one)
    import_actions.undo(owner, two)
    assert may_be_undone(owner, one)


def test_an_import_that_brought_nothing_new_holds_no_other_back(owner: Learner) -> None:
    one, _ = bring(owner, package(studied("a")))
    bring(owner, package(studied("a")))
    import_actions.undo(owner, one)
    assert taken_away(owner) == {}


def test_progress_of_two_cards_of_one_shipped_note_is_taken_back_in_turn(loaded: Learner) -> None:
    key = next(key for key, known in imports.notes_known(loaded.id).items() if known.shipped)
    one, _ = bring(loaded, package(studied(key, reps=1)))
    two, _ = bring(loaded, package(studied(key, reps=2)))
    assert not may_be_undone(loaded, one)
    import_actions.undo(loaded, two)
    import_actions.undo(loaded, one)


# What a learner may do with a card of a note that came in.
DEEDS = ("again", "good", "suspend", "bury", "flag", "mark", "due", "reset", "edit", "undo")


def do(learner: Learner, deed: str, key: str, ord_: int, now: datetime) -> None:
    """Do one thing with a card, where that can be done."""
    card = card_named(learner, f"own/{learner.id}/{key}", ord_)
    with contextlib.suppress(Refusal):
        match deed:
            case "again" | "good":
                rating = Rating.AGAIN if deed == "again" else Rating.GOOD
                study_actions.answer_card(learner, card.id, card.version, rating, now, 5_000)
            case "suspend":
                study_actions.suspend(learner, card.id, card.version, now, whole_note=False)
            case "bury":
                study_actions.bury(learner, card.id, card.version, now, whole_note=True)
            case "flag":
                study_actions.flag(learner, card.id, now, 4)
            case "mark":
                study_actions.mark(learner, card.id, now)
            case "due":
                study_actions.set_due(learner, card.id, card.version, now, 3)
            case "reset":
                study_actions.reset(learner, card.id, card.version, now)
            case "edit":
                fields = dict(card.fields)
                name = next(name for name in fields if isinstance(fields[name], str))
                fields[name] = f"{fields[name]} in my words"
                deck_actions.edit_note(learner, card.id, card.version, fields, now)
            case "undo":
                study_actions.undo(learner, now)


@st.composite
def deeds(draw: st.DrawFn, brought: Package) -> list[tuple[str, str, int]]:
    cards_there = [(note.key, card.ord) for note in brought.notes for card in note.cards]
    chosen = st.tuples(st.sampled_from(DEEDS), st.sampled_from(cards_there))
    return [(deed, *card) for deed, card in draw(st.lists(chosen, max_size=6))]


@given(data=st.data(), brought=packages())
@settings(max_examples=40)
def test_undo_takes_what_was_done_with_new_notes_along(
    database: Database, data: st.DataObject, brought: Package
) -> None:
    learner = new_installation()
    before = everything()
    batch, _ = bring(learner, brought)
    for deed, key, ord_ in data.draw(deeds(brought)):
        do(learner, deed, key, ord_, NOON)
    import_actions.undo(learner, batch)
    assert everything() == before


def changed_since(learner: Learner) -> Any:
    """What is known of the learner's cards, and how they worded their notes."""
    found = everything()
    return found["memory"], found["review"], found["note_edit"]


@given(data=st.data(), first=packages(), second=packages())
@settings(max_examples=60)
def test_what_was_done_since_with_notes_that_were_here_survives_an_undo(
    database: Database, data: st.DataObject, first: Package, second: Package
) -> None:
    learner = new_installation()
    bring(learner, first)
    here = {note.key for note in first.notes}
    batch, _ = bring(learner, second, replace(ALL, existing="always"))
    seen = {(row.card, row.version) for row in Review.select()}
    done = [(d, key, ord_) for d, key, ord_ in data.draw(deeds(second)) if key in here]
    for deed, key, ord_ in done:
        do(learner, deed, key, ord_, NOON)
    given_since = {
        (row.card, row.version): (row.rating, row.at)
        for row in Review.select()
        if (row.card, row.version) not in seen
    }
    import_actions.undo(learner, batch)
    still = {(row.card, row.version): (row.rating, row.at) for row in Review.select()}
    cards_left = {row.id for row in Card.select()}
    lost = {key for key in given_since if key[0] in cards_left and key not in still}
    assert not lost
    # And study goes on: no card is stuck on a version that the log has already.
    for row in Memory.select():
        last = max((version for card, version in still if card == row.card), default=-1)
        assert row.version > last


@given(
    mine=st.sets(st.sampled_from(["Front", "Back"])),
    theirs=st.sets(st.sampled_from(["Front", "Back"])),
    decided=st.booleans(),
)
def test_an_own_wording_survives_upstream_field_by_field(
    database: Database, mine: set[str], theirs: set[str], decided: bool
) -> None:
    learner = new_installation()
    bring(learner, package(basic("a", modified=10)))
    key = f"own/{learner.id}/a"
    base = dict(card_named(learner, key).fields)
    if mine:
        edited(learner, "a", **{name: f"{base[name]}, in my words" for name in mine})
    new = {name: f"{base[name]}, in theirs" if name in theirs else base[name] for name in base}
    update = package(basic("a", front=new["Front"], back=new["Back"], modified=20))
    conflicts = held_against(learner, update).lists["conflicts"]
    assert bool(conflicts) == bool(mine & theirs)
    before = everything()
    chosen = tuple(entry["id"] for entry in conflicts) if decided else ()
    batch, _ = bring(learner, update, Choices(theirs=chosen))
    found = card_named(learner, key).fields
    for name, value in base.items():
        own = name in mine and not (decided and name in theirs)
        assert found[name] == (f"{value}, in my words" if own else new[name])
    import_actions.undo(learner, batch)
    assert everything() == before


def test_a_wording_given_since_survives_the_undo_of_an_update(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=10)))
    edited(owner, "a", Front="My first words?")
    batch, _ = bring(owner, package(basic("a", back="Better", modified=20)))
    later = NOON + timedelta(hours=1)
    card = card_named(owner, f"own/{owner.id}/a")
    deck_actions.edit_note(owner, card.id, card.version, {**card.fields, "Front": "Newer?"}, later)
    import_actions.undo(owner, batch)
    assert card_named(owner, f"own/{owner.id}/a").fields["Front"] == "Newer?"


def test_answers_given_since_survive_the_undo_of_an_update(owner: Learner) -> None:
    bring(owner, package(PackedNote("a", "basic", {"front": "Q", "back": "A"}, "D", modified=1)))
    more = PackedNote("a", "basic", {"front": "Q", "back": "Better"}, "D", modified=2)
    batch, _ = bring(owner, package(more))
    card = card_named(owner, f"own/{owner.id}/a")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    import_actions.undo(owner, batch)
    after = card_named(owner, f"own/{owner.id}/a")
    assert (after.memory.reps, after.fields["back"]) == (1, "A")
    later = NOON + timedelta(days=1)
    study_actions.answer_card(owner, after.id, after.version, Rating.GOOD, later, 5_000)
    assert card_named(owner, f"own/{owner.id}/a").memory.reps == 2


def test_answers_given_since_survive_the_undo_of_progress_that_was_brought(owner: Learner) -> None:
    bring(owner, package(studied("a", reps=1)))
    batch, _ = bring(owner, package(studied("a", reps=3)))
    card = card_named(owner, f"own/{owner.id}/a")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    import_actions.undo(owner, batch)
    assert card_named(owner, f"own/{owner.id}/a").memory.reps == 4


def test_answers_to_another_card_survive_the_undo_of_progress_that_was_brought(
    owner: Learner,
) -> None:
    bring(owner, package(basic("a"), basic("b")))
    for day in range(2):
        for deed in ("good", "reset"):
            do(owner, deed, "a", 0, NOON + timedelta(days=day))
    before = log_of(owner, "a")
    batch, _ = bring(owner, package(studied("a", reps=1), studied("b", reps=1)))
    do(owner, "good", "b", 0, NOON + timedelta(days=2))
    kept = log_of(owner, "b")
    import_actions.undo(owner, batch)
    # Where the numbers of the answers that were put back belong to others by now.
    assert log_of(owner, "a") == before
    assert log_of(owner, "b") == kept


def log_of(learner: Learner, key: str) -> list[tuple[Any, ...]]:
    """Every entry of a card's log, without its number."""
    card = card_named(learner, f"own/{learner.id}/{key}")
    return sorted(row[1:] for row in raw(Review.select().where(Review.card == card.id)))


def test_a_note_that_was_set_aside_goes_back_there_with_what_was_learned_since(
    owner: Learner,
) -> None:
    bring(owner, package(basic("a"), basic("b")))
    bring(owner, package(basic("a")), Choices(set_aside=True))
    batch, _ = bring(owner, package(basic("a"), basic("b")))
    card = card_named(owner, f"own/{owner.id}/b")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    import_actions.undo(owner, batch)
    after = card_named(owner, f"own/{owner.id}/b")
    assert (after.queue, after.memory.reps) == (Queue.RETIRED, 1)


def test_note_types_that_only_share_a_number_stay_apart(owner: Learner) -> None:
    # Scripts that make packages copy the number of their note type from one example.
    capitals = replace(
        BASIC,
        fields=("Country", "Capital", "Flag"),
        templates=(Template("Card 1", "{{Country}}", "{{Capital}}{{Flag}}"),),
        css="",
    )
    fields = {"Country": "France", "Capital": "Paris", "Flag": ""}
    note = PackedNote("fr", "custom", fields, "Capitals", capitals.key)
    brought = package(note)
    brought.notetypes = [capitals]
    bring(owner, package(basic("a")))
    before = imports.notetypes(owner.id)[BASIC.key]
    found = held_against(owner, replace(brought, notetypes=[capitals]))
    assert found.samples[0]["notetype"]["fields"] == capitals.fields
    batch, _ = bring(owner, replace(brought, notetypes=[capitals]))
    types = imports.notetypes(owner.id)
    assert types[BASIC.key] == before
    assert sorted(type_.fields for _, type_ in types.values() if type_.css == "") == [
        ("Country", "Capital", "Flag"),
        CLOZE.fields,
    ]
    once = everything()
    second, counts = bring(owner, replace(brought, notetypes=[capitals]))
    assert everything() == once and counts["same"] == 1
    import_actions.undo(owner, second)
    import_actions.undo(owner, batch)
    assert imports.notetypes(owner.id)[BASIC.key] == before
    assert len(imports.notetypes(owner.id)) == 3


def test_a_note_type_whose_fields_were_renamed_is_the_same_still(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=1)))
    renamed = replace(BASIC, fields=("Question", "Solution"), templates=())
    note = PackedNote(
        "a", "custom", {"Question": "Q", "Solution": "A"}, "Bought", BASIC.key, modified=2
    )
    brought = package(note)
    brought.notetypes = [renamed]
    bring(owner, brought)
    assert len(imports.notetypes(owner.id)) == 3
    assert imports.notetypes(owner.id)[BASIC.key][1].fields[:2] == ("Question", "Solution")


def test_files_of_two_imports_are_taken_back_one_after_the_other(owner: Learner) -> None:
    def with_files(key: str, *media: PackedMedia) -> Package:
        return package(basic(key, front='<img src="a.png">'), media=list(media))

    first, _ = bring(owner, with_files("a", PackedMedia("a.png", "1" * 64, 3)))
    one = everything()
    second, _ = bring(
        owner, with_files("b", PackedMedia("a.png", "2" * 64, 4), PackedMedia("c.png", "1" * 64, 3))
    )
    assert imports.media(owner.id) == {
        "a.png": "1" * 64,
        f"a-{'2' * 12}.png": "2" * 64,
        "c.png": "1" * 64,
    }
    assert f"a-{'2' * 12}.png" in card_named(owner, f"own/{owner.id}/b").fields["Front"]
    two = everything()
    third, _ = bring(owner, with_files("b", PackedMedia("a.png", "2" * 64, 4)))
    assert everything() == two
    import_actions.undo(owner, third)
    import_actions.undo(owner, second)
    assert everything() == one
    import_actions.undo(owner, first)
    assert imports.media(owner.id) == {}


def test_without_progress_marks_of_somebody_else_stay_there(owner: Learner) -> None:
    bring(owner, package(studied("a", tags=("marked", "leech", "law"))), Choices(progress=False))
    card = card_named(owner, f"own/{owner.id}/a")
    assert (card.marked, card.leech, card.tags) == (False, False, ("law",))


def test_without_progress_every_card_is_new(owner: Learner) -> None:
    bring(owner, package(studied("a")), Choices(progress=False))
    card = card_named(owner, f"own/{owner.id}/a")
    assert (card.queue, card.memory.reps) == (Queue.NEW, 0)


def test_own_decks_come_before_the_curriculum(loaded: Learner) -> None:
    bring(loaded, package(basic("mine")))
    first = cards.new_cards(loaded.id, None)[0]
    assert first.card == card_named(loaded, f"own/{loaded.id}/mine").id


def test_an_update_keeps_progress(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=10)))
    card = card_named(owner, f"own/{owner.id}/a")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    _, counts = bring(owner, package(basic("a", front="Reworded?", modified=20)))
    after = card_named(owner, f"own/{owner.id}/a")
    assert counts["updated"] == 1
    assert (after.fields["Front"], after.memory.reps) == ("Reworded?", 1)


def test_an_older_file_changes_nothing(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=20)))
    _, counts = bring(owner, package(basic("a", front="Old?", modified=10)))
    assert (counts["kept"], counts["updated"]) == (1, 0)


def test_a_file_whose_log_goes_on_brings_its_progress(owner: Learner) -> None:
    bring(owner, package(studied("a", reps=1)))
    bring(owner, package(studied("a", reps=3)))
    assert card_named(owner, f"own/{owner.id}/a").memory.reps == 3


@pytest.mark.parametrize(
    ("again", "fresh"), [("same", 0), ("more", 2), ("older", 0), ("other card", 1)]
)
def test_answers_that_are_not_here_yet_are_counted_before_they_come(
    owner: Learner, again: str, fresh: int
) -> None:
    bring(owner, package(studied("a", reps=2)))
    file = {
        "same": [studied("a", reps=2)],
        "more": [studied("a", reps=4)],
        "older": [studied("a", reps=1)],
        "other card": [studied("a", reps=2), studied("b", reps=1)],
    }[again]
    found = held_against(owner, package(*file))
    assert (found.counts["fresh"], found.counts["apart"]) == (fresh, 0)
    _, counts = bring(owner, package(*file))
    assert (counts["reviews"], counts["apart"]) == (fresh, 0)


@pytest.mark.parametrize("text", ["the same", "Better"])
@pytest.mark.parametrize("reps", [1, 3])
def test_answers_of_cards_studied_here_otherwise_stay_out_and_are_counted(
    owner: Learner, text: str, reps: int
) -> None:
    bring(owner, package(basic("a", back="the same", modified=1)))
    do(owner, "good", "a", 0, NOON)
    before = log_of(owner, "a")
    file = package(studied("a", back=text, reps=reps, modified=2))
    found = held_against(owner, file)
    assert (found.counts["fresh"], found.counts["apart"]) == (0, reps)
    _, counts = bring(owner, file)
    assert (counts["reviews"], counts["apart"]) == (0, reps)
    assert log_of(owner, "a") == before


@given(first=packages(), second=packages())
@settings(max_examples=30, deadline=None)
def test_the_preview_counts_the_answers_that_come(
    database: Database, first: Package, second: Package
) -> None:
    learner = new_installation()
    bring(learner, first)
    found = held_against(learner, second).counts
    _, counts = bring(learner, second)
    assert (found["fresh"], found["apart"]) == (counts["reviews"], counts["apart"])


def test_progress_stays_in_the_deck_of_its_card(owner: Learner) -> None:
    def apart(reps: int) -> PackedNote:
        note = studied("a", reps=reps)
        return structs.replace(
            note, cards=tuple(structs.replace(card, deck="Apart") for card in note.cards)
        )

    bring(owner, package(apart(1)))
    bring(owner, package(apart(3)))
    memory, card = Memory.get(), Card.get()
    assert (memory.reps, memory.deck) == (3, card.deck)


def test_answers_given_here_are_never_overwritten(owner: Learner) -> None:
    bring(owner, package(studied("a", reps=1)))
    card = card_named(owner, f"own/{owner.id}/a")
    study_actions.answer_card(owner, card.id, card.version, Rating.AGAIN, NOON, 5_000)
    before = everything()
    bring(owner, package(studied("a", reps=5)))
    assert everything() == before


def edited(learner: Learner, key: str, **fields: str) -> None:
    card = card_named(learner, f"own/{learner.id}/{key}")
    deck_actions.edit_note(learner, card.id, card.version, {**card.fields, **fields}, NOON)


def test_an_own_wording_survives_an_update_of_another_field(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=10)))
    edited(owner, "a", Front="In my words?")
    bring(owner, package(basic("a", back="A better answer", modified=20)))
    fields = card_named(owner, f"own/{owner.id}/a").fields
    assert fields == {"Front": "In my words?", "Back": "A better answer"}


def test_lists_show_an_own_wording(owner: Learner) -> None:
    bring(owner, package(basic("a")))
    edited(owner, "a", Front="In <b>my</b> words?")
    assert card_named(owner, f"own/{owner.id}/a").face["question"] == "In my words?"


def test_where_both_changed_a_field_the_learner_decides(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=10)))
    edited(owner, "a", Front="In my words?")
    update = package(basic("a", front="In theirs?", modified=20))
    found = held_against(owner, update)
    assert found.counts["conflicts"] == 1
    note = found.lists["conflicts"][0]["id"]
    bring(owner, update)
    assert card_named(owner, f"own/{owner.id}/a").fields["Front"] == "In my words?"
    again = package(basic("a", front="In theirs again?", modified=30))
    bring(owner, again, Choices(theirs=(note,)))
    card = card_named(owner, f"own/{owner.id}/a")
    assert (card.fields["Front"], card.edited) == ("In theirs again?", False)


def test_undo_brings_an_own_wording_back(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=10)))
    edited(owner, "a", Front="In my words?")
    before = everything()
    update = package(basic("a", front="In theirs?", modified=20))
    note = held_against(owner, update).lists["conflicts"][0]["id"]
    batch, _ = bring(owner, update, Choices(theirs=(note,)))
    import_actions.undo(owner, batch)
    assert everything() == before


def test_what_the_file_no_longer_has_is_set_aside_on_request(owner: Learner) -> None:
    bring(owner, package(basic("a"), basic("b")))
    assert held_against(owner, package(basic("a"))).counts["gone"] == 1
    _, kept = bring(owner, package(basic("a")))
    assert kept["set_aside"] == 0
    bring(owner, package(basic("a")), Choices(set_aside=True))
    assert card_named(owner, f"own/{owner.id}/b").queue is Queue.RETIRED
    bring(owner, package(basic("a"), basic("b")))
    assert card_named(owner, f"own/{owner.id}/b").queue is Queue.NEW


@pytest.mark.parametrize("native", [False, True])
def test_what_was_suspended_is_so_when_its_note_comes_back(owner: Learner, native: bool) -> None:
    def note(key: str) -> PackedNote:
        fields = {"front": f"{key}?", "back": "A"}
        return PackedNote(key, "basic", fields, "D") if native else basic(key, deck="D")

    whole, part = package(note("a"), note("b")), package(note("a"))
    bring(owner, whole)
    do(owner, "suspend", "b", 0, NOON)
    suspended = everything()
    aside, _ = bring(owner, part, Choices(set_aside=True))
    gone = everything()
    assert card_named(owner, f"own/{owner.id}/b").queue is Queue.RETIRED
    back, _ = bring(owner, whole)
    assert card_named(owner, f"own/{owner.id}/b").queue is Queue.SUSPENDED
    import_actions.undo(owner, back)
    assert everything() == gone
    import_actions.undo(owner, aside)
    assert everything() == suspended


def test_what_was_suspended_since_it_came_back_stays_so_when_that_is_undone(
    owner: Learner,
) -> None:
    bring(owner, package(basic("a"), basic("b")))
    bring(owner, package(basic("a")), Choices(set_aside=True))
    for _ in range(2):
        batch, _ = bring(owner, package(basic("a"), basic("b")))
        do(owner, "suspend", "b", 0, NOON)
        import_actions.undo(owner, batch)
        assert card_named(owner, f"own/{owner.id}/b").queue is Queue.RETIRED
    bring(owner, package(basic("a"), basic("b")))
    assert card_named(owner, f"own/{owner.id}/b").queue is Queue.SUSPENDED


def test_a_past_exam_keeps_its_questions_when_their_import_is_undone(owner: Learner) -> None:
    options = [
        {"text": word, "correct": word == "Yes", "rationale": "Because."} for word in ("Yes", "No")
    ]
    note = PackedNote("m", "choice", {"stem": "Is it?", "options": options}, "D", pool="mock")
    before = everything()
    batch, _ = bring(owner, package(note))
    item = imports.notes_known(owner.id)["m"].id
    paper = exams.create(
        owner.id, [Drawn(item, "D1", repeat=False)], exams.contents([item]), {item: (0, 1)},
        outline="T", title="T", seed=1, pace="1", line=0.7, started=NOON,
    )  # fmt: skip
    asked = exams.questions(paper)
    import_actions.undo(owner, batch)
    assert exams.questions(paper) == [replace(question, note=None) for question in asked]
    after = everything()
    for name in ("paper", "paper_item", "snapshot"):
        assert after.pop(name) and not before.pop(name)
    assert after == before


def test_undoing_after_study_takes_the_answers_with_it(owner: Learner) -> None:
    before = everything()
    batch, _ = bring(owner, package(basic("a")))
    card = card_named(owner, f"own/{owner.id}/a")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    assert imports.answers_since(owner.id, batch, NOON) == 1
    import_actions.undo(owner, batch)
    assert everything() == before


def test_everything_can_go_under_one_deck(owner: Learner) -> None:
    bring(owner, package(basic("a", deck="X::Y")), Choices(under="From Eve"))
    names = [name for _, name in imports.own_decks(owner.id).values()]
    assert sorted(names) == ["From Eve", "From Eve::X", "From Eve::X::Y"]


def test_decks_are_no_deeper_than_a_page_can_show(owner: Learner) -> None:
    deep = "::".join(f"d{i}" for i in range(1_000))
    bring(owner, package(basic("a", deck=deep)))
    names = [name for _, name in imports.own_decks(owner.id).values()]
    assert len(names) == max(len(name.split("::")) for name in names) == 50
    before = everything()
    bring(owner, package(basic("a", deck=deep)))
    assert everything() == before


def test_a_stranger_with_the_same_keys_is_left_alone(owner: Learner, stranger: Learner) -> None:
    bring(stranger, package(studied("a")))
    theirs = taken_away(stranger)
    bring(owner, package(basic("a", front="Mine")))
    assert taken_away(stranger) == theirs
    assert len(taken_away(owner)) == 1


def test_an_import_that_fails_halfway_leaves_nothing(owner: Learner) -> None:
    bring(owner, package(*(basic(f"n{i}", modified=1) for i in range(3))))
    before = everything()
    update = package(*(basic(f"n{i}", back="Other", modified=2) for i in range(3)), basic("x"))
    found = of_package(update)

    def broken(entry: Entry) -> PackedNote:
        if entry.key == "n2":
            raise RuntimeError("the file ends here")
        return found.note(entry)

    batch = import_actions.receive(owner, "file", "folder", NOON)
    with (
        TemporaryDirectory() as folder,
        prepared(
            owner, batch, update, replace(found, note=broken), ALL, NOON, silent, Path(folder)
        ) as waiting,
        pytest.raises(RuntimeError),
        transaction(),
    ):
        lay(waiting)
    assert everything() == before


def test_a_preview_counts_and_shows(owner: Learner) -> None:
    bring(owner, package(basic("same", modified=5), basic("changed", modified=5)))
    found: Comparison = held_against(
        owner,
        package(
            basic("same", modified=5),
            basic("changed", back="Now <b>so</b>", modified=6),
            basic("new", front="<i>Why</i> now?"),
        ),
    )
    counted = {kind: count for kind, count in found.counts.items() if count}
    assert counted == {"new": 1, "cards": 1, "changed": 1, "same": 1}
    assert found.lists["new"][0]["label"] == "Why now?"
    assert found.lists["changed"][0]["fields"] == [
        {"name": "Back", "before": "An answer", "after": "Now <b>so</b>", "mine": ""}
    ]


def shown_as_samples(owner: Learner, *notes: PackedNote) -> list[str]:
    """What the notes say that are shown before they are imported."""
    found = held_against(owner, package(*notes)).samples
    return [next(iter(sample["fields"].values())) for sample in found]


def test_samples_show_each_note_type_and_what_may_go_wrong(owner: Learner) -> None:
    plain = [basic(f"p{n}", front=f"Plain {n}?") for n in range(9)]
    gap = PackedNote("c", "custom", {"Text": "A {{c1::gap}}", "Extra": ""}, "D", CLOZE.key)
    both = PackedNote("r", "custom", {"Front": "Both?", "Back": "ways"}, "D", REVERSED.key)
    picture = basic("m", front='<img src="a.png">')
    assert shown_as_samples(owner, *plain, gap, both, picture) == [
        "Plain 0?",
        "A {{c1::gap}}",
        "Both?",
        '<img src="a.png">',
    ]
    assert shown_as_samples(owner, *plain) == [f"Plain {n}?" for n in range(4)]
    asked = PackedNote("b", "basic", {"front": "One?", "back": "1"}, "D")
    typed = PackedNote("t", "typed", {"front": "Two?", "back": "2"}, "D")
    assert "Two?" in shown_as_samples(owner, *plain, asked, both, gap, typed)


def test_a_new_card_of_a_note_comes_along(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=1)))
    more = basic("a", back="x", modified=2)
    two = structs.replace(more, cards=(*more.cards, PackedCard(1, "Bought", position=9)))
    _, counts = bring(owner, package(two))
    assert counts["cards"] == 1
    assert card_named(owner, f"own/{owner.id}/a", 1).queue is Queue.NEW


def test_the_style_sheet_of_a_card_shows_a_file_of_its_own(owner: Learner) -> None:
    brought = package(basic("a"))
    sheet = '.card { background: url("_paper.png") }'
    brought.notetypes = [replace(type_, css=sheet) for type_ in brought.notetypes]
    brought.media = [PackedMedia("_paper.png", "ab" * 32, 5)]
    bring(owner, brought)
    shown = face_actions.frame(owner, card_named(owner, f"own/{owner.id}/a"), "question")
    assert 'url("/media/_paper.png?is=abababababab")' in shown


def held_out(key: str, stem: str) -> PackedNote:
    options = [{"text": t, "correct": t == "a", "rationale": ""} for t in "ab"]
    return PackedNote(key, "choice", {"stem": stem, "options": options}, "D", pool="mock")


def test_the_preview_shows_no_stem_of_a_question_kept_for_mock_exams(owner: Learner) -> None:
    bring(owner, package(held_out("a", "Secret one?"), held_out("b", "Secret two?")))
    found = held_against(owner, package(held_out("a", "Secret three?"), held_out("c", "Secret?")))
    assert [found.counts[kind] for kind in ("changed", "new", "gone")] == [1, 1, 1]
    assert "Secret" not in repr((found.lists, found.samples, found.advice))
    assert found.lists["gone"][0]["label"] == "A held-out question"
