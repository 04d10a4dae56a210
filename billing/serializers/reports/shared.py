"""What every report has: a table for CSV, where a page of rows stands, and the days that are meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from billing.selectors.reports.sales import Span
from invoicing.lib import clock


class Table(NamedTuple):
    """Columns and rows of a CSV."""

    header: list[str]
    rows: Iterable[Sequence[Any]]


def pagination(first: int, limit: int, total: int) -> dict[str, int]:
    """Where a page of rows stands."""
    return {"page": first // limit + 1, "limit": limit, "total": total, "total_pages": -(-total // limit)}


def represent_span(span: Span) -> dict[str, Any]:
    """Its days, and the moment of which it knows."""
    return {"start": span.start.isoformat(), "end": span.end.isoformat(), "known_at": clock.iso(span.known_at)}
