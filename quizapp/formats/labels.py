"""The one line that stands for a note in lists."""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import escape

from quizapp.domain.notetypes import NoteType
from quizapp.formats.wording import LOOKED_AT, media_of, text_of

LONGEST = 200

_CLOZE = re.compile(r"\{\{c[\d,]+::|\}\}")


def label(notetype: NoteType, fields: Mapping[str, str]) -> str:
    """The text of a note's sort field, or of the first that has some; at most LONGEST.

    Without any text, what it shows instead, as "(an image)".
    """
    names = list(notetype.fields)
    for name in [*names[notetype.sort_field : notetype.sort_field + 1], *names]:
        html = fields.get(name, "")
        if "image-occlusion:" in html:
            continue
        text = text_of(_CLOZE.sub("", html[:LOOKED_AT]))
        if text:
            return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    shown = next(filter(None, (media_of(fields.get(name, "")) for name in names)), "no text")
    return f"({shown[0].lower()}{shown[1:]})"


def faces_of_label(text: str) -> list[dict[str, Any]]:
    """What lists show of a note whose cards are rendered when they are shown."""
    return [{"question": str(escape(text)), "answer": ""}]
