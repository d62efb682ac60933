"""Imports, note types and media; what an import adds to decks, notes, cards and the log."""

from peewee import AutoField, BigAutoField, BigIntegerField, ForeignKeyField, IntegerField, Model
from peewee import TextField as Text


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Learner(Table):  # only to point at
        id = AutoField()

    class Batch(Table):
        id = AutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE")
        title = Text()
        state = Text()
        folder = Text()
        job = IntegerField(null=True)
        made = BigIntegerField()
        done = BigIntegerField(null=True)
        head = Text(null=True)
        choices = Text(null=True)
        result = Text(null=True)
        said = Text(default="")

    class BatchChange(Table):
        id = BigAutoField()
        batch = ForeignKeyField(Batch, on_delete="CASCADE")
        table = Text()
        row = BigIntegerField()
        before = Text(null=True)

    class NoteType(Table):
        id = AutoField()
        owner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        key = Text()
        name = Text()
        kind = Text()
        fields = Text()
        templates = Text()
        css = Text(default="")
        sort_field = IntegerField(default=0)
        extra = Text()
        batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL", index=False)

        class Meta:
            indexes = ((("owner", "key"), True),)

    class Medium(Table):
        id = AutoField()
        owner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        name = Text()
        digest = Text(index=True)
        size = BigIntegerField()
        batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL", index=False)

        class Meta:
            indexes = ((("owner", "name"), True),)

    db.create_tables([Batch, BatchChange, NoteType, Medium])
    # A plain ADD COLUMN: the helper would rebuild SQLite's tables, and with them what
    # points at them.
    batch = 'INTEGER REFERENCES "batch" ("id") ON DELETE SET NULL'
    for table, column, kind in (
        ("deck", "extra", "TEXT"),
        ("deck", "batch_id", batch),
        ("note", "notetype_id", 'INTEGER REFERENCES "note_type" ("id") ON DELETE CASCADE'),
        ("note", "created", "BIGINT"),
        ("note", "modified", "BIGINT"),
        ("note", "batch_id", batch),
        ("card", "origin", "TEXT"),
        ("review", "origin", "TEXT"),
        ("note_edit", "base", "TEXT"),
    ):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {kind}')
    db.execute_sql('CREATE INDEX "note_notetype_id" ON "note" ("notetype_id")')
    db.execute_sql('CREATE INDEX "note_batch_id" ON "note" ("batch_id")')
