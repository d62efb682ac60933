"""What ships: every responsibility, prerequisite and certification, with enough in each."""

import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.actions import decks as deck_actions
from quizapp.domain.blueprints import quota, shares
from quizapp.domain.exams import PoolItem, draw
from quizapp.domain.lint import banks
from quizapp.domain.lint.text import answer, content, prompt
from quizapp.domain.references import resolve
from quizapp.formats.faces import faces
from quizapp.formats.parsed import ParsedDeck, ParsedNote
from tests.running import ROOT

TOPICS = [*(f"R{n}" for n in range(1, 16)), *(f"P{n}" for n in range(1, 7))]
CERTIFICATIONS = ["CISM", "CISA", "C-CISO", "CSMP"]
POSITION = re.compile(r"\b[Oo]ption [A-D]\b|\b(first|second|third|fourth|last) option\b")


@pytest.fixture(scope="module")
def shipped() -> list[ParsedDeck]:
    return deck_actions.read(ROOT / "decks")


def test_every_topic_and_certification_has_its_deck(shipped: list[ParsedDeck]) -> None:
    alone = [deck.topic for deck in shipped if not deck.parent]
    assert alone == TOPICS
    assert {deck.parent for deck in shipped if deck.parent} == set(CERTIFICATIONS)


def counts(shipped: list[ParsedDeck]) -> dict[str, tuple[int, int, int]]:
    """Cards, study questions and held-out questions of each topic, exam domain and exam."""
    found: dict[str, list[int]] = {}
    for deck in shipped:
        for note in deck.notes:
            place = 0 if note.kind != "choice" else 1 if note.pool == "study" else 2
            for name in {deck.topic, deck.parent or deck.topic}:
                found.setdefault(name, [0, 0, 0])[place] += 1
    return {name: (a, b, c) for name, (a, b, c) in found.items()}


def test_each_has_as_many_cards_and_questions_as_promised(shipped: list[ParsedDeck]) -> None:
    have = counts(shipped)
    promised = {f"R{n}": (30, 12, 0) for n in range(1, 16)}
    promised |= {f"P{n}": (40, 15, 0) for n in range(1, 7)}
    promised |= dict.fromkeys(("CISM", "CISA", "C-CISO"), (0, 60, 150))
    promised |= {"CSMP": (40, 40, 0)}
    short = {
        name: (have[name], wanted)
        for name, wanted in promised.items()
        if any(a < b for a, b in zip(have[name], wanted, strict=True))
    }
    assert short == {}


def test_each_exam_domain_holds_its_share_of_a_full_paper(shipped: list[ParsedDeck]) -> None:
    have = counts(shipped)
    for blueprint in deck_actions.read_blueprints(ROOT / "decks"):
        if blueprint.planning and blueprint.questions:
            wanted = quota(shares(blueprint), blueprint.questions)
            held = {domain: have[domain][2] for domain in wanted}
            assert all(held[domain] >= count for domain, count in wanted.items()), held


def pools(shipped: list[ParsedDeck]) -> dict[tuple[str, str], list[ParsedNote]]:
    found: dict[tuple[str, str], list[ParsedNote]] = {}
    for deck in shipped:
        for note in deck.notes:
            if note.kind == "choice":
                found.setdefault((deck.parent or deck.topic[0], note.pool), []).append(note)
    return found


def test_keys_stand_evenly_and_are_not_the_longest(shipped: list[ParsedDeck]) -> None:
    for name, items in pools(shipped).items():
        assert banks.chi_square_p(banks.key_positions(items)) > 0.05, name
        assert banks.key_longest_share(items) <= 0.30, name


def test_half_of_the_certification_questions_are_situations(shipped: list[ParsedDeck]) -> None:
    for name, items in pools(shipped).items():
        if name[0] in CERTIFICATIONS:
            assert sum(map(banks.is_scenario, items)) / len(items) >= 0.5, name


def test_no_two_items_are_alike_and_no_study_item_gives_a_held_one_away(
    shipped: list[ParsedDeck],
) -> None:
    found = deck_actions.lint([ROOT / "decks"])
    assert [str(f) for f in found if f.rule in {"C06", "M29"}] == []
    studied = [
        (note.key, content(f"{prompt(note)} {answer(note)}"))
        for deck in shipped
        for note in deck.notes
        if note.pool == "study"
    ]
    told = []
    for deck in shipped:
        for note in deck.notes:
            if note.pool != "mock":
                continue
            key, asked = content(answer(note)), content(prompt(note))
            told += [
                (note.key, other)
                for other, words in studied
                if len(key) >= 3 and key <= words and len(asked & words) >= 0.5 * len(asked)
            ]
    assert told == []


def test_every_reference_names_works_of_the_list(shipped: list[ParsedDeck]) -> None:
    works = deck_actions.read_works(ROOT / "decks")
    parts = [
        (note.key, part, work)
        for deck in shipped
        for note in deck.notes
        for part, work in resolve(note.reference, works)
    ]
    assert [(key, part) for key, part, work in parts if work is None] == []
    assert [(key, part) for key, part, work in parts if work and part == work] == [], "a place"
    assert set(works) - {work for _, _, work in parts} == set(), "cited by no item"


def test_every_item_has_id_reference_domain_and_heading(shipped: list[ParsedDeck]) -> None:
    wanted = {"C10", "C12", "C16"}
    assert [str(f) for f in deck_actions.lint([ROOT / "decks"]) if f.rule in wanted] == []
    assert [note.key for deck in shipped for note in deck.notes if not note.topic] == []


def test_every_option_has_a_reason_that_names_no_letter(shipped: list[ParsedDeck]) -> None:
    for deck in shipped:
        for note in deck.notes:
            for option in note.fields.get("options", ()):
                assert option["rationale"], note.key
                assert not POSITION.search(option["rationale"]), note.key


def test_every_card_has_two_sides(shipped: list[ParsedDeck]) -> None:
    for deck in shipped:
        for note in deck.notes:
            for face in faces(note.kind, note.fields, note.objective):
                assert face["question"], note.key
                assert face["answer"] or face.get("options"), note.key


@given(st.integers(5, 150), st.integers(0, 2**31), st.sets(st.integers(0, 200)))
def test_draws_meet_the_blueprint_for_every_certification(
    count: int, seed: int, seen: set[int]
) -> None:
    for outline, (share, pool) in _pools().items():
        drawn = draw([replace(i, seen=i.note in seen) for i in pool], share, count, seed)
        assert len({item.note for item in drawn}) == count, outline
        for domain, weight in share.items():
            assert abs(sum(item.domain == domain for item in drawn) - weight * count) <= 1, outline


@cache
def _pools() -> dict[str, tuple[dict[str, float], list[PoolItem]]]:
    """Each certification's shares, and its held-out items numbered as rows would be."""
    decks = deck_actions.read(ROOT / "decks")
    found = {}
    for blueprint in deck_actions.read_blueprints(ROOT / "decks"):
        if blueprint.planning and blueprint.questions:
            share = shares(blueprint)
            held = [note for deck in decks for note in deck.notes if note.pool == "mock"]
            own = [(next((d for d in n.domains if d in share), ""), n.topic) for n in held]
            found[blueprint.outline] = (
                share,
                [PoolItem(i, domain, topic) for i, (domain, topic) in enumerate(own) if domain],
            )
    return found
