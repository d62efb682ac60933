"""LaTeX as MathML, which needs no script and no font."""

from functools import lru_cache
from html import escape

from latex2mathml.converter import convert

# Characters of one formula; the converter's time grows faster than its length.
LONGEST = 2_000


@lru_cache(maxsize=2048)
def mathml(source: str, display: bool = False) -> str:
    """A formula as MathML that is not yet clean; empty where it cannot be read."""
    if len(source) > LONGEST:
        return ""
    try:
        shown = str(convert(source, display="block" if display else "inline"))
    except Exception:  # the converter has no error class of its own
        return ""
    # What it does not know it writes out as a name with its backslash.
    return "" if "<mi>\\" in shown else shown


def formula(source: str, display: bool = False) -> str:
    """A formula as MathML, or as the code it was written in."""
    return mathml(source, display) or f"<code>{escape(source)}</code>"
