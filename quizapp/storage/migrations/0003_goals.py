"""Scores of finished papers, what was foretold for each goal, and a column nobody used."""

import json

from peewee import Model, TextField


def up(migrator, db):
    migrator.migrate(
        migrator.drop_column("plan", "begun"),
        migrator.add_column("paper", "score", TextField(null=True)),
        migrator.add_column("goal", "foretold", TextField(null=True)),
    )
    table = _paper(db)
    for (paper,) in _rows(db, "SELECT id FROM paper WHERE submitted IS NOT NULL ORDER BY id"):
        # One paper at a time: its texts are large, and nothing of them is kept.
        items = _rows(
            db,
            "SELECT i.domain, i.repeat, i.confidence, i.choices, s.face FROM paper_item i"
            " JOIN snapshot s ON s.digest = i.snapshot_id WHERE i.paper_id = ?",
            paper,
        )
        score = json.dumps(_added_up(items), ensure_ascii=False, separators=(",", ":"))
        table.update(score=score).where(table.id == paper).execute()


def _rows(db, query, *values):
    return db.execute_sql(query.replace("?", db.param), values).fetchall()


def _paper(db):
    class Paper(Model):
        score = TextField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    return Paper


def _added_up(items):
    score = {
        "all": [0, 0], "first": [0, 0], "blank": 0, "repeats": 0, "domains": {}, "confidence": {},
    }  # fmt: skip
    for domain, repeat, confidence, choices, face in items:
        chosen = (json.loads(choices) or [-1])[-1]
        right = chosen >= 0 and bool(json.loads(face)["options"][chosen]["correct"])
        score["blank"] += chosen < 0
        score["repeats"] += bool(repeat)
        counted = [score["all"], score["domains"].setdefault(domain, [0, 0])]
        if not repeat:
            counted.append(score["first"])
        if confidence:
            counted.append(score["confidence"].setdefault(confidence, [0, 0]))
        for share in counted:
            share[0] += right
            share[1] += 1
    return score
