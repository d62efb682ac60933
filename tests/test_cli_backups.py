"""backup, restore and check, as somebody types them."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from peewee import Database, SqliteDatabase

from quizapp.storage import schema
from quizapp.storage.models import Card, Memory, Note, Review
from tests import samples
from tests.benchmarks.server import Browser
from tests.conftest import Visitor
from tests.running import ROOT, RunningApp


def run(app: Flask, *arguments: str, input: str | None = None) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=list(arguments), input=input)


def answer(visitor: Visitor) -> None:
    card = Memory.select().where(Memory.reps == 0).order_by(Memory.turn).get().card
    visitor.post("/study/all/reviews", card=card, version=0, rating=4)


def undo_named_in(output: str) -> str:
    return output.rpartition("restore ")[2].strip()


def test_a_backup_is_made_listed_restored_and_taken_back(app: Flask, visitor: Visitor) -> None:
    answer(visitor)
    made = run(app, "backup")
    assert made.exit_code == 0, made.output
    assert made.output.startswith(f"Backed up 1 deck, {Card.select().count()} cards, 1 answer: ")
    name = made.output.rpartition(": ")[2].strip()
    answer(visitor)
    listed = run(app, "restore").output
    assert name in listed
    assert "flask --app wsgi restore NAME" in listed
    restored = run(app, "restore", name)
    assert restored.exit_code == 0, restored.output
    assert "Restored 1 deck" in restored.output
    assert Review.select().count() == 1
    assert run(app, "restore", undo_named_in(restored.output)).exit_code == 0
    assert Review.select().count() == 2


def test_a_backup_in_a_file_restores(app: Flask, visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "carried away.zip"
    assert run(app, "backup", str(file)).exit_code == 0
    answer(visitor)
    assert run(app, "restore", str(file)).exit_code == 0
    assert Review.select().count() == 0


def test_an_older_backup_is_written_over(app: Flask, visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "quizapp-Mon.zip"
    run(app, "backup", str(file))
    answer(visitor)
    assert run(app, "backup", str(file)).exit_code == 0
    run(app, "restore", str(file))
    assert Review.select().count() == 1


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("how", [Path, Path.symlink_to, Path.hardlink_to])
def test_the_database_is_never_written_over(
    app: Flask, visitor: Visitor, database: Database, tmp_path: Path, force: list[str], how: Any
) -> None:
    if not isinstance(database, SqliteDatabase):
        return
    live = file = tmp_path / "quizapp.db"
    if how is not Path:
        file = tmp_path / "evening.zip"
        how(file, live)
    result = run(app, "backup", str(file), *force)
    assert result.exit_code == 1
    assert "is the database itself" in result.output
    assert live.read_bytes().startswith(b"SQLite format 3")


def test_another_file_is_written_over_only_when_forced(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir")
    result = run(app, "backup", str(file))
    assert result.exit_code == 1
    assert "is there already and is no backup" in result.output
    assert file.read_text() == "Dear Sir"
    assert run(app, "backup", str(file), "--force").exit_code == 0
    assert run(app, "restore", str(file)).exit_code == 0


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_file_is_never_written_over(
    app: Flask, tmp_path: Path, force: list[str]
) -> None:
    pipe = tmp_path / "pipe.zip"
    os.mkfifo(pipe)
    result = run(app, "backup", str(pipe), *force)
    assert result.exit_code == 1
    assert "is no file" in result.output
    assert pipe.is_fifo()


def test_before_the_first_backup_the_list_says_how_to_make_one(app: Flask) -> None:
    assert "Make one: flask --app wsgi backup" in run(app, "restore").output


@pytest.mark.parametrize("name", ["nothing", "../x", "2026-01-15-day-00000000"])
def test_a_backup_that_is_not_there_is_said(app: Flask, name: str) -> None:
    result = run(app, "restore", name)
    assert result.exit_code == 1
    assert f"There is no backup “{name}”" in result.output


def test_a_file_that_is_no_backup_is_refused(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "holiday.zip"
    file.write_bytes(b"PK\x03\x04" + bytes(100))
    result = run(app, "restore", str(file))
    assert result.exit_code == 1
    assert "holiday.zip is not a backup of quizapp" in result.output
    assert "Nothing was changed" in result.output


def test_a_file_that_cannot_be_written_is_said(app: Flask, tmp_path: Path) -> None:
    result = run(app, "backup", str(tmp_path / "nowhere" / "x.zip"))
    assert result.exit_code == 1
    assert "The file cannot be written" in result.output


def test_migrating_backs_up_first(app: Flask, tmp_path: Path) -> None:
    path = Path(app.config["QUIZAPP"].data) / "app.db"
    Card._meta.database.close()
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    old = SqliteDatabase(str(path))
    schema.build(old, schema.known()[0])
    old.close()
    result = run(app, "migrate")
    assert result.exit_code == 0, result.output
    assert "Backed up what was there before the update: " in result.output
    assert "applied 0002_exams" in result.output
    (backup,) = (tmp_path / "backups").glob("*-migration-*.zip")
    assert "up to date" in run(app, "migrate").output
    assert list((tmp_path / "backups").glob("*.zip")) == [backup]


def test_where_no_backup_can_be_made_nothing_is_migrated(app: Flask, tmp_path: Path) -> None:
    Card._meta.database.execute_sql("DELETE FROM schema_migration WHERE name = '0002_exams'")
    (tmp_path / "backups").touch()
    result = run(app, "migrate")
    assert result.exit_code == 1
    assert "migrate --without-backup" in result.output
    assert schema.pending(Card._meta.database)


def test_checking_a_sound_collection_ends_with_0(app: Flask, visitor: Visitor) -> None:
    answer(visitor)
    result = run(app, "check")
    assert (result.exit_code, result.output) == (0, "All is well.\n")


def damage(app: Flask) -> None:
    Memory.update(stability=-1.0, state=2).where(Memory.card == 1).execute()


def test_damage_ends_with_1_and_names_the_way_to_repair(app: Flask, visitor: Visitor) -> None:
    damage(app)
    result = run(app, "check")
    assert result.exit_code == 1
    assert "1 memory with an impossible stability." in result.output
    assert "flask --app wsgi check --repair" in result.output


@pytest.mark.parametrize(
    ("column", "text"), [("fields", "{bad json"), ("fields", "[]"), ("tags", "[1]")]
)
def test_who_meets_what_cannot_be_read_is_sent_to_check(
    app: Flask, visitor: Visitor, tmp_path: Path, column: str, text: str
) -> None:
    Note._meta.database.execute_sql(f"UPDATE note SET {column} = '{text}'")
    page = visitor.get("/study/all")
    assert page.status_code == 500
    assert "flask --app wsgi check" in page.text
    result = run(app, "export", str(tmp_path / "a.jsonl"))
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "flask --app wsgi check" in result.output
    result = run(app, "check")
    assert result.exit_code == 1
    assert f"whose {column} cannot be read" in result.output


def test_repairing_asks_first(app: Flask, visitor: Visitor, tmp_path: Path) -> None:
    damage(app)
    result = run(app, "check", "--repair", input="n\n")
    assert result.exit_code == 1
    assert Memory.get(Memory.card == 1).stability == -1.0
    assert not list((tmp_path / "backups").glob("*-repair-*.zip"))


@pytest.mark.parametrize("how", [{"input": "y\n"}, {}])
def test_repairing_backs_up_and_ends_with_0(
    app: Flask, visitor: Visitor, tmp_path: Path, how: dict[str, str]
) -> None:
    damage(app)
    result = run(app, "check", "--repair", *([] if how else ["--yes"]), **how)
    assert result.exit_code == 0, result.output
    assert "Repaired 2 of 2." in result.output
    assert len(list((tmp_path / "backups").glob("*-repair-*.zip"))) == 1
    assert run(app, "check").exit_code == 0


def test_what_cannot_be_repaired_ends_with_1(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "notes.txt").touch()
    damage(app)
    result = run(app, "check", "--repair", "--yes")
    assert result.exit_code == 1
    assert "notes.txt" in result.output
    assert "Repaired 2 of 3." in result.output


def test_what_cannot_be_looked_at_ends_with_2(tmp_path: Path) -> None:
    decks = samples.write(tmp_path / "decks", samples.plain(3))
    code, words = RunningApp(tmp_path / "data", decks).run("check")
    assert code == 2
    assert "migrate" in words
    assert "Traceback" not in words


def flask_on(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command on a data folder, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py"), *words],
        check=False,
        cwd=data.parent,
        env=os.environ | {"QUIZAPP_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("check",), ("export",), ("backup",), ("backup", "elsewhere.zip"), ("import",), ("load",),
        ("rebuild",), ("worker",), ("restore",), ("restore", "2026-01-15-day-00000000"),
    ],
)  # fmt: skip
def test_where_nothing_is_nothing_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    wrong = tmp_path / "wrong"
    ended = flask_on(wrong, *words)
    assert ended.returncode == (2 if words == ("check",) else 1), ended.stderr
    assert "see QUIZAPP_DATA and" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not wrong.exists()


def test_a_backup_can_be_named_as_its_file_is_called(app: Flask, visitor: Visitor) -> None:
    name = run(app, "backup").output.rpartition(": ")[2].strip()
    result = run(app, "restore", f"{name}.zip")
    assert result.exit_code == 0, result.output


def test_a_file_restores_where_nothing_was(app: Flask, visitor: Visitor, tmp_path: Path) -> None:
    answer(visitor)
    file = tmp_path / "b.zip"
    run(app, "backup", str(file))
    new = tmp_path / "new"
    assert flask_on(new, "restore", str(file)).returncode == 0
    assert flask_on(new, "check").stdout == "All is well.\n"
    assert (new / "secret").exists()


def test_each_command_teaches(app: Flask) -> None:
    for command, said in (
        ("backup", "one zip to carry away"),
        ("restore", "what is there now becomes a backup itself"),
        ("check", "0  all is well"),
    ):
        words = " ".join(run(app, command, "--help").output.lower().split())
        assert " ".join(said.split()) in words, command


# With a server that runs


@pytest.fixture
def decks(tmp_path: Path) -> Path:
    return samples.write(tmp_path / "decks", samples.plain(30))


def command(app: RunningApp, *words: str) -> str:
    environment = os.environ | {"QUIZAPP_DATA": str(app.data), "QUIZAPP_DECKS": str(app.decks)}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words], check=False,
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def reviews(app: RunningApp) -> int:
    with closing(sqlite3.connect(app.data / "quizapp.db")) as file:
        return int(file.execute("SELECT count(*) FROM review").fetchone()[0])


def test_a_server_goes_on_after_a_restore_under_it(tmp_path: Path, decks: Path) -> None:
    with RunningApp(tmp_path / "data", decks) as app:
        browser = Browser(app.port)
        browser.answer()
        said = command(app, "backup")
        browser.answer()
        restored = command(app, "restore", said.rpartition(": ")[2].strip())
        assert reviews(app) == 1
        Browser(app.port).answer()
        assert reviews(app) == 2
        command(app, "restore", undo_named_in(restored))
        assert reviews(app) == 2
        Browser(app.port).answer()
        assert reviews(app) == 3
        assert "All is well." in command(app, "check")
    assert "Traceback" not in (app.data / "server.log").read_text()


def test_a_damaged_database_is_restored_from_the_command_line(tmp_path: Path, decks: Path) -> None:
    app = RunningApp(tmp_path / "data", decks)
    with app:
        Browser(app.port).answer()
        name = command(app, "backup").rpartition(": ")[2].strip()
    (app.data / "quizapp.db").write_bytes(bytes(5000))
    assert "is damaged" in command(app, "backup")
    assert "set aside" in command(app, "restore", name)
    assert reviews(app) == 1
    assert "All is well." in command(app, "check")


@pytest.mark.slow
def test_a_migration_killed_at_any_moment_leaves_old_or_new(tmp_path: Path, decks: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    chance = Random(5)
    for _ in range(6):
        shutil.rmtree(data)
        data.mkdir()
        old = SqliteDatabase(str(data / "quizapp.db"))
        schema.build(old, schema.known()[0])
        old.execute_sql("INSERT INTO work (name, title) VALUES ('A', 'B')")
        old.close()
        process = RunningApp(data, decks).launch("migrate")
        time.sleep(0.5 + chance.random())
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with closing(sqlite3.connect(data / "quizapp.db")) as file:
            names = [n for (n,) in file.execute("SELECT name FROM schema_migration ORDER BY id")]
            tables = {n for (n,) in file.execute("SELECT name FROM sqlite_master")}
            assert file.execute("SELECT * FROM work").fetchall() == [("A", "B")]
        assert names == schema.known()[: len(names)]
        assert ("goal" in tables) == (len(names) > 1)
        if len(names) > 1:
            assert list((data / "backups").glob("*-migration-*.zip"))
