"""How much a text somebody brings may hold; what is more is refused in words."""

# Rows of a table, items of a deck, pairs that were pasted.
MOST_ROWS = 200_000
MOST_COLUMNS = 100
# Characters of one field.
MOST_FIELD = 1_000_000
# Characters of a whole text, tables and decks alike.
MOST_TEXT = 100_000_000
MOST_TAGS = 200
LONGEST_TAG = 200
LONGEST_KEY = 200
# Characters of a deck's full name, and how many decks deep it may go.
LONGEST_DECK = 400
DEEPEST_DECK = 20
# Rows shown before they are taken.
PREVIEW_ROWS = 8
