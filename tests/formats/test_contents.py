"""The list of a package's notes leads to each of them, and to nothing else."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from quizapp.domain.errors import Refusal
from quizapp.formats import contents, jsonl
from quizapp.formats.package import Package, PackedNote, Refused
from tests.packing import THEN, basic, package, packages, studied


def written(folder: Path, brought: Package) -> tuple[Path, Path]:
    lines, listed = folder / "package.jsonl", folder / "notes.jsonl"
    contents.write(brought, lines, listed)
    return lines, listed


def opened(lines: Path, listed: Path) -> AbstractContextManager[contents.Contents]:
    return contents.opened(jsonl.heads(lines), lines, listed)


@given(brought=packages())
@settings(max_examples=60)
def test_every_note_is_found_where_the_list_says(brought: Package) -> None:
    with TemporaryDirectory() as folder, opened(*written(Path(folder), brought)) as found:
        assert [found.note(entry) for entry in found.entries()] == list(brought.notes)


@given(brought=packages())
@settings(max_examples=60)
def test_the_list_says_what_the_notes_say(brought: Package) -> None:
    def brief(entries: Iterator[contents.Entry]) -> list[object]:
        return [(*entry[:4], [tuple(pair) for pair in entry.logs], entry[5]) for entry in entries]

    with TemporaryDirectory() as folder, opened(*written(Path(folder), brought)) as found:
        assert brief(found.entries()) == brief(contents.of_package(brought).entries())


def test_what_was_refused_after_the_notes_is_told(tmp_path: Path) -> None:
    brought = package(basic("a"))
    brought.refused.append(Refused("row 2", "It is empty."))
    lines, listed = written(tmp_path, brought)
    read = jsonl.heads(lines)
    with contents.opened(read, lines, listed):
        assert read.refused == brought.refused


def test_what_was_refused_is_told_once_where_no_note_is_left(tmp_path: Path) -> None:
    brought = package()
    brought.refused.append(Refused("row 2", "It is empty."))
    brought.remarks.append("Read as UTF-16.")
    lines, listed = written(tmp_path, brought)
    for read in (jsonl.read(lines), jsonl.heads(lines)):
        with contents.opened(read, lines, listed):
            assert (read.refused, read.remarks) == (brought.refused, brought.remarks)


def test_a_card_that_was_answered_more_often_shows_in_the_list() -> None:
    [entry] = contents.of_package(package(studied("a", reps=3))).entries()
    assert (entry.logs, entry.reviews) == ([(0, 3, THEN + 2 * 24 * 3600 * 1000, 3)], 3)


def test_changed_notes_have_entries_of_their_own() -> None:
    brought = package(basic("a"))

    def reworded(note: PackedNote) -> PackedNote:
        return basic("a", back="Other")

    types = {type_.key: type_ for type_ in brought.notetypes}
    found = contents.changed(contents.of_package(brought), types, reworded)
    [entry] = found.entries()
    assert entry.digest == contents.digest(basic("a", back="Other"))


@pytest.mark.parametrize(
    "entry",
    [
        ["b", "0" * 64, 0, 1, [], 0, 0, 10],
        ["a", "no digest", 0, 1, [], 0, 0, 10],
        ["a", "0" * 64, "x", 1, [], 0, 0, 10],
        ["a", "0" * 64, 0, 1, [[1]], 0, 0, 10],
        ["a", "0" * 64, 0, 1, [], 0, -5, 1 << 70],
        ["a"],
        [],
    ],
)
def test_a_list_that_is_wrong_is_refused(tmp_path: Path, entry: list[object]) -> None:
    lines, listed = written(tmp_path, package(basic("a")))
    end = listed.read_text().splitlines()[-1]
    listed.write_text(f"{json.dumps(entry)}\n{end}\n")
    with opened(lines, listed) as found, pytest.raises(Refusal):
        [found.note(each) for each in found.entries()]


@pytest.mark.parametrize("text", ["", "[]\n", "x\n", "999"])
def test_a_list_without_its_end_is_refused(tmp_path: Path, text: str) -> None:
    lines, listed = written(tmp_path, package(basic("a")))
    listed.write_text(text)
    with pytest.raises(Refusal), opened(lines, listed):
        pass
