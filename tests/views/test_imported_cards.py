"""Cards of others over HTTP: their frames, what the page says of them, their history."""

import io
import re
from typing import Any

import pytest
from flask import Flask

from quizapp.domain.learners import Learner
from quizapp.storage import imports, learners
from quizapp.storage.models import Card, Note
from tests.conftest import NOON, Visitor
from tests.running import ROOT

ANKI = ROOT / "tests" / "fixtures" / "anki"
TYPED = "#separator:tab\n#notetype:Basic (type in the answer)\nSpell it\tMTD\n"
TABLE = "#separator:tab\n#html:true\nWhat <script>x()</script>is it?\t<b>That</b>\n"


@pytest.fixture
def me(app: Flask) -> Learner:
    found = learners.first()
    assert found is not None
    return found


def bring(visitor: Visitor, me: Learner, name: str, content: bytes, **choices: str) -> list[int]:
    """Import a file; the ids of its cards."""
    data = {"csrf": visitor.token(), "file": (io.BytesIO(content), name)}
    headers = {"Sec-Fetch-Site": "same-origin"}
    address = visitor.client.post("/imports", data=data, headers=headers).location
    visitor.post(f"{address}/commits", **choices)
    batch = imports.recent(me.id)[0]
    assert batch.state == "done"
    rows = Card.select(Card.id).join(Note, on=(Note.id == Card.note)).where(Note.batch == batch.id)
    return [row.id for row in rows.order_by(Card.id)]


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_a_side_is_a_document_in_which_nothing_runs(visitor: Visitor, me: Learner) -> None:
    [card] = bring(visitor, me, "t.txt", TABLE.encode())
    answer = visitor.get(f"/cards/{card}/faces/answer")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox allow-same-origin" in policy and "script" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<b>That</b>" in text(answer) and "<script" not in text(answer)


def test_only_the_two_sides_of_ones_own_cards_are_there(visitor: Visitor, me: Learner) -> None:
    [card] = bring(visitor, me, "t.txt", TABLE.encode())
    native = Card.select(Card.id).where(Card.id != card).get().id
    for path in (f"{card}/faces/middle", f"{native}/faces/question", "99999/faces/question"):
        assert visitor.get(f"/cards/{path}").status_code == 404, path
    assert visitor.post(f"/cards/{card}/faces/question").status_code == 405


@pytest.mark.parametrize("path", ["", "/faces/question", "/edit"])
def test_somebody_elses_card_is_not_found(
    visitor: Visitor, me: Learner, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    [card] = bring(visitor, me, "t.txt", TABLE.encode())
    stranger = learners.create("Stranger", "UTC", NOON)
    monkeypatch.setattr("quizapp.views.cards.current_learner", lambda: stranger)
    assert visitor.get(f"/cards/{card}{path}").status_code == 404


def test_the_page_tells_the_words_of_both_sides_without_repeating_one(
    visitor: Visitor, me: Learner
) -> None:
    bring(visitor, me, "t.txt", TABLE.encode())
    page = text(visitor.get("/study/family-own"))
    assert 'data-announce="Question, new. What is it?"' in page
    assert 'data-spoken="That"' in page


def test_where_something_is_to_be_typed_the_page_asks_for_it(visitor: Visitor, me: Learner) -> None:
    [card] = bring(visitor, me, "t.txt", TYPED.encode())
    page = text(visitor.get("/study/family-own"))
    assert 'name="typed"' in page and "/faces/answer" not in page
    page = text(visitor.get(f"/study/family-own?card={card}&show=1&typed=MTO"))
    assert "✗ Not quite" in page and 'class="comparison"' not in page
    assert f"/cards/{card}/faces/answer?v=0-0&amp;typed=MTO" in page


def test_what_was_typed_is_compared_in_the_frame(visitor: Visitor, me: Learner) -> None:
    [card] = bring(visitor, me, "t.txt", TYPED.encode())
    answer = text(visitor.get(f"/cards/{card}/faces/answer?typed=MT%3Cb%3E"))
    assert '<span class="typeBad">MT&lt;b&gt;</span>' in answer
    nothing = text(visitor.get(f"/cards/{card}/faces/answer?typed="))
    assert '<span class="typeMissed">MTD</span>' in nothing
    assert text(visitor.get(f"/cards/{card}/faces/answer?typed={'x' * 5000}")).count("x") < 600


def test_a_card_with_sounds_can_be_heard_again(visitor: Visitor, me: Learner) -> None:
    bring(visitor, me, "t.apkg", (ANKI / "tiny-templates.new-sched-media.apkg").read_bytes())
    page = text(visitor.get("/study/family-own"))
    assert 'data-keys="r"' in page and "data-autoplay" in page
    visitor.post("/settings", **settings(visitor))
    assert "data-autoplay" not in text(visitor.get("/study/family-own"))


def settings(visitor: Visitor) -> dict[str, str]:
    """The settings as their form has them, with every switch off."""
    page = text(visitor.get("/settings"))
    found = dict(re.findall(r'<input (?:class="short" )?name="(\w+)"[^>]*value="([^"]*)"', page))
    return found | {"timezone": "UTC"}


def test_a_card_without_sounds_has_nothing_to_replay(visitor: Visitor, me: Learner) -> None:
    bring(visitor, me, "t.txt", TABLE.encode())
    assert "data-replay" not in text(visitor.get("/study/family-own"))


def test_the_history_of_elsewhere_is_told_in_words(visitor: Visitor, me: Learner) -> None:
    content = (ANKI / "tiny-states-sm2.new-sched.apkg").read_bytes()
    cards = bring(visitor, me, "s.apkg", content, progress="1")
    pages = [text(visitor.get(f"/cards/{card}")) for card in cards]
    history = " ".join(page.partition("<tbody>")[2] for page in pages)
    assert "min</td>" in history, "seconds of a learning step are no days"
    assert not re.search(r"<td>-\d", history)
    assert "Due date set" in history or "Made new again" in history


def test_a_lists_line_is_text_whatever_the_field_holds(visitor: Visitor, me: Learner) -> None:
    [card] = bring(
        visitor, me, "t.txt", b"#separator:tab\n#html:false\n<img src=x onerror=x()> a\tb\n"
    )
    page = text(visitor.get(f"/cards/{card}"))
    assert "&lt;img src=x" in page and "<img src=x" not in page


def test_a_cards_page_says_its_tags_type_template_and_import(visitor: Visitor, me: Learner) -> None:
    head = "#separator:tab\n#notetype:Basic (and reversed card)\n#tags column:3\n"
    rows = "Lisbon\tPortugal\tGeo::Europe city\n"
    cards = bring(visitor, me, "towns.txt", (head + rows).encode())
    for card, template in zip(cards, ("Card 1", "Card 2"), strict=True):
        page = text(visitor.get(f"/cards/{card}"))
        assert re.search(r"\?tag=Geo%3A%3AEurope\">Geo › Europe</a>.*>city</a>", page)
        assert "Basic (and reversed card)</dd>" in page and f"<dd>{template}</dd>" in page
        assert re.search(r'<a href="/imports/\d+">towns.txt</a>, imported on \d+ \w+ \d+', page)
        assert "<li>Geo › Europe</li>" in text(visitor.get(f"/cards/{card}/edit"))


def test_a_side_without_words_is_told_by_what_it_shows(visitor: Visitor, me: Learner) -> None:
    head = "#separator:tab\n#html:true\n"
    rows = (
        '"<img src=""a.png"">"\t"<img src=""b.png""><img src=""c.png"">[sound:d.mp3]"\n'
        'Which?\t"<img src=""a.png"">"\n'
    )
    first, second = bring(visitor, me, "t.txt", (head + rows).encode())
    page = text(visitor.get(f"/study/family-own?card={first}"))
    assert 'data-announce="Question, new. An image."' in page
    assert 'data-spoken="3 images and a sound."' in page, "the answer repeats the question"
    assert 'data-spoken="An image."' in text(visitor.get(f"/study/family-own?card={second}"))
    assert "(an image)" in text(visitor.get(f"/cards/{first}"))


def test_what_was_typed_wrong_proposes_to_have_forgotten(visitor: Visitor, me: Learner) -> None:
    [card] = bring(visitor, me, "t.txt", TYPED.encode())
    for typed, rating in (("wrong", 1), ("mtd", 3)):
        page = text(visitor.get(f"/study/family-own?card={card}&show=1&typed={typed}"))
        assert re.search(rf'value="{rating}" data-keys="{rating}" data-proposed', page), typed


def test_cards_of_one_template_are_told_apart_by_their_number(
    visitor: Visitor, me: Learner
) -> None:
    table = "#separator:tab\n#notetype:Cloze\n{{c1::One}} and {{c2::two}}\t\n"
    cards = bring(visitor, me, "t.txt", table.encode())
    assert ["Cloze 2</dd>" in text(visitor.get(f"/cards/{card}")) for card in cards] == [
        False,
        True,
    ]
