"""Commands about backups and damage: flask --app wsgi backup, restore, check."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask

from quizapp import clock
from quizapp.actions import backups as backup_actions
from quizapp.actions import study as study_actions
from quizapp.cli import (
    check_schema,
    configured,
    database,
    local_day,
    prepare,
    progress_bars,
    refuse_nothing,
)
from quizapp.domain.backups import Reason
from quizapp.domain.errors import Missing, Refusal
from quizapp.storage import backups, learners
from quizapp.storage.backups import Backup
from quizapp.storage.database import Damaged, connection
from quizapp.views.words import filesize, plural


def init(app: Flask) -> None:
    """Make the commands known."""
    for command in (backup, restore, check):
        app.cli.add_command(command)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over a file that is no backup.")
def backup(file: Path | None, force: bool) -> None:
    """Back up everything: decks, answers, settings and media.

    Without FILE the backup goes to the others in QUIZAPP_BACKUPS, which are thinned to
    seven days, four weeks and twelve months. With FILE, such as /media/stick/quizapp.zip,
    it is one zip to carry away that restores anywhere, on SQLite and on PostgreSQL; nothing
    thins that. It takes the place of an older backup, and of no other file.
    It can be made while the server runs, and nobody waits.

    \b
    Each evening, by cron:
      0 22 * * *  flask --app wsgi backup /mnt/elsewhere/quizapp-$(date +\\%a).zip
    """
    shelf, now = configured().shelf, clock.now()
    with database(), progress_bars() as progress:
        check_schema()
        if file is None:
            made = backup_actions.before(Reason.ASKED, shelf, now, local_day(), progress)
        else:
            made = backup_actions.export(shelf, file, now, local_day(), progress, force)
    click.echo(f"Backed up {_content(made)}: {file or made.name}")
    if made.left_out:
        click.echo(
            f"{plural(made.left_out, 'media file')} left out because damaged."
            " See: flask --app wsgi check",
            err=True,
        )


@click.command()
@click.argument("source", required=False, metavar="[NAME|FILE]")
@click.option("--without-media", is_flag=True, help="Restore the database only.")
def restore(source: str | None, without_media: bool) -> None:
    """Go back to a backup; without NAME or FILE, list those there are.

    The backup is verified first: one that is damaged or was made by a newer program is
    refused, and nothing is touched. What is there now becomes a backup itself, so that
    this can be undone. The server may go on running; nobody sees a half state, and neither
    do you if this is interrupted.

    It is also the way from SQLite to PostgreSQL and back: make a backup, set
    QUIZAPP_DATABASE, restore.
    """
    shelf = configured().shelf
    if source is None:
        _list()
        return
    bare = source.removesuffix(".zip")
    if not Path(source).exists() and _is_on_shelf(bare):
        source = bare  # it was named as its file is called
    where = source if _is_on_shelf(source) else Path(source)
    if isinstance(where, Path) and not where.is_file():
        raise click.ClickException(
            f"There is no backup “{source}”, neither by that name nor as a file. {_others()}"
        )
    try:
        prepare()
        with progress_bars() as progress:
            done = backup_actions.restore(
                shelf, where, clock.now(), local_day(), progress, not without_media, offline=True
            )
    except Refusal as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"Restored {_content(done.backup)}, as of {_moment(done.backup)}.")
    for name in done.migrated:
        click.echo(f"applied {name}")
    if done.undo:
        click.echo(f"What was there before: flask --app wsgi restore {done.undo}")
    if done.aside:
        click.echo(f"The damaged database was set aside in {done.aside}")


@click.command()
@click.option("--repair", is_flag=True, help="Put right what can be, after a backup; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask before repairing.")
def check(repair: bool, yes: bool) -> None:
    """Look for damage in the database and among the media files.

    Looked for are a damaged file, rows that belong to nothing, cards and memories in the
    wrong place, answers stored twice, impossible numbers, missing indexes, and media files
    that are damaged, missing or strange. Files that no note names any more are told of; they
    go only with --repair.

    \b
    The exit code says what was found:
      0  all is well, or was put right
      1  something is damaged
      2  it could not be looked at
    """
    shelf, now = configured().shelf, clock.now()
    try:
        refuse_nothing()
        with connection():
            with _refusing(2):
                check_schema()
            with progress_bars() as progress:
                found = backup_actions.check(shelf, now, progress)
            for finding in found:
                click.echo(f"{finding.sentence} {finding.remedy}")
            harmed = any(finding.harm for finding in found)
            if not harmed:
                click.echo("All is well.")
            mendable = [finding for finding in found if finding.mendable]
            if not repair or not mendable:
                if mendable:
                    click.echo("To repair: flask --app wsgi check --repair")
                sys.exit(1 if harmed else 0)
            if not yes and not click.confirm("A backup is made first. Repair?"):
                sys.exit(1)
            made = backup_actions.before(Reason.REPAIR, shelf, now, local_day())
            click.echo(f"Backed up what was there before: {made.name}")
            backup_actions.mend(shelf, now, found)
            for learner_id in learners.ids():
                learner = learners.get(learner_id)
                assert learner is not None
                study_actions.rebuild(learner)
            left = backup_actions.check(shelf, now)
    except Damaged:
        click.echo("The database is damaged. Restore a backup: flask --app wsgi restore")
        sys.exit(1)
    except Refusal as refused:
        _end(refused, 2)
    for finding in left:
        click.echo(f"Left: {finding.sentence} {finding.remedy}")
    click.echo(f"Repaired {len(found) - len(left)} of {len(found)}.")
    sys.exit(1 if any(finding.harm for finding in left) else 0)


def _list() -> None:
    found, broken = backups.listed(configured().shelf)
    for one in found:
        click.echo(f"{one.name}  {_moment(one)}  {filesize(one.size):>8}  {_content(one)}")
    for name in broken:
        click.echo(f"{name}  cannot be read any more", err=True)
    if found:
        click.echo("\nTo go back to one: flask --app wsgi restore NAME")
    else:
        with _refusing(1):
            refuse_nothing()
        click.echo("There is no backup yet. Make one: flask --app wsgi backup")


def _others() -> str:
    found, broken = backups.listed(configured().shelf)
    if found or broken:
        return "See which there are: flask --app wsgi restore"
    return f"There are none in {configured().shelf.folder}; see QUIZAPP_DATA and QUIZAPP_BACKUPS."


def _is_on_shelf(name: str) -> bool:
    try:
        backups.find(configured().shelf, name)
    except Missing:
        return False
    except Refusal:
        pass  # it is there, and damaged; restoring says so
    return True


def _content(made: Backup) -> str:
    counts = made.counts
    parts = [plural(counts.get("deck", 0), "deck"), plural(counts.get("card", 0), "card")]
    parts += [plural(counts.get("review", 0), "answer")]
    if made.media:
        parts += [plural(made.media, "media file")]
    return ", ".join(parts)


def _moment(made: Backup) -> str:
    return made.at.astimezone().strftime("%Y-%m-%d %H:%M")


@contextmanager
def _refusing(code: int) -> Iterator[None]:
    """End with an exit code of one's own where click would end with 1."""
    try:
        yield
    except click.ClickException as error:
        _end(error.message, code)
    except Refusal as refused:
        _end(refused, code)


def _end(reason: object, code: int) -> NoReturn:
    click.echo(f"Error: {reason}", err=True)
    sys.exit(code)
