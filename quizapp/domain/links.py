"""Which cards teach what an item asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from quizapp.domain.lint.text import content


@dataclass(frozen=True)
class Text:
    """A card or an item as linking looks at it; ``topic`` names deck and heading."""

    id: int
    domains: tuple[str, ...]
    topic: str
    words: frozenset[str]


def text(id_: int, domains: Sequence[str], topic: str, said: str) -> Text:
    """Make one from what it says."""
    return Text(id_, tuple(domains), topic, content(said))


def linked(item: Text, cards: Sequence[Text], most: int = 3) -> list[int]:
    """The cards that teach what an item asked, the nearest first.

    Those under the same heading count most, then those of the same domain that share
    enough words with it; at least two words in common, or the same heading.
    """
    scored = []
    for card in cards:
        shared = len(item.words & card.words)
        same_topic = card.topic == item.topic
        if same_topic or (set(card.domains) & set(item.domains) and shared >= 2):
            likeness = shared / (len(item.words | card.words) or 1)
            scored.append((0.15 * same_topic + likeness, card.id))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return [id_ for _, id_ in scored[:most]]
