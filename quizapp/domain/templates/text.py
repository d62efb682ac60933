"""HTML of fields as text. Each function goes through its text once, whatever it holds."""

import re
from html import unescape

# What a field may hold and still count as empty.
_BLANK = re.compile(r"(?:\s|</?(?:br|div) ?/?>)*", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?]")
_BREAK = re.compile(r"\n|<br ?/?>|</?div>", re.IGNORECASE)
_CLOSERS = {
    opener: re.compile(closer, re.IGNORECASE)
    for opener, closer in (("<!--", "--(?=>)"), ("<style", "</style"), ("<script", "</script"))
}


def is_blank(html: str) -> bool:
    """Whether a field counts as empty: nothing but white space, <br> and <div>."""
    return _BLANK.fullmatch(html) is not None


def without_tags(html: str) -> str:
    """The HTML without tags, comments, styles and scripts; entities stay."""
    if "<" not in html:
        return html
    kept: list[str] = []
    place = 0
    # A closing mark that was not found once is not looked for again.
    absent: set[str] = set()
    while opened := _TAG.search(html, place):
        start = opened.start()
        kept.append(html[place:start])
        inside = start
        for opener, closer in _CLOSERS.items():
            if opener not in absent and html[start : start + len(opener)].lower() == opener:
                closed = closer.search(html, start)
                if closed:
                    inside = closed.end()
                else:
                    absent.add(opener)
        place = html.find(">", inside) + 1
        if not place:
            place = start
            break
    kept.append(html[place:])
    return "".join(kept)


def plain(html: str) -> str:
    """The HTML as text: no tags, entities as characters, plain spaces."""
    return unescape(without_tags(html)).replace("\u00a0", " ")


def on_one_line(html: str) -> str:
    """The HTML as text in which line breaks are spaces."""
    return plain(_BREAK.sub(" ", html)).strip()


def without_tags_in_maths(html: str) -> str:
    r"""The HTML with the tags taken out that stand inside \( \) and \[ \]."""
    kept: list[str] = []
    place = 0
    while True:
        start = _first(html, r"\(", r"\[", place)
        end = _first(html, r"\)", r"\]", start + 2) if start >= 0 else -1
        if end < 0:
            kept.append(html[place:])
            return "".join(kept)
        kept.append(html[place : start + 2])
        kept.append(without_tags(html[start + 2 : end]))
        kept.append(html[end : end + 2])
        place = end + 2


def _first(text: str, one: str, other: str, place: int) -> int:
    """Where the first of two marks stands, or -1."""
    found = text.find(one, place)
    sooner = text.find(other, place, found if found >= 0 else len(text))
    return sooner if sooner >= 0 else found
