"""decks/SOURCES.md: the works that references may name, one list item each.

- **NIST SP 800-61 Rev. 3** Incident Response Recommendations, April 2025
"""

import re

from quizapp.domain.errors import DeckFileError

_WORK = re.compile(r"- \*\*(.+?)\*\*:?\s+(\S.*)")


def read(text: str, path: str) -> dict[str, str]:
    """Each work's name and title.

    Raises DeckFileError where a list item is no work, or a name stands twice.
    """
    works: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("- "):
            continue
        match = _WORK.fullmatch(line.rstrip())
        if not match:
            raise DeckFileError(path, number, "expected “- **Name** title, year”")
        if match[1] in works:
            raise DeckFileError(path, number, f"“{match[1]}” stands twice")
        works[match[1]] = match[2]
    return works
