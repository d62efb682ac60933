"""Packages made by code for tests: every kind and state at once, and as large as asked for."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats.package import (
    Package,
    PackedCard,
    PackedDeck,
    PackedMedia,
    PackedNote,
    PackedReview,
)

NOW_MS = 1_768_478_400_000  # 2026-01-15 12:00 UTC
NOW = NOW_MS // 1000
FIRST_NOTE = 1_764_504_000_000
DAY = 86400

WORDS = NoteType(
    key="1764504100000",
    name="Vocabulary",
    kind="normal",
    fields=("Word", "Meaning", "Example", "Add Reverse"),
    templates=(
        Template(
            "Forward", "{{Word}}", "{{FrontSide}}<hr id=answer>{{Meaning}} <i>{{Example}}</i>"
        ),
        Template(
            "Backward",
            "{{#Add Reverse}}{{Meaning}}{{/Add Reverse}}",
            "{{FrontSide}}<hr id=answer>{{Word}}",
        ),
    ),
    css='@font-face { font-family: "f"; src: url("_font.woff2"); }\n/* & <angles> */',
    sort_field=1,
)
GAPS = NoteType(
    key="gaps-of-our-own",
    name="Lücken",
    kind="cloze",
    fields=("Text", "Mehr"),
    templates=(Template("Lücke", "{{cloze:Text}}", "{{cloze:Text}}<br>{{Mehr}}"),),
    css=".cloze { color: teal; }",
)
SHAPES = NoteType(
    key="1764504100002",
    name="Shapes on a map",
    kind="occlusion",
    fields=("Occlusion", "Image", "Header", "Back Extra", "Comments"),
    templates=(
        Template(
            "Shapes", "{{cloze:Occlusion}}{{Image}}", "{{cloze:Occlusion}}{{Image}}{{Header}}"
        ),
    ),
)

CHOICE = {
    "stem": "What should the manager do **first**?",
    "options": [
        {"text": "Stop the launch", "correct": False, "rationale": "Not the manager's to decide."},
        {
            "text": "Inform the owner",
            "correct": True,
            "rationale": "The owner has the *authority*.",
        },
        {"text": "Buy insurance for $x < 5$", "correct": False, "rationale": ""},
    ],
}
NATIVES = {
    "basic": {
        "front": "Name *four* responses.\n\n| a | b |\n|---|--:|\n| 1 | 2 |",
        "back": "Avoid:\n\n- share\n- retain <b>all</b> & $\\frac{a}{b} < 1$\n\n$$ALE = SLE$$",
    },
    "reversed": {"front": "ALE", "back": "Annual *loss* expectancy [sound:none.mp3] {{x}}"},
    "typed": {"front": "The longest outage?", "back": "MTD", "also": ["MTPD", "max. <outage>"]},
    "cloze": {"text": "The [residual] risk, the [owner $x^{2^{n}}$] and [a::b]{{c9::no}} \\[x\\]."},
    "choice": CHOICE,
}

# (name, card without its deck) for every state a card can be in.
STATES: dict[str, PackedCard] = {
    "new": PackedCard(0, "", position=7),
    "new-suspended": PackedCard(0, "", position=8, held="suspended", flag=7),
    "learning-now": PackedCard(
        0, "", "learning", due_at=NOW_MS + 600_000, left=2, reps=1, flag=1, position=9,
        stability=0.2123, difficulty=6.412, last_at=NOW_MS - 60_000,
    ),
    "learning-days": PackedCard(
        0, "", "learning", due="2026-01-16", left=1, reps=2, position=10, stability=1.5,
        difficulty=5.0, last_at=NOW_MS - 1000,
    ),
    "review-late": PackedCard(
        0, "", "review", due="2025-12-01", interval=10, ease=2350, reps=5, lapses=1, flag=3,
        position=11, stability=12.3457, difficulty=7.891, last_at=NOW_MS - 57 * DAY * 1000,
        extra={"id": 1_764_504_000_777, "dr": 0.87, "decay": 0.154, "cd": '{"k":1,"v":"ü"}'},
    ),
    "review-today": PackedCard(
        0, "", "review", due="2026-01-15", interval=3, ease=2500, reps=3, position=12,
        stability=3.25, difficulty=1.0, last_at=NOW_MS - 3 * DAY * 1000,
    ),
    "review-far": PackedCard(
        0, "", "review", due="2031-07-31", interval=2100, ease=1300, reps=40, lapses=9,
        position=13, stability=3650.0, difficulty=10.0, last_at=NOW_MS - 86_400_000,
    ),
    "review-sm2": PackedCard(
        0, "", "review", due="2026-02-28", interval=44, ease=2650, reps=6, last_at=NOW_MS - 5_000,
    ),
    "review-suspended": PackedCard(
        0, "", "review", due="2026-01-20", interval=9, ease=2500, reps=4, held="suspended",
        stability=9.1, difficulty=4.2, last_at=NOW_MS - 4 * DAY * 1000,
    ),
    "review-buried": PackedCard(
        0, "", "review", due="2026-01-14", interval=9, ease=2500, reps=4, held="buried",
    ),
    "review-sibling": PackedCard(
        0, "", "review", due="2026-01-13", interval=9, ease=2500, reps=4, held="sibling",
    ),
    "relearning-now": PackedCard(
        0, "", "relearning", due_at=NOW_MS - 30_000, interval=2, ease=2100, left=1, reps=9,
        lapses=3, stability=0.9, difficulty=9.2, last_at=NOW_MS - 630_000, flag=5,
    ),
    "relearning-days": PackedCard(
        0, "", "relearning", due="2026-01-17", interval=1, ease=1900, left=1, reps=9, lapses=4,
        stability=0.7, difficulty=9.9, last_at=NOW_MS - 600_000,
    ),
    "relearning-suspended": PackedCard(
        0, "", "relearning", due="2026-01-12", interval=1, ease=1900, left=1, reps=9, lapses=4,
        held="suspended",
    ),
}  # fmt: skip
# One entry of every sort a log can hold.
LOG = (
    PackedReview(NOW_MS - 60 * DAY * 1000, 3, 0, -600, 0, 209, 5973),
    PackedReview(NOW_MS - 59 * DAY * 1000, 2, 1, 4, 1, 2350, 60_000),
    PackedReview(NOW_MS - 58 * DAY * 1000, 1, 1, -600, 4, 945, 100),
    PackedReview(NOW_MS - 58 * DAY * 1000 + 9, 3, 2, 1, -600, 930, 2000),
    PackedReview(NOW_MS - 57 * DAY * 1000, 4, 3, 3, 1, 2500, 700),
    PackedReview(NOW_MS - 56 * DAY * 1000, 0, 4, 10, 3, 2500, 0),
    PackedReview(NOW_MS - 55 * DAY * 1000, 0, 5, 10, 10, 700, 0),
)

PRESET = {
    "id": 1_764_504_200_000,
    "name": "Slow",
    "new_per_day": 9,
    "reviews_per_day": 120,
    "learning_steps": [1.0, 15.0, 1440.0],
    "relearning_steps": [20.0],
    "maximum_interval": 365,
    "leech_threshold": 4,
    "desired_retention": 0.85,
    "historical_retention": 0.8,
    "weights": [
        0.2226, 1.3578, 2.4218, 8.7104, 6.734, 0.8751, 3.1704, 0.0011, 1.9658, 0.1749, 0.8358,
        1.5577, 0.0645, 0.276, 1.7307, 0.6315, 1.9665, 0.5425, 0.0912, 0.0691, 0.1542,
    ],
}  # fmt: skip
PICTURES = {
    "Zoë's plan #1 & 50%.png": b"\x89PNG one",
    "音.mp3": b"ID3 sound",
    "_font.woff2": b"wOF2",
    "a:b?.png": b"\x89PNG two",
    "con.txt": b"device",
    "empty.gif": b"",
}


def everything(folder: Path) -> Package:
    """A package with all of it; its media lie in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    media = []
    for name, content in PICTURES.items():
        digest = hashlib.sha256(content).hexdigest()
        (folder / digest).write_bytes(content)
        media.append(PackedMedia(name, digest, len(content)))
    decks = [
        PackedDeck("Security", "All of <b>it</b>.", 7, 0, extra={"markdown": True}),
        PackedDeck("Security::Risk::Übung", desired_retention=0.93),
        PackedDeck('Quoted "deck"', "A “description”", 9, 99, 0.85, {"preset": PRESET}),
        PackedDeck("Empty"),
    ]
    notes = [*_natives(), *_words(), *_clozes(), *_states()]
    return Package(
        "jsonl", [WORDS, GAPS, SHAPES], decks, notes, media, folder, progress=True,
        dated="2026-01-15",
    )  # fmt: skip


def _natives() -> Iterator[PackedNote]:
    for place, (kind, fields) in enumerate(NATIVES.items()):
        yield PackedNote(
            f"cism-{kind}",
            kind,
            fields,
            "Security::Risk",
            tags=("cism", "domain::2"),
            created=FIRST_NOTE + place,
            modified=NOW - 5,
            topic="Risk treatment",
            reference="ISO/IEC 27005:2022, *8.2*",
            domains=("CISM22-2", "CCISO4-1"),
            objective="Who decides" if kind == "choice" else "",
            level="application",
            pool="mock" if kind == "choice" else "study",
        )


def _words() -> Iterator[PackedNote]:
    made = [
        ("Café ☕", "coffee &amp; house<br>two", "", "y", ("fr::café", "leech")),
        ("007", '<img src="Zoë\'s plan #1 &amp; 50%.png">', "[sound:音.mp3]", "", ("marked",)),
        ("👩‍🚀 astronaute", '<img src="a:b?.png"> a:b?.png', "<img src=con.txt>", "", ()),
        ("  spaces  ", "日本語 – العربية", "", "<br>", ("with space", "Über::Größe")),
    ]
    for place, (word, meaning, example, reverse, tags) in enumerate(made, 50):
        values = {"Word": word, "Meaning": meaning, "Example": example, "Add Reverse": reverse}
        yield PackedNote(
            f"w{place}:;<>&\"'", "custom", values, "Security::Risk::Übung", WORDS.key, tags,
            modified=NOW - place, created=FIRST_NOTE + place,
        )  # fmt: skip


def _clozes() -> Iterator[PackedNote]:
    text = "{{c1::eins::Tipp}} {{c3::drei {{c2::zwei}}}} \\(x^{2}\\)"
    yield PackedNote(
        "gap-1", "custom", {"Text": text, "Mehr": "–"}, 'Quoted "deck"', GAPS.key,
        created=FIRST_NOTE + 60, modified=NOW,
    )  # fmt: skip
    shape = "{{c1::image-occlusion:rect:left=.1:top=.1:width=.2:height=.2:oi=1}}"
    values = dict.fromkeys(SHAPES.fields, "")
    values |= {"Occlusion": shape, "Image": '<img src="empty.gif">', "Header": "Map"}
    yield PackedNote(
        "shape-1", "custom", values, "Default", SHAPES.key, created=FIRST_NOTE + 61, modified=NOW
    )


def _states() -> Iterator[PackedNote]:
    for place, (name, card) in enumerate(STATES.items(), 100):
        reviews = LOG if name == "review-late" else ()
        cards = [structs.replace(card, deck="Security", reviews=reviews)]
        if name == "review-today":
            cards.append(structs.replace(STATES["new"], deck="Security::Risk", ord=1, position=99))
        both = "y" if len(cards) == 2 else ""
        values = {"Word": name, "Meaning": f"<i>{name}</i>", "Example": "", "Add Reverse": both}
        yield PackedNote(
            name, "custom", values, "Security", WORDS.key, ("state",), modified=NOW - 3,
            created=FIRST_NOTE + place, cards=tuple(cards),
        )  # fmt: skip


def large(notes: int, reviews: int, seed: int = 1) -> Package:
    """As many custom notes as asked for, a quarter with two cards, made while they are read."""
    names = [f"Area {i % 6}::Deck {i}" for i in range(18)]
    return Package(
        "jsonl", [WORDS], [PackedDeck(name) for name in names], _large(notes, reviews, names, seed),
        progress=True,
    )  # fmt: skip


def _large(notes: int, reviews: int, decks: list[str], seed: int) -> Iterator[PackedNote]:
    chance = random.Random(seed)
    words = [f"word{i} risk control owner audit" for i in range(997)]
    log = NOW_MS - 400 * DAY * 1000
    written = 0
    for n in range(notes):
        deck = decks[n % len(decks)]
        created = FIRST_NOTE + n * 1000
        cards = []
        for ord_ in range(2 if n % 4 == 0 else 1):
            share = reviews * (n + 1) // notes - written if ord_ == 0 else 0
            written += share
            entries = []
            for _ in range(share):
                log += chance.randint(1, 50_000)
                entries.append(PackedReview(log, chance.randint(1, 4), 1, 12, 5, 520, 4000))
            interval = chance.randint(1, 300)
            cards.append(
                PackedCard(
                    ord_, deck, "review", due=f"2026-{chance.randint(1, 12):02}-11",
                    interval=interval, ease=2500, reps=share, stability=interval * 1.1,
                    difficulty=5.125, last_at=NOW_MS - 1000, position=n,
                    extra={"id": created + ord_, "dr": 0.9, "decay": 0.1542},
                    reviews=tuple(entries),
                )
                if share
                else PackedCard(ord_, deck, position=n)
            )  # fmt: skip
        values = {
            "Word": f"{words[n % 997]} {n}",
            "Meaning": f"<b>{words[(n * 7) % 997]}</b> {words[(n * 13) % 997]}",
            "Example": f"An example of {words[(n * 3) % 997]}.",
            "Add Reverse": "y" if n % 4 == 0 else "",
        }
        yield PackedNote(
            f"large-{n}", "custom", values, deck, WORDS.key, (f"t{n % 40}",), NOW - 9, created,
            cards=tuple(cards),
        )  # fmt: skip
