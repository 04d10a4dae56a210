"""Customers by their tags: whole words, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Func, QuerySet

from customers.models import Customer


def tagged(rows: QuerySet[Customer], tags: Sequence[str]) -> QuerySet[Customer]:
    """Those that have at least one of the tags, spelt exactly so."""
    return rows.filter(_HasAny("tags", tuple(tags)))


class _HasAny(Func):
    """Whether a JSON list has one of these texts among its elements; Django has that for PostgreSQL alone."""

    output_field = BooleanField()

    def __init__(self, column: str, texts: tuple[str, ...]) -> None:
        super().__init__(column)
        self.texts = texts

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        column, values = compiler.compile(self.source_expressions[0])
        return f"{column} ?| %s", [*values, list(self.texts)]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        column, values = compiler.compile(self.source_expressions[0])
        marks = ", ".join(["%s"] * len(self.texts))
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value IN ({marks}))", (*values, *self.texts)  # noqa: S608
