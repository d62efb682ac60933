"""Every page in a real browser: accessible, light and within the narrowest screen."""

import re
import sqlite3
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.studying import grade, show_answer, study
from tests.running import RunningApp

pytestmark = pytest.mark.browser

FIRST_LOAD_BYTES = 60_000
SWAP_BYTES = 6_000
NARROW = {"width": 320, "height": 640}


def card_of_kind(app: RunningApp, kind: str) -> int:
    query = "SELECT min(card.id) FROM card JOIN note ON note.id = card.note_id WHERE kind = ?"
    with sqlite3.connect(app.data / "quizapp.db") as database:
        return int(database.execute(query, (kind,)).fetchone()[0])


def screens(page: Page, app: RunningApp) -> Iterator[str]:
    """Every screen in turn; the page stands on it while its name is handled."""
    page.goto("/")
    yield "first visit"
    for kind in ("basic", "reversed", "cloze", "choice", "typed"):
        page.goto(f"/study/all?card={card_of_kind(app, kind)}")
        yield f"{kind} question"
        show_answer(page)
        yield f"{kind} answer"
    page.locator("[data-menu] summary").click()
    yield "menu"
    page.keyboard.press("Escape")
    grade(page, "1")
    page.keyboard.press("?")
    yield "list of keys"
    page.keyboard.press("Escape")
    for kind in ("basic", "cloze", "choice", "typed"):
        page.goto(f"/cards/{card_of_kind(app, kind)}/edit")
        yield f"edit {kind}"
    page.goto(f"/cards/{card_of_kind(app, 'typed')}")
    yield "card information"
    for path in (
        "/", "/keys", "/settings", "/jobs", "/decks/all", "/decks/deck-1", "/nowhere",
        "/imports", "/exports", "/backups",
    ):  # fmt: skip
        page.goto(path)
        yield path
    page.locator(".backups a").first.click()
    yield "a backup"
    page.get_by_role("button", name="Restore this backup").click()
    expect(page.get_by_text("You are back at")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    yield "backups after going back"
    page.goto("/settings")
    page.get_by_label("New cards a day").fill("many")
    page.get_by_role("button", name="Save").click()
    mistaken = page.get_by_label("New cards a day")
    expect(mistaken).to_be_focused()
    expect(mistaken).to_have_accessible_description("“many” is not a whole number.")
    yield "settings with a mistake"
    page.get_by_label("New cards a day").fill("0")
    page.get_by_role("button", name="Save").click()
    page.goto("/decks/deck-1")
    page.get_by_label("Reviews a day").fill("-1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Reviews a day")).to_be_focused()
    yield "deck options with a mistake"
    page.goto("/study/all")
    while page.locator("#study-card").count():
        show_answer(page)
        grade(page, "4")
    yield "end"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(browser: Browser, served: RunningApp, scheme: str) -> None:
    context = browser.new_context(
        base_url=served.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": 390, "height": 844},
    )
    page = context.new_page()
    found = {}
    for name in screens(page, served):
        assert page.get_by_text("went wrong on our side").count() == 0, name
        result = Axe().run(page)
        if result.violations_count:
            found[name] = [
                (v["id"], [n["html"][:200] for n in v["nodes"]])
                for v in result.response["violations"]
            ]
    context.close()
    assert found == {}


def test_no_screen_is_wider_than_320_pixels(browser: Browser, served: RunningApp) -> None:
    context = browser.new_context(base_url=served.url, viewport=NARROW)  # type: ignore[arg-type]
    page = context.new_page()
    wide = [
        name
        for name in screens(page, served)
        if page.locator("html").evaluate("root => root.scrollWidth") > NARROW["width"]
    ]
    context.close()
    assert wide == []


def test_first_load_and_card_swap_are_light(page: Page) -> None:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[int] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    for path in ("/", "/study/all"):
        wire.send("Network.clearBrowserCache")
        sizes.clear()
        page.goto(path, wait_until="networkidle")
        assert 3_000 < sum(sizes) <= FIRST_LOAD_BYTES, (path, sizes)
    for _ in range(5):
        show_answer(page)
        sizes.clear()
        grade(page)
        page.wait_for_timeout(50)
        assert 500 < sum(sizes) <= SWAP_BYTES, sizes


def test_folds_are_remembered_and_a_filter_unfolds(page: Page) -> None:
    page.goto("/")
    row = page.locator("#deck-list .row").first
    page.locator("summary").first.click()
    expect(row).not_to_be_visible()
    page.reload()
    expect(row).not_to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("ris resp")
    expect(row).to_be_visible()
    page.keyboard.type(" zebra")
    expect(row).not_to_be_visible()
    expect(page.get_by_text("No deck has these words")).to_be_visible()
    page.reload()
    expect(row).not_to_be_visible()


def test_the_first_card_is_one_click_away(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Where do you want to begin?")).to_be_visible()
    page.get_by_role("link", name="everything, mixed").click()
    study(page, 1, "4")
    page.goto("/")
    expect(page.get_by_text("1 answer today")).to_be_visible()
    expect(page.get_by_role("link", name="Study now (0 due, ")).to_be_visible()
    page.goto("/study/all")
    study(page, 1, "1")
    page.goto("/")
    expect(page.get_by_role("link", name="Study now (1 learning, ")).to_be_visible()


def test_the_columns_of_the_deck_list_are_named_on_a_phone_too(page: Page) -> None:
    page.goto("/")
    columns, figures = page.locator(".deck-list .columns"), page.locator(".row .counts").first
    expect(columns).not_to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(columns).to_be_visible()
    expect(figures).to_have_text(re.compile(r"^\s*\d+ new\s*\d+ learning\s*\d+ due\s*$"))
    rights = "all => all.map(one => Math.round(one.getBoundingClientRect().right))"
    named = columns.locator("span").evaluate_all(rights)
    assert named == figures.locator("> span").evaluate_all(rights)


@pytest.mark.parametrize(("zone", "offered"), [("Etc/UTC", False), ("Asia/Tokyo", True)])
def test_another_name_of_the_same_zone_is_not_offered(
    browser: Browser, served: RunningApp, zone: str, offered: bool
) -> None:
    context = browser.new_context(base_url=served.url, timezone_id=zone)
    page = context.new_page()
    for stored in ("UTC", "Etc/UTC"):
        page.goto("/settings")
        page.get_by_label("Time zone").select_option(stored)
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/settings?saved=1")
        expect(page.get_by_text("Use the browser's")).to_be_visible(visible=offered)
    context.close()


@pytest.mark.parametrize("touch", [True, False])
def test_hints_at_keys_are_shown_where_there_is_a_keyboard(
    browser: Browser, served: RunningApp, touch: bool
) -> None:
    context = browser.new_context(base_url=served.url, has_touch=touch, is_mobile=touch)
    page = context.new_page()
    choice = card_of_kind(served, "choice")
    for path in ("/exports", f"/cards/{choice}/edit", "/settings", f"/study/all?card={choice}"):
        page.goto(path)
        assert bool(page.locator("main kbd:visible").count()) is not touch, path
    page.goto("/keys")
    assert page.locator(".keys kbd:visible").count() > 40
    context.close()
