"""How long a start takes: the first, which loads the shipped decks, and later ones."""

import statistics
import tempfile
from pathlib import Path

from tests.running import ROOT, RunningApp

LATER = 5


def main() -> None:
    """Print the seconds from the command to the first answer."""
    with tempfile.TemporaryDirectory() as folder:
        app = RunningApp(Path(folder), ROOT / "decks")
        first = app.start()
        later = []
        for _ in range(LATER):
            app.kill()
            later.append(app.start())
        app.kill()
    print(
        f"start with the shipped decks: first {first:.1f} s,"
        f" later p50 {statistics.median(later):.2f} s, slowest {max(later):.2f} s"
    )
