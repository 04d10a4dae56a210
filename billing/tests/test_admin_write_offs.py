"""Write-offs, adjustments and opening balances in the admin: given up and taken back, small balances, by whom it may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.models import Adjustment, Entry, Invoice
from billing.selectors.books import find_damage
from billing.tests.admin_cast import (
    LIST,
    a_customer,
    a_payment,
    again,
    an_adjustment,
    an_invoice,
    browser,
    page,
    told,
    typed,
)

SMALL = f"{LIST}small-balances/"
ADJUSTMENTS = "/admin/billing/adjustment/"
WHO = "owner@alice.test"


@pytest.fixture(autouse=True)
def _books_agree(alice: Any) -> Any:
    yield
    assert list(find_damage(alice)) == []


def test_writes_off_a_part_and_the_rest_and_takes_it_back(alice: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice)
    form = client.get(page(row, "write-off")).context["form"]
    assert form["amount"].value() == "110.00"
    today = str(row.issue_date)
    client.post(page(row, "write-off"), {"amount": "10", "date": today, "reason": "Bank’s fee"})
    assert (again(row).due_minor, row.written_off_minor) == (10_000, 1_000)
    too_much = client.post(page(row, "write-off"), {"amount": "100.01", "date": today, "reason": ""})
    assert "More than the amount due." in str(too_much.context["form"]["amount"].errors)
    early = {"amount": "1", "date": str(row.issue_date - timedelta(days=1)), "reason": ""}
    assert "Must lie between" in str(client.post(page(row, "write-off"), early).context["form"]["date"].errors)
    client.post(page(row, "write-off"), {"amount": "100", "date": today, "reason": ""})
    shown = client.get(page(row, "change"))
    assert (again(row).status, [one["amount"] for one in shown.context["settled"]]) == ("paid", ["$10.00", "$100.00"])
    assert "Bank’s fee" in shown.content.decode()
    assert shown.context["totals"][-2]["name"] == "Written off"
    assert (shown.context["may"]["unwrite"], shown.context["may"]["credit"]) == (True, False)
    client.get(page(row, "reverse-write-off"))
    assert again(row).written_off_minor == 11_000
    client.post(page(row, "reverse-write-off"))
    assert (again(row).due_minor, row.written_off_minor) == (11_000, 0)
    assert told(row)[-1] == ("invoice.write_off_reversed", WHO)
    assert client.get(page(row, "change")).context["settled"] == []
    refused = client.post(page(row, "reverse-write-off"))
    assert "Nothing of this invoice is written off." in refused.content.decode()


def test_writes_off_the_small_balances_that_were_shown(alice: Any) -> None:
    customer, client = a_customer(alice), browser(alice)
    rows = [an_invoice(alice, "sent", customer=customer) for _ in range(3)]
    for row, left in zip(rows, (1, 99, 101), strict=True):
        a_payment(customer, 11_000 - left, row)
    described = {"currency": "USD", "maximum": "1", "reason": "Cents"}
    shown = client.post(SMALL, {**described, "_second": "yes"})
    assert [row["number"] for row in shown.context["rows"]] == [rows[0].number, rows[1].number]
    assert (shown.context["sum"], again(rows[0]).status) == ("$1.00", "sent")
    seen = [row["seen"] for row in shown.context["rows"]]
    a_payment(customer, 50, rows[1])  # something else is due of it now: it was not seen
    client.post(SMALL, {**described, "_do": "yes", "seen": [*seen, f"{rows[2].pk}:101"]})
    assert [again(row).written_off_minor for row in rows] == [1, 0, 0]
    assert ("invoice.written_off", WHO) in told(rows[0])


@pytest.mark.parametrize(
    ("maximum", "why"), [("", "required"), ("0", "more than 0"), ("0.001", "At most 2"), ("x", "Exp")]
)
def test_says_what_is_no_small_balance(alice: Any, maximum: str, why: str) -> None:
    answer = browser(alice).post(SMALL, {"currency": "USD", "maximum": maximum, "reason": "", "_do": "yes"})
    assert answer.status_code == 400
    assert why in str(answer.context["form"]["maximum"].errors)


def test_small_balances_are_those_of_the_business(alice: Any, bob: Any) -> None:
    foreign = an_invoice(bob, "sent", customer=a_customer(bob, currency="USD"), price="1")
    sent = {
        "currency": "USD",
        "maximum": "999",
        "reason": "",
        "_do": "yes",
        "seen": f"{foreign.pk}:{foreign.due_minor}",
    }
    browser(alice).post(SMALL, sent)
    assert again(foreign).written_off_minor == 0
    assert not Entry.objects.filter(kind="write_off").exists()


@pytest.mark.parametrize("role", ["creator", "viewer"])
def test_who_may_not_give_up_money(alice: Any, role: str) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice, role)
    adjusted = an_adjustment(row.customer)
    addresses = [page(row, "write-off"), page(row, "reverse-write-off"), SMALL, f"{ADJUSTMENTS}add/"]
    addresses += [page(adjusted, name) for name in ("void", "apply", "refund")]
    for address in addresses:
        assert client.get(address).status_code == client.post(address).status_code == 403
    assert not any(client.get(page(adjusted, "change")).context["may"].values())
    assert client.get(LIST).context["leads"] == []


# Adjustments ---------------------------------------------------------------------------------------------------------
def test_adds_applies_and_voids_an_adjustment(alice: Any) -> None:
    customer, client = a_customer(alice), browser(alice)
    row = an_invoice(alice, "sent", customer=customer)
    given = {"customer": str(customer.pk), "currency": "", "amount": "30", "adjustment_date": str(row.issue_date)}
    answer = client.post(f"{ADJUSTMENTS}add/", {**given, "reason": "Prepaid before"})
    made = Adjustment.objects.get()
    assert answer["Location"] == page(made, "change")
    assert (made.number, made.amount_minor, made.reason) == ("ADJ-00001", 3_000, "Prepaid before")
    client.post(page(made, "apply"), {f"share-{row.pk}": "30"})
    assert (again(row).due_minor, again(made).unallocated_minor) == (8_000, 0)
    assert client.get(page(row, "change")).context["settled"][0]["note"] == "Prepaid before"
    assert client.get(f"{ADJUSTMENTS}?q=prepaid").context["cl"].result_list[0] == made
    client.get(page(made, "void"))
    assert again(made).status == "recorded"
    client.post(page(made, "void"), {"reason": "Mistake"})
    assert (again(made).status, again(row).due_minor) == ("voided", 11_000)
    assert [action for action, who in told(made) if who == WHO] == [
        "adjustment.created",
        "adjustment.applied",
        "adjustment.voided",
    ]


@pytest.mark.parametrize(
    ("wrong", "where", "why"),
    [
        ({"amount": "0"}, "amount", "more than 0"),
        ({"amount": "-1"}, "amount", "less"),
        ({"adjustment_date": "2999-01-01"}, "adjustment_date", "future"),
        ({"customer": "999"}, "customer", "valid choice"),
        ({"currency": "XXX"}, "currency", "valid choice"),
    ],
)
def test_says_what_is_wrong_with_an_adjustment(alice: Any, wrong: dict[str, str], where: str, why: str) -> None:
    given = {"customer": str(a_customer(alice).pk), "currency": "", "amount": "30", "adjustment_date": "2026-01-01"}
    answer = browser(alice).post(f"{ADJUSTMENTS}add/", {**given, "reason": "", **wrong})
    assert answer.status_code == 400
    assert why in str(answer.context["form"].errors[where])
    assert not Adjustment.objects.exists()


def test_the_list_of_adjustments_asks_as_little_for_many_as_for_few(alice: Any, django_assert_num_queries: Any) -> None:
    customer, client = a_customer(alice), browser(alice)
    an_adjustment(customer)
    with django_assert_num_queries(5):
        client.get(ADJUSTMENTS)
    for _ in range(4):
        an_adjustment(customer)
    with django_assert_num_queries(5):
        client.get(ADJUSTMENTS)


# Opening balances ----------------------------------------------------------------------------------------------------
def test_an_opening_balance_is_a_box_in_the_editor(alice: Any) -> None:
    line = {"description": "Brought forward", "quantity": "1", "unit_price": "100"}
    client = browser(alice)
    client.post(f"{LIST}add/", typed(a_customer(alice), line, opening_balance="on", _issue="1"))
    made = Invoice.objects.get()
    assert made.opening_balance
    assert Entry.objects.get().kind == "adjustment"
    assert "Billed before; no revenue" in client.get(page(made, "change")).content.decode()
