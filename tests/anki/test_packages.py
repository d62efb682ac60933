"""What the real Anki makes of our packages, and what we make of its."""

import hashlib
import importlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from quizapp.domain.cards import KINDS
from quizapp.formats.natives import as_native, native_types, restore
from quizapp.formats.package import STATES, Package, PackedCard, PackedNote
from tests import packed
from tests.anki.conftest import Ask

CONTAINERS = ("new", "legacy")
# East and west of us, and far from it: an import must not move a due date.
ZONES = ("UTC0", "EAST-13", "WEST+11")
HELD = {"": None, "suspended": -1, "sibling": -2, "buried": -3}
RENAMED = {"a:b?.png": "ab.png", "con.txt": "con_.txt"}


def text(field: str) -> str:
    """A field of ours with the names that media get in a package."""
    return field.replace('"a:b?.png"', '"ab.png"').replace("=con.txt", "=con_.txt")


def studied(package: Package) -> dict[tuple[str, int], PackedCard]:
    return {(note.key, card.ord): card for note in package.notes for card in note.cards}


@pytest.mark.parametrize("container", CONTAINERS)
def test_anki_takes_every_note_as_new_and_knows_it_again(
    ask: Ask, package: Package, container: str
) -> None:
    found = ask(container).found
    count = len(list(package.notes))
    nothing = {"updated": 0, "conflicting": 0, "first_field_match": 0, "found": count}
    assert found["log_of_import"] == {"new": count, "duplicate": 0, **nothing}
    assert found["again"] == {"new": 0, "duplicate": count, **nothing}


@pytest.mark.parametrize("container", CONTAINERS)
def test_ankis_check_finds_nothing_to_repair(ask: Ask, container: str) -> None:
    assert ask(container).found["problems"] == "Database rebuilt and optimized."


@pytest.mark.parametrize("container", CONTAINERS)
def test_custom_notes_arrive_as_they_are(ask: Ask, package: Package, container: str) -> None:
    notes = ask(container).notes()
    for note in package.notes:
        there = notes[note.key]
        assert there["id"] == note.created
        assert there["mod"] == note.modified
        assert there["tags"] == sorted(tag.replace(" ", "_") for tag in note.tags)
        if note.kind == "custom":
            assert there["fields"] == [text(value) for value in note.fields.values()]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("zone", ZONES)
def test_states_and_dates_arrive_in_every_time_zone(
    ask: Ask, package: Package, container: str, zone: str
) -> None:
    cards = ask(container, zone).cards()
    for key, card in studied(package).items():
        there = cards[key]
        assert there["type"] == STATES.index(card.state), key
        if card.held:
            assert there["queue"] == HELD[card.held], key
        if card.due and card.held and card.state != "review":
            assert there["due"].startswith(card.due), key
        elif card.due:
            assert there["due"] == card.due, key
        elif card.due_at:
            assert there["due"] == datetime.fromtimestamp(card.due_at / 1000, UTC).isoformat()
        else:
            assert there["due"] == card.position, key


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_cards_know_arrives(ask: Ask, package: Package, container: str) -> None:
    cards = ask(container).cards()
    for key, card in studied(package).items():
        there = cards[key]
        names = ("deck", "ivl", "factor", "left", "reps", "lapses", "flag", "s", "d")
        expected = (
            card.deck, card.interval, card.ease, card.left, card.reps, card.lapses, card.flag,
            card.stability, card.difficulty,
        )  # fmt: skip
        assert tuple(there[name] for name in names) == expected, key
        for ours, theirs in (("dr", "dr"), ("decay", "decay"), ("cd", "custom"), ("id", "id")):
            if ours in card.extra:
                assert there[theirs] == card.extra[ours], key
        if card.last_at:
            assert there["last"] == card.last_at // 1000, key
        if card.state != "new":
            assert there["position"] == card.position, key


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_log_arrives(ask: Ask, container: str) -> None:
    told = ask(container)
    card = told.cards()["review-late", 0]["id"]
    assert told.found["log"] == [
        [r.at, card, r.rating, r.interval, r.last_interval, r.factor, r.milliseconds, r.logged]
        for r in packed.LOG
    ]


@pytest.mark.parametrize("container", CONTAINERS)
def test_notes_without_cards_have_those_that_anki_would_make(ask: Ask, container: str) -> None:
    cards = ask(container).cards()
    made = {
        "cism-basic": 1, "cism-reversed": 2, "cism-typed": 1, "cism-cloze": 3, "cism-choice": 1,
        "w50:;<>&\"'": 2, "w51:;<>&\"'": 1, "gap-1": 3, "shape-1": 1,
    }  # fmt: skip
    for guid, count in made.items():
        assert sum(key[0] == guid for key in cards) == count, guid


@pytest.mark.parametrize("container", CONTAINERS)
def test_decks_and_their_options_arrive(ask: Ask, package: Package, container: str) -> None:
    decks = {deck["name"]: deck for deck in ask(container).found["decks"]}
    # Anki leaves out a deck that nothing is in.
    assert set(decks) == {
        "Default", "Security", "Security::Risk", "Security::Risk::Übung", 'Quoted "deck"',
    }  # fmt: skip
    security = decks["Security"]
    assert (security["description"], security["markdown"]) == ("All of <b>it</b>.", True)
    assert (security["new"], security["reviews"]) == (7, 0)
    assert decks["Security::Risk::Übung"]["retention"] == 93
    quoted = decks['Quoted "deck"']
    assert (quoted["new"], quoted["reviews"], quoted["retention"]) == (None, 99, None)
    options = {name: value for name, value in packed.PRESET.items() if name != "id"}
    assert quoted["preset"] == options


@pytest.mark.parametrize("container", CONTAINERS)
def test_note_types_arrive(ask: Ask, package: Package, container: str) -> None:
    there = {kind["name"]: kind for kind in ask(container).found["notetypes"]}
    for notetype in [*package.notetypes, *native_types().values()]:
        kind = there[notetype.name]
        assert kind["fields"] == list(notetype.fields)
        assert kind["templates"] == [[t.name, t.question, t.answer] for t in notetype.templates]
        assert (kind["css"], kind["sort"]) == (notetype.css, notetype.sort_field)
        assert kind["type"] == (notetype.kind != "normal")
        assert (kind["stock"] == 6) == (notetype.kind == "occlusion")
        if notetype.key.isdecimal():
            assert kind["id"] == int(notetype.key)


@pytest.mark.parametrize("container", CONTAINERS)
def test_media_arrive_whole(ask: Ask, container: str) -> None:
    assert ask(container).found["media"] == {
        RENAMED.get(name, name): hashlib.sha1(content).hexdigest()
        for name, content in packed.PICTURES.items()
    }


@pytest.mark.parametrize("container", CONTAINERS)
def test_without_scheduling_anki_finds_new_cards_only(ask: Ask, container: str) -> None:
    told = ask(container, scheduling=False)
    for card in told.cards().values():
        known = ("type", "queue", "ivl", "reps", "lapses", "flag")
        assert [card[name] for name in known] == [0] * 6
    assert told.found["log"] == []
    assert not {"leech", "marked"} & {tag for note in told.found["notes"] for tag in note["tags"]}


# How our own kinds look in Anki


def sides(ask: Ask, kind: str, ord_: int = 0) -> tuple[str, str]:
    card = ask().cards()[f"cism-{kind}", ord_]
    without_style = (re.sub(r"<style>.*?</style>", "", card[s], flags=re.S) for s in _SIDES)
    question, answer = (" ".join(side.split()) for side in without_style)
    return question, answer


_SIDES = ("question", "answer")


@pytest.mark.parametrize("kind", KINDS)
def test_no_card_shows_its_source_or_runs_a_script(ask: Ask, kind: str) -> None:
    for side in sides(ask, kind):
        assert "shown" not in side
        assert "<script" not in side
        assert "field" not in side.casefold()


def test_a_basic_card_has_tables_lists_and_mathjax(ask: Ask) -> None:
    question, answer = sides(ask, "basic")
    assert "<em>four</em>" in question
    assert "<table>" in question
    assert "<hr id=answer>" in answer
    assert r"\(\frac{a}{b} &lt; 1\)" in answer
    assert r"\[ALE = SLE\]" in answer
    assert "&lt;b&gt;all&lt;/b&gt;" in answer
    assert "ISO/IEC 27005:2022" in answer


def test_a_reversed_note_asks_both_ways_and_plays_nothing(ask: Ask) -> None:
    there, back = sides(ask, "reversed", 0), sides(ask, "reversed", 1)
    assert there[0] == "<p>ALE</p>"
    assert "<em>loss</em>" in back[0]
    assert "[anki:play" not in there[1] + back[0]


def test_a_typed_card_has_a_box_and_names_what_else_is_right(ask: Ask) -> None:
    question, answer = sides(ask, "typed")
    assert question.endswith("[[type:Back]]")
    assert "[[type:Back]]" in answer
    assert "Also right: MTPD · max. &lt;outage&gt;" in answer


def test_each_gap_hides_itself_and_shows_the_others(ask: Ask) -> None:
    question, answer = sides(ask, "cloze", 1)
    assert re.search(r'data-ordinal="2">\[\.\.\.\]</span>', question)
    assert "residual" in question
    assert r"owner \(x^{2^{n}&#125;\)</span>" in answer
    assert "no" in re.sub(r"<[^>]*>", "", question)


def test_a_choice_lists_its_options_and_then_marks_the_key(ask: Ask) -> None:
    question, answer = sides(ask, "choice")
    assert question.count("<li>") == answer.count("<li>") == 3
    assert 'class="options"' in question
    assert "Right:" not in question
    assert "authority" not in question
    letter = re.search(r"Right: (\w)", answer)
    assert letter
    assert f'class="options {letter[1]}"' in answer
    items = re.findall(r"<li>(.*?)</li>", answer)
    assert items["ABC".index(letter[1])].startswith("Inform the owner")
    assert "Who decides" in answer


@pytest.mark.parametrize("container", CONTAINERS)
def test_our_own_notes_can_be_taken_back_from_what_anki_holds(
    ask: Ask, package: Package, container: str
) -> None:
    notes = ask(container).notes()
    ours = [note for note in package.notes if note.kind != "custom"]
    assert len(ours) == len(KINDS)
    for note in ours:
        notetype = native_types()[note.kind]
        fields = dict(zip(notetype.fields, notes[note.key]["fields"], strict=True))
        back = restore(notetype.key, fields)
        assert back is not None
        assert (back.fields, back.topic, back.pool) == (note.fields, note.topic, note.pool)


# There and back: our package, through Anki, read by our own reader


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("exported", CONTAINERS)
def test_a_package_comes_back_from_anki_without_a_difference(
    ask: Ask, package: Package, container: str, exported: str, tmp_path: Path
) -> None:
    reader = pytest.importorskip("quizapp.formats.apkg")
    back = importlib.import_module(reader.__name__).read(
        ask(container).folder / f"{exported}.apkg", tmp_path / "media"
    )
    notes = {note.key: note for note in map(as_native, back.notes)}
    assert back.refused == []
    expected = {note.key: note for note in package.notes}
    assert set(notes) == set(expected)
    for key, note in expected.items():
        assert settled(notes[key], back) == settled(arrived(note), package), key
    kinds = {kind.name: kind for kind in back.notetypes}
    for kind in package.notetypes:
        there = kinds[kind.name]
        assert replace(there, key="", extra={}) == replace(kind, key="", extra={})
    decks = {deck.name: structs.replace(deck, extra={}) for deck in back.decks}
    for deck in package.decks:
        if deck.name != "Empty":
            assert decks[deck.name] == structs.replace(deck, extra={})
    media = {medium.name: (medium.digest, medium.size) for medium in back.media}
    assert media == {RENAMED.get(m.name, m.name): (m.digest, m.size) for m in package.media}


def arrived(note: PackedNote) -> PackedNote:
    """A note with what a package is known to change: names of media, spaces in tags."""
    fields = note.fields
    if note.kind == "custom":
        fields = {name: text(value) for name, value in note.fields.items()}
    return structs.replace(note, fields=fields, tags=tuple(t.replace(" ", "_") for t in note.tags))


def settled(note: PackedNote, package: Package) -> dict[str, Any]:
    """A note as it can be compared: note types by name, tags in order, its cards told apart.

    Cards that came without a state are whatever the note makes; a step over days that is
    held back comes back as a moment of its day.
    """
    names = {kind.key: kind.name for kind in package.notetypes}
    cards = {card.ord: card for card in note.cards if card.state != "new" or card.position != 0}
    return {
        "note": structs.replace(
            note,
            notetype=names.get(note.notetype, ""),
            tags=tuple(sorted(note.tags)),
            where="",
            cards=(),
        ),
        "cards": {ord_: day(card) for ord_, card in cards.items()} if _states(note) else {},
    }


def _states(note: PackedNote) -> bool:
    return note.tags == ("state",)


def day(card: PackedCard) -> PackedCard:
    known = {name: card.extra[name] for name in ("dr", "decay", "cd") if name in card.extra}
    if card.held and card.state in ("learning", "relearning") and card.due_at:
        moment = datetime.fromtimestamp(card.due_at / 1000, UTC)
        card = structs.replace(card, due=moment.date().isoformat(), due_at=None)
    return structs.replace(card, extra=known)
