"""The receivables ledger: the only writer of entries, allocations, due dates and customer balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Max

from billing.models import Adjustment, Allocation, CreditNote, DueDate, Entry, Invoice, Payment, Refund, Source
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.errors import Conflict

_CREDIT = {
    Payment: Entry.Kind.PAYMENT,
    CreditNote: Entry.Kind.CREDIT_NOTE,
    Adjustment: Entry.Kind.ADJUSTMENT,
}

# One row per customer and currency, added to in place: two writers of one customer are in line behind its lock anyway.
_ADD = """
INSERT INTO customers_customerbalance (business_id, customer_id, currency, outstanding_minor, credit_minor)
VALUES {rows}
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
    kind = Entry.Kind.ADJUSTMENT if invoice.opening_balance else Entry.Kind.INVOICE
    entry = _post(invoice, kind, invoice.total_minor, invoice.issue_date, of={"invoice": invoice})
    post_due_date(invoice, invoice.issue_date)
    return entry


def post_due_date(invoice: Invoice, effective_on: date) -> None:
    """The invoice's due date as it is now holds from `effective_on` on."""
    check_books_open(invoice.business, effective_on)
    DueDate.objects.create(
        business_id=invoice.business_id, invoice=invoice, due_date=invoice.due_date, effective_on=effective_on
    )


def post_write_off(invoice: Invoice, amount_minor: int, day: date) -> Entry:
    """So much of the invoice is given up from `day` on, or from when it was owed last."""
    day = owed_day(invoice, day)
    check_books_open(invoice.business, day)
    return _post(invoice, Entry.Kind.WRITE_OFF, -amount_minor, day, of={"invoice": invoice})


def reverse_invoice(invoice: Invoice, day: date, *, only: str | None = None) -> None:
    """Take the invoice's entries back (or `only` those of a kind), on `day` or when it was posted to last, if that is later."""
    posted = Allocation.objects.filter(invoice=invoice).aggregate(last=Max("effective_on"))["last"]
    day = max(day, posted or day)
    rows = Entry.objects.filter(invoice=invoice, reversed_by=None).exclude(kind=Entry.Kind.REVERSAL).order_by("id")
    entries = list(rows.filter(kind=only) if only else rows)
    day = max([day, *(entry.effective_on for entry in entries)])
    for entry in entries:
        _reverse(entry, invoice, day, of={"invoice": invoice})


def owed_day(invoice: Invoice, day: date) -> date:
    """`day`, but never before the invoice counts or was owed again: on no past day may more be applied to it than it owed."""
    released = Allocation.objects.filter(invoice=invoice, amount_minor__lt=0)
    restored = Entry.objects.filter(invoice=invoice, reverses__kind=Entry.Kind.WRITE_OFF)
    last = [rows.aggregate(last=Max("effective_on"))["last"] for rows in (released, restored)]
    days: list[date] = [day, invoice.issue_date, *filter(None, last)]
    return max(days)


# Credit --------------------------------------------------------------------------------------------------------------
def post_credit(source: Source) -> Entry:
    """The payment, credit note or adjustment reduces what its customer owes from its day on; until applied it is credit."""
    check_books_open(source.business, source.day)
    entry = _post(source, _CREDIT[type(source)], -source.amount, source.day, of={source.noun: source})
    _set(source, unallocated=source.amount)
    return entry


def reverse_credit(source: Source, day: date) -> None:
    """Take back a source of which nothing is applied and nothing refunded."""
    for entry in Entry.objects.filter(**{source.noun: source}, reversed_by=None).exclude(kind=Entry.Kind.REVERSAL):
        _reverse(entry, source, posting_day(source, day), of={source.noun: source})
    _set(source, unallocated=0)


def post_refund(refund: Refund, source: Source) -> Entry:
    """Money of the source's unapplied rest is given back: the customer has that much credit less."""
    day = posting_day(source, refund.refund_date)
    check_books_open(source.business, day)
    entry = _post(source, Entry.Kind.REFUND, refund.amount_minor, day, of={source.noun: source})
    source.refunded_minor += refund.amount_minor
    _set(source, unallocated=source.unallocated_minor - refund.amount_minor)
    return entry


def posting_day(source: Source, day: date) -> date:
    """`day`, but never before the source counts or was last applied: no past day may have applied more than there was."""
    applied = Allocation.objects.filter(**{source.noun: source}).aggregate(last=Max("effective_on"))["last"]
    return max(day, source.day, applied or day)


def allocate(source: Source, invoice: Invoice, amount_minor: int, day: date) -> Allocation:
    """Apply an amount of a source to an invoice; never before either of them has it. Negative takes it back."""
    effective_on = owed_day(invoice, posting_day(source, day))
    check_books_open(source.business, effective_on)
    allocation = Allocation.objects.create(
        business_id=source.business_id,
        customer_id=source.customer_id,
        currency=source.currency,
        effective_on=effective_on,
        recorded_at=clock.now(),
        invoice=invoice,
        amount_minor=amount_minor,
        **{source.noun: source},
    )
    _set(source, unallocated=source.unallocated_minor - amount_minor)
    change = {"outstanding": -amount_minor, "credit": -amount_minor}
    _add(source.business_id, source.customer_id, source.currency, **change)
    return allocation


def _set(source: Source, *, unallocated: int) -> None:
    source.unallocated_minor = unallocated
    source.save(update_fields=["unallocated_minor", "refunded_minor", "updated_at"])


# Rows ----------------------------------------------------------------------------------------------------------------
def _post(
    owner: Invoice | Source,
    kind: str,
    amount_minor: int,
    effective_on: date,
    *,
    of: Mapping[str, Invoice | Source],
    reverses: Entry | None = None,
) -> Entry:
    """Store an entry `of` a document, named as the entry's column is, and add it to the kept balance."""
    entry = Entry.objects.create(
        business_id=owner.business_id,
        customer_id=owner.customer_id,
        currency=owner.currency,
        effective_on=effective_on,
        kind=kind,
        amount_minor=amount_minor,
        reverses=reverses,
        **of,
    )
    change = {"outstanding": amount_minor} if "invoice" in of else {"credit": -amount_minor}
    _add(owner.business_id, owner.customer_id, owner.currency, **change)
    return entry


def _reverse(entry: Entry, owner: Invoice | Source, day: date, *, of: Mapping[str, Invoice | Source]) -> None:
    effective_on = max(day, entry.effective_on)
    check_books_open(owner.business, effective_on)
    _post(owner, Entry.Kind.REVERSAL, -entry.amount_minor, effective_on, of=of, reverses=entry)


def add_balances(business: Business, sums: Mapping[tuple[int, str], Sequence[int]]) -> None:
    """Add what entries that were written in bulk come to: (customer, currency) → outstanding and credit."""
    rows = [(business.pk, *account, *sums[account]) for account in sorted(sums)]
    for first in range(0, len(rows), 100):
        _add_rows(rows[first : first + 100])


def _add(business_id: int, customer_id: int, currency: str, *, outstanding: int = 0, credit: int = 0) -> None:
    _add_rows([(business_id, customer_id, currency, outstanding, credit)])


def _add_rows(rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
        cursor.execute(_ADD.format(rows=values), [value for row in rows for value in row])
