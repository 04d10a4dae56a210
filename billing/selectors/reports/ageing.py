"""The ageing of everybody on any day, as known at any moment: sums per currency, and a page of customers or invoices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import connection, transaction

from billing.selectors.ageing import as_day, days_overdue, window
from billing.selectors.reports import ageing_sql
from businesses.models import Business

By = Literal["customer", "invoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingWanted:
    """`buckets` are the last days of each but the last, rising; `limit` None is every row; `largest` puts the most first."""

    on: date
    known_at: datetime
    buckets: tuple[int, ...]
    by: By = "customer"
    currency: str | None = None
    customer_pks: tuple[int, ...] | None = None
    largest: bool = False
    limit: int | None = None
    offset: int = 0

    @property
    def columns(self) -> list[str]:
        """The names of the buckets, and of credit: current, 1_30, …, over_90, credit."""
        return [*bucket_names(self.buckets), "credit"]


@dataclass(slots=True)
class AgeingRow:
    """A customer's account in one currency or, by invoice, one invoice (without one: the customer's credit). Minor units."""

    currency: str
    amounts: dict[str, int]
    customer_id: UUID | None = None
    name: str = ""
    invoice_id: UUID | None = None
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    days_overdue: int = 0

    @property
    def balance(self) -> int:
        """The sum of the row."""
        return sum(self.amounts.values())


@dataclass(frozen=True, slots=True)
class AgeingReport:
    """Sums of everything per currency, one page of the rows that make them up, and how many rows there are."""

    wanted: AgeingWanted
    totals: list[AgeingRow]
    rows: list[AgeingRow]
    count: int


def own_buckets(business: Business) -> tuple[int, ...]:
    """The buckets that the business has chosen."""
    return read_buckets(business.ageing_buckets)


def read_buckets(text: str) -> tuple[int, ...]:
    """30,60,90 as numbers; of a text that `validate_buckets` has passed."""
    return tuple(int(part) for part in text.split(","))


def bucket_names(buckets: Sequence[int]) -> list[str]:
    """30, 60, 90 → current, 1_30, 31_60, 61_90, over_90."""
    lows = [1, *(last + 1 for last in buckets)]
    return ["current", *(f"{low}_{last}" for low, last in zip(lows, buckets, strict=False)), f"over_{buckets[-1]}"]


def ageing(business: Business, wanted: AgeingWanted) -> AgeingReport:
    """Who owes how much since when; by currency, then by name (or the largest balance), or the oldest invoice first."""
    asked, values = window(
        business,
        on=wanted.on,
        known_at=wanted.known_at,
        customer_pks=wanted.customer_pks,
        currency=wanted.currency,
    )
    edges = {f"edge_{index}": wanted.on - timedelta(days=last) for index, last in enumerate([0, *wanted.buckets])}
    values |= {name: connection.ops.adapt_datefield_value(day) for name, day in edges.items()}
    values |= {"limit": wanted.limit if wanted.limit is not None else _ALL, "offset": wanted.offset}
    sql = (ageing_sql.BY_CUSTOMER if wanted.by == "customer" else ageing_sql.BY_INVOICE).format(
        asked=asked,
        dates=ageing_sql.DATES,
        buckets=_buckets(list(edges)),
        order="balance DESC" if wanted.largest else "name_folded",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_ROOM)
        cursor.execute(sql, values)
        found = cursor.fetchall()
    return (_of_customers if wanted.by == "customer" else _of_invoices)(wanted, found)


_ALL = 2**62
# The sums fit into memory; compiling the statement would take longer than running it.
_ROOM = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"


def _buckets(edges: Sequence[str]) -> str:
    """The rest of the CASE that numbers the buckets: by the first day on which a due date is so late."""
    whens = (f"WHEN due_date >= %({edge})s THEN {index}" for index, edge in enumerate(edges))
    return f"WHEN due_date IS NULL THEN 0 {' '.join(whens)} ELSE {len(edges)}"


def _of_customers(wanted: AgeingWanted, found: Iterable[Sequence[Any]]) -> AgeingReport:
    """Rows of an account's bucket each: what is applied is credit used up, whatever bucket it was applied in."""
    rows: dict[tuple[int, str], AgeingRow] = {}
    count = 0
    for place, uuid, name, currency, bucket, due, applied, among in found:
        row = rows.setdefault((place, currency), _row(wanted, currency, uuid, name))
        row.amounts[_name(wanted, bucket)] += int(due)
        row.amounts["credit"] += int(applied)
        count = max(count, among)
    totals = sorted((row for (place, _), row in rows.items() if not place), key=lambda row: row.currency)
    return AgeingReport(wanted, _worth(totals), [row for (place, _), row in rows.items() if place], count)


def _of_invoices(wanted: AgeingWanted, found: Iterable[Sequence[Any]]) -> AgeingReport:
    totals: dict[str, AgeingRow] = {}
    rows, count = [], 0
    for place, uuid, name, currency, bucket, due, among, invoice, number, issued, due_date, *_ in found:
        if not place:
            totals.setdefault(currency, _row(wanted, currency, None, None)).amounts[_name(wanted, bucket)] += int(due)
            count = max(count, int(among))
            continue
        row = _row(wanted, currency, uuid, name)
        row.amounts[_name(wanted, bucket)] += int(due)
        row.invoice_id, row.number = _uuid(invoice), number
        row.issue_date, row.due_date = as_day(issued), as_day(due_date)
        row.days_overdue = days_overdue(row.due_date, wanted.on)
        rows.append(row)
    return AgeingReport(wanted, _worth(sorted(totals.values(), key=lambda row: row.currency)), rows, count)


def _row(wanted: AgeingWanted, currency: str, uuid: Any, name: str | None) -> AgeingRow:
    return AgeingRow(currency, dict.fromkeys(wanted.columns, 0), _uuid(uuid), name or "")


def _worth(totals: list[AgeingRow]) -> list[AgeingRow]:
    """Without currencies in which nothing is left."""
    return [row for row in totals if any(row.amounts.values())]


def _name(wanted: AgeingWanted, bucket: int) -> str:
    return wanted.columns[bucket]  # −1, which is credit, is the last


def _uuid(value: Any) -> UUID | None:
    return None if value is None else UUID(str(value))
