"""The reads of the ledger that must not grow with the history of others: which indexes the databases use for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.selectors.reports.ageing import AgeingWanted, ageing
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM, Wanted, statement_of
from billing.tests.histories import clock, day, issue, make_customer, noon, pay
from businesses.models import Business
from customers.models import Customer

LATER = noon(100)


@pytest.fixture
def customer(alice: Business) -> Customer:
    with clock.at(noon(0)):
        found = make_customer(alice, "Acme")
        for amount in (10, 20, 30):
            pay(issue(found, amount, due=day(5)), 5_00)
    return found


def plans(ask: Callable[[], Any]) -> str:
    """How the database does each query; PostgreSQL as if the tables were large."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    queries = [row["sql"] for row in asked if re.match(r"\s*(SELECT|WITH)", row["sql"])]
    assert queries
    postgres = connection.vendor == "postgresql"
    lines = []
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
        for sql in queries:
            cursor.execute(f"{'EXPLAIN' if postgres else 'EXPLAIN QUERY PLAN'} {sql}")
            lines += [str(row[-1]) for row in cursor.fetchall()]
    return "\n".join(lines)


@pytest.mark.parametrize("type_", [OPEN_ITEM, BALANCE_FORWARD])
def test_a_statement_reads_one_customer_s_rows_and_nothing_else(customer: Customer, type_: str) -> None:
    wanted = Wanted(type=type_, start=day(1), end=day(9), known_at=LATER, currency="USD")
    done = plans(lambda: statement_of(customer, wanted))
    for index in ("entries_of_customer", "allocations_of_customer", "due_dates_of_invoice"):
        assert index in done, done
    assert not re.search(r"(Seq Scan on|SCAN) billing_", done), done


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite's indexes hold no columns beside their key.")
def test_what_is_left_of_invoices_is_read_from_the_indexes_alone(customer: Customer) -> None:
    wanted = Wanted(type=BALANCE_FORWARD, start=day(1), end=day(9), known_at=LATER, currency="USD")
    done = plans(lambda: statement_of(customer, wanted))
    for index in ("entries_of_customer", "allocations_of_customer"):
        assert re.search(rf"Index Only Scan using {index} ", done), done
    assert re.search(r"Index Only Scan (Backward )?using due_dates_of_invoice ", done), done


@pytest.mark.parametrize("by", ["customer", "invoice"])
def test_the_ageing_of_everybody_reads_one_business_s_rows(customer: Customer, by: Any) -> None:
    wanted = AgeingWanted(on=day(9), known_at=LATER, buckets=(30, 60, 90), by=by, limit=25)
    done = plans(lambda: ageing(customer.business, wanted))
    for index in ("entries_of_customer", "allocations_of_customer", "due_dates_of_invoice"):
        assert index in done, done
    assert not re.search(r"(Seq Scan on|SCAN) billing_(entry|allocation)", done), done
