"""make screenshots: every screen, phone and desktop, light and dark, into screenshots/."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.chromium import browser
from tests.running import ROOT, RunningApp

TARGET = ROOT / "screenshots"
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
    page.goto("/study/family-responsibilities")
    shoot("question")
    page.keyboard.press("Space")
    shoot("answer")
    page.keyboard.press("3")
    page.wait_for_function("!document.querySelector('[data-revealed]')")
    page.keyboard.press("m")
    shoot("menu")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    shoot("keys")
    page.keyboard.press("Escape")
    _kinds(page, shoot)
    page.goto("/")
    shoot("home")
    page.goto("/cards/1")
    shoot("card")
    page.goto("/cards/1/edit")
    shoot("edit")
    page.goto("/decks/deck-1")
    shoot("deck")
    page.goto("/settings")
    shoot("settings")
    page.goto("/nowhere")
    shoot("missing")
    page.goto("/settings")
    page.get_by_label("New cards a day").fill("0")
    page.get_by_role("button", name="Save").click()
    page.goto("/study/all")
    _finish(page)
    shoot("end")


def _kinds(page: Page, shoot: object) -> None:
    """Go on until each kind of card was seen."""
    assert callable(shoot)
    left = {"cloze", "choice", "typed", "reversed"}
    page.goto("/settings")
    page.get_by_label("New cards a day").fill("500")
    page.get_by_role("button", name="Save").click()
    page.goto("/study/family-responsibilities")
    for _ in range(120):
        section = page.locator("#study-card")
        kind = (section.get_attribute("class") or "").removeprefix("kind-")
        first = kind in left
        if first:
            left.discard(kind)
            shoot(f"{kind}-question")
        if kind == "choice":
            page.keyboard.press("b" if False else "2")
            page.keyboard.press("Enter")
        elif kind == "typed":
            page.locator("[name=typed]").fill("MPD")
            page.keyboard.press("Enter")
            page.wait_for_selector("#study-card[data-revealed]")
        else:
            page.keyboard.press("Space")
        if first:
            shoot(f"{kind}-answer")
            if kind == "choice":
                page.screenshot(path=str(TARGET / "full.png"), full_page=True)
        if not left:
            break
        version = page.locator("[data-grades] [name=drawn]").get_attribute("value")
        page.keyboard.press("4")
        page.wait_for_function(
            "old => document.querySelector('[data-grades] [name=drawn]')?.value !== old",
            arg=version,
        )


def _finish(page: Page) -> None:
    for _ in range(200):
        if page.locator("#study-end").count():
            return
        if page.locator("#study-card.kind-choice").count():
            page.keyboard.press("1")
            page.keyboard.press("Enter")
        elif page.locator("#study-card.kind-typed").count():
            page.keyboard.press("Enter")
            page.wait_for_selector("#study-card[data-revealed]")
        else:
            page.keyboard.press("Space")
        version = page.locator("[data-grades] [name=drawn]").get_attribute("value")
        page.keyboard.press("4")
        page.wait_for_function(
            "old => document.querySelector('[data-grades] [name=drawn]')?.value !== old",
            arg=version,
        )


if __name__ == "__main__":
    main()
