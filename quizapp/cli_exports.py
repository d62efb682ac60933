"""The command that takes decks away: flask --app wsgi export."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import Flask

from quizapp import clock
from quizapp.actions import exports as export_actions
from quizapp.actions import learners as learner_actions
from quizapp.cli import check_schema, configured, database, progress_bars
from quizapp.domain.learners import Learner
from quizapp.storage import exports, files
from quizapp.storage.database import Full
from quizapp.views.words import local_zone, plural

# So many decks are named to one who names none.
_SHOWN = 20

_ENDINGS = {
    ".apkg": "apkg", ".csv": "csv", ".tsv": "tsv", ".txt": "tsv", ".md": "markdown",
    ".markdown": "markdown", ".zip": "everything", ".jsonl": "jsonl",
}  # fmt: skip
# A text may be called as one likes; what is packed has a name that says so.
_TEXTS = (".csv", ".tsv", ".txt", ".md", ".markdown", ".jsonl", "")


def init(app: Flask) -> None:
    """Make the command known."""
    app.cli.add_command(export)


@click.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option(
    "--as",
    "form",
    type=click.Choice(export_actions.FORMS),
    help="The format; without this, FILE's ending says it.",
)
@click.option(
    "--deck",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this deck and those below it; an exam or a family is named the same way.",
)
@click.option("--no-progress", is_flag=True, help="Leave due dates, memory and answers out.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export(
    file: str | None, form: str | None, names: tuple[str, ...], no_progress: bool, force: bool
) -> None:
    """Take decks away, all or some, with what you learned.

    Without FILE, all you have goes into a zip in this folder that any quizapp reads again.
    With - a text goes to the screen, or to the next program.

    \b
    The formats, and the endings of FILE that mean them:
      apkg         .apkg           for Anki, with media and the log of answers
      apkg-legacy                  for Anki before 2.1.50, and programs like it
      csv          .csv            for spreadsheets; formulas are made harmless
      tsv          .tsv .txt       for Anki's import of text
      markdown     .md             decks as one writes them; several go into a zip
      everything   .zip            all of it: notes, media, answers
      jsonl        .jsonl          the same as lines of JSON, without media

    \b
    Questions kept for mock exams are in markdown, everything and jsonl, with their answers,
    and in no other. Tables have no place for media and progress, Markdown none for progress.

    \b
    One deck to a colleague, without what you know of it:
      flask --app wsgi export --no-progress --deck "ISO 27001" iso.apkg
    How many notes there are of each kind:
      flask --app wsgi export --as jsonl - | jq -r '.note.kind // empty' | sort | uniq -c
    """
    if form is None:
        form = _form_of(file)
    with database():
        check_schema()
        learner = learner_actions.local_learner(local_zone(), clock.now())
        wanted = export_actions.Wanted(
            form, _decks_named(learner, names) if names else None, None, not no_progress
        )
        to_screen = file == "-"
        day = clock.now().date().isoformat()
        default = Path(export_actions.file_stem(form, names, day))
        target = Path(file) if file and not to_screen else None
        if target is not None:
            _refuse_taken(target, force)
        with _beside(target or default, to_screen) as folder:
            with progress_bars() as show:
                taken = export_actions.write(
                    learner, wanted, folder / default.name, configured().media, clock.now(),
                    lambda done, total: show("Writing", done, total),
                )  # fmt: skip
            made = taken.path
            if to_screen:
                if made.suffix not in _TEXTS:
                    raise click.ClickException(
                        "This export is no single text, so it cannot go to the screen."
                        f" Name a file: quizapp{made.suffix}"
                    )
                text = made.read_bytes()
            else:
                target = target or Path(made.name)
                _refuse_other_ending(target, made, form)
                _refuse_taken(target, force)
                made.replace(target)
    for remark in taken.remarks:
        click.echo(remark, err=True)
    if to_screen:
        sys.stdout.buffer.write(text)
    else:
        click.echo(f"Exported {plural(taken.notes, 'note')}: {target}")


def _form_of(file: str | None) -> str:
    if file is None:
        return "everything"
    if file == "-":
        raise click.UsageError("Say what is to be written to the screen: --as jsonl, for example.")
    ending = Path(file).suffix.lower()
    if ending not in _ENDINGS:
        raise click.UsageError(
            f"“{file}” does not end in {', '.join(_ENDINGS)}. Give it such an ending, or say the"
            " format with --as."
        )
    return _ENDINGS[ending]


def _decks_named(learner: Learner, names: Sequence[str]) -> tuple[int, ...]:
    """The decks of these names with all below them; a part of a name is enough, such as that
    of an exam or a family."""
    having = [(deck.full_name, deck.id) for deck in exports.decks(learner.id, None)]
    found: set[int] = set()
    for name in names:
        wanted = f"::{name.casefold()}::"
        placed = [(f"::{full.casefold()}::".find(wanted), id_) for full, id_ in having]
        # One that is called so from its beginning on is meant before others.
        ids = {id_ for place, id_ in placed if place == 0}
        ids = ids or {id_ for place, id_ in placed if place > 0}
        if not ids:
            said = _near(name, [full for full, _ in having])
            raise click.ClickException(f"There is no deck “{name}”. {said}")
        found |= ids
    return tuple(sorted(found))


def _near(name: str, having: Sequence[str]) -> str:
    """Names that may have been meant, else those there are."""
    parts = {part.casefold(): part for full in having for part in full.split("::")}
    near = get_close_matches(name.casefold(), parts, n=3, cutoff=0.6)
    begun = [part for part in parts if name.casefold() in part and part not in near]
    if meant := [f"“{parts[part]}”" for part in (*near, *begun[: 3 - len(near)])]:
        return f"Do you mean {' or '.join(meant)}?"
    return "There are: " + ", ".join(having[:_SHOWN]) + (" …" if len(having) > _SHOWN else "")


@contextmanager
def _beside(target: Path, to_screen: bool) -> Iterator[Path]:
    """A folder for a draft on the disk where the file is to be."""
    where = None if to_screen else target.absolute().parent
    try:
        with TemporaryDirectory(prefix=".quizapp-", dir=where) as folder:
            yield Path(folder)
    except OSError as error:
        full = files.excuse(error)
        if isinstance(full, Full):
            raise click.ClickException(str(full)) from None
        raise click.ClickException(
            f"{target} cannot be written ({error.strerror or error}). Name a file in a folder"
            " that exists and belongs to you."
        ) from None


def _refuse_taken(target: Path, force: bool) -> None:
    if target.is_dir():
        raise click.ClickException(f"{target} is a folder. Name a file in it.")
    if os.path.lexists(target) and not force:
        raise click.ClickException(
            f"{target} is there already, and stays. Name another file, or write over it: --force"
        )


def _refuse_other_ending(target: Path, made: Path, form: str) -> None:
    """What is packed must be called so, or nobody can open it."""
    ending = target.suffix.lower()
    if ending == made.suffix or (ending in _TEXTS and made.suffix in _TEXTS):
        return
    if made.suffix == ".zip":
        raise click.ClickException(
            "This export became several texts, which go into one zip."
            f" Name it so, and say the format: --as {form} {target.with_suffix('.zip')}"
        )
    raise click.ClickException(
        f"This export is no {ending or 'such'} file. Name it so: {target.with_suffix(made.suffix)}"
    )
