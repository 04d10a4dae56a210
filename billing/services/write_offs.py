"""Give up what will not be paid, and think again."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from billing.events import publish_document
from billing.ledger import post_write_off, reverse_invoice
from billing.models import Entry, Invoice
from billing.services.allocations import tell_invoices
from billing.settlement import settle
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid


@transaction.atomic
def write_off(
    invoice: Invoice, *, actor: Actor, amount_minor: int | None = None, day: date | None = None, reason: str = ""
) -> Invoice:
    """Give up an amount (None: all that is due) of an open invoice, as of `day` (today).

    Raises Conflict where less is due (`exceeds_amount_due`) or nothing is, Invalid for a date in the future or before issue.
    """
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status not in Invoice.OPEN:
        raise Conflict(f"There is nothing to write off of a {invoice.status} invoice.", code="state_does_not_allow")
    amount = invoice.due_minor if amount_minor is None else amount_minor
    today = clock.today(invoice.business.time_zone)
    day = day or max(today, invoice.issue_date)
    if amount <= 0:
        raise Invalid.field("amount", "Must be more than 0.")
    if amount > invoice.due_minor:
        message = "More than the amount due."
        raise Conflict(f"amount: {message}", code="exceeds_amount_due", details=[Detail("amount", message)])
    if not invoice.issue_date <= day <= max(today, invoice.issue_date):
        raise Invalid.field("date", f"Must lie between {invoice.issue_date} and today.")
    before = invoice.status
    post_write_off(invoice, amount, day)
    settle(invoice)
    changes = {"amount_minor": amount, "reason": reason}
    audit.record(invoice.business, actor, "invoice.written_off", invoice, changes)
    tell_invoices([invoice], {invoice.pk: before}, actor=actor)
    return invoice


@transaction.atomic
def reverse_write_off(invoice: Invoice, *, actor: Actor) -> Invoice:
    """Take all write-offs of an invoice back, today: it is owed again. Conflict where there is none."""
    invoice = Invoice.objects.lock(invoice.pk)
    if not invoice.written_off_minor or invoice.status == Invoice.Status.CANCELLED:
        raise Conflict("Nothing of this invoice is written off.", code="state_does_not_allow")
    before, amount = invoice.status, invoice.written_off_minor
    reverse_invoice(invoice, clock.today(invoice.business.time_zone), only=Entry.Kind.WRITE_OFF)
    settle(invoice)
    audit.record(invoice.business, actor, "invoice.write_off_reversed", invoice, {"amount_minor": amount})
    publish_document(invoice, "updated", actor=actor, previous_status=before)
    return invoice


def small_balances(
    business: Business, *, currency: str, maximum_minor: int, customer: Customer | None = None
) -> list[Invoice]:
    """The open invoices of which at most so much is due, the oldest first: what a small-balance write-off would take."""
    rows = Invoice.objects.of(business).live().filter(status__in=Invoice.OPEN, currency=currency)
    if customer is not None:
        rows = rows.filter(customer=customer)
    return list(rows.filter(due_minor__gt=0, due_minor__lte=maximum_minor).order_by("issue_date", "pk"))
