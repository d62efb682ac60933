"""Which notes of a file are shown as cards before it is imported."""

from collections.abc import Mapping

from quizapp.domain.notetypes import NoteType
from quizapp.formats.media_names import named_in_fields
from quizapp.formats.package import PackedNote

# So many are shown.
SAMPLES = 4
# Kinds whose cards can go wrong in more ways than a question with an answer.
_SPECIAL = ("cloze", "occlusion", "choice", "typed")

_Place = tuple[int, PackedNote]


class Samples:
    """The notes to show, chosen while those of a file pass by: one of each type before a
    second of any, and of those with gaps, typing or files before plain ones."""

    def __init__(self, types: Mapping[str, NoteType]) -> None:
        self._types = types
        self._special = {key for key, type_ in types.items() if _is_special(type_)}
        self._first: list[_Place] = []
        self._best: dict[str, tuple[bool, _Place]] = {}
        self._passed = 0

    def look_at(self, note: PackedNote) -> None:
        """Let a note pass by."""
        place = (self._passed, note)
        self._passed += 1
        if len(self._first) < SAMPLES:
            self._first.append(place)
        kind = note.notetype or note.kind
        if kind not in self._best:
            self._best[kind] = (_shows_files(note), place)
        elif not self._best[kind][0] and _shows_files(note):
            self._best[kind] = (True, place)

    def chosen(self) -> list[PackedNote]:
        """The notes to show, in their order."""
        ranked = sorted(self._best.items(), key=lambda item: -self._rank(*item))
        places = [place for _, (_, place) in ranked]
        places += [place for place in self._first if place not in places]
        return [note for _, note in sorted(places[:SAMPLES], key=lambda place: place[0])]

    def _rank(self, kind: str, best: tuple[bool, _Place]) -> int:
        return 2 * (kind in self._special or kind in _SPECIAL) + best[0]


def _is_special(type_: NoteType) -> bool:
    typed = any("{{type:" in t.question or "{{type:" in t.answer for t in type_.templates)
    return type_.kind in _SPECIAL or typed


def _shows_files(note: PackedNote) -> bool:
    return bool(named_in_fields(note.fields))
