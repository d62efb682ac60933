"""Backups: one zip each with the database, and the media files that all of them share.

``<folder>/NAME.zip`` holds ``quizapp.db`` (SQLite, whatever engine it came from),
``media.json`` (hash and size of each media file) and ``manifest.json`` (hashes, counts,
schema, date, reason). The media files lie once for all in ``<folder>/media``; a zip that
is carried away has them inside as ``media/HASH``.
"""

import errno
import hashlib
import json
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from peewee import PeeweeException, SqliteDatabase

from quizapp.domain.backups import Dated, Reason, Shelf, superfluous
from quizapp.domain.errors import Missing, Refusal
from quizapp.storage import copies, media_files, schema
from quizapp.storage.copies import Progress, Take, silent
from quizapp.storage.database import Damaged, Full, connection, proxy
from quizapp.storage.files import alone, written
from quizapp.storage.models import Card, Deck, Review

_FORMAT = 1
_DATABASE, _MEDIA_LIST, _MANIFEST = "quizapp.db", "media.json", "manifest.json"
_ENTRY = re.compile(r"quizapp\.db|media\.json|manifest\.json|media/[0-9a-f]{64}")
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-([a-z]+)-[0-9a-f]{8}")
_CHUNK = 1 << 20
_MOST_LIST = 64 << 20  # bytes of a list of media files; half a million of them
_MOST_MANIFEST = 1 << 20
# Fast, and a text database still becomes a fourth of its size.
_LEVEL = 1
_BROKEN = (
    BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError, AttributeError,
    OverflowError, RuntimeError,
    sqlite3.Error, PeeweeException,
)  # fmt: skip

_NOT_ONE = "{} is not a backup of quizapp, or it is damaged. Nothing was changed. Choose another."
_CHANGED = (
    "{} is damaged: what is in it is not what was put in. Nothing was changed. Choose another."
)
_MISSING = "There is no such backup. It may have been thinned out; choose one from the list."
_FULL = "The disk is full, so nothing was done. Make room and try again."
_UNUSABLE = (
    "The folder of backups cannot be used ({}), so nothing was done. Make it a folder that"
    " belongs to you, or name another one in QUIZAPP_BACKUPS."
)
_NO_MEDIA = (
    "{} of the backup's {} media files are missing or damaged, so nothing was changed. Choose"
    " another backup, or restore without media: flask --app wsgi restore --without-media NAME"
)


_UNWRITABLE = (
    "The file cannot be written ({}), so no backup was made. Name a file in a folder that"
    " exists and belongs to you."
)
_NO_FILE = "{} is no file, so no backup was made. Name a file, such as /media/stick/quizapp.zip"
_LIVE = "{} is the database itself, so no backup was made. Name another file."
_TAKEN = (
    "{} is there already and is no backup, so it stays and no backup was made."
    " Name another file, or write over it: --force"
)
_PAST = "This was not done yet when the backup was made, so nothing of it is here."
_OLD = (
    "The database is older than this program, so nothing was restored. Bring it up to date"
    " first: flask --app wsgi migrate"
)


class Unreadable(Refusal):
    """A file is no backup, or not whole any more."""


@dataclass(frozen=True)
class Backup:
    """What is known of a backup.

    size       bytes of the zip; media files come on top
    counts     rows by table
    migrations the schema, oldest migration first
    media      how many media files belong to it, and their bytes
    left_out   media files that were damaged already when the backup was made
    brought    the date it was carried here, where it was made elsewhere or long ago
    """

    name: str
    at: datetime
    day: date
    reason: Reason
    size: int
    counts: Mapping[str, int]
    migrations: tuple[str, ...]
    digest: str
    database_size: int
    media: int = 0
    media_size: int = 0
    media_digest: str = ""
    left_out: int = 0
    brought: date | None = None

    @property
    def dated(self) -> Dated:
        if self.brought is None:
            return Dated(self.name, self.at, self.day, self.reason)
        # It stays as long as one that was made on that day, or it would go at once.
        noon = datetime.combine(self.brought, time(12), UTC)
        return Dated(self.name, max(self.at, noon), self.brought, self.reason)


@dataclass(frozen=True)
class Present:
    """What is there now: rows, and the answers given since some moment."""

    counts: Mapping[str, int]
    answers_since: int


@dataclass(frozen=True)
class Restored:
    """What was restored, the backup that takes it back, and the migrations it needed.

    aside  where a database lies that was too damaged for a backup
    """

    backup: Backup
    undo: str | None
    migrated: Sequence[str]
    aside: Path | None = None


@dataclass(frozen=True)
class Failure:
    """Why the last backup was not made."""

    at: datetime
    sentence: str


def make(
    shelf: Shelf, reason: Reason, at: datetime, day: date, progress: Progress = silent
) -> Backup:
    """Put a backup of the present state on the shelf, then thin the shelf out.

    ``day`` is the date it counts for. Not to be called within a transaction.

    Raises Damaged, Unavailable, Full or Refusal where none can be made; nothing is thinned
    then, and the reason stays on the shelf.
    """
    try:
        with _working(shelf) as work:
            made = _make(shelf, reason, at, day, work, progress)
            _thin(shelf, at, {made.name})
            return made
    except Refusal as refused:
        _note_failure(shelf, Failure(at, str(refused)))
        raise


def export(
    shelf: Shelf,
    file: Path,
    at: datetime,
    day: date,
    progress: Progress = silent,
    force: bool = False,
) -> Backup:
    """Write a backup that can be carried away: database and media files in one zip.

    It takes the place of an older backup, or with ``force`` of any file but the database.
    Raises Refusal where the file cannot be written; one that was there before stays then.
    """
    file = file.resolve()  # a link stays one
    _refuse_taken(file, force)
    with _working(shelf) as work, _sayable(_UNWRITABLE):
        copies.take(work / _DATABASE, progress)
        held = media_files.sizes(shelf.media)
        whole = {d: s for d, s in held.items() if media_files.is_whole(shelf.media, d)}
        with written(file) as target, ZipFile(target, "w", ZIP_DEFLATED, True, _LEVEL) as pack:
            _add_media(pack, shelf.media, whole, progress)
            left_out = len(held) - len(whole)
            manifest = _pack(pack, work / _DATABASE, whole, Reason.ASKED, at, day, progress)
            _finish(pack, manifest | {"left_out": left_out})
        return _read(file)


def bring(shelf: Shelf, file: Path, day: date, progress: Progress = silent) -> Backup:
    """Put a backup that was carried here on the shelf; return it, or the same that is there.

    It is verified as for restoring. Raises Unreadable, schema.NewerSchema or Full; the shelf
    is as before then.
    """
    with _working(shelf) as work:
        with _opened(file) as pack:
            backup = _manifest(pack, file)
            schema.refuse_newer(backup.migrations)
            for there in listed(shelf)[0]:
                if (there.at, there.digest) == (backup.at, backup.digest):
                    return there
            _unpack_database(pack, backup, work / "new.db", file, progress)
            for digest, copy in _unpack_media(pack, backup, shelf, work, file, progress).items():
                media_files.put(_media(shelf), digest, copy)
            target = shelf.folder / f"{day}-{Reason.BROUGHT}-{token_hex(4)}.zip"
            with (
                written(target) as draft,
                ZipFile(draft, "w", ZIP_DEFLATED, True, _LEVEL) as dense,
            ):
                _copy_entries(pack, dense, (_MEDIA_LIST, _DATABASE, _MANIFEST))
        _hold_media(shelf)
        return _read(target)


def _refuse_taken(file: Path, force: bool) -> None:
    """Refuse to write over what is no older backup."""
    if not file.exists() or file.is_dir():  # the system itself refuses folders
        return
    if not file.is_file():
        raise Refusal(_NO_FILE.format(file))
    live = copies.live_files()
    if any(file.samefile(path) for path in live if path.exists()):
        raise Refusal(_LIVE.format(file))
    if force:
        return
    try:
        _read(file)
    except (Refusal, OSError):
        raise Refusal(_TAKEN.format(file)) from None


def listed(shelf: Shelf) -> tuple[list[Backup], list[str]]:
    """The backups on the shelf, newest first, and the names of files that are none any more."""
    found, broken = [], []
    for path in _files(shelf):
        try:
            found.append(_read(path))
        except (Refusal, OSError):
            broken.append(path.stem)
    return sorted(found, key=lambda b: (b.at, b.name), reverse=True), sorted(broken)


def find(shelf: Shelf, name: str) -> Backup:
    """The backup of that name on the shelf.

    Raises Missing where there is none, Unreadable where it is none any more.
    """
    return _read(_place(shelf, name))


def present(since: datetime) -> Present:
    """What there is now that restoring would replace; of everybody who learns here."""
    tables = {"deck": Deck, "card": Card, "review": Review}
    counts = {name: table.select().count() for name, table in tables.items()}
    since_then = (Review.at >= since) & (Review.rating > 0)
    return Present(counts, Review.select().where(since_then).count())


def has_day(shelf: Shelf, day: date) -> bool:
    """Whether the backup of a day was made."""
    return any(path.name.startswith(f"{day}-{Reason.DAY}-") for path in _files(shelf))


def failure(shelf: Shelf) -> Failure | None:
    """Why the last backup was not made; None where it was."""
    try:
        noted = json.loads((shelf.folder / "failure.json").read_text(encoding="utf-8"))
        return Failure(datetime.fromisoformat(noted["at"]), str(noted["sentence"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def portable(shelf: Shelf, name: str) -> IO[bytes]:
    """A backup as one open file to carry away, media files included."""
    path = _place(shelf, name)
    with _opened(path) as pack:
        wanted = _media_list(pack, _manifest(pack, path), path)
    if not wanted:
        return path.open("rb")
    with _working(shelf) as work:
        whole = work / path.name
        shutil.copyfile(path, whole)
        held = media_files.sizes(_media(shelf)).keys()
        with ZipFile(whole, "a") as pack:
            _add_media(pack, _media(shelf), {d: wanted[d] for d in wanted if d in held}, silent)
        return whole.open("rb")  # it lives until it is closed


def restore(
    shelf: Shelf,
    source: str | Path,
    at: datetime,
    day: date,
    progress: Progress = silent,
    with_media: bool = True,
    offline: bool = False,
) -> Restored:
    """Put a backup, by its name on the shelf or as a file, in the place of the present state.

    Everything is verified before anything is touched. The present state is put on the
    shelf first, as it is at the last moment: no answer falls between. Safe while a server
    runs: others see the old state or the new one, and so does whoever comes after a crash.

    A database that is too damaged for that is set aside and replaced where ``offline``,
    that is, where no other thread of this process has it open.

    Raises Missing, Unreadable, schema.NewerSchema, Unavailable or Full; nothing has
    changed then.
    """
    path = source if isinstance(source, Path) else _place(shelf, source)
    with _working(shelf) as work:
        new = work / "new.db"
        with _opened(path) as pack:
            backup = _manifest(pack, path)
            schema.refuse_newer(backup.migrations)
            _unpack_database(pack, backup, new, path, progress)
            media = _unpack_media(pack, backup, shelf, work, path, progress) if with_media else {}
        with _readable(path):
            migrated = copies.modernise(new)
            copies.settle(new, _PAST)
        with media_files.arriving(shelf.media):
            for digest, file in media.items():
                media_files.put(shelf.media, digest, file)
            try:
                undo = _swap(shelf, new, at, day, work, progress)
            except Damaged:
                if not offline or not isinstance(proxy.obj, SqliteDatabase):
                    raise
                aside = shelf.folder / f"damaged-{day}-{token_hex(4)}"
                copies.replace_damaged(new, aside)
                return Restored(backup, None, migrated, aside)
        if undo is not None:
            _compress(_place(shelf, undo))
        _thin(shelf, at, {undo or "", path.stem})
        return Restored(backup, undo, migrated)


def _swap(
    shelf: Shelf, new: Path, at: datetime, day: date, work: Path, progress: Progress
) -> str | None:
    """Put a database in the place of the present one; return the backup of that, if any."""
    kept: list[Backup] = []

    def keep(take: Take) -> None:
        kept.append(_make(shelf, Reason.RESTORE, at, day, work, progress, take))

    with connection():
        empty = not schema.applied(proxy.obj)
        if not isinstance(proxy.obj, SqliteDatabase):
            # There the tables stay and take new rows.
            if empty:
                schema.migrate(proxy.obj)
            elif schema.pending(proxy.obj):
                raise Refusal(_OLD)
        copies.replace(new, None if empty else keep, progress)
    return kept[0].name if kept else None


def _make(
    shelf: Shelf,
    reason: Reason,
    at: datetime,
    day: date,
    work: Path,
    progress: Progress,
    take: Take | None = None,
) -> Backup:
    copy = work / _DATABASE
    # Before and after: what the copied rows name was there before them, and is kept even
    # where it is swept from the media folder in between.
    media = _hold_media(shelf)
    (take or copies.take)(copy, progress)
    media |= _hold_media(shelf)
    target = shelf.folder / f"{day}-{reason}-{token_hex(4)}.zip"
    # Before a restore others wait for the copy to be finished: it is compressed later.
    how = ZIP_STORED if reason is Reason.RESTORE else ZIP_DEFLATED
    with written(target) as file, ZipFile(file, "w", how, True, _LEVEL) as pack:
        _finish(pack, _pack(pack, copy, media, reason, at, day, progress))
    copy.unlink()
    (shelf.folder / "failure.json").unlink(missing_ok=True)
    return _read(target)


def _pack(
    pack: ZipFile,
    copy: Path,
    media: Mapping[str, int],
    reason: Reason,
    at: datetime,
    day: date,
    progress: Progress,
) -> dict[str, Any]:
    """Put database and list of media files into a zip; return the manifest that goes with them."""
    listing = json.dumps(media, indent=0, sort_keys=True).encode()
    pack.writestr(_MEDIA_LIST, listing)
    digest, size = hashlib.sha256(), copy.stat().st_size
    with copy.open("rb") as source, pack.open(_DATABASE, "w", force_zip64=True) as entry:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            entry.write(chunk)
            progress("Packing", source.tell(), size)
    with closing(copies.reading(copy)) as file:
        migrations = [n for (n,) in file.execute("SELECT name FROM schema_migration ORDER BY name")]
    return {
        "format": _FORMAT,
        "program": "quizapp",
        "reason": reason,
        "at": at.isoformat(),
        "day": day.isoformat(),
        "migrations": migrations,
        "counts": copies.counts(copy),
        "database": {"sha256": digest.hexdigest(), "size": size},
        "media": {
            "sha256": hashlib.sha256(listing).hexdigest(),
            "files": len(media),
            "size": sum(media.values()),
        },
    }


def _finish(pack: ZipFile, manifest: Mapping[str, Any]) -> None:
    pack.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def _compress(path: Path) -> None:
    # Only to save room: what cannot be done now need not be done.
    with (
        suppress(OSError),
        written(path) as file,
        ZipFile(path) as loose,
        ZipFile(file, "w", ZIP_DEFLATED, True, _LEVEL) as dense,
    ):
        _copy_entries(loose, dense, loose.namelist())


def _copy_entries(source: ZipFile, target: ZipFile, names: Sequence[str]) -> None:
    for name in names:
        with source.open(name) as old, target.open(name, "w", force_zip64=True) as new:
            shutil.copyfileobj(old, new, _CHUNK)


def _add_media(pack: ZipFile, folder: Path, media: Mapping[str, int], progress: Progress) -> None:
    for number, digest in enumerate(media, 1):
        # Pictures and sound are compressed already.
        pack.write(media_files.place(folder, digest), f"media/{digest}", ZIP_STORED)
        progress("Packing media", number, len(media))


def _hold_media(shelf: Shelf) -> dict[str, int]:
    """Give every media file a second name among the backups, where it has none yet."""
    there, held = media_files.sizes(shelf.media), media_files.sizes(_media(shelf))
    for digest in there.keys() - held.keys():
        with suppress(FileNotFoundError):  # swept this moment
            media_files.keep(_media(shelf), digest, media_files.place(shelf.media, digest))
    return there


def _thin(shelf: Shelf, now: datetime, spared: set[str]) -> None:
    backups, broken = listed(shelf)
    gone = superfluous([b.dated for b in backups], now) - spared
    for name in gone:
        _place(shelf, name).unlink(missing_ok=True)
    if broken:
        return  # nobody knows which media files those name
    wanted: set[str] = set()
    for backup in backups:
        if backup.name not in gone and backup.media:
            path = _place(shelf, backup.name)
            try:
                with _opened(path) as pack:
                    wanted |= _media_list(pack, backup, path).keys()
            except Unreadable:
                return
    media_files.sweep(_media(shelf), wanted)


def _unpack_database(
    pack: ZipFile, backup: Backup, new: Path, path: Path, progress: Progress
) -> None:
    if shutil.disk_usage(new.parent).free < backup.database_size:
        raise Full(_FULL)
    digest = _extract(pack, _DATABASE, new, backup.database_size, path, progress)
    if digest != backup.digest or not copies.is_sound(new):
        raise Unreadable(_CHANGED.format(path.name))
    with _readable(path), closing(copies.reading(new)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM schema_migration")]
    schema.refuse_newer(names)
    if tuple(sorted(names)) != backup.migrations:
        raise Unreadable(_CHANGED.format(path.name))


def _unpack_media(
    pack: ZipFile, backup: Backup, shelf: Shelf, work: Path, path: Path, progress: Progress
) -> dict[str, Path]:
    """Where whole copies lie of the media files that the media folder lacks or has damaged."""
    wanted, inside = _media_list(pack, backup, path), set(pack.namelist())
    found, missing = {}, 0
    for number, (digest, size) in enumerate(wanted.items(), 1):
        progress("Checking media", number, len(wanted))
        if media_files.is_whole(shelf.media, digest):
            continue
        entry, copy = f"media/{digest}", work / digest
        if entry in inside and _extract(pack, entry, copy, size, path, silent) == digest:
            found[digest] = copy
        elif media_files.is_whole(_media(shelf), digest):
            found[digest] = media_files.place(_media(shelf), digest)
        else:
            missing += 1
    if missing:
        raise Unreadable(_NO_MEDIA.format(missing, len(wanted)))
    return found


def _extract(
    pack: ZipFile, entry: str, target: Path, size: int, path: Path, progress: Progress
) -> str:
    """Write an entry into a file and return its hash; never more than it should have."""
    digest, left = hashlib.sha256(), size
    with _readable(path), pack.open(entry) as content, target.open("wb") as file:
        while chunk := content.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            file.write(chunk)
            progress("Verifying", size - left, size)
    return digest.hexdigest()


def _read(path: Path) -> Backup:
    with _opened(path) as pack:
        return _manifest(pack, path)


def _manifest(pack: ZipFile, path: Path) -> Backup:
    with _readable(path):
        raw = json.loads(_small(pack, _MANIFEST, _MOST_MANIFEST))
        if raw["program"] != "quizapp":
            raise ValueError(raw["program"])
        if raw["format"] > _FORMAT:
            raise schema.NewerSchema(
                f"{path.name} was made by a newer version of quizapp. Nothing was changed."
                " Update the program and try again."
            )
        at = datetime.fromisoformat(raw["at"])
        if at.tzinfo is None:
            raise ValueError(raw["at"])
        return Backup(
            name=path.stem,
            at=at,
            day=date.fromisoformat(raw["day"]),
            reason=Reason(raw["reason"]),
            size=path.stat().st_size,
            counts={str(table): int(count) for table, count in raw["counts"].items()},
            migrations=tuple(sorted(str(name) for name in raw["migrations"])),
            digest=str(raw["database"]["sha256"]),
            database_size=int(raw["database"]["size"]),
            media=int(raw["media"]["files"]),
            media_size=int(raw["media"]["size"]),
            media_digest=str(raw["media"]["sha256"]),
            left_out=int(raw.get("left_out", 0)),
            brought=_brought(path.stem),
        )


def _brought(name: str) -> date | None:
    match = _NAME.fullmatch(name)
    return date.fromisoformat(match[1]) if match and match[2] == Reason.BROUGHT else None


def _media_list(pack: ZipFile, backup: Backup, path: Path) -> dict[str, int]:
    with _readable(path):
        listing = _small(pack, _MEDIA_LIST, _MOST_LIST)
        if hashlib.sha256(listing).hexdigest() != backup.media_digest:
            raise ValueError(_MEDIA_LIST)
        found = {str(digest): int(size) for digest, size in json.loads(listing).items()}
        for digest in found:
            media_files.place(path, digest)  # refuses what is no hash
        return found


def _small(pack: ZipFile, entry: str, most: int) -> bytes:
    with pack.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(entry)
    return content


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """A zip that holds what a backup holds and nothing else."""
    with _readable(path):
        pack = ZipFile(path)
        names = pack.namelist()
        if len(names) != len(set(names)) or not all(_ENTRY.fullmatch(name) for name in names):
            pack.close()
            raise ValueError(path.name)
    with pack:
        yield pack


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say whatever can be wrong with a zip in one sentence."""
    try:
        yield
    except _BROKEN as error:
        raise Unreadable(_NOT_ONE.format(path.name)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        raise Unreadable(_NOT_ONE.format(path.name)) from error


@contextmanager
def _working(shelf: Shelf) -> Iterator[Path]:
    """A folder for drafts, while nobody else works on the shelf."""
    with _sayable(_UNUSABLE):
        shelf.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(shelf.folder / "lock"):
            # What a process left that was killed.
            for left in shelf.folder.glob(".*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            work = Path(mkdtemp(prefix=".work-", dir=shelf.folder))
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _sayable(sentence: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Full(_FULL) from error
        raise Refusal(sentence.format(error.strerror or error)) from error


def _note_failure(shelf: Shelf, failed: Failure) -> None:
    with suppress(OSError), written(shelf.folder / "failure.json") as file:
        noted = {"at": failed.at.isoformat(), "sentence": failed.sentence}
        file.write(json.dumps(noted, ensure_ascii=False).encode())


def _files(shelf: Shelf) -> Iterator[Path]:
    return (path for path in shelf.folder.glob("*.zip") if _NAME.fullmatch(path.stem))


def _place(shelf: Shelf, name: str) -> Path:
    path = shelf.folder / f"{name}.zip"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Missing(_MISSING)
    return path


def _media(shelf: Shelf) -> Path:
    return shelf.folder / "media"
