"""Which files a note refers to: in HTML and [sound:…] marks, or as pictures in Markdown."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from itertools import chain
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, unquote

from quizapp.domain.errors import Refusal
from quizapp.formats.archives import media_name

PICTURES = frozenset("png jpg jpeg gif webp avif bmp svg".split())
SOUNDS = frozenset("mp3 ogg oga opus wav flac m4a aac".split())

_NAMED = re.compile(
    r"\[sound:([^\]]{1,500})\]"
    r"|\b(?:src|data)\s*=\s*(?:\"([^\"]{1,500})\"|'([^']{1,500})'|([^\s\"'>]{1,500}))",
    re.IGNORECASE,
)
_STYLED = re.compile(
    r"\burl\(\s{0,9}[\"']?([^\"'()<>\s][^\"'()<>]{0,499})[\"']?\s{0,9}\)", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:|//)", re.IGNORECASE)
# ![words](address "title"), and ![[file|words]] as Obsidian has it.
_EMBEDDED = re.compile(
    r"(?<!\\)!(?:\[(?P<alt>(?:[^\[\]\\\n]|\\.){0,500})\]"
    r"\((?:<(?P<angled>[^<>\n]{1,500})>|(?P<bare>[^\s()<>]{1,500}))(?P<title>[ \t]+\"[^\"\n]*\")?\)"
    r"|\[\[(?P<wiki>[^\[\]|\n]{1,500})(?:\|(?P<size>[^\[\]\n]{0,500}))?\]\])"
)
_UNFIT = re.compile(r"[\s()<>%\"\\\[\]]")


def named_in(texts: Iterable[str]) -> set[str]:
    """The names of files in some fields, in every spelling they may have there."""
    found = set()
    for text in texts:
        if "[" not in text and "=" not in text:
            continue
        for match in _NAMED.finditer(text):
            name = next(group for group in match.groups() if group)
            found |= {name, unescape(name), unquote(unescape(name))}
    return found


def referred_to(texts: Iterable[str]) -> Iterator[str]:
    """The names of files that fields, templates or style sheets refer to, as they are stored;
    no files of other sites, and none whose name a field is to give."""
    for text in texts:
        for match in chain(_NAMED.finditer(text), _STYLED.finditer(text)):
            name = normalize("NFC", unquote(unescape(next(filter(None, match.groups()))))).strip()
            if name and not _ELSEWHERE.match(name) and "{{" not in name:
                yield name


def shown_as(name: str) -> str:
    """What Markdown shows of a file: "picture" or "sound"; "" for a path, another site's
    file, and a kind that is neither."""
    ending = name.rpartition(".")[2].lower()
    if ending not in PICTURES | SOUNDS:
        return ""
    try:
        fine = media_name(name) == name
    except Refusal:
        fine = False
    return ("picture" if ending in PICTURES else "sound") if fine else ""


def embedded_in(text: str) -> Iterator[str]:
    """The addresses of pictures and sounds in Markdown, as they stand there but for %20."""
    if "![" in text:
        for match in _EMBEDDED.finditer(text):
            yield _address(match)


def embedding(text: str, follow: Callable[[str], str | None]) -> str:
    """Markdown whose pictures and sounds have the addresses that ``follow`` says; where it
    says None, they stay as they are."""

    def new(match: re.Match[str]) -> str:
        address = follow(_address(match))
        if address is None:
            return match[0]
        alt = match["alt"] or ""
        return f"![{alt}]({_UNFIT.sub(lambda char: quote(char[0]), address)}{match['title'] or ''})"

    return _EMBEDDED.sub(new, text) if "![" in text else text


def _address(match: re.Match[str]) -> str:
    return match["wiki"] or unquote(match["angled"] or match["bare"])


def embedded_in_fields(fields: Mapping[str, Any]) -> set[str]:
    """The names of files that a note of one of our kinds shows."""
    return {name for text in _texts(fields) for name in embedded_in(text)}


def named_in_fields(fields: Mapping[str, Any]) -> set[str]:
    """The names of files that a note of any kind may show, in every spelling."""
    return named_in(_texts(fields)) | embedded_in_fields(fields)


def embedding_fields(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a note of one of our kinds with new names for its files."""

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return embedding(value, names.get)
        if isinstance(value, Mapping):
            return {name: renamed(each) for name, each in value.items()}
        return [renamed(each) for each in value] if isinstance(value, list | tuple) else value

    return {name: renamed(value) for name, value in fields.items()}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
