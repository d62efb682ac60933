"""Every hostile package through the real server: words, nothing half done, nothing elsewhere."""

import re
import shutil
from pathlib import Path

import pytest

from quizapp.storage.database import bind, open_database
from quizapp.storage.models import Batch, Job
from tests import samples
from tests.bringing import rows
from tests.hostile import CORPUS
from tests.imports.test_bad_files import INSIDE, words
from tests.packages import make_package
from tests.running import RunningApp
from tests.visiting import MOST_MEMORY, Person, job_of, state, wait, watched


def around(folder: Path) -> set[str]:
    """Every path below a folder but what belongs to the app's own data."""
    own = ("data/imports", "data/media", "data/alive", "data/backups", "data/exports", "built")
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if not str(path.relative_to(folder)).startswith(own)
    }


def said_of(batch: int) -> str:
    return str(
        Job.select(Job.said).join(Batch, on=(Batch.job == Job.id)).where(Batch.id == batch).scalar()
    )


def job_over(batch: int) -> bool:
    return job_of(batch)[1] not in ("waiting", "running")


def told_by(name: str, said: str) -> str:
    """What the app says, without the names in a file, which it quotes."""
    return re.sub("“[^”]*”", "", said.replace(name, ""))


@pytest.mark.slow
def test_no_hostile_package_breaks_the_server_or_leaves_a_trace(
    migrated_file: Path, tmp_path: Path
) -> None:
    data, built = tmp_path / "data", tmp_path / "built"
    data.mkdir()
    built.mkdir()
    shutil.copy(migrated_file, data / "quizapp.db")
    database = open_database(f"sqlite:///{data / 'quizapp.db'}")
    bind(database)
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    with RunningApp(data, decks) as app, database.connection_context():
        assert app.process is not None
        person = Person(app)
        person.page("/")
        make_package(built / "warm.apkg", 10)
        person.upload(built / "warm.apkg")
        wait(lambda: state(1) == "ready")
        before, beside = rows(), around(tmp_path)
        with watched(app.process.pid) as memory:
            for name, hostile in CORPUS.items():
                memory.doing = name
                file = built / f"{name}.apkg"
                hostile.build(file)
                batch = person.upload(file)
                file.unlink()
                wait(lambda batch=batch: state(batch) != "reading")
                said = words(person.page(f"/imports/{batch}"))
                if hostile.refused is not None:
                    assert state(batch) == "failed", name
                    assert hostile.refused in said, name
                else:
                    assert state(batch) == "ready", name
                    person.press(f"/imports/{batch}/commits", "/settings", progress="1")
                    wait(lambda batch=batch: job_over(batch))
                    assert state(batch) == "done", (name, said_of(batch))
                    said += words(person.page(f"/imports/{batch}"))
                    for page in (
                        "/",
                        "/decks/family-own",
                        "/decks/family-own/cards",
                        "/study/family-own",
                    ):
                        said += words(person.page(page))
                    person.press(f"/imports/{batch}/undos", f"/imports/{batch}")
                    wait(lambda batch=batch: state(batch) == "undone")
                assert not INSIDE.search(told_by(name, said)), name
                assert rows() == before, name
        print(f"most memory: {memory.most >> 20} MB, at {memory.at}")
        assert memory.most < MOST_MEMORY, memory.at
        assert around(tmp_path) == beside
        assert "Traceback" not in (data / "server.log").read_text()
        for path in (data / "media").rglob("*"):
            assert path.is_dir() or re.fullmatch("[0-9a-f]{64}", path.name)
