"""The names that media get in an Anki package, and the fields that refer to them."""

import re
import unicodedata
from collections.abc import Mapping
from html import escape, unescape
from urllib.parse import unquote

from quizapp.formats.package import Package, PackedMedia, Refused, bytes_of

_BARRED = re.compile(r'[\x00-\x1f\x7f\[\]<>:"/?*^\\|]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)")
_REFERENCE = re.compile(
    r"""(?i)(?<=src=")[^"]*|(?<=src=')[^']*|(?<=src=)[^\s>"']+"""
    r"""|(?<=data=")[^"]*|(?<=data=')[^']*|(?<=\[sound:)[^\]]*"""
)
_LONGEST = 120


def named(
    package: Package, left_out: list[Refused]
) -> tuple[list[tuple[PackedMedia, str]], dict[str, str]]:
    """Each file with the name it gets, and the new names of those that change theirs.

    Files whose bytes are not there are added to ``left_out`` instead.
    """
    given: dict[str, str] = {}
    files, renamed = [], {}
    for media in package.media:
        if bytes_of(package, media) is None:
            left_out.append(Refused(media.name, "The file is missing; add it again."))
            continue
        name = media_name(media.name)
        if given.get(name, media.digest) != media.digest:
            stem, ext = _split(name)
            name = media_name(f"{stem[:20]}-{media.digest[:40]}{ext}")
        if name != media.name:
            renamed[unicodedata.normalize("NFC", media.name)] = name
        if name not in given:
            given[name] = media.digest
            files.append((media, name))
    return files, renamed


def media_name(name: str) -> str:
    """A name that Anki takes on every system: no path, no device, at most 120 bytes."""
    name = _BARRED.sub("", unicodedata.normalize("NFC", name))
    name = _DEVICES.sub(r"\1_", name, count=1) if _DEVICES.match(name) else name
    stem, ext = _split(name)
    while len((stem + ext).encode("utf-8", "replace")) > _LONGEST:
        stem, ext = (stem[:-1], ext) if len(stem) > 1 else (stem, ext[:-1])
    name = stem + ext
    return name[:-1] + "_" if name.endswith((".", " ")) else name or "file"


def _split(name: str) -> tuple[str, str]:
    stem, dot, ext = name.rpartition(".")
    return (stem, dot + ext) if stem else (name, "")


def refer(html: str, renamed: Mapping[str, str]) -> str:
    """A field whose references to renamed media follow."""

    def follow(match: re.Match[str]) -> str:
        name = unicodedata.normalize("NFC", unescape(match[0]))
        new = renamed.get(name) or renamed.get(unquote(name))
        return escape(new) if new else match[0]

    return _REFERENCE.sub(follow, html)
