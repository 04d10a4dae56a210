"""Create, change, move, convert and delete quotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from billing.documents import freeze, frozen_digest
from billing.events import publish_document, publish_new
from billing.models import Invoice, Quotation
from billing.payment_terms import due_date as due_by_terms
from billing.services.documents import (
    apply_changes,
    check_dates,
    delete_draft,
    fill_draft,
    frozen_fields,
    reprice,
    store_new,
)
from billing.services.invoice_status import check_credit
from billing.services.lines import LineDraft, drafts_of
from businesses import audit
from businesses.audit import SYSTEM, Actor
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.wake import wake

OPEN_FIELDS = frozenset({"notes", "terms", "valid_until", "metadata", "extra"})
Status = Quotation.Status


@transaction.atomic
def create_quotation(
    business: Business,
    *,
    customer: Customer,
    lines: Sequence[LineDraft],
    actor: Actor,
    number: str | None = None,
    status: str = Status.DRAFT,
    details: Mapping[str, Any] | None = None,
) -> Quotation:
    """A new quotation with its number, run from draft to `status`; raises what `create_invoice` does, credit aside."""
    customer = Customer.objects.lock_live(customer.pk)
    quotation = Quotation(business=business, customer=customer)
    fill_draft(quotation, details or {})
    check_dates(quotation)
    store_new(quotation, lines, number)
    audit.record(business, actor, "quotation.created", quotation)
    publish_new(quotation, actor=actor)
    if status == Status.CONVERTED:
        raise Invalid.field("status", "A quotation becomes converted by POST /quotations/{id}/convert.")
    if status in {Status.ACCEPTED, Status.REJECTED}:
        _issue(quotation)  # on the way; only the last status has its event
    if status == Status.EXPIRED and not _is_past(quotation):
        raise Invalid.field("status", "A quotation is expired only once valid_until is past.")
    if status != Status.DRAFT:
        change_quotation_status(quotation, status, actor=actor)
    return quotation


@transaction.atomic
def update_quotation(
    quotation: Quotation,
    *,
    actor: Actor,
    changes: Mapping[str, Any],
    lines: Sequence[LineDraft] | None = None,
    status: str | None = None,
) -> Quotation:
    """Change fields, lines and status; a draft in every field, later only OPEN_FIELDS (Conflict names the others)."""
    quotation = Quotation.objects.lock(quotation.pk)
    before, currency = quotation.status, quotation.currency
    is_draft = before == Status.DRAFT
    was = drafts_of(quotation) if is_draft else []  # before the currency changes: their amounts are in it
    previous = apply_changes(quotation, changes, allowed=None if is_draft else OPEN_FIELDS, lines=lines)
    if previous:
        check_dates(quotation)
    if is_draft and (previous or lines is not None):
        previous |= reprice(quotation, was if lines is None else lines, was=was, currency=currency)
    if previous:
        quotation.save()
        printed = not is_draft and frozen_fields(previous)
        if printed:
            wake("billing.tasks.keep_document", freeze(quotation).pk)
        frozen = frozen_digest(quotation) if printed else {}
        audit.record(quotation.business, actor, "quotation.updated", quotation, {"fields": sorted(previous), **frozen})
        if status in {None, before}:
            told = {name: value for name, value in previous.items() if name != "extra"}  # which no event shows
            publish_document(quotation, "updated", actor=actor, previous_status=before, previous=told)
    if status is not None and status != quotation.status:
        change_quotation_status(quotation, status, actor=actor)
    return quotation


def change_quotation_status(quotation: Quotation, status: str, *, actor: Actor) -> None:
    """Move a locked quotation and publish the status's own event; Conflict where the table or the date does not allow it."""
    quotation.check_move(status)
    if status == Status.EXPIRED and not _is_past(quotation):
        raise Conflict("A quotation is expired only once valid_until is past.", code="state_does_not_allow")
    before = quotation.status
    if status == Status.SENT:
        _issue(quotation)
    quotation.status = status
    quotation.save()
    issued = {} if quotation.is_draft else frozen_digest(quotation)
    audit.record(quotation.business, actor, f"quotation.{status}", quotation, {"from": before, **issued})
    publish_document(quotation, status, actor=actor, previous_status=before)


def _issue(quotation: Quotation) -> None:
    """Leave draft: freeze what the customer gets."""
    quotation.status, quotation.issued_at = Status.SENT, clock.now()
    quotation.save()
    wake("billing.tasks.keep_document", freeze(quotation).pk)


def _is_past(quotation: Quotation) -> bool:
    today = clock.today(quotation.business.time_zone)
    return quotation.valid_until is not None and quotation.valid_until < today


@transaction.atomic
def convert_quotation(quotation: Quotation, *, actor: Actor, details: Mapping[str, Any] | None = None) -> Invoice:
    """One draft invoice with the quotation's lines, exactly once; Conflict names the invoice where there is one already.

    `details` are fields of Invoice that another wire format knows of the quotation.
    """
    quotation = Quotation.objects.lock(quotation.pk)
    if quotation.status not in Quotation.CONVERTIBLE:
        made = Invoice.objects.filter(quotation=quotation).first()
        which = [Detail("invoice_id", str(made.uuid))] if made else []
        message = f"A {quotation.status} quotation cannot be converted."
        raise Conflict(message, code="already_converted" if made else "state_does_not_allow", details=which)
    before = quotation.status
    invoice = _invoice_of(quotation, details or {})
    quotation.status = Status.CONVERTED
    quotation.save(update_fields=["status", "updated_at"])
    audit.record(quotation.business, actor, "quotation.converted", quotation, {"invoice": invoice.number})
    audit.record(quotation.business, actor, "invoice.created", invoice, {"quotation": quotation.number})
    publish_document(quotation, "converted", actor=actor, previous_status=before)
    publish_new(invoice, actor=actor)
    return invoice


def _invoice_of(quotation: Quotation, details: Mapping[str, Any]) -> Invoice:
    business, customer = quotation.business, quotation.customer
    if customer.deleted_at is not None:
        raise Conflict("The customer is deleted; restore it first.", code="customer_deleted")
    invoice = Invoice(business=business, customer=customer, quotation=quotation)
    copied = (
        *("currency", "template_type", "purchase_order", "reference", "notes", "terms", "metadata"),
        *("discount_type", "discount_value", "rounding"),
    )
    for name in copied:
        setattr(invoice, name, getattr(quotation, name))
    invoice.issue_date = clock.today(business.time_zone)
    invoice.due_date = due_by_terms(customer.payment_terms or business.payment_terms, invoice.issue_date)
    for name, value in details.items():
        setattr(invoice, name, value)
    lines = [replace(line, uuid=None) for line in drafts_of(quotation)]
    store_new(invoice, lines, None, check=check_credit)
    return invoice


@transaction.atomic
def expire_quotation(quotation_id: int) -> bool:
    """The system's own move when `valid_until` is past; False where it is not, or no longer, so."""
    quotation = Quotation.objects.lock(quotation_id)
    if quotation.status not in {Status.DRAFT, Status.SENT} or not _is_past(quotation):
        return False
    change_quotation_status(quotation, Status.EXPIRED, actor=SYSTEM)
    return True


@transaction.atomic
def delete_quotation(quotation: Quotation, *, actor: Actor, reason: str = "") -> None:
    """Mark a draft deleted. Conflict for any other."""
    quotation = Quotation.objects.lock(quotation.pk)
    if quotation.status != Status.DRAFT:
        raise Conflict(f"A {quotation.status} quotation cannot be deleted.", code="state_does_not_allow")
    delete_draft(quotation, actor=actor, reason=reason)
