"""Statements of account as of any past day and any past knowledge: reads of append-only rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from billing.models import Entry
from billing.selectors.ageing import OpenItem, age, days_overdue, open_items
from billing.selectors.documents import bank, brand, buyer, language_of, seller
from businesses.models import Business
from customers.models import Customer
from einvoicing.document import Statement, StatementEntry, StatementItem
from invoicing.lib import clock

OPEN_ITEM = Business.StatementType.OPEN_ITEM
BALANCE_FORWARD = Business.StatementType.BALANCE_FORWARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which statement is asked for; without currency the customer's, without `end` today, both as of now."""

    type: str = OPEN_ITEM
    start: date | None = None
    end: date | None = None
    known_at: datetime | None = None
    currency: str | None = None
    only_past_due: bool = False


def statement_of(customer: Customer, wanted: Wanted) -> Statement:
    """The statement that is wanted; balance_forward needs `start`.

    Call it under the customer's lock unless `known_at` is well past: what is committed a moment later may carry an earlier
    `recorded_at`, and the same question would then have two answers.
    """
    end = wanted.end or clock.today(customer.business.time_zone)
    known_at = wanted.known_at or clock.now()
    currency = wanted.currency or customer.billing_currency
    if wanted.type == BALANCE_FORWARD and wanted.start is not None:
        return balance_forward_statement(customer, start=wanted.start, end=end, known_at=known_at, currency=currency)
    return open_item_statement(
        customer, on=end, known_at=known_at, currency=currency, only_past_due=wanted.only_past_due
    )


def open_item_statement(
    customer: Customer, *, on: date, known_at: datetime, currency: str, only_past_due: bool = False
) -> Statement:
    """Every invoice with an amount due at the end of the day `on` (or only those past due), as known at `known_at`."""
    rows = open_items(customer.business, on=on, known_at=known_at, customer_pks=[customer.pk], currency=currency)
    owed = [row for row in rows if row.number is not None and row.due_minor > 0]
    items = tuple(_item(row, on) for row in owed if not only_past_due or days_overdue(row.due_date, on))
    return Statement(
        kind=OPEN_ITEM.value,
        start=None,
        end=on,
        known_at=known_at,
        opening_minor=0,
        entries=(),
        items=items,
        closing_minor=balance_on(customer, currency, on, known_at),
        ageing=age(rows, on),
        total_due_minor=sum(item.due_minor for item in items),
        only_past_due=only_past_due,
        **_heading(customer, currency),
    )


def _item(row: OpenItem, on: date) -> StatementItem:
    return StatementItem(
        invoice_id=row.invoice_id or "",
        invoice_number=row.number or "",
        issue_date=row.issue_date or on,
        due_date=row.due_date,
        total_minor=row.total_minor,
        paid_minor=row.total_minor - row.due_minor,
        due_minor=row.due_minor,
        days_overdue=days_overdue(row.due_date, on),
    )


def balance_forward_statement(
    customer: Customer, *, start: date, end: date, known_at: datetime, currency: str
) -> Statement:
    """The balance before `start`, every entry from `start` to `end` (both inclusive) with the balance after it."""
    posted = _posted(customer, currency, end, known_at)
    opening = _sum(posted.filter(effective_on__lt=start))
    entries = _entries(posted.filter(effective_on__gte=start), opening)
    closing = entries[-1].balance_minor if entries else opening
    return Statement(
        kind=BALANCE_FORWARD.value,
        start=start,
        end=end,
        known_at=known_at,
        opening_minor=opening,
        entries=tuple(entries),
        items=(),
        closing_minor=closing,
        ageing=age(
            open_items(customer.business, on=end, known_at=known_at, customer_pks=[customer.pk], currency=currency), end
        ),
        total_due_minor=max(closing, 0),
        **_heading(customer, currency),
    )


def _entries(posted: QuerySet[Entry], balance: int) -> list[StatementEntry]:
    numbers = (f"{noun}__number" for noun in ("invoice", "payment", "credit_note", "adjustment"))
    columns = ("effective_on", "kind", "amount_minor", *numbers)
    entries = []
    for day, kind, amount, *numbers in posted.order_by("effective_on", "id").values_list(*columns):
        balance += amount
        number = next(filter(None, numbers), None)
        entries.append(StatementEntry(date=day, kind=kind, number=number, amount_minor=amount, balance_minor=balance))
    return entries


def balance_on(customer: Customer, currency: str, on: date, known_at: datetime) -> int:
    """The ledger's balance at the end of the day `on`, as known at `known_at`, in minor units."""
    return _sum(_posted(customer, currency, on, known_at))


def _posted(customer: Customer, currency: str, on: date, known_at: datetime) -> QuerySet[Entry]:
    own = Entry.objects.of(customer.business_id).filter(customer=customer, currency=currency)
    return own.filter(effective_on__lte=on, recorded_at__lte=known_at)


def _sum(rows: QuerySet[Any]) -> int:
    return int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _heading(customer: Customer, currency: str) -> dict[str, Any]:
    business = customer.business
    return {
        "customer_id": str(customer.uuid),
        "currency": currency,
        "language": language_of(customer),
        "locale": business.locale,
        "seller": seller(business),
        "buyer": buyer(customer),
        "brand": brand(business, business.template),
        "bank": bank(business),
    }
