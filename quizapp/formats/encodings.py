"""Bytes of a text file as text: the right text, or a refusal that says what to do.

Nothing is guessed that could come out as other letters. UTF-8 and what carries a byte
order mark are certain; UTF-16 and UTF-32 without one show by their zero bytes;
Windows-1252, as Excel still saves it, is taken only where every word could be a word of a
western European language.
"""

import codecs
import re
import unicodedata
from itertools import combinations, pairwise

from quizapp.domain.errors import Refusal

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", ""),
    (codecs.BOM_UTF32_LE, "utf-32-le", "Read as UTF-32."),
    (codecs.BOM_UTF32_BE, "utf-32-be", "Read as UTF-32."),
    (codecs.BOM_UTF16_LE, "utf-16-le", "Read as UTF-16."),
    (codecs.BOM_UTF16_BE, "utf-16-be", "Read as UTF-16."),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_NOT_TEXT = frozenset(("Cc", "Cn", "Co", "Cs"))
_SPACED = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
# Beyond one control character in so many others it is no text.
_TEXT_PER_CONTROL = 50

_NO_TEXT = (
    "This is neither a package nor a text file. Choose a package of Anki (.apkg, .colpkg), a table"
    " (.csv, .tsv, .txt), or Markdown (.md, or a zip of it)."
)
_SAVE = "Save it as UTF-8 (in Excel: “CSV UTF-8”) and bring it again."

# Letters beyond ASCII by language. Where more than two languages would be needed to explain
# the letters of a file, it is in another code page whose letters only look like these.
_LANGUAGES = (
    "àâæçèéêëîïôœùûüÿ",  # French
    "äöüß",  # German
    "áéíñóúü",  # Spanish, Irish
    "áâãàçéêíóôõú",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "àçèéíïòóúü",  # Catalan
    "áéëèïóöüú",  # Dutch
    "æøåéüäö",  # Danish, Norwegian
    "åäöéà",  # Swedish, Finnish
    "äöüõšž",  # Estonian
)
_ICELANDIC = frozenset("áðéíóúýþæö")
_ALONE = frozenset("àáâåæçèéêëìíïðñòóôöøùúüœþ")  # words of one letter, and letters named
_NO_WORD = frozenset("ƒ†‡ˆ‰‹›˜¸¨¦¬¯´")
# Signs that never stand between two letters of one word, so that a letter of another code
# page in their place gives itself away.
_SIGN = re.compile("[¡¢£¤¥§©«®°±²³¶¹»¼½¾¿€‚„…‘“”•™µ×÷]")
_SIGNS_IN_A_ROW = re.compile("[¡¢£¤¥§©®±²³¶¹¼½¾¿µ×÷·\xad]{2}")
_WORD = re.compile(r"[^\W\d_]+")
_UTF8_PAIR = re.compile(rb"[\xc2-\xc5][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file, and what to say of how it was read: "" for plain UTF-8.

    Lines end with a bare line feed; control characters are left out. Raises Refusal where
    it is no text, or in an encoding that cannot be told for sure.
    """
    for mark, encoding, said in _MARKS:
        if data.startswith(mark):
            try:
                return _cleaned(data[len(mark) :].decode(encoding), said)
            except UnicodeDecodeError:
                raise Refusal(
                    f"This file says that it is {encoding[:6].rstrip('-').upper()},"
                    f" yet parts of it are not. {_SAVE}"
                ) from None
    if b"\0" in data and (wide := _wide(data)):
        return _cleaned(data.decode(wide), f"Read as {wide[:6].upper()}.")
    try:
        return _cleaned(data.decode("utf-8"), "")
    except UnicodeDecodeError:
        pass
    if b"\0" in data:
        raise Refusal(_NO_TEXT)
    if (text := _western(data)) is None:
        raise Refusal(
            f"The encoding of this file is not UTF-8 and cannot be told for sure. {_SAVE}"
        )
    return _cleaned(text, "Read as Windows-1252, as Excel saves it.")


def _cleaned(text: str, said: str) -> tuple[str, str]:
    """Line ends made one, control characters out; what was done is added to the remark."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    remarks = [said] if said else []
    spaced, broken = _SPACED.subn(" ", text)
    kept, dropped = _DROPPED.subn("", spaced)
    if dropped > 2 and dropped * _TEXT_PER_CONTROL > len(text):
        raise Refusal(_NO_TEXT)
    if dropped or broken:
        remarks.append(f"Control characters were left out: {dropped + broken}.")
    if "\ufffd" in kept:
        remarks.append("It holds “\ufffd” where letters were lost before it came here.")
    return kept, " ".join(remarks)


def _wide(data: bytes) -> str | None:
    """Which UTF-16 or UTF-32 without a mark makes text of these bytes; None where none does."""
    scores: dict[str, int] = {}
    for encoding in _WIDE:
        if len(data) % (4 if encoding.startswith("utf-32") else 2):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(
            char in "\t\n\r" or unicodedata.category(char) not in _NOT_TEXT for char in set(text)
        ):
            scores[encoding] = sum(char < "\x80" for char in text)
    best = max(scores, key=lambda encoding: scores[encoding], default=None)
    if best is None or list(scores.values()).count(scores[best]) > 1:
        return None
    return best


def _western(data: bytes) -> str | None:
    """The bytes as Windows-1252 where all of it could be western European; else None."""
    if _UTF8_PAIR.search(data):
        return None  # UTF-8 that was damaged
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    high = {char for char in text if char > "\x7f"}
    if high & _NO_WORD or not _speakable({c for c in high if c.isalpha()}):
        return None
    plain_words, odd_words = 0, False
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii() or word in "ªº":
            continue
        verdict = _plausible(word)
        plain_words += verdict and len(word) > 1
        odd_words |= not verdict
    if odd_words or _SIGNS_IN_A_ROW.search(text):
        return None
    if any(not _placed(text, match) for match in _SIGN.finditer(text)):
        return None
    letters = any(char.isalpha() and char not in "ªº" for char in high)
    return text if plain_words or not letters else None


def _speakable(letters: set[str]) -> bool:
    """Whether two languages at most explain these letters."""
    small = {char.lower() for char in letters} - set("ªºµ")
    if small <= _ICELANDIC:
        return True
    return any(small <= {*one, *two} for one, two in combinations(_LANGUAGES, 2))


def _plausible(word: str) -> bool:
    """Whether a word has its accents where words have them."""
    high = [char for char in word if char > "\x7f"]
    if len(word) == 1:
        return word.lower() in _ALONE
    if len(high) > (len(word) - len(high)) + 1:
        return False
    return not any(
        before.islower() and after.isupper() and after > "\x7f" for before, after in pairwise(word)
    )


def _placed(text: str, match: re.Match[str]) -> bool:
    at = match.start()
    within = text[at - 1 : at].isalpha() and text[at + 1 : at + 2].isalpha()
    return not within or match[0] in "…°§"
