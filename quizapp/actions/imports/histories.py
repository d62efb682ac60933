"""What a file's log has of cards that are here, beyond what is known of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quizapp.domain.learners import Learner
from quizapp.formats.contents import Entry
from quizapp.formats.package import PackedCard, PackedNote
from quizapp.storage import imports
from quizapp.storage.imports import Known, KnownCard


class GoneOn(NamedTuple):
    """A card whose log in the file goes on from the one here, with that many answers."""

    note: PackedNote
    packed: PackedCard
    card: KnownCard
    fresh: int


class Histories(NamedTuple):
    """How the logs of some notes compare with those here.

    apart    answers of cards that were studied here and have another history in the file
    missing  answers of cards that are not here
    """

    gone_on: list[GoneOn]
    apart: int
    missing: int


def may_differ(
    entry: Entry, there: Known, answered: Mapping[tuple[int, int], tuple[int, int | None]]
) -> bool:
    """Whether a note has to be read to know; ``answered`` is what ``answers_known`` found."""
    for ord_, reps, last_at, _ in entry.logs:
        here = answered.get((there.id, ord_))
        if here is not None and here != (reps, last_at):
            return True
    return False


def histories(learner: Learner, notes: Sequence[tuple[PackedNote, Known]]) -> Histories:
    """Compare the logs of notes that are here.

    Nothing that was studied here is to be lost: a log goes on where it holds all of it.
    """
    studied = [(n, k) for n, k in notes if any(card.reviews for card in n.cards)]
    known = imports.cards_known(learner.id, [there.id for _, there in studied])
    pairs, missing = [], 0
    for note, there in studied:
        here = {card.ord: card for card in known.get(there.id, ())}
        for packed in note.cards:
            if packed.reviews and packed.ord in here:
                pairs.append((note, packed, here[packed.ord]))
            else:
                missing += len(packed.reviews)
    answered = imports.answered_at(learner.id, [card.id for _, _, card in pairs if card.reps])
    gone_on, apart = [], 0
    for note, packed, card in pairs:
        moments = answered.get(card.id, set())
        if packed.reps > card.reps and moments <= {review.at for review in packed.reviews}:
            gone_on.append(GoneOn(note, packed, card, len(packed.reviews) - len(moments)))
        elif card.reps:
            apart += sum(1 for r in packed.reviews if r.rating and r.at not in moments)
    return Histories(gone_on, apart, missing)
