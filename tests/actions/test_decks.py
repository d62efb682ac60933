"""Loading deck files: again, changed, moved, removed, broken; and wordings of one's own."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from quizapp.actions import decks as deck_actions
from quizapp.actions import study as study_actions
from quizapp.domain.errors import DeckFileError, Refusal
from quizapp.domain.learners import Learner
from quizapp.domain.queue import Queue
from quizapp.domain.scheduling import Rating
from quizapp.storage import cards, decks, sessions
from quizapp.storage.models import Card, Deck, Enrolment, Memory, Note, NoteEdit, Review
from tests import samples
from tests.cast import card_named, dump, new_installation
from tests.conftest import NOON

ITEM = "Q: {question}\nA: {answer}\nID: {key}\nRef: Test, 1\nDomains: CISM22-2\n"


def item(key: str, question: str = "What is asked?", answer: str = "An answer") -> str:
    return ITEM.format(key=key, question=f"{question} ({key})", answer=answer)


def load(folder: Path, *items: str, stem: str = "r03-risk") -> deck_actions.Loaded:
    return deck_actions.load(samples.write(folder, "\n".join(items), stem=stem))


def study(learner: Learner, key: str) -> None:
    card = card_named(learner, key)
    study_actions.answer_card(learner, card.id, card.version, Rating.GOOD, NOON, 5_000)


def offered(learner: Learner) -> int:
    return sessions.session(learner, sessions.scope(learner.id, "all"), "due", NOON).counts.total


def test_loading_again_changes_nothing(loaded: Learner, deck_folder: Path) -> None:
    study(loaded, "t-n1")
    before = dump(loaded)
    again = deck_actions.load(deck_folder)
    assert (again.added, again.changed, again.retired, again.dealt) == (0, 0, 0, 0)
    assert dump(loaded) == before


def test_edited_text_keeps_its_history(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"), item("b"))
    study(owner, "a")
    before = dump(owner)
    changed = load(tmp_path, item("a", question="What is asked now?"), item("b"))
    assert (changed.added, changed.changed, changed.retired) == (0, 1, 0)
    assert dump(owner) == before
    assert "asked now" in card_named(owner, "a").face["question"]


def test_a_note_moves_to_another_deck_with_its_history(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"), item("b"))
    study(owner, "a")
    memory = card_named(owner, "a").memory
    samples.write(tmp_path, item("a"), stem="r04-other", name="Other")
    moved = load(tmp_path, item("b"))
    assert (moved.added, moved.retired) == (0, 0)
    card = card_named(owner, "a")
    assert (card.deck_name, card.memory) == ("Other", memory)


def test_a_removed_item_is_retired_and_can_return(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"), item("b"))
    study(owner, "a")
    assert load(tmp_path, item("b")).retired == 1
    assert card_named(owner, "a").queue is Queue.RETIRED
    assert Review.select().count() == 1
    assert load(tmp_path, item("a"), item("b")).added == 0
    card = card_named(owner, "a")
    assert (card.queue, card.memory.reps) == (Queue.LEARNING, 1)


def test_a_removed_file_retires_its_deck(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"), stem="r04-other")
    load(tmp_path, item("b"))
    (tmp_path / "responsibilities" / "r04-other.md").unlink()
    deck_actions.load(tmp_path)
    assert [deck.key for deck in decks.of_learner(owner.id)] == ["responsibilities/r03-risk"]
    assert offered(owner) == 1


def test_an_item_held_for_mock_exams_never_waits_in_a_queue(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"), item("b"))
    study(owner, "a")
    load(tmp_path, item("a") + "Pool: mock\n", item("b"), item("c") + "Pool: mock\n")
    assert offered(owner) == 1
    assert card_named(owner, "a").queue is Queue.RETIRED
    load(tmp_path, item("a"), item("b"), item("c"))
    assert card_named(owner, "a").queue is Queue.LEARNING
    assert offered(owner) == 3


def test_a_gap_that_goes_retires_its_card_only(owner: Learner, tmp_path: Path) -> None:
    two = "C: Risk that remains is [residual]; its owner [accepts] it.\nID: c\nRef: T\nDomains: X\n"
    load(tmp_path, two)
    load(tmp_path, two.replace("[accepts]", "accepts"))
    assert card_named(owner, "c", 1).queue is Queue.RETIRED
    assert card_named(owner, "c", 0).queue is Queue.NEW


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("Q: A question?\nID: b\n", "expected an answer"),
        ("Q: Again?\nA: Yes\nID: a\n", "already used in line"),
        ("just some words\n", "expected Q:, R:, T:, C: or M:"),
        ("M: Which?\n- [ ] one\n- [ ] two\nID: m\n", "exactly one option"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_loaded(
    owner: Learner, tmp_path: Path, broken: str, sentence: str
) -> None:
    load(tmp_path, item("a"))
    before = (dump(owner), Note.select().count())
    samples.write(tmp_path, item("x"), stem="r01-first")
    with pytest.raises(DeckFileError, match=sentence) as caught:
        load(tmp_path, item("a"), "# Heading\n", broken)
    assert "r03-risk.md" in str(caught.value)
    assert caught.value.line > 10
    assert (dump(owner), Note.select().count()) == before


def test_one_id_in_two_files_is_refused(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"))
    with pytest.raises(DeckFileError, match=r"already used in responsibilities/r03-risk\.md"):
        load(tmp_path, item("a"), stem="r04-other")


def test_a_file_in_another_encoding_is_named(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"))
    path = tmp_path / "responsibilities" / "r03-risk.md"
    path.write_bytes(path.read_text().encode() + b"\nQ: caf\xe9?\n")
    with pytest.raises(DeckFileError, match="not UTF-8"):
        deck_actions.load(tmp_path)


def test_an_empty_folder_is_taken_for_a_mistake(loaded: Learner, tmp_path: Path) -> None:
    before = dump(loaded)
    assert deck_actions.load(tmp_path / "nowhere").decks == 0
    assert dump(loaded) == before


def test_a_wording_of_ones_own_survives_a_new_text(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"))
    card = card_named(owner, "a")
    own = {"front": "In my words?", "back": "Mine"}
    deck_actions.edit_note(owner, card.id, card.version, own, NOON)
    load(tmp_path, item("a", answer="Upstream says otherwise"))
    assert "In my words" in card_named(owner, "a").face["question"]
    assert NoteEdit.select().count() == 1


def test_a_wording_that_no_longer_fits_gives_way_to_the_deck(
    owner: Learner, tmp_path: Path
) -> None:
    load(tmp_path, item("a"))
    card = card_named(owner, "a")
    own = {"front": "In my words?", "back": "Mine"}
    deck_actions.edit_note(owner, card.id, card.version, own, NOON)
    question = samples.questions("D1", 1, "study").replace("D1-study-0", "a")
    load(tmp_path, question)
    card = card_named(owner, "a")
    assert (card.kind, card.edited) == ("choice", False)
    assert "has met trouble" in card.face["question"]
    cloze = "C: Risk [one] and [two].\nID: a\nRef: T\nDomains: X\n"
    load(tmp_path, cloze)
    load(tmp_path, cloze.replace("two].", "two] and [three]."))
    assert [card_named(owner, "a", n).edited for n in range(3)] == [False] * 3


def test_the_deck_says_which_option_is_right(owner: Learner, tmp_path: Path) -> None:
    question = samples.questions("D1", 1, "study")
    load(tmp_path, question)
    card = card_named(owner, "D1-study-0")
    options = [dict(o) for o in card.fields["options"]]
    own = {"stem": "Mine?", "options": options}
    deck_actions.edit_note(owner, card.id, card.version, own, NOON)
    assert card_named(owner, "D1-study-0").edited
    load(
        tmp_path, question.replace("[x]", "[y]").replace("- [ ]", "- [x]", 1).replace("[y]", "[ ]")
    )
    card = card_named(owner, "D1-study-0")
    assert not card.edited
    assert card.face["options"][0]["correct"]


def test_the_decks_own_text_can_be_taken_back_and_that_undone(
    owner: Learner, tmp_path: Path
) -> None:
    load(tmp_path, item("a"))
    card = card_named(owner, "a")
    own = {"front": "In my words?", "back": "Mine"}
    deck_actions.edit_note(owner, card.id, card.version, own, NOON)
    deck_actions.end_edit(owner, card.id, NOON)
    assert not card_named(owner, "a").edited
    study_actions.undo(owner, NOON)
    assert card_named(owner, "a").edited
    with pytest.raises(Refusal):
        study_actions.undo(owner, NOON)
        deck_actions.end_edit(owner, card.id, NOON)


def test_a_retired_card_does_not_block_undo(owner: Learner, tmp_path: Path) -> None:
    load(tmp_path, item("a"), item("b"))
    study(owner, "a")
    card = card_named(owner, "b")
    own = {"front": "In my words?", "back": "Mine"}
    deck_actions.edit_note(owner, card.id, card.version, own, NOON)
    load(tmp_path, item("a"))
    assert study_actions.undo(owner, NOON).deed == "Edit"
    assert study_actions.undo(owner, NOON).deed == "Good"
    assert Review.select().count() == 0


@pytest.mark.parametrize(
    "own",
    [
        {"front": "x", "back": "\ue000"},
        {"front": "[x]: http://example.org", "back": "y"},
        {"front": "x", "back": "y", "also": ["a"] * 21},
        {"front": "x", "back": "y", "also": ["a" * 201]},
    ],
)
def test_a_wording_that_shows_nothing_or_too_much_is_refused(
    owner: Learner, tmp_path: Path, own: dict[str, object]
) -> None:
    load(tmp_path, item("a"))
    card = card_named(owner, "a")
    with pytest.raises(Refusal):
        deck_actions.edit_note(owner, card.id, card.version, own, NOON)


def test_everybody_gets_new_cards(owner: Learner, stranger: Learner, tmp_path: Path) -> None:
    assert load(tmp_path, item("a"), item("b")).dealt == 4
    study(owner, "a")
    assert card_named(stranger, "a").memory.reps == 0
    assert load(tmp_path, item("a"), item("b"), item("c")).dealt == 2


versions = st.lists(
    st.lists(st.sampled_from("abcdef"), unique=True, min_size=1, max_size=6), min_size=1, max_size=5
)


@given(versions=versions, studied=st.sets(st.sampled_from("abcdef")))
def test_after_any_history_of_files_the_last_one_counts_and_progress_stays(
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    versions: list[list[str]],
    studied: set[str],
) -> None:
    owner, folder = new_installation(), tmp_path_factory.mktemp("decks")
    load(folder, *(item(key) for key in "abcdef"))
    for key in sorted(studied):
        study(owner, key)
    for keys in versions:
        load(folder, *(item(key) for key in keys))
    final = set(versions[-1])
    waiting = {key for key in "abcdef" if card_named(owner, key).queue is not Queue.RETIRED}
    assert waiting == final
    assert Review.select().count() == len(studied)
    for key in "abcdef":
        assert card_named(owner, key).memory.reps == (key in studied)
    assert Deck.select().count() == 1
    assert Card.select().count() == Memory.select().count() == 6
    assert Enrolment.select().count() == 1
    load(folder, *(item(key) for key in "abcdef"))
    assert cards.count(owner.id, None, owner.today(NOON), NOON).new == 6 - len(studied)
