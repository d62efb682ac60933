"""Whether what a person wrote can be a note of its kind."""

from collections.abc import Mapping
from typing import Any

from quizapp.domain.cards import gaps
from quizapp.domain.errors import Refusal
from quizapp.formats import markdown
from quizapp.formats.faces import faces
from quizapp.formats.html import plain

MAX_FIELD = 10_000
# HTML of a note type's field takes more room than Markdown.
MAX_CUSTOM = 100_000


def check(kind: str, fields: Mapping[str, Any], gap_count: int | None = None) -> None:
    """Raise Refusal where a wording cannot be a note of its kind.

    ``gap_count`` is what a cloze text must keep; None for a new one, which needs a gap.
    """
    if kind == "custom":
        _check_custom(fields)
        return
    texts = [v for v in fields.values() if isinstance(v, str)]
    texts += [o[part] for o in fields.get("options", ()) for part in ("text", "rationale")]
    if any(len(text) > MAX_FIELD for text in texts):
        raise Refusal(f"A text is longer than {MAX_FIELD} characters. Shorten it and save again.")
    also = fields.get("also", ())
    if len(also) > markdown.MOST_ALSO or any(len(text) > markdown.ALSO_LENGTH for text in also):
        raise Refusal(
            f"At most {markdown.MOST_ALSO} other answers can be accepted,"
            f" each of {markdown.ALSO_LENGTH} characters."
        )
    required = {
        "cloze": ["text"],
        "choice": ["stem"],
    }.get(kind, ["front", "back"])
    if any(not fields[name].strip() for name in required):
        raise Refusal("A side is empty. Fill in both and save again.")
    shown = faces(kind, fields)
    if any(not plain(face["question"]) for face in shown) or (
        kind != "choice" and any(not plain(face["answer"]) for face in shown)
    ):
        raise Refusal("A side shows nothing. Write what it should say and save again.")
    if kind == "cloze" and gap_count is None and not gaps(fields["text"]):
        raise Refusal("A cloze text needs a gap in [square brackets]. Put one in and save again.")
    if kind == "cloze" and gap_count is not None and len(gaps(fields["text"])) != gap_count:
        raise Refusal(
            f"This text must keep its {gap_count} gap{'s' if gap_count != 1 else ''} in"
            " [square brackets], because each is a card with a history of its own."
        )
    if kind == "choice" and any(not option["text"].strip() for option in fields["options"]):
        raise Refusal("An option is empty. Fill it in and save again.")


def _check_custom(fields: Mapping[str, Any]) -> None:
    if any(len(text) > MAX_CUSTOM for text in fields.values()):
        raise Refusal(f"A field is longer than {MAX_CUSTOM} characters. Shorten it and save again.")
    if not any(text.strip() for text in fields.values()):
        raise Refusal("All fields are empty. Fill in at least one and save again.")
