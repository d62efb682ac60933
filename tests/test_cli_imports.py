"""Bringing decks in and taking them away, as somebody types it."""

import errno
import json
import os
import zipfile
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from quizapp import cli_imports
from quizapp.actions import decks as deck_actions
from quizapp.actions import study as study_actions
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating, State
from quizapp.storage import backups, imports, learners
from quizapp.storage.models import Batch, Deck, Memory, Note, NoteType, Review
from tests.actions.test_imports import bring as bring_package
from tests.cast import card_named, everything
from tests.conftest import NOON
from tests.packing import basic, package
from tests.test_cli import run

ANKI = Path(__file__).parent / "fixtures" / "anki"
MIXED = ANKI / "tiny-mixed.new-sched-media.apkg"
MEDIA = ANKI / "tiny-html-media.new-sched-media.apkg"
BAD = """
    duplicate-zip-entries meta-version-99 no-collection not-a-zip only-dummy-anki2 schema-19
    sqlite-garbage truncated zero-bytes zstd-corrupt
""".split()
TABLE = "Which law?;GDPR;law\nWhich norm?;ISO 27001;norm\n"


@pytest.fixture
def me(app: Flask) -> Learner:
    found = learners.first()
    assert found is not None
    return found


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "terms.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def bring(app: Flask, *arguments: object) -> Result:
    return run(app, "import", *map(str, arguments))


def told(app: Flask, *arguments: object) -> Any:
    return json.loads(bring(app, "--json", *arguments).stdout)


def own_notes() -> int:
    return Note.select().where(Note.key.startswith("own/")).count()


def backs() -> list[str]:
    return sorted(row.fields["Back"] for row in Note.select().where(Note.batch.is_null(False)))


def own_decks(me: Learner) -> set[str]:
    return {name for _, name in imports.own_decks(me.id).values()}


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def shelf_of(app: Flask) -> list[str]:
    return [backup.reason.value for backup in backups.listed(app.config["QUIZAPP"].shelf)[0]]


# Importing


@pytest.mark.parametrize(
    ("arguments", "stands"),
    [
        ((), "In my words"),
        (("--wording", "mine"), "In my words"),
        (("--wording", "file"), "GDPR 2"),
    ],
)
def test_whose_wording_stays_is_ones_own_choice(
    app: Flask, me: Learner, table: Path, arguments: tuple[str, ...], stands: str
) -> None:
    bring(app, table)
    key = next(row.key for row in Note.select() if row.fields.get("Back") == "GDPR")
    card = card_named(me, key)
    deck_actions.edit_note(me, card.id, card.version, {**card.fields, "Back": "In my words"}, NOON)
    table.write_text(TABLE.replace("GDPR", "GDPR 2"), encoding="utf-8")
    result = bring(app, *arguments, table)
    assert "in conflict" in result.output and "--wording" in result.output
    assert card_named(me, key).fields["Back"] == stands


def test_a_package_is_imported_and_the_way_back_is_said(app: Flask) -> None:
    result = bring(app, MIXED)
    assert result.exit_code == 0
    assert "new               140  175 cards" in result.output
    assert "Imported tiny-mixed.new-sched-media.apkg: 140 added." in result.output
    assert "flask --app wsgi import --undo 1" in result.output
    assert own_notes() == 140


def test_what_was_there_is_backed_up_before(app: Flask) -> None:
    assert "Backed up what was there before: 2026-01-15-import-" in bring(app, MIXED).output
    (made,) = backups.listed(app.config["QUIZAPP"].shelf)[0]
    assert made.reason == "import"
    assert made.counts["note_type"] == 0


def test_several_files_are_an_import_each_with_one_backup(app: Flask, table: Path) -> None:
    result = bring(app, MEDIA, table)
    assert result.exit_code == 0
    assert [row.title for row in Batch.select().order_by(Batch.id)] == [MEDIA.name, "terms.csv"]
    assert shelf_of(app) == ["import"]


def test_importing_again_changes_nothing(app: Flask) -> None:
    bring(app, "--progress", MIXED)
    before = everything()
    result = bring(app, "--progress", MIXED)
    assert "140 same" in result.output
    after = everything()
    for tables in (before, after):
        del tables["batch"]
    assert after == before


def test_nothing_of_the_file_stays_beside_the_database(app: Flask, tmp_path: Path) -> None:
    bring(app, MIXED)
    assert files_below(tmp_path / "imports") == set()


def test_progress_comes_along_only_when_asked_for(app: Flask) -> None:
    sched = ANKI / "tiny-states-fsrs.new-sched.apkg"
    result = bring(app, sched)
    assert "--progress brings it along" in result.stderr
    assert Review.select().count() == 0
    bring(app, "--progress", "--update", "always", sched)
    assert Review.select().count() > 0


def test_a_whole_collection_is_ones_own(app: Flask) -> None:
    bring(app, ANKI / "tiny-states-fsrs.new.colpkg")
    assert Review.select().count() > 0


def test_a_whole_collection_can_begin_anew(app: Flask) -> None:
    bring(app, "--no-progress", ANKI / "tiny-states-fsrs.new.colpkg")
    assert Review.select().count() == 0
    assert {row.state for row in Memory.select()} == {State.NEW}


def test_undo_leaves_nothing_of_an_import(app: Flask) -> None:
    before = everything()
    bring(app, "--progress", MIXED)
    result = bring(app, "--undo", 1)
    assert result.exit_code == 0
    assert f"Undone: {MIXED.name}." in result.output
    after = everything()
    assert [row[3] for row in after.pop("batch")] == ["'undone'"]
    del before["batch"]
    assert after == before


def test_undo_of_what_is_not_there_is_refused(app: Flask) -> None:
    result = bring(app, "--undo", 7)
    assert result.exit_code == 1
    assert "There is no import 7." in result.output


def test_undo_says_which_answers_go(app: Flask, me: Learner, table: Path) -> None:
    bring(app, table)
    card = Memory.get(Memory.note == Note.get(Note.batch == 1).id).card
    study_actions.answer_card(me, card, 0, Rating.GOOD, NOON, 5_000)
    result = bring(app, "--undo", 1)
    assert "1 answer given since to its cards would be gone." in result.output


def test_without_a_file_the_imports_are_listed(app: Flask, table: Path) -> None:
    assert "Nothing was imported yet." in bring(app).output
    bring(app, table)
    result = bring(app)
    assert result.exit_code == 0
    assert "1  2026-01-15 12:00  terms.csv: imported, 2 new notes" in result.output


# Deciding


def test_a_deck_takes_everything_that_names_decks_under_it(app: Flask, me: Learner) -> None:
    bring(app, "--deck", "From Eve", ANKI / "tiny-decks-tags.new-sched-media.apkg")
    assert all(name.split("::")[0] == "From Eve" for name in own_decks(me))
    assert len(own_decks(me)) > 2


def test_a_deck_takes_a_table_that_names_none_into_it(app: Flask, me: Learner, table: Path) -> None:
    assert bring(app, "--deck", "ISO", table).exit_code == 0
    assert own_decks(me) == {"ISO"}


def test_a_deck_stands_above_those_of_a_table_that_names_some(
    app: Flask, me: Learner, tmp_path: Path
) -> None:
    path = tmp_path / "terms.csv"
    path.write_text("Front,Back,Deck\nWhat?,That,Law\nWho?,They,\n")
    bring(app, "--deck", "ISO", path)
    assert own_decks(me) == {"ISO", "ISO::Law", "ISO::terms"}


def test_what_the_file_no_longer_has_is_set_aside_on_request(
    app: Flask, me: Learner, table: Path
) -> None:
    bring(app, "--deck", "Terms", table)
    table.write_text(TABLE.splitlines()[0] + "\n")
    (seen,) = told(app, "--deck", "Terms", "--dry-run", table)
    assert seen["counts"]["gone"] == 1
    bring(app, "--deck", "Terms", table)
    assert Memory.select().where(Memory.queue == Queue.RETIRED).count() == 0
    bring(app, "--deck", "Terms", "--set-aside", table)
    assert Memory.select().where(Memory.queue == Queue.RETIRED).count() == 1


def test_notes_that_are_here_can_be_left_alone(app: Flask, table: Path) -> None:
    bring(app, table)
    table.write_text(TABLE.replace("GDPR", "DORA"))
    bring(app, "--update", "never", table)
    assert backs() == ["GDPR", "ISO 27001"]
    bring(app, table)
    assert backs() == ["DORA", "ISO 27001"]


def test_a_table_that_keeps_what_is_here_is_heard(app: Flask, table: Path) -> None:
    bring(app, table)
    head = "#separator:semicolon\n#if matches:keep current\n"
    table.write_text(head + TABLE.replace("GDPR", "DORA"))
    bring(app, table)
    assert backs() == ["GDPR", "ISO 27001"]
    bring(app, "--update", "newer", table)
    assert backs() == ["DORA", "ISO 27001"]


def test_rows_without_an_id_are_the_notes_of_a_package(app: Flask, tmp_path: Path) -> None:
    bring(app, MIXED)
    table = tmp_path / "more.csv"
    table.write_text("sep=;\nCapital of France?;Lutetia\nCapital of nowhere?;None\n")
    seen = bring(app, "--dry-run", table).output
    assert "changed: Capital of France? (row 2): Back" in seen
    assert "Rows without an ID that ask the same as a note here: 1." in seen
    assert "1 added, 1 updated" in bring(app, table).output
    assert own_notes() == 141


def test_a_changed_field_is_named(app: Flask, table: Path) -> None:
    bring(app, table)
    table.write_text(TABLE.replace("GDPR", "DORA"))
    assert "changed: Which law? (row 1): Back" in bring(app, "--dry-run", table).output


def test_what_others_wrote_gives_the_terminal_no_commands(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    head = {"format": "quizapp", "version": 1, "source": "jsonl"}
    for back in ("GDPR", "DORA"):
        fields = {"front": "\x1b[2JWhich law?", "back": back}
        note = {"key": "x", "kind": "basic", "fields": fields, "deck": "Law"}
        lines = [head, {"deck": {"name": "Law"}}, {"note": note}]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        result = bring(app, path)
    assert "changed:  [2JWhich law?" in result.output
    assert "\x1b" not in result.output


def test_origin_and_licence_stay_with_the_deck(app: Flask, table: Path) -> None:
    bring(app, "--origin", "A colleague", "--licence", "CC BY 4.0", table)
    deck = Deck.get(Deck.name == "terms")
    assert (deck.origin, deck.licence) == ("A colleague", "CC BY 4.0")


def test_columns_of_a_table_go_where_one_says(app: Flask, me: Learner, table: Path) -> None:
    assert bring(app, "--columns", "back, FRONT, -", table).exit_code == 0
    first = Note.select().where(Note.batch == 1).order_by(Note.id).get()
    assert first.fields == {"Front": "GDPR", "Back": "Which law?"}


def test_a_table_is_read_as_one_says(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("Term|Meaning\n<b>Risk</b>|Effect of uncertainty\n")
    bring(
        app, "--separator", "pipe", "--header-row", "--html", "--notetype",
        "basic (and reversed card)", path,
    )  # fmt: skip
    note = Note.get(Note.batch == 1)
    assert note.fields == {"Front": "<b>Risk</b>", "Back": "Effect of uncertainty"}
    assert NoteType.get_by_id(note.notetype).name == "Basic (and reversed card)"


def test_a_cell_is_text_on_request(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("<b>Risk</b>\tEffect\n")
    bring(app, "--no-html", "--no-header-row", path)
    assert Note.get(Note.batch == 1).fields["Front"] == "&lt;b&gt;Risk&lt;/b&gt;"


def test_a_folder_is_its_decks(app: Flask, me: Learner, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "Law").mkdir(parents=True)
    (folder / "Law" / "EU.md").write_text("Q: What?\nA: That\n")
    (folder / "Risk.md").write_text("C: Risk is [uncertain].\n")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("Q: Hidden?\nA: Yes\n")
    (folder / "todo.txt").write_text("nothing")
    assert bring(app, folder).exit_code == 0
    assert own_decks(me) == {"Law", "Law::EU", "Risk"}
    assert Batch.get().title == "notes"


# Asking


@pytest.mark.parametrize(("answer", "code", "notes"), [("y\n", 0, 2), ("n\n", 1, 0)])
def test_somebody_at_a_terminal_is_asked(
    app: Flask, table: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, notes: int
) -> None:
    monkeypatch.setattr(cli_imports, "_somebody_is_there", lambda: True)
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["import", str(table)], input=answer)
    assert "Import this?" in result.stderr
    assert (result.exit_code, own_notes()) == (code, notes)


def test_whoever_says_yes_is_not_asked(
    app: Flask, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_imports, "_somebody_is_there", lambda: True)
    assert bring(app, "--yes", table).exit_code == 0
    assert own_notes() == 2


# Looking


def test_a_dry_run_writes_nothing(app: Flask, tmp_path: Path) -> None:
    before, files = everything(), files_below(tmp_path)
    result = bring(app, "--dry-run", MIXED)
    assert result.exit_code == 0
    assert "new               140  175 cards" in result.output
    assert everything() == before
    assert files_below(tmp_path) == files


def test_json_says_what_happened(app: Flask, table: Path) -> None:
    table.write_text(TABLE + "one;two;three;four\n")
    (done,) = told(app, table)
    assert (done["state"], done["import"], done["source"]) == ("done", 1, "text")
    assert (done["result"]["added"], done["counts"]["new"]) == (2, 2)
    assert done["lists"]["refused"][0]["where"] == "row 3"


def test_json_says_what_would_happen_and_what_cannot(app: Flask, tmp_path: Path) -> None:
    looked, missing = told(app, "--dry-run", MIXED, tmp_path / "nowhere.apkg")
    assert (looked["state"], looked["import"], looked["counts"]["new"]) == ("looked", None, 140)
    assert (missing["state"], missing["said"][:21]) == ("refused", "There is no such file")


# Refusing


def test_a_missing_file_is_said_and_nothing_is_noted(app: Flask, tmp_path: Path) -> None:
    result = bring(app, tmp_path / "nowhere.apkg")
    assert result.exit_code == 1
    assert "nowhere.apkg: There is no such file." in result.stderr
    assert Batch.select().count() == 0
    assert files_below(tmp_path / "imports") == set()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_a_sentence_and_leaves_all_as_it_was(
    app: Flask, tmp_path: Path, name: str
) -> None:
    path = ANKI / "bad" / f"{name}.apkg"
    before = everything()
    result = bring(app, path)
    after = everything()
    assert [before.pop("batch"), [row[3] for row in after.pop("batch")]] == [[], ["'failed'"]]
    assert after == before
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}: ")
    assert "Traceback" not in result.output
    assert files_below(tmp_path / "imports") == files_below(tmp_path / "media") == set()


def test_a_file_that_could_not_be_read_is_listed_as_that(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "bad.apkg").write_bytes(b"PK\x03\x04" + bytes(100))
    bring(app, tmp_path / "bad.apkg")
    assert "bad.apkg: could not be read" in bring(app).output
    assert files_below(app.config["QUIZAPP"].imports) == set()


def test_a_full_disk_is_no_question_of_who_may_read(
    app: Flask, tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli_imports, "_copied", full)
    monkeypatch.setattr("quizapp.actions.exports.write", full)
    for result in (bring(app, table), export(app, tmp_path / "a.apkg")):
        assert result.exit_code == 1
        assert "The disk is full, so nothing was saved. Make room" in result.output
        assert "who may" not in result.output and "belongs to you" not in result.output


def test_what_is_no_file_is_refused(app: Flask) -> None:
    result = bring(app, "--yes", "/dev/zero")
    assert result.exit_code == 1
    assert "This is no file but a device" in result.output


@pytest.mark.parametrize("way", ["file", "pipe", "-"])
def test_what_is_too_large_is_not_copied_to_its_end(
    app: Flask, tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(cli_imports, "MAX_UPLOAD", 10)
    result = brought_by(app, tmp_path, table, way)
    assert result.exit_code == 1
    assert "so it was not taken" in result.output
    assert files_below(app.config["QUIZAPP"].imports) == set()


@pytest.mark.parametrize("way", ["pipe", "-"])
def test_what_another_program_gives_is_taken(
    app: Flask, tmp_path: Path, table: Path, way: str
) -> None:
    result = brought_by(app, tmp_path, table, way)
    assert result.exit_code == 0, result.output
    assert own_notes() > 0


def brought_by(app: Flask, tmp_path: Path, table: Path, way: str) -> Result:
    if way == "file":
        return bring(app, "--yes", table)
    if way == "-":
        with app.app_context():
            runner = app.test_cli_runner()
            return runner.invoke(args=["import", "--yes", "-"], input=table.read_bytes())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(table.read_bytes()), daemon=True)
    writer.start()
    return bring(app, "--yes", pipe)


def test_a_bad_file_does_not_stop_the_others(app: Flask, tmp_path: Path, table: Path) -> None:
    bad = tmp_path / "bad.apkg"
    bad.write_bytes(b"PK\3\4 no package")
    result = bring(app, bad, table)
    assert result.exit_code == 3
    assert own_notes() == 2


def test_refused_rows_are_named_and_the_rest_is_taken(app: Flask, table: Path) -> None:
    table.write_text(TABLE + "one;two;three;four\n")
    result = bring(app, table)
    assert result.exit_code == 3
    assert "refused, row 3: It has 4 columns where 3 are expected." in result.output
    assert own_notes() == 2


def test_a_file_of_refused_rows_only_is_no_import(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    path.write_text("Q: What?\n")
    result = bring(app, path)
    assert result.exit_code == 1
    assert "refused, line 1:" in result.output
    assert [row.state for row in Batch.select()] == ["dropped"]
    assert shelf_of(app) == []


def test_without_a_backup_nothing_is_imported_unless_asked(
    app: Flask, tmp_path: Path, table: Path
) -> None:
    (tmp_path / "backups").write_text("in the way")
    result = bring(app, table)
    assert result.exit_code == 1
    for said in ("nothing was imported", "QUIZAPP_BACKUPS", "--without-backup"):
        assert said in result.stderr
    assert own_notes() == 0
    assert bring(app, "--without-backup", table).exit_code == 0
    assert own_notes() == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--update", "sometimes"), "newer"),
        (("--notetype", "Basics"), "There is no note type “Basics”. There are: Basic"),
        (("--separator", "dot"), "“dot” is no separator"),
        (("--columns", "front,back,date"), "No note type has all the fields"),
        (("--notetype", "Cloze", "--columns", "front"), "has no field “front”"),
        (("--deck", "x" * 300), "The deck is longer than 200 characters."),
        (("--undo", "1"), "leave FILE away"),
        (("--undo", "first"), "not a valid integer"),
        (("--nowhere",), "No such option"),
    ],
)
def test_a_wrong_option_is_said_and_nothing_is_done(
    app: Flask, table: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = bring(app, *arguments, table)
    assert result.exit_code == 2
    assert said in result.stderr
    assert Batch.select().count() == 0


def test_an_option_for_tables_is_said_to_mean_nothing_elsewhere(app: Flask) -> None:
    assert "This file is no table" in bring(app, "--html", MEDIA).output


# Exporting


def export(app: Flask, *arguments: object) -> Result:
    return run(app, "export", *map(str, arguments))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("out.apkg", ()),
        ("old.apkg", ("--as", "apkg-legacy")),
        ("out.zip", ()),
        ("out.jsonl", ()),
    ],
)
def test_what_was_exported_comes_back_without_a_change(
    app: Flask, tmp_path: Path, name: str, arguments: tuple[str, ...]
) -> None:
    bring(app, "--progress", MIXED)
    before = everything()
    result = export(app, *arguments, tmp_path / name)
    assert (result.exit_code, result.output.splitlines()[-1][:8]) == (0, "Exported")
    back = bring(app, "--progress", "--set-aside", tmp_path / name)
    assert back.exit_code == 0, back.output
    after = everything()
    for tables in (before, after):
        del tables["batch"]
    assert after == before


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.txt"])
def test_a_table_that_was_exported_holds_the_same_notes(
    app: Flask, tmp_path: Path, name: str
) -> None:
    bring(app, MEDIA)
    assert export(app, "--deck", "Media", tmp_path / name).exit_code in (0, 1)
    deck = next(iter(row.name for row in Deck.select().where(Deck.batch == 1)))
    assert export(app, "--force", "--deck", deck, tmp_path / name).exit_code == 0
    (back,) = told(app, "--dry-run", tmp_path / name)
    assert (back["counts"]["new"], back["counts"]["changed"]) == (0, 0)
    assert back["counts"]["same"] > 0


def test_a_deck_is_found_by_its_last_name(app: Flask, tmp_path: Path) -> None:
    assert export(app, "--deck", "risk", tmp_path / "risk.jsonl").exit_code == 0
    assert "Responsibilities::Risk" in (tmp_path / "risk.jsonl").read_text()


@pytest.mark.parametrize("name", ["Law", "law::eu", "EU"])
def test_decks_are_found_by_any_part_of_their_names(
    app: Flask, me: Learner, tmp_path: Path, name: str
) -> None:
    bring_package(me, package(basic("a", deck="Mine::Law::EU::One")))
    assert export(app, "--deck", name, tmp_path / "x.jsonl").exit_code == 0
    assert '"deck":"Mine::Law::EU::One"' in (tmp_path / "x.jsonl").read_text()


def test_a_deck_that_is_not_there_is_said_with_those_that_are(app: Flask, tmp_path: Path) -> None:
    result = export(app, "--deck", "Risks", tmp_path / "x.apkg")
    assert result.exit_code == 1
    assert "There is no deck “Risks”. Do you mean “Risk”?" in result.output
    result = export(app, "--deck", "zzzz", tmp_path / "x.apkg")
    assert "There are: Responsibilities::Risk" in result.output
    assert not (tmp_path / "x.apkg").exists()


def test_progress_can_stay_behind(app: Flask, tmp_path: Path) -> None:
    bring(app, "--progress", ANKI / "tiny-states-fsrs.new-sched.apkg")
    export(app, "--no-progress", tmp_path / "shared.apkg")
    (seen,) = told(app, "--dry-run", tmp_path / "shared.apkg")
    assert seen["counts"]["reviews"] == 0


def test_a_file_that_is_there_stays_unless_forced(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("precious")
    result = export(app, path)
    assert result.exit_code == 1
    assert "is there already, and stays" in result.output
    assert path.read_text() == "precious"
    assert export(app, "--force", path).exit_code == 0
    assert path.read_text().startswith('{"format":"quizapp"')


def test_a_text_goes_to_the_next_program(app: Flask) -> None:
    result = export(app, "--as", "jsonl", "-")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[0]["format"] == "quizapp"


def test_what_is_packed_does_not_go_to_the_screen(app: Flask) -> None:
    result = export(app, "--as", "apkg", "-")
    assert result.exit_code == 1
    assert "Name a file: quizapp.apkg" in result.stderr
    assert result.stdout == ""


def test_several_texts_go_into_a_zip_that_is_called_so(app: Flask, tmp_path: Path) -> None:
    bring(app, MIXED)
    result = export(app, tmp_path / "all.md")
    assert result.exit_code == 1
    assert f"--as markdown {tmp_path / 'all.zip'}" in result.output
    assert export(app, "--as", "markdown", tmp_path / "all.zip").exit_code == 0
    with zipfile.ZipFile(tmp_path / "all.zip") as pack:
        assert all(name.endswith(".md") for name in pack.namelist())


def test_what_had_no_place_is_said_beside(app: Flask, tmp_path: Path) -> None:
    result = export(app, "--as", "markdown", "--deck", "Risk", tmp_path / "risk.md")
    assert result.exit_code == 0
    bring(app, MEDIA)
    result = export(app, "--as", "markdown", tmp_path / "all.zip")
    assert "Left out with it" in result.stderr


def test_without_a_file_everything_goes_into_the_folder_one_is_in(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert export(app).exit_code == 0
    assert [path.name for path in here.iterdir()] == ["quizapp everything 2026-01-15.zip"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("out.pdf",), 2, "does not end in"),
        (("-",), 2, "--as jsonl"),
        (("--as", "pdf"), 2, "Invalid value"),
        (("nowhere/out.apkg",), 1, "cannot be written"),
        ((".", "--as", "apkg"), 1, "is a folder"),
    ],
)
def test_a_wrong_export_is_said(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], code: int, said: str,
) -> None:  # fmt: skip
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    result = export(app, *arguments)
    assert result.exit_code == code
    assert said in result.output
    assert list(here.iterdir()) == []
