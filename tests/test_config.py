"""Settings from the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quizapp.config import ROOT, Config


def test_the_defaults_listen_on_this_machine_only(tmp_path: Path) -> None:
    config = Config.from_environment({"QUIZAPP_DATA": str(tmp_path / "new")})
    assert (config.host, config.port) == ("127.0.0.1", 8000)
    assert config.database == f"sqlite:///{tmp_path / 'new' / 'quizapp.db'}"
    assert config.decks == ROOT / "decks"


def test_reading_the_settings_writes_nothing(tmp_path: Path) -> None:
    config = Config.from_environment({"QUIZAPP_DATA": str(tmp_path / "new")})
    assert config.secret == ""
    assert not (tmp_path / "new").exists()


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    environment = {"QUIZAPP_DATA": str(tmp_path)}
    first = Config.from_environment(environment).prepared()
    assert len(first.secret) == 64
    assert Config.from_environment(environment).secret == first.secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "left",
    [b"", b"3f9a", b"\0" * 64, bytes(range(128, 192)), b"z" * 64],
    ids=lambda left: left[:4].hex(),
)
def test_what_an_interrupted_first_start_left_is_replaced(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "secret").write_bytes(left)
    (tmp_path / "secret").chmod(0o644)
    environment = {"QUIZAPP_DATA": str(tmp_path)}
    secret = Config.from_environment(environment).prepared().secret
    assert len(secret) == 64
    assert (tmp_path / "secret").read_text() == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert Config.from_environment(environment).secret == secret
    assert {path.name for path in tmp_path.iterdir()} == {"secret", "secret.lock"}


@pytest.mark.parametrize("left", [None, "3f9a"])
def test_first_starts_at_the_same_time_agree_on_one_secret(
    tmp_path: Path, left: str | None
) -> None:
    if left is not None:
        (tmp_path / "secret").write_text(left)
    tell = "from quizapp.config import Config; print(Config.from_environment().prepared().secret)"
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", tell],
            cwd=ROOT,
            env=os.environ | {"QUIZAPP_DATA": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    told = {start.communicate(timeout=30)[0].strip() for start in starts}
    assert told == {(tmp_path / "secret").read_text()}


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", "", "9" * 5000])
def test_a_port_that_cannot_be_is_said(tmp_path: Path, port: str) -> None:
    with pytest.raises(ValueError, match="QUIZAPP_PORT"):
        Config.from_environment({"QUIZAPP_DATA": str(tmp_path), "QUIZAPP_PORT": port})


def test_further_hosts_are_answered_where_they_are_named(tmp_path: Path) -> None:
    config = Config.from_environment(
        {
            "QUIZAPP_DATA": str(tmp_path),
            "QUIZAPP_HOST": "0.0.0.0",
            "QUIZAPP_TRUSTED_HOSTS": "Quiz.Example:8443, .study.example, Bücher.example, /",
        }
    )
    assert config.trusted_hosts == ("quiz.example", ".study.example", "xn--bcher-kva.example")
    assert "quiz.example" in config.answers_to
    assert "0.0.0.0" not in config.answers_to
