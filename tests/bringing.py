"""Files brought in as a person brings them: received, read by a child, committed, taken back."""

import gzip
import json
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from quizapp.actions import imports
from quizapp.actions.imports import Choices
from quizapp.domain.learners import Learner
from quizapp.storage.models import TABLES, Batch, BatchChange, Job
from quizapp.storage.prepared import raw

ANKI = Path(__file__).parent / "fixtures" / "anki"
PACKAGES = sorted(p.name for p in ANKI.iterdir() if p.suffix in (".apkg", ".colpkg"))
TEXTS = [
    *sorted(f"text/{p.name}" for p in (ANKI / "text").iterdir() if p.suffix != ".json"),
    *sorted(p.name for p in ANKI.glob("*.txt")),
]
# What keeps account of an import is no part of what it lays down.
ACCOUNTS = (Batch, BatchChange, Job)


def truth(name: str) -> dict[str, Any]:
    """What Anki says is in one of its files, or makes of it."""
    plain = ANKI / f"{name}.truth.json"
    if plain.exists():
        return dict(json.loads(plain.read_bytes()))
    return dict(json.loads(gzip.decompress((ANKI / f"{name}.truth.json.gz").read_bytes())))


def received(learner: Learner, file: Path, root: Path, now: datetime) -> int:
    """A file put where imports wait, and noted down; the import's number."""
    folder = secrets.token_hex(8)
    (root / "imports" / folder).mkdir(parents=True)
    shutil.copy(file, root / "imports" / folder / "upload")
    return imports.receive(learner, file.name, folder, now)


def read(
    learner: Learner, file: Path, root: Path, now: datetime, options: Mapping[str, Any] = {}
) -> int:
    """A file received and read by a child process, up to its preview; the import's number."""
    batch = received(learner, file, root, now)
    imports.read(learner, batch, root / "imports", options, lambda done, total: None)
    return batch


def committed(
    learner: Learner, batch: int, root: Path, choices: Choices, now: datetime
) -> Mapping[str, int]:
    """An import that was read, laid down; its counts."""
    return imports.commit(
        learner, batch, root / "imports", root / "media", choices, now, lambda done, total: None
    )


def bring(
    learner: Learner, file: Path, root: Path, now: datetime, choices: Choices
) -> tuple[int, Mapping[str, int]]:
    """A file brought in from end to end; the import's number and its counts."""
    batch = read(learner, file, root, now)
    return batch, committed(learner, batch, root, choices, now)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the accounts of imports, as it is stored."""
    return {
        table._meta.table_name: sorted(
            raw(table.select()), key=lambda row: [str(value) for value in row]
        )
        for table in TABLES
        if table not in ACCOUNTS
    }


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path but locks, with what is in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }
