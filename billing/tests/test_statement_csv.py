"""GET /customers/{id}/statement.csv, and the same by `Accept: text/csv`."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse

from billing.tests.histories import clock, day, issue, make_customer, noon, pay
from businesses.models import Business
from conftest import Api
from customers.models import Customer


@pytest.fixture
def customer(alice: Business) -> Customer:
    """One who got two invoices in March 2026 and paid a part of the first."""
    with clock.at(noon(0)):
        customer = make_customer(alice)
        first = issue(customer, 100, due=day(10))
        issue(customer, "50.5")
    with clock.at(noon(5)):
        pay(first, 30_00)
    return customer


def path(customer: Customer, query: str = "") -> str:
    return f"/customers/{customer.uuid}/statement{query}"


def table(answer: HttpResponse) -> list[list[str]]:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_open_items(api: Api, customer: Customer) -> None:
    answer = api.get(path(customer, f".csv?on={day(12)}"))
    assert answer["Content-Disposition"] == 'attachment; filename="Statement-2026-03-14.csv"'
    columns = "row,date,invoice_number,due_date,days_overdue,currency,total,amount_paid,amount_due"
    assert [",".join(row) for row in table(answer)] == [
        columns,
        "item,2026-03-02,INV-00001,2026-03-12,2,USD,100.00,30.00,70.00",
        "item,2026-03-02,INV-00002,,0,USD,50.50,0.00,50.50",
        "closing_balance,2026-03-14,,,,USD,,,120.50",
        "total_due,2026-03-14,,,,USD,,,120.50",
    ]
    past_due = table(api.get(path(customer, f".csv?on={day(12)}&items=past_due")))
    assert [(row[0], row[-1]) for row in past_due[1:]] == [
        ("item", "70.00"),
        ("closing_balance", "120.50"),
        ("total_due", "70.00"),
    ]


def test_balance_forward(api: Api, customer: Customer) -> None:
    asked = f"?type=balance_forward&start={day(1)}&end={day(9)}"
    rows = table(api.get(path(customer, f".csv{asked}")))
    assert [",".join(row) for row in rows] == [
        "row,date,kind,number,currency,amount,balance",
        "opening_balance,2026-03-03,,,USD,,150.50",
        "entry,2026-03-07,payment,RCT-00001,USD,-30.00,120.50",
        "closing_balance,2026-03-11,,,USD,,120.50",
        "total_due,2026-03-11,,,USD,,120.50",
    ]
    assert table(api.get(path(customer, asked), Accept="text/csv")) == rows


def test_with_children_each_line_names_its_customer(api: Api, alice: Business, customer: Customer) -> None:
    with clock.at(noon(0)):
        child = make_customer(alice, "=Child", parent=customer)
        issue(child, 7)
    rows = table(api.get(path(customer, f".csv?on={day(12)}&include_children=true")))
    assert rows[0][:5] == ["row", "date", "customer_id", "customer_name", "invoice_number"]
    assert sorted((row[3], row[-1]) for row in rows[1:4]) == [
        ("'=Child", "7.00"),  # no formula for a spreadsheet to run
        ("Acme Corp", "50.50"),
        ("Acme Corp", "70.00"),
    ]
    assert rows[-1] == ["total_due", "2026-03-14", "", "", "", "", "", "USD", "", "", "127.50"]


def test_the_decimals_are_the_currencys(api: Api, alice: Business) -> None:
    with clock.at(noon(0)):
        customer = make_customer(alice, currency="JPY")
        issue(customer, 700)
    assert [row[-1] for row in table(api.get(path(customer, f".csv?on={day(1)}")))[1:]] == ["700", "700", "700"]


def test_what_is_wrong_is_named(api: Api, customer: Customer) -> None:
    for query, field in (("?on=yesterday", "on"), ("?type=balance_forward", "start"), ("?fields=items", "fields")):
        answer = api.get(path(customer, f".csv{query}"))
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)


def test_one_that_does_not_prove_does_not_leave(api: Api, customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customerbalance SET credit_minor = 7")
    for answer in (api.get(path(customer, ".csv")), api.get(path(customer), Accept="text/csv")):
        assert (answer.status_code, answer.json()["code"]) == (409, "statement_does_not_prove")


def test_strangers_and_scopes(api: Api, bob_api: Api, api_with: Callable[[str], Api], customer: Customer) -> None:
    missing = api.get(f"/customers/{uuid.uuid4()}/statement.csv")
    foreign = bob_api.get(path(customer, ".csv"))
    assert (missing.status_code, foreign.status_code, foreign.content) == (404, 404, missing.content)
    assert api_with("read").get(path(customer, ".csv")).status_code == 200
    assert api_with("webhooks").get(path(customer, ".csv")).status_code == 403
