"""The note types everybody starts with, under the names Anki gives its own.

A file that says "Basic" means one of these. Templates and styles are ours.
"""

from collections.abc import Iterable

from quizapp.domain.notetypes import NoteType, Template

CSS = """.card { font-family: system-ui, sans-serif; font-size: 1.2rem; line-height: 1.5;
  text-align: center; }
.cloze { font-weight: 600; color: #1d5fa8; }
.nightMode .cloze { color: #8dc1f7; }
"""

_FRONT = Template("Card 1", "{{Front}}", '{{FrontSide}}<hr id="answer">{{Back}}')
_BACK = Template("Card 2", "{{Back}}", '{{FrontSide}}<hr id="answer">{{Front}}')
_BACK_IF_ASKED = Template(
    "Card 2", "{{#Add Reverse}}{{Back}}{{/Add Reverse}}", '{{FrontSide}}<hr id="answer">{{Front}}'
)
_TYPED = Template("Card 1", "{{Front}}<br>{{type:Back}}", '{{Front}}<hr id="answer">{{type:Back}}')
_CLOZE = Template("Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>{{Back Extra}}")

BASIC = NoteType("quizapp-basic", "Basic", "normal", ("Front", "Back"), (_FRONT,), CSS)
REVERSED = NoteType(
    "quizapp-reversed",
    "Basic (and reversed card)",
    "normal",
    ("Front", "Back"),
    (_FRONT, _BACK),
    CSS,
)
OPTIONAL_REVERSED = NoteType(
    "quizapp-optional-reversed",
    "Basic (optional reversed card)",
    "normal",
    ("Front", "Back", "Add Reverse"),
    (_FRONT, _BACK_IF_ASKED),
    CSS,
)
TYPING = NoteType(
    "quizapp-typing", "Basic (type in the answer)", "normal", ("Front", "Back"), (_TYPED,), CSS
)
CLOZE = NoteType("quizapp-cloze", "Cloze", "cloze", ("Text", "Back Extra"), (_CLOZE,), CSS)

STOCK = (BASIC, REVERSED, OPTIONAL_REVERSED, TYPING, CLOZE)


def named(name: str, among: Iterable[NoteType] = STOCK) -> NoteType | None:
    """The note type of this key or name, whatever its capitals; None where there is none."""
    wanted = " ".join(name.casefold().split())
    types = list(among)
    by_key = (each for each in types if each.key == name)
    by_name = (each for each in types if " ".join(each.name.casefold().split()) == wanted)
    return next(by_key, None) or next(by_name, None)
