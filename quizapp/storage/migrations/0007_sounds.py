"""Whether the sounds of cards play by themselves."""

from peewee import SqliteDatabase


def up(migrator, db):
    # A plain ADD COLUMN: the helper would rebuild SQLite's table, and with it what points
    # at it.
    sqlite = isinstance(db, SqliteDatabase)
    kind = "INTEGER NOT NULL DEFAULT 1" if sqlite else "BOOLEAN NOT NULL DEFAULT TRUE"
    db.execute_sql(f'ALTER TABLE "learner" ADD COLUMN "autoplay" {kind}')
