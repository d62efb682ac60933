"""Rows of a table without an ID, and the notes of a package that they are."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from peewee import Database

from quizapp.actions import imports as import_actions
from quizapp.actions import study as study_actions
from quizapp.actions.imports import Choices
from quizapp.actions.imports.laying import lay, prepared
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating
from quizapp.formats import text
from quizapp.formats.contents import of_package
from quizapp.formats.package import Package, PackedNote
from quizapp.formats.tables import written
from quizapp.storage import imports
from quizapp.storage.database import transaction
from quizapp.storage.models import Memory, Note
from tests.actions.test_imports import (
    ALL,
    bring,
    edited,
    everything,
    held_against,
    silent,
    taken_away,
)
from tests.cast import card_named, new_installation
from tests.conftest import NOON
from tests.packing import BASIC, CLOZE, TYPES, basic, package, packages, studied


def table(*rows: tuple[str, ...], **how: Any) -> Package:
    """What a table without IDs becomes, its cells HTML, its notes of the package's type."""
    columns = how.pop("columns", BASIC.fields)
    options = text.TextOptions(
        separator="\t", html=True, columns=columns, notetype=BASIC.key, deck="Table"
    )
    return text.read("".join(written(row, "\t") for row in rows), replace(options, **how), TYPES)


def fields_of(learner: Learner, key: str) -> dict[str, str]:
    return dict(card_named(learner, f"own/{learner.id}/{key}").fields)


def decks_of(learner: Learner) -> set[str]:
    return {name for _, name in imports.own_decks(learner.id).values()}


def test_a_row_without_an_id_updates_the_note_that_asks_the_same(owner: Learner) -> None:
    bring(owner, package(studied("a", front="What is <b>risk</b>?", tags=("law",))))
    memory = Memory.get()
    rows = table(("What is risk?", "Uncertainty", "new"), columns=("Front", "Back", "#tags"))
    found = held_against(owner, rows)
    assert (found.counts["new"], found.counts["changed"], found.counts["gone"]) == (0, 1, 0)
    assert [field["name"] for field in found.lists["changed"][0]["fields"]] == ["Back", "Tags"]
    _, counts = bring(owner, rows)
    assert (counts["added"], counts["updated"]) == (0, 1)
    note = taken_away(owner)["a"]
    assert note.fields == {"Front": "What is <b>risk</b>?", "Back": "Uncertainty"}
    assert (note.tags, note.deck) == (("law", "new"), "Bought")
    assert Memory.get() == memory
    assert decks_of(owner) == {"Bought"}, "no empty deck for rows that are in another"


def test_the_preview_says_how_rows_were_recognised(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    rows = table(("Why?", "Because"), ("Who?", "They"))
    held_against(owner, rows)
    assert [remark for remark in rows.remarks if "ask the same as a note here" in remark] == [
        "Rows without an ID that ask the same as a note here: 1. They count as that note; its"
        " first field, and what a row leaves empty, stay as they are."
    ]


def test_the_same_rows_again_change_nothing(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?"), basic("b", front="Who?")))
    rows = (("Why?", "Because"), ("Where?", "There"))
    bring(owner, table(*rows))
    found = held_against(owner, table(*rows))
    assert (found.counts["same"], found.counts["new"], found.counts["changed"]) == (2, 0, 0)
    before = everything()
    bring(owner, table(*rows))
    assert everything() == before


def test_an_empty_cell_takes_nothing_away(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?", back="Because", tags=("law",))))
    found = held_against(owner, table(("Why?",), columns=("Front",)))
    assert (found.counts["same"], found.counts["changed"]) == (1, 0)


def test_what_a_table_changed_is_newer_than_the_package_it_came_from(owner: Learner) -> None:
    brought = package(basic("a", front="Why?", modified=10))
    bring(owner, brought)
    bring(owner, table(("Why?", "Because")))
    assert held_against(owner, brought).counts["older"] == 1
    bring(owner, brought)
    assert fields_of(owner, "a")["Back"] == "Because"


def test_a_tag_with_other_capitals_is_no_other_tag(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?", tags=("Law",))))
    bring(owner, table(("Why?", "Because"), tags=("law", "eu")))
    assert taken_away(owner)["a"].tags == ("Law", "eu")


def test_a_row_with_an_id_of_its_own_is_another_note(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    rows = table(("my-1", "Why?", "Because"), columns=("#key", "Front", "Back"))
    assert held_against(owner, rows).counts["new"] == 1


def test_an_id_that_only_looks_derived_is_its_own(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    rows = table(("t-0123456789abcdef", "Why?", "Because"), columns=("#key", "Front", "Back"))
    assert held_against(owner, rows).counts["new"] == 1


def test_what_is_no_table_has_keys_of_its_own(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    rows = replace(table(("Why?", "Because")), source="jsonl")
    assert held_against(owner, rows).counts["new"] == 1


def test_a_note_of_another_type_is_another_note(owner: Learner) -> None:
    bring(owner, package(structs.replace(basic("a", front="Why?"), notetype=TYPES[1].key)))
    assert held_against(owner, table(("Why?", "Because"))).counts["new"] == 1


def test_keeping_both_finds_no_note(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    rows = table(("Why?", "Because"), if_matches="duplicate", apart="this file")
    assert held_against(owner, rows).counts["new"] == 1


def test_a_note_that_has_the_rows_key_wins(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Where?", modified=10)))
    bring(owner, table(("Why?", "Because")))
    (own,) = taken_away(owner).keys() - {"a"}
    bring(owner, package(basic("a", front="Why?", modified=20)))
    bring(owner, table(("Why?", "Therefore")))
    assert (fields_of(owner, own)["Back"], fields_of(owner, "a")["Back"]) == (
        "Therefore", "An answer",
    )  # fmt: skip


def test_of_several_notes_that_ask_the_same_it_is_the_oldest(owner: Learner) -> None:
    bring(owner, package(basic("z", front="Why?")))
    bring(owner, package(basic("a", front="Why?")))
    bring(owner, table(("Why?", "Because")))
    assert (fields_of(owner, "z")["Back"], fields_of(owner, "a")["Back"]) == (
        "Because", "An answer",
    )  # fmt: skip


def test_a_note_in_study_comes_before_one_set_aside(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?"), basic("b", front="Why?")))
    bring(owner, package(basic("b", front="Why?")), Choices(set_aside=True))
    bring(owner, table(("Why?", "Because")))
    assert fields_of(owner, "b")["Back"] == "Because"
    assert card_named(owner, f"own/{owner.id}/a").queue is Queue.RETIRED


def test_a_note_set_aside_is_brought_back(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?"), basic("b")))
    bring(owner, package(basic("b")), Choices(set_aside=True))
    bring(owner, table(("Why?", "Because")))
    assert card_named(owner, f"own/{owner.id}/a").queue is Queue.NEW


def test_deck_and_type_together_are_the_scope_where_the_file_says_so(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?", deck="Law"), basic("b", front="Why?")))
    rows = table(
        ("Why?", "Because", "law"), ("Why?", "Therefore", "Risk"), ("Why?", "So", "Bought"),
        columns=("Front", "Back", "#deck"), match_scope="notetype-deck",
    )  # fmt: skip
    found = held_against(owner, rows)
    assert (found.counts["changed"], found.counts["new"]) == (2, 1)
    bring(owner, rows)
    assert (fields_of(owner, "a")["Back"], fields_of(owner, "b")["Back"]) == ("Because", "So")


def test_the_scope_of_decks_reaches_under_the_deck_that_all_goes_under(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?", deck="Law")), replace(ALL, under="Bought"))
    rows = table(("Why?", "Because"), deck="Law", match_scope="notetype-deck")
    assert held_against(owner, rows).counts["new"] == 1
    assert import_actions.compare(owner, rows, of_package(rows), "Bought").counts["changed"] == 1


def test_a_row_and_an_id_that_mean_one_note_update_it_once(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    rows = table(
        ("a", "Why?", "By its ID"), ("", "Why?", "By its field"), columns=("#key", "Front", "Back")
    )
    found = held_against(owner, rows)
    assert (found.counts["changed"], found.counts["refused"]) == (1, 1)
    assert found.lists["refused"][0]["where"] == "row 2"
    _, counts = bring(owner, rows)
    assert (counts["updated"], counts["refused"]) == (1, 1)
    assert fields_of(owner, "a")["Back"] == "By its ID"


def test_a_row_finds_a_note_by_the_learners_own_wording(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Wy?", modified=10)))
    edited(owner, "a", Front="Why?")
    found = held_against(owner, table(("Why?", "Because")))
    assert (found.counts["changed"], found.counts["conflicts"]) == (1, 0)
    bring(owner, table(("Why?", "Because")))
    assert fields_of(owner, "a") == {"Front": "Why?", "Back": "Because"}
    assert taken_away(owner)["a"].key == "a" and Note.get().fields["Front"] == "Wy?"


def test_both_wordings_of_a_note_in_one_table_update_it_once(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Wy?")))
    edited(owner, "a", Front="Why?")
    rows = table(("Wy?", "First"), ("Why?", "Second"))
    found = held_against(owner, rows)
    assert (found.counts["changed"], found.counts["refused"], found.counts["new"]) == (1, 1, 0)


def test_a_wording_of_the_learners_wins_where_a_table_changed_the_same(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    edited(owner, "a", Back="In my words")
    assert held_against(owner, table(("Why?", "Because"))).counts["conflicts"] == 1
    bring(owner, table(("Why?", "Because")))
    assert fields_of(owner, "a")["Back"] == "In my words"


def test_somebody_elses_notes_are_not_looked_at(owner: Learner, stranger: Learner) -> None:
    bring(stranger, package(basic("a", front="Why?")))
    bring(owner, package(basic("b")))
    assert held_against(owner, table(("Why?", "Because"))).counts["new"] == 1


def test_a_gap_that_a_row_adds_is_a_new_card(owner: Learner) -> None:
    note = PackedNote("a", "custom", {"Text": "{{c1::One}}", "Extra": ""}, "Law", CLOZE.key)
    bring(owner, package(note))
    rows = table(("{{c1::One}}", "and {{c2::two}}"), columns=CLOZE.fields, notetype=CLOZE.key)
    assert held_against(owner, rows).counts["changed"] == 1
    _, counts = bring(owner, rows)
    assert (counts["updated"], fields_of(owner, "a")["Extra"]) == (1, "and {{c2::two}}")


def test_a_package_is_not_asked_what_its_notes_say(
    owner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(owner, package(basic("a")))
    monkeypatch.delattr(imports, "notes_of_type")
    assert held_against(owner, package(basic("t-0123456789abcdef"))).counts["new"] == 1


def test_what_was_brought_meanwhile_is_recognised_too(owner: Learner) -> None:
    bring(owner, package(basic("b")))
    rows = table(("Why?", "Because"))
    batch = import_actions.receive(owner, "file", "folder", NOON)
    with (
        TemporaryDirectory() as folder,
        prepared(owner, batch, rows, of_package(rows), ALL, NOON, silent, Path(folder)) as waiting,
    ):
        bring(owner, package(basic("a", front="Why?")))
        with transaction():
            counts = lay(waiting)
    assert (counts["added"], counts["updated"]) == (0, 1)
    assert fields_of(owner, "a")["Back"] == "Because"


def test_a_note_that_was_taken_away_meanwhile_is_a_new_one(owner: Learner) -> None:
    first, _ = bring(owner, package(basic("a", front="Why?")))
    rows = table(("Why?", "Because"))
    batch = import_actions.receive(owner, "file", "folder", NOON)
    with (
        TemporaryDirectory() as folder,
        prepared(owner, batch, rows, of_package(rows), ALL, NOON, silent, Path(folder)) as waiting,
    ):
        import_actions.undo(owner, first)
        with transaction():
            counts = lay(waiting)
    assert (counts["added"], counts["updated"]) == (1, 0)
    (note,) = taken_away(owner).values()
    assert note.key.startswith("t-") and note.deck == "Table"


def test_answers_given_since_survive_the_undo(owner: Learner) -> None:
    bring(owner, package(basic("a", front="Why?")))
    batch, _ = bring(owner, table(("Why?", "Because")))
    card = card_named(owner, f"own/{owner.id}/a")
    study_actions.answer_card(owner, card.id, card.version, Rating.GOOD, NOON, 5_000)
    import_actions.undo(owner, batch)
    after = card_named(owner, f"own/{owner.id}/a")
    assert (after.fields["Back"], after.memory.reps) == ("An answer", 1)


@st.composite
def tables(draw: st.DrawFn, brought: Package) -> Package:
    """A table of some notes of a package, marked up otherwise, and of others."""
    rows = []
    for note in brought.notes:
        if note.kind == "custom" and draw(st.booleans()):
            first, *rest = note.fields.values()
            if draw(st.booleans()):
                first = f"<i>{first}</i>"
            rest = draw(st.sampled_from([rest, ["Other"], [""], []]))
            rows.append((note.notetype, draw(st.sampled_from(["", note.key])), first, *rest))
    rows += [(BASIC.key, "", f"Another {n}?", "Yes") for n in range(draw(st.integers(1, 2)))]
    return table(
        *draw(st.permutations(rows)),
        columns=("#notetype", "#key", "#field", "#field"),
        match_scope=draw(st.sampled_from(["notetype", "notetype-deck"])),
        deck=draw(st.sampled_from(["Table", "Risk"])),
    )


@given(data=st.data(), brought=packages(), existing=st.sampled_from(["newer", "never"]))
@settings(max_examples=60)
def test_a_table_does_what_its_preview_says_and_undone_leaves_nothing(
    database: Database, data: st.DataObject, brought: Package, existing: str
) -> None:
    learner = new_installation()
    bring(learner, brought)
    before, rows = everything(), data.draw(tables(brought))
    said = held_against(learner, rows).counts
    batch, done = bring(learner, rows, replace(ALL, existing=existing))
    changed = said["changed"] + said["conflicts"] + said["older"]
    assert (done["added"], done["updated"] + done["kept"], done["same"], done["refused"]) == (
        said["new"], changed, said["same"], said["refused"],
    )  # fmt: skip
    memories = {tuple(row) for row in before["memory"]}
    assert memories <= {tuple(row) for row in everything()["memory"]}, "progress is untouched"
    again = held_against(learner, rows).counts
    assert (again["new"], again["changed"] * (existing == "newer")) == (0, 0)
    import_actions.undo(learner, batch)
    assert everything() == before
