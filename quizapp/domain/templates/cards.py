"""The cards of a note, and what each shows, by the templates of its note type.

The outcome is HTML as the note's author wrote it. Nothing of it may reach a browser
before formats/cards.py has cleaned it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.templates import cloze, limits, occlusion, sounds
from quizapp.domain.templates.filters import filtered
from quizapp.domain.templates.sounds import Sound
from quizapp.domain.templates.syntax import Insert, Node, TemplateError, When, parse
from quizapp.domain.templates.text import is_blank, on_one_line

_TYPE, _TYPED = "[[type:", "]]"
_TOO_LONG = (
    f"This card is longer than {limits.SIDE:,} characters. Shorten its fields or its template."
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a card can say of itself besides its note's fields.

    deck  by its full name, as in "Security::Risk"
    flag  0 for none, 1 to 7
    """

    deck: str = ""
    tags: tuple[str, ...] = ()
    flag: int = 0


@dataclass(frozen=True, slots=True)
class Typing:
    """What is to be typed on a card.

    expected       as plain text
    ignores_marks  whether accents do not matter, by the author's wish
    """

    field: str
    expected: str
    ignores_marks: bool = False
    cloze: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """Both sides of a card: HTML that is not clean, with marks.

    [anki:play:q:0]  the first of question_sounds (a: of answer_sounds); the answer may
                     hold marks of the question, which do not play by themselves
    [[type:…]]       where the typed text and its comparison go
    problem          why there is no card to show; both sides say it too
    """

    question: str
    answer: str
    question_sounds: tuple[Sound, ...] = ()
    answer_sounds: tuple[Sound, ...] = ()
    typing: Typing | None = None
    problem: str = ""


def cards_of(
    notetype: NoteType, fields: Mapping[str, str], context: Context | None = None
) -> list[int]:
    """Which cards a note has, by number from 0.

    A normal note has one for each template whose front is not blank, another one for each
    cloze number; one that would have none has card 0.
    """
    if notetype.kind != "normal":
        numbers: set[int] = set()
        for name in notetype.fields:
            numbers |= cloze.numbers_in(fields.get(name, ""))
        return sorted(number - 1 for number in numbers) or [0]
    return [
        ord_
        for ord_, template in enumerate(notetype.templates)
        if _makes_card(template, _note(notetype, fields, ord_, context or Context()))
    ] or [0]


def render(
    notetype: NoteType, fields: Mapping[str, str], ord_: int, context: Context | None = None
) -> Rendered:
    """Both sides of one card. Never raises: what is wrong is said on the card."""
    try:
        note = _note(notetype, fields, ord_, context or Context())
        if notetype.kind == "normal":
            return _normal(notetype, note, ord_)
        if not any(ord_ + 1 in cloze.numbers_in(fields.get(name, "")) for name in notetype.fields):
            return _faulty(
                f"This note has no gap {ord_ + 1}. Put {{{{c{ord_ + 1}::…}}}} around what is to"
                " be hidden, or delete this card."
            )
        if notetype.kind == "occlusion" and len(notetype.fields) > 1:
            return _occlusion([note.values[name] for name in notetype.fields], ord_ + 1)
        template = _template(notetype, 0)
        return _sides(parse(template.question), parse(template.answer), note, ord_ + 1)
    except TemplateError as error:
        return _faulty(str(error))


@dataclass(frozen=True, slots=True)
class _Note:
    """Everything a template can name, as HTML, and the names of what is not blank."""

    values: Mapping[str, str]
    filled: frozenset[str]


def _normal(notetype: NoteType, note: _Note, ord_: int) -> Rendered:
    template = _template(notetype, ord_)
    front = parse(template.question)
    if _shows(front, note.filled):
        return _sides(front, parse(template.answer), note, ord_ + 1)
    blank = _faulty(
        "The front of this card is blank. Fill in the fields that it shows, or delete this card."
    )
    shown = _Side(note, ord_ + 1, asking=True).written(front)
    question, heard = sounds.collected(shown, "q")
    return Rendered(question + blank.question, blank.answer, heard, problem=blank.problem)


def _template(notetype: NoteType, ord_: int) -> Template:
    if 0 <= ord_ < len(notetype.templates):
        return notetype.templates[ord_]
    raise TemplateError(
        f"The note type “{notetype.name}” has no card {ord_ + 1}. Add a template for it,"
        " or delete this card."
    )


def _faulty(problem: str) -> Rendered:
    html = f'<div class="problem">{escape(problem)}</div>'
    return Rendered(html, html, problem=problem)


def _note(notetype: NoteType, fields: Mapping[str, str], ord_: int, context: Context) -> _Note:
    place = ord_ if notetype.kind == "normal" else 0
    card = notetype.templates[place].name if 0 <= place < len(notetype.templates) else ""
    values = {
        "Tags": escape(" ".join(context.tags)),
        "Type": escape(notetype.name),
        "Deck": escape(context.deck),
        "Subdeck": escape(context.deck.rpartition("::")[2]),
        "Card": escape(card),
        "CardFlag": f"flag{context.flag}",
        f"c{ord_ + 1}": "1",
    }
    for name in notetype.fields:
        values[name] = fields.get(name, "")
    filled = frozenset(name for name, html in values.items() if not is_blank(html))
    return _Note(values, filled)


def _makes_card(template: Template, note: _Note) -> bool:
    try:
        return _shows(parse(template.question), note.filled)
    except TemplateError:
        return False


def _shows(nodes: tuple[Node, ...], filled: frozenset[str]) -> bool:
    """Whether a front shows anything of the note; its own text does not count."""
    for node in nodes:
        if isinstance(node, Insert):
            if node.field in filled:
                return True
        elif (
            isinstance(node, When)
            and node.filled == (node.field in filled)
            and _shows(node.nodes, filled)
        ):
            return True
    return False


def _sides(front: tuple[Node, ...], back: tuple[Node, ...], note: _Note, number: int) -> Rendered:
    shown = _Side(note, number, asking=True).written(front)
    question, asked = sounds.collected(shown, "q")
    shown = _Side(note, number, asking=False, front=question).written(back)
    answer, answered = sounds.collected(shown, "a")
    return Rendered(question, answer, asked, answered, _typing(question, note.values, number))


class _Side:
    """One side of a card as it is written, with what may still be read and written."""

    def __init__(self, note: _Note, number: int, asking: bool, front: str = "") -> None:
        self.note = note
        self.number = number
        self.asking = asking
        self.front = front
        self.left = limits.SIDE

    def written(self, nodes: tuple[Node, ...]) -> str:
        parts: list[str] = []
        self._write(nodes, parts)
        return "".join(parts)

    def _write(self, nodes: tuple[Node, ...], parts: list[str]) -> None:
        for node in nodes:
            if isinstance(node, str):
                self._spend(node)
                parts.append(node)
            elif isinstance(node, Insert):
                parts.append(self._inserted(node))
            elif self._holds(node):
                self._write(node.nodes, parts)

    def _spend(self, text: str) -> None:
        self.left -= len(text) + 1
        if self.left < 0:
            raise TemplateError(_TOO_LONG)

    def _holds(self, node: When) -> bool:
        if node.field in self.note.values:
            return node.filled == (node.field in self.note.filled)
        if node.field[:1] == "c" and node.field[1:].isdecimal():
            return not node.filled
        raise TemplateError(
            f"The template asks for the field “{node.field}”, which this note type does not"
            " have. Correct the template."
        )

    def _inserted(self, insert: Insert) -> str:
        if insert.field == "FrontSide":
            self._spend(self.front)
            return self.front
        if insert.field not in self.note.values and (insert.field or not insert.filters):
            raise TemplateError(
                f"The template shows the field “{insert.field}”, which this note type does not"
                " have. Correct the template."
            )
        html = self.note.values.get(insert.field, "")
        self._spend(html)
        if insert.filters in {("cloze", "type"), ("nc", "type")}:
            return f"[[type:{insert.filters[0]}:{insert.field}]]"
        for name in insert.filters:
            html = filtered(html, name, insert, self.number, self.asking)
            self._spend(html)
        return html


def _typing(question: str, values: Mapping[str, str], number: int) -> Typing | None:
    """What the first box of a question expects; none where that is nothing."""
    start = question.find(_TYPE)
    end = question.find(_TYPED, start) if start >= 0 else -1
    if end < 0:
        return None
    way, _, field = question[start + len(_TYPE) : end].rpartition(":")
    html = sounds.without_sounds(values.get(field, ""))
    if way == "cloze":
        html = cloze.expected(html, number)
    expected = on_one_line(html)
    return Typing(field, expected, way == "nc", way == "cloze") if expected else None


def _occlusion(fields: list[str], number: int) -> Rendered:
    """A card of shapes on an image.

    The stock template needs a script of Anki's, so the fields are taken by their place:
    shapes, image, header, and what the back says besides.
    """
    shapes, image, header, extra = (fields + [""] * 4)[:4]
    if len(shapes) + len(image) + len(header) + len(extra) > limits.SIDE:
        raise TemplateError(_TOO_LONG)
    drawn = occlusion.shapes_of(shapes)
    head = "" if is_blank(header) else f"<div>{header}</div>"
    foot = "" if is_blank(extra) else f'<hr id="answer"><div>{extra}</div>'
    front = head + occlusion.side(image, drawn, number, asking=True)
    back = head + occlusion.side(image, drawn, number, asking=False) + foot
    question, asked = sounds.collected(front, "q")
    answer, answered = sounds.collected(back, "a")
    return Rendered(question, answer, asked, answered)
