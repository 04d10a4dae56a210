"""Who would get what in a statement run, and who is skipped and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import QuerySet

from billing.models import Entry, StatementOutcome
from billing.selectors.ageing import OpenItem, days_overdue, open_items
from billing.selectors.statement_heads import Heads, heads_of
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM
from businesses.models import Business
from customers.models import Contact, Customer, CustomerBalance
from customers.tags import tagged
from invoicing.lib.money import to_major, to_minor

Outcome = StatementOutcome.Outcome


ELSEWHERE = "On the statement of "  # why a child gets none of its own
_MANY = 1_000  # customers; more are not named to the database one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What a run is to send; `minimum_minor` in the business's currency (0: none), `customer_pks` None for everybody.

    With `tags` only customers who have one of them; with `roll_up` a parent gets one statement with all below it.
    """

    type: str
    end: date
    start: date | None = None
    minimum_minor: int = 0
    only_past_due: bool = False
    customer_pks: tuple[int, ...] | None = None
    tags: tuple[str, ...] = ()
    roll_up: bool = False


class Planned(NamedTuple):
    """An unsaved outcome, and the total due of its statement in minor units; None for a child who is on another's."""

    outcome: StatementOutcome
    amount_minor: int | None


class _Account(NamedTuple):
    customer_pk: int
    currency: str


@dataclass(slots=True)
class _Sums:
    balance: int = 0
    owed: int = 0
    past_due: int = 0
    moved: bool = False


def plan_outcomes(business: Business, order: RunOrder, known_at: datetime) -> list[Planned]:
    """One outcome per customer and currency, planned or skipped with the reason; in the order of customers.

    As many queries for ten thousand customers as for one.
    """
    customers = _chosen(business, order)
    heads = heads_of(business, customers, roll_up=order.roll_up)
    addresses = _addresses(business, customers)
    sums = _sums(business, order, known_at, heads)
    planned = []
    for account in _accounts(business, order, customers, heads):
        customer = customers[account.customer_pk]
        head = customers[heads[customer.pk]]
        own = head is customer
        address = addresses.get(customer.pk, "")
        minimum = _minimum(business, order, account.currency)
        reason = _reason(order, sums[account], address, minimum) if own else f"{ELSEWHERE}{head.name}."
        outcome = StatementOutcome(
            business=business,
            customer=customer,
            address=address,
            currency=account.currency,
            outcome=Outcome.SKIPPED if reason else Outcome.PLANNED,
            reason=reason,
        )
        planned.append(Planned(outcome, _total_due(order, sums[account]) if own else None))
    return planned


def totals_due(business: Business, order: RunOrder, known_at: datetime, heads: Heads) -> Mapping[tuple[int, str], int]:
    """What the statements of these heads say is due, in minor units, by customer and currency; 0 where nothing is."""
    sums = _sums(business, order, known_at, heads)
    return defaultdict(int, {account: _total_due(order, found) for account, found in sums.items()})


def _chosen(business: Business, order: RunOrder) -> dict[int, Customer]:
    rows: QuerySet[Customer] = Customer.objects.of(business).live()
    if order.customer_pks is not None:
        rows = rows.filter(pk__in=order.customer_pks)
    if order.tags:
        rows = tagged(rows, order.tags)
    columns = rows.only("uuid", "business_id", "name", "email", "currency")
    return {row.pk: row for row in columns.order_by("pk")}


def _accounts(business: Business, order: RunOrder, customers: dict[int, Customer], heads: Heads) -> Iterable[_Account]:
    """Every currency in which something was ever posted; customers who are named without any, in their own."""
    kept = CustomerBalance.objects.of(business).order_by()
    if (pks := _few(heads)) is not None:
        kept = kept.filter(customer__in=pks)
    accounts = set[_Account]()
    for pk, currency in kept.values_list("customer_id", "currency"):
        accounts |= {_Account(each, currency) for each in (heads.get(pk), pk) if each in customers}
    if order.customer_pks is not None:
        known = {account.customer_pk for account in accounts}
        unposted = (row for pk, row in customers.items() if pk not in known)
        accounts |= {_Account(row.pk, row.currency or business.currency) for row in unposted}
    return sorted(accounts)


def _few(pks: Collection[int]) -> list[int] | None:
    """The keys to ask the database for; None for so many that asking for everybody's is the lesser work."""
    return list(pks) if len(pks) <= _MANY else None


def _addresses(business: Business, customers: dict[int, Customer]) -> dict[int, str]:
    """The customer's e-mail, else that of its first primary contact."""
    contacts = Contact.objects.of(business).filter(primary=True).exclude(email=None).order_by("-id")
    addresses = {pk: email for pk, email in contacts.values_list("customer_id", "email") if email}
    return {**addresses, **{pk: row.email for pk, row in customers.items() if row.email}}


def _sums(business: Business, order: RunOrder, known_at: datetime, heads: Heads) -> defaultdict[_Account, _Sums]:
    sums: defaultdict[_Account, _Sums] = defaultdict(_Sums)
    for item in open_items(business, on=order.end, known_at=known_at, customer_pks=_few(heads)):
        if (head := heads.get(item.customer_pk)) is not None:
            _add(sums[_Account(head, item.currency)], item, order.end)
    if order.type == BALANCE_FORWARD and order.start is not None:
        for pk, currency in _moved(business, order.start, order.end, known_at):
            if (head := heads.get(pk)) is not None:
                sums[_Account(head, currency)].moved = True
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
    return "Below the minimum balance." if minimum and _listed(order, sums) < minimum else ""


def _listed(order: RunOrder, sums: _Sums) -> int:
    """The balance that a statement is about: what its open items come to, or what is carried forward."""
    if order.type == OPEN_ITEM:
        return sums.past_due if order.only_past_due else sums.owed
    return sums.balance


def _total_due(order: RunOrder, sums: _Sums) -> int:
    return max(_listed(order, sums), 0)
