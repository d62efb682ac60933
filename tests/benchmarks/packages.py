"""What writing an Anki package costs, beside Anki's own export where it is installed."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from quizapp.formats.apkg_write import write
from tests import packed
from tests.anki.__main__ import FOLDER
from tests.anki.conftest import TALK
from tests.running import ROOT

SIZES = ((2_000, 20_000), (50_000, 300_000))
ANKI = FOLDER / "bin" / "python"


def main() -> None:
    """Print seconds and peak memory for each size and container."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for notes, reviews in SIZES:
            for container in ("new", "legacy"):
                path = folder / f"{notes}-{container}.apkg"
                command = [sys.executable, "-m", __name__, notes, reviews, container, path]
                done = subprocess.run(
                    list(map(str, command)), check=True, capture_output=True, text=True, cwd=ROOT
                )
                print(done.stdout.strip())
            _anki(folder / f"{notes}-new.apkg", folder / f"anki-{notes}")


def one(notes: int, reviews: int, container: str, path: Path) -> None:
    """Write one package and print what it cost; making the notes is not counted."""
    before = _megabytes()
    making = _spent(lambda: deque(packed.large(notes, reviews).notes, maxlen=0))
    package = packed.large(notes, reviews)
    both = _spent(lambda: write(package, path, container, True, packed.NOW_MS))  # type: ignore[arg-type]
    seconds, processor = (b - m for b, m in zip(both, making, strict=True))
    print(
        f"write {container} package, {notes:,} notes, {reviews:,} log rows: {seconds:.2f} s,"
        f" {processor:.2f} s of processor, {path.stat().st_size / 1e6:.1f} MB,"
        f" peak {_megabytes():.0f} MB of memory ({before:.0f} before)"
    )


def _spent(what: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of all processors together."""
    start, busy = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - start, time.process_time() - busy


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _anki(package: Path, folder: Path) -> None:
    if not ANKI.exists():
        print("  Anki's own export: not measured; make test-anki installs it")
        return
    command = [ANKI, TALK, "time", package, folder]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"  Anki: import {found['import']:.2f} s, export new {found['new']:.2f} s,"
        f" legacy {found['legacy']:.2f} s, peak {found['megabytes']:.0f} MB"
    )


if __name__ == "__main__":
    one(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
