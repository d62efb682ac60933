"""Migrations and models agree, on both databases."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peewee import CompositeKey, Database, ForeignKeyField
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from quizapp.storage import models, schema
from quizapp.storage.database import bind, open_database


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


# One row in each table of the first release, in an order that its references allow.
RELEASED = """
INSERT INTO learner VALUES (1, 'A', 0, 'UTC', 4, 0.9, 20, 200, '1 10', '10', 36500, 8, {yes},
    {no}, {yes}, {yes}, {no}, {yes}, {no}, NULL, 0, 0, 0);
INSERT INTO deck VALUES (1, NULL, 'd', 'responsibilities', '', 'D', '', '', '[]', '', '', '', 0,
    'x', {no});
INSERT INTO note VALUES (1, 1, 'n', 'choice', '{{}}', '[]', '', '[]', '', '[]', '[]', '', '',
    'mock', 0, 'x', {no});
INSERT INTO note VALUES (2, 1, 'm', 'choice', '{{}}', '[]', '', '[]', '', '[]', '[]', '', '',
    'mock', 1, 'x', {no});
INSERT INTO card VALUES (1, 1, 1, 0, 0, 0, {no});
INSERT INTO enrolment VALUES (1, 1, NULL, NULL, NULL, 0, 0);
INSERT INTO memory VALUES (1, 1, 1, 1, 0, 1, 0, 0, 0, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0,
    0, {no}, {no}, 0, NULL, {no});
INSERT INTO review VALUES (1, 1, 1, 0, 'due', 3, 0, 20000, NULL, 5, 0, NULL, NULL, NULL, 2, 3.0,
    5.0, 3, 0, NULL, {yes});
INSERT INTO journal VALUES (1, 1, 1, 1, 0, 20000, 'answer', '{{}}', NULL);
INSERT INTO note_edit VALUES (1, 1, '{{}}', '[]', 0);
INSERT INTO blueprint VALUES ('T-1', 0, '{{}}');
INSERT INTO work VALUES ('w', 'W');
INSERT INTO snapshot VALUES ('s', '{{"options": [{{"correct": false}}, {{"correct": true}}]}}', '');
INSERT INTO paper VALUES (1, 1, 'T-1', 'T', 1, '1', 0.7, 0, NULL, 5, NULL, NULL);
INSERT INTO paper VALUES (2, 1, 'T-1', 'T', 1, '1', 0.7, 0, NULL, NULL, NULL, NULL);
INSERT INTO paper_item VALUES (1, 1, 1, 's', 'D1', {no}, '[0, 1]', '[0, 1]', 'sure', {no}, '[]',
    {yes}, 0);
INSERT INTO paper_item VALUES (1, 2, 2, 's', 'D1', {yes}, '[0, 1]', '[1, 0]', 'sure', {no}, '[]',
    {yes}, 0);
INSERT INTO paper_item VALUES (1, 3, 2, 's', 'D2', {no}, '[0, 1]', '[1, -1]', '', {no}, '[]',
    {yes}, 0);
INSERT INTO paper_item VALUES (2, 1, 1, 's', 'D1', {no}, '[0, 1]', '[]', '', {no}, '[]', {no}, 0);
INSERT INTO pick VALUES (1, 1, 'P', '[1]', 0);
INSERT INTO miss VALUES (1, 1, 20000, '', {no}, '[]', {no});
INSERT INTO goal VALUES (1, 1, 'T-1', 'T', '2030-01-01', NULL, '[5,5,5,5,5,5,5]', '[]', 0.7, 0.0,
    0, NULL, NULL);
INSERT INTO plan VALUES (1, 20000, {no}, '{{"goals": []}}');
INSERT INTO plan_card VALUES (1, 20000, 0, 1)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the first release (0001 and 0002) with rows in every table."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if request.param == "postgres":
        blank: Callable[[], str] = request.getfixturevalue("blank_postgres")
        url = blank()
    opened = open_database(url)
    bind(opened)
    opened.connect()
    Runner(opened, str(schema.MIGRATIONS)).up("0002_exams")
    words = ("true", "false") if request.param == "postgres" else ("1", "0")
    for statement in RELEASED.format(yes=words[0], no=words[1]).split(";\n"):
        opened.execute_sql(statement)
    yield opened
    opened.close()
    if hasattr(opened, "close_all"):
        opened.close_all()


def test_a_stored_database_of_the_first_release_keeps_every_row(released: Database) -> None:
    def everything() -> dict[str, list[dict[str, object]]]:
        found = {}
        for table in released.get_tables():
            cursor = released.execute_sql(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found[table] = sorted(rows, key=str)
        return found

    before = everything()
    assert all(rows for rows in before.values())
    schema.migrate(released)
    after = everything()
    for rows in before["plan"]:
        del rows["begun"]
    for name, rows in before.items():
        if name == "schema_migration":
            continue
        kept = [{k: row[k] for k in rows[0]} for row in after[name]]
        assert sorted(kept, key=str) == sorted(rows, key=str), name
    scores = {row["id"]: row["score"] for row in after["paper"]}
    assert json.loads(str(scores[1])) == {
        "all": [1, 3], "first": [1, 2], "blank": 1, "repeats": 1,
        "domains": {"D1": [1, 2], "D2": [0, 1]}, "confidence": {"sure": [1, 2]},
    }  # fmt: skip
    assert scores[2] is None, "it is not handed in"
    assert not diff_models(released, models.TABLES)


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


def test_whatever_hangs_on_a_note_or_a_card_is_found_by_it() -> None:
    """Where one is deleted the database looks for it; without an index, in every row."""
    for table in models.TABLES:
        key = table._meta.primary_key
        led_by = {key.field_names[0] if isinstance(key, CompositeKey) else key.name}
        for index in table._meta.fields_to_index():
            led_by.add(index._expressions[0].name)
        for name, field in table._meta.fields.items():
            if isinstance(field, ForeignKeyField) and field.rel_model in (models.Note, models.Card):
                assert name in led_by, f"{table.__name__}.{name}"
