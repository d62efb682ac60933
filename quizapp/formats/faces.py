"""The two sides of every card of a note, as clean HTML.

Rendered once when a note is stored, so that showing a card costs nothing.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from mdit_py_plugins.dollarmath import dollarmath_plugin

from quizapp.domain.cards import GAP
from quizapp.formats.html import OWN_FILES, clean
from quizapp.formats.maths import formula
from quizapp.formats.media_names import shown_as

# Part of each note's digest: change it and every note is rendered anew.
RENDERER = "4"


def rendered_by() -> str:
    """What a note that has no file keeps in place of a digest: the renderer of its faces."""
    return f"faces-{RENDERER}"


_HIDDEN, _OPEN, _CLOSE = "\ue000", "\ue001", "\ue002"
# The number of a gap on its way through the renderer: the first gap's character.
_FIRST = 0xE100
# In HTML that was cleaned, where every value is quoted.
_SRC = re.compile(rf'src="{OWN_FILES}([^"]+)"')
_AUDIO = re.compile(rf'<audio\b[^>]*? src="{OWN_FILES}([^"]+)"[^>]*></audio>')
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def faces(kind: str, fields: Mapping[str, Any], objective: str = "") -> list[dict[str, Any]]:
    """What each card of a note shows.

    question and answer are HTML; a choice adds its options ({html, correct,
    rationale}) and objective, a typed card the texts it accepts.
    """
    if kind == "choice":
        return [
            {
                "question": markdown(fields["stem"]),
                "answer": "",
                "options": [
                    {
                        "html": inline(option["text"]),
                        "correct": bool(option["correct"]),
                        "rationale": inline(option["rationale"]),
                    }
                    for option in fields["options"]
                ],
                "objective": inline(objective),
            }
        ]
    if kind == "cloze":
        return _cloze(fields["text"])
    front, back = markdown(fields["front"]), markdown(fields["back"])
    if kind == "reversed":
        return [{"question": front, "answer": back}, {"question": back, "answer": front}]
    face = {"question": front, "answer": back}
    if kind == "typed":
        return [face | {"accepts": [fields["back"], *fields.get("also", ())]}]
    return [face]


def markdown(text: str) -> str:
    """Markdown, with tables and $maths$ and without raw HTML, as clean HTML.

    Pictures and sounds are shown that are named as a learner's own file.
    """
    return clean(_renderer.render(_PRIVATE.sub("", text))).strip()


def inline(text: str) -> str:
    """One line of Markdown as clean HTML without a paragraph around it."""
    return clean(_renderer.renderInline(_PRIVATE.sub("", text))).strip()


def portable(text: str) -> str:
    """Markdown as clean HTML for other programs: maths as MathJax's \\( \\) and \\[ \\]."""
    return with_plain_names(_inert(clean(_portable.render(_PRIVATE.sub("", text)))))


def portable_inline(text: str) -> str:
    """One line of Markdown as ``portable`` HTML without a paragraph around it."""
    return with_plain_names(_inert(clean(_portable.renderInline(_PRIVATE.sub("", text)))))


def portable_cloze(text: str) -> str:
    """A text with gaps as ``portable`` HTML, each gap a cloze of Anki's: {{c1::…}}, {{c2::…}}.

    What Anki would take for a part of its marks is written as a character reference.
    """
    index = -1

    def mark(match: re.Match[str]) -> str:
        nonlocal index
        index += 1
        return f"{_OPEN}{chr(_FIRST + index)}{match[1]}{_CLOSE}"

    html = _inert(clean(_portable.render(GAP.sub(mark, _PRIVATE.sub("", text)))))
    html = html.replace("{{", "{&#123;").replace("}}", "}&#125;").replace("::", ":&#58;")
    html = html.replace(f"{{{_OPEN}", f"&#123;{_OPEN}").replace(f"}}{_CLOSE}", f"&#125;{_CLOSE}")
    html = re.sub(
        f"{_OPEN}(.)", lambda match: f"{{{{c{ord(match[1]) - _FIRST + 1}::", html, flags=re.DOTALL
    )
    return with_plain_names(html.replace(_CLOSE, "}}"))


def with_plain_names(html: str) -> str:
    """Clean HTML whose pictures and sounds are named as in Anki, and not as our pages do."""

    def picture(match: re.Match[str]) -> str:
        return f'src="{escapeHtml(unquote(match[1]))}"'

    def sound(match: re.Match[str]) -> str:
        return f"[sound:{escapeHtml(unquote(match[1]))}]"

    if f'src="{OWN_FILES}' not in html:
        return html
    html = _AUDIO.sub(sound, html)
    return _SRC.sub(picture, html).replace(' loading="lazy"', "")


def _inert(html: str) -> str:
    """The HTML without words that Anki would play or typeset: [sound:…], [latex], [$]."""
    return re.sub(r"\[(?=(?:sound|anki):|latex\]|\$)", "&#91;", html.strip())


def _cloze(text: str) -> list[dict[str, Any]]:
    text = _PRIVATE.sub("", text)
    count = len(GAP.findall(text))
    return [
        {"question": _with_gap(text, ord_, True), "answer": _with_gap(text, ord_, False)}
        for ord_ in range(count)
    ]


def _with_gap(text: str, ord_: int, hidden: bool) -> str:
    """The text with one gap hidden or pointed out and the others filled in."""
    index = -1

    def fill(match: re.Match[str]) -> str:
        nonlocal index
        index += 1
        if index != ord_:
            return match[1]
        return _HIDDEN if hidden else f"{_OPEN}{match[1]}{_CLOSE}"

    html = _renderer.render(GAP.sub(fill, text))
    html = html.replace(_HIDDEN, '<span class="gap">[…]</span>')
    html = html.replace(_OPEN, '<mark class="gap">').replace(_CLOSE, "</mark>")
    return clean(html).strip()


def _mathjax(source: str, display: bool) -> str:
    opened, closed = (r"\[", r"\]") if display else (r"\(", r"\)")
    return f"{opened}{escapeHtml(source.strip())}{closed}"


def _build(portable: bool) -> MarkdownIt:
    """The renderer for our own pages, or for other programs: without MathML and boxes."""
    renderer = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table")
    renderer.disable(["heading", "lheading", "html_block", "html_inline"])
    renderer.use(dollarmath_plugin, double_inline=True, allow_space=False, allow_digits=False)

    def maths(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        display = token.type != "math_inline"
        if portable:
            return _mathjax(token.content, display)
        shown = formula(token.content, display)
        return _scrolling("span", "Formula", shown) if display else shown

    def code(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        html = f"<pre><code>{escapeHtml(tokens[index].content)}</code></pre>"
        return html if portable else _scrolling("div", "Code", html)

    def table_open(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        return "<table>" if portable else f"{_opened('div', 'Table')}<table>"

    def table_close(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        return "</table>" if portable else "</table></div>"

    def cell_open(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        aligned = str(token.attrGet("style") or "").removeprefix("text-align:")
        return f'<{token.tag} class="{aligned}">' if aligned else f"<{token.tag}>"

    def image(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        alt = self.renderInlineAsText(tokens[index].children or [], options, env).strip()
        name = unquote(str(tokens[index].attrGet("src") or ""))
        if kind := shown_as(name):
            src = OWN_FILES + quote(name, safe="")
            if kind == "picture":
                return f'<img src="{src}" alt="{escapeHtml(alt) or "picture"}">'
            return f'<audio src="{src}" aria-label="{escapeHtml(alt) or "Sound"}"></audio>'
        return f"[image: {escapeHtml(alt)}]" if alt else "[image]"

    rules = {
        "math_inline": maths, "math_inline_double": maths, "math_block": maths,
        "fence": code, "code_block": code, "image": image,
        "table_open": table_open, "table_close": table_close,
        "th_open": cell_open, "td_open": cell_open,
    }  # fmt: skip
    for name, rule in rules.items():
        renderer.add_render_rule(name, rule)
    return renderer


def _opened(tag: str, label: str) -> str:
    return f'<{tag} class="scroll" tabindex="0" role="group" aria-label="{label}">'


def _scrolling(tag: str, label: str, html: str) -> str:
    """What may be too wide for the screen, in a box that scrolls by itself."""
    return f"{_opened(tag, label)}{html}</{tag}>"


_renderer = _build(portable=False)
_portable = _build(portable=True)
