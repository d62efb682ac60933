"""make test-anki: give packages to the real Anki, and read back what it makes of them.

Anki comes into an environment of its own, .anki-venv, and is used only from there, by a
process of its own: its licence is not ours. QUIZAPP_NO_SKIP makes a missing Anki a failure.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VERSION = "26.9.3"
# As Anki itself writes it.
INSIDE = "26.09.3"
FOLDER = ROOT / ".anki-venv"


def python() -> Path | None:
    """The Python that has Anki, installed where that is possible; None where it is not."""
    found = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    check = [found, "-c", f"from anki.buildinfo import version; assert version == {INSIDE!r}"]
    if found.exists() and not subprocess.run(check, check=False, capture_output=True).returncode:
        return found
    print(f"Installing Anki {VERSION} into {FOLDER.name} …", flush=True)
    install = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", FOLDER],
        [*install, f"anki=={VERSION}"],
        check,
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr.strip()[-2000:])
            return None
    return found


def main() -> int:
    """Install Anki and run the tests; the exit code."""
    anki = python()
    if anki is None:
        print(f"skipped: Anki {VERSION} could not be installed on this machine.")
        return int(bool(os.environ.get("QUIZAPP_NO_SKIP")))
    command = [sys.executable, "-m", "pytest", "tests/anki", *sys.argv[1:]]
    where = os.environ | {"QUIZAPP_ANKI": str(anki)}
    return subprocess.run(command, check=False, cwd=ROOT, env=where).returncode


if __name__ == "__main__":
    sys.exit(main())
