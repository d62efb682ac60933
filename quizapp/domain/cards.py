"""Notes and the cards they make.

A note is what an author writes; a card is one question asked of it. The fields
of each kind:

=========  ==========================================================
basic      front, back
reversed   front, back (card 0 asks front, card 1 asks back)
typed      front, back, also (accepted alternatives)
cloze      text with gaps in square brackets, one card per gap
choice     stem, options of {text, correct, rationale}
custom     those of its note type, by name (domain/notetypes.py)
=========  ==========================================================
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quizapp.domain.errors import Refusal
from quizapp.domain.misses import CAUSES
from quizapp.domain.scheduling import Rating
from quizapp.domain.typing import compare

CONFIDENCES = ("guess", "unsure", "sure")
KINDS = ("basic", "reversed", "typed", "cloze", "choice")

# A gap is [text]; \[ is a literal bracket, [text](address) a link.
GAP = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)+)\](?!\()")
_NUMBER = re.compile(r"[\d$€£<>≤≥]")


def gaps(text: str) -> list[str]:
    """The hidden pieces of a cloze text, in order."""
    return [match[1] for match in GAP.finditer(text)]


def card_count(kind: str, fields: Mapping[str, Any]) -> int:
    """How many cards a note makes."""
    if kind == "reversed":
        return 2
    if kind == "cloze":
        return len(gaps(fields["text"]))
    return 1


def fits(kind: str, shipped: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether a learner's wording can still stand for a note whose text has changed since.

    It must be of the note's kind, make as many cards, and keep the key in its place:
    what is right is the deck's to say.
    """
    if kind == "custom":
        return set(own) <= set(shipped)
    needed = {"choice": ("stem", "options"), "cloze": ("text",), "typed": ("front", "back", "also")}
    if any(name not in own for name in needed.get(kind, ("front", "back"))):
        return False
    if kind == "choice":
        return [bool(o["correct"]) for o in own["options"]] == [
            bool(o["correct"]) for o in shipped["options"]
        ]
    if kind in ("basic", "reversed") and "also" in own:
        return False
    return card_count(kind, own) == card_count(kind, shipped)


def option_order(options: Sequence[Mapping[str, Any]], seed: str) -> list[int]:
    """The order to show options in: shuffled for each showing by its seed.

    Options that all begin with a number keep the author's order, because they
    read as a scale.
    """
    order = list(range(len(options)))
    if not all(_NUMBER.match(str(option["html"])) for option in options):
        random.Random(seed).shuffle(order)
    return order


def key_of(options: Sequence[Mapping[str, Any]]) -> int:
    """The stored position of the correct option."""
    return next(i for i, option in enumerate(options) if option["correct"])


# As many latest answers to questions say what is slow, and fewer than this say nothing.
LATEST, FEWEST = 200, 20


def proposed_rating(correct: bool, confidence: str = "", slow: bool = False) -> Rating:
    """What an answer says about memory: a lucky guess is not knowledge, right after a long
    time and not sure is hard, and Easy is never proposed."""
    if not correct or confidence == "guess":
        return Rating.AGAIN
    return Rating.HARD if slow and confidence != "sure" else Rating.GOOD


def slow_after(thought: Sequence[int]) -> int | None:
    """The milliseconds that nine in ten of these answers took at most (nearest rank).

    None where there are fewer than FEWEST.
    """
    if len(thought) < FEWEST:
        return None
    return sorted(thought)[math.ceil(0.9 * len(thought)) - 1]


@dataclass(frozen=True)
class Response:
    """What a learner did with a card before grading it.

    ``thought`` is the milliseconds from the question to the answer, reading the reasons
    left out.
    """

    choice: int | None = None
    typed: str | None = None
    confidence: str | None = None
    cause: str | None = None
    thought: int | None = None


def judged(
    kind: str, face: Mapping[str, Any], seed: str, response: Response | None
) -> dict[str, Any] | None:
    """A response held against its card, as it is kept with the review.

    ``seed`` is that of the order the options were shown in. None where there was
    nothing to choose or type. Raises Refusal where the option does not exist.
    """
    if response is None:
        return None
    if "accepts" in face and response.typed is not None:
        return {
            "typed": response.typed,
            "right": compare(response.typed, face["accepts"]).right,
        }
    if kind != "choice" or response.choice is None:
        return None
    options = face["options"]
    if not 0 <= response.choice < len(options):
        raise Refusal("This option does not exist. Reload the page and choose again.")
    kept = {
        "choice": response.choice,
        "right": response.choice == key_of(options),
        "order": option_order(options, seed),
    }
    if response.confidence in CONFIDENCES:
        kept["confidence"] = response.confidence
    if response.thought is not None:
        kept["thought"] = response.thought
    if response.cause in CAUSES and not kept["right"]:
        kept["cause"] = response.cause
    return kept
