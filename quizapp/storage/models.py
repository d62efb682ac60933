"""The tables: columns only, no rules.

Content (deck, note, card) is stored once. Progress (enrolment, memory, review,
journal, note_edit) belongs to a learner, and every hot index begins with the learner.
"""

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

from quizapp.storage.database import proxy
from quizapp.storage.fields import (
    FACES,
    LIST,
    OBJECT,
    TEMPLATES,
    TEXTS,
    JSONField,
    UTCDateTimeField,
)


class Table(Model):  # type: ignore[misc]
    class Meta:
        database = proxy
        legacy_table_names = False


class Learner(Table):
    """A person who studies, and how they want it."""

    id = AutoField()
    name = TextField()
    created = UTCDateTimeField()
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
    autoplay = BooleanField(default=True)
    weights = JSONField(LIST, null=True)
    day_begun = IntegerField(default=0)
    extra_new_day = IntegerField(default=0)
    extra_new = IntegerField(default=0)
    slow_after = IntegerField(null=True)


class Batch(Table):
    """An import: what was read, what was decided, and what it did; see actions/imports.py.

    state    "reading", "ready", "done", "failed", "undone" or "dropped"
    folder   where its file and what was read of it lie, below the data folder
    job      the work on it that was begun last (see Job)
    head     what the file says of itself, for the preview
    choices  what the learner decided
    result   what the import did
    """

    id = AutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False)
    title = TextField()
    state = TextField()
    folder = TextField()
    job = IntegerField(null=True)
    made = UTCDateTimeField()
    done = UTCDateTimeField(null=True)
    head = JSONField(OBJECT, null=True)
    choices = JSONField(OBJECT, null=True)
    result = JSONField(OBJECT, null=True)
    said = TextField(default="")


class BatchChange(Table):
    """A row that an import changed, as it was before; None where the import added it."""

    id = BigAutoField()
    batch = ForeignKeyField(Batch, on_delete="CASCADE", lazy_load=False)
    table = TextField()
    row = BigIntegerField()
    before = JSONField(OBJECT, null=True)


class NoteType(Table):
    """A note type of a learner's own notes (domain/notetypes.py)."""

    id = AutoField()
    owner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    key = TextField()
    name = TextField()
    kind = TextField()
    fields = JSONField(TEXTS)
    templates = JSONField(TEMPLATES)
    css = TextField(default="")
    sort_field = IntegerField(default=0)
    extra = JSONField(OBJECT)
    batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL", lazy_load=False, index=False)

    class Meta:
        indexes = ((("owner", "key"), True),)


class Medium(Table):
    """A file that a learner's notes name; its bytes lie under their SHA-256."""

    id = AutoField()
    owner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    name = TextField()
    digest = TextField(index=True)
    size = BigIntegerField()
    batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL", lazy_load=False, index=False)

    class Meta:
        indexes = ((("owner", "name"), True),)


class Deck(Table):
    """A named collection of notes; one without owner is shipped with the app.

    An own deck's name is its full path, its parts joined by "::". ``extra`` is what only
    the program it came from needs, kept for export.
    """

    id = AutoField()
    owner = ForeignKeyField(Learner, null=True, on_delete="CASCADE", lazy_load=False)
    key = TextField(unique=True)
    family = TextField()
    parent = TextField(default="")
    name = TextField()
    description = TextField(default="")
    topic = TextField(default="")
    outline = JSONField(TEXTS)
    origin = TextField(default="")
    licence = TextField(default="")
    updated = TextField(default="")
    position = IntegerField()
    digest = TextField()
    retired = BooleanField(default=False)
    extra = JSONField(OBJECT, null=True)
    batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL", lazy_load=False, index=False)


class Note(Table):
    """What an author wrote; ``key`` is what progress hangs on.

    ``faces`` holds each card's question and answer as cleaned HTML (formats/faces.py);
    for a note with a note type it is one entry for lists, and what its cards show is
    worked out when they are shown. ``works`` are the names of the works its reference
    cites (domain/references.py). The key of a learner's own note begins with
    "own/" and their number. ``created`` (milliseconds) and ``modified`` (seconds since
    1970) are what the program it came from says.
    """

    id = AutoField()
    deck = ForeignKeyField(Deck, on_delete="CASCADE", lazy_load=False)
    key = TextField(unique=True)
    kind = TextField()
    fields = JSONField(OBJECT)
    faces = JSONField(FACES)
    topic = TextField(default="")
    tags = JSONField(TEXTS)
    reference = TextField(default="")
    works = JSONField(TEXTS)
    domains = JSONField(TEXTS)
    objective = TextField(default="")
    level = TextField(default="")
    pool = TextField(default="study")
    position = IntegerField()
    digest = TextField()
    retired = BooleanField(default=False)
    notetype = ForeignKeyField(NoteType, null=True, on_delete="CASCADE", lazy_load=False)
    created = BigIntegerField(null=True)
    modified = BigIntegerField(null=True)
    batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL", lazy_load=False)


class Card(Table):
    """One question asked of a note.

    rank     its place in the curriculum
    shuffle  its place among cards due on one day, unrelated to the author's order
    origin   what the program it came from knows beyond that, kept for export
    """

    id = AutoField()
    note = ForeignKeyField(Note, on_delete="CASCADE", lazy_load=False, index=False)
    deck = ForeignKeyField(Deck, on_delete="CASCADE", lazy_load=False)
    ord = SmallIntegerField()
    rank = BigIntegerField()
    shuffle = IntegerField()
    retired = BooleanField(default=False)
    origin = JSONField(OBJECT, null=True)

    class Meta:
        indexes = ((("note", "ord"), True),)


class Enrolment(Table):
    """A learner has taken up a deck, perhaps with limits of its own."""

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    deck = ForeignKeyField(Deck, on_delete="CASCADE", lazy_load=False)
    desired_retention = DoubleField(null=True)
    new_per_day = IntegerField(null=True)
    reviews_per_day = IntegerField(null=True)
    extra_new_day = IntegerField(default=0)
    extra_new = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("learner", "deck")


class Memory(Table):
    """One learner's memory of one card, and where the card waits.

    queue    see storage/cards.py Queue
    turn     new cards: place in the curriculum; all others: study day due
    shuffle  the card's place among those due on one day
    version  counts every change; a form carries the one it was drawn with
    held     the queue that a retired card was taken from
    """

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    card = ForeignKeyField(Card, on_delete="CASCADE", lazy_load=False)
    deck = ForeignKeyField(Deck, on_delete="CASCADE", lazy_load=False, index=False)
    note = ForeignKeyField(Note, on_delete="CASCADE", lazy_load=False, index=False)
    version = IntegerField(default=0)
    queue = SmallIntegerField()
    turn = BigIntegerField()
    shuffle = IntegerField()
    state = SmallIntegerField(default=0)
    step = SmallIntegerField(default=0)
    due = UTCDateTimeField(null=True)
    interval = IntegerField(default=0)
    stability = DoubleField(null=True)
    difficulty = DoubleField(null=True)
    model = TextField(null=True)
    last_at = UTCDateTimeField(null=True)
    last_day = IntegerField(null=True)
    reps = IntegerField(default=0)
    lapses = IntegerField(default=0)
    leech = BooleanField(default=False)
    marked = BooleanField(default=False)
    flag = SmallIntegerField(default=0)
    buried_on = IntegerField(null=True)
    buried_by_sibling = BooleanField(default=False)
    held = SmallIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("learner", "card")
        indexes = (
            (("learner", "queue", "turn", "shuffle", "deck"), False),
            (("learner", "deck", "queue", "turn", "shuffle"), False),
            # The note first: where one is deleted, its memories are looked for without learner.
            (("note", "learner"), False),
        )


class Review(Table):
    """One answer, as it was given; never changed afterwards.

    rating  1 to 4; 0 where it was no answer
    mode    "due", "ahead", "forgotten", "picked"; "reset": the card's history begins anew;
            "moved": its date was set elsewhere; "crammed": outside the schedule, elsewhere
    first_exposure  the first answer ever to a multiple-choice item
    origin  where it came with an import: kind of entry, last interval and factor as
            Anki writes them; ``interval`` is then in days, or in seconds below zero
    """

    id = BigAutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    card = ForeignKeyField(Card, on_delete="CASCADE", lazy_load=False)
    version = IntegerField()
    mode = TextField(default="due")
    rating = SmallIntegerField()
    at = UTCDateTimeField()
    study_day = IntegerField()
    elapsed_days = IntegerField(null=True)
    milliseconds = IntegerField()
    state_before = SmallIntegerField()
    stability_before = DoubleField(null=True)
    difficulty_before = DoubleField(null=True)
    due_before = UTCDateTimeField(null=True)
    state_after = SmallIntegerField()
    stability = DoubleField(null=True)
    difficulty = DoubleField(null=True)
    interval = IntegerField()
    due = UTCDateTimeField(null=True)
    answer = JSONField(OBJECT, null=True)
    first_exposure = BooleanField(default=False)
    origin = JSONField(LIST, null=True)

    class Meta:
        indexes = (
            (("learner", "card", "version"), True),
            # Covers the counts of a day.
            (("learner", "study_day", "state_before", "mode", "rating", "milliseconds"), False),
        )


class Journal(Table):
    """What a learner did, with the rows as they were before: the way back.

    card  None where a deed was about no card in particular
    """

    id = BigAutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    card = ForeignKeyField(Card, on_delete="CASCADE", lazy_load=False, null=True)
    version = IntegerField()
    at = UTCDateTimeField()
    study_day = IntegerField()
    deed = TextField()
    before = JSONField(LIST)
    undone_at = UTCDateTimeField(null=True)

    class Meta:
        indexes = ((("learner", "study_day"), False),)


class NoteEdit(Table):
    """A learner's own wording, laid over a note; the note itself stays.

    ``base`` is the note's wording when it was edited: what differs is the learner's.
    """

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    note = ForeignKeyField(Note, on_delete="CASCADE", lazy_load=False)
    fields = JSONField(OBJECT)
    faces = JSONField(FACES)
    at = UTCDateTimeField()
    base = JSONField(OBJECT, null=True)

    class Meta:
        primary_key = CompositeKey("learner", "note")


class Blueprint(Table):
    """One version of a certification's outline (domain/blueprints.py), as its file says."""

    outline = TextField(primary_key=True)
    position = IntegerField()
    fields = JSONField(OBJECT)


class Work(Table):
    """A work that references name, with its title as decks/SOURCES.md gives it."""

    name = TextField(primary_key=True)
    title = TextField()


class Snapshot(Table):
    """An item as it was when it was answered; later edits never change a result."""

    digest = TextField(primary_key=True)
    face = JSONField(OBJECT)
    reference = TextField(default="")


class Paper(Table):
    """A mock exam: what was drawn, its clock, and where the candidate stands.

    ends          None without a clock
    open_place    the item on the screen, since ``open_since``
    score         what it came to (domain/exams.py Score), once it is handed in
    """

    id = AutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False)
    outline = TextField()
    title = TextField()
    seed = IntegerField()
    pace = TextField()
    line = DoubleField()
    started = UTCDateTimeField()
    ends = UTCDateTimeField(null=True)
    submitted = UTCDateTimeField(null=True)
    open_place = IntegerField(null=True)
    open_since = UTCDateTimeField(null=True)
    score = JSONField(OBJECT, null=True)


class PaperItem(Table):
    """One item of a paper and all that was done with it.

    note      None where the item was deleted since: the snapshot says what it asked
    order     stored positions of the options as they stand on the paper
    choices   the options chosen one after the other; the last one counts
    """

    paper = ForeignKeyField(Paper, on_delete="CASCADE", lazy_load=False, index=False)
    place = IntegerField()
    note = ForeignKeyField(Note, null=True, on_delete="SET NULL", lazy_load=False)
    snapshot = ForeignKeyField(Snapshot, lazy_load=False, index=False)
    domain = TextField()
    repeat = BooleanField()
    order = JSONField(LIST)
    choices = JSONField(LIST)
    confidence = TextField(default="")
    flagged = BooleanField(default=False)
    struck = JSONField(LIST)
    seen = BooleanField(default=False)
    milliseconds = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("paper", "place")


class Pick(Table):
    """Cards put together for one session of one's own."""

    id = AutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False)
    title = TextField()
    cards = JSONField(LIST)
    at = UTCDateTimeField()


class Miss(Table):
    """A multiple-choice item that was missed and waits for right answers on three days.

    sure        answered wrong and sure: a misconception
    guessed     answered by a guess, right or wrong
    right_days  study days with a right answer since the miss
    """

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    note = ForeignKeyField(Note, on_delete="CASCADE", lazy_load=False)
    since = IntegerField()
    cause = TextField(default="")
    sure = BooleanField(default=False)
    guessed = BooleanField(default=False)
    right_days = JSONField(LIST)
    closed = BooleanField(default=False)

    class Meta:
        primary_key = CompositeKey("learner", "note")


class Link(Table):
    """A note that a learner linked to a multiple-choice item, or had made from it (``draft``)."""

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    item = ForeignKeyField(Note, on_delete="CASCADE", lazy_load=False, backref="+")
    note = ForeignKeyField(Note, on_delete="CASCADE", lazy_load=False, backref="+")
    draft = BooleanField(default=False)

    class Meta:
        primary_key = CompositeKey("learner", "item", "note")


class Goal(Table):
    """An exam on a date.

    outline   "" where the learner put decks together instead of choosing an exam
    weights   each domain's or deck's weight where the learner set their own
    minutes   minutes for each weekday, Monday first
    days_off  ISO dates without study
    foretold  what was forecast first and last before the exam (domain/calibration.py)
    """

    id = AutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False)
    outline = TextField()
    title = TextField()
    day = TextField()
    weights = JSONField(OBJECT, null=True)
    minutes = JSONField(LIST)
    days_off = JSONField(LIST)
    line = DoubleField()
    floor = DoubleField(default=0.0)
    created = UTCDateTimeField()
    ended = UTCDateTimeField(null=True)
    outcome = JSONField(null=True)
    foretold = JSONField(null=True)


class Plan(Table):
    """What planning left behind for a learner's day: price and forecast, see domain/planning."""

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    study_day = IntegerField()
    forecast = JSONField()

    class Meta:
        primary_key = CompositeKey("learner", "study_day")


class PlanCard(Table):
    """A card of a day's list, in the order it was planned."""

    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    study_day = IntegerField()
    place = IntegerField()
    card = ForeignKeyField(Card, on_delete="CASCADE", lazy_load=False)

    class Meta:
        primary_key = CompositeKey("learner", "study_day", "place")


class Job(Table):
    """Long work, see domain/jobs.py; the rows in state "waiting" are the queue."""

    id = AutoField()
    learner = ForeignKeyField(Learner, on_delete="CASCADE", lazy_load=False, index=False)
    kind = TextField()
    title = TextField()
    state = TextField()
    done = IntegerField(default=0)
    total = IntegerField(default=0)
    said = TextField(default="")
    arguments = JSONField(OBJECT)
    result = JSONField(OBJECT, null=True)
    stopping = BooleanField(default=False)
    attempt = IntegerField(default=0)
    owner = TextField(default="")
    made = UTCDateTimeField()
    started = UTCDateTimeField(null=True)
    finished = UTCDateTimeField(null=True)
    heartbeat = UTCDateTimeField(null=True)

    class Meta:
        indexes = ((("learner", "id"), False), (("state", "id"), False))


# Buried and suspended cards are few; the index holds only them.
Memory.add_index(
    Memory.index(Memory.learner, Memory.buried_on, name="memory_buried").where(
        SQL("buried_on IS NOT NULL")
    )
)

TABLES = (
    Learner,
    Batch,
    BatchChange,
    NoteType,
    Medium,
    Deck,
    Note,
    Card,
    Enrolment,
    Memory,
    Review,
    Journal,
    NoteEdit,
    Blueprint,
    Work,
    Snapshot,
    Paper,
    PaperItem,
    Pick,
    Miss,
    Link,
    Goal,
    Plan,
    PlanCard,
    Job,
)
