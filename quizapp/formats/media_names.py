"""Which files a note refers to."""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import unquote

_NAMED = re.compile(
    r"\[sound:([^\]]{1,500})\]"
    r"|\b(?:src|data)\s*=\s*(?:\"([^\"]{1,500})\"|'([^']{1,500})'|([^\s\"'>]{1,500}))",
    re.IGNORECASE,
)


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
