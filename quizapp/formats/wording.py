"""The words of foreign HTML, for lists, rules and screen readers."""

import re
from html import unescape

# Enough for a line and for the rules; more would let crafted text take its time.
LOOKED_AT = 5_000

_UNSEEN = re.compile(
    r"<(style|script)\b.*?</\1\s*>|\[(?:sound|anki):[^\]]*\]", re.DOTALL | re.IGNORECASE
)


def text_of(html: str) -> str:
    """The words of any HTML, on one line; what a reader would not see is left out."""
    seen = _UNSEEN.sub(" ", html[:LOOKED_AT])
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", seen)).split())
