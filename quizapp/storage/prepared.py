"""Queries whose SQL is made once and then run with new values.

Building the text of a query takes Peewee longer than SQLite takes to answer it;
the few queries that run for every card are therefore kept as text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Value

from quizapp.storage.database import proxy


@dataclass(frozen=True)
class _Slot:
    name: str


def slot(name: str) -> Any:
    """A place in a query to be filled when it runs, with a value as the column stores it."""
    return Value(_Slot(name), converter=False)


def slots(name: str, count: int) -> list[Any]:
    """Places for a list of values, filled by ``many``."""
    return [slot(f"{name}{i}") for i in range(count)]


def many(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """The values for ``slots`` of that name."""
    return {f"{name}{i}": value for i, value in enumerate(values)}


def raw(query: Any) -> list[tuple[Any, ...]]:
    """A query's rows with their values as the columns store them."""
    return list(proxy.execute_sql(*query.sql()).fetchall())


def prepared(build: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a function that builds a query into one that runs it and returns the cursor.

    Positional arguments are the query's shape and go to the builder, once for each
    shape and engine; keyword arguments fill the slots.
    """
    texts: dict[tuple[type, tuple[Any, ...]], tuple[str, Sequence[Any]]] = {}

    def run(*shape: Any, **values: Any) -> Any:
        key = (type(proxy.obj), shape)
        if key not in texts:
            texts[key] = build(*shape).sql()
        text, parameters = texts[key]
        filled = [values[p.name] if isinstance(p, _Slot) else p for p in parameters]
        return proxy.execute_sql(text, filled)

    run.__doc__ = build.__doc__
    return run
