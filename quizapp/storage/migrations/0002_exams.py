"""Mock exams, goals, plans, misses and picked sessions."""

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    # Only what the new tables point at.
    class Learner(Table):
        id = AutoField()

    class Note(Table):
        id = AutoField()

    class Card(Table):
        id = AutoField()

    class Snapshot(Table):
        digest = TextField(primary_key=True)
        face = TextField()
        reference = TextField(default="")

    class Paper(Table):
        id = AutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE")
        outline = TextField()
        title = TextField()
        seed = IntegerField()
        pace = TextField()
        line = DoubleField()
        started = BigIntegerField()
        ends = BigIntegerField(null=True)
        submitted = BigIntegerField(null=True)
        open_place = IntegerField(null=True)
        open_since = BigIntegerField(null=True)

    class PaperItem(Table):
        paper = ForeignKeyField(Paper, on_delete="CASCADE", index=False)
        place = IntegerField()
        note = ForeignKeyField(Note, on_delete="CASCADE")
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

    class Pick(Table):
        id = AutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE")
        title = TextField()
        cards = TextField()
        at = BigIntegerField()

    class Miss(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        note = ForeignKeyField(Note, on_delete="CASCADE")
        since = IntegerField()
        cause = TextField(default="")
        sure = BooleanField(default=False)
        right_days = TextField()
        closed = BooleanField(default=False)

        class Meta:
            primary_key = CompositeKey("learner", "note")

    class Goal(Table):
        id = AutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE")
        outline = TextField()
        title = TextField()
        day = TextField()
        weights = TextField(null=True)
        minutes = TextField()
        days_off = TextField()
        line = DoubleField()
        floor = DoubleField(default=0.0)
        created = BigIntegerField()
        ended = BigIntegerField(null=True)
        outcome = TextField(null=True)

    class Plan(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        study_day = IntegerField()
        begun = BooleanField(default=False)
        forecast = TextField()

        class Meta:
            primary_key = CompositeKey("learner", "study_day")

    class PlanCard(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        study_day = IntegerField()
        place = IntegerField()
        card = ForeignKeyField(Card, on_delete="CASCADE")

        class Meta:
            primary_key = CompositeKey("learner", "study_day", "place")

    db.create_tables([Snapshot, Paper, PaperItem, Pick, Miss, Goal, Plan, PlanCard])
