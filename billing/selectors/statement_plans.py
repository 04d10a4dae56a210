"""Who would get what in a statement run, and who is skipped and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from billing.models import Entry, StatementOutcome
from billing.selectors.ageing import OpenItem, days_overdue, open_items
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM
from businesses.models import Business
from customers.models import Contact, Customer, CustomerBalance
from invoicing.lib.money import to_major, to_minor

Outcome = StatementOutcome.Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What a run is to send; `minimum_minor` in the business's currency (0: none), `customer_pks` None for everybody."""

    type: str
    end: date
    start: date | None = None
    minimum_minor: int = 0
    only_past_due: bool = False
    customer_pks: tuple[int, ...] | None = None


class _Account(NamedTuple):
    customer_pk: int
    currency: str


@dataclass(slots=True)
class _Sums:
    balance: int = 0
    owed: int = 0
    past_due: int = 0
    moved: bool = False


def plan_outcomes(business: Business, order: RunOrder, known_at: datetime) -> list[StatementOutcome]:
    """One unsaved outcome per customer and currency, planned or skipped with the reason; in the order of customers."""
    rows = Customer.objects.of(business).live().order_by("pk")
    if order.customer_pks is not None:
        rows = rows.filter(pk__in=order.customer_pks)
    customers = {row.pk: row for row in rows}
    addresses = _addresses(business, customers)
    sums = _sums(business, order, known_at)
    outcomes = []
    for account in _accounts(business, order, customers):
        address = addresses.get(account.customer_pk, "")
        reason = _reason(order, sums[account], address, _minimum(business, order, account.currency))
        outcomes.append(
            StatementOutcome(
                business=business,
                customer=customers[account.customer_pk],
                address=address,
                currency=account.currency,
                outcome=Outcome.SKIPPED if reason else Outcome.PLANNED,
                reason=reason,
            )
        )
    return outcomes


def _accounts(business: Business, order: RunOrder, customers: dict[int, Customer]) -> list[_Account]:
    """Every currency in which something was ever posted; customers who are named without any, in their own."""
    kept = CustomerBalance.objects.of(business).filter(customer__in=customers).order_by("customer_id", "currency")
    accounts = [_Account(*row) for row in kept.values_list("customer_id", "currency")]
    if order.customer_pks is None:
        return accounts
    known = {account.customer_pk for account in accounts}
    unposted = [_Account(pk, row.currency or business.currency) for pk, row in customers.items() if pk not in known]
    return sorted([*accounts, *unposted])


def _addresses(business: Business, customers: dict[int, Customer]) -> dict[int, str]:
    """The customer's e-mail, else that of its first primary contact."""
    contacts = Contact.objects.of(business).filter(primary=True).exclude(email=None).order_by("-id")
    addresses = {pk: email for pk, email in contacts.values_list("customer_id", "email") if email}
    return {**addresses, **{pk: row.email for pk, row in customers.items() if row.email}}


def _sums(business: Business, order: RunOrder, known_at: datetime) -> dict[_Account, _Sums]:
    sums: dict[_Account, _Sums] = defaultdict(_Sums)
    for item in open_items(business, on=order.end, known_at=known_at, customer_pks=order.customer_pks):
        _add(sums[_Account(item.customer_pk, item.currency)], item, order.end)
    if order.type == BALANCE_FORWARD and order.start is not None:
        for account in _moved(business, order.start, order.end, known_at):
            sums[account].moved = True
    return sums


def _add(sums: _Sums, item: OpenItem, on: date) -> None:
    sums.balance += item.due_minor
    if item.number is not None and item.due_minor > 0:
        sums.owed += item.due_minor
        sums.past_due += item.due_minor if days_overdue(item.due_date, on) else 0


def _moved(business: Business, start: date, end: date, known_at: datetime) -> Iterable[_Account]:
    entries = Entry.objects.of(business).filter(effective_on__range=(start, end), recorded_at__lte=known_at)
    return (_Account(*row) for row in entries.order_by().values_list("customer_id", "currency").distinct())


def _minimum(business: Business, order: RunOrder, currency: str) -> int:
    """The minimum as the same number of another currency: no rate is known, and 0.01 is meant as `anything`."""
    if not order.minimum_minor:
        return 0
    return max(1, to_minor(to_major(order.minimum_minor, business.currency), currency))


def _reason(order: RunOrder, sums: _Sums, address: str, minimum: int) -> str:
    """Why an account gets no statement; empty where it gets one."""
    if not address:
        return "No e-mail address."
    if order.only_past_due and not sums.past_due:
        return "Nothing is past due."
    if order.type == OPEN_ITEM and not sums.owed:
        return "Nothing is owed."
    if order.type == BALANCE_FORWARD and not sums.balance and not sums.moved:
        return "No balance and no movement."
    listed = sums.past_due if order.only_past_due else sums.owed
    amount = listed if order.type == OPEN_ITEM else sums.balance
    return "Below the minimum balance." if minimum and amount < minimum else ""
