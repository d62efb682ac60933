"""Cards in notes for the spaced repetition plugin of Obsidian.

``Term::Definition`` on one line, ``Term:::Definition`` for both directions, or lines above
and below a lone ``?`` or ``??``; and ``==gaps==`` in notes that say #flashcards.
docs: https://stephenmwangi.com/obsidian-spaced-repetition/flashcards/
"""

import re
from collections.abc import Iterator
from typing import Any

from quizapp.formats.limits import MOST_FIELD
from quizapp.formats.markdown import derived_id, is_fence
from quizapp.formats.parsed import ParsedNote

_HEADING = re.compile(r"#{1,6}\s+(.*)")
_TAGGED = re.compile(r"(?<!\S)#flashcards\b[\w/-]*|^tags:.*\bflashcards\b", re.MULTILINE)
_PLUGINS = re.compile(r"<!--SR:[^<>\n]*-->|(?<!\S)#flashcards\b[\w/-]*|\s\^[\w-]+\s*$")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d{1,4}[.)])\s+")
_CODE = re.compile(r"(`{1,4})[^`\n]*\1")
_SIGN = re.compile(":{2,}")
_WIKI = re.compile(r"(?<!!)\[\[([^\[\]|\n]{1,500})(?:\|([^\[\]\n]{1,500}))?\]\]")
_GAP = re.compile(r"==([^=\n]{1,1000})==")
_BRACKET = re.compile(r"(?<![\\!])\[(?![^\[\]\n]{0,1000}\]\()")
_BETWEEN = {"?": "basic", "??": "reversed"}
_SIGNS = {"::": "basic", ":::": "reversed"}


def notes(text: str) -> list[ParsedNote]:
    """The cards of a note, each with a key of what it asks; none where there are none."""
    tagged = bool(_TAGGED.search(text))
    found = []
    for topic, lines in _paragraphs(text):
        for kind, fields, line in _cards(lines, tagged):
            if max(map(len, fields.values())) <= MOST_FIELD:
                key = derived_id(kind, fields)
                found.append(ParsedNote(key, kind, fields, line, topic, has_id=False))
    return found


def _paragraphs(text: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """The lines between empty ones and headings, by number, with the heading above them."""
    topic, lines, fenced = "", list[tuple[int, str]](), False
    every = text.removeprefix("\ufeff").splitlines()
    start = 0
    if every and every[0].strip() == "---":
        closing = (n for n, line in enumerate(every[1:], 2) if line.strip() == "---")
        start = next(closing, 0)
    for number, line in enumerate(every[start:], start + 1):
        heading = None if fenced else _HEADING.match(line)
        if heading or (not line.strip() and not fenced):
            yield topic, lines
            lines = []
            topic = heading[1].strip() if heading else topic
            continue
        fenced ^= is_fence(line)
        lines.append((number, line))
    yield topic, lines


def _cards(lines: list[tuple[int, str]], tagged: bool) -> Iterator[tuple[str, dict[str, Any], int]]:
    said = [_said(line) for _, line in lines]
    for at, line in enumerate(said):
        if kind := _BETWEEN.get(line.strip()):
            front, back = "\n".join(said[:at]).strip(), "\n".join(said[at + 1 :]).strip()
            if front and back:
                yield kind, {"front": front, "back": back}, lines[0][0]
            return
    if any(map(is_fence, said)):
        return
    one_lined = False
    for (number, _), line in zip(lines, said, strict=True):
        hidden = _CODE.sub(lambda code: " " * len(code[0]), line)
        sign = _SIGN.search(hidden)
        if sign and sign[0] in _SIGNS:
            front = _BULLET.sub("", line[: sign.start()], count=1).strip()
            back = line[sign.end() :].strip()
            if front and back:
                one_lined = True
                yield _SIGNS[sign[0]], {"front": front, "back": back}, number
    whole = "\n".join(said).strip()
    if tagged and not one_lined and _GAP.search(whole):
        yield "cloze", {"text": _GAP.sub(r"[\1]", _BRACKET.sub(r"\\[", whole))}, lines[0][0]


def _said(line: str) -> str:
    """A line without what only the plugin reads, and with links as their words."""
    return _WIKI.sub(lambda link: link[2] or link[1], _PLUGINS.sub("", line)).rstrip()
