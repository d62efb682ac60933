"""Migrations and models agree, on both databases."""

from pathlib import Path

import pytest
from peewee import Database
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from quizapp.storage import models, schema
from quizapp.storage.database import open_database


def test_the_migrations_build_what_the_models_say(database: Database) -> None:
    assert not diff_models(database, models.TABLES)


def test_migrating_again_does_nothing(database: Database) -> None:
    assert schema.migrate(database) == []
    assert not schema.pending(database)


def test_a_stored_database_is_upgraded_with_its_misses_and_journal(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    with database.connection_context():
        Runner(database, str(schema.MIGRATIONS)).up(target="0002_exams")
        for statement in OLD:
            database.execute_sql(statement)
        schema.migrate(database)
        assert not diff_models(database, models.TABLES)
        rows = database.execute_sql("SELECT note_id, guessed FROM miss ORDER BY note_id")
        assert rows.fetchall() == [(1, 1), (2, 0)]
        rows = database.execute_sql("SELECT card_id, version, deed, before FROM journal")
        assert rows.fetchall() == [(1, 3, "Flag", "[]")]
        assert database.execute_sql("PRAGMA foreign_key_check").fetchall() == []


# Two items missed on day 5, one of them by a guess, as the second schema kept them.
OLD = (
    "INSERT INTO learner SELECT 1, 'You', 0, 'UTC', 4, 0.9, 20, 200, '1 10', '10', 36500, 8, 1, 0,"
    " 1, 1, 0, 1, 0, NULL, 0, 0, 0",
    "INSERT INTO deck (id, key, family, parent, name, description, topic, outline, origin, licence,"
    " updated, position, digest, retired)"
    " VALUES (1, 'd', 'prerequisites', '', 'D', '', '', '[]', '', '', '', 0, '', 0)",
    *(
        "INSERT INTO note (id, deck_id, key, kind, fields, faces, topic, tags, reference, works,"
        f" domains, objective, level, pool, position, digest, retired) VALUES ({n}, 1, 'n{n}',"
        " 'choice', '{}', '[]', '', '[]', '', '[]', '[]', '', '', 'study', 0, '', 0)"
        for n in (1, 2)
    ),
    *(
        "INSERT INTO card (id, note_id, deck_id, ord, rank, shuffle, retired)"
        f" VALUES ({n}, {n}, 1, 0, 0, 0, 0)"
        for n in (1, 2)
    ),
    *(
        "INSERT INTO review (learner_id, card_id, version, mode, rating, at, study_day,"
        " milliseconds, state_before, state_after, interval, answer, first_exposure)"
        f" VALUES (1, {n}, 0, 'due', 1, 0, 5, 0, 0, 1, 0, '{answer}', 1)"
        for n, answer in ((1, '{"confidence": "guess"}'), (2, '{"confidence": "sure"}'))
    ),
    *(
        "INSERT INTO miss (learner_id, note_id, since, cause, sure, right_days, closed)"
        f" VALUES (1, {n}, 5, '', 0, '[]', 0)"
        for n in (1, 2)
    ),
    "INSERT INTO journal (learner_id, card_id, version, at, study_day, deed, before)"
    " VALUES (1, 1, 3, 0, 5, 'Flag', '[]')",
)


def test_data_of_a_newer_version_is_refused_in_words(database: Database) -> None:
    database.execute_sql(
        "INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '2030-01-01')"
    )
    with pytest.raises(schema.NewerSchema, match="newer version of quizapp"):
        schema.migrate(database)


def test_an_acknowledged_answer_survives_a_power_cut(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.connection_context():
        pragma = {
            name: database.execute_sql(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_unknown_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must begin with sqlite: or postgresql:"):
        open_database("mysql://localhost/x")
