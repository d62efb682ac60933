"""Long work in a real browser: the bar moves, and closing the tab loses nothing."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from quizapp.actions import jobs as actions
from quizapp.storage import learners
from quizapp.storage.database import bind, connection, leave, open_database
from quizapp.views.jobs import FRESH
from tests import samples
from tests.conftest import NOON
from tests.longwork import Counting

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Counting]:
    """The real server, which can count."""
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    with Counting(tmp_path / "data", decks) as app:
        yield app


def submit(app: Counting, title: str = "Counting", **arguments: Any) -> str:
    """Hand in work; return the address of its page."""
    bind(open_database(f"sqlite:///{app.file}"))
    with connection():
        learner = learners.first()
        assert learner is not None
        job = actions.submit(learner.id, "count", title, arguments, NOON)
    leave()
    return f"/jobs/{job}"


def value(page: Page) -> float:
    return float(page.get_by_role("progressbar").get_attribute("value") or 0)


def test_who_waits_is_led_on_to_the_result(page: Page, served: Counting) -> None:
    job = submit(served, steps=20, seconds=0.05, address="/settings")
    page.goto(job)
    page.wait_for_url("**/settings")
    time.sleep(FRESH.total_seconds())
    page.goto(job)
    page.get_by_role("link", name="See the result").click()
    page.wait_for_url("**/settings")


def test_the_bar_moves_and_ends_with_the_outcome(page: Page, served: Counting) -> None:
    page.goto(submit(served, steps=60, seconds=0.05))
    bar = page.get_by_role("progressbar", name="Counting")
    expect(bar).to_be_visible()
    first = value(page)
    page.wait_for_function("value => document.querySelector('progress').value > value", arg=first)
    second = value(page)
    page.wait_for_function("value => document.querySelector('progress').value > value", arg=second)
    expect(page.get_by_text("Counted to 60.").first).to_be_visible(timeout=15_000)
    expect(bar).to_have_count(0)
    expect(page.locator("#announcer")).to_have_text("Done. Counted to 60.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == [], "what is over is not asked for again"


def test_closing_the_tab_loses_nothing(page: Page, served: Counting) -> None:
    address = submit(served, steps=40, seconds=0.05)
    page.goto(address)
    expect(page.get_by_role("progressbar")).to_be_visible()
    other = page.context.new_page()
    page.goto("about:blank")
    time.sleep(2.5)
    other.goto(address)
    expect(other.get_by_text("Counted to 40.").first).to_be_visible(timeout=10_000)


def test_the_button_keeps_the_focus_while_the_bar_moves(page: Page, served: Counting) -> None:
    page.goto(submit(served, steps=2000, seconds=0.05))
    expect(page.get_by_role("progressbar")).to_be_visible()
    button = page.get_by_role("button", name="Stop it")
    button.focus()
    before = value(page)
    page.wait_for_function("value => document.querySelector('progress').value > value", arg=before)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You stopped this, so nothing was changed.").first).to_be_visible()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()


def test_a_page_left_open_finds_the_server_again(page: Page, served: Counting) -> None:
    page.goto(submit(served, steps=40, seconds=0.05))
    expect(page.get_by_role("progressbar")).to_be_visible()
    served.kill()
    silent = page.get_by_text("The server does not answer.")
    expect(silent).to_be_visible(timeout=10_000)
    served.start()
    expect(page.get_by_text("The server stopped while this ran").first).to_be_visible()
    expect(silent).to_have_count(0)
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_text("Counted to 40.").first).to_be_visible(timeout=15_000)


def test_what_a_proxy_says_does_not_end_the_asking(page: Page, served: Counting) -> None:
    page.goto(submit(served, steps=2000, seconds=0.05))
    expect(page.get_by_role("progressbar")).to_be_visible()
    asking = re.compile(r"/jobs/\d+\?seen=")
    page.route(asking, lambda route: route.fulfill(status=502, body="Bad Gateway"))
    expect(page.get_by_text("The server does not answer.")).to_be_visible(timeout=10_000)
    expect(page.get_by_text("Bad Gateway")).to_have_count(0)
    page.unroute(asking)
    expect(page.get_by_text("The server does not answer.")).to_have_count(0)
    expect(page.get_by_role("progressbar")).to_be_visible()


def test_without_script_the_page_asks_again_by_itself(browser: Browser, served: Counting) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(submit(served, steps=30, seconds=0.05))
    expect(page.get_by_text("Done.")).to_be_visible(timeout=15_000)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_accessible_and_narrow(
    browser: Browser, served: Counting, scheme: str
) -> None:
    context = browser.new_context(
        base_url=served.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": 320, "height": 640},
    )
    page = context.new_page()
    title = "Import of Information-Security-Management-Handbook.apkg"
    page.goto("/jobs")
    states = {"/jobs": "Nothing has run yet."}
    running = submit(served, title, steps=4000, seconds=0.05)
    states[running] = "Counted"
    states[submit(served, title, steps=1)] = "Waiting for its turn."
    stopped = submit(served, title, steps=1)
    page.goto(stopped)
    page.get_by_role("button", name="Stop it").click()
    states[stopped] = "You stopped this before it began"
    found = {}
    for address, words in states.items():
        page.goto(address)
        if address != "/jobs":
            expect(page.get_by_text(words).first).to_be_visible()
        result = Axe().run(page)
        if result.violations_count:
            found[address] = [v["id"] for v in result.response["violations"]]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    page.goto(running)
    page.get_by_role("button", name="Stop it").click()
    context.close()
    assert found == {}


def test_a_backup_that_is_restored_meanwhile_ends_the_asking(page: Page, served: Counting) -> None:
    page.goto("/backups")
    page.get_by_role("button", name="Back up now").click()
    page.get_by_text("Backed up:").wait_for()
    page.goto(submit(served, steps=400, seconds=0.05))
    expect(page.get_by_role("progressbar")).to_be_visible()
    other = page.context.new_page()
    other.goto("/backups")
    other.locator(".backups a").first.click()
    other.get_by_role("button", name="Restore this backup").click()
    other.get_by_text("You are back at").wait_for()
    expect(page.get_by_text("This work is not known any more.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop it")).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == []


def test_a_downloaded_backup_is_brought_back(page: Page, served: Counting, tmp_path: Path) -> None:
    page.goto("/backups")
    page.get_by_role("button", name="Back up now").click()
    page.locator(".backups a").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "carried.zip")
    for file in (served.data / "backups").glob("*.zip"):
        file.unlink()
    page.goto("/backups")
    (tmp_path / "letter.zip").write_bytes(b"Dear Sir")
    chooser = page.locator("[data-upload-file]")
    chooser.set_input_files(tmp_path / "letter.zip")
    expect(page.get_by_role("alert")).to_contain_text("letter.zip is not a backup")
    chooser.set_input_files(tmp_path / "carried.zip")
    page.wait_for_url("**/backups/*-brought-*")
    page.get_by_role("button", name="Restore this backup").click()
    expect(page.get_by_text("You are back at")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
