"""Studying cards of others in a real browser: frames, keys, sounds, light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests import samples
from tests.browser.bringing import ANKI, bring, table
from tests.browser.studying import grade
from tests.running import RunningApp

pytestmark = pytest.mark.browser

LONG = "<p>" + "A long question about governance and risk. " * 120 + "</p>"
WIDE = "<table><tr>" + "".join(f"<td>Column-{n}-value</td>" for n in range(30)) + "</tr></table>"
HINT = "<details><summary>Hint</summary>secret</details><a href='https://example.org/'>link</a>"
OWN = "/study/family-own"
STUDY = "#study-card"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server with a small deck."""
    decks = samples.write(tmp_path / "decks", samples.plain(3))
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


def side(page: Page, which: str) -> FrameLocator:
    """What stands in the frame of a side."""
    return page.frame_locator(f"iframe[title={which}]")


def reveal(page: Page) -> None:
    page.keyboard.press("Space")
    page.wait_for_selector(f"{STUDY}[data-revealed]")


def settled(page: Page) -> None:
    """Wait until every frame that can be seen has its height."""
    page.wait_for_function(
        """() => [...document.querySelectorAll("[data-frame]")].every((frame) =>
          !frame.offsetParent || frame.contentDocument?.body?.dataset.settled !== undefined)"""
    )


def bars(page: Page) -> list[str]:
    """Frames that would have to be scrolled up and down, and a page that is too wide."""
    # A frame follows its content by a picture or two.
    page.evaluate("""() => new Promise((done) => {
      let left = 3;
      const next = () => (left -= 1) ? requestAnimationFrame(next) : done();
      next();
    })""")
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("[data-frame]")].filter((frame) =>
          frame.offsetParent && frame.contentDocument.documentElement.scrollHeight
            > frame.contentDocument.documentElement.clientHeight).map((frame) => frame.src)"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, "page"] if wide else found


def paper(page: Page, which: str = "Question") -> str:
    found: str = (
        side(page, which).locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    )
    return found


def test_from_home_to_an_answered_card_with_keys_alone(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, ("What is risk?", "An effect of uncertainty")))
    page.goto("/")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('main a[href*=own]')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(STUDY)
    expect(page.locator("#announcer")).to_contain_text("What is risk?")
    reveal(page)
    expect(page.locator("#announcer")).to_have_text("Answer. An effect of uncertainty")
    grade(page)
    expect(page.locator("#study-stage progress")).not_to_have_attribute("value", "0")


def test_the_answer_opens_where_the_question_stood(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, ("What?", "That")))
    page.goto(OWN)
    settled(page)
    before = page.locator("iframe[title=Question]").bounding_box()
    reveal(page)
    after = page.locator("iframe[title=Answer]").bounding_box()
    assert before and after
    assert (before["x"], before["y"]) == (after["x"], after["y"])
    assert after["height"] > before["height"]


def test_a_long_card_scrolls_as_far_as_its_answer(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, (LONG, "The answer")))
    page.goto(OWN)
    settled(page)
    assert page.evaluate("scrollY") == 0
    reveal(page)
    expect(side(page, "Answer").get_by_text("The answer")).to_be_in_viewport()
    assert bars(page) == []


def test_a_wide_card_scrolls_by_itself(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    bring(page, table(tmp_path, (WIDE, "wide")))
    page.goto(OWN)
    settled(page)
    assert bars(page) == []
    page.keyboard.press("Tab")
    expect(page.locator("iframe[title=Question]")).to_be_focused()


def test_keys_inside_a_frame_are_the_pages_but_for_its_controls(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, (HINT, "after")))
    page.goto(OWN)
    settled(page)
    page.keyboard.press("Tab")
    hint = side(page, "Question").locator("summary")
    expect(hint).to_be_focused()
    page.keyboard.press("Enter")
    expect(side(page, "Question").get_by_text("secret")).to_be_visible()
    assert bars(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show answer")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("1")
    page.wait_for_selector(f"{STUDY}[data-revealed]")
    side(page, "Answer").get_by_text("after").click()
    grade(page)


def test_a_link_opens_beside_the_card(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, (HINT, "after")))
    page.context.route("https://example.org/**", lambda route: route.fulfill(body="there"))
    page.goto(OWN)
    settled(page)
    with page.context.expect_page() as opened:
        side(page, "Question").get_by_text("link").click()
    expect(opened.value).to_have_url("https://example.org/")
    assert OWN in page.url


def test_what_was_typed_is_held_against_the_answer(page: Page) -> None:
    bring(page, ANKI / "tiny-typing.new-sched-media.apkg")
    page.goto(OWN)
    expect(page.get_by_label("Your answer")).to_be_focused()
    page.keyboard.type("hella")
    page.keyboard.press("Enter")
    expect(page.get_by_text("✗ Not quite")).to_be_visible()
    expect(side(page, "Answer").locator(".typeBad")).to_have_text("a")
    expect(side(page, "Answer").locator(".typeMissed")).to_have_text("o")
    assert page.locator(".comparison").count() == 0, "it stands where the deck wants it"
    grade(page)
    expect(page.get_by_label("Your answer")).to_be_focused()


def played(page: Page, which: str) -> bool:
    found: bool = (
        side(page, which)
        .locator("audio")
        .first.evaluate("sound => !sound.paused || sound.played.length > 0")
    )
    return found


def heard(page: Page, which: str) -> None:
    for _ in range(40):
        if played(page, which):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"nothing was played of the {which}")


def test_sounds_play_by_themselves_and_again_unless_switched_off(page: Page) -> None:
    bring(page, ANKI / "tiny-templates.new-sched-media.apkg")
    page.goto(OWN)
    page.locator(".question").click()
    settled(page)
    expect(page.get_by_role("button", name="Replay").first).to_be_visible()
    page.keyboard.press("r")
    heard(page, "Question")
    page.goto("/settings")
    page.get_by_label("Play the sounds of cards by themselves").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(OWN)
    settled(page)
    page.locator("h1").click(force=True)
    page.wait_for_timeout(300)
    assert not played(page, "Question")
    page.keyboard.press("r")
    heard(page, "Question")


def test_a_card_is_dark_with_the_page_and_a_painted_one_stays_paper(
    page: Page, tmp_path: Path
) -> None:
    bring(page, ANKI / "tiny-cloze.new-sched-media.apkg")
    page.goto(OWN)
    settled(page)
    cloze = side(page, "Question").locator(".cloze").first
    colour = "mark => getComputedStyle(mark).color"
    assert (paper(page), cloze.evaluate(colour)) == ("rgb(255, 255, 255)", "rgb(0, 0, 255)")
    page.emulate_media(color_scheme="dark")
    assert paper(page) == "rgb(31, 29, 26)"
    assert cloze.evaluate(colour) == "rgb(173, 216, 230)", "the deck's own rule for the night"


def test_an_own_wording_shows_at_once_and_can_be_taken_back(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, ("What?", "That")))
    page.goto(OWN)
    reveal(page)
    page.keyboard.press("e")
    page.get_by_label("Back").fill("<b>In my words</b>")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(OWN))
    expect(side(page, "Answer").locator("b")).to_have_text("In my words")
    page.keyboard.press("e")
    page.get_by_role("button", name="Use the deck's text again").click()
    page.wait_for_url(re.compile(OWN))
    expect(side(page, "Answer").get_by_text("That")).to_be_visible()


def test_a_suspended_card_is_listed_by_its_words(page: Page, tmp_path: Path) -> None:
    bring(page, table(tmp_path, ("<b>What</b> &amp; why?", "That")))
    page.goto(OWN)
    page.keyboard.press("i")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("Suspended. It does not come")).to_be_visible()
    page.goto("/decks/family-own/cards?show=suspended")
    expect(page.get_by_text("What & why?")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["tiny-templates", "tiny-html-media", "tiny-image-occlusion", "tiny-maths"]
)
def test_every_card_is_accessible_and_fits_a_small_phone(
    browser: Browser, served: RunningApp, name: str
) -> None:
    context = browser.new_context(
        base_url=served.url, reduced_motion="reduce", viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    bring(page, ANKI / f"{name}.new-sched-media.apkg")
    page.goto(OWN)
    found: dict[str, list[str]] = {}
    count = 0
    while page.locator(f"{STUDY}.kind-custom").count() and count < 6:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            settled(page)
            if bars(page):
                found[f"{count} {scheme}"] = bars(page)
            result = Axe().run(page) if count < 2 else None
            if result and result.violations_count:
                found[f"{count} {scheme} axe"] = [v["id"] for v in result.response["violations"]]
            if scheme == "light":
                reveal(page)
        grade(page, "4")
        count += 1
    context.close()
    assert found == {}
    assert count >= 3


def test_a_side_without_words_is_announced_too(page: Page, tmp_path: Path) -> None:
    image = '<img src=""a.png"">'
    bring(page, table(tmp_path, (image, image)))
    page.goto(OWN)
    expect(page.locator("#announcer")).to_have_text("Question, new. An image.")
    reveal(page)
    expect(page.locator("#announcer")).to_have_text("Answer. 2 images.")
