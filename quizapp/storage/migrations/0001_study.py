"""Decks, learners, and what a learner remembers."""

from peewee import (
    SQL,
    AutoField,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Learner(Table):
        id = AutoField()
        name = TextField()
        created = BigIntegerField()
        timezone = TextField()
        rollover_hour = SmallIntegerField(default=4)
        desired_retention = DoubleField(default=0.90)
        new_per_day = IntegerField(default=20)
        reviews_per_day = IntegerField(default=200)
        learning_steps = TextField(default="1 10")
        relearning_steps = TextField(default="10")
        maximum_interval = IntegerField(default=36500)
        leech_threshold = IntegerField(default=8)
        bury_siblings = BooleanField(default=True)
        two_buttons = BooleanField(default=False)
        shortcuts = BooleanField(default=True)
        space_grades = BooleanField(default=True)
        show_timer = BooleanField(default=False)
        show_streak = BooleanField(default=True)
        serif = BooleanField(default=False)
        weights = TextField(null=True)
        day_begun = IntegerField(default=0)
        extra_new_day = IntegerField(default=0)
        extra_new = IntegerField(default=0)

    class Deck(Table):
        id = AutoField()
        owner = ForeignKeyField(Learner, null=True, on_delete="CASCADE")
        key = TextField(unique=True)
        family = TextField()
        parent = TextField(default="")
        name = TextField()
        description = TextField(default="")
        topic = TextField(default="")
        outline = TextField()
        origin = TextField(default="")
        licence = TextField(default="")
        updated = TextField(default="")
        position = IntegerField()
        digest = TextField()
        retired = BooleanField(default=False)

    class Note(Table):
        id = AutoField()
        deck = ForeignKeyField(Deck, on_delete="CASCADE")
        key = TextField(unique=True)
        kind = TextField()
        fields = TextField()
        faces = TextField()
        topic = TextField(default="")
        tags = TextField()
        reference = TextField(default="")
        works = TextField()
        domains = TextField()
        objective = TextField(default="")
        level = TextField(default="")
        pool = TextField(default="study")
        position = IntegerField()
        digest = TextField()
        retired = BooleanField(default=False)

    class Card(Table):
        id = AutoField()
        note = ForeignKeyField(Note, on_delete="CASCADE", index=False)
        deck = ForeignKeyField(Deck, on_delete="CASCADE")
        ord = SmallIntegerField()
        rank = BigIntegerField()
        shuffle = IntegerField()
        retired = BooleanField(default=False)

        class Meta:
            indexes = ((("note", "ord"), True),)

    class Enrolment(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        deck = ForeignKeyField(Deck, on_delete="CASCADE")
        desired_retention = DoubleField(null=True)
        new_per_day = IntegerField(null=True)
        reviews_per_day = IntegerField(null=True)
        extra_new_day = IntegerField(default=0)
        extra_new = IntegerField(default=0)

        class Meta:
            primary_key = CompositeKey("learner", "deck")

    class Memory(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        card = ForeignKeyField(Card, on_delete="CASCADE")
        deck = ForeignKeyField(Deck, on_delete="CASCADE", index=False)
        note = ForeignKeyField(Note, on_delete="CASCADE", index=False)
        version = IntegerField(default=0)
        queue = SmallIntegerField()
        turn = BigIntegerField()
        shuffle = IntegerField()
        state = SmallIntegerField(default=0)
        step = SmallIntegerField(default=0)
        due = BigIntegerField(null=True)
        interval = IntegerField(default=0)
        stability = DoubleField(null=True)
        difficulty = DoubleField(null=True)
        model = TextField(null=True)
        last_at = BigIntegerField(null=True)
        last_day = IntegerField(null=True)
        reps = IntegerField(default=0)
        lapses = IntegerField(default=0)
        leech = BooleanField(default=False)
        marked = BooleanField(default=False)
        flag = SmallIntegerField(default=0)
        buried_on = IntegerField(null=True)
        buried_by_sibling = BooleanField(default=False)

        class Meta:
            primary_key = CompositeKey("learner", "card")
            indexes = (
                (("learner", "queue", "turn", "shuffle", "deck"), False),
                (("learner", "deck", "queue", "turn", "shuffle"), False),
                (("learner", "note"), False),
            )

    class Review(Table):
        id = BigAutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        card = ForeignKeyField(Card, on_delete="CASCADE")
        version = IntegerField()
        mode = TextField(default="due")
        rating = SmallIntegerField()
        at = BigIntegerField()
        study_day = IntegerField()
        elapsed_days = IntegerField(null=True)
        milliseconds = IntegerField()
        state_before = SmallIntegerField()
        stability_before = DoubleField(null=True)
        difficulty_before = DoubleField(null=True)
        due_before = BigIntegerField(null=True)
        state_after = SmallIntegerField()
        stability = DoubleField(null=True)
        difficulty = DoubleField(null=True)
        interval = IntegerField()
        due = BigIntegerField(null=True)
        answer = TextField(null=True)
        first_exposure = BooleanField(default=False)

        class Meta:
            indexes = (
                (("learner", "card", "version"), True),
                # Covers the counts of a day.
                (("learner", "study_day", "state_before", "mode", "rating", "milliseconds"), False),
            )

    class Journal(Table):
        id = BigAutoField()
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        card = ForeignKeyField(Card, on_delete="CASCADE")
        version = IntegerField()
        at = BigIntegerField()
        study_day = IntegerField()
        deed = TextField()
        before = TextField()
        undone_at = BigIntegerField(null=True)

        class Meta:
            indexes = ((("learner", "study_day"), False),)

    class NoteEdit(Table):
        learner = ForeignKeyField(Learner, on_delete="CASCADE", index=False)
        note = ForeignKeyField(Note, on_delete="CASCADE")
        fields = TextField()
        faces = TextField()
        at = BigIntegerField()

        class Meta:
            primary_key = CompositeKey("learner", "note")

    class Blueprint(Table):
        outline = TextField(primary_key=True)
        position = IntegerField()
        fields = TextField()

    class Work(Table):
        name = TextField(primary_key=True)
        title = TextField()

    Memory.add_index(
        Memory.index(Memory.learner, Memory.buried_on, name="memory_buried").where(
            SQL("buried_on IS NOT NULL")
        )
    )
    db.create_tables(
        [Learner, Deck, Note, Card, Enrolment, Memory, Review, Journal, NoteEdit, Blueprint, Work]
    )
