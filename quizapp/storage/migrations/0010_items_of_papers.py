"""An item of a paper stays where its note is deleted: the paper says what it asked."""

from peewee import (
    AutoField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        _rebuild(db)
        return
    db.execute_sql(
        'ALTER TABLE "paper_item" ALTER COLUMN "note_id" DROP NOT NULL,'
        ' DROP CONSTRAINT "paper_item_note_id_fkey",'
        ' ADD CONSTRAINT "paper_item_note_id_fkey" FOREIGN KEY ("note_id")'
        ' REFERENCES "note" ("id") ON DELETE SET NULL'
    )


def _rebuild(db):
    """SQLite changes no column: the rows move to a new table. Nothing points at this one."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    # Only what the table points at.
    class Paper(Table):
        id = AutoField()

    class Note(Table):
        id = AutoField()

    class Snapshot(Table):
        digest = TextField(primary_key=True)

    class PaperItem(Table):
        paper = ForeignKeyField(Paper, on_delete="CASCADE", index=False)
        place = IntegerField()
        note = ForeignKeyField(Note, null=True, on_delete="SET NULL")
        snapshot = ForeignKeyField(Snapshot, index=False)
        domain = TextField()
        repeat = BooleanField()
        order = TextField()
        choices = TextField()
        confidence = TextField(default="")
        flagged = BooleanField(default=False)
        struck = TextField()
        seen = BooleanField(default=False)
        milliseconds = IntegerField(default=0)

        class Meta:
            primary_key = CompositeKey("paper", "place")

    columns = ", ".join(f'"{field.column_name}"' for field in PaperItem._meta.sorted_fields)
    db.execute_sql('DROP INDEX "paper_item_note_id"')
    db.execute_sql('ALTER TABLE "paper_item" RENAME TO "paper_item_before"')
    db.create_tables([PaperItem])
    db.execute_sql(
        f'INSERT INTO "paper_item" ({columns}) SELECT {columns} FROM "paper_item_before"'  # noqa: S608 (our own columns)
    )
    db.execute_sql('DROP TABLE "paper_item_before"')
