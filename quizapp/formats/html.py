"""Clean HTML: the one place that decides what markup a card may carry."""

import re
from html import unescape

import nh3

_MATHML = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd",
    "mstyle", "mpadded", "mphantom", "menclose",
}  # fmt: skip
_TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li",
    "table", "thead", "tbody", "tr", "th", "td", "sub", "sup", "a", "span", "mark",
} | _MATHML  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "span": {"class"},
    "mark": {"class"},
    "math": {"display"},
    "mo": {"stretchy", "fence"},
    "mi": {"mathvariant"},
    "mspace": {"width"},
    "mtable": {"columnalign"},
}
_CLASSES = {"gap"}


def clean(html: str) -> str:
    """Keep what is on the list and drop the rest, scripts with their content."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_class_on_the_list,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )


def plain(html: str) -> str:
    """What is left of clean HTML when the markup is taken out; maths counts as text."""
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


def _class_on_the_list(tag: str, name: str, value: str) -> str | None:
    if name != "class":
        return value
    return value if value in _CLASSES else None
