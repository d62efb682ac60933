"""What a template can do to a field before it is inserted: ``{{filter:Field}}``."""

from html import escape

from quizapp.domain.templates import cloze, readings, sounds
from quizapp.domain.templates.syntax import Insert
from quizapp.domain.templates.text import plain


def filtered(html: str, name: str, insert: Insert, number: int, asking: bool) -> str:
    """A field after one filter; a filter nobody knows changes nothing.

    number  the card's cloze number; asking: whether this is its question
    """
    match name:
        case "text":
            return escape(plain(html))
        case "cloze":
            return cloze.shown(html, number, asking)
        case "cloze-only":
            return cloze.only(html, number, asking)
        case "hint":
            return _hint(html, insert.field)
        case "type":
            return f"[[type:{insert.field}]]"
        case "furigana":
            return readings.furigana(html)
        case "kana":
            return readings.kana(html)
        case "kanji":
            return readings.kanji(html)
    if name == "tts" or name.startswith("tts "):
        return sounds.speech(name[3:], html)
    return html


def _hint(html: str, field: str) -> str:
    """What opens by itself, without script."""
    if not html.strip():
        return html
    return f'<details class="hint"><summary>{escape(field)}</summary>{html}</details>'
