"""CSS of others, made safe to stand in the frame of a card.

What is written out is our own spelling of what was read: no comments, no escapes outside
of strings, no address but of the note's own media. A browser therefore reads the same
words that were judged here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

# Characters of a style sheet; a longer one is left out as a whole.
LONGEST = 300_000
# One so long at most is worked out once, where it names no file.
_REMEMBERED = 50_000

# Functions a value or a selector may use; anything that could load a file is not among them.
_FUNCTIONS = frozenset(
    """
    rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark var env calc min max
    clamp round mod rem abs sign attr counter counters linear-gradient radial-gradient
    conic-gradient repeating-linear-gradient repeating-radial-gradient
    repeating-conic-gradient -webkit-linear-gradient -webkit-radial-gradient
    -moz-linear-gradient cubic-bezier steps linear translate translatex translatey translatez
    translate3d scale scalex scaley scalez scale3d rotate rotatex rotatey rotatez rotate3d skew
    skewx skewy matrix matrix3d perspective blur brightness contrast drop-shadow grayscale
    hue-rotate invert opacity saturate sepia repeat minmax fit-content inset circle ellipse
    polygon path local format tech not is where has host nth-child nth-last-child nth-of-type
    nth-last-of-type lang dir and or style selector
    """.split()
)
_RULES = frozenset(
    "media supports keyframes -webkit-keyframes font-face layer container counter-style".split()
)
_CALL = re.compile(r"([-\w]{0,40})\(")
_NAME = re.compile(r"[-\w]{0,40}")
_EDGE = re.compile(r"[;{}]")
_MARK = re.compile(r"[\"'\\]|/\*")
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})[ \t\n\f]?|\\(.?)", re.S)
_STRING = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\.)*+", re.S) for quote in ('"', "'")}
_STUCK = re.compile(r"((?:position|--[-\w]{1,60})\s*:\s*)(?:fixed|sticky|-webkit-sticky)", re.I)
_PRIVATE = re.compile("[\x00\ue000-\uf8ff]")
_FILE = re.compile(r"(?:url|src)\(|\\", re.I)
_HELD = re.compile("\ue000([0-9]+)\ue001")


def foreign_css(css: str, media: Mapping[str, str] | None = None) -> str:
    """A note type's style sheet, safe inside <style>; media is the address of each file by
    its name, and nothing else is loaded."""
    if len(css) > LONGEST:
        return ""
    if len(css) <= _REMEMBERED and not _FILE.search(css):
        return _without_media(css)
    return _cleaned(css, media or {})


def _cleaned(css: str, media: Mapping[str, str]) -> str:
    strings: list[str] = []
    text = _without_rules(_plain(_PRIVATE.sub("", css), strings))
    text = re.sub(r"<(?![\s=\d])", "", text)
    text = _STUCK.sub(r"\1static", text)
    text = _calls(text, strings, media)
    return _HELD.sub(lambda held: _quoted(strings[int(held[1])]), text)


@lru_cache(maxsize=64)
def _without_media(css: str) -> str:
    return _cleaned(css, {})


def declarations(style: str) -> str:
    """What of a style attribute is safe; which properties it may name is nh3's to say."""
    if not set("(\\@<{") & set(style):
        return style
    return ";".join(part for part in style.split(";") if _harmless(part))


def _harmless(part: str) -> bool:
    return not set("\\@<{") & set(part) and all(
        name.lower() in _FUNCTIONS for name in _CALL.findall(part)
    )


def _plain(css: str, strings: list[str]) -> str:
    """The sheet without comments and escapes, its strings put aside."""
    kept: list[str] = []
    place = 0
    while mark := _MARK.search(css, place):
        kept.append(css[place : mark.start()])
        place = mark.end()
        if mark[0] == "/*":
            end = css.find("*/", place)
            place = end + 2 if end >= 0 else len(css)
            kept.append(" ")
        elif mark[0] == "\\":
            escape = _ESCAPE.match(css, mark.start())
            if escape:
                place = escape.end()
                kept.append(_spelt(_character(escape)))
        else:
            body = _STRING[mark[0]].match(css, place)
            inside = body[0] if body else ""
            place += len(inside) + css.startswith(mark[0], place + len(inside))
            strings.append(_ESCAPE.sub(_character, inside))
            kept.append(f"\ue000{len(strings) - 1}\ue001")
    kept.append(css[place:])
    return "".join(kept)


def _character(escape: re.Match[str]) -> str:
    if not escape[1]:
        return "" if escape[2] == "\n" else escape[2] or ""
    code = int(escape[1], 16)
    usable = 0 < code < 0x110000 and not 0xD800 <= code < 0xF900
    return chr(code) if usable else "\ufffd"


def _spelt(character: str) -> str:
    """An escaped character of a name: as itself, or by number where it would be a sign."""
    plain = character.isalnum() or character in "-_" or character > "\x7f"
    return character if plain else f"\\{ord(character):x} " if character else ""


def _without_rules(css: str) -> str:
    """The sheet without @import and other rules that are not on the list."""
    kept: list[str] = []
    place = 0
    while (start := css.find("@", place)) >= 0:
        kept.append(css[place:start])
        name = _NAME.match(css, start + 1)
        word = name[0] if name else ""
        if word.lower() in _RULES:
            kept.append(f"@{word}")
            place = start + 1 + len(word)
        else:
            place = _end_of_rule(css, start)
    kept.append(css[place:])
    return "".join(kept)


def _end_of_rule(css: str, start: int) -> int:
    depth = 0
    for mark in _EDGE.finditer(css, start):
        depth += {"{": 1, "}": -1, ";": 0}[mark[0]]
        if depth <= 0:
            return mark.end() if depth == 0 else mark.start()
    return len(css)


def _calls(css: str, strings: list[str], media: Mapping[str, str]) -> str:
    """The sheet with known functions only, and addresses of own media."""
    kept: list[str] = []
    place = 0
    while call := _CALL.search(css, place):
        kept.append(css[place : call.start()])
        name, place = call[1].lower(), call.end()
        if name in {"url", "src"}:
            end = css.find(")", place)
            end = end if end >= 0 else len(css)
            kept.append(_address(css[place:end].strip(), strings, media))
            place = end + 1
        else:
            kept.append(f"{call[1] if not name or name in _FUNCTIONS else 'blocked'}(")
    kept.append(css[place:])
    return "".join(kept)


def _address(inside: str, strings: list[str], media: Mapping[str, str]) -> str:
    held = _HELD.fullmatch(inside)
    name = strings[int(held[1])] if held else inside
    address = media.get(name) or media.get(unquote(name))
    return f"url({_quoted(address)})" if address else "none"


def _quoted(text: str) -> str:
    spelt = re.sub(r'["\\<\x00-\x1f\x7f]', lambda sign: f"\\{ord(sign[0]):x} ", text)
    return f'"{spelt}"'
