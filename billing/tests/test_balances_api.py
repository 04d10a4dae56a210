"""GET /customers/{id}/balance: on any day, as known at any moment, alone or with all customers below."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Payment
from billing.services.allocations import Share, change_allocations
from billing.services.payments import record_account_payment, void_payment
from billing.tests.histories import clock, day, issue, make_customer, noon
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api
from customers.families import family
from customers.models import Customer
from customers.services import delete_customer

NOBODY = "0199b2f0-0000-7000-8000-000000000000"


def paid(customer: Customer, amount_minor: int, *shares: Share) -> Payment:
    return record_account_payment(customer, currency="USD", amount_minor=amount_minor, shares=shares, actor=SYSTEM)


@pytest.fixture
def customer(alice: Business) -> Customer:
    """Billed 100 (due on day 10), 50.5 (due on day 40) and 7 (no due date); paid 130 on day 5, of which 30 stay credit."""
    with clock.at(noon(0)):
        customer = make_customer(alice)
        first = issue(customer, 100, due=day(10))
        second = issue(customer, "50.5", due=day(40))
        issue(customer, 7)
    with clock.at(noon(5)):
        payment = paid(customer, 130_00, Share(first, 60_00))
    with clock.at(noon(6)):
        change_allocations(payment, [Share(first, 60_00), Share(second, 40_00)], actor=SYSTEM)
    return customer


def path(customer: Customer, query: str = "") -> str:
    return f"/customers/{customer.uuid}/balance{query}"


def test_a_balance(api: Api, customer: Customer) -> None:
    body = api.get(path(customer, f"?on={day(12)}")).json()
    assert body.pop("known_at").endswith("Z")
    assert body == {
        "customer_id": str(customer.uuid),
        "currency": "USD",
        "on": "2026-03-14",
        "outstanding": 57.5,
        "past_due": 40,
        "due_now": 40,
        "credit": 30,
        "balance": 27.5,
        "ageing": {"current": 17.5, "1_30": 40, "31_60": 0, "61_90": 0, "over_90": 0, "credit": -30},
        "history": [{"date": "2026-03-08", "balance": 30}, {"date": "2026-03-07", "balance": 70}],
    }


@pytest.mark.parametrize(
    ("days", "outstanding", "past_due", "due_now", "credit", "history"),
    [
        (-1, 0, 0, 0, 0, []),
        (0, 157.5, 0, 0, 0, []),
        (5, 97.5, 0, 0, 70, [70]),
        (9, 57.5, 0, 0, 30, [30, 70]),
        (10, 57.5, 0, 40, 30, [30, 70]),
        (11, 57.5, 40, 40, 30, [30, 70]),
        (41, 57.5, 50.5, 50.5, 30, [30, 70]),
    ],
)
def test_on_any_day(
    api: Api,
    customer: Customer,
    days: int,
    outstanding: float,
    past_due: float,
    due_now: float,
    credit: float,
    history: list[float],
) -> None:
    body = api.get(path(customer, f"?on={day(days)}")).json()
    assert (body["outstanding"], body["past_due"], body["due_now"]) == (outstanding, past_due, due_now)
    assert (body["credit"], [item["balance"] for item in body["history"]]) == (credit, history)
    assert body["balance"] == outstanding - credit == round(sum(body["ageing"].values()), 2)
    statement = api.get(f"/customers/{customer.uuid}/statement?on={day(days)}").json()
    assert (body["balance"], body["ageing"]) == (statement["closing_balance"], statement["ageing"])


def test_what_was_known_then_stays_known(api: Api, customer: Customer) -> None:
    query = f"?on={day(20)}&known_at=2026-03-08T00:00:00Z"
    before = api.get(path(customer, query)).json()
    assert (before["credit"], before["outstanding"], before["known_at"]) == (70, 97.5, "2026-03-08T00:00:00.000Z")
    void_payment(Payment.objects.get(), actor=SYSTEM)
    assert api.get(path(customer, query)).json() == before
    now = api.get(path(customer)).json()
    assert (now["credit"], now["outstanding"], now["history"][0]["balance"]) == (0, 157.5, 0)


def test_a_day_on_which_credit_came_and_went_is_no_change(api: Api, alice: Business) -> None:
    customer = make_customer(alice)
    void_payment(paid(customer, 10_00), actor=SYSTEM)
    assert api.get(path(customer)).json()["history"] == []


def test_the_newest_100_changes(api: Api, alice: Business) -> None:
    with clock.at(noon(0)):
        customer = make_customer(alice)
    for number in range(103):
        with clock.at(noon(number)):
            paid(customer, 1_00)
    history = api.get(path(customer)).json()["history"]
    assert (len(history), history[0], history[-1]) == (
        100,
        {"date": day(102).isoformat(), "balance": 103},
        {"date": day(3).isoformat(), "balance": 4},
    )


def test_currencies_are_kept_apart(api: Api, customer: Customer) -> None:
    with clock.at(noon(1)):
        issue(customer, 9, currency="EUR")
    euros = api.get(path(customer, f"?currency=eur&on={day(1)}")).json()
    assert (euros["currency"], euros["outstanding"], euros["history"]) == ("EUR", 9, [])
    with clock.at(noon(1)):
        today = api.get(path(customer)).json()
        assert (today["currency"], today["on"], today["outstanding"]) == ("USD", "2026-03-03", 157.5)
    assert api.get(path(customer, "?fields=credit")).json() == {"credit": 30}


# Families ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def grandchild(alice: Business, customer: Customer) -> Customer:
    """Below a child of `customer`: billed 10; paid 4 too much on day 5. A deleted child was billed 1."""
    with clock.at(noon(0)):
        child = make_customer(alice, "Child", parent=customer)
        grandchild = make_customer(alice, "Grandchild", parent=child)
        issue(grandchild, 10, due=day(3))
        gone = make_customer(alice, "Gone", parent=customer)
        issue(gone, 1)
        make_customer(alice, "Stranger")
    with clock.at(noon(5)):
        paid(grandchild, 4_00)
        delete_customer(gone, actor=SYSTEM)
    return grandchild


def test_with_all_below(api: Api, customer: Customer, grandchild: Customer) -> None:
    alone = api.get(path(customer, f"?on={day(12)}&include_children=false")).json()
    family = api.get(path(customer, f"?on={day(12)}&include_children=true")).json()
    assert (alone["outstanding"], alone["past_due"], alone["credit"]) == (57.5, 40, 30)
    assert (family["outstanding"], family["past_due"], family["credit"]) == (68.5, 50, 34)
    assert (family["balance"], family["customer_id"]) == (34.5, str(customer.uuid))
    assert family["history"] == [{"date": "2026-03-08", "balance": 34}, {"date": "2026-03-07", "balance": 74}]
    below = api.get(path(grandchild, f"?on={day(12)}&include_children=true")).json()
    assert (below["outstanding"], below["credit"]) == (10, 4)


def test_a_family_is_read_level_by_level_and_a_circle_ends(alice: Business) -> None:
    head = make_customer(alice, "Head")
    children = [make_customer(alice, f"Child {number}", parent=head) for number in range(3)]
    last = make_customer(alice, "Last", parent=children[1])
    make_customer(alice, "Stranger")
    everybody = [head.pk, *(child.pk for child in children), last.pk]
    with CaptureQueriesContext(connection) as caught:
        assert family(head) == everybody
    assert len(caught) == 3
    Customer.objects.filter(pk=head.pk).update(parent=last)
    assert family(children[1]) == everybody


def test_a_large_family_costs_no_more_queries(api: Api, alice: Business, customer: Customer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert api.get(path(customer, "?include_children=true")).status_code == 200
        return len(caught)

    make_customer(alice, "Child", parent=customer)
    queries()  # the first call of a key writes when it was used
    small = queries()
    for number in range(5):
        issue(make_customer(alice, f"Child {number}", parent=customer), 5)
    assert queries() == small


# Refused -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?currency=ABC", "currency"),
        ("?on=yesterday", "on"),
        ("?known_at=soon", "known_at"),
        ("?known_at=2999-01-01T00:00:00Z", "known_at"),
        ("?include_children=yes", "include_children"),
        ("?include_chidren=true", "include_chidren"),
        ("?fields=total", "fields"),
        ("?on=2026-01-01&on=2026-01-02", "on"),
    ],
)
def test_what_is_wrong_is_named(api: Api, customer: Customer, query: str, field: str) -> None:
    answer = api.get(path(customer, query))
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)


def test_anothers_or_a_deleted_customer_is_not_there(api: Api, bob_api: Api, customer: Customer) -> None:
    missing = bob_api.get(f"/customers/{NOBODY}/balance")
    foreign: Any = bob_api.get(path(customer))
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    delete_customer(customer, actor=SYSTEM)
    assert api.get(path(customer)).status_code == 404
