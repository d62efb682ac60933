"""Which browser the tests drive, and how."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def installed() -> str | None:
    """The path of a Chromium on this machine: the system's, or Playwright's own."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    try:
        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
            return path if Path(path).exists() else None
    except Exception:  # Playwright without a browser for this system
        return None


@contextmanager
def browser(*extra: str) -> Iterator[Browser]:
    """A running Chromium, with extra arguments if any."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=installed(), args=[*ARGUMENTS, *extra])
        try:
            yield running
        finally:
            running.close()
