"""`GET /reports/taxes`: base and tax per period, category and rate; together the taxes of the documents to the cent."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from billing.models import CreditNote, Invoice
from billing.services.credit_notes import Credit, credit_invoice
from billing.tests.histories import cancel, clock, make_customer, noon
from billing.tests.test_report_revenue import YEAR, bill, line
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api


@pytest.fixture
def books(alice: Business) -> Business:
    """March: 100 at 19, 33.33 and 33.33 at 7.7, 50 exempt; April: a third of it credited, and 10 at 19 in yen."""
    with clock.at(noon(0)):
        acme = make_customer(alice)
        lines = [line(100, 19), *(line(33, 7) for _ in range(2)), line(50, 0, tax_category="E")]
        invoice = bill(acme, *lines)
        gone = bill(acme, line(1000, 19))
    with clock.at(noon(35)):
        credit_invoice(
            invoice,
            Credit(amount_minor=Invoice.objects.get(pk=invoice.pk).total_minor // 3),
            status="sent",
            actor=SYSTEM,
        )
        cancel(gone)
        bill(acme, line(10, 19), currency="JPY")
    return alice


def test_per_month_category_and_rate(books: Business, api: Api) -> None:
    answer = api.get(f"/reports/taxes?{YEAR}")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    columns = ("currency", "period", "tax_category", "tax_rate")
    rows = {tuple(row[name] for name in columns): (row["base"], row["tax"]) for row in found["data"]}
    assert rows["USD", "2026-03", "S", 19] == (1100, 209)
    assert rows["USD", "2026-03", "S", 7] == (66, 4.62)
    assert rows["USD", "2026-03", "E", 0] == (50, 0)
    assert rows["JPY", "2026-04", "S", 19] == (10, 2)
    assert rows["USD", "2026-04", "S", 19][0] < -1000
    assert list(rows) == sorted(rows)


def test_sums_are_those_of_the_documents(books: Business, api: Api) -> None:
    kept = Invoice.objects.filter(currency="USD", status="sent").get()
    note = CreditNote.objects.get()
    for period in ("month", "quarter", "year", "all"):
        found = api.get(f"/reports/taxes?{YEAR}&period={period}&currency=USD").json()
        (total,) = found["totals"]
        assert Decimal(str(total["tax"])) * 100 == kept.tax_minor - note.tax_minor
        assert Decimal(str(total["base"])) * 100 == kept.subtotal_minor - note.subtotal_minor
        for name in ("base", "tax"):
            assert sum(Decimal(str(row[name])) for row in found["data"]) == Decimal(str(total[name]))


@pytest.mark.parametrize(
    ("period", "names"),
    [("quarter", ["2026-Q1", "2026-Q2"]), ("year", ["2026"]), ("all", ["all"])],
)
def test_periods(books: Business, api: Api, period: str, names: list[str]) -> None:
    rows = api.get(f"/reports/taxes?{YEAR}&period={period}").json()["data"]
    assert sorted({row["period"] for row in rows}) == names


def test_what_comes_to_nothing_is_left_out(alice: Business, api: Api) -> None:
    with clock.at(noon(0)):
        cancel(bill(make_customer(alice), line(10)))
    found = api.get(f"/reports/taxes?{YEAR}").json()
    assert (found["data"], found["totals"]) == ([], [{"currency": "USD", "base": 0, "tax": 0}])


def test_as_csv(books: Business, api: Api) -> None:
    answer = api.get(f"/reports/taxes.csv?{YEAR}")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == {
        "period": "2026-04",
        "currency": "JPY",
        "tax_category": "S",
        "tax_rate": "19",
        "base": "10",
        "tax": "2",
    }
    assert "Taxes-2026-01-01-2026-12-31.csv" in answer["Content-Disposition"]
    assert api.get(f"/reports/taxes?{YEAR}", Accept="text/csv").content == answer.content


@pytest.mark.parametrize(("query", "field"), [("period=week", "period"), ("end=x", "end"), ("by=month", "by")])
def test_a_bad_parameter_is_named(api: Api, query: str, field: str) -> None:
    for path in ("/reports/taxes", "/reports/taxes.csv"):
        answer = api.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field), answer.content


def test_another_business_has_its_own(books: Business, bob_api: Api) -> None:
    found: dict[str, Any] = bob_api.get(f"/reports/taxes?{YEAR}").json()
    assert (found["totals"], found["data"]) == ([], [])
