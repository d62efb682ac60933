"""When a missed item leaves the list of misses."""

from collections.abc import Sequence

# Why an item was missed, and the key that says so.
CAUSES = {
    "knowledge": ("k", "I did not know it"),
    "qualifier": ("q", "I misread the qualifier"),
    "two": ("t", "I was between two"),
    "viewpoint": ("v", "I took the wrong viewpoint"),
    "slip": ("s", "A slip, or too little time"),
}
# Successive relearning: right on as many different days (Dunlosky & Rawson 2015).
DAYS_TO_LEAVE = 3


def missed(right: bool, confidence: str) -> bool:
    """Whether an answer puts its item on the list: wrong, or right by guessing."""
    return not right or confidence == "guess"


def after_right(days: Sequence[int], day: int) -> tuple[tuple[int, ...], bool]:
    """The days with a right answer now, and whether that is enough to leave the list."""
    kept = tuple(sorted({*days, day}))
    return kept, len(kept) >= DAYS_TO_LEAVE
