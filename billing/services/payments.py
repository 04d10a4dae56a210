"""Record payments: post, allocate, settle, tell, and freeze the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from billing.events import publish_document, publish_payment
from billing.ledger import allocate, post_payment
from billing.models import Invoice, Payment
from billing.selectors.documents import receipt_view
from billing.services.numbers import give_number
from billing.settlement import settle
from businesses import audit
from businesses.audit import Actor
from einvoicing.document import canonical_json
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid


@transaction.atomic
def record_payment(
    invoice: Invoice, *, amount_minor: int, actor: Actor, details: Mapping[str, Any] | None = None
) -> Payment:
    """Record a payment of one open invoice; `details` are payment_date (today), method (other), reference, notes.

    Raises Invalid for an amount that is not positive, Conflict where the invoice owes nothing or less (`exceeds_amount_due`).
    """
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status not in Invoice.OPEN:
        raise Conflict(f"A {invoice.status} invoice takes no payment.", code="state_does_not_allow")
    if amount_minor <= 0:
        raise Invalid.field("amount", "Must be more than 0.")
    if amount_minor > invoice.due_minor:
        message = "More than the amount due."
        raise Conflict(f"amount: {message}", code="exceeds_amount_due", details=[Detail("amount", message)])
    return _record(invoice, amount_minor, details or {}, actor=actor, previous_status=invoice.status)


def pay_in_full(invoice: Invoice, *, actor: Actor, previous_status: str) -> Payment:
    """Record a payment of the amount due of a locked, open invoice: what `status=paid` means."""
    return _record(invoice, invoice.due_minor, {}, actor=actor, previous_status=previous_status)


def _record(
    invoice: Invoice, amount_minor: int, details: Mapping[str, Any], *, actor: Actor, previous_status: str
) -> Payment:
    business = invoice.business
    today = clock.today(business.time_zone)
    day: date = details.get("payment_date") or today
    if day > today:
        raise Invalid.field("payment_date", "Must not be in the future.")
    payment = Payment(
        business=business,
        customer=invoice.customer,
        currency=invoice.currency,
        amount_minor=amount_minor,
        unallocated_minor=amount_minor,
        payment_date=day,
        method=details.get("method") or Payment.Method.OTHER,
        reference=details.get("reference"),
        notes=details.get("notes"),
    )
    given = give_number(business, Payment, day)
    payment.number, payment.sequence, payment.period = given.number, given.sequence, given.period
    payment.save(force_insert=True)
    post_payment(payment)
    allocate(payment, invoice, amount_minor, day)
    paid = settle(invoice)
    payment.view = canonical_json(receipt_view(payment, [(invoice, amount_minor)])).decode()
    payment.save(update_fields=["view", "updated_at"])
    audit.record(business, actor, "payment.created", payment, {"invoice": invoice.number})
    publish_payment(payment, "created", actor=actor)
    if paid:
        audit.record(business, actor, "invoice.paid", invoice, {"from": previous_status})
    publish_document(invoice, "paid" if paid else "updated", actor=actor, previous_status=previous_status)
    return payment
