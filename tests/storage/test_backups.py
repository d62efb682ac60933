"""Backups on both engines: whole, verified, restored in one go, thinned."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database, SqliteDatabase

from quizapp.actions import decks as deck_actions
from quizapp.actions import jobs as job_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.domain.backups import Reason, Shelf
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.scheduling import Rating
from quizapp.storage import backups, copies, media_files, schema
from quizapp.storage.database import Damaged, bind, connection, open_database, transaction
from quizapp.storage.models import TABLES, Deck, Job, Memory, Pick, Review
from tests import samples
from tests.cast import card_named, everything
from tests.conftest import NOON

TODAY = NOON.date()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "backups", tmp_path / "media")


def make(shelf: Shelf, reason: Reason = Reason.ASKED) -> backups.Backup:
    return backups.make(shelf, reason, NOON, TODAY)


def restore(shelf: Shelf, source: str | Path, **how: bool) -> backups.Restored:
    return backups.restore(shelf, source, NOON, TODAY, **how)


def answer(learner: Learner, key: str) -> None:
    card = card_named(learner, key)
    study_actions.answer_card(learner, card.id, card.version, Rating.GOOD, NOON, 5_000)


def put_media(shelf: Shelf, content: bytes) -> str:
    digest = sha256(content).hexdigest()
    path = media_files.place(shelf.media, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return digest


def path_of(shelf: Shelf, backup: backups.Backup) -> Path:
    return shelf.folder / f"{backup.name}.zip"


# Whole


def test_restoring_brings_back_exactly_what_was_there(loaded: Learner, shelf: Shelf) -> None:
    answer(loaded, "t-n1")
    before = everything()
    backup = make(shelf)
    answer(loaded, "t-n2")
    Deck.update(name="Another").execute()
    assert everything() != before
    restore(shelf, backup.name)
    assert everything() == before


def test_restoring_can_be_taken_back(loaded: Learner, shelf: Shelf) -> None:
    backup = make(shelf)
    answer(loaded, "t-n1")
    after = everything()
    undo = restore(shelf, backup.name).undo
    assert undo is not None
    assert Review.select().count() == 0
    restore(shelf, undo)
    assert everything() == after


def test_study_goes_on_after_restoring(loaded: Learner, shelf: Shelf) -> None:
    answer(loaded, "t-n1")
    backup = make(shelf)
    answer(loaded, "t-n2")
    restore(shelf, backup.name)
    answer(loaded, "t-n2")
    assert Review.select().count() == 2


def test_a_job_that_ran_when_the_backup_was_made_does_not_run_in_it(
    loaded: Learner, shelf: Shelf
) -> None:
    for _ in range(2):
        job_actions.submit(loaded.id, "import", "Importing x.apkg", {}, NOON)
    job_actions.take_up("here/1/a", NOON)
    backup = make(shelf, Reason.IMPORT)
    restore(shelf, backup.name)
    assert {(row.state, row.said.partition(" ")[0]) for row in Job.select()} == {
        ("stopped", "This")
    }
    assert job_actions.take_up("here/1/a", NOON) is None


def test_a_backup_says_what_is_in_it(loaded: Learner, shelf: Shelf) -> None:
    answer(loaded, "t-n1")
    backup = make(shelf, Reason.IMPORT)
    assert (backup.reason, backup.at, backup.day) == (Reason.IMPORT, NOON, TODAY)
    assert (backup.counts["deck"], backup.counts["review"]) == (1, 1)
    assert backup.migrations == tuple(schema.known())
    assert backups.listed(shelf) == ([backup], [])
    assert backups.find(shelf, backup.name) == backup


def test_a_backup_is_for_the_owner_only(loaded: Learner, shelf: Shelf) -> None:
    backup = make(shelf)
    assert shelf.folder.stat().st_mode & 0o777 == 0o700
    assert path_of(shelf, backup).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def new_database(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Database]]:
    """Binds an empty database of an engine."""
    made: list[Database] = []

    def new(engine: str) -> Database:
        url = f"sqlite:///{tmp_path / f'new{len(made)}.db'}"
        if engine == "postgres":
            url = request.getfixturevalue("postgres")()
        database = open_database(url)
        bind(database)
        database.connect()
        schema.migrate(database)
        made.append(database)
        return database

    yield new
    for database in made:
        database.close()
        if hasattr(database, "close_all"):
            database.close_all()


@pytest.mark.parametrize(
    ("from_", "to"), [("sqlite", "postgres"), ("postgres", "sqlite"), ("postgres", "postgres")]
)
def test_a_backup_moves_to_the_other_engine(
    new_database: Callable[[str], Database], tmp_path: Path, shelf: Shelf, from_: str, to: str
) -> None:
    new_database(from_)
    learner = learner_actions.local_learner("UTC", NOON)
    deck_actions.load(samples.write(tmp_path / "decks", samples.EVERY_KIND + samples.plain(10)))
    answer(learner, "t-n1")
    Deck.update(description="Grüße, 日本語, a\ttab\nand a \\ line").execute()
    before, backup = everything(), make(shelf)
    new_database(to)
    restore(shelf, backup.name)
    assert everything() == before
    answer(learner, "t-n2")
    assert Review.select().count() == 2, "numbers go on after the last"


def test_an_older_backup_is_brought_up_to_date(
    tmp_path: Path, shelf: Shelf, database: Database
) -> None:
    file = SqliteDatabase(str(tmp_path / "old.db"))
    schema.build(file, schema.known()[0])
    file.execute_sql("INSERT INTO work (name, title) VALUES ('ISO 31000', 'Risk management')")
    file.close()
    bind(file)
    backup = make(shelf)
    assert len(backup.migrations) == 1
    bind(database)
    assert restore(shelf, backup.name).migrated == schema.known()[1:]
    assert not schema.pending(database)
    assert everything()["work"] == [("'ISO 31000'", "'Risk management'")]


def test_an_older_database_can_be_backed_up_before_it_is_migrated(
    request: pytest.FixtureRequest, tmp_path: Path, shelf: Shelf
) -> None:
    for url in (f"sqlite:///{tmp_path / 'old.db'}", request.getfixturevalue("postgres")()):
        database = open_database(url)
        bind(database)
        with database.connection_context():
            if "postgres" in url:
                database.drop_tables(TABLES)
                database.execute_sql("DELETE FROM schema_migration")
            schema.build(database, schema.known()[0])
            database.execute_sql("INSERT INTO work (name, title) VALUES ('A', 'B')")
            backup = make(shelf, Reason.MIGRATION)
            assert backup.migrations == tuple(schema.known()[:1])
            assert backup.counts["work"] == 1
            schema.migrate(database)
        if hasattr(database, "close_all"):
            database.close_all()


# While people learn


class Writers:
    """Threads that write rows one by one and note what was acknowledged."""

    def __init__(self, count: int = 3) -> None:
        self.acknowledged: set[str] = set()
        self.stop, self.failed = threading.Event(), []
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(count)]

    def write(self, seed: int) -> None:
        chance, number = Random(seed), 0
        try:
            with connection():
                while not self.stop.is_set():
                    title = f"{seed}-{number}"
                    with transaction():
                        Pick.create(learner=1, title=title, cards=[seed] * 100, at=NOON)
                    self.acknowledged.add(title)
                    number += 1
                    time.sleep(chance.random() / 500)
                Pick._meta.database.close()
        except Exception as error:
            self.failed.append(error)

    def __enter__(self) -> "Writers":
        for thread in self.threads:
            thread.start()
        while len(self.acknowledged) < 20:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        assert self.failed == []


def titles() -> set[str]:
    return {title for (title,) in Pick.select(Pick.title).tuples()}


def titles_in(shelf: Shelf, name: str, folder: Path) -> set[str]:
    with zipfile.ZipFile(shelf.folder / f"{name}.zip") as pack:
        pack.extract("quizapp.db", folder / name)
    with closing(sqlite3.connect(folder / name / "quizapp.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {title for (title,) in file.execute("SELECT title FROM pick")}


def test_a_backup_holds_what_was_acknowledged_before_it_began(
    loaded: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    with Writers() as writers:
        for _ in range(5):
            before = set(writers.acknowledged)
            backup = make(shelf)
            held = titles_in(shelf, backup.name, tmp_path)
            time.sleep(0.02)
            assert before <= held
            assert len(held) >= 20
    assert held <= writers.acknowledged


def test_nothing_is_lost_between_the_last_backup_and_the_restored_state(
    loaded: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    backup = make(shelf)
    with Writers() as writers:
        undo = restore(shelf, backup.name).undo
    assert undo is not None
    before, after = titles_in(shelf, undo, tmp_path), titles()
    assert before | after == writers.acknowledged
    assert not before & after


# Bad ones


def damages(path: Path) -> Iterator[tuple[str, bytes]]:
    whole = path.read_bytes()
    middle = len(whole) // 2
    yield "empty", b""
    yield "cut", whole[:middle]
    yield "cut at the end", whole[:-1]
    yield "flipped", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    yield "not a zip", b"SQLite format 3\0" + bytes(4096)
    yield "swapped for its own database", zipfile.ZipFile(path).read("quizapp.db")


def repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as pack:
        entries = {name: pack.read(name) for name in pack.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as pack:
        for name, content in entries.items():
            pack.writestr(name, content)


def manifest_with(**values: object) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        manifest = json.loads(entries["manifest.json"]) | values
        entries["manifest.json"] = json.dumps(manifest).encode()

    return change


def test_a_damaged_backup_is_refused_and_nothing_is_touched(
    loaded: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    backup = make(shelf)
    answer(loaded, "t-n1")
    before = everything()
    for what, content in damages(path_of(shelf, backup)):
        file = tmp_path / "bad.zip"
        file.write_bytes(content)
        with pytest.raises(backups.Unreadable, match=r"bad.zip is .*Nothing was changed"):
            restore(shelf, file)
        assert everything() == before, what
        assert len(backups.listed(shelf)[0]) == 1, what


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (manifest_with(migrations=["0001_study", "9999_later"]), schema.NewerSchema),
        (manifest_with(format=2), schema.NewerSchema),
        (manifest_with(program="other"), backups.Unreadable),
        (manifest_with(at="2026-01-15T12:00:00"), backups.Unreadable),
        (manifest_with(reason="whim"), backups.Unreadable),
        (manifest_with(counts=[]), backups.Unreadable),
        (manifest_with(database={"sha256": "0" * 64, "size": 4096}), backups.Unreadable),
        (lambda e: e.update({"manifest.json": b"[]"}), backups.Unreadable),
        (lambda e: e.update({"manifest.json": b"[" * 100_000}), backups.Unreadable),
        (lambda e: e.pop("media.json"), backups.Unreadable),
        (lambda e: e.update({"media.json": b'{"../../x": 1}'}), backups.Unreadable),
        (lambda e: e.update({"../outside": b"x"}), backups.Unreadable),
        (lambda e: e.update({"/etc/passwd": b"x"}), backups.Unreadable),
        (lambda e: e.update({"quizapp.db": bytes(1 << 22)}), backups.Unreadable),
    ],
)
def test_a_backup_that_was_tampered_with_is_refused(
    loaded: Learner,
    shelf: Shelf,
    change: Callable[[dict[str, bytes]], None],
    refusal: type[Refusal],
) -> None:
    backup = make(shelf)
    before = everything()
    repacked(path_of(shelf, backup), change)
    with pytest.raises(refusal, match=r"Nothing was changed|newer version"):
        restore(shelf, path_of(shelf, backup))
    assert everything() == before
    assert [p.name for p in shelf.folder.glob("*")] != []
    assert not list(shelf.folder.glob(".*")), "no draft is left"


def test_a_newer_schema_is_said(loaded: Learner, shelf: Shelf) -> None:
    backup = make(shelf)
    repacked(path_of(shelf, backup), manifest_with(migrations=["9999_later"]))
    with pytest.raises(schema.NewerSchema, match="it knows 9999_later"):
        restore(shelf, backup.name)


@pytest.mark.parametrize(
    "name",
    ["", "..", "../secret", "2026-01-15-day-00000000", "2026-01-15-day-0000000g", "lock", "a/b"],
)
def test_a_name_that_is_none_is_missing(loaded: Learner, shelf: Shelf, name: str) -> None:
    make(shelf)
    with pytest.raises(Missing, match="no such backup"):
        restore(shelf, name)


def test_a_damaged_file_on_the_shelf_is_listed_and_stays(loaded: Learner, shelf: Shelf) -> None:
    backup = make(shelf)
    path_of(shelf, backup).write_bytes(b"PK")
    other = make(shelf)
    assert backups.listed(shelf) == ([other], [backup.name])


# The engine's file


@pytest.fixture
def file_based(migrated_file: Path, tmp_path: Path) -> Iterator[Learner]:
    """A learner with a deck on SQLite."""
    shutil.copy(migrated_file, tmp_path / "quizapp.db")
    bind(open_database(f"sqlite:///{tmp_path / 'quizapp.db'}"))
    with connection():
        learner = learner_actions.local_learner("UTC", NOON)
        deck_actions.load(samples.write(tmp_path / "decks", samples.plain(30)))
        yield learner
    Deck._meta.database.close()


flips = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255))


@settings(max_examples=40)
@given(flips)
def test_any_flipped_byte_is_refused_or_does_not_matter(
    file_based: Learner, shelf: Shelf, flip: tuple[float, int]
) -> None:
    found, _ = backups.listed(shelf)
    backup = found[-1] if found else make(shelf)
    content = bytearray(path_of(shelf, backup).read_bytes())
    content[int(flip[0] * len(content))] ^= flip[1]
    path = shelf.folder.parent / "flipped.zip"
    path.write_bytes(content)
    before = everything()
    with suppress(Refusal):
        restore(shelf, path)
    assert everything() == before


def test_readers_see_the_old_state_or_the_new_one(file_based: Learner, shelf: Shelf) -> None:
    backup = make(shelf)
    Deck.update(name="New").execute()
    Memory.update(reps=1).execute()
    seen, stop = set(), threading.Event()

    def read() -> None:
        with connection():
            while not stop.is_set():
                with transaction():
                    names = {n for (n,) in Deck.select(Deck.name).tuples()}
                    reps = {n for (n,) in Memory.select(Memory.reps).distinct().tuples()}
                seen.add((*names, *reps))
                # Its transaction takes the write lock, and others want it too.
                stop.wait(0.01)
            Deck._meta.database.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    time.sleep(0.1)
    restore(shelf, backup.name)
    time.sleep(0.1)
    stop.set()
    for reader in readers:
        reader.join()
    assert seen == {("New", 1), ("Risk", 0)}


RESTORE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from quizapp.domain.backups import Shelf
from quizapp.storage import backups
from quizapp.storage.database import bind, open_database
folder = Path(sys.argv[1])
bind(open_database(f"sqlite:///{folder / 'quizapp.db'}"))
now = datetime(2026, 1, 15, 12, tzinfo=UTC)
print("ready", flush=True)
backups.restore(Shelf(folder / "backups", folder / "media"), sys.argv[2], now, now.date())
print("done", flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_leaves_the_old_state_or_the_new_one(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    digest = put_media(shelf, b"a picture")
    backup = make(shelf)
    media_files.place(shelf.media, digest).unlink()
    old = everything()
    answer(file_based, "t-n1")
    new = everything()
    put_back = make(shelf)
    chance, ends = Random(7), set()
    Deck._meta.database.close()
    for _ in range(20):
        shelved = {b.name for b in backups.listed(shelf)[0]}
        started = subprocess.Popen(
            [sys.executable, "-c", RESTORE, str(tmp_path), backup.name], stdout=subprocess.PIPE
        )
        assert started.stdout is not None
        started.stdout.readline()
        time.sleep(chance.random() * 0.12)
        started.send_signal(signal.SIGKILL)
        started.wait()
        with connection():
            state = everything()
            (sound,) = Deck._meta.database.execute_sql("PRAGMA integrity_check").fetchone()
        assert sound == "ok"
        assert state in (old, new)
        ends.add(state == old)
        if state == old:
            assert media_files.is_whole(shelf.media, digest)
            found, broken = backups.listed(shelf)
            assert broken == []
            (undo,) = [b for b in found if b.name not in shelved]
            assert (undo.reason, undo.counts["review"]) == (Reason.RESTORE, 1)
            restore(shelf, put_back.name)
        Deck._meta.database.close()
    make(shelf)
    assert not list(shelf.folder.glob(".*")), "what was left is cleared away"
    assert ends == {True, False}, "the moments were on both sides"


def test_a_damaged_database_is_set_aside_and_replaced(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    before, backup = everything(), make(shelf)
    Deck._meta.database.close()
    (tmp_path / "quizapp.db").write_bytes(os.urandom(8192))
    with pytest.raises(Damaged):
        restore(shelf, backup.name)
    restored = restore(shelf, backup.name, offline=True)
    assert restored.aside is not None
    assert (restored.aside / "quizapp.db").stat().st_size == 8192
    with connection():
        assert everything() == before


def test_a_damaged_database_that_a_server_has_open_is_not_replaced(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    backup = make(shelf)
    Deck._meta.database.close()
    path = tmp_path / "quizapp.db"
    hold = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute('SELECT * FROM deck').fetchall(); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        with path.open("r+b") as file:
            file.write(bytes(100))
        with pytest.raises(Refusal, match="Stop the server"):
            restore(shelf, backup.name, offline=True)
        server.communicate(b"\n")
    restore(shelf, backup.name, offline=True)


def damage_a_page(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "quizapp.db")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'note'").fetchone()
    Deck._meta.database.close()
    with (tmp_path / "quizapp.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))


def test_a_database_with_a_damaged_page_is_set_aside_and_replaced(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    before, backup = everything(), make(shelf)
    damage_a_page(tmp_path)
    with pytest.raises(Damaged, match="Stop the server and restore"):
        restore(shelf, backup.name)
    assert restore(shelf, backup.name, offline=True).aside is not None
    with connection():
        assert everything() == before


def test_a_damaged_database_gives_no_backup_and_thins_nothing(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    make(shelf)
    damage_a_page(tmp_path)
    with connection(), pytest.raises(Damaged, match="no backup of it was made"):
        make(shelf)
    assert len(backups.listed(shelf)[0]) == 1
    failed = backups.failure(shelf)
    assert failed is not None
    assert failed.at == NOON
    assert "The database is damaged" in failed.sentence


def test_another_page_size_does_not_matter(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    before, backup = everything(), make(shelf)
    database = open_database(f"sqlite:///{tmp_path / 'small.db'}")
    with closing(sqlite3.connect(tmp_path / "small.db")) as file:
        file.execute("PRAGMA page_size = 1024")
        file.execute("CREATE TABLE x (y)")
    bind(database)
    restore(shelf, backup.name)
    with connection():
        assert everything() == before
    database.close()


def test_another_program_that_writes_is_waited_for_and_then_told(
    file_based: Learner, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "BUSY_SECONDS", 0.05)
    backup = make(shelf)
    with closing(sqlite3.connect(tmp_path / "quizapp.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refusal, match="Another program is using the database"):
            restore(shelf, backup.name)
    assert len(backups.listed(shelf)[0]) == 1


# Thinning, failures, media


def test_the_shelf_is_thinned(file_based: Learner, shelf: Shelf) -> None:
    for number in range(70):
        now = NOON + timedelta(days=number)
        backups.make(shelf, Reason.DAY, now, now.date())
    found, _ = backups.listed(shelf)
    assert len(found) == 7 + 4 + 2
    assert found[0].day == TODAY + timedelta(days=69)


def test_a_failure_is_noted_until_the_next_backup(file_based: Learner, shelf: Shelf) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "media").touch()
    put_media(shelf, b"a picture")
    with pytest.raises(Refusal, match="folder of backups cannot be used") as caught:
        make(shelf)
    assert backups.failure(shelf) == backups.Failure(NOON, str(caught.value))
    (shelf.folder / "media").unlink()
    make(shelf)
    assert backups.failure(shelf) is None


def test_a_file_in_the_place_of_the_folder_is_said(file_based: Learner, shelf: Shelf) -> None:
    shelf.folder.touch()
    with pytest.raises(Refusal, match=r"folder of backups cannot be used.*QUIZAPP_BACKUPS"):
        make(shelf)


def test_a_day_is_backed_up_once(file_based: Learner, shelf: Shelf) -> None:
    assert not backups.has_day(shelf, TODAY)
    make(shelf)
    assert not backups.has_day(shelf, TODAY)
    make(shelf, Reason.DAY)
    assert backups.has_day(shelf, TODAY)
    assert not backups.has_day(shelf, date(2026, 1, 16))


def test_media_files_are_kept_once_and_come_back(file_based: Learner, shelf: Shelf) -> None:
    first, second = put_media(shelf, b"one"), put_media(shelf, b"two")
    backup = make(shelf)
    make(shelf)
    assert (backup.media, backup.media_size) == (2, 6)
    assert media_files.sizes(shelf.folder / "media").keys() == {first, second}
    shutil.rmtree(shelf.media)
    restore(shelf, backup.name)
    assert media_files.is_whole(shelf.media, first)
    assert media_files.is_whole(shelf.media, second)


def test_media_files_that_no_backup_names_are_swept(file_based: Learner, shelf: Shelf) -> None:
    gone, stays = put_media(shelf, b"gone"), put_media(shelf, b"stays")
    backup = make(shelf)
    media_files.place(shelf.media, gone).unlink()
    make(shelf)
    assert gone in media_files.sizes(shelf.folder / "media")
    path_of(shelf, backup).unlink()
    make(shelf)
    assert media_files.sizes(shelf.folder / "media").keys() == {stays}


def test_a_damaged_media_file_is_repaired_by_restoring(file_based: Learner, shelf: Shelf) -> None:
    digest = put_media(shelf, b"a picture")
    backup = make(shelf)
    place = media_files.place(shelf.media, digest)
    place.unlink()  # so that only one of the two names is damaged
    place.write_bytes(b"a picturf")
    restore(shelf, backup.name)
    assert place.read_bytes() == b"a picture"


def test_without_its_media_files_a_backup_is_refused_unless_asked_for(
    file_based: Learner, shelf: Shelf
) -> None:
    digest = put_media(shelf, b"a picture")
    backup = make(shelf)
    answer(file_based, "t-n1")
    for folder in (shelf.media, shelf.folder / "media"):
        media_files.place(folder, digest).unlink()
    with pytest.raises(backups.Unreadable, match="1 of the backup's 1 media files"):
        restore(shelf, backup.name)
    assert Review.select().count() == 1
    restore(shelf, backup.name, with_media=False)
    assert Review.select().count() == 0


def test_a_backup_is_carried_away_and_restored_elsewhere(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    digest = put_media(shelf, b"a picture")
    before = everything()
    made = backups.export(shelf, tmp_path / "carried.zip", NOON, TODAY)
    assert (made.media, made.left_out) == (1, 0)
    assert backups.listed(shelf) == ([], []), "the shelf stays as it is"
    elsewhere = tmp_path / "elsewhere"
    bind(open_database(f"sqlite:///{tmp_path / 'new.db'}"))
    other = Shelf(elsewhere / "backups", elsewhere / "media")
    restored = restore(other, tmp_path / "carried.zip")
    assert restored.undo is None, "there was nothing to lose"
    with connection():
        assert everything() == before
    assert media_files.is_whole(other.media, digest)


def test_a_damaged_media_file_is_left_out_and_said(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    digest = put_media(shelf, b"a picture")
    media_files.place(shelf.media, digest).write_bytes(b"a picturf")
    made = backups.export(shelf, tmp_path / "carried.zip", NOON, TODAY)
    assert (made.media, made.left_out) == (0, 1)


def test_a_backup_from_the_shelf_is_portable(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    digest = put_media(shelf, b"a picture")
    backup = make(shelf)
    with backups.portable(shelf, backup.name) as file:
        (tmp_path / "carried.zip").write_bytes(file.read())
    shutil.rmtree(shelf.media)
    shutil.rmtree(shelf.folder)
    restore(shelf, tmp_path / "carried.zip")
    assert media_files.is_whole(shelf.media, digest)


def test_an_export_that_cannot_be_written_leaves_what_was_there(
    file_based: Learner, shelf: Shelf, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match="The file cannot be written"):
        backups.export(shelf, tmp_path / "nowhere" / "x.zip", NOON, TODAY)
    with pytest.raises(Refusal, match="The file cannot be written"):
        backups.export(shelf, tmp_path / "decks", NOON, TODAY)
