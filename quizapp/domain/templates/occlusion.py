"""Shapes that cover parts of an image: read from a note, drawn without script.

A note's field holds gaps such as
``{{c1::image-occlusion:rect:left=.1:top=.1:width=.2:height=.2:oi=1}}``; lengths are
fractions of the image. What is drawn is an SVG in per cent, so it needs no size.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape

from quizapp.domain.templates import cloze, limits

# The colours of the shape asked for and of the others.
ASKED, COVERED = "#e8857f", "#f2dfa0"

_PART = re.compile(r"(?<!\\):")
_IMAGE = re.compile("<img", re.IGNORECASE)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")
_KINDS = ("rect", "ellipse", "polygon", "text")


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape.

    numbers    the cloze numbers it belongs to; 0 stands for always
    kind       "rect", "ellipse", "polygon" or "text"
    left, top, width, height   fractions of the image; an ellipse's box
    points     the corners of a polygon
    angle      degrees clockwise about the left upper corner
    size       height of a text's letters
    hide_all   whether it stays covered while another is asked ("hide all, guess one")
    """

    numbers: tuple[int, ...]
    kind: str
    left: float = 0
    top: float = 0
    width: float = 0
    height: float = 0
    points: tuple[tuple[float, float], ...] = ()
    angle: float = 0
    text: str = ""
    size: float = 0.05
    fill: str = ""
    hide_all: bool = False


def shapes_of(html: str) -> list[Shape]:
    """The shapes of a field, in order; what cannot be read is left out."""
    found = [_shape(gap) for gap in cloze.every(cloze.gaps_of(html)) if gap.shape]
    return [shape for shape in found if shape][: limits.SHAPES]


def side(image: str, shapes: list[Shape], number: int, asking: bool) -> str:
    """The image of a note with the shapes of one card over it.

    asking  the question; else the answer, on which the shape asked for is an outline
            and the others can be uncovered
    """
    before, picture, after = _parts(image)
    drawn: list[str] = []
    asked = covered = 0
    for shape in shapes:
        own = any(min(n, limits.CLOZE_NUMBER) == number for n in shape.numbers)
        if shape.kind == "text":
            drawn.append(_text(shape))
        elif own:
            asked += 1
            drawn.append(_drawn(shape, "asked" if asking else "told", ASKED if asking else "none"))
        elif shape.hide_all or 0 in shape.numbers:
            covered += 1
            drawn.append(_drawn(shape, "covered", shape.fill or COVERED))
    toggle = (
        '<details class="uncover"><summary>Show the whole image</summary></details>'
        if covered and not asking
        else ""
    )
    label = f"{'Asked' if asking else 'Answered'}: {_areas(asked)}. Covered: {_areas(covered)}."
    return (
        f'{before}<div class="occlusion">{picture}<svg class="shapes" role="img"'
        f' aria-label="{label}" width="100%" height="100%">{"".join(drawn)}</svg></div>'
        f"{toggle}{after}"
    )


def _areas(count: int) -> str:
    return f"{count} area" if count == 1 else f"{count} areas"


def _parts(image: str) -> tuple[str, str, str]:
    """What stands before the first image of a field, the image, and what stands after."""
    opened = _IMAGE.search(image)
    end = image.find(">", opened.start()) + 1 if opened else 0
    if not opened or not end:
        return "", image, ""
    return image[: opened.start()], image[opened.start() : end], image[end:]


def _shape(gap: cloze.Gap) -> Shape | None:
    kind, *rest = _PART.split(gap.shape)
    if kind not in _KINDS:
        return None
    given = {name: value for name, _, value in (part.partition("=") for part in rest[:30])}
    number = _numbers(given)
    points = tuple(
        (x, y)
        for x, y in (
            (_fraction(a), _fraction(b))
            for a, _, b in (
                pair.partition(",") for pair in given.get("points", "").split()[: limits.CORNERS]
            )
        )
    )
    return Shape(
        numbers=gap.numbers,
        kind=kind,
        left=number("left", 0),
        top=number("top", 0),
        width=number("width", 2 * number("rx", 0)),
        height=number("height", 2 * number("ry", 0)),
        points=points,
        angle=_angle(given.get("angle", "")),
        text=unescape(given.get("text", "").replace("\\:", ":"))[:500],
        size=number("fs", 0.05) * number("scale", 1),
        fill=given.get("fill", "") if _COLOUR.fullmatch(given.get("fill", "")) else "",
        hide_all=given.get("oi") == "1",
    )


def _numbers(given: Mapping[str, str]) -> Callable[[str, float], float]:
    return lambda name, other: _fraction(given[name]) if name in given else other


def _fraction(text: str) -> float:
    """A length within reach of the image; 0 where it is no number."""
    return min(max(_number(text), -10.0), 10.0)


def _angle(text: str) -> float:
    return math.fmod(_number(text), 360)


def _number(text: str) -> float:
    try:
        value = float(text[:30])
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.4g}%"


def _drawn(shape: Shape, name: str, fill: str) -> str:
    """A shape as SVG. The inner svg puts its corner at the shape's, to turn about it."""
    style = f'class="{name}" fill="{fill}"'
    if shape.kind == "polygon":
        corners = " ".join(f"{x:.5g},{y:.5g}" for x, y in shape.points)
        return (
            '<svg viewBox="0 0 1 1" preserveAspectRatio="none" overflow="visible">'
            f'<polygon {style} points="{corners}" vector-effect="non-scaling-stroke"></polygon>'
            "</svg>"
        )
    width, height = _percent(max(shape.width, 0)), _percent(max(shape.height, 0))
    turned = f' transform="rotate({shape.angle:.5g})"' if shape.angle else ""
    if shape.kind == "ellipse":
        half = _percent(max(shape.width, 0) / 2), _percent(max(shape.height, 0) / 2)
        inner = (
            f'<ellipse {style} cx="{half[0]}" cy="{half[1]}" rx="{half[0]}" ry="{half[1]}"'
            f"{turned}></ellipse>"
        )
    else:
        inner = f'<rect {style} width="{width}" height="{height}"{turned}></rect>'
    return (
        f'<svg x="{_percent(shape.left)}" y="{_percent(shape.top)}" overflow="visible">'
        f"{inner}</svg>"
    )


def _text(shape: Shape) -> str:
    """A label; its letters are measured by the height of what the drawing stands in."""
    size = min(max(shape.size, 0.01), 1) * 100
    return (
        f'<text class="label" x="{_percent(shape.left)}" y="{_percent(shape.top)}"'
        f' dominant-baseline="text-before-edge" style="font-size:{size:.3g}cqh">'
        f"{escape(shape.text)}</text>"
    )
