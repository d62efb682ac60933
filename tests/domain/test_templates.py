"""Cards by templates: against what the real Anki shows, and in themselves."""

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.templates import Context, Rendered, Speech, cards_of, render
from quizapp.domain.templates.occlusion import shapes_of

PACKAGES = Path(__file__).parent.parent / "fixtures" / "anki"
TRUTHS = sorted(PACKAGES.glob("*pkg.truth.json.gz"))


@cache
def truth(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def notetype_of(raw: dict[str, Any]) -> NoteType:
    kind = "cloze" if raw["cloze"] else "normal"
    if "anki.imageOcclusion" in raw["templates"][0]["qfmt"]:
        kind = "occlusion"
    templates = tuple(Template(t["name"], t["qfmt"], t["afmt"]) for t in raw["templates"])
    return NoteType(
        raw["name"], raw["name"], kind, tuple(raw["fields"]), templates, raw["css"] or ""
    )


def pairs(path: Path) -> Iterator[tuple[NoteType, Rendered, dict[str, Any], dict[str, str]]]:
    """Every card of a package: its type, ours, Anki's, its fields."""
    known = truth(path)
    types = {raw["name"]: notetype_of(raw) for raw in known["notetypes"]}
    notes = {note["guid"]: note for note in known["notes"]}
    for card in known["cards"]:
        note = notes[card["guid"]]
        notetype = types[note["notetype"]]
        fields = dict(zip(notetype.fields, note["fields"], strict=True))
        context = Context(card["deck"], tuple(note["tags"]), card["flag"])
        yield notetype, render(notetype, fields, card["ord"], context), card, fields


class Events(HTMLParser):
    """HTML as a list of what a browser would see, so that spelling does not matter."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[Any, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(attrs, key=str))))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("/" + tag,))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "text":
            data = self.found.pop()[1] + data
        self.found.append(("text", data))


def events(html: str) -> list[tuple[Any, ...]]:
    parser = Events()
    parser.feed(html)
    parser.close()
    spaced = (
        ("text", " ".join(event[1].split())) if event[0] == "text" else event
        for event in parser.found
    )
    return [event for event in spaced if event != ("text", "")]


HINT = re.compile(
    r'\n<a class=hint href="#"\nonclick="[^"]*" draggable=false>\n([^<]*)</a>\n'
    r'<div id="hint[0-9a-f]+" class=hint style="display: none">(.*?)</div>\n',
    re.S,
)
BLANK = re.compile(r"<div>(The front of this card is blank|No cloze).*?</a></div>", re.S)
OURS_BLANK = re.compile(r'<div class="problem">(The front of this card is blank|This note has no)')
LATEX = re.compile(r'<img class=latex alt="([^"]*)" src="[^"]*">(LaTeX image generation[^.]*\.)?')


def same(ours: str, anki: str) -> bool:
    """Equal but for what we do on purpose: hints without script, our own sentences, formulas
    that stay formulas, and no hidden copy of the answer in data-cloze."""
    anki = HINT.sub(r'<details class="hint"><summary>\1</summary>\2</details>', anki)
    anki = re.sub(r' data-cloze="[^"]*"', "", anki)
    if BLANK.search(anki):
        anki = BLANK.sub("[blank]", anki)
        if not OURS_BLANK.search(ours):
            return False
        ours = re.sub(r'<div class="problem">.*?</div>', "[blank]", ours)
    anki = LATEX.sub(lambda m: f"<i>{m[1]}</i>", anki)
    ours = re.sub(r"\[latex\](.*?)\[/latex\]", r"<i>\1</i>", ours)
    ours = re.sub(r"\[\$\](.*?)\[/\$\]", r"<i>$\1$</i>", ours)
    ours = re.sub(
        r"\[\$\$\](.*?)\[/\$\$\]", r"<i>\\begin{displaymath}\1\\end{displaymath}</i>", ours
    )
    return events(ours) == events(anki)


def heard(sounds: tuple[Any, ...]) -> list[Any]:
    return [
        {
            "tts": sound.text,
            "lang": sound.lang,
            "voices": list(sound.voices),
            "speed": round(sound.speed, 4),
        }
        if isinstance(sound, Speech)
        else sound
        for sound in sounds
    ]


def rounded(sounds: list[Any]) -> list[Any]:
    return [s | {"speed": round(s["speed"], 4)} if isinstance(s, dict) else s for s in sounds]


@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.name.removesuffix(".truth.json.gz"))
def test_every_card_shows_what_anki_shows(path: Path) -> None:
    seen = 0
    for notetype, ours, anki, _ in pairs(path):
        if notetype.kind == "occlusion":
            continue
        seen += 1
        assert same(ours.question, anki["question"]), (ours.question, anki["question"])
        assert same(ours.answer, anki["answer"]), (ours.answer, anki["answer"])
        assert heard(ours.question_sounds) == rounded(anki["question_av"])
        assert heard(ours.answer_sounds) == rounded(anki["answer_av"])
    assert seen or "occlusion" in path.name


@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.name.removesuffix(".truth.json.gz"))
def test_a_note_has_the_cards_that_anki_gave_it(path: Path) -> None:
    known = truth(path)
    types = {raw["name"]: notetype_of(raw) for raw in known["notetypes"]}
    made: dict[str, set[int]] = {}
    for card in known["cards"]:
        made.setdefault(card["guid"], set()).add(card["ord"])
    for note in known["notes"]:
        notetype = types[note["notetype"]]
        fields = dict(zip(notetype.fields, note["fields"], strict=True))
        # A card whose front was emptied later stays until it is deleted.
        shown = {ord_ for ord_ in made[note["guid"]] if not render(notetype, fields, ord_).problem}
        ours = set(cards_of(notetype, fields, Context(tags=tuple(note["tags"]))))
        assert ours == shown or (not shown and ours == {0}), note


SHAPE = re.compile(r'<div class="(cloze[a-z-]*)" data-ordinal="([\d,]+)" data-shape="(\w+)"')


@pytest.mark.parametrize("path", sorted(PACKAGES.glob("*occlusion*.truth.json.gz")))
def test_the_shapes_of_an_image_are_those_that_anki_reads(path: Path) -> None:
    for _, ours, anki, fields in pairs(path):
        read = [
            (",".join(map(str, shape.numbers)), shape.kind)
            for shape in shapes_of(fields["Occlusion"])
        ]
        assert read == [(m[2], m[3]) for m in SHAPE.finditer(anki["question"])]
        assert ours.question.count('class="asked"') == sum(
            m[1] == "cloze" and m[2] != "0" for m in SHAPE.finditer(anki["question"])
        )
