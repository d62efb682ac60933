"""How much a template, a note and a card may be; all of them in one place.

Everything that reads templates and fields goes through its text once, so these bounds are
bounds on time too.
"""

# Characters of one template; the longest in use hold whole scripts.
TEMPLATE = 500_000
# Templates up to this length stay parsed in memory.
REMEMBERED = 10_000
# Pieces of one template, and conditionals inside one another.
NODES = 20_000
DEPTH = 100
# Filters of one replacement.
FILTERS = 20
# Characters of fields read and of HTML written for one side of a card.
SIDE = 1_000_000
# Clozes inside one another, as in Anki; what is deeper is taken for text.
CLOZE_DEPTH = 10
# The highest cloze number with a card of its own, as in Anki; higher ones share its card.
CLOZE_NUMBER = 500
# Clozes of one field; what comes after stays as it was written.
CLOZES = 20_000
# Sounds of one side; what comes after stays as text.
SOUNDS = 200
# Characters of a spoken text.
SPEECH = 5_000
# Shapes on one image, and corners of one polygon.
SHAPES = 500
CORNERS = 500
