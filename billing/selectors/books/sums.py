"""What points at a row, beside it: sums in the database, and two ordered streams side by side, so that no table is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

T = TypeVar("T")


def sum_of(rows: QuerySet[Any], key: str) -> Any:
    """Σ amount_minor of the rows whose `key` is the outer row, 0 where there is none."""
    sums = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(sum=Sum("amount_minor")).values("sum")
    return Coalesce(Subquery(sums), 0)


def beside(rows: Iterable[Any], found: Iterable[tuple[int, T]]) -> Iterator[tuple[Any, T | None]]:
    """Each row, ordered by its primary key, with what was found of it, ordered by that key; None where nothing was."""
    rest = iter(found)
    pk, what = next(rest, (None, None))
    for row in rows:
        while pk is not None and pk < row.pk:
            pk, what = next(rest, (None, None))
        yield row, what if pk == row.pk else None
