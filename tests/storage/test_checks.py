"""Damage that was planted, and whether it is found and mended."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import Database, SqliteDatabase

from quizapp.actions import backups as backup_actions
from quizapp.actions import study as study_actions
from quizapp.domain.backups import Reason, Shelf
from quizapp.domain.learners import Learner
from quizapp.domain.scheduling import Rating
from quizapp.storage import backups, media_files
from quizapp.storage.checks import Finding
from quizapp.storage.models import Card, Deck, Enrolment, Memory, Review
from tests.cast import card_named, everything
from tests.conftest import NOON
from tests.storage.test_backups import put_media


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


def test_a_sound_collection_has_nothing_to_find(studied: Learner, shelf: Shelf) -> None:
    put_media(shelf, b"a picture")
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
        "card-note", "memory-card", "review-card", "media-damaged", "media-stray",
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
