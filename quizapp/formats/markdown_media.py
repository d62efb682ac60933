"""The pictures and sounds that Markdown decks name by their paths in the same zip."""

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quizapp.domain.errors import Refusal
from quizapp.formats import archives, names
from quizapp.formats.archives import Archive
from quizapp.formats.media_names import embedded_in, embedded_in_fields, embedding, shown_as
from quizapp.formats.package import Package, PackedMedia

# Names told of those that were not taken.
_TOLD = 5
_ABSENT = "it is not in the zip"


@dataclass
class Found:
    """Texts that name their files as these are stored, those files, and why others are not."""

    texts: dict[str, str]
    media: list[PackedMedia] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def taken(texts: Mapping[str, str], archive: Archive, media_in: Path) -> Found:
    """Lay the files that some texts name into ``media_in``, each named by its SHA-256.

    ``texts`` are decks by their paths in the zip. Two files of one name in different folders
    get different names. Raises Refusal for a damaged zip.
    """
    found = Found({})
    stored: dict[str, PackedMedia] = {}
    by_name: dict[str, PackedMedia] = {}
    for path, text in sorted(texts.items()):
        here: dict[str, str] = {}
        for address in embedded_in(text):
            if address in here or "://" in address or address.startswith(("//", "data:")):
                continue
            entry = _entry(path, address, archive)
            if entry is None:
                found.left.setdefault(address, _ABSENT)
                continue
            if entry not in stored:
                try:
                    stored[entry] = _laid(entry, archive, media_in, by_name)
                except _Unfit as unfit:
                    found.left.setdefault(address, str(unfit))
                    continue
            here[address] = stored[entry].name
        found.texts[path] = embedding(text, here.get)
    found.media = list(by_name.values())
    return found


class _Unfit(Exception):
    """Why a file is not taken, as the end of a sentence."""


def _entry(path: str, address: str, archive: Archive) -> str | None:
    """The file of a zip that a deck means: as seen from its folder, from the top, or, as
    Obsidian has it, the only one of that name."""
    folder = posixpath.dirname(path.replace("\\", "/"))
    top = address.removeprefix("@").lstrip("/")
    for place in (posixpath.join(folder, address), top):
        whole = posixpath.normpath(place)
        if whole in archive.entries:
            return whole
    if "/" in address:
        return None
    named = [name for name in archive.entries if posixpath.basename(name) == address]
    return named[0] if len(named) == 1 else None


def _laid(
    entry: str, archive: Archive, media_in: Path, by_name: dict[str, PackedMedia]
) -> PackedMedia:
    try:
        name = archives.media_name(posixpath.basename(entry))
    except Refusal:
        name = ""
    if not shown_as(name):
        raise _Unfit("it is no picture or sound that cards can show")
    digest, size = hashlib.sha256(), 0
    part = media_in / ".part"
    with part.open("wb") as file:
        for piece in archives.chunks(archive, archive.entries[entry]):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    part.replace(media_in / digest.hexdigest())
    medium = PackedMedia(name, digest.hexdigest(), size)
    if by_name.setdefault(name, medium) != medium:
        stem, _, ending = name.rpartition(".")
        medium = PackedMedia(f"{stem[:80]}-{medium.digest[:12]}.{ending}", medium.digest, size)
        by_name[medium.name] = medium
    return medium


def fill(package: Package, found: Found, media_in: Path) -> None:
    """Give a package the files that its notes show, and a remark about those it has not."""
    shown = {name for note in package.notes for name in embedded_in_fields(note.fields)}
    package.media = [medium for medium in found.media if medium.name in shown]
    package.media_in = media_in
    tell_left(package, {name: why for name, why in found.left.items() if name in shown})


def tell_left(package: Package, left: Mapping[str, str]) -> None:
    """Say which pictures and sounds were not taken, and why."""
    if not left:
        return
    told = [f"{names.one_line(name)[:80]} ({why})" for name, why in list(left.items())[:_TOLD]]
    more = f" and {len(left) - _TOLD} more" if len(left) > _TOLD else ""
    package.remarks.append(
        f"Pictures and sounds that were not taken ({len(left):,}): {', '.join(told)}{more}."
    )


def tell_alone(package: Package) -> None:
    """Say which pictures and sounds a deck file names that came without them."""
    shown = {name for note in package.notes for name in embedded_in_fields(note.fields)}
    remote = ("http:", "https:", "//", "data:")
    why = "put the file and its pictures into one zip"
    tell_left(package, {name: why for name in sorted(shown) if not name.startswith(remote)})
