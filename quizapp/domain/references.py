"""Which works a reference names.

A reference is one or more works with their places, parted by semicolons: “NIST SP
800-61 Rev. 3, 2.3; ISO/IEC 27035-1:2023, 4”. A work is told by how its part begins.
"""

from collections.abc import Collection


def parts(reference: str) -> list[str]:
    """The single works of a reference, each with its place."""
    return [part.strip() for part in reference.split(";") if part.strip()]


def resolve(reference: str, works: Collection[str]) -> list[tuple[str, str | None]]:
    """Each part of a reference with the work it names, the longest that fits, or None."""
    return [
        (part, max((work for work in works if _names(part, work)), key=len, default=None))
        for part in parts(reference)
    ]


def _names(part: str, work: str) -> bool:
    rest = part[len(work) :]
    return part.startswith(work) and not rest[:1].isalnum()
