"""Cards of note types as clean HTML, and the document of the frame they stand in.

Sounds, formulas and the typed text are put in first; then everything is cleaned; last,
pictures and sounds get their addresses, in HTML that is by then spelt in one way only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from quizapp.domain.templates import Rendered, Sound, Speech, Typing
from quizapp.domain.templates.text import plain
from quizapp.domain.typing import Comparison, Piece
from quizapp.formats.html import clean_foreign
from quizapp.formats.maths import formula

# Where with_typed() puts what was typed.
TYPED = '<span class="typing"></span>'

# Characters of formulas on one side that are drawn, and what each costs besides; what comes
# after stays code. Each character may become a tag.
_FORMULAS, _FRAME = 6_000, 10
# Marks of sounds on one side that become players; the question's are repeated on the answer.
_PLAYERS = 400

_PLAY = re.compile(r"\[anki:play:([qa]):([0-9]{1,4})\]")
_BOX = re.compile(r"\[\[type:[^\]]{0,500}\]\]")
_MATHS = re.compile(
    r"(?<!\\)\\[(\[]|<anki-mathjax([^>]{0,200})>|\[latex\]|\[\$\]|\[\$\$\]", re.IGNORECASE
)
_BREAK = re.compile(r"<br ?/?>|</?(?:div|p)>", re.IGNORECASE)
_EQUATION = re.compile(
    r"\s*(?:\\begin\{(equation|displaymath|math)\*?\}(.*)\\end\{\1\*?\}|\$\$([^$]*)\$\$|\$([^$]*)\$)\s*",
    re.S,
)
# Only for HTML that nh3 wrote: there, every value is quoted and no text holds a bare "<".
_ATTRIBUTES = r'((?: [a-zA-Z-]+="[^"]*")*)'
_MEDIUM = re.compile(rf"<(img|audio|video|source){_ATTRIBUTES}>")
_ATTRIBUTE = re.compile(r' ([a-zA-Z-]+)="([^"]*)"')
_SOURCE = re.compile(rf"<source{_ATTRIBUTES}>")


@dataclass(frozen=True, slots=True)
class ShownCard:
    """Both sides of a card as clean HTML for the body of its frame."""

    question: str
    answer: str


def shown(rendered: Rendered, media: Mapping[str, str]) -> ShownCard:
    """A card ready to be shown; media is the address of each of its files by name.

    A file without an address is said in words, and nothing of another site is loaded.
    """
    return ShownCard(
        _side(rendered.question, rendered, media), _side(rendered.answer, rendered, media)
    )


def with_typed(html: str, comparison: Comparison) -> str:
    """A side of a shown card with what was typed above what was expected."""
    lines = [
        _line("given", "You typed", comparison.given),
        _line("wanted", "The answer", comparison.wanted),
    ]
    arrow = '<span class="arrow" aria-hidden="true">↓</span>'
    both = arrow.join(line for line in lines if line)
    return html.replace(TYPED, f'<span class="typing">{both}</span>', 1)


def _line(name: str, label: str, pieces: Sequence[Piece]) -> str:
    names = {"same": "typeGood", "extra": "typeBad", "missing": "typeMissed"}
    marked = "".join(
        f'<span class="{names[piece.kind]}">{escape(piece.text)}</span>' for piece in pieces
    )
    return (
        f'<span class="{name}" role="group" aria-label="{label}">{marked}</span>' if marked else ""
    )


def _side(html: str, rendered: Rendered, media: Mapping[str, str]) -> str:
    html = _with_players(_with_formulas(html), rendered)
    return _with_media(clean_foreign(_with_box(html, rendered.typing)), media)


def _with_players(html: str, rendered: Rendered) -> str:
    if "[anki:play:" not in html:
        return html
    lists = {"q": rendered.question_sounds, "a": rendered.answer_sounds}
    left = _PLAYERS

    def player(mark: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        sounds, place = lists[mark[1]], int(mark[2])
        if left < 0 or place >= len(sounds):
            return ""
        return _player(sounds[place], "question" if mark[1] == "q" else "answer")

    return _PLAY.sub(player, html)


def _player(sound: Sound, side: str) -> str:
    """A sound of one side; on the answer, only those of the answer play by themselves."""
    if not isinstance(sound, Speech):
        return f'<audio class="sound {side}" src="{escape(sound)}"></audio>'
    speed = f' data-speed="{sound.speed:g}"' if sound.speed != 1 else ""
    return (
        f'<button type="button" class="speak {side}" data-speak="{escape(sound.text)}"'
        f' data-lang="{escape(sound.lang.replace("_", "-"))}"{speed}>Read aloud</button>'
    )


def _with_box(html: str, typing: Typing | None) -> str:
    """The first mark becomes the place of the typed text; there is one box for a card."""
    if "[[type:" not in html:
        return html
    if typing:
        html = _BOX.sub(TYPED, html, count=1)
    return _BOX.sub("", html)


def _with_formulas(html: str) -> str:
    r"""Formulas in \( \), \[ \], <anki-mathjax> and the marks of LaTeX, drawn as MathML."""
    kept: list[str] = []
    place, left = 0, _FORMULAS
    in_tag = False
    absent: set[str] = set()
    while opened := _MATHS.search(html, place):
        start, inside = opened.span()
        between = html[place:start]
        kept.append(between)
        in_tag = _ends_in_tag(between, in_tag)
        mark = opened[0].lower()
        closer, display = _closer(mark)
        end = -1 if in_tag or closer in absent else html.find(closer, inside)
        if end < 0:
            if not in_tag:
                absent.add(closer)
            kept.append(opened[0])
            in_tag = in_tag and not opened[0].endswith(">")
            place = inside
            continue
        source = plain(_BREAK.sub(" ", html[inside:end])).strip()
        left -= len(source) + _FRAME
        place = end + len(closer)
        draw = left >= 0
        if mark == "[latex]":
            draw, source, display = _equation(source)
        kept.append(_formula(source, display) if draw else f"<code>{escape(source)}</code>")
    kept.append(html[place:])
    return "".join(kept)


def _ends_in_tag(text: str, in_tag: bool) -> bool:
    """Whether what follows the text stands inside a tag, where no formula is drawn."""
    opened, closed = text.rfind("<"), text.rfind(">")
    if opened == closed:  # neither is there
        return in_tag
    return opened > closed and text[opened + 1 : opened + 2].isalpha()


def _closer(mark: str) -> tuple[str, bool]:
    if mark.startswith("<"):
        return "</anki-mathjax>", "block" in mark
    return {
        "\\(": ("\\)", False),
        "\\[": ("\\]", True),
        "[latex]": ("[/latex]", True),
        "[$]": ("[/$]", False),
        "[$$]": ("[/$$]", True),
    }[mark]


def _equation(source: str) -> tuple[bool, str, bool]:
    """Whether a piece of LaTeX is one formula and nothing else, the formula, and whether it
    stands in a line of its own."""
    whole = _EQUATION.fullmatch(source)
    if not whole:
        return False, source, False
    inside = next(part for part in whole.groups()[1:] if part is not None)
    return True, inside, whole[4] is None and whole[1] != "math"


def _formula(source: str, display: bool) -> str:
    drawn = formula(source, display)
    if not display:
        return drawn
    return f'<span class="scroll" tabindex="0" role="group" aria-label="Formula">{drawn}</span>'


def _with_media(html: str, media: Mapping[str, str]) -> str:
    """Clean HTML with an address for each file that is known, and words for the others."""
    kept: list[str] = []
    place = count = 0
    while medium := _MEDIUM.search(html, place):
        kept.append(html[place : medium.start()])
        place = medium.end()
        tag, attributes = medium[1], dict(_ATTRIBUTE.findall(medium[2]))
        if tag in {"audio", "video"}:
            count += 1
            end = html.find(f"</{tag}>", place)
            inside = html[place:end] if end >= 0 else ""
            place = end + len(tag) + 3 if end >= 0 else place
            source = _SOURCE.search(inside)
            if "src" not in attributes and source:
                attributes["src"] = dict(_ATTRIBUTE.findall(source[1])).get("src", "")
        if tag != "source":
            kept.append(_medium(tag, attributes, media, count))
    kept.append(html[place:])
    return "".join(kept)


def _medium(tag: str, attributes: dict[str, str], media: Mapping[str, str], count: int) -> str:
    word = {"img": "image", "audio": "sound", "video": "video"}[tag]
    name = unescape(attributes.pop("src", "")).strip()
    address = (
        media.get(name) or media.get(unquote(name)) or media.get(normalize("NFC", unquote(name)))
    )
    if not address:
        return _in_words(word, name)
    rest = "".join(f' {key}="{value}"' for key, value in attributes.items())
    if tag == "img":
        alt = "" if "alt" in attributes else ' alt="image"'
        return f'<img src="{escape(address)}"{alt}{rest}>'
    label = f"{word.capitalize()} {count}"
    return (
        f'<{tag} controls preload="none" src="{escape(address)}" aria-label="{label}"{rest}>'
        f"</{tag}>"
    )


def _in_words(word: str, name: str) -> str:
    if not name:
        return f'<span class="missing">{word} without a file</span>'
    if not name.lower().startswith(("http://", "https://", "//")):
        return f'<span class="missing">{word} {escape(unquote(name)[:200])} is missing</span>'
    address = f"https:{name}" if name.startswith("//") else name
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    return (
        f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow"'
        f' class="remote">remote {word}: {escape(host)}</a>'
    )
