"""Migrations and models agree, on both databases."""

from pathlib import Path

import pytest
from peewee import Database
from playhouse.schema_diff import diff_models

from quizapp.storage import models, schema
from quizapp.storage.database import open_database


def test_the_migrations_build_what_the_models_say(database: Database) -> None:
    assert not diff_models(database, models.TABLES)


def test_migrating_again_does_nothing(database: Database) -> None:
    assert schema.migrate(database) == []
    assert not schema.pending(database)


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
