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
from hypothesis import given, settings
from hypothesis import strategies as st

from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.templates import Context, Rendered, Speech, cards_of, limits, render
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


def one(front: str, back: str = "{{FrontSide}}", *, kind: str = "normal") -> NoteType:
    return NoteType("t", "Type", kind, ("Front", "Back"), (Template("Card 1", front, back),))


def front(template: str, **fields: str) -> str:
    return render(one(template), fields, 0).question


def gap(text: str, ord_: int = 0, template: str = "{{cloze:Front}}") -> Rendered:
    return render(one(template, template, kind="cloze"), {"Front": text}, ord_)


@pytest.mark.parametrize(
    ("fronts", "fields", "context", "expected"),
    [
        (["{{Front}}", "{{Back}}"], {"Front": "a", "Back": " <br> "}, Context(), [0]),
        (["{{Front}}", "{{Back}}"], {"Front": "<div></div>", "Back": "b"}, Context(), [1]),
        (["{{Front}}", "{{Back}}"], {}, Context(), [0]),
        (["words alone", "{{Front}}"], {"Front": "a"}, Context(), [1]),
        (["{{#Back}}{{Front}}{{/Back}}", "{{Front}}"], {"Front": "a"}, Context(), [1]),
        (["{{^Back}}{{Front}}{{/Back}}", "{{Back}}"], {"Front": "a"}, Context(), [0]),
        (["{{Back}}", "{{Tags}}"], {}, Context(tags=("a",)), [1]),
        (["{{Back}}", "{{Tags}}"], {}, Context(), [0]),
        (["{{Back}}", "{{Deck}}"], {}, Context(deck="D"), [1]),
        (["{{Front", "{{Front}}"], {"Front": "a"}, Context(), [1]),
    ],
)
def test_a_template_makes_a_card_if_its_front_shows_something(
    fronts: list[str], fields: dict[str, str], context: Context, expected: list[int]
) -> None:
    templates = tuple(Template(f"Card {i}", text, "") for i, text in enumerate(fronts))
    notetype = NoteType("t", "Type", "normal", ("Front", "Back"), templates)
    assert cards_of(notetype, fields, context) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{c1::a}} {{c3::b}}", [0, 2]),
        ("{{c2,5::a}}", [1, 4]),
        ("{{c1::a {{c2::b}}}}", [0, 1]),
        ("{{c0::a}}", [0]),
        ("{{c500::a}} {{c501::b}} {{c9999::c}}", [499]),
        ("{{c1:a}} {{c::b}} {{c12}}", [0]),
    ],
)
def test_a_gap_makes_a_card_by_its_number(text: str, expected: list[int]) -> None:
    assert cards_of(one("{{cloze:Front}}", kind="cloze"), {"Front": text}) == expected


def test_gaps_above_the_highest_number_are_asked_on_its_card() -> None:
    shown = gap("{{c501::a}} {{c77::b}}", 499).question
    assert "[...]" in shown
    assert "b" in shown


def test_gaps_are_read_to_ten_levels() -> None:
    deep = "".join(f"{{{{c{n}::{n} " for n in range(1, 13)) + "}}" * 12
    assert gap(deep, 9).question.count("<span") == 10


def test_a_note_without_gaps_says_so() -> None:
    assert gap("nothing hidden").problem.startswith("This note has no gap 1.")


@pytest.mark.parametrize(
    ("template", "fields", "expected"),
    [
        ("{{#Front}}{{#Back}}both{{/Back}}{{Front}}{{/Front}}", {"Front": "a"}, "a"),
        ("{{Front}}{{^Back}}none{{/Back}}", {"Front": "a", "Back": "<br>"}, "anone"),
        ("{{no such filter:Front}}", {"Front": "a"}, "a"),
        ("{{text:hint:Front}}", {"Front": "<b>a</b>"}, "Fronta"),
        ("{{Front}}<!-- {{Nowhere}} -->", {"Front": "a"}, "a<!-- {{Nowhere}} -->"),
        ("{{=<% %>=}}<%Front%>{{Front}}", {"Front": "a"}, "a{{Front}}"),
        ("{{ Front }}", {"Front": "a"}, "a"),
        ("{{{Front}}}", {"Front": "a"}, "a}"),
        ("{{Front}}{{FrontSide}}", {"Front": "a"}, "a"),
        ("{{Front}} {{CardFlag}} {{Card}}", {"Front": "a"}, "a flag0 Card 1"),
        ("{{kana:Front}}", {"Front": "a 漢字[かんじ]b"}, "aかんじb"),
        ("{{kanji:Front}}", {"Front": "漢[a\nb] 字[じ]"}, "漢[a\nb]字"),
        ("{{furigana:Front}}", {"Front": "word[sound:x"}, "word[sound:x"),
    ],
)
def test_a_template_is_read_as_anki_reads_it(
    template: str, fields: dict[str, str], expected: str
) -> None:
    assert front(template, **fields) == expected


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{Front}}{{Nowhere}}", "shows the field “Nowhere”"),
        ("{{Front}}{{#Nowhere}}x{{/Nowhere}}", "asks for the field “Nowhere”"),
        ("{{Front}}{{#Back}}", "is not closed"),
        ("{{Front}}{{/Back}}", "which was not opened"),
        ("{{#Front}}{{#Back}}{{/Front}}{{/Back}}", "was expected"),
        ("{{Front}} {{Back", "without }}"),
        ("{{#Front}}" * 20_000 + "x" + "{{/Front}}" * 20_000, "inside one another"),
        ("{{Front}}" * 30_000, "more than 20,000 parts"),
        ("{{#Front}}" * 100_000 + "{{/Front}}" * 100_000, "longer than 500,000 characters"),
        ("{{Front}}{{" + "text:" * 21 + "Front}}", "filters"),
    ],
)
def test_a_template_that_cannot_be_read_says_why_on_both_sides(template: str, words: str) -> None:
    shown = render(one(template), {"Front": "a"}, 0)
    assert words in shown.problem
    assert shown.question == shown.answer
    assert "Nowhere" not in shown.question or "Correct the template" in shown.question


@pytest.mark.parametrize(
    ("template", "back", "field"),
    [
        ("{{Front}}" * 1_000, "", "x" * 10_000),
        ("{{Front}}", "{{FrontSide}}" * 1_000, "x" * 10_000),
        ("{{text:Front}}" * 10_000, "", "<b>" * 1_000),
        ("{{furigana:Front}}" * 1_000, "", "a[" * 5_000),
        ("{{Front}}{{cloze:Front}}", "", "{{c1::a}}" * 100_000),
    ],
)
def test_a_card_that_grows_too_long_is_not_made(template: str, back: str, field: str) -> None:
    shown = render(one(template, back), {"Front": field}, 0)
    assert shown.problem.startswith("This card is longer than 1,000,000 characters.")


@pytest.mark.parametrize(
    "field",
    [
        "{{c1::" * 10_000 + "x" + "}}" * 10_000,
        "{{c1::a::" * 10_000,
        "{{c1::a}}\\(" * 10_000,
        "[" * 300_000,
        "a[" * 150_000,
        "[sound:" * 40_000,
        "[anki:tts lang=x]" * 15_000,
        "<!--" * 75_000,
        "<style" * 50_000,
        "<" * 300_000,
        "}}" * 150_000,
        "[[type:" * 40_000,
    ],
    ids=lambda field: field[:12],
)
def test_a_hostile_field_ends_soon(field: str) -> None:
    everything = "{{cloze:Front}}{{furigana:Front}}{{type:cloze:Front}}"
    for template in (everything, "{{text:Front}}{{cloze-only:Front}}", "{{tts en_US:Front}}"):
        assert gap("{{c1::x}}" + field, 0, template).question
        assert render(one(template + "{{Front}}"), {"Front": "x" + field}, 0).question


def test_what_is_not_html_is_escaped() -> None:
    notetype = NoteType("t", "<i>Type</i>", "normal", ("F<b>",), (Template("<u>", _SPECIAL, ""),))
    context = Context("<i>Deck</i>::<i>Sub</i>", ('"><i>tag</i>',), 0)
    shown = render(notetype, {"F<b>": "x"}, 0, context).question
    assert "<i>" not in shown
    assert "<u>" not in shown
    assert "<b>" not in shown


_SPECIAL = "{{Tags}}{{Type}}{{Deck}}{{Subdeck}}{{Card}}{{hint:F<b>}}"


def test_text_of_a_field_stays_text() -> None:
    assert front("{{text:Front}}", Front="<b>1 &lt; 2</b> &amp; 3") == "1 &lt; 2 &amp; 3"


def test_the_sounds_of_the_front_do_not_play_again_on_the_back() -> None:
    shown = render(
        one("{{Front}}", "{{FrontSide}}{{Back}}"),
        {"Front": "[sound:a.mp3]", "Back": "[sound:b &amp; c.mp3]"},
        0,
    )
    assert shown.question_sounds == ("a.mp3",)
    assert shown.answer_sounds == ("b & c.mp3",)
    assert shown.answer == "[anki:play:q:0][anki:play:a:0]"


def test_text_marked_for_reading_is_read_without_its_markup() -> None:
    marked = "[anki:tts lang=de_DE voices=A,B speed=1.5]<b>a</b> [sound:x.mp3] [...][/anki:tts]"
    shown = render(one("{{Front}}", "{{Front}}"), {"Front": marked}, 0)
    assert shown.question_sounds == (Speech("a  blank", "de_DE", ("A", "B"), 1.5),)
    assert shown.answer_sounds == (Speech("a  [...]", "de_DE", ("A", "B"), 1.5),)


def test_what_is_to_be_typed_is_the_text_of_the_field() -> None:
    path = PACKAGES / "tiny-typing.legacy-sched-media.apkg.truth.json.gz"
    expected = [ours.typing.expected if ours.typing else None for _, ours, _, _ in pairs(path)]
    assert expected == [
        "hello", "naïve", "élève", "one two", "word", "a & b <c>", None, "👩\u200d🚀 ok", "a b",
        "NaCl",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{c1::one}} {{c2::x}} {{c1::two}}", "one, two"),
        ("{{c1::same}} {{c1::same}}", "same"),
        ("{{c1::a {{c2::b}}::hint}}", "a b"),
    ],
)
def test_gaps_are_typed_one_after_another(text: str, expected: str) -> None:
    typing = gap(text, 0, "{{cloze:Front}}{{type:cloze:Front}}").typing
    assert typing
    assert (typing.expected, typing.cloze) == (expected, True)


def test_the_author_may_let_accents_go() -> None:
    shown = render(one("{{Front}}{{type:nc:Back}}"), {"Front": "a", "Back": "é"}, 0)
    assert shown.typing
    assert shown.typing.ignores_marks


OCCLUSION = NoteType(
    "io",
    "Image Occlusion",
    "occlusion",
    ("Occlusion", "Image", "Header", "Back Extra", "Comments"),
    (Template("Image Occlusion", "", ""),),
)


def occluded(shapes: str, ord_: int) -> Rendered:
    return render(OCCLUSION, {"Occlusion": shapes, "Image": '<img src="a.png">'}, ord_)


def test_all_other_shapes_stay_covered_if_the_author_hides_all() -> None:
    rect = "image-occlusion:rect:left=.1:top=.1:width=.2:height=.2:oi=1"
    shown = occluded("{{c1::" + rect + "}}{{c2::" + rect + "}}", 0)
    assert (shown.question.count('"asked"'), shown.question.count('"covered"')) == (1, 1)
    assert (shown.answer.count('"told"'), shown.answer.count('"covered"')) == (1, 1)
    assert "Show the whole image" in shown.answer


def test_other_shapes_are_bare_if_the_author_hides_one() -> None:
    rect = "image-occlusion:rect:left=.1:top=.1:width=.2:height=.2"
    shown = occluded("{{c1::" + rect + "}}{{c2::" + rect + "}}", 1)
    assert (shown.question.count('"asked"'), shown.question.count('"covered"')) == (1, 0)


def test_a_shape_keeps_its_measures() -> None:
    (shape,) = shapes_of(
        "{{c3::image-occlusion:ellipse:left=.2:top=.3:rx=.1:ry=.15:angle=30:fill=#ff0000:oi=1}}"
    )
    assert (shape.left, shape.top, shape.width, shape.height) == (0.2, 0.3, 0.2, 0.3)
    assert (shape.angle, shape.fill, shape.hide_all) == (30, "#ff0000", True)


def test_a_label_on_an_image_is_text() -> None:
    label = r"{{c0::image-occlusion:text:left=.1:top=.1:text=a\: <b>&lt;i&gt;:fs=.1}}"
    shown = occluded("{{c1::image-occlusion:rect:left=0}}" + label, 0).question
    assert "a: &lt;b&gt;&lt;i&gt;</text>" in shown


@pytest.mark.parametrize("number", ["nan", "inf", "1e400", "x", "", "-1e300", "9" * 400])
def test_a_measure_that_is_no_number_does_no_harm(number: str) -> None:
    shown = occluded(f"{{{{c1::image-occlusion:rect:left={number}:angle={number}}}}}", 0).question
    assert "nan" not in shown
    assert "inf" not in shown


PIECES = st.sampled_from(
    """{{ }} {{c1:: {{c2,1:: {{c501:: :: {{#Front}} {{/Front}} {{^Back}} {{/Back}} {{Front}}
    {{cloze:Front}} {{type:cloze:Front}} {{type:nc:Back}} {{hint:Back}} {{furigana:Front}}
    {{kana:Back}} {{tts en_US:Front}} {{text:Front}} {{FrontSide}} {{Tags}} {{=<% %>=}} <% %>
    <!-- --> \\( \\) \\[ \\] [sound: ] [anki:tts [/anki:tts] [[type: ]] [latex] [/latex] [$] [/$]
    image-occlusion:rect:left=.1 < > </ <b> <img <svg " ' & &lt; | a 漢[か]""".split()
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from(["normal", "cloze", "occlusion"]))
def test_whatever_fields_and_templates_hold_a_card_is_shown(
    question: str, answer: str, front_field: str, back_field: str, kind: str
) -> None:
    notetype = one(question, answer, kind=kind)
    fields = {"Front": front_field, "Back": back_field}
    for ord_ in {*cards_of(notetype, fields), 0, 7}:
        shown = render(notetype, fields, ord_)
        assert len(shown.question) <= limits.SIDE * 2
        assert len(shown.answer) <= limits.SIDE * 2
