"""Give up what will not be paid, and think again."""

from __future__ import annotations

from dataclasses import dataclass
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

MAX_SMALL = 1_000  # invoices that one small-balance write-off takes


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallBalances:
    """Open invoices in one currency, of everybody or of one customer, of which at most so much is due, in minor units."""

    currency: str
    maximum_minor: int
    customer: Customer | None = None


@transaction.atomic
def write_off_small(
    business: Business, small: SmallBalances, *, actor: Actor, reason: str = ""
) -> list[tuple[Invoice, int]]:
    """Give up all that is due of the `small_balances`; each invoice with the amount, in minor units, the oldest first.

    One that was paid or changed in the meantime, so that it is no longer small or open, is left alone.
    """
    found = small_balances(business, small)
    given_up: dict[int, tuple[Invoice, int]] = {}
    # Whoever locks many customers locks them in the order of their ids.
    for row in sorted(found, key=lambda invoice: (invoice.customer_id, invoice.pk)):
        invoice = Invoice.objects.lock(row.pk)
        amount = invoice.due_minor
        if invoice.status in Invoice.OPEN and 0 < amount <= small.maximum_minor:
            given_up[row.pk] = (write_off(invoice, actor=actor, reason=reason), amount)
    return [given_up[row.pk] for row in found if row.pk in given_up]


def small_balances(business: Business, small: SmallBalances) -> list[Invoice]:
    """What a small-balance write-off would take, the oldest first, not more than MAX_SMALL.

    Invalid for a maximum that is not positive.
    """
    if small.maximum_minor <= 0:
        raise Invalid.field("maximum", "Must be more than 0.")
    rows = Invoice.objects.of(business).live().filter(status__in=Invoice.OPEN, currency=small.currency)
    if small.customer is not None:
        rows = rows.filter(customer=small.customer)
    due = rows.filter(due_minor__gt=0, due_minor__lte=small.maximum_minor)
    return list(due.order_by("issue_date", "pk")[:MAX_SMALL])
