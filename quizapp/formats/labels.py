"""The one line that stands for a note in lists."""

import re
from collections.abc import Mapping
from html import unescape

from markupsafe import escape

from quizapp.domain.notetypes import NoteType

LONGEST = 200

_CLOZE = re.compile(r"\{\{c[\d,]+::|\}\}")
_HIDDEN = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_MEDIA = re.compile(r"\[(?:sound|anki):[^\]]*\]")


def label(notetype: NoteType, fields: Mapping[str, str]) -> str:
    """The text of a note's sort field, or of the first that has some; at most LONGEST."""
    names = list(notetype.fields)
    for name in [*names[notetype.sort_field : notetype.sort_field + 1], *names]:
        html = fields.get(name, "")
        if "image-occlusion:" in html:
            continue
        if "<" in html or "[" in html or "&" in html or "{{" in html:
            html = _CLOZE.sub("", _HIDDEN.sub("", html[: LONGEST * 50]))
            html = unescape(_TAG.sub(" ", _MEDIA.sub("", html)))
        text = " ".join(html[: LONGEST * 5].split())
        if text:
            return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "(no text)"


def faces_of_label(text: str) -> list[dict[str, str]]:
    """What lists show of a note whose cards are rendered when they are shown."""
    return [{"question": str(escape(text)), "answer": ""}]
