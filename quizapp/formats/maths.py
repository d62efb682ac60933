"""LaTeX as MathML, which needs no script and no font."""

from functools import lru_cache
from html import escape

# Characters of one formula; the converter's time grows faster than its length.
LONGEST = 2_000
# Formulas up to this length stay drawn in memory; longer ones would fill it.
REMEMBERED = 300


def mathml(source: str, display: bool = False) -> str:
    """A formula as MathML that is not yet clean; empty where it cannot be read."""
    if len(source) > LONGEST:
        return ""
    return (_remembered if len(source) <= REMEMBERED else _converted)(source, display)


def _converted(source: str, display: bool) -> str:
    # Few ever meet a formula, and whoever starts without this starts sooner.
    from latex2mathml.converter import convert  # noqa: PLC0415

    try:
        shown = str(convert(source, display="block" if display else "inline"))
    except Exception:  # the converter has no error class of its own
        return ""
    # What it does not know it writes out as a name with its backslash.
    return "" if "<mi>\\" in shown else shown


_remembered = lru_cache(maxsize=1024)(_converted)


def formula(source: str, display: bool = False) -> str:
    """A formula as MathML, or as the code it was written in."""
    return mathml(source, display) or f"<code>{escape(source)}</code>"
