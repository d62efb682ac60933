"""Cards wider than the screen: tables, code, formulas and words that do not break."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import samples
from tests.browser.studying import show_answer
from tests.running import RunningApp

pytestmark = pytest.mark.browser

WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
FORMULA = "$$\\sum_{i=0}^{n} " + "+".join("abcdefghijklmnopqrstuvwxyz" * 3) + "$$"
TABLE = """
  | Control | Amount | Who owns it | How often it is tested | What remains |
  |:--|--:|:-:|---|---|
  | Access review | 1,200 | Line manager | Every quarter | Little |
"""
CODE = f"""
  ```
  curl --silent --header "Authorization: Bearer" https://example.org/{WORD}/{WORD}
  ```
"""
WIDE = f"""Q: Which row counts? {FORMULA}
{TABLE}{CODE}A: This one:
{TABLE}{CODE}ID: t-wide
Ref: Test
Domains: CISM22-2

M: Which word is the longest, `{WORD}` aside?
- [ ] `{WORD}`
  > No: {WORD} is as long.
- [x] {WORD}
  > Yes.
- [ ] Third
  > No. Third is short.
- [ ] Fourth
  > No. Fourth is short.
Objective: Long words break.
ID: t-m-wide
Ref: Test
Domains: CISM22-2
Level: application

"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server with two cards that are too wide."""
    decks = samples.write(tmp_path / "decks", WIDE)
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


def card(app: RunningApp, key: str) -> int:
    query = "SELECT card.id FROM card JOIN note ON note.id = card.note_id WHERE key = ?"
    with sqlite3.connect(app.data / "quizapp.db") as database:
        return int(database.execute(query, (key,)).fetchone()[0])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_stays_as_wide_as_the_screen_and_axe_finds_nothing(
    browser: Browser, served: RunningApp, scheme: str
) -> None:
    context = browser.new_context(
        base_url=served.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": 320, "height": 640},
    )
    page = context.new_page()
    found: dict[str, object] = {}
    for key in ("t-wide", "t-m-wide"):
        page.goto(f"/study/all?card={card(served, key)}")
        show_answer(page)
        if violations := Axe().run(page).response["violations"]:
            found[key] = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in violations]
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            found[f"{key}: width"] = page.evaluate("document.documentElement.scrollWidth")
    beyond = "all => all.filter(one => one.getBoundingClientRect().right > innerWidth).length"
    assert page.locator(".option, .option .text, .why li").evaluate_all(beyond) == 0
    context.close()
    assert found == {}


def test_each_wide_thing_scrolls_by_itself_with_the_keyboard(
    page: Page, served: RunningApp
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"/study/all?card={card(served, 't-wide')}")
    for name in ("Formula", "Table", "Code"):
        box = page.get_by_role("group", name=name).first
        box.focus()
        page.keyboard.press("ArrowRight")
        expect(box).not_to_have_js_property("scrollLeft", 0)
        assert box.evaluate("box => box.scrollHeight === box.clientHeight"), name


def test_columns_stand_as_the_table_says(page: Page, served: RunningApp) -> None:
    page.goto(f"/study/all?card={card(served, 't-wide')}")
    cells = page.locator(".question td")
    for place, side in enumerate(("left", "right", "center", "start")):
        expect(cells.nth(place)).to_have_css("text-align", side)
