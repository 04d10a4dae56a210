"""`GET /reports/ageing`: exact on any day, the same as every statement, and never a row of another business."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.models import Entry, Invoice
from billing.selectors.ageing import age, open_items
from billing.selectors.reports.ageing import AgeingReport, AgeingWanted, ageing
from billing.services.allocations import Share
from billing.services.payments import record_account_payment, void_payment
from billing.services.write_offs import reverse_write_off, write_off
from billing.tests.histories import cancel, clock, day, issue, make_customer, move_due_date, noon, pay
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api, make_business
from customers.models import Customer
from invoicing.lib.errors import DomainError

LATER = noon(400)


@pytest.fixture
def books(alice: Business) -> Business:
    """Zeta owes 100 (10 days late on day 20) and 40 without a due date; Acme 70 in dollars, 9 in euros, has 5 of credit."""
    with clock.at(noon(0)):
        zeta, acme = make_customer(alice, "Zeta"), make_customer(alice, "Acme")
        issue(zeta, 100, due=day(10))
        issue(zeta, 40)
        first = issue(acme, 75, due=day(-40))
        issue(acme, 9, currency="EUR", due=day(100))
    with clock.at(noon(3)):
        pay(first, 5_00)
        gone = issue(acme, 6)
        pay(gone, 5_00)
        cancel(gone)
    return alice


def test_by_customer_per_currency(books: Business, api: Api) -> None:
    answer = api.get(f"/reports/ageing?on={day(20)}")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["buckets"] == ["current", "1_30", "31_60", "61_90", "over_90", "credit"]
    euros, dollars = found["totals"]
    none = dict.fromkeys(found["buckets"], 0)
    assert euros == {"currency": "EUR", "ageing": {**none, "current": 9}, "balance": 9}
    assert dollars == {
        "currency": "USD",
        "ageing": {**none, "current": 40, "1_30": 100, "31_60": 70, "credit": -5},
        "balance": 205,
    }
    rows = [(row["customer_name"], row["currency"], row["balance"]) for row in found["data"]]
    assert rows == [("Acme", "EUR", 9), ("Acme", "USD", 65), ("Zeta", "USD", 140)]
    assert found["data"][1]["ageing"] == {**none, "31_60": 70, "credit": -5}
    assert found["pagination"] == {"page": 1, "limit": 100, "total": 3, "total_pages": 1}


def test_by_invoice_the_oldest_first_and_credit_last(books: Business, api: Api) -> None:
    found = api.get(f"/reports/ageing?on={day(20)}&by=invoice&currency=usd").json()
    rows = [(row["invoice_number"], row["customer_name"], row["days_overdue"], row["balance"]) for row in found["data"]]
    assert rows == [
        ("INV-00001", "Zeta", 10, 100),
        ("INV-00002", "Zeta", 0, 40),
        ("INV-00003", "Acme", 60, 70),
        (None, "Acme", 0, -5),
    ]
    assert found["data"][0]["due_date"] == day(10).isoformat()
    assert found["data"][3]["ageing"]["credit"] == -5
    assert [total["balance"] for total in found["totals"]] == [205]
    assert found["pagination"]["total"] == 4


def test_the_largest_first_a_page_at_a_time(books: Business, api: Api) -> None:
    path = f"/reports/ageing?on={day(20)}&currency=USD&sort=-balance&limit=1"
    pages = [api.get(f"{path}&page={page}").json() for page in (1, 2, 3)]
    assert [[row["customer_name"] for row in page["data"]] for page in pages] == [["Zeta"], ["Acme"], []]
    assert {page["totals"][0]["balance"] for page in pages} == {205}
    assert {page["pagination"]["total"] for page in pages} == {2}


def test_the_past_as_it_was_and_as_it_was_known(books: Business, api: Api) -> None:
    balance = {
        (on, known): api.get(
            f"/reports/ageing?currency=USD&on={day(on)}&known_at={noon(known):%Y-%m-%dT%H:%M:%SZ}"
        ).json()
        for on, known in ((-1, 9), (0, 9), (20, 1))
    }
    assert balance[-1, 9]["totals"] == []
    assert balance[0, 9]["totals"][0]["balance"] == 215
    assert balance[20, 1]["totals"][0]["balance"] == 215


def test_a_due_date_is_that_of_the_day(alice: Business, api: Api) -> None:
    with clock.at(noon(0)):
        customer = make_customer(alice)
        moved, cancelled = issue(customer, 10, due=day(5)), issue(customer, 20, due=day(5))
    with clock.at(noon(10)):
        move_due_date(moved, day(90))
        cancel(cancelled)
        cancelled.refresh_from_db()
        move_due_date(cancelled, day(200))
    then = api.get(f"/reports/ageing?on={day(9)}").json()
    assert then["totals"][0]["ageing"]["1_30"] == 30
    now = api.get(f"/reports/ageing?on={day(10)}").json()
    assert (now["totals"][0]["ageing"]["current"], now["totals"][0]["balance"]) == (10, 10)
    as_known = api.get(f"/reports/ageing?on={day(10)}&known_at={noon(9):%Y-%m-%dT%H:%M:%SZ}&by=invoice").json()
    assert [row["days_overdue"] for row in as_known["data"]] == [5, 5]


def test_buckets_of_the_business_and_of_the_question(books: Business, api: Api) -> None:
    Business.objects.filter(pk=books.pk).update(ageing_buckets="9")
    own = api.get(f"/reports/ageing?on={day(20)}&currency=USD").json()
    assert own["buckets"] == ["current", "1_9", "over_9", "credit"]
    assert own["totals"][0]["ageing"] == {"current": 40, "1_9": 0, "over_9": 170, "credit": -5}
    asked = api.get(f"/reports/ageing?on={day(20)}&currency=USD&buckets=10,60").json()
    assert asked["totals"][0]["ageing"] == {"current": 40, "1_10": 100, "11_60": 70, "over_60": 0, "credit": -5}


def test_as_csv(books: Business, api: Api) -> None:
    answer = api.get(f"/reports/ageing.csv?on={day(20)}")
    assert answer["Content-Type"].startswith("text/csv")
    assert f"Ageing-{day(20)}.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["customer_name"], row["currency"], row["31_60"], row["credit"], row["balance"]) for row in rows] == [
        ("Acme", "EUR", "0.00", "0.00", "9.00"),
        ("Acme", "USD", "70.00", "-5.00", "65.00"),
        ("Zeta", "USD", "0.00", "0.00", "140.00"),
    ]
    assert api.get(f"/reports/ageing?on={day(20)}", Accept="text/csv").content == answer.content
    page = api.get(f"/reports/ageing.csv?on={day(20)}&limit=1&page=2").content.decode()
    assert ("Zeta" in page, page.count("\r\n")) == (False, 2)
    by_invoice = api.get(f"/reports/ageing.csv?on={day(20)}&by=invoice&currency=USD").content.decode("utf-8-sig")
    numbers = [row["invoice_number"] for row in csv.DictReader(io.StringIO(by_invoice))]
    assert numbers == ["INV-00001", "INV-00002", "INV-00003", ""]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("on=2026-02-30", "on"),
        ("on=", "on"),
        ("known_at=yesterday", "known_at"),
        ("known_at=2999-01-01", "known_at"),
        ("by=product", "by"),
        ("currency=XYZ", "currency"),
        ("customer_id=x", "customer_id"),
        ("buckets=30,20", "buckets"),
        ("buckets=", "buckets"),
        ("buckets=1,2,3,4,5,6,7", "buckets"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("page=²", "page"),
        ("sort=name&by=invoice", "sort"),
        ("bucket=30", "bucket"),
        ("on=2026-01-01&on=2026-01-02", "on"),
    ],
)
def test_a_bad_parameter_is_named(api: Api, query: str, field: str) -> None:
    for path in ("/reports/ageing", "/reports/ageing.csv"):
        answer = api.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field), answer.content


def test_another_business_has_its_own(books: Business, api: Api, bob_api: Api) -> None:
    assert bob_api.get(f"/reports/ageing?on={day(20)}").json()["totals"] == []
    zeta = Customer.objects.get(name="Zeta").uuid
    assert [row["balance"] for row in api.get(f"/reports/ageing?on={day(20)}&customer_id={zeta}").json()["data"]] == [
        140
    ]
    assert bob_api.get(f"/reports/ageing?on={day(20)}&customer_id={zeta}").json()["data"] == []


def test_as_few_queries_for_many_as_for_few(alice: Business, api: Api, django_assert_max_num_queries: Any) -> None:
    def ask() -> int:
        with django_assert_max_num_queries(12) as asked:
            assert api.get("/reports/ageing?by=invoice").status_code == 200
            assert api.get("/reports/ageing").status_code == 200
        return len(asked)

    issue(make_customer(alice, "One"), 10)
    api.get("/reports/ageing")
    few = ask()
    for index in range(8):
        issue(make_customer(alice, f"More {index}"), 10)
    assert ask() == few


def report(business: Business, on: Any, known_at: Any, **wanted: Any) -> AgeingReport:
    return ageing(business, AgeingWanted(on=on, known_at=known_at, buckets=(30, 60, 90), **wanted))


def prove(business: Business, on: Any, known_at: Any) -> None:
    """By customer = by invoice = the ageing of every statement = the ledger."""
    entries = Entry.objects.filter(business=business, effective_on__lte=on, recorded_at__lte=known_at)
    by_customer, by_invoice = (report(business, on, known_at, by=by) for by in ("customer", "invoice"))
    assert by_customer.totals == by_invoice.totals
    assert by_customer.count == len(by_customer.rows)
    assert by_invoice.count == len(by_invoice.rows)
    for found in (by_customer, by_invoice):
        for total in found.totals:
            rows = [row for row in found.rows if row.currency == total.currency]
            assert {name: sum(row.amounts[name] for row in rows) for name in total.amounts} == total.amounts
    for customer in Customer.objects.filter(business=business):
        rows = [row for row in by_customer.rows if row.customer_id == customer.uuid]
        items = open_items(business, on=on, known_at=known_at, customer_pks=[customer.pk], currency="USD")
        aged = age(items, on)
        expected = [aged.current_minor, aged.days_1_30_minor, aged.days_31_60_minor, aged.days_61_90_minor]
        expected += [aged.over_90_minor, aged.credit_minor]
        assert list(rows[0].amounts.values() if rows else [0] * 6) == expected
        ledger = sum(entries.filter(customer=customer).values_list("amount_minor", flat=True))
        assert (rows[0].balance if rows else 0) == ledger


def test_no_day_has_more_applied_than_was_owed(alice: Business) -> None:
    """A source that is applied to an invoice of day 10 moves on no earlier day: what it leaves on day 2 hangs until then."""
    with clock.at(noon(0)):
        customer = make_customer(alice)
        cancelled, later = issue(customer, 200, due=day(-5)), issue(customer, 50, issue_date=day(10), due=day(20))
    with clock.at(noon(1)):
        shares = [Share(cancelled, 100_00), Share(later, 50_00)]
        record_account_payment(customer, amount_minor=150_00, shares=shares, currency="USD", details={}, actor=SYSTEM)
    with clock.at(noon(2)):
        cancel(cancelled)
    for on in range(-1, 12):
        prove(alice, day(on), LATER)


STEPS = st.tuples(
    st.sampled_from(["issue", "pay", "void", "cancel", "due", "write_off", "restore"]),
    st.integers(0, 4),
    st.integers(1, 120),
    st.integers(-3, 3),
)


class Histories(TestCase):
    """Whatever happened, every day of it ages alike in the report, in the statements and in the ledger."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEPS, min_size=4, max_size=14), st.integers(-1, 20), st.integers(-1, 20))
    def test_proves(self, steps: list[tuple[str, int, int, int]], on: int, known: int) -> None:
        business = make_business("Books")
        with clock.at(noon(-2)):
            customers = [make_customer(business, name) for name in ("A", "B")]
        invoices: list[Invoice] = []
        for number, step in enumerate(steps):
            with clock.at(noon(number)):
                try:
                    self.act(customers, invoices, step, number)
                except DomainError:
                    continue
        prove(business, day(on), noon(known))
        prove(business, day(on), LATER)

    def act(
        self, customers: list[Customer], invoices: list[Invoice], step: tuple[str, int, int, int], number: int
    ) -> None:
        verb, index, amount, shift = step
        if verb == "issue" or not invoices:
            due = day(number) + timedelta(days=10 * shift)
            invoices.append(issue(customers[index % 2], amount, due=due, issue_date=day(max(0, number + shift))))
            return
        invoice = Invoice.objects.get(pk=invoices[index % len(invoices)].pk)
        if verb == "pay":
            pay(invoice, min(amount * 100, invoice.due_minor), payment_date=day(max(0, number - abs(shift))))
        elif verb == "void" and (allocation := invoice.allocations.select_related("payment").first()):
            void_payment(allocation.payment, actor=SYSTEM)
        elif verb == "cancel":
            cancel(invoice)
        elif verb == "due":
            move_due_date(invoice, day(number + 30 * shift))
        elif verb == "write_off":
            write_off(invoice, amount_minor=min(amount * 100, invoice.due_minor), actor=SYSTEM)
        elif verb == "restore":
            reverse_write_off(invoice, actor=SYSTEM)
