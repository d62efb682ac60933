"""What a person does with the keyboard, for tests that study."""

from playwright.sync_api import Page


def show_answer(page: Page) -> None:
    """Answer the card at hand as its kind wants it, up to the answer."""
    kind = (page.locator("#study-card").get_attribute("class") or "").removeprefix("kind-")
    if kind == "choice":
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    elif kind == "typed":
        page.keyboard.type("MTD")
        page.keyboard.press("Enter")
    else:
        page.keyboard.press("Space")
    page.wait_for_selector("#study-card[data-revealed]")


def grade(page: Page, key: str = "3") -> None:
    """Grade with a key and wait for what comes next."""
    page.evaluate("document.querySelector('#study-stage > section').dataset.old = 1")
    page.keyboard.press(key)
    page.wait_for_selector("#study-stage > section:not([data-old])")


def study(page: Page, count: int, key: str = "3") -> None:
    """Study some cards with the keyboard only."""
    for _ in range(count):
        show_answer(page)
        grade(page, key)
