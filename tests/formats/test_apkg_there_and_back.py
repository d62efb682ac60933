"""Packages that Anki made, read, written and read again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from quizapp.formats.apkg_write import write
from quizapp.formats.package import Package, PackedCard, PackedNote
from tests import packed

apkg: Any = pytest.importorskip("quizapp.formats.apkg")

ANKI = Path(__file__).parent.parent / "fixtures" / "anki"
PACKAGES = sorted(p.name for p in ANKI.iterdir() if p.suffix in (".apkg", ".colpkg"))


@pytest.mark.parametrize("container", ["new", "legacy"])
@pytest.mark.parametrize("name", PACKAGES)
def test_nothing_is_lost(name: str, container: Any, tmp_path: Path) -> None:
    first = whole(ANKI / name, tmp_path / "first")
    told = write(first, tmp_path / "ours.apkg", container, True, packed.NOW_MS)
    assert told.left_out == ()
    second = whole(tmp_path / "ours.apkg", tmp_path / "second")
    assert second.refused == []
    for one, other in zip(first.notes, second.notes, strict=True):
        assert settled(other) == settled(one)
    assert by_name(second.notetypes) == by_name(first.notetypes)
    decks = by_name(second.decks)
    for deck in first.decks:
        if deck.extra.get("preset", {}).get("id") != 1:
            assert decks[deck.name] == deck
    assert by_name(second.media) == by_name(first.media)
    assert second.progress == first.progress


def whole(path: Path, media_in: Path) -> Package:
    package: Package = apkg.read(path, media_in)
    return replace(package, notes=list(package.notes))


def by_name(found: Any) -> dict[str, Any]:
    return {it.name: it for it in found}


def settled(note: PackedNote) -> PackedNote:
    return structs.replace(note, where="", cards=tuple(kept(card) for card in note.cards))


def kept(card: PackedCard) -> PackedCard:
    """A card out of its filtered deck, which an export does not know.

    The last answer, where only the log told of it, is told to the second.
    """
    extra = {name: value for name, value in card.extra.items() if name not in ("filtered", "lrt")}
    last = card.last_at and card.last_at // 1000
    return structs.replace(card, extra=extra, last_at=last)
