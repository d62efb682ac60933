"""What comes in, goes out the same; again changes nothing; undone leaves nothing."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import exports as export_actions
from quizapp.actions import faces as face_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import study as study_actions
from quizapp.actions.imports import Choices
from quizapp.actions.imports.comparing import Comparison, compare
from quizapp.actions.imports.laying import lay, prepared
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating
from quizapp.formats.contents import Entry, of_package
from quizapp.formats.package import Package, PackedCard, PackedMedia, PackedNote
from quizapp.storage import cards, imports
from quizapp.storage.database import transaction
from quizapp.storage.models import TABLES, Batch, BatchChange, Card, Memory
from quizapp.storage.models import Learner as LearnerRow
from quizapp.storage.prepared import raw
from tests.cast import card_named, new_installation
from tests.conftest import NOON
from tests.packing import basic, package, packages, studied

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
    return {note.key: note for note in notes}


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


def test_progress_stays_in_the_deck_of_its_card(owner: Learner) -> None:
    def apart(reps: int) -> PackedNote:
        note = studied("a", reps=reps)
        return replace(note, cards=tuple(replace(card, deck="Apart") for card in note.cards))

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


def test_a_new_card_of_a_note_comes_along(owner: Learner) -> None:
    bring(owner, package(basic("a", modified=1)))
    more = basic("a", back="x", modified=2)
    two = replace(more, cards=(*more.cards, PackedCard(1, "Bought", position=9)))
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
