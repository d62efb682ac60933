"""The memories of a note by the note, so that deleting a note need not look through all."""


def up(migrator, db):
    db.execute_sql('DROP INDEX "memory_learner_id_note_id"')
    db.execute_sql('CREATE INDEX "memory_note_id_learner_id" ON "memory" ("note_id", "learner_id")')
