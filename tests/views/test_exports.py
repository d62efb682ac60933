"""The pages of an export: what, in which form, and the file."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from quizapp.actions import jobs as job_actions
from quizapp.actions.exports import CALLED, FORMS
from quizapp.domain.learners import Learner
from quizapp.formats.package import PackedMedia
from quizapp.storage import decks, learners
from tests.actions.test_imports import bring, held_out
from tests.conftest import NOON, Visitor
from tests.packing import basic, package


@pytest.fixture
def me(app: Flask) -> Learner:
    found = learners.first()
    assert found is not None
    return found


def made(visitor: Visitor, **form: object) -> str:
    """Have a file made; the address of its page."""
    answer = visitor.post("/exports", **form)
    assert answer.status_code == 303
    return str(answer.location)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_made_and_downloaded(visitor: Visitor, me: Learner, form: str) -> None:
    address = made(visitor, form=form, progress="yes")
    assert "The file is ready." in text(visitor.get(address))
    answer = visitor.get(f"{address}/file")
    assert answer.status_code == 200 and answer.get_data()
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    called = f"quizapp {CALLED[form]} 2026-01-15."
    assert called in answer.headers["Content-Disposition"]


def test_some_decks_give_their_name_to_the_file(visitor: Visitor, me: Learner) -> None:
    deck = decks.of_learner(me.id)[0]
    address = made(visitor, form="markdown", what="some", deck=deck.id)
    name = visitor.get(f"{address}/file").headers["Content-Disposition"]
    assert deck.name.rpartition("::")[2] in name


def notes_in(visitor: Visitor, address: str) -> list[dict[str, Any]]:
    lines = visitor.get(f"{address}/file").get_data().splitlines()
    return [line["note"] for line in map(json.loads, lines) if "note" in line]


def test_what_is_ticked_counts_whatever_is_chosen_above(visitor: Visitor, me: Learner) -> None:
    bring(me, package(basic("a")))
    first = decks.of_learner(me.id)[0]
    address = made(visitor, form="jsonl", what="all", deck=f"deck-{first.id}")
    found = {note["deck"].rpartition("::")[2] for note in notes_in(visitor, address)}
    assert found == {first.name}
    assert "quizapp decks" not in visitor.get(f"{address}/file").headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("progress", "deck", "held"),
    [("", "", True), ("", "family-responsibilities", False),
     ("yes", "family-responsibilities", True), ("no", "", False)],
)  # fmt: skip
def test_progress_goes_with_all_decks_and_not_with_chosen_ones_unless_told(
    visitor: Visitor, me: Learner, progress: str, deck: str, held: bool
) -> None:
    address = made(visitor, form="jsonl", progress=progress, **({"deck": deck} if deck else {}))
    head = json.loads(visitor.get(f"{address}/file").get_data().splitlines()[0])
    assert head.get("progress", False) is held


def test_ticking_a_deck_takes_what_lies_below(visitor: Visitor, me: Learner) -> None:
    bring(me, package(basic("a", deck="Law"), basic("b", deck="Law::EU"), basic("c", deck="Tax")))
    law = next(deck for deck in decks.of_learner(me.id) if deck.name == "Law")
    address = made(visitor, form="jsonl", deck=f"deck-{law.id}")
    assert {note["key"] for note in notes_in(visitor, address)} == {"a", "b"}
    assert "Law JSON lines" in visitor.get(f"{address}/file").headers["Content-Disposition"]


def test_decks_stand_below_their_families_and_parents(visitor: Visitor, me: Learner) -> None:
    bring(me, package(basic("b", deck="Law::EU")))
    page = text(visitor.get("/exports"))
    (family,) = re.findall(r'value="family-own".*?</ul>', page, re.DOTALL)
    assert re.sub(r"<[^>]+>|\s+", " ", family).split() == (
        'value="family-own"> Your decks 2 decks Law 2 decks EU'.split()
    )


def test_everything_is_the_lines_and_the_files(
    visitor: Visitor, me: Learner, tmp_path: Path
) -> None:
    address = made(visitor, form="everything")
    path = tmp_path / "all.zip"
    path.write_bytes(visitor.get(f"{address}/file").get_data())
    with zipfile.ZipFile(path) as archive:
        assert any(name.endswith(".jsonl") for name in archive.namelist())


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"form": "exe"}, 400),
        ({}, 400),
        ({"form": "apkg", "what": "some"}, 400),
        ({"form": "apkg", "what": "some", "deck": "x"}, 400),
        ({"form": "apkg", "what": "some", "deck": "99999"}, 404),
    ],
)
def test_what_cannot_be_made_is_said_on_the_page(
    visitor: Visitor, me: Learner, form: dict[str, str], status: int
) -> None:
    answer = visitor.post("/exports", **form)
    assert answer.status_code == status
    assert 'role="alert"' in text(answer) and "Make the file" in text(answer)


def test_a_file_that_is_gone_can_be_made_again(app: Flask, visitor: Visitor, me: Learner) -> None:
    address = made(visitor, form="jsonl")
    for path in app.config["QUIZAPP"].exports.rglob("*.jsonl"):
        path.unlink()
    assert "Make it again" in text(visitor.get(address))
    assert visitor.get(f"{address}/file").status_code == 404


def test_work_of_another_kind_or_not_done_is_no_export(visitor: Visitor, me: Learner) -> None:
    other = job_actions.submit(me.id, "export", "Exporting", {"folder": "..", "name": "x"}, NOON)
    for number in (other, 10_000):
        assert visitor.get(f"/exports/{number}").status_code == 404
        assert visitor.get(f"/exports/{number}/file").status_code == 404


def test_somebody_elses_export_is_not_found(
    app: Flask, visitor: Visitor, me: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = made(visitor, form="jsonl")
    stranger = learners.create("Stranger", "UTC", NOON)
    monkeypatch.setattr("quizapp.views.exports.current_learner", lambda: stranger)
    assert visitor.get(address).status_code == 404
    assert visitor.get(f"{address}/file").status_code == 404


def test_exports_are_posted_with_a_token(app: Flask, visitor: Visitor) -> None:
    assert app.test_client().post("/exports", data={"form": "apkg"}).status_code == 403
    assert visitor.post("/exports/1/file").status_code == 405


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("apkg", ["Questions kept for mock exams were left out: 1."]),
        ("csv", ["Questions kept for mock exams were left out: 1.", "no place for your progress"]),
        ("tsv", ["Questions kept for mock exams were left out: 1.", "no place for your progress"]),
        ("markdown", ["are in it, with their answers: 1.", "no place for your progress"]),
        ("jsonl", ["are in it, with their answers: 1."]),
        ("everything", ["are in it, with their answers: 1."]),
    ],
)
def test_what_a_form_leaves_out_is_said_with_the_file(
    visitor: Visitor, me: Learner, form: str, said: list[str]
) -> None:
    bring(me, package(basic("a"), held_out("b", "Which?")))
    own = {"deck": "family-own", "progress": "yes"}
    page = text(visitor.get(made(visitor, form=form, **own)))
    for sentence in said:
        assert sentence in page
    assert ("progress, so it was left out" in page) == (form in ("csv", "tsv", "markdown"))


def test_a_table_says_how_many_files_it_leaves_out(visitor: Visitor, me: Learner) -> None:
    medium = PackedMedia("r.png", "0" * 64, 1)
    bring(me, package(basic("a", back='<img src="r.png">'), media=[medium]))
    page = text(visitor.get(made(visitor, form="csv", deck="family-own")))
    assert "no place for images and sounds: 1 file was left out" in page
    assert "progress" not in page
