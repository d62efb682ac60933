"""Reads a template in Anki's language into pieces.

``{{Field}}`` and ``{{filter:Field}}`` insert, ``{{#Field}}…{{/Field}}`` and
``{{^Field}}…{{/Field}}`` decide, comments stay as they are. A template that begins with
``{{=<% %>=}}`` writes <% and %> for the braces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from quizapp.domain.errors import Refusal
from quizapp.domain.templates import limits

_OLD = "{{=<% %>=}}"


class TemplateError(Refusal):
    """A template, or a card made with it, cannot be shown."""


@dataclass(frozen=True, slots=True)
class Insert:
    """The place of a field; filters stand in the order they are applied."""

    field: str
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class When:
    """What is shown only if a field has something in it, or only if it has nothing."""

    field: str
    filled: bool
    nodes: "tuple[Node, ...]"


Node = str | Insert | When


def parse(template: str) -> tuple[Node, ...]:
    """The pieces of a template. Raises TemplateError with a sentence."""
    # Long ones would fill the memory that the short ones share.
    return _remembered(template) if len(template) <= limits.REMEMBERED else _parsed(template)


def _parsed(template: str) -> tuple[Node, ...]:
    if len(template) > limits.TEMPLATE:
        raise TemplateError(
            f"This template is longer than {limits.TEMPLATE:,} characters. Shorten it."
        )
    nodes: list[Node] = []
    waiting: list[tuple[str, bool, list[Node]]] = []
    count = 0
    for text, mark in _tokens(template):
        count += 1
        if count > limits.NODES:
            raise TemplateError(
                f"This template has more than {limits.NODES:,} parts. Make it simpler."
            )
        if text:
            nodes.append(text)
        if not mark:
            continue
        kind, name = mark[0], mark[1:].strip()
        if kind in "#^":
            if len(waiting) == limits.DEPTH:
                raise TemplateError(
                    f"This template has more than {limits.DEPTH} conditions inside one another."
                    " Make it simpler."
                )
            waiting.append((name, kind == "#", nodes))
            nodes = []
        elif kind == "/":
            if not waiting or waiting[-1][0] != name:
                raise TemplateError(_unopened(name, waiting[-1][0] if waiting else ""))
            _, filled, outside = waiting.pop()
            outside.append(When(name, filled, tuple(nodes)))
            nodes = outside
        else:
            nodes.append(_insert(mark))
    if waiting:
        name = waiting[-1][0]
        raise TemplateError(
            f"The condition on “{name}” is not closed. Add {{{{/{name}}}}} to the template."
        )
    return tuple(nodes)


_remembered = lru_cache(maxsize=128)(_parsed)


def _tokens(template: str) -> Iterator[tuple[str, str]]:
    """Text, and what stands in the braces after it ("" at the end)."""
    opening, closing = "{{", "}}"
    if template.lstrip().startswith(_OLD):
        opening, closing = "<%", "%>"
        template = template.lstrip()[len(_OLD) :]
    place = searched = 0
    comments = True
    while (start := template.find(opening, searched)) >= 0:
        comment = template.find("<!--", searched, start) if comments else -1
        if comment >= 0:
            end = template.find("-->", comment)
            comments = end >= 0
            searched = end + 3 if comments else searched
            continue
        end = template.find(closing, start)
        if end < 0:
            raise TemplateError(
                f"This template has {opening} without {closing}:"
                f" “{template[start : start + 40]}”. Close it."
            )
        mark = template[start + 2 : end].lstrip("{").strip()
        yield template[place:start], mark or ":"
        place = searched = end + 2
    yield template[place:], ""


def _insert(mark: str) -> Insert:
    *filters, name = (part.strip() for part in mark.split(":"))
    if len(filters) > limits.FILTERS:
        raise TemplateError(f"“{name}” goes through more than {limits.FILTERS} filters. Use fewer.")
    return Insert(name, tuple(filters[::-1]))


def _unopened(name: str, expected: str) -> str:
    wanted = f", where {{{{/{expected}}}}} was expected" if expected else ", which was not opened"
    return f"This template closes “{name}”{wanted}. Close conditions in the order they open."
