"""make lighthouse: the four categories on home and study, phone and desktop.

Needs Node.js with npx, which fetches the pinned Lighthouse; exits 1 below 98.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import ARGUMENTS, installed
from tests.running import ROOT, RunningApp

LIGHTHOUSE = "lighthouse@13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
WANTED = 98
PATHS = {"home": "/", "study": "/study/all"}


def main() -> None:
    """Print the scores and fail if one is below what is wanted."""
    if shutil.which("npx") is None:
        sys.exit("Lighthouse needs Node.js: install it, then run make lighthouse again.")
    worst = 100
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningApp(Path(folder), ROOT / "decks") as app,
    ):
        for form in ("phone", "desktop"):
            for name, path in PATHS.items():
                scores = _scores(app.url + path, form, Path(folder))
                print(f"{name:6} {form:8} {scores}", flush=True)
                worst = min(worst, *scores.values())
    if worst < WANTED:
        sys.exit(f"The lowest score is {worst}; wanted is {WANTED}.")


def _scores(url: str, form: str, folder: Path) -> dict[str, int]:
    report = folder / "report.json"
    command = ["npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json"]
    command += [f"--output-path={report}", f"--only-categories={','.join(CATEGORIES)}"]
    command += [f"--chrome-flags=--headless=new {' '.join(ARGUMENTS)}"]
    if form == "desktop":
        command.append("--preset=desktop")
    environment = os.environ | {"CHROME_PATH": installed() or ""}
    subprocess.run(command, check=True, env=environment)
    found = json.loads(report.read_text())
    for audit in found["audits"].values():
        if audit.get("score") not in (None, 1) and audit["scoreDisplayMode"] == "binary":
            print(f"       {audit['id']}: {audit['title']}")
    return {name: round(found["categories"][name]["score"] * 100) for name in CATEGORIES}


if __name__ == "__main__":
    main()
