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
    "table", "thead", "tbody", "tr", "th", "td", "sub", "sup", "a", "span", "mark", "div",
} | _MATHML  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "math": {"display"},
    "mo": {"stretchy", "fence"},
    "mi": {"mathvariant"},
    "mspace": {"width"},
    "mtable": {"columnalign"},
}
# What is wider than the screen scrolls in a box of its own, which keys can reach. It is a
# group and not a region: two regions of one name would be two landmarks nobody can tell apart.
_SCROLL = {"class": {"scroll"}, "tabindex": {"0"}, "role": {"group"}}
_ALIGNED = {"class": {"left", "center", "right"}}
_VALUES = {
    "span": {**_SCROLL, "class": {"gap", "scroll"}, "aria-label": {"Formula"}},
    "mark": {"class": {"gap"}},
    "div": {**_SCROLL, "aria-label": {"Table", "Code"}},
    "th": _ALIGNED,
    "td": _ALIGNED,
}


def clean(html: str) -> str:
    """Keep what is on the list and drop the rest, scripts with their content."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_VALUES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )


def plain(html: str) -> str:
    """What is left of clean HTML when the markup is taken out; maths counts as text."""
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()
