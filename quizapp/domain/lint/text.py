"""Words, sentences and likeness, as the rules count them."""

import re
from collections.abc import Iterable

from quizapp.domain.cards import GAP, gaps
from quizapp.domain.lint.rules import Item

STOP = frozenset(
    """
    a an the and or but of in on at to for from by with without as is are was were be been has have
    had do does did it its this that these those which what who whom whose how why when where not no
    than then so such can could may might will would shall should must into over under about after
    before between through during their them they he she his her you your we our one two first best
    most next only also more less other others each every any some
    """.split()
)
_WORD = re.compile(r"[A-Za-z0-9À-ÿ][\w’'&/+.%-]*[\w%+]|[A-Za-z0-9À-ÿ]")
_MARKS = re.compile(r"[*_`]|\$[^$]*\$")


def words(text: str) -> list[str]:
    """The words of a text without its Markdown."""
    return _WORD.findall(_MARKS.sub(" ", text))


def content(text: str) -> frozenset[str]:
    """The words that carry meaning, in lower case."""
    lower = (word.casefold().strip(".") for word in words(text))
    return frozenset(word for word in lower if word not in STOP and len(word) > 1)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a full stop inside a number or abbreviation ends none."""
    return [s for s in re.split(r"(?<=[.!?])\s+(?=[A-Z“\"(])", text.strip()) if s]


def lead_in(stem: str) -> str:
    """The sentence that asks."""
    found = sentences(stem)
    return found[-1] if found else ""


def normal(text: str) -> str:
    """A text as compared: words only, in lower case."""
    return " ".join(word.casefold() for word in words(text))


def likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """The share of meaningful words two texts have in common (Jaccard), 0 to 1."""
    return len(a & b) / len(a | b) if a and b else 0.0


def prompt(item: Item) -> str:
    """What an item asks; a cloze text with its gaps as blanks."""
    fields = item.fields
    if item.kind == "cloze":
        return str(GAP.sub("…", fields["text"]))
    return str(fields.get("stem") or fields.get("front") or "")


def answer(item: Item) -> str:
    """What an item wants to hear."""
    fields = item.fields
    if item.kind == "choice":
        return next((str(o["text"]) for o in fields["options"] if o["correct"]), "")
    if item.kind == "cloze":
        return "; ".join(gaps(fields["text"]))
    return str(fields.get("back", ""))


def everything(item: Item) -> str:
    """All text of an item that a learner sees, and its reference."""
    fields = item.fields
    parts = [str(fields.get(name, "")) for name in ("front", "back", "text", "stem")]
    for option in fields.get("options", ()):
        parts += [str(option["text"]), str(option["rationale"])]
    return "\n".join([*parts, item.objective, item.reference])


def spelled_out(texts: Iterable[str]) -> frozenset[str]:
    """The abbreviations these texts explain: “Long Name (LN)” or “LN (long name)”."""
    known: set[str] = set()
    for text in texts:
        known |= {m.rstrip("s") for m in re.findall(r"[a-zà-ÿ)’] \(([A-Z][\w&/-]{1,9})[,);]", text)}
        known |= set(re.findall(r"\b([A-Z][A-Z0-9&-]{1,7})s? \((?=[A-Za-z]+ ?[a-z])", text))
        known |= set(re.findall(r"\b([A-Z]{2,7}), (?:the|short for|that is)\b", text))
    return frozenset(known)


def says(text: str, words: str) -> bool:
    """Whether some words stand in a text as such, and not as parts of others."""
    # Most do not stand there at all, and to find that out needs no pattern.
    if not words or words not in text:
        return False
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None
