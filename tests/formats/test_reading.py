"""Reading in a child: it says how far it is, keeps to its limits, and leaves nothing behind."""

import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats import jsonl, reading
from quizapp.formats.readers import READERS, Source
from quizapp.formats.reading import Limits, read_apart
from tests.packages import make_package

ROOT = Path(__file__).resolve().parent.parent.parent
ANKI = ROOT / "tests" / "fixtures" / "anki"


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def children() -> set[int]:
    """The processes that this one started and that have not ended."""
    import psutil

    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_a_package_comes_back_with_its_media_and_its_report(tmp_path: Path) -> None:
    package = read_apart(ANKI / "tiny-mixed.new-sched-media.apkg", tmp_path)
    notes = list(package.notes)
    assert (package.source, package.progress, package.dated) == ("apkg", True, "2026-01-15")
    assert len(notes) == 140
    assert package.media_in == tmp_path / "media"
    assert left(tmp_path / "media") == sorted(medium.digest for medium in package.media)
    assert "Filtered decks are not kept" in package.remarks[0]


def test_two_notes_of_one_key_are_one_note_and_a_word_about_the_other(tmp_path: Path) -> None:
    make_package(
        tmp_path / "a.apkg", 3, spoil=lambda db: db.execute("UPDATE notes SET guid = 'same'")
    )
    package = read_apart(tmp_path / "a.apkg", tmp_path / "read")
    assert [note.key for note in package.notes] == ["same"]
    assert len(package.refused) == 2
    assert "has the same ID" in package.refused[0].reason


def test_what_a_file_is_follows_from_its_content(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes((ANKI / "tiny-basic.legacy-sched-media.apkg").read_bytes())
    assert len(list(read_apart(path, tmp_path / "a", name="cards.zip").notes)) == 10
    again = tmp_path / "again"
    again.write_bytes((tmp_path / "a" / "package.jsonl").read_bytes())
    assert len(list(read_apart(again, tmp_path / "b", name="cards.txt").notes)) == 10


def test_a_file_of_no_known_kind_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"\1" + bytes(100))
    with pytest.raises(Refusal, match="nor a text file"):
        read_apart(path, tmp_path / "read", name="a.bin")


def test_a_refusal_of_the_child_is_one_of_the_parent(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="its end is missing"):
        read_apart(ANKI / "bad" / "truncated.apkg", tmp_path)
    assert left(tmp_path) == []


def test_progress_is_heard_while_the_child_reads(tmp_path: Path) -> None:
    make_package(tmp_path / "a.apkg", 1200)
    heard: list[tuple[int, int]] = []
    read_apart(
        tmp_path / "a.apkg",
        tmp_path / "read",
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard == [(500, 1200), (1000, 1200), (1200, 1200)]


def test_who_stops_listening_stops_the_child(tmp_path: Path) -> None:
    make_package(tmp_path / "a.apkg", 5000, 1, 5)
    before = children()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_apart(tmp_path / "a.apkg", tmp_path / "read", progress=interrupt)
    assert children() <= before
    assert left(tmp_path / "read") == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_child_without_memory_is_a_refusal_in_words(tmp_path: Path) -> None:
    make_package(
        tmp_path / "a.apkg",
        3,
        spoil=lambda db: db.execute("UPDATE notes SET flds = hex(zeroblob(9000000))"),
    )
    with pytest.raises(Refusal, match="too much memory"):
        read_apart(tmp_path / "a.apkg", tmp_path / "read", limits=Limits(memory=60 << 20))
    assert left(tmp_path / "read") == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_grows_too_large_is_a_refusal_in_words(tmp_path: Path) -> None:
    make_package(tmp_path / "a.apkg", 3000, 1, 5)
    with pytest.raises(Refusal, match="no room on the disk"):
        read_apart(tmp_path / "a.apkg", tmp_path / "read", limits=Limits(file=100_000))
    assert left(tmp_path / "read") == []


def test_a_child_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    make_package(tmp_path / "a.apkg", 20_000, 1, 5)
    before = children()
    began = time.monotonic()
    with pytest.raises(Refusal, match="took too long"):
        read_apart(tmp_path / "a.apkg", tmp_path / "read", limits=Limits(seconds=0))
    assert time.monotonic() - began < 10
    assert children() <= before
    assert left(tmp_path / "read") == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_the_end_of_a_child_says_what_it_means() -> None:
    assert "too much memory" in str(reading._ended(-9, late=False))
    assert "too long" in str(reading._ended(-9, late=True))
    assert "too long" in str(reading._ended(-24, late=False))
    assert "damaged" in str(reading._ended(-11, late=False))


def test_many_note_types_are_told_to_the_child(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one;two\n")
    css = ".card { color: red; }" * 20_000
    known = [
        asdict(NoteType("k", "Mine", "normal", ("A", "B"), (Template("C", "{{A}}", ""),), css))
    ]
    package = read_apart(
        path,
        tmp_path / "read",
        name="a.csv",
        options={"known": known, "text": {"notetype": "k", "columns": ["A", "B"]}},
    )
    assert [note.fields for note in package.notes] == [{"A": "one", "B": "two"}]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_child_ends_with_the_server_that_started_it(tmp_path: Path) -> None:
    import psutil

    os.mkfifo(tmp_path / "upload")  # nobody writes into it, so whoever reads it waits
    code = (
        "import sys; from pathlib import Path; from quizapp.formats.reading import read_apart;"
        "read_apart(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "upload"), str(tmp_path / "read")], cwd=ROOT
    )
    until = time.monotonic() + 20
    while not (reading := psutil.Process(server.pid).children()) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)  # so that it has begun to wait
    assert reading[0].is_running()
    server.kill()
    server.wait()
    assert psutil.wait_procs(reading, timeout=5)[1] == []


def test_the_child_knows_no_server() -> None:
    code = reading._START.replace(
        "sys.exit(main(sys.argv[2:]))",
        "print(sorted({'numpy', 'flask', 'peewee'} & sys.modules.keys()))",
    )
    said = subprocess.run(
        [sys.executable, "-I", "-c", code, str(ROOT / "quizapp")],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
        text=True,
    )
    assert said.stdout.strip() == "[]"


def test_the_reader_runs_in_the_server_too(tmp_path: Path) -> None:
    """The registry is the same for whoever needs no child: a test, a command."""
    source = Source(ANKI / "tiny-basic.new-sched-media.apkg", tmp_path, "a.apkg")
    reader = next(reader for reader in READERS if reader.fits(source))
    package = reader.read(source, lambda done, total: None)
    jsonl.write(package, tmp_path / "package.jsonl")
    assert len(list(jsonl.read(tmp_path / "package.jsonl", tmp_path).notes)) == 10
