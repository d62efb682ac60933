"""The pages of an import: upload, preview, another reading, commit, undo."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from quizapp import jobs
from quizapp.actions import decks as deck_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import jobs as job_actions
from quizapp.domain.learners import Learner
from quizapp.storage import decks, imports, learners
from quizapp.storage.models import Batch, Memory, Note, Review
from quizapp.storage.prepared import raw
from tests.cast import card_named
from tests.conftest import NOON, Visitor
from tests.running import ROOT

ANKI = ROOT / "tests" / "fixtures" / "anki"
PAIRS = "risk\teffect of uncertainty\nasset\twhat has value\n"
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def me(app: Flask) -> Learner:
    found = learners.first()
    assert found is not None
    return found


def send(visitor: Visitor, name: str, content: bytes, fragment: bool = False) -> Any:
    headers = SAME | ({"HX-Request": "true"} if fragment else {})
    data = {"csrf": visitor.token(), "file": (io.BytesIO(content), name)}
    return visitor.client.post("/imports", data=data, headers=headers)


def read(visitor: Visitor, name: str, content: bytes) -> str:
    """Send a file and follow to its preview; return the preview's address."""
    answer = send(visitor, name, content)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location)


def paste(visitor: Visitor, text: str) -> str:
    return str(visitor.post("/imports", text=text).location)


def page(visitor: Visitor, address: str) -> str:
    return str(visitor.get(address).get_data(as_text=True))


def package(name: str) -> bytes:
    return (ANKI / name).read_bytes()


def theirs() -> int:
    """An import of somebody else."""
    stranger = learners.create("Stranger", "UTC", NOON)
    return import_actions.receive(stranger, "theirs.csv", "f" * 32, NOON)


def test_a_file_is_read_and_shown_before_anything_is_stored(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "cards.csv", b"Front,Back\nWhat?,That\n")
    text = page(visitor, address)
    assert "Nothing is imported yet" in text and "Import 1 note" in text
    assert imports.notes_known(me.id).keys() == {
        key for key, known in imports.notes_known(me.id).items() if known.shipped
    }


def test_htmx_is_told_where_to_go(visitor: Visitor, me: Learner) -> None:
    answer = send(visitor, "cards.csv", b"Front,Back\nWhat?,That\n", fragment=True)
    assert answer.status_code == 204
    assert re.fullmatch(r"/imports/\d+", answer.headers["HX-Redirect"])


def test_nothing_chosen_is_said_where_notices_stand(visitor: Visitor, me: Learner) -> None:
    answer = visitor.post("/imports", fragment=True)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (400, "#notice")
    whole = visitor.post("/imports")
    assert whole.status_code == 400
    assert "Choose a file, or paste some text." in whole.get_data(as_text=True)
    assert "Imports so far" not in page(visitor, "/imports")


def test_too_large_a_file_is_refused_with_the_size_that_counts(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quizapp.views.guards.MAX_UPLOAD", 1_000)
    answer = send(visitor, "big.apkg", b"x" * 2_000)
    assert answer.status_code == 413
    assert "more than 512 MB" in answer.get_data(as_text=True)
    assert not list((app.config["QUIZAPP"].imports).glob("*"))


def test_what_is_no_package_is_a_sentence_and_can_be_put_away(
    visitor: Visitor, me: Learner
) -> None:
    answer = send(visitor, "x.apkg", b"no package at all")
    text = page(visitor, answer.location)
    batch = imports.recent(me.id)[0]
    assert "That did not work." in text or "could not be read" in text
    failed = page(visitor, f"/imports/{batch.id}")
    assert "This file could not be read." in failed and "Nothing was changed." in failed
    assert "could not be read" in page(visitor, "/imports")


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv"])
def test_only_the_last_part_of_a_files_name_is_kept(
    app: Flask, visitor: Visitor, me: Learner, name: str
) -> None:
    read(visitor, name, b"Front,Back\nWhat?,That\n")
    assert imports.recent(me.id)[0].title == "evil.csv"
    root: Path = app.config["QUIZAPP"].imports
    assert {path.parent.parent for path in root.rglob("upload")} == {root}


def test_whose_progress_it_is_is_asked_and_heard(visitor: Visitor, me: Learner) -> None:
    for own, reviews in (("", 0), ("1", 1)):
        address = read(visitor, "s.apkg", package("tiny-states-fsrs.new-sched.apkg"))
        assert "Whose are they?" in page(visitor, address)
        visitor.post(f"{address}/commits", progress=own)
        batch = imports.recent(me.id)[0]
        assert batch.result is not None
        assert bool(batch.result["reviews"]) == bool(reviews)
        visitor.post(f"{address}/undos")


def test_a_studied_package_again_has_nothing_to_bring(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "s.apkg", package("tiny-states-fsrs.new-sched.apkg"), progress="1")
    text = page(visitor, read(visitor, "s.apkg", package("tiny-states-fsrs.new-sched.apkg")))
    assert "Everything in it is here already" in text
    assert "Whose are they?" not in text and "commits" not in text


def test_answers_that_are_new_are_told_from_those_that_stay_out(
    visitor: Visitor, me: Learner
) -> None:
    bring(visitor, "s.apkg", package("tiny-states-fsrs.new-sched.apkg"), progress="1")
    logged = raw(Review.select(Review.card).where(Review.rating > 0).distinct())
    for (card,) in logged[:1]:
        # As if another history had been studied here.
        Review.update(at=Review.at + 1).where(Review.card == card).execute()
        Memory.update(last_at=Memory.last_at + 1).where(Memory.card == card).execute()
    for (card,) in logged[1:2]:
        Review.delete().where(Review.card == card).execute()
        Memory.update(last_at=None, reps=0).where(Memory.card == card).execute()
    address = read(visitor, "s.apkg", package("tiny-states-fsrs.new-sched.apkg"))
    text = page(visitor, address)
    assert "of them not here yet. Whose are they?" in text
    assert "of cards you have studied here, and not in their log." in text
    visitor.post(f"{address}/commits", progress="1")
    assert "Answers that stay out" in page(visitor, address)


def test_a_table_can_be_read_in_another_way(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "odd.txt", b"a;b;c\nd;e;f\n")
    assert "How the table is read" in page(visitor, address)
    answer = visitor.post(
        f"{address}/readings",
        separator=";",
        notetype="quizapp-basic",
        deck="Mine",
        tags="x y",
        column_0="",
        column_1="Front",
        column_2="Back",
    )
    assert answer.location == address
    text = page(visitor, address)
    assert 'value="Mine"' in text and 'value="x y"' in text
    assert re.search(r"<li>b <span", text), "the second column asks now"


def test_a_table_can_be_read_as_questions_and_back(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "odd.csv", b"Look up.;Which?;red;blue;B\n")
    form = {"separator": ";", "deck": "Mine"}
    visitor.post(f"{address}/readings", kind="choice", **form)
    columns = ["explanation", "question", "option_1", "option_2", "correct"]
    named = {f"column_{place}": part for place, part in enumerate(columns)}
    visitor.post(f"{address}/readings", kind="choice", **form, **named)
    text = page(visitor, address)
    assert "Import 1 note" in text and 'value="explanation" selected>Explanation' in text
    assert "Look up." in page(visitor, f"{address}/samples/0/answer")
    visitor.post(f"{address}/readings", kind="cards", **form)
    assert 'value="Front" selected' in page(visitor, address)


def test_what_rows_have_over_is_joined_on_wish(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "cut.csv", b"Front,Back\na,b\nc,d, e\n")
    text = page(visitor, address)
    assert "Import 1 note" in text and "row 3</strong> It has 3 columns" in text
    visitor.post(f"{address}/readings", separator=",", deck="D", header_row="on", join="on")
    assert "Import 2 notes" in page(visitor, address)


def test_a_reading_that_was_stopped_is_said_and_can_be_put_away(
    visitor: Visitor, me: Learner
) -> None:
    batch = imports.begin(me.id, "big.apkg", "nowhere", NOON)
    job = job_actions.submit(me.id, "read", "Reading big.apkg", {"batch": batch}, NOON)
    imports.change(batch, job=job)
    assert "being read" in visitor.get("/imports").text
    assert f"/imports/{batch}/drops" not in visitor.get(f"/imports/{batch}").text
    job_actions.cancel(me.id, job, NOON)
    assert "reading stopped" in visitor.get("/imports").text
    page = visitor.get(f"/imports/{batch}").text
    assert "Reading this file was stopped." in page and f'href="/jobs/{job}"' in page
    visitor.post(f"/imports/{batch}/drops")
    assert "big.apkg" not in visitor.get("/imports").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "songs"},
        {"separator": "#"},
        {"notetype": "nobody's"},
        {"deck": "  "},
        {"deck": "x" * 201},
        {"column_0": "Nowhere"},
    ],
)
def test_a_reading_that_does_not_fit_changes_nothing(
    visitor: Visitor, me: Learner, wrong: dict[str, str]
) -> None:
    address = read(visitor, "odd.csv", b"a;b\nd;e\n")
    answer = visitor.post(f"{address}/readings", **{"separator": ";", "deck": "D"} | wrong)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert "Nothing is imported yet" in page(visitor, address)


def test_a_reading_that_fails_leaves_the_one_before(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "one.csv", b"Front,Back\n")
    assert "could not be read" in page(visitor, f"/imports/{imports.recent(me.id)[0].id}")
    address = read(visitor, "one.csv", b"a;b\n")
    assert "Import 1 note" in page(visitor, address)
    visitor.post(f"{address}/readings", separator=";", deck="D", header_row="on")
    assert "Import 1 note" in page(visitor, address)


def test_what_is_no_table_has_no_columns(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "b.apkg", package("tiny-basic.new-sched-media.apkg"))
    answer = visitor.post(f"{address}/readings", separator=";")
    assert answer.status_code == 400
    assert "This file is no table" in answer.get_data(as_text=True)


def test_pasted_items_are_read_as_in_a_markdown_file(visitor: Visitor, me: Learner) -> None:
    text = page(
        visitor, paste(visitor, "Q: What is risk?\nA: Effect: uncertain\n\nC: An [asset]\n")
    )
    assert "Import 2 notes" in text and "How the text is taken apart" not in text
    pairs = page(visitor, paste(visitor, "Q: a pair\nR: another\n"))
    assert "How the text is taken apart" in pairs


def test_pasted_pairs_are_read_and_can_be_taken_apart_otherwise(
    visitor: Visitor, me: Learner
) -> None:
    address = paste(visitor, "risk - effect | asset - value")
    text = page(visitor, address)
    assert "How the text is taken apart" in text and "Import 1 note" in text
    answer = visitor.post(
        f"{address}/readings", between="dash", rows="other", rows_other=" | ", deck="Words"
    )
    assert answer.location == address
    text = page(visitor, address)
    assert "Import 2 notes" in text and 'value=" | "' in text and 'value="Words"' in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"between": "nothing"},
        {"between": "other"},
        {"between": "other", "between_other": "x" * 21},
        {"between": "semicolon", "rows": "semicolon"},
    ],
)
def test_separators_that_are_none_are_refused(
    visitor: Visitor, me: Learner, wrong: dict[str, str]
) -> None:
    address = paste(visitor, PAIRS)
    good = {"between": "tab", "rows": "line", "deck": "D"}
    answer = visitor.post(f"{address}/readings", **good | wrong)
    assert answer.status_code == 400
    assert "separator" in answer.get_data(as_text=True)


def test_a_columns_type_may_be_one_of_ones_own(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "m.apkg", package("tiny-mixed.new-sched-media.apkg"))
    visitor.post(f"{address}/commits", progress="")
    table = read(visitor, "t.csv", b"a;b\nc;d\n")
    assert "Kitchen Sink</option>" in page(visitor, table)


def bring(visitor: Visitor, name: str, content: bytes, **choices: str) -> str:
    address = read(visitor, name, content)
    answer = visitor.post(f"{address}/commits", **choices)
    assert answer.location == address
    return address


@pytest.mark.parametrize(
    ("wish", "checked"), [("update current", "newer"), ("keep current", "never")]
)
def test_what_a_file_wants_of_notes_that_are_here_is_proposed(
    visitor: Visitor, me: Learner, wish: str, checked: str
) -> None:
    bring(visitor, "t.csv", b"#separator:comma\nWhat?,That\n")
    head = f"#separator:comma\n#if matches:{wish}\n".encode()
    address = read(visitor, "t.csv", head + b"What?,This\n")
    assert f'name="existing" value="{checked}" checked' in page(visitor, address)


def test_a_file_that_keeps_both_brings_its_notes_again(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "t.csv", b"#separator:comma\nWhat?,That\n")
    address = read(visitor, "t.csv", b"#separator:comma\n#if matches:keep both\nWhat?,That\n")
    assert "Import 1 note" in page(visitor, address)
    visitor.post(f"{address}/readings", separator=",", deck="t", notetype="quizapp-basic")
    assert "The same as here</dt><dd>1" in page(visitor, address), "switched off in the form"


def test_all_conflicts_can_be_decided_at_once(
    visitor: Visitor, me: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quizapp.actions.imports.comparing.SHOWN", 1)
    bring(visitor, "t.csv", HEAD + b"One?,1\nTwo?,2\n")
    for key in own_keys(me):
        card = card_named(me, key)
        deck_actions.edit_note(me, card.id, card.version, {**card.fields, "Back": "Mine"}, NOON)
    address = read(visitor, "t.csv", HEAD + b"One?,11\nTwo?,22\n")
    assert "Take the file's wording of all 2" in page(visitor, address)
    visitor.post(f"{address}/commits", all_theirs="on")
    assert sorted(card_named(me, key).fields["Back"] for key in own_keys(me)) == ["11", "22"]


def own_keys(me: Learner) -> list[str]:
    return [
        f"own/{me.id}/{key}" for key, note in imports.notes_known(me.id).items() if not note.shipped
    ]


HEAD = b"#separator:comma\n#deck:Law\n"


def gone_as_shown(visitor: Visitor, address: str) -> int:
    found = re.search(r"Here, but not in the file</dt><dd>(\d+)", page(visitor, address))
    return int(found[1]) if found else 0


def set_aside_by(me: Learner) -> int:
    result = imports.recent(me.id)[0].result
    assert result is not None
    return int(result["set_aside"])


def test_what_is_gone_is_counted_where_the_file_goes(visitor: Visitor, me: Learner) -> None:
    whole = HEAD + b"One?,1\nTwo?,2\nThree?,3\n"
    bring(visitor, "law.csv", whole, under="From Eve")
    address = read(visitor, "law.csv", HEAD + b"One?,1\n")
    assert gone_as_shown(visitor, address) == 0
    assert visitor.post(f"{address}/placings", under="From Eve").location == address
    text = page(visitor, address)
    assert "what would happen under “From Eve”." in text and 'value="From Eve"' in text
    assert gone_as_shown(visitor, address) == 2
    visitor.post(f"{address}/commits", under="From Eve", set_aside="on")
    assert set_aside_by(me) == 2


def test_what_would_be_set_aside_under_another_deck_is_shown_before_it_is_done(
    visitor: Visitor, me: Learner
) -> None:
    bring(visitor, "law.csv", HEAD + b"One?,1\nTwo?,2\n")
    address = read(visitor, "law.csv", HEAD + b"One?,1\nMore?,4\n")
    assert gone_as_shown(visitor, address) == 1
    assert visitor.post(f"{address}/commits", under="Elsewhere", set_aside="on").location == address
    assert "Nothing is imported yet" in page(visitor, address)
    assert gone_as_shown(visitor, address) == 0
    visitor.post(f"{address}/commits", under="Elsewhere", set_aside="on")
    assert set_aside_by(me) == 0


def test_another_reading_stays_under_the_deck(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "law.csv", HEAD + b"One?,1\n")
    visitor.post(f"{address}/placings", under="From Eve")
    visitor.post(f"{address}/readings", separator=",", deck="Law", notetype="quizapp-basic")
    assert "under “From Eve”." in page(visitor, address)


def test_a_deck_without_end_is_no_place(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "law.csv", HEAD + b"One?,1\n")
    answer = visitor.post(f"{address}/placings", under="x" * 201)
    assert answer.status_code == 400
    assert "Shorten it." in answer.get_data(as_text=True)


def test_the_same_file_again_has_nothing_to_bring(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    text = page(visitor, read(visitor, "t.csv", b"Front,Back\nWhat?,That\n"))
    assert "Everything in it is here already" in text and "commits" not in text


def test_an_import_is_done_and_undone(visitor: Visitor, me: Learner) -> None:
    address = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    done = page(visitor, address)
    assert "Imported." in done and "Undo this import" in done
    assert visitor.post(f"{address}/commits").location == address, "pressed a second time"
    for late in ("readings", "placings", "drops"):
        answer = visitor.post(f"{address}/{late}")
        assert answer.status_code == 409
        assert "done already" in answer.get_data(as_text=True)
    assert visitor.post(f"{address}/undos").location == address
    assert "Everything is as it was before" in page(visitor, address)
    assert visitor.post(f"{address}/undos").status_code == 409


def test_a_result_lists_what_was_added_updated_and_set_aside(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "t.csv", HEAD + b"One?,1\nTwo?,old\nThree?,3\n")
    for key in own_keys(me):
        card = card_named(me, key)
        if card.fields["Front"] == "Two?":
            mine = {**card.fields, "Front": "Two, in my words?"}
            deck_actions.edit_note(me, card.id, card.version, mine, NOON)
    address = bring(
        visitor, "t.csv", HEAD + b"One?,1\nTwo?,new\nFour?,4\n", set_aside="on", existing="newer"
    )
    text = page(visitor, address)
    parts = {
        title: text.partition(f"<h2>{title} <span")[2].partition("</details>")[0]
        for title in ("New", "Updated", "Set aside")
    }
    assert "Four?" in parts["New"] and "Two?" not in parts["New"]
    assert "<del>old</del><ins>new</ins>" in parts["Updated"]
    assert "Three?" in parts["Set aside"]
    assert re.search(r"Kept in your wording .*?</dt><dd>1<", text)


def test_a_result_lists_no_update_that_was_left_out(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "t.csv", HEAD + b"Two?,old\n")
    address = bring(visitor, "t.csv", HEAD + b"Two?,new\nFour?,4\n", existing="never")
    text = page(visitor, address)
    assert "<h2>New <span" in text and "<h2>Updated <span" not in text


def test_a_table_without_ids_updates_the_notes_of_a_package(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "mixed.apkg", package("tiny-mixed.new-sched-media.apkg"), progress="1")
    key = imports.own_key(me.id, "VS<p9@B4.C")
    memories = sorted(map(repr, raw(Memory.select())))
    rows = "Capital of France?\tLutetia\nbold & it\ta < b\n"
    address = read(visitor, "more.tsv", rows.encode())
    text = page(visitor, address)
    assert "New notes</dt><dd>0 " in text and "Changed</dt><dd>1" in text
    assert "The same as here</dt><dd>1" in text and "ask the same as a note here" in text
    visitor.post(f"{address}/commits", existing="newer")
    assert Note.get(Note.key == key).fields == {"Front": "Capital of France?", "Back": "Lutetia"}
    assert sorted(map(repr, raw(Memory.select()))) == memories
    assert "more" not in imports.own_decks(me.id)
    visitor.post(f"{address}/undos")
    assert Note.get(Note.key == key).fields["Back"] == "Paris"


def test_pasted_pairs_update_the_notes_of_a_package(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "mixed.apkg", package("tiny-mixed.new-sched-media.apkg"))
    text = page(visitor, paste(visitor, "Capital of France?\tLutetia\n"))
    assert "New notes</dt><dd>0 " in text and "Changed</dt><dd>1" in text


def test_a_table_in_a_zip_that_keeps_both_brings_its_notes_again(
    visitor: Visitor, me: Learner
) -> None:
    bring(visitor, "mixed.apkg", package("tiny-mixed.new-sched-media.apkg"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.tsv", "#if matches:keep both\nCapital of France?\tLutetia\n")
    text = page(visitor, read(visitor, "tables.zip", packed.getvalue()))
    assert "New notes</dt><dd>1 " in text


def asked_next(visitor: Visitor, address: str) -> str:
    """Where “Study them now” leads, and what is asked there."""
    link = re.search(r'href="(/study/[^"]+)">Study them now', page(visitor, address))
    assert link is not None
    return f"{link[1]} {page(visitor, link[1])}"


def test_what_was_imported_is_studied_in_its_deck(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    second = bring(visitor, "u.csv", b"Front,Back\nWho?,They\n")
    text = asked_next(visitor, second)
    assert text.startswith("/study/deck-") and "Who?" in text and "What?" not in text


def test_what_went_to_several_decks_is_studied_over_those(visitor: Visitor, me: Learner) -> None:
    bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    table = b"#separator:comma\n#columns:Front,Back,Deck\n#deck column:3\nWho?,They,A\nWhy?,So,B\n"
    second = bring(visitor, "u.csv", table)
    text = asked_next(visitor, second)
    assert text.startswith(f"/study/import-{second.rpartition('/')[2]} ")
    assert "What?" not in text and ("Who?" in text or "Why?" in text)
    for wrong in ("import-99999", "import-x", f"import-{theirs()}"):
        assert visitor.get(f"/study/{wrong}").status_code == 404
    visitor.post(f"{second}/undos")
    assert visitor.get(f"/study/import-{second.rpartition('/')[2]}").status_code == 404


def test_an_import_that_a_later_one_changed_names_it_and_is_not_undone(
    visitor: Visitor, me: Learner
) -> None:
    first = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    second = bring(visitor, "new <t>.csv", b"#deck:t\nFront,Back\nWhat?,This\n")
    text = page(visitor, first)
    assert "Undo this import" not in text
    assert f'<a href="{second}">new &lt;t&gt;.csv</a> came later' in text
    answer = visitor.post(f"{first}/undos")
    assert answer.status_code == 400
    assert "“new &lt;t&gt;.csv” came later" in answer.get_data(as_text=True)
    assert "Imported." in page(visitor, first)


def test_an_import_is_undone_although_another_came_later(visitor: Visitor, me: Learner) -> None:
    first = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    bring(visitor, "u.csv", b"Front,Back\nWho?,They\n")
    assert "Undo this import" in page(visitor, first)
    assert visitor.post(f"{first}/undos").location == first
    assert [card_named(me, key).fields["Front"] for key in own_keys(me)] == ["Who?"]


def set_apart(app: Flask) -> None:
    """Let work wait until a worker takes it up."""
    app.config["QUIZAPP"] = replace(app.config["QUIZAPP"], worker="apart")


def test_an_undo_that_waits_is_shown_and_not_begun_twice(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    address = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    set_apart(app)
    job = visitor.post(f"{address}/undos").location
    assert re.fullmatch(r"/jobs/\d+", job)
    assert visitor.post(f"{address}/undos").location == job
    waiting = page(visitor, address)
    assert f'This is being undone. <a href="{job}">' in waiting
    assert "Undo this import" not in waiting
    do_next(app)
    assert f'href="{address}"' in page(visitor, job)
    assert "Everything is as it was before" in page(visitor, address)


def test_an_import_that_waits_or_runs_is_shown_and_not_begun_twice(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    address = read(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    set_apart(app)
    job = visitor.post(f"{address}/commits").location
    assert re.fullmatch(r"/jobs/\d+", job)
    for again in ("commits", "readings", "placings", "drops"):
        answer = visitor.post(f"{address}/{again}", separator=",", deck="D")
        assert answer.location == job, again
    waiting = page(visitor, address)
    assert f'This is being imported. <a href="{job}">' in waiting
    assert "commits" not in waiting
    listed = page(visitor, "/imports")
    assert "being imported" in listed and f'<a href="{job}">t.csv</a>' in listed
    do_next(app)
    assert visitor.post(f"{address}/commits").location == address
    assert "Imported." in page(visitor, address)
    assert jobs.take_up(app.config["QUIZAPP"].data) is None


def test_an_import_that_is_read_anew_shows_no_old_preview(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    address = read(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    set_apart(app)
    job = visitor.post(f"{address}/placings", under="Law").location
    text = page(visitor, address)
    assert f'This file is being read. <a href="{job}">' in text and "commits" not in text
    assert visitor.post(f"{address}/commits").location == job


def do_next(app: Flask) -> None:
    job = jobs.take_up(app.config["QUIZAPP"].data)
    assert job is not None
    jobs.do(job)


def test_an_undo_that_was_stopped_is_offered_again(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    address = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    set_apart(app)
    job = visitor.post(f"{address}/undos").location
    visitor.post(f"{job}/cancellations")
    stopped = page(visitor, job)
    assert f'href="{address}"' in stopped and "Start again" in stopped
    assert "Undo this import" in page(visitor, address)
    visitor.post(f"{job}/restarts")
    assert "This is being undone." in page(visitor, address)
    do_next(app)
    assert "Everything is as it was before" in page(visitor, address)


def test_htmx_is_told_where_an_undo_goes(visitor: Visitor, me: Learner) -> None:
    address = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    answer = visitor.post(f"{address}/undos", fragment=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, address)


def test_what_cannot_be_undone_begins_no_work(app: Flask, visitor: Visitor, me: Learner) -> None:
    first = bring(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    waiting = read(visitor, "u.csv", b"Front,Back\nWho?,They\n")
    set_apart(app)
    answer = visitor.post(f"{waiting}/undos")
    assert answer.status_code == 409
    assert "not in effect" in answer.get_data(as_text=True)
    assert jobs.take_up(app.config["QUIZAPP"].data) is None
    assert "Undo this import" in page(visitor, first)


def test_an_import_can_be_put_away(app: Flask, visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    assert visitor.post(f"{address}/drops").location == "/imports"
    assert "This was put away" in page(visitor, address)
    assert not list(app.config["QUIZAPP"].imports.glob("*"))
    assert visitor.post(f"{address}/drops").status_code == 409


def test_all_that_was_not_imported_can_be_put_away_at_once(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    done = bring(visitor, "done.csv", b"Front,Back\nWhat?,That\n")
    read(visitor, "waits.csv", b"Front,Back\nWho?,They\n")
    send(visitor, "broken.apkg", b"no package at all")
    stranger = theirs()
    under_way = read(visitor, "runs.csv", b"Front,Back\nWhy?,So\n")
    set_apart(app)
    visitor.post(f"{under_way}/commits")
    assert "2 files" in page(visitor, "/imports")
    answer = visitor.post("/imports/drops")
    assert (answer.status_code, answer.location) == (303, "/imports")
    listed = page(visitor, "/imports")
    assert "done.csv" in listed and "runs.csv" in listed
    assert "waits.csv" not in listed and "broken.apkg" not in listed
    assert "Put away what was not imported" not in listed
    assert Batch.get_by_id(stranger).state == "reading"
    do_next(app)
    assert "Imported." in page(visitor, under_way) and "Imported." in page(visitor, done)


def test_what_was_never_imported_is_deleted_after_some_days(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    root = app.config["QUIZAPP"].imports
    done = bring(visitor, "done.csv", b"Front,Back\nWhat?,That\n")
    address = read(visitor, "waits.csv", b"Front,Back\nWho?,They\n")
    gone = read(visitor, "away.csv", b"Front,Back\nWhy?,So\n")
    visitor.post(f"{gone}/drops")
    assert "deleted here after 14 days" in page(visitor, "/imports")
    assert import_actions.expire(root, NOON + import_actions.KEPT) == 0
    assert import_actions.expire(root, NOON + import_actions.KEPT + timedelta(minutes=5)) == 2
    assert visitor.get(address).status_code == 404 == visitor.get(gone).status_code
    assert not list(root.glob("*"))
    assert "Imported." in page(visitor, done)


def test_a_file_that_could_not_be_read_is_not_read_again(visitor: Visitor, me: Learner) -> None:
    send(visitor, "x.apkg", b"no package at all")
    job = Batch.get().job
    text = page(visitor, f"/jobs/{job}")
    assert "Choose another file" in text and "Start again" not in text
    assert visitor.post(f"/jobs/{job}/restarts").status_code == 409


def test_choices_that_are_none_are_refused(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    for wrong in ({"existing": "whatever"}, {"under": "x" * 201}):
        assert visitor.post(f"{address}/commits", **wrong).status_code == 400
    assert "Nothing is imported yet" in page(visitor, address)


@pytest.mark.parametrize(
    "path",
    ["", "/samples/0/question", "/media/x.png", "/readings", "/placings", "/commits", "/undos",
     "/drops"],
)  # fmt: skip
def test_somebody_elses_import_is_not_found(visitor: Visitor, me: Learner, path: str) -> None:
    post = path in ("/readings", "/placings", "/commits", "/undos", "/drops")
    for number in (theirs(), 10_000):
        answer = (visitor.post if post else visitor.get)(f"/imports/{number}{path}")
        assert answer.status_code == 404, path
    assert "theirs.csv" not in page(visitor, "/imports")


@pytest.mark.parametrize("path", ["readings", "placings", "commits", "undos", "drops"])
def test_forms_are_ones_own_and_posted(
    app: Flask, visitor: Visitor, me: Learner, path: str
) -> None:
    address = read(visitor, "t.csv", b"Front,Back\nWhat?,That\n")
    assert visitor.get(f"{address}/{path}").status_code == 405
    assert app.test_client().post(f"{address}/{path}").status_code == 403
    assert "Nothing is imported yet" in page(visitor, address)


def test_a_file_without_a_token_is_refused(app: Flask) -> None:
    data = {"file": (io.BytesIO(b"a,b\n"), "t.csv")}
    assert app.test_client().post("/imports", data=data, headers=SAME).status_code == 403


def test_samples_are_documents_for_frames(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "t.csv", b"Front,Back\n<script>x()</script>Hm?,That\n")
    answer = visitor.get(f"{address}/samples/0/question")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Hm?" in answer.get_data(as_text=True)
    assert "<script" not in answer.get_data(as_text=True)
    for missing in ("/samples/9/question", "/samples/0/middle"):
        assert visitor.get(address + missing).status_code == 404


def test_a_packages_files_are_shown_while_it_waits_only(visitor: Visitor, me: Learner) -> None:
    address = read(visitor, "h.apkg", package("tiny-html-media.new-sched-media.apkg"))
    head = imports.recent(me.id)[0].head
    assert head is not None
    name = next(iter(head["media_names"]))
    assert visitor.get(f"{address}/media/{name}").status_code == 200
    for trick in ("../upload", "..%2Fupload", "%2e%2e/package.jsonl", "nothing.png"):
        assert visitor.get(f"{address}/media/{trick}").status_code in (404, 308)
    visitor.post(f"{address}/drops")
    assert visitor.get(f"{address}/media/{name}").status_code == 404


def illustrated(picture: bytes = b"\x89PNG\r\n\x1a\n1", front: str = "What is this?") -> bytes:
    """A Markdown deck with a picture, in a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Maps.md", f"Q: {front} ![Map](pics/a.png)\nA: A map.\n")
        archive.writestr("pics/a.png", picture)
    return packed.getvalue()


def pictures_of(deck: int) -> list[str]:
    """What the questions of a deck show, by its address."""
    faces = [row.faces[0]["question"] for row in Note.select().where(Note.deck == deck)]
    return [re.findall(r'<img src="([^"]+)"', question)[0] for question in faces]


def test_a_picture_of_a_markdown_zip_is_shown_taken_and_given_back(
    visitor: Visitor, me: Learner
) -> None:
    address = read(visitor, "maps.zip", illustrated())
    sample = page(visitor, f"{address}/samples/0/question")
    assert f'src="{address}/media/a.png"' in sample
    assert visitor.get(f"{address}/media/a.png").status_code == 200
    visitor.post(f"{address}/commits")
    deck = next(deck for deck in decks.of_learner(me.id) if deck.name == "Maps")
    assert pictures_of(deck.id) == ["/media/a.png"]
    assert visitor.get("/media/a.png").status_code == 200
    form = {"form": "markdown", "what": "some", "deck": deck.id}
    made = visitor.post("/exports", **form).location
    zipped = visitor.get(f"{made}/file").get_data()
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert sorted(archive.namelist()) == ["Maps.md", "media/a.png"]
    assert "Everything in it is here already." in page(visitor, read(visitor, "m.zip", zipped))


def test_another_picture_of_the_same_name_leaves_the_first_as_it_is(
    visitor: Visitor, me: Learner
) -> None:
    bring(visitor, "one.zip", illustrated())
    bring(visitor, "two.zip", illustrated(b"\x89PNG\r\n\x1a\n2", "And this?"))
    deck = next(deck for deck in decks.of_learner(me.id) if deck.name == "Maps")
    shown = [visitor.get(address).get_data()[-1:] for address in pictures_of(deck.id)]
    assert shown == [b"1", b"2"]


def test_a_zip_of_tables_is_read_table_by_table(visitor: Visitor, me: Learner) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "Front,Back\nWhat?,That\n")
        archive.writestr("b.txt", "#separator:tab\nWho?\tThey\nWhat?\tTwice\n")
        archive.writestr("picture.png", "no table")
    text = page(visitor, read(visitor, "tables.zip", packed.getvalue()))
    assert "Import 2 notes" in text
    assert "b.txt, row 3</strong> It is the same as a.csv, row 2" in text


@pytest.mark.parametrize("kind", ["cards", "choices"])
def test_a_template_is_a_download_that_imports_as_it_is(
    visitor: Visitor, me: Learner, kind: str
) -> None:
    answer = visitor.get(f"/imports/templates/{kind}.csv")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={kind}.csv"
    assert "Nothing is imported yet" in page(visitor, read(visitor, "t.csv", answer.get_data()))
    assert visitor.get("/imports/templates/other.csv").status_code == 404
