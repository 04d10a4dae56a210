"""How the databases do what lists, reports and the admin ask among the rows of many businesses: by their indexes.

PostgreSQL plans by what ANALYZE counted, with nothing switched off; SQLite by what its indexes are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.generator import Wanted, generate
from billing.models import Invoice, Payment
from businesses.models import Business
from businesses.tests.people import browser_of, make_member
from conftest import make_api
from customers.models import Customer
from webhooks.models import Delivery, Endpoint, Event

OWN = Wanted(invoices=500, customers=300, seed=1)
OTHERS = Wanted(invoices=4_000, customers=2_400, seed=2)  # of whom nothing may be read
BIG = 1_000  # rows: who reads such a table whole, reads what is others'
_PAGES = 64  # of PostgreSQL's, as it counted them: it is right to read a table of fewer from one end to the other

# The order must come from an index: nothing is sorted but what is equal in it. Left out, as no index has their order:
# invoices by -due_date on PostgreSQL (nulls last), deliveries by updated_at.
ORDERED = {
    "/invoices": (
        *("", "starting_after={id}", "ending_before={id}", "page=5", "sort=created_at&starting_after={id}"),
        *("sort=updated_at", "sort=-updated_at", "sort=updated_at&starting_after={id}"),
        *("sort=number", "sort=-number", "sort=number&starting_after={id}"),
        *("sort=issue_date", "sort=-issue_date", "sort=issue_date&starting_after={id}"),
        *("sort=total", "sort=-total", "sort=total&starting_after={id}"),
        *("sort=due_date", "sort=due_date&starting_after={id}"),
        *("sort=status", "sort=-status", "sort=status&starting_after={id}"),
    ),
    "/payments": (
        *("", "starting_after={id}", "ending_before={id}", "page=5", "sort=created_at&starting_after={id}"),
        *("sort=payment_date", "sort=-payment_date", "sort=payment_date&starting_after={id}"),
        *("sort=number", "sort=-number", "sort=amount", "sort=-amount", "sort=updated_at", "sort=-updated_at"),
    ),
    "/customers": (
        *("", "starting_after={id}", "ending_before={id}", "page=3", "sort=created_at&starting_after={id}"),
        *("sort=updated_at", "sort=-updated_at", "sort=name", "sort=-name", "sort=name&starting_after={id}"),
    ),
    "/events": ("", "starting_after={id}", "ending_before={id}", "page=3", "after={id}", "sort=created_at"),
    "/webhooks/{webhook}/deliveries": ("", "starting_after={id}", "page=3"),
}
# No big table is read whole. Left out: invoices by max_total, for which SQLite walks through the ids of all businesses.
FILTERED = {
    "/invoices": (
        *("status=sent", "status=overdue&starting_after={id}", "approval=pending", "overdue=true", "overdue=false"),
        *("customer_id={customer}", "customer_id={customer}&status=sent", "currency=USD", "ids={id}"),
        *("issue_date_after={day}", "issue_date_before={day}", "due_date_after={day}", "due_date_before={day}"),
        *("min_total=1000000", "created_after={moment}", "created_before={moment}"),
        *("updated_after={moment}", "updated_before={moment}"),
        *("number={number}", "search={number}", "search={name}", "expand=customer"),
    ),
    "/payments": (
        *("status=refunded", "method=cash", "currency=USD", "ids={id}", "customer_id={customer}"),
        *("payment_date_after={day}", "payment_date_before={day}", "created_after={moment}", "created_before={moment}"),
        *("updated_after={moment}", "updated_before={moment}", "number={number}", "search={number}"),
    ),
    "/customers": (
        *("search={name}", "name={name}", "email={name}", "number={number}", "status=active", "open_balance=true"),
        *("open_balance=false", "country=US", "ids={id}", "tag=x", "created_after={moment}", "updated_after={moment}"),
    ),
    "/customers/{customer}/balance": ("", "on={day}"),
    "/customers/{customer}/statement": ("", "type=balance_forward&start={day}"),
    "/events": ("type=invoice.paid", "type=invoice.paid&starting_after={id}", "ids={id}", "created_after={moment}"),
    "/webhooks/{webhook}/deliveries": ("status=failed", "event_type=invoice.paid", "event_id={event}"),
    "/reports/ageing": ("", "by=invoice"),
    "/reports/revenue": ("", "by=customer"),
    "/reports/taxes": ("",),
    "/reports/numbering": ("",),
    **dict.fromkeys(("/credit-notes", "/quotations", "/adjustments", "/public-links", "/files"), ("",)),
}
# What PostgreSQL may join whole: it is asked for by primary key, once for each of many rows of the report.
JOINED = {
    "/reports/ageing": {"customers_customer", "billing_invoice"},
    "/reports/revenue": {"billing_entry", "billing_invoice"},
    "/reports/taxes": {"billing_entry", "billing_invoice"},
}
ADMIN = (
    *("", "search/?s={name}&extended=1", "billing/invoice/", "billing/invoice/?p=3", "billing/invoice/?state=open"),
    *("billing/invoice/?state=late", "billing/invoice/?q={number}", "billing/invoice/?q={name}"),
    *("billing/payment/", "billing/payment/?q={number}", "billing/creditnote/", "billing/quotation/"),
    *("billing/adjustment/", "billing/statementrun/", "billing/keptstatement/"),
    *("customers/customer/", "customers/customer/?q={name}", "webhooks/event/", "webhooks/delivery/"),
    *("businesses/auditentry/", "messaging/message/"),
)


class Books:
    """A business beside one that has eight times as much, and how to ask for what it has."""

    def __init__(self) -> None:
        self.business: Business = generate(OWN)[0].business
        generate(OTHERS)
        self.api, self.browser = make_api(self.business), browser_of(make_member(self.business))
        self.big = big_tables()
        customer, invoice = self._middle(Customer), self._middle(Invoice)
        self.known = {
            "customer": customer.uuid,
            "name": customer.name_folded[:12],
            "number": invoice.number[-4:],
            "day": invoice.issue_date,
            "moment": invoice.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "webhook": Endpoint.objects.of(self.business).get().uuid,
            "event": self._middle(Event).event_id,
        }
        self.ids = {
            "/invoices": invoice.uuid,
            "/customers": customer.uuid,
            "/payments": self._middle(Payment).uuid,
            "/events": self.known["event"],
            "/webhooks/{webhook}/deliveries": self._middle(Delivery).uuid,
        }

    def _middle(self, model: Any) -> Any:
        own = model.objects.of(self.business).order_by("pk")
        return own[own.count() // 2]

    def ask(self, path: str, query: str) -> Any:
        """A call of the API."""
        return self.api.get(f"{path}?{query}".format(id=self.ids.get(path, ""), **self.known))

    def open(self, path: str) -> Any:
        """A page of the admin."""
        return self.browser.get(f"/admin/{path}".format(**self.known))


def big_tables() -> set[str]:
    """The tables that nobody may read whole."""
    big = {model._meta.db_table for model in apps.get_models() if model._default_manager.count() > BIG}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relpages >= %s", [_PAGES])
            big &= {name for (name,) in cursor.fetchall()}
    return big


@pytest.fixture
def books(db: None) -> Books:
    return Books()


# Plans ---------------------------------------------------------------------------------------------------------------
def plans(ask: Callable[[], Any]) -> Iterator[tuple[str, str]]:
    """The reads of a call, and how the database does each."""
    with CaptureQueriesContext(connection) as asked:
        answer = ask()
    assert answer.status_code == 200, answer.content[:300]
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    for row in asked:
        if re.match(r"\s*(SELECT|WITH)", row["sql"]):
            with connection.cursor() as cursor:
                cursor.execute(f"{explain} {row['sql']}")
                yield row["sql"], "\n".join(str(line[-1]) for line in cursor.fetchall())


def read_whole(plan: str, big: set[str]) -> set[str]:
    """The big tables that a plan reads from one end to the other."""
    return big & set(re.findall(r"(?:Seq Scan on|^SCAN) (\w+)", plan, re.MULTILINE))


def is_sorted(plan: str) -> bool:
    """Whether more than one row is put in order; those that are equal in an index's order may be."""
    return bool(re.search(r"(?<!Incremental )Sort  \(cost=\S+ rows=(?!1 )|USE TEMP B-TREE FOR ORDER BY", plan))


def wrong(name: str, call: Callable[[], Any], big: set[str], *, ordered: bool) -> Iterator[str]:
    """What a call reads or sorts although there is an index for it."""
    for sql, plan in plans(call):
        whole = read_whole(plan, big)
        if whole or (ordered and " LIMIT " in sql and is_sorted(plan)):
            yield f"{name} reads all of {', '.join(whole)}" if whole else f"{name} sorts"
            yield f"{sql}\n{plan}\n"


def test_no_big_table_is_read_whole_and_no_list_is_sorted(books: Books) -> None:
    assert {"billing_invoice", "billing_payment", "billing_entry"} <= books.big
    failures: list[str] = []
    for table in (ORDERED, FILTERED):
        for path, queries in table.items():
            for query in queries:
                call = partial(books.ask, path, query)
                joined = JOINED.get(path, set()) if connection.vendor == "postgresql" else set()
                failures += wrong(f"{path}?{query}", call, books.big - joined, ordered=table is ORDERED)
    for page in ADMIN:
        failures += wrong(f"/admin/{page}", partial(books.open, page), books.big, ordered=False)
    assert not failures, "\n".join(failures)
