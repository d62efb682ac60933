"""Names for files that every system can keep and that show as what they are."""

import re
import unicodedata

_UNFIT = re.compile(r'[<>:"/\\|?*]')
# What Windows takes for a device, whatever ending follows.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE
)
_LONGEST, _MOST_BYTES = 80, 180


def file_name(text: str, otherwise: str = "deck") -> str:
    """Text as the name of a file or folder, without its ending; ``otherwise`` where nothing
    of it is left.

    Signs that are not seen and those that turn the direction of writing are dropped. At most
    80 characters and 180 bytes of UTF-8.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    text = "".join(char for char in text if not unicodedata.category(char).startswith("C"))
    text = _trimmed(_UNFIT.sub("-", text)[:_LONGEST])
    while len(text.encode()) > _MOST_BYTES:
        text = _trimmed(text[:-1])
    if not text:
        return otherwise
    return _DEVICE.sub(lambda match: f"{match[0]}_", text, count=1) if _DEVICE.match(text) else text


def _trimmed(text: str) -> str:
    """Without what hides a file, reads as an option or is dropped by Windows."""
    return text.strip(" .-")
