"""Cards of others: nothing in them acts, and what is good in them stays."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.templates import Context, Rendered, Speech, render
from quizapp.domain.typing import compare
from quizapp.formats.cards import TYPED, shown, with_typed
from quizapp.formats.css import foreign_css
from quizapp.formats.frames import document, knows_night, paints
from quizapp.formats.html import LONGEST, clean_foreign
from tests.vectors import VECTORS

PACKAGES = Path(__file__).parent.parent / "fixtures" / "anki"
MEDIA = {
    "a.png": "/media/1",
    "b c.png": "/media/2",
    "größe.png": "/media/3",
    "x.mp3": "/media/4",
    "f.woff2": "/media/5",
}

TAGS = set(
    """script style iframe frame object embed applet link meta base form input select textarea
    template noscript use image animate set foreignobject annotation-xml title xmp plaintext
    portal dialog body html head""".split()
)
ATTRIBUTES = set(
    """srcdoc formaction action ping poster srcset lowsrc background xlink:href data name nonce
    autofocus contenteditable accesskey popover is slot part form autoplay http-equiv""".split()
)
DATA = {"data-speak", "data-lang", "data-speed"}


class Judge(HTMLParser):
    """What of a piece of HTML could act, load or pose as something else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in TAGS:
            self.faults.append(f"<{tag}>")
        for name, written in attrs:
            value = re.sub(r"[\x00-\x20]", "", written or "").lower()
            bad = (
                name in ATTRIBUTES
                or name.startswith(("on", "hx-"))
                or (name.startswith("data-") and name not in DATA)
                or (name == "id" and value != "answer")
                or (name == "href" and not value.startswith(("http://", "https://", "mailto:")))
                or (name == "src" and value not in MEDIA.values())
                or (name == "fill" and "(" in value)
                or (name == "type" and tag == "button" and value != "button")
            )
            if name == "style":
                bad = bool(
                    re.search(r"url|expression|position|image|\\|<|@|binding|--[^;:()]*:", value)
                )
            if bad:
                self.faults.append(f"<{tag} {name}={written}>")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}>")


def faults(html: str) -> list[str]:
    judge = Judge()
    judge.feed(html)
    judge.close()
    return judge.faults


def card(front: str = "", back: str = "", template: str = "{{Front}}", kind: str = "normal") -> str:
    """Both sides of a card of a note, one after another."""
    notetype = NoteType(
        "t", "Type", kind, ("Front", "Back"), (Template("Card", template, "{{FrontSide}}{{Back}}"),)
    )
    both = shown(render(notetype, {"Front": front, "Back": back}, 0), MEDIA)
    return both.question + both.answer


def raw(html: str, *sounds: str | Speech) -> str:
    return shown(Rendered(html, "", tuple(sounds)), MEDIA).question


@pytest.mark.parametrize(
    "vector", ["<p onclick=x()>", "<img src=x>", "<div id=x>", "<b style='a:url(b)'>"]
)
def test_the_judge_of_these_tests_sees_what_is_harmful(vector: str) -> None:
    assert faults(vector)


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "<p>before {} after",
        '<div title="{}">a</div>',
        "<b><i><table>{}",
        "<svg>{}",
        "<math><mtext>{}",
        "\\({}\\)",
        "[sound:{}]",
        "[anki:tts lang=en_US]{}[/anki:tts]",
        "{{{{c1::{}}}}}",
        '<img src="{}">',
        "<span style='{}'>a</span>",
    ],
)
def test_nothing_in_a_field_acts(vector: str, place: str) -> None:
    assert faults(card("x" + place.format(vector))) == []


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_in_a_template_acts(vector: str) -> None:
    assert faults(card("x", template="{{Front}}" + vector)) == []
    assert faults(card("x", vector, "{{Front}}{{hint:Back}}{{text:Back}}{{tts en:Back}}")) == []


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_in_a_name_acts(vector: str) -> None:
    template = "{{F}}{{Tags}}{{Deck}}{{Subdeck}}{{Type}}{{Card}}{{hint:" + vector + "}}"
    fields = ("F", vector)
    notetype = NoteType("t", vector, "normal", fields, (Template(vector, template, template),))
    context = Context(vector, (vector,), 0)
    both = shown(render(notetype, {"F": "x", vector: "y"}, 0, context), MEDIA)
    assert faults(both.question + both.answer) == []


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_on_an_image_acts(vector: str) -> None:
    fields = ("Occlusion", "Image", "Header", "Back Extra", "Comments")
    notetype = NoteType("t", "T", "occlusion", fields, (Template("c", "", ""),))
    shape = f"{{{{c1::image-occlusion:rect:left={vector}:fill={vector}:oi=1}}}}"
    label = f"{{{{c0::image-occlusion:text:text={vector}:fs={vector}}}}}"
    values = {"Occlusion": shape + label, "Image": f"<img src='{vector}'>{vector}"}
    values |= {"Header": vector, "Back Extra": vector}
    both = shown(render(notetype, values, 0), MEDIA)
    assert faults(both.question + both.answer) == []


def test_nothing_in_the_hostile_package_acts() -> None:
    for path in PACKAGES.glob("tiny-hostile*.truth.json.gz"):
        known = json.loads(gzip.decompress(path.read_bytes()))
        for anki in known["cards"]:
            both = shown(Rendered(anki["question"], anki["answer"]), MEDIA)
            assert faults(both.question + both.answer) == []


def test_every_card_of_the_packages_is_clean() -> None:
    for path in PACKAGES.glob("tiny-*.legacy-sched*.apkg.truth.json.gz"):
        known = json.loads(gzip.decompress(path.read_bytes()))
        for anki in known["cards"]:
            both = shown(Rendered(anki["question"], anki["answer"]), MEDIA)
            assert faults(both.question + both.answer) == []


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*VECTORS, '"', "'", ">", "<", "-->", "</p>", "</svg>", "\\(", "\\)", "]"])
        | st.text(max_size=4),
        max_size=8,
    ).map("".join)
)
def test_nothing_acts_whatever_is_mixed(html: str) -> None:
    assert faults(raw(html, "x.mp3", Speech(html, html))) == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>plain <b>bold</b> <i>italic</i> <u>under</u> H<sub>2</sub>O <mark>m</mark></p>",
        '<span style="color:#ff0000;background-color:rgb(1, 2, 3)">styled</span>',
        '<font color="#0000ff" size="5">old</font>',
        "<ruby><rb>漢</rb><rt>かん</rt></ruby>",
        "<details><summary>more</summary>hidden</details>",
        '<div class="front" lang="ja" dir="rtl" title="t">x</div>',
        '<hr id="answer">',
        '<table border="1"><tbody><tr><td rowspan="2" colspan="3">x</td></tr></tbody></table>',
        '<h2 style="text-align:center">x</h2><center>y</center><dl><dt>a</dt><dd>b</dd></dl>',
        '<span class="cloze">[...]</span>',
    ],
)
def test_what_people_write_stays(html: str) -> None:
    assert clean_foreign(html) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<img src="a.png" width="50">', '<img src="/media/1" alt="image" width="50">'),
        ('<img src="b%20c.png" alt="d">', '<img src="/media/2" alt="d">'),
        ('<img src="größe.png" alt="">', '<img src="/media/3" alt="">'),
        ('<img src="gro\u0308ße.png" alt="">', '<img src="/media/3" alt="">'),
        ("<img src=no.png>", '<span class="missing">image no.png is missing</span>'),
        ("<img>", '<span class="missing">image without a file</span>'),
        (
            '<img src="https://example.org/a.png">',
            '<a href="https://example.org/a.png" target="_blank" rel="noopener noreferrer nofollow"'
            ' class="remote">remote image: example.org</a>',
        ),
        (
            "<audio src=x.mp3 class=c></audio>",
            '<audio controls preload="none" src="/media/4" aria-label="Sound 1" class="c"></audio>',
        ),
        (
            "<video><source src=x.mp3>old</video>",
            '<video controls preload="none" src="/media/4" aria-label="Video 1"></video>',
        ),
        ("<source src=x.mp3>", ""),
    ],
)
def test_a_file_is_shown_from_its_own_address_or_said_in_words(html: str, expected: str) -> None:
    assert raw(html) == expected


def test_a_sound_has_a_player_and_a_missing_one_is_named() -> None:
    html = raw("[anki:play:q:0][anki:play:q:1][anki:play:q:7]", "x.mp3", "gone.mp3")
    assert html == (
        '<audio controls preload="none" src="/media/4" aria-label="Sound 1"'
        ' class="sound question"></audio>'
        '<span class="missing">sound gone.mp3 is missing</span>'
    )


def test_a_spoken_text_is_a_button_that_the_page_can_read() -> None:
    assert raw("[anki:play:q:0]", Speech('a "b"', "en_US", (), 0.8)) == (
        '<button class="speak question" data-speak="a &quot;b&quot;" data-lang="en-US"'
        ' data-speed="0.8" type="button">Read aloud</button>'
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (r"\(x\)", '<math display="inline">'),
        (r"\[x\]", '<math display="block">'),
        (r"\(x_{<i>i</i>} &lt; y\)", "<mo>&lt;</mo>"),
        ("<anki-mathjax>x</anki-mathjax>", '<math display="inline">'),
        ('<anki-mathjax block="true">x</anki-mathjax>', '<math display="block">'),
        ("[$]x[/$]", '<math display="inline">'),
        ("[$$]x[/$$]", '<math display="block">'),
        (r"[latex]\begin{equation}x\end{equation}[/latex]", '<math display="block">'),
        ("[latex]$x$[/latex]", '<math display="inline">'),
        ("[latex]many words[/latex]", "<code>many words</code>"),
        (r"\(\ce{H2O}\)", r"<code>\ce{H2O}</code>"),
        (r"\(\frac{\)", r"<code>\frac{</code>"),
        (r"open \(x", r"open \(x"),
        (r"\\(escaped\\)", r"\\(escaped\\)"),
        (r'<b title="\(x\)">y</b>', r'<b title="\(x\)">y</b>'),
        ("$5 and $6", "$5 and $6"),
    ],
)
def test_formulas_are_drawn_and_else_shown_as_code(html: str, expected: str) -> None:
    assert expected in raw(html)


def test_formulas_beyond_the_bound_stay_code() -> None:
    html = raw(r"\(x+y\)" * 5_000)
    assert 0 < html.count("<math") <= 2_000
    assert html.count("<code>") == 5_000 - html.count("<math")


def test_what_was_typed_stands_where_the_template_wants_it() -> None:
    notetype = NoteType(
        "t", "T", "normal", ("F", "B"), (Template("c", "{{F}}{{type:B}}", "{{type:B}}{{type:B}}"),)
    )
    both = shown(render(notetype, {"F": "q", "B": "naive"}, 0), MEDIA)
    assert both.question == f"q{TYPED}"
    assert with_typed(both.answer, compare("nave<", ["naive"])) == (
        '<span class="typing"><span class="given" role="group" aria-label="You typed">'
        '<span class="typeGood">na</span><span class="typeGood">ve</span>'
        '<span class="typeBad">&lt;</span></span>'
        '<span class="arrow" aria-hidden="true">↓</span>'
        '<span class="wanted" role="group" aria-label="The answer"><span class="typeGood">na</span>'
        '<span class="typeMissed">i</span><span class="typeGood">ve</span></span></span>'
    )


def test_a_box_without_anything_to_type_is_left_out() -> None:
    assert card("q", "", "{{Front}}{{type:Back}}") == "qq"


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000,
        "<p>" + "x" * LONGEST,
        "<a b" + " c=d" * 100_000 + ">",
    ],
    ids=["deep", "long", "attributes"],
)
def test_a_card_that_a_parser_would_choke_on_is_not_parsed(html: str) -> None:
    assert clean_foreign(html).startswith('<div class="problem">This card is too long')


def test_half_a_character_is_a_question_mark() -> None:
    assert raw("a\ud800 <b>b</b>") == "a? <b>b</b>"


def test_formatting_left_open_does_not_multiply() -> None:
    html = "".join(f"<font color=c{n}><p>x" for n in range(2_000))
    assert len(clean_foreign(html)) < 10 * len(html)


@pytest.mark.parametrize(
    "css",
    [
        "</style><script>x()</script>",
        "<!-- </style> --><img src=x onerror=x()>",
        "@import url(//evil.invalid/x.css);",
        "@import '//evil.invalid/x.css' screen;",
        "@\\69mport url(//evil.invalid);",
        "@/**/import url(x);",
        "@charset 'x';@namespace url(//evil.invalid);",
        ".a{background:url(//evil.invalid/x)}",
        ".a{background:URL( '//evil.invalid/x' )}",
        ".a{background:u\\72l(//evil.invalid/x)}",
        ".a{background:\\75\\72\\6c(//evil.invalid/x)}",
        ".a{background:ur/**/l(//evil.invalid/x)}",
        ".a{background:url(//evil.invalid/x",
        ".a{background:image-set('//evil.invalid/x' 1x)}",
        ".a{background:-webkit-image-set(url(//evil.invalid/x) 1x)}",
        ".a{background:image('//evil.invalid/x')}",
        ".a{background:src('//evil.invalid/x')}",
        ".a{background:cross-fade(url(//evil.invalid/x),red)}",
        ".a{width:expression(x())}",
        ".a{-moz-binding:url(//evil.invalid/x#y);behavior:url(x.htc)}",
        ".a{--x:url(//evil.invalid/x);background:var(--x)}",
        ".a{content:'</style><script>x()</script>'}",
        ".a{content:'\\3c/style>'}",
        ".a{content:'unclosed\n}</style><script>x()</script>",
        '.a{content:"\\',
        ".a{position:fixed;inset:0}",
        ".a{position : /* */ FIXED}",
        "@font-face{font-family:x;src:url(//evil.invalid/f)}",
        "@font-face{src:url(data:font/woff2;base64,AAAA)}",
        "/* unclosed </style><script>",
        "\ue0000\ue001</style>",
    ],
)
def test_a_style_sheet_loads_nothing_and_stays_inside_its_element(css: str) -> None:
    safe = foreign_css(css, MEDIA)
    assert not re.search(r"@(import|charset|namespace)|expression\(", safe, re.I)
    assert not re.search(r"(url|src|image|image-set|cross-fade)\(", safe, re.I)
    assert not re.search(r"position\s*:\s*(fixed|sticky)", safe, re.I)
    assert not re.search(r"<[/!a-z]", safe, re.I)
    assert "\ue000" not in safe


@pytest.mark.parametrize(
    "css",
    [
        ".card{font-family:arial;font-size:20px;color:black}",
        ".nightMode .cloze{color:lightblue}",
        "@media (max-width: 600px){.a > .b:not(.c){width:calc(100% - 2px)}}",
        "@media (width <= 600px){.a{b:c}}",
        "@keyframes x{from{opacity:0}to{transform:rotate(3deg)}}",
        '.a::before{content:"→"}',
        ".a{background:linear-gradient(red, blue)}",
    ],
)
def test_a_style_sheet_without_harm_stays_as_it_is(css: str) -> None:
    assert foreign_css(css) == css


def test_a_style_sheet_may_use_fonts_of_its_own_media() -> None:
    css = '@font-face{font-family:x;src:url("f.woff2") format("woff2")}'
    assert foreign_css(css, MEDIA) == css.replace("f.woff2", "/media/5")
    assert "url(" not in foreign_css(css)


SIGNS = st.sampled_from(list("\\\"'/*()@{};:< \n"))
WORDS = st.sampled_from(["url(", "</style>", "@import", "/*", "*/", "\\75 rl("])
SHEETS = st.lists(SIGNS | WORDS | st.text(max_size=3), max_size=20).map("".join)


@settings(max_examples=300, deadline=None)
@given(SHEETS)
def test_no_style_sheet_leaves_its_element_or_loads(css: str) -> None:
    safe = foreign_css(css, MEDIA)
    words = re.sub(r'"[^"\n]*"', "", safe.lower())
    assert "</" not in safe
    assert [part for part in ("url(", "@import", '"', "'") if part in words] == []
    assert foreign_css(safe, MEDIA) == safe


def test_a_style_sheet_that_is_too_long_is_left_out() -> None:
    assert foreign_css("a{b:c}" * 100_000) == ""


def test_the_frame_is_a_whole_document_in_the_look_that_was_asked_for() -> None:
    html = document("<p>x</p>", ".card{color:red}", 2, night=True, title="<T>")
    assert html.startswith('<!doctype html><html lang="en">')
    assert '<body class="card card3 nightMode"><p>x</p></body>' in html
    assert "<title>&lt;T&gt;</title>" in html
    assert html.index("color-scheme") < html.index(".card{color:red}")
    assert '<body class="card card1">' in document("", "", 0)
    assert "<script" not in html


@pytest.mark.parametrize(
    ("css", "painted", "knows"),
    [
        (".card {color: black; background: white} .cloze, a {color: blue}", False, False),
        ("body, .card1 {background-color: #eee}", False, False),
        (".front {color: #333}", True, False),
        ("@media (width < 9px) {.box {background: #eee}}", True, False),
        (".box {background: transparent; border-color: red}", False, False),
        (".box {color: #333} .nightMode .box {color: #eee}", True, True),
        (".box {color: #333} .night_mode.card {color: #eee}", True, True),
        (".nightModeless {color: red}", True, False),
        ("@media (prefers-color-scheme: dark) {.box {color: #eee}}", True, True),
    ],
)
def test_what_a_style_sheet_says_of_light_and_dark(css: str, painted: bool, knows: bool) -> None:
    assert (paints(css), knows_night(css)) == (painted, knows)


def test_rules_for_the_night_stand_in_a_sheet_for_dark_screens() -> None:
    html = document("", ".x{color:#333}.nightMode .x{color:#eee}", 0)
    light, dark = html.split('<style media="')[2:]
    assert ".nightMode .x{color:#eee}" in light and light.startswith("not all and")
    assert ".card.card .x{color:#eee}" in dark and dark.startswith("(prefers")


def test_a_deck_that_paints_without_knowing_the_night_stays_on_light_paper() -> None:
    assert '<body class="card card1 day">' in document("", ".x{color:#333}", 0)


@pytest.mark.parametrize(
    ("css", "shown"),
    [("a{height:100vh}", "600px"), ("a{height:calc(.5svh)}", "calc(3px)"), ("a{b:fvh}", "fvh")],
)
def test_a_share_of_the_window_is_one_of_a_common_window(css: str, shown: str) -> None:
    assert shown in document("", css, 0)


def test_the_only_addresses_of_a_card_are_its_media_and_links_to_be_clicked() -> None:
    html = card('<img src="a.png"><a href="https://example.org/x">x</a>')
    hosts = {urlsplit(found).hostname for found in re.findall(r'(?:src|href)="([^"]*)"', html)}
    assert hosts == {None, "example.org"}
