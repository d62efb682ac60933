"""Readings above characters, written as in ``漢字[かんじ]``; a space parts one from the next."""

from collections.abc import Callable


def furigana(html: str) -> str:
    """The characters with their readings above them."""
    return _each(html, lambda base, reading: f"<ruby><rb>{base}</rb><rt>{reading}</rt></ruby>")


def kana(html: str) -> str:
    """The readings alone."""
    return _each(html, lambda base, reading: reading)


def kanji(html: str) -> str:
    """The characters alone."""
    return _each(html, lambda base, reading: base)


def _each(html: str, written: Callable[[str, str], str]) -> str:
    """Write every base and reading anew; in one pass, because every search goes forward."""
    html = html.replace("&nbsp;", " ")
    kept: list[str] = []
    place = run = seen = 0
    line = close = -1
    opened = html.find("[")
    while opened >= 0:
        # Only what was not searched before, or many brackets would cost their square.
        run = max(run, html.rfind(" ", seen, opened) + 1, html.rfind(">", seen, opened) + 1)
        seen = opened
        if opened > run:
            if close < opened + 2:
                close = html.find("]", opened + 2)
            if line <= opened:
                line = html.find("\n", opened + 1)
                line = line if line >= 0 else len(html)
            if close < 0:
                break
            if close < line:
                base, reading = html[run:opened], html[opened + 1 : close]
                start = run - 1 if run > place and html[run - 1] == " " else run
                kept.append(html[place:start])
                whole = html[start : close + 1]
                kept.append(whole if reading.startswith("sound:") else written(base, reading))
                place = run = seen = close + 1
                opened = html.find("[", place)
                continue
        opened = html.find("[", opened + 1)
    kept.append(html[place:])
    return "".join(kept)
