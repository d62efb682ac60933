"""Packages made to do harm: each is refused in a sentence, or taken with a report."""

import json
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizapp.domain.errors import Refusal
from quizapp.formats import apkg, archives, jsonl
from quizapp.formats.protobuf import message
from tests.hostile import CORPUS, PNG, TAMED, TRICKS, good
from tests.packages import new_entries, pack, squeezed

ROOT = Path(__file__).resolve().parent.parent.parent
DIGEST = re.compile(r"media/[0-9a-f]{64}")
# What no sentence to a person may hold: the inside of the program.
INSIDE = re.compile(r"Traceback|sqlite|zlib|zstd|Error\b|\.py|/tmp|None|0x|SELECT", re.IGNORECASE)


# In one process, so that the corpus is read once.
pytestmark = [pytest.mark.xdist_group("hostile packages"), pytest.mark.slow]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What became of every package, each read in a child of one process of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    run = subprocess.run(
        [sys.executable, "-m", "tests.hostile", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return json.loads(run.stdout)


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 100


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_package_is_refused_or_taken_as_it_should_be(name: str, corpus: Any) -> None:
    found, wanted = corpus["results"][name], CORPUS[name].refused
    if wanted is None:
        assert "refused" not in found
    else:
        assert wanted in found["refused"]


@pytest.mark.parametrize("name", CORPUS)
def test_it_leaves_nothing_but_what_was_taken(name: str, corpus: Any) -> None:
    found = corpus["results"][name]
    assert found["beside"] == []
    if "refused" in found:
        assert found["left"] == []
    else:
        lists = {"package.jsonl", "notes.jsonl"}
        media = set(found["left"]) - lists
        assert lists <= set(found["left"])
        assert all(DIGEST.fullmatch(left) for left in media)
        assert media == {f"media/{digest}" for digest in found["media"].values()}


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_said_is_for_people(name: str, corpus: Any) -> None:
    found = corpus["results"][name]
    for sentence in [found["refused"]] if "refused" in found else found["told"]:
        assert sentence.endswith(".")
        assert not INSIDE.search(sentence.partition("”: ")[2] or sentence)


def test_none_of_them_costs_much(corpus: Any) -> None:
    # The limit of the child is 512 MB; no speed of ours, but that each comes to an end.
    assert corpus["megabytes"] < 512
    assert max(found["seconds"] for found in corpus["results"].values()) < 30


def test_tricky_names_never_name_a_file(corpus: Any) -> None:
    for name in ("old-media-with-tricky-names", "new-media-with-tricky-names"):
        assert set(corpus["results"][name]["media"]) == set(TAMED.values())
        assert len(corpus["results"][name]["told"]) == len(TRICKS)


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_that_is_a_path_or_no_media_is_refused(name: str) -> None:
    with pytest.raises(Refusal):
        archives.media_name(name)


@pytest.mark.parametrize("name", TAMED)
def test_a_name_is_tamed_as_anki_does(name: str) -> None:
    assert archives.media_name(name) == TAMED[name]


@given(st.text(max_size=300), st.sampled_from(["", ".png", ".mp3"]))
def test_a_tamed_name_is_one_plain_component_and_stays_as_it_is(stem: str, ending: str) -> None:
    try:
        name = archives.media_name(stem + ending)
    except Refusal:
        return
    assert archives.media_name(name) == name
    assert not re.search(r'[/\\\[\]<>:"?*^|\x00-\x1f\u202e]', name)
    assert name not in (".", "..")
    assert len(name.encode()) <= 120


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_value_error(blob: bytes) -> None:
    try:
        message(blob)
    except ValueError:
        return


def flipped(content: bytes, seed: int) -> bytes:
    """The content with some bytes changed, more or fewer, here or all over."""
    chance = random.Random(seed)
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 255, chance.randrange(256)))
    return bytes(changed)


def read_or_refused(path: Path, media_in: Path) -> None:
    """Read it all; only a Refusal may come of it, and no temporary file stays.

    What is taken must be fit to be written down and read again.
    """
    written = path.with_suffix(".jsonl")
    try:
        jsonl.write(apkg.read(path, media_in), written)
    except Refusal as refusal:
        assert str(refusal).endswith(".")
    else:
        for note in jsonl.read(written, media_in).notes:
            assert note.key
    assert not list(media_in.glob(".*"))


@settings(max_examples=200)
@given(seed=st.integers(0, 1 << 32), new=st.booleans())
def test_a_package_with_flipped_bytes_is_read_or_refused(
    seed: int, new: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    path = folder / "a.apkg"
    pack(path, _collection(new), {"a.png": PNG}, new=new)
    path.write_bytes(flipped(path.read_bytes(), seed))
    read_or_refused(path, folder / "media")


@settings(max_examples=300)
@given(seed=st.integers(0, 1 << 32), new=st.booleans())
def test_a_collection_with_flipped_bytes_is_read_or_refused(
    seed: int, new: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    path = folder / "a.apkg"
    pack(path, flipped(_collection(new), seed), {"a.png": PNG}, new=new)
    read_or_refused(path, folder / "media")


@settings(max_examples=100)
@given(listed=st.binary(max_size=300))
def test_any_list_of_media_is_read_or_refused(
    listed: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("listed")
    path = folder / "a.apkg"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in new_entries(_collection(True), {"a.png": PNG}).items():
            archive.writestr(name, squeezed(listed) if name == "media" else content)
    read_or_refused(path, folder / "media")


_KEPT: dict[bool, bytes] = {}


def _collection(new: bool) -> bytes:
    if new not in _KEPT:
        _KEPT[new] = good(20, cards_per_note=2, reviews_per_card=3, new=new)
    return _KEPT[new]
