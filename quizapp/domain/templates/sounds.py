"""Sounds and spoken text in a card.

``[sound:x.mp3]`` and ``[anki:tts lang=…]…[/anki:tts]`` become ``[anki:play:q:0]``, the
first of the question's list, or ``[anki:play:a:0]`` of the answer's.
"""

from dataclasses import dataclass
from html import unescape

from quizapp.domain.templates import limits
from quizapp.domain.templates.text import plain

_SOUND, _SPEECH, _SPOKEN = "[sound:", "[anki:tts", "[/anki:tts]"


@dataclass(frozen=True, slots=True)
class Speech:
    """A text to be read aloud.

    lang    as written in the template, en_US for instance
    voices  names the author would like, best first
    speed   1 is normal
    """

    text: str
    lang: str = ""
    voices: tuple[str, ...] = ()
    speed: float = 1.0


Sound = str | Speech


def speech(options: str, html: str) -> str:
    """The mark for a field to be read aloud; options as in "en_US speed=0.8"."""
    lang, _, rest = options.strip().partition(" ")
    return f"[anki:tts lang={lang} {rest}]{html}[/anki:tts]" if html.strip() else ""


def collected(html: str, side: str) -> tuple[str, tuple[Sound, ...]]:
    """The HTML with numbered marks for its sounds ("q" or "a"), and the sounds in order."""
    if _SOUND not in html and _SPEECH not in html:
        return html, ()
    sounds: list[Sound] = []
    kept: list[str] = []
    place = 0
    ends = _SPOKEN in html
    while len(sounds) < limits.SOUNDS:
        start = _next(html, place, ends)
        end = html.find("]", start) if start >= 0 else -1
        if end < 0:
            break
        if html.startswith(_SOUND, start):
            sound: Sound = unescape(html[start + len(_SOUND) : end])
        else:
            closed = html.find(_SPOKEN, end)
            if closed < 0:
                ends = False
                continue
            sound = _speech(html[start + len(_SPEECH) : end], html[end + 1 : closed], side)
            end = closed + len(_SPOKEN) - 1
        kept += html[place:start], f"[anki:play:{side}:{len(sounds)}]"
        sounds.append(sound)
        place = end + 1
    kept.append(html[place:])
    return "".join(kept), tuple(sounds)


def without_sounds(html: str) -> str:
    """The HTML without its [sound:…] marks."""
    first, *rest = html.split(_SOUND)
    return first + "".join(part.partition("]")[2] if "]" in part else part for part in rest)


def _next(html: str, place: int, spoken_too: bool) -> int:
    sound = html.find(_SOUND, place)
    if not spoken_too:
        return sound
    spoken = html.find(_SPEECH, place, sound if sound >= 0 else len(html))
    return spoken if spoken >= 0 else sound


def _speech(options: str, html: str, side: str) -> Speech:
    given = {
        name: value.strip('"')
        for name, found, value in (word.partition("=") for word in options[:500].split())
        if found
    }
    text = plain(without_sounds(html)).strip()[: limits.SPEECH]
    if side == "q":
        text = text.replace("[...]", "blank")
    try:
        speed = float(given.get("speed", 1))
    except ValueError:
        speed = 1.0
    return Speech(
        text,
        given.get("lang", ""),
        tuple(voice for voice in given.get("voices", "").split(",") if voice),
        speed if 0.1 <= speed <= 10 else 1.0,
    )
