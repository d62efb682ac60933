"""One Chromium for all browser tests of a worker, one server and page for each."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import samples
from tests.browser import chromium
from tests.running import RunningApp


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium.installed() is None:
        if os.environ.get("QUIZAPP_NO_SKIP"):
            pytest.fail("no Chromium could be found or installed, and skipping is not allowed")
        pytest.skip("no Chromium could be found or installed on this machine")
    with chromium.browser() as running:
        yield running


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningApp]:
    """The real server: forty plain cards under two headings, then one of every kind."""
    text = f"{samples.plain(20)}\n# More\n\n{samples.plain(20, 't-p')}\n# Kinds\n\n"
    decks = samples.write(tmp_path / "decks", text + samples.EVERY_KIND)
    with RunningApp(tmp_path / "data", decks) as app:
        yield app


@pytest.fixture
def context(browser: Browser, served: RunningApp) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 800})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which any script error or refused resource fails the test."""
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            problems.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield opened
    assert not problems
