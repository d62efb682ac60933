"""Commands: flask --app wsgi COMMAND."""

import errno
import importlib
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import click
from flask import Flask, current_app
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from quizapp import clock
from quizapp.actions import backups as backup_actions
from quizapp.actions import decks as deck_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.config import ROOT, Config
from quizapp.domain.backups import Reason
from quizapp.domain.days import time_zone
from quizapp.domain.errors import DeckFileError, Refusal
from quizapp.storage import learners, schema
from quizapp.storage.copies import Progress
from quizapp.storage.database import (
    Damaged,
    Unavailable,
    connection,
    file_of,
    leave,
    proxy,
)
from quizapp.views.words import local_zone, plural

# A thread waits wherever a request is slow to arrive; the worker takes as many at a time.
THREADS = 16


def init(app: Flask) -> None:
    """Make the commands known."""
    for command in (migrate, load, serve, worker, lint, rebuild):
        app.cli.add_command(command)


@click.command()
@click.option("--without-backup", is_flag=True, help="Do not make a backup first.")
def migrate(without_backup: bool) -> None:
    """Bring the database to the newest schema.

    What is there is backed up first. Should the update go wrong, install the program you
    had before and go back: flask --app wsgi restore NAME
    """
    with database(make=True):
        applied = _migrate(without_backup)
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("The database is up to date.")


@click.command()
def load() -> None:
    """Load the shipped decks; loading again changes nothing."""
    with database():
        check_schema()
        click.echo(_load())


@click.command()
def serve() -> None:
    """Migrate, load the decks and serve the app.

    Before the database is brought to a newer schema, it is backed up.
    """
    config = configured()
    _check_port(config.host, config.port)
    with database(make=True):
        _migrate()
        click.echo(_load())
    leave()
    server = Granian(
        "wsgi:app",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        working_dir=ROOT,
        # Not its warnings: it finds so many threads too many for a small computer.
        log_level=LogLevels.error,
    )
    host = f"[{config.host}]" if ":" in config.host else config.host
    click.echo(f"quizapp is ready: http://{host}:{config.port}  (stop with Ctrl+C)")
    server.serve(target_loader=app_of_worker, wrap_loader=False)


def app_of_worker() -> Any:
    """The app, for the worker that Granian starts; it ends with the process that did."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        if sys.platform != "win32":
            # Ctrl+C reaches both of them, and the other one stops this one besides: a worker
            # that is told twice at the same time may wait for itself and never end.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

        def follow() -> None:
            # Returns when the parent is gone, kill -9 included: else the worker would
            # live on and keep the port.
            parent.join()
            os._exit(1)

        Thread(target=follow, name="follow-parent", daemon=True).start()
    app = importlib.import_module("wsgi").app
    # Before the first request: what a stopped server left is marked, what waits is done.
    app.extensions["workers"].start()
    return app


@click.command()
def worker() -> None:
    """Do long work, such as imports, in a process of its own beside the server.

    Start the server with QUIZAPP_WORKER=apart then. Ctrl+C lets running work finish
    first; a second one stops it, and nothing of it is kept.
    """
    with database():
        check_schema()
    leave()
    click.echo("The worker is ready.  (stop with Ctrl+C)")
    current_app.extensions["workers"].run()


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--write-ids", is_flag=True, help="Write an ID into every item that has none.")
def lint(paths: tuple[Path, ...], as_json: bool, write_ids: bool) -> None:
    """Check deck files, or all below a folder, against the rules of good cards and questions.

    Each finding names file, line, rule, what is wrong and what to do. The exit code is
    1 where there is an error, and 2 where there is no deck file; warnings and notes are
    advice. The rules are explained in decks/README.md.
    """
    count = len(list(deck_actions.deck_files(paths)))
    if not count:
        click.echo("No deck files found: they end in .md. Name a file or folder of them.", err=True)
        sys.exit(2)
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
        said = ", ".join(plural(counts[s], s) for s in ("error", "warning", "note"))
        click.echo(f"{plural(count, 'file')}: {said}.")
    if any(finding.severity == "error" for finding in found):
        sys.exit(1)


@click.command()
def rebuild() -> None:
    """Work out every stability and difficulty anew from the review log."""
    with database():
        check_schema()
        changed = 0
        for learner_id in learners.ids():
            learner = learners.get(learner_id)
            assert learner is not None
            changed += study_actions.rebuild(learner)
    click.echo(f"{changed} memories changed.")


def _check_port(host: str, port: int) -> None:
    """Refuse a taken port: two servers may share one unnoticed, each with data of its own.

    The worker of a server that was just killed needs a moment to notice.
    """
    for patience in (0.1, 0.2, 0.7, 0):
        error = _bind(host, port)
        if error is None:
            return
        if error.errno == errno.EADDRINUSE and patience:
            time.sleep(patience)
            continue
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"Port {port} is already in use, perhaps by another quizapp."
                f" Stop that one, or choose another port: QUIZAPP_PORT={port + 1} make run"
            ) from None
        raise click.ClickException(
            f"Cannot listen on {host}:{port} ({error.strerror or error})."
            " Check QUIZAPP_HOST and QUIZAPP_PORT."
        ) from None


def _bind(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


@contextmanager
def database(make: bool = False) -> Iterator[None]:
    """An open database for a command; what is wrong with it is said in a sentence.

    Only where it is to ``make`` one is there one afterwards that was not there before.
    """
    try:
        if make:
            prepare()
        else:
            refuse_nothing()
        with connection():
            yield
    except Damaged:
        raise click.ClickException(
            f"The database file {proxy.obj.database} is damaged. Restore a backup of it"
            " (flask --app wsgi restore lists them), or move it away to begin anew."
        ) from None
    except Unavailable as refused:
        reason = str(refused.__cause__ or "").strip().partition("\n")[0]
        raise click.ClickException(
            f"{refused} It said: {reason}. See QUIZAPP_DATABASE and QUIZAPP_DATA."
        ) from None
    except Refusal as refused:
        raise click.ClickException(str(refused)) from None


def prepare() -> None:
    """Have a folder to put data in."""
    configured().prepared()


def refuse_nothing() -> None:
    """Refuse a place where no database is: a command that looks must not make one."""
    place = file_of(proxy.obj)
    if place is not None and not place.exists():
        raise Refusal(
            f"There is no database at {place}; see QUIZAPP_DATA and QUIZAPP_DATABASE."
            " Is it to begin there? Run “flask --app wsgi migrate” first."
        )


def check_schema() -> None:
    if schema.pending(proxy.obj):
        raise click.ClickException(
            "The database is not at the newest schema. Run “flask --app wsgi migrate” first."
        )


def _migrate(without_backup: bool = False) -> list[str]:
    """Apply what is pending; what is there is backed up first."""
    schema.check(proxy.obj)
    if schema.applied(proxy.obj) and schema.pending(proxy.obj) and not without_backup:
        try:
            made = backup_actions.before(
                Reason.MIGRATION, configured().shelf, clock.now(), local_day()
            )
        except Refusal as refused:
            raise click.ClickException(
                f"The database has to be brought up to date, and before that a backup is made."
                f" That failed: {refused} To go on without one:"
                " flask --app wsgi migrate --without-backup"
            ) from None
        click.echo(f"Backed up what was there before the update: {made.name}")
    return schema.migrate(proxy.obj)


def local_day() -> date:
    """Today's date on this computer."""
    return clock.now().astimezone(time_zone(local_zone())).date()


def _load() -> str:
    first = learners.first() is None
    learner = learner_actions.local_learner(local_zone(), clock.now())
    if first:
        click.echo(
            f"Days are counted in the time zone {learner.timezone} and begin at"
            f" {learner.rollover_hour}:00. The settings page changes both."
        )
    try:
        loaded = deck_actions.load(configured().decks)
    except DeckFileError as error:
        raise click.ClickException(f"{error}\nNo deck was loaded.") from None
    except OSError as error:
        raise click.ClickException(
            f"{error.filename} cannot be read ({error.strerror}). No deck was loaded."
            " See who may read it, or name another folder in QUIZAPP_DECKS."
        ) from None
    if not loaded.decks:
        return f"No deck files in {configured().decks}: the decks stay as they are."
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


def configured() -> Config:
    config: Config = current_app.config["QUIZAPP"]
    return config


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A bar for each thing that is done, where somebody looks on."""
    bar: Any = None
    doing = ""

    def report(what: str, done: int, total: int) -> None:
        nonlocal bar, doing
        if not sys.stderr.isatty() or total <= 0:
            return
        if what != doing:
            if bar is not None:
                bar.__exit__(None, None, None)
            doing = what
            bar = click.progressbar(length=total, label=what, file=sys.stderr)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield report
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
