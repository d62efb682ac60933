"""Just enough of protocol buffers to read Anki's blobs, within bounds.

Wire format: the published encoding of protocol buffers. Groups are not read; a message
that ends early, or holds more fields than any real one, is a ValueError.
"""

import struct
from collections.abc import Iterator

MOST_FIELDS = 100_000

Value = int | bytes

_FIXED = {1: 8, 5: 4}


def message(blob: bytes) -> dict[int, Value]:
    """A message's fields by number; of a repeated field the last.

    Whole numbers are unsigned; fixed-size numbers and everything longer are bytes.
    """
    return dict(fields(blob))


def repeated(blob: bytes, number: int) -> list[Value]:
    """Every value of one field, in order."""
    return [value for found, value in fields(blob) if found == number]


def whole(fields: dict[int, Value], number: int, default: int = 0) -> int:
    """A whole number of a message; the default where it is absent or something else."""
    value = fields.get(number, default)
    return value if isinstance(value, int) else default


def octets(fields: dict[int, Value], number: int) -> bytes:
    """Bytes of a message; empty where they are absent or something else."""
    value = fields.get(number, b"")
    return value if isinstance(value, bytes) else b""


def single(fields: dict[int, Value], number: int) -> float | None:
    """A number of four bytes; None where it is absent."""
    value = octets(fields, number)
    return struct.unpack("<f", value)[0] if len(value) == 4 else None


def singles(fields: dict[int, Value], number: int) -> list[float]:
    """Packed numbers of four bytes each."""
    value = octets(fields, number)
    return list(struct.unpack(f"<{len(value) // 4}f", value[: len(value) // 4 * 4]))


def fields(blob: bytes) -> Iterator[tuple[int, Value]]:
    """Each field's number and value, in the order they stand in."""
    at, end = 0, len(blob)
    for _ in range(MOST_FIELDS):
        if at == end:
            return
        tag, at = _varint(blob, at)
        number, wire = tag >> 3, tag & 7
        if not number:
            raise ValueError("a field without a number")
        if wire == 0:
            value, at = _varint(blob, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(blob, at)
        elif wire in _FIXED:
            length = _FIXED[wire]
        else:
            raise ValueError("an unknown type of field")
        if length > end - at:
            raise ValueError("a field that ends too early")
        yield number, blob[at : at + length]
        at += length
    raise ValueError("too many fields")


def _varint(blob: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(blob):
            break
        byte = blob[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise ValueError("a number without an end")
