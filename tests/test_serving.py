"""The server as a process: killed, misused, and started where it cannot work."""

import http.client
import os
import secrets
import signal
import socket
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests import samples
from tests.benchmarks.server import Browser
from tests.running import RunningApp, free_port

THREADS = 16


@pytest.fixture
def decks(tmp_path: Path) -> Path:
    return samples.write(tmp_path / "decks", samples.plain(5))


def said(app: RunningApp) -> str:
    return (app.data / "server.log").read_text()


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_kill_9_of_the_main_process_frees_the_port_and_loses_nothing(
    tmp_path: Path, decks: Path
) -> None:
    app = RunningApp(tmp_path / "data", decks)
    app.start()
    first = app.process
    assert first is not None
    try:
        Browser(app.port).answer()
        app.kill_main()
        # At once, and with the same port: the new server waits for the old worker.
        second = app.launch()
        until = time.monotonic() + 10
        while said(app).count("quizapp is ready") < 2 and time.monotonic() < until:
            assert second.poll() is None, said(app)
            time.sleep(0.05)
        assert said(app).count("quizapp is ready") == 2
        while not listens(app.port) and time.monotonic() < until:
            time.sleep(0.05)
        Browser(app.port).home()
        with closing(sqlite3.connect(app.data / "quizapp.db")) as database:
            assert database.execute("SELECT count(*) FROM review").fetchone() == (1,)
    finally:
        app.kill()
        with suppress(ProcessLookupError):
            os.killpg(first.pid, signal.SIGKILL)


def test_the_worker_ends_with_its_parent(tmp_path: Path, decks: Path) -> None:
    app = RunningApp(tmp_path / "data", decks)
    app.start()
    assert app.process is not None
    try:
        app.kill_main()
        until = time.monotonic() + 5
        while listens(app.port) and time.monotonic() < until:
            time.sleep(0.05)
        assert not listens(app.port)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(app.process.pid, signal.SIGKILL)


def test_ctrl_c_ends_server_and_worker_every_time(tmp_path: Path, decks: Path) -> None:
    app = RunningApp(tmp_path / "data", decks)
    for _ in range(4):
        app.start()
        assert app.process is not None
        # As a terminal does it: to all of them at once.
        os.killpg(app.process.pid, signal.SIGINT)
        try:
            assert app.process.wait(8) == 0
        finally:
            app.kill()


def test_slow_request_bodies_do_not_stop_the_others(tmp_path: Path, decks: Path) -> None:
    with RunningApp(tmp_path / "data", decks) as app:
        assert "WARNING" not in said(app)
        slow = []
        for _ in range(THREADS - 4):
            caller = socket.create_connection(("127.0.0.1", app.port))
            caller.sendall(
                b"POST /settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\na"
            )
            slow.append(caller)
        time.sleep(0.5)
        for _ in range(3):
            fast = http.client.HTTPConnection("127.0.0.1", app.port, timeout=5)
            fast.request("GET", "/keys")
            assert fast.getresponse().status == 200
        for caller in slow:
            caller.close()


@pytest.mark.parametrize("command", ["serve", "migrate", "load", "rebuild"])
def test_a_file_that_is_no_database_is_said(tmp_path: Path, decks: Path, command: str) -> None:
    app = RunningApp(tmp_path / "data", decks)
    app.data.mkdir()
    (app.data / "quizapp.db").write_bytes(secrets.token_bytes(8192))
    code, words = app.run(command)
    assert code == 1
    assert f"The database file {app.data / 'quizapp.db'} is damaged. Restore a backup" in words
    assert "Traceback" not in words


@pytest.mark.parametrize("command", ["serve", "migrate", "load"])
def test_a_postgresql_that_does_not_answer_is_said(
    tmp_path: Path, decks: Path, command: str
) -> None:
    pytest.importorskip("psycopg")
    url = f"postgresql://me:hush@127.0.0.1:{free_port()}/quiz"
    code, words = RunningApp(tmp_path / "data", decks, QUIZAPP_DATABASE=url).run(command)
    assert code == 1
    assert "The database cannot be reached" in words
    assert "QUIZAPP_DATABASE" in words
    assert "Traceback" not in words
    assert "hush" not in words


@pytest.mark.parametrize("command", ["serve", "migrate"])
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("QUIZAPP_PORT", "abc", "QUIZAPP_PORT is “abc”; give a number"),
        ("QUIZAPP_DATABASE", "mysql://me:hush@x/y", "it must begin with sqlite: or postgresql:"),
        ("QUIZAPP_DATABASE", "postgresql://x:port/y", "QUIZAPP_DATABASE is no address"),
        ("QUIZAPP_DATABASE", "sqlite:////nowhere/quizapp.db", "cannot be opened"),
        ("QUIZAPP_DATA", __file__, "a file is in its place"),
        ("QUIZAPP_DATA", f"{__file__}/below", "a file is in its place"),
        pytest.param(
            "QUIZAPP_DATA",
            "/proc",
            "The data folder /proc cannot be used",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs a folder of Linux"),
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_said(
    tmp_path: Path, decks: Path, command: str, name: str, value: str, sentence: str
) -> None:
    code, words = RunningApp(tmp_path / "data", decks, **{name: value}).run(command)
    assert code == 1
    assert sentence in words
    assert "Traceback" not in words
    assert "hush" not in words


@pytest.mark.parametrize("command", ["load", "rebuild"])
def test_a_command_before_the_first_migration_says_what_to_run(
    tmp_path: Path, decks: Path, command: str
) -> None:
    code, words = RunningApp(tmp_path / "data", decks).run(command)
    assert code == 1
    assert "Run “flask --app wsgi migrate” first." in words
    assert "Traceback" not in words


def test_the_first_start_names_the_time_zone_and_later_ones_do_not(
    tmp_path: Path, decks: Path
) -> None:
    app = RunningApp(tmp_path / "data", decks, TZ="Japan")
    app.run("migrate")
    _, first = app.run("load")
    assert "Days are counted in the time zone Japan and begin at 4:00." in first
    _, both = app.run("load")
    assert both.count("Days are counted") == 1
