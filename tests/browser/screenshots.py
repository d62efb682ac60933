"""make screenshots: every screen, phone and desktop, light and dark, into screenshots/."""

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.bringing import ANKI, bring, preview
from tests.browser.chromium import browser
from tests.browser.studying import grade, show_answer
from tests.running import ROOT, RunningApp

TARGET = ROOT / "screenshots"
PAGES = {
    "card": "/cards/1",
    "edit": "/cards/1/edit",
    "deck": "/decks/deck-1",
    "settings": "/settings",
    "jobs": "/jobs",
    "topics": "/topics",
    "misses": "/topics/misses",
    "backups": "/backups",
    "missing": "/nowhere",
}
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}


def main() -> None:
    """Walk through the app once for each size and colour scheme."""
    TARGET.mkdir(exist_ok=True)
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            with (
                tempfile.TemporaryDirectory() as data,
                RunningApp(Path(data), ROOT / "decks") as app,
                browser() as chromium,
            ):
                context = chromium.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,  # type: ignore[arg-type]
                    device_scale_factor=2 if size == "phone" else 1,
                    base_url=app.url,
                )
                _walk(context.new_page(), f"{size}-{scheme}")
    print(f"{len(list(TARGET.glob('*.png')))} screenshots in {TARGET.relative_to(ROOT)}/")


def _walk(page: Page, name: str) -> None:
    def shoot(screen: str) -> None:
        page.screenshot(path=str(TARGET / f"{screen}-{name}.png"))

    page.goto("/")
    shoot("home-first")
    page.goto("/study/all")
    shoot("question")
    page.locator(".question").click()
    page.keyboard.press("m")
    shoot("menu")
    page.keyboard.press("Escape")
    show_answer(page)
    shoot("answer")
    grade(page)
    page.keyboard.press("?")
    shoot("keys")
    page.keyboard.press("Escape")
    _kinds(page, shoot)
    page.goto("/")
    shoot("home")
    for screen, path in PAGES.items():
        page.goto(path)
        shoot(screen)
    _exam(page, shoot)
    brought(page, shoot)
    _set_new_cards(page, 0)
    page.goto("/study/all")
    while page.locator("#study-card").count():
        show_answer(page)
        grade(page, "4")
    shoot("end")


def brought(page: Page, shoot: Callable[[str], None]) -> None:
    """Bring decks of others in, study some of their cards, and take a deck away."""
    page.goto("/imports")
    shoot("imports-empty")
    bring(page, ANKI / "update" / "v1.apkg")
    first = page.url
    shoot("import-result")
    page.goto("/study/family-own")
    page.keyboard.press("e")
    page.wait_for_url("**/edit*")
    shoot("own-edit")
    page.locator("textarea").last.fill("My own wording")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/study/**")
    preview(page, ANKI / "update" / "v2.apkg")
    page.locator("details.kind").first.evaluate("details => { details.open = true }")
    _whole(page, shoot, "import-update")
    preview(page, ANKI / "text" / "latin1.csv")
    _whole(page, shoot, "import-table")
    page.goto("/imports")
    page.set_input_files("[data-upload-file]", str(ANKI / "bad" / "not-a-zip.apkg"))
    page.get_by_text("That did not work.").first.wait_for()
    shoot("import-failed")
    page.goto(first)
    page.get_by_role("button", name="Undo this import").click()
    for name in ("tiny-templates", "tiny-typing", "tiny-image-occlusion"):
        bring(page, ANKI / f"{name}.new-sched-media.apkg")
        batch = page.url.rpartition("/")[2]
        page.goto("/study/family-own")
        page.wait_for_timeout(400)
        shoot(f"{name}-question")
        if page.get_by_label("Your answer").count():
            page.keyboard.type("hella")
        page.keyboard.press("Enter")
        page.wait_for_selector("#study-card[data-revealed]")
        page.wait_for_timeout(400)
        shoot(f"{name}-answer")
        page.goto(f"/imports/{batch}")
        page.get_by_role("button", name="Undo this import").click()
    page.goto("/imports")
    shoot("imports")
    page.goto("/exports")
    _whole(page, shoot, "export")
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/exports/*")
    shoot("export-made")


def _whole(page: Page, shoot: Callable[[str], None], screen: str) -> None:
    """A screen down to its end, which is longer than the window."""
    size = page.viewport_size
    assert size is not None
    page.wait_for_timeout(400)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(height, 4_000)})
    shoot(screen)
    page.set_viewport_size(size)


def _exam(page: Page, shoot: Callable[[str], None]) -> None:
    """Sit a short exam, right in places."""
    page.goto("/exams/new/CISM-2022")
    shoot("exam-start")
    page.get_by_role("radio", name="10 ").first.check()
    page.get_by_role("button", name="Begin").click()
    for place in range(1, 11):
        page.wait_for_url(f"**/items/{place}")
        page.keyboard.press("abcd"[place % 4])
        if place == 3:
            page.keyboard.press("f")
            page.keyboard.press("x")
            page.keyboard.press("a")
            page.wait_for_timeout(150)
            shoot("exam-item")
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**/overview")
    shoot("exam-overview")
    page.get_by_role("link", name="Hand in …").click()
    page.get_by_role("button", name="Hand in now").click()
    shoot("exam-result")
    page.goto("/exams")
    shoot("exams")
    page.goto("/goals/new")
    page.get_by_role("radio", name="My own set of decks").check()
    page.get_by_label("Name").fill("Board briefing")
    page.get_by_text("Responsibilities (").click()
    for deck in range(3):
        page.locator(".weights [type=checkbox]").nth(deck).check()
    page.get_by_label("Day of the exam").fill((date.today() + timedelta(days=40)).isoformat())
    page.get_by_text("Recall if you follow the plan").wait_for()
    shoot("goal-form")
    page.get_by_role("button", name="Follow this plan").click()
    page.wait_for_url("**/plan")
    shoot("plan")
    page.goto("/readiness")
    shoot("readiness")
    page.goto("/decks/group-cism/about")
    shoot("about")


def _kinds(page: Page, shoot: Callable[[str], None]) -> None:
    """Study until each kind of card was seen."""
    left = {"cloze", "choice", "typed", "reversed"}
    _set_new_cards(page, 500)
    page.goto("/study/all")
    for _ in range(250):
        if not left or not page.locator("#study-card").count():
            return
        kind = (page.locator("#study-card").get_attribute("class") or "").removeprefix("kind-")
        first = kind in left
        left.discard(kind)
        if first:
            shoot(f"{kind}-question")
        show_answer(page)
        if first:
            shoot(f"{kind}-answer")
        grade(page, "4")


def _set_new_cards(page: Page, count: int) -> None:
    page.goto("/settings")
    page.get_by_label("New cards a day").fill(str(count))
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/settings?saved=1")


if __name__ == "__main__":
    main()
