"""Mock exams: what there is to draw from, the papers, and every answer on them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from quizapp.domain.errors import Missing
from quizapp.domain.exams import Answered, Clock, Drawn, PoolItem, Score, Share, change
from quizapp.domain.scheduling import State
from quizapp.storage.batches import batches, insert_all
from quizapp.storage.fields import to_json
from quizapp.storage.models import Enrolment, Memory, Note, Paper, PaperItem, Snapshot


@dataclass(frozen=True)
class PaperRow:
    """A paper of a learner."""

    id: int
    outline: str
    title: str
    seed: int
    pace: str
    line: float
    started: datetime
    ends: datetime | None
    submitted: datetime | None
    open_place: int | None
    open_since: datetime | None
    score: Score | None
    count: int

    @property
    def clock(self) -> Clock:
        return Clock(self.started, self.ends)


@dataclass(frozen=True)
class Entry:
    """An item as the navigator and the result list it; ``note`` is None where it is gone."""

    place: int
    note: int | None
    domain: str
    repeat: bool
    choices: tuple[int, ...]
    confidence: str
    flagged: bool
    struck: tuple[int, ...]
    seen: bool
    seconds: float

    @property
    def choice(self) -> int | None:
        """The option that counts, by its stored position; -1 in ``choices`` is taken back."""
        return self.choices[-1] if self.choices and self.choices[-1] >= 0 else None

    @property
    def status(self) -> str:
        if self.choice is not None:
            return "complete"
        return "incomplete" if self.seen else "unseen"


@dataclass(frozen=True)
class PaperQuestion(Entry):
    """An item with what it says, as it was when the paper was drawn.

    ``order`` holds the stored positions of the options as they stand on the paper.
    """

    order: tuple[int, ...] = ()
    face: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""

    @property
    def key(self) -> int:
        return next(i for i, option in enumerate(self.face["options"]) if option["correct"])

    @property
    def right(self) -> bool | None:
        """Whether the choice that counts is the key; None where there is none."""
        return None if self.choice is None else self.choice == self.key

    @property
    def answered(self) -> Answered:
        """The item as the paper's score counts it."""
        changed = change(self.choices, self.key)
        return Answered(
            self.domain, self.right, self.repeat, self.confidence, self.seconds, changed
        )


def pool(learner: int, domains: Iterable[str], name: str = "mock") -> list[PoolItem]:
    """The items a paper may be drawn from, each in the first domain that is asked for.

    ``seen`` are those a candidate had on an earlier paper, or met in study.
    """
    wanted = set(domains)
    answered = (
        PaperItem.select(PaperItem.note)
        .join(Paper)
        .where((Paper.learner == learner) & PaperItem.seen & PaperItem.note.is_null(False))
    )
    studied = Memory.select(Memory.note).where(
        (Memory.learner == learner) & (Memory.state != State.NEW)
    )
    rows = (
        Note.select(Note.id, Note.domains, Note.topic, Note.id.in_(answered) | Note.id.in_(studied))
        .join(Enrolment, on=(Enrolment.deck == Note.deck))
        .where(
            (Enrolment.learner == learner)
            & (Note.pool == name)
            & (Note.kind == "choice")
            & ~Note.retired
        )
        .tuples()
    )
    found = []
    for note, its_domains, topic, seen in rows:
        domain = next((d for d in its_domains if d in wanted), None)
        if domain:
            found.append(PoolItem(note, domain, topic, bool(seen)))
    return found


def create(
    learner: int,
    drawn: Sequence[Drawn],
    faces: Mapping[int, tuple[Mapping[str, Any], str]],
    orders: Mapping[int, Sequence[int]],
    **columns: Any,
) -> int:
    """Store a paper with its items as ``contents`` found them; return its id."""
    paper = int(Paper.create(learner=learner, **columns).id)
    digests = snapshots([faces[item.note] for item in drawn])
    rows = [
        {
            "paper": paper,
            "place": place,
            "note": item.note,
            "snapshot": digest,
            "domain": item.domain,
            "repeat": item.repeat,
            "order": list(orders[item.note]),
            "choices": [],
            "struck": [],
        }
        for place, (item, digest) in enumerate(zip(drawn, digests, strict=True), 1)
    ]
    insert_all(PaperItem, rows)
    return paper


def contents(notes: Sequence[int]) -> dict[int, tuple[Mapping[str, Any], str]]:
    """What some notes show on their first card, and their references."""
    found: dict[int, tuple[Mapping[str, Any], str]] = {}
    for batch in batches(notes):
        rows = Note.select(Note.id, Note.faces, Note.reference).where(Note.id.in_(batch))
        found |= {note: (faces[0], reference) for note, faces, reference in rows.tuples()}
    return found


def snapshots(contents: Sequence[tuple[Mapping[str, Any], str]]) -> list[str]:
    """Keep items as they are now, each wording once; return their digests."""
    digests = []
    rows: dict[str, dict[str, Any]] = {}
    for face, reference in contents:
        text = f"{to_json(face)}\n{reference}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        digests.append(digest)
        rows[digest] = {"digest": digest, "face": face, "reference": reference}
    insert_all(Snapshot, list(rows.values()), known=True)
    return digests


def paper(learner: int, paper_id: int) -> PaperRow:
    """A learner's paper; raises Missing where they have no such one."""
    found = _papers(Paper.id == paper_id, learner)
    if not found:
        raise Missing("There is no such exam. Choose one from the list.")
    return found[0]


def papers(learner: int) -> list[PaperRow]:
    """A learner's papers, the newest first."""
    return _papers(Paper.id > 0, learner)


def running(learner: int) -> list[PaperRow]:
    """The papers that were not submitted yet."""
    return _papers(Paper.submitted.is_null(), learner)


def entries(paper_id: int) -> list[Entry]:
    """All items of a paper in its order, without their texts."""
    rows = (
        PaperItem.select(*_ENTRY)
        .where(PaperItem.paper == paper_id)
        .order_by(PaperItem.place)
        .tuples()
    )
    return [Entry(**_entry(row)) for row in rows]


def question(paper_id: int, place: int) -> PaperQuestion | None:
    """One item of a paper with its text."""
    return next(iter(_questions(paper_id, PaperItem.place == place)), None)


def questions(paper_id: int) -> list[PaperQuestion]:
    """All items of a paper with their texts, in its order."""
    return _questions(paper_id, PaperItem.place > 0)


def change_item(paper_id: int, place: int, **columns: Any) -> None:
    """Store what was done with an item."""
    where = (PaperItem.paper == paper_id) & (PaperItem.place == place)
    PaperItem.update(**columns).where(where).execute()


def add_time(paper_id: int, place: int, milliseconds: int) -> None:
    """Add to the time spent on an item."""
    where = (PaperItem.paper == paper_id) & (PaperItem.place == place)
    PaperItem.update(milliseconds=PaperItem.milliseconds + milliseconds).where(where).execute()


def change_paper(paper_id: int, **columns: Any) -> None:
    """Store the named columns of a paper."""
    Paper.update(**columns).where(Paper.id == paper_id).execute()


def submit(paper_id: int, at: datetime, score: Score) -> bool:
    """Close a paper and keep its score; False where it was closed before."""
    closed = (
        Paper.update(submitted=at, open_place=None, open_since=None, score=_stored(score))
        .where((Paper.id == paper_id) & Paper.submitted.is_null())
        .execute()
    )
    return bool(closed)


_ENTRY = (
    PaperItem.place,
    PaperItem.note,
    PaperItem.domain,
    PaperItem.repeat,
    PaperItem.choices,
    PaperItem.confidence,
    PaperItem.flagged,
    PaperItem.struck,
    PaperItem.seen,
    PaperItem.milliseconds,
)


def _entry(row: Sequence[Any]) -> dict[str, Any]:
    place, note, domain, repeat, choices, confidence, flagged, struck, seen, milliseconds = row
    return {
        "place": place,
        "note": note,
        "domain": domain,
        "repeat": bool(repeat),
        "choices": tuple(choices),
        "confidence": confidence,
        "flagged": bool(flagged),
        "struck": tuple(struck),
        "seen": bool(seen),
        "seconds": milliseconds / 1000,
    }


def _questions(paper_id: int, where: Any) -> list[PaperQuestion]:
    rows = (
        PaperItem.select(*_ENTRY, PaperItem.order, Snapshot.face, Snapshot.reference)
        .join(Snapshot)
        .where((PaperItem.paper == paper_id) & where)
        .order_by(PaperItem.place)
        .tuples()
    )
    return [
        PaperQuestion(**_entry(entry), order=tuple(order), face=face, reference=reference)
        for *entry, order, face, reference in rows
    ]


def _papers(where: Any, learner: int) -> list[PaperRow]:
    rows = (
        Paper.select(
            Paper.id,
            Paper.outline,
            Paper.title,
            Paper.seed,
            Paper.pace,
            Paper.line,
            Paper.started,
            Paper.ends,
            Paper.submitted,
            Paper.open_place,
            Paper.open_since,
            Paper.score,
            fn.COUNT(PaperItem.place),
        )
        .join(PaperItem, JOIN.LEFT_OUTER)
        .where((Paper.learner == learner) & where)
        .group_by(Paper.id)
        .order_by(Paper.id.desc())
        .tuples()
    )
    return [PaperRow(*(*row[:-2], _score(row[-2]), row[-1])) for row in rows]


def _stored(score: Score) -> dict[str, Any]:
    def pairs(shares: Mapping[str, Share]) -> dict[str, list[int]]:
        return {name: [share.k, share.n] for name, share in shares.items()}

    return {
        "all": [score.all.k, score.all.n], "first": [score.first.k, score.first.n],
        "blank": score.blank, "repeats": score.repeats,
        "domains": pairs(score.domains), "confidence": pairs(score.confidence),
    }  # fmt: skip


def _score(stored: Mapping[str, Any] | None) -> Score | None:
    if stored is None:
        return None
    shares = {
        key: {name: Share(*pair) for name, pair in stored[key].items()}
        for key in ("domains", "confidence")
    }
    first, every = Share(*stored["first"]), Share(*stored["all"])
    return Score(every, first, stored["blank"], stored["repeats"], **shares)
