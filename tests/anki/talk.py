"""Run by the Python that has Anki: import a package, say what arrived, export it again.

python talk.py import PACKAGE FOLDER      FOLDER/found.json, FOLDER/new.apkg, legacy.apkg
python talk.py time PACKAGE FOLDER        seconds of Anki's import and exports, as JSON
"""

import hashlib
import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anki.collection import (
    Collection,
    ExportAnkiPackageOptions,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
)

EVERYTHING = "with_scheduling", "with_deck_configs"


def take(col, package):
    """Import with scheduling and presets; the counts of Anki's log."""
    options = ImportAnkiPackageOptions(**dict.fromkeys(EVERYTHING, True))
    log = col.import_anki_package(
        ImportAnkiPackageRequest(package_path=str(package), options=options)
    ).log
    return {
        name: len(getattr(log, name))
        for name in ("new", "updated", "duplicate", "conflicting", "first_field_match")
    } | {"found": log.found_notes}


def give(col, path, legacy):
    options = ExportAnkiPackageOptions(
        legacy=legacy, with_media=True, **dict.fromkeys(EVERYTHING, True)
    )
    return col.export_anki_package(out_path=str(path), options=options, limit=None)


def found(col):
    """Everything of a collection that a package can carry."""
    return {
        "notes": [note(col, id_) for id_ in col.find_notes("")],
        "cards": [card(col, id_) for id_ in col.find_cards("")],
        "log": col.db.all("select id, cid, ease, ivl, lastIvl, factor, time, type from revlog"),
        "decks": [deck(col, known.id) for known in col.decks.all_names_and_ids()],
        "notetypes": [
            {
                "id": kind["id"],
                "name": kind["name"],
                "type": kind["type"],
                "fields": [f["name"] for f in kind["flds"]],
                "templates": [[t["name"], t["qfmt"], t["afmt"]] for t in kind["tmpls"]],
                "css": kind["css"],
                "sort": kind["sortf"],
                "stock": kind.get("originalStockKind", 0),
            }
            for kind in col.models.all()
        ],
        "media": {
            path.name: hashlib.sha1(path.read_bytes()).hexdigest()
            for path in Path(col.media.dir()).iterdir()
        },
    }


def note(col, id_):
    known = col.get_note(id_)
    row = col.db.first("select sfld, csum, mod from notes where id = ?", id_)
    return {
        "id": id_,
        "guid": known.guid,
        "notetype": known.note_type()["name"],
        "fields": known.fields,
        "tags": sorted(known.tags),
        "sfld": str(row[0]),
        "csum": row[1],
        "mod": row[2],
    }


def card(col, id_):
    known = col.get_card(id_)
    by_day = known.type != 0 and known.due < 1_000_000_000
    today = (datetime.now().astimezone() - timedelta(hours=4)).date()
    due = known.due
    if by_day:
        due = (today + timedelta(days=known.due - col.sched.today)).isoformat()
    elif known.type:
        due = datetime.fromtimestamp(known.due, UTC).isoformat()
    memory = known.memory_state
    return {
        "id": id_,
        "guid": known.note().guid,
        "ord": known.ord,
        "deck": col.decks.name(known.did),
        "type": known.type,
        "queue": known.queue,
        "due": due,
        "ivl": known.ivl,
        "factor": known.factor,
        "left": known.left,
        "reps": known.reps,
        "lapses": known.lapses,
        "flag": known.flags,
        "s": memory and round(memory.stability, 4),
        "d": memory and round(memory.difficulty, 3),
        "dr": known.desired_retention and round(known.desired_retention, 2),
        "decay": known.decay and round(known.decay, 4),
        "last": known.last_review_time,
        "custom": known.custom_data,
        "position": known.original_position,
        "question": known.question(),
        "answer": known.answer(),
    }


def deck(col, id_):
    known = col.decks.get(id_)
    options = col.decks.config_dict_for_deck_id(id_)
    return {
        "name": known["name"],
        "description": known["desc"],
        "markdown": known.get("md", False),
        "new": known.get("newLimit"),
        "reviews": known.get("reviewLimit"),
        "retention": known.get("desiredRetention"),
        "preset": {
            "name": options["name"],
            "new_per_day": options["new"]["perDay"],
            "reviews_per_day": options["rev"]["perDay"],
            "learning_steps": options["new"]["delays"],
            "relearning_steps": options["lapse"]["delays"],
            "maximum_interval": options["rev"]["maxIvl"],
            "leech_threshold": options["lapse"]["leechFails"],
            "desired_retention": round(options["desiredRetention"], 4),
            "historical_retention": round(options["sm2Retention"], 4),
            "weights": [round(weight, 4) for weight in options["fsrsParams6"]],
        },
    }


def timed(what):
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def main():
    command, package, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    col = Collection(str(folder / "collection.anki2"))
    if command == "time":
        seconds = {"import": timed(lambda: take(col, package))}
        for legacy, name in ((False, "new"), (True, "legacy")):
            path = folder / f"{name}.apkg"
            seconds[name] = timed(lambda legacy=legacy, path=path: give(col, path, legacy))
        seconds["again"] = timed(lambda: take(col, package))
        seconds["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(seconds))
        return
    log = take(col, package)
    result = found(col) | {"log_of_import": log}
    give(col, folder / "new.apkg", False)
    give(col, folder / "legacy.apkg", True)
    result["again"] = take(col, package)
    result["problems"] = col.fix_integrity()[0]
    (folder / "found.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    col.close()


if __name__ == "__main__":
    main()
