"""Commands: flask --app wsgi COMMAND."""

import errno
import json
import socket
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click
from flask import Flask, current_app
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from quizapp import clock
from quizapp.actions import decks as deck_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.config import ROOT, Config
from quizapp.domain.errors import DeckFileError, Refusal
from quizapp.storage import learners, schema
from quizapp.storage.database import connection, proxy
from quizapp.views.words import local_zone


def init(app: Flask) -> None:
    """Make the commands known."""
    for command in (migrate, load, serve, lint, rebuild):
        app.cli.add_command(command)


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with connection():
        applied = schema.migrate(proxy.obj)
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("The database is up to date.")


@click.command()
def load() -> None:
    """Load the shipped decks; loading again changes nothing."""
    with connection():
        click.echo(_load())


@click.command()
def serve() -> None:
    """Migrate, load the decks and serve the app."""
    config = _config()
    _check_port(config.host, config.port)
    try:
        with connection():
            schema.migrate(proxy.obj)
            click.echo(_load())
    except Refusal as refused:
        raise click.ClickException(str(refused)) from None
    server = Granian(
        "wsgi:app",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        working_dir=ROOT,
        log_level=LogLevels.warning,
    )
    host = f"[{config.host}]" if ":" in config.host else config.host
    click.echo(f"quizapp is ready: http://{host}:{config.port}  (stop with Ctrl+C)")
    server.serve()


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--write-ids", is_flag=True, help="Write an ID into every item that has none.")
def lint(paths: tuple[Path, ...], as_json: bool, write_ids: bool) -> None:
    """Check deck files, or all below a folder, against the rules of good cards and questions.

    Each finding names file, line, rule, what is wrong and what to do. The exit code is
    1 where there is an error; warnings and notes are advice. The rules are explained in
    decks/README.md.
    """
    if write_ids:
        try:
            for file in deck_actions.write_ids(paths):
                click.echo(f"wrote IDs into {file}", err=True)
        except DeckFileError as error:
            raise click.ClickException(f"{error}\nNo file was changed.") from None
    found = deck_actions.lint(paths)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=1))
    else:
        for finding in found:
            click.echo(str(finding))
        counts = Counter(str(finding.severity) for finding in found)
        click.echo(", ".join(f"{counts[s]} {s}s" for s in ("error", "warning", "note")) + ".")
    if any(finding.severity == "error" for finding in found):
        sys.exit(1)


@click.command()
def rebuild() -> None:
    """Work out every stability and difficulty anew from the review log."""
    with connection():
        changed = 0
        for learner_id in learners.ids():
            learner = learners.get(learner_id)
            assert learner is not None
            changed += study_actions.rebuild(learner)
    click.echo(f"{changed} memories changed.")


def _check_port(host: str, port: int) -> None:
    """Refuse a taken port: two servers may share one unnoticed, each with data of its own."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"Port {port} is already in use, perhaps by another quizapp."
                f" Stop that one, or choose another port: QUIZAPP_PORT={port + 1} make run"
            ) from None
        raise click.ClickException(
            f"Cannot listen on {host}:{port} ({error.strerror or error})."
            " Check QUIZAPP_HOST and QUIZAPP_PORT."
        ) from None


def _load() -> str:
    learner_actions.local_learner(local_zone(), clock.now())
    try:
        loaded = deck_actions.load(_config().decks)
    except DeckFileError as error:
        raise click.ClickException(f"{error}\nNo deck was loaded.") from None
    if not loaded.decks:
        return f"No deck files in {_config().decks}: the decks stay as they are."
    news = ", ".join(
        f"{count} {what}"
        for count, what in (
            (loaded.added, "new"),
            (loaded.changed, "changed"),
            (loaded.retired, "retired"),
        )
        if count
    )
    return f"{loaded.decks} decks" + (f": {news} items." if news else ", nothing new.")


def _config() -> Config:
    config: Config = current_app.config["QUIZAPP"]
    return config
