"""Record, change, void and refund payments: post, allocate, settle, tell, and freeze the receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from billing.events import publish_source
from billing.ledger import post_credit
from billing.models import Invoice, Payment
from billing.selectors.documents import receipt_view
from billing.services.allocations import (
    Share,
    applied_to,
    apply_shares,
    lock_invoices,
    open_shares,
    take_back,
    tell_invoices,
)
from billing.services.numbers import give_number
from businesses import audit
from businesses.audit import Actor
from customers.models import Customer
from einvoicing.document import canonical_json
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid


@transaction.atomic
def record_payment(
    invoice: Invoice, *, amount_minor: int, actor: Actor, details: Mapping[str, Any] | None = None
) -> Payment:
    """Record a payment of one open invoice; `details` are payment_date (today), method (other), reference, notes, metadata.

    Raises Invalid for an amount that is not positive, Conflict where the invoice owes nothing or less (`exceeds_amount_due`).
    """
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status not in Invoice.OPEN:
        raise Conflict(f"A {invoice.status} invoice takes no payment.", code="state_does_not_allow")
    if amount_minor > invoice.due_minor:
        message = "More than the amount due."
        raise Conflict(f"amount: {message}", code="exceeds_amount_due", details=[Detail("amount", message)])
    payment = _new(invoice.customer, invoice.currency, amount_minor, details or {})
    return _record(payment, [Share(invoice, amount_minor)], actor=actor, before={invoice.pk: invoice.status})


def pay_in_full(invoice: Invoice, *, actor: Actor, previous_status: str) -> Payment:
    """Record a payment of the amount due of a locked, open invoice: what `status=paid` means."""
    payment = _new(invoice.customer, invoice.currency, invoice.due_minor, {})
    return _record(payment, [Share(invoice)], actor=actor, before={invoice.pk: previous_status})


@transaction.atomic
def record_account_payment(
    customer: Customer,
    *,
    currency: str,
    amount_minor: int,
    actor: Actor,
    shares: Sequence[Share] | None = None,
    details: Mapping[str, Any] | None = None,
) -> Payment:
    """Record a payment of a customer, applied to the invoices of `shares` as far as they owe; the rest is credit.

    Without `shares` it pays the open invoices, the first due first, where the business applies credit automatically.
    Raises Invalid where the shares exceed the amount, and what `lock_invoices` does.
    """
    customer = Customer.objects.lock_live(customer.pk)
    payment = _new(customer, currency, amount_minor, details or {})
    if shares is None:
        found = open_shares(payment) if customer.business.apply_credit else []
    else:
        found = lock_invoices(shares, payment)
        if sum(share.amount_minor or 0 for share in found) > amount_minor:
            raise Invalid.field("allocations", "More than the payment's amount.")
    return _record(payment, found, actor=actor, before={share.invoice.pk: share.invoice.status for share in found})


def _new(customer: Customer, currency: str, amount_minor: int, details: Mapping[str, Any]) -> Payment:
    if amount_minor <= 0:
        raise Invalid.field("amount", "Must be more than 0.")
    today = clock.today(customer.business.time_zone)
    day: date = details.get("payment_date") or today
    if day > today:
        raise Invalid.field("payment_date", "Must not be in the future.")
    return Payment(
        business=customer.business,
        customer=customer,
        currency=currency,
        amount_minor=amount_minor,
        payment_date=day,
        method=details.get("method") or Payment.Method.OTHER,
        reference=details.get("reference"),
        notes=details.get("notes"),
        metadata=details.get("metadata") or {},
        extra=details.get("extra") or {},
    )


def _record(payment: Payment, shares: Sequence[Share], *, actor: Actor, before: dict[int, str]) -> Payment:
    business = payment.business
    given = give_number(business, Payment, payment.payment_date)
    payment.number, payment.sequence, payment.period = given.number, given.sequence, given.period
    payment.save(force_insert=True)
    post_credit(payment)
    touched = apply_shares(payment, shares, payment.payment_date)
    applied = applied_to(payment)
    payment.view = canonical_json(receipt_view(payment, [(row, applied[row.pk]) for row in touched])).decode()
    payment.save(update_fields=["view", "updated_at"])
    sha256 = hashlib.sha256(payment.view.encode()).hexdigest()
    changes = {"to": [row.number for row in touched], "sha256": sha256}
    audit.record(business, actor, "payment.created", payment, changes)
    publish_source(payment, "created", actor=actor)
    tell_invoices(touched, before, actor=actor)
    return payment


@transaction.atomic
def update_payment(payment: Payment, *, changes: Mapping[str, Any], actor: Actor) -> Payment:
    """Change reference, notes, metadata or extra, which nothing is posted by; what equals what is there changes nothing."""
    Customer.objects.lock(payment.customer_id)
    payment = Payment.objects.with_customer().get(pk=payment.pk)
    different = {name: value for name, value in changes.items() if getattr(payment, name) != value}
    if not different:
        return payment
    previous = {name: getattr(payment, name) for name in different}
    for name, value in different.items():
        setattr(payment, name, value)
    payment.save(update_fields=[*different, "updated_at"])
    audit.record(payment.business, actor, "payment.updated", payment, {"fields": sorted(different)})
    told = {name: value for name, value in previous.items() if name != "extra"}  # which no event shows
    publish_source(payment, "updated", actor=actor, previous=told)
    return payment


@transaction.atomic
def void_payment(payment: Payment, *, actor: Actor, reason: str = "") -> Payment:
    """Take a payment back as if it had not been made: its allocations and its entry are reversed today.

    Conflict for one that is voided already or of which something was refunded.
    """
    Customer.objects.lock(payment.customer_id)
    payment = Payment.objects.with_customer().get(pk=payment.pk)
    if payment.status == Payment.Status.VOIDED or payment.refunded_minor:
        state = "voided" if payment.status == Payment.Status.VOIDED else "refunded"
        raise Conflict(f"A {state} payment cannot be voided.", code="state_does_not_allow")
    before = payment.status
    touched, was = take_back(payment)
    payment.status = Payment.Status.VOIDED
    payment.save(update_fields=["status", "updated_at"])
    changes = {"reason": reason, "released": [row.number for row in touched]}
    audit.record(payment.business, actor, "payment.voided", payment, changes)
    publish_source(payment, "voided", actor=actor, previous_status=before)
    tell_invoices(touched, was, actor=actor)
    return payment
