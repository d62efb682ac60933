"""What the rules of good cards say of notes that are coming in; advice, and no gate."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from quizapp.domain.lint import cards as card_rules
from quizapp.domain.lint import questions as question_rules
from quizapp.domain.lint.rules import Bank, found
from quizapp.domain.lint.text import spelled_out
from quizapp.domain.notetypes import NoteType
from quizapp.formats.package import PackedNote
from quizapp.formats.parsed import ParsedNote
from quizapp.formats.wording import text_of

# Rules look at every word; so many notes are looked at, the first of the file.
LOOKED_AT = 500

# What an own deck needs no advice about: sources, domains and IDs of the shipped decks.
_NOT_HERE = {"C10", "C12", "M27", "M28", "M32"}
_CLOZE = re.compile(r"\{\{c\d+::(.*?)(?:::[^{}]*?)?\}\}", re.DOTALL)


def advice(note: PackedNote, type_: NoteType | None) -> Iterator[dict[str, Any]]:
    """What could be better about one note: rule, severity, reason, remedy."""
    seen = _as_seen(note, type_)
    if seen is None:
        return
    texts = [str(value) for value in seen.fields.values() if isinstance(value, str)]
    bank = Bank("", note.deck, [seen], spelled_out=spelled_out([*texts, note.deck, note.topic]))
    rules = question_rules.RULES if seen.kind == "choice" else card_rules.RULES
    for finding in found([rule for rule in rules if rule.id not in _NOT_HERE], bank, seen):
        yield {
            "rule": finding.rule,
            "severity": str(finding.severity),
            "reason": finding.reason,
            "remedy": finding.remedy,
        }


def _as_seen(note: PackedNote, type_: NoteType | None) -> ParsedNote | None:
    """A note as the rules look at it; None where they have no words for its kind."""
    kind, fields = note.kind, note.fields
    if type_ is not None:
        told = _native(type_, note.fields)
        if told is None:
            return None
        kind, fields = told
    return ParsedNote(
        key=note.key,
        kind=kind,
        fields=fields,
        line=0,
        topic=note.topic,
        reference=note.reference,
        domains=note.domains,
        objective=note.objective,
        level=note.level,
        pool=note.pool,
    )


def _native(type_: NoteType, fields: Mapping[str, str]) -> tuple[str, Mapping[str, Any]] | None:
    """A custom note's first two fields as question and answer, or its text with gaps."""
    texts = [text_of(fields.get(name, "")) for name in type_.fields]
    if type_.kind == "cloze":
        return "cloze", {"text": text_of(_CLOZE.sub(r"[\1]", fields.get(type_.fields[0], "")))}
    if type_.kind == "normal" and len(texts) > 1 and texts[0] and texts[1]:
        return "basic", {"front": texts[0], "back": texts[1]}
    return None
