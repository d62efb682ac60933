"""Exam blueprints as loaded from their files."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from quizapp.domain.blueprints import Blueprint, Domain, shares
from quizapp.domain.errors import Missing
from quizapp.storage import models

_DATES = ("effective", "until", "read")


def known() -> list[Blueprint]:
    """All blueprints, in the order of their files."""
    rows = models.Blueprint.select(models.Blueprint.fields).order_by(models.Blueprint.position)
    return [_value(fields) for (fields,) in rows.tuples()]


def find(outline: str) -> Blueprint:
    """The blueprint of that outline; raises Missing where there is none."""
    return _named(outline, known())


def share_of(outline: str) -> dict[str, float]:
    """Each domain's share of that outline's exam (domain/blueprints.py); raises Missing."""
    found = known()
    return shares(_named(outline, found), found)


def replace(blueprints: Sequence[Blueprint]) -> None:
    """Store these and forget the others; nothing is written where nothing changed."""
    if list(blueprints) == known():
        return
    models.Blueprint.delete().execute()
    models.Blueprint.insert_many(
        [
            {"outline": blueprint.outline, "position": position, "fields": _stored(blueprint)}
            for position, blueprint in enumerate(blueprints)
        ]
    ).execute()


def _named(outline: str, among: Sequence[Blueprint]) -> Blueprint:
    found = next((blueprint for blueprint in among if blueprint.outline == outline), None)
    if found is None:
        raise Missing("There is no such exam. Choose one from the list.")
    return found


def _stored(blueprint: Blueprint) -> dict[str, Any]:
    fields = asdict(blueprint)
    return fields | {k: fields[k].isoformat() for k in _DATES if fields[k] is not None}


def _value(fields: dict[str, Any]) -> Blueprint:
    dates = {k: date.fromisoformat(fields[k]) for k in _DATES if fields[k] is not None}
    domains = tuple(Domain(**domain) for domain in fields["domains"])
    return Blueprint(**{**fields, **dates, "domains": domains, "sources": tuple(fields["sources"])})
