"""The command that brings decks in: flask --app wsgi import."""

import json
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import IO, Any

import click
from flask import Flask

from quizapp import clock
from quizapp.actions import backups as backup_actions
from quizapp.actions import imports as import_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import texts as text_actions
from quizapp.actions.imports.choices import POLICIES
from quizapp.cli import check_schema, configured, database, progress_bars
from quizapp.domain.backups import Reason
from quizapp.domain.errors import Refusal
from quizapp.domain.learners import Learner
from quizapp.storage import files, imports
from quizapp.storage.database import Full
from quizapp.views.guards import MAX_UPLOAD
from quizapp.views.words import local_zone, plural

# So many rows of each kind are shown; JSON has more.
SHOWN = 20
# Characters of a note that stand for it.
LONGEST = 80
# What stands for the output of another program.
_STREAM = Path("-")
_TOO_LARGE = (
    f"This has more than {MAX_UPLOAD // 1_000_000} MB, so it was not taken. Export fewer decks,"
    " or leave the media out."
)
# Some of it was taken, and some was not.
PARTLY = 3

_KINDS = (
    ("new", "new", ""),
    ("changed", "changed", ""),
    ("conflicts", "in conflict", "you and the file changed the same; --wording says whose stays"),
    ("older", "older", "changed here since; --update always takes the file's text"),
    ("same", "same as here", ""),
    ("gone", "gone", "here, but not in the file; --set-aside takes them out of study"),
    ("refused", "refused", ""),
)
_STATES = {
    "reading": "being read", "ready": "not decided", "done": "imported",
    "failed": "could not be read", "undone": "undone", "dropped": "put away",
}  # fmt: skip


def init(app: Flask) -> None:
    """Make the command known."""
    app.cli.add_command(bring)


@click.command("import")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--deck", default="", metavar="NAME", help="Put it all into, or under, this deck.")
@click.option(
    "--update",
    type=click.Choice(POLICIES),
    default=None,
    help="Whether the file's text replaces that of notes which are here; newer by default, or"
    " as a table says itself.",
)
@click.option(
    "--wording",
    type=click.Choice(("mine", "file")),
    default="mine",
    help="Whose wording stays where you and the file changed the same; mine by default.",
)
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Bring due dates, memory and the log of answers along, or begin anew.",
)
@click.option("--set-aside", is_flag=True, help="Take out of study what the file no longer has.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@click.option("--origin", default="", help="Who wrote it; kept with its decks.")
@click.option("--licence", default="", help="Under which licence; kept with its decks.")
@click.option("--notetype", default="", help="Tables: the kind of note that rows become.")
@click.option("--separator", default="", help="Tables: tab, comma, semicolon or a character.")
@click.option("--html/--no-html", default=None, help="Tables: whether cells are HTML or text.")
@click.option(
    "--header-row/--no-header-row", default=None, help="Tables: whether row 1 names the columns."
)
@click.option(
    "--columns",
    default="",
    metavar="A,B,C",
    help="Tables: what each column is: a field, tags, deck, type, id, or - to leave it out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
@click.option("--undo", type=int, metavar="ID", help="Take a whole import back.")
@click.option("--without-backup", is_flag=True, help="Do not make a backup first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def bring(
    files: tuple[Path, ...],
    deck: str,
    update: str | None,
    wording: str,
    progress: bool | None,
    set_aside: bool,
    dry_run: bool,
    origin: str,
    licence: str,
    notetype: str,
    separator: str,
    html: bool | None,
    header_row: bool | None,
    columns: str,
    as_json: bool,
    undo: int | None,
    without_backup: bool,
    yes: bool,
) -> None:
    """Bring decks in; without FILE, list what was imported.

    A FILE is a package of Anki (.apkg, .colpkg), a table (.csv, .tsv, .txt), a Markdown deck
    (.md), a folder or .zip of such decks, or what the export command wrote; - is what comes
    from another program. First you see
    what would happen. What is there is backed up, an import is done whole or not at all, and
    --undo takes it back. Importing the same again changes nothing, and your progress and your
    own wordings stay; --wording file takes the file's where you changed the same.

    \b
    A colleague's deck, and your own collection with all you learned:
      flask --app wsgi import --no-progress Cryptography.apkg
      flask --app wsgi import --progress collection.colpkg
    A table whose columns have no names:
      flask --app wsgi import --deck "ISO 27001" --columns front,back,tags terms.csv
    Each night, what changed in a folder of decks:
      flask --app wsgi import --yes --set-aside ~/notes/decks

    \b
    The exit code says how it went:
      0  all of it was taken
      1  nothing was
      2  the command was not understood
      3  some of it was not: files, or rows of a file
    """
    if undo is not None and (files or dry_run):
        raise click.UsageError("--undo takes an import back and reads no file; leave FILE away.")
    with database():
        check_schema()
        learner = learner_actions.local_learner(local_zone(), clock.now())
        if undo is not None:
            _undo(learner, undo, yes)
            return
        if not files:
            _list(learner)
            return
        names = [name.strip() for name in columns.split(",")] if columns else []
        try:
            table = text_actions.asked(learner, notetype, separator, html, header_row, names)
            choices = import_actions.Choices(
                existing=update or "newer",
                all_theirs=wording == "file",
                set_aside=set_aside,
                under=deck,
                origin=origin,
                licence=licence,
            )
            choices.check()
        except Refusal as refused:
            raise click.UsageError(str(refused)) from None
        asked = _Asked(
            choices=choices,
            update=update,
            options={**table, **({"deck": deck} if deck else {})},
            progress=progress,
            dry_run=dry_run,
            ask=not (yes or as_json or dry_run) and _somebody_is_there(),
            as_json=as_json,
            backup=not without_backup,
        )
        outcomes = []
        for file in files:
            outcome = _bring(learner, file, asked)
            outcomes.append(outcome)
            # One is enough: what other files did meanwhile each can be undone.
            if outcome["state"] == "done":
                asked.backup = False
    if as_json:
        click.echo(json.dumps(outcomes, ensure_ascii=False, indent=1))
    sys.exit(_code(outcomes))


@dataclass
class _Asked:
    """What was asked for all files of a command.

    update     what of Choices.existing was asked for, None where nobody said
    options    for the reading, see actions/imports look
    progress   None where nobody said
    ask        whether somebody is there to be asked
    """

    choices: import_actions.Choices
    update: str | None
    options: Mapping[str, Any]
    progress: bool | None
    dry_run: bool
    ask: bool
    as_json: bool
    backup: bool


def _bring(learner: Learner, file: Path, asked: _Asked) -> dict[str, Any]:
    """Bring one file in as an import of its own; what came of it, for people and as JSON.

    state   "done", "looked" at only, "left" because somebody said no, or "refused"
    """
    outcome: dict[str, Any] = {"file": str(file), "import": None, "state": "refused", "said": ""}
    try:
        if asked.dry_run:
            _look(learner, file, asked, outcome)
        else:
            _import(learner, file, asked, outcome)
    except Refusal as refused:
        outcome["said"] = str(refused)
        if not asked.as_json:
            click.echo(f"{file}: {refused}", err=True)
    return outcome


def _look(learner: Learner, file: Path, asked: _Asked, outcome: dict[str, Any]) -> None:
    with TemporaryDirectory(prefix="quizapp-") as folder:
        upload = Path(folder) / "upload"
        _fetch(file, upload)
        with progress_bars() as show:
            head = import_actions.look(
                learner, _title(file), upload, Path(folder), asked.options,
                lambda done, total: show("Reading", done, total),
            )  # fmt: skip
    _tell(file, head, asked, outcome)
    if not _nothing(head):
        outcome["state"] = "looked"


def _import(learner: Learner, file: Path, asked: _Asked, outcome: dict[str, Any]) -> None:
    config, now = configured(), clock.now()
    folder = token_hex(16)
    with import_actions.place(config.imports, folder) as upload:
        _fetch(file, upload)
        batch = import_actions.receive(learner, _title(file), folder, now)
    try:
        with progress_bars() as show:
            import_actions.read(
                learner, batch, config.imports, asked.options,
                lambda done, total: show("Reading", done, total),
            )  # fmt: skip
        found = imports.find(learner.id, batch)
        assert found is not None
        head = found.head or {}
        _tell(file, head, asked, outcome)
        if _nothing(head):
            raise Refusal("Nothing of this file can be taken, so nothing was imported.")
        choices = _decided(head, asked)
        if asked.ask and not click.confirm("Import this?", err=True):
            outcome |= {"state": "left", "said": "Nothing was imported."}
            return
        if asked.backup:
            _back_up(learner, asked)
        counts = head["comparison"]["counts"]
        total = sum(counts[kind] for kind in ("new", "changed", "older", "same", "conflicts"))
        with progress_bars() as show:
            result = import_actions.commit(
                learner, batch, config.imports, config.media, choices, clock.now(),
                lambda done, _: show("Importing", done, total),
            )  # fmt: skip
    finally:
        # Whatever ended it before it was done: nobody will go on with it.
        with suppress(Refusal):
            import_actions.give_up(learner, batch, config.imports)
    outcome |= {"state": "done", "import": batch, "result": dict(result)}
    if not asked.as_json:
        _say_done(file, batch, result)


def _say_done(file: Path, batch: int, result: Mapping[str, int]) -> None:
    words = ("added", "updated", "kept", "same", "set_aside", "refused")
    said = ", ".join(f"{result[word]:,} {word.replace('_', ' ')}" for word in words if result[word])
    click.echo(f"Imported {_title(file)}: {said}.")
    if result["apart"]:
        click.echo(f"  {plural(result['apart'], 'answer')} of cards studied here stayed out.")
    click.echo(f"To take it back: flask --app wsgi import --undo {batch}")


def _back_up(learner: Learner, asked: _Asked) -> None:
    now = clock.now()
    day = learner.calendar.date(learner.today(now))
    try:
        with progress_bars() as show:
            made = backup_actions.before(Reason.IMPORT, configured().shelf, now, day, show)
    except Refusal as refused:
        raise Refusal(
            f"Before an import a backup is made. That failed, so nothing was imported. {refused}"
            " To go on without one: --without-backup"
        ) from refused
    if not asked.as_json:
        click.echo(f"Backed up what was there before: {made.name}")


def _fetch(file: Path, upload: Path) -> None:
    """Have a file, or the decks of a folder as a zip, where it is read."""
    try:
        if file == _STREAM:
            with upload.open("wb") as target:
                _copied(sys.stdin.buffer, target)
        elif file.is_dir():
            decks = [path for path in sorted(file.rglob("*")) if _is_deck(path, file)]
            if not decks:
                raise Refusal(
                    "There is no Markdown file (.md) in this folder. Name the files of another"
                    " kind one by one."
                )
            with zipfile.ZipFile(upload, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in decks:
                    with (
                        path.open("rb") as source,
                        archive.open(path.relative_to(file).as_posix(), "w") as target,
                    ):
                        _copied(source, target)
                    if upload.stat().st_size > MAX_UPLOAD:
                        raise Refusal(_TOO_LARGE)
        elif file.is_file() or file.is_fifo():
            with file.open("rb") as source, upload.open("wb") as target:
                _copied(source, target)
        elif file.exists():
            raise Refusal("This is no file but a device, so it was not read. Name a file.")
        else:
            raise Refusal("There is no such file. See how it is written, and where it lies.")
    except (OSError, shutil.Error) as error:
        full = files.excuse(error) if isinstance(error, OSError) else None
        if isinstance(full, Full):
            raise full from error
        reason = getattr(error, "strerror", None) or error
        raise Refusal(f"This file cannot be read ({reason}). See who may read it.") from error


def _copied(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy no more than is taken on the web: what comes may never end."""
    left = MAX_UPLOAD
    while chunk := source.read(1 << 20):
        left -= len(chunk)
        if left < 0:
            raise Refusal(_TOO_LARGE)
        target.write(chunk)


def _is_deck(path: Path, below: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(below).parts)
    return path.suffix.lower() in (".md", ".markdown") and path.is_file() and not hidden


def _title(file: Path) -> str:
    """What the import is called: the file's name."""
    if file == _STREAM or file.is_fifo():
        return "Piped in"
    name = "".join(c for c in file.resolve().name if c.isprintable())[:120]
    return name or "A file"


def _tell(file: Path, head: Mapping[str, Any], asked: _Asked, outcome: dict[str, Any]) -> None:
    """Say what the file is and what importing it would do."""
    comparison = head["comparison"]
    counts, lists = comparison["counts"], comparison["lists"]
    table = asked.options.get("text")
    remarks = list(head["remarks"])
    if table and "text" not in head:
        remarks.append("This file is no table, so what you said about tables means nothing here.")
    outcome |= {
        "source": head["source"],
        "counts": counts,
        "lists": lists,
        "media": head["media"],
        "remarks": remarks,
    }
    if asked.as_json:
        return
    click.echo(_title(file))
    for kind, name, meaning in _KINDS:
        if not counts[kind] and kind not in ("new", "same"):
            continue
        detail = plural(counts["cards"], "card") if kind == "new" and counts["cards"] else meaning
        click.echo(f"  {name:<13}{counts[kind]:>8,}  {detail}".rstrip())
    for kind in ("conflicts", "changed", "refused"):
        shown = lists[kind][:SHOWN]
        for entry in shown:
            click.echo(f"  {_printed(_line(kind, entry))}")
        if counts[kind] > len(shown):
            click.echo(f"  … and {counts[kind] - len(shown):,} more {dict(_NAMES)[kind]}")
    for remark in remarks:
        click.echo(f"  {_printed(remark)}")


_NAMES = {kind: name for kind, name, _ in _KINDS}


def _line(kind: str, entry: Mapping[str, Any]) -> str:
    if kind == "refused":
        return f"refused, {entry['where']}: {entry['reason']}"
    fields = ", ".join(field["name"] for field in entry["fields"])
    where = f" ({entry['where']})" if entry["where"] else ""
    label = entry["label"][:LONGEST]
    return f"{_NAMES[kind]}: {label}{where}" + (f": {fields}" if fields else "")


def _printed(text: str) -> str:
    """Text of others for a terminal, which would take some characters for commands."""
    return "".join(c if c.isprintable() else " " for c in text)


def _nothing(head: Mapping[str, Any]) -> bool:
    """Whether a file holds nothing that can be taken, only rows that are refused."""
    counts = head["comparison"]["counts"]
    kinds = ("new", "changed", "older", "same", "conflicts")
    return bool(counts["refused"]) and not any(counts[kind] for kind in kinds)


def _decided(head: Mapping[str, Any], asked: _Asked) -> import_actions.Choices:
    """The choices for one file: whether what was learned is one's own, and the deck."""
    counts = head["comparison"]["counts"]
    progress, answers = asked.progress, counts["fresh"]
    if counts["reviews"] and not answers:
        progress = False
    if progress is None:
        # Nobody else's collection comes as a whole.
        progress = head["progress"] and head["source"] in ("colpkg", "jsonl")
        if head["progress"] and not progress:
            if asked.ask:
                progress = click.confirm(
                    f"These cards were studied before ({plural(answers, 'answer')})."
                    " Was that you, and shall it come along?",
                    err=True,
                )
            else:
                click.echo(
                    "What was learned of these cards stays behind; --progress brings it along.",
                    err=True,
                )
    return import_actions.Choices.of(
        {
            **vars(asked.choices),
            "existing": asked.update or text_actions.policy(head),
            "progress": bool(progress),
            "under": head["under"],
        }
    )


def _undo(learner: Learner, batch: int, yes: bool) -> None:
    found = imports.find(learner.id, batch)
    if found is None:
        raise Refusal(f"There is no import {batch}. See which there are: flask --app wsgi import")
    if found.state == "done" and found.done is not None:
        answers = imports.answers_since(learner.id, found.id, found.done)
        if answers:
            click.echo(f"{plural(answers, 'answer')} given since to its cards would be gone.")
        if not yes and _somebody_is_there() and not click.confirm(f"Undo {found.title}?", err=True):
            sys.exit(1)
    with progress_bars() as show:
        import_actions.undo(learner, batch, lambda done, total: show("Undoing", done, total))
    click.echo(f"Undone: {found.title}. All is as it was before it.")


def _list(learner: Learner) -> None:
    found = imports.recent(learner.id)
    for row in found:
        moment = row.made.astimezone().strftime("%Y-%m-%d %H:%M")
        added = f", {plural(row.result['added'], 'new note')}" if row.result else ""
        click.echo(
            f"{row.id:>6}  {moment}  {row.title}:"
            f" {'reading stopped' if row.halted else _STATES.get(row.state, row.state)}{added}"
        )
    if any(row.state == "done" for row in found):
        click.echo("\nTo take one back: flask --app wsgi import --undo ID")
    if not found:
        click.echo("Nothing was imported yet. Name a file: flask --app wsgi import FILE")


def _code(outcomes: Sequence[Mapping[str, Any]]) -> int:
    """The exit code, see the command."""
    taken = [outcome for outcome in outcomes if outcome["state"] in ("done", "looked")]
    if not taken:
        return 1
    whole = len(taken) == len(outcomes) and not any(o["counts"]["refused"] for o in taken)
    return 0 if whole else PARTLY


def _somebody_is_there() -> bool:
    return sys.stdin.isatty()
