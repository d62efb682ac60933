"""What an import changed, kept as it was, and the way back."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from quizapp.domain.queue import Queue, queue_of
from quizapp.domain.scheduling import State
from quizapp.storage.batches import alike, batches, insert_rows, keys_of, update_rows
from quizapp.storage.database import proxy
from quizapp.storage.fields import from_json, to_json
from quizapp.storage.later_imports import Later, pass_changes_on, pass_rest_on
from quizapp.storage.models import (
    BatchChange,
    Card,
    Deck,
    Medium,
    Memory,
    Note,
    NoteEdit,
    NoteType,
    Review,
)
from quizapp.storage.prepared import raw

# So many changes, or notes, are taken back between two reports.
_PIECE = 2_000

# Not the name of a table: the log of a card was replaced as a whole.
_LOG = "log"
_CHANGE = (BatchChange.batch, BatchChange.table, BatchChange.row, BatchChange.before)
_TABLES = {
    table._meta.table_name: table for table in (Note, Card, NoteType, Memory, Review, NoteEdit)
}

_Row = dict[str, Any]


def record(batch: int, table: Any, where: Any) -> None:
    """Note down rows as they are, before they are changed."""
    fields = table._meta.sorted_fields
    names = [field.column_name for field in fields]
    row_of = names.index("id") if "id" in names else names.index(keys_of(table)[1])
    rows = raw(table.select(*fields).where(where))
    _note_down(
        batch,
        table._meta.table_name,
        [(row[row_of], dict(zip(names, row, strict=True))) for row in rows],
    )


def record_added(batch: int, table: str, ids: Iterable[int]) -> None:
    """Note down rows that an import added to notes that were here before."""
    _note_down(batch, table, [(id_, None) for id_ in ids])


def record_logs(batch: int, cards: Iterable[tuple[int, int]]) -> None:
    """Note down that the logs of cards are replaced, each with the version that its memory
    has from now on.

    The logs as they are are to be recorded before, the memories after it.
    """
    _note_down(batch, _LOG, [(card, {"version": version}) for card, version in cards])


def take_back(
    learner: int,
    batch: int,
    report: Callable[[int, int], None],
    among: Sequence[Later] = (),
    shown: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Remove what an import added and put back what it changed, newest first.

    What the learner did since with notes that were here before stays theirs: answers, marks,
    a wording. Files of its media stay until they are swept. ``report`` is told how many
    changes and notes are behind, and how many there are. ``among`` are the imports that were
    done after it, none of which rests on it, and ``shown`` the names of files that those
    show; what they use passes to them, see later_imports.py.
    """
    pass_changes_on(batch, among)
    notes = Note.select(Note.id).where(Note.batch == batch).order_by(Note.id)
    added = [id_ for (id_,) in raw(notes)]
    total = BatchChange.select().where(BatchChange.batch == batch).count() + len(added)
    done = 0
    report(done, total)
    logs = _Logs(learner, batch)
    logs.remove()
    for piece in _changes(batch):
        _put_back(learner, logs, piece)
        done += len(piece)
        report(done, total)
    for start in range(0, len(added), _PIECE):
        piece_of = added[start : start + _PIECE]
        _remove_notes(batch, piece_of[0], piece_of[-1])
        done += len(piece_of)
        report(done, total)
    pass_rest_on(batch, among, shown)
    inside = Note.select(Note.deck).union(Card.select(Card.deck))
    Deck.delete().where((Deck.batch == batch) & Deck.id.not_in(inside)).execute()
    used = Note.select(Note.notetype).where(Note.notetype.is_null(False))
    NoteType.delete().where((NoteType.batch == batch) & NoteType.id.not_in(used)).execute()
    Medium.delete().where(Medium.batch == batch).execute()
    BatchChange.delete().where(BatchChange.batch == batch).execute()


class _Logs:
    """The cards whose log an import replaced.

    recorded  the change that stands for it, by card: what was recorded of the card's log
              before is the log as it was
    moved_on  those that were answered or changed since, and keep what was brought
    """

    def __init__(self, learner: int, batch: int) -> None:
        self.learner = learner
        self.recorded: dict[int, int] = {}
        versions = {}
        where = (BatchChange.batch == batch) & (BatchChange.table == _LOG)
        columns = (BatchChange.id, BatchChange.row, BatchChange.before)
        for id_, card, before in raw(
            BatchChange.select(*columns).where(where).order_by(BatchChange.id)
        ):
            self.recorded.setdefault(card, id_)
            versions[card] = from_json(before)["version"]
        now = _stand(learner, list(versions))
        self.moved_on = {card for card, (version, _) in now.items() if version != versions[card]}

    def remove(self) -> None:
        """Make room for the logs as they were."""
        cards = [card for card in self.recorded if card not in self.moved_on]
        _of('DELETE FROM "review" WHERE "learner_id" = {} AND "card_id" IN', cards, self.learner)

    def is_to_be_put_back(self, change: int, card: int) -> bool:
        return card not in self.moved_on and change < self.recorded[card]


# The change, the row's number, and the row as it was.
_Change = tuple[int, int, _Row | None]


def _changes(batch: int) -> Iterator[list[tuple[int, str, int, str | None]]]:
    """What an import changed, newest first, in pieces."""
    last = None
    columns = (BatchChange.id, BatchChange.table, BatchChange.row, BatchChange.before)
    while True:
        where = BatchChange.batch == batch
        if last is not None:
            where &= BatchChange.id < last
        query = BatchChange.select(*columns).where(where).order_by(BatchChange.id.desc())
        piece: Any = raw(query.limit(_PIECE))
        if not piece:
            return
        yield piece
        last = piece[-1][0]


def _put_back(learner: int, logs: _Logs, piece: Sequence[tuple[int, str, int, str | None]]) -> None:
    """Put a piece of the changes back, table by table: no two of them touch the same row."""
    by_table: dict[str, list[_Change]] = defaultdict(list)
    for id_, name, row, before in piece:
        by_table[name].append((id_, row, None if before is None else from_json(before)))
    by_table.pop(_LOG, None)
    added: list[tuple[Any, list[int]]] = []
    for name, changes in by_table.items():
        table = _TABLES[name]
        rows = [(id_, row, before) for id_, row, before in changes if before is not None]
        added.append((table, [row for _, row, before in changes if before is None]))
        if table is Memory:
            _put_memories_back(learner, logs, [(row, before) for _, row, before in rows])
        elif table is Review:
            _put_reviews_back(
                [b for id_, _, b in rows if logs.is_to_be_put_back(id_, b["card_id"])]
            )
        elif table is NoteEdit:
            for _, note, wording in rows:
                _put_edit_back(learner, note, wording)
        else:
            _put_rows_back(table, {row: before for _, row, before in rows})
    # Last: of a row that the import added, all that it did with it later was put back above.
    for table, ids in added:
        for some in batches(ids):
            table.delete().where(table.id.in_(some)).execute()


def _put_memories_back(learner: int, logs: _Logs, rows: Sequence[tuple[int, _Row]]) -> None:
    """Make memories what they were, newest first, but for what became of them since."""
    stands = _stand(learner, [card for card, _ in rows])
    there = set(stands)
    becoming: dict[int, _Row] = defaultdict(dict)
    for card, before in rows:
        version, queue = stands.get(card, (None, None))
        if version is None or (card in logs.recorded and card not in logs.moved_on):
            becoming[card] |= before
        elif version == before["version"]:
            # Flags and marks count no version, and no import changes them but with the progress.
            becoming[card] |= {n: v for n, v in before.items() if n not in ("flag", "marked")}
        elif before["queue"] == Queue.RETIRED != queue:
            becoming[card] |= {"queue": before["queue"], "held": queue}
            stands[card] = version, before["queue"]
            continue
        elif before["queue"] != Queue.RETIRED == queue:
            # Back in study by hand, changed there, and set aside again when that was undone.
            becoming[card] |= {"queue": _restored(learner, card), "held": None}
            continue
        else:
            continue
        stands[card] = before["version"], before["queue"]
    _insert(Memory, [row for card, row in becoming.items() if card not in there])
    update_rows(
        Memory,
        [
            row | {"learner_id": learner, "card_id": card}
            for card, row in becoming.items()
            if card in there
        ],
    )


def _put_reviews_back(rows: Sequence[_Row]) -> None:
    """Add answers again; one whose number was given to another meanwhile gets a new one."""
    taken = _there(Review, [row["id"] for row in rows])
    _insert(Review, [row for row in rows if row["id"] not in taken])
    _insert(
        Review,
        [{n: v for n, v in row.items() if n != "id"} for row in rows if row["id"] in taken],
    )


def _put_edit_back(learner: int, note: int, before: _Row) -> None:
    """Make a wording what it was, unless there is a newer one."""
    where = (NoteEdit.learner == learner) & (NoteEdit.note == note)
    at = raw(NoteEdit.select(NoteEdit.at).where(where))
    if not at:
        _insert(NoteEdit, [before])
    elif at[0][0] == before["at"]:
        update_rows(NoteEdit, [before])


def _put_rows_back(table: Any, rows: Mapping[int, _Row]) -> None:
    """Make rows of a table what they were, whether they are still there or not."""
    there = _there(table, list(rows))
    update_rows(table, [row for id_, row in rows.items() if id_ in there])
    _insert(table, [row for id_, row in rows.items() if id_ not in there])


def _remove_notes(batch: int, first: int, last: int) -> None:
    """Delete notes that an import added, with all that hangs on them.

    The largest tables by hand: left to the references, the database goes through them row
    by row.
    """
    these = (Note.batch == batch) & Note.id.between(first, last)
    notes = Note.select(Note.id).where(these)
    cards = Card.select(Card.id).where(Card.note.in_(notes))
    Review.delete().where(Review.card.in_(cards)).execute()
    Memory.delete().where(Memory.note.in_(notes)).execute()
    Card.delete().where(Card.note.in_(notes)).execute()
    Note.delete().where(these).execute()


def _stand(learner: int, cards: Sequence[int]) -> dict[int, tuple[int, int]]:
    """The version and the queue of the memory of each card, where there is one."""
    query = (
        'SELECT "card_id", "version", "queue" FROM "memory"'
        ' WHERE "learner_id" = {} AND "card_id" IN'
    )
    rows = (row for cursor in _of(query, cards, learner) for row in cursor)
    return {card: (version, queue) for card, version, queue in rows}


def _restored(learner: int, card: int) -> Queue:
    """The queue of a card that comes back into study, as restore_memories has it."""
    columns = Memory.select(Memory.held, Memory.state)
    held, state = columns.where((Memory.learner == learner) & (Memory.card == card)).tuples().get()
    return Queue.SUSPENDED if held == Queue.SUSPENDED else queue_of(State(state))


def _there(table: Any, ids: Sequence[int]) -> set[int]:
    """Which of some numbers a table has."""
    query = f'SELECT "id" FROM "{table._meta.table_name}" WHERE "id" IN'  # noqa: S608 (our own name)
    return {id_ for cursor in _of(query, ids) for (id_,) in cursor}


def _of(query: str, ids: Sequence[int], *values: int) -> list[Any]:
    """Run a query that ends in IN for some numbers; a cursor for each piece of them.

    Made as text, because building it for so many numbers takes Peewee as long as running it
    takes the database.
    """
    p = proxy.param
    return [
        proxy.execute_sql(f"{query.format(p)} ({', '.join([p] * len(piece))})", [*values, *piece])
        for piece in batches(ids)
    ]


def _insert(table: Any, rows: Sequence[_Row]) -> None:
    """Add rows with their values as they are stored."""
    fields = {field.column_name: field for field in table._meta.sorted_fields}
    for columns, values in alike(rows).items():
        insert_rows(
            table,
            [fields[column] for column in columns],
            [[row[column] for column in columns] for row in values],
        )


def _note_down(batch: int, name: str, rows: Iterable[tuple[int, _Row | None]]) -> None:
    insert_rows(BatchChange, _CHANGE, [(batch, name, row, to_json(before)) for row, before in rows])
