"""`GET /reports/revenue`: what was earned, on the day it was; by month, customer and product, currency by currency."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from billing.models import CreditNote, Invoice
from billing.services.credit_notes import Credit, create_credit_note, credit_invoice, update_credit_note
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from billing.services.write_offs import reverse_write_off, write_off
from billing.tests.admin_cast import a_product
from billing.tests.histories import cancel, clock, day, make_customer, noon
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api

YEAR = "start=2026-01-01&end=2026-12-31"


def line(price: int, rate: int = 10, **more: Any) -> LineDraft:
    return LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(price), tax_rate=Decimal(rate), **more)


def bill(customer: Any, *lines: LineDraft, **details: Any) -> Invoice:
    given = {"customer": customer, "lines": lines, "status": "sent", "details": {"due_date": None, **details}}
    return create_invoice(customer.business, actor=SYSTEM, **given)


@pytest.fixture
def books(alice: Business) -> Business:
    """March: 200 + 100 for Acme, 70 euros for Zeta; April: 50 credited, the 100 cancelled; May: 30 written off, 10 thought over."""
    with clock.at(noon(0)):
        acme, zeta = make_customer(alice, "Acme"), make_customer(alice, "Zeta")
        hosting = a_product(alice, name="Hosting")
        first = bill(acme, line(150, product=hosting), line(50))
        gone = bill(acme, line(100, product=hosting))
        bill(zeta, line(70, 0), currency="EUR")
        bill(acme, line(999), opening_balance=True)
        create_invoice(alice, customer=acme, lines=[line(5)], actor=SYSTEM)
    with clock.at(noon(31)):
        lines = [line(50, product=hosting)]
        create_credit_note(alice, customer=acme, lines=lines, status="sent", actor=SYSTEM)
        cancel(gone)
    with clock.at(noon(61)):
        write_off(first, amount_minor=10_00, actor=SYSTEM)
        reverse_write_off(first, actor=SYSTEM)
        write_off(first, amount_minor=30_00, actor=SYSTEM)
    return alice


def figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("invoiced", "credited", "net", "tax", "total", "written_off"))


def test_by_month_on_the_day_it_was_and_the_day_it_was_taken_back(books: Business, api: Api) -> None:
    answer = api.get(f"/reports/revenue?{YEAR}")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert [(row["currency"], row["month"], figures(row)) for row in found["data"]] == [
        ("EUR", "2026-03", (70, 0, 70, 0, 70, 0)),
        ("EUR", "2026-04", (0, 0, 0, 0, 0, 0)),
        ("EUR", "2026-05", (0, 0, 0, 0, 0, 0)),
        ("USD", "2026-03", (300, 0, 300, 30, 330, 0)),
        ("USD", "2026-04", (-100, 50, -150, -15, -165, 0)),
        ("USD", "2026-05", (0, 0, 0, 0, 0, 30)),
    ]
    assert [(row["currency"], figures(row)) for row in found["totals"]] == [
        ("EUR", (70, 0, 70, 0, 70, 0)),
        ("USD", (200, 50, 150, 15, 165, 30)),
    ]
    assert (found["start"], found["end"], found["by"]) == ("2026-01-01", "2026-12-31", "month")


def test_by_customer_and_by_product_come_to_the_same(books: Business, api: Api) -> None:
    by_customer = api.get(f"/reports/revenue?{YEAR}&by=customer").json()
    rows = [(row["customer_name"], row["currency"], row["net"], row["written_off"]) for row in by_customer["data"]]
    assert rows == [("Zeta", "EUR", 70, 0), ("Acme", "USD", 150, 30)]
    by_product = api.get(f"/reports/revenue?{YEAR}&by=product&currency=USD").json()
    assert [(row["product_name"], figures(row)) for row in by_product["data"]] == [
        ("Hosting", (150, 50, 100, 10, 110, None)),
        (None, (50, 0, 50, 5, 55, None)),
    ]
    (dollars,) = by_product["totals"]
    assert figures(dollars)[:5] == figures(by_customer["totals"][1])[:5]


def test_a_credit_note_of_an_invoice_counts_by_its_lines_and_cancelled_no_more(alice: Business, api: Api) -> None:
    with clock.at(noon(0)):
        invoice = bill(make_customer(alice), line(100, product=a_product(alice, name="Hosting")), line(10))
        note = credit_invoice(invoice, Credit(), status="sent", actor=SYSTEM)
    both = [api.get(f"/reports/revenue?{YEAR}&by={by}").json()["totals"][0] for by in ("month", "product")]
    assert {(total["invoiced"], total["credited"], total["net"], total["total"]) for total in both} == {
        (110, 110, 0, 0)
    }
    with clock.at(noon(40)):
        update_credit_note(CreditNote.objects.get(pk=note.pk), changes={}, status="cancelled", actor=SYSTEM)
    months = api.get(f"/reports/revenue?{YEAR}").json()["data"]
    assert [(row["month"], row["credited"]) for row in months] == [("2026-03", 110), ("2026-04", -110)]


def test_the_days_that_are_meant_and_what_was_known(books: Business, api: Api) -> None:
    with clock.at(noon(70)):
        assert api.get("/reports/revenue").json()["end"] == day(70).isoformat()
        assert api.get("/reports/revenue").json()["start"] == "2026-01-01"
    assert api.get("/reports/revenue?end=2025-06-30").json()["start"] == "2025-01-01"
    march = api.get("/reports/revenue?start=2026-03-02&end=2026-03-02&currency=USD").json()
    assert [row["month"] for row in march["data"]] == ["2026-03"]
    known = f"{noon(10):%Y-%m-%dT%H:%M:%SZ}"
    then = api.get(f"/reports/revenue?{YEAR}&currency=USD&known_at={known}").json()
    assert [total["net"] for total in then["totals"]] == [300]


def test_as_csv(books: Business, api: Api) -> None:
    answer = api.get(f"/reports/revenue.csv?{YEAR}&currency=USD")
    assert "Revenue-2026-01-01-2026-12-31.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["month"], row["net"], row["written_off"]) for row in rows] == [
        ("2026-03", "300.00", "0.00"),
        ("2026-04", "-150.00", "0.00"),
        ("2026-05", "0.00", "30.00"),
    ]
    assert api.get(f"/reports/revenue?{YEAR}&currency=USD", Accept="text/csv").content == answer.content
    by_product = api.get(f"/reports/revenue.csv?{YEAR}&by=product&limit=1").content.decode("utf-8-sig")
    assert by_product.splitlines()[0] == "product_id,product_name,currency,invoiced,credited,net,tax,total"
    assert len(by_product.splitlines()) == 2


def test_a_page_of_rows(books: Business, api: Api) -> None:
    found = api.get(f"/reports/revenue?{YEAR}&limit=4&page=2").json()
    assert [row["month"] for row in found["data"]] == ["2026-04", "2026-05"]
    assert found["pagination"] == {"page": 2, "limit": 4, "total": 6, "total_pages": 2}
    assert len(found["totals"]) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start=2026-13-01", "start"),
        ("start=2999-01-01", "start"),
        ("start=2026-02-01&end=2026-01-31", "end"),
        ("by=invoice", "by"),
        ("currency=dollars", "currency"),
        ("on=2026-01-01", "on"),
    ],
)
def test_a_bad_parameter_is_named(api: Api, query: str, field: str) -> None:
    for path in ("/reports/revenue", "/reports/revenue.csv"):
        answer = api.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field), answer.content


def test_another_business_has_its_own(books: Business, bob_api: Api) -> None:
    for by in ("month", "customer", "product"):
        found = bob_api.get(f"/reports/revenue?{YEAR}&by={by}").json()
        assert (found["totals"], found["data"]) == ([], [])


def test_as_few_queries_for_many_as_for_few(alice: Business, api: Api, django_assert_max_num_queries: Any) -> None:
    def ask() -> int:
        with django_assert_max_num_queries(10) as asked:
            for by in ("month", "customer", "product"):
                assert api.get(f"/reports/revenue?by={by}").status_code == 200
        return len(asked)

    bill(make_customer(alice, "One"), line(5))
    few = ask()
    for index in range(5):
        bill(make_customer(alice, f"More {index}"), line(5, product=a_product(alice, name=f"P{index}")))
    assert ask() <= few + 1  # products are only looked for where there are some
