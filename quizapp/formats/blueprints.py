"""Blueprint files: one TOML file for each certification and outline version."""

import tomllib
from dataclasses import fields
from datetime import date
from typing import Any

from quizapp.domain.blueprints import Blueprint, Domain
from quizapp.domain.errors import DeckFileError

_KNOWN = {field.name: field.type for field in fields(Blueprint)}
_REQUIRED = ("certification", "body", "outline", "version", "domains")


def read(text: str, path: str) -> Blueprint:
    """Parse one file.

    Raises DeckFileError where it is no TOML, lacks a key, has an unknown one, or
    where its weights do not add up to 100.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeckFileError(path, 1, f"the blueprint does not parse: {error}") from None
    for key in data:
        if key not in _KNOWN:
            raise DeckFileError(path, _line(text, key), f"there is no key “{key}” in a blueprint")
    for key in _REQUIRED:
        if not data.get(key):
            raise DeckFileError(path, 1, f"the blueprint needs “{key}”")
    for key in ("effective", "until", "read"):
        if not isinstance(data.get(key), date | None):
            raise DeckFileError(path, _line(text, key), f"{key} must be a date, as 2026-11-03")
    domains = tuple(_domain(entry, path) for entry in data.pop("domains"))
    weights = [domain.weight for domain in domains if domain.weight is not None]
    if weights and (len(weights) < len(domains) or abs(sum(weights) - 100) > 1e-9):
        raise DeckFileError(
            path, 1, f"the weights add up to {sum(weights):g}; give all, adding up to 100, or none"
        )
    return Blueprint(domains=domains, sources=tuple(data.pop("sources", ())), **data)


def _domain(entry: dict[str, Any], path: str) -> Domain:
    weight = entry.get("weight")
    if not entry.get("id") or not entry.get("name") or not isinstance(weight, int | float | None):
        raise DeckFileError(path, 1, "each domain needs id and name, and a number as weight if any")
    return Domain(entry["id"], entry["name"], None if weight is None else float(weight))


def _line(text: str, key: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.startswith(key)), 1)
