"""A mock exam in a real browser: killed, closed, resumed elsewhere, handed in at zero."""

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import samples
from tests.running import RunningApp

pytestmark = pytest.mark.browser
FULL = 150


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server with an exam whose pool holds a full paper."""
    decks = samples.exam(tmp_path / "decks", held=95)
    blueprint = decks / "blueprints" / "test.toml"
    full = blueprint.read_text().replace("questions = 20", f"questions = {FULL}")
    blueprint.write_text(full.replace("minutes = 32", "minutes = 240"))
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


def rows(app: RunningApp, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(app.data / "quizapp.db") as database:
        return database.execute(query).fetchall()


def change(app: RunningApp, query: str) -> None:
    with sqlite3.connect(app.data / "quizapp.db") as database:
        database.execute(query)


def begin(page: Page, count: str) -> None:
    page.goto("/exams/new/TEST-1")
    page.get_by_role("radio", name=count).first.check()
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/items/1")


def seconds_left(page: Page) -> int:
    h, m, s = page.locator("[data-clock-face]").inner_text().split(":")
    return int(h) * 3600 + int(m) * 60 + int(s)


@pytest.mark.slow
def test_half_a_paper_survives_a_killed_server_and_another_browser(
    browser: Browser, served: RunningApp
) -> None:
    first = browser.new_context(base_url=served.url)
    page = first.new_page()
    begin(page, f"{FULL} ")
    for place in range(1, FULL // 2 + 1):
        page.keyboard.press("abcd"[place % 4])
        page.keyboard.press("ArrowRight" if place % 2 else "j")
        page.wait_for_url(f"**/items/{place + 1}")
    ((ends,),) = rows(served, "SELECT ends FROM paper")
    served.kill()
    first.close()
    served.start()
    elsewhere = browser.new_context(base_url=served.url)
    page = elsewhere.new_page()
    page.goto("/exams")
    expect(page.get_by_text(f"{FULL // 2} of {FULL} answered")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(f"**/items/{FULL // 2 + 1}")
    assert isinstance(ends, int)
    assert abs(seconds_left(page) - (ends / 1000 - time.time())) <= 1.5
    assert rows(served, "SELECT ends FROM paper") == [(ends,)]
    page.goto(page.url.replace(f"/items/{FULL // 2 + 1}", f"/items/{FULL // 2}"))
    assert page.locator("[name=choice]:checked").count() == 1
    assert rows(served, "SELECT count(*) FROM paper_item WHERE choices != '[]'") == [(FULL // 2,)]
    elsewhere.close()


def test_at_zero_the_page_hands_in_by_itself_and_the_server_refuses_what_is_late(
    page: Page, browser: Browser, served: RunningApp
) -> None:
    begin(page, "10 ")
    with page.expect_response("**/answers"):
        page.keyboard.press("a")
    change(served, f"UPDATE paper SET ends = {int((time.time() + 3) * 1000)}")
    tab = page.context.new_page()
    tab.goto("/exams/1/items/2")
    unscripted = browser.new_context(base_url=served.url, java_script_enabled=False)
    late = unscripted.new_page()
    late.goto("/exams/1/items/2")
    page.goto("/exams/1/items/3")
    page.wait_for_url("**/result", timeout=8_000)
    expect(page.get_by_text("when the time was up")).to_be_visible()
    tab.wait_for_url("**/result", timeout=8_000)
    ((submitted, ends),) = rows(served, "SELECT submitted, ends FROM paper")
    assert submitted == ends
    late.locator("[name=choice]").first.check()
    late.locator("[name=to][value=next]").click()
    expect(late.get_by_text("handed in already")).to_be_visible()
    assert rows(served, "SELECT count(*) FROM paper_item WHERE choices != '[]'") == [(1,)]
    unscripted.close()


def test_choices_flags_and_strikes_by_key_are_saved_at_once(page: Page, served: RunningApp) -> None:
    begin(page, "10 ")
    with page.expect_response("**/answers"):
        page.keyboard.press("b")
    page.keyboard.press("x")
    with page.expect_response("**/answers"):
        page.keyboard.press("c")
    with page.expect_response("**/answers"):
        page.keyboard.press("f")
    with page.expect_response("**/answers"):
        page.keyboard.press("9")
    page.reload()
    expect(page.locator("[name=choice]").nth(1)).to_be_checked()
    expect(page.locator("[name=struck]").nth(2)).to_be_checked()
    expect(page.locator("[name=flagged]")).to_be_checked()
    page.keyboard.press("n")
    expect(page.get_by_text("Answered, flagged ⚑")).to_be_visible()
    expect(page.get_by_text("Flagged (1)")).to_be_visible()


def test_the_time_can_be_hidden_until_five_minutes_are_left(page: Page, served: RunningApp) -> None:
    begin(page, "10 ")
    page.locator("[data-clock]").click()
    expect(page.locator("[data-clock-face]")).to_have_text("Show time")
    page.reload()
    expect(page.locator("[data-clock-face]")).to_have_text("Show time")
    change(served, f"UPDATE paper SET ends = {int((time.time() + 301) * 1000)}")
    page.reload()
    expect(page.locator("[data-clock-face]")).to_have_text("0:05:00", timeout=4_000)
    expect(page.locator("#announcer")).to_have_text("5 minutes left.")


def test_a_dead_server_is_said_and_nothing_is_lost(page: Page, served: RunningApp) -> None:
    begin(page, "10 ")
    served.kill()
    page.keyboard.press("a")
    expect(page.get_by_role("alert")).to_contain_text("not saved yet")
    served.start()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/items/2")
    assert rows(served, "SELECT count(*) FROM paper_item WHERE choices != '[]'") == [(1,)]


def test_an_exam_works_without_script(browser: Browser, served: RunningApp) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    begin(page, "10 ")
    for _ in range(10):
        page.locator("[name=choice]").first.check()
        page.locator("[name=to][value=next]").click()
    page.get_by_role("link", name="Hand in …").click()
    expect(page.get_by_text("Every question is answered.")).to_be_visible()
    page.get_by_role("button", name="Hand in now").click()
    expect(page.get_by_role("heading", name="By domain")).to_be_visible()
    context.close()


def test_the_slider_redraws_the_outlook(page: Page) -> None:
    page.goto("/goals/new")
    page.get_by_label("Day of the exam").fill((date.today() + timedelta(days=9)).isoformat())
    expect(page.get_by_text("Recall if you follow the plan")).to_be_visible()
    before = page.locator("#goals-outlook").inner_text()
    with page.expect_response("**/goals/previews"):
        page.locator("[data-range]").fill("5")
    expect(page.locator("[data-range-value]")).to_have_text("5")
    expect(page.locator("#goals-outlook")).not_to_have_text(before)


def test_a_set_of_decks_is_put_together_by_keyboard(page: Page, served: RunningApp) -> None:
    page.goto("/goals/new")
    page.get_by_role("radio", name="A certification").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="My own set of decks")).to_be_checked()
    expect(page.get_by_label("Exam", exact=True)).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.type("Board briefing")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Certifications (2)")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    with page.expect_response("**/goals/previews"):
        page.keyboard.type("lots")
        page.keyboard.press("Tab")
    parts = page.get_by_role("textbox", name="parts of Domain D2")
    expect(page.get_by_text("“lots” is not a number")).to_be_visible()
    expect(page.get_by_label("Day of the exam")).to_be_focused()
    expect(parts).to_have_accessible_description(
        "“lots” is not a number. Write parts as 1, 2 or 0.5."
    )
    parts.fill("1")
    page.get_by_label("Day of the exam").fill((date.today() + timedelta(days=9)).isoformat())
    expect(page.get_by_role("region", name="By deck")).to_contain_text("75 %")
    expect(page.get_by_text("“lots” is not a number")).to_be_hidden()
    page.get_by_role("button", name="Follow this plan").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/plan")
    expect(page.get_by_role("heading", name="Board briefing in 9 days")).to_be_visible()
    ((outline, weights),) = rows(served, "SELECT outline, weights FROM goal")
    assert (outline, json.loads(str(weights))) == ("", {"deck-1": 3.0, "deck-2": 1.0})


def test_a_set_of_decks_is_put_together_without_script(
    browser: Browser, served: RunningApp
) -> None:
    context = browser.new_context(
        base_url=served.url, java_script_enabled=False, viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    page.goto("/goals/new")
    page.get_by_role("radio", name="My own set of decks").check()
    page.get_by_role("checkbox", name="Domain D2").check()
    page.get_by_role("button", name="Follow this plan").click()
    expect(page.get_by_text("Give your set of decks a name")).to_be_visible()
    expect(page.get_by_text("The date of the exam is missing")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Domain D2")).to_be_checked()
    page.get_by_label("Name").fill("Board briefing")
    page.get_by_label("Day of the exam").fill((date.today() + timedelta(days=9)).isoformat())
    page.get_by_role("button", name="See what it leads to").click()
    expect(page.get_by_role("region", name="By deck")).to_contain_text("100 %")
    page.get_by_role("button", name="Follow this plan").click()
    expect(page.get_by_role("heading", name="Board briefing in 9 days")).to_be_visible()
    context.close()


def test_weights_of_ones_own_are_mended_while_the_outlook_follows(page: Page) -> None:
    page.goto("/goals/new")
    page.get_by_text("More: single days").click()
    page.get_by_label("First domain").fill("heavy")
    page.get_by_label("Day of the exam").fill((date.today() + timedelta(days=9)).isoformat())
    expect(page.get_by_text("“heavy” is not a number")).to_be_visible()
    page.get_by_label("First domain").fill("90")
    page.get_by_label("Second domain").fill("10")
    page.get_by_label("Second domain").blur()
    expect(page.get_by_role("region", name="By domain")).to_contain_text("90 %")


class Look:
    """Looks at screens on a narrow phone with axe, and gathers what it finds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, object] = {}

    def __call__(self, name: str) -> None:
        page = self.page
        assert page.get_by_text("went wrong on our side").count() == 0, name
        violations = Axe().run(page).response["violations"]
        if violations:
            self.found[name] = [
                (v["id"], [n["html"][:160] for n in v["nodes"]]) for v in violations
            ]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            self.found[f"{name}: width"] = width


@pytest.fixture(params=["light", "dark"])
def look(request: pytest.FixtureRequest, browser: Browser, served: RunningApp) -> Iterator[Look]:
    """A narrow phone in a colour scheme; the test fails on anything that was found."""
    context = browser.new_context(
        base_url=served.url,
        color_scheme=request.param,
        viewport={"width": 320, "height": 640},
    )
    looking = Look(context.new_page())
    yield looking
    context.close()
    assert looking.found == {}


@pytest.mark.slow
def test_axe_finds_nothing_in_an_exam_and_nothing_is_too_wide(look: Look) -> None:
    page = look.page
    page.goto("/exams")
    look("list")
    page.goto("/exams/new/TEST-1")
    look("start")
    begin(page, "10 ")
    look("item")
    for key in ("a", "x", "b", "f", "8"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    look("marked item")
    page.goto("/exams/1/overview")
    look("overview")
    page.goto("/exams/1/submission")
    look("submission")
    page.get_by_role("button", name="Hand in now").click()
    page.goto("/exams/1/result?show=all")
    look("result")
    page.goto("/exams")
    look("list with a result")


@pytest.mark.slow
def test_axe_finds_nothing_in_a_plan_and_nothing_is_too_wide(
    look: Look, served: RunningApp
) -> None:
    page = look.page
    for path in ("/decks/deck-1/about", "/topics", "/readiness", "/plan", "/goals/new"):
        page.goto(path)
        look(path)
    page.get_by_label("Day of the exam").fill((date.today() + timedelta(days=40)).isoformat())
    page.get_by_text("More: single days").click()
    expect(page.get_by_text("Recall if you follow the plan")).to_be_visible()
    look("outlook")
    page.get_by_role("radio", name="My own set of decks").check()
    page.get_by_role("button", name="Follow this plan").click()
    expect(page.get_by_text("Give your set of decks a name")).to_be_visible()
    look("what is wrong with a set of decks")
    page.get_by_label("Name").fill("Board briefing")
    page.get_by_role("checkbox", name="Domain D1").check()
    page.get_by_role("textbox", name="parts of Domain D2").fill("2")
    page.get_by_text("More: single days").click()
    expect(page.get_by_role("region", name="By deck")).to_be_visible()
    look("outlook of a set of decks")
    page.get_by_role("button", name="Follow this plan").click()
    page.wait_for_url("**/plan")
    look("a plan")
    page.goto("/readiness")
    look("readiness of a set of decks")
    page.goto("/")
    look("home with an exam ahead")
    change(served, f"UPDATE goal SET day = '{date.today() - timedelta(days=1)}'")
    page.goto("/plan")
    look("an exam that was held")
    page.get_by_label("Your score").fill("512 of 800")
    page.get_by_role("button", name="I passed").click()
    page.wait_for_url("**/readiness#exams")
    look("readiness after an exam")
