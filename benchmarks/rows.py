"""Many rows quickly: one is made by the services, and the database copies it with other values in some columns."""

from __future__ import annotations

from typing import Any

from django.db import connection, models


def copy_row(row: models.Model, count: int, **other: str) -> None:
    """Insert `count` copies of a stored row; `other` are SQL expressions over `n`, which counts from 1 (PostgreSQL)."""
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = [other.get(column, f"t.{column}") for column in columns]
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 - our own names
            f"FROM {table} t, generate_series(1, %s) n WHERE t.id = %s ORDER BY n",
            [count, row.pk],
        )


def execute(sql: str, *values: Any) -> list[Any]:
    """Run SQL; the rows it answers, if it does."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []
