"""Numbers without gaps: one counter row per business, series and period, taken inside the storing transaction as its last lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from businesses.models import Business, Counter
from businesses.number_patterns import period_of, spell

# An upsert: PostgreSQL locks the row until the transaction ends, SQLite has one writer; a rollback gives the number back.
_TAKE = """
INSERT INTO businesses_counter (business_id, series, period, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (business_id, series, period) DO UPDATE SET last = businesses_counter.last + 1 RETURNING last
"""


@dataclass(frozen=True, slots=True)
class Given:
    """A number and where it comes from: the counter's value in its period; no value for a number given by hand."""

    number: str
    sequence: int | None = None
    period: str = ""


def next_number(business: Business, series: str, pattern: str, day: date, *, taken: Callable[[str], bool]) -> Given:
    """The next number of a series, skipping those that a caller has given by hand (`taken` says which).

    Must run inside the transaction that stores the row, after every other lock.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A number is only given inside the transaction that stores it.")
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [business.pk, series, period_of(pattern, day)])
            sequence: int = cursor.fetchone()[0]
        number = spell(pattern, sequence, day)
        if not taken(number):
            return Given(number, sequence, period_of(pattern, day))


def hold_series(business: Business, series: str, pattern: str, day: date) -> None:
    """Lock a series without taking a number, so that a caller's own number and the next one cannot be given at once."""
    Counter.objects.get_or_create(business=business, series=series, period=period_of(pattern, day))
    Counter.objects.of(business).select_for_update().get(series=series, period=period_of(pattern, day))


def counters(business: Business) -> dict[tuple[str, str], int]:
    """The last number given in every (series, period)."""
    rows = Counter.objects.of(business).values_list("series", "period", "last")
    return {(series, period): last for series, period, last in rows}
