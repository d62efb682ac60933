"""Reading helpers that tests share."""

from datetime import UTC, datetime

from quizapp.actions import learners as learner_actions
from quizapp.domain.learners import Learner
from quizapp.storage import cards
from quizapp.storage.models import TABLES, Card, Memory, Note


def card_named(learner: Learner, key: str, ord_: int = 0) -> cards.StudyCard:
    """A learner's card by the ID of its note."""
    row = (
        Card.select(Card.id)
        .join(Note, on=(Note.id == Card.note))
        .where((Note.key == key) & (Card.ord == ord_))
        .get()
    )
    found = cards.find(learner.id, row.id)
    assert found is not None
    return found


def dump(learner: Learner) -> list[tuple[object, ...]]:
    """Everything stored of a learner's memories except the version, to compare."""
    names = [f.name for f in Memory._meta.sorted_fields if f.name != "version"]
    rows = Memory.select().where(Memory.learner == learner.id).order_by(Memory.card)
    return [tuple(row.__data__.get(name) for name in names) for row in rows]


def new_installation() -> Learner:
    """Empty the bound database and make its one learner, as each example of a property wants."""
    for model in reversed(TABLES):
        model.delete().execute()
    return learner_actions.local_learner("UTC", datetime(2026, 1, 15, 12, 0, tzinfo=UTC))


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table as it is stored, to compare."""
    found = {}
    for model in TABLES:
        fields = model._meta.sorted_fields
        stored = model.select(*fields).order_by(*model._meta.get_primary_keys()).tuples()
        found[model._meta.table_name] = [tuple(map(repr, row)) for row in stored]
    return found
