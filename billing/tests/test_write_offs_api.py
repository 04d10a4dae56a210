"""/invoices/{id}/write-off, /write-offs, and invoices that a former system had billed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing.models import Entry, Invoice
from billing.selectors.books import find_damage
from billing.services.write_offs import SmallBalances, small_balances
from billing.tests.conftest import Make
from businesses.models import AuditEntry, Business
from conftest import Api
from invoicing.lib.errors import Invalid

NOBODY = "0199b2f0-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _books_agree(alice: Business) -> Any:
    yield
    assert list(find_damage(alice)) == []


def field_of(answer: Any) -> str:
    return str(answer.json()["details"][0]["field"])


def test_all_that_is_due_is_given_up_and_taken_back(api: Api, make_invoice: Make, events: Any) -> None:
    path = f"/invoices/{make_invoice(status='sent', issue_date='2026-01-01')['id']}"
    api.post(f"{path}/payments", {"amount": 99})
    answer = api.post(f"{path}/write-off", {"date": "2026-02-01", "reason": "Bank charge"}, Idempotency_Key="w")
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["status"], shown["amount_paid"], shown["amount_written_off"], shown["amount_due"]) == (
        "paid",
        99,
        1,
        0,
    )
    assert shown == api.get(path).json()
    assert api.post(f"{path}/write-off", {"date": "2026-02-01", "reason": "Bank charge"}, Idempotency_Key="w").json()
    entry = Entry.objects.get(kind="write_off")
    assert (entry.amount_minor, entry.effective_on.isoformat()) == (-100, "2026-02-01")
    assert AuditEntry.objects.get(action="invoice.written_off").changes["reason"] == "Bank charge"
    assert events()[-1] == "invoice.paid"
    assert api.post(f"{path}/write-off").status_code == 409
    back = api.delete(f"{path}/write-off")
    assert (back.status_code, back.json()["status"], back.json()["amount_due"]) == (200, "sent", 1)
    assert events()[-1] == "invoice.updated"
    again = api.delete(f"{path}/write-off")
    assert (again.status_code, again.json()["code"]) == (409, "state_does_not_allow")


def test_a_part_is_given_up(api: Api, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice(status='sent')['id']}"
    part = api.post(f"{path}/write-off", {"amount": "40.5"}).json()
    assert (part["status"], part["amount_due"], part["amount_written_off"]) == ("sent", 59.5, 40.5)
    dry = api.post(f"{path}/write-off?dry_run=true").json()
    assert (dry["status"], dry["amount_due"], api.get(path).json()["amount_due"]) == ("paid", 0, 59.5)
    over = api.post(f"{path}/write-off", {"amount": 60})
    assert (over.status_code, over.json()["code"], field_of(over)) == (409, "exceeds_amount_due", "amount")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"date": "2025-12-31"}, "date"),
        ({"date": "2999-01-01"}, "date"),
        ({"reason": "x" * 256}, "reason"),
        ({"total": 1}, "total"),
    ],
)
def test_a_write_off_names_what_is_wrong(api: Api, make_invoice: Make, body: dict[str, Any], field: str) -> None:
    invoice = make_invoice(status="sent", issue_date="2026-01-01")
    answer = api.post(f"/invoices/{invoice['id']}/write-off", body)
    assert (answer.status_code, field_of(answer)) == (400, field)


def test_only_what_is_open_and_ones_own_is_written_off(api: Api, bob_api: Api, make_invoice: Make) -> None:
    for status in ("draft", "paid", "cancelled"):
        path = f"/invoices/{make_invoice(status=status)['id']}/write-off"
        assert (api.post(path).status_code, api.delete(path).status_code) == (409, 409), status
    sent = make_invoice(status="sent")
    missing = bob_api.post(f"/invoices/{NOBODY}/write-off")
    for answer in (
        bob_api.post(f"/invoices/{sent['id']}/write-off"),
        bob_api.delete(f"/invoices/{sent['id']}/write-off"),
    ):
        assert (answer.status_code, answer.content) == (404, missing.content)


# Small balances ------------------------------------------------------------------------------------------------------
@pytest.fixture
def small(api: Api, bob_api: Api, customer: str, make_invoice: Make) -> list[dict[str, Any]]:
    """Acme owes 0.30 since March, 0.50 since January and 100, another customer 0.20; Acme 0.10 in euros; Bob has his own."""
    line = {"description": "x", "quantity": 1}
    other = api.post("/customers", {"name": "Other"}).json()["id"]
    bobs = bob_api.post("/customers", {"name": "Bob's", "currency": "USD"}).json()["id"]
    cents = {"customer_id": bobs, "items": [{**line, "unit_price": "0.1"}], "status": "sent"}
    assert bob_api.post("/invoices", cents).status_code == 201
    make_invoice(status="sent")
    make_invoice(items=[{**line, "unit_price": "0.05"}])  # a draft owes nothing
    make_invoice(status="sent", items=[{**line, "unit_price": "0.1"}], currency="EUR")
    return [
        make_invoice(status="sent", items=[{**line, "unit_price": price}], issue_date=day, customer_id=who)
        for price, day, who in (
            ("0.3", "2026-03-01", customer),
            ("0.5", "2026-01-01", customer),
            ("0.2", "2026-02-01", other),
        )
    ]


def test_small_balances_are_given_up_oldest_first(api: Api, small: list[dict[str, Any]]) -> None:
    march, january, february = small
    expected = {
        "total": 3,
        "currency": "USD",
        "amount": 1,
        "invoices": [
            {"id": january["id"], "invoice_number": january["invoice_number"], "amount": 0.5},
            {"id": february["id"], "invoice_number": february["invoice_number"], "amount": 0.2},
            {"id": march["id"], "invoice_number": march["invoice_number"], "amount": 0.3},
        ],
    }
    dry = api.post("/write-offs?dry_run=true", {"maximum": "0.5"})
    assert (dry.status_code, dry.json()) == (200, expected)
    assert api.get(f"/invoices/{march['id']}").json()["status"] == "sent"
    done = api.post("/write-offs", {"maximum": "0.5", "reason": "Cents"}, Idempotency_Key="s")
    assert (done.status_code, done.json()) == (200, expected)
    assert api.post("/write-offs", {"maximum": "0.5", "reason": "Cents"}, Idempotency_Key="s").content == done.content
    assert api.post("/write-offs", {"maximum": "0.5"}).json()["invoices"] == []
    assert [api.get(f"/invoices/{row['id']}").json()["status"] for row in small] == ["paid"] * 3
    assert Invoice.objects.filter(written_off_minor__gt=0).count() == 3


def test_small_balances_of_one_customer_or_currency(api: Api, small: list[dict[str, Any]]) -> None:
    other = small[2]["customer_id"]
    assert api.post("/write-offs", {"maximum": 1, "customer_id": other}).json()["amount"] == 0.2
    assert api.post("/write-offs", {"maximum": 1, "currency": "eur"}).json()["amount"] == 0.1
    assert api.post("/write-offs", {"maximum": "0.3"}).json()["amount"] == 0.3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "maximum"),
        ({"maximum": 0}, "maximum"),
        ({"maximum": -1}, "maximum"),
        ({"maximum": Decimal("0.001")}, "maximum"),
        ({"maximum": 1, "currency": "ABC"}, "currency"),
        ({"maximum": 1, "customer_id": NOBODY}, "customer_id"),
    ],
)
def test_a_small_write_off_names_what_is_wrong(api: Api, body: dict[str, Any], field: str) -> None:
    for dry in ("", "?dry_run=true"):
        answer = api.post(f"/write-offs{dry}", body)
        assert (answer.status_code, field_of(answer)) == (400, field)


def test_the_maximum_is_the_services_rule(alice: Business) -> None:
    with pytest.raises(Invalid, match="more than 0"):
        small_balances(alice, SmallBalances(currency="USD", maximum_minor=0))


# Opening balances ----------------------------------------------------------------------------------------------------
def test_an_opening_balance_is_owed_but_no_sale(api: Api, customer: str, make_invoice: Make) -> None:
    made = make_invoice(status="sent", opening_balance=True, due_date="2026-01-31", issue_date="2026-01-01")
    assert (made["opening_balance"], made["amount_due"]) == (True, 100)
    assert [entry.kind for entry in Entry.objects.all()] == ["adjustment"]
    assert api.get(f"/customers/{customer}/balance").json()["outstanding"] == 100
    assert make_invoice()["opening_balance"] is False


def test_it_may_change_while_the_invoice_is_a_draft(api: Api, make_invoice: Make) -> None:
    path = f"/invoices/{make_invoice()['id']}"
    assert api.patch(path, {"opening_balance": True}).json()["opening_balance"] is True
    assert api.patch(path, {"status": "sent"}).json()["opening_balance"] is True
    issued = api.patch(path, {"opening_balance": False})
    assert (issued.status_code, field_of(issued)) == (409, "opening_balance")
    for value in ("yes", 1, None):
        answer = api.patch(f"/invoices/{make_invoice()['id']}", {"opening_balance": value})
        assert (answer.status_code, field_of(answer)) == (400, "opening_balance")
