"""Statements: what they list on any day, that later events change no earlier answer, and that they prove themselves."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.models import Entry, Invoice
from billing.selectors.statement_proof import StatementDoesNotProve, prove
from billing.selectors.statements import BALANCE_FORWARD, Wanted, statement_of
from billing.tests.histories import cancel, clock, day, issue, make_customer, move_due_date, noon, pay
from businesses.models import Business
from conftest import make_business
from customers.models import Customer
from customers.services import update_customer
from einvoicing.document import Statement, canonical_json, from_json
from invoicing.lib.errors import DomainError
from tests.guards import without_guards

LATER = noon(400)


@pytest.fixture
def customer(alice: Business) -> Customer:
    with clock.at(noon(-1)):
        return make_customer(alice)


def open_items(customer: Customer, on: date, known_at: datetime = LATER, **wanted: Any) -> Statement:
    return statement_of(customer, Wanted(end=on, known_at=known_at, currency="USD", **wanted))


def forward(customer: Customer, start: date, end: date, known_at: datetime = LATER) -> Statement:
    wanted = Wanted(type=BALANCE_FORWARD, start=start, end=end, known_at=known_at, currency="USD")
    return statement_of(customer, wanted)


def buckets(statement: Statement) -> tuple[int, ...]:
    return tuple(asdict(statement.ageing).values())


def test_an_open_item_statement_lists_what_is_due_with_what_was_paid_on_it(customer: Customer) -> None:
    with clock.at(noon(0)):
        first = issue(customer, 100, due=day(10))
        second = issue(customer, 50)
        settled = issue(customer, 7, due=day(10))
    with clock.at(noon(5)):
        pay(first, 30_00)
        pay(settled, 7_00)
    statement = open_items(customer, day(12))
    rows = [
        (i.invoice_number, i.due_date, i.total_minor, i.paid_minor, i.due_minor, i.days_overdue)
        for i in statement.items
    ]
    assert rows == [
        (first.number, day(10), 100_00, 30_00, 70_00, 2),
        (second.number, None, 50_00, 0, 50_00, 0),
    ]
    assert (statement.closing_minor, statement.total_due_minor) == (120_00, 120_00)
    assert buckets(statement) == (50_00, 70_00, 0, 0, 0, 0)
    prove(statement)
    past_due = open_items(customer, day(12), only_past_due=True)
    assert [item.invoice_number for item in past_due.items] == [first.number]
    assert (past_due.closing_minor, past_due.total_due_minor) == (120_00, 70_00)
    prove(past_due)


def test_a_balance_is_carried_forward(customer: Customer) -> None:
    with clock.at(noon(0)):
        old = issue(customer, 100)
    with clock.at(noon(10)):
        new = issue(customer, 40)
    with clock.at(noon(12)):
        pay(old, 100_00)
    statement = forward(customer, day(10), day(12))
    assert (statement.opening_minor, statement.closing_minor, statement.total_due_minor) == (100_00, 40_00, 40_00)
    rows = [(e.date, e.kind, e.number, e.amount_minor, e.balance_minor) for e in statement.entries]
    assert rows == [
        (day(10), "invoice", new.number, 40_00, 140_00),
        (day(12), "payment", "RCT-00001", -100_00, 40_00),
    ]
    prove(statement)
    assert forward(customer, day(11), day(11)).entries == ()
    assert forward(customer, day(11), day(11)).closing_minor == 140_00


@pytest.mark.parametrize(
    ("overdue", "bucket"),
    [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4), (None, 0)],
)
def test_ageing_by_days_past_due(customer: Customer, overdue: int | None, bucket: int) -> None:
    on = day(450)
    with clock.at(noon(0)):
        issue(customer, 10, due=None if overdue is None else on - timedelta(days=overdue))
    statement = open_items(customer, on)
    assert buckets(statement) == tuple(10_00 if index == bucket else 0 for index in range(6))
    assert statement.items[0].days_overdue == max(overdue or 0, 0)
    prove(statement)


def test_a_cancelled_invoice_with_a_part_payment_leaves_credit(customer: Customer) -> None:
    with clock.at(noon(0)):
        invoice = issue(customer, 100, due=day(3))
    with clock.at(noon(2)):
        pay(invoice, 25_00)
    with clock.at(noon(5)):
        cancel(invoice)
    before, after = open_items(customer, day(4)), open_items(customer, day(5))
    assert (before.closing_minor, buckets(before)) == (75_00, (0, 75_00, 0, 0, 0, 0))
    assert (after.closing_minor, buckets(after), after.items) == (-25_00, (0, 0, 0, 0, 0, -25_00), ())
    assert after.total_due_minor == 0
    rows = forward(customer, day(0), day(5))
    assert [entry.kind for entry in rows.entries] == ["invoice", "payment", "reversal"]
    assert (rows.closing_minor, rows.total_due_minor) == (-25_00, 0)
    for statement in (before, after, rows):
        prove(statement)


def test_a_due_date_holds_from_the_day_it_was_changed(customer: Customer) -> None:
    with clock.at(noon(0)):
        invoice = issue(customer, 10, due=day(5))
    with clock.at(noon(20)):
        move_due_date(invoice, day(30))
    assert open_items(customer, day(19)).items[0].due_date == day(5)
    assert open_items(customer, day(20)).items[0].due_date == day(30)
    assert open_items(customer, day(20), noon(19)).items[0].due_date == day(5)
    with clock.at(noon(21)):
        move_due_date(invoice, None)
    assert open_items(customer, day(100)).items[0].due_date is None
    assert open_items(customer, day(100), noon(20.5)).items[0].days_overdue == 70


def test_what_was_known_stays_known(customer: Customer) -> None:
    with clock.at(noon(0)):
        invoice = issue(customer, 100, due=day(5))
        other = issue(customer, 60)
    with clock.at(noon(10)):
        pay(invoice, 10_00)
    asked = [(day(8), noon(10)), (day(10), noon(10)), (day(40), noon(10))]
    kept = [(open_items(customer, *pair), forward(customer, day(0), *pair)) for pair in asked]
    with clock.at(noon(12)):
        pay(invoice, 90_00, payment_date=day(7))  # known late, effective early
        pay(other, 20_00)
        cancel(other)
        move_due_date(other, day(90)) if other.status == "sent" else None
        issue(customer, 5, issue_date=day(1))
    assert kept == [(open_items(customer, *pair), forward(customer, day(0), *pair)) for pair in asked]
    assert open_items(customer, day(8)) != kept[0][0]
    assert open_items(customer, day(8), noon(12)).closing_minor == 100_00 + 60_00 - 90_00 + 5_00


def test_currencies_are_never_mixed(customer: Customer) -> None:
    with clock.at(noon(0)):
        issue(customer, 100)
        issue(customer, 3000, currency="JPY")
        issue(customer, 9, currency="EUR")
        assert statement_of(customer, Wanted()).closing_minor == 100_00
        yen = statement_of(customer, Wanted(currency="JPY"))
        assert (yen.currency, yen.closing_minor, len(yen.items)) == ("JPY", 3000, 1)
        customer = update_customer(customer, changes={"currency": "EUR"}, actor=_system())
        assert statement_of(customer, Wanted()).currency == "EUR"


def _system() -> Any:
    from businesses.audit import SYSTEM

    return SYSTEM


def test_today_is_the_day_of_the_business(db: None) -> None:
    tokyo = make_business("Tokyo KK", currency="JPY", time_zone="Asia/Tokyo")
    late = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # the second of March in Tokyo
    with clock.at(late):
        customer = make_customer(tokyo)
        issue(customer, 500, due=date(2026, 3, 2))
        statement = statement_of(customer, Wanted())
        assert statement.end == date(2026, 3, 2)
        assert (statement.closing_minor, statement.items[0].days_overdue) == (500, 0)
        assert statement_of(customer, Wanted(end=date(2026, 3, 1))).closing_minor == 0


def test_the_frozen_view_is_the_statement(customer: Customer) -> None:
    with clock.at(noon(0)):
        issue(customer, 100, due=day(5))
    for statement in (open_items(customer, day(7)), forward(customer, day(0), day(7))):
        assert from_json(Statement, canonical_json(statement)) == statement


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE billing_entry SET amount_minor = amount_minor - 1 WHERE kind = 'invoice'",
        "UPDATE billing_entry SET amount_minor = amount_minor - 1 WHERE kind = 'payment'",
        "UPDATE billing_allocation SET amount_minor = amount_minor + 1",
        "DELETE FROM billing_allocation",
        "DELETE FROM billing_entry WHERE kind = 'payment'",
    ],
)
def test_a_row_that_was_changed_behind_our_back_does_not_prove(customer: Customer, change: str) -> None:
    with clock.at(noon(0)):
        pay(issue(customer, 100), 30_00)
    for kind in (open_items, lambda customer, on: forward(customer, day(0), on)):
        prove(kind(customer, day(1)))
    with without_guards(), connection.cursor() as cursor:
        cursor.execute(change)
    for kind in (open_items, lambda customer, on: forward(customer, day(0), on)):
        with pytest.raises(StatementDoesNotProve, match="does not prove"):
            prove(kind(customer, day(1)))


def test_as_many_queries_for_many_invoices_as_for_one(customer: Customer, django_assert_num_queries: Any) -> None:
    with clock.at(noon(0)):
        issue(customer, 1)
    with django_assert_num_queries(5):
        open_items(customer, day(1))
        forward(customer, day(0), day(1))
    with clock.at(noon(0)):
        for amount in range(1, 12):
            pay(issue(customer, amount, due=day(1)), 1_00)
    with django_assert_num_queries(5):
        assert len(open_items(customer, day(1)).items) == 11
        assert len(forward(customer, day(0), day(1)).entries) == 23


def test_another_customer_and_another_business_are_not_in_it(customer: Customer, bob: Business) -> None:
    with clock.at(noon(0)):
        issue(make_customer(customer.business, "Other Inc"), 10)
        issue(make_customer(bob, currency="USD"), 20)
        assert open_items(customer, day(1)).closing_minor == 0
        assert open_items(customer, day(1)).items == ()
    assert Entry.objects.count() == 2


# Random histories ----------------------------------------------------------------------------------------------------
STEP = st.tuples(
    st.sampled_from(["issue", "issue", "pay", "pay", "part", "cancel", "due", "wait", "back"]),
    st.integers(0, 5),  # which invoice
    st.integers(-8, 20),  # days
    st.integers(1, 9_999),  # cents
)
PAIR = st.tuples(st.integers(-5, 60), st.integers(0, 60))


class RandomHistories(TestCase):
    """Whatever happens, in whatever order of dates: every statement proves, and an answer once given stays."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=st.lists(STEP, min_size=3, max_size=14), pairs=st.lists(PAIR, min_size=2, max_size=4))
    def test_every_statement_proves_and_stays(self, steps: list[Any], pairs: list[Any]) -> None:
        with clock.at(noon(-10)):
            customer = make_customer(make_business("Alice Ltd"))
        invoices: list[Invoice] = []
        answers: dict[tuple[date, datetime], tuple[Statement, Statement]] = {}
        time = 0.0
        for kind, which, days, cents in steps:
            if kind == "back":
                answers.clear()  # a clock that went back makes known earlier what happens later
            time += {"wait": abs(days), "back": -abs(days) / 2}.get(kind, 0.01)
            with clock.at(noon(time)):
                _step(customer, invoices, kind, which, days, cents)
            for on, known in pairs:
                asked = (day(on), noon(known))
                statements = (
                    open_items(customer, *asked),
                    forward(customer, day(-2), max(asked[0], day(-2)), asked[1]),
                )
                for statement in statements:
                    prove(statement)
                if asked[0] >= day(-2):
                    assert statements[0].ageing == statements[1].ageing
                if noon(known) < noon(time):
                    assert answers.setdefault(asked, statements) == statements


def _step(customer: Customer, invoices: list[Invoice], kind: str, which: int, days: int, cents: int) -> None:
    today = clock.today("UTC")
    if kind == "issue":
        issued = today + timedelta(days=days)
        details = {"issue_date": issued, "due": issued + timedelta(days=cents % 40) if cents % 4 else None}
        invoices.append(issue(customer, f"{cents / 100:.2f}", **details))
    if not invoices or kind in {"wait", "back", "issue"}:
        return
    invoice = invoices[which % len(invoices)]
    invoice.refresh_from_db()
    try:
        if kind == "pay":
            pay(invoice, invoice.due_minor, payment_date=today - timedelta(days=abs(days)))
        elif kind == "part":
            pay(invoice, min(cents, max(invoice.due_minor - 1, 1)))
        elif kind == "cancel":
            cancel(invoice)
        elif kind == "due":
            move_due_date(invoice, invoice.issue_date + timedelta(days=abs(days)))
    except DomainError:
        pass  # refused, so nothing happened
