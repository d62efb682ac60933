"""A miss becomes work, with the keyboard: a card of it, why it was missed, what is slow."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import samples
from tests.browser.studying import grade
from tests.running import RunningApp

pytestmark = pytest.mark.browser

ITEM = "D1-study-0"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server with an exam, and every kind of card."""
    decks = samples.exam(samples.write(tmp_path / "decks"))
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


def rows(app: RunningApp, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(app.data / "quizapp.db") as database:
        return database.execute(query).fetchall()


def change(app: RunningApp, query: str) -> None:
    with sqlite3.connect(app.data / "quizapp.db") as database:
        database.execute(query)


def own(app: RunningApp) -> int:
    query = "SELECT count(*) FROM note WHERE key LIKE 'own/%' AND NOT retired"
    return int(str(rows(app, query)[0][0]))


def open_item(page: Page, app: RunningApp, right: bool, confidence: str = "") -> None:
    """Answer the item by keys, up to its reasons."""
    ((card,),) = rows(
        app, f"SELECT card.id FROM card JOIN note ON note.id = note_id WHERE key = '{ITEM}'"
    )
    page.goto(f"/study/all?card={card}")
    which = ".option[data-right]" if right else ".option:not([data-right])"
    page.keyboard.press(page.locator(f"{which} .letter").first.inner_text().lower())
    if confidence:
        page.keyboard.press(confidence)
    page.keyboard.press("Enter")
    page.wait_for_selector("#study-card[data-revealed]")


def test_a_card_is_made_reworded_and_undone_by_key_with_the_question_open(
    page: Page, served: RunningApp
) -> None:
    open_item(page, served, right=False, confidence="9")
    expect(page.locator(".because:visible")).to_contain_text("this is a misconception")
    page.keyboard.press("k")
    expect(page.locator("#announcer")).to_have_text("Noted: I did not know it.")
    page.keyboard.press("c")
    expect(page.locator("#study-draft")).to_contain_text("✓ Card made")
    expect(page.locator("#announcer")).to_contain_text("Card made")
    expect(page.locator("[data-answer]")).to_be_focused()
    expect(page.get_by_role("radio", name="I did not know it")).to_be_checked()
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Question").fill("What is principle 0?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#study-draft")).to_contain_text("You made a card of this question.")
    expect(page.locator(".verdict.wrong").first).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator("#notice")).to_have_text("Undone: Edit.")
    page.keyboard.press("u")
    expect(page.locator("#notice")).to_have_text("Undone: Make card on this card.")
    expect(page.locator("#study-card[data-revealed]")).to_be_visible()
    expect(page.get_by_role("button", name="Make a card of this")).to_be_visible()
    assert own(served) == 0
    page.keyboard.press("c")
    expect(page.locator("#study-draft")).to_contain_text("✓ Card made")
    page.keyboard.press("v")
    grade(page, "Space")
    assert rows(served, "SELECT rating FROM review") == [(1,)]
    assert rows(served, "SELECT cause, sure FROM miss") == [("viewpoint", 1)]
    assert own(served) == 1


def test_letters_choose_as_long_as_there_are_options_and_no_card_is_made(
    page: Page, served: RunningApp
) -> None:
    ((card,),) = rows(
        served, f"SELECT card.id FROM card JOIN note ON note.id = note_id WHERE key = '{ITEM}'"
    )
    page.goto(f"/study/all?card={card}")
    page.keyboard.press("c")
    expect(page.locator("[name=choice]:checked")).to_have_count(1)
    page.wait_for_timeout(150)
    assert own(served) == 0


def test_slower_than_usual_proposes_hard_and_says_why(page: Page, served: RunningApp) -> None:
    page.goto("/")
    change(served, "UPDATE learner SET slow_after = 1")
    open_item(page, served, right=True)
    expect(page.locator(".because:visible")).to_contain_text("Slower than usual")
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "2")
    expect(page.locator("#announcer")).to_contain_text("so Hard is proposed")
    open_item(page, served, right=True, confidence="9")
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "3")
    open_item(page, served, right=True, confidence="7")
    expect(page.locator(".because:visible")).to_contain_text("A guess counts")
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "1")
    change(served, "UPDATE learner SET slow_after = 600000")
    open_item(page, served, right=True)
    expect(page.locator(".because:visible")).to_have_count(0)
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "3")
    grade(page, "Space")
    ((answer,),) = rows(served, "SELECT answer FROM review")
    assert json.loads(answer)["thought"] > 0


def test_what_the_browser_proposes_the_server_proposes(page: Page, served: RunningApp) -> None:
    page.goto("/")
    change(served, "UPDATE learner SET slow_after = 1")
    for right, key in ((True, ""), (True, "7"), (True, "8"), (False, "9"), (False, "")):
        open_item(page, served, right, key)
        proposed = page.locator("[data-proposed]").get_attribute("value")
        reasons = page.locator("[data-because]:visible").all_inner_texts()
        page.keyboard.press("i")
        page.get_by_role("link", name="← Back to studying").click()
        expect(page.locator("[data-proposed]")).to_have_attribute("value", str(proposed))
        assert page.locator("[data-because]:visible").all_inner_texts() == reasons


def test_a_grade_is_proposed_also_where_a_number_of_the_card_is_the_same(
    page: Page, served: RunningApp
) -> None:
    open_item(page, served, right=False)
    grade(page, "1")
    assert rows(served, f"SELECT version FROM memory JOIN note ON note.id = note_id"
                        f" WHERE key = '{ITEM}'") == [(1,)]  # fmt: skip
    open_item(page, served, right=False)
    expect(page.locator("button[data-proposed]")).to_have_attribute("value", "1")
    grade(page, "Space")
    assert rows(served, "SELECT count(*) FROM review") == [(2,)]


def test_a_card_is_made_without_script(browser: Browser, served: RunningApp) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    ((card,),) = rows(
        served, f"SELECT card.id FROM card JOIN note ON note.id = note_id WHERE key = '{ITEM}'"
    )
    page.goto(f"/study/all?card={card}")
    page.locator("[name=choice]").first.check()
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Make a card of this").click()
    expect(page.get_by_text("A card was made of this question.")).to_be_visible()
    expect(page.locator("[data-why]")).to_be_visible()
    page.get_by_role("link", name="Reword it").click()
    page.get_by_role("textbox", name="Answer").fill("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#study-draft")).to_contain_text("You made a card of this question.")
    assert own(served) == 1
    context.close()


def sit(page: Page) -> None:
    """Hand in a paper of ten without an answer."""
    page.goto("/exams/new/TEST-1")
    page.get_by_role("radio", name="10 ").first.check()
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/items/1")
    page.goto("/exams/1/submission")
    page.get_by_role("button", name="Hand in now").click()
    page.wait_for_url("**/result")


def test_misses_of_an_exam_become_cards_by_key_and_undo_takes_them_back(
    page: Page, served: RunningApp
) -> None:
    change(served, "UPDATE note SET topic = 'Alone' WHERE pool = 'mock'")
    sit(page)
    page.get_by_role("button", name="Make a card of this question 3").click()
    expect(page.get_by_role("article", name="Question 3").get_by_text("✓ You made")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_text("Cards made.")).to_be_visible()
    assert own(served) == 10
    page.keyboard.press("u")
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert own(served) == 1
    page.get_by_role("link", name="Reword it (card of question 3)").click()
    expect(page.get_by_role("textbox", name="Question")).to_be_focused()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/result\?show=wrong#question-3$"))


def test_the_builder_says_how_much_it_is_as_one_chooses(page: Page) -> None:
    page.goto("/topics")
    said = page.locator("#readiness-found")
    expect(said).to_have_text("14 cards, about 9 min.")
    page.get_by_label("How long").select_option("5 minutes")
    expect(said).to_have_text("7 cards, about 4 min.")
    page.get_by_label("Flagged").check()
    expect(said).to_contain_text("There would be 14 without “Flagged”.")
    page.get_by_label("Never seen").check()
    page.get_by_label("Second domain").check()
    expect(said).to_have_text("7 cards, about 4 min.")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".counts")).to_contain_text("7 due")
    page.goto("/topics")
    page.get_by_role("button", name="BEST", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("without the word BEST")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    browser: Browser, served: RunningApp, scheme: str
) -> None:
    context = browser.new_context(
        base_url=served.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": 320, "height": 640},
    )
    page = context.new_page()
    found: dict[str, object] = {}

    def look(name: str) -> None:
        assert page.get_by_text("went wrong on our side").count() == 0, name
        violations = Axe().run(page).response["violations"]
        if violations:
            found[name] = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in violations]
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            found[f"{name}: width"] = page.evaluate("document.documentElement.scrollWidth")

    page.goto("/topics/misses")
    look("no misses")
    change(served, "UPDATE note SET topic = 'Alone' WHERE pool = 'mock' OR kind = 'choice'")
    change(served, "UPDATE learner SET slow_after = 1")
    open_item(page, served, right=True)
    look("slow")
    open_item(page, served, right=True, confidence="7")
    look("guessed")
    open_item(page, served, right=False, confidence="9")
    look("misconception, and a card offered")
    page.keyboard.press("c")
    expect(page.locator("#study-draft")).to_contain_text("✓ Card made")
    look("card made")
    page.keyboard.press("q")
    page.keyboard.press("i")
    page.get_by_label("Find a card by its words").fill("question")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Link card 1 found").click()
    page.get_by_label("Find a card by its words").fill("question")
    page.get_by_role("button", name="Find").click()
    look("linked cards")
    page.get_by_role("link", name="← Back to studying").click()
    grade(page, "1")
    for path in ("/topics/misses", "/topics", "/", "/decks/family-own", "/keys"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        look(path)
    page.get_by_role("link", name="quizapp").click()
    page.goto("/topics")
    page.get_by_label("Flagged").check()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look("nothing found")
    sit(page)
    page.keyboard.press("c")
    expect(page.get_by_text("Cards made.")).to_be_visible()
    look("result with cards made")
    context.close()
    assert found == {}
