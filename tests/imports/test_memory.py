"""What the server and its children hold in memory while large packages come in."""

import shutil
from pathlib import Path

import pytest

from quizapp.storage.database import bind, open_database
from quizapp.storage.models import Note, Review
from tests import samples
from tests.bringing import ANKI
from tests.packages import make_package
from tests.running import RunningApp
from tests.visiting import MOST_MEMORY, Person, state, wait_for, watched


@pytest.mark.slow
@pytest.mark.parametrize("name", ["medium-fsrs.new-sched-media.apkg", "fifty thousand notes"])
def test_a_large_package_costs_no_more_memory_than_is_promised(
    name: str, migrated_file: Path, tmp_path: Path
) -> None:
    file, data = ANKI / name, tmp_path / "data"
    if not file.exists():
        file = tmp_path / "large.apkg"
        make_package(file, 50_000, 1, 6)
    data.mkdir()
    shutil.copy(migrated_file, data / "quizapp.db")
    database = open_database(f"sqlite:///{data / 'quizapp.db'}")
    bind(database)
    decks = samples.write(tmp_path / "decks", samples.plain(5))
    with RunningApp(data, decks) as app, database.connection_context():
        assert app.process is not None
        person = Person(app)
        with watched(app.process.pid) as idle:
            person.page("/")
        with watched(app.process.pid) as memory:
            for again in (False, True):
                memory.doing = "reading again" if again else "reading"
                batch = person.upload(file)
                wait_for(batch, "ready", "failed")
                person.page(f"/imports/{batch}")
                memory.doing = "importing again" if again else "importing"
                person.press(f"/imports/{batch}/commits", "/settings", progress="1")
                wait_for(batch, "done")
                person.page(f"/imports/{batch}")
            notes, answers = Note.select().count(), Review.select().count()
            memory.doing = "undoing"
            for each in (batch, batch - 1):
                person.press(f"/imports/{each}/undos", f"/imports/{each}")
                wait_for(each, "undone")
        assert state(batch) == state(batch - 1) == "undone"
    print(
        f"\n{name}: {notes:,} notes, {answers:,} answers: {memory.most >> 20} MB in all processes"
        f" while {memory.at}, {memory.largest >> 20} MB in the largest,"
        f" {idle.most >> 20} MB at rest"
    )
    assert memory.most < MOST_MEMORY
