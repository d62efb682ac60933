"""What the cards of a learner's own note types show, worked out when they are shown."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from urllib.parse import quote

from quizapp.domain.errors import Missing
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.domain.templates import Context, Rendered, Speech, render
from quizapp.domain.typing import compare
from quizapp.formats import cards as card_html
from quizapp.formats.css import foreign_css
from quizapp.formats.faces import faces
from quizapp.formats.frames import document
from quizapp.formats.html import OWN_FILES
from quizapp.formats.readers import notetype_of
from quizapp.formats.wording import media_of, text_of
from quizapp.storage import imports
from quizapp.storage.cards import StudyCard

SIDES = ("question", "answer")
_TYPE = re.compile(r"\[\[type:[^\]]{0,500}\]\]")
_GONE = "This card does not exist. It may have been removed from its deck."


@dataclass(frozen=True)
class Own:
    """A card as the study page needs it.

    sounds    which sides have some to play
    compared  whether the answer's frame itself holds what was typed against what was expected
    """

    card: StudyCard
    sounds: tuple[str, ...]
    compared: bool


def own(learner: Learner, card: StudyCard) -> Own:
    """The card with its sides in words for lists and screen readers.

    An answer that repeats the question is told without it, and a side without words by what it
    shows instead, as "An image.". Where something is to be typed the face has ``accepts``, as
    a typed card's has.
    """
    rendered = _rendered(learner, card)
    asked, told = (
        text_of(_TYPE.sub(" ", rendered.question)),
        text_of(_TYPE.sub(" ", rendered.answer)),
    )
    # Beyond the words of the question, an answer may show no more than an image.
    more = told.removeprefix(asked).strip() or _without_words(rendered.answer) or told
    face: dict[str, Any] = {
        "question": escape(asked or _without_words(rendered.question) or "No text."),
        "answer": escape(more or "No text."),
    }
    if rendered.typing is not None:
        face["accepts"] = [rendered.typing.expected]
    media = OwnMedia(learner.id)
    sounds = tuple(
        side
        for side, some in (
            ("question", rendered.question_sounds),
            ("answer", rendered.answer_sounds),
        )
        if any(isinstance(sound, Speech) or sound in media for sound in some)
    )
    return Own(replace(card, face=face), sounds, bool(_TYPE.search(rendered.answer)))


def frame(learner: Learner, card: StudyCard, side: str, typed: str | None = None) -> str:
    """The document of one side of a card, clean, for a frame without scripts.

    ``typed`` is held against what was expected, on the answer; nothing typed shows what was
    expected, None leaves the place empty. Raises Missing for a side that is none.
    """
    if side not in SIDES or card.notetype is None:
        raise Missing(_GONE)
    type_ = _type(learner, card)
    rendered = _rendered(learner, card, type_)
    media = OwnMedia(learner.id)
    shown = card_html.shown(rendered, media)
    html = shown.question if side == "question" else shown.answer
    if side == "answer" and typed is not None and rendered.typing is not None:
        html = card_html.with_typed(html, compare(typed, [rendered.typing.expected]))
    return document(html, foreign_css(type_.css, media), card.ord, title=side.capitalize())


def field_names(learner: Learner, card: StudyCard) -> tuple[str, ...]:
    """The names of a custom card's fields in the order of its type; none for others."""
    if card.notetype is None:
        return ()
    names = _type(learner, card).fields
    return (*(n for n in names if n in card.fields), *(n for n in card.fields if n not in names))


def sample(sample: Mapping[str, Any], side: str, base: str, media: Mapping[str, str]) -> str:
    """The document of one side of a note that is not imported yet.

    ``media`` are the digests of its files by name, ``base`` what comes before a name in an
    address.
    """
    if side not in SIDES:
        raise Missing(_GONE)
    told = sample["notetype"]
    if told is None:
        face = _of_package(
            faces(sample["kind"], sample["fields"], sample["objective"])[sample["ord"]], base
        )
        if side == "question" and "options" in face:
            options = "".join(f"<li>{option['html']}</li>" for option in face["options"])
            return document(f"{face['question']}<ol>{options}</ol>", "", 0)
        if "options" in face:
            key = next(option for option in face["options"] if option["correct"])
            return document(f"<p>{key['html']}</p><p>{key['rationale']}</p>", "", 0)
        return document(face[side], "", 0)
    type_ = notetype_of(told)
    context = Context(sample["deck"], tuple(sample["tags"]))
    rendered = render(type_, sample["fields"], sample["ord"], context)
    addresses = {name: f"{base}{quote(name)}" for name in media}
    shown = card_html.shown(rendered, addresses)
    html = shown.question if side == "question" else shown.answer
    if side == "answer" and rendered.typing is not None:
        expected = rendered.typing.expected
        html = card_html.with_typed(html, compare(expected, [expected]))
    return document(html, foreign_css(type_.css, addresses), sample["ord"])


def _of_package(face: dict[str, Any], base: str) -> dict[str, Any]:
    """A face whose pictures are those that a file brings, before they are stored."""
    before, then = f' src="{OWN_FILES}', f' src="{escape(base)}'
    found = {
        name: value.replace(before, then) if isinstance(value, str) else value
        for name, value in face.items()
    }
    if "options" in face:
        found["options"] = [_of_package(option, base) for option in face["options"]]
    return found


def _without_words(html: str) -> str:
    shown = media_of(html)
    return f"{shown}." if shown else ""


class OwnMedia(Mapping[str, str]):
    """The addresses of a learner's files by name, looked up as they are asked for."""

    def __init__(self, learner: int) -> None:
        self._learner = learner

    def __getitem__(self, name: str) -> str:
        found = imports.medium(self._learner, name)
        if found is None:
            raise KeyError(name)
        # The digest keeps a browser from showing what the name stood for before.
        return f"/media/{quote(name)}?is={found[0][:12]}"

    def __iter__(self) -> Iterator[str]:
        return iter(imports.media(self._learner))

    def __len__(self) -> int:
        return len(imports.media(self._learner))


def _type(learner: Learner, card: StudyCard) -> NoteType:
    found = imports.notetype(learner.id, card.notetype or 0)
    if found is None:
        raise Missing(_GONE)
    return found


def _rendered(learner: Learner, card: StudyCard, type_: NoteType | None = None) -> Rendered:
    context = Context(card.deck_name, card.tags, card.flag)
    return render(type_ or _type(learner, card), card.fields, card.ord, context)
