"""The receivables ledger: the only writer of entries, allocations, due dates and customer balances."""

from __future__ import annotations

from datetime import date

from django.db import connection

from billing.models import Allocation, DueDate, Entry, Invoice, Payment
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.errors import Conflict

# One row per customer and currency, added to in place: two writers of one customer are in line behind its lock anyway.
_ADD = """
INSERT INTO customers_customerbalance (business_id, customer_id, currency, outstanding_minor, credit_minor)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (business_id, customer_id, currency) DO UPDATE SET
  outstanding_minor = customers_customerbalance.outstanding_minor + excluded.outstanding_minor,
  credit_minor = customers_customerbalance.credit_minor + excluded.credit_minor
"""


def check_books_open(business: Business, day: date) -> None:
    """Conflict (409) where the books are locked on that day."""
    locked = business.books_locked_until
    if locked is not None and day <= locked:
        raise Conflict(f"The books are locked until {locked}; nothing can be posted on {day}.", code="books_locked")


def post_invoice(invoice: Invoice) -> Entry:
    """The invoice is owed from its issue date on."""
    check_books_open(invoice.business, invoice.issue_date)
    entry = Entry.objects.create(
        business=invoice.business,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        effective_on=invoice.issue_date,
        kind=Entry.Kind.INVOICE,
        amount_minor=invoice.total_minor,
        invoice=invoice,
    )
    post_due_date(invoice, invoice.issue_date)
    _add(invoice.business_id, invoice.customer_id, invoice.currency, outstanding=invoice.total_minor)
    return entry


def post_due_date(invoice: Invoice, effective_on: date) -> None:
    """The invoice's due date as it is now holds from `effective_on` on."""
    DueDate.objects.create(
        business_id=invoice.business_id, invoice=invoice, due_date=invoice.due_date, effective_on=effective_on
    )


def reverse_invoice(invoice: Invoice, day: date) -> None:
    """Take the invoice's entry back, on `day` or its issue date, whichever is later."""
    effective_on = max(day, invoice.issue_date)
    check_books_open(invoice.business, effective_on)
    for entry in Entry.objects.filter(invoice=invoice, kind=Entry.Kind.INVOICE, reversed_by=None):
        Entry.objects.create(
            business_id=entry.business_id,
            customer_id=entry.customer_id,
            currency=entry.currency,
            effective_on=effective_on,
            kind=Entry.Kind.REVERSAL,
            amount_minor=-entry.amount_minor,
            invoice=invoice,
            reverses=entry,
        )
        _add(entry.business_id, entry.customer_id, entry.currency, outstanding=-entry.amount_minor)


def post_payment(payment: Payment) -> Entry:
    """The payment reduces what its customer owes from its date on; until it is allocated it is credit."""
    check_books_open(payment.business, payment.payment_date)
    entry = Entry.objects.create(
        business=payment.business,
        customer_id=payment.customer_id,
        currency=payment.currency,
        effective_on=payment.payment_date,
        kind=Entry.Kind.PAYMENT,
        amount_minor=-payment.amount_minor,
        payment=payment,
    )
    _add(payment.business_id, payment.customer_id, payment.currency, credit=payment.amount_minor)
    return entry


def allocate(payment: Payment, invoice: Invoice, amount_minor: int, day: date) -> Allocation:
    """Apply an amount of a payment to an invoice; never before either of them exists. Negative takes it back."""
    effective_on = max(day, payment.payment_date, invoice.issue_date)
    check_books_open(payment.business, effective_on)
    allocation = Allocation.objects.create(
        business_id=payment.business_id,
        customer_id=payment.customer_id,
        currency=payment.currency,
        effective_on=effective_on,
        recorded_at=clock.now(),
        invoice=invoice,
        payment=payment,
        amount_minor=amount_minor,
    )
    payment.unallocated_minor -= amount_minor
    payment.save(update_fields=["unallocated_minor", "updated_at"])
    change = {"outstanding": -amount_minor, "credit": -amount_minor}
    _add(payment.business_id, payment.customer_id, payment.currency, **change)
    return allocation


def _add(business_id: int, customer_id: int, currency: str, *, outstanding: int = 0, credit: int = 0) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [business_id, customer_id, currency, outstanding, credit])
