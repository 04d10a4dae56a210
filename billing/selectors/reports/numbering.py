"""A series of numbers: every one in order and what became of it, and which are missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q
from django.db.models.lookups import IsNull

from billing.selectors.series import SERIES, missing_values
from businesses.models import Business
from businesses.number_patterns import spell
from businesses.numbering import counters

DATES = {"payment": "payment_date", "adjustment": "adjustment_date"}


class Missing(NamedTuple):
    """A counter's value that no row has, and the number it would have made."""

    period: str
    sequence: int
    number: str


class NumberRow(NamedTuple):
    """A number; `sequence` is None where a caller gave it by hand, `status` is `deleted`, with the reason, where it was."""

    uuid: UUID
    number: str
    sequence: int | None
    period: str
    status: str
    reason: str
    day: date


@dataclass(frozen=True, slots=True)
class NumberReport:
    """One page of a series, how many numbers there are, and which are missing of all of them."""

    rows: list[NumberRow]
    total: int
    missing: list[Missing]
    periods: dict[str, int]


def numbering(business: Business, series: str, *, period: str | None, first: int, count: int | None) -> NumberReport:
    """`count` numbers (None: all) from `first` (0) on; those given by hand come last.

    With a period, the numbers of its counter, and those given by hand to documents of that year.
    """
    model, day = SERIES[series], DATES.get(series, "issue_date")
    every = model._default_manager.filter(business=business)
    rows = every
    if period is not None:
        by_hand = Q(sequence=None, **({f"{day}__year": int(period)} if period else {}))
        rows = rows.filter(Q(period=period, sequence__isnull=False) | by_hand)
    periods = {found: last for (of, found), last in sorted(counters(business).items()) if of == series}
    missing = [
        gap
        for found, last in periods.items()
        if period in {None, found}
        for gap in _missing(business, series, every, found, last)
    ]
    end = None if count is None else first + count
    return NumberReport(_rows(rows, day, first, end), rows.count(), missing, periods)


def _rows(rows: Any, day: str, first: int, end: int | None) -> list[NumberRow]:
    ordered = rows.annotate(by_hand=IsNull(F("sequence"), True)).order_by("by_hand", "period", "sequence", "number")
    deletable = ("deleted_at", "deleted_reason") if hasattr(rows.model, "deleted_at") else ()
    columns = ("uuid", "number", "sequence", "period", "status", day, *deletable)
    return [_row(*values) for values in ordered.values_list(*columns)[first:end]]


def _row(
    uuid: UUID,
    number: str,
    sequence: int | None,
    period: str,
    status: str,
    day: date,
    deleted_at: datetime | None = None,
    reason: str = "",
) -> NumberRow:
    return NumberRow(uuid, number, sequence, period, "deleted" if deleted_at else status, reason, day)


def _missing(business: Business, series: str, rows: Any, period: str, last: int) -> list[Missing]:
    pattern, day = getattr(business, f"{series}_pattern"), date(int(period) if period else 2000, 1, 1)
    return [Missing(period, value, spell(pattern, value, day)) for value in missing_values(rows, period, last)]
