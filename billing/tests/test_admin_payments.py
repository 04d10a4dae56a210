"""Payments in the admin: of a customer over many invoices, applied, changed, voided, refunded; by whom it may be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billing.models import Allocation, Payment, Refund
from billing.selectors.books import find_damage
from billing.tests.admin_cast import a_customer, a_payment, again, an_adjustment, an_invoice, browser, page, told

ADD = "/admin/billing/payment/add/"
LIST = "/admin/billing/payment/"
WHO = "owner@alice.test"


@pytest.fixture(autouse=True)
def _books_agree(alice: Any) -> Any:
    yield
    assert list(find_damage(alice)) == []


@pytest.fixture
def acme(alice: Any) -> Any:
    return a_customer(alice)


def two(customer: Any) -> tuple[Any, Any]:
    """An invoice of 110.00 that is due in the third month, and one of 55.00 that was due in the second."""
    late = an_invoice(customer.business, "sent", customer=customer, due_date=date(2026, 3, 1))
    later = an_invoice(customer.business, "sent", customer=customer, price="50", due_date=date(2026, 2, 1))
    return late, later


def sent(customer: Any, amount: str, shares: dict[Any, str] | None = None, **more: str) -> dict[str, str]:
    """What the form of a new payment sends, its table seen."""
    base = {"customer": str(customer.pk), "currency": "", "amount": amount, "payment_date": "2026-11-01"}
    base |= {"method": "bank_transfer", "reference": "R-1", "notes": "", "seen": f"{customer.pk}:USD"}
    return base | {f"share-{row.pk}": typed for row, typed in (shares or {}).items()} | more


def values(response: Any) -> list[Any]:
    """What stands in the table's fields, from the top."""
    return [field.value() for _, _, field in response.context["shares"].rows()]


# A new payment -------------------------------------------------------------------------------------------------------
def test_one_payment_over_two_invoices_the_rest_is_credit(alice: Any, acme: Any) -> None:
    (late, later), client = two(acme), browser(alice)
    answer = client.post(ADD, sent(acme, "200", {late: "100", later: "55"}))
    row = Payment.objects.get()
    assert answer["Location"] == page(row, "change")
    assert (row.amount_minor, row.unallocated_minor, row.reference) == (20_000, 4_500, "R-1")
    assert (again(late).due_minor, again(later).status) == (1_000, "paid")
    assert told(row) == [("payment.created", WHO)]
    shown = client.get(page(row, "change")).content.decode()
    assert late.number in shown
    assert "$45.00 of it is credit" in shown


def test_what_is_open_is_listed_the_first_due_first_and_filled_in(alice: Any, acme: Any) -> None:
    late, later = two(acme)
    an_invoice(alice, "sent", customer=acme, currency="EUR")
    client = browser(alice)
    asked = client.get(f"{ADD}?customer={acme.pk}")
    assert [room.invoice for room, _, _ in asked.context["shares"].rows()] == [later, late]
    assert asked.context["elsewhere"] == ["€110.00"]
    # Without scripts: nothing is recorded before the table was seen, and it is filled in from the amount.
    unseen = client.post(ADD, sent(acme, "60.50", seen=""))
    assert (unseen.status_code, values(unseen)) == (200, ["55.00", "5.50"])
    assert unseen.context["form"]["amount"].value() == "60.50"
    again_filled = client.post(ADD, sent(acme, "100", {late: "1", later: "1"}, _fill="yes"))
    assert values(again_filled) == ["55.00", "45.00"]
    with_script = client.get(f"{LIST}open/?customer={acme.pk}&currency=USD&amount=165")
    assert values(with_script) == ["55.00", "110.00"]
    assert b"<html" not in with_script.content
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("amount", "share", "where", "why"),
    [
        ("", "", "amount", "required"),
        ("1.234", "", "amount", "At most 2 decimals in USD."),
        ("NaN", "", "amount", "Expected a number"),
        ("-5", "", "amount", "Must not be less"),
        ("0", "", "amount", "more than 0"),
        ("9" * 16, "", "amount", "digits"),
        ("50", "x", "share", "Expected a number"),
        ("50", "-1", "share", "Must not be less"),
        ("50", "51", "table", "More than the payment"),
    ],
)
def test_says_what_is_wrong_where_it_is(alice: Any, acme: Any, amount: str, share: str, where: str, why: str) -> None:
    late, _ = two(acme)
    answer = browser(alice).post(ADD, sent(acme, amount, {late: share}))
    assert answer.status_code == 400
    form, shares = answer.context["form"], answer.context["shares"]
    errors = {"amount": form["amount"].errors, "share": shares[f"share-{late.pk}"].errors}
    assert why in str({**errors, "table": shares.non_field_errors()}[where])
    assert not Payment.objects.exists()


def test_a_day_to_come_is_refused_on_its_field(alice: Any, acme: Any) -> None:
    answer = browser(alice).post(ADD, sent(acme, "50", payment_date="2999-01-01"))
    assert "future" in str(answer.context["form"]["payment_date"].errors)


def test_an_invoice_paid_in_the_meantime_leaves_credit(alice: Any, acme: Any) -> None:
    late, _ = two(acme)
    client = browser(alice)
    a_payment(acme, 11_000, late)
    client.post(ADD, sent(acme, "110", {late: "110"}))
    assert Payment.objects.order_by("pk")[1].unallocated_minor == 11_000


def test_a_business_that_writes_commas_is_read_as_it_writes(bob: Any) -> None:
    customer = a_customer(bob)
    invoice = an_invoice(bob, "sent", customer=customer, price="1000")
    client = browser(bob)
    client.post(ADD, {**sent(customer, "1.234,50", {invoice: "1.100,00"}), "seen": f"{customer.pk}:EUR"})
    made = Payment.objects.get()
    assert (made.amount_minor, made.currency, made.unallocated_minor) == (123_450, "EUR", 13_450)


def test_the_customer_and_its_invoices_are_the_businesss(alice: Any, bob: Any) -> None:
    strange = a_customer(bob)
    foreign = an_invoice(bob, "sent", customer=strange)
    client = browser(alice)
    assert client.post(ADD, sent(strange, "50", {foreign: "50"})).status_code == 400
    assert foreign.number not in client.get(f"{LIST}open/?customer={strange.pk}").content.decode()
    own = a_customer(alice)
    client.post(ADD, sent(own, "50", {foreign: "50"}))
    assert not Allocation.objects.exists()
    assert Payment.objects.get().customer == own


# What becomes of it --------------------------------------------------------------------------------------------------
def test_applies_to_exactly_what_is_typed(alice: Any, acme: Any) -> None:
    (late, later), client = two(acme), browser(alice)
    row = a_payment(acme, 12_000, late)
    asked = client.get(page(row, "apply"))
    assert values(asked) == ["", "110.00"] or values(asked) == [None, "110.00"]
    assert values(client.post(page(row, "apply"), {"_fill": "yes"})) == ["55.00", "65.00"]
    done = client.post(page(row, "apply"), {f"share-{later.pk}": "55", f"share-{late.pk}": "20"})
    assert done["Location"] == page(row, "change")
    assert (again(row).unallocated_minor, again(late).due_minor, again(later).status) == (4_500, 9_000, "paid")
    assert told(row)[-1] == ("payment.applied", WHO)
    too_much = client.post(page(row, "apply"), {f"share-{later.pk}": "55.01", f"share-{late.pk}": "20"})
    assert "More than the amount due." in str(too_much.context["shares"][f"share-{later.pk}"].errors)
    beyond = client.post(page(row, "apply"), {f"share-{later.pk}": "55", f"share-{late.pk}": "110"})
    assert "More than there is to apply." in str(beyond.context["shares"].non_field_errors())
    client.post(page(row, "apply"), {"_do": "yes"})
    assert (again(row).unallocated_minor, again(later).status) == (12_000, "overdue")


def test_refunds_a_part_and_then_the_rest(alice: Any, acme: Any) -> None:
    (late, _), client = two(acme), browser(alice)
    row = a_payment(acme, 12_000, late, method="card")
    form = client.get(page(row, "refund")).context["form"]
    assert (form["amount"].value(), form["method"].value()) == ("10.00", "card")
    given = {"amount": "15", "refund_date": "2026-11-20", "method": "card", "reference": "B-1", "notes": ""}
    wrong = client.post(page(row, "refund"), {**given, "amount": "120.01", "refund_date": ""})
    assert {"refund_date"} == set(wrong.context["form"].errors)
    too_much = client.post(page(row, "refund"), {**given, "amount": "120.01", "refund_date": str(row.payment_date)})
    assert "More than can be refunded." in str(too_much.context["form"]["amount"].errors)
    given["refund_date"] = str(row.payment_date)
    client.post(page(row, "refund"), given)
    assert (again(row).refunded_minor, again(late).due_minor, Refund.objects.get().reference) == (1_500, 500, "B-1")
    shown = client.get(page(row, "change")).content.decode()
    assert "Partly refunded" in shown
    assert "B-1" in shown
    client.post(page(row, "refund"), {**given, "amount": "105"})
    assert again(row).status == "refunded"
    assert told(row)[-1] == ("payment.refunded", WHO)


def test_voids_with_the_reason_and_not_twice(alice: Any, acme: Any) -> None:
    (late, _), client = two(acme), browser(alice)
    row = a_payment(acme, 11_000, late)
    client.get(page(row, "void"))
    assert again(row).status == "recorded"
    client.post(page(row, "void"), {"reason": "Bounced"})
    assert (again(row).status, again(late).due_minor) == ("voided", 11_000)
    assert told(row)[-1] == ("payment.voided", WHO)
    shown = client.get(page(row, "change"))
    assert "Bounced" in shown.content.decode()
    assert not any(shown.context["may"][name] for name in ("void", "refund", "apply", "send"))
    refused = client.post(page(row, "void"), {"reason": ""})
    assert "A voided payment cannot be voided." in str(refused.context["form"].non_field_errors())


def test_changes_reference_and_notes(alice: Any, acme: Any) -> None:
    row, client = a_payment(acme, 100), browser(alice)
    client.post(page(row, "texts"), {"reference": "New", "notes": ""})
    assert (again(row).reference, row.notes) == ("New", None)
    assert told(row)[-1] == ("payment.updated", WHO)


# The list and who may ------------------------------------------------------------------------------------------------
def test_the_list_has_tabs(alice: Any, acme: Any) -> None:
    (late, _), client = two(acme), browser(alice)
    applied, credit = a_payment(acme, 11_000, late), a_payment(acme, 700)

    def found(query: str) -> set[Any]:
        return set(client.get(f"{LIST}?{query}").context["cl"].result_list)

    client.post(page(applied, "void"), {"reason": ""})
    assert found("state=credit") == {credit}
    assert found("state=voided") == {applied}
    assert found("state=refunded") == set()
    assert found("") == {applied, credit}


def test_the_list_asks_as_little_for_many_as_for_few(alice: Any, acme: Any, django_assert_num_queries: Any) -> None:
    client = browser(alice)
    a_payment(acme, 100)
    with django_assert_num_queries(5):
        client.get(LIST)
    for _ in range(5):
        a_payment(acme, 100)
    with django_assert_num_queries(5):
        client.get(LIST)


def test_the_table_asks_as_little_for_many_as_for_few(alice: Any, acme: Any, django_assert_num_queries: Any) -> None:
    client, address = browser(alice), f"{LIST}open/?customer={acme.pk}"
    an_invoice(alice, "sent", customer=acme)
    client.get(address)
    with django_assert_num_queries(6):
        client.get(address)
    for _ in range(5):
        an_invoice(alice, "sent", customer=acme)
    with django_assert_num_queries(6):
        client.get(address)


@pytest.mark.parametrize("role", ["creator", "viewer"])
def test_who_may_only_look_has_no_buttons(alice: Any, acme: Any, role: str) -> None:
    (late, _), client = two(acme), browser(alice, role)
    row = a_payment(acme, 12_000, late)
    for name in ("apply", "refund", "void", "texts", "send"):
        assert client.get(page(row, name)).status_code == client.post(page(row, name)).status_code == 403
    for address in (ADD, f"{LIST}open/"):
        assert client.get(address).status_code == 403
    shown = client.get(page(row, "change"))
    assert shown.status_code == 200
    assert not any(shown.context["may"].values())
    assert told(row) == [("payment.created", "System")]
    offered = client.get(page(an_invoice(alice, "sent", customer=acme), "change"))
    assert offered.context["offer"] is None


def test_a_stranger_finds_nothing(acme: Any, bob: Any) -> None:
    client = browser(bob)
    for row in (a_payment(acme, 100), an_adjustment(acme)):
        for name in ("change", "apply", "refund", "void"):
            assert client.get(page(row, name)).status_code == client.post(page(row, name)).status_code == 404


def test_the_customers_page_leads_there(alice: Any, acme: Any) -> None:
    a_payment(acme, 700)
    client = browser(alice)
    account = client.get(f"/admin/customers/customer/{acme.pk}/change/").context["account"]
    assert client.get(account["new_payment"]).context["customer"] == acme
    assert client.get(account["credits"][0]["apply"]).status_code == 200
    assert account["credits"][0]["amount"] == "$7.00"
    assert account["may"]["pay"]
