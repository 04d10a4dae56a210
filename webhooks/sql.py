"""Statements over many rows at once, without models: the sender's way to the database, the same on PostgreSQL and SQLite.

A delivery costs so little that making the text of queries, and an object for each row, would cost more than all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from invoicing.lib import json


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement; the rows it answers, if it does."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def keys(pks: Iterable[int]) -> str:
    """Primary keys for an IN (…): integers of our own, which need no place of their own. None of them: no row's."""
    return ", ".join(map(str, pks)) or "0"


def lock(clause: str) -> str:
    """`FOR UPDATE …` where the database has it; SQLite's transactions lock everything when they begin."""
    return clause if connection.features.has_select_for_update else ""


def moment(value: datetime | None) -> Any:
    """A moment as the database keeps it, for a value of a statement or a column of `as_json`."""
    return None if value is None else connection.ops.adapt_datetimefield_value(value)


def table(name: str, **columns: str) -> str:
    """Rows that come as one value, `as_json(…)`, for a FROM; columns with their types, which SQLite does without."""
    if connection.vendor == "postgresql":
        typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        return f"json_to_recordset(%s::json) AS {name} ({typed})"
    values = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in columns)
    return f"(SELECT {values} FROM json_each(%s)) AS {name}"  # noqa: S608 - our own names


def as_json(rows: list[dict[str, Any]]) -> str:
    """The rows of a `table`."""
    return json.encode(rows).decode()
