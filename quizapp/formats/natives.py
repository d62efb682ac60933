"""Notes of our own kinds as note types that work in Anki without script, and back again.

What Anki shows is HTML made of the note's Markdown. The note itself stands as JSON in the
field Source, which no template shows, so that nothing is lost on the way back.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from msgspec import structs

from quizapp.domain.cards import KINDS, gaps, option_order
from quizapp.domain.errors import Refusal
from quizapp.domain.notetypes import NoteType, Template
from quizapp.formats.faces import portable, portable_cloze, portable_inline
from quizapp.formats.package import PackedNote

MOST_OPTIONS = 6
LETTERS = "ABCDEF"
# Seconds since 1970 when a template or style below last changed. Anki takes a newer note
# type over an older one; a date that moved with each export would undo what people changed.
STYLED = 1_764_547_200
SOURCE = "Source"

# How Anki's editor and search treat Source.
_HIDDEN = {"collapsed": True, "unsearched": True}
_FIRST_ID = 1_764_547_200_001
_TEXTS = ("topic", "reference", "objective", "level")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPECIAL = re.compile(r"[<>&\[\]{}]")

_CSS = """.card {
  max-width: 42em;
  margin: 0 auto;
  padding: 0 0.5em;
  font-family: system-ui, sans-serif;
  font-size: 20px;
  line-height: 1.5;
  text-align: left;
}
pre { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: 0.2em 0.6em; border: 1px solid gray; text-align: left; }
th.center, td.center { text-align: center; }
th.right, td.right { text-align: right; }
.cloze { font-weight: bold; text-decoration: underline; }
.also, .reference, .objective { font-size: 0.8em; opacity: 0.8; }
"""
_OPTION_CSS = """.options > li { margin: 0.4em 0; padding: 0 0.4em; }
.options .why { font-size: 0.85em; font-weight: normal; }
"""
_REFERENCE = '{{#Reference}}\n<p class="reference">{{Reference}}</p>\n{{/Reference}}'
_RULE = "\n\n<hr id=answer>\n\n"


@dataclass(frozen=True, slots=True)
class Native:
    """A note of one of our kinds, as PackedNote has it."""

    kind: str
    fields: Mapping[str, Any]
    key: str
    topic: str = ""
    reference: str = ""
    objective: str = ""
    level: str = ""
    domains: tuple[str, ...] = ()
    pool: str = "study"


@cache
def native_types() -> dict[str, NoteType]:
    """The note type of each of our kinds, with an id that never changes."""
    numbers = range(1, MOST_OPTIONS + 1)
    options = tuple(f"Option {n}" for n in numbers)
    rationales = tuple(f"Rationale {n}" for n in numbers)
    sides = ("Front", "Back", "Reference", SOURCE)
    there = Template("Card 1", "{{Front}}", f"{{{{FrontSide}}}}{_RULE}{{{{Back}}}}\n{_REFERENCE}")
    back = Template("Card 2", "{{Back}}", f"{{{{FrontSide}}}}{_RULE}{{{{Front}}}}\n{_REFERENCE}")
    typed = Template(
        "Card 1",
        "{{Front}}\n\n{{type:Back}}",
        f"{{{{Front}}}}{_RULE}{{{{type:Back}}}}\n"
        '{{#Also}}\n<p class="also">Also right: {{Also}}</p>\n{{/Also}}\n' + _REFERENCE,
    )
    cloze = Template("Cloze", "{{cloze:Text}}", f"{{{{cloze:Text}}}}\n{_REFERENCE}")
    made = {
        "basic": ("Basic", sides, (there,), ""),
        "reversed": ("Reversed", sides, (there, back), ""),
        "typed": ("Typed", ("Front", "Back", "Also", "Reference", SOURCE), (typed,), ""),
        "cloze": ("Cloze", ("Text", "Reference", SOURCE), (cloze,), ""),
        "choice": (
            "Choice",
            (
                "Stem", *options, "Correct", *rationales,
                "Objective", "Reference", "Domains", SOURCE,
            ),
            (_choice_template(),),
            _OPTION_CSS + _key_css(),
        ),
    }  # fmt: skip
    return {
        kind: NoteType(
            key=str(_FIRST_ID + place),
            name=f"quizapp {name}",
            kind="cloze" if kind == "cloze" else "normal",
            fields=fields,
            templates=templates,
            css=_CSS + css,
            extra={"modified": STYLED, "fields": [_HIDDEN if f == SOURCE else {} for f in fields]},
        )
        for place, (kind, (name, fields, templates, css)) in enumerate(made.items())
    }


def _choice_template() -> Template:
    """A lettered list; the answer's list is marked with the key's letters for the style."""

    def listed(marks: str, rationale: str) -> str:
        item = "{{#Option N}}<li>{{Option N}}" + rationale + "</li>{{/Option N}}"
        items = (item.replace(" N}}", f" {n}}}}}") for n in range(1, MOST_OPTIONS + 1))
        return f'<ol type="A" class="{marks}">\n' + "\n".join(items) + "\n</ol>"

    why = '{{#Rationale N}}<div class="why">{{Rationale N}}</div>{{/Rationale N}}'
    return Template(
        "Card 1",
        "{{Stem}}\n\n" + listed("options", ""),
        "{{Stem}}"
        + _RULE
        + listed("options {{text:Correct}}", why)
        + "\n<p>Right: {{Correct}}</p>\n"
        + '{{#Objective}}\n<p class="objective">{{Objective}}</p>\n{{/Objective}}\n'
        + _REFERENCE,
    )


def _key_css() -> str:
    items = ",\n".join(
        f".options.{letter} > li:nth-child({place})" for place, letter in enumerate(LETTERS, 1)
    )
    return f"{items} {{ font-weight: bold; outline: 2px solid; }}\n"


def shown(note: PackedNote) -> tuple[str, ...]:
    """The fields of a native note in the order of its note type, Source last.

    Options stand as one showing of the card would have them, always the same for a key.
    Raises Refusal for more than six options, KeyError or TypeError for fields of another kind.
    """
    seen = tuple(plain_field(value) for value in _VISIBLE[note.kind](note))
    return (*seen, _source(note, seen))


def plain_field(value: str) -> str:
    """A field without the signs that Anki cannot keep in one."""
    if "\x1f" in value or "\x00" in value:
        return value.replace("\x1f", " ").replace("\x00", "")
    return value


def _sides(note: PackedNote) -> tuple[str, ...]:
    return (
        portable(note.fields["front"]),
        portable(note.fields["back"]),
        portable_inline(note.reference),
    )


def _typed(note: PackedNote) -> tuple[str, ...]:
    return (
        portable(note.fields["front"]),
        portable_inline(note.fields["back"]),
        escape(" · ".join(note.fields.get("also", ())), quote=False),
        portable_inline(note.reference),
    )


def _cloze(note: PackedNote) -> tuple[str, ...]:
    return portable_cloze(note.fields["text"]), portable_inline(note.reference)


def _choice(note: PackedNote) -> tuple[str, ...]:
    options = [
        {**option, "html": portable_inline(option["text"])} for option in note.fields["options"]
    ]
    if len(options) > MOST_OPTIONS:
        raise Refusal(f"A question with {len(options)} options does not fit; keep six.")
    options = [options[place] for place in option_order(options, note.key)]
    key = [letter for letter, option in zip(LETTERS, options, strict=False) if option["correct"]]
    return (
        portable(note.fields["stem"]),
        *_filled(option["html"] for option in options),
        " ".join(key),
        *_filled(portable_inline(option["rationale"]) for option in options),
        portable_inline(note.objective),
        portable_inline(note.reference),
        portable_inline(", ".join(note.domains)),
    )


def _filled(texts: Any) -> list[str]:
    return [*texts, *[""] * MOST_OPTIONS][:MOST_OPTIONS]


_VISIBLE: dict[str, Callable[[PackedNote], tuple[str, ...]]] = {
    "basic": _sides,
    "reversed": _sides,
    "typed": _typed,
    "cloze": _cloze,
    "choice": _choice,
}


def _source(note: PackedNote, seen: Sequence[str]) -> str:
    """The note as JSON in plain ASCII that is no markup, so that no editor changes it."""
    kept: dict[str, Any] = {
        "kind": note.kind,
        "key": note.key,
        "fields": dict(note.fields),
        "shown": _digest(seen),
    }
    kept |= {name: getattr(note, name) for name in (*_TEXTS, "domains") if getattr(note, name)}
    if note.pool != "study":
        kept["pool"] = note.pool
    text = json.dumps(kept, separators=(",", ":"), sort_keys=True)
    return _STRING.sub(lambda string: _SPECIAL.sub(_escaped, string[0]), text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _digest(seen: Sequence[str]) -> str:
    text = unicodedata.normalize("NFC", "\x1f".join(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def restore(notetype: str, fields: Mapping[str, str]) -> Native | None:
    """The native note behind the fields of one of our note types, by the type's key.

    None where the type is another's, where Source does not hold a note of our kinds, and
    where somebody has changed the other fields since: then those are what counts.
    """
    kind = next((k for k, known in native_types().items() if known.key == notetype), None)
    if kind is None or set(fields) != set(native_types()[kind].fields):
        return None
    try:
        kept = json.loads(fields[SOURCE])
    except (ValueError, RecursionError):
        return None
    seen = [fields[name] for name in native_types()[kind].fields if name != SOURCE]
    if not isinstance(kept, dict) or kept.get("shown") != _digest(seen):
        return None
    if kept.get("kind") != kind or not _fits(kind, kept.get("fields")):
        return None
    return _native(kind, kept)


def _native(kind: str, kept: Mapping[str, Any]) -> Native | None:
    domains, pool = kept.get("domains", []), kept.get("pool", "study")
    texts = {name: kept.get(name, "") for name in (*_TEXTS, "key")}
    if not isinstance(domains, list) or not _texts([*domains, *texts.values()]):
        return None
    if not (texts["key"].isprintable() and texts["key"]):
        return None
    if pool not in ("study", "mock"):
        return None
    return Native(kind, kept["fields"], domains=tuple(domains), pool=pool, **texts)


def _fits(kind: str, fields: Any) -> bool:
    """Whether the fields are those of the kind and of no other, each of its type."""
    if not isinstance(fields, dict):
        return False
    if kind == "cloze":
        return set(fields) == {"text"} and _texts(fields.values()) and bool(gaps(fields["text"]))
    if kind == "choice":
        return set(fields) == {"stem", "options"} and _options(fields["stem"], fields["options"])
    also = fields.get("also", [])
    if set(fields) - {"also"} != {"front", "back"} or not isinstance(also, list):
        return False
    if "also" in fields and kind != "typed":
        return False
    return _texts([fields["front"], fields["back"], *also])


def _options(stem: Any, options: Any) -> bool:
    return (
        _text(stem)
        and isinstance(options, list)
        and 2 <= len(options) <= MOST_OPTIONS
        and all(
            isinstance(option, dict)
            and set(option) == {"text", "correct", "rationale"}
            and _texts([option["text"], option["rationale"]])
            and isinstance(option["correct"], bool)
            for option in options
        )
        and sum(option["correct"] for option in options) == 1
    )


def _texts(values: Any) -> bool:
    return not isinstance(values, str | dict) and all(_text(value) for value in values)


def _text(value: Any) -> bool:
    """Whether it is text that a database can hold: JSON can name what is no character."""
    return isinstance(value, str) and not re.search("[\0\ud800-\udfff]", value)


def as_native(note: PackedNote) -> PackedNote:
    """A note as it was before it went to Anki; any other note unchanged.

    Deck, tags, dates and cards are those Anki has; the key is our own again.
    """
    if note.kind in KINDS:
        return note
    native = restore(note.notetype, note.fields)
    if native is None:
        return note
    return structs.replace(
        note,
        kind=native.kind,
        fields=native.fields,
        key=native.key or note.key,
        notetype="",
        topic=native.topic,
        reference=native.reference,
        objective=native.objective,
        level=native.level,
        domains=native.domains,
        pool=native.pool,
    )
