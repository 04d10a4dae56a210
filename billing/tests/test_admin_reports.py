"""The reports in the admin: open to everybody of the business, of its rows alone, right, and each to be had as CSV."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from billing.models import Invoice
from billing.services.invoices import create_invoice, delete_invoice
from billing.tests.admin_cast import browser
from billing.tests.histories import cancel, clock, day, issue, make_customer, noon, pay
from billing.tests.test_report_revenue import bill, line
from businesses.audit import SYSTEM
from businesses.models import Business, Counter, Role

PAGES = ("ageing", "revenue", "taxes", "numbers")


@pytest.fixture
def books(alice: Business) -> Business:
    """Acme owes 110 of March, 10 days late on day 20; Zeta 4,200 yen; 33 of Zeta's were paid and cancelled in April."""
    with clock.at(noon(0)):
        acme, zeta = make_customer(alice, "Acme"), make_customer(alice, "Zeta <b>")
        bill(acme, line(100), due_date=day(10))
        gone = bill(zeta, line(30))
        pay(gone, 10_00)
        bill(zeta, line(4200, 0), currency="JPY")
        draft = issue(zeta, 1)
        cancel(draft)
    with clock.at(noon(31)):
        cancel(gone)
    return alice


def shown(business: Business, page: str, role: str = "viewer", days: float = 40) -> str:
    with clock.at(noon(days)):
        answer = browser(business, role).get(f"/admin/reports/{page}")
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


@pytest.mark.parametrize("role", Role.values)
def test_everybody_of_the_business_may_look(alice: Business, role: str) -> None:
    client = browser(alice, role)
    home = client.get("/admin/").content.decode()
    for page in PAGES:
        assert f'href="/admin/reports/{page}/"' in home
        assert client.get(f"/admin/reports/{page}/").status_code == 200


def test_nobody_else_may(client: Any, alice: Business) -> None:
    for page in PAGES:
        answer = client.get(f"/admin/reports/{page}/")
        assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next=/admin/reports/{page}/")


def test_ageing(books: Business) -> None:
    page = shown(books, f"ageing/?on={day(20)}&buckets=5,60")
    assert "6–60 days" in page
    assert "$110.00" in page
    assert "Zeta &lt;b&gt;" in page
    assert "Zeta <b>" not in page
    assert "&amp;currency=JPY" in page


def test_ageing_in_another_currency_and_by_invoice(books: Business) -> None:
    yen = shown(books, "ageing/?currency=JPY")
    assert "¥4,200" in yen
    assert "$" not in yen.split("<tfoot>")[1].split("</tfoot>")[0]
    by_invoice = shown(books, f"ageing/?by=invoice&on={day(20)}", "owner")
    assert "10 days late" in by_invoice
    invoice = Invoice.objects.get(number="INV-00001")
    assert f"/admin/billing/invoice/{invoice.uuid}/change/" in by_invoice


def test_links_lead_to_the_rows(books: Business) -> None:
    client = browser(books)
    for page in ("ageing/", "ageing/?by=invoice", "revenue/?by=customer", "numbers/"):
        text = client.get(f"/admin/reports/{page}").content.decode()
        links = set(re.findall(r'<td><a href="([^"]+)"', text))
        assert links, page
        assert {client.get(link).status_code for link in links} == {200}, page


def test_what_is_typed_wrong_is_said(books: Business) -> None:
    assert "Expected rising numbers of days" in shown(books, "ageing/?buckets=9,3")
    assert "Enter a valid date" in shown(books, "revenue/?start=x", "owner")
    assert "Must not be before its first day" in shown(books, "taxes/?start=2026-03-01&end=2026-02-01", "admin")


def test_revenue(books: Business) -> None:
    page = shown(books, "revenue/")
    for text in ("March 2026", "April 2026", "$130.00", "-$30.00", "$100.00"):
        assert text in page, text
    assert "Acme" in shown(books, "revenue/?by=customer", "owner")
    assert "Without a product" in shown(books, "revenue/?by=product", "admin")


def test_taxes(books: Business) -> None:
    page = shown(books, "taxes/?period=month")
    for text in ("Standard rate", "10 %", "$13.00", "-$3.00", "$10.00"):
        assert text in page, text
    assert "Q1 2026" in shown(books, "taxes/", "owner")


def test_numbers(books: Business) -> None:
    page = shown(books, "numbers/")
    assert "no number is missing" in page
    assert "Cancelled" in page
    Counter.objects.filter(business=books, series="invoice").update(last=6)
    broken = shown(books, "numbers/", "owner")
    assert "2 numbers missing" in broken
    assert "INV-00005, INV-00006" in broken
    assert "No number was given yet" in shown(books, "numbers/?series=quotation", "admin")


def test_a_deleted_number_says_why(alice: Business) -> None:
    draft = create_invoice(alice, customer=make_customer(alice), lines=[line(1)], actor=SYSTEM)
    delete_invoice(draft, actor=SYSTEM, reason="Written twice")
    page = shown(alice, "numbers/")
    assert "Deleted" in page
    assert "Written twice" in page


@pytest.mark.parametrize(
    ("page", "column", "value"),
    [
        (f"ageing/?on={day(20)}", "balance", ["110.00", "23.00"]),
        ("revenue/?start=2026-03-01&end=2026-04-30", "net", ["130.00", "-30.00"]),
        ("taxes/?start=2026-03-01&end=2026-04-30&period=all", "tax", ["10.00"]),
        ("numbers/", "number", ["INV-00001", "INV-00002", "INV-00003", "INV-00004"]),
    ],
)
def test_each_is_to_be_had_as_csv(books: Business, page: str, column: str, value: list[str]) -> None:
    joint = "&" if "?" in page else "?"
    with clock.at(noon(40)):
        answer = browser(books).get(f"/admin/reports/{page}{joint}format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[column] for row in rows] == value


def test_another_business_sees_its_own(books: Business, bob: Business) -> None:
    client = browser(bob)
    for page in ("ageing/?by=invoice", "ageing/", "revenue/?by=customer", "taxes/", "numbers/"):
        text = client.get(f"/admin/reports/{page}").content.decode()
        assert "Acme" not in text
        assert "INV-00001" not in text


def test_hostile_addresses_harm_nothing(books: Business) -> None:
    client = browser(books)
    for page in PAGES:
        for query in (
            "p=0",
            "p=99999999999",
            "p=²",
            "currency=%00",
            "on=9999-12-31",
            "by=x",
            "period=x",
            "series=x",
            "end=0001-01-01",
        ):
            assert client.get(f"/admin/reports/{page}/?{query}").status_code == 200, (page, query)


def test_as_few_queries_for_many_as_for_few(alice: Business, django_assert_max_num_queries: Any) -> None:
    client = browser(alice)

    def ask() -> int:
        with django_assert_max_num_queries(60) as asked:
            for page in PAGES:
                client.get(f"/admin/reports/{page}/")
        return len(asked)

    bill(make_customer(alice, "One"), line(5))
    ask()
    few = ask()
    for index in range(6):
        bill(make_customer(alice, f"More {index}"), line(5))
    assert ask() == few
