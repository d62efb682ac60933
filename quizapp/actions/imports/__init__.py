"""Bringing decks in: read a file, say what it would do, do it, and take it back.

A file passes three stations. *read* has a child process turn it into a package
(formats/package.py), written down as lines beside it, and compares that with what is
stored. *commit* lays it down in one transaction: all of it, or nothing. *undo* takes the
whole import back. Everything an import needs lies in its folder, so that a server may
stop between any two of these.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quizapp.actions.imports.choices import Choices
from quizapp.actions.imports.comparing import Comparison, compare
from quizapp.actions.imports.laying import lay, prepared
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.domain.notetypes import NoteType
from quizapp.formats import contents, jsonl
from quizapp.formats.media_names import named_in_fields
from quizapp.formats.package import Package, bytes_of
from quizapp.formats.readers import TAKEN
from quizapp.formats.reading import LISTED, PACKAGE, NoRoom, read_apart
from quizapp.storage import batch_changes, imports, jobs, later_imports, media_files
from quizapp.storage.database import transaction
from quizapp.storage.imports import BatchRow
from quizapp.storage.later_imports import Later

__all__ = [
    "KEPT", "Choices", "Comparison", "UnderWay", "begun", "check_undo", "commit", "drop",
    "drop_all", "expire", "give_up", "look", "place", "read", "receive", "rests_on", "sweep",
    "undo",
]  # fmt: skip

Report = Callable[[int, int], None]
Finish = Callable[[Mapping[str, Any]], None]

# So long a file waits to be imported.
KEPT = timedelta(days=14)
# Files of which the preview's samples may show some.
_NAMED = 2_000

_UNDONE = ("reading", "ready", "failed")
# As after going back to a backup, which holds no files that wait.
_FILE_GONE = "The file of this import is not here any more. Choose it again."
_NOT_IN_EFFECT = "This import is not in effect, so there is nothing to undo."
_GONE_ON = "This import was done already, or it was put away. Look at it again."


@contextmanager
def place(root: Path, folder: str) -> Iterator[Path]:
    """Where a file that comes in is put, until it is received; an error leaves nothing there."""
    home = root / folder
    with media_files.arriving(root):
        home.mkdir(parents=True)
        try:
            yield home / "upload"
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise


def receive(learner: Learner, title: str, folder: str, now: datetime) -> int:
    """Note down that a file came in and lies in a folder; return the import's number."""
    with transaction():
        return imports.begin(learner.id, title, folder, now)


class UnderWay(Stale):
    """Other work on an import waits or runs; ``job`` is its number."""

    def __init__(self, job: int | None) -> None:
        super().__init__("This import is being worked on just now. See how far that is.")
        self.job = job


def begun(learner: Learner, batch_id: int, job: int) -> None:
    """Remember which work on an import was begun last; raises UnderWay for a second one."""
    with transaction():
        before = _batch(learner, batch_id).job
        if before in jobs.under_way(learner.id) or not imports.give_work(batch_id, before, job):
            raise UnderWay(_batch(learner, batch_id).job)


def read(
    learner: Learner,
    batch_id: int,
    root: Path,
    options: Mapping[str, Any],
    report: Report,
    finish: Finish = lambda result: None,
) -> None:
    """Have a child process read the file, and compare what it holds with what is stored.

    ``root`` holds the folders of imports; for ``options`` see ``look``. Raises Refusal where
    nothing can be made of it, and the import says why; one that was read before stays as that
    reading left it. Raises Stale where it was done or put away.
    """
    batch = _batch(learner, batch_id)
    if batch.state not in _UNDONE:
        raise Stale(_GONE_ON)
    folder = root / batch.folder
    try:
        head = look(learner, batch.title, folder / "upload", folder, options, report)
    except Refusal as refused:
        if isinstance(refused, NoRoom):
            # The file itself may be what fills the disk.
            shutil.rmtree(folder, ignore_errors=True)
        with transaction():
            imports.move(batch_id, ("reading", "failed"), "failed", said=str(refused))
        raise
    with transaction():
        if not imports.move(batch_id, _UNDONE, "ready", head=head, said=""):
            raise Stale(_GONE_ON)
        finish({"address": f"/imports/{batch_id}"})


def look(
    learner: Learner,
    title: str,
    path: Path,
    folder: Path,
    options: Mapping[str, Any],
    report: Report,
) -> dict[str, Any]:
    """What a file says of itself and what importing it would do; nothing is stored.

    What is read of it is written into ``folder``. ``options`` are what the reader of the
    file's format takes, and "deck": the deck for everything, or for the decks that the file
    names; Choices.under has to be the answer's "under" then. Raises Refusal.
    """
    if not path.is_file():
        raise Missing(_FILE_GONE)
    own = [type_ for _, type_ in imports.notetypes(learner.id).values()]
    wanted = {"known": [asdict(type_) for type_ in own], **options}
    under = str(options.get("deck", ""))
    package = read_apart(path, folder, name=title, options=wanted, progress=report)
    told = _taken(folder, package, own)
    if under and _names_no_deck(told):
        # Its deck would be called like the file: not what somebody who names one wants.
        wanted["text"] = {**options.get("text", {}), "deck": under}
        package = read_apart(path, folder, name=title, options=wanted, progress=report)
        told, under = _taken(folder, package, own), ""
    with contents.opened(package, folder / PACKAGE, folder / LISTED) as found:
        comparison = compare(learner, package, found, under)
    return _head(package) | {
        "options": dict(options),
        "under": under,
        "comparison": asdict(comparison),
        **told,
    }


def commit(
    learner: Learner,
    batch_id: int,
    root: Path,
    media_root: Path,
    choices: Choices,
    now: datetime,
    report: Report,
    finish: Finish = lambda result: None,
) -> Mapping[str, int]:
    """Lay an import down, all of it or nothing; return the counts.

    Files of media are put in place first: what no row names is swept later, so a server
    that stops in between leaves nothing that counts. ``finish`` is called inside the
    transaction with where the result is shown.

    Raises Stale where the import is not ready (any more), Refusal for choices that are none.
    """
    batch = _batch(learner, batch_id)
    choices.check()
    folder = root / batch.folder
    if batch.state != "ready":
        raise Stale(_GONE_ON)
    if not all((folder / name).is_file() for name in (PACKAGE, LISTED)):
        raise Missing(_FILE_GONE)
    package = jsonl.heads(folder / PACKAGE)
    under = str((batch.head or {}).get("under", ""))
    new: dict[str, Path] = {}
    try:
        with media_files.arriving(media_root):
            _place_media(package, media_root, new)
            with (
                contents.opened(package, folder / PACKAGE, folder / LISTED) as found,
                prepared(
                    learner, batch_id, package, found, choices, now, report, folder, under
                ) as waiting,
                transaction(),
            ):
                done = _after(imports.last_done(learner.id), now)
                chosen = asdict(choices)
                if not imports.move(batch_id, ["ready"], "done", done=done, choices=chosen):
                    raise Stale(_GONE_ON)
                counts = lay(waiting)
                imports.change(batch_id, result={**counts, "decks": imports.decks_with(batch_id)})
                finish({"address": f"/imports/{batch_id}"})
    except BaseException:
        _take_away(media_root, new)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return counts


def check_undo(learner: Learner, batch_id: int) -> None:
    """Say why an import cannot be taken back.

    Raises Missing, Stale where it is not in effect, or Refusal where a later import rests
    on it.
    """
    if _batch(learner, batch_id).state != "done":
        raise Stale(_NOT_IN_EFFECT)
    later = rests_on(learner, batch_id)
    if later is not None:
        raise Refusal(
            f"“{later.title}” came later and changed what this import brought or changed."
            " Undo that one first, then this."
        )


def rests_on(learner: Learner, batch_id: int) -> Later | None:
    """The newest import in effect that rests on one, and has to be undone before it."""
    found = later_imports.resting(batch_id, later_imports.later(learner.id, batch_id))
    return found[-1] if found else None


def undo(
    learner: Learner,
    batch_id: int,
    report: Report = lambda done, total: None,
    finish: Finish = lambda result: None,
) -> None:
    """Take a whole import back: what it added goes, what it changed is as it was.

    What later imports use of it stays, and goes with them. ``finish`` is called inside the
    transaction with where that is said. Raises what ``check_undo`` does.
    """
    with transaction():
        check_undo(learner, batch_id)
        # Whoever asks a second time meanwhile waits here, and is late.
        if not imports.move(batch_id, ["done"], "undone"):
            raise Stale(_NOT_IN_EFFECT)
        among = later_imports.later(learner.id, batch_id)
        batch_changes.take_back(learner.id, batch_id, report, among, _shown(batch_id, among))
        finish({"address": f"/imports/{batch_id}"})


def drop(learner: Learner, batch_id: int, root: Path) -> None:
    """Put an import away before it was done; its file is deleted.

    Raises Missing, UnderWay where it is just being done, or Stale where it was.
    """
    with transaction():
        batch = _batch(learner, batch_id)
        if jobs.under_way(learner.id).get(batch.job or 0) == "import":
            raise UnderWay(batch.job)
        if not imports.move(batch_id, _UNDONE, "dropped", head=None):
            raise Stale(_GONE_ON)
    shutil.rmtree(root / batch.folder, ignore_errors=True)


def give_up(learner: Learner, batch_id: int, root: Path) -> None:
    """Delete the file of an import with which nobody will go on.

    One that could not be read stays as such. Raises what ``drop`` does.
    """
    batch = _batch(learner, batch_id)
    if batch.state == "failed":
        shutil.rmtree(root / batch.folder, ignore_errors=True)
    else:
        drop(learner, batch_id, root)


def drop_all(learner: Learner, root: Path) -> None:
    """Put away all imports that were never done, but for those that are worked on just now."""
    with transaction():
        folders = [
            batch.folder
            for batch in imports.never_done(learner.id)
            if imports.move(batch.id, _UNDONE, "dropped", head=None)
        ]
    for folder in folders:
        shutil.rmtree(root / folder, ignore_errors=True)


def expire(root: Path, now: datetime) -> int:
    """Delete what was brought in so long ago and never imported, rows and files; count it."""
    with transaction():
        folders = imports.forget_never_done(now - KEPT)
    for folder in folders:
        shutil.rmtree(root / folder, ignore_errors=True)
    return len(folders)


def sweep(root: Path, media_root: Path) -> int:
    """Delete folders of no open import and media files that no row names; count them.

    For the start of a server: what a process left behind that was killed. Where another
    process is just putting files there, they are left for the next time.
    """
    count = 0
    with media_files.settled(root) as settled:
        kept = {batch.folder for batch in imports.unfinished()}
        for path in list(root.iterdir()) if settled and root.is_dir() else ():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
                count += 1
    with media_files.settled(media_root) as settled:
        # A database into which nothing ever came is new, or not the one these files belong to.
        if settled and imports.any_begun():
            used = imports.digests_in_use()
            for path in list(media_root.glob("??/*")):
                if path.name not in used:
                    path.unlink(missing_ok=True)
                    count += 1
    return count


def _after(last: datetime | None, now: datetime) -> datetime:
    """When an import is done: after all before it, even where the clock was put back."""
    return now if last is None else max(now, last + timedelta(milliseconds=1))


def _shown(batch_id: int, among: Sequence[Later]) -> dict[str, int]:
    """The files of an import that later ones show, with the first of those."""
    missing = set(later_imports.files(batch_id)) if among else set()
    shown: dict[str, int] = {}
    if not missing:
        return shown
    for heir, text in later_imports.designs(among):
        shown |= {name: heir for name in missing - shown.keys() if name in text}
    for heir, fields in later_imports.texts(among):
        shown |= dict.fromkeys((named_in_fields(fields) & missing) - shown.keys(), heir)
    return shown


def _batch(learner: Learner, batch_id: int) -> BatchRow:
    batch = imports.find(learner.id, batch_id)
    if batch is None:
        raise Missing("There is no such import. Choose one from the list of imports.")
    return batch


def _head(package: Package) -> dict[str, Any]:
    """What the file says of itself; after its notes were read."""
    return {
        "source": package.source,
        "decks": [deck.name for deck in package.decks],
        "notetypes": [type_.name for type_ in package.notetypes],
        "media": len(package.media),
        "media_names": {medium.name: medium.digest for medium in package.media[:_NAMED]},
        "media_size": sum(medium.size for medium in package.media),
        "progress": package.progress,
        "dated": package.dated,
        "remarks": list(package.remarks),
    }


def _taken(folder: Path, package: Package, own: Sequence[NoteType]) -> dict[str, Any]:
    """How a table or pasted text was read, and the note types it can go to besides those of
    everybody, for the form that changes it."""
    try:
        told = json.loads((folder / TAKEN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    types = {type_.key: type_ for type_ in (*own, *package.notetypes) if type_.kind != "occlusion"}
    named = [asdict(replace(type_, css="", extra={})) for type_ in types.values()]
    return {("paste" if "paste" in told else "text"): told | {"types": named}}


def _names_no_deck(told: Mapping[str, Any]) -> bool:
    """Whether a file is a table that says nowhere what deck its rows belong to."""
    table = told.get("text")
    if table is None:
        return False
    return not table["head"]["deck"] and "#deck" not in table["options"]["columns"]


def _take_away(media_root: Path, new: Mapping[str, Path]) -> None:
    """Delete files that were put there for an import that was not done.

    What another import may want, or is not known, is left to ``sweep``.
    """
    with suppress(Refusal, OSError), media_files.settled(media_root) as settled:
        if settled:
            media_files.delete(media_root, new.keys() - imports.digests_in_use())


def _place_media(package: Package, media_root: Path, new: dict[str, Path]) -> None:
    """Put the package's files where the app keeps them, under their digests.

    Those that were not there are noted in ``new`` before they come.

    They are copied and not moved, so that the import can begin anew from its folder.
    """
    there = []
    for medium in package.media:
        source = bytes_of(package, medium)
        # JSON lines name files that only the whole export carries.
        if not media_files.renewed(media_root, medium.digest):
            if source is None:
                continue
            new[medium.digest] = source
        there.append(medium)
    media_files.put_all(media_root, new)
    package.media = there
