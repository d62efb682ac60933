"""The works that references cite."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quizapp.storage.batches import insert_all
from quizapp.storage.models import Note, Work


@dataclass(frozen=True)
class Cited:
    """A work, its title, and how many items of a deck rest on it."""

    name: str
    title: str
    items: int


def titles() -> dict[str, str]:
    """Each work's title by its name."""
    return dict(Work.select(Work.name, Work.title).tuples())


def replace(works: Mapping[str, str]) -> None:
    """Store these works and forget the others; nothing is written where nothing changed."""
    if dict(works) == titles():
        return
    Work.delete().execute()
    insert_all(Work, [{"name": name, "title": title} for name, title in works.items()])


def cited(decks: Sequence[int]) -> list[Cited]:
    """The works some decks rest on, the most cited first."""
    rows = Note.select(Note.works).where(Note.deck.in_(decks) & ~Note.retired).tuples()
    counts = Counter(work for (works,) in rows for work in works)
    known = titles()
    return [Cited(name, known.get(name, ""), count) for name, count in counts.most_common()]
