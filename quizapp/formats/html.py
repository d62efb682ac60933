"""Clean HTML: the one place that decides what markup a card may carry."""

import re
from html import unescape

import nh3

from quizapp.formats.css import declarations

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


# Pictures and sounds are a learner's own files and nothing else.
OWN_FILES = "/media/"
_OWN_FILE = re.compile(r"/media/[A-Za-z0-9._~%-]{1,1000}")


def _own_only(tag: str, name: str, value: str) -> str | None:
    return value if name != "src" or _OWN_FILE.fullmatch(value) else None


_own = nh3.Cleaner(
    tags=_TAGS | {"img", "audio"},
    attributes={
        **_ATTRIBUTES,
        "img": {"src", "alt"},
        "audio": {"src", "aria-label"},
    },
    attribute_filter=_own_only,
    tag_attribute_values=_VALUES,
    set_tag_attribute_values={
        "img": {"loading": "lazy"},
        "audio": {"controls": "", "preload": "none"},
    },
    url_schemes={"http", "https"},
    link_rel="noopener noreferrer nofollow",
)


def clean(html: str) -> str:
    """Keep what is on the list and drop the rest, scripts with their content."""
    if f' src="{OWN_FILES}' in html:
        return _own.clean(html)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_VALUES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )


# Cards of others: what people write in note editors and templates, and what our own
# rendering adds (sounds, typed text, shapes over an image). They stand in a frame of their
# own (formats/cards.py), so they may carry classes and styles that our own pages may not.
_FOREIGN_TAGS = _TAGS | set(
    """
    abbr article aside audio b bdi bdo big blockquote button caption center cite col colgroup
    dd del details dfn dl dt ellipse figcaption figure font footer h1 h2 h3 h4 h5 h6 header i
    img ins kbd main nav polygon q rb rect rp rt rtc ruby samp section small source strike
    summary svg text tfoot tt u var video wbr
    """.split()
)
_BOX = {"width", "height"}
_CELL = {"colspan", "rowspan", "align", "valign", "bgcolor", *_BOX}
_FOREIGN_ATTRIBUTES = {
    **_ATTRIBUTES,
    "*": {"class", "style", "lang", "dir", "title"},
    "a": {"href"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "img": {"src", "alt", *_BOX},
    "audio": {"src"},
    "video": {"src", *_BOX},
    "source": {"src"},
    "font": {"color", "size", "face"},
    "table": {"border", "cellpadding", "cellspacing", "align", "bgcolor", *_BOX},
    "td": _CELL,
    "th": {*_CELL, "scope"},
    "tr": {"align", "valign", "bgcolor"},
    "col": {"span", *_BOX},
    "colgroup": {"span"},
    "div": {"align"},
    "p": {"align"},
    "hr": {"size", "align", "width"},
    "details": {"open"},
    "button": {"data-speak", "data-lang", "data-speed"},
    "math": {"display"},
    "mstyle": {"mathcolor", "displaystyle"},
    "svg": {"viewBox", "preserveAspectRatio", "overflow", "x", "y", "aria-label", *_BOX},
    "rect": {"fill", "transform", "x", "y", *_BOX},
    "ellipse": {"fill", "transform", "cx", "cy", "rx", "ry"},
    "polygon": {"fill", "points", "vector-effect"},
    "text": {"x", "y", "dominant-baseline"},
}
_FOREIGN_VALUES: dict[str, dict[str, set[str]]] = {
    **{tag: {"id": {"answer"}} for tag in ("hr", "div", "p", "a")},
    "span": {
        "id": {"answer"},
        "tabindex": {"0"},
        "role": {"group"},
        "aria-label": {"Formula"},
    },
    "svg": {"role": {"img"}},
}
_PROPERTIES = set(
    """
    color background background-color font font-family font-size font-style font-weight
    font-variant line-height letter-spacing word-spacing text-align text-decoration
    text-decoration-line text-decoration-color text-decoration-style text-indent
    text-transform text-shadow text-emphasis vertical-align white-space word-break
    overflow-wrap writing-mode direction unicode-bidi ruby-position ruby-align quotes
    margin margin-top margin-right margin-bottom margin-left margin-inline margin-block
    padding padding-top padding-right padding-bottom padding-left padding-inline padding-block
    border border-top border-right border-bottom border-left border-color border-style
    border-width border-radius border-collapse border-spacing box-shadow box-sizing outline
    border-top-width border-right-width border-bottom-width border-left-width
    border-top-style border-right-style border-bottom-style border-left-style
    border-top-color border-right-color border-bottom-color border-left-color
    width height min-width min-height max-width max-height display visibility opacity float
    clear overflow overflow-x overflow-y object-fit aspect-ratio table-layout caption-side
    empty-cells list-style list-style-type list-style-position columns column-count column-gap
    flex flex-direction flex-wrap flex-grow flex-shrink flex-basis justify-content align-items
    align-content align-self order gap row-gap grid-template-columns grid-template-rows
    grid-column grid-row
    """.split()
)

# The bounds of what is cleaned: a parser of HTML takes the square of the time for tags
# inside one another, for attributes of one tag, and for unclosed <b>, <font> and the like.
LONGEST, TAGS, CLONES = 300_000, 10_000, 1_000_000
_EMBEDDED = re.compile(r"data:[\w.+-]{1,40}/[\w.+-]{1,40};base64,[A-Za-z0-9+/=]*")
_TAG = re.compile("<[a-zA-Z]")
_FORMATTING = "a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u"
_DRESSED = re.compile(rf"<(?:{_FORMATTING})[\s/]", re.IGNORECASE)
_NEUTRAL = re.compile(rf"<(/?)(?:{_FORMATTING})(?=[\s/>])", re.IGNORECASE)
_COLOUR = re.compile("none|#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,30}")
_TURN = re.compile(r"rotate\(-?[0-9.e+-]{1,12}\)")


def clean_foreign(html: str) -> str:
    """Keep of a card of others what is on the generous list, for its frame only.

    Addresses of pictures and sounds are left for formats/cards.py to resolve.
    """
    html = _EMBEDDED.sub("data:,", html)
    tags = len(_TAG.findall(html)) if html.count("<") > 500 else 0
    if len(html) > LONGEST or tags > TAGS:
        return _problem("This card is too long to be shown. Shorten its fields or its template.")
    # Formatting that is left open is repeated in every paragraph after it; plain <b> at most
    # three times, but each with attributes of its own.
    if tags and (42 + len(_DRESSED.findall(html))) * tags > CLONES:
        html = _NEUTRAL.sub(r"<\1span", html)
    try:
        return _foreign.clean(html)
    except UnicodeEncodeError:  # half a character, as JSON can hold
        return _foreign.clean(html.encode("utf-8", "replace").decode("utf-8"))


def _problem(sentence: str) -> str:
    return f'<div class="problem">{sentence}</div>'


def _judged(tag: str, name: str, value: str) -> str | None:
    """An attribute that may stay, as it may stay."""
    if name == "style":
        return declarations(value)
    if name == "href":
        return value if value.lower().startswith(("http://", "https://", "mailto:")) else None
    if name == "fill":
        return value if _COLOUR.fullmatch(value) else None
    if name == "transform":
        return value if _TURN.fullmatch(value) else None
    return value


_foreign = nh3.Cleaner(
    tags=_FOREIGN_TAGS,
    attributes=_FOREIGN_ATTRIBUTES,
    attribute_filter=_judged,
    tag_attribute_values=_FOREIGN_VALUES,
    set_tag_attribute_values={"a": {"target": "_blank"}, "button": {"type": "button"}},
    filter_style_properties=_PROPERTIES,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)


def plain(html: str) -> str:
    """What is left of clean HTML when the markup is taken out; maths counts as text, and a
    picture or sound by what it is called."""
    named = re.sub(r'<(?:img|audio)\b[^>]*?(?:alt|aria-label)="([^"]*)"[^>]*>', r" \1 ", html)
    return unescape(re.sub(r"<[^>]*>", "", named)).strip()
