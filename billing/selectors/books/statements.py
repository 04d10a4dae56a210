"""Statements: what one of today would say is proved, and those that left still say what they said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from django.db.models import Sum

from billing.models import Entry, KeptStatement
from billing.selectors.ageing import age, open_items
from billing.selectors.books.frozen import digest, parsed
from billing.selectors.books.names import account
from billing.selectors.statement_proof import prove
from billing.selectors.statements import Wanted, statement_of
from businesses.models import Business
from customers.models import Customer
from einvoicing.document import Statement
from invoicing.lib import clock
from invoicing.lib.errors import DomainError

_AT_ONCE = 500  # customers of one query: their open invoices are in memory
# The figures of a statement; names and addresses may change later.
_FIGURES = ("opening_minor", "entries", "items", "closing_minor", "ageing", "total_due_minor", "accounts")


def check_statements(business: Business) -> Iterator[str]:
    """Each account's statement of today, and of the end of last month: closing = ledger on that day = Σ ageing, credit ≤ 0."""
    today, now = clock.today(business.time_zone), clock.now()
    customers = list(Customer.objects.of(business).order_by("pk").values_list("pk", flat=True))
    for on in (today, today.replace(day=1) - timedelta(days=1)):
        for first in range(0, len(customers), _AT_ONCE):
            yield from _accounts(business, on, now, customers[first : first + _AT_ONCE])


def _accounts(business: Business, on: date, known_at: datetime, customer_pks: list[int]) -> Iterator[str]:
    owed = defaultdict(list)
    for row in open_items(business, on=on, known_at=known_at, customer_pks=customer_pks):
        owed[row.customer_pk, row.currency].append(row)
    ledger = _ledger(business, on, known_at, customer_pks)
    for key in sorted(ledger.keys() | owed.keys()):
        ageing, closing = age(owed[key], on), ledger.get(key, 0)
        if ageing.balance_minor != closing:
            yield f"{account(*key)}: on {on} the ledger has {closing}, the ageing {ageing.balance_minor}"
        if ageing.credit_minor > 0 or any(row.due_minor < 0 for row in owed[key] if row.number is not None):
            yield f"{account(*key)}: on {on} there is credit below zero, or more applied than was owed"


def _ledger(business: Business, on: date, known_at: datetime, customer_pks: list[int]) -> dict[tuple[int, str], int]:
    posted = Entry.objects.of(business).filter(
        customer__in=customer_pks, effective_on__lte=on, recorded_at__lte=known_at
    )
    sums = posted.order_by().values_list("customer_id", "currency").annotate(sum=Sum("amount_minor"))
    return {(customer, currency): int(minor) for customer, currency, minor in sums}


def check_kept_statements(business: Business) -> Iterator[str]:
    """Each statement that left is what was frozen, proves itself, and asked again gives the same figures."""
    for kept in KeptStatement.objects.of(business).select_related("customer__business").order_by("pk").iterator():
        for sentence in _kept(kept):
            yield f"statement {kept.uuid}: {sentence}"


def _kept(kept: KeptStatement) -> Iterator[str]:
    if digest(kept.view) != kept.sha256:
        yield "its view is not what was frozen"
    statement = parsed(Statement, kept.view)
    if statement is None:
        yield "its view cannot be read"
        return
    if statement.customer_id != str(kept.customer.uuid):
        yield f"it is of customer {statement.customer_id}, kept for {kept.customer.uuid}"
        return
    try:
        prove(statement)
    except DomainError as error:
        yield error.message
    again = statement_of(kept.customer, _asked(statement), _family(kept, statement))
    for name in _FIGURES:
        was, now = _unnamed(getattr(statement, name)), _unnamed(getattr(again, name))
        if was != now:
            yield _difference(name, was, now)


def _difference(name: str, was: Any, now: Any) -> str:
    """Of rows the first that differs: all of them may be thousands."""
    if isinstance(was, tuple):
        pairs = zip_longest(was, now, fillvalue="nothing")
        place, (was, now) = next((place, pair) for place, pair in enumerate(pairs, start=1) if pair[0] != pair[1])
        name = f"{name}, row {place},"
    return f"{name} was {was}, asked again it is {now}"


def _asked(statement: Statement) -> Wanted:
    return Wanted(
        type=statement.kind,
        start=statement.start,
        end=statement.end,
        known_at=statement.known_at,
        currency=statement.currency,
        only_past_due=statement.only_past_due,
    )


def _family(kept: KeptStatement, statement: Statement) -> list[Customer]:
    """Whose accounts are in it: who was below the customer then, whoever is now."""
    uuids = [account.customer_id for account in statement.accounts]
    found = {str(row.uuid): row for row in Customer.objects.of(kept.business_id).filter(uuid__in=uuids)}
    return [found[uuid] for uuid in uuids if uuid in found]


def _unnamed(figure: Any) -> Any:
    """Rows without their customer's name."""
    if not isinstance(figure, tuple):
        return figure
    return tuple(replace(row, customer_name=None) if hasattr(row, "customer_name") else row for row in figure)
