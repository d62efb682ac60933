"""A learner's own notes: adding one, making one from a missed item, linking one to an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quizapp.domain.cards import card_count
from quizapp.domain.drafts import draft
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.misses import missed
from quizapp.domain.references import resolve
from quizapp.formats.faces import faces, rendered_by
from quizapp.formats.wordings import check
from quizapp.storage import decks, exams, items, journal, links, works
from quizapp.storage.database import transaction
from quizapp.storage.items import Item

MY_CARDS = "My cards"

# Own decks stand after the shipped ones. A rank is a place in the curriculum (actions/decks.py),
# and what is wanted next stands before all of it.
_POSITION = 10_000
_NOTES_PER_DECK, _STRANDS, _STRAND = 10_000, 8, 3
_NEXT = -1_000_000_000

_NO_ITEM = "There is no such question in your decks. It may have been removed."
_NO_CARD = "There is no such card in your decks. Choose one from the list."


@dataclass(frozen=True)
class Drafted:
    """The card that was made of an item; not ``new`` where there was one already."""

    card: int
    new: bool


def add_note(
    learner: Learner,
    deck: int,
    kind: str,
    fields: Mapping[str, Any],
    *,
    name: str = "",
    topic: str = "",
    reference: str = "",
    domains: Sequence[str] = (),
    objective: str = "",
    tags: Sequence[str] = (),
    level: str = "",
    next_up: bool = False,
) -> int:
    """Store a note in a learner's own deck and deal its cards as new; return the note's id.

    ``name`` is what it is known by among the learner's notes, and one that was taken out of
    study under it comes back with these fields; without, it gets a number. ``next_up`` puts
    its cards before all other new ones. The caller holds the transaction and notes down what
    undo needs.

    Raises Missing for a deck that is not the learner's own, Refusal where the wording cannot
    be a note of its kind, or the name is taken.
    """
    if decks.owner(deck) != learner.id:
        raise Missing("This deck is not your own, so nothing can be added. Choose one of yours.")
    check(kind, fields)
    position = decks.next_position(deck)
    key = f"own/{learner.id}/{name or f'{deck}-{position}'}"
    columns = {
        "deck": deck,
        "kind": kind,
        "fields": dict(fields),
        "faces": faces(kind, fields, objective),
        "topic": topic,
        "tags": list(tags),
        "reference": reference,
        "works": [work or part for part, work in resolve(reference, works.titles())],
        "domains": list(domains),
        "objective": objective,
        "level": level,
        "pool": "study",
        "position": position,
        "digest": rendered_by(),
        "retired": False,
    }
    known = decks.notes_by_key([key]).get(key)
    if known is not None and not known.retired:
        raise Refusal(f"You have a note named “{name}” already. Give this one another name.")
    if known is None:
        note = decks.add_note(key=key, **columns)
    else:
        note = known.id
        decks.change_note(note, **columns)
    rank = (_POSITION * _NOTES_PER_DECK + position) * _STRANDS + _STRAND
    decks.lay_cards(note, deck, card_count(kind, fields), _NEXT + position if next_up else rank)
    decks.deal(note)
    return note


def my_cards(learner: Learner) -> int:
    """The deck that a learner's drafts go to, made where it is missing."""
    key = f"own/{learner.id}/my-cards"
    found = decks.own(learner.id, key)
    if found is None:
        found = decks.save(
            key,
            owner=learner.id,
            family="own",
            name=MY_CARDS,
            description="Cards you made from questions you missed.",
            outline=[],
            origin="Made by you from questions you missed.",
            position=_POSITION,
            digest="",
            retired=False,
        )
    decks.enrol(learner.id, [found])
    return found


def draft_card(learner: Learner, item: int, now: datetime) -> Drafted:
    """Make a card of an item's objective, linked to it so that its next miss pulls it forward.

    Made once: where the item has such a card, that one is returned. Raises Missing.
    """
    with transaction():
        found = items.find(learner.id, [item]).get(item)
        if found is None:
            raise Missing(_NO_ITEM)
        known = links.draft(learner.id, item)
        if known is not None:
            return Drafted(known, new=False)
        before = _draft(learner, found)
        _note_down(learner, found.card, found.version, now, "Make card", before)
        made = links.draft(learner.id, item)
        assert made is not None
        return Drafted(made, new=True)


def draft_cards(learner: Learner, paper_id: int, now: datetime) -> int:
    """Make a card of every item missed in an exam that has none; return how many.

    Raises Missing for no such submitted exam, Refusal where no item is without a card.
    """
    with transaction():
        before = [row for item in bare_misses(learner, paper_id) for row in _draft(learner, item)]
        made = sum("made" in row for row in before)
        if not made:
            raise Refusal("Every question you missed in this exam has a card already.")
        deed = "Make card" if made == 1 else f"Make {made} cards"
        _note_down(learner, None, 0, now, deed, before)
        return made


def bare_misses(learner: Learner, paper_id: int) -> list[Item]:
    """The items missed or guessed in an exam under whose heading no card stands, and none is
    linked; raises Missing for no such submitted exam."""
    if exams.paper(learner.id, paper_id).submitted is None:
        raise Missing("There is no such result. Choose one from the list of exams.")
    asked = [
        question.note
        for question in exams.questions(paper_id)
        if question.note is not None and missed(bool(question.right), question.confidence)
    ]
    found, headings = items.find(learner.id, asked), links.headings(learner.id)
    linked = links.linked(learner.id, asked)
    return [
        found[note]
        for note in asked
        if note in found
        and note not in linked
        and (found[note].deck, found[note].topic) not in headings
    ]


def link(learner: Learner, item: int, note: int, now: datetime) -> None:
    """Link a note to an item by hand, so that a miss pulls its cards forward; twice is once.

    Raises Missing.
    """
    with transaction():
        found, other = _pair(learner, item, note)
        if links.find(learner.id, item, note) is None:
            before = [{"item": item, "linked": note, "was": None}]
            _note_down(learner, found.card, found.version, now, "Link", before)
            links.add(learner.id, item, other)


def unlink(learner: Learner, item: int, note: int, now: datetime) -> None:
    """End a link; the cards stay. Raises Missing."""
    with transaction():
        found, _ = _pair(learner, item, note)
        was = links.find(learner.id, item, note)
        if was is not None:
            before = [{"item": item, "linked": note, "was": was}]
            _note_down(learner, found.card, found.version, now, "Unlink", before)
            links.remove(learner.id, item, note)


def _draft(learner: Learner, item: Item) -> list[Mapping[str, Any]]:
    """Make a card of an item; return what undo needs."""
    note = add_note(
        learner,
        my_cards(learner),
        "basic",
        draft(item.fields, item.objective),
        name=f"draft-{item.note}",
        topic=item.topic,
        reference=item.reference,
        domains=item.domains,
        objective=item.objective,
        next_up=True,
    )
    links.add(learner.id, item.note, note, draft=True)
    return [{"made": note}, {"item": item.note, "linked": note, "was": None}]


def _pair(learner: Learner, item: int, note: int) -> tuple[Item, int]:
    found = items.find(learner.id, [item]).get(item)
    if found is None:
        raise Missing(_NO_ITEM)
    if note == item or not items.has_note(learner.id, note):
        raise Missing(_NO_CARD)
    return found, note


def _note_down(
    learner: Learner,
    card: int | None,
    version: int,
    now: datetime,
    deed: str,
    before: Sequence[Mapping[str, Any]],
) -> None:
    journal.record(learner.id, card, version, now, learner.today(now), deed, before)
