"""These tests run only where ``make test-anki`` has put an Anki: see __main__.py."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from quizapp.formats.apkg_write import write
from quizapp.formats.package import Package
from tests import packed

if "QUIZAPP_ANKI" not in os.environ:
    collect_ignore_glob = ["test_*.py"]

TALK = Path(__file__).with_name("talk.py")


@dataclass(frozen=True)
class Told:
    """What Anki says after an import, and the folder with what it exported."""

    found: dict[str, Any]
    folder: Path

    def cards(self) -> dict[tuple[str, int], dict[str, Any]]:
        return {(card["guid"], card["ord"]): card for card in self.found["cards"]}

    def notes(self) -> dict[str, dict[str, Any]]:
        return {note["guid"]: note for note in self.found["notes"]}


Ask = Callable[..., Told]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Every kind and state at once."""
    return packed.everything(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Ask:
    """Write that package, let Anki import it in some time zone, and hear what it found."""

    @cache
    def told(container: str = "new", zone: str = "UTC0", scheduling: bool = True) -> Told:
        folder = tmp_path_factory.mktemp("anki")
        path = folder / "ours.apkg"
        done = write(package, path, container, scheduling, packed.NOW_MS)  # type: ignore[arg-type]
        assert done.left_out == ()
        command = [os.environ["QUIZAPP_ANKI"], TALK, "import", path, folder]
        answer = subprocess.run(
            command, check=False, capture_output=True, text=True, env=os.environ | {"TZ": zone}
        )
        assert answer.returncode == 0, answer.stderr
        return Told(json.loads((folder / "found.json").read_text(encoding="utf-8")), folder)

    return told
