"""Backups: made by themselves and on request, carried away, restored; and what is damaged."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from quizapp.domain.backups import Reason, Shelf
from quizapp.domain.errors import Refusal
from quizapp.storage import backups, checks, media_files
from quizapp.storage.backups import Backup, Restored
from quizapp.storage.checks import Finding
from quizapp.storage.copies import Progress, silent
from quizapp.storage.database import transaction


def daily(shelf: Shelf, now: datetime, day: date) -> str | None:
    """Make the backup of a day unless it was made; say why where it cannot be made."""
    try:
        if not backups.has_day(shelf, day):
            backups.make(shelf, Reason.DAY, now, day)
    except Refusal as refused:
        return str(refused)
    return None


def before(
    reason: Reason, shelf: Shelf, now: datetime, day: date, progress: Progress = silent
) -> Backup:
    """Make a backup because something is about to be done; call it outside a transaction.

    Raises Refusal where none can be made; then better do nothing.
    """
    return backups.make(shelf, reason, now, day, progress)


def export(
    shelf: Shelf,
    file: Path,
    now: datetime,
    day: date,
    progress: Progress = silent,
    force: bool = False,
) -> Backup:
    """Write a backup to carry away: one zip with the media files inside.

    See storage/backups.py for what it may write over.
    """
    return backups.export(shelf, file, now, day, progress, force)


def bring(shelf: Shelf, root: Path, name: str, save: Callable[[Path], object], day: date) -> Backup:
    """Put a backup that is sent here on the shelf; restoring it is another step.

    ``save`` writes it into a file below ``root``, which is gone afterwards. See
    storage/backups.py for what is verified and raised.
    """
    # Whatever a killed process leaves there is swept as what is left of imports.
    with media_files.arriving(root):
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root) as folder:
            save(Path(folder) / name)
            return backups.bring(shelf, Path(folder) / name, day)


def restore(
    shelf: Shelf,
    source: str | Path,
    now: datetime,
    day: date,
    progress: Progress = silent,
    with_media: bool = True,
    offline: bool = False,
) -> Restored:
    """Put a backup, by name or as a file, in the place of everything that is there now.

    The present state becomes a backup first, so that this can be undone; see
    storage/backups.py for what is verified and promised.
    """
    return backups.restore(shelf, source, now, day, progress, with_media, offline)


def check(shelf: Shelf, now: datetime, progress: Progress = silent) -> list[Finding]:
    """Everything that should not be as it is, in the database and among the media files."""
    found, all_checks = [], checks.checks(shelf, now)
    for number, one in enumerate(all_checks):
        progress("Checking", number, len(all_checks))
        finding = checks.look(one)
        if finding is not None:
            found.append(finding)
            if finding.rule == "whole":
                break  # what a damaged file says about the rest means nothing
    progress("Checking", len(all_checks), len(all_checks))
    return found


def mend(shelf: Shelf, now: datetime, found: Sequence[Finding]) -> None:
    """Put right what can be; all of it or nothing.

    Stabilities and difficulties are guesses afterwards; rebuilding them from the log is
    up to the caller.
    """
    rules = {finding.rule for finding in found if finding.mendable}
    with transaction():
        for one in checks.checks(shelf, now):
            # One damage hides another: a memory of a card that was just deleted is gone too.
            if one.mend is not None and (one.rule in rules or checks.look(one)):
                one.mend()
