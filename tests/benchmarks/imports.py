"""What bringing a package in and taking it away again costs, by the app's own way.

Each phase runs in a fresh process: *import* reads a package in the child process, compares
and commits it; *again* does the same with all of it there; *export* writes everything to a
new package with log and media; *undo* takes both imports back. Anki's own
backend does the same in turn but for the last, where it is installed. Memory is that of the
process with its child, sampled.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from quizapp.actions import exports as export_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.actions.imports import Choices
from quizapp.domain.learners import Learner
from quizapp.domain.scheduling import Rating
from quizapp.storage import cards, imports, learners, schema
from quizapp.storage.database import Unavailable, bind, connection, open_database, proxy
from quizapp.storage.models import Memory
from tests.anki.conftest import TALK
from tests.benchmarks import collection
from tests.benchmarks.packages import ANKI
from tests.packages import make_package
from tests.running import ROOT

# Notes, answers for each, how often measured.
SIZES = ((2_000, 6, 5), (50_000, 6, 2))
ME = "tests.benchmarks.imports"
PHASES = ("import", "again", "export", "undo")
MEDIA = {f"picture {n}.png": bytes([n]) * 40_000 for n in range(50)}
NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
# What another learner studies meanwhile, and the seconds they look at a card.
CARDS, LOOKING = 2_000, 0.02


def main() -> None:
    """Print seconds and peak memory of each phase, beside Anki's."""
    for notes, reviews, rounds in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            package = folder / "package.apkg"
            make_package(package, notes, 1, reviews, media=MEDIA)
            print(
                f"{notes:,} notes, {notes * reviews:,} answers, {len(MEDIA)} files, package of"
                f" {package.stat().st_size / 1e6:.1f} MB; median of {rounds}, in turn with Anki"
            )
            ours: list[dict[str, dict[str, float]]] = []
            theirs: list[dict[str, float]] = []
            for n in range(rounds):
                ours.append(_ours(folder / f"ours-{n}", package))
                if ANKI.exists():
                    theirs.append(_anki(folder / f"anki-{n}", package))
            _print(ours, theirs)
    _meanwhile(*SIZES[-1][:2])


def _ours(folder: Path, package: Path) -> dict[str, dict[str, float]]:
    found = {name: phase(name, folder, package) for name in PHASES}
    shutil.rmtree(folder)
    return found


def phase(name: str, folder: Path, package: Path, *more: str) -> dict[str, float]:
    """Run a phase: what it says of itself, and the most memory of it and its child at once."""
    command = [sys.executable, "-m", ME, name, str(folder), str(package), *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    peak = [0]
    watch = threading.Thread(target=_sample, args=(process.pid, peak))
    watch.start()
    said, _ = process.communicate()
    watch.join()
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}")
    return json.loads(said) | {"megabytes": peak[0] / 1e6}


def _sample(pid: int, peak: list[int]) -> None:
    try:
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            all_ = [process, *process.children(recursive=True)]
            peak[0] = max(peak[0], sum(_resident(one) for one in all_))
            time.sleep(0.03)
    except psutil.NoSuchProcess:
        return


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _anki(folder: Path, package: Path) -> dict[str, float]:
    command = [str(part) for part in (ANKI, TALK, "time", package, folder)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    shutil.rmtree(folder)
    return {"import": found["import"], "again": found["again"], "export": found["new"],
            "megabytes": found["megabytes"]}  # fmt: skip


def _print(ours: list[dict[str, dict[str, float]]], theirs: list[dict[str, float]]) -> None:
    for phase in PHASES:
        runs = [run[phase] for run in ours]
        parts = [name for name in runs[0] if name not in ("seconds", "processor", "megabytes")]
        line = (
            f"  {phase:<7} {_median(runs, 'seconds'):6.2f} s"
            f"  (processor {_median(runs, 'processor'):6.2f} s,"
            f" peak {max(run['megabytes'] for run in runs):4.0f} MB"
            + "".join(f", {part} {_median(runs, part):.2f} s" for part in parts)
            + ")"
        )
        if theirs and phase in theirs[0]:
            line += f"   Anki {_median(theirs, phase):6.2f} s"
        print(line, flush=True)
    if theirs:
        print(f"  Anki's peak: {max(run['megabytes'] for run in theirs):.0f} MB in all")
    else:
        print("  Anki's own backend: not measured; make test-anki installs it")


def _median(runs: list[dict[str, float]], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def _meanwhile(notes: int, reviews: int) -> None:
    """Print how long another learner's answers wait while an import is committed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = folder / "package.apkg"
        make_package(package, notes, 1, reviews)
        collection.build(folder / "quizapp.db", CARDS, NOW)
        found = phase("beside", folder, package)
    print(
        f"another learner's answers while {notes:,} notes are committed ({found['commit']:.1f} s):"
        f" n {found['answers']:.0f}, p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms,"
        f" longest {found['longest']:.0f} ms, refused {found['refused']:.0f}"
    )


def _run(phase: str, folder: Path, package: Path) -> dict[str, float]:
    folder.mkdir(exist_ok=True)
    bind(open_database(f"sqlite:///{folder / 'quizapp.db'}"))
    with connection():
        schema.migrate(proxy.obj)
        learner = learner_actions.local_learner("UTC", NOW)
        if phase == "study":
            return _study(learner, folder)
        if phase == "beside":
            return _beside(folder, package)
        if phase == "export":
            wanted = export_actions.Wanted("apkg")
            stem, media = folder / "out", folder / "media"
            return _spent(
                write=lambda: export_actions.write(learner, wanted, stem, media, NOW, _silent)
            )
        if phase == "undo":
            return _spent(undo=lambda: _undo(learner))
        read, commit = _steps(learner, folder, package)
        return _spent(read=read, commit=commit)


def _undo(learner: Learner) -> None:
    for batch in imports.recent(learner.id):
        import_actions.undo(learner, batch.id, _silent)


def _steps(
    learner: Learner, folder: Path, package: Path
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Reading a package that has come in, and committing what was read."""
    root, media = folder / "imports", folder / "media"
    inbox = root / "one"
    inbox.mkdir(parents=True)
    shutil.copyfile(package, inbox / "upload")
    batch = import_actions.receive(learner, package.name, "one", NOW)
    choices = Choices(progress=True)
    return (
        lambda: import_actions.read(learner, batch, root, {}, _silent),
        lambda: import_actions.commit(learner, batch, root, media, choices, NOW, _silent),
    )


def _beside(folder: Path, package: Path) -> dict[str, float]:
    """An import by a second learner, while the first one studies in another process."""
    read, commit = _steps(learners.create("Other", "UTC", NOW), folder, package)
    read()
    command = [sys.executable, "-m", ME, "study", str(folder), str(package)]
    studying = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert studying.stdout is not None
    # It says when it has begun.
    studying.stdout.readline()
    spent = _spent(commit=commit)
    (folder / "enough").touch()
    return json.loads(studying.stdout.read()) | spent


def _study(learner: Learner, folder: Path) -> dict[str, float]:
    """Answer cards until the other process has done; how long each answer took."""
    waiting = [row[0] for row in Memory.select(Memory.card).tuples()]
    taken, refused = [], 0
    print(flush=True)
    for id_ in waiting:
        if (folder / "enough").exists():
            break
        card = cards.find(learner.id, id_)
        assert card is not None
        began = time.perf_counter()
        try:
            study_actions.answer_card(learner, id_, card.version, Rating.GOOD, NOW, 5_000)
        except Unavailable:
            refused += 1
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(LOOKING)
    taken.sort()
    return {
        "answers": len(taken),
        "refused": refused,
        "p50": statistics.median(taken),
        "p99": taken[int(len(taken) * 0.99)],
        "longest": taken[-1],
    }


def _spent(**steps: Callable[[], object]) -> dict[str, float]:
    """Seconds of each step and of all, and what they cost of all processors."""
    busy = _processor()
    found = {}
    for name, step in steps.items():
        began = time.perf_counter()
        step()
        found[name] = time.perf_counter() - began
    return found | {"seconds": sum(found.values()), "processor": _processor() - busy}


def _processor() -> float:
    """Seconds that this process and the children that ended have worked."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _silent(done: int, total: int) -> None:
    pass


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
