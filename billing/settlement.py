"""What is paid of an invoice, recomputed under its lock from its allocations, and the status that follows."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Sum

from billing.models import Allocation, Entry, Invoice
from invoicing.lib import clock


def is_past_due(invoice: Invoice, today: date) -> bool:
    """Whether the due date lies before `today`; an invoice without one is never past due."""
    return invoice.due_date is not None and invoice.due_date < today


def settle(invoice: Invoice) -> bool:
    """Recompute paid and due of a locked, issued invoice and move it by the system's own moves; True when it became paid."""
    before = invoice.status
    invoice.paid_minor = _sum(Allocation.objects.filter(invoice=invoice))
    # A write-off's reversal is the reversal of an entry that is itself a write-off.
    given_up = Q(kind=Entry.Kind.WRITE_OFF) | Q(reverses__kind=Entry.Kind.WRITE_OFF)
    invoice.written_off_minor = -_sum(Entry.objects.filter(given_up, invoice=invoice))
    if invoice.status != Invoice.Status.CANCELLED:
        invoice.due_minor = invoice.total_minor - invoice.paid_minor - invoice.written_off_minor
        _move(invoice)
    columns = ["paid_minor", "written_off_minor", "due_minor", "status", "paid_at", "updated_at"]
    invoice.save(update_fields=columns)
    return invoice.status == Invoice.Status.PAID != before


def _sum(rows: QuerySet[Any]) -> int:
    return int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _move(invoice: Invoice) -> None:
    if invoice.due_minor == 0:
        if invoice.status != Invoice.Status.PAID:
            invoice.status, invoice.paid_at = Invoice.Status.PAID, clock.now()
        return
    invoice.paid_at = None
    if invoice.status == Invoice.Status.PAID:
        past = is_past_due(invoice, clock.today(invoice.business.time_zone))
        invoice.status = Invoice.Status.OVERDUE if past else Invoice.Status.SENT
