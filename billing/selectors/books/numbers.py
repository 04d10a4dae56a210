"""Numbers: every one that a counter gave became a document's, and none was given twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count

from billing.selectors.series import SERIES, missing_values
from businesses.models import Business
from businesses.numbering import counters


def check_numbers(business: Business) -> Iterator[str]:
    """Every value of every counter became one document's number, or was skipped for a number given by hand."""
    last = counters(business)
    for model in SERIES.values():
        rows = model._default_manager.filter(business=business).order_by()
        periods = {period for series, period in last if series == model.noun}
        used = rows.filter(sequence__isnull=False).values_list("period", flat=True).distinct()
        for period in sorted(periods | set(used)):
            label = f"{model.noun} series {period or '(all years)'}"
            for sentence in _series(rows, period, last.get((model.noun, period), 0)):
                yield f"{label}: {sentence}"


def _series(rows: Any, period: str, last: int) -> Iterator[str]:
    own = rows.filter(period=period, sequence__isnull=False)
    given = set(own.values_list("sequence", flat=True))
    for value in missing_values(rows, period, last):
        yield f"number {value} is missing"
    for value in sorted(value for value in given if value > last or value < 1):
        yield f"number {value} is beyond the counter at {last}"
    for row in own.values("sequence").annotate(n=Count("pk")).filter(n__gt=1).order_by("sequence"):
        yield f"number {row['sequence']} was given {row['n']} times"
