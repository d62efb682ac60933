"""Names, tags and keys from files, made fit to be kept: one line, normal form C."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from html import unescape

from quizapp.formats.limits import (
    DEEPEST_DECK,
    LONGEST_DECK,
    LONGEST_KEY,
    LONGEST_TAG,
    MOST_TAGS,
)

_DERIVED = "t-"
_UNSEEN = ("Cc", "Cs", "Co", "Cn")
# Tags within a line of text: what stands on both sides of one is a single word.
_INLINE = re.compile(
    r"</?(?:abbr|a|bdi|bdo|big|b|cite|code|del|dfn|em|font|ins|i|kbd|mark|q|samp|small|span"
    r"|strike|strong|sub|sup|s|tt|u|var|wbr)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_MEDIA = re.compile(r"<(?:img|audio|video|object|svg|math)\b", re.IGNORECASE)


def one_line(text: str) -> str:
    """Text without control characters, its runs of white space made one space."""
    if not (text.isascii() and text.isprintable()):
        text = " ".join(text.split())
        text = "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def plainly(label: str) -> str:
    """What a column is called, in small letters without accents: "Réponse" is "reponse"."""
    apart = unicodedata.normalize("NFD", one_line(label).casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))


def deck_name(text: str) -> str:
    """A deck's full name with "::" between its parts, none of them empty; "" for none."""
    parts = [part for part in (one_line(part) for part in text.split("::")) if part.strip(":")]
    return "::".join(parts[:DEEPEST_DECK])[:LONGEST_DECK].rstrip(": ")


def tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags in their order, each once, without white space; at most MOST_TAGS."""
    found = (one_line(text).replace(" ", "_")[:LONGEST_TAG] for text in texts)
    return tuple(dict.fromkeys(tag for tag in found if tag))[:MOST_TAGS]


def tags_in(text: str) -> tuple[str, ...]:
    """The tags of a cell, with white space between them; a comma after one is dropped."""
    return tags(part.rstrip(",;") for part in text.split())


def key(text: str) -> str:
    """What a note is recognised by, as its file says it."""
    return one_line(text)[:LONGEST_KEY]


def asked(html: str) -> str:
    """What a field says, apart from its markup: fields that ask the same are equal here.

    Images and sounds count by their markup, and what stands in lines of its own is apart.
    "" for a field that shows nothing.
    """
    if "<" not in html and "&" not in html:
        return one_line(html)
    seen = one_line(unescape(_TAG.sub(" ", _INLINE.sub("", html))))
    return f"{seen} {one_line(html)}" if _MEDIA.search(html) else seen


def derived_key(*parts: str) -> str:
    """A key for a note that brings none, from what tells it from others."""
    return _DERIVED + digest(*parts)


def may_be_derived(key: str) -> bool:
    """Whether a key has the form of a derived one; a file may say any key itself."""
    return key.startswith(_DERIVED) and len(key) == len(_DERIVED) + 16


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits that stand for some texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
