"""Cards linked to items by hand, guesses among misses, what is slow, deeds without a card."""

from peewee import (
    AutoField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
)
from playhouse.migrate import migrate


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    # Only what the new table points at.
    class Learner(Table):
        id = AutoField()

    class Note(Table):
        id = AutoField()

    class Link(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        item = ForeignKeyField(Note, on_delete="CASCADE", backref="+")
        note = ForeignKeyField(Note, on_delete="CASCADE", backref="+")
        draft = BooleanField(default=False)

        class Meta:
            primary_key = CompositeKey("learner", "item", "note")

    db.create_tables([Link])
    migrate(
        migrator.add_column("learner", "slow_after", IntegerField(null=True)),
        migrator.add_column("miss", "guessed", BooleanField(default=False)),
        migrator.drop_not_null("journal", "card_id"),
    )
    # A miss is opened by the day's last missed answer; where that was a guess, it says so.
    db.execute_sql(
        f"""
        UPDATE miss SET guessed = TRUE WHERE EXISTS (
            SELECT 1 FROM review JOIN card ON card.id = review.card_id
            WHERE review.learner_id = miss.learner_id AND card.note_id = miss.note_id
            AND review.study_day = miss.since AND review.answer LIKE {db.param})
        """,  # noqa: S608 (the only thing filled in is the driver's placeholder)
        ('%"confidence": "guess"%',),
    )
