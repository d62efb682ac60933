"""The words of foreign HTML, for lists, rules and screen readers."""

import re
from html import unescape

# Enough for a line and for the rules; more would let crafted text take its time.
LOOKED_AT = 5_000

_UNSEEN = re.compile(
    r"<(style|script)\b.*?</\1\s*>|\[(?:sound|anki):[^\]]*\]", re.DOTALL | re.IGNORECASE
)

_MEDIA = (
    ("image", re.compile(r"<img\b", re.IGNORECASE)),
    ("video", re.compile(r"<video\b", re.IGNORECASE)),
    ("sound", re.compile(r"<audio\b|\[sound:|\[anki:play:", re.IGNORECASE)),
)
_ARTICLES = {"image": "an image", "video": "a video", "sound": "a sound"}


def text_of(html: str) -> str:
    """The words of any HTML, on one line; what a reader would not see is left out."""
    seen = _UNSEEN.sub(" ", html[:LOOKED_AT])
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", seen)).split())


def media_of(html: str) -> str:
    """What a side shows that is not words: "An image", "A sound and 2 images"; "" for nothing."""
    looked = html[:LOOKED_AT]
    counts = [(name, len(mark.findall(looked))) for name, mark in _MEDIA]
    said = [
        _ARTICLES[name] if count == 1 else f"{count} {name}s" for name, count in counts if count
    ]
    words = " and ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)
    return words[:1].upper() + words[1:]
