"""Damage that was planted, and whether it is found and mended."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import Database, SqliteDatabase

from quizapp.actions import backups as backup_actions
from quizapp.actions import decks as deck_actions
from quizapp.actions import faces as face_actions
from quizapp.actions import imports
from quizapp.actions import study as study_actions
from quizapp.domain.backups import Reason, Shelf
from quizapp.domain.learners import Learner
from quizapp.domain.scheduling import Rating
from quizapp.storage import backups, cards, media_files
from quizapp.storage import imports as imports_store
from quizapp.storage.checks import Finding
from quizapp.storage.models import (
    Batch,
    BatchChange,
    Card,
    Deck,
    Enrolment,
    Job,
    Medium,
    Memory,
    Note,
    NoteType,
    Review,
)
from quizapp.storage.models import Learner as LearnerTable
from tests.cast import card_named, everything
from tests.conftest import NOON
from tests.storage.test_backups import put_media

ANKI = Path(__file__).parents[1] / "fixtures" / "anki"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "backups", tmp_path / "media")


@pytest.fixture
def studied(loaded: Learner) -> Learner:
    """A learner with a few answers."""
    for key in ("t-n1", "t-n2", "t-n3"):
        card = card_named(loaded, key)
        study_actions.answer_card(loaded, card.id, card.version, Rating.EASY, NOON, 5_000)
    return loaded


@pytest.fixture
def brought(studied: Learner, shelf: Shelf, tmp_path: Path) -> Learner:
    """The same learner with a package that has notes of its own, media and a history."""
    bring(studied, shelf, tmp_path, ANKI / "tiny-mixed.new-sched-media.apkg")
    return studied


def bring(learner: Learner, shelf: Shelf, tmp_path: Path, path: Path) -> None:
    """Import a file as the app does."""
    root = tmp_path / "imports"
    (root / path.name).mkdir(parents=True)
    shutil.copyfile(path, root / path.name / "upload")
    batch = imports.receive(learner, path.name, path.name, NOON)
    imports.read(learner, batch, root, {}, lambda done, total: None)
    choices = imports.Choices(progress=True)
    imports.commit(learner, batch, root, shelf.media, choices, NOON, lambda done, total: None)


def rules(found: list[Finding]) -> set[str]:
    return {finding.rule for finding in found}


def unguarded(database: Database) -> None:
    """Let rows in that the database would refuse, as a damaged disk or a foreign program does."""
    if isinstance(database, SqliteDatabase):
        database.execute_sql("PRAGMA foreign_keys = OFF")
    else:
        database.execute_sql("SET session_replication_role = replica")


def guarded(database: Database) -> None:
    if isinstance(database, SqliteDatabase):
        database.execute_sql("PRAGMA foreign_keys = ON")
    else:
        database.execute_sql("SET session_replication_role = DEFAULT")


def test_a_sound_collection_has_nothing_to_find(brought: Learner, shelf: Shelf) -> None:
    assert backup_actions.check(shelf, NOON) == []


def memory(key: str, learner: Learner) -> int:
    return card_named(learner, key).id


def card_without_note(learner: Learner) -> None:
    Card.update(note=9_999).where(Card.id == memory("t-n4", learner)).execute()


def memory_without_card(learner: Learner) -> None:
    Memory.update(card=9_999).where(Memory.card == memory("t-n4", learner)).execute()


def memory_in_another_deck(learner: Learner) -> None:
    columns = {f.name: getattr(Deck.get(), f.name) for f in Deck._meta.sorted_fields}
    columns |= {"id": None, "key": "other", "owner": None}
    other = Deck.create(**{k: v for k, v in columns.items() if k != "id"})
    Enrolment.create(learner=learner.id, deck=other.id)
    Memory.update(deck=other.id).where(Memory.card == memory("t-n1", learner)).execute()


def review_without_card(learner: Learner) -> None:
    Review.update(card=9_999).where(Review.card == memory("t-n1", learner)).execute()


def review_twice(learner: Learner) -> None:
    name = next(i.name for i in Review._meta.database.get_indexes("review") if i.unique
                and i.columns == ["learner_id", "card_id", "version"])  # fmt: skip
    Review._meta.database.execute_sql(f'DROP INDEX "{name}"')
    row = Review.get().__data__
    Review.create(**{k: v for k, v in row.items() if k != "id"})


def note_without_cards(learner: Learner) -> None:
    card = memory("t-n4", learner)
    Memory.delete().where(Memory.card == card).execute()
    Card.delete().where(Card.id == card).execute()


def memory_of_a_deck_never_taken_up(learner: Learner) -> None:
    Enrolment.delete().execute()


def card_that_was_never_dealt(learner: Learner) -> None:
    Memory.delete().where(Memory.card == memory("t-n4", learner)).execute()


def impossible_stability(learner: Learner) -> None:
    Memory.update(stability=-3.0).where(Memory.card == memory("t-n1", learner)).execute()


def no_stability(learner: Learner) -> None:
    Memory.update(stability=None).where(Memory.card == memory("t-n1", learner)).execute()


def impossible_difficulty(learner: Learner) -> None:
    Memory.update(difficulty=11.0).where(Memory.card == memory("t-n1", learner)).execute()


def impossible_due(learner: Learner) -> None:
    far = NOON + timedelta(days=365 * 500)
    Memory.update(due=far).where(Memory.card == memory("t-n1", learner)).execute()


def impossible_interval(learner: Learner) -> None:
    Memory.update(interval=-5).where(Memory.card == memory("t-n1", learner)).execute()


def impossible_grade(learner: Learner) -> None:
    Review.update(rating=9).where(Review.card == memory("t-n1", learner)).execute()


def impossible_state(learner: Learner) -> None:
    Memory.update(state=17, queue=23).where(Memory.card == memory("t-n1", learner)).execute()


PLANTED = {
    card_without_note: {"card-note"},
    memory_without_card: {"memory-card"},
    memory_in_another_deck: {"memory-deck-elsewhere"},
    review_without_card: {"review-card"},
    review_twice: {"review-twice", "review-index"},
    note_without_cards: {"note-bare"},
    memory_of_a_deck_never_taken_up: {"memory-unenrolled"},
    card_that_was_never_dealt: {"card-undealt"},
    impossible_stability: {"memory-stability"},
    no_stability: {"memory-stability"},
    impossible_difficulty: {"memory-difficulty"},
    impossible_due: {"memory-due"},
    impossible_interval: {"memory-interval"},
    impossible_grade: {"review-rating"},
    impossible_state: {"memory-state", "memory-queue"},
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_planted_damage_is_found_and_mended(
    studied: Learner, database: Database, shelf: Shelf, plant: Callable[[Learner], None]
) -> None:
    unguarded(database)
    plant(studied)
    guarded(database)
    found = backup_actions.check(shelf, NOON)
    assert PLANTED[plant] <= rules(found)
    backup_actions.mend(shelf, NOON, found)
    assert backup_actions.check(shelf, NOON) == []


def own_note() -> Note:
    """A note that came with the package, whose card has a memory."""
    return Note.select().where(Note.kind == "custom").order_by(Note.id).get()


def note_whose_type_is_gone(learner: Learner) -> None:
    NoteType.delete().where(NoteType.id == own_note().notetype).execute()


def note_that_names_no_type(learner: Learner) -> None:
    Note.update(notetype=None).where(Note.id == own_note().id).execute()


def own_note_without_cards(learner: Learner) -> None:
    for table in (Memory, Card):
        table.delete().where(table.note == own_note().id).execute()


def own_card_in_a_deck_that_ships(learner: Learner) -> None:
    ships = Deck.get(Deck.owner.is_null()).id
    Card.update(deck=ships).where(Card.note == own_note().id).execute()


def shipped_card_in_an_own_deck(learner: Learner) -> None:
    own = Deck.get(Deck.owner == learner.id).id
    Card.update(deck=own).where(Card.id == memory("t-n1", learner)).execute()


def deck_of_a_learner_who_is_gone(learner: Learner) -> None:
    columns = Deck.get(Deck.owner == learner.id).__data__ | {"key": "own/9/x", "owner": 9_999}
    Deck.create(**{name: value for name, value in columns.items() if name != "id"})


def note_type_of_a_learner_who_is_gone(learner: Learner) -> None:
    columns = NoteType.get().__data__ | {"owner": 9_999}
    NoteType.create(**{name: value for name, value in columns.items() if name != "id"})


def medium_of_a_learner_who_is_gone(learner: Learner) -> None:
    columns = Medium.get().__data__ | {"owner": 9_999}
    Medium.create(**{name: value for name, value in columns.items() if name != "id"})


def change_of_an_import_that_is_gone(learner: Learner) -> None:
    BatchChange.create(batch=9_999, table="note", row=1)


def note_of_an_import_that_is_gone(learner: Learner) -> None:
    Note.update(batch=9_999).where(Note.id == own_note().id).execute()


def import_in_no_state(learner: Learner) -> None:
    Batch.update(state="lost").execute()


def job_in_no_state(learner: Learner) -> None:
    Job.create(learner=learner.id, kind="x", title="x", state="lost", arguments={}, made=NOON)


def job_of_a_learner_who_is_gone(learner: Learner) -> None:
    Job.create(learner=9_999, kind="x", title="x", state="done", arguments={}, made=NOON)


def medium_of_a_wrong_size(learner: Learner) -> None:
    Medium.update(size=1).where(Medium.id == Medium.get().id).execute()


PLANTED_AMONG_OWN = {
    note_whose_type_is_gone: {"note-typeless"},
    note_that_names_no_type: {"note-typeless"},
    own_note_without_cards: {"note-bare"},
    own_card_in_a_deck_that_ships: {"card-elsewhere"},
    shipped_card_in_an_own_deck: {"card-elsewhere"},
    deck_of_a_learner_who_is_gone: {"deck-owner"},
    note_type_of_a_learner_who_is_gone: {"note_type-owner"},
    medium_of_a_learner_who_is_gone: {"medium-owner"},
    change_of_an_import_that_is_gone: {"batch_change-batch"},
    note_of_an_import_that_is_gone: {"note-batch"},
    import_in_no_state: {"batch-state"},
    job_in_no_state: {"job-state"},
    job_of_a_learner_who_is_gone: {"job-learner"},
    medium_of_a_wrong_size: {"media-size"},
}


@pytest.mark.parametrize("plant", PLANTED_AMONG_OWN, ids=lambda plant: plant.__name__)
def test_planted_damage_among_own_notes_is_found_and_mended(
    brought: Learner, database: Database, shelf: Shelf, plant: Callable[[Learner], None]
) -> None:
    notes = Note.select().count()
    unguarded(database)
    plant(brought)
    guarded(database)
    found = backup_actions.check(shelf, NOON)
    assert PLANTED_AMONG_OWN[plant] <= rules(found)
    backup_actions.mend(shelf, NOON, found)
    assert backup_actions.check(shelf, NOON) == []
    assert Note.select().count() == notes, "no note is lost"


GARBLED = {
    "a note type's templates": (NoteType.templates, '[["Card 1", "{{Front}}"]]'),
    "a note type's fields": (NoteType.fields, '"Front"'),
    "what only Anki knows of a note type": (NoteType.extra, "[1"),
    "an imported note's fields": (Note.fields, "{bad json"),
    "an imported note's faces": (Note.faces, "{}"),
    "a note's tags": (Note.tags, "[1]"),
    "a deck's outline": (Deck.outline, "null"),
    "what only Anki knows of a card": (Card.origin, "[]"),
    "where an answer came from": (Review.origin, "{}"),
    "a learner's weights": (LearnerTable.weights, "0.5"),
    "what an import did": (Batch.result, "[]"),
}


@pytest.mark.parametrize("name", GARBLED)
def test_json_that_cannot_be_read_is_found_and_mended(
    brought: Learner, database: Database, shelf: Shelf, name: str
) -> None:
    field, text = GARBLED[name]
    mark = "?" if isinstance(database, SqliteDatabase) else "%s"
    table = field.model._meta.table_name
    wanted = own_note().id if field.model is Note else None
    where = f" WHERE id = {wanted}" if wanted else ""
    database.execute_sql(f'UPDATE "{table}" SET "{field.column_name}" = {mark}{where}', (text,))
    before = remembered()
    found = backup_actions.check(shelf, NOON)
    assert f"{table}-{field.name}-json" in rules(found)
    backup_actions.mend(shelf, NOON, found)
    assert backup_actions.check(shelf, NOON) == []
    assert remembered() == before
    note = own_note()
    card = cards.find(brought.id, Card.get(Card.note == note.id).id)
    assert card is not None
    assert "<!doctype html>" in face_actions.frame(brought, card, "answer").lower()


def test_what_is_left_of_a_note_stands_in_its_first_field(
    brought: Learner, database: Database, shelf: Shelf
) -> None:
    note = own_note()
    first, *others = NoteType.get_by_id(note.notetype).fields
    mark = "?" if isinstance(database, SqliteDatabase) else "%s"
    database.execute_sql(
        f"UPDATE note SET fields = {mark} WHERE id = {note.id}", ('{"Front": "5 < 6',)
    )
    backup_actions.mend(shelf, NOON, backup_actions.check(shelf, NOON))
    assert own_note().fields == {first: "{&quot;Front&quot;: &quot;5 &lt; 6"} | dict.fromkeys(
        others, ""
    )


def test_a_shipped_note_that_cannot_be_read_comes_back_from_its_file(
    studied: Learner, database: Database, shelf: Shelf, deck_folder: Path
) -> None:
    whole = Note.get(Note.key == "t-n1").fields
    database.execute_sql("UPDATE note SET fields = '{', faces = '{' WHERE key = 't-n1'")
    found = backup_actions.check(shelf, NOON)
    assert {"note-fields-json", "note-faces-json"} <= rules(found)
    backup_actions.mend(shelf, NOON, found)
    deck_actions.load(deck_folder)
    assert backup_actions.check(shelf, NOON) == []
    assert Note.get(Note.key == "t-n1").fields == whole


def test_settings_that_mean_nothing_are_found_and_mended(studied: Learner, shelf: Shelf) -> None:
    LearnerTable.update(timezone="Mars/Olympus", learning_steps="one").execute()
    found = backup_actions.check(shelf, NOON)
    assert rules(found) == {"learner-timezone", "learner-learning_steps"}
    backup_actions.mend(shelf, NOON, found)
    assert backup_actions.check(shelf, NOON) == []
    row = LearnerTable.get()
    assert (row.timezone, row.learning_steps) == ("UTC", "1 10")


def without_decks(database: Database, where: Any) -> None:
    unguarded(database)
    Deck.delete().where(where).execute()
    guarded(database)


def remembered() -> list[tuple[Any, ...]]:
    """What was answered and is known, wherever it is filed."""
    known = Memory.select(Memory.learner, Memory.card, Memory.note, Memory.stability, Memory.reps)
    given = Review.select(Review.id, Review.card, Review.rating)
    return [*known.order_by(Memory.card).tuples(), *given.order_by(Review.id).tuples()]


def test_cards_whose_deck_is_gone_go_to_that_of_their_note(
    brought: Learner, database: Database, shelf: Shelf
) -> None:
    before, home = remembered(), own_note().deck
    unguarded(database)
    for table in (Card, Memory):
        table.update(deck=9_999).where(table.note == own_note().id).execute()
    guarded(database)
    found = backup_actions.check(shelf, NOON)
    assert rules(found) == {"card-deck", "memory-deck"}
    assert not any("delete" in finding.remedy for finding in found)
    backup_actions.mend(shelf, NOON, found)
    assert backup_actions.check(shelf, NOON) == []
    assert {card.deck for card in Card.select().where(Card.note == own_note().id)} == {home}
    assert remembered() == before


@pytest.mark.parametrize("named", [False, True])
def test_notes_whose_deck_is_gone_go_to_a_deck_of_ones_own(
    brought: Learner, database: Database, shelf: Shelf, named: bool
) -> None:
    before, notes = remembered(), Note.select().count()
    if named:
        imports_store.add_deck(brought.id, Batch.get().id, "r", "recovered")
    without_decks(database, Deck.name != "recovered")
    found = backup_actions.check(shelf, NOON)
    assert "note-deck" in rules(found)
    backup_actions.mend(shelf, NOON, found)
    assert backup_actions.check(shelf, NOON) == []
    assert [(deck.name.casefold(), deck.owner) for deck in Deck.select()] == [
        ("recovered", brought.id)
    ]
    assert Note.select().count() == notes
    assert remembered() == before


def test_shipped_notes_go_home_from_there_when_the_decks_are_loaded(
    studied: Learner, database: Database, shelf: Shelf, deck_folder: Path
) -> None:
    before = remembered()
    without_decks(database, Deck.owner.is_null())
    backup_actions.mend(shelf, NOON, backup_actions.check(shelf, NOON))
    deck_actions.load(deck_folder)
    home = Deck.get(Deck.owner.is_null()).id
    assert {card.deck for card in Card.select()} == {home}
    assert {memory.deck for memory in Memory.select()} == {home}
    assert remembered() == before


def test_a_note_whose_type_is_gone_can_be_studied_again(
    brought: Learner, database: Database, shelf: Shelf
) -> None:
    note = own_note()
    unguarded(database)
    note_whose_type_is_gone(brought)
    guarded(database)
    backup_actions.mend(shelf, NOON, backup_actions.check(shelf, NOON))
    card = cards.find(brought.id, Card.get(Card.note == note.id).id)
    assert card is not None
    first, second, *_ = note.fields.values()
    assert first in face_actions.frame(brought, card, "question")
    assert second in face_actions.frame(brought, card, "answer")


@pytest.mark.parametrize(
    "name",
    [
        "tiny-mixed.new.colpkg", "tiny-states-fsrs.new.colpkg", "tiny-states-sm2.new.colpkg",
        "tiny-states-sm2.legacy-sched.apkg", "tiny-image-occlusion.new-sched-media.apkg",
        "tiny-decks-tags.new-sched-media.apkg", "tiny-typing.new-sched-media.apkg",
        "bad/odd-scheduling-values.apkg", "bad/negative-ids.apkg", "bad/orphan-cards.apkg",
        "bad/missing-deck.apkg", "medium-fsrs.new-sched-media.apkg",
    ],
)  # fmt: skip
def test_what_an_import_lays_down_is_sound(
    owner: Learner, shelf: Shelf, tmp_path: Path, name: str
) -> None:
    bring(owner, shelf, tmp_path, ANKI / name)
    assert backup_actions.check(shelf, NOON) == []


def test_ten_damages_at_once_are_ten_found(
    studied: Learner, database: Database, shelf: Shelf
) -> None:
    picture = put_media(shelf, b"a picture")
    media_files.place(shelf.media, picture).write_bytes(b"a picturf")
    (shelf.media / "notes.txt").write_text("?")
    unguarded(database)
    for plant in (
        review_twice, memory_in_another_deck, note_without_cards, impossible_due, no_stability,
    ):  # fmt: skip
        plant(studied)
    Card.update(note=9_999).where(Card.id == memory("t-n5", studied)).execute()
    Memory.update(card=9_998).where(Memory.card == memory("t-n6", studied)).execute()
    Review.update(card=9_997).where(Review.card == memory("t-n3", studied)).execute()
    guarded(database)
    assert rules(backup_actions.check(shelf, NOON)) >= {
        "review-twice", "memory-deck-elsewhere", "note-bare", "memory-due", "memory-stability",
        "card-note", "memory-card", "review-card", "media-lost", "media-stray",
    }  # fmt: skip


def test_rebuilding_after_mending_gives_the_very_numbers(studied: Learner, shelf: Shelf) -> None:
    before = everything()["memory"]
    impossible_stability(studied)
    impossible_difficulty(studied)
    backup_actions.mend(shelf, NOON, backup_actions.check(shelf, NOON))
    study_actions.rebuild(studied)
    versionless = [(*row[:4], *row[5:]) for row in everything()["memory"]]
    assert versionless == [(*row[:4], *row[5:]) for row in before]


def test_mending_keeps_every_sound_row(studied: Learner, database: Database, shelf: Shelf) -> None:
    before = everything()
    unguarded(database)
    Review.update(card=9_999).where(Review.card == memory("t-n1", studied)).execute()
    guarded(database)
    backup_actions.mend(shelf, NOON, backup_actions.check(shelf, NOON))
    after = everything()
    assert len(after["review"]) == len(before["review"]) - 1
    assert {k: v for k, v in after.items() if k != "review"} == {
        k: v for k, v in before.items() if k != "review"
    }


def test_a_damaged_media_file_comes_back_from_a_backup(studied: Learner, shelf: Shelf) -> None:
    picture = put_media(shelf, b"a picture")
    backups.make(shelf, Reason.ASKED, NOON, NOON.date())
    place = media_files.place(shelf.media, picture)
    place.unlink()
    place.write_bytes(b"a picturf")
    found = backup_actions.check(shelf, NOON)
    assert rules(found) == {"media-damaged"}
    backup_actions.mend(shelf, NOON, found)
    assert place.read_bytes() == b"a picture"


def named_file(shelf: Shelf) -> Path:
    return media_files.place(shelf.media, Medium.select().order_by(Medium.id).get().digest)


def test_a_missing_media_file_comes_back_from_a_backup(brought: Learner, shelf: Shelf) -> None:
    backups.make(shelf, Reason.ASKED, NOON, NOON.date())
    content = named_file(shelf).read_bytes()
    named_file(shelf).unlink()
    found = backup_actions.check(shelf, NOON)
    assert rules(found) == {"media-missing"}
    backup_actions.mend(shelf, NOON, found)
    assert named_file(shelf).read_bytes() == content


def test_a_damaged_file_is_told_of_once(brought: Learner, shelf: Shelf) -> None:
    named_file(shelf).write_bytes(b"of another size, too")
    assert rules(backup_actions.check(shelf, NOON)) == {"media-lost"}


def test_a_backup_that_was_cut_short_is_told_of(studied: Learner, shelf: Shelf) -> None:
    made = backups.make(shelf, Reason.ASKED, NOON, NOON.date())
    path = shelf.folder / f"{made.name}.zip"
    path.write_bytes(path.read_bytes()[:-100])
    (finding,) = backup_actions.check(shelf, NOON)
    assert (finding.rule, finding.harm, finding.mendable) == ("backup-broken", True, False)
    assert made.name in finding.sentence and str(shelf.folder) in finding.remedy


def test_a_media_file_that_no_backup_has_stays_missing(brought: Learner, shelf: Shelf) -> None:
    name = Medium.get().name
    named_file(shelf).unlink()
    backup_actions.mend(shelf, NOON, backup_actions.check(shelf, NOON))
    (finding,) = backup_actions.check(shelf, NOON)
    assert (finding.rule, finding.count, finding.harm) == ("media-lost", 1, True)
    assert not finding.mendable, "it would go in circles"
    assert "Import their package again" in finding.remedy
    assert name in finding.sentence


def aged(path: Path, **ago: float) -> None:
    """Make a file as old as it would be had it come so long ago."""
    moment = (NOON - timedelta(**ago)).timestamp()
    os.utime(path, (moment, moment))


def test_a_file_that_no_note_names_only_takes_room(brought: Learner, shelf: Shelf) -> None:
    path = media_files.place(shelf.media, put_media(shelf, b"nobody's"))
    aged(path, hours=25)
    (finding,) = backup_actions.check(shelf, NOON)
    assert (finding.rule, finding.harm) == ("media-unnamed", False)
    assert path.exists(), "looking changes nothing"
    backup_actions.mend(shelf, NOON, [finding])
    assert not path.exists()
    assert named_file(shelf).exists()


def test_a_file_that_just_came_is_left_to_its_import(brought: Learner, shelf: Shelf) -> None:
    with media_files.arriving(shelf.media):
        aged(media_files.place(shelf.media, put_media(shelf, b"not named yet")), hours=23)
        (shelf.media / "ab").mkdir(exist_ok=True)
        (shelf.media / "ab" / f"{'ab' * 32}.part").write_bytes(b"half of i")
        assert backup_actions.check(shelf, NOON) == []


def test_what_an_import_left_that_was_cut_short_goes_at_once(
    brought: Learner, shelf: Shelf
) -> None:
    whole = put_media(shelf, b"never named")
    draft = media_files.place(shelf.media, whole).with_name(f"{'ab' * 32}.part")
    draft.write_bytes(b"half of i")
    (finding,) = backup_actions.check(shelf, NOON)
    assert (finding.rule, finding.count, finding.harm) == ("media-unnamed", 2, False)
    backup_actions.mend(shelf, NOON, [finding])
    assert backup_actions.check(shelf, NOON) == []
    assert not draft.exists()


def test_a_damaged_page_is_found_and_nothing_is_said_about_the_rest(
    studied: Learner, database: Database, shelf: Shelf
) -> None:
    if not isinstance(database, SqliteDatabase):
        pytest.skip("PostgreSQL looks after its own pages")
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = database.database
    with closing(sqlite3.connect(path)) as file:
        where = "SELECT rootpage FROM sqlite_master WHERE name = 'memory_buried'"
        (page,) = file.execute(where).fetchone()
        (other,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'note'").fetchone()
    database.close()
    with Path(path).open("r+b") as disk:
        disk.seek((other - 1) * 4096)
        disk.write(bytes(2048))
        disk.seek((page - 1) * 4096)
        disk.write(bytes(8))
    database.connect()
    (finding,) = backup_actions.check(shelf, NOON)
    assert (finding.rule, finding.mendable) == ("whole", False)
    assert "Restore a backup" in finding.remedy
