"""Statements of account as of any past day and any past knowledge: reads of append-only rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from billing.selectors.ageing import OpenItem, age, days_overdue
from billing.selectors.documents import bank, brand, buyer, language_of, seller
from billing.selectors.posted import Posted
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
    wanted = replace(wanted, currency=wanted.currency or customer.billing_currency)
    return statement_from(posted_for(customer.business, family or [customer], wanted), customer, wanted, family)


def posted_for(business: Business, customers: Sequence[Customer], wanted: Wanted) -> Posted:
    """What the statements of these customers are made of, in every currency unless one is wanted."""
    forward = wanted.type == BALANCE_FORWARD
    return Posted(
        business,
        [customer.pk for customer in customers],
        start=wanted.start if forward else None,
        end=wanted.end or clock.today(business.time_zone),
        known_at=wanted.known_at or clock.now(),
        currency=wanted.currency,
    )


def statement_from(posted: Posted, customer: Customer, wanted: Wanted, family: Sequence[Customer] = ()) -> Statement:
    """As `statement_of`, out of what was read for several."""
    currency = wanted.currency or customer.billing_currency
    if posted.start is not None:
        return _balance_forward(posted, posted.start, customer, currency, family)
    return _open_item(posted, customer, currency, family, only_past_due=wanted.only_past_due)


def _open_item(
    posted: Posted, customer: Customer, currency: str, family: Sequence[Customer], *, only_past_due: bool
) -> Statement:
    """Every invoice with an amount due at the end of the last day (or only those past due)."""
    names, on = _names(family), posted.end
    pks = [*names] or [customer.pk]
    rows = posted.items(pks, currency)
    owed = [row for row in rows if row.owed]
    items = tuple(_item(row, on, names) for row in owed if not only_past_due or days_overdue(row.due_date, on))
    balances = posted.balances(pks, currency)
    return Statement(
        kind=OPEN_ITEM.value,
        start=None,
        end=on,
        known_at=posted.known_at,
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


def _balance_forward(
    posted: Posted, start: date, customer: Customer, currency: str, family: Sequence[Customer]
) -> Statement:
    """The balance before `start`, every entry from then to the last day (both inclusive) with the balance after it."""
    names = _names(family)
    pks = [*names] or [customer.pk]
    balances = posted.balances(pks, currency)
    opening = sum(balances.values())
    rows = posted.moved(pks, currency)
    entries = _entries(rows, opening, names)
    for pk, _, _, amount, *_ in rows:
        balances[pk] = balances.get(pk, 0) + amount
    closing = entries[-1].balance_minor if entries else opening
    return Statement(
        kind=BALANCE_FORWARD.value,
        start=start,
        end=posted.end,
        known_at=posted.known_at,
        opening_minor=opening,
        entries=tuple(entries),
        items=(),
        closing_minor=closing,
        ageing=age(posted.dues(pks, currency), posted.end),
        total_due_minor=max(closing, 0),
        accounts=_accounts(names, balances),
        **_heading(customer, currency),
    )


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
