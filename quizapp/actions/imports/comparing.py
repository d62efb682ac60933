"""What an import would do, before it does it."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any

from msgspec import structs

from quizapp.actions.imports.advice import LOOKED_AT, advice
from quizapp.actions.imports.histories import histories, may_differ
from quizapp.actions.imports.notes import chunks, path_of, refusals, renamed, with_media
from quizapp.actions.imports.recognising import recognised
from quizapp.actions.imports.returning import gone, returned
from quizapp.actions.imports.samples import Samples
from quizapp.domain.learners import Learner
from quizapp.domain.merging import merged
from quizapp.domain.notetypes import NoteType
from quizapp.formats.contents import Contents, Entry, cards, changed, tags
from quizapp.formats.labels import label
from quizapp.formats.package import Package, PackedNote
from quizapp.storage import imports
from quizapp.storage.imports import HELD_OUT, Content, Known

# How much of each list the preview shows; the counts are of all.
SHOWN = 100
_LONGEST = 2_000
TWICE = "A note before it in the file is the same one, so this one is left out."

_MORE = ("cards", "more", "reviews", "fresh", "apart", "advice")
KINDS = ("new", "changed", "older", "same", "conflicts", "gone", "refused")


@dataclass
class Comparison:
    """What an import would do: counts of all, and the first SHOWN of each kind.

    new        {label, deck, where}
    changed, older, conflicts   {id, label, where, fields: [{name, before, after, mine}]},
               older: the note here was changed after the one in the file;
               conflicts: both sides changed the same field
    gone       {id, label}: brought by an import, and in the file no more
    refused    {where, reason}
    samples    whole notes to be shown as cards
    advice     what the rules say of the first notes: {label, where, rule, reason, remedy, …}

    ``counts`` also has the cards that new notes make, those that notes gain which are here
    ("more"), the log's answers ("reviews"), those that are not here and would come along
    ("fresh"), and those that would not, because their cards were studied here otherwise
    ("apart").
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*KINDS, *_MORE), 0))
    lists: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {kind: [] for kind in KINDS if kind != "same"}
    )
    samples: list[dict[str, Any]] = field(default_factory=list)
    advice: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kind: str, entry: Callable[[], dict[str, Any]]) -> None:
        """Count one, and keep it where there is room."""
        self.counts[kind] += 1
        if len(self.lists[kind]) < SHOWN:
            self.lists[kind].append(entry())


def compare(learner: Learner, package: Package, contents: Contents, under: str = "") -> Comparison:
    """Hold a package against a learner's own notes; nothing is written.

    ``under`` is the deck that everything is to go under, see Choices. ``package`` gets a
    remark where rows without an ID are notes that are here, see recognising.py.
    """
    known = imports.notes_known(learner.id)
    contents = with_types_apart(learner, package, contents, known)
    contents, count = recognised(learner, package, contents, known, under)
    _remark(package, count)
    back = returned(learner, package, contents, known)
    contents = back.contents
    stored_types = dict(imports.notetypes(learner.id).values())
    types = {type_.key: type_ for type_ in package.notetypes}
    larger = grown(package, stored_types)
    stored_media = imports.media(learner.id)
    contents = with_own_media(package, contents, stored_media)
    answered = imports.answers_known(learner.id) if package.progress and known else {}
    result, samples = Comparison(), Samples(types)
    seen: set[str] = set()
    for chunk in chunks(contents.entries()):
        differ: list[tuple[PackedNote, Known]] = []
        growing: list[tuple[PackedNote, Known]] = []
        studied: list[tuple[PackedNote, Known]] = []
        for entry in chunk:
            if entry.key in seen:
                where = contents.note(entry).where
                result.add("refused", lambda w=where: {"where": w, "reason": TWICE})  # type: ignore[misc]
                continue
            seen.add(entry.key)
            result.counts["reviews"] += entry.reviews
            there = known.get(entry.key)
            if len(seen) <= LOOKED_AT:
                _look_at(result, samples, contents.note(entry), there, types)
            if there is None:
                result.counts["cards"] += entry.cards
                result.counts["fresh"] += entry.reviews
                result.add("new", lambda e=entry: _entry(contents.note(e), types))  # type: ignore[misc]
                continue
            gaining = grows(entry, there, contents, larger)
            if gaining:
                growing.append((contents.note(entry), there))
            if is_same(entry, there):
                result.counts["same"] += 1
                if not gaining and may_differ(entry, there, answered):
                    studied.append((contents.note(entry), there))
            else:
                differ.append((contents.note(entry), there))
        stored = imports.contents(learner.id, [there.id for _, there in differ])
        for note, there in differ:
            _compare(result, note, there, stored[there.id], types, stored_types)
        result.counts["more"] += _gained(learner, growing, types)
        if package.progress:
            taken = [(note, there) for note, there in differ if is_taken("newer", note, there)]
            _hold_logs(result, learner, taken, studied, growing)
    _add_gone(result, learner, package, under, seen | back.stays)
    _add_refused(result, package, stored_media)
    result.samples = [_sample(note, types) for note in samples.chosen()]
    return result


def _remark(package: Package, recognised: int) -> None:
    if recognised:
        package.remarks.append(
            f"Rows without an ID that ask the same as a note here: {recognised:,}. They count as"
            " that note; its first field, and what a row leaves empty, stay as they are."
        )


def _add_gone(
    result: Comparison, learner: Learner, package: Package, under: str, keys: Set[str]
) -> None:
    having = imports.own_decks(learner.id)
    named = ("::".join(path_of(deck.name, under)).casefold() for deck in package.decks)
    inside = [having[name][0] for name in named if name in having]
    for id_, shown in gone(learner, package, inside, keys):
        result.add("gone", lambda i=id_, s=shown: {"id": i, "label": s})  # type: ignore[misc]


def _add_refused(result: Comparison, package: Package, stored_media: Mapping[str, str]) -> None:
    for refused in refusals(package, stored_media):
        result.add("refused", lambda e=refused: structs.asdict(e))  # type: ignore[misc]


def with_types_apart(
    learner: Learner, package: Package, contents: Contents, known: Mapping[str, Known]
) -> Contents:
    """The contents with keys of their own for note types that are strangers to those here.

    Scripts that make packages often share the number of a note type though nothing else;
    uniting two of those would spoil the cards of both. ``package`` gets the new keys too.
    """
    here = imports.notetypes(learner.id)
    strange = {
        type_.key: f"{type_.key}-{sha256(repr(type_.fields).encode()).hexdigest()[:8]}"
        for type_ in package.notetypes
        if type_.key in here and not _are_related(here[type_.key][1], type_)
    }
    # One note of it that is here is proof enough that the author changed the type, but for a
    # type that was set apart before.
    unsure = {key for key, own in strange.items() if own not in here}
    for entry in contents.entries() if unsure else ():
        if entry.key in known and (key := contents.note(entry).notetype) in unsure:
            strange.pop(key, None)
    if not strange:
        return contents
    package.notetypes = [
        replace(
            type_, key=strange[type_.key], extra={k: v for k, v in type_.extra.items() if k != "id"}
        )
        if type_.key in strange
        else type_
        for type_ in package.notetypes
    ]
    types = {type_.key: type_ for type_ in package.notetypes}
    return changed(
        contents,
        types,
        lambda note: structs.replace(note, notetype=strange.get(note.notetype, note.notetype)),
    )


def _are_related(there: NoteType, new: NoteType) -> bool:
    """Whether one note type can be the other with fields added or removed."""
    one, other = set(there.fields), set(new.fields)
    return (there.kind == "normal") == (new.kind == "normal") and (one <= other or other <= one)


def grown(package: Package, stored: Mapping[int, NoteType]) -> set[str]:
    """Keys of note types that have more templates in the file than here.

    Notes that are here gain the cards of those, whatever becomes of their text.
    """
    here = {type_.key: len(type_.templates) for type_ in stored.values()}
    return {
        type_.key
        for type_ in package.notetypes
        if len(type_.templates) > here.get(type_.key, len(type_.templates))
    }


def grows(entry: Entry, there: Known, contents: Contents, larger: Set[str]) -> bool:
    """Whether a note that is here gains cards, being of one of the types that ``grown`` names."""
    if not larger or there.shipped or there.retired:
        return False
    return contents.note(entry).notetype in larger


def _gained(
    learner: Learner,
    notes: Sequence[tuple[PackedNote, Known]],
    types: Mapping[str, NoteType],
) -> int:
    """How many cards some notes have in the file and not here."""
    known = imports.cards_known(learner.id, [there.id for _, there in notes])
    return sum(
        len({card.ord for card in cards(note, types)} - {c.ord for c in known.get(there.id, ())})
        for note, there in notes
    )


def _hold_logs(
    result: Comparison,
    learner: Learner,
    taken: Sequence[tuple[PackedNote, Known]],
    studied: Sequence[tuple[PackedNote, Known]],
    growing: Sequence[tuple[PackedNote, Known]],
) -> None:
    """Count the answers that are not here: of notes that change, are the same, and gain cards."""
    gaining = {there.id: (note, there) for note, there in (*taken, *growing)}
    for notes, cards_too in ((list(gaining.values()), True), (studied, False)):
        found = histories(learner, notes)
        result.counts["fresh"] += sum(one.fresh for one in found.gone_on)
        result.counts["fresh"] += found.missing if cards_too else 0
        result.counts["apart"] += found.apart


def with_own_media(package: Package, contents: Contents, media: Mapping[str, str]) -> Contents:
    """The contents with the names that its files get beside those that are stored."""
    names = renamed(package, media)
    if not names:
        return contents
    types = {type_.key: type_ for type_ in package.notetypes}
    return changed(contents, types, lambda note: with_media(note, names))


def _look_at(
    result: Comparison,
    samples: Samples,
    note: PackedNote,
    there: Known | None,
    types: Mapping[str, NoteType],
) -> None:
    """One of the first notes: what ships needs no advice, and what is held out is not shown."""
    if there is None or not there.shipped:
        _advise(result, note, types)
    if note.pool != "mock":
        samples.look_at(note)


def _advise(result: Comparison, note: PackedNote, types: Mapping[str, NoteType]) -> None:
    for finding in advice(note, types.get(note.notetype)):
        result.counts["advice"] += 1
        if len(result.advice) < SHOWN:
            result.advice.append(_entry(note, types) | finding)


def is_same(entry: Entry, there: Known) -> bool:
    """Whether nothing of a note's text is to change; one that ships is its file's to change."""
    same = there.digest.rpartition(":")[2] == entry.digest
    return there.shipped or (same and not there.retired)


def is_taken(existing: str, note: PackedNote, there: Known) -> bool:
    """Whether the file's text replaces what is here, under a policy of Choices."""
    if existing == "never":
        return False
    if existing == "always" or there.retired or not note.modified or not there.modified:
        return True
    return note.modified >= there.modified


def united_fields(note: PackedNote, content: Content) -> dict[str, Any]:
    """A note's new fields; a custom one keeps those that only its stored form has."""
    if note.kind == "custom" == content.kind:
        return {**content.fields, **note.fields}
    return dict(note.fields)


def _compare(
    result: Comparison,
    note: PackedNote,
    there: Known,
    content: Content,
    types: Mapping[str, NoteType],
    stored_types: Mapping[int, NoteType],
) -> None:
    new = united_fields(note, content)
    conflicts: tuple[str, ...] = ()
    if content.own is not None and note.kind == content.kind:
        base = content.base if content.base is not None else content.fields
        conflicts = merged(content.own, base, new).conflicts
    newer = is_taken("newer", note, there)
    kind = "conflicts" if conflicts and newer else "changed" if newer else "older"

    def entry() -> dict[str, Any]:
        own = content.own or {}
        if note.pool == "mock" and kind != "conflicts":
            return _entry(note, types) | {"id": there.id, "fields": []}
        fields = [
            {
                "name": name,
                "before": _said(content.fields.get(name, "")),
                "after": _said(new[name]),
                "mine": _said(own.get(name, "")) if name in conflicts else "",
            }
            for name in new
            if content.fields.get(name) != new[name]
        ]
        before, after = " ".join(sorted(content.tags)), " ".join(sorted(tags(note)))
        if before != after:
            fields.append({"name": "Tags", "before": before, "after": after, "mine": ""})
        return _entry(note, types) | {"id": there.id, "fields": fields}

    result.add(kind, entry)


def _entry(note: PackedNote, types: Mapping[str, NoteType]) -> dict[str, Any]:
    return {"label": _label(note, types), "deck": note.deck, "where": note.where}


def _label(note: PackedNote, types: Mapping[str, NoteType]) -> str:
    if note.pool == "mock":
        return HELD_OUT
    if note.kind == "custom":
        return label(types[note.notetype], note.fields)
    asked = note.fields.get("front") or note.fields.get("stem") or note.fields.get("text", "")
    return str(asked)[:200]


def _said(value: Any) -> str:
    """A field's value as text that a person can compare."""
    if isinstance(value, list):
        lines = [
            f"{'✓' if o.get('correct') else '–'} {o.get('text', '')} ({o.get('rationale', '')})"
            if isinstance(o, dict)
            else str(o)
            for o in value
        ]
        value = "\n".join(lines)
    return str(value)[:_LONGEST]


def _sample(note: PackedNote, types: Mapping[str, NoteType]) -> dict[str, Any]:
    made = cards(note, types)
    return {
        "kind": note.kind,
        "fields": dict(note.fields),
        "objective": note.objective,
        "deck": note.deck,
        "tags": list(note.tags),
        "ord": made[0].ord if made else 0,
        "notetype": asdict(types[note.notetype]) if note.kind == "custom" else None,
    }
