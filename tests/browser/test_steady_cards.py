"""The answer of a card of others opens without moving what was asked."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from tests import samples
from tests.browser.bringing import ANKI, bring
from tests.running import RunningApp

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
# Where the frame stands, and how far down its image with shapes does, or its first words.
PLACES = """(which) => {
  const frame = document.querySelector(`iframe[title=${which}]`);
  const page = frame.contentDocument, at = frame.getBoundingClientRect();
  const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  const range = page.createRange();
  let words = "", box = page.querySelector(".occlusion")?.getBoundingClientRect();
  while (!box && texts.nextNode()) {
    range.selectNodeContents(texts.currentNode);
    words = texts.currentNode.data.trim();
    if (words && range.getClientRects().length) box = range.getClientRects()[0];
  }
  return { words, places: [at.x, at.y, box && at.y + box.y].map(
    (n) => n === undefined ? null : Math.round(n)) };
}"""
READY = """(which) => {
  const frame = document.querySelector(`iframe[title=${which}]`);
  return frame?.offsetParent && frame.contentDocument?.body?.dataset.settled !== undefined;
}"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server with a small deck."""
    decks = samples.write(tmp_path / "decks", samples.plain(3))
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


def imported(app: RunningApp) -> list[int]:
    """The cards of all imports, the deck's own order."""
    query = "SELECT card.id FROM card JOIN note ON note.id = note_id WHERE batch_id IS NOT NULL"
    with closing(sqlite3.connect(app.data / "quizapp.db")) as database:
        return [row[0] for row in database.execute(f"{query} ORDER BY card.id")]


def place(page: Page, which: str) -> Any:
    page.wait_for_function(READY, arg=which)
    return page.evaluate(PLACES, which)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["tiny-typing", "tiny-image-occlusion"])
def test_the_answer_leaves_the_question_where_it_stood(
    page: Page, served: RunningApp, name: str, size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    bring(page, ANKI / f"{name}.new-sched-media.apkg")
    moved = {}
    for card in imported(served):
        page.goto(f"/study/family-own?card={card}")
        before = place(page, "Question")
        if page.locator(".typing input").count():
            page.locator(".typing input").fill("something else")
            page.keyboard.press("Enter")
        else:
            page.locator(".ask button").click()
        after = place(page, "Answer")
        same = before["words"] == after["words"]
        seen = slice(None) if same else slice(2)
        if before["places"][seen] != after["places"][seen]:
            moved[card] = before, after
    assert moved == {}
