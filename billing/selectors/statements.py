"""Statements of account as of any past day and any past knowledge: reads of append-only rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from billing.models import Entry
from billing.selectors.ageing import OpenItem, age, days_overdue, open_items
from billing.selectors.documents import bank, brand, buyer, language_of, seller
from businesses.models import Business
from customers.models import Customer
from einvoicing.document import Statement, StatementAccount, StatementEntry, StatementItem
from invoicing.lib import clock

OPEN_ITEM = Business.StatementType.OPEN_ITEM
BALANCE_FORWARD = Business.StatementType.BALANCE_FORWARD

Names = dict[int, tuple[str, str]]  # customers' ids and names, by primary key
_NOBODY = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which statement is asked for; without currency the customer's, without `end` today, both as of now.

    `include_children` asks for the accounts of everybody below the customer too, as the family is now.
    """

    type: str = OPEN_ITEM
    start: date | None = None
    end: date | None = None
    known_at: datetime | None = None
    currency: str | None = None
    only_past_due: bool = False
    include_children: bool = False


def statement_of(customer: Customer, wanted: Wanted, family: Sequence[Customer] = ()) -> Statement:
    """The statement that is wanted; balance_forward needs `start`. `family`: whose accounts it has, where it is several.

    Call it under the lock of them all unless `known_at` is well past: what is committed a moment later may carry an earlier
    `recorded_at`, and the same question would then have two answers.
    """
    end = wanted.end or clock.today(customer.business.time_zone)
    known_at = wanted.known_at or clock.now()
    currency = wanted.currency or customer.billing_currency
    if wanted.type == BALANCE_FORWARD and wanted.start is not None:
        return balance_forward_statement(
            customer, start=wanted.start, end=end, known_at=known_at, currency=currency, family=family
        )
    return open_item_statement(
        customer, on=end, known_at=known_at, currency=currency, only_past_due=wanted.only_past_due, family=family
    )


def open_item_statement(
    customer: Customer,
    *,
    on: date,
    known_at: datetime,
    currency: str,
    only_past_due: bool = False,
    family: Sequence[Customer] = (),
) -> Statement:
    """Every invoice with an amount due at the end of the day `on` (or only those past due), as known at `known_at`."""
    names = _names(family)
    pks = [*names] or [customer.pk]
    rows = open_items(customer.business, on=on, known_at=known_at, customer_pks=pks, currency=currency)
    owed = [row for row in rows if row.number is not None and row.due_minor > 0]
    items = tuple(_item(row, on, names) for row in owed if not only_past_due or days_overdue(row.due_date, on))
    balances = balances_on(customer.business_id, pks, currency, on, known_at)
    return Statement(
        kind=OPEN_ITEM.value,
        start=None,
        end=on,
        known_at=known_at,
        opening_minor=0,
        entries=(),
        items=items,
        closing_minor=sum(balances.values()),
        ageing=age(rows, on),
        total_due_minor=sum(item.due_minor for item in items),
        only_past_due=only_past_due,
        accounts=_accounts(names, balances),
        **_heading(customer, currency),
    )


def _item(row: OpenItem, on: date, names: Names) -> StatementItem:
    customer_id, customer_name = names.get(row.customer_pk, _NOBODY)
    return StatementItem(
        invoice_id=row.invoice_id or "",
        invoice_number=row.number or "",
        issue_date=row.issue_date or on,
        due_date=row.due_date,
        total_minor=row.total_minor,
        paid_minor=row.total_minor - row.due_minor,
        due_minor=row.due_minor,
        days_overdue=days_overdue(row.due_date, on),
        customer_id=customer_id,
        customer_name=customer_name,
    )


def balance_forward_statement(
    customer: Customer,
    *,
    start: date,
    end: date,
    known_at: datetime,
    currency: str,
    family: Sequence[Customer] = (),
) -> Statement:
    """The balance before `start`, every entry from `start` to `end` (both inclusive) with the balance after it."""
    names = _names(family)
    pks = [*names] or [customer.pk]
    posted = _posted(customer.business_id, pks, currency, end, known_at)
    balances = _sums(posted.filter(effective_on__lt=start))
    opening = sum(balances.values())
    rows = _rows(posted.filter(effective_on__gte=start))
    entries = _entries(rows, opening, names)
    for pk, _, _, amount, *_ in rows:
        balances[pk] = balances.get(pk, 0) + amount
    closing = entries[-1].balance_minor if entries else opening
    owed = open_items(customer.business, on=end, known_at=known_at, customer_pks=pks, currency=currency)
    return Statement(
        kind=BALANCE_FORWARD.value,
        start=start,
        end=end,
        known_at=known_at,
        opening_minor=opening,
        entries=tuple(entries),
        items=(),
        closing_minor=closing,
        ageing=age(owed, end),
        total_due_minor=max(closing, 0),
        accounts=_accounts(names, balances),
        **_heading(customer, currency),
    )


_NUMBERS = tuple(f"{noun}__number" for noun in ("invoice", "payment", "credit_note", "adjustment"))


def _rows(posted: QuerySet[Entry]) -> list[tuple[Any, ...]]:
    columns = ("customer_id", "effective_on", "kind", "amount_minor", *_NUMBERS)
    return list(posted.order_by("effective_on", "id").values_list(*columns))


def _entries(rows: Iterable[tuple[Any, ...]], balance: int, names: Names) -> list[StatementEntry]:
    entries = []
    for pk, day, kind, amount, *numbers in rows:
        balance += amount
        customer_id, customer_name = names.get(pk, _NOBODY)
        entries.append(
            StatementEntry(
                date=day,
                kind=kind,
                number=next(filter(None, numbers), None),
                amount_minor=amount,
                balance_minor=balance,
                customer_id=customer_id,
                customer_name=customer_name,
            )
        )
    return entries


# Balances ------------------------------------------------------------------------------------------------------------
def balance_on(customer: Customer, currency: str, on: date, known_at: datetime) -> int:
    """The ledger's balance at the end of the day `on`, as known at `known_at`, in minor units."""
    return sum(balances_on(customer.business_id, [customer.pk], currency, on, known_at).values())


def balances_on(
    business_id: int, customer_pks: Sequence[int], currency: str, on: date, known_at: datetime
) -> dict[int, int]:
    """As `balance_on`, of several customers; those without entries are left out."""
    return _sums(_posted(business_id, customer_pks, currency, on, known_at))


def _posted(
    business_id: int, customer_pks: Sequence[int], currency: str, on: date, known_at: datetime
) -> QuerySet[Entry]:
    own = Entry.objects.of(business_id).filter(customer__in=customer_pks, currency=currency)
    return own.filter(effective_on__lte=on, recorded_at__lte=known_at)


def _sums(rows: QuerySet[Entry]) -> dict[int, int]:
    sums = rows.order_by().values_list("customer_id").annotate(sum=Sum("amount_minor"))
    return {pk: int(minor) for pk, minor in sums}


# Whose it is ---------------------------------------------------------------------------------------------------------
def _names(family: Sequence[Customer]) -> Names:
    """The id and name of each account; empty where it is one customer's alone, for then nothing has to be told apart."""
    return {member.pk: (str(member.uuid), member.name) for member in family} if len(family) > 1 else {}


def _accounts(names: Names, balances: dict[int, int]) -> tuple[StatementAccount, ...]:
    return tuple(
        StatementAccount(customer_id=uuid, customer_name=name, balance_minor=balances.get(pk, 0))
        for pk, (uuid, name) in names.items()
    )


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
