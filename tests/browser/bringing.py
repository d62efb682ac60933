"""Bringing a file in as a person does, for tests of what comes after."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.running import ROOT

ANKI = ROOT / "tests" / "fixtures" / "anki"


def preview(page: Page, file: Path) -> None:
    """Send a file and wait for what it would do."""
    page.goto("/imports")
    page.set_input_files("[data-upload-file]", str(file))
    page.wait_for_url(re.compile(r"/imports/\d+$"))


def commit(page: Page) -> None:
    """Import what the preview shows, as somebody else's where that is asked."""
    theirs = page.get_by_label("Somebody else's")
    if theirs.count():
        theirs.check()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Imported.")).to_be_visible(timeout=15_000)


def bring(page: Page, file: Path) -> None:
    """Send a file and import it."""
    preview(page, file)
    commit(page)


def table(folder: Path, *rows: tuple[str, str], deck: str = "Mine", name: str = "t.txt") -> Path:
    """A file of rows of HTML, front and back."""
    path = folder / name
    lines = [f'"{front}"\t"{back}"' for front, back in rows]
    head = f"#separator:tab\n#html:true\n#deck:{deck}\n#columns:Front\tBack\n"
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path
