"""Invoices: what is paid, written off and due of each, and that its status and dates say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from billing.models import Allocation, DueDate, Entry, Invoice
from billing.selectors.books.sums import sum_of
from businesses.models import Business
from invoicing.lib import clock

Status = Invoice.Status
# Where the day begins first: what is past due in no time zone yet cannot have fallen due.
_FIRST_TIME_ZONE = "Pacific/Kiritimati"


def check_invoices(business: Business) -> Iterator[str]:
    """An invoice's paid = Σ its allocations; what it owes follows; entries, status and dates say the same."""
    given_up = Q(kind=Entry.Kind.WRITE_OFF) | Q(reverses__kind=Entry.Kind.WRITE_OFF)
    rows: QuerySet[Any] = Invoice.objects.of(business).annotate(
        applied=sum_of(Allocation.objects.all(), "invoice"),
        posted=sum_of(Entry.objects.all(), "invoice"),
        lost=sum_of(Entry.objects.filter(given_up), "invoice"),
    )
    for invoice in rows.order_by("pk").iterator():
        label = f"invoice {invoice.number} ({invoice.status})"
        for sentence in (*_amounts(invoice), *_dates(invoice)):
            yield f"{label}: {sentence}"


def _amounts(invoice: Any) -> Iterator[str]:
    owed = invoice.status in {*Invoice.OPEN, Status.PAID}
    if invoice.applied != invoice.paid_minor:
        yield f"paid is {invoice.paid_minor}, its allocations sum to {invoice.applied}"
    if -invoice.lost != invoice.written_off_minor:
        yield f"written off is {invoice.written_off_minor}, its entries say {-invoice.lost}"
    expected = invoice.total_minor - invoice.written_off_minor if owed else 0
    if invoice.posted != expected:
        yield f"entries sum to {invoice.posted}, not {expected}"
    left = invoice.total_minor - invoice.paid_minor - invoice.written_off_minor
    if invoice.due_minor != (left if owed else 0):
        yield f"{invoice.due_minor} due is not what is left of the total"
    if min(invoice.paid_minor, invoice.written_off_minor, invoice.due_minor) < 0:
        yield "paid, written off or due is negative"
    if owed and (invoice.status == Status.PAID) != (invoice.due_minor == 0):
        yield f"{invoice.due_minor} due does not go with its status"


def _dates(invoice: Any) -> Iterator[str]:
    issued = invoice.issued_at is not None
    if issued != (invoice.status != Status.DRAFT) and not (invoice.status == Status.CANCELLED and not issued):
        yield f"issued_at is {invoice.issued_at}"
    if issued and invoice.deleted_at is not None:
        yield "issued and deleted"
    if (invoice.status == Status.PAID) != (invoice.paid_at is not None):
        yield f"paid_at is {invoice.paid_at}"
    due = invoice.due_date
    if invoice.status == Status.OVERDUE and (due is None or due >= clock.today(_FIRST_TIME_ZONE)):
        yield f"overdue, but due on {due}"


def check_due_dates(business: Business) -> Iterator[str]:
    """The due date of an invoice that is owed is that of its newest row; a draft has no such row."""
    own = DueDate.objects.filter(invoice=OuterRef("pk")).order_by("-effective_on", "-recorded_at", "-id")
    posted: QuerySet[Any] = Invoice.objects.of(business).annotate(rows=Count("due_dates")).order_by("pk")
    newest: QuerySet[Any] = posted.annotate(newest=Subquery(own.values("due_date")[:1]))
    wanted = newest.filter(issued_at__isnull=False).exclude(status=Status.CANCELLED)
    same = Q(due_date=F("newest")) | Q(due_date=None, newest=None)
    for invoice in wanted.exclude(same, rows__gt=0).iterator():
        said = f"its newest due date row {invoice.newest}" if invoice.rows else "there is no due date row"
        yield f"invoice {invoice.number}: due on {invoice.due_date}, {said}"
    for invoice in posted.filter(issued_at=None, rows__gt=0).iterator():
        yield f"invoice {invoice.number}: not issued, and has {invoice.rows} due date rows"
