"""Three generations of one deck under every policy, beside what Anki makes of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quizapp.actions import imports as import_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions.imports import Choices
from quizapp.domain.learners import Learner
from quizapp.storage import imports
from quizapp.storage.database import bind, open_database
from quizapp.storage.models import Card, Deck, Note, NoteType
from tests.bringing import ANKI, bring, committed, read, rows, truth
from tests.conftest import NOON

ANKIS = {"newer": "if_newer", "always": "always", "never": "never"}
V1, V2, V3 = "v1", "v2", "v3-changed-notetype"
BOTH = Choices(progress=True)


@pytest.fixture
def learner(migrated_file: Path, tmp_path: Path) -> Iterator[Learner]:
    """Somebody who has the first generation."""
    shutil.copy(migrated_file, tmp_path / "quizapp.db")
    database = open_database(f"sqlite:///{tmp_path / 'quizapp.db'}")
    bind(database)
    with database.connection_context():
        made = learner_actions.local_learner("UTC", NOON)
        bring(made, ANKI / "update" / f"{V1}.apkg", tmp_path, NOON, BOTH)
        yield made


def told(existing: str, version: str, merge: bool) -> dict[str, Any]:
    results = truth("update/update")["results"]
    found: dict[str, Any] = results[
        f"update={ANKIS[existing]} merge={merge} v1 then {version}.apkg"
    ]
    return found


def outcome(learner: Learner, version: str, root: Path, existing: str) -> dict[str, Any]:
    _, counts = bring(
        learner,
        ANKI / "update" / f"{version}.apkg",
        root,
        NOON,
        Choices(progress=True, existing=existing),
    )
    return {
        "new": counts["added"],
        "updated": counts["updated"],
        "duplicate": counts["same"] + counts["kept"],
        "notes_after": Note.select().count(),
        "cards_after": Card.select().count(),
        "decks_of_cards": {
            deck.name: count
            for deck in Deck.select()
            if (count := Card.select().where(Card.deck == deck.id).count())
        },
        "notetypes": {row.name: row.fields for row in NoteType.select()},
        "q0_back": [
            note.fields["Back"] for note in Note.select() if note.fields.get("Front") == "q0"
        ],
    }


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("existing", ["newer", "always", "never"])
def test_an_update_comes_to_what_anki_makes_of_it(
    learner: Learner, tmp_path: Path, existing: str, version: str
) -> None:
    found = outcome(learner, version, tmp_path, existing)
    wanted = told(existing, version, merge=False)
    assert found == {name: wanted[name] for name in found}


@pytest.mark.parametrize("existing", ["newer", "always"])
def test_a_changed_note_type_brings_the_authors_edits_as_anki_does_when_asked_for_everything(
    learner: Learner, tmp_path: Path, existing: str
) -> None:
    # Kinder than Anki's default, which skips seven notes and adds a type "Basic+", and than
    # its merge, which then takes the file for the older one.
    found = outcome(learner, V3, tmp_path, existing)
    wanted = told("always", V3, merge=True)
    assert found == {name: wanted[name] for name in found}


def test_notes_left_alone_still_gain_the_cards_of_a_new_template(
    learner: Learner, tmp_path: Path
) -> None:
    found = outcome(learner, V3, tmp_path, "never")
    wanted = told("never", V3, merge=True)
    assert found == {name: wanted[name] for name in found}


def test_what_is_left_alone_keeps_its_templates(learner: Learner, tmp_path: Path) -> None:
    before = {row.name: row.templates for row in NoteType.select()}
    outcome(learner, V3, tmp_path, "never")
    after = {row.name: row.templates for row in NoteType.select()}
    assert {name: after[name][: len(kept)] for name, kept in before.items()} == before


def test_a_preview_says_how_many_cards_notes_gain(learner: Learner, tmp_path: Path) -> None:
    before = Card.select().count()
    batch = read(learner, ANKI / "update" / f"{V3}.apkg", tmp_path, NOON)
    found = imports.find(learner.id, batch)
    assert found is not None
    assert found.head is not None
    said = found.head["comparison"]["counts"]
    committed(learner, batch, tmp_path, BOTH, NOON)
    assert (said["cards"], said["more"]) == (1, 2)
    assert Card.select().count() == before + said["cards"] + said["more"]


@pytest.mark.parametrize("version", [V2, V3])
@pytest.mark.parametrize("existing", ["newer", "always", "never"])
def test_an_update_again_changes_nothing_and_undo_brings_the_old_one_back(
    learner: Learner, tmp_path: Path, existing: str, version: str
) -> None:
    before = rows()
    choices = Choices(progress=True, existing=existing, set_aside=True)
    file = ANKI / "update" / f"{version}.apkg"
    batch, _ = bring(learner, file, tmp_path, NOON, choices)
    after = rows()
    second, _ = bring(learner, file, tmp_path, NOON, choices)
    assert rows() == after
    import_actions.undo(learner, second)
    import_actions.undo(learner, batch)
    assert rows() == before


@pytest.mark.parametrize("versions", [(V2, V3), (V3, V2), (V2, V1), (V3, V1)])
def test_generations_in_any_order_lose_no_card(
    learner: Learner, tmp_path: Path, versions: tuple[str, str]
) -> None:
    before = {(card.note, card.ord) for card in Card.select()}
    for version in versions:
        outcome(learner, version, tmp_path, "newer")
    assert before <= {(card.note, card.ord) for card in Card.select()}
    assert {note.fields["Back"] for note in Note.select() if note.fields["Front"] == "q0"} == {
        "edited in v2"
    }
