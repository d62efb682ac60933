"""Cards of Anki-style note types; the public names of the package."""

from quizapp.domain.templates.cards import Context, Rendered, Typing, cards_of, render
from quizapp.domain.templates.sounds import Sound, Speech
from quizapp.domain.templates.syntax import TemplateError

__all__ = [
    "Context", "Rendered", "Sound", "Speech", "TemplateError", "Typing", "cards_of", "render",
]  # fmt: skip
