"""Packages made by the real Anki, read and held against what Anki itself says is in them."""

import gzip
import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from quizapp.domain.errors import Refusal
from quizapp.formats import apkg
from quizapp.formats.package import Package, PackedCard, PackedNote

ANKI = Path(__file__).parent.parent / "fixtures" / "anki"
PACKAGES = sorted(p.name for p in ANKI.iterdir() if p.suffix in (".apkg", ".colpkg"))
HELD = {"suspended": "suspended", "user-buried": "buried", "sched-buried": "sibling"}
STATES = {"new": "new", "learn": "learning", "review": "review", "relearn": "relearning"}


@cache
def truth(name: str) -> dict[str, Any]:
    with gzip.open(ANKI / f"{name}.truth.json.gz") as file:
        found: dict[str, Any] = json.load(file)
        return found


class Read:
    """A package with its notes in a list, as each is read but once."""

    def __init__(self, path: Path, media_in: Path) -> None:
        self.package: Package = apkg.read(path, media_in)
        self.notes: list[PackedNote] = list(self.package.notes)
        self.by_key = {note.key: note for note in self.notes}


@pytest.fixture(scope="module", params=PACKAGES)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    name: str = request.param
    return truth(name), Read(ANKI / name, tmp_path_factory.mktemp("media"))


def cards(read: Read) -> dict[tuple[str, int], PackedCard]:
    return {(note.key, card.ord): card for note in read.notes for card in note.cards}


def test_every_note_has_its_type_fields_tags_and_time(both: Any) -> None:
    told, read = both
    names = {notetype.key: notetype.name for notetype in read.package.notetypes}
    found = {
        note.key: (
            names[note.notetype],
            list(note.fields.values()),
            sorted(note.tags),
            note.modified,
        )
        for note in read.notes
    }
    assert found == {
        note["guid"]: (note["notetype"], note["fields"], sorted(note["tags"]), note["mod"])
        for note in told["notes"]
    }
    assert len(read.notes) == told["note_count"]
    assert not read.package.refused


def test_every_card_stands_in_its_deck_with_its_state(both: Any) -> None:
    told, read = both
    found = {
        key: (card.deck, card.state, card.held, card.flag) for key, card in cards(read).items()
    }
    assert found == {
        (card["guid"], card["ord"]): (
            card["original_deck"] or card["deck"],
            STATES[card["state"]],
            HELD.get(card["queue"], ""),
            card["flag"],
        )
        for card in told["cards"]
    }
    assert len(found) == told["card_count"]


def test_every_card_is_due_on_the_day_or_at_the_moment_that_anki_says(both: Any) -> None:
    told, read = both

    def said(card: PackedCard) -> str | None:
        if card.due_at is None:
            return card.due
        return datetime.fromtimestamp(card.due_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert {key: (said(card), card.position) for key, card in cards(read).items()} == {
        (card["guid"], card["ord"]): (card["due"], card["new_position"]) for card in told["cards"]
    }


def test_every_card_keeps_its_numbers(both: Any) -> None:
    told, read = both
    assert {
        key: (card.interval, card.ease, card.reps, card.lapses, card.left)
        for key, card in cards(read).items()
    } == {
        (card["guid"], card["ord"]): (
            card["interval_days"],
            round(card["ease"] * 1000),
            card["reps"],
            card["lapses"],
            card["raw"]["left"] % 1000,
        )
        for card in told["cards"]
    }


def test_every_memory_is_as_stored(both: Any) -> None:
    told, read = both
    assert {
        key: (card.stability, card.difficulty, card.last_at and card.last_at // 1000)
        for key, card in cards(read).items()
        if card.state != "new"
    } == {
        (card["guid"], card["ord"]): (card["stability"], card["difficulty"], card["last_review"])
        for card in told["cards"]
        if card["state"] != "new"
    }


def test_an_export_can_give_back_what_only_anki_knows(both: Any) -> None:
    told, read = both

    def kept(extra: Any) -> tuple[Any, ...]:
        names = ("id", "mod", "dr", "decay", "lrt", "cd", "pos")
        return tuple(extra.get(name) for name in names)

    assert {key: kept(card.extra) for key, card in cards(read).items()} == {
        (card["guid"], card["ord"]): kept(
            {**json.loads(card["raw"]["data"] or "{}"), **card["raw"]}
        )
        for card in told["cards"]
    }


def test_the_whole_log_comes_along(both: Any) -> None:
    told, read = both
    assert told["revlog_columns"] == [
        "id", "guid", "ord", "ease", "ivl", "lastIvl", "factor", "time", "type",
    ]  # fmt: skip
    found = sorted(
        [r.at, note.key, card.ord, r.rating, r.interval, r.last_interval, r.factor,
         r.milliseconds, r.logged]
        for note in read.notes for card in note.cards for r in card.reviews
    )  # fmt: skip
    assert found == sorted(told["revlog"])
    assert len(found) == told["revlog_count"]
    assert read.package.progress == bool(
        found or any(c.state != "new" for c in cards(read).values())
    )


def test_media_lie_under_their_hash_and_keep_their_names(both: Any) -> None:
    told, read = both
    folder = read.package.media_in
    assert folder is not None
    found = {}
    for medium in read.package.media:
        content = (folder / medium.digest).read_bytes()
        assert hashlib.sha256(content).hexdigest() == medium.digest
        found[medium.name] = (medium.size, hashlib.sha1(content).hexdigest())
    assert found == {
        name: (medium["size"], medium["sha1"]) for name, medium in told["package"]["media"].items()
    }
    assert {p.name for p in folder.iterdir()} == {m.digest for m in read.package.media}


def test_note_types_keep_fields_templates_and_styles(both: Any) -> None:
    told, read = both
    found = {
        notetype.name: {
            "fields": list(notetype.fields),
            "templates": [(t.name, t.question, t.answer) for t in notetype.templates],
            "css": notetype.css,
            "cloze": notetype.kind != "normal",
            "sort_field": notetype.sort_field,
        }
        for notetype in read.package.notetypes
    }
    used = {note["notetype"] for note in told["notes"]}
    for notetype in told["notetypes"]:
        if notetype["name"] in used:
            assert found[notetype["name"]] == {
                "fields": notetype["fields"],
                "templates": [(t["name"], t["qfmt"], t["afmt"]) for t in notetype["templates"]],
                "css": notetype["css"],
                "cloze": notetype["cloze"],
                "sort_field": notetype["sort_field"],
            }


def test_decks_keep_their_names_and_descriptions(both: Any) -> None:
    told, read = both
    found = {deck.name: deck.description for deck in read.package.decks}
    wanted = {
        deck["name"]: deck["description"]
        for deck in told["decks"]
        if not deck["filtered"] and (deck["name"] != "Default" or deck["cards"])
    }
    assert found == wanted


def test_a_decks_limits_are_its_own_or_those_of_its_options(tmp_path: Path) -> None:
    for name in ("tiny-states-fsrs.new-sched.apkg", "tiny-states-fsrs.legacy-sched.apkg"):
        decks = {deck.name: deck for deck in Read(ANKI / name, tmp_path).package.decks}
        assert decks["States"].new_per_day == 1
        assert decks["States::Late"].new_per_day == 9
        assert decks["States"].reviews_per_day == 200
        assert decks["States"].desired_retention == 0.87
        options = decks["States"].extra["preset"]
        assert options["learning_steps"] == [1.0, 10.0, 1440.0]
        assert options["leech_threshold"] == 3
        assert len(options["weights"]) == 21


def test_occlusions_are_known_by_their_kind_or_by_their_shapes(tmp_path: Path) -> None:
    for name in ("new-sched-media", "legacy-sched-media"):
        read = Read(ANKI / f"tiny-image-occlusion.{name}.apkg", tmp_path)
        types = {notetype.key: notetype.kind for notetype in read.package.notetypes}
        assert {types[note.notetype] for note in read.notes} == {"occlusion"}


def test_a_whole_collection_is_told_from_some_decks(tmp_path: Path) -> None:
    for name in PACKAGES:
        assert apkg.read(ANKI / name, tmp_path).source == name.rsplit(".", 1)[1]


def test_old_and_new_packages_read_alike(tmp_path: Path) -> None:
    new = Read(ANKI / "tiny-mixed.new-sched-media.apkg", tmp_path / "new")
    for name in ("legacy-sched-media", "legacy1-sched-media"):
        old = Read(ANKI / f"tiny-mixed.{name}.apkg", tmp_path / name)
        assert old.notes == new.notes
        assert {d.name: d for d in old.package.decks} == {d.name: d for d in new.package.decks}
        assert sorted(old.package.media, key=str) == sorted(new.package.media, key=str)
        assert sorted(old.package.notetypes, key=str) == sorted(new.package.notetypes, key=str)


def test_day_numbers_count_from_the_day_of_creation_in_its_own_zone(tmp_path: Path) -> None:
    read = Read(ANKI / "tiny-states-sm2.new-sched.apkg", tmp_path)
    assert read.package.dated == "2026-01-15"


def test_notes_can_be_read_when_nobody_holds_their_package(tmp_path: Path) -> None:
    path = ANKI / "tiny-basic.new-sched-media.apkg"
    assert len([note.key for note in apkg.read(path, tmp_path).notes]) == 10


def test_notes_that_nobody_reads_leave_no_file_behind(tmp_path: Path) -> None:
    package = apkg.read(ANKI / "tiny-basic.new-sched-media.apkg", tmp_path)
    digests = {medium.digest for medium in package.media}
    del package
    assert {p.name for p in tmp_path.iterdir()} == digests


# What becomes of each package that Anki's own tests broke: a sentence, or what was told.
TAKEN = {
    "future-ids.apkg": "does not bring",
    "negative-ids.apkg": "does not bring",
    "legacy-media-empty-map.apkg": "does not bring",
    "legacy-media-odd-names.apkg": "It is no picture",
    "legacy-media-traversal.apkg": "Its name is a path",
    "new-media-traversal.apkg": "Its name is a path",
    "media-bomb-256mb.apkg": "It is larger than the package says",
    "media-file-missing.apkg": "It is missing from the package",
    "media-map-garbage.apkg": "The list of media cannot be read",
    "media-map-missing.apkg": "The list of media is missing",
    "meta-garbage.apkg": "it was read by what it holds",
    "meta-missing-but-21b.apkg": "it was read by what it holds",
    "missing-deck.apkg": "Cards without a deck",
    "missing-notetype.apkg": "Its note type is not in the package",
    "odd-scheduling-values.apkg": "Cards with impossible numbers, put right",
    "orphan-cards.apkg": "Cards without a note, left out: 1",
    "too-few-fields.apkg": "Notes with fewer fields",
    "too-many-fields.apkg": "Notes with more fields",
}
REFUSED = {
    "duplicate-zip-entries.apkg": "two files of the same name",
    "meta-version-99.apkg": "newer version of Anki",
    "schema-19.apkg": "newer version of Anki",
    "no-collection.apkg": "holds no notes",
    "not-a-zip.apkg": "not an Anki package",
    "only-dummy-anki2.apkg": "only the reminder to update",
    "sqlite-garbage.apkg": "not one of Anki",
    "truncated.apkg": "its end is missing",
    "zero-bytes.apkg": "This file is empty",
    "zstd-corrupt.apkg": "a compressed file in it is cut short",
}


def test_every_broken_package_is_decided_about() -> None:
    assert {p.name for p in (ANKI / "bad").glob("*.apkg")} == {*TAKEN, *REFUSED}


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_broken_package_is_taken_with_a_word_about_it(name: str, tmp_path: Path) -> None:
    read = Read(ANKI / "bad" / name, tmp_path)
    told = [*(refused.reason for refused in read.package.refused), *read.package.remarks]
    assert any(TAKEN[name] in sentence for sentence in told)
    lost = 1 if name == "missing-notetype.apkg" else 0
    assert len(read.notes) == 10 - lost
    assert sum(len(note.cards) for note in read.notes) == 10 - lost - (name == "orphan-cards.apkg")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_broken_package_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=REFUSED[name]) as refusal:
        Read(ANKI / "bad" / name, tmp_path)
    assert str(refusal.value).endswith(".")
    assert not list(tmp_path.iterdir())


def test_a_card_with_impossible_numbers_comes_with_the_nearest_that_can_be(tmp_path: Path) -> None:
    read = Read(ANKI / "bad" / "odd-scheduling-values.apkg", tmp_path)
    odd = read.notes[0].cards[0]
    assert (odd.state, odd.due, odd.interval) == ("review", read.package.dated, 1)


def test_a_fields_surplus_is_kept_in_the_last_one(tmp_path: Path) -> None:
    few = Read(ANKI / "bad" / "too-few-fields.apkg", tmp_path)
    many = Read(ANKI / "bad" / "too-many-fields.apkg", tmp_path)
    assert Counter(len(note.fields) for note in (*few.notes, *many.notes)) == {2: 20}
    assert "<br>" in list(many.notes[0].fields.values())[1]


def test_progress_is_told_up_to_the_whole(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    package = apkg.read(
        ANKI / "medium-fsrs.new-sched-media.apkg",
        tmp_path,
        lambda done, total: heard.append((done, total)),
    )
    list(package.notes)
    assert heard[-1] == (2005, 2005)
    assert heard == sorted(heard)


def test_files_that_cards_name_and_nobody_brings_are_told(tmp_path: Path) -> None:
    package = apkg.read(ANKI / "tiny-html-media.new-sched-media.apkg", tmp_path)
    assert list(package.notes)
    (remark,) = [remark for remark in package.remarks if "does not bring" in remark]
    assert remark.startswith("Files that cards name and the package does not bring: 4 (")
    assert all(name in remark for name in ("not-there.png", "gone.mp3", "clip.mp4"))


def test_a_package_whose_files_are_all_there_says_nothing_of_it(tmp_path: Path) -> None:
    package = apkg.read(ANKI / "tiny-image-occlusion.new-sched-media.apkg", tmp_path)
    assert list(package.notes) and package.media
    assert not any("does not bring" in remark for remark in package.remarks)
