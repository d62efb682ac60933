"""Multiple-choice questions as rows of a table, one column for each part.

question, option_1 … option_6, correct, explanation_1 … explanation_6, reference, domains,
objective, level, pool, topic, tags, deck, id. Only the question, two options and what is
correct are needed. One explanation without a number belongs to the option that is correct.
Texts are Markdown.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quizapp.formats import names
from quizapp.formats.markdown import LEAST_OPTIONS, MOST_OPTIONS, POOLS, derived_id
from quizapp.formats.package import PackedNote, Refused
from quizapp.formats.tables import Row

COLUMNS = (
    "question",
    *(f"option_{n}" for n in range(1, MOST_OPTIONS + 1)),
    "correct",
    *(f"explanation_{n}" for n in range(1, MOST_OPTIONS + 1)),
    "reference", "domains", "objective", "level", "pool", "topic", "tags", "deck", "id",
)  # fmt: skip

# What a column can hold: a part of a question, as the table names it.
PARTS = (*COLUMNS[:8], "explanation", *COLUMNS[8:])

_OTHER_NAMES = {
    "stem": "question",
    "q": "question",
    "question_text": "question",
    "answer": "correct",
    "correct_answer": "correct",
    "correct_option": "correct",
    "right_answer": "correct",
    "key": "correct",
    "rationale": "explanation",
    "reason": "explanation",
    "why": "explanation",
    "feedback": "explanation",
    **dict.fromkeys(("frage", "pregunta"), "question"),
    **dict.fromkeys(
        "antwort richtig richtige_antwort losung loesung reponse bonne_reponse reponse_correcte"
        " respuesta respuesta_correcta correcta".split(),
        "correct",
    ),
    **dict.fromkeys(
        "erklarung erklaerung begrundung begruendung explication justification explicacion"
        " justificacion".split(),
        "explanation",
    ),
    **dict.fromkeys(("thema", "theme", "tema"), "topic"),
    **dict.fromkeys(("schlagworter", "schlagwoerter", "etiquettes", "etiquetas"), "tags"),
    **dict.fromkeys(("stapel", "paquet", "mazo"), "deck"),
    "ref": "reference",
    "source": "reference",
    "domain": "domains",
    "tag": "tags",
    "guid": "id",
    "quizapp_id": "id",
    "heading": "topic",
}
_NUMBERED = re.compile(
    r"(option|choice|answer|explanation|rationale|reason|antwort|reponse|choix|respuesta|opcion|)"
    r"_?([a-j]|[1-9]|10)"
)
_PARTS = {
    "": "option",
    "choice": "option",
    "answer": "option",
    **dict.fromkeys(("antwort", "reponse", "choix", "respuesta", "opcion"), "option"),
    "rationale": "explanation",
    "reason": "explanation",
}
_LETTERS = "abcdefghij"
_LIST = re.compile(r"[,;]")


def column(label: str) -> str:
    """The name of a column by what somebody called it, "" where it is none of ours."""
    name = re.sub(r"[ _-]+", "_", names.plainly(label)).strip("_")
    if match := _NUMBERED.fullmatch(name):
        part = _PARTS.get(match[1], match[1])
        number = match[2] if match[2].isdigit() else _LETTERS.index(match[2]) + 1
        return f"{part}_{number}"
    name = _OTHER_NAMES.get(name, name)
    return name if name in PARTS else ""


def fits(labels: Iterable[str]) -> bool:
    """Whether a header row is that of questions: a question, two options, what is correct."""
    found = {column(label) for label in labels}
    return {"question", "option_1", "option_2", "correct"} <= found


def guessed(labels: Sequence[str], width: int) -> tuple[str, ...]:
    """What each column of a table of questions holds, by labels that say it, else in order:
    the question, its options, what is correct."""
    by_label = columns([*labels, *[""] * width][: max(width, len(labels))])
    if any(by_label):
        return by_label
    options = min(width - 2, MOST_OPTIONS)
    found = ("question", *(f"option_{n}" for n in range(1, options + 1)), "correct", "explanation")
    return (*found, *[""] * width)[:width]


def columns(labels: Iterable[str]) -> tuple[str, ...]:
    """What each column holds; the second of two that are called the same holds nothing."""
    found: list[str] = []
    for label in labels:
        name = column(label)
        found.append("" if name in found else name)
    return tuple(found)


def notes(rows: Iterable[Row], places: Sequence[str], refused: list[Refused]) -> list[PackedNote]:
    """The questions of some rows; a row that makes none is added to ``refused``."""
    made = []
    for row in rows:
        cells = {name: cell.strip() for name, cell in zip(places, row.cells, strict=False) if name}
        try:
            made.append(_note(cells, f"row {row.line}"))
        except ValueError as error:
            refused.append(Refused(f"row {row.line}", str(error)))
    return made


def _note(cells: dict[str, str], where: str) -> PackedNote:
    if not cells.get("question"):
        raise ValueError("The question is empty.")
    pool = cells.get("pool", "").lower() or "study"
    if pool not in POOLS:
        raise ValueError(f"The pool is “{pool[:40]}”; write study or mock, or leave it empty.")
    fields = {"stem": cells["question"], "options": _options(cells)}
    return PackedNote(
        key=names.key(cells.get("id", "")) or derived_id("choice", fields),
        kind="choice",
        fields=fields,
        deck=names.deck_name(cells.get("deck", "")),
        tags=_listed(cells.get("tags", "")),
        where=where,
        topic=names.one_line(cells.get("topic", "")),
        reference=names.one_line(cells.get("reference", "")),
        domains=_listed(cells.get("domains", "")),
        objective=names.one_line(cells.get("objective", "")),
        level=names.one_line(cells.get("level", "")).lower(),
        pool=pool,
    )


def _options(cells: dict[str, str]) -> list[dict[str, Any]]:
    numbered = {
        n: text for n in range(1, MOST_OPTIONS + 1) if (text := cells.get(f"option_{n}", ""))
    }
    if len(numbered) < LEAST_OPTIONS:
        raise ValueError(f"It has {len(numbered)} options; a question needs two to six.")
    right = _right(cells.get("correct", ""), numbered)
    whys = {n: cells.get(f"explanation_{n}", "") for n in numbered}
    if common := cells.get("explanation", ""):
        whys[right] = f"{whys[right]}\n\n{common}".strip()
    return [
        {"text": text, "correct": n == right, "rationale": whys[n]} for n, text in numbered.items()
    ]


def _right(said: str, options: dict[int, str]) -> int:
    """Which option is correct, by its text, its number or its letter."""
    if not said:
        raise ValueError("It does not say which option is correct. Write its letter or number.")
    wanted = " ".join(said.casefold().split())
    by_text = [n for n, text in options.items() if " ".join(text.casefold().split()) == wanted]
    place = wanted.strip("().: ").removeprefix("option").strip("_ ")
    by_place = 0
    if len(place) == 1 and place in _LETTERS:
        by_place = _LETTERS.index(place) + 1
    elif place in map(str, options):
        by_place = int(place)
    if by_text and by_place in options and by_place not in by_text:
        raise ValueError(
            f"“{said[:80]}” is both a place and the text of another option. Write it as “option 1”."
        )
    found = by_text or [by_place]
    if len(found) > 1:
        raise ValueError("Two options are the same. Change one.")
    if found[0] not in options:
        raise ValueError(
            f"“{said[:80]}” is none of its options. Write the letter, number or text of one."
        )
    return found[0]


def row_of(note: PackedNote) -> tuple[str, ...]:
    """A question as a row of COLUMNS, which ``notes`` reads again."""
    options = note.fields["options"]
    cells = {
        "question": note.fields["stem"],
        "correct": _place([option["text"] for option in options], options),
        "reference": note.reference,
        "domains": ", ".join(note.domains),
        "objective": note.objective,
        "level": note.level,
        "pool": "" if note.pool == "study" else note.pool,
        "topic": note.topic,
        "tags": ", ".join(note.tags),
        "deck": note.deck,
        "id": note.key,
    }
    for number, option in enumerate(options, 1):
        cells[f"option_{number}"] = option["text"]
        cells[f"explanation_{number}"] = option["rationale"]
    return tuple(cells.get(name, "") for name in COLUMNS)


def _place(texts: Sequence[str], options: Sequence[Mapping[str, Any]]) -> str:
    """The letter of the right option, or its number where an option is called like it."""
    right = next(n for n, option in enumerate(options, 1) if option["correct"])
    numbered = dict(enumerate(texts, 1))
    for said in (_LETTERS[right - 1].upper(), str(right), f"option {right}"):
        try:
            if _right(said, numbered) == right:
                return said
        except ValueError:
            continue
    return str(right)


def _listed(text: str) -> tuple[str, ...]:
    """The parts of a cell between commas or semicolons, each once."""
    parts = (names.one_line(part) for part in _LIST.split(text))
    return tuple(dict.fromkeys(part for part in parts if part))


TEMPLATE = (
    ",".join(name for name in COLUMNS if name not in ("option_5", "option_6")).replace(
        ",explanation_5,explanation_6", ""
    )
    + "\n"
    + "What should a security manager do FIRST with a risk that was just found?,"
    "Assess it,Accept it,Buy insurance,Report it to the police,"
    "A,"
    "What a risk is worth decides what to do with it.,"
    "Accepting is the owner's choice and comes after the assessment.,"
    "Sharing is one answer among several.,Nothing happened yet.,"
    "ISO 31000:2018 6.4,CISM22-2,Assess before you treat.,application,study,Risk,,My deck,my-q1\n"
)
