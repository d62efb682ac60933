"""What a card shows: Markdown, maths and gaps, and never a stranger's script."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.formats.faces import (
    faces,
    inline,
    markdown,
    portable,
    portable_cloze,
    portable_inline,
)
from quizapp.formats.html import clean

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "[click](javascript:alert(1))",
    "<a href='jav&#x61;script:alert(1)'>x</a>",
    "[x](data:text/html,<script>alert(1)</script>)",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<p style='background:url(//evil.example)'>x</p>",
    "<form action=//evil.example><button>x</button></form>",
    "<p data-keys='1' id='study-card' hx-get='/x'>x</p>",
    "$<script>alert(1)</script>$",
    "$\\href{javascript:alert(1)}{x}$",
    "![x](//evil.example/track.png)",
    "\ue001<script>\ue002",
]
FORBIDDEN = re.compile(
    r"<(?!/?(p|br|hr|em|strong|s|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|sub|sup"
    r"|a|span|mark|div|math|m[a-z]+)\b)[a-z]|<[^>]*\s(on\w+|style|id|src|data-|hx-)[^>]*=|<[^>]*javascript:",
    re.IGNORECASE,
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text(attack: str) -> None:
    for kind, fields in (
        ("basic", {"front": attack, "back": attack}),
        ("cloze", {"text": f"A [{attack}] gap"}),
        ("cloze", {"text": f"{attack} [gap]"}),
        (
            "choice",
            {
                "stem": attack,
                "options": [{"text": attack, "correct": True, "rationale": attack}] * 2,
            },
        ),
    ):
        for face in faces(kind, fields, attack):
            shown = [face["question"], face["answer"], face.get("objective", "")]
            shown += [o[part] for o in face.get("options", ()) for part in ("html", "rationale")]
            for html in shown:
                assert not FORBIDDEN.search(html), html


@pytest.mark.parametrize("attack", ATTACKS)
def test_cleaning_lets_no_markup_of_others_through(attack: str) -> None:
    assert not FORBIDDEN.search(clean(attack)), clean(attack)


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = markdown(text)
    assert clean(once).strip() == once
    assert not FORBIDDEN.search(once)


def test_markdown_has_tables_code_emphasis_and_maths() -> None:
    assert "<table>" in markdown("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<pre><code>a &lt; b\n</code></pre>" in markdown("```py\na < b\n```")
    assert markdown("`x` and *y*") == "<p><code>x</code> and <em>y</em></p>"
    assert "<mfrac>" in markdown("$\\frac{a}{b}$")
    assert 'display="block"' in markdown("$$a$$")
    assert "$5 and $6" in markdown("between $5 and $6")
    assert inline("one *line*") == "one <em>line</em>"


@pytest.mark.parametrize(
    ("text", "tag", "label"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |", "div", "Table"),
        ("```\nlong\n```", "div", "Code"),
        ("    long", "div", "Code"),
        ("$$a$$", "span", "Formula"),
        ("and $$a$$ inside", "span", "Formula"),
    ],
)
def test_what_may_be_too_wide_scrolls_in_a_box_that_keys_can_reach(
    text: str, tag: str, label: str
) -> None:
    box = f'<{tag} class="scroll" tabindex="0" role="group" aria-label="{label}">'
    assert markdown(text).count(box) == 1


def test_the_box_is_let_through_as_it_is_made_and_not_otherwise() -> None:
    other = '<div class="actions" tabindex="1" role="button" aria-label="Grade" id="x">a</div>'
    assert clean(other) == "<div>a</div>"
    assert clean('<td class="unseen">a</td>') == "a"


def test_the_columns_of_a_table_are_aligned_as_written() -> None:
    table = markdown("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |")
    for cell in ("th", "td"):
        assert re.findall(f"<{cell}( [^>]*)?>", table) == [
            ' class="left"', ' class="center"', ' class="right"', "",
        ]  # fmt: skip
    assert "style" not in table


def test_an_image_is_told_in_words() -> None:
    text = "See ![the *risk* map](https://example.org/map.png)!"
    assert markdown(text) == "<p>See [image: the risk map]!</p>"
    assert inline("![](maps/x.png)") == "[image]"


def test_a_file_of_ones_own_is_shown_and_played() -> None:
    assert inline("![The map](risk%20map.png)") == (
        '<img src="/media/risk%20map.png" alt="The map" loading="lazy">'
    )
    assert 'src="/media/a.mp3"' in inline("![](a.mp3)") and "<audio" in inline("![](a.mp3)")


@pytest.mark.parametrize("attack", ATTACKS)
def test_beside_a_file_of_ones_own_hostile_text_stays_text(attack: str) -> None:
    own = re.compile(r'<img src="/media/[\w.%-]+"( alt="[^"]*")? loading="lazy">')
    html = markdown(f"![](own.png) {attack}\n\n{attack}")
    assert own.search(html)
    assert not FORBIDDEN.search(own.sub("", html)), html


@pytest.mark.parametrize(
    "address",
    ["/media/a.png", "../a.png", "//x.test/a.png", "a.html", "a.png?x=1", "a.pdf", "x:a.png"],
)
def test_what_is_no_name_of_a_picture_is_told_in_words(address: str) -> None:
    assert inline(f"![map]({address})") == "[image: map]"


def test_for_anki_a_file_has_its_plain_name() -> None:
    assert (
        portable("![m](a%20b.png) ![](c.mp3)") == '<p><img src="a b.png" alt="m"> [sound:c.mp3]</p>'
    )


def test_maths_that_does_not_parse_is_shown_as_written() -> None:
    assert "frac" in markdown("$\\frac{$")


def test_links_open_without_telling_where_from() -> None:
    assert 'rel="noopener noreferrer nofollow"' in markdown("[x](https://example.org)")


def test_each_gap_hides_itself_and_shows_the_others() -> None:
    first, second = faces("cloze", {"text": "A [b] and *[c d]*."})
    assert first["question"] == '<p>A <span class="gap">[…]</span> and <em>c d</em>.</p>'
    assert first["answer"] == '<p>A <mark class="gap">b</mark> and <em>c d</em>.</p>'
    assert "A b and" in second["question"]
    assert "c d" not in second["question"]


def test_a_reversed_note_has_two_sides() -> None:
    there, back = faces("reversed", {"front": "ALE", "back": "Loss a year"})
    assert (there["question"], there["answer"]) == (back["answer"], back["question"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text_for_other_programs_too(attack: str) -> None:
    for html in (portable(attack), portable_inline(attack), portable_cloze(f"[{attack}] [x]")):
        assert not FORBIDDEN.search(html), html


def test_other_programs_get_mathjax_and_no_boxes() -> None:
    assert portable("$a < b$ and\n\n$$\\frac{a}{b}$$") == (
        "<p>\\(a &lt; b\\) and</p>\n\\[\\frac{a}{b}\\]"
    )
    assert "scroll" not in portable("| a |\n|---|\n| 1 |\n\n```\ncode\n```")


def test_words_that_anki_acts_on_are_only_words() -> None:
    html = portable("[sound:a.mp3] `[latex]` [$]x[/$] [anki:tts lang=en]a[/anki:tts]")
    for word in ("[sound:", "[latex]", "[$]", "[anki:"):
        assert word not in html


def test_gaps_become_clozes_and_nothing_else_does() -> None:
    assert portable_cloze("A [b] and *[c d]*.") == "<p>A {{c1::b}} and <em>{{c2::c d}}</em>.</p>"
    html = portable_cloze("{{c7::no}} [a::b}} $x^{2^{n}}$}] {[c]}")
    assert html == (
        "<p>{&#123;c7:&#58;no}&#125; {{c1::a:&#58;b}&#125; \\(x^{2^{n}&#125;\\)&#125;}}"
        " &#123;{{c2::c}}}</p>"
    )
