"""What the memory of a retired card was before, so that a suspended one comes back as such."""

from peewee import SqliteDatabase


def up(migrator, db):
    # A plain ADD COLUMN: the helper would rebuild SQLite's table, and with it what points
    # at it.
    kind = "INTEGER" if isinstance(db, SqliteDatabase) else "SMALLINT"
    db.execute_sql(f'ALTER TABLE "memory" ADD COLUMN "held" {kind}')
