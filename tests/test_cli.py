"""The commands, as somebody types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from quizapp.formats import markdown
from quizapp.storage.models import Memory, Note
from tests import samples
from tests.conftest import Visitor
from tests.running import ROOT, RunningApp


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=list(arguments))


def test_migrating_again_says_that_all_is_well(app: Flask) -> None:
    assert "up to date" in run(app, "migrate").output


def test_loading_says_what_is_new(app: Flask, deck_folder: Path) -> None:
    assert "1 decks, nothing new." in run(app, "load").output
    samples.write(deck_folder, samples.EVERY_KIND + samples.plain(11))
    assert "1 decks: 1 new items." in run(app, "load").output


def test_a_broken_deck_file_is_named_and_nothing_is_loaded(app: Flask, deck_folder: Path) -> None:
    count = Note.select().count()
    samples.write(deck_folder, samples.plain(3) + "\nQ: no answer\n")
    result = run(app, "load")
    assert result.exit_code == 1
    assert "r03-risk.md:" in result.output
    assert "No deck was loaded." in result.output
    assert Note.select().count() == count


def test_lint_names_what_an_item_lacks(app: Flask, tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "other", "Q: What is risk?\nA: Effect of uncertainty\n")
    result = run(app, "lint", str(folder))
    assert result.exit_code == 0, "warnings are advice"
    for said in (
        "C16 The item has no ID",
        "C10 The item has no reference",
        "C12",
        "r03-risk.md:10:",
    ):
        assert said in result.output
    assert "1 file: 0 errors, 3 warnings, 0 notes." in result.output


def test_lint_ends_with_1_on_an_error_and_can_speak_json(app: Flask, tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "other", samples.EVERY_KIND)
    result = run(app, "lint", "--json", str(folder))
    assert result.exit_code == 1
    (error,) = [f for f in json.loads(result.output) if f["severity"] == "error"]
    assert (error["rule"], error["key"]) == ("M32", "t-m-launch")
    assert error["remedy"].startswith("Say in the head")


def test_lint_reads_on_after_a_file_that_does_not_parse(app: Flask, tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "other", "Q: no answer\n", stem="r01-broken")
    samples.write(folder, "Q: What is risk?\nA: Effect of uncertainty\n")
    result = run(app, "lint", str(folder))
    assert result.exit_code == 1
    assert "r01-broken.md:10: error file expected an answer" in result.output
    assert "r03-risk.md" in result.output


@pytest.mark.parametrize("how", [[], ["--json"], ["--write-ids"]])
def test_lint_of_no_deck_ends_with_2(app: Flask, tmp_path: Path, how: list[str]) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("# About\n")
    result = run(app, "lint", str(tmp_path / "other"), *how)
    assert result.exit_code == 2
    assert "No deck files found" in result.output


def test_lint_counts_files_and_one_of_a_kind(app: Flask, tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "other", "Q: no answer\n", stem="r01-broken")
    samples.write(folder, "Q: no answer\n", stem="r02-broken")
    assert run(app, "lint", str(folder)).output.endswith(
        "2 files: 2 errors, 0 warnings, 0 notes.\n"
    )
    (folder / "responsibilities" / "r02-broken.md").unlink()
    assert run(app, "lint", str(folder)).output.endswith("1 file: 1 error, 0 warnings, 0 notes.\n")


def test_lint_needs_no_data(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "other", samples.plain(1))
    (tmp_path / "taken").write_text("a file where the folder would be")
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "lint", str(folder)],
        check=False,
        cwd=ROOT,
        env=os.environ | {"QUIZAPP_DATA": str(tmp_path / "taken" / "data")},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.stdout.startswith(str(folder)) or ended.stdout.startswith("1 file: ")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ids_are_written_where_they_lack_and_keep_the_history(app: Flask, tmp_path: Path) -> None:
    bare = "Q: What is risk?\nA: Effect of uncertainty\nRef: ISO 31000:2018\n\n# Next\n"
    bare += "C: Risk that stays is [residual].\n\n" + samples.plain(1)
    folder = samples.write(tmp_path / "other", bare)
    path = folder / "responsibilities" / "r03-risk.md"
    before = markdown.read(path.read_text(), "x", "x")
    run(app, "lint", "--write-ids", str(folder))
    after = markdown.read(path.read_text(), "x", "x")
    assert [note.key for note in after.notes] == [note.key for note in before.notes]
    assert all(note.has_id for note in after.notes)
    assert (
        path.read_text()
        .replace(f"ID: {before.notes[0].key}\n", "")
        .replace(f"ID: {before.notes[1].key}\n", "")
        == samples.HEAD.format(name="Risk") + bare
    )
    once = path.read_text()
    run(app, "lint", "--write-ids", str(folder))
    assert path.read_text() == once


def test_rebuilding_repairs_a_memory_that_went_wrong(app: Flask, visitor: Visitor) -> None:
    card = Memory.select().order_by(Memory.turn).get().card
    visitor.post("/study/all/reviews", card=card, version=0, rating=4)
    right = Memory.get(Memory.card == card).stability
    Memory.update(stability=99.0).where(Memory.card == card).execute()
    assert "1 memories changed." in run(app, "rebuild").output
    assert Memory.get(Memory.card == card).stability == right


def test_a_second_start_says_where_and_changes_nothing(tmp_path: Path) -> None:
    decks = samples.write(tmp_path / "decks", samples.plain(300))
    app = RunningApp(tmp_path / "data", decks)
    app.start()
    app.kill()
    try:
        app.start()
        log = (tmp_path / "data" / "server.log").read_text()
        assert f"quizapp is ready: {app.url}" in log
        assert "1 decks, nothing new." in log
    finally:
        app.kill()


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    decks = samples.write(tmp_path / "decks", samples.plain(3))
    with RunningApp(tmp_path / "data", decks) as first:
        second = RunningApp(tmp_path / "other", decks)
        second.port = first.port
        assert second.launch().wait(20) == 1
        log = (second.data / "server.log").read_text()
        assert "already" in log
        assert "QUIZAPP_PORT" in log
        assert "Traceback" not in log
