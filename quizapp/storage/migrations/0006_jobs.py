"""Long work."""

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
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

    # Only what the new table points at.
    class Learner(Table):
        id = AutoField()

    class Job(Table):
        id = AutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        kind = TextField()
        title = TextField()
        state = TextField()
        done = IntegerField(default=0)
        total = IntegerField(default=0)
        said = TextField(default="")
        arguments = TextField()
        result = TextField(null=True)
        stopping = BooleanField(default=False)
        attempt = IntegerField(default=0)
        owner = TextField(default="")
        made = BigIntegerField()
        started = BigIntegerField(null=True)
        finished = BigIntegerField(null=True)
        heartbeat = BigIntegerField(null=True)

        class Meta:
            indexes = ((("learner", "id"), False), (("state", "id"), False))

    db.create_tables([Job])
