"""Every seeded flaw is found, and clean items are left alone."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.actions import decks as deck_actions
from quizapp.domain.lint import Bank, Finding, Severity, banks, check
from quizapp.domain.lint.cards import RULES as CARD_RULES
from quizapp.domain.lint.questions import RULES as QUESTION_RULES
from quizapp.formats import markdown
from quizapp.formats.parsed import ParsedNote
from tests.running import ROOT

FLAWS = Path(__file__).parent.parent / "fixtures" / "decks" / "flaws.md"
ERRORS = {"c01-very-long", "c13-code", "c13-bold", "m11-all", "m11-both", "m20-equal", "m25-key",
          "m26-letter", "m28-domain"}  # fmt: skip


def flawed() -> Bank:
    return deck_actions.bank(markdown.read(FLAWS.read_text(), "flaws.md", "flaws"), "flaws.md")


def by_key(findings: list[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.key, []).append(finding)
    return found


@pytest.mark.parametrize("item", [i for i in flawed().items if i.has_id], ids=lambda i: i.key)
def test_the_seeded_flaw_is_found(item: ParsedNote) -> None:
    rule = item.key.split("-")[0].upper()
    found = by_key(check([flawed()])).get(item.key, [])
    assert rule in {f.rule for f in found}
    worst = {f.severity for f in found if f.rule == rule}
    assert (Severity.ERROR in worst) == (item.key in ERRORS)
    assert all(f.reason.endswith(".") and f.remedy.endswith(".") for f in found)


def test_an_item_without_id_is_found() -> None:
    (item,) = (i for i in flawed().items if not i.has_id)
    assert "C16" in {f.rule for f in by_key(check([flawed()]))[item.key]}


def test_each_rule_has_a_seeded_flaw() -> None:
    seeded = {item.key.split("-")[0].upper() for item in flawed().items if item.has_id}
    assert {rule.id for rule in CARD_RULES + QUESTION_RULES} - seeded == {"C16", "M01", "M32"}


def test_the_shipped_decks_have_no_error() -> None:
    found = deck_actions.lint([ROOT / "decks"])
    assert [str(f) for f in found if f.severity is Severity.ERROR] == []


def clean(count: int, key_at: list[int] | None = None, **changed: object) -> list[ParsedNote]:
    """Questions without a flaw, each in a world of its own, the keys where they are told."""
    places = key_at or [n % 4 for n in random.Random(1).sample(range(count), count)]
    items = []
    for n, place in enumerate(places):
        texts = [f"Take step{n} {w} towards goal{n}" for w in ("north", "south", "east", "west")]
        items.append(
            ParsedNote(
                key=f"k{n}",
                kind="choice",
                line=n + 1,
                fields={
                    "stem": f"Firm{n} of town{n} has met trouble{n} in plant{n}. "
                    f"Which way should manager{n} take FIRST?",
                    "options": [
                        {
                            "text": said,
                            "correct": i == place,
                            "rationale": f"Reason {i} of {n} is told here.",
                        }
                        for i, said in enumerate(texts)
                    ],
                },
                topic="Ways",
                reference="ISO 31000:2018, 3.1",
                domains=("CISM22-2",),
                objective=f"Principle {n}.",
                level="application",
            )
        )
        items[-1] = replace(items[-1], **changed)  # type: ignore[arg-type]
    return items


def bank(items: list[ParsedNote]) -> Bank:
    return Bank("bank.md", "Bank", items, ("CISM-2022",), "ours", "CC BY-SA 4.0")


def rules(items: list[ParsedNote]) -> set[str]:
    return {finding.rule for finding in check([bank(items)])}


def texts(item: ParsedNote, *said: str) -> ParsedNote:
    options = [{**o, "text": t} for o, t in zip(item.fields["options"], said, strict=False)]
    return replace(item, fields={**item.fields, "options": options})


def test_a_clean_bank_is_left_alone() -> None:
    assert check([bank(clean(24))]) == []


def test_two_keys_and_a_missing_origin_are_errors() -> None:
    (item,) = clean(1)
    options = [{**o, "correct": True} for o in item.fields["options"]]
    assert "M01" in rules([replace(item, fields={**item.fields, "options": options})])
    found = check([replace(bank(clean(1)), licence="")])
    assert [(f.rule, f.severity) for f in found] == [("M32", Severity.ERROR)]


def test_a_bank_of_recall_is_told() -> None:
    assert rules(clean(24, level="recall")) == {"M08"}


def test_keys_that_are_longest_or_shortest_too_often_are_told() -> None:
    longer = [
        texts(i, *(f"{o['text']}{' and on' if o['correct'] else ''}" for o in i.fields["options"]))
        for i in clean(24)
    ]
    shorter = [
        texts(i, *(o["text"][: -2 if o["correct"] else None] for o in i.fields["options"]))
        for i in clean(24)
    ]
    assert "M13" in rules(longer)
    assert "M13" in rules(shorter)


def test_a_bank_of_mixed_sizes_is_told() -> None:
    items = clean(24, key_at=[0, 1, 2] * 8)
    assert "M23" in rules([texts(items[0], "Go north", "Go south", "Go east"), *items[1:]])


def test_keys_in_one_place_are_told() -> None:
    assert rules(clean(24, key_at=[0] * 12 + [1, 2, 3, 0] * 3)) == {"M24"}
    assert rules(clean(24, key_at=[0, 1, 2, 3] * 4 + [2] * 5 + [0, 1, 3])) == {"M24"}


def test_a_small_pool_is_not_judged_by_its_shares() -> None:
    assert rules(clean(8, key_at=[0] * 4 + [1] * 4)) == set()


def test_stems_much_alike_and_a_key_in_another_stem_are_told() -> None:
    first, second, *rest = clean(24)
    again = replace(second, fields={**second.fields, "stem": first.fields["stem"]})
    assert rules([first, again, *rest]) == {"M29"}
    key = next(o["text"] for o in first.fields["options"] if o["correct"])
    telling = replace(
        second, fields={**second.fields, "stem": f"They {key.lower()}. What should happen FIRST?"}
    )
    assert "M29" in rules([first, telling, *rest])


def test_cards_much_alike_are_told() -> None:
    def card(key: str, front: str, back: str) -> ParsedNote:
        return ParsedNote(
            key=key,
            kind="basic",
            line=1,
            fields={"front": front, "back": back},
            topic="T",
            reference="ISO 31000:2018, 3.1",
            domains=("CISM22-2",),
        )

    one = card("a", "Which longest outage can a process tolerate before harm grows?", "MTD")
    two = card("b", "Which longest outage can a process tolerate before harm grows big?", "RTO")
    three = card("c", "Who signs the charter of internal audit at a listed bank?", "The board")
    found = check([replace(bank([one, two, three]), spelled_out=frozenset({"MTD", "RTO"}))])
    assert [(f.rule, f.key) for f in found] == [("C06", "b")]
    assert "with another answer" in found[0].reason


def test_two_spellings_in_one_deck_are_told() -> None:
    items = clean(2)
    spelt = [
        replace(items[0], objective="The organisation."),
        replace(items[1], objective="An organization."),
    ]
    assert rules(spelt) == {"M10"}


def test_a_form_off_its_quota_is_told() -> None:
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}
    assert banks.off_quota({"a": 50, "b": 30, "c": 20}, weights) == {}
    assert banks.off_quota({"a": 52, "b": 30, "c": 18}, weights) == {}
    assert set(banks.off_quota({"a": 60, "b": 30, "c": 10}, weights)) == {"a", "c"}
    assert banks.off_quota({}, weights) == {}
    assert banks.off_quota({"a": 5, "b": 3, "c": 2}, weights) == {}


@pytest.mark.parametrize(
    ("counts", "p"),
    [((25, 25, 25, 25), 1.0), ((20, 30, 25, 25), 0.5724), ((40, 20, 20, 20), 0.0074),
     ((60, 40), 0.0455), ((30, 20, 10), 0.00674), ((10, 20, 30, 20, 20), 0.04043)],
)  # fmt: skip
def test_the_chi_square_test_gives_tabled_values(counts: tuple[int, ...], p: float) -> None:
    assert banks.chi_square_p(counts) == pytest.approx(p, abs=2e-4)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6))
def test_a_p_value_is_a_probability_and_falls_with_unevenness(counts: list[int]) -> None:
    p = banks.chi_square_p(counts)
    assert 0 <= p <= 1
    assert banks.chi_square_p([counts[0] + 100, *counts[1:]]) <= 1


words = st.sets(st.sampled_from([f"w{n}" for n in range(12)]), min_size=1, max_size=9)


@given(st.lists(words, min_size=2, max_size=12))
def test_no_pair_that_is_alike_is_missed(sets: list[set[str]]) -> None:
    frozen = [frozenset(words) for words in sets]
    expected = {
        (b, a)
        for a in range(len(frozen))
        for b in range(a + 1, len(frozen))
        if min(len(frozen[a]), len(frozen[b])) >= 3
        and len(frozen[a] & frozen[b]) / len(frozen[a] | frozen[b]) >= 0.6
    }
    assert set(banks._alike(frozen, 0.6)) == expected
