"""Install a Chromium for the browser tests where there is none and where that is possible."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.chromium import installed


def main() -> None:
    """Try Debian's package, then Playwright's own download; say what came of it."""
    if installed():
        return
    print("No Chromium found; trying to install one …", flush=True)
    attempts = []
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "chromium"]]
    attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    for command in attempts:
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if installed():
            print("Chromium is installed.")
            return
    print("No Chromium could be installed: the browser tests will be skipped.")


if __name__ == "__main__":
    main()
