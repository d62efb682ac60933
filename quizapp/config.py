"""Every setting of the app, read once from the environment."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Config:
    """The settings; each field names its environment variable.

    data            QUIZAPP_DATA            where database and secret live
    database        QUIZAPP_DATABASE        URL; default: SQLite in ``data``
    host, port      QUIZAPP_HOST, _PORT     where ``make run`` listens
    trusted_hosts   QUIZAPP_TRUSTED_HOSTS   further host names to answer to, by comma
    decks           QUIZAPP_DECKS           the folder of shipped decks
    """

    data: Path
    database: str
    secret: str
    host: str = "127.0.0.1"
    port: int = 8000
    trusted_hosts: tuple[str, ...] = ()
    decks: Path = ROOT / "decks"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read the environment; makes the data folder and its secret where missing.

        Raises ValueError with a sentence where a setting cannot be used.
        """
        data = Path(environ.get("QUIZAPP_DATA") or ROOT / "instance").resolve()
        data.mkdir(parents=True, exist_ok=True)
        host = environ.get("QUIZAPP_HOST", "127.0.0.1")
        named = environ.get("QUIZAPP_TRUSTED_HOSTS", "")
        return cls(
            data=data,
            database=environ.get("QUIZAPP_DATABASE") or f"sqlite:///{data / 'quizapp.db'}",
            secret=_secret(data / "secret"),
            host=host,
            port=_port(environ.get("QUIZAPP_PORT", "8000")),
            trusted_hosts=tuple(h.strip() for h in named.split(",") if h.strip()),
            decks=Path(environ.get("QUIZAPP_DECKS") or ROOT / "decks").resolve(),
        )

    @property
    def answers_to(self) -> list[str]:
        """The host names a request may carry; anything else is a rebinding attempt."""
        own = ["127.0.0.1", "localhost", "[::1]"]
        if self.host not in ("0.0.0.0", "::"):  # noqa: S104 (a question, not a binding)
            own.append(self.host)
        return [*own, *self.trusted_hosts]


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"QUIZAPP_PORT is “{text}”; give a number from 1 to 65535.")
    return int(text)


def _secret(path: Path) -> str:
    """The key that signs forms; made at first start, readable by the owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_hex(32)
        file.write(secret)
    return secret
