"""HTML of a field as the little Markdown that says the same.

Kept are paragraphs, lines, lists, emphasis, code and maths; what goes with the rest is
counted. One pass, whatever the markup.
"""

import re
from collections import Counter
from html import unescape

_TOKEN = re.compile(r"(<[/!?a-zA-Z][^<>]*>)")
_NAME = re.compile(r"</?\s*([a-zA-Z0-9-]+)")
_ALT = re.compile(r"""\b(?:alt|src)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))""")
_CLOZE = re.compile(r"\{\{c[\d,]+::|\}\}")
_SOUND = re.compile(r"\[(?:sound|anki):[^\[\]]*\]")
_PUNCTUATION = re.compile(r"([\\*_`\[\]$<~])")
_BREAKS = {"br": "\n", "p": "\n\n", "div": "\n", "tr": "\n", "ul": "\n", "ol": "\n"}
_BREAKS |= {f"h{n}": "\n\n" for n in range(1, 7)} | {"blockquote": "\n\n", "hr": "\n\n"}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*"}
_UNSAID = ("style", "script")
_MATHS = (("\\(", "\\)", "$"), ("\\[", "\\]", "$$"))


def markdown_of(html: str, lost: Counter[str] | None = None) -> str:
    """A field's text as Markdown; what does not go into it is counted in ``lost``.

    ``lost`` counts "images", "sounds" and "formats".
    """
    lost = Counter() if lost is None else lost
    out: list[str] = []
    unsaid = ""
    for token in _TOKEN.split(html):
        match = _NAME.match(token) if token.startswith("<") and token.endswith(">") else None
        if not match:
            if not unsaid and not token.startswith(("<!", "<?")):
                out.append(_text(token, lost))
            continue
        name, closing = match[1].lower(), token.startswith("</")
        if unsaid:
            unsaid = "" if closing and name == unsaid else unsaid
        elif name in _UNSAID and not closing:
            unsaid = name
            lost["formats"] += 1
        elif name == "img":
            alt = _ALT.search(token)
            out.append(_literal(f"[image: {next(filter(None, alt.groups()), '')}]" if alt else ""))
            lost["images"] += 1
        elif name == "li":
            out.append("" if closing else "\n- ")
        elif name in _BREAKS:
            out.append(_BREAKS[name])
        elif name in _MARKS:
            out.append(_MARKS[name])
        else:
            if name in ("td", "th") and closing:
                out.append(" ")
            lost["formats"] += not closing and name not in ("code", "tbody", "thead")
    return _tidied("".join(out))


def _text(token: str, lost: Counter[str]) -> str:
    """A piece between tags: sounds out, maths as Markdown has it, the rest escaped."""
    said, count = _SOUND.subn("", token)
    lost["sounds"] += count
    text = unescape(said).replace("\xa0", " ")
    out: list[str] = []
    at = 0
    ends = {closing: text.rfind(closing) for _, closing, _ in _MATHS}
    while True:
        begins = [
            (begin, closing, mark, len(opening))
            for opening, closing, mark in _MATHS
            if 0 <= (begin := text.find(opening, at)) < ends[closing]
        ]
        if not begins:
            return "".join([*out, _literal(text[at:])])
        begin, closing, mark, length = min(begins)
        end = text.find(closing, begin + length)
        out += [_literal(text[at:begin]), mark, text[begin + length : end].strip(), mark]
        at = end + 2


def _literal(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", text)


def _tidied(text: str) -> str:
    """Lines without white space at their ends, at most one empty between two."""
    lines: list[str] = []
    for line in text.split("\n"):
        clean = " ".join(line.split())
        if clean or (lines and lines[-1]):
            lines.append(clean)
    return "\n".join(lines).strip()


def gapped(text: str) -> tuple[str, int]:
    """Anki's gaps {{c1::text::hint}} as [text], the inner of two nested ones as plain text.

    Returns the text and how many gaps it has. Expects Markdown: brackets are escaped.
    """
    out: list[str] = []
    depth = gaps = at = 0
    for match in _CLOZE.finditer(text):
        piece = text[at : match.start()]
        if match[0] != "}}":
            out.append(piece)
            depth += 1
            if depth == 1:
                gaps += 1
                out.append("[")
        elif depth:
            out.append(piece.split("::", 1)[0])
            depth -= 1
            if depth == 0:
                # A parenthesis behind it would make the gap a link.
                out.append("]\\" if text.startswith("(", match.end()) else "]")
        else:
            out += [piece, "}}"]
        at = match.end()
    out.append(text[at:])
    return ("".join(out), gaps) if depth == 0 else (text, 0)
