"""Bringing decks in and taking them away, in a real browser."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import samples
from tests.browser.bringing import ANKI, bring, commit, preview, table
from tests.running import RunningApp

pytestmark = pytest.mark.browser

PACKAGE = ANKI / "tiny-mixed.new-sched-media.apkg"
AT_WORK = re.compile(r"/jobs/")
TABLE = b"Front;Back;More\nWhat is risk?;An effect;x\nWhat is an asset?;What has value;y\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server with a small deck."""
    decks = samples.write(tmp_path / "decks", samples.plain(3))
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file onto the page."""
    data = base64.b64encode(content).decode()
    transfer = page.evaluate_handle(
        """([name, data]) => {
          const transfer = new DataTransfer();
          const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
          transfer.items.add(new File([bytes], name));
          return transfer;
        }""",
        [name, data],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": transfer})


def test_from_the_first_press_to_the_result_and_back(page: Page) -> None:
    preview(page, PACKAGE)
    expect(page).to_have_title(re.compile(r"Preview"))
    page.get_by_label("Mine").check()
    page.get_by_role("button", name="Import 140 notes").click()
    expect(page.get_by_text("140 new notes with 175 cards")).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="Study them now").click()
    page.wait_for_selector("#study-card")
    page.keyboard.press("Space")
    page.wait_for_selector("#study-card[data-revealed]")
    page.keyboard.press("3")
    expect(page.locator("#study-card:not([data-revealed])")).to_be_visible()
    page.goto("/imports")
    page.get_by_role("link", name=PACKAGE.name).click()
    expect(page.get_by_text(re.compile("answers? you have given"))).to_be_visible()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("Everything is as it was before")).to_be_visible()


def test_a_file_can_be_dropped_anywhere_on_the_page(page: Page) -> None:
    page.goto("/imports")
    drop(page, "dropped.csv", TABLE)
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    expect(page.get_by_role("heading", name="dropped.csv")).to_be_visible()


def test_the_bar_shows_how_much_is_sent(page: Page, tmp_path: Path) -> None:
    page.goto("/imports")
    network = page.context.new_cdp_session(page)
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000},
    )
    page.set_input_files("[data-upload-file]", str(ANKI / "medium-fsrs.new-sched-media.apkg"))
    bar = page.get_by_role("progressbar", name="Upload")
    expect(bar).to_be_visible()
    page.wait_for_function("() => document.querySelector('.uploading progress').value > 20")
    expect(page.get_by_text(re.compile(r"Uploading: \d+ %"))).to_be_visible()
    page.goto("about:blank")


def test_an_upload_that_cannot_be_says_why_and_can_be_tried_again(
    page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "small.csv"
    file.write_bytes(TABLE)
    page.goto("/imports")
    page.eval_on_selector("[data-upload]", "form => { form.dataset.most = 10 }")
    page.set_input_files("[data-upload-file]", str(file))
    expect(page.get_by_role("alert")).to_contain_text("can be taken")
    page.eval_on_selector("[data-upload]", "form => { form.dataset.most = 1e9 }")
    page.context.set_offline(True)
    page.set_input_files("[data-upload-file]", str(file))
    expect(page.get_by_role("alert")).to_contain_text("The upload broke off")
    page.context.set_offline(False)
    page.set_input_files("[data-upload-file]", str(file))
    page.wait_for_url(re.compile(r"/imports/\d+$"))


def test_what_is_no_package_leads_to_another_file(page: Page) -> None:
    page.goto("/imports")
    page.set_input_files("[data-upload-file]", str(ANKI / "bad" / "not-a-zip.apkg"))
    expect(page.get_by_text("That did not work.").first).to_be_visible(timeout=10_000)
    expect(page.locator("#announcer")).to_contain_text("That did not work.")
    page.get_by_role("link", name="Choose another file").click()
    expect(page.get_by_text("could not be read")).to_be_visible()


def test_a_table_is_read_as_it_is_mapped(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_bytes(TABLE)
    preview(page, file)
    send = page.get_by_role("button", name="Import 2 notes")
    form = page.locator("[data-reading]")
    form.locator("[name=column_0]").select_option("Back")
    form.locator("[name=column_1]").select_option("Front")
    form.locator("[name=deck]").fill("Swapped")
    expect(send).to_be_disabled()
    expect(page.get_by_text("You changed how it is read.")).to_be_visible()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/jobs/*")
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    expect(page.get_by_text("Decks: Swapped")).to_be_visible()
    sample = page.frame_locator("iframe.sample").first
    expect(sample.get_by_text("An effect")).to_be_visible()
    commit(page)


def test_pasted_text_is_taken_apart_as_chosen(page: Page) -> None:
    page.goto("/imports")
    page.get_by_text("Paste text instead").click()
    page.locator("textarea").fill("risk => effect\nasset => value")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    form = page.locator("[data-reading]")
    other = form.get_by_label("Between a term and its answer: Something else")
    if not form.locator("select[name=between]").is_visible():
        page.get_by_text("How the text is taken apart").click()
    expect(other).to_be_hidden()
    form.locator("select[name=between]").select_option("other")
    other.fill(" => ")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/jobs/*")
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    expect(page.get_by_role("button", name="Import 2 notes")).to_be_visible()


def test_what_is_taken_away_and_brought_again_changes_nothing(page: Page, tmp_path: Path) -> None:
    bring(page, ANKI / "update" / "v1.apkg")
    for form in ("apkg", "tsv", "everything"):
        page.goto("/exports")
        page.locator(f"input[value={form}]").check()
        page.get_by_role("button", name="Make the file").click()
        page.wait_for_url("**/exports/*")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        preview(page, file)
        expect(page.get_by_text("Everything in it is here already.")).to_be_visible()


def test_what_is_ticked_is_exported_with_what_lies_below_it(page: Page) -> None:
    page.goto("/exports")
    every, some = page.get_by_label("All decks", exact=True), page.get_by_label("These decks")
    some.check()
    family = page.locator("[name=deck][value^=family-]").first
    inner = page.locator("[data-row]").filter(has=family).locator("ul [name=deck]")
    every.check()
    family.check()
    expect(some).to_be_checked()
    for ticked in inner.all():
        expect(ticked).to_be_checked()
    inner.first.uncheck()
    expect(family).not_to_be_checked()
    every.check()
    expect(page.locator("[name=deck]:checked")).to_have_count(0)


def test_everything_works_without_script(
    browser: Browser, served: RunningApp, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    file = table(tmp_path, ("What?", "That"))
    page.goto("/imports")
    page.set_input_files("[data-upload-file]", str(file))
    page.get_by_role("button", name="Upload").click()
    expect(page).not_to_have_url(AT_WORK, timeout=15_000)
    page.get_by_role("button", name="Import 1 note").click()
    expect(page).not_to_have_url(AT_WORK, timeout=15_000)
    expect(page.get_by_text("1 new note with 1 card")).to_be_visible()
    page.get_by_role("link", name="Study them now").click()
    expect(page.frame_locator("iframe[title=Question]").get_by_text("What?")).to_be_visible()
    page.get_by_role("button", name="Show answer").click()
    expect(page.frame_locator("iframe[title=Answer]").get_by_text("That")).to_be_visible()
    page.get_by_role("button", name="Good").click()
    page.goto("/imports")
    page.get_by_role("link", name="t.txt").click()
    page.get_by_role("button", name="Undo this import").click()
    expect(page).not_to_have_url(AT_WORK, timeout=15_000)
    expect(page.get_by_text("Undone.")).to_be_visible()
    context.close()


@pytest.mark.slow
def test_every_screen_is_accessible_and_narrow(
    browser: Browser, served: RunningApp, tmp_path: Path
) -> None:
    context = browser.new_context(
        base_url=served.url, reduced_motion="reduce", viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    found: dict[str, list[str]] = {}

    def look(screen: str) -> None:
        for details in page.locator("main details").all():
            details.evaluate("details => { details.open = true }")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            result = Axe().run(page)
            if result.violations_count:
                found[f"{screen} {scheme}"] = [v["id"] for v in result.response["violations"]]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, screen

    page.goto("/imports")
    look("empty")
    bring(page, ANKI / "update" / "v1.apkg")
    look("result")
    page.goto("/study/family-own")
    page.keyboard.press("e")
    page.locator("textarea").last.fill("My own wording")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/study/**")
    preview(page, ANKI / "update" / "v2.apkg")
    expect(page.get_by_text("Yours, Back:")).to_be_visible()
    look("update")
    file = tmp_path / "an-Unbreakable_and_rather_long_name_of_a_file_that_somebody_chose.csv"
    file.write_bytes(TABLE + b"one;too;many;cells\n")
    preview(page, file)
    look("table")
    page.goto("/imports")
    look("list")
    page.goto("/exports")
    look("export")
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/exports/*")
    look("made")
    context.close()
    assert found == {}
