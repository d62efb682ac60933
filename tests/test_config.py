"""Settings from the environment."""

from pathlib import Path

import pytest

from quizapp.config import ROOT, Config


def test_the_defaults_listen_on_this_machine_only(tmp_path: Path) -> None:
    config = Config.from_environment({"QUIZAPP_DATA": str(tmp_path / "new")})
    assert (config.host, config.port) == ("127.0.0.1", 8000)
    assert config.database == f"sqlite:///{tmp_path / 'new' / 'quizapp.db'}"
    assert config.decks == ROOT / "decks"


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    environment = {"QUIZAPP_DATA": str(tmp_path)}
    first = Config.from_environment(environment)
    assert len(first.secret) == 64
    assert Config.from_environment(environment).secret == first.secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", ""])
def test_a_port_that_cannot_be_is_said(tmp_path: Path, port: str) -> None:
    with pytest.raises(ValueError, match="QUIZAPP_PORT"):
        Config.from_environment({"QUIZAPP_DATA": str(tmp_path), "QUIZAPP_PORT": port})


def test_further_hosts_are_answered_where_they_are_named(tmp_path: Path) -> None:
    config = Config.from_environment(
        {
            "QUIZAPP_DATA": str(tmp_path),
            "QUIZAPP_HOST": "0.0.0.0",
            "QUIZAPP_TRUSTED_HOSTS": "quiz.example, study.example",
        }
    )
    assert "quiz.example" in config.answers_to
    assert "0.0.0.0" not in config.answers_to
