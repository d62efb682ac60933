"""Packages made by hand and by chance, for tests of what comes in and goes out."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats.package import (
    Package,
    PackedCard,
    PackedDeck,
    PackedNote,
    PackedReview,
)

BASIC = NoteType(
    "1607392319",
    "Basic",
    "normal",
    ("Front", "Back"),
    (Template("Card 1", "{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}"),),
    css=".card { text-align: center; }",
    extra={"id": 1607392319},
)
REVERSED = replace(
    BASIC,
    key="1607392320",
    name="Basic (and reversed card)",
    templates=(*BASIC.templates, Template("Card 2", "{{Back}}", "{{FrontSide}}<hr>{{Front}}")),
    extra={"id": 1607392320},
)
CLOZE = NoteType(
    "1607392321",
    "Cloze",
    "cloze",
    ("Text", "Extra"),
    (Template("Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>{{Extra}}"),),
)
TYPES = (BASIC, REVERSED, CLOZE)
# 2026-01-10 12:00 UTC, five days before the tests' noon.
THEN = 1768046400000


def basic(key: str, front: str = "", back: str = "An answer", **more: Any) -> PackedNote:
    """A note of the type Basic with one new card."""
    more.setdefault("deck", "Bought")
    more.setdefault("cards", (PackedCard(0, more["deck"], position=0),))
    fields = {"Front": front or f"What is {key}?", "Back": back}
    return PackedNote(key, "custom", fields, notetype=BASIC.key, **more)


def studied(key: str, reps: int = 2, **more: Any) -> PackedNote:
    """A note of the type Basic whose card was answered Good on days in a row."""
    day = 24 * 3600 * 1000
    reviews = tuple(
        PackedReview(THEN + i * day, 3, 0 if i == 0 else 1, i + 1, i or -600, 550, 4_000)
        for i in range(reps)
    )
    card = PackedCard(
        0, more.get("deck", "Bought"), "review", due="2026-01-20", interval=8, ease=2500,
        reps=reps, stability=8.25, difficulty=5.5, last_at=reviews[-1].at, position=3,
        extra={"id": 77}, reviews=reviews,
    )  # fmt: skip
    return basic(key, cards=(card,), **more)


def package(*notes: PackedNote, **more: Any) -> Package:
    """A package of these notes with every deck and note type they name."""
    names = {note.deck for note in notes} | {c.deck for note in notes for c in note.cards}
    more.setdefault("progress", True)
    more.setdefault("decks", [PackedDeck(name) for name in sorted(names)])
    return Package("apkg", list(TYPES), notes=list(notes), **more)


_words = st.text(alphabet=st.sampled_from("abc XYZ<>&äé漢\n:{}[]'\"0"), min_size=1, max_size=20)
_deck_names = st.sampled_from(["Risk", "Risk::Treatment", "Law", "Law::EU::GDPR"])


@st.composite
def _review_logs(draw: st.DrawFn) -> tuple[PackedReview, ...]:
    times = draw(st.lists(st.integers(1, 3_000_000), unique=True, max_size=4))
    return tuple(
        PackedReview(
            at=THEN - 3_000_000_000 + at * 1000,
            rating=draw(st.integers(1, 4)),
            logged=draw(st.sampled_from([0, 1, 2, 3])),
            interval=draw(st.sampled_from([-600, -60, 1, 3, 12])),
            last_interval=draw(st.sampled_from([-600, 0, 1, 5])),
            factor=draw(st.sampled_from([0, 550, 1000, 2500])),
            milliseconds=draw(st.integers(0, 60_000)),
        )
        for at in sorted(times)
    )


@st.composite
def _cards(draw: st.DrawFn, ord_: int, deck: str) -> PackedCard:
    state = draw(st.sampled_from(["new", "learning", "review", "relearning"]))
    if state == "new":
        return PackedCard(
            ord_, deck, held=draw(st.sampled_from(["", "suspended"])),
            position=draw(st.integers(0, 1000)), flag=draw(st.integers(0, 7)),
        )  # fmt: skip
    by_day = state == "review" or draw(st.booleans())
    reviews = draw(_review_logs())
    return PackedCard(
        ord_, deck, state,
        held=draw(st.sampled_from(["", "suspended", "buried", "sibling"])),
        due=draw(st.sampled_from(["2026-01-14", "2026-01-15", "2026-03-01"])) if by_day else None,
        due_at=None if by_day else THEN + draw(st.integers(1, 86_000)) * 1000,
        position=draw(st.none() | st.integers(1, 1000)),
        interval=draw(st.integers(1, 400)) if state == "review" else 0,
        left=0 if state == "review" else draw(st.integers(1, 2 if state == "learning" else 1)),
        ease=draw(st.sampled_from([0, 1300, 2500])),
        reps=len(reviews) + draw(st.integers(0, 3)),
        lapses=draw(st.integers(0, 9)),
        flag=draw(st.integers(0, 7)),
        stability=draw(st.floats(0.01, 3000)),
        difficulty=draw(st.floats(1, 10)),
        last_at=THEN - draw(st.integers(0, 10_000_000)),
        extra=draw(st.sampled_from([{}, {"id": 5, "cd": '{"k":1}'}])),
        reviews=reviews,
    )  # fmt: skip


@st.composite
def notes(draw: st.DrawFn, key: str) -> PackedNote:
    """A note of any kind with cards in any state."""
    deck = draw(_deck_names)
    tags = tuple(
        draw(st.lists(st.sampled_from(["law::eu", "hard", "marked", "leech", "Ä"]), unique=True))
    )
    kind = draw(st.sampled_from(["basic", "choice", *(type_.key for type_ in TYPES)]))
    more: dict[str, Any] = {"tags": tags, "modified": draw(st.integers(1, 2**31))}
    more["created"] = draw(st.integers(0, 2**41))
    if kind == "basic":
        fields: dict[str, Any] = {"front": "Q " + draw(_words), "back": "A " + draw(_words)}
        more |= {"topic": draw(_words), "reference": "ISO/IEC 27001:2022, 6"}
        return PackedNote(key, kind, fields, deck, cards=(draw(_cards(0, deck)),), **more)
    if kind == "choice":
        options = [
            {"text": f"Option {i} " + draw(_words), "correct": i == 1, "rationale": draw(_words)}
            for i in range(3)
        ]
        fields = {"stem": "S " + draw(_words), "options": options}
        return PackedNote(key, kind, fields, deck, cards=(draw(_cards(0, deck)),), **more)
    type_ = next(t for t in TYPES if t.key == kind)
    fields = {name: draw(_words) for name in type_.fields}
    ords = [0]
    if type_ is CLOZE:
        fields["Text"] = "{{c1::one}} {{c3::three}}"
        ords = [0, 2]
    elif type_ is REVERSED:
        ords = [0, 1]
    cards = tuple(draw(_cards(ord_, draw(_deck_names))) for ord_ in ords)
    return PackedNote(key, "custom", fields, deck, notetype=type_.key, cards=cards, **more)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """A package of a few notes, as a file may hold them."""
    made = [draw(notes(f"n{i}")) for i in range(draw(st.integers(1, 5)))]
    return package(*made)
