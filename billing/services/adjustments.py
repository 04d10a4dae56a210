"""Credit given to an account without a document, reworded, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from billing.ledger import post_credit
from billing.models import Adjustment
from billing.services.allocations import take_back, tell_invoices
from billing.services.numbers import give_number
from businesses import audit
from businesses.audit import Actor
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Invalid


@transaction.atomic
def create_adjustment(
    customer: Customer,
    *,
    currency: str,
    amount_minor: int,
    actor: Actor,
    day: date | None = None,
    reason: str | None = None,
    metadata: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Adjustment:
    """Give a customer credit, in minor units, from `day` (today) on; Invalid for an amount or a date that cannot be.

    What a customer owed to a former system is not an adjustment but an invoice with `opening_balance`: it has a due date.
    """
    customer = Customer.objects.lock_live(customer.pk)
    today = clock.today(customer.business.time_zone)
    if amount_minor <= 0:
        raise Invalid.field("amount", "Must be more than 0; what a customer owes is an invoice with opening_balance.")
    if day is not None and day > today:
        raise Invalid.field("adjustment_date", "Must not be in the future.")
    row = Adjustment(
        business=customer.business,
        customer=customer,
        currency=currency,
        amount_minor=amount_minor,
        adjustment_date=day or today,
        reason=reason,
        metadata=metadata or {},
        extra=extra or {},
    )
    given = give_number(customer.business, Adjustment, row.adjustment_date)
    row.number, row.sequence, row.period = given.number, given.sequence, given.period
    row.save(force_insert=True)
    post_credit(row)
    audit.record(customer.business, actor, "adjustment.created", row, {"amount_minor": amount_minor})
    return row


@transaction.atomic
def update_adjustment(row: Adjustment, *, changes: Mapping[str, Any], actor: Actor) -> Adjustment:
    """Change reason, metadata or extra, which nothing is posted by; what equals what is there changes nothing."""
    Customer.objects.lock(row.customer_id)
    row.refresh_from_db()
    different = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not different:
        return row
    for name, value in different.items():
        setattr(row, name, value)
    row.save(update_fields=[*different, "updated_at"])
    audit.record(row.business, actor, "adjustment.updated", row, {"fields": sorted(different)})
    return row


@transaction.atomic
def void_adjustment(row: Adjustment, *, actor: Actor, reason: str = "") -> Adjustment:
    """Take an adjustment back; what it was applied to is owed again. Conflict for one that is voided or was refunded."""
    Customer.objects.lock(row.customer_id)
    row.refresh_from_db()
    if not row.is_live or row.refunded_minor:
        state = "refunded" if row.refunded_minor else "voided"
        raise Conflict(f"A {state} adjustment cannot be voided.", code="state_does_not_allow")
    touched, was = take_back(row)
    row.status = Adjustment.Status.VOIDED
    row.save(update_fields=["status", "updated_at"])
    audit.record(row.business, actor, "adjustment.voided", row, {"reason": reason})
    tell_invoices(touched, was, actor=actor)
    return row
