"""Gaps in a text, as Anki writes them: ``{{c1::text::hint}}``.

A gap may hold others and may belong to several cards (``{{c1,2::…}}``). One that is not
closed takes the rest of its field with it, as in Anki.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from quizapp.domain.templates import limits
from quizapp.domain.templates.text import without_tags_in_maths

_MARK = re.compile(r"\{\{c([0-9]{1,5}(?:,[0-9]{1,5}){0,20})::|\}\}")
_SHAPE = "image-occlusion:"


@dataclass(slots=True)
class Gap:
    """One gap; nodes are its text and the gaps inside it."""

    numbers: tuple[int, ...]
    nodes: "list[str | Gap]" = field(default_factory=list)
    hint: str = ""

    def on(self, number: int) -> bool:
        """Whether the card of this cloze number asks for it."""
        return any(min(own, limits.CLOZE_NUMBER) == number for own in self.numbers)

    @property
    def shape(self) -> str:
        """What it says of a shape on an image; empty for a gap in a text."""
        first = self.nodes[0] if self.nodes else ""
        if not isinstance(first, str) or not first.startswith(_SHAPE):
            return ""
        return first.removeprefix(_SHAPE)


def gaps_of(html: str) -> list[str | Gap]:
    """The text and the gaps of a field, in order."""
    if "{{c" not in html:
        return [html]
    outer: list[str | Gap] = []
    opened: list[Gap] = []
    place = count = 0

    def add(text: str) -> None:
        if not text:
            return
        if not opened:
            outer.append(text)
            return
        text, found, hint = text.partition("::")
        if found:
            opened[-1].hint = hint
        if text:
            opened[-1].nodes.append(text)

    for mark in _MARK.finditer(html):
        add(html[place : mark.start()])
        place = mark.end()
        if mark[1]:
            count += 1
            if count > limits.CLOZES:
                place = mark.start()
                break
            if len(opened) < limits.CLOZE_DEPTH:
                opened.append(Gap(tuple(int(number) for number in mark[1].split(","))))
        elif opened:
            gap = opened.pop()
            (opened[-1].nodes if opened else outer).append(gap)
        else:
            add(mark[0])
    add(html[place:])
    return outer


def numbers_in(html: str) -> set[int]:
    """The cloze numbers of a field that have a card: 1 to 500, the last for all above."""
    if "{{c" not in html:
        return set()
    return {
        min(number, limits.CLOZE_NUMBER)
        for gap in every(gaps_of(html))
        for number in gap.numbers
        if number > 0
    }


def shown(html: str, number: int, asking: bool) -> str:
    """A field with the gaps of one card hidden (asking) or pointed out, the others marked.

    Empty where the card has no gap in it.
    """
    nodes = gaps_of(html)
    if not any(gap.on(number) for gap in every(nodes)):
        return ""
    written = "".join(_written(nodes, number, asking))
    return without_tags_in_maths(written) if "\\" in written else written


def only(html: str, number: int, asking: bool) -> str:
    """Only what stands in the gaps of one card, or their hints (asking)."""
    return ", ".join(_alone(html, number, asking))


def expected(html: str, number: int) -> str:
    """What is to be typed for the gaps of one card; the same text is asked for once."""
    texts = _alone(html, number, asking=False)
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def _alone(html: str, number: int, asking: bool) -> list[str]:
    return [
        (gap.hint or "...") if asking else _text(gap)
        for gap in every(gaps_of(html))
        if gap.on(number)
    ]


def every(nodes: list[str | Gap]) -> Iterator[Gap]:
    """The gaps, and those inside them, from the outside in."""
    for node in nodes:
        if isinstance(node, Gap):
            yield node
            yield from every(node.nodes)


def _text(gap: Gap) -> str:
    return "".join(node if isinstance(node, str) else _text(node) for node in gap.nodes)


def _written(nodes: list[str | Gap], number: int, asking: bool) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
            continue
        if node.shape:
            continue  # a shape stands on its image and not in the text
        active = node.on(number)
        name = "cloze" if active else "cloze-inactive"
        ordinals = ",".join(map(str, node.numbers))
        yield f'<span class="{name}" data-ordinal="{ordinals}">'
        if active and asking:
            yield f"[{node.hint or '...'}]"
        else:
            yield from _written(node.nodes, number, asking)
        yield "</span>"
