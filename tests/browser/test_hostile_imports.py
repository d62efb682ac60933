"""Decks made to do harm, imported and studied in a real browser: nothing runs or calls out."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests import poison
from tests.browser.studying import grade, show_answer
from tests.running import RunningApp

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A page of each sort is opened so often; more of the same say nothing new.
OF_A_SORT = 2
NO_PAGE = re.compile(r"/file$|\.csv$|/backups/.*/|^/backups/\d{4}.*")
RUN = "window.x = () => { window.acted = true; }; window.pwned = undefined;"


class Watch:
    """What a hostile deck has brought about in a browser: it should stay empty."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.home = home
        self.found: list[str] = []
        context.add_init_script(RUN)
        context.on("request", self._asked)
        context.on("page", self._opened)
        context.on("weberror", lambda error: self._note("error", str(error.error)))
        context.on("console", lambda message: self._said(message.text))
        context.on("dialog", lambda dialog: (self._note("dialog", dialog.message), dialog.accept()))

    def _note(self, what: str, said: str) -> None:
        self.found.append(f"{what}: {said[:300]}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.home, "about:", "blob:", "data:")):
            self._note("asked", request.url)

    def _opened(self, page: Page) -> None:
        page.on("framenavigated", lambda frame: self._moved(frame.url))

    def _moved(self, url: str) -> None:
        if not url.startswith((self.home, "about:")):
            self._note("moved", url)

    def _said(self, text: str) -> None:
        # What is blocked had got past the cleaning; the second wall held, the first did not.
        # But a browser that opens a sound by itself makes a player, and that may load nothing.
        if "Loading media from" in text and "/media/" in text:
            return
        if "Content Security Policy" in text or "Blocked script" in text:
            self._note("blocked", text)

    def look(self, page: Page) -> None:
        """Look into every frame of a page, and at its own shape."""
        for frame in page.frames:
            if frame.evaluate("!!(window.acted || window.pwned)"):
                self._note("ran", frame.url)
        wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        if wide > 0:
            self._note("wide", f"{wide} px at {page.viewport_size}: {page.url}")


@pytest.fixture
def context(browser: Browser, served: RunningApp) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 800})
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def watch(context: BrowserContext, served: RunningApp) -> Watch:
    return Watch(context, served.url)


def until(page: Page, words: str) -> None:
    """Wait until a job has ended and its page has led to its result."""
    page.locator("main", has_text=words).wait_for()
    assert re.search(r"/imports/\d+$", page.url)


def upload(page: Page, path: Path) -> None:
    page.goto("/imports")
    page.set_input_files("[data-upload-file]", path)
    until(page, "Nothing is imported yet.")


def commit(page: Page) -> None:
    button = page.get_by_role("button", name=re.compile("^Import"))
    assert reachable(page, ".decide .button.primary"), "the button to import is covered"
    button.click()
    until(page, "Imported.")


def reachable(page: Page, selector: str) -> bool:
    """Whether a control lies on top where it is, once it is scrolled to."""
    found: bool = page.evaluate(
        """selector => {
          const control = document.querySelector(selector);
          control.scrollIntoView({block: "center"});
          const box = control.getBoundingClientRect();
          const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          return control === top || control.contains(top);
        }""",
        selector,
    )
    return found


def crawl(page: Page, watch: Watch, start: list[str]) -> Counter[str]:
    """Open the pages that can be reached, a few of each sort, as wide as a desk and a phone."""
    waiting, known, sorts = list(start), set(start), Counter[str]()
    while waiting:
        path = waiting.pop(0)
        sort = re.sub(r"\d+", "#", path.partition("?")[0])
        if sorts[sort] >= OF_A_SORT or NO_PAGE.search(path.partition("?")[0]):
            continue
        sorts[sort] += 1
        answer = page.goto(path)
        assert answer is not None
        if answer.status >= 500:
            watch.found.append(f"broken: {path}")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            watch.look(page)
        for link in page.locator("a[href]").evaluate_all("links => links.map(a => a.href)"):
            if link.startswith(watch.home) and "#" not in link:
                inside = link.removeprefix(watch.home) or "/"
                if inside not in known:
                    known.add(inside)
                    waiting.append(inside)
            elif not link.startswith(watch.home):
                watch.found.append(f"link: {link} on {path}")
    return sorts


ALL_FRAMES = """async ([cards, sandbox]) => {
  document.body.replaceChildren();
  await Promise.all(cards.flatMap((card) => ["question", "answer?typed=a"].map((side) => {
    const frame = document.createElement("iframe");
    if (sandbox) frame.setAttribute("sandbox", "allow-same-origin");
    frame.src = `/cards/${card}/faces/${side}`;
    const loaded = new Promise((done) => { frame.onload = done; });
    document.body.append(frame);
    return loaded;
  })));
}"""


def card_ids(app: RunningApp) -> list[int]:
    import sqlite3

    with sqlite3.connect(app.data / "quizapp.db") as db:
        return [
            row[0]
            for row in db.execute(
                "SELECT card.id FROM card JOIN note ON note.id = card.note_id"
                " WHERE note.notetype_id IS NOT NULL ORDER BY card.id"
            )
        ]


def test_a_hostile_package_does_nothing_in_any_page(
    context: BrowserContext, served: RunningApp, watch: Watch, tmp_path: Path
) -> None:
    wanted = poison.package(tmp_path / "poison.apkg")
    page = context.new_page()
    upload(page, tmp_path / "poison.apkg")
    watch.look(page)
    preview = page.url
    commit(page)
    watch.look(page)
    assert not watch.found, "\n".join(watch.found)

    cards = card_ids(served)
    assert len(cards) >= wanted * 0.95, "most vectors have to arrive for this to mean something"

    # Every side of every card, in a frame as the app makes it and in one without its sandbox.
    for sandbox in (True, False):
        for start in range(0, len(cards), 40):
            page.goto("/keys")
            page.evaluate(ALL_FRAMES, [cards[start : start + 40], sandbox])
            watch.look(page)
    assert not watch.found, "\n".join(watch.found)

    sorts = crawl(page, watch, ["/", "/imports", "/exports", "/jobs", "/decks/family-own/cards",
                                "/study/family-own", "/readiness", "/settings",
                                *(f"/cards/{card}" for card in cards[:3]),
                                *(f"/cards/{card}/edit" for card in cards[-3:]),
                                preview])  # fmt: skip
    assert {"/cards/#", "/cards/#/edit", "/decks/deck-#", "/imports/#", "/jobs/#"} <= set(sorts)
    assert not watch.found, "\n".join(watch.found)


def test_a_hostile_deck_is_studied_without_harm(
    context: BrowserContext, watch: Watch, tmp_path: Path
) -> None:
    poison.package(tmp_path / "poison.apkg")
    page = context.new_page()
    upload(page, tmp_path / "poison.apkg")
    commit(page)
    page.goto("/study/family-own")
    for _ in range(18):
        assert reachable(page, ".ask button"), "Show answer is covered"
        if page.locator("[name=typed]").count():
            page.locator(".typing input").fill("<script>x()</script>")
            page.keyboard.press("Enter")
            page.wait_for_selector("#study-card[data-revealed]")
        else:
            show_answer(page)
        watch.look(page)
        assert reachable(page, ".grade-3"), "the grades are covered"
        page.evaluate("document.activeElement?.blur()")
        grade(page)
    watch.look(page)
    assert not watch.found, "\n".join(watch.found)


def test_hostile_texts_do_nothing_in_any_page(
    context: BrowserContext, watch: Watch, tmp_path: Path
) -> None:
    page = context.new_page()
    poison.lines(tmp_path / "lines.jsonl")
    for name, content in poison.texts().items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name in [*poison.texts(), "lines.jsonl"]:
        page.goto("/imports")
        page.set_input_files("[data-upload-file]", tmp_path / name)
        until(page, "Nothing is imported yet.")
        watch.look(page)
        commit(page)
        watch.look(page)
    page.goto("/imports")
    page.get_by_text("Paste text instead").click()
    page.fill("textarea[name=text]", poison.pasted())
    page.get_by_role("button", name="Read it").click()
    until(page, "Nothing is imported yet.")
    watch.look(page)
    commit(page)
    crawl(page, watch, ["/", "/imports", "/exports", "/jobs", "/study/family-own"])
    page.goto("/study/family-own")
    for _ in range(8):
        show_answer(page)
        watch.look(page)
        page.evaluate("document.activeElement?.blur()")
        grade(page)
    assert not watch.found, "\n".join(watch.found)


def test_media_opened_by_itself_is_dead(
    context: BrowserContext, served: RunningApp, watch: Watch, tmp_path: Path
) -> None:
    poison.package(tmp_path / "poison.apkg")
    page = context.new_page()
    upload(page, tmp_path / "poison.apkg")
    preview = page.url.removeprefix(served.url)
    stored = sorted(poison.MEDIA)
    for base in (f"{preview}/media/", "/media/"):
        if base == "/media/":
            page.goto(preview)
            commit(page)
        for name in stored:
            answer = context.request.get(f"{base}{name}", headers={"Sec-Fetch-Dest": "document"})
            if answer.status == 404:
                assert name.startswith("_evil.js"), "only what is no media is left behind"
                continue
            headers = answer.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in headers["content-security-policy"]
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "html" not in headers["content-type"]
            assert "javascript" not in headers["content-type"]
            if not name.endswith((".png", ".mp3")):
                assert headers["content-disposition"].startswith("attachment")
            page.goto("/keys")
            page.evaluate("address => { location = address; }", f"{base}{name}")
            page.wait_for_timeout(150)
            watch.look(page)
    assert not watch.found, "\n".join(watch.found)
