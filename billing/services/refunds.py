"""Money given back: out of a payment, a credit note or an adjustment, in whole or in part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from billing.events import publish_source
from billing.ledger import post_refund, posting_day
from billing.models import Payment, Refund, Source
from billing.services.allocations import release, tell_invoices
from businesses import audit
from businesses.audit import Actor
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid


@transaction.atomic
def refund(
    source: Source, *, actor: Actor, amount_minor: int | None = None, details: Mapping[str, Any] | None = None
) -> Refund:
    """Give back an amount (None: all that is left) of a source; `details` are refund_date, method, reference, notes.

    First what is not applied; of a payment then what is, from the invoice applied to last: it is owed again. Raises Conflict
    where less is left (`exceeds_refundable`) or the source does not count, Invalid for an amount or date that cannot be.
    """
    Customer.objects.lock(source.customer_id)
    source.refresh_from_db()
    left = refundable(source)
    amount = left if amount_minor is None else amount_minor
    day = _day(source, details or {})
    if not source.is_live or not left:
        raise Conflict(f"There is nothing to refund of {source.number}.", code="state_does_not_allow")
    if amount <= 0:
        raise Invalid.field("amount", "Must be more than 0.")
    if amount > left:
        message = "More than can be refunded."
        raise Conflict(f"amount: {message}", code="exceeds_refundable", details=[Detail("amount", message)])
    before = source.status
    touched, was = release(source, amount - source.unallocated_minor, posting_day(source, day))
    made = _store(source, amount, day, details or {})
    post_refund(made, source)
    if isinstance(source, Payment) and source.refunded_minor == source.amount_minor:
        source.status = Payment.Status.REFUNDED
        source.save(update_fields=["status", "updated_at"])
    changes = {"amount_minor": amount, "released": [row.number for row in touched]}
    audit.record(source.business, actor, f"{source.noun}.refunded", source, changes)
    if isinstance(source, Payment):
        publish_source(source, "refunded", actor=actor, previous_status=before)
    else:
        publish_source(source, "updated", actor=actor, previous_status=before)
    tell_invoices(touched, was, actor=actor)
    return made


def refundable(source: Source) -> int:
    """What can be given back: all of a payment but what was, of other credit only what is not applied; minor units."""
    if isinstance(source, Payment):
        return source.amount_minor - source.refunded_minor if source.is_live else 0
    return source.unallocated_minor


def _day(source: Source, details: Mapping[str, Any]) -> date:
    today = clock.today(source.business.time_zone)
    day: date = details.get("refund_date") or today
    if day > today:
        raise Invalid.field("refund_date", "Must not be in the future.")
    if day < source.day:
        raise Invalid.field("refund_date", f"Must not be before {source.day}.")
    return day


def _store(source: Source, amount: int, day: date, details: Mapping[str, Any]) -> Refund:
    own = source.method if isinstance(source, Payment) else Payment.Method.OTHER
    return Refund.objects.create(
        business_id=source.business_id,
        customer_id=source.customer_id,
        currency=source.currency,
        amount_minor=amount,
        refund_date=day,
        method=details.get("method") or own,
        reference=details.get("reference"),
        notes=details.get("notes"),
        **{source.noun: source},
    )
