"""Payments, credit notes, refunds, write-offs and adjustments as services: after each the books agree."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.models import CreditNote, Invoice, Payment
from billing.selectors.books import find_damage
from billing.services.adjustments import create_adjustment, void_adjustment
from billing.services.allocations import Share, change_allocations
from billing.services.credit_notes import Credit, create_credit_note, credit_invoice, update_credit_note
from billing.services.lines import LineDraft
from billing.services.payments import record_account_payment, void_payment
from billing.services.refunds import refund
from billing.services.write_offs import reverse_write_off, write_off
from billing.tests.histories import cancel, issue, make_customer
from businesses.audit import SYSTEM
from customers.models import CustomerBalance
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Invalid


@pytest.fixture
def acme(alice: Any) -> Any:
    return make_customer(alice)


@pytest.fixture(autouse=True)
def _books_agree(acme: Any) -> Any:
    yield
    assert list(find_damage(acme.business)) == []


def pay(customer: Any, amount: int, *shares: Share) -> Payment:
    return record_account_payment(customer, currency="USD", amount_minor=amount, shares=shares, actor=SYSTEM)


def balance(customer: Any) -> tuple[int, int]:
    row = CustomerBalance.objects.get(customer=customer, currency="USD")
    return row.outstanding_minor, row.credit_minor


def again(row: Any) -> Any:
    row.refresh_from_db()
    return row


def test_one_payment_pays_many_invoices_and_the_rest_is_credit(acme: Any) -> None:
    first, second = issue(acme, 100), issue(acme, 50)
    payment = pay(acme, 20_000, Share(first), Share(second, 3_000))
    assert (again(first).status, again(second).due_minor) == ("paid", 2_000)
    assert (payment.unallocated_minor, balance(acme)) == (7_000, (2_000, 7_000))


def test_shares_beyond_the_amount_due_are_credit_and_beyond_the_payment_refused(acme: Any) -> None:
    invoice = issue(acme, 100)
    assert pay(acme, 20_000, Share(invoice, 20_000)).unallocated_minor == 10_000
    with pytest.raises(Invalid, match="More than the payment"):
        pay(acme, 1_000, Share(invoice, 2_000))


def test_named_amounts_come_before_as_much_as_fits(acme: Any) -> None:
    first, second = issue(acme, 100), issue(acme, 50)
    payment = pay(acme, 6_000, Share(first), Share(second, 5_000))
    assert (again(first).paid_minor, again(second).paid_minor) == (1_000, 5_000)
    change_allocations(payment, [Share(second, 2_000), Share(first)], actor=SYSTEM)
    assert (again(first).paid_minor, again(second).paid_minor) == (4_000, 2_000)


def test_allocations_are_changed_as_a_whole(acme: Any) -> None:
    first, second = issue(acme, 100), issue(acme, 50)
    payment = pay(acme, 10_000, Share(first))
    change_allocations(payment, [Share(second), Share(first, 2_000)], actor=SYSTEM)
    assert (again(first).paid_minor, again(first).status, again(second).status) == (2_000, "sent", "paid")
    assert again(payment).unallocated_minor == 3_000
    with pytest.raises(Conflict, match="amount due"):
        change_allocations(payment, [Share(second, 5_001)], actor=SYSTEM)
    change_allocations(payment, [], actor=SYSTEM)
    assert (again(payment).unallocated_minor, again(second).status) == (10_000, "sent")


def test_void_and_refund_are_exact_inverses(acme: Any) -> None:
    invoice = issue(acme, 100)
    void_payment(pay(acme, 10_000, Share(invoice)), actor=SYSTEM)
    assert (again(invoice).status, again(invoice).due_minor, balance(acme)) == ("sent", 10_000, (10_000, 0))
    payment = pay(acme, 15_000, Share(invoice))
    refund(payment, amount_minor=4_000, actor=SYSTEM)
    assert (again(payment).unallocated_minor, again(invoice).status) == (1_000, "paid")
    refund(payment, amount_minor=4_000, actor=SYSTEM)
    assert (again(invoice).due_minor, again(payment).status, balance(acme)) == (3_000, "recorded", (3_000, 0))
    refund(payment, actor=SYSTEM)
    assert (again(payment).status, again(invoice).due_minor) == ("refunded", 10_000)
    for refused in (lambda: refund(payment, actor=SYSTEM), lambda: void_payment(payment, actor=SYSTEM)):
        with pytest.raises(Conflict):
            refused()


def test_partial_credits_end_at_exactly_zero(acme: Any) -> None:
    lines = [
        LineDraft(description="A", quantity=Decimal(3), unit_price=Decimal("3.333333"), tax_rate=Decimal(19)),
        LineDraft(description="B", quantity=Decimal(7), unit_price=Decimal("1.11"), tax_rate=Decimal(7)),
    ]
    from billing.services.invoices import create_invoice

    invoice = create_invoice(acme.business, customer=acme, lines=lines, status="sent", actor=SYSTEM)
    total, uuid = invoice.total_minor, invoice.lines.order_by("position")[0].uuid
    for credit in (Credit(amount_minor=701), Credit(quantities={uuid: Decimal(1)}), Credit(amount_minor=33), Credit()):
        credit_invoice(invoice, credit, status="sent", actor=SYSTEM)
    notes = CreditNote.objects.filter(invoice=invoice)
    assert sum(note.total_minor for note in notes) == total
    assert (again(invoice).status, again(invoice).due_minor, balance(acme)) == ("paid", 0, (0, 0))
    with pytest.raises(Conflict, match="Nothing is left"):
        credit_invoice(invoice, Credit(), actor=SYSTEM)


def test_two_drafts_of_one_invoice_cannot_both_be_issued(acme: Any) -> None:
    invoice = issue(acme, 100)
    first, second = (credit_invoice(invoice, Credit(), actor=SYSTEM) for _ in range(2))
    update_credit_note(first, changes={}, status="sent", actor=SYSTEM)
    with pytest.raises(Conflict, match="left to credit"):
        update_credit_note(second, changes={}, status="sent", actor=SYSTEM)
    with pytest.raises(Conflict, match="cancel that first"):
        cancel(issue_and_credit(acme))


def issue_and_credit(acme: Any) -> Invoice:
    invoice = issue(acme, 100)
    credit_invoice(invoice, Credit(amount_minor=1_000), status="sent", actor=SYSTEM)
    return invoice


def test_a_credit_note_of_a_paid_invoice_is_credit_that_can_be_refunded_or_cancelled(acme: Any) -> None:
    invoice = issue(acme, 100)
    pay(acme, 10_000, Share(invoice))
    note = credit_invoice(invoice, Credit(amount_minor=4_000), status="sent", actor=SYSTEM)
    assert (again(note).unallocated_minor, balance(acme)) == (4_000, (0, 4_000))
    refund(note, amount_minor=1_000, actor=SYSTEM)
    with pytest.raises(Conflict, match="refunded"):
        update_credit_note(note, changes={}, status="cancelled", actor=SYSTEM)
    other = create_credit_note(
        acme.business,
        customer=acme,
        lines=[LineDraft(description="Goodwill", quantity=Decimal(1), unit_price=Decimal(5))],
        status="sent",
        actor=SYSTEM,
    )
    update_credit_note(other, changes={}, status="cancelled", actor=SYSTEM)
    assert balance(acme) == (0, 3_000)


def test_a_write_off_pays_the_invoice_and_is_taken_back(acme: Any) -> None:
    invoice = issue(acme, 100)
    pay(acme, 9_900, Share(invoice))
    write_off(invoice, actor=SYSTEM)
    assert (again(invoice).status, invoice.paid_minor, invoice.written_off_minor) == ("paid", 9_900, 100)
    with pytest.raises(Conflict, match="reverse the write-off"):
        credit_invoice(invoice, Credit(), actor=SYSTEM)
    reverse_write_off(invoice, actor=SYSTEM)
    assert (again(invoice).status, invoice.due_minor, invoice.written_off_minor) == ("sent", 100, 0)
    write_off(invoice, amount_minor=40, actor=SYSTEM)
    cancel(invoice)
    assert balance(acme) == (0, 9_900)


def test_credit_pays_new_invoices_where_the_business_wants_it(acme: Any) -> None:
    given = create_adjustment(acme, currency="USD", amount_minor=3_000, reason="Opening credit", actor=SYSTEM)
    pay(acme, 4_000)
    acme.business.apply_credit = True
    acme.business.save()
    invoice = issue(make_fresh(acme), 50)
    assert (again(invoice).status, again(given).unallocated_minor, balance(acme)) == ("paid", 0, (0, 2_000))
    void_adjustment(given, actor=SYSTEM)
    assert (again(invoice).due_minor, balance(acme)) == (3_000, (3_000, 2_000))


def test_credit_of_a_coming_day_pays_nothing_yet(acme: Any) -> None:
    acme.business.apply_credit = True
    acme.business.save()
    create_credit_note(
        acme.business,
        customer=acme,
        lines=[LineDraft(description="Bonus", quantity=Decimal(1), unit_price=Decimal(5))],
        details={"issue_date": clock.today("UTC") + timedelta(days=7)},
        status="sent",
        actor=SYSTEM,
    )
    assert again(issue(make_fresh(acme), 50)).due_minor == 5_000


def make_fresh(customer: Any) -> Any:
    return type(customer).objects.select_related("business").get(pk=customer.pk)


def test_an_opening_balance_is_owed_but_is_no_sale(acme: Any) -> None:
    invoice = issue(acme, 80, opening_balance=True)
    assert [entry.kind for entry in invoice.entries.all()] == ["adjustment"]
    pay(acme, 8_000, Share(invoice))
    assert again(invoice).status == "paid"
