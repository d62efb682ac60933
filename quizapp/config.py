"""Every setting of the app, read once from the environment."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from quizapp.domain.backups import Shelf
from quizapp.domain.errors import Misconfigured
from quizapp.storage.files import alone, written

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Config:
    """The settings; each field names its environment variable.

    data            QUIZAPP_DATA            where database and secret live
    database        QUIZAPP_DATABASE        URL; default: SQLite in ``data``
    host, port      QUIZAPP_HOST, _PORT     where ``make run`` listens
    trusted_hosts   QUIZAPP_TRUSTED_HOSTS   further host names to answer to, by comma
    decks           QUIZAPP_DECKS           the folder of shipped decks
    worker          QUIZAPP_WORKER          long work runs "inside" the server, or "apart"
    backups         QUIZAPP_BACKUPS         where backups lie; default: in ``data``
    """

    data: Path
    database: str
    secret: str
    host: str = "127.0.0.1"
    port: int = 8000
    trusted_hosts: tuple[str, ...] = ()
    decks: Path = ROOT / "decks"
    worker: str = "inside"
    backups: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read the environment; nothing is written, and without a secret it is "".

        Raises Misconfigured with a sentence where a setting cannot be used.
        """
        data = Path(environ.get("QUIZAPP_DATA") or ROOT / "instance").resolve()
        secret = _read_secret(data / "secret")
        host = environ.get("QUIZAPP_HOST", "127.0.0.1")
        named = environ.get("QUIZAPP_TRUSTED_HOSTS", "")
        return cls(
            data=data,
            database=environ.get("QUIZAPP_DATABASE") or f"sqlite:///{data / 'quizapp.db'}",
            secret=secret,
            host=host,
            port=_port(environ.get("QUIZAPP_PORT", "8000")),
            trusted_hosts=tuple(host_name(h) for h in named.split(",") if host_name(h)),
            decks=Path(environ.get("QUIZAPP_DECKS") or ROOT / "decks").resolve(),
            worker=_worker(environ.get("QUIZAPP_WORKER") or "inside"),
            backups=Path(environ.get("QUIZAPP_BACKUPS") or data / "backups").resolve(),
        )

    def prepared(self) -> "Config":
        """The same with data folder and secret, which are made where missing.

        Raises Misconfigured where they cannot be.
        """
        if self.secret and self.data.is_dir():
            return self
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            return replace(self, secret=self.secret or _secret(self.data / "secret"))
        except OSError as error:
            reason = f"{error.strerror or error}: {error.filename or self.data}"
            if isinstance(error, (FileExistsError, NotADirectoryError)):
                reason = "a file is in its place"
            raise Misconfigured(
                f"The data folder {self.data} cannot be used ({reason})."
                " Make it a folder that belongs to you, or name another one in QUIZAPP_DATA."
            ) from None

    @property
    def imports(self) -> Path:
        """Where files lie that came in and are not imported yet, a folder for each."""
        return self.data / "imports"

    @property
    def exports(self) -> Path:
        """Where files lie that were made to be taken away, a folder for each."""
        return self.data / "exports"

    @property
    def media(self) -> Path:
        """Where the files of learners' notes lie, each under its SHA-256."""
        return self.data / "media"

    @property
    def shelf(self) -> Shelf:
        """Where backups and media lie."""
        return Shelf(self.backups or self.data / "backups", self.media)

    @property
    def answers_to(self) -> list[str]:
        """The host names a request may carry; anything else is a rebinding attempt.

        One that begins with a dot stands for all names that end so.
        """
        own = ["127.0.0.1", "localhost", "::1"]
        if self.host not in ("0.0.0.0", "::"):  # noqa: S104 (a question, not a binding)
            own.append(host_name(self.host))
        return [*own, *self.trusted_hosts]


def host_name(text: str) -> str:
    """A host as hosts are compared: small letters, no port, no brackets; "" for none."""
    text = text.strip().lower()
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)]|([a-z0-9.-]+))(?::[0-9]{1,5})?", text)
    return (match[1] or match[2]) if match else ""


def _port(text: str) -> int:
    if not text.isdecimal() or len(text) > 5 or not 0 < int(text) < 65536:
        raise Misconfigured(f"QUIZAPP_PORT is “{text}”; give a number from 1 to 65535.")
    return int(text)


def _worker(text: str) -> str:
    if text not in ("inside", "apart"):
        raise Misconfigured(
            f"QUIZAPP_WORKER is “{text}”; write inside, or apart where"
            " “flask --app wsgi worker” runs beside the server."
        )
    return text


def _secret(path: Path) -> str:
    """The key that signs forms; made at first start, readable by the owner only.

    One that is no key is what an interrupted first start left behind, and is replaced.
    """
    if secret := _read_secret(path):
        return secret
    with alone(path.with_name("secret.lock")):
        # Another process may have made it meanwhile.
        if secret := _read_secret(path):
            return secret
        secret = secrets.token_hex(32)
        with written(path) as file:
            file.write(secret.encode("ascii"))
    return secret


def _read_secret(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
    return text if re.fullmatch("[0-9a-fA-F]{64,}", text) else ""
