"""`GET /reports/numbering`: every number of a series in order, what became of it, and which are missing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from billing.models import Invoice
from billing.selectors.books import check_numbers
from billing.services.adjustments import create_adjustment
from billing.services.invoices import delete_invoice
from billing.tests.histories import clock, make_customer, noon
from billing.tests.test_report_revenue import bill, line
from businesses.audit import SYSTEM
from businesses.models import Business, Counter
from conftest import Api


@pytest.fixture
def books(alice: Business, api: Api) -> Business:
    """1 sent, 2 deleted, 3 skipped for one given by hand, 4 a draft, and MINE-1."""
    with clock.at(noon(0)):
        customer = str(make_customer(alice).uuid)
        body = {"customer_id": customer, "items": [{"description": "x", "quantity": 1, "unit_price": 5}]}
        api.post("/invoices", {**body, "status": "sent", "issue_date": "2026-03-01"})
        api.post("/invoices", body)
        delete_invoice(Invoice.objects.get(number="INV-00002"), actor=SYSTEM, reason="Written twice")
        api.post("/invoices", {**body, "invoice_number": "INV-00003"})
        api.post("/invoices", body)
        api.post("/invoices", {**body, "invoice_number": "MINE-1", "issue_date": "2025-03-01"})
    return alice


def lose(business: Business) -> None:
    """A counter that ran ahead of its rows: INV-00005 became nothing. (The database lets no row of a number be deleted.)"""
    Counter.objects.filter(business=business, series="invoice").update(last=5)


def test_every_number_and_what_became_of_it(books: Business, api: Api) -> None:
    answer = api.get("/reports/numbering")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    rows = [
        (row["number"], row["sequence"], row["status"], row["deleted_reason"], row["given_by_hand"])
        for row in found["data"]
    ]
    assert rows == [
        ("INV-00001", 1, "sent", None, False),
        ("INV-00002", 2, "deleted", "Written twice", False),
        ("INV-00004", 4, "draft", None, False),
        ("INV-00003", None, "draft", None, True),
        ("MINE-1", None, "draft", None, True),
    ]
    assert (found["series"], found["complete"], found["missing"]) == ("invoice", True, [])
    assert found["data"][0]["date"] == "2026-03-01"
    assert found["data"][0]["id"] == str(Invoice.objects.get(number="INV-00001").uuid)
    assert found["pagination"]["total"] == 5


def test_a_missing_number_is_named_here_and_by_the_proof_of_the_books(books: Business, api: Api) -> None:
    lose(books)
    found = api.get("/reports/numbering?limit=1").json()
    assert found["complete"] is False
    assert found["missing"] == [{"number": "INV-00005", "sequence": 5, "period": None}]
    assert list(check_numbers(books)) == ["invoice series (all years): number 5 is missing"]


def test_a_series_that_starts_again_each_year(alice: Business, api: Api) -> None:
    Business.objects.filter(pk=alice.pk).update(invoice_pattern="INV-YYYY-##")
    alice.refresh_from_db()
    with clock.at(noon(0)):
        customer = make_customer(alice)
        for year in (2025, 2026, 2025):
            bill(customer, line(5), issue_date=noon(0).date().replace(year=year))
    every = [row["number"] for row in api.get("/reports/numbering").json()["data"]]
    assert every == ["INV-2025-01", "INV-2025-02", "INV-2026-01"]
    found = api.get("/reports/numbering?period=2025").json()
    assert ([row["number"] for row in found["data"]], found["period"]) == (every[:2], "2025")
    assert api.get("/reports/numbering?period=2020").json()["data"] == []


@pytest.mark.parametrize("series", ["quotation", "credit_note", "payment", "adjustment"])
def test_a_series_without_a_number_is_complete(api: Api, series: str) -> None:
    found = api.get(f"/reports/numbering?series={series}").json()
    assert (found["data"], found["complete"], found["series"]) == ([], True, series)


def test_series_of_payments_and_adjustments(alice: Business, api: Api) -> None:
    with clock.at(noon(0)):
        customer = make_customer(alice)
        create_adjustment(customer, currency="USD", amount_minor=500, actor=SYSTEM)
        invoice = bill(customer, line(5))
        api.post(f"/invoices/{invoice.uuid}/payments", {"amount": 1})
    for series, number, status in (("adjustment", "ADJ-00001", "recorded"), ("payment", "RCT-00001", "recorded")):
        (row,) = api.get(f"/reports/numbering?series={series}").json()["data"]
        assert (row["number"], row["status"], row["date"]) == (number, status, "2026-03-02")


def test_as_csv(books: Business, api: Api) -> None:
    lose(books)
    answer = api.get("/reports/numbering.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["number"], row["status"], row["deleted_reason"]) for row in rows] == [
        ("INV-00001", "sent", ""),
        ("INV-00002", "deleted", "Written twice"),
        ("INV-00004", "draft", ""),
        ("INV-00003", "draft", ""),
        ("MINE-1", "draft", ""),
        ("INV-00005", "missing", ""),
    ]
    assert api.get("/reports/numbering", Accept="text/csv").content == answer.content


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("series=customer", "series"),
        ("period=26", "period"),
        ("period=", "period"),
        ("limit=x", "limit"),
        ("on=1", "on"),
    ],
)
def test_a_bad_parameter_is_named(api: Api, query: str, field: str) -> None:
    for path in ("/reports/numbering", "/reports/numbering.csv"):
        answer = api.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field), answer.content


def test_another_business_has_its_own(books: Business, bob_api: Api) -> None:
    assert bob_api.get("/reports/numbering").json()["data"] == []


def test_as_few_queries_for_many_as_for_few(alice: Business, api: Api, django_assert_max_num_queries: Any) -> None:
    def ask() -> int:
        with django_assert_max_num_queries(8) as asked:
            assert api.get("/reports/numbering").status_code == 200
        return len(asked)

    customer = make_customer(alice)
    bill(customer, line(5))
    api.get("/me")
    few = ask()
    for _ in range(5):
        bill(customer, line(5))
    assert ask() == few
