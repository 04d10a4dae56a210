"""What was owed on a past date, invoice by invoice, summed from the append-only tables, and how old it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from businesses.models import Business
from einvoicing.document import Ageing


class OpenItem(NamedTuple):
    """What is left of one invoice, or, where `number` is None, of all payments of one customer: their credit, ≤ 0."""

    customer_pk: int
    currency: str
    invoice_id: str | None
    number: str | None
    issue_date: date | None
    due_date: date | None
    total_minor: int
    due_minor: int

    @property
    def owed(self) -> bool:
        """Whether it is an invoice with something to pay."""
        return self.number is not None and self.due_minor > 0


class Due(NamedTuple):
    """What one customer owes by one due date, or, not `owed`, all that is its credit: payments not applied, ≤ 0."""

    customer_pk: int
    currency: str
    owed: bool
    due_date: date | None
    due_minor: int


# What is left of each invoice, and what of it was applied; without an invoice, what was paid in. Together the rows of a
# customer sum to its balance. (A WHERE invoice_id IS NULL would let SQLite read those of all businesses.)
_LEFT_OVER = """
WITH moved AS (
  SELECT customer_id, currency, invoice_id, amount_minor AS due, 0 AS applied FROM billing_entry WHERE {asked}
  UNION ALL
  SELECT customer_id, currency, invoice_id, -amount_minor, amount_minor FROM billing_allocation WHERE {asked}
), left_over AS (
  SELECT customer_id, currency, invoice_id, SUM(due) AS due, SUM(applied) AS applied
  FROM moved GROUP BY invoice_id, customer_id, currency
)"""
_DUE_DATE = """(
  SELECT d.due_date FROM billing_duedate d WHERE d.business_id = %(business)s AND d.invoice_id = o.invoice_id
    AND d.effective_on <= %(on)s AND d.recorded_at <= %(known_at)s
  ORDER BY d.effective_on DESC, d.recorded_at DESC, d.id DESC LIMIT 1
)"""
_OPEN_ITEMS = """{left_over}
SELECT o.customer_id, o.currency, i.uuid, i.number, i.issue_date AS issued, {due_date}, i.total_minor, o.due,
  o.invoice_id AS pk
FROM left_over o JOIN billing_invoice i ON i.id = o.invoice_id WHERE o.due <> 0
UNION ALL
SELECT customer_id, currency, NULL, NULL, NULL, NULL, 0, SUM(applied + CASE WHEN invoice_id IS NULL THEN due ELSE 0 END), NULL
FROM left_over GROUP BY customer_id, currency HAVING SUM(applied + CASE WHEN invoice_id IS NULL THEN due ELSE 0 END) <> 0
ORDER BY issued, pk
"""
_DUES = """{left_over}
SELECT customer_id, currency, 1 AS owed, due_date, SUM(due) FROM (
  SELECT o.customer_id, o.currency, {due_date} AS due_date, o.due FROM left_over o
  WHERE o.invoice_id IS NOT NULL AND o.due > 0
) dated GROUP BY customer_id, currency, due_date
UNION ALL
SELECT customer_id, currency, 0, NULL, SUM(applied + CASE WHEN invoice_id IS NULL OR due < 0 THEN due ELSE 0 END)
FROM left_over GROUP BY customer_id, currency
"""


def window(
    business: Business,
    *,
    on: date,
    known_at: datetime,
    customer_pks: Sequence[int] | None = None,
    currency: str | None = None,
) -> tuple[str, dict[str, Any]]:
    """The condition for posted rows of this business that count on the day `on` as known at `known_at`, and its values."""
    values: dict[str, Any] = {
        "business": business.pk,
        "on": connection.ops.adapt_datefield_value(on),
        "known_at": connection.ops.adapt_datetimefield_value(known_at),
    }
    asked = "business_id = %(business)s AND effective_on <= %(on)s AND recorded_at <= %(known_at)s"
    if customer_pks is not None:
        named = {f"customer_{index}": pk for index, pk in enumerate(customer_pks)}
        asked += f" AND customer_id IN ({', '.join(f'%({name})s' for name in named) or 'NULL'})"
        values |= named
    if currency is not None:
        asked += " AND currency = %(currency)s"
        values["currency"] = currency
    return asked, values


def open_items(
    business: Business,
    *,
    on: date,
    known_at: datetime,
    customer_pks: Sequence[int] | None = None,
    currency: str | None = None,
) -> list[OpenItem]:
    """What was not zero on the day `on` as known at `known_at`, oldest invoice first; of everybody, or of some customers."""
    asked = window(business, on=on, known_at=known_at, customer_pks=customer_pks, currency=currency)
    return [_item(row) for row in _rows(_OPEN_ITEMS, *asked)]


def dues(
    business: Business,
    *,
    on: date,
    known_at: datetime,
    customer_pks: Sequence[int],
    currency: str | None = None,
) -> list[Due]:
    """As `open_items`, for those who only want to know how old it is: the sums of each due date, in no order."""
    asked = window(business, on=on, known_at=known_at, customer_pks=customer_pks, currency=currency)
    return [_due(row) for row in _rows(_DUES, *asked)]


def _rows(sql: str, asked: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(left_over=_LEFT_OVER.format(asked=asked), due_date=_DUE_DATE), values)
        return list(cursor.fetchall())


def _item(row: Sequence[Any]) -> OpenItem:
    customer_pk, currency, uuid, number, issued, due_date, total, due, _ = row
    invoice_id = None if uuid is None else str(UUID(str(uuid)))
    return OpenItem(customer_pk, currency, invoice_id, number, as_day(issued), as_day(due_date), int(total), int(due))


def _due(row: Sequence[Any]) -> Due:
    customer_pk, currency, owed, due_date, due = row
    return Due(customer_pk, currency, bool(owed), as_day(due_date), int(due))


def as_day(value: Any) -> date | None:
    """A date column of a raw query, which SQLite answers with text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def days_overdue(due_date: date | None, on: date) -> int:
    """Whole days past the due date; 0 without one, and on the day itself."""
    return max(0, (on - due_date).days) if due_date else 0


def age(items: Iterable[OpenItem | Due], on: date) -> Ageing:
    """A balance by days past due; what is not an invoice with something to pay is credit."""
    buckets = dict.fromkeys(("current", "days_1_30", "days_31_60", "days_61_90", "over_90", "credit"), 0)
    for item in items:
        buckets[_bucket(days_overdue(item.due_date, on)) if item.owed else "credit"] += item.due_minor
    return Ageing(**{f"{name}_minor": amount for name, amount in buckets.items()})


def _bucket(days: int) -> str:
    for last, name in ((0, "current"), (30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90")):
        if days <= last:
            return name
    return "over_90"
