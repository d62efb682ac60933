"""Finding cards by the tags of their notes."""

from quizapp.domain.learners import Learner
from quizapp.storage import cards, decks
from tests.actions.test_imports import bring
from tests.packing import basic, package


def test_a_tag_finds_what_has_it_or_one_below_it_on_both_engines(owner: Learner) -> None:
    notes = [basic("a", tags=("Law::EU",)), basic("b", tags=("Lawyer", "100%")), basic("c")]
    bring(owner, package(*notes))
    inside = [deck.id for deck in decks.of_learner(owner.id)]

    def found(tag: str) -> list[str]:
        return [card.question for card in cards.tagged(owner.id, inside, tag)]

    assert found("law") == found("Law::EU") == ["What is a?"]
    assert found("100%") == found("lawyer") == ["What is b?"]
    assert found("%") == found("EU") == []
